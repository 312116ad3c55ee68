"""A new regional administrator: from an empty company to a project that is ready, by the screens alone (docs/guide/setting-up.md).

With PICTURES set to a folder the story leaves the guide's pictures there: `PICTURES=docs/pictures pytest <this file>`.
"""

from __future__ import annotations

import io
import os
import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from models.kernel.actor import SYSTEM
from models.kernel.clock import frozen
from models.kernel.session import act
from models.parameter.adviser import AdviserKind
from seeds.demo.people import credit_code
from seeds.reference import numbers, options, parameters
from tests.browser.conftest import Open, arrive
from tests.world import NOW, World

pytestmark = [pytest.mark.browser, pytest.mark.deep]

POSTS = ("project_clerk", "request_clerk", "inspection_clerk", "title_clerk", "compensation_clerk", "service_manager")
HANDOVER = date.today() + timedelta(days=400)
GO_LIVE = date.today() + timedelta(days=20)


@pytest.fixture
def reference(session: Session, world: World) -> None:
    """What every console begins with, as `run.py seed reference` writes it at the group."""
    act(session, SYSTEM, frozen(NOW))
    parameters.seed(session)
    numbers.seed(session)
    options.seed(session)
    session.commit()


def picture(page: Page, name: str) -> None:
    """Leaves a small picture of the page for the guide, where somebody asked for it."""
    folder = os.environ.get("PICTURES")
    if not folder:
        return
    page.wait_for_load_state("networkidle")
    drawn = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    small = drawn.quantize(128, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)  # keeps rare colours: dots
    small.save(Path(folder) / f"setup-{name}.png", optimize=True)


def choose(page: Page, field: str, typed: str) -> None:
    """Types into a look-up and takes the first answer."""
    page.wait_for_load_state("load")
    box = page.locator(f"#f-{field}-ts-control")
    box.focus()
    box.fill(typed)
    page.locator(f"#f-{field}-ts-dropdown .option", has_text=typed).first.click()


def save(page: Page, then: str) -> None:
    """Sends a form and waits for the page it leads to."""
    page.locator("button[name=_save]").filter(visible=True).first.click()
    arrive(page, re.compile(then))


def press(page: Page, name: str) -> None:
    """Presses a move or an action of a record: a button, or a link to a form."""
    way = page.get_by_role("link", name=name, exact=True).or_(page.get_by_role("button", name=name, exact=True))
    way.filter(visible=True).first.click()


def missing(page: Page) -> list[str]:
    """What the check of the project still names."""
    return [one.strip() for one in page.locator(".is-missing .check-name").all_inner_texts()]


