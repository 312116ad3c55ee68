"""One short declaration, everything it gives, in a real server with its worker beside it; the timeline tells the story."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open, arrive
from tests.demonstration import MATTER, Tree
from tests.views.test_attachments import PDF

pytestmark = [pytest.mark.browser, pytest.mark.slow]

BUILD = """
from app.database import system_session
from config import Settings
from seeds.reference import seed
from tests.world import build
with system_session(Settings.read()) as session:
    build(session)
    seed(session)
print("FOUND{}")
"""


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    """A checkout with the table in it, migrated, with the small world and the reference data."""
    made = Tree(tmp_path_factory.mktemp("demonstration"), MATTER)
    made.story(BUILD)
    return made


@pytest.fixture
def site(tree: Tree) -> Iterator[str]:
    """The address of a real server of that checkout, as `run.py up` starts it."""
    port = _free_port()
    tree.environment["PORT"] = str(port)
    address = f"http://127.0.0.1:{port}"
    with (tree.folder.parent / "server.log").open("w") as log:
        server = tree.start("run.py", "up", to=log)
        try:
            _wait(address)
            yield address
        finally:
            server.send_signal(signal.SIGTERM)
            try:
                server.wait(timeout=60)
            except subprocess.TimeoutExpired:
                server.kill()


def _wait(address: str) -> None:
    for _turn in range(600):
        try:
            with urllib.request.urlopen(f"{address}/readyz", timeout=5) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.2)
    raise AssertionError("the server did not come up")


def _press(page: Page, name: str) -> None:
    """Presses what moves a record on: a button, or a link to a form that asks for more."""
    way = page.get_by_role("link", name=name, exact=True).or_(page.get_by_role("button", name=name, exact=True))
    way.filter(visible=True).first.click()


def _move(page: Page, name: str, **filled: str) -> None:
    """Presses a move that asks for something, fills it in and sends it."""
    _press(page, name)
    arrive(page, re.compile("/move/"))
    for field, text in filled.items():
        page.fill(f"[name={field}]", text)
    page.locator("button[name=_save]").filter(visible=True).first.click()


def _until_told(page: Page) -> None:
    """Opens the page again until the bell counts: what is told goes out a moment after it was saved."""
    for _turn in range(20):
        if page.locator("#bell .bell-count").count():
            return
        page.wait_for_timeout(1000)
        page.reload()
    expect(page.locator("#bell .bell-count")).to_be_visible()


def test_forty_lines_give_all_of_it_and_the_timeline_tells_it(person: Open, site: str) -> None:
    lines = MATTER.split("class DemoMatter")[1].rstrip().splitlines()
    assert len(lines) <= 40, "the declaration of a table is short"

    clerk = person("project_clerk")
    clerk.goto("/demo_matter/add")
    clerk.fill("#f-name", "主卧飘窗<b>渗水</b>")
    clerk.select_option("#f-kind", label="渗漏")
    clerk.fill("#f-caller", "14200001234")
    clerk.fill("#f-amount", "1280.50")
    clerk.click("button[name=_save]")
    arrive(clerk, re.compile(r"/demo_matter/show/\d+"))
    record = clerk.url
    main = clerk.locator("main")
    expect(clerk.locator("h1")).to_contain_text(re.compile(r"SX\d{8}-\d{4}"))
    expect(clerk.locator("h1")).to_contain_text("<b>渗水</b>")
    expect(main).to_contain_text("142****1234")
    expect(main).to_contain_text("渗漏")

    # a colleague is told, a file is added
    box = clerk.get_by_label("评论", exact=True)
    box.fill("请@项目领导 看一下报价")
    box.press("Control+Enter")
    expect(clerk.locator("#timeline-entries .mention")).to_have_text("@项目领导")
    clerk.locator("#files-input").set_input_files(
        [{"name": "报价单.pdf", "mimeType": "application/pdf", "buffer": PDF}]
    )
    expect(clerk.locator("#files .file")).to_have_count(1)

    # two levels agree, one after the other; the clerk cannot agree to it, nor the second before the first
    clerk.reload()
    _move(clerk, "提交")
    arrive(clerk, record)
    expect(clerk.locator(".toast")).to_be_visible()
    expect(clerk.get_by_role("link", name="同意", exact=True)).to_have_count(0)
    second = person("company_leader")
    second.goto(record)
    expect(second.locator("h1")).to_contain_text("SX")
    expect(second.get_by_role("link", name="同意", exact=True)).to_have_count(0)
    leader = person("project_leader")
    _until_told(leader)
    leader.goto("/mailbox/")
    expect(leader.locator("main")).to_contain_text("SX")
    for one in (leader, second):
        one.goto("/")
        expect(one.locator(".nav-item[href='/approval/list/'] .nav-count")).to_have_text("1")
        one.goto("/approval/list/")
        expect(one.locator("main")).to_contain_text("SX")
        one.goto(record)
        _move(one, "同意", opinion="同意按此报价处理")
        arrive(one, record)
        expect(one.locator(".toast")).to_be_visible()

    # the work is done; an answer that is none is refused, and kept
    clerk.goto(record)
    expect(main).to_contain_text("处理中")
    person.allow(409)  # type: ignore[attr-defined]
    _move(clerk, "完成", answer="-")
    expect(main).to_contain_text("请填写实际处理结果")
    expect(clerk.locator("[name=answer]")).to_have_value("-")
    clerk.wait_for_load_state("load")
    clerk.fill("[name=answer]", "已重做防水并淋水试验 24 小时")
    clerk.locator("button[name=_save]").filter(visible=True).first.click()
    arrive(clerk, record)
    expect(main).to_contain_text("已完成")

    # the timeline tells it, the newest first
    told = clerk.locator("#timeline-entries").inner_text()
    order = ["完成", "同意", "同意", "提交", "报价单.pdf", "看一下报价", "新增"]
    at = 0
    for word in order:
        found = told.find(word, at)
        assert found >= 0, (word, told)
        at = found + len(word)
    assert "14200001234" not in told

    # nobody of another company sees any of it
    person.allow(404)  # type: ignore[attr-defined]
    other = person("bay_clerk")
    answer = other.goto(record)
    assert answer is not None and answer.status == 404
    other.goto("/demo_matter/list/")
    expect(other.locator("#list tbody tr")).to_have_count(0)
