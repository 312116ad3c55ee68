"""An inspection from plan to summary, through the screens: two people, keyboard and phone, the figures counted by hand."""

from __future__ import annotations

import io
import re

import pytest
from flask import Flask
from PIL import Image
from playwright.sync_api import Page, expect
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from models.inspection.inspection_summary import InspectionSummary
from models.inspection.issue import Issue
from models.kernel.actor import SYSTEM
from models.kernel.attachment import files_of
from models.kernel.session import act
from models.parameter.contractor import Contractor
from models.parameter.contractor_scope import ContractorScope
from seeds.demo.people import credit_code
from seeds.reference import numbers, options, parameters
from tests.browser.conftest import PHONE, Open, arrive
from tests.browser.test_lists_story import clean
from tests.world import World

pytestmark = pytest.mark.browser


@pytest.fixture
def ready(app: Flask, engine: Engine, world: World) -> None:
    """Reference parameters, and a contractor that answers for everything in lake."""
    with Session(engine) as session:
        act(session, SYSTEM)
        options.seed(session)
        parameters.seed(session)
        numbers.seed(session)
        firm = Contractor(node_id=world.nodes["hangzhou"][0], name="宏远建设", usci=credit_code(7_100_000))
        session.add(firm)
        session.flush()
        session.add(ContractorScope(project_id=world.id("project", "lake"), contractor_id=firm.id))
        session.commit()


def issues(engine: Engine) -> list[Issue]:
    with Session(engine) as session:
        act(session, SYSTEM)
        return list(session.scalars(select(Issue).order_by(Issue.id)))


def choose(page: Page, *values: str) -> None:
    """Types the keys that choose category, part and problem."""
    for value in values:
        page.keyboard.press(value)


def _in_a_cellar(phone: Page, engine: Engine) -> None:
    """Where nothing is sent, an issue waits on the phone with its photo; outside both go, once."""
    photo = io.BytesIO()
    Image.new("RGB", (80, 60), "white").save(photo, "JPEG")
    phone.context.set_offline(True)
    choose(phone, "1", "4", "1")
    phone.set_input_files("#photos", {"name": "渗水.jpg", "mimeType": "image/jpeg", "buffer": photo.getvalue()})
    phone.locator("#save").click()
    expect(phone.locator("#waiting")).to_contain_text("1 条尚未上传")
    expect(phone.locator("#photo-words")).to_have_text("照片")
    phone.context.set_offline(False)
    expect(phone.locator("#waiting")).to_be_hidden()
    expect(phone.locator("#issues li")).to_have_count(2)
    with Session(engine) as session:
        act(session, SYSTEM)
        assert len(files_of(session, session.scalars(select(Issue).order_by(Issue.id.desc())).first())) == 1


