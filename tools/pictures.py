"""Takes the pictures that README.md and the docs show, from a demo console of its own, into docs/pictures/.

    DOORBOOK_HOME=/tmp/pictures PORT=8422 .venv/bin/python run.py up
    PASSWORD=... .venv/bin/python -m tools.pictures --url http://127.0.0.1:8422

It enters one more project and notes one handover in that console; of an import and a generation it shows the preview and
leaves nothing behind. `parking` is taken where the table of docs/adding-a-table.md was added. `ledger` says 22 wrong cells
where nobody in the demo company has a number of the sample's, as in one of `run.py seed demo --seed 7`. The PNG files have
a palette of 256 colours, which makes them a third as large.
"""

from __future__ import annotations

import argparse
import base64
import os
import struct
import sys
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright
from playwright.sync_api import Error as BrowserError

from tests.machine import chromium_path
from tools.install import ROOT
from tools.shots import SIZES, sign_in

FOLDER = ROOT / "docs" / "pictures"
LEDGER = ROOT / "tests" / "data" / "ledger-sample.xlsx"
MOST = 150_000
PROJECT = {"code": "PIC", "name": "桃源里", "city": "杭州"}

# The palette: colours by how often they occur, without those too near to one taken before, so that a rare red dot stays
# red. The distance that counts as near grows until 256 are enough. Every pixel takes the nearest of them.
_REDUCE = """
async (png) => {
  const bitmap = await createImageBitmap(await (await fetch(`data:image/png;base64,${png}`)).blob());
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
  canvas.drawImage(bitmap, 0, 0);
  const bytes = canvas.getImageData(0, 0, bitmap.width, bitmap.height).data;
  const counts = new Map();
  const colour = (i) => (bytes[i] << 16) | (bytes[i + 1] << 8) | bytes[i + 2];
  for (let i = 0; i < bytes.length; i += 4) counts.set(colour(i), (counts.get(colour(i)) ?? 0) + 1);
  const often = [...counts].sort((a, b) => b[1] - a[1]).map(([c]) => [c >> 16, (c >> 8) & 255, c & 255]);
  let palette = [];
  for (let near = 0; near === 0 || palette.length > 256; near = near * 1.5 + 4) {
    palette = [];
    for (const [r, g, b] of often) {
      if (palette.length > 256) break;
      if (!palette.some(([x, y, z]) => (r - x) ** 2 + (g - y) ** 2 + (b - z) ** 2 < near)) palette.push([r, g, b]);
    }
  }
  const places = new Map();
  for (const c of counts.keys()) {
    const [r, g, b] = [c >> 16, (c >> 8) & 255, c & 255];
    let best = 0, least = Infinity;
    palette.forEach(([x, y, z], place) => {
      const far = (r - x) ** 2 + (g - y) ** 2 + (b - z) ** 2;
      if (far < least) [best, least] = [place, far];
    });
    places.set(c, best);
  }
  let text = "";
  for (let i = 0; i < bytes.length; i += 4) text += String.fromCharCode(places.get(colour(i)));
  return { width: bitmap.width, height: bitmap.height, palette: palette.flat(), pixels: btoa(text) };
}
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Takes the pictures.

    Arguments: `arguments` of the command line, those of the process when left out. The password is read from PASSWORD.
    Returns: the exit code, 0 or 1. A refusal is one sentence on stderr.
    """
    parser = argparse.ArgumentParser(prog="python -m tools.pictures", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--url", required=True, help="where the demo console runs")
    parser.add_argument("--as", dest="account", default="group_admin", help="the account to sign in with")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(PICTURES)}; all when left out")
    options = parser.parse_args(arguments)
    chromium = chromium_path()
    if chromium is None:
        print("pictures: there is no Chromium here (Debian: apt-get install chromium).", file=sys.stderr)
        return 1
    FOLDER.mkdir(parents=True, exist_ok=True)
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            pages: dict[str, Page] = {}
            for name in options.names or PICTURES:
                language, show = PICTURES[name]
                if language not in pages:
                    password = os.environ.get("PASSWORD", "")
                    pages[language] = sign_in(browser, options.url, language, options.account, password)
                    pages[language].set_viewport_size(SIZES["wide"])
                if show(pages[language], options.url) is False:
                    print(f"{name}.png: not taken, this console has no such table")
                    continue
                pages[language].wait_for_load_state("networkidle")
                keep(browser, pages[language].screenshot(), FOLDER / f"{name}.png")
    except (BrowserError, PermissionError) as error:
        print(f"pictures: {str(error).splitlines()[0]}", file=sys.stderr)
        return 1
    return 0


