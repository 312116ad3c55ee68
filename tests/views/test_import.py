"""Import of declared tables: matched by name and key, refused at the cell, written as a whole or not at all."""

from __future__ import annotations

import io
import re
import threading
import zipfile
from collections.abc import Sequence
from pathlib import Path
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
from models.kernel.clock import frozen
from models.kernel.refusal import Denied, Refusal
from models.kernel.registry import rights_of, table, tables
from models.kernel.roles import IMPORT
from models.kernel.session import act
from models.kernel.table import Table
from models.org.department import Department
from models.property.building import Building
from models.property.room import Room, RoomChangeLog
from models.property.unit import Unit
from tests.console import Console
from tests.databases import BOTH
from tests.world import NOW, World
from views.kernel.exchange import plan, table_pass
from views.kernel.exchange.into_table import TableTarget
from views.kernel.exchange.matching import columns_of
from views.kernel.exchange.names import bare
from views.kernel.exchange.plan import Findings, layout_of, run, sheet_of
from views.kernel.exchange.workbook import open_workbook

HEAD = ("项目", "楼栋", "单元", "房号", "楼层", "户型", "预售面积", "销售状态")
HOME = ("湖畔花园", "1号楼", "1单元", "901", 9, "A户型", 98.5, "签约")


def book(*rows: Sequence[Any], widths: int = 0) -> bytes:
    """Returns a workbook of one sheet."""
    out = io.BytesIO()
    made = xlsxwriter.Workbook(out, {"in_memory": True, "default_date_format": "yyyy-mm-dd"})
    page = made.add_worksheet()
    for at, row in enumerate(rows):
        page.write_row(at, 0, row)
    made.close()
    return out.getvalue()


def csv(*rows: Sequence[Any]) -> bytes:
    """Returns the same as CSV."""
    return "\n".join(",".join(str(cell) for cell in row) for row in rows).encode()


def imported(
    session: Session,
    world: World,
    login: str,
    cls: type[Table],
    data: bytes,
    name: str = "a.xlsx",
    *,
    write: bool = True,
) -> Findings:
    """Imports as a person; commits what was written."""
    act(session, world.actor(login), frozen(NOW))
    target = TableTarget(cls)
    sheet = sheet_of(open_workbook(data, name), "")
    found = run(session, target, sheet, layout_of(sheet, target.columns()), write=write)
    if write:
        session.commit()
    return found


def counts(found: Findings) -> tuple[int, int, int, int]:
    return found.added, found.changed, found.left, found.refused


def cells(found: Findings) -> dict[str, str]:
    return {fault.cell: str(fault.sentence) for fault in found.faults}


@pytest.mark.parametrize("backend", BOTH)
def test_rows_are_added_changed_left_and_refused(session: Session, world: World) -> None:
    known = ("湖畔花园", "1号楼", "1单元")
    data = book(
        HEAD,
        HOME,
        (*known, 101.0, 1, "A户型", 98.5, "待售"),
        (*known, "102", "１", "A 户型", "1,000.5㎡", "Signed"),
        (*known, "901", 9, "A户型", 98.5, "签约"),
        ("海湾城", *HOME[1:]),
        ("湖畔花园", "9号楼", *HOME[2:]),
        (*known, "902", 9, "Z户型", 98.5, "已卖"),
        (*known, "903", "九", None, -98.5, None),
        (*known, "904", 9, None, -98.5, None),
        (*known, "905", None, None, 98.5, None),
    )
    for write in (False, True):
        found = imported(session, world, "project_clerk", Room, data, write=write)
        assert counts(found) == (1, 1, 1, 7)
        assert set(cells(found)) == {"D5", "A6", "B7", "F8", "H8", "E9", "G10", "E11"}
        assert "row 2" in cells(found)["D5"].lower()
        assert {(c.field.en, c.old, c.new) for c in found.changes} == {
            ("Presale area", "98.50", "1,000.50"),
            ("Sale", "待售", "签约"),
        }
    found = imported(session, world, "project_clerk", Room, data)
    assert counts(found) == (0, 0, 3, 7)
    row = session.scalars(select(Room).where(Room.no == "901")).one()
    assert row.project_id == world.id("project", "lake") and row.sale_state == "signed" and row.version == 1
    changed = session.get_one(Room, world.id("room", "lake-1-1-102"))
    assert changed.version == 2 and changed.changed_by_id == world.accounts["project_clerk"]
    log = session.scalars(select(RoomChangeLog)).one()
    assert (log.room_id, log.before, log.after) == (changed.id, "for_sale", "signed")
    channels = session.execute(select(AuditLog.channel).where(AuditLog.row_id == row.id, AuditLog.table_name == "room"))
    assert list(channels.scalars()) == ["import"]


