"""Lists as people work with them: views of their own, columns, many rows at once, drafts, children line by line."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from config import ROOT
from tests.browser.conftest import PHONE, WIDE, Open, arrive
from tests.world import World

pytestmark = pytest.mark.browser

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
SIZES = pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])


def clean(page: Page) -> None:
    """axe finds nothing serious, and nothing sticks out."""
    page.evaluate(AXE.read_text())
    result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    grave = [
        (v["id"], v["nodes"][0]["html"][:200]) for v in result["violations"] if v["impact"] in ("serious", "critical")
    ]
    assert not grave
    size = page.viewport_size
    assert size is not None
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"] + 1


def test_columns_are_ordered_widened_and_kept_for_another_machine(person: Open, world: World) -> None:
    page = person("project_clerk")
    page.goto("/building/list/")
    before = page.locator("#list th[data-key]").evaluate_all("heads => heads.map(head => head.dataset.key)")
    page.click("#columns summary")
    clean(page)
    first = page.locator(".column-choice li").first
    first.locator("[data-move='1']").press("Enter")
    second = page.locator(".column-choice li").nth(1)
    expect(second.locator("input[type=checkbox]")).to_have_value(before[0])
    second.locator(".column-width").fill("240")
    page.locator("#columns-form button.primary").click()
    arrive(page, re.compile("_cols="))
    expect(page.locator("#list th[data-key]").first).to_have_attribute("data-key", before[1])
    elsewhere = person("project_clerk")
    elsewhere.goto("/building/list/")
    expect(elsewhere.locator("#list th[data-key]").first).to_have_attribute("data-key", before[1])
    expect(elsewhere.locator(f"#list th[data-key='{before[0]}']")).to_have_css("width", "240px")
    expect(elsewhere).to_have_url(re.compile("_cols="))
    colleague = person("project_leader")
    colleague.goto(elsewhere.url)
    expect(colleague.locator("#list th[data-key]").first).to_have_attribute("data-key", before[1])
    elsewhere.click("#columns summary")
    elsewhere.click("#columns-reset")
    expect(elsewhere.locator("#list th[data-key]").first).to_have_attribute("data-key", before[0])


@SIZES
def test_everything_filtered_is_changed_after_a_trial_and_taken_back(
    person: Open, world: World, size: tuple[int, int]
) -> None:
    page = person("project_clerk", size=size)
    page.goto("/room/list/?_flt_0_floor=1&psize_RoomView=1")
    page.locator("input[name=pk]").first.check()
    page.click("#select-everything")
    expect(page.locator("#selected-count")).to_contain_text("全部")
    clean(page)
    page.click("[data-bulk='/room/many']")
    arrive(page, re.compile("/room/many/"))
    page.fill("#f-facing", "南北通透")
    expect(page.locator("[name=_set][value=facing]")).to_be_checked()
    clean(page)
    page.locator("footer button.primary").click()
    expect(page.locator("#would-change")).not_to_have_text("0")
    changed = page.locator("#would-change").inner_text()
    clean(page)
    page.locator("#many-apply button.primary").click()
    toast = page.locator(".toast", has_text=f"已修改 {changed} 条记录")
    expect(toast).to_be_visible()
    page.wait_for_load_state("load")
    toast.locator("[data-post]").click()
    expect(page.locator(".toast", has_text=f"恢复 {changed} 条")).to_be_visible()


def test_a_range_is_chosen_by_keyboard_and_shift(person: Open, world: World) -> None:
    page = person("project_clerk")
    page.goto("/room/list/")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("#selected-count")).to_contain_text("1")
    page.locator("input[name=pk]").nth(3).click(modifiers=["Shift"])
    expect(page.locator("#selected-count")).to_contain_text("4")
    page.keyboard.press("Escape")
    expect(page.locator("#selection")).to_be_hidden()


@SIZES
def test_a_closed_tab_loses_nothing(person: Open, world: World, size: tuple[int, int]) -> None:
    page = person("project_clerk", size=size)
    url = f"/building/edit/{world.id('building', 'lake-1')}"
    page.goto(url)
    page.wait_for_load_state("networkidle")
    with page.expect_response(re.compile("/building/draft$")):
        page.fill("#f-floors", "29")
    page.close()
    again = person("project_clerk", size=size)
    again.goto(url)
    expect(again.locator(".draft-offer")).to_contain_text("未保存的草稿")
    expect(again.locator("#f-floors")).not_to_have_value("29")
    clean(again)
    again.locator(".draft-offer a").click()
    expect(again.locator("#f-floors")).to_have_value("29")
    again.wait_for_load_state("load")
    again.locator("button[name=_save]").click()
    arrive(again, re.compile("/building/show/"))
    toast = again.locator(".toast [data-post]")
    expect(toast).to_be_visible()
    again.goto(url)
    expect(again.locator("#f-floors")).to_have_value("29")
    expect(again.locator(".draft-offer")).to_have_count(0)


@SIZES
def test_children_are_entered_and_changed_line_by_line_with_the_keyboard(
    person: Open, world: World, size: tuple[int, int]
) -> None:
    person.allow(422)  # type: ignore[attr-defined]
    page = person("project_clerk", size=size)
    page.goto(f"/building/show/{world.id('building', 'lake-1')}")
    grid = page.locator("#children-unit")
    grid.locator("[data-new-line]").press("Enter")
    name = grid.locator(".line-form [name=name]")
    expect(name).to_be_focused()
    page.keyboard.press("Enter")
    expect(grid.locator(".line-form [aria-invalid=true]").first).to_be_focused()
    clean(page)
    name.fill("八单元")
    page.keyboard.press("Enter")
    expect(grid.locator("tbody tr[data-pk]", has_text="八单元")).to_be_visible()
    expect(name).to_have_value("")  # the next one may be entered at once
    page.keyboard.press("Escape")
    expect(grid.locator(".line-form")).to_have_count(0)
    row = grid.locator("tbody tr[data-pk]", has_text="八单元")
    row.locator("[data-edit-line]").press("Enter")
    expect(name).to_have_value("八单元")
    name.fill("捌单元")
    page.keyboard.press("Enter")
    expect(grid.locator("tbody tr[data-pk]", has_text="捌单元")).to_be_visible()
    expect(grid.locator(".line-form")).to_have_count(0)
    clean(page)


def test_the_next_row_keeps_what_repeats(person: Open, world: World) -> None:
    page = person("project_clerk")
    page.goto(f"/unit/add?building_id={world.id('building', 'lake-1')}")
    page.fill("#f-name", "七单元")
    page.click("button[name=_save_more]")
    arrive(page, re.compile("_more=1"))
    expect(page.locator("#f-building_id")).to_have_value(str(world.id("building", "lake-1")))
    expect(page.locator("#f-name")).to_have_value("")
    expect(page.locator("#f-name")).to_be_focused()
