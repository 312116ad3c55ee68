"""A handover in a real browser: planned and released by one, worked at the counter by another, watched by both."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.handover.handover_room import HandoverRoom
from models.kernel.actor import SYSTEM
from models.kernel.clock import utc_now
from models.kernel.session import act
from models.parameter.step_defs import HandoverDocDef, HandoverStepDef
from models.property.room import Room
from seeds.reference import numbers, options
from tests.browser.conftest import Open, arrive
from tests.console import engine_of
from tests.world import World

pytestmark = pytest.mark.browser


def sold(app: Flask, world: World) -> None:
    """Signs every home but one, and sets up a step, a paper, and what options there are."""
    with Session(engine_of(app)) as own:
        act(own, SYSTEM, utc_now)
        options.seed(own)
        numbers.seed(own)
        node = world.nodes["group"][0]
        own.add(HandoverStepDef(node_id=node, code="check_in", name="签到"))
        own.add(HandoverDocDef(node_id=node, code="id", name="身份证复印件", direction="from_customer"))
        for place, room in enumerate(own.scalars(select(Room).order_by(Room.id))):
            room.sale_state = "held" if place == 1 else "signed"
        own.commit()


def figure(page: Page, label: str) -> Any:
    """The figure of the board with a label."""
    return page.locator(".board-figures > div", has=page.locator("dt", has_text=re.compile(f"^{label}$"))).locator("dd")


def test_a_handover_from_the_scope_to_the_signature(person: Open, app: Flask, world: World) -> None:
    sold(app, world)
    planner = person("project_clerk")
    planner.goto(f"/handover_plan/add?project_id={world.id('project', 'lake')}")
    planner.fill("#f-title", "湖畔花园一期交付")
    planner.fill("#f-planned_from", "2030-06-01")
    planner.fill("#f-planned_to", "2030-06-05")
    planner.keyboard.press("Control+s")
    arrive(planner, re.compile(r"/handover_plan/show/\d+"))
    key = planner.url.rsplit("/", 1)[1].split("?")[0]
    planner.goto(f"/handover/scope/{key}")
    planner.get_by_label("1号楼", exact=True).check()
    expect(planner.locator("#scope-words")).to_contain_text("签约 3 户 / 范围内 4 户")
    planner.get_by_label("整个项目", exact=True).check()
    expect(planner.locator("#scope-words")).to_contain_text("签约 9 户 / 范围内 10 户")
    planner.click("#scope .scope-count button")
    arrive(planner, re.compile(rf"/handover/plan/{key}$"))
    planner.get_by_role("link", name="发布").or_(planner.get_by_role("button", name="发布")).first.click()
    planner.get_by_role("button", name="发布").click()
    planner.goto(f"/handover/plan/{key}")
    expect(planner.locator("main")).to_contain_text("发布时 9 户")
    planner.click("#form-notices button.button")
    arrive(planner, re.compile(r"/handover_batch/show/\d+"))
    planner.goto(f"/handover/board/{key}")
    expect(figure(planner, "已通知")).to_have_text("9")
    expect(planner.locator("#board")).to_have_attribute("data-seen", re.compile(".+"))

    desk = person("request_clerk", size=(1024, 768))
    desk.goto(f"/handover/board/{key}")
    desk.locator("#board td.room a", has_text="101").first.click()
    arrive(desk, re.compile(r"/handover/room/\d+"))
    desk.get_by_role("button", name="到场签到").click()
    expect(desk.locator("#moves")).to_contain_text("到场")
    expect(figure(planner, "已到场")).to_have_text(re.compile("^1"))  # nobody touched the planner's page
    desk.get_by_role("button", name="签到", exact=False).last.click()
    expect(desk.locator("#steps .tick").first).to_have_attribute("aria-pressed", "true")
    desk.locator("#docs .tick").first.click()
    expect(desk.locator("#docs .tick").first).to_have_attribute("aria-pressed", "true")
    desk.fill("#key-pieces", "3")
    desk.click("#keys button.button")
    expect(desk.locator("#keys")).to_contain_text("×3")
    pad = desk.locator("#sign-pad")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box is not None
    desk.mouse.move(box["x"] + 30, box["y"] + 40)
    desk.mouse.down()
    desk.mouse.move(box["x"] + 160, box["y"] + 110, steps=8)
    desk.mouse.up()
    desk.click("#sign-form button.primary")
    expect(desk.locator("#sign img.signature")).to_be_visible()
    desk.get_by_role("button", name="顺利接收").click()
    expect(desk.locator("#moves")).to_contain_text("收楼结果")
    desk.get_by_role("button", name="手续完成").click()
    expect(desk.locator("#moves")).to_contain_text("手续完成")
    expect(figure(planner, "手续完成")).to_have_text("1")
    expect(figure(planner, "交付")).to_contain_text("1")
    with Session(engine_of(app)) as own:
        act(own, SYSTEM, utc_now)
        counted = dict(
            own.execute(
                select(HandoverRoom.state, func.count(HandoverRoom.id))
                .where(HandoverRoom.plan_id == int(key))
                .group_by(HandoverRoom.state)
            ).all()
        )
    assert counted == {"expected": 8, "completed": 1}
    planner.goto(f"/handover/plan/{key}")
    planner.locator("#summary button").click()
    arrive(planner, re.compile(r"/handover_summary/edit/\d+"))
    expect(planner.locator("#f-body")).to_have_value(re.compile("计划入伙 9 户.*到场 1 户", re.S))