def test_a_reference_is_a_name_a_path_or_a_numeric_key(session: Session, world: World) -> None:
    unit = world.id("unit", "lake-1-1")
    one = imported(
        session, world, "group_admin", Room, book(("单元", "房号", "楼层"), ("湖畔花园 1号楼 1单元", "801", 8))
    )
    assert counts(one) == (1, 0, 0, 0)
    two = imported(
        session, world, "group_admin", Room, book(("单元", "房号", "楼层"), ("湖畔花园/1号楼/1单元", "802", 8))
    )
    assert counts(two) == (1, 0, 0, 0)
    three = imported(session, world, "group_admin", Room, book(("unit_id", "no", "floor"), (unit, "803", 8)))
    assert counts(three) == (1, 0, 0, 0)
    unclear = imported(session, world, "group_admin", Room, book(("单元", "房号", "楼层"), ("1号楼 1单元", "804", 8)))
    assert counts(unclear) == (0, 0, 0, 1) and "whole path" in cells(unclear)["A2"]
    # in a scope with one project the same name is clear
    clear = imported(session, world, "project_clerk", Room, book(("单元", "房号", "楼层"), ("1号楼 1单元", "804", 8)))
    assert counts(clear) == (1, 0, 0, 0)
    code = imported(session, world, "group_admin", Building, book(("项目", "楼栋名称"), ("lake", "9号楼")))
    assert counts(code) == (1, 0, 0, 0)
    foreign = imported(session, world, "bay_clerk", Room, book(("unit_id", "no", "floor"), (unit, "805", 8)))
    assert counts(foreign) == (0, 0, 0, 1) and set(cells(foreign)) == {"A2"}
    # a number under the heading of a name is a name
    named = imported(session, world, "project_clerk", Room, book(("单元", "房号", "楼层"), (unit, "806", 8)))
    assert counts(named) == (0, 0, 0, 1)


def test_names_are_looked_for_in_the_project_of_the_row(session: Session, world: World) -> None:
    """Every project has an A户型."""
    rows = [(name, "1号楼", "1单元", "901", 9, "A户型") for name in ("湖畔花园", "海湾城")]
    found = imported(session, world, "group_admin", Room, book(HEAD[:6], *rows))
    assert counts(found) == (2, 0, 0, 0)
    homes = session.scalars(select(Room).where(Room.no == "901")).all()
    assert {home.house_type.project_id == home.project_id for home in homes} == {True}


@pytest.mark.parametrize("backend", BOTH)
def test_people_are_matched_by_number_and_half_shown_ones_left(session: Session, world: World) -> None:
    act(session, world.actor("service_manager"), frozen(NOW))
    chen = session.get_one(Customer, world.id("customer", "chen"))
    number, shown, mobile, node = chen.cert_no.plain(), str(chen.cert_no), str(chen.mobile), chen.node.name
    kind, name = str(chen.cert_kind), chen.name
    head = ("所属单位", "证件类型", "证件号码", "姓名", "手机", "备注")
    same = imported(session, world, "service_manager", Customer, book(head, (node, kind, number, name, mobile, "")))
    assert counts(same) == (0, 0, 1, 0)
    half = imported(
        session, world, "service_manager", Customer, book(head, (node, kind, shown, name, mobile, "新备注"))
    )
    assert counts(half) == (0, 1, 0, 0)
    session.expire_all()
    again = session.get_one(Customer, chen.id)
    assert again.remark == "新备注" and again.cert_no.plain() == number and again.mobile.plain() == chen.mobile.plain()
    unknown = imported(
        session, world, "service_manager", Customer, book(head, (node, kind, "E9******9", "某某", mobile, ""))
    )
    assert set(cells(unknown)) == {"C2"} and unknown.faults[0].value == "****"
    wrong = imported(
        session,
        world,
        "service_manager",
        Customer,
        book(head, (node, "居民身份证", "11010519491231002Y", "某某", "", "")),
    )
    assert counts(wrong) == (0, 0, 0, 1) and set(cells(wrong)) == {"C2"}


