"""The daily job of key nodes: rows of nodes that were defined since, and who is told what is due, on which days."""

from __future__ import annotations

import json
from datetime import datetime, time, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.kernel.actor import SYSTEM
from models.kernel.clock import CHINA, frozen, local
from models.kernel.grant import Grant
from models.kernel.notice.outbox import NoticeOutbox
from models.kernel.session import act
from models.keynode.key_node_def import KeyNodeDef
from models.keynode.project_key_node import ProjectKeyNode
from models.keynode.reminders import DUE, remind
from models.keynode.rules import finish
from models.property.project import Project
from seeds.reference import parameters
from tests.world import NOW, World


@pytest.fixture
def seeded(session: Session, world: World) -> Session:
    """The reference parameters; lake is handed over in 60 days, the other projects have no date."""
    act(session, SYSTEM, frozen(NOW))
    parameters.seed(session)
    for project in session.scalars(select(Project)):
        project.contract_handover_on = None
    for each in session.scalars(select(KeyNodeDef)):
        each.required_files = None
    session.commit()
    return act(session, SYSTEM, frozen(NOW))


def day_of(session: Session, after: int) -> dict[str, Any]:
    """Runs the job on a day so many days from now, as the schedule does at half past eight."""
    when = datetime.combine(local(NOW).date() + timedelta(days=after), time(8, 30), CHINA)
    clock = frozen(when)
    act(session, SYSTEM, clock)
    run: Any = SimpleNamespace(session=session, cursor=None, clock=clock, actor=SYSTEM, advance=lambda *_a, **_k: None)
    found = remind(run)
    session.flush()
    return found


def told(session: Session, code: str) -> list[list[int]]:
    """Who was told of a node, notice by notice."""
    rows = session.scalars(select(NoticeOutbox).where(NoticeOutbox.event == DUE.name).order_by(NoticeOutbox.id)).all()
    names = {row.id: row.code for row in session.scalars(select(ProjectKeyNode))}
    return [json.loads(row.recipients) for row in rows if names[row.row_id] == code]


def node(session: Session, world: World, code: str) -> ProjectKeyNode:
    lake = world.id("project", "lake")
    query = select(ProjectKeyNode).where(ProjectKeyNode.project_id == lake, ProjectKeyNode.code == code)
    return session.scalars(query).one()


def test_missing_rows_are_written_once_and_later_definitions_follow(seeded: Session, world: World) -> None:
    projects = len(list(seeded.scalars(select(Project))))
    assert day_of(seeded, 0)["added"] == 15 * projects
    assert day_of(seeded, 0)["added"] == 0
    seeded.add(KeyNodeDef(node_id=world.nodes["group"][0], code="N16", name="智慧社区评审", phase="handover", sort=99))
    seeded.flush()
    assert day_of(seeded, 1)["added"] == projects


def test_people_are_told_seven_three_one_days_before_on_the_day_and_then_weekly(seeded: Session, world: World) -> None:
    day_of(seeded, 0)
    node(seeded, world, "N03").planned_on = local(NOW).date() + timedelta(days=10)
    seeded.flush()
    clerk, days = world.accounts["project_clerk"], []
    for after in range(27):
        before = len(told(seeded, "N03"))
        day_of(seeded, after)
        if len(told(seeded, "N03")) > before:
            days.append(10 - after)
    assert days == [7, 3, 1, 0, -1, -8, -15]
    assert all(people == [clerk] for people in told(seeded, "N03"))


def test_the_responsible_person_is_told_and_nobody_once_it_is_done(seeded: Session, world: World) -> None:
    day_of(seeded, 0)
    row = node(seeded, world, "N05")
    row.planned_on = local(NOW).date() + timedelta(days=3)
    row.responsible_id = world.id("user_profile", "project_leader")
    seeded.flush()
    day_of(seeded, 0)
    assert told(seeded, "N05") == [[world.accounts["project_leader"]]]
    finish(seeded, row, local(NOW).date())
    day_of(seeded, 2)
    assert len(told(seeded, "N05")) == 1


def test_without_a_clerk_at_the_project_the_nearest_above_is_told(seeded: Session, world: World) -> None:
    day_of(seeded, 0)
    row = node(seeded, world, "N05")
    row.planned_on = local(NOW).date() + timedelta(days=1)
    for grant in seeded.scalars(select(Grant).where(Grant.role == "project_clerk")):
        grant.until_day = local(NOW).date() - timedelta(days=1)
    person = world.id("user_profile", "title_clerk")
    seeded.add(Grant(profile_id=person, role="project_clerk", node_id=world.nodes["hangzhou"][0], reason="代班"))
    seeded.flush()
    day_of(seeded, 0)
    assert told(seeded, "N05") == [[world.accounts["title_clerk"]]]