def test_from_an_empty_company_to_a_project_that_is_ready(person: Open, reference: None, world: World) -> None:
    page = person("regional_admin", size=(1180, 740))

    page.goto("/company/add")
    choose(page, "region_id", "华东区域")
    for field, typed in (("code", "NB"), ("name", "宁波公司"), ("city", "宁波")):
        page.fill(f"#f-{field}", typed)
    save(page, r"/company/show/\d+")
    page.goto("/project/add")
    choose(page, "company_id", "宁波公司")
    for field, typed in (("code", "DQH"), ("name", "东钱湖畔"), ("city", "宁波"), ("area_code", "330212")):
        page.fill(f"#f-{field}", typed)
    page.fill("#f-contract_handover_on", HANDOVER.isoformat())
    page.fill("#f-go_live_on", GO_LIVE.isoformat())
    page.keyboard.press("Escape")
    save(page, r"/project/show/\d+")
    project = int(page.url.rsplit("/", 1)[1])
    page.goto("/tree/")
    expect(page.locator("#org-tree")).to_contain_text("东钱湖畔")
    picture(page, "tree")

    page.goto(f"/readiness/{project}")
    first = missing(page)
    assert {"楼栋", "房间", "施工范围", "岗位人员", "顾问"} <= set(first)
    assert not {"入伙资料选项", "关键节点选项", "关键节点排期", "系统上线日期"} & set(first), (
        "the group's defaults hold here"
    )
    picture(page, "missing")

    page.goto(f"/generate/{project}")
    page.fill("#f-buildings", "1-2")
    for field, typed in (("units", "1"), ("first", "1"), ("last", "6"), ("skipped", "4"), ("lines", "2")):
        page.fill(f"#f-{field}", typed)
    page.get_by_role("button", name="预览").click()
    expect(page.locator("td.room.new")).to_have_count(2 * 5 * 2)
    page.locator("button[name=_apply]").filter(visible=True).first.click()
    expect(page.locator(".toast")).to_contain_text("已生成 20 套房间")

    for role in POSTS:  # each company names the person for each post (S02)
        page.goto("/grant/add")
        choose(page, "profile_id", role)
        page.select_option("#f-role", role)
        choose(page, "node_id", "宁波公司")
        save(page, r"/grant/show/\d+")
    for kind in AdviserKind.options():
        page.goto("/adviser/add")
        choose(page, "node_id", "宁波公司")
        page.select_option("#f-kind", kind.value)
        page.fill("#f-name", "陈工")
        save(page, r"/adviser/show/\d+")

    page.goto("/contractor/add")
    choose(page, "node_id", "宁波公司")
    page.fill("#f-name", "宁波四明建设集团有限公司")
    page.fill("#f-short_name", "四明建设")
    page.fill("#f-usci", credit_code(4711))
    save(page, r"/contractor/show/\d+")
    page.goto(f"/responsible/{project}")
    expect(page.locator("h1")).not_to_contain_text("0 处空白")
    press(page, "新增施工范围")
    choose(page, "contractor_id", "四明建设")
    save(page, r"/contractor_scope/show/\d+")
    page.goto(f"/responsible/{project}")
    expect(page.locator("h1")).to_contain_text("0 处空白 · 0 处重叠")
    picture(page, "responsible")

    page.goto(f"/readiness/{project}")
    if "工作日历" in missing(page):
        for year in sorted({date.today().year, GO_LIVE.year}):
            page.goto("/work_calendar/add")
            choose(page, "node_id", "宁波公司")
            page.fill("#f-year", str(year))
            save(page, r"/work_calendar/show/\d+")
        page.goto(f"/readiness/{project}")
    assert missing(page) == []

    # the company's own documents: a sheet that is reviewed, approved, entered
    page.goto("/parameters/handover_doc_def/")
    page.select_option("#node", page.locator("#node option", has_text="宁波公司").get_attribute("value"))
    page.get_by_role("button", name="查看").click()
    page.get_by_role("button", name="申请调整").first.click()
    arrive(page, re.compile(r"/parameter_sheets/\d+/line"))
    page.fill("#f-name", "入伙通知书（宁波版）")
    page.get_by_role("button", name="保存").first.click()
    arrive(page, re.compile(r"/parameter_sheets/\d+$"))
    expect(page.locator(".compared .differs")).to_have_count(1)
    picture(page, "sheet")
    press(page, "申请单与审批")
    arrive(page, re.compile(r"/parameter_sheet/show/\d+"))
    record = page.url
    press(page, "提交审批")
    expect(page.locator("main")).to_contain_text("审批中")
    page.goto(f"/readiness/{project}")
    assert missing(page) == ["参数申请单已录入"]
    for login in ("service_manager", "group_admin"):
        one = person(login)
        one.goto("/")
        expect(one.locator('[data-widget="approvals"]')).to_contain_text("CS")
        one.goto(record)
        press(one, "同意")
        arrive(one, re.compile("/move/"))
        one.fill("[name=opinion]", "同意")
        one.locator("button[name=_save]").filter(visible=True).first.click()
        arrive(one, record)
    page.goto(record)
    press(page, "录入系统")
    expect(page.locator("main")).to_contain_text("已录入")
    picture(page, "approved")
    press(page, "表单与系统对照")
    arrive(page, re.compile(r"/parameter_sheets/\d+$"))
    expect(page.locator("h1")).to_contain_text("1 项中 1 项与系统一致")

    # the project's clerk ticks the first review off, with its papers
    clerk = person("project_clerk", size=(1180, 740))
    clerk.goto(f"/keynodes/{project}")
    line = clerk.locator(".node-line").first
    line.locator("button[name=files]").click()
    arrive(clerk, re.compile(r"/project_key_node/show/\d+"))
    papers = [
        {"name": f"{name}.pdf", "mimeType": "application/pdf", "buffer": f"%PDF-1.4\n% {name}\n%%EOF\n".encode()}
        for name in ("评审表", "会议纪要")
    ]
    clerk.locator("#files-input").set_input_files(papers)
    expect(clerk.locator("#files .file")).to_have_count(2)
    clerk.goto(f"/keynodes/{project}")
    clerk.locator(".node-line").first.locator("button[name=finish]").click()
    expect(clerk.locator(".node-line.is-done")).to_have_count(1)
    expect(clerk.locator(".node-line.is-done")).to_contain_text("项目CRM专员")
    picture(clerk, "keynodes")

    page.goto(f"/readiness/{project}")
    assert missing(page) == []
    picture(page, "ready")

    # the workbench: one's own, by keyboard
    page.goto("/workbench/")
    expect(page.locator(".is-rest .bench-line")).not_to_have_count(0)
    page.locator('.is-rest [data-widget="going_live"] [data-bench=add]').click()
    mine = page.locator('.is-chosen [data-widget="going_live"]')
    expect(mine).to_have_count(1)
    for _step in range(12):
        mine.locator("[data-bench=up]").press("Enter")
    expect(page.locator(".is-chosen .bench-line").first).to_have_attribute("data-widget", "going_live")
    page.locator(".is-chosen .bench-line").nth(2).drag_to(page.locator(".is-chosen .bench-line").first)
    picture(page, "workbench")
    page.get_by_role("button", name="保存").click()
    arrive(page, re.compile(r"/$"))
    expect(page.get_by_role("link", name="定制工作台")).to_be_visible()
