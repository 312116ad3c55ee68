"""Reports that are kept and sent by the clock: each recipient a workbook of their own part of the tree (R25)."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import openpyxl
import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.jobs import load
from config import Settings
from models.kernel import saved_export
from models.kernel.actor import SYSTEM
from models.kernel.job import JOBS
from models.kernel.job_running import work_once
from models.kernel.notice.fan_out import fan_out
from models.kernel.saved_export import ENTRIES
from models.kernel.session import act
from tests.console import Console, engine_of
from tests.views.test_jobs import fetched
from tests.world import World


@pytest.fixture
def session(app: Flask) -> Iterator[Session]:
    """A session in the application's own database, by the real clock as its pages are."""
    with Session(engine_of(app)) as made:
        yield act(made, SYSTEM)
        made.rollback()


@pytest.fixture(autouse=True)
def _kinds(settings: Settings) -> None:
    load(settings)


def kept(session: Session) -> Any:
    session.rollback()
    found = session.execute(select(ENTRIES)).one()
    session.rollback()
    return found


def worked(app: Flask, settings: Settings, session: Session) -> list[Any]:
    """Works every job there is. Returns those of saved exports."""
    while work_once(engine_of(app), settings.home) is not None:
        pass
    found = session.execute(select(JOBS).where(JOBS.c.kind == "saved_export").order_by(JOBS.c.id)).all()
    session.rollback()
    return list(found)


FORM = {"name": "房源月报", "query": "by=project", "form": "xlsx", "repeat": "monthly", "day": "m28", "at": "07:00"}


def test_a_report_is_offered_for_the_28th_and_sent_in_each_ones_scope(
    app: Flask, session: Session, settings: Settings, world: World
) -> None:
    owner = Console(app, "regional_admin", "zh")
    page = owner.get("/report/room_inventory/?by=project").get_data(as_text=True)
    assert "/report/room_inventory/save?" in page
    asked = owner.get("/report/visits/save?period=last_month").get_data(as_text=True)
    assert '<option value="m28" selected>28 日' in asked and '<option value="last_month" selected>上月' in asked
    answer = owner.send(
        "/report/room_inventory/save",
        **{**FORM, "query": f"by=company&node={world.nodes['east'][0]}", "recipients": "regional_admin,project_clerk"},
    )
    assert answer.status_code == 303 and answer.location == "/exports/", answer.get_data(as_text=True)[:2000]
    row = kept(session)
    assert (row.report, row.table_name, row.repeat, row.day) == ("room_inventory", "room", "monthly", 28)
    mine = owner.get("/exports/").get_data(as_text=True)
    assert "每月 28 日 07:00" in mine and "/report/room_inventory/?" in mine and "房源统计" in mine
    session.execute(update(ENTRIES).values(next_at=datetime.now(UTC) - timedelta(days=40)))
    session.commit()
    assert saved_export.fire(session) == 2  # one each, and what was missed once
    session.commit()
    homes, scopes = {}, {}
    for job in worked(app, settings, session):
        assert job.state == "finished", job.error
        login = next(name for name, user in world.accounts.items() if user == job.owner_id)
        status, data, called = fetched(Console(app, login, "zh"), f"/job/{job.id}/file")
        assert status == 200 and called.endswith(".xlsx")
        assert fetched(Console(app, "group_admin"), f"/job/{job.id}/file")[0] == 403
        book = openpyxl.load_workbook(io.BytesIO(data))
        figures = list(book["数据"].iter_rows(values_only=True))
        homes[login] = figures[-1][1]
        scopes[login] = next(row[1] for row in book["口径说明"].iter_rows(values_only=True) if row[0] == "统计范围")
        own = Console(app, login).get("/report/room_inventory/figures.json").get_json()
        assert figures[-1][1] == own["totals"]["homes"]
    assert homes["regional_admin"] > homes["project_clerk"] > 0
    assert scopes["regional_admin"] != scopes["project_clerk"]
    while fan_out(engine_of(app)):
        pass
    assert "“房源月报”已送达" in Console(app, "project_clerk", "zh").get("/mailbox/").get_data(as_text=True)


def test_a_period_is_read_anew_each_time(app: Flask, session: Session, world: World) -> None:
    owner = Console(app, "regional_admin", "zh")
    sent = {**FORM, "query": "by=project&from=2025-01-01&to=2025-01-31", "period": "last_month"}
    assert owner.send("/report/visits/save", **sent).status_code == 303
    assert kept(session).query.endswith("period=last_month") and "2025" not in kept(session).query
    change = owner.get(f"/exports/{kept(session).id}/change").get_data(as_text=True)
    assert "字段名" not in change and 'value="房源月报"' in change


def test_what_is_wrong_is_said_and_nothing_typed_is_lost(app: Flask, session: Session, world: World) -> None:
    owner = Console(app, "regional_admin", "zh")
    answer = owner.send("/report/room_inventory/save", **{**FORM, "name": "三月", "recipients": "nobody"})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422 and "没有账号“nobody”" in page
    assert 'value="三月"' in page and 'value="nobody"' in page and 'value="m28" selected' in page
    assert owner.send("/report/room_inventory/save", **{**FORM, "at": "25:99"}).status_code == 422
    assert owner.send("/report/nosuch/save", **FORM).status_code == 404
    for login in ("contractor", "stranger"):
        assert Console(app, login).send("/report/room_inventory/save", **FORM).status_code == 403
        assert Console(app, login).get("/report/room_inventory/save").status_code == 403
    session.rollback()
    assert session.execute(select(ENTRIES)).first() is None


def test_a_report_that_is_gone_or_not_theirs_is_not_made(
    app: Flask, session: Session, settings: Settings, world: World
) -> None:
    owner = Console(app, "regional_admin", "zh")
    assert owner.send("/report/room_inventory/save", **FORM).status_code == 303
    saved_export.ask_for(session, kept(session), [world.accounts["contractor"]])
    session.commit()
    (job,) = worked(app, settings, session)
    assert job.state == "failed" and "没有导出该报表的权限" in json.loads(job.error)["zh"]
    session.execute(update(ENTRIES).values(report="once_was"))
    session.commit()
    assert "已停用的报表" in owner.get("/exports/").get_data(as_text=True)
    saved_export.ask_for(session, kept(session), [world.accounts["regional_admin"]])
    session.commit()
    assert "报表已停用" in json.loads(worked(app, settings, session)[-1].error)["zh"]
