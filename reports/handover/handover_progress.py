"""What a handover achieved each day, and how far it has come (收楼进度日报; D3 2)."""

from __future__ import annotations

from models.handover.handover_room import HandoverRoom
from models.handover.room_states import TAKEN, Outcome
from models.kernel.words import _
from reports.handover.handover_overview import BUILDING, PLAN, PLANNED, PLANS
from reports.kernel.report import Chart, Dimension, Report, Running, count, declare, percent

HANDOVER_PROGRESS = declare(
    Report(
        name="handover_progress",
        title=_("Daily progress of handover", "收楼进度日报"),
        definition=_(
            "Outcomes by the day they were recorded; a corrected outcome counts on its latest day. “So far” is what was taken over by "
            "the end of the line's day, earlier days included; the rate divides it by all planned homes.",
            "按结果登记日期统计收楼结果，更正后的结果计入最近一次登记日。“累计接收”含统计期间之前已接收的户数；"
            "累计交付率 = 累计接收 ÷ 计划户数（全部已发布计划）。",
        ),
        area="handover",
        entity=HandoverRoom,
        building=BUILDING,
        joins=(PLAN,),
        base=PLANNED,
        when=HandoverRoom.outcome_at,
        standing="month",
        by="day",
        figures=(
            count("decided", _("Outcomes", "登记结果")),
            count("accepted", Outcome.ACCEPTED.words, HandoverRoom.outcome == Outcome.ACCEPTED),
            count(
                "with_defects",
                Outcome.ACCEPTED_WITH_DEFECTS.words,
                HandoverRoom.outcome == Outcome.ACCEPTED_WITH_DEFECTS,
            ),
            count("refused", Outcome.REFUSED.words, HandoverRoom.outcome == Outcome.REFUSED, late=True),
            count("pending", Outcome.PENDING.words, HandoverRoom.outcome == Outcome.PENDING),
            count("taken", _("Taken over", "接收"), HandoverRoom.outcome.in_(TAKEN)),
            Running("so_far", _("So far", "累计接收"), "taken"),
            count("planned", _("Planned", "计划户数"), always=True),
            percent("handed", _("Handover rate so far", "累计交付率"), "so_far", "planned"),
            percent("smooth", _("Smooth", "顺利收房率"), "accepted", "decided"),
        ),
        dimensions=(PLANS, Dimension("outcome", _("Outcome", "收楼结果"), HandoverRoom.outcome, options=Outcome)),
        chart=Chart("line", ("taken", "so_far")),
        icon="calendar-event",
        order=20,
    )
)
