"""Pages of parameters and key nodes: what holds where, who answers for what, the checklist and the matrix, announcements."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import openpyxl
import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.kernel.actor import SYSTEM
from models.kernel.clock import frozen
from models.kernel.session import act
from models.keynode.project_key_node import ProjectKeyNode
from models.parameter.announcement import Announcement, AnnouncementRead
from models.parameter.contractor import Contractor
from models.parameter.contractor_scope import ContractorScope
from models.parameter.issue_category import IssueCategory
from models.parameter.registers import Bank
from models.property.project import Project
from seeds.demo.people import credit_code
from seeds.reference import parameters
from tests.console import Console
from tests.world import NOW, World


@pytest.fixture
def seeded(session: Session, world: World) -> Session:
    """The reference parameters at the group, and no file asked for by the first two key nodes."""
    act(session, SYSTEM, frozen(NOW))
    parameters.seed(session)
    session.commit()
    return act(session, SYSTEM, frozen(NOW))


def rows(session: Session, cls: type[Any]) -> list[Any]:
    session.rollback()
    found = list(session.scalars(select(cls).order_by(cls.id)))
    session.expunge_all()  # as they were read: looking at them opens no transaction
    session.rollback()
    return found


def test_a_regional_administrator_switches_off_and_changes_in_place(app: Flask, seeded: Session, world: World) -> None:
    one = Console(app, "regional_admin", "zh")
    east, group = world.nodes["east"][0], world.nodes["group"][0]
    page = one.get(f"/parameters/bank/?node={east}").get_data(as_text=True)
    assert "中国工商银行" in page and "星河集团" in page and "停用" in page
    icbc = next(row for row in rows(seeded, Bank) if row.code == "ICBC")
    assert one.send(f"/parameters/bank/{icbc.id}", node=east, off="1").status_code == 303
    own = next(row for row in rows(seeded, Bank) if row.code == "ICBC" and row.node_id == east)
    assert not own.enabled
    page = one.get(f"/parameters/bank/?node={world.nodes['lake'][0]}").get_data(as_text=True)
    assert "华东区域" in page and "覆盖" in page
    abc = next(row for row in rows(seeded, Bank) if row.code == "ABC")
    answer = one.send(f"/parameters/bank/{abc.id}", node=east, override="1")
    made = next(row for row in rows(seeded, Bank) if row.code == "ABC" and row.node_id == east)
    assert answer.location == f"/bank/edit/{made.id}"
    assert one.send(f"/parameters/bank/{abc.id}", node=group, off="1").status_code == 403
    assert one.send(f"/parameters/bank/{abc.id}", node=world.nodes["bay"][0], off="1").status_code == 404
    assert one.get("/parameters/room/").status_code == 404
    assert "生效参数" in one.get("/parameters/").get_data(as_text=True)


def test_the_picture_shows_who_answers_gaps_and_overlaps(app: Flask, seeded: Session, world: World) -> None:
    lake, node = world.id("project", "lake"), world.nodes["hangzhou"][0]
    leaks = next(row for row in rows(seeded, IssueCategory) if row.code == "D02")
    firms = [
        Contractor(node_id=node, name=f"{name}有限公司", short_name=name, usci=credit_code(90_000 + n))
        for n, name in enumerate(("甲防水", "乙防水", "丙防水"))
    ]
    seeded.add_all(firms)
    seeded.flush()
    building = world.id("building", "lake-1")
    for firm, place in zip(firms, (None, building, building), strict=True):
        seeded.add(ContractorScope(project_id=lake, contractor_id=firm.id, category_id=leaks.id, building_id=place))
        seeded.flush()
    seeded.commit()
    page = Console(app, "project_clerk", "zh").get(f"/responsible/{lake}").get_data(as_text=True)
    assert "乙防水 / 丙防水" in page and ">甲防水<" in page
    assert "1 处重叠" in page and f"/contractor_scope/add?project_id={lake}&amp;category_id=" in page
    reader = Console(app, "project_leader", "zh").get(f"/responsible/{lake}").get_data(as_text=True)
    assert "甲防水" in reader and "/contractor_scope/add" not in reader
    assert Console(app, "bay_clerk").get(f"/responsible/{lake}").status_code == 404


def test_nodes_are_ticked_corrected_and_opened_again(app: Flask, seeded: Session, world: World) -> None:
    lake = world.id("project", "lake")
    from models.keynode.key_node_def import KeyNodeDef

    for each in seeded.scalars(select(KeyNodeDef).where(KeyNodeDef.code.in_(("N01", "N02")))):
        each.required_files = None
    seeded.commit()
    one = Console(app, "project_clerk", "zh")
    page = one.get(f"/keynodes/{lake}").get_data(as_text=True)
    assert page.count('class="node-line') == 15 and "0/15" in page
    assert one.send(f"/keynodes/{lake}/N01", finish="1", done_on="2025-05-20").status_code == 303
    (row,) = rows(seeded, ProjectKeyNode)
    assert (row.code, row.state, row.done_on.isoformat(), row.recorder) == ("N01", "done", "2025-05-20", "项目CRM专员")
    assert row.recorded_at is not None
    one.send(f"/keynodes/{lake}/N01", save="1", done_on="2025-05-18", planned_on="2025-05-19")
    (row,) = rows(seeded, ProjectKeyNode)
    assert row.done_on.isoformat() == "2025-05-18"
    lacking = one.send(f"/keynodes/{lake}/N03", finish="1", done_on="2025-05-20")
    assert lacking.status_code == 422 and "请先上传附件：评审表" in lacking.get_data(as_text=True)
    late = one.send(f"/keynodes/{lake}/N02", finish="1", done_on="2999-01-01")
    assert late.status_code == 422 and "2999-01-01" in late.get_data(as_text=True)
    silent = one.send(f"/keynodes/{lake}/N01", reopen="1", reason="")
    assert silent.status_code == 422
    assert one.send(f"/keynodes/{lake}/N01", reopen="1", reason="补充评审").status_code == 303
    (row,) = [each for each in rows(seeded, ProjectKeyNode) if each.code == "N01"]
    assert (row.state, row.done_on, row.recorder, row.reopened) == ("open", None, None, 1)
    assert Console(app, "project_leader").send(f"/keynodes/{lake}/N01", finish="1").status_code == 403
    assert one.send(f"/keynodes/{world.id('project', 'bay')}/N01", finish="1").status_code == 404
    assert one.send(f"/keynodes/{lake}/nosuch", finish="1").status_code == 404


def test_the_matrix_and_its_workbook_hold_the_same_projects(app: Flask, seeded: Session, world: World) -> None:
    lake = seeded.get_one(Project, world.id("project", "lake"))
    lake.contract_handover_on = date(2025, 9, 1)
    seeded.commit()
    page = Console(app, "group_leader", "zh").get("/keynodes/").get_data(as_text=True)
    assert page.count('scope="row"') == 4 and "预售前风险" in page and "超期未完成" in page
    few = Console(app, "company_leader", "zh").get("/keynodes/").get_data(as_text=True)
    assert few.count('scope="row"') == 2 and "江岸府" not in few
    late = Console(app, "group_leader", "zh").get("/keynodes/?standing=overdue").get_data(as_text=True)
    assert late.count('scope="row"') == 1 and "湖畔花园" in late
    answer = Console(app, "company_leader", "zh").get("/keynodes/export.xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(answer.data)).active
    assert sheet is not None
    assert [row[0].value for row in sheet.iter_rows(min_row=2)] == ["云栖山居", "湖畔花园"]
    assert sheet.max_column == 17
    leader = Console(app, "group_leader", "zh")
    page = leader.get("/keynodes/?phase=presale").get_data(as_text=True)
    assert "预售前风险" in page and page.count('<th scope="col" title') == 5
    assert "/keynodes/export.xlsx?standing=overdue&amp;phase=presale" in leader.get(
        "/keynodes/?phase=presale&standing=overdue"
    ).get_data(as_text=True)
    sheet = openpyxl.load_workbook(
        io.BytesIO(leader.get("/keynodes/export.xlsx?standing=overdue&phase=presale").data)
    ).active
    assert sheet is not None and [row[0].value for row in sheet.iter_rows(min_row=2)] == ["湖畔花园"]
    assert sheet.max_column == 7


def test_a_node_the_group_adds_later_is_there_in_running_projects(app: Flask, seeded: Session, world: World) -> None:
    clerk, group = Console(app, "project_clerk", "zh"), Console(app, "group_admin", "zh")
    lake = world.id("project", "lake")
    fields = {
        "node_id": world.nodes["group"][0],
        "code": "N16",
        "name": "智慧社区评审",
        "phase": "handover",
        "sort": "99",
    }
    flags = {"enabled": "y", "overridable": "y"}
    assert clerk.send("/key_node_def/add", **fields, **flags).status_code == 403
    assert group.send("/key_node_def/add", **fields, **flags).status_code == 302
    page = clerk.get(f"/keynodes/{lake}").get_data(as_text=True)
    assert page.count('class="node-line') == 16 and "智慧社区评审" in page
    assert "智慧社区评审" in Console(app, "group_leader", "zh").get("/keynodes/").get_data(as_text=True)
    assert clerk.send(f"/keynodes/{lake}/N16", finish="1", done_on="2025-05-20").status_code == 303
    (row,) = rows(seeded, ProjectKeyNode)
    assert (row.code, row.state, row.responsible_id) == ("N16", "done", world.id("user_profile", "project_clerk"))


def test_announcements_stand_on_the_start_page_until_read(app: Flask, seeded: Session, world: World) -> None:
    row = Announcement(node_id=world.nodes["hangzhou"][0], title="停水安排", body="明日停水", state="published")
    seeded.add(row)
    seeded.flush()
    key = row.id
    seeded.commit()
    one = Console(app, "request_clerk", "zh")
    page = one.get("/").get_data(as_text=True)
    assert "停水安排" in page and "我已阅读" in page
    assert one.send(f"/announcements/{key}/read").status_code == 303
    one.send(f"/announcements/{key}/read")
    assert len(rows(seeded, AnnouncementRead)) == 1
    assert "我已阅读" not in one.get("/").get_data(as_text=True)
    stranger = Console(app, "bay_clerk", "zh")
    assert "停水安排" not in stranger.get("/").get_data(as_text=True)
    assert stranger.send(f"/announcements/{key}/read").status_code == 404


def test_what_is_not_posted_is_there_for_its_writers_alone(app: Flask, seeded: Session, world: World) -> None:
    """A draft, one that begins later and one that was withdrawn: no list, record, REST, search or file shows them below."""
    group, keys = world.nodes["group"][0], {}
    for title, state, first in (
        ("楼盘开放日", "published", date(2025, 6, 1)),
        ("裁员安排", "draft", None),
        ("涨价通知", "published", date(2999, 1, 1)),
        ("作废说明", "withdrawn", None),
    ):
        row = Announcement(node_id=group, title=title, body="正文", state=state, from_day=first)
        seeded.add(row)
        seeded.flush()
        keys[title] = row.id
    seeded.commit()
    hidden = [title for title in keys if title != "楼盘开放日"]
    for login in ("request_clerk", "group_leader", "project_leader", "regional_admin"):
        one = Console(app, login, "zh")
        shown = one.get("/announcement/list/").get_data(as_text=True)
        shown += one.get("/api/v1/announcement/").get_data(as_text=True)
        assert "楼盘开放日" in shown
        shown += one.get("/").get_data(as_text=True) + one.get("/announcement/export.csv").get_data(as_text=True)
        for title in hidden:
            assert title not in shown, login
            for address in (f"/announcement/show/{keys[title]}", f"/api/v1/announcement/{keys[title]}"):
                assert one.get(address).status_code == 404, (login, title)
            assert title not in one.get(f"/palette.json?q={title}").get_data(as_text=True)
            assert f"/announcement/show/{keys[title]}" not in one.get(f"/search?q={title}").get_data(as_text=True)
            assert one.get(f"/announcement/{keys[title]}/timeline").status_code == 404
    writer = Console(app, "group_admin", "zh")
    shown = writer.get("/announcement/list/").get_data(as_text=True)
    assert all(title in shown for title in keys)
