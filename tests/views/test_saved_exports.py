"""What an export may be, and exports that are kept: run by hand or by the clock, each recipient in their own scope."""

from __future__ import annotations

import csv
import io
import json
import re
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
from models.kernel.grant import Grant
from models.kernel.job import JOBS
from models.kernel.job_running import work_once
from models.kernel.notice.fan_out import fan_out
from models.kernel.saved_export import ENTRIES, rule_of
from models.kernel.session import act
from models.property.building import Building
from models.system.user_profile import UserProfile
from tests.console import Console, engine_of
from tests.views.test_import import counts, imported
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


def lines(answer: Any) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.get_data(as_text=True)[:300]
    return [json.loads(line) for line in answer.get_data(as_text=True).splitlines()]


def test_json_lines_have_types_and_no_more_than_the_page(app: Flask, world: World) -> None:
    person = Console(app, "group_admin", "zh")
    rows = lines(person.get("/room/export.jsonl?_cols=project,no,floor,presale_area,sale_state,created_at&q=101"))
    assert set(rows[0]) == {"项目", "房号", "楼层", "预售面积 (㎡)", "销售状态", "创建时间"}
    assert isinstance(rows[0]["楼层"], int) and "+08:00" in rows[0]["创建时间"]
    plain = lines(
        person.get("/room/export.jsonl?_cols=project,presale_area,sale_state&labels=technical&refs=codes&q=101")
    )
    assert set(plain[0]) == {"project", "presale_area", "sale_state"} and plain[0]["sale_state"] in (
        "for_sale",
        "signed",
    )
    assert plain[0]["project"] != rows[0]["项目"]
    people = person.get("/customer/export.jsonl?_cols=name,mobile").get_data(as_text=True)
    assert "142****0000" in people and "14200000000" not in people


def test_codes_of_projects_are_read_back(app: Flask, session: Session, world: World) -> None:
    """A list told by codes goes in again unchanged."""
    person = Console(app, "group_admin", "zh")
    answer = person.get("/building/export.xlsx?refs=codes")
    found = imported(session, world, "group_admin", Building, answer.data)
    added, changed, left, refused = counts(found)
    assert (added, changed, refused) == (0, 0, 0) and left > 0


def test_rows_are_those_of_a_page_those_chosen_or_all(app: Flask, world: World) -> None:
    person = Console(app, "regional_admin", "zh")
    page = person.get("/room/export.csv?_cols=no&rows=page&psize_RoomView=5").get_data(as_text=True)
    assert len(page.splitlines()) == 6
    ids = [world.id("room", "hill-1-1-101"), world.id("room", "bay-1-1-101")]
    answer = person.send("/room/export", pk=[str(key) for key in ids], query="_cols=no,floor")
    assert answer.status_code == 303
    asked = person.get(answer.location).get_data(as_text=True)
    assert "所选 2 条记录" in asked and "房号、楼层" in asked
    query = answer.location.partition("?")[2]
    answer = person.send("/room/export", query=query, rows="chosen", form="csv", go="1", labels="technical")
    assert answer.status_code == 303
    taken = person.get(answer.location).get_data(as_text=True)
    assert taken.lstrip("\ufeff").splitlines() == ["no,floor", "101,1"]  # the other project is out of scope
    everything = person.send("/room/export", query="ids=1&_cols=no", rows="all", form="csv", go="1").location
    assert len(person.get(everything).get_data(as_text=True).splitlines()) == 24
    assert Console(app, "contractor").get("/room/export").status_code in (403, 404)


def test_a_child_grid_is_taken_as_it_stands(app: Flask, world: World) -> None:
    person = Console(app, "regional_admin", "zh")
    unit = world.id("unit", "lake-1-1")
    page = person.get(f"/unit/show/{unit}?_co_room=-no").get_data(as_text=True)
    at = page.index("/room/export.xlsx")
    url = page[at : page.index('"', at)].replace("&amp;", "&")
    book = openpyxl.load_workbook(io.BytesIO(person.get(url).data))
    numbers = [row[0] for row in book.worksheets[0].iter_rows(min_row=2, values_only=True)]
    assert numbers and numbers == sorted(numbers, key=str, reverse=True)


def kept(session: Session) -> Any:
    session.rollback()
    found = session.execute(select(ENTRIES)).one()
    session.rollback()
    return found


FORM = {"save": "1", "query": "_cols=no,project", "name": "在售房源", "form": "csv", "repeat": "daily", "at": "07:00"}


