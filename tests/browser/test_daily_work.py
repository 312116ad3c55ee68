"""What people do all day, in a real browser: find, read, enter, correct, and meet one another."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from config import ROOT
from tests.browser.conftest import PHONE, WIDE, Open, arrive
from tests.world import PASSWORD, World

pytestmark = pytest.mark.browser

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"


def test_from_the_tree_to_a_room(person: Open, world: World) -> None:
    """The administrator walks from the group down to one door."""
    page = person("group_admin")
    page.click('a[href="/tree/"]')
    expect(page.locator("h1")).to_contain_text("组织树")
    page.click("text=全部展开")
    page.locator("#org-tree a", has_text="湖畔花园").click()
    expect(page.locator("h1")).to_contain_text("湖畔花园")
    page.locator("section.children tr", has_text="1").first.click()
    page.locator("section.children tbody tr").first.click()
    page.locator("section.children tbody tr").first.click()
    arrive(page, re.compile(r"/room/show/\d+"))
    expect(page.locator("nav.crumbs")).to_contain_text("湖畔花园")


def test_filters_live_in_the_address_and_open_in_the_reader_s_scope(person: Open, world: World) -> None:
    admin = person("group_admin")
    admin.goto("/room/list/")
    before = int(re.sub(r"\D", "", admin.locator("h1 small").inner_text()))
    admin.click("#filter summary")
    admin.select_option("#filter-field", "floor")
    admin.fill("#filter-value [data-value]", "1")
    admin.click("#filter-form button.primary")
    expect(admin.locator(".chip strong")).to_contain_text("1")
    after = int(re.sub(r"\D", "", admin.locator("h1 small").inner_text()))
    assert 0 < after < before
    clerk = person("project_clerk")
    clerk.goto(admin.url)
    assert int(re.sub(r"\D", "", clerk.locator("h1 small").inner_text())) < after


def test_a_wrong_form_keeps_what_was_typed(person: Open, world: World) -> None:
    person.allow(422)  # type: ignore[attr-defined]
    page = person("request_clerk")
    page.goto("/customer/add")
    _choose(page, "f-node_id", "杭州公司")
    page.fill("#f-name", "王小明")
    page.fill("#f-cert_no", "440399199504290972")
    page.fill("#f-mobile", "1390000")
    page.keyboard.press("Control+s")
    expect(page.locator("#summary")).to_be_visible()
    page.wait_for_load_state("load")
    assert page.input_value("#f-name") == "王小明"
    assert page.input_value("#f-mobile") == "1390000"
    expect(page.locator("#f-cert_no-error")).to_be_visible()
    page.fill("#f-cert_no", "440399199504290971")
    page.fill("#f-mobile", "14200001234")
    page.keyboard.press("Control+s")
    arrive(page, re.compile(r"/customer/show/\d+"))
    expect(page.locator("main")).to_contain_text("142****1234")
    expect(page.locator("main")).not_to_contain_text("14200001234")
    page.locator("[data-reveal]").last.click()
    expect(page.locator("main")).to_contain_text("14200001234")


def test_one_who_exists_is_offered_not_entered_twice(person: Open, world: World) -> None:
    person.allow(409)  # type: ignore[attr-defined]
    page = person("request_clerk")
    for turn in range(2):
        page.goto("/customer/add")
        _choose(page, "f-node_id", "杭州公司")
        page.fill("#f-name", "赵一")
        page.fill("#f-cert_no", "44039919900101003X" if _valid("44039919900101003X") else _number())
        page.keyboard.press("Control+s")
        if turn == 0:
            arrive(page, re.compile(r"/customer/show/\d+"))
    expect(page.locator("#summary")).to_contain_text("已存在")
    page.click("#summary a[href^='/customer/show/']")
    expect(page.locator("h1")).to_contain_text("赵一")


def test_two_people_on_one_row_see_both_values(person: Open, world: World) -> None:
    person.allow(409)  # type: ignore[attr-defined]
    first, second = person("group_admin"), person("regional_admin")
    url = f"/building/edit/{world.id('building', 'lake-1')}"
    for page in (first, second):
        page.goto(url)
    first.fill("#f-floors", "21")
    first.click("button[name=_save]")
    arrive(first, re.compile("/building/show/"))
    second.fill("#f-floors", "33")
    second.click("button[name=_save]")
    conflict = second.locator(".conflict")
    expect(conflict).to_contain_text("33")
    expect(conflict).to_contain_text("21")
    second.check("input[name=_take_floors][value=theirs]")
    second.click("button[name=_save]")
    arrive(second, re.compile("/building/show/"))
    expect(second.locator("main")).to_contain_text("21")


def test_keyboard_alone_from_sign_in_to_a_saved_row(person: Open, world: World) -> None:
    page = person(None)
    page.goto("/login/")
    page.keyboard.type("group_admin")
    page.keyboard.press("Tab")
    page.keyboard.type("open-sesame-42")
    page.keyboard.press("Enter")
    arrive(page, re.compile(r":\d+/$"))
    page.goto("/phase/list/")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    arrive(page, re.compile(r"/phase/show/\d+"))
    edit = page.locator("a.button.primary")
    edit.focus()
    page.keyboard.press("Enter")
    arrive(page, re.compile(r"/phase/edit/\d+"))
    page.locator("#f-place").focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("7")
    page.keyboard.press("Control+s")
    arrive(page, re.compile(r"/phase/show/\d+"))
    expect(page.locator(".toast")).to_be_visible()


def test_the_palette_finds_a_room_and_the_switcher_narrows(person: Open, world: World) -> None:
    page = person("regional_admin")
    page.goto("/room/list/")
    everything = page.locator("h1 small").inner_text()
    page.keyboard.press("Control+k")
    page.fill("#palette-input", "湖畔花园")
    page.locator(".palette-hit").filter(has_text=re.compile(r"^\s*湖畔花园")).first.click()
    expect(page.locator("h1")).to_contain_text("湖畔花园")
    page.click("#place")
    page.locator("#place-tree label", has_text="云栖山居").click()
    page.click(".place-foot .primary")
    expect(page.locator("#place")).to_contain_text("云栖山居")
    page.wait_for_load_state("load")
    page.goto("/room/list/")
    expect(page.locator("h1 small")).not_to_have_text(everything)
    expect(page.locator("#place")).to_contain_text("云栖山居")


def test_neighbours_of_the_list_and_the_way_back_to_it(person: Open, world: World) -> None:
    page = person("group_admin")
    page.goto("/room/list/?_flt_0_floor=1")
    page.locator("#list tbody tr").nth(1).click()
    expect(page.locator("#position")).to_contain_text("2 /")
    second = page.url
    page.keyboard.press("n")
    expect(page.locator("#position")).to_contain_text("3 /")
    page.click("#prev-record")
    arrive(page, second)
    page.locator(".crumbs a").last.click()
    arrive(page, re.compile("_flt_0_floor=1"))


def test_nothing_typed_is_lost_when_the_session_ends(person: Open, world: World) -> None:
    person.allow(401)  # type: ignore[attr-defined]
    page = person("project_clerk")
    page.goto(f"/customer_contact/add?customer_id={world.id('customer', 'chen')}&_back=/room/list/")
    page.fill("#f-name", "陈<b>小</b>妹")
    page.select_option("#f-relation", "spouse")
    page.context.clear_cookies()
    page.keyboard.press("Control+s")
    expect(page.locator("main")).to_contain_text("您填写的内容已保留")
    page.fill("#username", "project_clerk")
    page.fill("#password", PASSWORD)
    page.press("#password", "Enter")
    expect(page.locator("#f-name")).to_have_value("陈<b>小</b>妹")
    expect(page.locator(".toast")).to_contain_text("尚未保存")
    page.click("button[name=_save]")
    arrive(page, re.compile("/room/list/"))
    expect(page.locator(".toast")).to_contain_text("陈<b>小</b>妹")


KINDS = (
    "/",
    "/tree/",
    "/room/list/",
    "/room/show/{room}",
    "/room/edit/{room}",
    "/customer/list/",
    "/customer/add",
    "/nowhere",
)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_every_kind_of_page_is_accessible_and_fits(
    person: Open, world: World, size: tuple[int, int], dark: bool, tmp_path: Path
) -> None:
    """axe finds nothing serious, nothing sticks out on a phone, the language is said."""
    person.allow(404)  # type: ignore[attr-defined]
    page = person("group_admin", size=size, dark=dark, language="en" if dark else "zh-CN")
    room = next(iter(world.keys["room"].values()))
    found: dict[str, Any] = {}
    for kind in KINDS:
        page.goto(kind.format(room=room))
        page.wait_for_load_state("networkidle")
        page.evaluate(AXE.read_text())
        result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        grave = [v["id"] for v in result["violations"] if v["impact"] in ("serious", "critical")]
        if grave:
            found[kind] = grave
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0] + 1, kind
        assert page.get_attribute("html", "lang") == ("en" if dark else "zh-CN")
    assert not found


def _choose(page: Page, field: str, text: str) -> None:
    """Chooses a row in a look-up as a person does: types, waits for the hit, takes it."""
    box = page.locator(f"#{field}-ts-control")
    box.click()
    box.fill(text)
    page.locator(f"#{field}-ts-dropdown .option", has_text=text).first.click()
    expect(page.locator(f"#{field}")).not_to_have_value("")


def _valid(number: str) -> bool:
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return "10X98765432"[sum(int(d) * w for d, w in zip(number, weights, strict=False)) % 11] == number[-1]


def _number() -> str:
    return next(f"44039919900101003{last}" for last in "0123456789X" if _valid(f"44039919900101003{last}"))
