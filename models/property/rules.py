"""What the area does: rooms are generated from a pattern, and nothing is written that was not shown before (房源生成)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.kernel.actor import Actor
from models.kernel.bulk import insert_rows, update_rows
from models.kernel.guard import keep
from models.kernel.refusal import Denied, Refusal
from models.kernel.roles import WRITE
from models.kernel.scope import reach
from models.kernel.words import _
from models.property.building import Building
from models.property.generation import (
    AreaRule,
    Difference,
    ExistingRoom,
    LineRule,
    Pattern,
    PlannedRoom,
    compare,
    door,
    plan,
)
from models.property.house_type import HouseType
from models.property.project import Project
from models.property.room import Room
from models.property.room_pattern import RoomPattern
from models.property.unit import Unit

LONGEST_NAME = 40
"""Characters of the name of a unit or a house type, as their tables have it."""
LARGEST_AREA = Decimal("99999999.99")


@dataclass(frozen=True, slots=True)
class Existing:
    """What `ExistingRoom.key` holds: the room's key, and the values a change needs besides those compared."""

    id: int
    storey: int | None
    line: int | None
    house_type_id: int | None


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a pattern would do to a project, before it is done.

    Args:
        buildings: names of the buildings to be made.
        layouts: the house types to be made, with their areas where the pattern says one for all floors.
    """

    pattern: Pattern
    difference: Difference
    buildings: tuple[str, ...]
    layouts: dict[str, Decimal | None]

    def digest(self) -> str:
        """Returns a text that is the same as long as doing it would write the same."""
        told: dict[str, Any] = {
            "pattern": self.pattern.to_json(),
            "buildings": self.buildings,
            "layouts": sorted(self.layouts),
            "new": [(room.building, room.unit, room.no, room.layout, room.area) for room in self.difference.new],
            "changed": [(change.was.key.id, sorted(change.fields.items())) for change in self.difference.changed],
        }
        return hashlib.sha256(json.dumps(told, default=str, ensure_ascii=False).encode()).hexdigest()


def existing_rooms(session: Session, project_id: int) -> list[ExistingRoom]:
    """Returns every living room of a project, whoever asks: what is there is there, and is never made a second time."""
    rooms, units, buildings = Room.__table__.c, Unit.__table__.c, Building.__table__.c
    layouts = HouseType.__table__.c
    statement = (
        select(
            buildings.name, units.name, rooms.no, rooms.floor, layouts.name, rooms.presale_area,
            rooms.span, rooms.id, rooms.storey, rooms.line, rooms.house_type_id,
        )
        .select_from(Room.__table__)
        .join(Unit.__table__, units.id == rooms.unit_id)
        .join(Building.__table__, buildings.id == units.building_id)
        .outerjoin(HouseType.__table__, layouts.id == rooms.house_type_id)
        .where(rooms.project_id == project_id, rooms.deleted_at.is_(None))
        .order_by(buildings.id, units.id, rooms.floor, rooms.line, rooms.id)
    )  # fmt: skip
    return [
        ExistingRoom(building, unit, no, floor, layout, area, Existing(*rest), span)
        for building, unit, no, floor, layout, area, span, *rest in session.execute(statement)
    ]


def prepare(session: Session, project_id: int, pattern: Pattern) -> Prepared:
    """Returns what a pattern would do to the project as it stands. Writes nothing.

    Raises:
        Refusal: with everything that is wrong with the pattern, each at its field of `Pattern.from_form`.
    """
    wrong = _unfit(pattern)
    if wrong:
        raise Refusal.of(wrong)
    here = _layouts(session, project_id)
    rules: tuple[AreaRule | LineRule, ...] = (*pattern.rules, *pattern.areas)
    named = [rule.layout for rule in rules if rule.layout is not None]
    missing = {name: _area_of(pattern, name) for name in dict.fromkeys(named) if name not in here}
    planned = plan(pattern, {name: area for name, (_key, area) in here.items()} | missing)
    known = {door(name, "", "") for name in _buildings(session, project_id)}
    buildings = tuple(each.name for each in planned.buildings if door(each.name, "", "") not in known)
    return Prepared(pattern, compare(planned, existing_rooms(session, project_id)), buildings, missing)


def generate(
    session: Session,
    actor: Actor,
    project: Project,
    pattern: Pattern,
    *,
    apply_changes: bool = False,
    expected: str | None = None,
) -> dict[str, int]:
    """Makes the rooms of a pattern that are not there yet, with their buildings, units and house types. Flushes.

    Running it again makes nothing new. Two at once wait for each other: the second meets the rooms of the first.

    Args:
        apply_changes: also brings rooms that exist otherwise to what the pattern says.
        expected: the digest of what was shown; anything else is refused.

    Returns:
        How many `buildings`, `units`, `house_types` and `new` rooms were made, how many rooms were `changed`, and how
        many were left as they are (`same`, and `other` for those not in the pattern).

    Raises:
        Denied: the actor may not write rooms in this project.
        Refusal: the pattern is wrong, or the rooms changed since they were shown.
    """
    if not reach(session, actor, Room, WRITE).holds("project", project.id):
        raise Denied()
    # On SQLite the transaction is the only writer from its beginning; elsewhere the project's row is what is waited for.
    session.execute(select(Project.__table__.c.id).where(Project.__table__.c.id == project.id).with_for_update())
    found = prepare(session, project.id, pattern)
    if expected is not None and expected != found.digest():
        raise Refusal(
            _(
                "Rooms of this project changed after the preview. Nothing was written; look at the new preview.",
                "预览之后，该项目的房间有了变化。尚未写入任何内容，请查看新的预览。",
            ),
            code="changed_meanwhile",
            status=409,
        )
    difference = found.difference
    counts = {"buildings": 0, "units": 0, "house_types": 0}
    counts.update((str(state), number) for state, number in difference.counts().items())
    layouts = _make_layouts(session, project.id, found, counts)
    units = _make_units(session, project.id, found, counts)
    _make_rooms(session, difference.new, units, layouts)
    if apply_changes:
        _change_rooms(session, difference, layouts)
    else:
        counts["changed"] = 0
    if counts["new"] or counts["changed"] or counts["buildings"] or counts["house_types"]:
        run = RoomPattern(
            project_id=project.id,
            buildings=len(pattern.buildings),
            added=counts["new"],
            changed=counts["changed"],
            pattern=pattern.to_json(),
        )
        keep(session, run)
        session.flush()
    return counts


def kept_pattern(session: Session, project_id: int) -> Pattern | None:
    """Returns the pattern the project's rooms were generated from last, None where there is none that can be read."""
    runs = RoomPattern.__table__.c
    kept = session.execute(
        select(runs.pattern)
        .where(runs.project_id == project_id, runs.deleted_at.is_(None))
        .order_by(runs.id.desc())
        .limit(1)
    ).scalar()
    try:
        return None if kept is None else Pattern.from_json(kept)
    except Refusal:
        return None


