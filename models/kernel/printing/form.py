"""Printed forms (打印单据): what people sign and post, declared beside what fills them in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from models.kernel.gaps import gaps
from models.kernel.options import Declared
from models.kernel.words import Words, _

NAME = re.compile(r"[a-z][a-z0-9_]*")

NOTHING = _("", "")
PRINTED = _("Printed on {printed_on} by {printed_by}.", "打印日期：{printed_on}　打印人：{printed_by}")
"""The usual small print of what is signed."""
NO_ROWS = _("None", "无")

COMMON: dict[str, Words] = {
    "printed_on": _("Day of printing", "打印日期"),
    "printed_by": _("Printed by", "打印人"),
}
"""Fields every form has; the kernel fills them."""

FORMS: dict[str, PrintForm] = {}
"""All declared forms by name, in the order of their declaration."""


@dataclass(frozen=True, slots=True)
class PrintTable:
    """A table on a form: headings and rows of plain values; `empty` is said where there is no row."""

    columns: Sequence[Words | str]
    rows: Sequence[Sequence[Any]]
    empty: Words = NO_ROWS


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture on a form, by an address of this console: a signature, a photo. `alt` says what it shows."""

    url: str
    alt: Words | str


@dataclass(frozen=True, slots=True)
class PrintForm:
    """A form people print.

    Attributes:
        name: a stable name: `handover_notice`. Templates name it so.
        label: what it is called where administrators choose whose words they write.
        title: the usual heading, with `{gaps}`.
        body: the usual text, with `{gaps}`: an empty line begins a paragraph, `# ` a heading, and a part stands on a line of its
            own, as `{issues}`.
        fields: each plain field with what it is called in the template editor. A value that is missing or empty is printed as
            a line to write on, never as an unmerged field.
        parts: what stands on a line of its own: tables and pictures.
        foot: the usual small print below.
        signatures: who signs, separated by `|`, in the usual words.
        samples: values for the preview; a field without one shows its label, a part without one an example.

    Raises:
        ValueError: two forms of one name, a name of another form, or a gap that is no field.
    """

    name: str
    label: Words
    title: Words
    body: Words
    fields: Mapping[str, Words] = field(default_factory=dict)
    parts: Mapping[str, Words] = field(default_factory=dict)
    foot: Words = NOTHING
    signatures: Words = NOTHING
    samples: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name) or len(self.name) > 40:
            raise ValueError(f"Printed form {self.name!r}: a name is like 'handover_notice', at most 40 characters.")
        if self.name in FORMS:
            raise ValueError(f"Printed form {self.name!r} is declared twice.")
        for words, known in ((self.title, self.plain()), (self.body, self.known()), (self.foot, self.plain())):
            for text in (words.en, words.zh):
                if strange := gaps(text) - known.keys():
                    raise ValueError(
                        f"Printed form {self.name!r}: no field {sorted(strange)}; there are {sorted(known)}."
                    )
        FORMS[self.name] = self

    def plain(self) -> dict[str, Words]:
        """Returns the fields that may stand in any text, with their labels."""
        return {**self.fields, **COMMON}

    def known(self) -> dict[str, Words]:
        """Returns all fields the body may name, parts included."""
        return {**self.plain(), **self.parts}

    def strange(self, names: Iterable[str]) -> list[str]:
        """Returns those of `names` that the form does not have."""
        return sorted(set(names) - self.known().keys())


class FormName(Declared):
    """The declared forms, as a choice: as many as there are, none is listed here."""

    @classmethod
    def named(cls) -> dict[str, Words]:
        """Returns the forms with their labels."""
        return {name: form.label for name, form in sorted(FORMS.items())}
