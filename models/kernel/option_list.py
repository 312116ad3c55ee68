"""Option lists: closed lists of values that administrators keep, with what a new console begins with (D1 11 业务参数).

A list is declared where its first column is; its values are rows of `dict_item`. What the code itself tells apart
(states, kinds that rules ask for) stays an `Options` class.
"""

from __future__ import annotations

from dataclasses import dataclass

from models.kernel.words import Words


@dataclass(frozen=True, slots=True)
class First:
    """A value a new console begins with: its stable code, its words, and the tone of its dot where it has one."""

    code: str
    words: Words
    tone: str = ""
    overridable: bool = True


@dataclass(frozen=True, slots=True)
class OptionList:
    """A list: its stable name, what people call it, and the values of the reference seed."""

    name: str
    label: Words
    first: tuple[First, ...] = ()


LISTS: dict[str, OptionList] = {}
"""All declared lists by name; filled when the tables are loaded."""


def first(code: str, words: Words, tone: str = "", *, overridable: bool = True) -> First:
    """Returns a value of the reference seed; lower levels may rename it or switch it off where it is overridable."""
    return First(code, words, tone, overridable)


def option_list(name: str, label: Words, *items: First) -> str:
    """Declares a list and returns its name, for `option(label, name)`.

    Raises:
        ValueError: another list has the name already.
    """
    made = OptionList(name, label, items)
    if LISTS.setdefault(name, made) != made:
        raise ValueError(f"There are two option lists {name!r}.")
    return name
