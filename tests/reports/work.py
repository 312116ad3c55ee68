"""A world at work: handovers, risks, key nodes, inspections, issues and rounds of repair in all states and gaps."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.handover.handover_plan import HandoverPlan
from models.handover.handover_risk import HandoverRisk
from models.handover.handover_room import HandoverRoom
from models.handover.room_states import NoticeState, Outcome, RoomState
from models.inspection.inspection_plan import InspectionPlan
from models.inspection.inspection_room import InspectionRoom
from models.inspection.issue import Issue
from models.inspection.issue_fix import IssueFix
from models.inspection.issue_states import IssueState
from models.kernel.table import Table
from models.keynode.key_node_def import KeyNodeDef
from models.keynode.project_key_node import ProjectKeyNode
from models.parameter.contractor import Contractor
from models.parameter.issue_category import IssueCategory
from models.parameter.part import Part
from models.property.room import Room
from models.property.unit import Unit
from tests.world import NOW, World

PROJECTS = ("lake", "hill", "river", "bay")
MARKUP = "<b>渗漏</b>"
"""The name of a category: what people type is text."""


def fill(session: Session, world: World, dice: random.Random) -> None:
    """Writes the rows past all rules, as they may be after years of use; the second category is deleted since."""
    group, first = world.nodes["group"][0], world.id("user_profile", "project_clerk")
    found = {
        "category": [IssueCategory(node_id=group, code=c, name=n) for c, n in (("W", MARKUP), ("K", "开裂"))],
        "part": [Part(node_id=group, code=c, name=n) for c, n in (("K", "厨房"), ("B", "卫生间"))],
        "contractor": [
            Contractor(node_id=group, name=n, usci=u)
            for n, u in (("甲建筑", "91330100143034567U"), ("乙建筑", "913301007161234566"))
        ],
        "definition": [
            KeyNodeDef(node_id=group, code=c, name=n, phase="handover")
            for c, n in (("N1", "联合验收"), ("N2", "交付预演"))
        ],
    }
    for rows in found.values():
        for row in rows:
            session.add(row)
    session.flush()
    keys = {name: [row.id for row in rows] for name, rows in found.items()}
    homes: dict[int, list[tuple[int, int]]] = {}
    for room, project, building in session.execute(
        select(Room.id, Room.project_id, Unit.building_id).join(Unit, Unit.id == Room.unit_id).order_by(Room.id)
    ):
        homes.setdefault(project, []).append((room, building))
    for name in PROJECTS:
        project = world.id("project", name)
        _handover(session, project, homes[project], dice, first)
        _nodes(session, project, keys, dice, first)
        _inspection(session, project, homes[project], keys, dice, first)
    found["category"][1].deleted_at = NOW
    session.flush()


def _put(session: Session, cls: type[Table], **values: Any) -> int:
    """Writes a row past the rules; returns its key."""
    stamps = {"created_at": NOW, "changed_at": NOW}
    known = {name: value for name, value in stamps.items() if name in cls.__table__.columns}
    made = session.connection().execute(cls.__table__.insert().values(**{**known, **values}))  # type: ignore[attr-defined]
    key = made.inserted_primary_key
    assert key is not None
    return int(key[0])


def _moment(dice: random.Random, most: int = 120) -> datetime:
    return NOW - timedelta(hours=dice.randrange(1, most * 24))


def _day(dice: random.Random) -> date:
    return NOW.date() + timedelta(days=dice.randrange(-60, 30))


def _handover(session: Session, project: int, homes: list[tuple[int, int]], dice: random.Random, person: int) -> None:
    for title, state, begins in (
        ("一批", "released", date(2025, 4, 30)),
        ("二批", "closed", date(2025, 1, 1)),
        ("草稿", "draft", None),
    ):
        plan = _put(session, HandoverPlan, project_id=project, title=title, state=state, planned_from=begins)
        for room, _building in homes:
            outcome = dice.choice([None, *Outcome])
            arrived = outcome is not None or dice.random() < 0.5
            _put(
                session,
                HandoverRoom,
                plan_id=plan,
                project_id=project,
                room_id=room,
                state=dice.choice(list(RoomState)).value,
                notice_state=dice.choice(list(NoticeState)).value,
                arrived_at=_moment(dice) if arrived else None,
                outcome=outcome.value if outcome else None,
                outcome_at=_moment(dice) if outcome else None,
                first_outcome=dice.choice([None, *(one.value for one in Outcome)]),
            )
    for state, due in (
        ("survey", _day(dice)),
        ("acting", NOW.date()),
        ("planning", date(2025, 6, 1)),
        ("closed", None),
    ):
        _put(
            session,
            HandoverRisk,
            project_id=project,
            plan_id=dice.choice([None, plan]),
            state=state,
            due_on=due,
            phase=dice.choice(["sales", "building", "gone"]),
            kind=dice.choice(["quality", "law"]),
            subject="风险",
            survey_due=_day(dice),
            plan_due=_day(dice),
            action_due=_day(dice),
            responsible_id=dice.choice([None, person]),
        )


def _nodes(session: Session, project: int, keys: dict[str, list[int]], dice: random.Random, person: int) -> None:
    for definition in keys["definition"]:
        planned = dice.choice([None, date(2025, 6, 1), date(2025, 6, 2), date(2025, 6, 3), _day(dice)])
        done = dice.choice([None, date(2025, 6, 2), date(2025, 5, 31), date(2025, 1, 2)])
        _put(
            session,
            ProjectKeyNode,
            project_id=project,
            definition_id=definition,
            code=str(definition),
            state="done" if done else "open",
            planned_on=planned,
            done_on=done,
            responsible_id=dice.choice([None, person]),
        )


def _inspection(
    session: Session,
    project: int,
    homes: list[tuple[int, int]],
    keys: dict[str, list[int]],
    dice: random.Random,
    who: int,
) -> None:
    states = list(IssueState)
    for kind, state in (("internal", "running"), ("household", "done"), ("open_day", "draft"), ("internal", "void")):
        plan = _put(
            session, InspectionPlan, project_id=project, title=f"{kind}{state}", kind=kind, state=state,
            from_on=_day(dice), until_on=date(2025, 7, 1),
        )  # fmt: skip
        for room, building in homes:
            result = dice.choice(["pending", "issues", "issues", "clean", "no_entry"])
            seen = _put(
                session, InspectionRoom, plan_id=plan, project_id=project, room_id=room, result=result,
                inspector_id=dice.choice([None, who]),
            )  # fmt: skip
            for _n in range(dice.randrange(0, 3) if result == "issues" else 0):
                _issue(session, project, building, keys, dice, dice.choice(states), room=room, seen=seen)
    for place in range(8):
        _issue(session, project, homes[0][1], keys, dice, states[place], room=None, seen=None)


def _issue(
    session: Session, project: int, building: int, keys: dict[str, list[int]], dice: random.Random, state: IssueState,
    *, room: int | None, seen: int | None,
) -> None:  # fmt: skip
    created = dice.choice([_moment(dice), NOW - timedelta(days=7), NOW - timedelta(days=30), NOW - timedelta(days=90)])
    due = dice.choice([None, created + timedelta(days=20), NOW, NOW - timedelta(seconds=1)])
    closed = dice.choice([due or NOW, _moment(dice, 30)]) if state == IssueState.CLOSED else None
    contractor = dice.choice([None, *keys["contractor"]])
    key = _put(
        session,
        Issue,
        project_id=project,
        number=f"WT{dice.getrandbits(60)}",
        source=dice.choice(["inspection", "handover", "daily"]),
        room_id=room,
        building_id=building,
        inspection_room_id=seen,
        category_id=dice.choice(keys["category"]),
        part_id=dice.choice([None, *keys["part"]]),
        level=dice.choice([None, "minor", "serious", "urgent"]),
        contractor_id=contractor,
        status=state.value,
        created_at=created,
        due_at=due,
        closed_at=closed,
        close_type="normal" if closed else None,
        rework_count=dice.choice([0, 0, 2]),
        created_by_id=(None, 1, 2)[room % 3] if room else None,
        corrected_at=NOW if due and due.day % 4 == 0 else None,
        deleted_at=NOW if state == IssueState.REGISTERED and dice.random() < 0.3 else None,
    )
    for turn in range(dice.randrange(0, 3) if state != IssueState.REGISTERED else 0):
        sent = dice.choice([created, None])
        done = dice.choice([None, due, _moment(dice, 60)])
        _put(
            session,
            IssueFix,
            issue_id=key,
            project_id=project,
            round=turn + 1,
            contractor_id=contractor,
            sent_at=sent,
            due_at=due,
            done_at=done,
            result=dice.choice(["done", "passed", "failed"]) if done else dice.choice(["open", "open", "returned"]),
        )
