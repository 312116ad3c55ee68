"""Generation of rooms (房源生成): a pattern is planned, compared with what exists, and shown before it is done."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, TypedDict

from models.kernel.refusal import Refusal
from models.kernel.words import Words, _
from models.property.pattern import NUMBERINGS, AreaRule, LineRule, Override, Pattern, Shape
from models.property.pattern_check import LIMIT, faults

__all__ = [
    "LIMIT", "NUMBERINGS", "AreaRule", "Change", "Difference", "ExistingRoom", "GridBuilding", "GridFloor", "GridRoom",
    "GridUnit", "LineRule", "Override", "Pattern", "Plan", "PlannedBuilding", "PlannedRoom", "Refusal", "Same",
    "compare", "floor_label", "grid", "plan",
]  # fmt: skip

State = Literal["new", "same", "changed", "other"]


@dataclass(frozen=True, slots=True)
class PlannedRoom:
    """A room as the pattern has it.

    Args:
        building, unit, no: what is written on the door; together they are unique in a project.
        floor: the floor as shown; basements are negative.
        storey: the floor as built, counting only what is there.
        line: the position on the floor, from 1 (户线).
        layout: the house type's name, where the pattern says one.
        area: the presale area, where the pattern or the house type says one.
        span: how many floors it takes; 2 for a duplex.
    """

    building: str
    unit: str
    floor: int
    storey: int
    line: int
    no: str
    layout: str | None
    area: Decimal | None
    span: int = 1


@dataclass(frozen=True, slots=True)
class PlannedBuilding:
    """A building as the pattern has it: its units, the first and last floor shown, its storeys above ground."""

    name: str
    units: tuple[str, ...]
    first: int
    last: int
    storeys: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What a pattern makes: rooms by building, unit, floor upwards, line.

    Args:
        notes: what the person may want to know though it hinders nothing.
    """

    buildings: tuple[PlannedBuilding, ...]
    rooms: tuple[PlannedRoom, ...]
    notes: tuple[Words, ...] = ()


@dataclass(frozen=True, slots=True)
class ExistingRoom:
    """A room as the database has it; `key` is whatever the caller finds it by again, `span` None where unknown."""

    building: str
    unit: str
    no: str
    floor: int | None = None
    layout: str | None = None
    area: Decimal | None = None
    key: Any = None
    span: int | None = None


@dataclass(frozen=True, slots=True)
class Same:
    """A planned room that exists just so."""

    room: PlannedRoom
    was: ExistingRoom


@dataclass(frozen=True, slots=True)
class Change:
    """A planned room that exists otherwise; `fields` maps floor, layout, area, span to (as it is, as planned)."""

    room: PlannedRoom
    was: ExistingRoom
    fields: dict[str, tuple[Any, Any]]


@dataclass(frozen=True, slots=True)
class Difference:
    """What a plan would do to what exists. Rooms that are not in the pattern (`other`) are left alone."""

    plan: Plan
    new: tuple[PlannedRoom, ...]
    same: tuple[Same, ...]
    changed: tuple[Change, ...]
    other: tuple[ExistingRoom, ...]

    def counts(self) -> dict[State, int]:
        """Returns how many rooms are in each state."""
        return {
            "new": len(self.new), "same": len(self.same), "changed": len(self.changed), "other": len(self.other),
        }  # fmt: skip


class GridRoom(TypedDict):
    """A cell of the preview; `line` is its column (None for rooms not in the pattern), `was` the values it had."""

    no: str
    line: int | None
    layout: str | None
    area: Decimal | None
    state: State
    span: int
    was: dict[str, Any]


class GridFloor(TypedDict):
    """A row of the preview. A duplex is on its lower floor and reaches into the row above."""

    floor: int | None
    label: str
    rooms: list[GridRoom]


class GridUnit(TypedDict):
    """A unit of the preview, top floor first."""

    name: str
    floors: list[GridFloor]


class GridBuilding(TypedDict):
    """A building of the preview."""

    building: str
    units: list[GridUnit]


def plan(pattern: Pattern, layouts: Mapping[str, Decimal | None] | Collection[str] | None = None) -> Plan:
    """Returns the rooms a pattern makes; the same pattern always makes the same rooms.

    Args:
        layouts: the house types of the project; given as a mapping, its areas hold where the pattern has none.
            None leaves layouts unchecked.

    Raises:
        Refusal: with everything that is wrong, each at its field of `Pattern.from_form`.
    """
    found = faults(pattern, layouts)
    if found:
        raise Refusal.of(found)
    lookup = _Lookup(pattern, layouts if isinstance(layouts, Mapping) else {})
    buildings: list[PlannedBuilding] = []
    rooms: list[PlannedRoom] = []
    for shape in pattern.shapes():
        units = tuple(pattern.unit_name.format(n=n, letter=_letter(n)) for n in range(1, shape.units + 1))
        floors = shape.floors()
        above = sum(floor > 0 for floor, _storey in floors)
        buildings.append(PlannedBuilding(shape.name, units, floors[0][0], floors[-1][0], above))
        places = _places(shape, lookup)
        for number, unit in enumerate(units, 1):
            rooms += _rooms(pattern, shape, number, unit, places)
    return Plan(tuple(buildings), tuple(rooms), _notes(pattern))


