"""The homes of a building laid out as floors x lines, and written as a table that a screen reader can follow."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup, escape
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from models.kernel.words import _
from models.property.generation import floor_label
from models.property.house_type import HouseType
from models.property.room import Room
from models.property.unit import Unit
from views.kernel.request import say

WIDEST = 40
"""A line beyond this is a slip of the pen; such homes stand behind the others instead of drawing forty empty doors."""


@dataclass(frozen=True, slots=True)
class Door:
    """One home as the grid draws it; `columns` are the values of the room's choice columns."""

    id: int
    unit_id: int
    no: str
    floor: int
    storey: int | None
    line: int | None
    span: int
    layout: str
    area: str
    columns: dict[str, str]


@dataclass(slots=True)
class Row:
    """One floor of a unit: its label, and per line a door, an empty place (None) or a place a home below reaches into."""

    label: str
    cells: list[Any] = field(default_factory=list)


TAKEN = object()
"""A place that belongs to a home drawn higher up, which spans storeys."""


def doors(session: Session, rooms: Select[Any], columns: Iterable[str]) -> list[Door]:
    """Reads the homes of a statement of room ids, with `columns` of the room. One statement, in scope."""
    names = tuple(columns)
    statement = (
        select(
            Room.id, Room.unit_id, Room.no, Room.floor, Room.storey, Room.line, Room.span, HouseType.name,
            Room.presale_area, Room.actual_area, *(getattr(Room, name) for name in names),
        )
        .outerjoin(HouseType, HouseType.id == Room.house_type_id)
        .where(Room.id.in_(rooms))
        .order_by(Room.unit_id, Room.line, Room.no, Room.id)
    )  # fmt: skip
    found = []
    for key, unit, no, floor, storey, line, span, layout, presale, actual, *values in session.execute(statement):
        area = actual if actual is not None else presale
        told = dict(zip(names, (str(value or "") for value in values), strict=True))
        found.append(
            Door(
                key,
                unit,
                no,
                floor,
                storey,
                line,
                max(1, span or 1),
                layout or "",
                f"{area:,.2f}" if area is not None else "",
                told,
            )
        )
    return found


def units_of(session: Session, building_ids: Iterable[int]) -> list[Unit]:
    """Returns the units of buildings, in the order they were entered."""
    return list(session.scalars(select(Unit).where(Unit.building_id.in_(tuple(building_ids))).order_by(Unit.id)))


def laid_out(homes: list[Door]) -> list[Row]:
    """Returns the floors of one unit, the top one first.

    Homes stand in their line; where a line is missing on a floor its place stays empty. A home over several storeys is
    drawn over their rows, as far as nothing else stands there. Homes without a line stand behind the others.
    """
    heights: dict[tuple[int, int], list[Door]] = {}
    for home in homes:
        heights.setdefault((home.storey if home.storey is not None else home.floor, home.floor), []).append(home)
    order = sorted(heights, reverse=True)
    width = max((h.line for h in homes if h.line is not None and 0 < h.line <= WIDEST), default=0)
    rows = [Row(floor_label(floor), [None] * width) for _storey, floor in order]
    waiting: list[tuple[int, Door]] = []
    for place, key in enumerate(order):
        for home in heights[key]:
            line = home.line
            if line is None or not 0 < line <= width or rows[place].cells[line - 1] is not None:
                waiting.append((place, home))
            else:
                rows[place].cells[line - 1] = (home, 1)
    for place, row in enumerate(rows):
        for line, cell in enumerate(row.cells):
            if cell is not None and cell is not TAKEN and cell[0].span > 1 and cell[1] == 1:
                _stretch(rows, place, line, cell[0])
    for place, home in waiting:
        rows[place].cells.append((home, 1))
    return rows


def _stretch(rows: list[Row], place: int, line: int, home: Door) -> None:
    """Draws a home over the rows above its own, up to its span, as long as they are free."""
    top = place
    while top > 0 and place - top + 1 < home.span and rows[top - 1].cells[line] is None:
        top -= 1
    if top == place:
        return
    for between in range(top + 1, place + 1):
        rows[between].cells[line] = TAKEN
    rows[top].cells[line] = (home, place - top + 1)


def _book(home: Door) -> str:
    return f"/room/{home.id}/book"


def as_table(
    rows: list[Row],
    caption: str,
    places: dict[int, int],
    tones: dict[int, tuple[str, str]],
    leads: Callable[[Door], str] = _book,
) -> Markup:
    """Returns one unit as a table. Written in Python: a template took ten times as long for 2,000 homes.

    Args:
        caption: what the table is called.
        places: room id -> its place in the page's data.
        tones: room id -> tone and words of the colouring that is shown.
        leads: the address a door leads to; its book where left out.
    """
    width = max((len(row.cells) for row in rows), default=0)
    floor, line = escape(say(_("Floor", "楼层"))), say(_("Line", "户线"))
    out = [
        f'<table class="rooms"><caption>{escape(caption)}</caption><thead class="unseen-head"><tr><th scope="col">{floor}</th>'
    ]
    out += [f'<th scope="col"><span class="unseen">{escape(line)} {n + 1}</span></th>' for n in range(width)]
    out.append("</tr></thead><tbody>")
    for row in rows:
        out.append(f'<tr><th scope="row">{escape(row.label)}</th>')
        for cell in row.cells:
            if cell is TAKEN:
                continue
            if cell is None:
                out.append('<td class="no-room"></td>')
                continue
            home, high = cell
            tone, words = tones[home.id]
            span = f' rowspan="{high}"' if high > 1 else ""
            out.append(
                f'<td class="room tone-{escape(tone)}"{span} data-k="{places[home.id]}"><a href="{escape(leads(home))}">'
                f"<b>{escape(home.no)}</b><span>{escape(words)}</span></a></td>"
            )
        out.append("</tr>")
    out.append("</tbody></table>")
    return Markup("".join(out))
