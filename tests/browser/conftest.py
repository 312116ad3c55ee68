"""A real browser before a real server: Chromium of this machine, the console over the small world."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, Response, expect, sync_playwright
from werkzeug.serving import make_server

from tests import machine
from tests.world import PASSWORD

WIDE, PHONE = (1440, 900), (390, 844)

expect.set_options(timeout=20_000)  # a busy machine is slow, not wrong


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all stories of a process."""
    path = machine.chromium_path()
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield made
        made.close()


@pytest.fixture
def site(app: Flask) -> Iterator[str]:
    """The address of a server of the console over the test's own database."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


Open = Callable[..., Page]


def arrive(page: Page, address: str | re.Pattern[str]) -> None:
    """Waits until a page is there together with its scripts: a key that is pressed between the two reaches nobody."""
    expect(page).to_have_url(address)
    page.wait_for_load_state("load")


def press(page: Page, name: str) -> None:
    """Presses the link of this name: on screen (there is another for other widths) or in the menu of further actions."""
    link = page.get_by_role("link", name=name, exact=True).filter(visible=True).first
    if not link.is_visible():
        page.locator("summary[aria-label=更多操作]").filter(visible=True).click()
    link.click()


def downloaded(page: Page, name: str, folder: Path) -> Path:
    """Presses what gives a file, and returns where it lies then."""
    with page.expect_download() as download:
        press(page, name)
    file = folder / download.value.suggested_filename
    download.value.save_as(file)
    return file


@pytest.fixture
def person(browser: Browser, site: str) -> Iterator[Open]:
    """Signs somebody in and returns their page; a console error, a failed or a foreign request fails the test."""
    contexts: list[Any] = []
    complaints: list[str] = []
    allowed: list[int] = []

    def watch(page: Page) -> None:
        page.on("pageerror", lambda error: complaints.append(f"script: {error}"))
        page.on("console", lambda said: complaints.append(f"console: {said.text}") if _grave(said, allowed) else None)
        page.on("response", lambda answer: _judge(answer, site, allowed, complaints))

    def sign_in(
        login: str | None, *, size: tuple[int, int] = WIDE, language: str = "zh-CN", dark: bool = False
    ) -> Page:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            locale=language,
            color_scheme="dark" if dark else "light",
            base_url=site,
        )
        context.set_default_timeout(20_000)
        contexts.append(context)
        page = context.new_page()
        watch(page)
        context.on("page", watch)
        if login is not None:
            page.goto("/login/")
            page.fill("#username", login)
            page.fill("#password", PASSWORD)
            page.press("#password", "Enter")
            page.wait_for_url(f"{site}/")
        return page

    sign_in.allow = allowed.append  # type: ignore[attr-defined]  # a story that means to be refused says so
    yield sign_in
    for context in contexts:
        context.close()
    assert not complaints, complaints


def _grave(said: Any, allowed: list[int]) -> bool:
    """Whether it is an error that nobody meant; code 0 is the network that a story took away."""
    meant = ["ERR_INTERNET_DISCONNECTED" if status == 0 else f"status of {status}" for status in allowed]
    return said.type == "error" and not any(each in said.text for each in meant)


def _judge(answer: Response, site: str, allowed: list[int], complaints: list[str]) -> None:
    if not answer.url.startswith((site, "data:", "blob:")):
        complaints.append(f"a request left the host: {answer.url}")
    elif answer.status >= 400 and answer.status not in allowed:
        complaints.append(f"{answer.status} {answer.url}")
