"""A table with a flow, from its declaration alone: every move by every role from page and REST, races, crashes, checks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

from tests.databases import create_postgres, drop_postgres
from tests.demonstration import DECLARATION, Tree

SET_UP = """
import json, os, threading
from sqlalchemy import select
from app.database import open_engine, system_session
from app.factory import create_app
from config import Settings
from models.kernel.audit import AuditLog
from models.kernel.bulk import insert_rows, update_rows
from models.kernel.clock import frozen
from models.kernel.moving import move
from models.kernel.refusal import Refusal
from models.kernel.roles import ROLES
from models.kernel.session import act
from models.property.demo_ticket import DemoState, DemoTicket
from sqlalchemy.orm import Session
from tests.console import Console, bearer
from tests.world import NOW, build
settings = Settings.read()
def tickets(session, world, count, place="lake", **more):
    return insert_rows(session, DemoTicket, [{"project_id": world.id("project", place), "name": "x", **more} for _ in range(count)])
"""

BUILD = (
    SET_UP
    + """
from seeds.reference import seed
with system_session(settings) as session:
    build(session)
    seed(session)
print("FOUND{}")
"""
)

WORLD = """
class world:  # the keys of the world that is in the database already
    @staticmethod
    def id(table, name):
        from models.property.project import Project
        return session.scalars(select(Project.id).where(Project.code == name)).one()
"""

MATRIX = (
    SET_UP
    + WORLD
    + """
wrong = []
app = create_app(settings)
flow, states = DemoTicket.flow, list(DemoState)
with system_session(settings) as session:
    at = {state: tickets(session, world, 1, state=state.value)[0] for state in states}
engine, bare = open_engine(settings), DemoTicket.__table__
def state_of(key):
    with engine.connect() as connection:
        return tuple(connection.execute(select(bare.c.state, bare.c.version).where(bare.c.id == key)).one())
def reset(key, state):
    with engine.begin() as connection:
        connection.execute(bare.update().where(bare.c.id == key).values(state=state, answer=None))
def law(role, move_, state, filled):
    if move_ is None:
        return 404
    if role not in move_.roles:
        return 403
    if state not in move_.from_:
        return 409
    return 200 if filled or not move_.required else 422
tried = 0
for role in [*ROLES, "bay_clerk", "stranger"]:
    page = Console(app, role)
    page.token = (lambda token: lambda: token)(page.token())
    rest, headers = app.test_client(), bearer(app, role)
    here = role if role in ROLES else None
    for state in states:
        for name in [*(t.name for t in flow.transitions), "nothing"]:
            move_ = flow.transition(name)
            for filled in ((False, True) if move_ and move_.required else (True,)):
                body = {"answer": "mended"} if filled and move_ and move_.required else {}
                for way in ("page", "rest"):
                    key = at[state]
                    before = state_of(key)
                    if way == "rest":
                        answer = rest.post(f"/api/v1/demo_ticket/{key}/{name}", json=body, headers=headers)
                    else:
                        answer = page.send(f"/demo_ticket/{key}/move/{name}", **body)
                    got = 200 if answer.status_code == 302 else answer.status_code
                    should = law(role, move_, state, filled) if here else {"bay_clerk": 404, "stranger": 403}[role]
                    after = state_of(key)
                    tried += 1
                    moved = after != before
                    if got != should or moved != (should == 200) or (moved and after[0] != move_.to):
                        wrong.append([role, state, name, filled, way, got, should, after[0]])
                    if got in (404, 409, 422) and way == "rest" and not answer.get_json()["detail"]:
                        wrong.append(["no sentence", role, state, name])
                    if moved:
                        reset(key, state.value)
            if here and len(role) % 2:
                shown = page.get(f"/demo_ticket/show/{at[state]}").get_data(as_text=True)
                offered = f"/demo_ticket/{at[state]}/move/{name}" in shown
                if offered != (move_ is not None and role in move_.roles and state in move_.from_):
                    wrong.append(["button", role, state, name, offered])
print("FOUND" + json.dumps({"wrong": wrong, "tried": tried}))
"""
)

STORY = (
    SET_UP
    + WORLD
    + """
