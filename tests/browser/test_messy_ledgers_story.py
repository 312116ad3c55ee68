"""Ledgers of other layouts go in as a person brings them in: columns shown by hand, what is wrong corrected, nothing left."""

from __future__ import annotations

import re
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter
from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.customer.customer import Customer
from models.customer.ownership import Ownership
from models.property.building import Building
from models.property.room import Room
from models.property.unit import Unit
from tests.browser.conftest import Open, arrive, downloaded
from tests.world import World

pytestmark = pytest.mark.browser

CERTS = ("11010519491231002X", "440106199001011235", "91350100M000100Y43")


def _sales_book(file: Path) -> None:
    """A sales office's sheet: a title over all columns, headings of two rows, homes of a building under one merged cell,
    co-owners in a cell, telephones as numbers, subtotals, a signature."""
    book = xlsxwriter.Workbook(str(file))
    page, look = book.add_worksheet("销售台账"), book.add_format()
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    page.merge_range("A1:L1", "湖畔花园销售明细表（截至 2024 年 6 月）", look)
    page.merge_range("A2:L2", "编制部门：营销部      单位：元、平方米", look)
    page.merge_range("A3:A4", "序", look)
    page.merge_range("B3:G3", "房屋情况", look)
    page.merge_range("H3:J3", "买受人情况", look)
    page.merge_range("K3:L3", "合同情况", look)
    page.write_row(3, 1, ("座别", "单元", "层", "室号", "面积", "成交额"))
    page.write_row(3, 7, ("姓名", "身份证号", "手机"))
    page.write_row(3, 10, ("编号", "签约日期"))
    homes = (
        (1, 101, 96.5, 1_930_000, "周一", CERTS[0], 13900000001, "HT-601", 45413),
        (2, 201, 96.5, 1_950_000, "周一\n吴二", f"{CERTS[0]}\n{CERTS[1]}", 13900000001, "HT-602", 45414),
        (3, 301, 96.5, 1_970_000, "吴二、星河置业有限公司", f"{CERTS[1]}、{CERTS[2]}", None, "HT-603", 45415),
        (4, 401, 96.5, 1_990_000, "郑三", None, 139000000, "HT-604", 45416),
        (5, 501, 0, 2_010_000, None, None, None, None, None),
    )
    for at, (floor, no, area, price, names, certs, call, contract, signed) in enumerate(homes, 4):
        page.write_row(at, 0, (at - 3, None, "1单元", floor, no, area, price, names, certs, call, contract))
        page.write(at, 11, signed, day)
    page.merge_range("B5:B9", "6幢", look)
    page.write_row(9, 1, ("6幢小计", None, None, "5 套", 386, 9_850_000))
    page.write_row(10, 0, (6, "7幢", "1单元", 1, 101, 88, 1_600_000))
    page.write_row(11, 1, ("合 计", None, None, "6 套", 474, 11_450_000))
    page.write(13, 7, "制表：李四    审核：王五")
    book.close()


def _registry(*, corrected: bool) -> bytes:
    """A property office's CSV out of an old program: GB18030, semicolons, a row for each owner, days in three forms."""
    day = "2024年5月3日" if corrected else "2024年5月33日"
    rows = (
        "楼宇;门洞;门牌;所在层;产权人;证照号;联络方式;占比;签约时间;备用",
        f"1号楼;1单元;1801;18;周一;{CERTS[0]};13900000001;50;2024年5月1日;",
        f"1号楼;1单元;1801;18;吴二;{CERTS[1]};13900000002;50;2024年5月1日;见附件",
        "1号楼;1单元;1802;18;㛃三;;0571-88880000;;2024/5/2;",
        ";;;;王四;;13900000004;;2024/5/2;",
        f"1号楼;1单元;1901;19;星河置业有限公司;{CERTS[2]};;100;{day};",
        f"1号楼;1单元;1902;19;周一;{CERTS[0]};13900000001;;20240504;",
    )
    return "\r\n".join(rows).encode("gb18030")


def _reasons(page: Page) -> dict[str, str]:
    """Cell -> why it is refused."""
    lines = page.locator("#panel-refused tbody tr")
    return {
        lines.nth(at).locator("code").inner_text(): lines.nth(at).locator("td").last.inner_text()
        for at in range(lines.count())
    }


def _owners(
    session: Session, project: int, building: str, *numbers: str
) -> dict[str, list[tuple[str | None, float, str]]]:
    """Home -> its owners with their share and the day of their contract, as the database has them."""
    rows = session.execute(
        select(Room.no, Customer.name, Ownership.share, Ownership.signed_on)
        .join(Unit, Unit.id == Room.unit_id)
        .join(Building, Building.id == Unit.building_id)
        .outerjoin(Ownership, Ownership.room_id == Room.id)
        .outerjoin(Customer, Customer.id == Ownership.customer_id)
        .where(Room.project_id == project, Building.name == building, Room.no.in_(numbers))
        .order_by(Room.no, Ownership.is_main.desc(), Ownership.id)
    ).all()
    session.rollback()
    found: dict[str, list[tuple[str | None, float, str]]] = {}
    for no, name, share, signed in rows:
        found.setdefault(no, []).append((name, float(share or 0), str(signed)))
    return found


