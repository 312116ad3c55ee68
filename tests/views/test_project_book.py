"""One workbook fills the tables of a project: in any order of its sheets, owners written in three ways, all or nothing."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.customer.customer import Customer
from models.customer.ownership import Ownership
from models.kernel.audit import AuditLog
from models.property.building import Building
from models.property.room import Room
from models.property.unit import Unit
from tests.console import Console
from tests.databases import BOTH
from tests.views.test_import import upload, verdicts
from tests.world import World

Sheets = Mapping[str, Sequence[Sequence[Any]]]
CERTS = ("11010519491231002X", "440106199001011234", "91350100M000100Y43")
PLACES: Sheets = {
    "业主房产": (
        ("楼栋", "单元", "房间", "业主", "证件号码", "产权份额", "起始日期"),
        ("20号楼", "1单元", "101", "周一", CERTS[0], 100, "2024-05-01"),
        ("20号楼", "1单元", "102", "周一、吴二", f"{CERTS[0]}、无", None, "2024-05-02"),
    ),
    "房间": (
        ("20号楼新房",),
        ("楼栋", "单元", "房号", "楼层", "销售状态"),
        ("20号楼", "1单元", "101", 1, "签约"),
        ("20号楼", "1单元", "102", 1, "signed"),
    ),
    "Customer": (
        ("姓名", "证件类型", "证件号码", "手机"),
        ("周一", "居民身份证", CERTS[0], "13900000001"),
        ("吴二", None, None, "13900000002"),
    ),
    "单元表": (("楼栋", "单元名称", "电梯数"), ("20号楼", "1单元", 2)),
    "楼栋": (("楼栋",), ("20号楼",)),
    "说明": (("请勿修改表头",),),
}
BESIDE: Sheets = {
    "房源": (
        ("楼栋", "单元", "房号", "楼层", "业主姓名", "证件号码", "联系电话", "签约日期"),
        ("20号楼", "1单元", "101", 1, "周一", CERTS[0], "13900000001", "2024-05-01"),
        ("20号楼", "1单元", "102", 1, "周一、星河置业有限公司", f"{CERTS[0]}、{CERTS[2]}", "13900000001", "2024-05-02"),
        ("20号楼", "1单元", "103", 1, "郑三", None, "13900000003", None),
        (None, None, None, None, "王四", None, "057188880000", None),
        ("20号楼", "1单元", "104", 1, None, None, None, None),
    ),
    "单元": (("楼栋", "单元名称"), ("20号楼", "1单元")),
    "楼栋": (("楼栋名称",), ("20号楼",)),
}


def workbook(sheets: Sheets) -> bytes:
    out = io.BytesIO()
    made = xlsxwriter.Workbook(out, {"in_memory": True})
    for name, rows in sheets.items():
        page = made.add_worksheet(name)
        for at, row in enumerate(rows):
            page.write_row(at, 0, row)
    made.close()
    return out.getvalue()


def chosen(page: str) -> dict[str, str]:
    """What the page of sheets would send: its guesses."""
    found = dict(re.findall(r'name="(row_\d+)" value="(\d+)"', page))
    for name, options in re.findall(r'name="((?:table|column)_[\d_]+)"(.*?)</select>', page, re.DOTALL):
        picked = re.search(r'value="([^"]*)" selected', options)
        found[name] = picked[1] if picked else ""
    return found


def previewed(person: Console, world: World, sheets: Sheets) -> tuple[str, str]:
    """Hands a workbook over and takes every guess; returns its address and the preview."""
    answer = upload(person, f"/project_book/{world.id('project', 'lake')}", workbook(sheets))
    assert answer.status_code == 302, answer.get_data(as_text=True)
    at = answer.location
    answer = person.send(at, **chosen(person.get(at).get_data(as_text=True)))
    assert answer.status_code == 302, re.findall(r"<li>.*?</li>", answer.get_data(as_text=True))
    return at, person.get(f"{at}/preview").get_data(as_text=True)


def reasons(page: str) -> list[str]:
    return re.findall(r"<code>(.*?)</code></td>.*?<td>([^<]*)</td></tr>", page)


def count(session: Session, cls: Any) -> int:
    session.rollback()
    found = int(session.scalar(select(func.count()).select_from(cls)) or 0)
    session.rollback()
    return found


@pytest.mark.parametrize("backend", BOTH)
def test_sheets_in_any_order_and_owners_on_sheets_of_their_own(
    app: Flask, session: Session, world: World, backend: str
) -> None:
    person = Console(app, "regional_admin", "zh")
    before = {cls: count(session, cls) for cls in (Building, Unit, Room, Customer, Ownership)}
    at, page = previewed(person, world, PLACES)
    assert verdicts(page) == [9, 0, 0, 0], reasons(page)
    assert {cls: count(session, cls) for cls in before} == before, "the dry run left something"
    answer = person.send(f"{at}/apply")
    assert answer.status_code == 302 and answer.location.startswith("/project/show/")
    added = {cls: count(session, cls) - old for cls, old in before.items()}
    assert added == {Building: 1, Unit: 1, Room: 2, Customer: 2, Ownership: 3}
    owned = session.execute(
        select(Room.no, Customer.name, Ownership.share, Ownership.is_main)
        .join(Room, Room.id == Ownership.room_id)
        .join(Customer, Customer.id == Ownership.customer_id)
        .join(Unit, Unit.id == Room.unit_id)
        .join(Building, Building.id == Unit.building_id)
        .where(Building.name == "20号楼")
        .order_by(Room.no, Ownership.id)
    ).all()
    assert [(no, name, main) for no, name, _share, main in owned] == [
        ("101", "周一", True),
        ("102", "周一", True),
        ("102", "吴二", False),
    ]
    channels = session.scalars(select(AuditLog.channel).where(AuditLog.table_name == "unit", AuditLog.action == "add"))
    assert "import" in set(channels)
    session.rollback()
    # handed over again nothing is written
    at, page = previewed(person, world, {name: rows for name, rows in PLACES.items() if name != "业主房产"})
    assert verdicts(page)[:2] == [0, 0] and verdicts(page)[3] == 0, reasons(page)


def test_owners_beside_their_home_in_one_cell_or_a_row_each(app: Flask, session: Session, world: World) -> None:
    person = Console(app, "regional_admin", "zh")
    before = {cls: count(session, cls) for cls in (Room, Customer, Ownership)}
    at, page = previewed(person, world, BESIDE)
    assert verdicts(page)[3] == 0, reasons(page)
    assert person.send(f"{at}/apply").status_code == 302
    added = {cls: count(session, cls) - old for cls, old in before.items()}
    assert added == {Room: 4, Customer: 4, Ownership: 5}
    company = session.scalars(select(Customer).where(Customer.name == "星河置业有限公司")).one()
    assert (company.kind, company.cert_kind) == ("company", "credit_code")
    assert session.scalars(select(Customer.phone).where(Customer.name == "王四")).one() == "057188880000"
    shares = session.scalars(
        select(Ownership.share).join(Room, Room.id == Ownership.room_id).where(Room.no == "103", Ownership.share < 100)
    ).all()
    assert [float(share or 0) for share in shares] == [50, 50]
    session.rollback()
    _at, page = previewed(person, world, BESIDE)
    assert verdicts(page)[:2] == [0, 0] and verdicts(page)[3] == 0, reasons(page)


def test_all_or_nothing(app: Flask, session: Session, world: World) -> None:
    """One wrong cell, and no sheet is written; the workbook comes back with the remark at that cell."""
    person = Console(app, "regional_admin", "zh")
    before = count(session, Building)
    wrong = {**BESIDE, "房源": (*BESIDE["房源"], ("20号楼", "1单元", "105", "很高", "赵五", "123", None, None))}
    at, page = previewed(person, world, wrong)
    assert verdicts(page)[3] >= 1
    assert "房源!D7" in page and "apply" not in re.findall(r"<button[^>]*primary[^>]*>", page)
    remarks = openpyxl.load_workbook(io.BytesIO(person.get(f"{at}/remarks.xlsx").data))
    assert remarks.sheetnames == ["房源", "单元", "楼栋"] and remarks["房源"]["D7"].comment
    person.send(f"{at}/apply")
    assert count(session, Building) == before


def test_a_sheet_is_told_by_hand_and_columns_are_remembered(app: Flask, world: World) -> None:
    person = Console(app, "regional_admin", "zh")
    base = f"/project_book/{world.id('project', 'lake')}"
    data = workbook({"Sheet1": (("门牌", "备用"), ("20号楼", "x"))})
    at = upload(person, base, data).location
    page = person.get(at).get_data(as_text=True)
    assert chosen(page) == {"table_0": ""}
    assert person.send(at, table_0="").status_code == 422
    page = person.send(at, table_0="building", row_0="1").get_data(as_text=True)
    sent = chosen(page)
    assert sent["table_0"] == "building" and sent["row_0"] == "1"
    answer = person.send(at, **{**sent, "column_0_0": "name", "column_0_1": ""})
    assert answer.location == f"{at}/preview"
    assert verdicts(person.get(f"{at}/preview").get_data(as_text=True))[0] == 1
    again = upload(person, base, workbook({"楼栋": (("门牌", "备用"), ("21号楼", "x"))})).location
    assert chosen(person.get(again).get_data(as_text=True)).get("table_0") == "building"


def test_the_template_can_be_handed_over(app: Flask, world: World) -> None:
    person = Console(app, "regional_admin", "zh")
    base = f"/project_book/{world.id('project', 'lake')}"
    book = openpyxl.load_workbook(io.BytesIO(person.get(f"{base}/template.xlsx").data))
    assert book.sheetnames[:6] == ["楼栋", "户型", "单元", "房间", "客户", "业主房产"]
    assert "业主姓名" in [cell.value for cell in book["房间"][1]] and "项目" not in [c.value for c in book["房间"][1]]


def test_who_may_not_import_meets_nothing(app: Flask, world: World) -> None:
    base = f"/project_book/{world.id('project', 'lake')}"
    assert Console(app, "bay_clerk").get(base).status_code == 404
    assert Console(app, "group_leader").get(base).status_code == 403
    at = upload(Console(app, "regional_admin", "zh"), base, workbook(BESIDE)).location
    assert Console(app, "group_admin").get(at).status_code == 404
