"""What is done in a handover beyond single rows: batches of notices, ticks, the signature, slots, fees, a new owner."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.customer.customer import Customer
from models.handover.handover_fee import HandoverFee
from models.handover.handover_notice import HandoverBatch, HandoverNotice, NoticeChannel
from models.handover.handover_plan import HandoverPlan
from models.handover.handover_room import HandoverRoom
from models.handover.handover_scope import HandoverScope
from models.handover.handover_slot import HandoverSlot
from models.handover.handover_tick import HandoverDoc, HandoverStep
from models.handover.plan_lists import HandoverPlanDoc, HandoverPlanStep
from models.handover.release import Pick
from models.handover.room_moves import another_owner
from models.handover.room_states import NoticeState, PlanState, RoomState
from models.kernel.bulk import insert_rows, update_rows
from models.kernel.clock import today
from models.kernel.guard import expect_version, remove
from models.kernel.refusal import Denied, Refusal
from models.kernel.roles import WRITE
from models.kernel.scope import reach
from models.kernel.session import actor_of, clock_of
from models.kernel.stepping import by_itself
from models.kernel.words import _
from models.property.project import Project
from models.property.room import HandoverState, Room, RoomChangeLog
from models.property.unit import Unit

MOST_SLOTS = 500
"""Slots made in one go."""


def set_scope(session: Session, plan: HandoverPlan, picks: Sequence[Pick]) -> int:
    """Makes the scope of a draft what was chosen; what is inside a larger choice is left out. Flushes.

    Returns: how many lines the scope has.
    Raises:
        Denied: no `write` in the project. Refusal: the plan is released already.
    """
    if not reach(session, actor_of(session), HandoverScope, WRITE).holds("project", plan.project_id):
        raise Denied()
    session.refresh(plan, with_for_update=True)
    if plan.state != PlanState.DRAFT:
        raise Refusal(
            _("The plan is released; its scope stays as it was.", "计划已发布，范围不再变更。"),
            code="plan_released",
            status=409,
        )
    wanted = simplest(session, plan.project_id, picks)
    present = {
        (row.kind, _key_of(row), row.floor or 0): row
        for row in session.scalars(select(HandoverScope).where(HandoverScope.plan_id == plan.id))
    }
    for pick, row in present.items():
        if pick not in wanted:
            with by_itself(session):  # a line of one's own draft; asked above
                remove(session, row)
    insert_rows(
        session,
        HandoverScope,
        [
            {
                "plan_id": plan.id,
                "kind": kind,
                "building_id": key if kind == "building" else None,
                "unit_id": key if kind in ("unit", "floor") else None,
                "floor": floor if kind == "floor" else None,
                "room_id": key if kind == "room" else None,
            }
            for kind, key, floor in wanted
            if (kind, key, floor) not in present
        ],
    )
    return len(wanted)


def _key_of(row: HandoverScope) -> int:
    return row.building_id or row.unit_id or row.room_id or row.project_id


def simplest(session: Session, project_id: int, picks: Iterable[Pick]) -> list[Pick]:
    """Returns choices without those that lie in a larger one, and without what is not of the project."""
    chosen = set(picks)
    if any(kind == "project" for kind, _key, _floor in chosen):
        return [("project", project_id, 0)]
    units = {
        key: building
        for key, building in session.execute(select(Unit.id, Unit.building_id).where(Unit.project_id == project_id))
    }
    keys = sorted(key for kind, key, _floor in chosen if kind == "room")
    rooms: dict[int, tuple[int, int]] = {}
    for start in range(0, len(keys), 1_000):
        found = session.execute(
            select(Room.id, Room.unit_id, Room.floor).where(
                Room.project_id == project_id, Room.id.in_(keys[start : start + 1_000])
            )
        )
        rooms.update((key, (unit, floor)) for key, unit, floor in found)
    kept: list[Pick] = []
    for kind, key, floor in sorted(chosen):
        if kind == "building":
            if key in units.values():
                kept.append((kind, key, floor))
            continue
        unit, storey = rooms.get(key, (None, 0)) if kind == "room" else (key, floor)
        if unit not in units:
            continue
        larger = {("building", units[unit], 0)}
        if kind in ("floor", "room"):
            larger.add(("unit", unit, 0))
        if kind == "room":
            larger.add(("floor", unit, storey))
        if not larger & chosen:
            kept.append((kind, key, floor))
    return kept


def send_notices(
    session: Session, plan: HandoverPlan, channel: str, sent_on: date, rooms: Sequence[int] | None = None
) -> HandoverBatch:
    """Sends a batch: a notice to each home of the plan that nobody told yet, or to those named. Flushes.

    Args:
        channel: of `NoticeChannel`.
        rooms: keys of homes of the plan; None for all that were not told or whose notice came back.

    Raises:
        Denied: no `write` on notices in the project. Refusal: the plan is not open, or nobody is left to tell.
    """
    if not reach(session, actor_of(session), HandoverNotice, WRITE).holds("project", plan.project_id):
        raise Denied()
    session.refresh(plan, with_for_update=True)  # of two at once the second finds nobody left
    if plan.state != PlanState.RELEASED:
        raise Refusal(_("Release the plan first.", "请先发布入伙计划。"), code="plan_not_open", status=409)
    member = NoticeChannel.member(channel)
    if member is None:
        raise Refusal(_("Choose how it is sent.", "请选择通知方式。"), "channel", code="required")
    wanted = select(HandoverRoom.id, HandoverRoom.room_id, HandoverRoom.notice_state, Customer.name).outerjoin(
        Customer, Customer.id == HandoverRoom.customer_id
    )
    wanted = wanted.where(HandoverRoom.plan_id == plan.id, HandoverRoom.state != RoomState.DROPPED)
    if rooms is None:
        untold = (NoticeState.NOT_NOTIFIED.value, NoticeState.RETURNED.value)
        wanted = wanted.where(HandoverRoom.notice_state.in_(untold), HandoverRoom.state == RoomState.EXPECTED)
    else:
        wanted = wanted.where(HandoverRoom.id.in_(rooms))
    homes = session.execute(wanted.order_by(HandoverRoom.id)).all()
    if not homes:
        raise Refusal(
            _("Everybody was told already; nobody is left.", "没有待通知的房间，均已通知。"), code="nobody", status=409
        )
    number = session.scalar(select(func.count(HandoverBatch.id)).where(HandoverBatch.plan_id == plan.id)) or 0
    name = f"{sent_on:%Y%m%d} {member.words.zh} {number + 1:02d}"
    batch = HandoverBatch(plan_id=plan.id, name=name, channel=channel, sent_on=sent_on, homes=len(homes))
    session.add(batch)
    session.flush()
    insert_rows(
        session,
        HandoverNotice,
        [
            {
                "handover_room_id": key,
                "batch_id": batch.id,
                "recipient": owner,
                "channel": channel,
                "sent_on": sent_on,
            }
            for key, _room, _state, owner in homes
        ],
    )
    _mark_told(session, homes)
    return batch


def _mark_told(session: Session, homes: Sequence[Any]) -> None:
    """The homes of a batch are notified, in the plan and in their own books, with a line in the history of states."""
    told, reached = NoticeState.NOTIFIED.value, NoticeState.DELIVERED.value
    changes = [(key, {"notice_state": (was, told)}) for key, _room, was, _owner in homes if was not in (told, reached)]
    rooms = {room for _key, room, _was, _owner in homes}
    bare = HandoverState.NOT_NOTIFIED.value
    fresh: list[int] = []
    keys = sorted(rooms)
    for start in range(0, len(keys), 1_000):
        part = select(Room.id).where(Room.id.in_(keys[start : start + 1_000]), Room.handover_state == bare)
        fresh.extend(session.scalars(part))
    with by_itself(session):  # what follows for the home; the notice itself is the actor's
        update_rows(session, HandoverRoom, changes)
        state = HandoverState.NOTIFIED.value
        update_rows(session, Room, [(key, {"handover_state": (bare, state)}) for key in fresh])
        insert_rows(
            session,
            RoomChangeLog,
            [{"room_id": key, "field": "handover_state", "before": bare, "after": state} for key in fresh],
            audited=False,
        )


def take_over(session: Session, row: HandoverRoom, version: int | None = None) -> Customer:
    """Goes on with the owner of today, where the home was sold on after the release: notices are due anew. Flushes.

    Raises:
        Refusal: the owner is the one of the plan still. Denied, Stale: as for every change.
    """
    if version is not None:
        expect_version(row, version)
    owner = another_owner(session, row)
    if owner is None:
        raise Refusal(_("The owner is the same as before.", "业主没有变化。"), code="same_owner", status=409)
    row.customer_id = owner.id
    row.notice_state = NoticeState.NOT_NOTIFIED.value
    row.signer = row.signed_at = None
    session.flush()
    return owner


def tick_step(session: Session, row: HandoverRoom, item_id: int, done: bool) -> None:
    """Ticks a step of a home off, with person and time, or takes the tick back. Twice does no harm. Flushes.

    Raises:
        Refusal: the owner has not arrived, or the step is of another plan. Denied: no `write` here.
    """
    _tick(session, row, HandoverStep, HandoverPlanStep, item_id, done)


def tick_doc(session: Session, row: HandoverRoom, item_id: int, done: bool) -> None:
    """Ticks a document as received or handed out. As `tick_step`; papers may come before the owner does."""
    _tick(session, row, HandoverDoc, HandoverPlanDoc, item_id, done)


def _tick(session: Session, row: HandoverRoom, cls: Any, items: Any, item_id: int, done: bool) -> None:
    session.refresh(row, with_for_update=True)
    _at_work(row, needs_arrival=cls is HandoverStep)
    item = session.scalar(select(items).where(items.id == item_id, items.plan_id == row.plan_id))
    if item is None:
        raise Refusal(_("This belongs to another plan.", "该项属于其他入伙计划。"), "item_id", status=404)
    there = session.scalar(select(cls).where(cls.handover_room_id == row.id, cls.item_id == item_id))
    if done and there is None:
        made = cls(handover_room_id=row.id, item_id=item_id, operator=actor_of(session).name[:64])
        if cls is HandoverStep:
            made.done_at = clock_of(session)()
        else:
            made.received_at, made.copies = clock_of(session)(), item.copies
        session.add(made)
    elif not done and there is not None:
        remove(session, there)
    session.flush()


def _at_work(row: HandoverRoom, *, needs_arrival: bool = True) -> None:
    if row.state in (RoomState.COMPLETED, RoomState.DROPPED):
        raise Refusal(
            _("This home is done with; nothing is ticked any more.", "该房间手续已完成或已移出，不能再登记。"),
            code="done",
            status=409,
        )
    if needs_arrival and row.arrived_at is None:
        raise Refusal(_("Record the arrival first.", "请先登记到场。"), code="not_arrived", status=409)


def sign(session: Session, row: HandoverRoom, signer: str, now: datetime | None = None) -> None:
    """Notes that the owner signed; the picture hangs on the row. Flushes.

    Raises:
        Refusal: nobody has arrived, or no name is given.
    """
    _at_work(row)
    name = signer.strip()
    if not name:
        raise Refusal(_("Say who signs.", "请填写签字人姓名。"), "signer", code="required")
    row.signer, row.signed_at = name[:40], now or clock_of(session)()
    session.flush()


def make_slots(
    session: Session, plan: HandoverPlan, first: date, last: date, starts: str, ends: str, minutes: int, capacity: int
) -> int:
    """Makes the slots of some days, one after the other from `starts` to `ends`; those that are there stay. Flushes.

    Returns: how many were made.
    Raises:
        Refusal: the days or times are out of order, or there would be more than 500. Denied: no `write`.
    """
    if not reach(session, actor_of(session), HandoverSlot, WRITE).holds("project", plan.project_id):
        raise Denied()
    begin, end = _minutes(starts, "starts"), _minutes(ends, "ends")
    if last < first:
        raise Refusal(_("It ends before it begins.", "结束日期早于开始日期。"), "last")
    if not 5 <= minutes <= 1_440 or end - begin < minutes:
        raise Refusal(_("No slot of this length fits in.", "时段长度与起止时间不符。"), "minutes")
    if not 1 <= capacity <= 1_000:
        raise Refusal(_("From 1 to 1,000 homes.", "可约户数应为 1 至 1000。"), "capacity")
    times = [(_clock(at), _clock(at + minutes)) for at in range(begin, end - minutes + 1, minutes)]
    days = [first + timedelta(days=n) for n in range(min((last - first).days, MOST_SLOTS) + 1)]
    if len(days) * len(times) > MOST_SLOTS:
        raise Refusal(
            _("That would be more than {n} slots. Take fewer days.", "一次最多生成 {n} 个时段，请缩短日期范围。").fill(
                n=MOST_SLOTS
            ),
            "last",
        )
    here = select(HandoverSlot.day, HandoverSlot.starts).where(HandoverSlot.plan_id == plan.id)
    known = {(on, at) for on, at in session.execute(here)}
    rows = [
        {"plan_id": plan.id, "day": on, "starts": a, "ends": b, "capacity": capacity}
        for on in days
        for a, b in times
        if (on, a) not in known
    ]
    insert_rows(session, HandoverSlot, rows)
    return len(rows)


def _minutes(text: str, field: str) -> int:
    hours, colon, rest = text.partition(":")
    if not (colon and hours.isdecimal() and rest.isdecimal() and int(hours) < 24 and int(rest) < 60):
        raise Refusal(_("Write the time as 09:00.", "时间请写成 09:00 的形式。"), field)
    return int(hours) * 60 + int(rest)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def raise_fees(
    session: Session, plan: HandoverPlan, item: str, amount: Decimal, *, by_area: bool = False, months: int = 1
) -> int:
    """Raises a fee for every home of a plan that does not have it yet: a fixed sum, or so much a square metre. Flushes.

    Args:
        amount: yuan, or yuan per m² (a month) with `by_area`.
        months: how often it is taken, such as months of property fee in advance.

    Returns: for how many homes; those without an area are left out with `by_area`.
    """
    if not reach(session, actor_of(session), HandoverFee, WRITE).holds("project", plan.project_id):
        raise Denied()
    if amount <= 0 or months < 1:
        raise Refusal(_("This must be more than 0.", "该值必须大于 0。"), "amount")
    known = select(HandoverFee.handover_room_id).where(HandoverFee.item == item)
    homes = session.execute(
        select(HandoverRoom.id, Room.actual_area, Room.presale_area)
        .join(Room, Room.id == HandoverRoom.room_id)
        .where(HandoverRoom.plan_id == plan.id, HandoverRoom.state != RoomState.DROPPED, HandoverRoom.id.not_in(known))
        .order_by(HandoverRoom.id)
    ).all()
    rows = []
    for key, actual, presale in homes:
        area: Decimal | None = actual or presale
        if by_area and area is None:
            continue
        total = amount * months * (area if by_area and area is not None else Decimal(1))
        rows.append({"handover_room_id": key, "item": item, "amount": total.quantize(Decimal("0.01"), ROUND_HALF_UP)})
    insert_rows(session, HandoverFee, rows)
    return len(rows)


def days_to_go(plan: HandoverPlan, session: Session) -> int | None:
    """Returns how many days remain until the handover begins; negative once it has."""
    return None if plan.planned_from is None else (plan.planned_from - today(clock_of(session))).days


def project_of(session: Session, plan: HandoverPlan) -> Project:
    """Returns the plan's project."""
    return session.get_one(Project, plan.project_id)