def test_a_sales_sheet_with_two_rows_of_headings(person: Open, session: Session, world: World, tmp_path: Path) -> None:
    lake, file = world.id("project", "lake"), tmp_path / "销售明细.xlsx"
    _sales_book(file)
    page = person("regional_admin")
    page.goto(f"/ledger/{lake}")
    page.set_input_files("#file", file)
    page.get_by_role("button", name="下一步").click()

    # what the headings do not say, a person says
    expect(page.locator("#header_row")).to_have_value("4")
    for heading, key in (("B · 座别", "building"), ("F · 面积", "presale_area"), ("G · 成交额", "total_price")):
        page.get_by_label(heading).select_option(key)
    page.get_by_label("K · 编号").select_option("contract_no")
    page.get_by_role("button", name="预览").click()

    # an area of nothing and a telephone that lacks digits; the subtotals and the signature are no homes
    expect(page.locator("#tab-added strong")).to_have_text("4")
    why = _reasons(page)
    assert set(why) == {"J8", "F9"}, why
    assert "手机" in why["J8"] and "大于 0" in why["F9"], why
    expect(page.locator("main")).to_contain_text("已略过小计与说明行 3")
    page.get_by_role("button", name="导入 4 行，跳过 2 行有误数据").click()
    expect(page.locator(".toast")).to_contain_text("新增 4 行")

    # the wrong row alone, corrected and handed over again: its columns are known by now
    wrong = downloaded(page, "仅下载有误的行", tmp_path)
    sheet = openpyxl.load_workbook(wrong)
    active = sheet.active
    assert active is not None
    for row in active.iter_rows():
        for cell in row:
            if cell.comment is not None:
                cell.value = 96.5 if "大于" in cell.comment.text else 13900000003
    sheet.save(wrong)
    page.goto(f"/ledger/{lake}")
    page.set_input_files("#file", wrong)
    page.get_by_role("button", name="下一步").click()
    page.get_by_role("button", name="预览").click()
    expect(page.locator("#tab-added strong")).to_have_text("2")
    expect(page.locator("#tab-refused strong")).to_have_text("0")
    page.get_by_role("button", name="确认导入").click()
    expect(page.locator(".toast")).to_contain_text("新增 2 行")

    assert _owners(session, lake, "6幢", "101", "201", "301", "401", "501") == {
        "101": [("周一", 100, "2024-05-01")],
        "201": [("周一", 50, "2024-05-02"), ("吴二", 50, "2024-05-02")],
        "301": [("吴二", 50, "2024-05-03"), ("星河置业有限公司", 50, "2024-05-03")],
        "401": [("郑三", 100, "2024-05-04")],
        "501": [(None, 0, "None")],
    }
    people = session.scalars(select(Customer.name).where(Customer.name.in_(("周一", "吴二", "郑三")))).all()
    assert sorted(people) == sorted(("周一", "吴二", "郑三")), "an owner of two homes is one customer"


def test_an_old_program_s_csv_with_a_row_for_each_owner(
    person: Open, session: Session, world: World, tmp_path: Path
) -> None:
    lake, file = world.id("project", "lake"), tmp_path / "产权登记.csv"
    person.allow(422)  # type: ignore[attr-defined]  # read again, it still lacks the columns that nobody has shown yet
    page = person("regional_admin")
    page.goto(f"/project_book/{lake}")
    for corrected in (False, True):
        file.write_bytes(_registry(corrected=corrected))
        page.goto(f"/project_book/{lake}")
        page.set_input_files("#file", file)
        page.get_by_role("button", name="下一步").click()
        arrive(page, re.compile(rf"/project_book/{lake}/[^/]+$"))
        page.select_option("#table_0", "room")
        page.get_by_role("button", name="重新读取").click()
        if not corrected:  # the second time the columns are known
            for heading, key in (
                ("A · 楼宇", "unit.building"),
                ("B · 门洞", "unit"),
                ("C · 门牌", "no"),
                ("D · 所在层", "floor"),
                ("F · 证照号", "owner.cert_no"),
                ("G · 联络方式", "owner.mobile"),
                ("H · 占比", "owner.share"),
            ):
                page.get_by_label(heading).select_option(key)
        page.get_by_role("button", name="预览").click()
        if not corrected:  # a day that there is not: nothing is written while it stands there
            why = _reasons(page)
            assert list(why) == ["产权登记!I6"] and "日期" in why["产权登记!I6"], why
            expect(page.get_by_role("button", name="确认导入")).to_have_count(0)
    expect(page.locator("#tab-refused strong")).to_have_text("0")
    page.get_by_role("button", name="确认导入").click()
    expect(page.locator(".toast")).to_contain_text("导入完成")

    assert _owners(session, lake, "1号楼", "1801", "1802", "1901", "1902") == {
        "1801": [("周一", 50, "2024-05-01"), ("吴二", 50, "2024-05-01")],
        "1802": [("㛃三", 50, "2024-05-02"), ("王四", 50, "2024-05-02")],
        "1901": [("星河置业有限公司", 100, "2024-05-03")],
        "1902": [("周一", 100, "2024-05-04")],
    }
