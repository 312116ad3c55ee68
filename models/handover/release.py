"""Releasing and closing a plan: which homes are meant, whether they may be, and writing them down at once (R08)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, false, func, or_, select, tuple_
from sqlalchemy.orm import Session

from models.customer.ownership import Ownership
from models.handover.handover_room import HandoverRoom
from models.handover.handover_scope import HandoverScope
from models.handover.plan_lists import HandoverPlanDoc, HandoverPlanStep
from models.handover.room_states import PlanState, RoomState
from models.kernel.actor import Actor
from models.kernel.bulk import insert_rows
from models.kernel.clock import today
from models.kernel.parameter import effective, node_at
from models.kernel.refusal import Refusal
from models.kernel.registry import table
from models.kernel.session import clock_of
from models.kernel.words import Words, _
from models.parameter.step_defs import HandoverDocDef, HandoverStepDef
from models.property.building import Building
from models.property.project import Project
from models.property.room import Room, SaleState
from models.property.unit import Unit

Pick = tuple[str, int, int]
"""A choice of the scope: kind (project, building, unit, floor, room), key (of the unit for a floor), and floor (else 0)."""

OPEN_ROOMS = (RoomState.DROPPED.value, RoomState.COMPLETED.value)
"""States of a home that no longer keep it from another plan."""


@dataclass(frozen=True, slots=True)
class Count:
    """What a scope comes to.

    Attributes:
        all: homes in it, whatever their sale.
        signed: those whose sale is signed: the handover quantity (R08).
        elsewhere: signed ones that are in another open plan.
        unowned: signed ones without a known owner.
    """

    all: int
    signed: int
    elsewhere: int
    unowned: int


def picks_of(session: Session, plan: Any) -> list[Pick]:
    """Returns the scope of a plan as choices."""
    lines = HandoverScope
    found = session.execute(
        select(lines.kind, lines.building_id, lines.unit_id, lines.floor, lines.room_id)
        .where(lines.plan_id == plan.id)
        .order_by(lines.id)
    )
    return [
        (
            kind,
            {"building": building, "unit": unit, "floor": unit, "room": room}.get(kind) or plan.project_id,
            floor or 0,
        )
        for kind, building, unit, floor, room in found
    ]


def homes_of(project_id: int, picks: Iterable[Pick]) -> Select[Any]:
    """Returns the statement of ids of the homes of a project that choices take in; each once, whatever overlaps."""
    chosen: dict[str, list[Any]] = {}
    for kind, key, floor in picks:
        chosen.setdefault(kind, []).append((key, floor) if kind == "floor" else key)
    statement = select(Room.id).where(Room.project_id == project_id)
    if "project" in chosen:
        return statement
    ways: list[Any] = []
    if "building" in chosen:
        ways.append(Room.unit_id.in_(select(Unit.id).where(Unit.building_id.in_(chosen["building"]))))
    if "unit" in chosen:
        ways.append(Room.unit_id.in_(chosen["unit"]))
    if "floor" in chosen:
        ways.append(tuple_(Room.unit_id, Room.floor).in_(chosen["floor"]))
    if "room" in chosen:
        ways.append(Room.id.in_(chosen["room"]))
    return statement.where(or_(*ways) if ways else false())


def signed(homes: Select[Any]) -> Select[Any]:
    """Returns those of the homes whose sale is signed (R08)."""
    return homes.where(Room.sale_state == SaleState.SIGNED)


def _in_open_plan(but: int | None) -> Select[Any]:
    """The homes that are in an open plan other than `but`."""
    plans: Any = table("handover_plan")
    return (
        select(HandoverRoom.room_id)
        .join(plans, plans.id == HandoverRoom.plan_id)
        .where(
            plans.state == PlanState.RELEASED, HandoverRoom.state.not_in(OPEN_ROOMS), HandoverRoom.plan_id != (but or 0)
        )
    )


def count(session: Session, plan: Any, picks: Sequence[Pick] | None = None) -> Count:
    """Returns what a plan's scope comes to now, or what other choices would."""
    homes = homes_of(plan.project_id, picks_of(session, plan) if picks is None else picks)
    there = signed(homes)
    owned = select(Ownership.room_id).where(Ownership.until_day.is_(None))

    def number(statement: Select[Any]) -> int:
        return session.scalar(statement.with_only_columns(func.count(Room.id)).order_by(None)) or 0

    return Count(
        number(homes),
        number(there),
        number(there.where(Room.id.in_(_in_open_plan(plan.id)))),
        number(there.where(Room.id.not_in(owned))),
    )


def lock_project(session: Session, project_id: int) -> None:
    """Lets whoever releases in this project come one after the other; on SQLite every writer does so by itself."""
    session.execute(select(Project.id).where(Project.id == project_id).with_for_update())


