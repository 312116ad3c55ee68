"""Words a person sees, in both languages, where they are used (decision 0002)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

LANGUAGES = ("zh", "en")


@dataclass(frozen=True, slots=True)
class Words:
    """A label or a sentence in English and Chinese, with the values that fill its `{named}` gaps.

    A value that is itself `Words` is said in the same language as the sentence around it.
    """

    en: str
    zh: str
    values: dict[str, Any] = field(default_factory=dict, compare=False, hash=False)

    def fill(self, **values: Any) -> Words:
        """Returns the same sentence with `values` put into its gaps when it is said."""
        return Words(self.en, self.zh, {**self.values, **values})

    def said(self, language: str) -> str:
        """Returns the text in `language` ('zh' or 'en'; anything else is English), its gaps filled."""
        text = self.zh if language == "zh" else self.en
        if not self.values:
            return text
        return text.format(**{name: said(value, language) for name, value in self.values.items()})

    def __str__(self) -> str:
        return self.said("en")


def amid(words: Words) -> Words:
    """Returns a label as it stands in the middle of a sentence: `Room` -> `room`, but `QR code` and names of one letter stay."""
    first, rest = words.en[:1], words.en[1:]
    return words if not rest[:1].islower() else Words(first.lower() + rest, words.zh, words.values)


def joined(words: Iterable[Words]) -> Words | None:
    """Returns words one after the other, with the comma of each language between them; None where there are none."""
    told = list(words)
    if not told:
        return None
    return Words(", ".join(one.said("en") for one in told), "、".join(one.said("zh") for one in told))


def said(value: Any, language: str) -> Any:
    """Returns `value` in `language` where it is `Words`, and as it is otherwise."""
    return value.said(language) if isinstance(value, Words) else value


def _(en: str, zh: str) -> Words:
    """Marks a text in both languages: `_("Building", "楼栋")`."""
    return Words(en, zh)
