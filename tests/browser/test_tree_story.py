"""A unit moves to another parent: by drag, by keyboard; what comes of it is shown before anything is written."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from config import ROOT
from tests.browser.conftest import PHONE, WIDE, Open, arrive
from tests.world import World

pytestmark = pytest.mark.browser

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"


def ready(page: Page) -> None:
    """Opens the tree with all its branches."""
    page.goto("/tree/")
    expect(page.locator("html[data-tree=ready]")).to_be_attached()
    page.get_by_role("button", name=re.compile("全部展开|Open all")).click()


def row(page: Page, name: str) -> Any:
    return page.locator(f'#org-tree .tree-row[data-name="{name}"]')


def under(page: Page, parent: str, child: str) -> Any:
    return page.locator(f'#org-tree li:has(> .tree-row[data-name="{parent}"]) .tree-row[data-name="{child}"]')


def test_a_project_is_dragged_to_another_company(person: Open, world: World) -> None:
    page = person("regional_admin")
    ready(page)
    row(page, "云栖山居").locator("a").drag_to(row(page, "南京公司").locator("a"))
    arrive(page, re.compile(r"/tree/move/project/\d+"))
    expect(page.locator("main")).to_contain_text("将从“杭州公司”移至“南京公司”")
    expect(page.locator("main")).to_contain_text("房间 5")
    page.locator(".card-foot a", has_text="取消").click()
    arrive(page, re.compile(r"/tree/$"))
    expect(under(page, "杭州公司", "云栖山居")).to_have_count(1)
    ready(page)
    row(page, "云栖山居").locator("a").drag_to(row(page, "南京公司").locator("a"))
    page.locator(".card-foot button").click()
    arrive(page, re.compile(r"/tree/$"))
    expect(page.locator(".toast")).to_contain_text("“云栖山居”已移至“南京公司”之下")
    expect(under(page, "南京公司", "云栖山居")).to_have_count(1)


def test_a_company_is_moved_by_keyboard(person: Open, world: World) -> None:
    page = person("group_admin")
    ready(page)
    row(page, "杭州公司").get_by_role("button", name="移动").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#moving")).to_contain_text("“杭州公司”移到哪里")
    expect(page.locator(".tree-here")).to_have_text(["移到“华南区域”之下"])
    expect(page.locator(".tree-here")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(".tree-here")).to_have_count(0)
    expect(row(page, "杭州公司").get_by_role("button", name="移动")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    arrive(page, re.compile(r"/tree/move/company/\d+"))
    expect(page.locator("main")).to_contain_text("将不再可见：地区CRM管理员 1 人")


def test_who_may_not_move_has_nothing_to_move_with(person: Open, world: World) -> None:
    page = person("project_clerk")
    page.goto("/tree/")
    expect(page.locator("html[data-tree=ready]")).to_be_attached()
    expect(page.locator("[data-move], [draggable=true]")).to_have_count(0)


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_the_tree_is_accessible_while_something_is_moved(person: Open, world: World, size: tuple[int, int]) -> None:
    page = person("group_admin", size=size)
    ready(page)
    row(page, "云栖山居").get_by_role("button", name="移动").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".tree-here").first).to_be_visible()
    page.evaluate(AXE.read_text())
    result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    assert not [v["id"] for v in result["violations"] if v["impact"] in ("serious", "critical")]
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0] + 1
