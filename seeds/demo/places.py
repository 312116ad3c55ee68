"""The demo company's tree down to the door: organisation, projects, buildings, house types, rooms, of any size.

Everything follows from (seed, rooms, today): the same three give the same rows, whatever machine makes them. Rows
are plain and refer to one another by key, so that they go into any table.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import count
from math import ceil
from random import Random
from typing import Final, Literal, NamedTuple

from models.property.generation import AreaRule, LineRule, Override, Pattern, plan
from models.property.pattern import Shape
from seeds.demo import gazetteer
from seeds.demo.gazetteer import Seat, Site

DEFAULT_ROOMS: Final = 12_000
LEAST_ROOMS: Final = 100

_CENT: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Group:
    """The top of the tree."""

    key: str
    name: str


@dataclass(frozen=True, slots=True)
class Region:
    """A region of the group."""

    key: str
    name: str
    group: str


@dataclass(frozen=True, slots=True)
class Company:
    """A company of a region; `name` is what the tree shows, `legal_name` what contracts say."""

    key: str
    name: str
    legal_name: str
    region: str
    city: str
    dialling: str
    address: str
    landline: str


@dataclass(frozen=True, slots=True)
class Department:
    """A department of the group, a company or a project: `parent_kind` and `parent` say whose."""

    key: str
    name: str
    parent_kind: Literal["group", "company", "project"]
    parent: str


@dataclass(frozen=True, slots=True)
class HousePart:
    """A part (部位) of a house type and its floor area."""

    name: str
    area: Decimal


@dataclass(frozen=True, slots=True)
class HouseType:
    """A house type of a project; `inner_area` is the area inside the walls (套内)."""

    project: str
    name: str
    rooms: str
    presale_area: Decimal
    inner_area: Decimal
    parts: tuple[HousePart, ...]


@dataclass(frozen=True, slots=True)
class Building:
    """A building; `floors` counts storeys above ground, `last` is the top floor as shown.

    Args:
        kind: 高层, 小高层, 联排 ...
        started: when its foundation was begun.
        handover: when its contracts promise the keys.
        completed: when it passed completion acceptance (竣工验收), where it has.
    """

    project: str
    ordinal: int
    phase: int
    name: str
    kind: str
    units: int
    floors: int
    last: int
    started: date
    handover: date
    completed: date | None


@dataclass(frozen=True, slots=True)
class Project:
    """A project with what its rooms are made from.

    Args:
        ordinal: its place among the projects, from 1.
        households: how many rooms it has.
        price: the mean price of a square metre in yuan.
        handover: the contracts' handover date (合同交付日期) of the first phase.
        patterns: (phase, pattern), in order; together they make exactly `households` rooms.
    """

    key: str
    ordinal: int
    company: str
    name: str
    code: str
    city: str
    address: str
    area_code: str
    dialling: str
    style: gazetteer.Style
    floor_area: Decimal
    households: int
    phases: int
    price: int
    fitted: bool
    handover: date
    property_company: str
    sales_department: str
    house_types: tuple[HouseType, ...]
    buildings: tuple[Building, ...]
    patterns: tuple[tuple[int, Pattern], ...]


class Door(NamedTuple):
    """What a room is known by."""

    project: str
    building: str
    unit: str
    no: str


@dataclass(frozen=True, slots=True)
class Room:
    """A room; `actual_area` is the surveyed one, once the building is completed."""

    door: Door
    floor: int
    storey: int
    line: int
    span: int
    layout: str
    presale_area: Decimal
    inner_area: Decimal
    actual_area: Decimal | None


@dataclass(frozen=True, slots=True)
class Places:
    """The whole tree but for the rooms, which `rooms` makes project by project."""

    seed: int
    today: date
    group: Group
    regions: tuple[Region, ...]
    companies: tuple[Company, ...]
    departments: tuple[Department, ...]
    projects: tuple[Project, ...]


class _Block(NamedTuple):
    """A building to be: how many units, storeys and lines, and what stands in it."""

    kind: str
    units: int
    storeys: int
    lines: int
    duplex: bool = False


_BLOCKS: Final[dict[gazetteer.Style, tuple[_Block, ...]]] = {
    "tower": (_Block("高层", 2, 16, 4),),
    "high": (_Block("高层", 2, 26, 4), _Block("高层", 1, 31, 4)),
    "slab": (_Block("小高层", 3, 11, 2, True), _Block("小高层", 2, 11, 2, True), _Block("多层", 3, 6, 2, True)),
    "villa": (_Block("联排", 8, 1, 1), _Block("联排", 6, 1, 1)),
}


def places(seed: int, rooms: int = DEFAULT_ROOMS, *, today: date) -> Places:
    """Returns the demo group with exactly `rooms` rooms in its 20 projects.

    Args:
        seed: the one random seed of the demo company.
        rooms: at least 100; 1,000,000 takes a few seconds and a few thousand buildings.
        today: the day the demo company lives on.

    Raises:
        ValueError: when `rooms` is too small for 20 projects.
    """
    if rooms < LEAST_ROOMS:
        raise ValueError(f"The demo company has 20 projects; it needs at least {LEAST_ROOMS} rooms, not {rooms}.")
    seats = {seat.key: seat for seat in gazetteer.SEATS}
    shares = _shares(rooms, [site.weight for site in gazetteer.SITES])
    projects = tuple(
        _project(seed, ordinal, site, seats[site.company], share, today)
        for ordinal, (site, share) in enumerate(zip(gazetteer.SITES, shares, strict=True), 1)
    )
    return Places(
        seed=seed,
        today=today,
        group=Group("group", gazetteer.GROUP),
        regions=tuple(Region(key, name, "group") for key, name in gazetteer.REGIONS),
        companies=tuple(_company(seed, seat) for seat in gazetteer.SEATS),
        departments=tuple(_departments(projects)),
        projects=projects,
    )


def rooms_of(whole: Places, project: Project) -> Iterator[Room]:
    """Yields the rooms of a project, by building, unit, floor and line; one phase is in memory at a time."""
    random = Random(f"{whole.seed}:rooms:{project.key}")
    inner = {each.name: each.inner_area / each.presale_area for each in project.house_types}
    completed = {building.name: building.completed is not None for building in project.buildings}
    for _phase, pattern in project.patterns:
        for room in plan(pattern, inner).rooms:
            if room.layout is None or room.area is None:
                raise AssertionError(f"{project.name}: a room without layout or area at {room}")
            yield Room(
                Door(project.key, room.building, room.unit, room.no), room.floor, room.storey, room.line, room.span,
                room.layout, room.area, _cents(room.area * inner[room.layout]),
                _surveyed(random, room.area) if completed[room.building] else None,
            )  # fmt: skip


def rooms(whole: Places) -> Iterator[Room]:
    """Yields every room of the group, project by project."""
    for project in whole.projects:
        yield from rooms_of(whole, project)


def _cents(value: Decimal) -> Decimal:
    return value.quantize(_CENT, ROUND_HALF_UP)


def _surveyed(random: Random, area: Decimal) -> Decimal:
    """Returns a surveyed area: mostly within 1 %, one in eighty beyond the 3 % of the law."""
    beyond = random.random() < 0.0125
    ratio = random.choice((-1, 1)) * random.uniform(0.031, 0.055) if beyond else random.gauss(0.001, 0.006)
    return _cents(area * (1 + Decimal(f"{ratio:.5f}")))


def _shares(total: int, weights: list[int]) -> list[int]:
    """Returns `total` divided by `weights`, by largest remainder, each at least 2; the sum is exact."""
    whole = sum(weights)
    exact = [total * weight / whole for weight in weights]
    shares = [max(2, int(each)) for each in exact]
    order = sorted(range(len(weights)), key=lambda i: (int(exact[i]) - exact[i], i))
    for turn in count():
        left = total - sum(shares)
        if not left:
            return shares
        index = order[turn % len(order)]
        if left > 0:
            shares[index] += 1
        elif shares[index] > 2:
            shares[index] -= 1
    raise AssertionError("unreachable")


def _company(seed: int, seat: Seat) -> Company:
    random = Random(f"{seed}:company:{seat.key}")
    landline = f"{seat.dialling}-8{random.randrange(10**7):07d}"
    return Company(
        seat.key, seat.name, seat.legal_name, seat.region, seat.city, seat.dialling, seat.address, landline
    )  # fmt: skip


def _departments(projects: tuple[Project, ...]) -> Iterator[Department]:
    for index, name in enumerate(gazetteer.GROUP_DEPARTMENTS, 1):
        yield Department(f"group-{index}", name, "group", "group")
    for seat in gazetteer.SEATS:
        for index, name in enumerate(gazetteer.COMPANY_DEPARTMENTS, 1):
            yield Department(f"{seat.key}-{index}", name, "company", seat.key)
    for project in projects:
        for index, name in enumerate(gazetteer.PROJECT_DEPARTMENTS, 1):
            yield Department(f"{project.key}-{index}", name, "project", project.key)


def _project(seed: int, ordinal: int, site: Site, seat: Seat, share: int, today: date) -> Project:
    random = Random(f"{seed}:project:{site.key}")
    phases = max(min(6, ceil(share / 600)), ceil(share / 9000))
    types = tuple(_house_types(random, site))
    areas = {each.name: each.presale_area for each in types}
    buildings: list[Building] = []
    patterns: list[tuple[int, Pattern]] = []
    for phase in range(1, phases + 1):
        part = share * phase // phases - share * (phase - 1) // phases
        blocks = _blocks(site.style, part)
        pattern = _pattern(seat, len(buildings), blocks, areas)
        patterns.append((phase, pattern))
        later = timedelta(days=_phase_delay(phase, phases))
        for block, shape in zip(blocks, pattern.shapes(), strict=True):
            handover = site.handover + later
            completed = handover - timedelta(days=random.randint(25, 75))
            buildings.append(
                Building(
                    site.key, len(buildings) + 1, phase, shape.name, block.kind, block.units, block.storeys, shape.last,
                    handover - timedelta(days=random.randint(850, 960)), handover,
                    completed if completed <= today else None,
                )
            )  # fmt: skip
    used = {rule.layout for _phase, pattern in patterns for rule in pattern.rules}
    net = sum((room.area or Decimal(0) for _phase, pattern in patterns for room in plan(pattern).rooms), Decimal(0))
    return Project(
        key=site.key,
        ordinal=ordinal,
        company=site.company,
        name=site.name,
        code=f"{seat.dialling.lstrip('0')}{ordinal:02d}",
        city=site.city,
        address=f"{site.city}{site.place}",
        area_code=site.area_code,
        dialling="020" if site.city == "广州市" else "0731" if site.city == "长沙市" else seat.dialling,
        style=site.style,
        floor_area=_cents(net * Decimal("1.34")),
        households=share,
        phases=phases,
        price=site.price,
        fitted=site.fitted,
        handover=site.handover,
        property_company=site.property_company,
        sales_department=f"{site.name}营销中心",
        house_types=tuple(each for each in types if each.name in used),
        buildings=tuple(buildings),
        patterns=tuple(patterns),
    )


def _phase_delay(phase: int, phases: int) -> int:
    """Returns how many days after the first phase a phase is handed over; the smallest projects have one date."""
    return (phase - 1) * min(240, 720 // phases)


def _house_types(random: Random, site: Site) -> Iterator[HouseType]:
    """Yields the house types a project may build; the first project has the areas of the sample ledger."""
    scale = Decimal(1) if site.key == "hushu" else Decimal(random.randint(95, 108)) / 100
    for each in gazetteer.TYPES.values():
        area = _cents(each.area * scale)
        parts = tuple(HousePart(name, _cents(Decimal(size) * scale)) for name, size in each.parts)
        share = Decimal(random.randint(762, 838)) / 1000
        yield HouseType(site.key, each.name, each.rooms, area, _cents(area * share), parts)


def _room_count(block: _Block) -> int:
    lost = block.lines if block.duplex and block.storeys > 1 else 0
    return block.units * (block.storeys * block.lines - lost)


def _blocks(style: gazetteer.Style, total: int) -> list[_Block]:
    """Returns buildings with exactly `total` rooms: whole ones first, then what is left in smaller ones."""
    kinds = _BLOCKS[style]
    blocks: list[_Block] = []
    for turn in count():
        block = kinds[turn % len(kinds)]
        if _room_count(block) > total:
            break
        blocks.append(block)
        total -= _room_count(block)
    plain = kinds[0]._replace(duplex=False)
    per_unit = plain.storeys * plain.lines
    if total >= per_unit:
        blocks.append(plain._replace(units=total // per_unit))
        total %= per_unit
    if total >= plain.lines * 3:
        storeys = total // plain.lines
        blocks.append(_Block("多层" if storeys < 8 else plain.kind, 1, storeys, plain.lines))
        total %= plain.lines
    if total:
        blocks.append(_Block("联排", total, 1, 1))
    return blocks


def _top(storeys: int, skipped: tuple[int, ...]) -> int:
    """Returns the top floor as shown of a building with that many storeys."""
    floor = 0
    while storeys:
        floor += 1
        storeys -= floor not in skipped
    return floor


def _pattern(seat: Seat, built: int, blocks: list[_Block], areas: dict[str, Decimal]) -> Pattern:
    """Returns the pattern of one phase: the commonest building, and overrides for the others."""
    names = [seat.building_name.format(n=built + index) for index in range(1, len(blocks) + 1)]
    standard = max(set(blocks), key=lambda block: (blocks.count(block), _room_count(block), block))
    groups: dict[_Block, list[str]] = {}
    for name, block in zip(names, blocks, strict=True):
        groups.setdefault(block, []).append(name)
    both = (1, 2)
    overrides = tuple(
        Override(
            tuple(group), units=block.units, last=_top(block.storeys, seat.skipped), lines=block.lines,
            duplex_lines=both if block.duplex else (),
        )
        for block, group in groups.items()
        if block != standard
    )  # fmt: skip
    pattern = Pattern(
        tuple(names), units=standard.units, unit_name=seat.unit_name, last=_top(standard.storeys, seat.skipped),
        skipped=seat.skipped, lines=standard.lines, duplex_lines=both if standard.duplex else (),
        numbering=seat.numbering, overrides=overrides,
    )  # fmt: skip
    shapes = {shape.name: shape for shape in pattern.shapes()}
    rules: list[LineRule] = []
    for block, group in groups.items():
        rules += _rules(block, tuple(group) if len(groups) > 1 else (), shapes[group[0]])
    used = {rule.layout for rule in rules}
    kept = tuple(AreaRule(name, area) for name, area in areas.items() if name in used)
    return replace(pattern, rules=tuple(rules), areas=kept)


def _rules(block: _Block, group: tuple[str, ...], shape: Shape) -> Iterator[LineRule]:
    """Yields which layout stands on which line of such a building."""
    layouts = {1: ("联排户型",), 2: ("E户型", "F户型"), 4: ("B户型", "C户型", "D户型", "A户型")}[block.lines]
    for line, layout in enumerate(layouts, 1):
        yield LineRule((line,), layout, buildings=group)
    pair = shape.duplex_pair()
    if pair:
        yield LineRule((1, 2), "跃层户型", first=pair[0], last=pair[1], buildings=group)
