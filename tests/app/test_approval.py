"""Flow settings by place and approvals of several levels, over a table that declares them: people, amounts, races, versions."""

from __future__ import annotations

from typing import Any

import pytest

from tests.demonstration import CLAIM, Tree

SET_UP = """
import json, threading
from decimal import Decimal
from datetime import date, timedelta
from sqlalchemy import select
from app.database import open_engine, system_session
from app.factory import create_app
from config import Settings
from models.kernel import entry
from models.kernel.approval import PARTS
from models.kernel.approving import ApprovalRow, rounds, waiting_for
from models.kernel.audit import AuditLog
from models.kernel.clock import frozen, utc_now
from models.kernel.flow_setting import FlowSetting
from models.kernel.grant import held_by
from models.kernel.actor import Actor, SYSTEM
from models.kernel.moving import asks, move, possible
from models.kernel.node import Node
from models.kernel.notice.outbox import NoticeOutbox
from models.kernel.refusal import Refusal
from models.kernel.roles import ROLES
from models.kernel.session import act
from models.kernel.table import Base
from models.org.company import Company
from models.property.demo_ticket import ClaimState, DemoClaim
from models.property.project import Project
from sqlalchemy.orm import Session
from tests.console import Console, bearer
settings = Settings.read()
found = {}
def actor(session, login):
    users = Base.metadata.tables["ab_user"].c
    account = session.execute(select(users.id).where(users.username == login)).scalar_one()
    return Actor(account, login, held_by(session, account))
def as_(session, login, clock=utc_now):
    return act(session, actor(session, login), clock)
def project(session, code="lake"):
    return session.scalars(select(Project.id).where(Project.code == code)).one()
def node(session, kind, ref):
    return session.scalars(select(Node.id).where(Node.kind == kind, Node.ref_id == ref)).one()
def company(session, code="hangzhou"):
    return node(session, "company", session.scalars(select(Company.id).where(Company.code == code)).one())
def claim(session, name, amount="100", login="project_clerk", place="lake", submit=True):
    act(session, SYSTEM)
    where = project(session, place)
    as_(session, login)
    row = entry.add(session, DemoClaim, {"project_id": where, "name": name, "amount": amount})
    if submit:
        move(session, row, "submit")
    return row
def code(work):
    try:
        work()
        return "done"
    except Refusal as refusal:
        return [refusal.status, str(refusal)]
def press(session, row, login, name, **values):
    as_(session, login)
    return move(session, row, name, values, row.version)
def setting(session, node_id, subject, day=None, **more):
    act(session, SYSTEM)
    row = FlowSetting(table_name="demo_claim", subject=subject, node_id=node_id, from_day=day or date(2020, 1, 1), **more)
    session.add(row); session.flush()
    return row
"""

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