def test_the_right_to_import_and_to_write_at_each_owner(session: Session, world: World) -> None:
    with pytest.raises(Denied):
        imported(session, world, "request_clerk", Room, book(HEAD, HOME))
    with pytest.raises(Denied):
        imported(session, world, "stranger", Room, book(HEAD, HOME))
    mixed = [HOME, ("云栖山居", *HOME[1:])]
    found = imported(session, world, "project_clerk", Room, book(HEAD, *mixed))
    assert counts(found) == (1, 0, 0, 1) and set(cells(found)) == {"A3"}
    tree = book(("上级单位", "部门名称"), ("杭州公司", "客服部"), ("深圳公司", "客服部"))
    found = imported(session, world, "regional_admin", Department, tree)
    assert counts(found) == (1, 0, 0, 1)
    assert session.scalars(select(Department)).one().name == "客服部"


def test_a_hidden_row_is_met_without_being_told(session: Session, world: World) -> None:
    """The key is taken by a row the importer cannot see: refused, and nothing of it is said."""
    lake = world.id("project", "lake")
    found = imported(session, world, "bay_clerk", Building, book(("project_id", "楼栋"), (lake, "1号楼")))
    assert counts(found) == (0, 0, 0, 1) and "1号楼" not in cells(found)["A2"]


def test_shares_of_a_home_are_added_up_over_the_file(session: Session, world: World) -> None:
    head = ("项目", "房间", "业主", "产权份额", "起始日期")
    row = ("湖畔花园", "1号楼 1单元 102", "陈一鸣", 60, "2024-05-01")
    found = imported(session, world, "service_manager", Ownership, book(head, row))
    assert counts(found) == (1, 0, 0, 0), cells(found)
    over = imported(session, world, "service_manager", Ownership, book(head, (*row[:2], "林晓雨", 60, "2024-05-01")))
    assert counts(over) == (0, 0, 0, 1) and set(cells(over)) == {"D2"}


@pytest.mark.parametrize("name", [name for name, cls in tables().items() if rights_of(cls).roles(IMPORT)])
def test_headings_mean_one_column_each_and_templates_open(app: Flask, world: World, name: str) -> None:
    columns = columns_of(table(name))
    said = [bare(heading) for column in columns.values() for heading in column.names]
    assert len(said) == len(set(said))
    person = Console(app, "group_admin")
    answer = person.get(f"/{name}/import/template.xlsx")
    assert answer.status_code == 200
    made = openpyxl.load_workbook(io.BytesIO(answer.data))
    heads = [cell.value for cell in made.worksheets[0][1]]
    assert len(heads) == len(set(heads)) and all(cell.comment for cell in made.worksheets[0][1])
    assert made.worksheets[0]["A2"].comment
    sheet = sheet_of(open_workbook(answer.data, "t.xlsx"), "")
    layout = layout_of(sheet, columns)
    assert not layout.unknown and not TableTarget(table(name)).lacking(list(layout.columns))
    assert person.get(f"/{name}/import").status_code == 200


@pytest.mark.parametrize("name", ["room", "building", "unit", "customer", "house_type", "visit_record", "ownership"])
@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_export_then_import_writes_nothing(app: Flask, session: Session, world: World, name: str, kind: str) -> None:
    """Every column the list has, taken out by one who sees them and handed over again."""
    person = Console(app, "group_admin", "zh")
    answer = person.get(f"/{name}/export.{kind}")
    assert answer.status_code == 200
    found = imported(session, world, "group_admin", table(name), answer.data, f"a.{kind}")
    assert found.added == found.changed == found.refused == 0 and found.left > 0, cells(found)


def upload(person: Console, url: str, data: bytes, name: str = "a.xlsx", encoding: str = "auto") -> Any:
    return person.send(url, file=(io.BytesIO(data), name), encoding=encoding)


