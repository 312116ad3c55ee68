"""Finding things in a real browser: by initials and paths in the palette, in look-ups that narrow, and what is not there yet."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, WIDE, Open, arrive
from tests.world import World

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_the_palette_finds_by_initials_and_opens_what_was_seen_last(
    person: Open, world: World, size: tuple[int, int]
) -> None:
    page = person("regional_admin", size=size)
    page.click("#palette-open")
    page.fill("#palette-input", "hphy")
    hit = page.locator(".palette-hit[data-url^='/project/show/']", has_text="湖畔花园")
    expect(hit).to_contain_text("杭州公司")
    hit.click()
    arrive(page, re.compile(r"/project/show/\d+"))
    page.click("#palette-open")
    expect(page.locator(".palette-hit").first).to_contain_text("湖畔花园")
    page.fill("#palette-input", "xzkh")
    expect(page.locator(".palette-hit[data-url='/customer/add']")).to_contain_text("新增客户")
    page.keyboard.press("Enter")
    arrive(page, re.compile(r"/customer/add"))


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_a_look_up_narrows_and_a_row_that_is_missing_is_entered_on_the_spot(
    person: Open, world: World, size: tuple[int, int]
) -> None:
    person.allow(422)  # type: ignore[attr-defined]
    page = person("group_admin", size=size)
    page.goto("/building/add")
    project = page.locator("#f-project_id + .ts-wrapper input")
    project.click()
    project.press_sequentially("hphy")
    page.locator("#f-project_id + .ts-wrapper .option", has_text="湖畔花园").click()
    phase = page.locator("#f-phase_id + .ts-wrapper input")
    phase.click()
    phase.press_sequentially("九期")
    new = page.locator("#f-phase_id + .ts-wrapper .create")
    expect(new).to_contain_text("九期")
    phase.press("Enter")
    dialog = page.locator("dialog.create-dialog")
    expect(dialog.locator("#small-f-name")).to_have_value("九期")
    expect(dialog.locator("#small-f-project_id")).to_have_value(re.compile(r"\d+"))
    dialog.locator("#small-f-name").fill("")
    dialog.locator("button.primary").click()
    expect(dialog.locator(".wrong")).to_be_visible()
    dialog.locator("#small-f-name").fill("九期")
    dialog.locator("button.primary").click()
    expect(dialog).to_have_count(0)
    expect(page.locator("#f-phase_id + .ts-wrapper .item")).to_have_text("九期")
    page.fill("#f-name", "99幢")
    page.keyboard.press("Control+s")
    arrive(page, re.compile(r"/building/show/\d+"))
    expect(page.locator("main")).to_contain_text("九期")