found = {}
app = create_app(settings)
def code(work):
    try:
        work()
        return "done"
    except (Refusal, RuntimeError) as fault:
        return getattr(fault, "code", type(fault).__name__)
with system_session(settings) as session:
    one, two, three = tickets(session, world, 3)
clerk, zh = Console(app, "project_clerk"), Console(app, "project_clerk", "zh")
show = lambda who, key: who.get(f"/demo_ticket/show/{key}").get_data(as_text=True)
page = show(clerk, one)
found["primary is the usual move"] = page.index("button primary") < page.index("Accept") < page.index("Accept") + 1
found["steps"] = 'aria-current="step"' in page and "Waiting" in page and "In work" in page
found["no field of the state"] = 'name="state"' not in clerk.get("/demo_ticket/add").get_data(as_text=True)
clerk.send(f"/demo_ticket/{one}/move/accept")
form = clerk.get(f"/demo_ticket/{one}/move/finish").get_data(as_text=True)
found["asks"] = 'name="answer"' in form and 'name="name"' not in form
empty = clerk.send(f"/demo_ticket/{one}/move/finish", answer=" ")
found["at the field"] = empty.status_code == 422 and "is required" in empty.get_data(as_text=True)
guarded = clerk.send(f"/demo_ticket/{one}/move/finish", answer="no")
text = guarded.get_data(as_text=True)
found["guard"] = guarded.status_code == 409 and "is none" in text and 'value="no"' in text
found["moved"] = clerk.send(f"/demo_ticket/{one}/move/finish", answer="mended").status_code == 302
page = show(clerk, one)
found["timeline"] = "chose “Finish”" in page and "<del>In work</del>" in page and "<ins>Done</ins>" in page
found["in Chinese"] = "执行了“完成”" in show(zh, one) and "处理中" in show(zh, one)
headers = bearer(app, "project_clerk")
rest = app.test_client()
illegal = rest.post(f"/api/v1/demo_ticket/{two}/finish", json={"answer": "x"}, headers=headers)
said = illegal.get_json()
found["says what is possible"] = illegal.status_code == 409 and said["code"] == "illegal_move" and "受理" in said["detail"]
found["unknown"] = rest.post(f"/api/v1/demo_ticket/{two}/explode", headers=headers).status_code == 404
found["old version"] = rest.post(f"/api/v1/demo_ticket/{two}/accept", headers={**headers, "If-Match": '"9"'}).status_code == 409
found["foreign field"] = rest.post(f"/api/v1/demo_ticket/{two}/accept", json={"name": "y"}, headers=headers).status_code == 422
put = rest.put(f"/api/v1/demo_ticket/{two}", json={"state": "done"}, headers={**headers, "If-Match": '"1"'})
found["no state by put"] = put.status_code == 422
post = rest.post("/api/v1/demo_ticket/", json={"project_id": 1, "name": "x", "state": "done"}, headers=headers)
found["no state by post"] = post.status_code == 422
enum = clerk.get("/api/v1/_openapi").get_json()["paths"]["/api/v1/demo_ticket/{pk}/{transition}"]["post"]["parameters"][1]["schema"]["enum"]
found["enum"] = enum == ["accept", "finish", "reopen", "void"]
found["other tables"] = rest.post("/api/v1/room/1/accept", headers=headers).status_code == 404
with system_session(settings) as session:
    row = session.get(DemoTicket, three)
    row.state = "done"
    found["not by the session"] = code(session.flush)
    session.rollback()
    found["not in bulk"] = code(lambda: update_rows(session, DemoTicket, [(three, {"state": ("waiting", "done")})]))
    session.rollback()
    found["audit"] = list(
        session.scalars(
            select(AuditLog.action)
            .where(AuditLog.row_id == one, AuditLog.table_name == "demo_ticket")
            .order_by(AuditLog.id)
        )
    )
    from models.kernel.flow import flow_diagram
    found["diagram"] = "waiting --> working: Accept" in flow_diagram(DemoTicket) and "作废" in flow_diagram(DemoTicket, "zh")
    from models.kernel.checks import problems
    found["in order"] = [str(one) for one in problems()]