def choices(page: str) -> dict[str, str]:
    """Returns what the mapping page would send: its guesses."""
    found = {"header_row": re.search(r'name="header_row" value="(\d+)"', page)[1]}  # type: ignore[index]
    for name, options in re.findall(r'name="(column_\d+)"(.*?)</select>', page, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', options)
        found[name] = chosen[1] if chosen else ""
    return found


def verdicts(page: str) -> list[int]:
    return [int(n) for n in re.findall(r"<strong>(\d+)</strong>", page)]


@pytest.mark.parametrize("backend", BOTH)
def test_rows_refer_to_new_rows_of_the_same_file(session: Session, world: World, backend: str) -> None:
    """Whatever their order, by path, by code or by name; a circle and an unknown one are refused, nothing else."""
    head = ("所属单位", "编码", "名称", "上级分类")
    top = session.get_one(table("group"), world.id("group", "group")).name
    rows = [
        (top, "X11", "空鼓", "X1"),
        (top, "X12", "开裂", "墙面工程"),
        (top, "X1", "墙面工程", None),
        (top, "Y1", "甲", "Y2"),
        (top, "Y2", "乙", "Y1"),
        (top, "Z1", "丙", "没有这个"),
    ]
    cls = table("issue_category")
    for write in (False, True):
        found = imported(session, world, "group_admin", cls, book(head, *rows), write=write)
        assert counts(found) == (3, 0, 0, 3), cells(found)
        assert set(cells(found)) == {"D5", "D6", "D7"}
    made = {row.code: row for row in session.scalars(select(cls).where(cls.code.like("X%")))}  # type: ignore[attr-defined]
    assert made["X11"].parent_id == made["X12"].parent_id == made["X1"].id  # type: ignore[attr-defined]
    assert counts(imported(session, world, "group_admin", cls, book(head, *rows[:3]))) == (0, 0, 3, 0)


def test_a_department_stands_under_a_new_department(session: Session, world: World) -> None:
    top = session.get_one(table("company"), world.id("company", "hangzhou")).name
    rows = [("三级组", "二级部"), ("二级部", "一级部"), ("一级部", top)]
    found = imported(session, world, "group_admin", Department, book(("名称", "上级单位"), *rows))
    assert counts(found) == (3, 0, 0, 0), cells(found)


def test_the_pages_from_file_to_rows(app: Flask, session: Session, world: World) -> None:
    person = Console(app, "project_clerk")
    data = book(("项目台账",), HEAD, HOME, (*HOME[:3], "902", 9, None, "abc", "已卖"))
    answer = upload(person, "/room/import", data, "台账.xlsx")
    assert answer.status_code == 302
    at = answer.location
    page = person.get(at).get_data(as_text=True)
    sent = choices(page)
    assert sent["header_row"] == "2" and sent["column_2"] == "unit" and sent["column_0"] == "unit.building.project"
    assert person.send(at, **sent).location == f"{at}/preview"
    page = person.get(f"{at}/preview").get_data(as_text=True)
    assert verdicts(page) == [1, 0, 0, 1] and "<code>G4</code>" in page and "<code>H4</code>" in page
    remarks = openpyxl.load_workbook(io.BytesIO(person.get(f"{at}/remarks.xlsx").data)).active
    assert remarks["H4"].comment and remarks["H4"].fill.fgColor.rgb == "FFF8C9C4" and remarks["D3"].value == "901"
    wrong = openpyxl.load_workbook(io.BytesIO(person.get(f"{at}/wrong.xlsx").data)).active
    assert [cell.value for cell in wrong[1]] == list(HEAD) and wrong.max_row == 2 and wrong["G2"].comment
    # rows are left out only by who has seen them
    assert person.send(f"{at}/apply", leave_out="0").location == f"{at}/preview"
    assert session.scalar(select(func.count()).select_from(Room).where(Room.no == "901")) == 0
    session.rollback()
    assert person.send(f"{at}/apply", leave_out="1").location == f"{at}/preview"
    assert verdicts(person.get(f"{at}/preview").get_data(as_text=True)) == [0, 0, 1, 1]
    assert session.scalar(select(func.count()).select_from(Room).where(Room.no == "901")) == 1
    session.rollback()
    # a second click writes nothing more
    person.send(f"{at}/apply", leave_out="1")
    assert session.scalar(select(func.count()).select_from(Room).where(Room.no == "901")) == 1


def test_a_mapping_is_corrected_and_remembered(app: Flask, world: World) -> None:
    person = Console(app, "project_clerk")
    data = book((*HEAD[:3], "门口贴的", *HEAD[4:]), HOME)
    at = upload(person, "/room/import", data).location
    sent = choices(person.get(at).get_data(as_text=True))
    assert sent["column_3"] == ""
    refused = person.send(at, **sent)
    assert refused.status_code == 422 and "Number" in refused.get_data(as_text=True)
    assert person.send(at, **{**sent, "column_3": "no"}).location == f"{at}/preview"
    assert verdicts(person.get(f"{at}/preview").get_data(as_text=True)) == [1, 0, 0, 0]
    again = upload(person, "/room/import", data).location
    assert choices(person.get(again).get_data(as_text=True))["column_3"] == "no"
    other = Console(app, "group_admin")
    theirs = upload(other, "/room/import", data).location
    assert choices(other.get(theirs).get_data(as_text=True))["column_3"] == ""


def test_a_staged_file_is_its_owners_alone(app: Flask, world: World) -> None:
    person, other = Console(app, "project_clerk"), Console(app, "group_admin")
    at = upload(person, "/room/import", book(HEAD, HOME)).location
    token = at.rpartition("/")[2]
    for url in (at, f"{at}/preview", f"{at}/remarks.xlsx", f"{at}/wrong.xlsx", f"/building/import/{token}"):
        assert other.get(url).status_code == 404, url
    assert other.send(f"{at}/apply", leave_out="0").status_code == 404
    assert person.get(f"/building/import/{token}").status_code == 404
    assert person.get("/room/import/..%2F..%2Fsecrets").status_code == 404
    assert person.get("/room/import/" + "a" * 32).status_code == 404
    home = Path(app.config["DOORBOOK_HOME"])
    kept = home / "imports" / token
    assert kept.stat().st_mode & 0o77 == 0
    settings_file = kept / "import.json"
    settings_file.write_text(re.sub(r'"created": [\d.]+', '"created": 1', settings_file.read_text("utf-8")), "utf-8")
    assert person.get(at).status_code == 404


def test_who_may_not_import_gets_no_page(app: Flask, world: World) -> None:
    person = Console(app, "request_clerk")
    assert person.get("/room/import").status_code == 403
    assert person.get("/room/import/template.xlsx").status_code == 403
    assert upload(person, "/room/import", book(HEAD, HOME)).status_code == 403
    assert Console(app, None).get("/room/import").status_code == 302


def _zip(**parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name.replace("__", "/"), data)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "name", "said"),
    [
        (b"", "a.xlsx", "空"),
        (csv(HEAD, HOME), "a.xlsx", ".csv"),
        (book(HEAD, HOME)[:900], "a.xlsx", "损坏"),
        (_zip(**{"xl__workbook.xml": b"0" * 300_000_000}), "a.xlsx", "解压"),
        (_zip(readme=b"x"), "a.xlsx", "ZIP"),
        (b"%PDF-1.7", "a.pdf", "不是工作簿"),
        (book(()), "a.xlsx", "没有数据"),
    ],
    ids=["empty", "renamed csv", "cut", "bomb", "zip", "pdf", "no rows"],
)
def test_a_bad_file_is_one_sentence(app: Flask, world: World, data: bytes, name: str, said: str) -> None:
    answer = upload(Console(app, "project_clerk", "zh"), "/room/import", data, name)
    page = answer.get_data(as_text=True)
    notice = re.search(r'<section class="notice bad[^>]*>.*?</section>', page, re.DOTALL)
    assert answer.status_code == 422 and notice and said in notice[0] and notice[0].count("<li>") == 1


