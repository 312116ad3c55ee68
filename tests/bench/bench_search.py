"""Text search, look-ups and the palette over a million rooms, against the raw SQL of the same request in the same run.

    python -m tests.bench.bench_search [--rooms 1000000] [--url postgresql+psycopg://...] [--home FOLDER]

Prints, for the group, a company and a project, rare words and common ones: median milliseconds through the application, of
the bare SQL, and the ratio.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from app import migration
from app.database import open_engine
from app.factory import create_app
from config import Settings
from tests.bench.bench_lists import _bare, build, median
from tests.console import Console, statements

ASKED = (
    ("list, no search", "/room/list/"),
    ("search, rare", "/room/list/?q=4704"),
    ("search, common", "/room/list/?q=1"),
    ("search, nowhere", "/room/list/?q=zzz"),
    ("search, two words", "/room/list/?q=47 4704"),
    ("look-up, begins", "/room/lookup?q=47"),
    ("look-up, contains", "/room/lookup?q=704"),
    ("look-up, building and room", "/room/lookup?q=12 4704"),
    ("look-up, path", "/room/lookup?q=12-1-4704"),
    ("look-up, initials", "/project/lookup?q=xm1"),
    ("palette, number", "/palette.json?q=4704"),
    ("palette, initials", "/palette.json?q=xm1"),
    ("palette, path", "/palette.json?q=项目19 12 4704"),
)


def measure(app: Any, engine: Engine) -> None:
    """Prints a row per request and person."""
    print(f"{'request':30}{'who':16}{'app ms':>9}{'sql ms':>9}{'ratio':>8}{'stmts':>7}")
    for login in ("group_admin", "company_leader", "project_clerk"):
        console = Console(app, login)
        for name, url in ASKED:
            with statements(app) as ran:
                if console.get(url).status_code != 200:
                    continue
            through = median(lambda url=url, console=console: console.get(url))
            bare = _bare(engine, app, console, url)
            print(
                f"{name:30}{login:16}{through:9.1f}{bare:9.1f}{through / max(bare, 0.01):8.1f}{len(ran):7}", flush=True
            )


def main() -> int:
    """Builds the database where there is none, measures, prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rooms", type=int, default=1_000_000)
    parser.add_argument("--url", default=None)
    parser.add_argument("--home", type=Path, default=None, help="keep the database here and use it again")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = arguments.home or Path(folder)
        fresh = not (home / "doorbook.db").exists()
        variables = {
            "DOORBOOK_HOME": str(home),
            "DOORBOOK_DEMO": "0",
            "RATE_LIMITS": "0",
            "DATA_KEY": "d" * 40,
            "SECRET_KEY": "s" * 40,
        }
        if arguments.url:
            variables["DATABASE_URL"] = arguments.url
        settings = Settings.read(variables)
        engine = open_engine(settings)
        if fresh:
            migration.upgrade(engine)
            build(engine, arguments.rooms)
        measure(create_app(settings), engine)
    return 0


if __name__ == "__main__":
    sys.exit(main())
