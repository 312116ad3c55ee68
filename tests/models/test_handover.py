"""The rules of a handover: who is in a plan, what may follow what, and that the figures are those of a plain count."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from models.customer.customer import Customer
from models.customer.ownership import Ownership
from models.handover.board import board, mark
from models.handover.handover_fee import HandoverFee
from models.handover.handover_notice import HandoverNotice
from models.handover.handover_plan import HandoverPlan
from models.handover.handover_room import HandoverRoom
from models.handover.handover_slot import HandoverSlot
from models.handover.handover_summary import two_months_after
from models.handover.handover_tick import HandoverStep
from models.handover.issues import enter_issue, invited, issues_of
from models.handover.key_record import KeyRecord
from models.handover.plan_lists import HandoverPlanDoc, HandoverPlanStep
from models.handover.release import count, homes_of
from models.handover.reminders import holders, is_told, summary_due, unfinished, without_data
from models.handover.room_states import TAKEN
from models.handover.rules import (
    make_slots,
    raise_fees,
    send_notices,
    set_scope,
    sign,
    simplest,
    take_over,
    tick_doc,
    tick_step,
)
from models.handover.summing_up import begin_summary
from models.inspection.issue import Issue
from models.kernel.actor import SYSTEM
from models.kernel.clock import frozen, local
from models.kernel.moving import move
from models.kernel.refusal import Denied, Refusal
from models.kernel.session import act
from models.parameter.issue_category import IssueCategory
from models.parameter.step_defs import HandoverDocDef, HandoverStepDef
from models.property.room import Room, RoomChangeLog
from seeds.reference import numbers, options
from tests.databases import BOTH
from tests.world import NOW, World

TODAY = date(2025, 6, 2)


@pytest.fixture
def lake(session: Session, world: World) -> Session:
    """The lake: nine of its ten homes are signed; two steps and two papers are in force. The project's clerk acts."""
    options.seed(session)
    node = world.nodes["group"][0]
    for code, required in (("check_in", True), ("survey", False)):
        session.add(HandoverStepDef(node_id=node, code=code, name=code, required=required))
    for code, direction, required in (("id_card", "from_customer", True), ("manual", "to_customer", False)):
        session.add(HandoverDocDef(node_id=node, code=code, name=code, direction=direction, required=required))
    for place, room in enumerate(session.scalars(select(Room).order_by(Room.id))):
        room.sale_state = "held" if place == 1 else "signed"
    session.commit()
    return act(session, world.actor("project_clerk"), frozen(NOW))


def drafted(session: Session, world: World, title: str = "一期入伙", **more: Any) -> HandoverPlan:
    plan = HandoverPlan(
        project_id=world.id("project", "lake"),
        title=title,
        planned_from=TODAY,
        planned_to=TODAY + timedelta(days=5),
        **more,
    )
    session.add(plan)
    session.flush()
    return plan


def released(session: Session, world: World, title: str = "一期入伙") -> HandoverPlan:
    plan = drafted(session, world, title)
    set_scope(session, plan, [("project", plan.project_id, 0)])
    move(session, plan, "release")
    return plan


def home(session: Session, plan: HandoverPlan, room: int) -> HandoverRoom:
    return session.scalars(
        select(HandoverRoom).where(HandoverRoom.plan_id == plan.id, HandoverRoom.room_id == room)
    ).one()


def clerk(session: Session, world: World) -> Session:
    """The counter's clerk acts from now on."""
    return act(session, world.actor("request_clerk"), frozen(NOW))


def refused(session: Session, row: Any, name: str, values: dict[str, Any] | None = None) -> Refusal:
    """Makes a move that is refused, and takes back what it began."""
    with pytest.raises(Refusal) as caught, session.begin_nested():
        move(session, row, name, values)
    return caught.value


