"""Events people are told about: declared once, beside what raises them, with their default words and named fields."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from models.kernel.gaps import gaps
from models.kernel.options import Declared, Options
from models.kernel.words import Words, _

NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")
COMMON: dict[str, Words] = {
    "record": _("The record's name", "单据名称"),
    "actor": _("Who did it", "操作人"),
    "when": _("When it happened", "发生时间"),
}
"""Fields every event has; the kernel fills them."""

EVENTS: dict[str, Event] = {}
"""All declared events by name, in the order of their declaration."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something people are told about.

    Attributes:
        name: a stable name, table first: `issue.assigned`. Preferences, templates and webhooks name it so.
        label: what it is called where people choose what they want to be told.
        title: the default subject, with the event's fields as `{gaps}`.
        body: the default text, likewise.
        fields: each field `tell` is given a value for, with what it is called in the template editor.
        samples: sample values for the preview of a template; a field without one shows its label.
        always: it is told in the mailbox whatever the person prefers (a task with a deadline, a lost right).

    Raises:
        ValueError: two events of one name, a name of another form, or a gap that is no field.
    """

    name: str
    label: Words
    title: Words
    body: Words
    fields: Mapping[str, Words] = field(default_factory=dict)
    samples: Mapping[str, str | Words] = field(default_factory=dict)
    always: bool = False

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name) or len(self.name) > 60:
            raise ValueError(f"Event {self.name!r}: a name is like 'issue.assigned', at most 60 characters.")
        if self.name in EVENTS:
            raise ValueError(f"Event {self.name!r} is declared twice.")
        for words in (self.title, self.body):
            for text in (words.en, words.zh):
                strange = gaps(text) - self.known().keys()
                if strange:
                    raise ValueError(
                        f"Event {self.name!r}: no field {sorted(strange)}; there are {sorted(self.known())}."
                    )
        EVENTS[self.name] = self

    def known(self) -> dict[str, Words]:
        """Returns all fields a template of this event may name, with their labels."""
        return {**self.fields, **COMMON}


class Channel(Options):
    """The ways a notice reaches somebody."""

    MAILBOX = "mailbox", _("Mailbox", "站内信")
    MAIL = "mail", _("E-mail", "邮件")
    WEBHOOK = "webhook", _("Webhook", "Webhook 推送")


class PersonalChannel(Options):
    """The ways a notice reaches a person, who may choose among them."""

    MAILBOX = "mailbox", _("Mailbox", "站内信")
    MAIL = "mail", _("E-mail", "邮件")


class Language(Options):
    """The languages notices are written in."""

    ZH = "zh", _("Chinese", "中文")
    EN = "en", _("English", "英文")


class EventName(Declared):
    """The declared events, as a choice: as many as there are, none is listed here."""

    @classmethod
    def named(cls) -> dict[str, Words]:
        """Returns the events with their labels."""
        return {name: event.label for name, event in sorted(EVENTS.items())}