class _Lookup:
    """Finds layout and area of a place: the most special rule wins, of equals the later one."""

    def __init__(self, pattern: Pattern, known: Mapping[str, Decimal | None]) -> None:
        self.rules = sorted(reversed(pattern.rules), key=lambda rule: -rule.weight)
        self.areas = sorted(reversed(pattern.areas), key=lambda rule: -rule.weight)
        self.known = known

    def at(self, building: str, floor: int, line: int) -> tuple[str | None, Decimal | None]:
        """Returns layout and area of a place, None where nothing says them."""
        layout: str | None = None
        own: tuple[int, Decimal] | None = None
        for rule in self.rules:
            if rule.holds(building, floor, line):
                if own is None and rule.area is not None:
                    own = (rule.weight, rule.area)
                if rule.layout is not None:
                    layout = rule.layout
                    break
        if own is not None or layout is None:
            return layout, own[1] if own else None
        for each in self.areas:
            if each.holds(layout, floor):
                return layout, each.area
        return layout, self.known.get(layout)


_Place = tuple[int, int, int, str | None, Decimal | None, int]


def _places(shape: Shape, lookup: _Lookup) -> list[_Place]:
    """Returns (floor, storey, line, layout, area, span) of every room of one unit, from the bottom up."""
    pair = shape.duplex_pair()
    duplex = frozenset(shape.duplex_lines)
    places: list[_Place] = []
    for floor, storey in shape.floors():
        for line in range(1, shape.lines + 1):
            if pair and line in duplex and floor == pair[1]:
                continue
            layout, area = lookup.at(shape.name, floor, line)
            span = 2 if pair and line in duplex and floor == pair[0] else 1
            places.append((floor, storey, line, layout, area, span))
    return places


def _rooms(pattern: Pattern, shape: Shape, number: int, unit: str, places: list[_Place]) -> list[PlannedRoom]:
    """Returns the rooms of one unit.

    Raises:
        Refusal: when two would carry the same number.
    """
    taken: dict[str, _Place] = {}
    rooms: list[PlannedRoom] = []
    for place in places:
        floor, storey, line, layout, area, span = place
        field, depth = ("numbering", 0) if floor > 0 else ("basement", -floor)
        no = getattr(pattern, field).format(
            floor=abs(floor), line=line, letter=_letter(line), unit=number, building=shape.number,
            storey=abs(storey), depth=depth,
        ).strip()  # fmt: skip
        if no in taken:
            sentence = _(
                "{building} {unit}: number {no} falls on floor {one} line {a} and on floor {two} line {b}. "
                "Change the numbering, for instance to two digits.",
                "{building}{unit}：房号 {no} 同时落在 {one} 层第 {a} 户与 {two} 层第 {b} 户，"
                "请修改编号规则，例如固定两位。",
            )
            first = taken[no]
            spoken = sentence.fill(
                building=shape.name, unit=unit, no=no, one=first[0], a=first[2], two=floor, b=line
            )  # fmt: skip
            raise Refusal(spoken, field, code="duplicate")
        if len(no) > 20:
            sentence = _("Number {no} is longer than 20 characters.", "房号 {no} 超过 20 个字符。")
            raise Refusal(sentence.fill(no=no), field, code="out_of_range")
        taken[no] = place
        rooms.append(PlannedRoom(shape.name, unit, floor, storey, line, no, layout, area, span))
    return rooms


def _notes(pattern: Pattern) -> tuple[Words, ...]:
    shapes = pattern.shapes()
    idle = [f for f in pattern.skipped if not any(shape.first <= f <= shape.last for shape in shapes)]
    if not idle:
        return ()
    sentence = _(
        "Skipped floors {floors} lie outside every building and change nothing.",
        "跳过的楼层 {floors} 不在任何楼栋的范围内，不起作用。",
    )
    return (sentence.fill(floors=", ".join(map(str, idle))),)


def _letter(number: int) -> str:
    """Returns A for 1, Z for 26, AA for 27."""
    text = ""
    while number:
        number, rest = divmod(number - 1, 26)
        text = chr(65 + rest) + text
    return text


