"""What is said without being refused: a plan outside its window (R01), and repairs that are overdue in the list of issues."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.inspection.inspection_plan import InspectionPlan
from models.inspection.issue import Issue
from models.kernel.actor import SYSTEM
from models.kernel.clock import utc_now
from models.kernel.session import act
from models.parameter.issue_category import IssueCategory
from models.property.project import Project
from seeds.reference import numbers, options, parameters
from tests.console import Console, engine_of
from tests.world import World

OUTSIDE = "该计划不在合同交付日期前 1 至 3 个月的窗口期内"


@pytest.fixture
def own(app: Flask, world: World) -> Any:
    with Session(engine_of(app)) as session:
        act(session, SYSTEM)
        session.get_one(Project, world.id("project", "lake")).contract_handover_on = date(2025, 12, 31)
        session.commit()
        yield session


def test_a_plan_outside_the_window_is_saved_and_its_writer_warned(app: Flask, world: World, own: Session) -> None:
    person = Console(app, "inspection_clerk", "zh")
    lake = str(world.id("project", "lake"))
    days = {"inside": ("2025-10-08", "2025-10-20"), "late": ("2025-12-10", "2025-12-20")}

    def said(window: str, address: str, **more: Any) -> str:
        first, last = days[window]
        answer = person.send(
            address,
            project_id=lake,
            title=f"验房 {first} {address}",
            kind="internal",
            from_on=first,
            until_on=last,
            **more,
        )
        assert answer.status_code in (302, 303), answer.get_data(as_text=True)[:3000]
        return str(person.get(answer.headers["Location"]).get_data(as_text=True))

    assert OUTSIDE not in said("inside", "/inspection_plan/add")
    page = said("late", "/inspection_plan/add")
    assert re.search(rf'class="toast warn".*?{OUTSIDE}：晚于交付前 1 个月', page, re.S)
    assert "已新增" in page
    row = own.scalars(select(InspectionPlan).where(InspectionPlan.window == "inside")).one()
    page = said("late", f"/inspection_plan/edit/{row.id}", _version=str(row.version))
    assert OUTSIDE in page and "已保存" in page
    own.rollback()
    assert {one.window for one in own.scalars(select(InspectionPlan))} == {"late"}


def test_the_list_of_issues_shows_those_that_are_overdue(app: Flask, world: World, own: Session) -> None:
    options.seed(own)
    parameters.seed(own)
    numbers.seed(own)
    category = own.scalars(select(IssueCategory.id).where(IssueCategory.code == "D03")).one()
    now = utc_now()
    for says, due in (("窗扇刮擦", now - timedelta(days=2)), ("窗锁失灵", now + timedelta(days=2))):
        given: dict[str, Any] = {"project_id": world.id("project", "lake"), "category_id": category, "due_at": due}
        own.add(Issue(**given, room_id=world.id("room", "lake-1-1-101"), description=says))
    own.commit()
    person = Console(app, "inspection_clerk", "zh")
    page = person.get("/issue/list/").get_data(as_text=True)
    assert "窗扇刮擦" in page and "窗锁失灵" in page and 'href="/issue/list/?_of=overdue:"' in page
    page = person.get("/issue/list/?_of=overdue:").get_data(as_text=True)
    assert "窗扇刮擦" in page and "窗锁失灵" not in page and '<span class="chip-label">超期未整改</span>' in page
    assert "窗扇刮擦" not in Console(app, "stranger", "zh").get("/issue/list/?_of=overdue:").get_data(as_text=True)
    assert "有一个筛选条件未生效" in person.get("/room/list/?_of=overdue:").get_data(as_text=True)