def test_each_recipient_gets_their_own_part_by_the_clock(
    app: Flask, session: Session, settings: Settings, world: World
) -> None:
    owner = Console(app, "regional_admin", "zh")
    answer = owner.send("/room/export", **FORM, recipients="project_clerk, regional_admin")
    assert answer.status_code == 303 and answer.location == "/exports/", answer.get_data(as_text=True)[:2000]
    assert "每天 07:00" in owner.get("/exports/").get_data(as_text=True)
    row = kept(session)
    assert json.loads(row.recipients) == sorted(world.accounts[who] for who in ("project_clerk", "regional_admin"))
    session.execute(update(ENTRIES).values(next_at=datetime.now(UTC) - timedelta(days=3)))
    session.commit()
    # two workers look: one job a recipient; what was missed for days is sent once
    assert saved_export.fire(session) == 2
    session.commit()
    assert saved_export.fire(session) == 0
    session.rollback()
    assert kept(session).next_at > datetime.now(UTC)
    sizes = {}
    while (key := work_once(engine_of(app), settings.home)) is not None:
        job = session.execute(select(JOBS).where(JOBS.c.id == key)).one()
        session.rollback()
        assert job.state == "finished", job.error
        login = next(name for name, user in world.accounts.items() if user == job.owner_id)
        person = Console(app, login, "zh")
        status, data, called = fetched(person, f"/job/{key}/file")
        assert status == 200 and "%E5%9C%A8%E5%94%AE" in called
        sizes[login] = len(list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))) - 1
        assert fetched(Console(app, "group_admin"), f"/job/{key}/file")[0] == 403
    assert sizes == {"regional_admin": 23, "project_clerk": 10}
    # and a message that leads to the file
    while fan_out(engine_of(app)):
        pass
    clerk = Console(app, "project_clerk", "zh")
    box = clerk.get("/mailbox/").get_data(as_text=True)
    assert "“在售房源”已送达" in box and "共 10 行" in box
    message = re.search(r"/mailbox/(\d+)/open", box)
    assert message and "/job/show/" in clerk.send(f"/mailbox/{message[1]}/open").location


def _profile(session: Session, login: str) -> list[int]:
    found = list(session.scalars(select(UserProfile.id).where(UserProfile.login == login)))
    session.rollback()
    return found


def test_who_lost_the_right_is_sent_nothing(app: Flask, session: Session, settings: Settings, world: World) -> None:
    owner = Console(app, "regional_admin", "zh")
    assert owner.send("/room/export", **FORM, recipients="project_clerk").status_code == 303
    session.execute(
        update(Grant)
        .where(Grant.profile_id.in_(_profile(session, "project_clerk")))
        .values(until_day=datetime(2020, 1, 1))
    )
    session.commit()
    saved_export.ask_for(session, kept(session), [world.accounts["project_clerk"]])
    session.commit()
    key = work_once(engine_of(app), settings.home)
    job = session.execute(select(JOBS).where(JOBS.c.id == key)).one()
    assert job.state == "failed" and "导出该列表的权限" in job.error


def test_an_entry_is_its_owners(app: Flask, session: Session, settings: Settings, world: World) -> None:
    owner, other = Console(app, "regional_admin", "zh"), Console(app, "project_clerk", "zh")
    assert owner.send("/room/export", **FORM, recipients="").status_code == 303
    key = kept(session).id
    assert owner.send("/room/export", **FORM).status_code == 409
    assert "在售房源" not in other.get("/exports/").get_data(as_text=True)
    for path in ("run", "delete", "change"):
        assert other.send(f"/exports/{key}/{path}").status_code == 404
    unseen = owner.send("/room/export", **{**FORM, "name": "b", "recipients": "bay_clerk, nobody"})
    assert unseen.status_code == 422 and "nobody" in unseen.get_data(as_text=True)
    personal = owner.send("/customer/export", **{**FORM, "query": "_flt_0_mobile=14200000000"})
    assert personal.status_code == 422
    changed = {
        "name": "c",
        "form": "jsonl",
        "repeat": "monthly",
        "day": "m31",
        "at": "06:30",
        "recipients": "project_clerk",
    }
    assert owner.send(f"/exports/{key}/change", **changed).status_code == 303
    row = kept(session)
    assert (row.name, row.form, row.repeat, row.day, row.at) == ("c", "jsonl", "monthly", 31, "06:30")
    assert "每月 31 日 06:30" in owner.get("/exports/").get_data(as_text=True)
    run = owner.send(f"/exports/{key}/run")
    assert run.status_code == 302 or run.status_code == 303
    job = int(run.location.rpartition("/")[2])
    assert work_once(engine_of(app), settings.home) == job
    assert len(fetched(owner, f"/job/{job}/file")[1].splitlines()) == 23
    assert "c" in other.get("/exports/").get_data(as_text=True)
    other.send(f"/exports/{key}/delete")
    assert json.loads(kept(session).recipients) == []
    assert owner.send(f"/exports/{key}/delete").status_code == 303
    assert session.execute(select(ENTRIES)).first() is None


@pytest.mark.parametrize(
    ("repeat", "day", "after"),
    [("daily", 0, "2026-03-03 07:00"), ("weekly", 0, "2026-03-09 07:00"), ("monthly", 31, "2026-03-31 07:00")],
)
def test_when_it_is_due_again(repeat: str, day: int, after: str) -> None:
    rule = rule_of(repeat, day, "07:00")
    assert rule is not None
    now = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # a Monday, 09:00 in the company's zone
    assert f"{rule.after(now):%Y-%m-%d %H:%M}" == after
