"""Values as they are shown: on pages as cells of text, tone and link; in REST as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from models.kernel.clock import local, utc_now
from models.kernel.columns import ColumnInfo
from models.kernel.option_values import item_of, words_of
from models.kernel.owning import owner_column, path_of
from models.kernel.registry import infos, resolve, titles
from models.kernel.secret import MaskedValue
from models.kernel.table import Table
from views.kernel.formats import day, moment
from views.kernel.request import say
from views.kernel.request import session as database


@dataclass(slots=True)
class Cell:
    """A value on a page."""

    kind: str
    text: str
    sub: str | None = None
    tone: str | None = None
    url: str | None = None
    late: bool = False
    on: bool | None = None
    reveal_url: str | None = None


KINDS = {
    "text": "text",
    "prose": "text",
    "integer": "number",
    "decimal": "number",
    "money": "money",
    "date": "date",
    "moment": "moment",
    "flag": "flag",
    "choice": "badge",
    "option": "badge",
    "ref": "ref",
    "masked": "masked",
}
"""Kind of column -> kind of cell, which is also its CSS class."""


def plain_text(known: ColumnInfo, value: Any) -> str:
    """Returns a value as a person reads it in this language; empty text for no value."""
    if value is None or value == "":
        return ""
    if known.told is not None:
        return str(say(known.told(str(value))))
    if known.kind == "choice" and known.options is not None:
        member = known.options.member(value)
        return say(member.words) if member is not None else str(value)
    if known.kind == "option":
        return str(say(words_of(database(), known.list or "", str(value))))
    if known.kind == "flag":
        from models.kernel.words import _

        return str(say(_("Yes", "是") if value else _("No", "否")))
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date):
        return day(value)
    if known.kind == "money":
        return f"{value:,.2f}"
    if isinstance(value, Decimal):
        return f"{value:,.{known.places}f}"
    return str(value)


def cell(cls: type[Table], path: str, values: tuple[Any, ...]) -> Cell:
    """Returns the cell of a shown column: `values` are those of its parts (see `listing.parts`)."""
    owner, column = resolve(cls, path)
    known = infos(owner)[column]
    kind = KINDS.get(known.kind, "text")
    if known.kind == "ref":
        *names, key = values
        text = " ".join(str(name) for name in names if name is not None)
        return Cell(kind, text, url=f"/{known.target}/show/{key}" if key and text else None)
    value = values[0]
    if known.kind == "option":
        return _option_cell(cls, path, known, values)
    if known.warns:
        return Cell("badge", say(known.label) if value else "", tone="red")
    text = plain_text(known, value)
    late = owner.flow is not None and column == owner.flow.column and values[-1] is not None and len(values) > 1
    late = late and values[-1] < utc_now()
    tone = None
    if known.kind == "choice" and known.options is not None and value:
        member = known.options.member(value)
        tone = member.tone if member is not None else "grey"
        kind = kind if tone else "text"  # a kind of thing is a word; a state has a dot
    unit = say(known.unit) if known.unit is not None and text else None
    return Cell(kind, text, sub=unit, tone=tone, on=bool(value) if known.kind == "flag" else None, late=late)


def _option_cell(cls: type[Table], path: str, known: ColumnInfo, values: tuple[Any, ...]) -> Cell:
    """An option as it is called where its row belongs, as of the row's entry."""
    if not values[0]:
        return Cell("text", "")
    own = database()
    place, on = told_where(own, cls, path, values)
    item = item_of(own, known.list or "", str(values[0]), place, on)
    if item is None:
        return Cell("text", str(values[0]))
    return Cell("badge" if item.tone else "text", say(item.words), tone=item.tone or None)


def told_where(
    session: Session, cls: type[Table], path: str, values: tuple[Any, ...]
) -> tuple[str | None, date | None]:
    """Returns the place and the day an option's words are those of; `values` as `listing.parts` has them."""
    owner = owner_column(resolve(cls, path)[0])
    if owner is None or len(values) < 3:
        return None, None
    return path_of(session, owner[1], values[1]), local(values[2]).date() if values[2] is not None else None


def called(row: Table) -> str:
    """Returns what a row is called, in the language of the reader: of choices their words, not what is stored."""
    cls, found = type(row), []
    for path in titles(cls):
        owner, column = resolve(cls, path)
        value: Any = row
        for step in path.split("."):
            value = None if value is None else getattr(value, step)
        found.append(plain_text(infos(owner)[column], value))
    return " ".join(filter(None, found))


def as_json(value: Any) -> Any:
    """Returns a value as REST gives it: exact numbers as text, moments in UTC, personal data masked."""
    if isinstance(value, MaskedValue):
        return str(value)
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value