@pytest.mark.parametrize("backend", BOTH)
def test_a_release_writes_down_what_is_signed_then(lake: Session, world: World) -> None:
    plan = released(lake, world)
    rooms = set(lake.scalars(select(HandoverRoom.room_id).where(HandoverRoom.plan_id == plan.id)))
    there = lake.scalars(select(Room).where(Room.project_id == plan.project_id)).all()
    assert rooms == {room.id for room in there if room.sale_state == "signed"}
    assert plan.counted_rooms == len(rooms) == len(there) - 1
    assert {row.code for row in lake.scalars(select(HandoverPlanStep))} == {"check_in", "survey"}
    assert {row.code for row in lake.scalars(select(HandoverPlanDoc))} == {"id_card", "manual"}
    chen = home(lake, plan, world.id("room", "lake-1-1-101"))
    assert chen.customer_id == world.id("customer", "chen")
    there[-1].sale_state = "returned"
    lake.flush()
    assert (plan.counted_rooms, count(lake, plan).signed) == (len(rooms), len(rooms) - 1)


@pytest.mark.parametrize("backend", BOTH)
def test_a_home_is_in_one_open_plan(lake: Session, world: World) -> None:
    first = released(lake, world)
    second = drafted(lake, world, "二批")
    set_scope(lake, second, [("room", world.id("room", "lake-1-1-101"), 0)])
    assert count(lake, second).elsewhere == 1
    stands = refused(lake, second, "release")
    assert (
        stands.code == "in_open_plan"
        and "一期入伙" in stands.sentence.said("zh")
        and "101" in stands.sentence.said("zh")
    )
    move(lake, home(lake, first, world.id("room", "lake-1-1-101")), "drop", {"change_reason": "改到二批"})
    move(lake, second, "release")
    assert second.counted_rooms == 1


def test_a_plan_without_homes_is_not_released(lake: Session, world: World) -> None:
    plan = drafted(lake, world)
    assert refused(lake, plan, "release").code == "no_scope"
    set_scope(lake, plan, [("room", world.id("room", "lake-1-1-102"), 0)])
    assert refused(lake, plan, "release").code == "no_homes"


@pytest.mark.parametrize("backend", BOTH)
def test_of_two_releases_at_once_the_second_gets_a_sentence(
    engine: Engine, session: Session, world: World, lake: Session
) -> None:
    plan = drafted(lake, world)
    set_scope(lake, plan, [("project", plan.project_id, 0)])
    key = plan.id
    lake.commit()
    assert sorted(_at_once(engine, world, key, key)) == ["illegal_move", "released"]
    rooms = list(lake.scalars(select(HandoverRoom.room_id).where(HandoverRoom.plan_id == key)))
    assert len(rooms) == len(set(rooms)) == 9


@pytest.mark.parametrize("backend", BOTH)
def test_of_two_plans_released_at_once_one_gets_the_home(
    engine: Engine, session: Session, world: World, lake: Session
) -> None:
    both = [drafted(lake, world, title) for title in ("一期入伙", "二批")]
    for plan in both:
        set_scope(lake, plan, [("room", world.id("room", "lake-1-1-101"), 0)])
    keys = [plan.id for plan in both]
    lake.commit()
    assert sorted(_at_once(engine, world, *keys)) == ["in_open_plan", "released"]
    assert len(list(lake.scalars(select(HandoverRoom.id)))) == 1


def _at_once(engine: Engine, world: World, *plans: int) -> list[str]:
    """Releases plans at the same moment, each in a session of its own; returns what each was answered."""
    answers: list[str] = []
    gate = threading.Barrier(len(plans))

    def press(key: int) -> None:
        with Session(engine) as own:
            act(own, world.actor("project_clerk"), frozen(NOW))
            gate.wait()
            try:
                move(own, own.get_one(HandoverPlan, key), "release")
                own.commit()
                answers.append("released")
            except Refusal as refusal:
                own.rollback()
                answers.append(refusal.code)

    pressing = [threading.Thread(target=press, args=(key,)) for key in plans]
    for each in pressing:
        each.start()
    for each in pressing:
        each.join()
    return answers