@pytest.mark.usefixtures("ready")
def test_an_inspection_from_plan_to_summary(person: Open, world: World, engine: Engine) -> None:
    page = person("inspection_clerk")
    lake = world.id("project", "lake")
    page.goto(f"/inspection_plan/add?project_id={lake}")
    page.fill("#f-title", "一期内部验房")
    page.fill("#f-from_on", "2025-06-02")
    page.fill("#f-until_on", "2025-06-20")
    page.keyboard.press("Control+s")
    arrive(page, re.compile("/inspection_plan/show/"))
    plan = page.url.rpartition("/")[2].partition("?")[0]

    page.goto(f"/inspection/grid/{plan}")
    arrive(page, re.compile(f"/roomgrid/project/{lake}"))
    page.click("#select")
    cells = page.locator("#grid td.room a, #grid td.room button")
    for n in range(3):
        cells.nth(n).click()
    page.get_by_role("link", name="加入验房计划").click()
    arrive(page, re.compile("/inspection/choose"))
    page.get_by_role("button", name="加入计划").click()
    arrive(page, re.compile("/inspection_plan/show/"))
    expect(page.locator("body")).to_contain_text("已加入 3 套")
    page.get_by_role("button", name="发布").first.click()
    expect(page.locator("body")).to_contain_text("进行中")

    page.goto(f"/inspect/plan/{plan}")
    arrive(page, re.compile(r"/inspect/\d+"))
    clean(page)
    page.evaluate("() => { window.pressed = 0; addEventListener('keydown', () => (window.pressed += 1), true); }")
    choose(page, "3", "2", "1")  # windows and doors, living room, the first problem: three keys
    page.keyboard.type("靠窗一侧")  # Chinese comes as text, without keys
    page.keyboard.press("Enter")  # and a fourth
    expect(page.locator("#issues li")).to_have_count(1)
    assert page.evaluate("() => window.pressed") <= 6, "keystrokes of an issue beyond its text"
    expect(page.locator("#issues")).to_contain_text("靠窗一侧")
    expect(page.locator("#entry fieldset.now legend")).to_have_text("问题分类")
    choose(page, "1", "4", "1")
    page.keyboard.press("Enter")
    expect(page.locator("#issues li")).to_have_count(2)
    page.locator("#after").click()
    expect(page.locator("#last li")).to_have_count(2)

    person.allow(0)  # type: ignore[attr-defined]
    phone = person("inspection_clerk", size=PHONE)
    phone.goto(page.url)
    clean(phone)
    phone.locator("#last button[data-again]").first.click()
    expect(phone.locator("#issues li")).to_have_count(1)
    _in_a_cellar(phone, engine)
    phone.locator("#after").click()
    arrive(phone, re.compile(r"/inspect/\d+"))
    phone.locator("#clean").click()
    arrive(phone, re.compile(r"/inspect/\d+"))
    expect(phone.locator(".inspect-state")).to_contain_text("无问题")

    found = issues(engine)
    assert len(found) == 4 and len({row.room_id for row in found}) == 2
    assert {row.contractor_id for row in found} != {None}

    other = person("request_clerk")
    other.goto(f"/issue-lists/{lake}")
    clean(other)
    expect(other.locator("#waiting tbody tr")).to_have_count(1)
    other.get_by_role("button", name="分派 宏远建设").click()
    expect(other.locator("#batches tbody tr")).to_have_count(1)
    other.get_by_role("button", name=re.compile("^打印")).first.click()
    arrive(other, re.compile("/issue-lists/print/"))
    expect(other.locator(".sheet table tbody tr").first).to_be_visible()
    other.goto(f"/issue-lists/{lake}")
    other.get_by_role("link", name=re.compile("登记签收")).click()
    other.fill("#f-signed_by", "王工")
    other.fill("#f-signed_on", found[0].created_at.date().isoformat())
    other.keyboard.press("Control+s")
    arrive(other, re.compile("/issue_dispatch/show/"))
    assert {row.status for row in issues(engine)} == {"repairing"}

    page.goto(f"/issue/{found[0].id}/move/finish")
    page.fill("#f-solution", "更换胶条")
    page.keyboard.press("Control+s")
    arrive(page, re.compile("/issue/show/"))
    page.goto(f"/issue/{found[0].id}/move/close")
    page.fill("#f-representative", "周建国")
    page.fill("#f-represented_on", found[0].created_at.date().isoformat())
    page.fill("#f-close_by", "李敏")
    page.select_option("#f-handling", "repair")
    page.keyboard.press("Control+s")
    arrive(page, re.compile("/issue/show/"))
    assert [row.status for row in issues(engine)].count("closed") == 1

    page.goto(f"/inspection/summary/{plan}")
    clean(page)
    said = dict(
        zip(page.locator(".figures dt").all_inner_texts(), page.locator(".figures dd").all_inner_texts(), strict=True)
    )
    assert (said["计划套数"], said["已验套数"], said["无问题"], said["问题总数"], said["已关闭"]) == (
        "3",
        "3",
        "1",
        "4",
        "1",
    )
    page.click("#write")
    arrive(page, re.compile("/inspection_summary/show/"))
    with Session(engine) as session:
        act(session, SYSTEM)
        assert "共登记问题 4 条" in (session.scalars(select(InspectionSummary)).one().body or "")