def may_release(session: Session, actor: Actor, plan: Any, now: datetime) -> Refusal | None:
    """It has a scope with homes that are sold, and none of them is in another open plan."""
    lock_project(session, plan.project_id)
    picks = picks_of(session, plan)
    if not picks:
        return Refusal(_("Choose the homes of the plan first.", "请先选择入伙范围。"), code="no_scope")
    homes = signed(homes_of(plan.project_id, picks))
    if session.scalar(homes.limit(1)) is None:
        return Refusal(
            _(
                "None of the homes chosen is signed; there is nobody to hand over to.",
                "所选范围内没有签约房间，无法发布。",
            ),
            code="no_homes",
        )
    inside = homes.where(Room.id.in_(_in_open_plan(plan.id)))
    number = session.scalar(inside.with_only_columns(func.count(Room.id))) or 0
    if not number:
        return None
    plans: Any = table("handover_plan")
    named = session.execute(
        select(Building.name, Unit.name, Room.no, plans.title)
        .join(Unit, Unit.id == Room.unit_id)
        .join(Building, Building.id == Unit.building_id)
        .join(HandoverRoom, HandoverRoom.room_id == Room.id)
        .join(plans, plans.id == HandoverRoom.plan_id)
        .where(
            Room.id.in_(inside),
            plans.state == PlanState.RELEASED,
            HandoverRoom.state.not_in(OPEN_ROOMS),
            plans.id != plan.id,
        )
        .order_by(Room.id)
        .limit(3)
    ).all()
    return Refusal(
        _(
            "{n} homes are in another open plan already ({homes} in “{plan}”). Take them out of one of the two.",
            "有 {n} 个房间已在其他进行中的入伙计划内（{homes}，见“{plan}”），请从其中一个计划移出。",
        ).fill(n=number, homes="、".join(" ".join(each[:3]) for each in named), plan=named[0][3] if named else "—"),
        code="in_open_plan",
        status=409,
    )


def release_plan(session: Session, actor: Actor, plan: Any, now: datetime) -> None:
    """Writes down the homes that are sold now with their owners, and the steps and papers in force: one transaction."""
    plan.released_at, plan.released_by = now, actor.name[:64]
    homes = list(session.scalars(signed(homes_of(plan.project_id, picks_of(session, plan))).order_by(Room.id)))
    there = set(session.scalars(select(HandoverRoom.room_id).where(HandoverRoom.plan_id == plan.id)))
    owners = main_owners(session, plan.project_id)
    plan.counted_rooms = len(there.union(homes))
    rows = [
        {"plan_id": plan.id, "room_id": home, "customer_id": owners.get(home)} for home in homes if home not in there
    ]
    insert_rows(session, HandoverRoom, rows)
    _write_lists(session, plan, now)


def main_owners(session: Session, project_id: int) -> dict[int, int]:
    """Returns home -> its main owner of today, for a project. One statement."""
    found: dict[int, int] = {}
    for home, owner in session.execute(
        select(Ownership.room_id, Ownership.customer_id)
        .where(Ownership.project_id == project_id, Ownership.until_day.is_(None))
        .order_by(Ownership.room_id, Ownership.is_main.desc(), Ownership.id)
    ):
        found.setdefault(home, owner)
    return found


def _write_lists(session: Session, plan: Any, now: datetime) -> None:
    """The steps and papers of the company as they are on this day; those of an earlier release stay."""
    node, on = node_at(session, "project", plan.project_id).id, today(clock_of(session))
    steps = set(session.scalars(select(HandoverPlanStep.code).where(HandoverPlanStep.plan_id == plan.id)))
    papers = set(session.scalars(select(HandoverPlanDoc.code).where(HandoverPlanDoc.plan_id == plan.id)))
    insert_rows(
        session,
        HandoverPlanStep,
        [
            {"plan_id": plan.id, **{column: getattr(row, column) for column in ("code", "name", "required", "sort")}}
            for row in effective(session, HandoverStepDef, node, on)
            if row.code not in steps
        ],
    )
    columns = ("code", "name", "direction", "required", "copies", "sort")
    insert_rows(
        session,
        HandoverPlanDoc,
        [
            {"plan_id": plan.id, **{column: getattr(row, column) for column in columns}}
            for row in effective(session, HandoverDocDef, node, on)
            if row.code not in papers
        ],
    )


def may_close(session: Session, actor: Actor, plan: Any, now: datetime) -> Refusal | None:
    """Nobody is at the counter; homes without an outcome are named by their number, and may come into a later plan."""
    at_hand = (RoomState.ARRIVED.value, RoomState.INSPECTING.value, RoomState.REINSPECTING.value)
    number = session.scalar(
        select(func.count(HandoverRoom.id)).where(HandoverRoom.plan_id == plan.id, HandoverRoom.state.in_(at_hand))
    )
    if not number:
        return None
    return Refusal(
        _(
            "{n} homes are at the counter right now. Record their outcome first.",
            "有 {n} 户正在现场办理，请先登记收楼结果。",
        ).fill(n=number),
        code="at_the_counter",
        status=409,
    )


def close_plan(session: Session, actor: Actor, plan: Any, now: datetime) -> None:
    """Stamps the end."""
    plan.closed_at = now


def undecided(session: Session, plan: Any) -> int:
    """Returns how many homes of a plan have no outcome yet."""
    statement = select(func.count(HandoverRoom.id)).where(
        HandoverRoom.plan_id == plan.id, HandoverRoom.state == RoomState.EXPECTED
    )
    return session.scalar(statement) or 0


def count_words(found: Count) -> Words:
    """Returns a count as a sentence."""
    return _(
        "{signed} signed of {all} homes · {elsewhere} in another open plan · {unowned} without a known owner",
        "签约 {signed} 户 / 范围内 {all} 户 · {elsewhere} 户已在其他计划 · {unowned} 户未登记业主",
    ).fill(signed=found.signed, all=found.all, elsewhere=found.elsewhere, unowned=found.unowned)