LEVELS = (
    SET_UP
    + """
with system_session(settings) as session:
    row = claim(session, "levels")
    found["begins"] = [row.state, [r.level for r in rounds(session, row)]]
    found["foreign level"] = code(lambda: press(session, row, "company_leader", "approve"))
    found["own"] = code(lambda: press(session, row, "project_clerk", "approve"))
    before = row.version
    press(session, row, "project_leader", "approve", opinion="同意，金额合理")
    found["still pending"] = [row.state, row.version > before]
    found["twice"] = code(lambda: press(session, row, "project_leader", "approve"))
    as_(session, "company_leader")
    found["no version"] = code(lambda: move(session, row, "approve"))
    found["old version"] = code(lambda: move(session, row, "approve", {}, row.version - 1))
    found["why"] = code(lambda: move(session, row, "send_back", {"to_level": "project"}, row.version))
    press(session, row, "company_leader", "send_back", opinion="请补充材料", to_level="项目负责人")
    found["asked again"] = [(r.level, r.state) for r in rounds(session, row)]
    press(session, row, "project_leader", "approve")
    press(session, row, "service_manager", "approve")
    press(session, row, "group_leader", "reject", opinion="额度不足")
    found["rejected"] = [row.state, [(r.level, r.state, r.opinion) for r in rounds(session, row)][-1]]
    as_(session, "project_clerk"); move(session, row, "submit")
    found["round two"] = [(r.round, r.level) for r in rounds(session, row)][-1]
    found["not theirs"] = code(lambda: press(session, row, "service_manager", "withdraw"))
    press(session, row, "project_clerk", "withdraw")
    found["withdrawn"] = [row.state, rounds(session, row)[-1].state]
    own = claim(session, "own", login="service_manager")
    found["applicant asked"] = code(lambda: press(session, own, "service_manager", "approve"))
    lines = select(AuditLog.action).where(AuditLog.table_name == "demo_claim", AuditLog.row_id == row.id)
    found["audit"] = list(session.scalars(lines.order_by(AuditLog.id)))
    as_(session, "project_leader")
    found["waiting"] = [one.name for _ask, one in waiting_for(session, actor(session, "project_leader"))]
    others = ("service_manager", "bay_clerk")
    found["not waiting"] = sum(len(waiting_for(session, actor(session, login))) for login in others)
    act(session, SYSTEM)
    users, told = Base.metadata.tables["ab_user"], NoticeOutbox.__table__.c
    keys = {login: actor(session, login).user_id for login in ("project_leader", "service_manager")}
    session.connection().execute(users.update().where(users.c.username == "service_manager").values(active=False))
    asks = claim(session, "who is asked")
    last = select(told.recipients).where(told.row_id == asks.id, told.event == "approval.asked")
    heard = json.loads(session.execute(last).scalar_one())
    found["asked of"] = sorted(login for login, key in keys.items() if key in heard)
    session.connection().execute(users.update().where(users.c.username == "service_manager").values(active=True))
print("FOUND" + json.dumps(found))
"""
)

PAGES = (
    SET_UP
    + """
app = create_app(settings)
leader, zh, clerk = Console(app, "project_leader"), Console(app, "company_leader", "zh"), Console(app, "project_clerk")
text = lambda answer: answer.get_data(as_text=True)
counted = lambda one: one.get("/counts.json").get_json().get("/approval/list/", {}).get("n")
before = counted(leader)
with system_session(settings) as session:
    row = claim(session, "Leak-in-the-bath", "2000")
    key = row.id
page = text(leader.get(f"/demo_claim/show/{key}"))
found["buttons"] = [f"/demo_claim/{key}/move/{name}" in page for name in ("approve", "reject", "send_back", "withdraw")]
found["clerk's"] = [f"/demo_claim/{key}/move/{name}" in text(clerk.get(f"/demo_claim/show/{key}")) for name in ("approve", "withdraw")]
tasks = leader.get("/approval/list/")
found["tasks"] = [tasks.status_code, "Leak-in-the-bath" in text(tasks), "Project leader" in text(tasks)]
linked = lambda one: 'href="/approval/list/"' in text(one.get("/me"))
found["menu"] = [linked(leader), linked(Console(app, "contractor"))]
found["counted"] = [counted(leader) - before, counted(clerk), counted(Console(app, "bay_clerk"))]
form = text(leader.get(f"/demo_claim/{key}/move/approve"))
found["form"] = ['name="opinion"' in form, 'name="_version"' in form]
version = form.split('name="_version" value="')[1].split('"')[0]
found["reject needs why"] = leader.send(f"/demo_claim/{key}/move/reject", _version=version).status_code
found["approved"] = leader.send(f"/demo_claim/{key}/move/approve", _version=version, opinion="好").status_code
found["late second"] = leader.send(f"/demo_claim/{key}/move/approve", _version=version).status_code
found["gone from tasks"] = "Leak-in-the-bath" not in text(leader.get("/approval/list/"))
shown = text(zh.get(f"/demo_claim/show/{key}"))
found["timeline"] = ["执行了“同意”" in shown, "项目负责人 “好”" in shown, "审批进度" in shown]
found["stranger"] = Console(app, "stranger").get("/approval/list/").status_code
found["contractor"] = "Leak-in-the-bath" in text(Console(app, "contractor").get("/approval/list/"))
rest = app.test_client()
headers = bearer(app, "company_leader")
found["rest no version"] = rest.post(f"/api/v1/demo_claim/{key}/approve", headers=headers).status_code
etag = rest.get(f"/api/v1/demo_claim/{key}", headers=headers).headers["ETag"]
answers = []
def approve(login):
    h = {**bearer(app, login), "If-Match": etag}
    def run():
        one = app.test_client().post(f"/api/v1/demo_claim/{key}/approve", headers=h)
        answers.append([one.status_code, one.get_json().get("detail", "")])
    return run
threads = [threading.Thread(target=approve(login)) for login in ("company_leader", "service_manager")]
[each.start() for each in threads]; [each.join() for each in threads]
found["two at once"] = sorted(answer[0] for answer in answers)
found["sentence"] = [bool(answer[1]) for answer in answers if answer[0] == 409]
with system_session(settings) as session:
    row = session.get(DemoClaim, key)
    found["one level only"] = [(r.level, r.state) for r in rounds(session, row)]
print("FOUND" + json.dumps(found))
"""
)

