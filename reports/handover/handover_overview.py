"""How handovers stand: planned, told, arrived, taken over or not (交付总览; D3 1, domain_facts 10)."""

from __future__ import annotations

from sqlalchemy import and_

from models.handover.handover_plan import HandoverPlan
from models.handover.handover_room import HandoverRoom
from models.handover.room_states import TAKEN, NoticeState, Outcome, PlanState, RoomState
from models.kernel.words import _
from models.property.building import Building
from models.property.room import Room
from models.property.unit import Unit
from reports.kernel.report import Chart, Dimension, Join, Report, count, declare, percent

PLAN: Join = (HandoverPlan, HandoverPlan.id == HandoverRoom.plan_id)
BUILDING = Dimension(
    "building",
    _("Building", "楼栋"),
    Unit.building_id,
    joins=((Room, Room.id == HandoverRoom.room_id), (Unit, Unit.id == Room.unit_id)),
    target=Building,
)
PLANNED = and_(
    HandoverRoom.state != RoomState.DROPPED, HandoverPlan.state.in_((PlanState.RELEASED.value, PlanState.CLOSED.value))
)
"""Homes of plans that were released, those taken out again left aside."""
PLANS = Dimension("plan", _("Plan", "入伙计划"), HandoverRoom.plan_id, target=HandoverPlan, called="title")

TOLD = HandoverRoom.notice_state.in_((NoticeState.NOTIFIED.value, NoticeState.DELIVERED.value))
ARRIVED = HandoverRoom.arrived_at.is_not(None)

HANDOVER_OVERVIEW = declare(
    Report(
        name="handover_overview",
        title=_("Handover overview", "交付总览"),
        definition=_(
            "Homes of released handover plans, by the day their plan begins. Handover rate: taken over, with or without repairs due, "
            "of all planned. Smooth and refused: of homes with an outcome. First visit: taken over on the first visit, of those who came.",
            "统计已发布入伙计划中的房间，期间按计划开始日期。交付率 = 已接收（顺利接收 + 先接收须调整）÷ 计划户数；顺利收房率、"
            "拒收率以已有结果的户数为分母；一次收房率 = 首次到场即接收 ÷ 到场户数；到场率 = 已通知且到场 ÷ 已通知。",
        ),
        area="handover",
        entity=HandoverRoom,
        building=BUILDING,
        joins=(PLAN,),
        base=PLANNED,
        when=HandoverPlan.planned_from,
        standing="all",
        figures=(
            count("planned", _("Planned", "计划户数")),
            count("told", _("Told", "已通知"), TOLD),
            count("arrived", _("Came", "到场"), ARRIVED),
            count("told_arrived", _("Told and came", "已通知且到场"), and_(TOLD, ARRIVED)),
            percent("arrival", _("Arrival rate", "到场率"), "told_arrived", "told"),
            count("decided", _("With an outcome", "已有结果"), HandoverRoom.outcome.is_not(None)),
            count("accepted", Outcome.ACCEPTED.words, HandoverRoom.outcome == Outcome.ACCEPTED),
            count(
                "with_defects",
                Outcome.ACCEPTED_WITH_DEFECTS.words,
                HandoverRoom.outcome == Outcome.ACCEPTED_WITH_DEFECTS,
            ),
            count("refused", Outcome.REFUSED.words, HandoverRoom.outcome == Outcome.REFUSED, late=True),
            count("pending", Outcome.PENDING.words, HandoverRoom.outcome == Outcome.PENDING),
            count("taken", _("Taken over", "已接收"), HandoverRoom.outcome.in_(TAKEN)),
            percent("handed", _("Handover rate", "交付率"), "taken", "planned"),
            percent("smooth", _("Smooth", "顺利收房率"), "accepted", "decided"),
            percent("refusal", _("Refusal rate", "拒收率"), "refused", "decided", low=True),
            count("first", _("Taken over at once", "首次接收"), and_(ARRIVED, HandoverRoom.first_outcome.in_(TAKEN))),
            percent("first_rate", _("First visit", "一次收房率"), "first", "arrived"),
            count("completed", RoomState.COMPLETED.words, HandoverRoom.state == RoomState.COMPLETED),
        ),
        dimensions=(
            PLANS,
            Dimension("state", _("Progress", "入伙进程"), HandoverRoom.state, options=RoomState),
            Dimension("notice", _("Notice", "通知状态"), HandoverRoom.notice_state, options=NoticeState),
        ),
        chart=Chart("bar", ("planned", "told", "arrived", "taken")),
        icon="door-enter",
        order=10,
    )
)
