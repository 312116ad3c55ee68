"""A building of two thousand homes in Chromium: script, layout and painting, when it is opened and when it is coloured anew.

    python -m tests.bench.bench_roomgrid

Prints medians in milliseconds of what the browser itself counts (CDP `Performance.getMetrics`), beside a page of the same
server that draws nothing, and what the first load weighs over the wire. Aim (design 8): under 200 ms of script on one core.
"""

from __future__ import annotations

import logging
import statistics
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright
from sqlalchemy import create_engine
from sqlalchemy.orm import Session
from werkzeug.serving import make_server

from app.factory import create_app
from config import Settings
from models.kernel.actor import SYSTEM
from models.kernel.bulk import insert_rows
from models.kernel.clock import frozen
from models.kernel.masking import Cipher
from models.kernel.secret import use_cipher
from models.kernel.session import act, prepare_engine
from models.property.room import Room
from tests import machine
from tests.databases import DATA_KEY, SECRET_KEY, make_schema
from tests.world import NOW, PASSWORD, build

TIMES = 5
COUNTED = ("ScriptDuration", "LayoutDuration", "RecalcStyleDuration", "TaskDuration")


def lay(file: Path) -> int:
    """Makes the small world with 2,000 more homes in one building. Returns the building's key."""
    use_cipher(Cipher(DATA_KEY))
    engine = prepare_engine(create_engine(f"sqlite:///{file}"))
    make_schema(engine)
    with Session(engine) as own:
        world = build(own)
        act(own, SYSTEM, frozen(NOW))
        unit = world.id("unit", "lake-2-1")
        rows = [
            {"unit_id": unit, "no": f"{floor}{line:02}", "floor": floor, "storey": floor, "line": line, "span": 1}
            for floor in range(3, 103)
            for line in range(1, 21)
        ]
        insert_rows(own, Room, rows)
        own.commit()
    engine.dispose()
    return world.id("building", "lake-2")


def spent(page: Page, deed: Any) -> dict[str, float]:
    """What the browser spends on `deed`, in milliseconds."""
    cdp = page.context.new_cdp_session(page)
    cdp.send("Performance.enable")

    def now() -> dict[str, float]:
        return {one["name"]: one["value"] * 1000 for one in cdp.send("Performance.getMetrics")["metrics"]}

    before = now()
    deed()
    page.wait_for_load_state("networkidle")
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    after = now()
    cdp.detach()
    # A new document counts from nought.
    return {name: after[name] - (before[name] if after[name] >= before[name] else 0) for name in COUNTED}


def middle(found: list[dict[str, float]]) -> str:
    """A line of medians."""
    return "".join(f"{statistics.median(one[name] for one in found):>14.0f}" for name in COUNTED)


def main() -> int:
    """Builds, opens, measures, prints."""
    chromium = machine.chromium_path()
    if chromium is None:
        print("bench_roomgrid: there is no Chromium here.", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        building = lay(home / "doorbook.db")
        variables = {"DOORBOOK_HOME": folder, "DATA_KEY": DATA_KEY, "SECRET_KEY": SECRET_KEY, "DOORBOOK_DEMO": "0",
                     "DATABASE_URL": f"sqlite:///{home / 'doorbook.db'}"}  # fmt: skip
        logging.getLogger("werkzeug").setLevel(logging.WARNING)
        app = create_app(Settings.read(variables))
        server = make_server("127.0.0.1", 0, app, threaded=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
            context = browser.new_context(
                base_url=f"http://127.0.0.1:{server.server_port}", viewport={"width": 1440, "height": 900}
            )
            page = context.new_page()
            page.goto("/login/")
            page.fill("#username", "group_admin")
            page.fill("#password", PASSWORD)
            page.press("#password", "Enter")
            page.wait_for_load_state("networkidle")
            grid = f"/roomgrid/{building}"
            print(f"{'':32}" + "".join(f"{name.removesuffix('Duration').lower() + ' ms':>14}" for name in COUNTED))
            for label, path in (("a page that draws nothing", "/me"), ("2,000 homes are opened", grid)):
                print(f"{label:32}{middle([spent(page, lambda path=path: page.goto(path)) for _turn in range(TIMES)])}")
            homes = page.locator("td.room").count()
            ways = page.locator("#switch a").count()
            turns = [
                spent(page, lambda turn=turn: page.locator("#switch a").nth(turn % ways).click())
                for turn in range(1, 6)
            ]
            print(f"{'coloured anew':32}{middle(turns)}")
            own = page.evaluate("performance.getEntriesByName('room grid').map((one) => one.duration)")
            print(f"{homes} homes; by its own marks the grid took {statistics.median(own):.0f} ms to colour")
            browser.close()
        server.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
