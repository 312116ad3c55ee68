"""The words of notices, as administrators change them for their part of the tree (消息模板); the nearest holds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy.orm import Mapped, Session

from models.kernel.actor import Actor
from models.kernel.columns import choice, flag, prose, text
from models.kernel.gaps import faulty_gaps
from models.kernel.nearest import nearest
from models.kernel.notice.event import EVENTS, Event, EventName, Language, PersonalChannel
from models.kernel.owned import by_node
from models.kernel.refusal import Refusal
from models.kernel.screen import Screen, section
from models.kernel.table import Table
from models.kernel.words import _


class NotifyTemplate(Table):
    """Subject and text of an event's notices in one language and channel, at a place and below it."""

    area_name = "system"
    owned = by_node(inherited=True)
    screen = Screen(
        label=_("Notice template", "消息模板"),
        plural=_("Notice templates", "消息模板"),
        icon="message-cog",
        key=("node_id", "event", "channel", "language"),
        title=("event", "channel", "language"),
        listed=("event", "channel", "language", "subject", "enabled", "node", "changed_at"),
        searched=("subject",),
        sections=(
            section(_("For", "适用范围"), "node_id", "event", "channel", "language", "enabled"),
            section(_("Words", "内容"), "subject", "body"),
        ),
        noted=_(
            "How notices are worded. Without a template the console's own words are used; "
            "the template of the nearest place above a record holds.",
            "设置消息的文字。未设置模板时使用系统默认文字，以离单据最近的上级单位的模板为准。",
        ),
    )

    event: Mapped[str] = choice(_("Event", "事件"), EventName)
    channel: Mapped[str] = choice(_("Channel", "渠道"), PersonalChannel)
    language: Mapped[str] = choice(_("Language", "语言"), Language, default=Language.ZH)
    enabled: Mapped[bool] = flag(
        _("Sent", "发送"),
        default=True,
        hint=_("Switched off, nobody is told of it by this channel here.", "关闭后，此范围内不再通过该渠道发送。"),
    )
    subject: Mapped[str] = text(
        _("Subject", "标题"), 200, hint=_("Fields in braces, such as {record}.", "字段写在花括号内，例如 {record}。")
    )
    body: Mapped[str | None] = prose(_("Text", "正文"))

    def faults(self, session: Session, actor: Actor) -> Iterable[Refusal]:
        """Only fields the event has may be named; an event that must be told is not switched off in the mailbox."""
        event = EVENTS.get(self.event)
        if event is None:
            return
        for column in ("subject", "body"):
            yield from faulty_gaps(event.known(), getattr(self, column) or "", column)
        if event.always and self.channel == PersonalChannel.MAILBOX and not self.enabled:
            yield Refusal(
                _("“{event}” is always told in the mailbox.", "“{event}”必须通过站内信发送，不能关闭。").fill(
                    event=event.label
                ),
                "enabled",
                code="always",
            )


@dataclass(frozen=True, slots=True)
class Wording:
    """The words that hold somewhere: a template's, or the event's own.

    Attributes:
        place: id of the node whose template it is; None for the event's own words.
    """

    subject: str
    body: str
    enabled: bool = True
    place: int | None = None


def own_words(event: Event, language: str) -> Wording:
    """Returns the words an event was declared with."""
    return Wording(event.title.said(language), event.body.said(language))


def wording(session: Session, event: Event, channel: str, language: str, path: str) -> Wording:
    """Returns the words that hold at a path of the tree: the nearest template's, whoever may read it, else the event's."""
    wanted = ("subject", "body", "enabled", "node_id")
    asked = {"event": event.name, "channel": channel, "language": language}
    found = nearest(session, NotifyTemplate, path, *wanted, **asked)
    if found is None:
        return own_words(event, language)
    return Wording(found.subject, found.body or "", found.enabled, found.node_id)
