"""Numbers that the kernel gives: fifty writers at once, refused and withdrawn rows, rules near and far, bulk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url

from tests.databases import create_postgres, drop_postgres
from tests.demonstration import Tree, finished

PROCESSES, THREADS, EACH = 5, 10, 3

SET_UP = """
import json, random, sys, threading
from sqlalchemy import select
from sqlalchemy.orm import Session
from app.database import open_engine, system_session
from config import Settings
from models.kernel.actor import SYSTEM, Actor
from models.kernel.bulk import insert_rows
from models.kernel.clock import frozen
from models.kernel.guard import remove
from models.kernel.node import node_of
from models.kernel.number_rule import NumberRule
from models.kernel.numbering import NumberCounter
from models.kernel.refusal import Refusal
from models.kernel.session import act
from models.property.demo_ticket import DemoTicket
from seeds.reference import seed
from tests.world import NOW, build
settings = Settings.read()
"""

BUILD = (
    SET_UP
    + """
with system_session(settings) as session:
    world = build(session)
    act(session, SYSTEM, frozen(NOW))
    print("FOUND" + json.dumps({"rules": [seed(session) > 0, seed(session)], "project": world.id("project", "lake")}))
"""
)

WRITE = (
    SET_UP
    + f"""
engine = open_engine(settings)
engine.dispose()
faults = []

def write(thread):
    chance = random.Random(sys.argv[1] + str(thread))
    for turn in range({EACH}):
        try:
            with Session(engine) as session:
                act(session, SYSTEM, frozen(NOW))
                rows = [DemoTicket(project_id=int(sys.argv[2]), name=f"{{thread}}-{{turn}}-{{n}}") for n in range(turn % 3 + 1)]
                session.add_all(rows)
                session.flush()
                assert all(row.no for row in rows)
                if turn == 1:
                    session.rollback()  # withdrawn: its numbers go to others
                    continue
                session.commit()
        except Exception as fault:
            faults.append(repr(fault)[:300])

threads = [threading.Thread(target=write, args=(n,)) for n in range({THREADS})]
[each.start() for each in threads]
[each.join() for each in threads]
assert not faults, faults[:3]
"""
)

COUNT = (
    SET_UP
    + """
with system_session(settings, writes=False) as session:
    print("FOUND" + json.dumps(sorted(session.scalars(select(DemoTicket.no)))))
"""
)

RULES = (
    SET_UP
    + """
found = {}
def said(work):
    try:
        with session.begin_nested():
            return work()
    except Refusal as refusal:
        session.expire_all()
        return refusal.code
def ticket(project, **more):
    row = DemoTicket(project_id=world.id("project", project), name="x", **more)
    session.add(row)
    session.flush()
    return row.no
def rule(place, pattern, cycle="day", **more):
    row = NumberRule(object="demo_ticket", pattern=pattern, cycle=cycle, node_id=world.nodes[place][0], **more)
    session.add(row)
    session.flush()
    return row
with system_session(settings) as session:
    world = build(session)
    act(session, SYSTEM, frozen(NOW))
    found["no rule"] = said(lambda: ticket("lake"))
    seed(session)
    found["default"] = [ticket("lake"), ticket("bay")]
    found["refused"] = said(lambda: session.add(DemoTicket(project_id=world.id("project", "lake"))) or session.flush())
    found["no gap"] = ticket("lake")
    found["overlap"] = said(lambda: rule("hangzhou", "GD{yyyy}{mm}{dd}-{seq:03d}"))
    found["twice"] = said(lambda: rule("group", "XX{seq:04d}", "none"))
    found["bad"] = said(lambda: rule("hangzhou", "HZ{seq}", "none"))
    found["object"] = [one.value for one in __import__("models.kernel.number_rule", fromlist=["x"]).Numbered.options()]
    near = rule("hangzhou", "HZ-{project}{yy}-{seq:03d}", "year")
    found["near"] = [ticket("lake"), ticket("hill"), ticket("lake"), ticket("river")]
    bulk = insert_rows(session, DemoTicket, [{"project_id": world.id("project", p), "name": "b"} for p in ("lake", "bay", "lake")])
    rows = {row.id: row.no for row in session.scalars(select(DemoTicket).where(DemoTicket.id.in_(bulk)))}
    found["bulk"] = [rows[key] for key in bulk]
    gone = session.scalars(select(DemoTicket).where(DemoTicket.no == rows[bulk[0]])).one()
    remove(session, gone)
    found["after a deleted one"] = ticket("lake")
    found["kept by the deleted"] = gone.no
    remove(session, near)
    found["far again"] = ticket("lake")
    again = rule("hangzhou", "HZ-{project}{yy}-{seq:03d}", "year")
    found["counts on"] = ticket("lake")
    clash = ticket("hill", no="HZ-hill25-002")
    found["passed over"] = ticket("hill")
    clerk = world.actor("project_clerk")
    act(session, clerk, frozen(NOW))
    found["by a clerk"] = ticket("lake")
    act(session, SYSTEM, lambda: NOW.replace(year=2026))
    found["next year"] = [ticket("lake"), ticket("river")]
    row = session.scalars(select(DemoTicket).where(DemoTicket.no == found["by a clerk"])).one()
    row.no = "mine"
    try:
        session.flush()
    except RuntimeError as fault:
        found["never changed"] = "number" in str(fault)
    session.rollback()
print("FOUND" + json.dumps(found))
"""
)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    return Tree(tmp_path_factory.mktemp("numbers"))


@pytest.fixture
def postgres() -> Iterator[str]:
    url = create_postgres()
    yield url
    drop_postgres(make_url(url).database or "")


def fifty_writers(tree: Tree) -> None:
    built = tree.story(BUILD)
    assert built["rules"] == [True, 0], "the reference rules are written once"
    writers = [tree.start("-c", WRITE, str(n), str(built["project"])) for n in range(PROCESSES)]
    for writer in writers:
        finished(writer)
    entered = sum(turn % 3 + 1 for turn in range(EACH) if turn != 1) * PROCESSES * THREADS
    assert tree.story(COUNT) == [f"GD20250602-{n:04d}" for n in range(1, entered + 1)]


def test_fifty_writers_leave_no_gap(tmp_path: Path) -> None:
    fifty_writers(Tree(tmp_path))


@pytest.mark.postgres
def test_fifty_writers_leave_no_gap_on_postgres(tmp_path: Path, postgres: str) -> None:
    fifty_writers(Tree(tmp_path, database_url=postgres))


def test_rules_near_and_far(tree: Tree) -> None:
    found = tree.story(RULES)
    day = "GD20250602-"
    assert "demo_ticket" in found.pop("object")
    assert found == {
        "no rule": "no_number_rule",
        "default": [f"{day}0001", f"{day}0002"],
        "refused": "required",
        "no gap": f"{day}0003",
        "overlap": "overlap",
        "twice": "duplicate",
        "bad": "unknown_placeholder",
        "near": ["HZ-lake25-001", "HZ-hill25-001", "HZ-lake25-002", f"{day}0004"],
        "bulk": ["HZ-lake25-003", f"{day}0005", "HZ-lake25-004"],
        "after a deleted one": "HZ-lake25-005",
        "kept by the deleted": "HZ-lake25-003",
        "far again": f"{day}0006",
        "counts on": "HZ-lake25-006",
        "passed over": "HZ-hill25-003",
        "by a clerk": "HZ-lake25-007",
        "next year": ["HZ-lake26-001", "GD20260602-0001"],
        "never changed": True,
    }