def usual_pattern(session: Session, project_id: int) -> Pattern:
    """Returns what a project without a pattern starts from: its own buildings, or two of them."""
    return Pattern(tuple(_buildings(session, project_id)) or ("1幢", "2幢"), units=2)


def layout_names(session: Session, project_id: int) -> list[str]:
    """Returns the names of the house types of a project."""
    return list(_layouts(session, project_id))


def _unfit(pattern: Pattern) -> list[Refusal]:
    """What fits the pattern but not the columns."""
    found: list[Refusal] = []
    long = _("At most {most} characters fit here.", "此处最多填写 {most} 个字。").fill(most=LONGEST_NAME)
    coarse = _(
        "An area has at most two decimal places and is below 100,000,000.", "面积最多保留两位小数，且小于 1 亿。"
    )
    if len(pattern.unit_name) > LONGEST_NAME - 6:  # room for the number that fills its gap
        found.append(Refusal(long, "unit_name", code="too_long"))
    doors = [door(name, "", "") for name in pattern.buildings]
    twins = [name for place, name in enumerate(pattern.buildings) if doors[place] in doors[:place]]
    if twins:
        sentence = _("{name} is named twice. Name each building once.", "楼栋{name}重复，每个楼栋只填写一次。")
        found.append(Refusal(sentence.fill(name=twins[0]), "buildings", code="duplicate"))
    tables: list[tuple[str, Sequence[AreaRule | LineRule]]] = [("rules", pattern.rules), ("areas", pattern.areas)]
    for table, rules in tables:
        for place, rule in enumerate(rules):
            if rule.layout is not None and len(rule.layout) > LONGEST_NAME:
                found.append(Refusal(long, f"{table}-{place}-layout", code="too_long"))
            area = rule.area
            if area is not None and (abs(area) > LARGEST_AREA or area != area.quantize(Decimal("0.01"))):
                found.append(Refusal(coarse, f"{table}-{place}-area", code="out_of_range"))
    return found


