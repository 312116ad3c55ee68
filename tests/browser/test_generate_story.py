"""A clerk types the pattern of new buildings, looks at every door before it exists, makes them, and makes none twice."""

from __future__ import annotations

import pytest
from flask import Flask
from playwright.sync_api import expect
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.kernel.actor import SYSTEM
from models.kernel.session import act
from models.property.room import Room
from tests.browser.conftest import PHONE, WIDE, Open
from tests.console import engine_of
from tests.world import World

pytestmark = pytest.mark.browser

THERE = 10
"""Homes of the project before: the first building has 4, the second 6; each unit two homes a floor."""

MADE = 2 * 2 * (6 - 1) * 3
"""Two buildings of two units, floors 1 to 6 without the fourth, three homes a floor."""


def _rooms(app: Flask, world: World) -> int:
    with Session(engine_of(app)) as own:
        act(own, SYSTEM)
        here = Room.project_id == world.id("project", "lake")
        return own.scalar(select(func.count()).select_from(Room).where(here)) or 0


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_a_pattern_is_drawn_then_made_then_nothing_is_new(
    app: Flask, person: Open, world: World, size: tuple[int, int]
) -> None:
    page = person("project_clerk", size=size)
    page.goto(f"/project/show/{world.id('project', 'lake')}")
    if size == PHONE:
        page.locator("summary[aria-label=更多操作]").filter(visible=True).click()
    page.get_by_role("link", name="房源生成").filter(visible=True).first.click()

    page.fill("#f-buildings", "5-6")
    page.fill("#f-building_name", "{n}号楼")
    for field, typed in (("units", "2"), ("first", "1"), ("last", "6"), ("skipped", "4"), ("lines", "3")):
        page.fill(f"#f-{field}", typed)
    page.get_by_label("户线", exact=True).first.fill("2")
    page.get_by_label("户型", exact=True).first.fill("A户型")
    page.get_by_role("button", name="预览").click()

    preview = page.locator(".generate-preview")
    apply = page.locator("button[name=_apply]").filter(visible=True).first
    expect(preview.locator("td.room.new")).to_have_count(MADE)
    expect(preview.locator("td.room.other")).to_have_count(THERE)
    expect(preview.get_by_role("heading", name="5号楼")).to_be_visible()
    expect(preview.locator(".building", has_text="5号楼").locator("tr th").first).to_contain_text("6")
    expect(preview.get_by_text("将新建 2 个楼栋：5号楼、6号楼。")).to_be_visible()
    assert preview.locator("td.room.new b").filter(has_text="401").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0] + 1
    assert _rooms(app, world) == THERE, "a preview writes nothing"

    page.wait_for_load_state("load")  # what says that the drawing is out of date is a script
    page.fill("#f-lines", "4")
    expect(page.locator("#outdated")).to_be_visible()
    expect(apply).to_be_disabled()
    page.fill("#f-lines", "3")
    page.get_by_role("button", name="预览").click()
    expect(page.locator("#outdated")).to_be_hidden()

    apply.filter(has_text=f"生成 {MADE} 套房间").click()
    expect(page.locator(".toast")).to_contain_text(f"已生成 {MADE} 套房间，新建楼栋 2 个。")
    expect(page.locator("h1 small")).to_contain_text(str(THERE + MADE))
    assert _rooms(app, world) == THERE + MADE

    page.goto(f"/generate/{world.id('project', 'lake')}")
    expect(page.locator("#f-skipped")).to_have_value("4")
    page.get_by_role("button", name="预览").click()
    expect(page.locator("td.room.exists")).to_have_count(MADE)
    expect(page.locator("td.room.new")).to_have_count(0)
    expect(apply).to_be_disabled()
    assert _rooms(app, world) == THERE + MADE
