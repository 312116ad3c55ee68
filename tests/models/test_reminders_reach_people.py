"""Reminders of inspection and handover, from the clock to the mailbox: the right person, once, in their scope."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from models.handover.handover_plan import HandoverPlan
from models.handover.handover_risk import HandoverRisk
from models.handover.handover_room import HandoverRoom
from models.handover.reminders import ENTRY, OWNER_DATA, RISK
from models.handover.rules import set_scope
from models.inspection.inspection_plan import InspectionPlan
from models.inspection.inspection_room import InspectionRoom
from models.inspection.inspection_summary import DAYS
from models.inspection.issue import Issue
from models.inspection.reminders import OVERDUE, SUMMARY_DUE
from models.kernel.actor import SYSTEM
from models.kernel.clock import CHINA, frozen, local
from models.kernel.grant import Grant
from models.kernel.job import JOBS, ask
from models.kernel.job_running import work_once
from models.kernel.moving import move
from models.kernel.notice.fan_out import fan_out
from models.kernel.notice.mailbox import Mailbox
from models.kernel.session import act
from models.parameter.issue_category import IssueCategory
from models.property.room import Room
from seeds.reference import numbers, options, parameters
from tests.world import NOW, World

TODAY = local(NOW).date()
Told = Counter[tuple[str, str, str]]
"""(event, login, record's table) -> messages in the mailbox."""


@pytest.fixture
def set_up(session: Session, world: World) -> Session:
    options.seed(session)
    parameters.seed(session)
    numbers.seed(session)
    session.commit()
    return session


@pytest.fixture
def run(session: Session, world: World, tmp_path: Path) -> Callable[..., Told]:
    """Asks for a job as the schedule does, works it, delivers what it told, and says what all mailboxes hold then."""

    def now(kind: str, day: date, *, stopped: bool = False) -> Told:
        clock = frozen(datetime.combine(day, time(17, 30), CHINA))
        engine = session.get_bind()
        assert isinstance(engine, Engine)
        key = ask(act(session, SYSTEM, clock), SYSTEM, kind)
        session.commit()
        while work_once(engine, tmp_path, clock, kinds=[kind], stopping=lambda: stopped) is not None:
            pass
        row = session.execute(select(JOBS.c.state, JOBS.c.error).where(JOBS.c.id == key)).one()
        assert row.state == "finished" and row.error is None, row
        session.rollback()
        fan_out(engine, clock)
        assert fan_out(engine, clock) == 0  # what is delivered is not delivered again
        names = {user: login for login, user in world.accounts.items()}
        box: Any = Mailbox.__table__
        found = session.execute(select(box.c.event, box.c.user_id, box.c.table_name)).all()
        session.rollback()
        return Counter((event, names[user], table) for event, user, table in found)

    return now


def late(session: Session, world: World, project: str, due: date) -> None:
    category = session.scalars(select(IssueCategory.id).where(IssueCategory.code == "D03")).one()
    given: dict[str, Any] = {"project_id": world.id("project", project), "category_id": category}
    room = world.id("room", f"{project}-1-1-101")
    session.add(Issue(**given, room_id=room, description="渗水", due_at=datetime.combine(due, time(0, 30), CHINA)))
    session.commit()


@pytest.mark.parametrize("stopped", [False, True])
def test_overdue_repairs_reach_the_clerks_of_their_project_once(
    set_up: Session, world: World, run: Callable[..., Told], stopped: bool
) -> None:
    tuesday = TODAY + timedelta(days=1)
    for project in ("lake", "bay", "hill"):
        late(set_up, world, project, tuesday)
    ended = set_up.scalars(select(Grant).where(Grant.role == "inspection_clerk")).one()
    ended.until_day = TODAY
    set_up.commit()
    expected = {(OVERDUE.name, login, "project"): 1 for login in ("project_clerk", "bay_clerk")}
    assert run("inspection.remind", tuesday, stopped=stopped) == expected  # hill has no clerk of its own
    assert run("inspection.remind", tuesday + timedelta(days=1)) == expected  # nothing is newly late
    assert run("inspection.remind", TODAY + timedelta(days=7)) == dict.fromkeys(expected, 2)  # every Monday


def test_a_summary_that_is_due_reaches_the_clerks_of_its_project(
    set_up: Session, world: World, run: Callable[..., Told]
) -> None:
    plan = InspectionPlan(project_id=world.id("project", "lake"), title="一批", from_on=TODAY, until_on=TODAY)
    set_up.add(plan)
    set_up.flush()
    set_up.add(InspectionRoom(plan_id=plan.id, room_id=world.id("room", "lake-1-1-101")))
    set_up.flush()
    move(set_up, plan, "release")
    set_up.commit()
    assert run("inspection.remind", TODAY) == {}
    due = TODAY + timedelta(days=DAYS)
    expected = {(SUMMARY_DUE.name, login, "inspection_plan"): 1 for login in ("project_clerk", "inspection_clerk")}
    assert run("inspection.remind", due) == expected
    assert run("inspection.remind", due + timedelta(days=1)) == expected


@pytest.mark.parametrize("stopped", [False, True])
def test_what_a_handover_needs_reaches_whom_it_concerns_once(
    set_up: Session, world: World, run: Callable[..., Told], stopped: bool
) -> None:
    begins = TODAY + timedelta(days=7)
    for room in set_up.scalars(select(Room)):
        room.sale_state = "signed"
    for project in ("lake", "bay"):
        plan = HandoverPlan(
            project_id=world.id("project", project), title="一期入伙", planned_from=begins, planned_to=begins
        )
        set_up.add(plan)
        set_up.flush()
        set_scope(set_up, plan, [("project", plan.project_id, 0)])
    for who in ("inspection_clerk", "stranger"):  # the second may read nothing, so is told of nothing
        set_up.add(
            HandoverRisk(
                project_id=world.id("project", "lake"), subject="外墙渗漏", survey_due=TODAY + timedelta(days=1),
                plan_due=begins, action_due=begins, responsible_id=world.id("user_profile", who),
            )
        )  # fmt: skip
    set_up.commit()
    expected = {(OWNER_DATA.name, login, "handover_plan"): 1 for login in ("project_clerk", "bay_clerk")}
    expected[RISK.name, "inspection_clerk", "handover_risk"] = 1
    assert run("handover.remind", TODAY, stopped=stopped) == expected


def test_homes_without_an_outcome_reach_the_counters_of_their_company(
    set_up: Session, world: World, run: Callable[..., Told]
) -> None:
    set_up.scalars(select(Room).where(Room.id == world.id("room", "lake-1-1-101"))).one().sale_state = "signed"
    plan = HandoverPlan(project_id=world.id("project", "lake"), title="一期入伙", planned_from=TODAY, planned_to=TODAY)
    set_up.add(plan)
    set_up.flush()
    set_scope(set_up, plan, [("project", plan.project_id, 0)])
    move(set_up, plan, "release")
    set_up.commit()
    assert run("handover.entries", TODAY) == {}
    act(set_up, SYSTEM, frozen(NOW))
    move(set_up, set_up.scalars(select(HandoverRoom)).one(), "arrive")
    set_up.commit()
    assert run("handover.entries", TODAY) == {
        (ENTRY.name, login, "handover_plan"): 1 for login in ("request_clerk", "service_manager")
    }
