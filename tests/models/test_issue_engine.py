"""The issue engine: what fills itself, what is refused, rounds of repair, lists per contractor, against counts by hand."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.inspection.dispatching import Wanted, dispatch, waiting
from models.inspection.inspection_plan import InspectionPlan, Window, window_of
from models.inspection.inspection_room import InspectionRoom
from models.inspection.issue import Issue
from models.inspection.issue_fix import IssueFix
from models.inspection.reminders import due_summaries
from models.inspection.rules import choose_rooms, figures, record, register, summarise
from models.kernel.actor import SYSTEM, Actor
from models.kernel.audit import AuditLog
from models.kernel.clock import frozen
from models.kernel.grant import held_by
from models.kernel.guard import remove
from models.kernel.moving import move, possible
from models.kernel.refusal import Denied, Refusal
from models.kernel.session import act
from models.parameter.contractor import Contractor
from models.parameter.contractor_scope import ContractorScope
from models.parameter.issue_category import IssueCategory
from models.parameter.issue_standard import IssueStandard
from models.property.project import Project
from models.property.room import Room
from seeds.demo.people import credit_code
from seeds.reference import options, parameters
from seeds.reference.numbers import seed as number_rules
from tests.databases import BOTH
from tests.world import NOW, World

CLOSING = {
    "handling": "repair", "solution": "重新打胶", "representative": "周建国", "represented_on": "2025-06-02",
    "close_by": "李敏",
}  # fmt: skip


@pytest.fixture
def site(session: Session, world: World) -> Session:
    """The small world with reference parameters and two contractors in lake: doors and windows, and everything."""
    act(session, SYSTEM, frozen(NOW))
    options.seed(session)
    parameters.seed(session)
    number_rules(session)
    company = world.nodes["hangzhou"][0]
    for n, name in enumerate(("窗业", "总包", "外人", "黑名单")):
        session.add(
            Contractor(
                node_id=company, name=name, usci=credit_code(7_000_000 + n), blacklisted=name == "黑名单",
                blacklist_reason="拒修",
            )
        )  # fmt: skip
    session.flush()
    firms = {row.name: row.id for row in session.scalars(select(Contractor))}
    lake = world.id("project", "lake")
    session.add(ContractorScope(project_id=lake, contractor_id=firms["窗业"], category_id=category(session, "D03")))
    session.add(
        ContractorScope(project_id=lake, contractor_id=firms["总包"], building_id=world.id("building", "lake-1"))
    )
    session.add(ContractorScope(project_id=lake, contractor_id=firms["黑名单"]))
    session.commit()
    return act(session, SYSTEM, frozen(NOW))


def category(session: Session, code: str) -> int:
    return session.scalars(select(IssueCategory.id).where(IssueCategory.code == code)).one()


def standard(session: Session, code: str) -> IssueStandard:
    """A standard problem somewhere below a category."""
    below = select(IssueCategory.id).where(IssueCategory.code.startswith(code))
    return session.scalars(select(IssueStandard).where(IssueStandard.category_id.in_(below)).limit(1)).one()


def by(session: Session, world: World, login: str, now: datetime = NOW) -> Session:
    key = world.accounts[login]
    return act(session, Actor(key, login, held_by(session, key, frozen(now))), frozen(now))


def refused(session: Session, work: Callable[[], object]) -> Refusal:
    nested = session.begin_nested()
    with pytest.raises(Refusal) as caught:
        work()
        session.flush()
    nested.rollback()
    session.expire_all()
    return caught.value


def issue(session: Session, world: World, room: str = "lake-1-1-101", **more: Any) -> Issue:
    given: dict[str, Any] = {"project_id": world.id("project", "lake"), "room_id": world.id("room", room), **more}
    if "standard_id" not in given and "category_id" not in given:
        given["standard_id"] = standard(session, "D03").id
    row = Issue(**given)
    session.add(row)
    session.flush()
    return row


def firm(session: Session, name: str) -> int:
    return session.scalars(select(Contractor.id).where(Contractor.name == name)).one()


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (date(2025, 9, 30), date(2025, 11, 30), Window.INSIDE),
        (date(2025, 9, 29), date(2025, 10, 3), Window.EARLY),
        (date(2025, 11, 1), date(2025, 12, 1), Window.LATE),
        (date(2025, 11, 30), date(2025, 11, 30), Window.INSIDE),
    ],
)
def test_the_window_is_three_to_one_months_before_handover(first: date, last: date, expected: Window) -> None:
    assert window_of(date(2025, 12, 31), first, last) == expected
    assert window_of(None, first, last) == Window.UNKNOWN


def test_the_contractor_of_an_issue_that_is_with_one_is_not_changed(site: Session, world: World) -> None:
    row = issue(site, world)
    move(site, row, "dispatch")
    fault = refused(site, lambda: setattr(row, "contractor_id", firm(site, "总包")))
    assert (fault.field, fault.code) == ("contractor_id", "dispatched")


@pytest.mark.parametrize("backend", BOTH)
def test_an_issue_fills_itself_from_standard_problem_category_and_scope(site: Session, world: World) -> None:
    problem = standard(site, "D03")
    row = issue(site, world, standard_id=problem.id)
    assert (row.description, row.category_id, row.level) == (problem.wording, problem.category_id, problem.level)
    assert row.contractor_id == firm(site, "窗业"), "the scope for the category comes before the one for everything"
    assert row.building_id == world.id("building", "lake-1")
    assert row.due_at == NOW + timedelta(hours=problem.repair_hours or 0)
    assert row.number.startswith("WT202506-")
    walls = standard(site, "D01")
    assert issue(site, world, standard_id=walls.id).contractor_id == firm(site, "总包")
    elsewhere = issue(site, world, "lake-2-1-101", standard_id=walls.id)
    assert elsewhere.contractor_id is None, "the contractor of building 1 does not answer for building 2"
    own = issue(site, world, category_id=category(site, "D03"), description="窗台破损", level="urgent")
    assert own.due_at is not None, "without a standard problem the time limit of the place is taken"


def test_a_contractor_outside_its_scope_is_refused_with_a_sentence(site: Session, world: World) -> None:
    for name, code in (("外人", "out_of_scope"), ("黑名单", "barred")):
        found = refused(site, lambda name=name: issue(site, world, contractor_id=firm(site, name)))  # type: ignore[misc]
        assert (found.field, found.code) == ("contractor_id", code)
    away = refused(site, lambda: issue(site, world, "lake-2-1-101", contractor_id=firm(site, "总包")))
    assert away.code == "out_of_scope"
    walls = standard(site, "D01").id
    other = refused(site, lambda: issue(site, world, standard_id=walls, contractor_id=firm(site, "窗业")))
    assert (other.field, other.code) == ("contractor_reason", "other_category")
    row = issue(site, world, standard_id=walls, contractor_id=firm(site, "窗业"), contractor_reason="窗边开裂")
    assert row.contractor_id == firm(site, "窗业")


def test_what_does_not_fit_is_refused_at_its_field(site: Session, world: World) -> None:
    doors, walls = standard(site, "D03"), standard(site, "D01")
    for given, field in (
        ({"room_id": None, "standard_id": doors.id}, "room_id"),
        ({"category_id": doors.category_id, "standard_id": walls.id}, "standard_id"),
        ({"category_id": doors.category_id}, "description"),
        ({"standard_id": doors.id, "x": 1}, "x"),
        ({"standard_id": doors.id, "x": 2, "y": 0}, "x"),
    ):
        assert refused(site, lambda given=given: issue(site, world, **given)).field == field  # type: ignore[misc]
    shared = issue(site, world, room_id=None, public_place="1 层大堂", building_id=world.id("building", "lake-1"))
    assert shared.contractor_id == firm(site, "窗业")


@pytest.mark.parametrize("backend", BOTH)
def test_an_issue_goes_from_list_to_closing_with_its_rounds(site: Session, world: World) -> None:
    by(site, world, "inspection_clerk")
    row = issue(site, world)
    assert refused(site, lambda: move(site, row, "close", CLOSING)).code == "illegal_move"
    wanted = Wanted(row.project_id, source="inspection")
    assert waiting(site, wanted) == {row.contractor_id: 1}
    batch = dispatch(site, wanted, row.contractor_id or 0)
    assert (row.status, row.dispatch_id, batch.count) == ("dispatched", batch.id, 1)
    assert refused(site, lambda: setattr(row, "contractor_id", firm(site, "总包"))).code == "dispatched"
    move(site, batch, "sign", {"signed_by": "窗业王工", "signed_on": "2025-06-02"})
    assert row.status == "repairing"
    late = NOW + timedelta(days=20)
    by(site, world, "inspection_clerk", late)
    move(site, row, "finish", {"solution": "更换胶条"})
    lacking = refused(site, lambda: move(site, row, "close", {**CLOSING, "representative": ""}))
    assert [one.field for one in lacking.all()] == ["representative"], "R11: signed by the developer's representative"
    move(site, row, "redo", {"reject_reason": "仍漏风"})
    assert (row.status, row.rework_count) == ("reworking", 1)
    assert row.due_at is not None and row.due_at > late
    move(site, row, "finish", {"solution": "重新打胶"})
    move(site, row, "close", CLOSING)
    assert (row.status, row.close_type, row.closed_at) == ("closed", "normal", late)
    rounds = site.scalars(select(IssueFix).where(IssueFix.issue_id == row.id).order_by(IssueFix.round)).all()
    assert [(fix.round, fix.result, fix.solution, fix.representative) for fix in rounds] == [
        (1, "failed", "更换胶条", None),
        (2, "passed", "重新打胶", "周建国"),
    ]
    assert rounds[0].signed_at == NOW and rounds[0].done_at == late
    assert refused(site, lambda: setattr(row, "description", "改写")).code == "closed"
    move(site, row, "reopen", {"reject_reason": "业主反映复发"})
    assert (row.status, row.rework_count, row.close_type, row.closed_at) == ("reworking", 2, None, None)
    told = site.scalars(
        select(AuditLog.action).where(AuditLog.table_name == "issue", AuditLog.row_id == row.id).order_by(AuditLog.id)
    ).all()
    assert told == ["add", "dispatch", "sign", "finish", "redo", "finish", "close", "reopen"]


def test_grave_issues_close_with_a_photo_and_inspections_only_by_repair(site: Session, world: World) -> None:
    by(site, world, "inspection_clerk")
    row = issue(site, world, level="serious")
    move(site, row, "dispatch")
    move(site, row, "sign")
    move(site, row, "finish", {"solution": "注浆"})
    assert refused(site, lambda: move(site, row, "close", CLOSING)).code == "evidence_lacking"
    ending = {"close_type": "agreed", "close_by": "李敏", "close_note": "赔付"}
    assert refused(site, lambda: move(site, row, "settle", ending)).code == "normal_only"
    daily = issue(site, world, source="daily")
    assert refused(site, lambda: move(site, daily, "settle", {**ending, "close_type": "normal"})).field == "close_type"
    move(site, daily, "settle", ending)
    assert (daily.status, daily.close_type) == ("closed", "agreed")


def test_a_forced_closing_is_approved_by_another_person(site: Session, world: World) -> None:
    by(site, world, "inspection_clerk")
    row = issue(site, world, source="handover")
    move(site, row, "dispatch")
    move(site, row, "sign")
    move(site, row, "force", {"close_by": "李敏", "close_note": "业主长期无法联系"})
    assert (row.status, row.close_type) == ("forcing", "forced")
    by(site, world, "service_manager")
    move(site, row, "approve", {"opinion": "同意"}, row.version)
    assert (row.status, row.close_type, row.closed_at) == ("closed", "forced", NOW)


def test_only_who_may_moves_issues(site: Session, world: World) -> None:
    row = issue(site, world)
    for login in ("finance", "project_leader", "bay_clerk", "stranger", "contractor"):
        by(site, world, login)
        assert possible(site, row) == []
        with pytest.raises(Denied):
            dispatch_as_somebody(site, row)
    by(site, world, "request_clerk")
    assert [each.name for each in possible(site, row)] == ["dispatch", "settle", "void"]


def dispatch_as_somebody(session: Session, row: Issue) -> None:
    nested = session.begin_nested()
    try:
        move(session, row, "dispatch")
    finally:
        nested.rollback()


@pytest.mark.parametrize("backend", BOTH)
def test_a_room_is_in_one_open_plan_and_no_issue_is_said_of_none(site: Session, world: World) -> None:
    site.get_one(Project, world.id("project", "lake")).contract_handover_on = date(2025, 8, 2)
    site.commit()
    by(site, world, "inspection_clerk")
    room, lake = world.id("room", "lake-1-1-101"), world.id("project", "lake")

    def plan(title: str) -> InspectionPlan:
        made = InspectionPlan(project_id=lake, title=title, from_on=date(2025, 6, 2), until_on=date(2025, 6, 20))
        site.add(made)
        site.flush()
        return made

    first, second = plan("一批"), plan("二批")
    assert first.window == "inside"
    assert refused(site, lambda: move(site, first, "release")).code == "no_rooms"
    here = InspectionRoom(plan_id=first.id, room_id=room)
    site.add(here)
    site.flush()
    twice = refused(site, lambda: site.add(InspectionRoom(plan_id=second.id, room_id=room)))
    assert twice.code == "two_plans" and "一批" in twice.sentence.said("zh")
    assert refused(site, lambda: setattr(here, "result", "clean")).code == "not_released"
    move(site, first, "release")
    assert refused(site, lambda: move(site, first, "finish")).code == "rooms_waiting"
    row = issue(site, world, room_id=None, inspection_room_id=here.id)
    assert row.room_id == room
    assert refused(site, lambda: setattr(here, "result", "clean")).code == "has_issues"
    move(site, row, "void", {"close_note": "误录"})
    here.result = "clean"
    site.flush()
    assert here.inspected_at == NOW
    assert refused(site, lambda: remove(site, here)).code in ("inspected", "in_use")
    move(site, first, "finish")
    site.add(InspectionRoom(plan_id=second.id, room_id=room))
    site.flush()
    assert refused(site, lambda: move(site, first, "reopen")).code == "two_plans"


@pytest.mark.parametrize("seed", range(2))
def test_lists_count_what_a_hand_counts(site: Session, world: World, seed: int) -> None:
    random_ = random.Random(seed)
    rooms, lake = [f"lake-1-1-{no}" for no in (101, 102)] + ["lake-2-1-101"], world.id("project", "lake")
    problems = [standard(site, code).id for code in ("D01", "D03", "D05")]
    for _n in range(25):
        at = NOW - timedelta(hours=random_.randrange(200))
        act(site, SYSTEM, frozen(at))
        issue(
            site, world, random_.choice(rooms), standard_id=random_.choice(problems), created_at=at,
            source=random_.choice(["inspection", "handover", "daily"]),
        )  # fmt: skip
    by(site, world, "inspection_clerk")
    window = (NOW - timedelta(hours=random_.randrange(100, 200)), NOW - timedelta(hours=random_.randrange(100)))
    wanted = Wanted(lake, random_.choice([None, "inspection"]), None, *window)
    every = site.scalars(select(Issue)).all()
    meant = [
        row for row in every
        if window[0] <= row.created_at < window[1] and wanted.source in (None, row.source)
    ]  # fmt: skip
    by_hand = {key: sum(row.contractor_id == key for row in meant) for key in {row.contractor_id for row in meant}}
    assert waiting(site, wanted) == by_hand
    for key, n in by_hand.items():
        if key is None:
            continue
        batch = dispatch(site, wanted, key)
        assert batch.count == n == sum(row.dispatch_id == batch.id for row in every)
        assert (batch.from_at, batch.until_at) == (
            min(row.created_at for row in meant if row.contractor_id == key),
            max(row.created_at for row in meant if row.contractor_id == key),
        )
        assert refused(site, lambda key=key: dispatch(site, wanted, key)).code == "nothing_waiting"  # type: ignore[misc]
        move(site, batch, "call_back", {"remark": "范围有误"})
    assert waiting(site, wanted) == by_hand, "called back, they wait again"
    assert all(row.status == "registered" and row.dispatch_id is None for row in every)


def test_rooms_are_chosen_by_the_set_and_the_same_entry_is_one_issue(site: Session, world: World) -> None:
    by(site, world, "inspection_clerk")
    lake = world.id("project", "lake")
    rooms = site.scalars(select(Room.id).where(Room.project_id == lake)).all()
    plan, other = (
        InspectionPlan(project_id=lake, title=title, from_on=date(2025, 6, 2), until_on=date(2025, 6, 20))
        for title in ("一批", "二批")
    )
    site.add_all((plan, other))
    site.flush()
    assert choose_rooms(site, plan, rooms) == {"added": len(rooms), "assigned": 0}
    assert choose_rooms(site, plan, rooms) == {"added": 0, "assigned": 0}, "chosen again, nothing is doubled"
    assert refused(site, lambda: choose_rooms(site, other, rooms[:1])).code == "two_plans"
    away = site.scalars(select(Room.id).where(Room.project_id == world.id("project", "hill"))).all()
    assert refused(site, lambda: choose_rooms(site, other, away)).code == "other_project"
    first = site.scalars(select(InspectionRoom).where(InspectionRoom.plan_id == plan.id)).all()[0]
    given = {"standard_id": str(standard(site, "D03").id), "note": "靠窗"}
    assert refused(site, lambda: register(site, first, given, "k1")).code == "not_running"
    move(site, plan, "release")
    row = register(site, first, given, "k1")
    assert register(site, first, given, "k1").id == row.id, "a phone may send it again"
    assert first.result == "issues" and row.room_id == first.room_id
    assert refused(site, lambda: record(site, first, "clean")).code == "has_issues"
    move(site, row, "void", {"close_note": "误录"})
    record(site, first, "clean")
    for room in site.scalars(select(InspectionRoom).where(InspectionRoom.result == "pending")):
        record(site, room, "clean")
    move(site, plan, "finish")
    by(site, world, "finance")
    with pytest.raises(Denied):
        choose_rooms(site, other, rooms[:1])


@pytest.mark.parametrize("seed", range(3))
def test_the_figures_of_a_summary_are_those_of_a_hand(site: Session, world: World, seed: int) -> None:
    random_ = random.Random(seed)
    by(site, world, "inspection_clerk")
    lake = world.id("project", "lake")
    plan = InspectionPlan(project_id=lake, title="一批", from_on=date(2025, 6, 2), until_on=date(2025, 6, 20))
    site.add(plan)
    site.flush()
    choose_rooms(site, plan, site.scalars(select(Room.id).where(Room.project_id == lake)).all())
    move(site, plan, "release")
    problems = [standard(site, code) for code in ("D01", "D03", "D05")]
    inside = site.scalars(select(InspectionRoom).where(InspectionRoom.plan_id == plan.id)).all()
    for place, room in enumerate(inside):
        if place % 4 == 0:
            record(site, room, random_.choice(["clean", "no_entry"]))
            continue
        for n in range(random_.randrange(1, 4)):
            row = register(site, room, {"standard_id": str(random_.choice(problems).id)}, f"{room.id}-{n}")
            for name, values in (
                ("dispatch", {"contractor_id": firm(site, "窗业")}), ("sign", {}), ("finish", {"solution": "修"}),
                ("redo", {"reject_reason": "不合格"}), ("finish", {"solution": "修"}), ("close", CLOSING),
            )[: random_.randrange(7)]:  # fmt: skip
                if name == "dispatch" and row.contractor_id is not None:
                    values = {}
                elif name == "dispatch":
                    row.contractor_reason = "改派"
                if name == "close" and row.level in ("serious", "urgent"):
                    break
                move(site, row, name, values)
    issue(site, world)  # entered elsewhere: not of the plan
    later = NOW + timedelta(days=30)
    found = figures(site, plan, later)
    rows = [row for row in site.scalars(select(Issue)) if row.inspection_room_id is not None]
    results = [room.result for room in inside]
    closed = sum(row.status == "closed" for row in rows)
    waiting_for_repair = ("registered", "dispatched", "repairing", "reworking")
    assert {name: found[name] for name in found if not isinstance(found[name], list)} == {
        "rooms": len(inside),
        "inspected": results.count("clean") + results.count("issues"),
        "clean": results.count("clean"),
        "with_issues": results.count("issues"),
        "no_entry": results.count("no_entry"),
        "issues": len(rows),
        "closed": closed,
        "open": len(rows) - closed,
        "overdue": sum(
            row.status in waiting_for_repair and row.due_at is not None and row.due_at < later for row in rows
        ),
        "reworked": sum(row.rework_count > 0 for row in rows),
        "per_room": round(len(rows) / (results.count("clean") + results.count("issues")), 1),
    }
    assert sum(n for _name, n, _closed in found["categories"]) == len(rows)
    assert sum(n for _name, _n, n in found["contractors"]) == closed
    made = summarise(site, plan)
    assert f"共登记问题 {len(rows)} 条" in (made.body or "")
    assert due_summaries(site, lake, plan.until_on) == [] and due_summaries(site, lake, date(2026, 1, 1))
    made.summary_on = date(2025, 6, 2)
    move(site, made, "submit")
    assert due_summaries(site, lake, date(2026, 1, 1)) == []
