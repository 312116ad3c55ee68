"""A building at a glance: coloured anew, narrowed, doors chosen by mouse, keyboard and touch, and a book opened."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from config import ROOT
from models.kernel.actor import SYSTEM
from models.kernel.clock import frozen
from models.kernel.session import act
from models.property.room import Room
from tests.browser.conftest import PHONE, WIDE, Open, arrive
from tests.console import engine_of
from tests.world import NOW, World

pytestmark = pytest.mark.browser

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"


def ready(page: Page, path: str) -> None:
    """Opens a grid and waits until its script is there: before, a key or a pointer reaches nobody."""
    page.goto(path)
    expect(page.locator("html[data-grid=ready]")).to_be_attached()


def graves(page: Page) -> list[Any]:
    page.evaluate(AXE.read_text())
    result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        (v["id"], v["nodes"][0]["html"][:160]) for v in result["violations"] if v["impact"] in ("serious", "critical")
    ]


def test_from_the_grid_to_the_book_by_mouse(person: Open, world: World) -> None:
    page = person("project_clerk")
    ready(page, f"/roomgrid/{world.id('building', 'lake-1')}")
    page.locator("#switch a", has_text="业主").click()
    expect(page.locator("#legend button", has_text="已登记业主")).to_contain_text("1")
    assert "by=owner" in page.url
    page.locator("#legend button", has_text="暂无业主").click()
    expect(page.locator("td.room.faded")).to_have_count(1)
    page.reload()
    expect(page.locator("td.room.faded")).to_have_count(1)
    door = page.locator("td.room", has_text=re.compile(r"^101"))
    door.hover()
    expect(page.locator("#card")).to_contain_text("142****0000")
    expect(page.locator("#card")).to_contain_text("陈一鸣")
    page.select_option("#below", "owner")
    expect(door).to_contain_text("陈**")
    door.click()
    arrive(page, re.compile(r"/room/\d+/book$"))
    expect(page.locator("h1")).to_contain_text("1号楼 1单元 101")
    expect(page.locator(".qr")).to_be_visible()


def test_a_rectangle_of_doors_opens_as_a_list(person: Open, world: World) -> None:
    page = person("group_admin")
    ready(page, f"/roomgrid/project/{world.id('project', 'lake')}")
    unit = page.locator("table.rooms").first
    first = unit.locator("td.room").first.bounding_box()
    last = unit.locator("td.room").last.bounding_box()
    assert first and last
    page.mouse.move(first["x"] + 4, first["y"] + 4)
    page.mouse.down()
    page.mouse.move(last["x"] + 12, last["y"] + 12, steps=3)
    page.mouse.up()
    expect(page.locator("#chosen-count")).to_have_text("已选 4 户")
    expect(page.locator("td.room.chosen")).to_have_count(4)
    assert "/book" not in page.url  # the end of a rectangle is no click
    page.keyboard.down("Control")
    page.locator("td.room.chosen").first.click()
    page.keyboard.up("Control")
    expect(page.locator("#chosen-count")).to_have_text("已选 3 户")
    grid = page.url
    page.locator("#chosen a", has_text="以列表打开").click()
    arrive(page, re.compile(r"/room/list/\?ids="))
    expect(page.locator("h1 small")).to_contain_text("3")
    ready(page, grid)
    page.locator("td.room a").first.focus()
    page.keyboard.press(" ")
    page.locator("#chosen button", has_text="批量修改").click()
    arrive(page, re.compile(r"/room/many/"))
    expect(page.locator("main")).to_contain_text("1")


def test_the_grid_by_keyboard_alone(person: Open, world: World) -> None:
    page = person("project_clerk")
    ready(page, f"/roomgrid/{world.id('building', 'lake-1')}")
    page.locator("td.room a").first.focus()  # 201: the top floor stands first
    page.keyboard.press("ArrowDown")
    expect(page.locator("td.room a", has_text=re.compile("^101"))).to_be_focused()
    page.keyboard.press("Shift+ArrowRight")
    expect(page.locator("#chosen-count")).to_have_text("已选 2 户")
    page.keyboard.press("Escape")
    expect(page.locator("#chosen")).to_be_hidden()
    page.keyboard.press("ArrowUp")
    page.keyboard.press(" ")
    expect(page.locator("td.room.chosen")).to_contain_text("202")
    page.keyboard.press("Control+a")
    expect(page.locator("#chosen-count")).to_have_text("已选 4 户")
    page.keyboard.press("Enter")
    arrive(page, re.compile(r"/room/\d+/book$"))
    expect(page.locator("h1")).to_contain_text("202")


def test_on_a_phone_doors_are_tapped_open_or_chosen(person: Open, world: World) -> None:
    page = person("project_clerk", size=PHONE, dark=True, language="en")
    ready(page, f"/roomgrid/{world.id('building', 'lake-1')}")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0] + 1
    page.locator("#select").click()
    page.locator("td.room").nth(1).click()
    page.locator("td.room").nth(2).click()
    expect(page.locator("#chosen-count")).to_have_text("2 chosen")
    page.locator("#select").click()
    page.locator("#unchoose").click()
    page.locator("td.room").nth(1).click()
    arrive(page, re.compile(r"/room/\d+/book$"))
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0] + 1


def test_two_thousand_doors_are_coloured_anew(app: Flask, person: Open, world: World) -> None:
    """The words of the last door prove that all were drawn; `tests/bench/bench_roomgrid.py` says how long it takes."""
    unit = world.id("unit", "lake-2-1")
    with Session(engine_of(app)) as own:
        act(own, SYSTEM, frozen(NOW))
        from models.kernel.bulk import insert_rows

        rows = [
            {"unit_id": unit, "no": f"{floor}{line:02}", "floor": floor, "storey": floor, "line": line, "span": 1}
            for floor in range(3, 103)
            for line in range(1, 21)
        ]
        insert_rows(own, Room, rows)
        own.commit()
    page = person("group_admin")
    ready(page, f"/roomgrid/{world.id('building', 'lake-2')}")
    assert page.locator("td.room").count() >= 2000
    page.locator("#switch a", has_text="交付").click()
    expect(page.locator("td.room").last).to_contain_text("未通知")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_pages_of_doors_are_accessible_and_fit(person: Open, world: World, size: tuple[int, int], dark: bool) -> None:
    page = person("group_admin", size=size, dark=dark, language="en" if dark else "zh-CN")
    found = {}
    lake, room = world.id("building", "lake-1"), world.id("room", "lake-1-1-101")
    for path in (
        f"/roomgrid/{lake}",
        f"/roomgrid/{lake}?by=owner&only=known",
        f"/room/{room}/book",
        f"/roomgrid/{lake}/labels",
        f"/customer/{world.id('customer', 'chen')}/360",
    ):
        page.goto(path)
        page.wait_for_load_state("load")
        if "roomgrid/" in path and "labels" not in path:
            expect(page.locator("html[data-grid=ready]")).to_be_attached()
        if graves(page):
            found[path] = graves(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0] + 1, path
    assert not found