SETTINGS = (
    SET_UP
    + """
with system_session(settings) as session:
    there, here = company(session), node(session, "project", project(session))
    act(session, SYSTEM)
    before = claim(session, "before", submit=False)
    setting(session, there, "submit", roles="service_manager", required_columns="reason")
    setting(session, there, "level:project", roles="project_leader")
    setting(session, there, "state:pending", limit_amount=2, limit_unit="working_days")
    setting(session, there, "level:company", automatic_below=Decimal(500))
    late = utc_now() + timedelta(seconds=1)
    found["before keeps"] = [t.name for t in possible(as_(session, "project_clerk"), before)]
    act(session, SYSTEM, frozen(late)); where = project(session)
    as_(session, "project_clerk", frozen(late))
    row = entry.add(session, DemoClaim, {"project_id": where, "name": "after", "amount": "100"})
    found["narrowed"] = [[t.name for t in possible(session, row)], code(lambda: move(session, row, "submit"))]
    as_(session, "service_manager", frozen(late))
    found["asks"] = list(asks(session, row, DemoClaim.flow.transition("submit")))
    found["required"] = code(lambda: move(session, row, "submit"))
    friday = frozen(late.replace(hour=2) + timedelta(days=(4 - late.weekday()) % 7 + 7))
    as_(session, "service_manager", friday)
    move(session, row, "submit", {"reason": "漏水"})
    found["due"] = [(row.state_due_at - friday()).days, row.state]
    as_(session, "service_manager", friday)
    found["level narrowed"] = code(lambda: move(session, row, "approve", {}, row.version))
    press(session, row, "project_leader", "approve")
    found["company by itself"] = [(r.level, r.state) for r in rounds(session, row)]
    lines = select(AuditLog.changes).where(AuditLog.row_id == row.id, AuditLog.table_name == "demo_claim")
    found["told"] = session.scalars(lines.order_by(AuditLog.id.desc())).first()
    setting(session, here, "approve", automatic_below=Decimal(50))
    act(session, SYSTEM, frozen(late + timedelta(seconds=5))); where = project(session)
    as_(session, "service_manager", frozen(late + timedelta(seconds=5)))
    small = entry.add(session, DemoClaim, {"project_id": where, "name": "small", "amount": "49.99", "reason": "x"})
    move(session, small, "submit")
    found["small"] = [small.state, [r.state for r in rounds(session, small)]]
    act(session, SYSTEM)
    old = session.scalars(select(FlowSetting).where(FlowSetting.subject == "submit")).one()
    old.roles = None
    found["published"] = code(session.flush)
    session.rollback()
with system_session(settings) as session:
    there = company(session)
    def bad(**more):
        day = str(date.today() + timedelta(days=3))
        fields = {"table_name": "demo_claim", "subject": "submit", "from_day": day, "node_id": there, **more}
        as_(session, "group_admin")
        answer = code(lambda: entry.add(session, FlowSetting, fields))
        session.rollback()
        return answer
    found["more roles"] = bad(roles="finance")
    found["past"] = bad(from_day="2020-01-01")
    found["no step"] = bad(subject="explode")
    found["state column"] = bad(required_columns="state")
    found["limit of a move"] = bad(limit_amount=3)
    found["fine"] = bad(roles="service_manager")
    act(session, SYSTEM)
    there, login = company(session, "shenzhen"), "regional_admin"
    def bad_there():
        as_(session, login)
        entry.add(session, FlowSetting, {"table_name": "demo_claim", "subject": "submit", "from_day": str(date.today()), "node_id": there})
    found["other region"] = code(bad_there)
    session.rollback()
print("FOUND" + json.dumps(found))
"""
)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    made = Tree(tmp_path_factory.mktemp("claims"), CLAIM)
    made.story(BUILD)
    return made


