"""What the room grid is coloured by (房态图): the room's own choice columns, and what other areas declare beside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Select, case, literal, select
from sqlalchemy.orm import Session

from models.kernel.registry import infos
from models.kernel.words import Words, _
from models.property.house_type import HouseType
from models.property.room import Room

CYCLE = ("teal", "blue", "amber", "purple", "lime", "orange", "green", "red")
"""Tones of kinds that have no tone of their own, such as house types; more kinds than tones begin anew."""


@dataclass(frozen=True, slots=True)
class Shade:
    """One value of a colouring: its words in the legend and in the cell, and its tone."""

    value: str
    words: Words | str
    tone: str


@dataclass(frozen=True, slots=True)
class Colouring:
    """A way to colour the homes of a building.

    Attributes:
        name: stable; it stands in the address of the page.
        label: what the switch says.
        reads: the table that must be readable in the project for this colouring to be offered.
        shades: the values there are, in the order of the legend, for the homes of a statement of room ids.
        values: room id -> value, for the homes of that statement; a home that is left out has `otherwise`.
        otherwise: the value of the others.
    """

    name: str
    label: Words
    reads: str
    shades: Callable[[Session, Select[Any]], Sequence[Shade]]
    values: Callable[[Session, Select[Any]], dict[int, str]]
    otherwise: str = ""


_declared: dict[str, Colouring] = {}


def colouring(one: Colouring) -> None:
    """Declares a further way to colour homes. Called by an area when it is imported."""
    _declared[one.name] = one


@cache
def colourings() -> dict[str, Colouring]:
    """Returns all ways to colour homes by name: the room's choice columns as declared, then those of the areas."""
    own = [_of_column(name) for name, known in infos(Room).items() if known.kind == "choice"]
    return {one.name: one for one in (*own, *_declared.values())}


def _of_column(name: str) -> Colouring:
    known = infos(Room)[name]
    members = known.options.options() if known.options is not None else []
    shades = tuple(Shade(m.value, m.words, m.tone or CYCLE[n % len(CYCLE)]) for n, m in enumerate(members))

    def values(session: Session, rooms: Select[Any]) -> dict[int, str]:
        column = getattr(Room, name)
        found = session.execute(select(Room.id, column).where(Room.id.in_(rooms)))
        return {key: value or "" for key, value in found}

    return Colouring(name, known.label, "room", lambda _session, _rooms: shades, values)


def _layouts(session: Session, rooms: Select[Any]) -> list[Shade]:
    used = select(Room.house_type_id).where(Room.id.in_(rooms))
    found = session.execute(select(HouseType.id, HouseType.name).where(HouseType.id.in_(used)).order_by(HouseType.name))
    shades = [Shade(str(key), name, CYCLE[n % len(CYCLE)]) for n, (key, name) in enumerate(found)]
    return [*shades, Shade("", _("None given", "未填写"), "grey")]


def _layout_of(session: Session, rooms: Select[Any]) -> dict[int, str]:
    found = session.execute(select(Room.id, Room.house_type_id).where(Room.id.in_(rooms)))
    return {key: str(layout) for key, layout in found if layout is not None}


colouring(Colouring("house_type", HouseType.screen.label, "house_type", _layouts, _layout_of))

FILLED = ("house_type_id", "presale_area", "total_price")
"""Columns that a complete home carries."""

_COMPLETE = (
    Shade("complete", _("Complete", "资料齐全"), "green"),
    Shade("some", _("Something missing", "部分缺失"), "amber"),
    Shade("bare", _("Only the number", "仅有房号"), "red"),
)


def _completeness(session: Session, rooms: Select[Any]) -> dict[int, str]:
    given: Any = sum((case((getattr(Room, name).is_(None), 0), else_=1) for name in FILLED), literal(0))
    found = session.execute(select(Room.id, given).where(Room.id.in_(rooms)))
    return {key: "complete" if n == len(FILLED) else "some" if n else "bare" for key, n in found}


colouring(Colouring("complete", _("Data", "资料"), "room", lambda _session, _rooms: _COMPLETE, _completeness))
