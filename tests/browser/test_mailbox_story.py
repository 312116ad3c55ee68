"""Somebody is told: the bell shows it, the message leads to the record, and the bell is quiet again."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import expect
from sqlalchemy import update
from sqlalchemy.orm import Session

from models.kernel.actor import SYSTEM
from models.kernel.job import JOBS, ask
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


def test_a_job_under_way_stands_in_the_frame_until_it_has_ended(
    app: Flask, person: Open, site: str, world: World
) -> None:
    """The sign comes after the first paint, moves by itself, leads to the job, and says once that it is over."""

    def put(**values: Any) -> None:
        with engine_of(app).begin() as connection:
            connection.execute(update(JOBS).where(JOBS.c.id == key).values(**values))

    with Session(engine_of(app)) as session:
        act(session, SYSTEM)
        key = ask(session, world.actor("finance"), "export", {})
        session.commit()
    put(state="running", lease="a worker", done=3, total=10)
    page = person("finance", size=PHONE)
    sign = page.locator("#running")
    expect(sign.locator(".bell-count")).to_have_text("1")
    sign.locator("summary").click()
    expect(sign.locator(".job-line progress")).to_have_attribute("value", "30")
    expect(sign.locator(".job-line")).to_have_attribute("href", f"/job/show/{key}")
    box = sign.locator(".menu-panel").bounding_box()
    assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= PHONE[0]
    put(done=7)
    expect(sign.locator(".job-line progress")).to_have_attribute("value", "70")
    put(state="finished", lease=None)
    expect(page.locator(".toast")).to_contain_text("您的任务已结束")
    expect(sign).to_be_hidden()
    other = person("company_leader")
    expect(other.locator("#running")).to_be_hidden()


def test_a_calendar_speaks_the_language_of_the_page(person: Open, site: str) -> None:
    """What a screen reader says of a date picker, in the operation log, which has the console's own."""
    page = person("regional_admin")
    page.goto("/audit_log/list/")
    page.locator("#log-since").click()
    calendar = page.locator(".flatpickr-calendar.open")
    expect(calendar).to_be_visible()
    said = calendar.locator("[aria-label]").evaluate_all("found => found.map(each => each.getAttribute('aria-label'))")
    assert {"年份", "月份"} <= set(said)
    assert not [each for each in said if re.search("[A-Za-z]{3}", each)]