def test_nothing_is_decided_before_the_owner_arrived(lake: Session, world: World) -> None:
    plan = released(lake, world)
    row = home(clerk(lake, world), plan, world.id("room", "lake-1-1-101"))
    for name in ("accept", "accept_with_defects", "refuse", "leave_open", "complete", "inspect"):
        assert refused(lake, row, name).status == 409
    with pytest.raises(Refusal):
        sign(lake, row, "陈一鸣")
    move(lake, row, "arrive")
    assert (row.state, row.arrived_at, row.visits) == ("arrived", NOW, 1)
    asked = refused(lake, row, "refuse")
    assert {each.field for each in asked.all()} == {"outcome_reason", "second_visit_on"}
    past = refused(lake, row, "refuse", {"outcome_reason": "渗水", "second_visit_on": "2025-06-01"})
    assert past.field == "second_visit_on"
    move(lake, row, "refuse", {"outcome_reason": "渗水", "second_visit_on": "2025-06-20"})
    room = lake.get_one(Room, row.room_id)
    assert (row.outcome, row.first_outcome, room.handover_state) == ("refused", "refused", "refused")
    move(lake, row, "revisit")
    move(lake, row, "accept")
    assert (row.outcome, row.first_outcome, row.visits) == ("accepted", "refused", 2)
    assert room.handover_state == "accepted"
    kept = lake.scalars(
        select(RoomChangeLog.after)
        .where(RoomChangeLog.room_id == room.id, RoomChangeLog.field == "handover_state")
        .order_by(RoomChangeLog.id)
    )
    assert list(kept) == ["refused", "accepted"]


@pytest.mark.parametrize("backend", BOTH)
def test_formalities_are_complete_when_nothing_is_lacking(lake: Session, world: World) -> None:
    plan = released(lake, world)
    assert raise_fees(lake, plan, "property_fee", Decimal("2.50"), by_area=True, months=3) == 9
    row = home(clerk(lake, world), plan, world.id("room", "lake-1-1-101"))
    move(lake, row, "arrive")
    move(lake, row, "accept")
    said = refused(lake, row, "complete").sentence.said("zh")
    assert all(word in said for word in ("check_in", "id_card", "费用", "钥匙", "签字")) and "survey" not in said
    step = lake.scalars(select(HandoverPlanStep).where(HandoverPlanStep.code == "check_in")).one()
    paper = lake.scalars(select(HandoverPlanDoc).where(HandoverPlanDoc.code == "id_card")).one()
    tick_step(lake, row, step.id, True)
    tick_step(lake, row, step.id, True)
    tick_doc(lake, row, paper.id, True)
    ticks = lake.scalars(select(HandoverStep)).all()
    assert [(one.operator, one.done_at) for one in ticks] == [("request_clerk", NOW)]
    fee = lake.scalars(select(HandoverFee).where(HandoverFee.handover_room_id == row.id)).one()
    assert fee.amount == Decimal("738.75")  # 98.50 m² x 2.50 x 3
    move(lake, fee, "pay", {"paid_on": "2025-06-02", "receipt_no": "S-1"})
    lake.add(KeyRecord(room_id=row.room_id, pieces=3, holder="陈一鸣", handed_on=TODAY))
    sign(lake, row, "陈一鸣")
    move(lake, row, "complete")
    assert (row.state, row.completed_at) == ("completed", NOW)
    with pytest.raises(Refusal):
        tick_step(lake, row, step.id, False)


@pytest.mark.parametrize("backend", BOTH)
def test_a_home_that_was_sold_on_goes_on_with_its_new_owner(lake: Session, world: World) -> None:
    plan = released(lake, world)
    room = world.id("room", "lake-1-1-101")
    send_notices(lake, plan, "post", TODAY)
    act(lake, SYSTEM, frozen(NOW))
    old = lake.scalars(select(Ownership).where(Ownership.room_id == room)).one()
    old.until_day = TODAY
    lake.flush()
    lin = world.id("customer", "lin")
    lake.add(Ownership(room_id=room, customer_id=lin, share=Decimal(100), from_day=TODAY))
    lake.flush()
    row = home(clerk(lake, world), plan, room)
    stands = refused(lake, row, "arrive")
    assert (
        stands.code == "owner_changed"
        and "陈一鸣" in stands.sentence.said("zh")
        and "林晓雨" in stands.sentence.said("zh")
    )
    take_over(lake, row)
    assert (row.customer_id, row.notice_state) == (lin, "not_notified")
    move(lake, row, "arrive")
    with pytest.raises(Refusal, match="same as before"):
        take_over(lake, row)


