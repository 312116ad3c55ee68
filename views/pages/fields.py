"""Fields of pages of our own, in the shape the theme draws: for what is typed but is no column of a table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from models.kernel.refusal import Refusal
from models.kernel.words import Words, _
from views.kernel.request import say


@dataclass
class PlainField:
    """A field, with what was typed and what is wrong with it.

    Args:
        render_kind: how the theme draws it: text, number, flag, choice, ref or password.
        choices: (value, words) of a choice.
        lookup_url, chosen_text: of a ref, and what the row it holds is called.
    """

    name: str
    words: Words
    data: str = ""
    render_kind: str = "text"
    hint: Words | None = None
    unit: Words | None = None
    placeholder: str | None = None
    required_mark: bool = False
    wide: bool = False
    max_length: int | None = 200
    choices: tuple[tuple[str, Words], ...] = ()
    lookup_url: str | None = None
    chosen_text: str | None = None
    errors: list[Words] = field(default_factory=list)
    depends: tuple[str, ...] = ()
    masked_text: str | None = None
    read_only: bool = False
    multiple: bool = False

    @property
    def id(self) -> str:
        """The id of the input."""
        return f"f-{self.name}"

    @property
    def label(self) -> Any:
        """The label, as WTForms has it."""
        return SimpleNamespace(text=self.words)

    def _value(self) -> str:
        return self.data

    def iter_choices(self) -> list[tuple[str, Words, bool]]:
        """Returns (value, words, chosen)."""
        return [(value, words, value == self.data) for value, words in self.choices]


def put_errors(fields: Iterable[PlainField], refusal: Refusal) -> list[dict[str, Any]]:
    """Puts each refusal at its field and returns the summary above the form."""
    named = {one.name: one for one in fields}
    summary = []
    for one in refusal.all():
        at = named.get(one.field or "")
        text: Any = one.sentence
        if at is not None:
            at.errors.append(one.sentence)
            text = _("{field}: {sentence}", "{field}：{sentence}").fill(field=at.words, sentence=say(one.sentence))
        summary.append({"text": text, "field_id": at.id if at is not None else None})
    return summary