def _buildings(session: Session, project_id: int) -> dict[str, int]:
    table = Building.__table__.c
    statement = select(table.name, table.id).where(table.project_id == project_id, table.deleted_at.is_(None))
    return {row.name: row.id for row in session.execute(statement.order_by(table.id))}


def _layouts(session: Session, project_id: int) -> dict[str, tuple[int, Decimal | None]]:
    table = HouseType.__table__.c
    statement = select(table.name, table.id, table.presale_area).where(
        table.project_id == project_id, table.deleted_at.is_(None)
    )
    return {name: (key, area or None) for name, key, area in session.execute(statement.order_by(table.name))}


def _area_of(pattern: Pattern, layout: str) -> Decimal | None:
    """Returns the area a new house type gets: what the pattern says of it on all floors."""
    rules: list[AreaRule | LineRule] = [*pattern.areas, *pattern.rules]
    return next((r.area for r in rules if r.layout == layout and r.area and r.first is None and r.last is None), None)


def _make_layouts(session: Session, project_id: int, found: Prepared, counts: dict[str, int]) -> dict[str, int]:
    rows = [{"project_id": project_id, "name": n, "presale_area": area} for n, area in found.layouts.items()]
    counts["house_types"] = len(insert_rows(session, HouseType, rows))
    return {name: key for name, (key, _area) in _layouts(session, project_id).items()}


def _make_units(
    session: Session, project_id: int, found: Prepared, counts: dict[str, int]
) -> dict[tuple[str, str, str], int]:
    """Makes the buildings and units that rooms are missing for. Returns all of them by what is written on the door."""
    planned = found.difference.plan.buildings
    rows = [
        {"project_id": project_id, "name": each.name, "floors": each.storeys or None}
        for each in planned
        if each.name in found.buildings
    ]
    counts["buildings"] = len(insert_rows(session, Building, rows))
    buildings = {door(name, "", ""): key for name, key in _buildings(session, project_id).items()}
    units = _unit_keys(session, project_id)
    lines = {shape.name: shape.lines for shape in found.pattern.shapes()}
    missing = [
        {"building_id": buildings[door(each.name, "", "")], "name": unit, "homes_per_floor": lines[each.name]}
        for each in planned
        for unit in each.units
        if door(each.name, unit, "") not in units
    ]
    counts["units"] = len(insert_rows(session, Unit, missing))
    return _unit_keys(session, project_id) if missing else units


def _unit_keys(session: Session, project_id: int) -> dict[tuple[str, str, str], int]:
    units, buildings = Unit.__table__.c, Building.__table__.c
    statement = (
        select(buildings.name, units.name, units.id)
        .select_from(Unit.__table__)
        .join(Building.__table__, buildings.id == units.building_id)
        .where(units.project_id == project_id, units.deleted_at.is_(None))
    )
    return {door(building, unit, ""): key for building, unit, key in session.execute(statement)}


def _make_rooms(
    session: Session, rooms: Sequence[PlannedRoom], units: dict[tuple[str, str, str], int], layouts: dict[str, int]
) -> None:
    keys = {names: units[door(*names, "")] for names in {(room.building, room.unit) for room in rooms}}
    rows = [
        {
            "unit_id": keys[room.building, room.unit],
            "no": room.no,
            "floor": room.floor,
            "storey": room.storey,
            "line": room.line,
            "span": room.span,
            "house_type_id": layouts[room.layout] if room.layout is not None else None,
            "presale_area": room.area,
        }
        for room in rooms
    ]
    insert_rows(session, Room, rows)


def _change_rooms(session: Session, difference: Difference, layouts: dict[str, int]) -> None:
    changes: list[tuple[int, dict[str, tuple[Any, Any]]]] = []
    for change in difference.changed:
        room, was = change.room, change.was.key
        values = {name: both for name, both in change.fields.items() if name in ("floor", "span")}
        if "floor" in change.fields:
            for name in ("storey", "line"):
                if getattr(was, name) != getattr(room, name):
                    values[name] = (getattr(was, name), getattr(room, name))
        if "layout" in change.fields and room.layout is not None:
            values["house_type_id"] = (was.house_type_id, layouts[room.layout])
        if "area" in change.fields:
            values["presale_area"] = change.fields["area"]
        changes.append((was.id, values))
    update_rows(session, Room, changes)