def test_a_home_given_back_is_taken_out(lake: Session, world: World) -> None:
    plan = released(lake, world)
    row = home(lake, plan, world.id("room", "lake-2-1-101"))
    lake.get_one(Room, row.room_id).sale_state = "returned"
    lake.flush()
    assert refused(clerk(lake, world), row, "arrive").code == "not_signed"


@pytest.mark.parametrize("backend", BOTH)
def test_notices_reach_each_home_once_and_keep_their_proof(lake: Session, world: World) -> None:
    plan = released(lake, world)
    batch = send_notices(lake, plan, "post", TODAY)
    assert batch.homes == 9
    rows = lake.scalars(select(HandoverRoom).where(HandoverRoom.plan_id == plan.id)).all()
    assert {row.notice_state for row in rows} == {"notified"}
    rooms = lake.scalars(select(Room).where(Room.id.in_([row.room_id for row in rows]))).all()
    assert {room.handover_state for room in rooms} == {"notified"}
    told = select(RoomChangeLog.after).where(RoomChangeLog.field == "handover_state")
    assert list(lake.scalars(told)) == ["notified"] * 9
    with pytest.raises(Refusal) as nobody:
        send_notices(lake, plan, "post", TODAY)
    assert nobody.value.code == "nobody"
    notice = lake.scalars(select(HandoverNotice).order_by(HandoverNotice.id)).first()
    assert notice is not None
    assert refused(lake, notice, "deliver", {"delivered_on": "2025-06-02"}).code == "no_proof"
    notice.tracking_no = "EMS1"
    lake.flush()
    assert refused(lake, notice, "deliver", {"delivered_on": "2025-06-03"}).field == "delivered_on"
    move(lake, notice, "deliver", {"delivered_on": "2025-06-02"})
    assert lake.get_one(HandoverRoom, notice.handover_room_id).notice_state == "delivered"
    other = lake.scalars(select(HandoverNotice).where(HandoverNotice.id != notice.id)).first()
    move(lake, other, "give_back", {"return_reason": "查无此人"})  # type: ignore[arg-type]
    assert send_notices(lake, plan, "sms", TODAY).homes == 1


@pytest.mark.parametrize("backend", BOTH)
def test_a_full_slot_is_refused(lake: Session, world: World) -> None:
    plan = released(lake, world)
    assert make_slots(lake, plan, TODAY, TODAY + timedelta(days=1), "09:00", "11:00", 60, 2) == 4
    assert make_slots(lake, plan, TODAY, TODAY + timedelta(days=1), "09:00", "11:00", 60, 2) == 0
    slot = lake.scalars(select(HandoverSlot).order_by(HandoverSlot.id)).first()
    assert slot is not None
    rows = lake.scalars(select(HandoverRoom).order_by(HandoverRoom.id)).all()
    for row in rows[:2]:
        row.slot_id = slot.id
        lake.flush()
    with pytest.raises(Refusal) as full, lake.begin_nested():
        rows[2].slot_id = slot.id
        lake.flush()
    assert (full.value.code, full.value.field) == ("slot_full", "slot_id")
    move(lake, rows[0], "drop", {"change_reason": "退房"})
    rows[2].slot_id = slot.id
    lake.flush()


def test_only_those_of_the_function_do_it(lake: Session, world: World) -> None:
    plan = released(lake, world)
    row = home(lake, plan, world.id("room", "lake-1-1-101"))
    assert isinstance(refused(lake, row, "arrive"), Denied)  # the planner records no outcome
    for login in ("project_leader", "title_clerk", "inspection_clerk"):
        act(lake, world.actor(login), frozen(NOW))
        assert isinstance(refused(lake, row, "arrive"), Denied)
        with pytest.raises(Denied):
            set_scope(lake, plan, [])
    clerk(lake, world)
    assert isinstance(refused(lake, plan, "close"), Denied)
    act(lake, world.actor("bay_clerk"), frozen(NOW))
    assert mark(lake, plan.id) is None and board(lake, plan.id).cells == []