people, answers = [bearer(app, who) for who in ("project_clerk", "request_clerk", "finance", "title_clerk")], []
def accept(headers):
    answers.append(app.test_client().post(f"/api/v1/demo_ticket/{three}/accept", headers=headers).status_code)
threads = [threading.Thread(target=accept, args=(each,)) for each in people]
[each.start() for each in threads]
[each.join() for each in threads]
found["one of four"] = sorted(answers)
print("FOUND" + json.dumps(found))
"""
)

CRASH = (
    SET_UP
    + WORLD
    + """
with system_session(settings) as session:
    (key,) = tickets(session, world, 1)
print(key, flush=True)
with system_session(settings) as session:
    move(session, session.get(DemoTicket, key), "accept")
    os._exit(0)  # the machine goes down before the commit
"""
)

AFTER = (
    SET_UP
    + """
with system_session(settings) as session:
    row = session.get(DemoTicket, KEY)
    was, lines = row.state, len(session.scalars(select(AuditLog).where(AuditLog.action == "accept", AuditLog.row_id == KEY)).all())
    move(session, row, "accept")
with system_session(settings) as session:
    print("FOUND" + json.dumps([was, lines, session.get(DemoTicket, KEY).state]))
"""
)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    made = Tree(tmp_path_factory.mktemp("flow"))
    made.story(BUILD)
    return made


def test_the_declaration_is_short() -> None:
    assert len(DECLARATION.splitlines()) < 42


def test_every_move_by_every_role(tree: Tree) -> None:
    """Generated: each role, state, transition and an unknown one, fields empty and filled, from page and REST."""
    found = tree.story(MATRIX)
    assert found["wrong"] == []
    assert found["tried"] > 700


def test_a_day_with_tickets(tree: Tree) -> None:
    all_stands(tree.story(STORY))


@pytest.mark.postgres
def test_a_day_with_tickets_on_postgres(tmp_path: Path) -> None:
    url = create_postgres()
    try:
        tree = Tree(tmp_path, database_url=url)
        tree.story(BUILD)
        all_stands(tree.story(STORY))
    finally:
        drop_postgres(make_url(url).database or "")


def all_stands(found: dict[str, Any]) -> None:
    assert found.pop("not by the session") == found.pop("not in bulk") == "RuntimeError"
    assert found.pop("audit") == ["add", "accept", "finish"]
    assert found.pop("in order") == []
    assert found.pop("one of four") == [200, 409, 409, 409]
    assert [name for name, right in found.items() if right is not True] == []


def test_a_crash_leaves_nothing_half_done(tree: Tree) -> None:
    key = tree.run("-c", CRASH).split()[0]
    assert tree.story(AFTER.replace("KEY", key)) == ["waiting", 0, "working"]


BROKEN = [
    ('"waiting", final=("void",)', '"asleep", final=("void",)', "D023"),
    ('final=("void",)', "final=()", "D028"),
    ('final=("void",)', 'final=("void", "working")', "D028"),
    ('required=("answer",)', 'required=("reply",)', "D026"),
    ('required=("answer",)', 'required=("state",)', "D026"),
    ('("service_manager",)', '("janitor",)', "D025"),
    ('Transition("void"', 'Transition("delete"', "D024"),
    ('("waiting", "working"), "void"', '("waiting", "working"), "done"', "D027"),
    ("system=True", "system=False", "D022"),
    ("{seq:04d}", "{seq}", "D021"),
]
CHECK = """
import json
from models.kernel.checks import problems
print("FOUND" + json.dumps(sorted({one.id for one in problems()})))
"""


def test_mistakes_are_named(tree: Tree) -> None:
    """Each mistake in the declaration has its stable id."""
    file = tree.folder / "models" / "property" / "demo_ticket.py"
    right = file.read_text()
    try:
        for said, instead, id_ in BROKEN:
            assert said in right, said
            file.write_text(right.replace(said, instead, 1))
            assert id_ in tree.story(CHECK), (instead, id_)
    finally:
        file.write_text(right)
