"""Pictures of a running console: every page wide and narrow, light and dark, in Chinese and English.

For people who change pages: `make shots AS=<account> PASSWORD=<password>` fills `shots/` with PNG files to look at.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright
from playwright.sync_api import Error as BrowserError

from tests.machine import chromium_path
from tools.contact_sheets import sheets
from tools.install import ROOT

LANGUAGES = {"zh": "zh-CN", "en": "en-GB"}
SIZES: dict[str, ViewportSize] = {"wide": {"width": 1440, "height": 900}, "narrow": {"width": 390, "height": 844}}
THEMES = ("light", "dark")


def main(arguments: Sequence[str] | None = None) -> int:
    """Takes the pictures.

    Arguments: `arguments` of the command line, those of the process when left out. The password is read from PASSWORD.
    Returns: the exit code, 0 or 1. A refusal is one sentence on stderr.
    """
    parser = argparse.ArgumentParser(prog="python -m tools.shots", description=__doc__)
    parser.add_argument("--url", required=True, help="where the console runs")
    parser.add_argument("--as", dest="account", required=True, help="the account to sign in with")
    parser.add_argument("--out", type=Path, default=ROOT / "shots")
    parser.add_argument("pages", nargs="*", help="paths; every page of the menu when left out")
    options = parser.parse_args(arguments)
    chromium = chromium_path()
    if chromium is None:
        print("shots: there is no Chromium here (Debian: apt-get install chromium).", file=sys.stderr)
        return 1
    options.out.mkdir(parents=True, exist_ok=True)
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            for language in LANGUAGES:
                page = sign_in(browser, options.url, language, options.account, os.environ.get("PASSWORD", ""))
                for path in options.pages or [*menu_paths(page), *record_paths(page, options.url)]:
                    picture(page, options.url, path, options.out, language)
    except BrowserError as error:
        print(f"shots: {error.message.splitlines()[0]}", file=sys.stderr)
        return 1
    except PermissionError as refusal:
        print(f"shots: {refusal}", file=sys.stderr)
        return 1
    made = sheets(options.out)
    print(
        f"shots: {len(list(options.out.glob('*.png')))} pictures in {options.out}, {len(made)} contact sheets in sheets/"
    )
    return 0


def sign_in(browser: Browser, url: str, language: str, account: str, password: str) -> Page:
    """Opens the console in a language and signs in.

    Arguments: the `browser`; the console's `url`; `language`, `zh` or `en`; `account` and its `password`.
    Returns: the page that stands after signing in.
    Raises: PermissionError when the console does not let the account in.
    """
    page = browser.new_context(locale=LANGUAGES[language], reduced_motion="reduce").new_page()
    page.goto(f"{url}/login/")
    page.fill("input[name=username]", account)
    page.fill("input[name=password]", password)
    page.press("input[name=password]", "Enter")
    page.wait_for_load_state("networkidle")
    if page.locator("input[name=password]").count():
        raise PermissionError(f"{url} does not let {account} in; give AS= and PASSWORD= of a demo account.")
    if page.locator("html").get_attribute("lang") != {"zh": "zh-CN"}.get(language, language):
        page.locator("form[action='/language'] button").first.click()  # the person's own language is another
        page.wait_for_load_state("networkidle")
    return page


def menu_paths(page: Page) -> list[str]:
    """Finds the pages to picture.

    Arguments: `page`, any page of the console that carries its menu.
    Returns: the paths that the navigation leads to, without sign-out and language switches, each once.
    """
    links: list[str] = page.eval_on_selector_all("nav a[href], aside a[href]", "links => links.map(a => a.href)")
    host = urlsplit(page.url).netloc
    paths = {urlsplit(link).path: None for link in links if urlsplit(link).netloc == host}
    return [path for path in ("/", *paths) if not re.match(r"/(lang|logout|login)/?", path)]


def record_paths(page: Page, url: str) -> list[str]:
    """Finds one page of each kind that no menu leads to: a record, its form, a door's book, a customer, labels, errors.

    Arguments: a signed-in `page`; the console's `url`.
    Returns: paths, the same ones in either language.
    """
    found: list[str] = []
    for name, kinds in (
        ("room", ("/room/show/{}", "/room/edit/{}", "/room/{}/book")),
        ("customer", ("/customer/show/{}", "/customer/{}/360")),
        ("building", ("/roomgrid/{}", "/roomgrid/{}/labels")),
        ("project", ("/project/show/{}", "/generate/{}", "/roomgrid/project/{}")),
    ):
        page.goto(f"{url}/{name}/list/", wait_until="networkidle")
        row = page.locator("tr[data-url]").first
        if row.count():
            key = (row.get_attribute("data-url") or "").rpartition("/")[2]
            found.extend(kind.format(key) for kind in kinds)
    return [
        *found,
        "/rest/",
        "/rest/room",
        "/me",
        "/me/notices",
        "/mailbox/",
        "/roomgrid/?choose=1",
        "/customer/add",
        "/room/import",
        "/room/list/?q=nothing-is-called-so",
        "/no/such/page",
    ]


def picture(page: Page, url: str, path: str, folder: Path, language: str) -> None:
    """Writes one PNG file for each size and theme.

    Arguments: a signed-in `page`; the console's `url`; the `path` to open; the `folder` to write to; the `language`,
    which becomes part of the name.
    """
    stem = re.sub(r"[^\w-]+", "-", path).strip("-") or "home"
    for size, viewport in SIZES.items():
        page.set_viewport_size(viewport)
        for theme in THEMES:
            page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
            page.goto(url + path, wait_until="networkidle")
            page.screenshot(path=folder / f"{stem}.{language}.{size}.{theme}.png")


if __name__ == "__main__":
    sys.exit(main())