def test_the_scope_is_kept_as_simple_as_it_can_be_said(lake: Session, world: World) -> None:
    """Whatever is chosen, the simplest choices take in the same homes; and none of them lies in another."""
    project = world.id("project", "lake")
    rooms = lake.execute(select(Room.id, Room.unit_id, Room.floor).where(Room.project_id == project)).all()
    every: list[tuple[str, int, int]] = [("room", key, 0) for key, _unit, _floor in rooms]
    every += sorted({("unit", unit, 0) for _key, unit, _floor in rooms})
    every += sorted({("floor", unit, floor) for _key, unit, floor in rooms})
    every += [("building", world.id("building", f"lake-{n}"), 0) for n in (1, 2)]
    foreign = [("room", world.id("room", "bay-1-1-101"), 0), ("building", world.id("building", "bay-1"), 0)]

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.sets(st.sampled_from([*every, *foreign])))
    def same(picks: set[tuple[str, int, int]]) -> None:
        kept = simplest(lake, project, picks)
        assert set(kept) <= picks - set(foreign)
        wide = set(lake.scalars(homes_of(project, picks)))
        assert set(lake.scalars(homes_of(project, kept))) == wide
        for left_out in kept:
            assert set(lake.scalars(homes_of(project, [each for each in kept if each != left_out]))) < wide

    same()


@pytest.mark.parametrize("backend", BOTH)
def test_board_and_figures_are_those_of_a_plain_count(lake: Session, world: World) -> None:
    """A plan lived through at random; then every figure is counted again over the rows, one by one."""
    plan = released(lake, world)
    send_notices(lake, plan, "sms", TODAY)
    make_slots(lake, plan, TODAY, TODAY + timedelta(days=3), "09:00", "12:00", 60, 9)
    slots = lake.scalars(select(HandoverSlot)).all()
    random, marks = Random(7), [mark(lake, plan.id)]
    ways = ("accept", "accept_with_defects", "refuse", "leave_open")
    asked = {"outcome_reason": "墙面裂缝", "second_visit_on": "2025-06-20", "repair_due_on": "2025-06-20"}
    wanted = {"accept": (), "accept_with_defects": ("outcome_reason", "repair_due_on")}
    for place, row in enumerate(lake.scalars(select(HandoverRoom).order_by(HandoverRoom.id)).all()):
        act(lake, world.actor("request_clerk"), frozen(NOW + timedelta(days=random.randint(0, 3), hours=place)))
        row.slot_id = random.choice(slots).id if random.random() < 0.7 else None
        lake.flush()
        if place < 7:
            move(lake, row, "arrive")
            name = ways[place % 4]
            fields = wanted.get(name, ("outcome_reason", "second_visit_on"))
            move(lake, row, name, {each: asked[each] for each in fields})
        marks.append(mark(lake, plan.id))
    act(lake, world.actor("project_clerk"), frozen(NOW))
    last = lake.scalars(select(HandoverRoom).order_by(HandoverRoom.id.desc())).first()
    move(lake, last, "drop", {"change_reason": "退房"})  # type: ignore[arg-type]
    marks.append(mark(lake, plan.id))
    assert len(set(marks)) == len(marks) or len([m for m in marks if marks.count(m) > 1]) <= 4
    found = board(lake, plan.id)
    rows = [row for row in lake.scalars(select(HandoverRoom)) if row.plan_id == plan.id and row.state != "dropped"]
    assert found.total.homes == len(rows) == len(found.cells) == 8
    assert found.total.arrived == len([row for row in rows if row.arrived_at is not None])
    assert found.total.told == len([row for row in rows if row.notice_state in ("notified", "delivered")])
    assert found.total.booked == len([row for row in rows if row.slot_id is not None])
    outcomes = Counter(row.outcome for row in rows if row.outcome)
    assert {name: number for name, number in found.total.outcome.items() if number} == dict(outcomes)
    assert found.total.taken == outcomes["accepted"] + outcomes["accepted_with_defects"]
    for key, (_name, figures) in found.buildings.items():
        here = [row for row in rows if row.room.unit.building_id == key]
        assert (figures.homes, figures.taken) == (len(here), len([row for row in here if row.outcome in TAKEN]))
    assert sum(figures.homes for _name, figures in found.buildings.values()) == len(rows)
    for day in found.days:
        assert day.arrived == len([r for r in rows if r.arrived_at and local(r.arrived_at).date() == day.day])
        assert day.taken == len([r for r in rows if r.outcome in TAKEN and local(r.outcome_at).date() == day.day])
        assert day.booked == len([r for r in rows if r.slot is not None and r.slot.day == day.day])
    assert found.days[-1].sum_taken == found.total.taken


