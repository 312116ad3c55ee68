"""The monthly report: figures stay as they were published, corrections show beside them, each reads their own part (R25)."""

from __future__ import annotations

import html
import json
import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.jobs import load
from config import Settings
from models.customer.visit_record import VisitRecord
from models.kernel.actor import SYSTEM
from models.kernel.audit import AuditLog
from models.kernel.clock import local, today, utc_now
from models.kernel.job import JOBS
from models.kernel.job_running import work_once
from models.kernel.session import act
from models.system.monthly_report import JOB, MonthlyReport, PublishedFigure, due_on, last_of
from reports.overview.monthly import MONTHLY
from tests.console import Console, engine_of
from tests.world import World


@pytest.fixture(autouse=True)
def _kinds(settings: Settings) -> None:
    load(settings)


def last_month() -> str:
    return f"{today(utc_now).replace(day=1) - timedelta(days=1):%Y-%m}"


def visit(app: Flask, world: World, project: str, customer: str) -> None:
    """Somebody came in the middle of the last month."""
    middle = local(utc_now()).replace(day=1, hour=12) - timedelta(days=14)
    with Session(engine_of(app)) as own:
        act(own, SYSTEM)
        key = world.id("customer", customer)
        own.add(VisitRecord(project_id=world.id("project", project), customer_id=key, visited_at=middle))
        own.commit()


def found(app: Flask, cls: Any) -> list[Any]:
    with Session(engine_of(app)) as own:
        act(own, SYSTEM)
        return list(own.scalars(select(cls).order_by(cls.id)))


def published(app: Flask, world: World, settings: Settings, login: str = "regional_admin", place: str = "east") -> int:
    person = Console(app, login, "zh")
    answer = person.send(
        "/monthly_report/add", node_id=str(world.nodes[place][0]), month=last_month(), analysis="来访增多"
    )
    assert answer.status_code in (302, 303), answer.get_data(as_text=True)[:3000]
    row = found(app, MonthlyReport)[-1]
    answer = person.send(f"/monthly_report/{row.id}/move/publish", _version=str(row.version))
    assert answer.status_code in (302, 303), answer.get_data(as_text=True)[:3000]
    while work_once(engine_of(app), settings.home) is not None:
        pass
    with Session(engine_of(app)) as own:
        assert own.execute(select(JOBS.c.error).where(JOBS.c.kind == JOB)).scalars().all()[-1] is None
    return int(row.id)


def line(page: str, report: str, label: str) -> list[str]:
    """The published figure, today's, and the difference, as a table of the page has them."""
    part = page[page.index(f"</svg>{report}</a>") :]
    row = re.search(rf'<th scope="row">{label}.*?</tr>', part, re.S)
    assert row, label
    return [re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r'<td class="number">(.*?)</td>', row[0], re.S)]


def test_a_later_correction_stands_beside_what_was_published(app: Flask, world: World, settings: Settings) -> None:
    visit(app, world, "lake", "chen")
    key = published(app, world, settings)
    person = Console(app, "regional_admin", "zh")
    page = html.unescape(person.get("/monthly/").get_data(as_text=True))
    assert line(page, "客户拜访统计", "拜访次数")[:2] == ["1", "1"] and "来访增多" in page and "发布。" in page
    visit(app, world, "lake", "zhou")  # entered late
    page = html.unescape(person.get("/monthly/").get_data(as_text=True))
    assert line(page, "客户拜访统计", "拜访次数") == ["1", "2", "+1"]
    # each row says report, place, parameters and figures; and nobody writes one
    rows = [row for row in found(app, PublishedFigure) if row.node_id == world.nodes["east"][0]]
    assert {row.report for row in rows} == {report.name for report in MONTHLY}
    visits = next(row for row in rows if row.report == "visits")
    assert json.loads(visits.figures)["visits"] == "1" and last_of(last_month()).isoformat() in visits.asked
    assert person.get("/published_figure/add").status_code == 403
    # withdrawn with a reason, then published anew as the next edition
    row = found(app, MonthlyReport)[0]
    assert row.published_at and row.published_by and row.due_on == due_on(last_month())
    refused = person.send(f"/monthly_report/{key}/move/withdraw", _version=str(row.version))
    assert refused.status_code == 422
    answer = person.send(f"/monthly_report/{key}/move/withdraw", _version=str(row.version), reason="漏登一次来访")
    assert answer.status_code in (302, 303)
    again = published(app, world, settings)
    page = html.unescape(person.get("/monthly/").get_data(as_text=True))
    assert found(app, MonthlyReport)[-1].edition == 2 and line(page, "客户拜访统计", "拜访次数")[:3] == ["2", "2", ""]
    old = html.unescape(person.get(f"/monthly/?report={key}").get_data(as_text=True))
    assert "漏登一次来访" in old and line(old, "客户拜访统计", "拜访次数") == ["1", "2", "+1"]
    with Session(engine_of(app)) as own:
        steps = own.execute(
            select(AuditLog.row_id, AuditLog.action).where(AuditLog.table_name == "monthly_report")
        ).all()
    assert (key, "publish") in steps and (key, "withdraw") in steps and (again, "publish") in steps


