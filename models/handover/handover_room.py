"""A home in a handover (入伙房间): told, arrived, inspected, taken over or not, and why (S02 ch. 5, D2)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import Index, Integer, func, select
from sqlalchemy.orm import Mapped, Session

from models.handover import COUNTER, PLANNERS
from models.handover.handover_slot import HandoverSlot
from models.handover.room_moves import (
    accepted,
    arrived,
    called_again,
    completed,
    inspected,
    may_arrive,
    may_complete,
    may_decide,
    not_arrived,
    reconsidered,
    taken_out,
)
from models.handover.room_states import NoticeState, Outcome, PlanState, RoomState
from models.kernel import (
    Flow,
    Refusal,
    Rights,
    Screen,
    Table,
    Transition,
    _,
    choice,
    day,
    flag,
    kept,
    ref,
    section,
    text,
    through,
)
from models.kernel.actor import Actor
from models.kernel.columns import Moment
from models.kernel.registry import table
from models.property.room import Room

_S = RoomState
_OUTCOMES = (_S.ACCEPTED.value, _S.ACCEPTED_WITH_DEFECTS.value, _S.REFUSED.value, _S.PENDING.value)
_AT_HAND = (_S.ARRIVED.value, _S.INSPECTING.value, _S.REINSPECTING.value)
_REASONS = ("outcome_reason",)


class HandoverRoom(Table):
    """A home in a handover plan. There is one for each home that was sold when the plan was released (R08)."""

    owned = through("room_id")
    __table_args__ = (Index("ix_handover_room_board", "plan_id", "version", "changed_at"),)
    screen = Screen(
        label=_("Home to hand over", "入伙房间"),
        plural=_("Homes to hand over", "入伙房间"),
        icon="door-enter",
        key=("plan_id", "room_id"),
        title=("room.unit.building.name", "room.unit.name", "room.no"),
        listed=(
            "plan.title",
            "room",
            "customer.name",
            "notice_state",
            "slot",
            "state",
            "outcome",
            "arrived_at",
            "second_visit_on",
            "repair_due_on",
            "signed_at",
        ),
        searched=("station", "note"),
        order=("created_at", "id"),
        sections=(
            section(_("Home", "房间"), "plan_id", "room_id", "customer_id", "slot_id"),
            section(_("At the counter", "现场办理"), "station", "escort_id", "signer", "note"),
            section(
                _("Outcome", "收楼结果"),
                "outcome_reason",
                "repair_due_on",
                "second_visit_on",
                "groundless",
                "change_reason",
            ),
        ),
        children=(
            ("handover_step", "handover_room_id"),
            ("handover_doc", "handover_room_id"),
            ("handover_fee", "handover_room_id"),
            ("handover_notice", "handover_room_id"),
        ),
        rights=Rights(delete=("group_admin",), import_=()),
        noted=_(
            "Releasing a plan adds its homes; a home signed later may be added by hand.",
            "发布入伙计划时自动生成；之后签约的房间可手工加入。",
        ),
    )
    flow = Flow(
        column="state",
        states=RoomState,
        start=_S.EXPECTED.value,
        final=(_S.COMPLETED.value, _S.DROPPED.value),
        transitions=(
            Transition(
                "arrive", _("Arrived", "到场签到"), (_S.EXPECTED.value,), _S.ARRIVED.value, COUNTER,
                guard=may_arrive, effect=arrived,
            ),
            Transition(
                "inspect", _("Inspection begins", "开始陪验"), (_S.ARRIVED.value,), _S.INSPECTING.value, COUNTER,
                required=("escort_id",), guard=may_decide, effect=inspected,
            ),
            Transition(
                "accept", _("Accepted", "顺利接收"), _AT_HAND, _S.ACCEPTED.value, COUNTER,
                guard=may_decide, effect=accepted(Outcome.ACCEPTED),
            ),
            Transition(
                "accept_with_defects", _("Accepted, repairs due", "先接收须调整"), _AT_HAND,
                _S.ACCEPTED_WITH_DEFECTS.value, COUNTER, required=(*_REASONS, "repair_due_on"),
                guard=may_decide, effect=accepted(Outcome.ACCEPTED_WITH_DEFECTS),
            ),
            Transition(
                "refuse", _("Refused", "拒绝接收"), _AT_HAND, _S.REFUSED.value, COUNTER,
                required=(*_REASONS, "second_visit_on"), guard=may_decide, effect=accepted(Outcome.REFUSED), danger=True,
            ),
            Transition(
                "leave_open", _("Undecided", "待定"), _AT_HAND, _S.PENDING.value, COUNTER,
                required=(*_REASONS, "second_visit_on"), guard=may_decide, effect=accepted(Outcome.PENDING),
            ),
            Transition(
                "complete", _("Formalities complete", "手续完成"),
                (_S.ACCEPTED.value, _S.ACCEPTED_WITH_DEFECTS.value), _S.COMPLETED.value, COUNTER,
                guard=may_complete, effect=completed,
            ),
            Transition(
                "revisit", _("Second inspection", "复验"), (_S.REFUSED.value, _S.PENDING.value), _S.REINSPECTING.value,
                COUNTER, guard=may_decide, effect=called_again,
            ),
            Transition(
                "reconsider", _("Correct the outcome", "更正结果"), _OUTCOMES, _S.INSPECTING.value, COUNTER,
                required=("change_reason",), effect=reconsidered, danger=True,
            ),
            Transition(
                "take_back_arrival", _("Not arrived after all", "撤销到场"), (_S.ARRIVED.value,), _S.EXPECTED.value,
                COUNTER, required=("change_reason",), effect=not_arrived, danger=True,
            ),
            Transition(
                "drop", _("Take out of the plan", "移出计划"),
                (_S.EXPECTED.value, *_AT_HAND, _S.REFUSED.value, _S.PENDING.value), _S.DROPPED.value, PLANNERS,
                required=("change_reason",), effect=taken_out, danger=True,
            ),
        ),
    )  # fmt: skip

    plan_id: Mapped[int] = ref("handover_plan", _("Plan", "入伙计划"))
    room_id: Mapped[int] = ref("room", _("Room", "房间"))
    customer_id: Mapped[int | None] = ref("customer", _("Owner", "业主"))
    state: Mapped[str] = choice(_("Progress", "入伙进程"), RoomState, default=RoomState.EXPECTED, system=True)
    notice_state: Mapped[str] = choice(
        _("Notice", "通知状态"), NoticeState, default=NoticeState.NOT_NOTIFIED, system=True
    )
    slot_id: Mapped[int | None] = ref("handover_slot", _("Appointment", "预约时段"))
    arrived_at: Mapped[datetime | None] = kept(_("Arrived at", "到场时间"), Moment(), "moment")
    station: Mapped[str | None] = text(_("Counter", "办理台位"), 20)
    escort_id: Mapped[int | None] = ref("user_profile", _("Escort", "陪验人"))
    inspected_at: Mapped[datetime | None] = kept(_("Inspection began", "陪验时间"), Moment(), "moment")
    visits: Mapped[int] = kept(_("Visits", "到场次数"), Integer(), "integer", default=0)
    outcome: Mapped[str | None] = choice(_("Outcome", "收楼结果"), Outcome, system=True)
    outcome_at: Mapped[datetime | None] = kept(_("Outcome recorded", "登记时间"), Moment(), "moment")
    first_outcome: Mapped[str | None] = choice(_("Outcome of the first visit", "首次收楼结果"), Outcome, system=True)
    outcome_reason: Mapped[str | None] = text(_("Reason", "原因"), 200)
    repair_due_on: Mapped[date | None] = day(_("Repairs due on", "整改期限"))
    second_visit_on: Mapped[date | None] = day(_("Second visit on", "复验日期"))
    groundless: Mapped[bool] = flag(
        _("Refused without good reason", "无正当理由拒收"),
        hint=_("The risk then passes on the day named in the written notice.", "风险自书面通知确定的交付之日起转移。"),
    )
    signer: Mapped[str | None] = text(_("Signed by", "签字人"), 40)
    signed_at: Mapped[datetime | None] = kept(_("Signed at", "签字时间"), Moment(), "moment")
    completed_at: Mapped[datetime | None] = kept(_("Completed at", "手续完成时间"), Moment(), "moment")
    change_reason: Mapped[str | None] = text(_("Why it was changed", "变更原因"), 200)
    note: Mapped[str | None] = text(_("Remarks", "备注"), 200)

    def faults(self, session: Session, actor: Actor) -> Iterable[Refusal]:
        """A home is sold and of the plan's project, in one open plan at a time; a slot is of its plan and has room."""
        yield from self._plan_faults(session, actor)
        if self.slot_id is not None:
            yield from self._slot_faults(session)

    def _plan_faults(self, session: Session, actor: Actor) -> Iterable[Refusal]:
        plan: Any = session.get(table("handover_plan"), self.plan_id)
        if plan is not None and plan.project_id != self.project_id:
            yield Refusal(_("The home is of another project than the plan.", "该房间不属于计划所在项目。"), "room_id")
            return
        if self not in session.new:
            return
        room = session.get(Room, self.room_id)
        if not actor.system and room is not None and room.sale_state != "signed":
            yield Refusal(
                _("Only homes whose sale is “signed” are handed over.", "仅销售状态为“签约”的房间可入伙。"),
                "room_id",
                code="not_signed",
            )
            return
        plans: Any = table("handover_plan")
        other = select(HandoverRoom.id).where(
            HandoverRoom.room_id == self.room_id,
            HandoverRoom.plan_id != self.plan_id,
            HandoverRoom.state.not_in((RoomState.DROPPED.value, RoomState.COMPLETED.value)),
            HandoverRoom.plan_id.in_(select(plans.id).where(plans.state == PlanState.RELEASED)),
        )
        if session.scalar(other.limit(1)) is not None:
            yield Refusal(
                _(
                    "This home is in another open plan. Take it out there first.",
                    "该房间已在另一个进行中的入伙计划内，请先从该计划移出。",
                ),
                "room_id",
                code="in_open_plan",
                status=409,
            )

    def _slot_faults(self, session: Session) -> Iterable[Refusal]:
        slot = session.scalars(select(HandoverSlot).where(HandoverSlot.id == self.slot_id).with_for_update()).first()
        if slot is None:
            return
        if slot.plan_id != self.plan_id:
            yield Refusal(_("This slot is of another plan.", "该时段属于其他入伙计划。"), "slot_id")
            return
        booked = select(func.count(HandoverRoom.id)).where(
            HandoverRoom.slot_id == slot.id,
            HandoverRoom.id != (self.id or 0),
            HandoverRoom.state != RoomState.DROPPED,
        )
        if (session.scalar(booked) or 0) >= slot.capacity:
            yield Refusal(
                _(
                    "{when} is full: all {n} places are taken. Choose another slot.",
                    "{when} 已约满（共 {n} 个名额），请选择其他时段。",
                ).fill(when=f"{slot.day} {slot.starts}", n=slot.capacity),
                "slot_id",
                code="slot_full",
                status=409,
            )
