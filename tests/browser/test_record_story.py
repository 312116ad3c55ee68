"""What happens around a record: a comment that mentions somebody, files by many ways, an earlier version, the operation log."""

from __future__ import annotations

import base64
import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, WIDE, arrive
from tests.views.test_attachments import PDF, picture
from tests.world import World

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("size", [WIDE, PHONE])
def test_a_comment_mentions_a_colleague(person: Any, world: World, size: tuple[int, int]) -> None:
    person.allow(422)
    page = person("project_clerk", size=size)
    page.goto(f"/room/show/{world.id('room', 'lake-1-1-101')}")
    page.wait_for_load_state("load")
    box = page.get_by_label("评论", exact=True)
    box.fill("写到一半")
    box.blur()
    page.reload()
    expect(box).to_have_value("写到一半")  # the draft is kept
    box.fill("")
    box.press_sequentially("请@xmld")
    people = page.get_by_role("listbox", name="可提醒的人员")
    expect(people.get_by_role("option")).to_have_count(1)
    expect(people).to_contain_text("项目领导")
    box.press("Enter")
    expect(box).to_have_value("请@项目领导 ")
    box.press_sequentially("看一下")
    box.press("Control+Enter")
    entry = page.locator("#timeline-entries .bubble").first
    expect(entry).to_have_text("请@项目领导 看一下")
    expect(entry.locator(".mention")).to_have_text("@项目领导")
    expect(box).to_have_value("")
    box.fill("@nobody-here 看")
    box.press("Control+Enter")
    expect(page.locator("#comment-error")).to_contain_text("没有“nobody-here”")
    expect(box).to_have_value("@nobody-here 看")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("navigation", name="动态类别").get_by_role("link", name="附件").click()
    expect(page.locator("#timeline-entries")).to_contain_text("暂无动态")
    expect(box).to_have_value("@nobody-here 看")


@pytest.mark.parametrize("size", [WIDE, PHONE])
def test_files_come_many_at_once_and_by_pasting(person: Any, world: World, size: tuple[int, int]) -> None:
    page = person("project_clerk", size=size)
    page.goto(f"/room/show/{world.id('room', 'lake-1-1-101')}")
    page.wait_for_load_state("load")
    page.get_by_label("评论", exact=True).fill("还没发的评论")
    sent = [
        {"name": "平面图.pdf", "mimeType": "application/pdf", "buffer": PDF},
        {"name": "客厅.png", "mimeType": "image/png", "buffer": picture("PNG")},
    ]
    page.locator("#files-input").set_input_files(sent)
    expect(page.locator("#files .file")).to_have_count(2)
    expect(page.locator("#files .file img")).to_have_count(1)
    expect(page.locator("#timeline-entries")).to_contain_text("平面图.pdf")
    shot = base64.b64encode(picture("PNG", (20, 20))).decode()
    page.evaluate(
        """(shot) => {
            const bytes = Uint8Array.from(atob(shot), (c) => c.charCodeAt(0));
            const data = new DataTransfer();
            data.items.add(new File([bytes], "截图.png", { type: "image/png" }));
            document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
        }""",
        shot,
    )
    expect(page.locator("#files .file")).to_have_count(3)
    expect(page.locator("#files .file img").last).to_have_js_property("complete", True)
    expect(page.get_by_label("评论", exact=True)).to_have_value("还没发的评论")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_an_earlier_version_and_the_log(person: Any, world: World) -> None:
    key = world.id("room", "lake-1-1-101")
    page = person("project_clerk")
    for facing in ("南", "北"):
        page.goto(f"/room/edit/{key}")
        page.get_by_label("朝向").fill(facing)
        page.get_by_role("button", name="保存", exact=True).click()
        arrive(page, re.compile(rf"/room/show/{key}$"))
    page.get_by_role("link", name="查看该版本").first.click()
    arrive(page, re.compile(rf"/room/{key}/version/\d+$"))
    expect(page.get_by_role("checkbox", name="朝向")).to_be_checked()
    page.get_by_role("button", name="恢复所选字段").click()
    arrive(page, re.compile(rf"/room/show/{key}$"))
    expect(page.locator("#timeline-entries")).to_contain_text("恢复了历史版本中的朝向")
    page.goto("/audit_log/list/?table=房间")
    page.wait_for_load_state("load")
    expect(page.locator("table.log")).to_contain_text("北 → 南")