def test_odd_sheets(session: Session, world: World) -> None:
    """Extra and missing columns, merged headings, subtotals, text numbers, full width, dates as text, repeated headings."""
    out = io.BytesIO()
    made = xlsxwriter.Workbook(out, {"in_memory": True})
    page = made.add_worksheet()
    page.merge_range(0, 0, 0, 6, "房源")
    page.merge_range(1, 0, 1, 2, "位置")
    page.merge_range(1, 3, 1, 6, "房屋")
    page.write_row(2, 0, ("项目", "楼栋", "单元", "房号", "楼层", "预售面积", "无关列"))
    page.write_row(3, 0, ("湖畔花园", "１号楼", "１单元", "９０１", "９", " 98.50㎡ ", "x"))
    page.write_row(4, 0, ("1号楼小计：1 套",))
    page.write_row(5, 0, ("项目", "楼栋", "单元", "房号", "楼层", "预售面积", "无关列"))
    page.write_row(6, 0, ("湖畔花园", "1号楼", "1单元", 902, 9))
    page.write_formula(6, 5, "=1+1", None, "")
    page.write_row(7, 0, ("湖畔花园", "1号楼", "1单元", 903, 9))
    page.write_formula(7, 5, "=1/0", None, "#DIV/0!")
    made.close()
    found = imported(session, world, "project_clerk", Room, out.getvalue())
    assert counts(found) == (1, 0, 0, 2) and set(cells(found)) == {"F7", "F8"}, cells(found)
    assert [kind for _row, kind in found.skipped] == ["subtotal", "heading"]
    assert session.scalars(select(Room.floor).where(Room.no == "901")).one() == 9
    with pytest.raises(Refusal, match="no rows"):
        imported(session, world, "project_clerk", Room, book(HEAD))
    with pytest.raises(Refusal, match="No column of the file gives Number"):
        imported(session, world, "project_clerk", Room, book(HEAD[:3], HOME[:3]))
    lacking = imported(session, world, "project_clerk", Room, book(HEAD[:4], (*HOME[:3], "907")))
    assert counts(lacking) == (0, 0, 0, 1) and "required" in lacking.faults[0].sentence.en