def test_each_reads_the_figures_of_their_own_part(app: Flask, world: World, settings: Settings) -> None:
    for project, customer in (("lake", "chen"), ("hill", "lin"), ("river", "xu")):
        visit(app, world, project, customer)
    key = published(app, world, settings)
    wanted = {"regional_admin": "3", "company_leader": "2", "project_leader": "1"}
    for login, visits in wanted.items():
        person = Console(app, login, "zh")
        page = html.unescape(person.get(f"/monthly/?report={key}").get_data(as_text=True))
        assert line(page, "客户拜访统计", "拜访次数")[:2] == [visits, visits], login
        seen = html.unescape(person.get("/published_figure/list/").get_data(as_text=True))
        assert ("江岸府" in seen) == (login == "regional_admin")
    # a place that is not theirs is not shown, whatever the address says
    person = Console(app, "project_leader", "zh")
    page = html.unescape(person.get(f"/monthly/?report={key}&node={world.nodes['east'][0]}").get_data(as_text=True))
    assert line(page, "客户拜访统计", "拜访次数")[:2] == ["1", "1"]
    assert Console(app, "bay_clerk").get("/monthly/").status_code == 403
    assert Console(app, "contractor").get("/monthly/").status_code == 403
    assert "/monthly/" in person.get("/report/").get_data(as_text=True)


@pytest.mark.parametrize("month", ["2026-13", "x", "26-1", "2999-99", "<b>"])
def test_a_month_that_is_none_is_refused(app: Flask, world: World, month: str) -> None:
    person = Console(app, "regional_admin", "zh")
    answer = person.send("/monthly_report/add", node_id=str(world.nodes["east"][0]), month=month, analysis="原文")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422 and "2026-10" in page and "原文" in page
    assert person.get("/monthly/?report=999999").status_code == 404
    assert person.get("/monthly/?report=x").status_code == 404


def test_a_month_is_published_once_and_when_it_is_over(app: Flask, world: World, settings: Settings) -> None:
    person = Console(app, "regional_admin", "zh")
    node = str(world.nodes["east"][0])
    this = f"{today(utc_now):%Y-%m}"
    assert person.send("/monthly_report/add", node_id=node, month=this).status_code in (302, 303)
    row = found(app, MonthlyReport)[-1]
    refused = person.send(f"/monthly_report/{row.id}/move/publish", _version=str(row.version))
    assert refused.status_code == 409 and "尚未结束" in refused.get_data(as_text=True)
    key = published(app, world, settings)
    twice = person.send("/monthly_report/add", node_id=node, month=last_month())
    assert twice.status_code in (409, 422) and "请先撤回" in twice.get_data(as_text=True)
    row = next(one for one in found(app, MonthlyReport) if one.id == key)
    person.send(f"/monthly_report/delete/{key}", _version=str(row.version))
    assert key in {one.id for one in found(app, MonthlyReport)}
    assert found(app, MonthlyReport)[-1].id == key
