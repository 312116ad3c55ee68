"""List, deep page, search, form and look-up over a million rooms, against the raw SQL of the same rows.

    python -m tests.bench.bench_lists [--rooms 1000000] [--url postgresql+psycopg://...]

Prints, for the group's administrator and for a clerk of one project: median milliseconds of the whole page through the
application, of its bare SQL, and the ratio.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, insert, text
from sqlalchemy.orm import Session

from app import migration
from app.accounts import set_password
from app.database import open_engine
from app.factory import create_app
from config import Settings
from models.kernel import search
from models.kernel.actor import SYSTEM
from models.kernel.clock import utc_now
from models.kernel.grant import Grant
from models.kernel.node import node_of
from models.kernel.registry import table
from models.kernel.session import act
from tests.console import Console, statements
from tests.world import PASSWORD

PROJECTS = 20
ROOMS_OF_A_BUILDING = 200


def build(engine: Engine, rooms: int) -> int:
    """Fills an empty database: one group, three regions, six companies, twenty projects, and `rooms` rooms.

    Returns: the key of the last project.
    """
    with Session(engine) as session:
        act(session, SYSTEM)

        def add(kind_: str, **values: Any) -> Any:
            row = table(kind_)(**values)
            session.add(row)
            session.flush()
            return row

        group = add("group", code="G", name="集团")
        regions = [add("region", group_id=group.id, code=f"R{i}", name=f"区域{i}") for i in range(3)]
        companies = [add("company", region_id=regions[i % 3].id, code=f"C{i}", name=f"公司{i}") for i in range(6)]
        projects = [
            add("project", company_id=companies[i % 6].id, code=f"P{i:02d}", name=f"项目{i}") for i in range(PROJECTS)
        ]
        for login, role, kind, key in (
            ("group_admin", "group_admin", "group", group.id),
            ("project_clerk", "project_clerk", "project", projects[-1].id),
            ("company_leader", "company_leader", "company", companies[0].id),
        ):
            node = node_of(session, kind, key).id
            profile = add("user_profile", login=login, name=login, node_id=node)
            session.add(Grant(profile_id=profile.id, role=role, node_id=node))
            session.flush()
            set_password(session, login, PASSWORD)
        session.commit()
        keys = [project.id for project in projects]
        layouts = {key: add("house_type", project_id=key, name="A户型").id for key in keys}
        session.commit()
    now = utc_now()
    stamps = {"created_at": now, "changed_at": now, "version": 1}
    per_project = rooms // PROJECTS
    bare = {name: table(name).__table__ for name in ("building", "unit", "room")}
    with engine.begin() as connection:
        building = unit = 0
        for key in keys:
            rows = []
            for start in range(0, per_project, ROOMS_OF_A_BUILDING):
                building, unit = building + 1, unit + 1
                connection.execute(
                    insert(bare["building"]),
                    {"id": building, "project_id": key, "name": f"{start // 200 + 1}幢", **stamps},
                )
                connection.execute(
                    insert(bare["unit"]),
                    {"id": unit, "building_id": building, "project_id": key, "name": "1单元", **stamps},
                )
                for place in range(min(ROOMS_OF_A_BUILDING, per_project - start)):
                    floor, line = place // 4 + 1, place % 4 + 1
                    rows.append(
                        {
                            "unit_id": unit,
                            "project_id": key,
                            "no": f"{floor}{line:02d}",
                            "floor": floor,
                            "storey": floor,
                            "line": line,
                            "span": 1,
                            "house_type_id": layouts[key],
                            "presale_area": 89.37,
                            "sale_state": ("for_sale", "signed", "signed", "subscribed")[place % 4],
                            "handover_state": "not_notified",
                            "title_state": "not_started",
                            **stamps,
                        }
                    )
            connection.execute(insert(bare["room"]), rows)
        for name in bare:
            search.rebuild(connection, table(name))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))
    return keys[-1]


def median(what: Callable[[], Any], times: int = 15) -> float:
    """Returns the median of `times` runs in milliseconds, after two that are not counted."""
    taken = []
    for turn in range(times + 2):
        start = time.perf_counter()
        what()
        if turn > 1:
            taken.append((time.perf_counter() - start) * 1000)
    return statistics.median(taken)


def measure(app: Any, engine: Engine) -> None:
    """Prints a row per page and person."""
    print(f"{'page':34}{'who':16}{'app ms':>9}{'sql ms':>9}{'ratio':>8}{'stmts':>7}")
    for login in ("group_admin", "company_leader", "project_clerk"):
        console = Console(app, login)
        after = console.get("/api/v1/room/?q=(page_size:1,order_column:created_at)").get_json()["ids"][0]
        for name, url in (
            ("list", "/room/list/"),
            ("list, status filter", "/room/list/?_flt_0_sale_state=signed"),
            ("list, page 2,000", "/room/list/?page_RoomView=2000"),
            ("list, page 20,000", "/room/list/?page_RoomView=20000"),
            ("text search", "/room/list/?q=4704"),
            ("record", f"/room/show/{after}"),
            ("form", f"/room/edit/{after}"),
            ("look-up, prefix", "/room/lookup?q=47"),
            ("look-up, contains", "/room/lookup?q=704"),
            ("look-up, building and room", "/room/lookup?q=12幢 4704"),
        ):
            with statements(app) as ran:
                if console.get(url).status_code != 200:
                    continue
            through = median(lambda url=url, console=console: console.get(url))
            bare = _bare(engine, app, console, url)
            print(f"{name:34}{login:16}{through:9.1f}{bare:9.1f}{through / max(bare, 0.01):8.1f}{len(ran):7}")


def _bare(engine: Engine, app: Any, console: Console, url: str) -> float:
    """The same statements with the same values, sent straight to the driver."""
    from sqlalchemy import event

    seen: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, values: Any, *_rest: Any) -> None:
        seen.append((statement, values))

    with app.app_context():
        own = app.extensions["sqlalchemy"].engine
    event.listen(own, "before_cursor_execute", note)
    console.get(url)
    event.remove(own, "before_cursor_execute", note)
    raw = engine.raw_connection()
    cursor = raw.cursor()

    def run() -> None:
        for statement, values in seen:
            if statement.upper().startswith("SELECT"):
                cursor.execute(statement, values)
                cursor.fetchall()

    taken = median(run)
    raw.close()
    return taken


def main() -> int:
    """Builds the database, measures, prints."""
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
            start = time.perf_counter()
            build(engine, arguments.rooms)
            print(f"{arguments.rooms:,} rooms made in {time.perf_counter() - start:.0f} s", flush=True)
        measure(create_app(settings), engine)
    return 0


if __name__ == "__main__":
    sys.exit(main())