@pytest.mark.parametrize(
    ("end", "due"),
    [
        (date(2025, 6, 7), date(2025, 8, 7)),
        (date(2025, 12, 31), date(2026, 2, 28)),
        (date(2023, 12, 30), date(2024, 2, 29)),
        (date(2025, 11, 1), date(2026, 1, 1)),
    ],
)
def test_a_summary_is_due_two_months_after(end: date, due: date) -> None:
    assert two_months_after(end) == due


@pytest.mark.parametrize("backend", BOTH)
def test_owner_data_and_summaries_are_chased(lake: Session, world: World) -> None:
    plan = released(lake, world)
    assert without_data(lake, plan) == 7  # of nine homes two have an owner, both with certificate and telephone
    chen = lake.get_one(Customer, world.id("customer", "chen"))
    chen.mobile = None
    lake.flush()
    assert without_data(lake, plan) == 8
    due = summary_due(lake, plan)
    assert due is not None and due[0] == date(2025, 8, 7)
    summary = begin_summary(lake, plan)
    assert summary.due_on == date(2025, 8, 7) and "计划入伙 9 户（发布时签约 9 户）" in (summary.body or "")
    assert begin_summary(lake, plan) is summary
    move(lake, summary, "submit")
    assert summary_due(lake, plan) is None
    assert [left for left in range(31, -20, -1) if is_told(left, (30, 7, 0))] == [30, 7, 0, -1, -8, -15]


def test_homes_left_at_the_counter_are_counted_and_their_clerks_found(lake: Session, world: World) -> None:
    plan = released(lake, world)
    row = home(clerk(lake, world), plan, world.id("room", "lake-1-1-101"))
    move(lake, row, "arrive")
    assert unfinished(lake, plan) == 1
    with pytest.raises(Refusal):
        move(act(lake, world.actor("project_clerk"), frozen(NOW)), plan, "close")
    lake.expire_all()
    move(clerk(lake, world), row, "accept")
    assert unfinished(lake, plan) == 0
    act(lake, SYSTEM, frozen(NOW))
    assert holders(lake, plan.project_id, ("request_clerk",), TODAY) == [world.accounts["request_clerk"]]
    assert holders(lake, plan.project_id, ("request_clerk",), date(2024, 1, 1)) == []
    assert holders(lake, world.id("project", "bay"), ("request_clerk",), TODAY) == []


@pytest.mark.parametrize("backend", BOTH)
def test_owners_are_invited_when_everything_is_repaired(lake: Session, world: World) -> None:
    numbers.seed(act(lake, SYSTEM, frozen(NOW)))
    category = IssueCategory(node_id=world.nodes["group"][0], code="wall", name="墙面", kind="defect")
    lake.add(category)
    lake.flush()
    act(lake, world.actor("project_clerk"), frozen(NOW))
    plan = released(lake, world)
    row = home(clerk(lake, world), plan, world.id("room", "lake-1-1-101"))
    with pytest.raises(Refusal, match="arrival"):
        enter_issue(lake, row, {"category_id": category.id, "description": "开裂"})
    move(lake, row, "arrive")
    found = [enter_issue(lake, row, {"category_id": category.id, "description": text}) for text in ("开裂", "空鼓")]
    assert {(one.source, one.room_id) for one in issues_of(lake, row.room_id)} == {("handover", row.room_id)}
    move(lake, row, "accept_with_defects", {"outcome_reason": "墙面", "repair_due_on": "2025-06-20"})
    assert invited(lake, plan.id) == []
    act(lake, SYSTEM, frozen(NOW))
    bare: Any = Issue.__table__  # as the contractors' rounds leave them
    lake.flush()
    lake.connection().execute(bare.update().where(bare.c.id.in_([one.id for one in found])).values(status="repaired"))
    lake.expire_all()
    (one,) = invited(clerk(lake, world), plan.id)
    assert (one.key, one.owner, one.issues, one.closed, one.due_on) == (row.id, "陈一鸣", 2, 0, date(2025, 6, 20))
    assert invited(act(lake, world.actor("bay_clerk"), frozen(NOW)), plan.id) == []