def test_formulas_in_text_come_back_as_they_were(session: Session, world: World) -> None:
    head = ("项目", "楼栋名称")
    data = csv(head, ("湖畔花园", "'=1+1"))
    assert counts(imported(session, world, "project_clerk", Building, data, "a.csv")) == (1, 0, 0, 0)
    assert session.scalars(select(Building).where(Building.name == "=1+1")).one()


def test_stopped_halfway_leaves_nothing(session: Session, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [(*HOME[:3], str(1000 + n), 9, "A户型", 98.5, "签约") for n in range(30)]
    monkeypatch.setattr(plan, "CHUNK", 10)
    chunks = 0
    written = table_pass.write

    def stopping(*args: Any) -> list[int]:
        nonlocal chunks
        chunks += 1
        if chunks == 3:
            raise KeyboardInterrupt
        return written(*args)

    monkeypatch.setattr(table_pass, "write", stopping)
    with pytest.raises(KeyboardInterrupt):
        imported(session, world, "project_clerk", Room, book(HEAD, *rows))
    session.rollback()
    assert session.scalar(select(func.count()).select_from(Room)) == 10
    audited = select(func.count()).select_from(AuditLog).where(AuditLog.channel == "import")
    assert session.scalar(audited) == 0
    session.rollback()
    monkeypatch.setattr(table_pass, "write", written)
    assert imported(session, world, "project_clerk", Room, book(HEAD, *rows)).added == 30


@pytest.mark.parametrize("backend", BOTH)
def test_two_imports_at_once_double_nothing(session: Session, world: World) -> None:
    engine: Any = session.get_bind()
    session.rollback()
    rows = [(*HOME[:3], str(1000 + n), 9, "A户型", 98.5, "签约") for n in range(200)]
    data = book(HEAD, *rows)
    results: list[tuple[int, int, int, int]] = []

    def one() -> None:
        with Session(engine) as own:
            results.append(counts(imported(own, world, "project_clerk", Room, data)))

    threads = [threading.Thread(target=one) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [(0, 0, 200, 0), (0, 0, 200, 0), (200, 0, 0, 0)]
    act(session, world.actor("project_clerk"), frozen(NOW))
    assert session.scalar(select(func.count()).select_from(Room)) == 210


def test_rules_of_a_unit_and_chains(session: Session, world: World) -> None:
    """A building, its unit and its room, each by the names above it."""
    assert imported(session, world, "project_clerk", Building, book(("项目", "楼栋"), ("湖畔花园", "9号楼"))).added == 1
    unit = imported(
        session,
        world,
        "project_clerk",
        Unit,
        book(("项目", "楼栋", "单元", "电梯数"), ("湖畔花园", "9号楼", "1单元", 2)),
    )
    assert unit.added == 1, cells(unit)
    room = imported(
        session, world, "project_clerk", Room, book(HEAD, ("湖畔花园", "9号楼", "1单元", "101", 1, None, None, None))
    )
    assert room.added == 1, cells(room)
