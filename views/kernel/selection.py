"""Named selections of rows, made elsewhere: a figure of a report leads to a list of exactly the rows it counts.

A selection travels in the address of a list as `_of=<maker>:<what>`. It only ever takes rows away from what the list
would show, so it needs no rights of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from models.kernel.refusal import Refusal
from models.kernel.table import Table
from models.kernel.words import Words, _


@dataclass(frozen=True, slots=True)
class Selection:
    """What a selection is called on its chip, and the condition its rows meet."""

    label: Words
    text: str | Words
    condition: ColumnElement[bool]


Maker = Callable[[Session, type[Table], str], Selection]
MAKERS: dict[str, Maker] = {}
"""First part of `_of` -> what reads the rest. Whoever makes selections puts itself here."""


def selection(session: Session, cls: type[Table], raw: str) -> Selection:
    """Returns the selection of rows of `cls` that an address names.

    Raises:
        Refusal: there is no such selection, or not of this table.
    """
    name, _sep, rest = raw.partition(":")
    if name not in MAKERS:
        raise Refusal(
            _("This selection of rows is not known any more.", "该数据范围已失效。"),
            code="unknown_selection",
            status=400,
        )
    return MAKERS[name](session, cls, rest)