def test_levels_are_asked_one_after_the_other(tree: Tree) -> None:
    found = tree.story(LEVELS)
    assert found.pop("begins") == ["pending", ["project"]]
    assert found.pop("foreign level")[0] == 403
    assert found.pop("own")[0] == 403
    assert found.pop("still pending") == ["pending", True]
    assert found.pop("twice")[0] == 403
    assert found.pop("no version")[0] == 428
    status, sentence = found.pop("old version")
    assert status == 409 and "meanwhile" in sentence
    assert found.pop("why") == [422, "Say why."]
    assert found.pop("asked again") == [["project", "approve"], ["company", "send_back"], ["project", "open"]]
    assert found.pop("rejected") == ["rejected", ["group", "reject", "额度不足"]]
    assert found.pop("round two") == [2, "project"]
    assert found.pop("not theirs")[0] == 403
    assert found.pop("withdrawn") == ["draft", "withdraw"]
    status, sentence = found.pop("applicant asked")
    assert status == 403 and "themselves" in sentence
    assert found.pop("audit") == [
        *("add", "submit", "approve", "send_back", "approve", "approve", "reject", "submit", "withdraw"),
    ]
    assert found.pop("waiting") == ["own"]
    assert found.pop("not waiting") == 0
    assert found.pop("asked of") == ["project_leader"], "an account that is disabled is not told"
    assert not found


def test_people_decide_on_pages_and_over_rest(tree: Tree) -> None:
    found: dict[str, Any] = tree.story(PAGES)
    assert found.pop("buttons") == [True, True, False, False]
    assert found.pop("clerk's") == [False, True]
    assert found.pop("tasks") == [200, True, True]
    assert found.pop("menu") == [True, False]
    assert found.pop("counted") == [1, 0, 0]
    assert found.pop("form") == [True, True]
    assert found.pop("reject needs why") == 422
    assert found.pop("approved") == 302
    assert found.pop("late second") == 409
    assert found.pop("gone from tasks") is True
    assert found.pop("timeline") == [True, True, True]
    assert found.pop("stranger") == 200
    assert found.pop("contractor") is False
    assert found.pop("rest no version") == 428
    assert found.pop("two at once") == [200, 409]
    assert found.pop("sentence") == [True]
    assert found.pop("one level only") == [["project", "approve"], ["company", "approve"], ["group", "open"]]
    assert not found


def test_settings_narrow_ask_and_let_go(tree: Tree) -> None:
    found = tree.story(SETTINGS)
    assert found.pop("before keeps") == ["submit"]
    names, (status, sentence) = found.pop("narrowed")
    assert names == [] and status == 403 and "Customer service manager" in sentence
    assert found.pop("asks") == ["amount", "reason"]
    assert found.pop("required")[0] == 422
    assert found.pop("due") == [4, "pending"]  # two working days over a weekend
    assert found.pop("level narrowed")[0] == 403
    assert found.pop("company by itself") == [["project", "approve"], ["company", "automatic"], ["group", "open"]]
    assert "500" in found.pop("told")
    assert found.pop("small") == ["approved", ["automatic", "automatic", "automatic"]]
    assert found.pop("published")[0] == 409
    for name in ("more roles", "past", "no step", "state column", "limit of a move"):
        assert found.pop(name)[0] == 422, name
    assert found.pop("fine") == "done"
    assert found.pop("other region")[0] in (403, 422)
    assert not found


@pytest.mark.parametrize("part", ["some", pytest.param("all", marks=pytest.mark.deep)])
def test_illegal_moves_of_an_approval_are_refused(tree: Tree, part: str) -> None:
    """The generated matrix of `tests/contract/test_moves.py`, over a flow with three levels: asked of another, one's own,
    nothing to send back to, not the applicant's to withdraw, out of turn."""
    tree.environment.pop("CI", None)
    said = tree.run(
        *("-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", "tests/contract/test_moves.py"),
        *("-k", f"{part}-demo_claim"),
    )
    assert "1 passed" in said
