"""The console itself: views of one's own and for others, the place in the address, one's language, the interface tried out."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open, arrive
from tests.browser.test_lists_story import clean
from tests.world import World

pytestmark = pytest.mark.browser


def test_a_view_is_kept_for_oneself_then_shared_with_a_role_then_with_all(person: Open, world: World) -> None:
    admin, clerk, finance = person("regional_admin"), person("project_clerk"), person("finance")
    admin.goto("/room/list/?_flt_0_floor=2")
    admin.click("#view-save summary")
    admin.fill("#view-name", "二层")
    admin.locator("#view-save button.primary").click()
    arrive(admin, re.compile("_view="))
    mine = admin.locator(".views .tab", has_text="二层")
    expect(mine).to_have_attribute("aria-current", "page")
    expect(admin.locator(".tab-shared")).to_have_count(0)
    clerk.goto("/room/list/")
    expect(clerk.locator(".views .tab")).to_have_text(["全部"])

    admin.wait_for_load_state("load")
    admin.click("#view-menu summary")
    admin.select_option("#view-edit-node", str(world.nodes["hangzhou"][0]))
    admin.locator("#view-menu .roles-choice summary").click()
    admin.locator("#view-menu").get_by_label("项目CRM专员").check()
    clean(admin)
    admin.locator("#view-menu button.primary").click()
    expect(admin.locator(".toast", has_text="视图已修改")).to_be_visible()
    expect(admin.locator(".tab-shared")).to_have_count(1)
    clerk.reload()
    expect(clerk.locator(".views .tab", has_text="二层")).to_be_visible()
    finance.goto("/room/list/")
    expect(finance.locator(".views .tab")).to_have_text(["全部"])

    admin.wait_for_load_state("load")
    admin.click("#view-menu summary")
    admin.locator("#view-menu").get_by_label("项目CRM专员").uncheck()
    admin.locator("#view-menu button.primary").click()
    expect(admin.locator(".toast", has_text="视图已修改").first).to_be_visible()
    finance.reload()
    finance.locator(".views .tab", has_text="二层").click()
    arrive(finance, re.compile("_view="))
    expect(finance.locator(".chip").first).to_contain_text("2")
    clerk.goto("/room/list/")
    clerk.locator(".views .tab", has_text="二层").click()
    arrive(clerk, re.compile("_view="))
    clerk.locator("#view-menu summary").click()
    expect(clerk.locator("#view-menu")).to_contain_text("设为我的默认视图")
    expect(clerk.locator("#view-rename")).to_have_count(0)


def test_a_place_goes_along_with_a_link_and_a_language_with_the_person(person: Open, world: World) -> None:
    admin = person("regional_admin")
    admin.goto("/room/list/")
    admin.click("#place")
    admin.fill("#place-panel input[type=search]", "yqsj")
    admin.locator("#place-tree label", has_text="云栖山居").click()
    admin.click(".place-foot .primary")
    at = world.nodes["hill"][0]
    arrive(admin, re.compile(rf"/room/list/\?(.*&)?at={at}$"))
    expect(admin.locator("h1 small")).to_have_text("5 条")
    expect(admin.locator(".crumbs")).to_contain_text("云栖山居")
    clean(admin)
    link = admin.url

    group, bay = person("group_admin"), person("bay_clerk")
    group.goto(link)
    expect(group.locator("h1 small")).to_have_text("5 条")
    expect(group.locator("#place")).to_contain_text("云栖山居")
    bay.goto(link)
    expect(bay.locator(".toast")).to_contain_text("不在您的权限范围内")
    expect(bay.locator("#place")).to_contain_text("海湾城")
    expect(bay.locator("body")).not_to_contain_text("云栖山居")

    # Another tab goes elsewhere; the form that is open here is still saved here, and the console follows it.
    building = world.id("building", "hill-1")
    group.goto(f"/building/edit/{building}")
    expect(group).to_have_url(re.compile(f"at={at}"))
    other = group.context.new_page()
    other.goto(f"/room/list/?at={world.nodes['bay'][0]}")
    expect(other.locator("#place")).to_contain_text("海湾城")
    group.fill("#f-floors", "7")
    group.locator("button[name=_save]").click()
    arrive(group, re.compile(f"/building/show/{building}"))
    expect(group.locator("#place")).to_contain_text("云栖山居")

    group.locator("form[action='/language'] button").first.click()
    expect(group.locator("html")).to_have_attribute("lang", "en")
    elsewhere = person("group_admin", language="zh-CN")
    expect(elsewhere.locator("html")).to_have_attribute("lang", "en")
    elsewhere.goto("/rest/room")
    elsewhere.locator(".rest-call").first.locator("[data-try]").click()
    expect(elsewhere.locator(".rest-answer").first).to_contain_text("200")
    expect(elsewhere.locator(".rest-answer code").first).to_contain_text('"count"')
    clean(elsewhere)
