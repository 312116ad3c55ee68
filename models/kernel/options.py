"""Closed lists of values that are part of the code, with their words and tones."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from models.kernel.words import Words

TONES = ("grey", "blue", "teal", "green", "lime", "amber", "orange", "red", "purple")
"""Colours of the dot beside an option's word; the theme gives each a light and a dark shade."""


@dataclass(frozen=True, slots=True)
class Option:
    """One value as screens show it: its stored `value`, its words, and the tone of its dot where it is a state."""

    value: str
    words: Words
    tone: str = ""


class Options(StrEnum):
    """Base of a closed list: `FOR_SALE = "for_sale", _("For sale", "待售"), "grey"`.

    Members are strings and compare with what the database holds.
    """

    words: Words
    tone: str

    def __new__(cls, value: str, words: Words, tone: str = "") -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.words = words
        member.tone = tone
        return member

    @classmethod
    def options(cls) -> list[Option]:
        """Returns all options in their declared order."""
        return [Option(member.value, member.words, member.tone) for member in cls]

    @classmethod
    def member(cls, value: object) -> Self | None:
        """Returns the member stored as `value`, or None where there is none (an old or foreign value)."""
        try:
            return cls._value2member_map_[str(value)]  # type: ignore[return-value]  # members are of this class
        except KeyError:
            return None


class Declared(Options):
    """Base of a list of what is declared elsewhere: as many options as there are, none is listed in the class."""

    @classmethod
    def named(cls) -> dict[str, Words]:
        """Returns what is declared, by its stored name, with its words, in the order of the list."""
        raise NotImplementedError

    @classmethod
    def options(cls) -> list[Option]:
        """Returns what is declared, as options."""
        return [Option(name, words) for name, words in cls.named().items()]

    @classmethod
    def member(cls, value: object) -> Self | None:
        """Returns a declared one as a member looks, a text with its words; None where nothing is declared so."""
        words = cls.named().get(str(value))
        if words is None:
            return None
        member = str.__new__(cls, str(value))
        member._value_ = str(value)
        member.words, member.tone = words, ""
        return member
