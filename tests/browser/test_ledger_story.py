"""The first day with a new project: its ledger goes in, its homes have books, and another company sees none of it."""

from __future__ import annotations

import re
from pathlib import Path

import openpyxl
import pytest
from playwright.sync_api import Page, expect

from config import ROOT
from tests.browser.conftest import Open, arrive, downloaded, press
from tests.world import World

pytestmark = pytest.mark.browser

SAMPLE = ROOT / "tests" / "data" / "ledger-sample.xlsx"
WRONG, RIGHT, THERE = 22, 1002, 10
"""Wrong cells in the sample, homes without one, and homes the project had before."""


def _search(page: Page, text: str) -> None:
    """Opens the palette and types; its script is there once the page has loaded."""
    page.wait_for_load_state("load")
    page.keyboard.press("Control+k")
    page.fill("#palette-input", text)


def test_from_an_excel_ledger_to_the_book_of_a_door(person: Open, world: World, tmp_path: Path) -> None:
    person.allow(404)  # type: ignore[attr-defined]  # the other company's clerk is told that there is no such thing
    page = person("regional_admin")
    lake = world.id("project", "lake")

    # the tree, down to the project
    page.click('a[href="/tree/"]')
    page.locator("#org-tree a", has_text="湖畔花园").click()
    arrive(page, re.compile(rf"/project/show/{lake}$"))

    # the file
    press(page, "导入台账")
    arrive(page, re.compile(rf"/ledger/{lake}"))
    page.set_input_files("#file", SAMPLE)
    expect(page.locator("#drop-name")).to_contain_text("ledger-sample.xlsx")
    page.get_by_role("button", name="下一步").click()

    # which column is which: the headings are in row 3, below a title; one column is a running number
    expect(page.locator("#header_row")).to_have_value("3")
    expect(page.locator("#mapping-count")).to_contain_text("16 列中将导入 15 列")
    expect(page.get_by_label("K · 业主姓名")).to_have_value("owners")
    page.get_by_role("button", name="预览").click()

    # the dry run names each wrong cell and says why
    expect(page.locator("#tab-added strong")).to_have_text(str(RIGHT))
    expect(page.locator("#tab-refused strong")).to_have_text(str(WRONG))
    cells = page.locator("#panel-refused tbody code").all_inner_texts()
    assert len(cells) == len(set(cells)) == WRONG
    for cell, why in (("L89", "校验位"), ("M259", "手机"), ("G42", "大于 0"), ("J438", "已卖"), ("O398", "日期")):
        line = page.locator("#panel-refused tr").filter(has=page.locator("code", has_text=re.compile(f"^{cell}$")))
        expect(line.locator("td").last).to_contain_text(why)
    remarks = openpyxl.load_workbook(downloaded(page, "下载标注后的文件", tmp_path)).active
    assert remarks is not None and {
        cell.coordinate for row in remarks.iter_rows() for cell in row if cell.comment
    } == set(cells)

    # nothing yet; then all but the wrong ones
    before = page.context.new_page()
    before.goto(f"/room/list/?_flt_0_project_id={lake}")
    expect(before.locator("h1 small")).to_contain_text(str(THERE))
    before.close()
    page.get_by_role("button", name=f"导入 {RIGHT} 行，跳过 {WRONG} 行有误数据").click()
    expect(page.locator(".toast")).to_contain_text(f"新增 {RIGHT} 行，变更 0 行，无变化 0 行，跳过 {WRONG} 行")

    # a home and its owners, who are masked
    page.goto(f"/room/list/?_flt_0_project_id={lake}")
    expect(page.locator("h1 small")).to_contain_text(f"{THERE + RIGHT:,}")
    _search(page, "董芳芳")
    page.locator(".palette-hit", has_text="董芳芳").first.click()
    expect(page.locator("h1")).to_contain_text("董芳芳")
    customer = page.url
    main = page.locator("main")
    expect(main).to_contain_text("440399")
    expect(main).not_to_contain_text("44039919640303027X")
    expect(main).not_to_contain_text("19901235465")
    page.locator("section.children tbody tr").first.click()
    expect(main).to_contain_text("董芳芳")
    page.locator("main dl.facts a, nav.crumbs a").filter(has_text="102").first.click()
    arrive(page, re.compile(r"/room/show/\d+"))
    room = page.url
    expect(page.locator("section.children tbody").first).to_contain_text("宋宇")
    expect(main).not_to_contain_text("19901235465")

    # a correction, and its line in the history
    page.locator("a.button.primary").click()
    page.fill("#f-presale_area", "143.15")
    page.click("button[name=_save]")
    arrive(page, room)
    expect(main).to_contain_text("143.15")
    expect(page.locator(".timeline li").first).to_contain_text("143.05")

    # the same sheet out again
    page.goto(f"/project/show/{lake}")
    rows = list(openpyxl.load_workbook(downloaded(page, "导出台账", tmp_path)).active.iter_rows(values_only=True))
    assert len(rows) == 1 + THERE + RIGHT
    assert any("143.15" in map(str, row) for row in rows)

    # a clerk of another company
    other = person("bay_clerk")
    for path in (f"/project/show/{lake}", f"/ledger/{lake}", f"/ledger/{lake}/export.xlsx", room, customer):
        answer = other.goto(path)
        assert answer and answer.status == 404, path
    other.goto(f"/room/list/?_flt_0_project_id={lake}")
    expect(other.locator("#list tbody tr")).to_have_count(0)
    other.goto("/room/list/")
    expect(other.locator("#list tbody")).not_to_contain_text("湖畔花园")
    expect(other.locator("h1 small")).to_contain_text("6")
    other.goto("/customer/list/")
    expect(other.locator("#list tbody")).not_to_contain_text("董芳芳")
    for text in ("董芳芳", "湖畔花园", "19901235465"):
        _search(other, text)
        expect(other.locator("#palette-none")).to_be_visible()
        expect(other.locator(".palette-hit")).to_have_count(0)
        other.keyboard.press("Escape")
