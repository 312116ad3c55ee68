"""What the moves of a home in a handover ask for and do. Called by its flow; nobody else calls them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, inspect, select
from sqlalchemy.orm import Session

from models.customer.customer import Customer
from models.customer.ownership import Ownership
from models.handover.room_states import Outcome, home_state
from models.kernel.actor import Actor
from models.kernel.clock import today
from models.kernel.flow import Effect
from models.kernel.guard import keep
from models.kernel.refusal import Refusal
from models.kernel.registry import table
from models.kernel.session import clock_of
from models.kernel.words import _
from models.property.room import Room, SaleState


def main_owner(session: Session, room_id: int) -> Customer | None:
    """Returns the main owner of a home today; None where nobody is known, or not to this actor."""
    statement = (
        select(Customer)
        .join(Ownership, Ownership.customer_id == Customer.id)
        .where(Ownership.room_id == room_id, Ownership.until_day.is_(None))
        .order_by(Ownership.is_main.desc(), Ownership.id)
        .limit(1)
    )
    return session.scalars(statement).first()


def another_owner(session: Session, row: Any) -> Customer | None:
    """Returns who owns the home now, where that is not who the handover was planned with; None where it is."""
    if row.customer_id is None:
        return None
    held = select(Ownership.id).where(
        Ownership.room_id == row.room_id, Ownership.customer_id == row.customer_id, Ownership.until_day.is_(None)
    )
    if session.scalar(held.limit(1)) is not None:
        return None
    return main_owner(session, row.room_id)


def _stands(session: Session, row: Any) -> Refusal | None:
    """What stands in the way of any step with the owner: the plan is not open, the home was returned or has a new owner."""
    if row.plan.state != "released":
        return Refusal(
            _("The plan is not open: it is “{state}”.", "该入伙计划当前为“{state}”，不能办理。").fill(
                state=type(row.plan).flow.words(row.plan.state)
            ),
            code="plan_not_open",
            status=409,
        )
    room = session.get_one(Room, row.room_id)
    if room.sale_state != SaleState.SIGNED:
        state = SaleState.member(room.sale_state)
        return Refusal(
            _(
                "The sale of this home is “{state}” now, no longer signed. Take it out of the plan.",
                "该房间销售状态已变为“{state}”，不再是签约，请将其移出计划。",
            ).fill(state=state.words if state is not None else room.sale_state),
            code="not_signed",
            status=409,
        )
    other = another_owner(session, row)
    if other is not None:
        return Refusal(
            _(
                "This home changed its owner after the release: it was {before}, it is {now} now. "
                "Take over the new owner first; notices are due anew.",
                "计划发布后该房间业主已由{before}变更为{now}。请先“变更为新业主”，并重新送达入伙通知。",
            ).fill(before=row.customer.name if row.customer is not None else "—", now=other.name),
            code="owner_changed",
            status=409,
        )
    return None


def may_arrive(session: Session, actor: Actor, row: Any, now: datetime) -> Refusal | None:
    """The plan is open, the home still sold, the owner the same."""
    return _stands(session, row)


def may_decide(session: Session, actor: Actor, row: Any, now: datetime) -> Refusal | None:
    """As `may_arrive`; dates to come are not past."""
    stands = _stands(session, row)
    if stands is not None:
        return stands
    if row.arrived_at is None:
        return Refusal(_("Nobody has arrived yet.", "业主尚未到场。"), code="not_arrived", status=409)
    for column in ("repair_due_on", "second_visit_on"):
        value = getattr(row, column)
        if value is not None and value < today(clock_of(session)) and _changed(row, column):
            return Refusal(_("This day is past. Choose a day to come.", "该日期已过，请选择今天或以后的日期。"), column)
    return None


def _changed(row: Any, column: str) -> bool:
    return bool(inspect(row).attrs[column].history.has_changes())


def lacking(session: Session, row: Any) -> list[Any]:
    """Returns the words of what is still to be done before the formalities are complete; empty where nothing is.

    Required steps and papers of the plan, fees neither paid nor waived, at least one key, the owner's signature.
    """
    found: list[Any] = []
    for tick, item, column, done in (
        ("handover_step", "handover_plan_step", "item_id", "done_at"),
        ("handover_doc", "handover_plan_doc", "item_id", "received_at"),
    ):
        ticks: Any = table(tick)
        items: Any = table(item)
        there = select(getattr(ticks, column)).where(
            ticks.handover_room_id == row.id, getattr(ticks, done).is_not(None)
        )
        names = session.scalars(
            select(items.name)
            .where(items.plan_id == row.plan_id, items.required.is_(True), items.id.not_in(there))
            .order_by(items.sort, items.id)
        )
        found += list(names)
    fees: Any = table("handover_fee")
    due = session.scalar(select(func.count(fees.id)).where(fees.handover_room_id == row.id, fees.state == "due"))
    if due:
        found.append(_("{n} fees not paid", "{n} 项费用未缴清").fill(n=due))
    keys: Any = table("key_record")
    if session.scalar(select(keys.id).where(keys.room_id == row.room_id, keys.handed_on.is_not(None)).limit(1)) is None:
        found.append(_("keys not handed out", "钥匙未发放"))
    if row.signed_at is None:
        found.append(_("the owner's signature", "业主签字"))
    return found


def may_complete(session: Session, actor: Actor, row: Any, now: datetime) -> Refusal | None:
    """Nothing that is required is lacking; names what is (at most six)."""
    stands = _stands(session, row)
    if stands is not None:
        return stands
    open_ = lacking(session, row)
    if not open_:
        return None

    def said(language: str) -> list[str]:
        return [each.said(language) if hasattr(each, "said") else str(each) for each in open_[:6]]

    sentence = _("Not complete yet ({n}): {en}.", "尚有 {n} 项未完成：{zh}。").fill(
        n=len(open_), en=", ".join(said("en")), zh="、".join(said("zh"))
    )
    return Refusal(sentence, code="lacking", status=409)


def _tell_home(session: Session, row: Any) -> None:
    """The home says how its own handover stands; written on behalf of whoever recorded it."""
    room = session.get_one(Room, row.room_id)
    state = home_state(row.outcome, row.notice_state)
    if room.handover_state != state:
        room.handover_state = state
        room.state_reason = row.outcome_reason or row.change_reason
        keep(session, room)


def arrived(session: Session, actor: Actor, row: Any, now: datetime) -> None:
    """Stamps the arrival; a home without a known owner takes the one that is known by now."""
    row.arrived_at, row.visits = now, row.visits + 1
    if row.customer_id is None:
        owner = main_owner(session, row.room_id)
        row.customer_id = owner.id if owner is not None else None


def not_arrived(session: Session, actor: Actor, row: Any, now: datetime) -> None:
    """Takes the arrival back."""
    row.arrived_at, row.visits = None, max(0, row.visits - 1)


def inspected(session: Session, actor: Actor, row: Any, now: datetime) -> None:
    """Stamps the beginning of the inspection."""
    row.inspected_at = now


def accepted(outcome: Outcome) -> Effect:
    """Returns what recording an outcome does: the time is the system's (登记时间 auto), the home says the same."""

    def effect(session: Session, actor: Actor, row: Any, now: datetime) -> None:
        row.outcome, row.outcome_at = outcome.value, now
        if row.visits <= 1:
            row.first_outcome = outcome.value
        _tell_home(session, row)

    return effect


def called_again(session: Session, actor: Actor, row: Any, now: datetime) -> None:
    """Counts a further visit."""
    row.visits += 1
    row.inspected_at = now


def reconsidered(session: Session, actor: Actor, row: Any, now: datetime) -> None:
    """Takes an outcome back that was recorded by mistake; the history keeps it with the reason."""
    row.outcome = row.outcome_at = None
    if row.visits <= 1:
        row.first_outcome = None
    _tell_home(session, row)


def completed(session: Session, actor: Actor, row: Any, now: datetime) -> None:
    """Stamps the end of the formalities."""
    row.completed_at = now


def taken_out(session: Session, actor: Actor, row: Any, now: datetime) -> None:
    """Gives the slot back; the home is as if nobody had been told."""
    row.slot_id = None
    room = session.get_one(Room, row.room_id)
    if room.handover_state not in ("accepted", "accepted_with_defects", "not_notified"):
        room.handover_state = "not_notified"
        room.state_reason = row.change_reason
        keep(session, room)
