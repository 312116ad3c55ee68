"""The handover board: a plan, its buildings and its days in figures, and what changes when any of them does (D3 1, 2).

Fifty people look at it while others work at the counters, so what they ask for every few seconds is one small number
(`mark`); the figures are read only when it has changed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.handover.handover_room import HandoverRoom
from models.handover.handover_slot import HandoverSlot
from models.handover.room_states import TAKEN, NoticeState, Outcome, RoomState
from models.kernel.clock import local
from models.property.building import Building
from models.property.room import Room
from models.property.unit import Unit


@dataclass(slots=True)
class Figures:
    """The figures of a plan, a building or whatever homes they are over. Homes that were taken out count nowhere.

    Attributes:
        homes: in the plan.
        told: notified, delivered or not; `delivered`: of which there is proof.
        booked: with an appointment.
        arrived: whose owner has come.
        outcome: outcome -> homes, as it is now.
        first: outcome -> homes, of the first visit.
        completed: formalities complete.
        at_hand: at the counters right now.
    """

    homes: int = 0
    told: int = 0
    delivered: int = 0
    booked: int = 0
    arrived: int = 0
    completed: int = 0
    at_hand: int = 0
    signed: int = 0
    outcome: dict[str, int] = field(default_factory=lambda: {each.value: 0 for each in Outcome})
    first: dict[str, int] = field(default_factory=lambda: {each.value: 0 for each in Outcome})

    @property
    def taken(self) -> int:
        """Homes handed over: accepted, repairs due or not."""
        return sum(self.outcome[each] for each in TAKEN)

    @property
    def decided(self) -> int:
        """Homes with an outcome."""
        return sum(self.outcome.values())

    def rate(self, part: int, whole: int) -> float | None:
        """Returns a share from 0 to 1; None where there is nothing to share (shown as —)."""
        return part / whole if whole else None

    @property
    def taken_rate(self) -> float | None:
        """交付率: accepted homes over planned homes."""
        return self.rate(self.taken, self.homes)

    @property
    def arrival_rate(self) -> float | None:
        """到场率: arrived over notified."""
        return self.rate(self.arrived, self.told)

    @property
    def smooth_rate(self) -> float | None:
        """顺利收房率: accepted without repairs over homes with an outcome."""
        return self.rate(self.outcome[Outcome.ACCEPTED], self.decided)

    @property
    def first_rate(self) -> float | None:
        """一次收房率: accepted at the first visit, repairs due or not, over arrived."""
        return self.rate(sum(self.first[each] for each in TAKEN), self.arrived)

    @property
    def refused_rate(self) -> float | None:
        """拒收率: refused over homes with an outcome."""
        return self.rate(self.outcome[Outcome.REFUSED], self.decided)


@dataclass(slots=True)
class DayFigures:
    """What happened on a day (a day of the company's zone): booked for it, arrived, taken over, refused, completed."""

    day: date
    booked: int = 0
    arrived: int = 0
    taken: int = 0
    refused: int = 0
    completed: int = 0
    sum_taken: int = 0


@dataclass(frozen=True, slots=True)
class Cell:
    """A home as the board draws it."""

    key: int
    room_id: int
    building_id: int
    unit_id: int
    no: str
    state: str
    notice: str


@dataclass(slots=True)
class Board:
    """A plan as the board shows it."""

    total: Figures
    buildings: dict[int, tuple[str, Figures]]
    days: list[DayFigures]
    cells: list[Cell]


AT_HAND = (RoomState.ARRIVED.value, RoomState.INSPECTING.value, RoomState.REINSPECTING.value)


def mark(session: Session, plan_id: int) -> str | None:
    """Returns what changes whenever a home of the plan does; None where the plan has none that this actor reads.

    Versions only ever grow, and a home that is deleted is no longer counted, so count and sum cannot stay the same; the
    time of the last change tells a restored database from the one before. One statement over one index.
    """
    number, versions, last = session.execute(
        select(func.count(), func.sum(HandoverRoom.version), func.max(HandoverRoom.changed_at)).where(
            HandoverRoom.plan_id == plan_id
        )
    ).one()
    return f"{plan_id}-{number}-{versions}-{last:%y%m%d%H%M%S%f}" if number else None


def board(session: Session, plan_id: int) -> Board:
    """Reads the board of a plan: two statements, in scope."""
    slots = dict(
        (key, day)
        for key, day in session.execute(
            select(HandoverSlot.id, HandoverSlot.day).where(HandoverSlot.plan_id == plan_id)
        )
    )
    home = HandoverRoom
    rows = session.execute(
        select(
            home.id, home.room_id, Unit.building_id, Building.name, Room.unit_id, Room.no, home.state,
            home.notice_state, home.outcome, home.first_outcome, home.slot_id, home.arrived_at, home.outcome_at,
            home.completed_at, home.signed_at,
        )
        .join(Room, Room.id == home.room_id)
        .join(Unit, Unit.id == Room.unit_id)
        .join(Building, Building.id == Unit.building_id)
        .where(home.plan_id == plan_id, home.state != RoomState.DROPPED)
        .order_by(Building.id, Unit.id, Room.floor, Room.line, Room.id)
    )  # fmt: skip
    return counted(rows, slots)


def counted(rows: Iterable[Any], slots: dict[int, date]) -> Board:
    """Adds up what `board` read."""
    total, buildings, cells = Figures(), dict[int, tuple[str, Figures]](), list[Cell]()
    days: dict[date, DayFigures] = {}

    def on(moment: datetime | date) -> DayFigures:
        day = local(moment).date() if isinstance(moment, datetime) else moment
        return days.setdefault(day, DayFigures(day))

    for row in rows:
        if row.building_id not in buildings:
            buildings[row.building_id] = (row.name, Figures())
        for figures in (total, buildings[row.building_id][1]):
            _add(figures, row)
        if row.slot_id in slots:
            on(slots[row.slot_id]).booked += 1
        if row.arrived_at is not None:
            on(row.arrived_at).arrived += 1
        if row.outcome in TAKEN:
            on(row.outcome_at).taken += 1
        elif row.outcome == Outcome.REFUSED:
            on(row.outcome_at).refused += 1
        if row.completed_at is not None:
            on(row.completed_at).completed += 1
        cells.append(Cell(row.id, row.room_id, row.building_id, row.unit_id, row.no, row.state, row.notice_state))
    found, so_far = sorted(days.values(), key=lambda each: each.day), 0
    for each in found:
        so_far += each.taken
        each.sum_taken = so_far
    return Board(total, buildings, found, cells)


def _add(figures: Figures, row: Any) -> None:
    figures.homes += 1
    figures.told += row.notice_state in (NoticeState.NOTIFIED, NoticeState.DELIVERED)
    figures.delivered += row.notice_state == NoticeState.DELIVERED
    figures.booked += row.slot_id is not None
    figures.arrived += row.arrived_at is not None
    figures.completed += row.state == RoomState.COMPLETED
    figures.at_hand += row.state in AT_HAND
    figures.signed += row.signed_at is not None
    if row.outcome is not None:
        figures.outcome[row.outcome] += 1
    if row.first_outcome is not None:
        figures.first[row.first_outcome] += 1
