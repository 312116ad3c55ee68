"""Somebody is told: the bell shows it, the message leads to the record, and the bell is quiet again."""

from __future__ import annotations

import pytest
from flask import Flask
from playwright.sync_api import expect
from sqlalchemy.orm import Session

from models.kernel.actor import SYSTEM
from models.kernel.notice import tell
from models.kernel.notice.fan_out import fan_out
from models.kernel.session import act
from models.property.room import Room
from tests.browser.conftest import PHONE, WIDE, Open, arrive
from tests.console import engine_of
from tests.notices import VALUES, snag
from tests.world import World

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_the_bell_leads_to_the_record(app: Flask, person: Open, site: str, world: World, size: tuple[int, int]) -> None:
    key = world.id("room", "lake-1-1-101")
    with Session(engine_of(app)) as session:
        act(session, SYSTEM)
        room = session.get_one(Room, key)
        tell(session, world.actor("project_clerk"), snag(), [world.accounts["finance"]], room, VALUES)
        session.commit()
    fan_out(engine_of(app))

    page = person("finance", size=size)
    bell = page.locator("#bell")
    expect(bell).to_have_attribute("aria-label", "站内信，未读： 1")
    bell.click()
    arrive(page, f"{site}/mailbox/")
    expect(page.get_by_role("heading", name="未读")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0] + 1
    page.get_by_role("button", name="墙面裂缝").click()
    arrive(page, f"{site}/room/show/{key}")
    expect(page.locator("#bell")).to_have_attribute("aria-label", "站内信")
    page.locator("#bell").click()
    arrive(page, f"{site}/mailbox/")
    expect(page.get_by_role("heading", name="已读")).to_be_visible()
    page.get_by_role("button", name="标为未读").click()
    arrive(page, f"{site}/mailbox/")
    expect(page.locator("#bell .bell-count")).to_have_text("1")


def test_a_template_is_drawn_while_it_is_typed(person: Open, site: str) -> None:
    snag()
    page = person("regional_admin")
    page.goto("/notify_template/add")
    preview = page.get_by_role("region", name="预览")
    expect(preview).to_contain_text("请选择事件以查看预览")
    page.select_option("[name=event]", "test.snag")
    page.select_option("[name=language]", "zh")
    page.fill("[name=subject]", "请处理：{what}")
    expect(preview.locator(".letter strong")).to_have_text("请处理：墙面裂缝")
    page.fill("[name=subject]", "{colour}")
    expect(preview.locator(".wrong")).to_contain_text("没有字段 {colour}")
    preview.get_by_role("button", name="恢复默认文字").click()
    expect(page.locator("[name=subject]")).to_have_value("{record}：{what}")