def keep(browser: Browser, png: bytes, file: Path) -> None:
    """Writes a picture with a palette of 256 colours, and says how large it is."""
    blank = browser.new_page()
    made = blank.evaluate(_REDUCE, base64.b64encode(png).decode())
    blank.close()
    width, pixels = made["width"], base64.b64decode(made["pixels"])
    lines = b"".join(b"\0" + pixels[start : start + width] for start in range(0, len(pixels), width))
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", width, made["height"], 8, 3, 0, 0, 0)),
        (b"PLTE", bytes(made["palette"])),
        (b"IDAT", zlib.compress(lines, 9)),
        (b"IEND", b""),
    )
    data = b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in parts
    )
    file.write_bytes(b"\x89PNG\r\n\x1a\n" + data)
    print(f"{file.name}: {len(data) / 1000:,.0f} kB{' (too large)' if len(data) > MOST else ''}")


def _call(page: Page, method: str, url: str, body: Any = None, **headers: str) -> Any:
    """Calls REST as the person of `page`."""
    token = page.get_attribute('meta[name="csrf-token"]', "content") or ""
    answer = page.request.fetch(url, method=method, data=body, headers={"X-CSRFToken": token, **headers})
    if not answer.ok:
        raise PermissionError(f"{method} {url} was refused: {answer.text()}")
    return answer


def _project(page: Page, url: str) -> int:
    """Returns the key of a project without homes; enters it where it is not there yet."""
    known = _call(page, "GET", f"{url}/api/v1/project/?q=(page_size:100)").json()
    for key, row in zip(known["ids"], known["result"], strict=True):
        if row["code"] == PROJECT["code"]:
            return int(key)
    companies = _call(page, "GET", f"{url}/api/v1/company/").json()
    company = next(
        k for k, row in zip(companies["ids"], companies["result"], strict=True) if PROJECT["city"] in row["name"]
    )
    made = _call(page, "POST", f"{url}/api/v1/project/", {**PROJECT, "company_id": company})
    return int(made.json()["id"])


def tree(page: Page, url: str) -> None:
    """The organisation, with one company open."""
    page.goto(f"{url}/tree/")
    company = page.locator("#org-tree li", has=page.locator(f'> .tree-row a:text("{PROJECT["city"]}")'))
    company.last.locator("> details > summary").click()


def rooms(page: Page, url: str) -> None:
    """The list of homes, narrowed by two filters."""
    page.goto(f"{url}/room/list/?_flt_0_project_id=2&_flt_0_sale_state=signed")


def generator(page: Page, url: str) -> None:
    """A pattern and what it would make."""
    page.goto(f"{url}/generate/{_project(page, url)}")
    typed = {"buildings": "1-3,5", "building_name": "{n}幢", "first": "1", "last": "11", "skipped": "4", "lines": "4"}
    for field, value in typed.items():
        page.fill(f"#f-{field}", value)
    page.check("#f-duplex")
    page.fill("#f-duplex_lines", "1,4")
    page.click("button[name=_preview]")
    page.wait_for_selector("td.room")
    page.evaluate("scrollTo(0, 0)")


def customer(page: Page, url: str) -> None:
    """A customer, numbers masked."""
    page.goto(f"{url}/customer/show/1")


def ledger(page: Page, url: str) -> None:
    """The dry run of a ledger with 22 wrong cells."""
    page.goto(f"{url}/ledger/{_project(page, url)}")
    page.set_input_files("#file", LEDGER)
    page.click("#upload-form .primary")
    page.click("#mapping-form .primary")
    page.wait_for_selector("#tab-refused")


def record(page: Page, url: str) -> None:
    """The book of a door, with a line in its history."""
    page.goto(f"{url}/room/show/1")
    at = f"{url}/api/v1/room/1"
    found = _call(page, "GET", at)
    if found.json()["result"]["handover_state"] != "notified":
        body = {"handover_state": "notified", "state_reason": "集中交付通知已寄出"}
        _call(page, "PUT", at, body, **{"If-Match": found.headers["etag"]})
    page.goto(f"{url}/room/show/1")


def parking(page: Page, url: str) -> bool | None:
    """The list of the table that docs/adding-a-table.md adds; False where there is none."""
    page.goto(f"{url}/parking_space/list/")
    if page.locator("#rows-form, .empty").count() == 0:
        return False
    known = _call(page, "GET", f"{url}/api/v1/parking_space/").json()["count"]
    for number in range(known, 14):
        body = {"project_id": 1, "name": f"B1-{number + 1:03d}", "remark": "by the lift" if number % 5 == 2 else None}
        _call(page, "POST", f"{url}/api/v1/parking_space/", body)
    page.goto(f"{url}/parking_space/list/")
    return None


PICTURES: dict[str, tuple[str, Callable[[Page, str], bool | None]]] = {
    "tree": ("zh", tree),
    "list": ("zh", rooms),
    "generator": ("zh", generator),
    "customer": ("zh", customer),
    "ledger": ("zh", ledger),
    "record": ("zh", record),
    "parking": ("en", parking),
}
"""Name -> language and what brings the page up."""


if __name__ == "__main__":
    sys.exit(main())
