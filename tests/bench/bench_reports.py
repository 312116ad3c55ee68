"""Every report over a million issues of 200,000 homes: its page against its own SQL, and how the database answers.

    python -m tests.bench.bench_reports [--rooms 200000] [--issues 1000000] [--plans] [--home FOLDER]

Prints, for the group's administrator and for a company's leader: median milliseconds of the report's page through the
application, of the same statements sent straight to the driver, and the ratio (aim: at most 1.3). With `--plans` the plan of
every statement that reads a table from its beginning to its end. SQLite alone: the rows are made by its own SQL.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event, text

from app import migration
from app.database import open_engine
from app.factory import create_app
from app.reports import load
from config import Settings
from models.kernel.registry import table
from tests.bench.bench_lists import build, median
from tests.console import Console

KINDS = 20
"""Contractors, categories and parts there are."""
PER_ISSUE = (
    "registered",
    "dispatched",
    "repairing",
    "repaired",
    "closed",
    "closed",
    "closed",
    "closed",
    "closed",
    "void",
)
DAYS = 700
NOW = "strftime('%Y-%m-%d %H:%M:%S.000000', 'now')"


def ago(days: str) -> str:
    """Returns the SQL of a moment so many days ago, as the database keeps moments."""
    return f"strftime('%Y-%m-%d %H:%M:%S.000000', 'now', '-' || ({days}) || ' days')"


def fill(connection: Any, into: str, source: str, /, **values: str) -> None:
    """Writes a table by one statement.

    Args:
        source: what stands behind FROM.
        values: column -> SQL; what is required and not said is empty, none or nought.
    """
    said = {"created_at": NOW, "changed_at": NOW, "version": "1", **values}
    for column in table(into).__table__.columns:
        if not column.nullable and column.name not in said and column.name != "id":
            said[column.name] = "''" if column.type.python_type is str else "0"
    connection.execute(text(f"INSERT INTO {into} ({', '.join(said)}) SELECT {', '.join(said.values())} FROM {source}"))


def some(n: int) -> str:
    """Returns the SQL of the numbers from 1 to n, as `n.n`."""
    return f"(WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {n}) SELECT n FROM c) n"


def more(engine: Engine, rooms: int, issues: int) -> None:
    """Fills what reports count, beside the homes: parameters, plans, inspections, handovers, issues, repairs, owners, visits."""
    each = max(1, issues // rooms)
    states = " ".join(f"WHEN {place} THEN '{state}'" for place, state in enumerate(PER_ISSUE))
    with engine.begin() as connection:
        node = "(SELECT id FROM node WHERE kind = 'group')"
        fill(connection, "trade", some(1), node_id=node, code="'T'", name="'土建'")
        for name in ("contractor", "issue_category", "part"):
            kind = {"contractor": "'blue'", "issue_category": "'defect'", "part": "'indoor'"}[name]
            extra = {"usci": "'U' || n.n"} if name == "contractor" else {"kind": kind, "code": "'K' || n.n"}
            fill(
                connection,
                name,
                some(KINDS),
                node_id=node,
                name=f"'{name} ' || n.n",
                **extra,
            )
        company = "JOIN node n ON n.kind = 'company' AND n.ref_id = p.company_id"
        fill(connection, "customer", f"room r JOIN project p ON p.id = r.project_id {company}",
             id="r.id", node_id="n.id", kind="'person'", name="'业主' || r.id", level="'ordinary'", cert_kind="'id_card'")  # fmt: skip
        fill(connection, "ownership", "room r WHERE r.sale_state = 'signed'", project_id="r.project_id", room_id="r.id",
             customer_id="r.id", is_main="1", from_day="'2024-01-01'", use="'self'")  # fmt: skip
        fill(connection, "visit_record", "room r WHERE r.id % 4 = 0", project_id="r.project_id", customer_id="r.id",
             visited_at=ago(f"r.id % {DAYS}"))  # fmt: skip
        fill(connection, "inspection_plan", "project p", project_id="p.id", title="'验房' || p.id", kind="'internal'",
             from_on="date('now', '-300 days')", until_on="date('now', '-200 days')", window="'inside'", state="'done'")  # fmt: skip
        fill(connection, "inspection_room", "room r JOIN inspection_plan i ON i.project_id = r.project_id", id="r.id",
             project_id="r.project_id", plan_id="i.id", room_id="r.id", inspected_at=ago("200 + r.id % 100"),
             result="CASE r.id % 5 WHEN 0 THEN 'clean' WHEN 1 THEN 'pending' ELSE 'issues' END")  # fmt: skip
        fill(connection, "handover_plan", "project p", project_id="p.id", title="'入伙' || p.id", state="'released'",
             planned_from="date('now', '-150 days')", planned_to="date('now', '-60 days')")  # fmt: skip
        fill(connection, "handover_room", "room r JOIN handover_plan h ON h.project_id = r.project_id", project_id="r.project_id",
             plan_id="h.id", room_id="r.id", state="'completed'", notice_state="'delivered'",
             outcome="CASE r.id % 6 WHEN 0 THEN 'refused' WHEN 1 THEN NULL ELSE 'accepted' END",
             outcome_at=f"CASE WHEN r.id % 6 <> 1 THEN {ago('60 + r.id % 90')} END")  # fmt: skip
        fill(connection, "issue", f"room r CROSS JOIN {some(each)}", number="'B' || (r.id * 100 + n.n)", project_id="r.project_id",
             source="'inspection'", room_id="r.id", inspection_room_id="r.id", category_id=f"(r.id * 7 + n.n * 3) % {KINDS} + 1",
             part_id=f"(r.id + n.n) % {KINDS} + 1", contractor_id=f"(r.id / 50 + n.n) % {KINDS} + 1",
             level="CASE n.n % 3 WHEN 0 THEN 'serious' ELSE 'general' END", description="'墙面空鼓'",
             status=f"CASE (r.id + n.n * 3) % {len(PER_ISSUE)} {states} END",
             created_at=ago(f"(r.id * 13 + n.n) % {DAYS}"), due_at=ago(f"(r.id * 13 + n.n) % {DAYS} - 10"),
             closed_at=f"CASE WHEN (r.id + n.n * 3) % 10 BETWEEN 4 AND 8 THEN {ago(f'(r.id * 13 + n.n) % {DAYS} - 9 + n.n % 4')} END",
             rework_count="(r.id + n.n) % 9 = 0")  # fmt: skip
        fill(connection, "issue_fix", "issue i WHERE i.status NOT IN ('registered', 'dispatched')", project_id="i.project_id",
             issue_id="i.id", round="1", contractor_id="i.contractor_id", sent_at="i.created_at", due_at="i.due_at",
             done_at="i.closed_at", result="CASE WHEN i.closed_at IS NULL THEN 'open' ELSE 'passed' END")  # fmt: skip
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))


def seen(app: Any, console: Console, url: str) -> list[tuple[str, Any]]:
    """Returns the statements a page sends, with their values."""
    found: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, values: Any, *_rest: Any) -> None:
        if statement.upper().lstrip().startswith(("SELECT", "WITH")):
            found.append((statement, values))

    with app.app_context():
        own = app.extensions["sqlalchemy"].engine
    event.listen(own, "before_cursor_execute", note)
    assert console.get(url).status_code == 200, url
    event.remove(own, "before_cursor_execute", note)
    return found


def measure(app: Any, engine: Engine, *, plans: bool, times: int) -> None:
    """Prints a row per report and person."""
    print(f"{'report':22}{'who':16}{'page ms':>9}{'sql ms':>9}{'ratio':>8}{'stmts':>7}", flush=True)
    raw = engine.raw_connection()
    cursor = raw.cursor()
    for login in ("group_admin", "company_leader"):
        console = Console(app, login)
        for name, report in sorted(load().items()):
            url = f"/report/{name}/" + ("?period=all" if report.when is not None else "")
            ran = seen(app, console, url)

            def bare(ran: list[tuple[str, Any]] = ran) -> None:
                for statement, values in ran:
                    cursor.execute(statement, values)
                    cursor.fetchall()

            through = median(lambda url=url, console=console: console.get(url), times)
            own = median(bare, times)
            print(f"{name:22}{login:16}{through:9.1f}{own:9.1f}{through / own:8.2f}{len(ran):7}", flush=True)
            for statement, values in ran if plans else ():
                steps = [row[3] for row in cursor.execute(f"EXPLAIN QUERY PLAN {statement}", values)]
                whole = [
                    step for step in steps if step.startswith("SCAN") or "TEMP B-TREE" in step or "AUTOMATIC" in step
                ]
                if any(step.startswith("SCAN") or "AUTOMATIC" in step for step in whole):
                    print("    " + " | ".join(steps))
    raw.close()


def main() -> int:
    """Builds the database, measures, prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rooms", type=int, default=200_000)
    parser.add_argument("--issues", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--plans", action="store_true")
    parser.add_argument("--home", type=Path, default=None, help="keep the database here and use it again")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = arguments.home or Path(folder)
        home.mkdir(exist_ok=True)
        fresh = not (home / "doorbook.db").exists()
        variables = {"DOORBOOK_HOME": str(home), "DOORBOOK_DEMO": "0", "DATA_KEY": "d" * 40, "SECRET_KEY": "s" * 40}
        settings = Settings.read(variables)
        engine = open_engine(settings)
        if fresh:
            start = time.perf_counter()
            migration.upgrade(engine)
            build(engine, arguments.rooms)
            more(engine, arguments.rooms, arguments.issues)
            print(f"{arguments.rooms:,} homes made in {time.perf_counter() - start:.0f} s", flush=True)
        measure(create_app(settings), engine, plans=arguments.plans, times=arguments.times)
    return 0


if __name__ == "__main__":
    sys.exit(main())