def door(building: str, unit: str, no: str) -> tuple[str, str, str]:
    """Returns what makes two doors the same door: full-width digits and letter case do not matter."""
    if building.isascii() and no.isascii() and unit.isascii():
        return building.strip().upper(), unit.strip().upper(), no.strip().upper()
    fold = unicodedata.normalize
    return (
        fold("NFKC", building).strip().upper(), fold("NFKC", unit).strip().upper(), fold("NFKC", no).strip().upper(),
    )  # fmt: skip


def compare(planned: Plan, existing: Iterable[ExistingRoom]) -> Difference:
    """Returns what a plan would do to what exists: running it again after it was done finds nothing new.

    A value the pattern is silent about (no layout, no area) never counts as a change.
    """
    here: dict[tuple[str, str, str], ExistingRoom] = {}
    other: list[ExistingRoom] = []
    for was in existing:
        if here.setdefault(door(was.building, was.unit, was.no), was) is not was:
            other.append(was)
    new: list[PlannedRoom] = []
    same: list[Same] = []
    changed: list[Change] = []
    for room in planned.rooms:
        found = here.pop(door(room.building, room.unit, room.no), None)
        if found is None:
            new.append(room)
            continue
        fields: dict[str, tuple[Any, Any]] = {}
        if found.floor != room.floor:
            fields["floor"] = (found.floor, room.floor)
        if room.layout is not None and found.layout != room.layout:
            fields["layout"] = (found.layout, room.layout)
        if room.area is not None and found.area != room.area:
            fields["area"] = (found.area, room.area)
        if found.span is not None and found.span != room.span:
            fields["span"] = (found.span, room.span)
        if fields:
            changed.append(Change(room, found, fields))
        else:
            same.append(Same(room, found))
    return Difference(planned, tuple(new), tuple(same), tuple(changed), (*here.values(), *other))


def floor_label(floor: int | None) -> str:
    """Returns what is written beside a floor: `12`, `B1` for the first basement, `-` when unknown."""
    if floor is None:
        return "-"
    return str(floor) if floor > 0 else f"B{-floor}"


def grid(difference: Difference) -> list[GridBuilding]:
    """Returns the preview: buildings and units in the pattern's order, then those it does not know; top floor first.

    Every planned floor is there, also one a duplex reaches into. Rooms not in the pattern stand after the others.
    """
    table: dict[str, dict[str, dict[int | None, list[GridRoom]]]] = {}
    for building in difference.plan.buildings:
        table[building.name] = {unit: {} for unit in building.units}
    states: dict[int, tuple[State, dict[str, Any]]] = {id(room): ("new", {}) for room in difference.new}
    states.update((id(same.room), ("same", {})) for same in difference.same)
    for change in difference.changed:
        states[id(change.room)] = ("changed", {name: was for name, (was, _now) in change.fields.items()})
    for room in difference.plan.rooms:
        state, was = states[id(room)]
        floors = table[room.building][room.unit]
        cell = GridRoom(
            no=room.no, line=room.line, layout=room.layout, area=room.area, state=state, span=room.span, was=was
        )  # fmt: skip
        floors.setdefault(room.floor, []).append(cell)
    _reached(difference.plan, table)
    spelled = {door(b, u, ""): (b, u) for b, units in table.items() for u in units}
    for existing in difference.other:
        name, unit = spelled.get(door(existing.building, existing.unit, ""), (existing.building, existing.unit))
        cell = GridRoom(
            no=existing.no, line=None, layout=existing.layout, area=existing.area, state="other", span=1, was={}
        )  # fmt: skip
        table.setdefault(name, {}).setdefault(unit, {}).setdefault(existing.floor, []).append(cell)
    return [
        GridBuilding(
            building=name,
            units=[
                GridUnit(
                    name=unit,
                    floors=[
                        GridFloor(floor=floor, label=floor_label(floor), rooms=rooms)
                        for floor, rooms in sorted(floors.items(), key=_height, reverse=True)
                    ],
                )
                for unit, floors in units.items()
            ],
        )
        for name, units in table.items()
    ]


def _height(entry: tuple[int | None, list[GridRoom]]) -> int:
    """Returns what floors are sorted by; an unknown floor lies at the bottom."""
    return -1000 if entry[0] is None else entry[0]


def _reached(planned: Plan, table: dict[str, dict[str, dict[int | None, list[GridRoom]]]]) -> None:
    """Adds the top floor where every room of it belongs to a duplex below."""
    top = {building.name: building.last for building in planned.buildings}
    for name, units in table.items():
        for floors in units.values():
            floors.setdefault(top[name], [])
