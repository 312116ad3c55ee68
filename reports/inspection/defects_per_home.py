"""How many defects an inspected home has, how many homes have none, how many were inspected (户均缺陷, 零缺陷; D3 3, 10)."""

from __future__ import annotations

from sqlalchemy import and_

from models.inspection.inspection_plan import InspectionPlan, PlanKind, PlanState
from models.inspection.inspection_room import InspectionRoom, RoomResult
from models.inspection.issue import Issue
from models.inspection.issue_states import IssueState
from models.kernel.words import _
from models.property.building import Building
from models.property.room import Room
from models.property.unit import Unit
from models.system.user_profile import UserProfile
from reports.kernel.report import Chart, Dimension, Measure, Report, declare, distinct, mean, percent

ROOM = InspectionRoom.id
INSPECTED = InspectionRoom.result.in_((RoomResult.ISSUES.value, RoomResult.CLEAN.value))


def _rooms(name: str, en: str, zh: str, result: str, *, late: bool = False) -> Measure:
    return Measure(name, _(en, zh), "distinct", InspectionRoom.result == result, ROOM, late=late)


DEFECTS_PER_HOME = declare(
    Report(
        name="defects_per_home",
        title=_("Inspection coverage and defects per home", "验房覆盖率与户均缺陷"),
        definition=_(
            "Homes of released inspection plans, by the day the plan begins; a home of two inspections counts in each. Defects per home: "
            "issues of these inspections, void ones left out, divided by the homes inspected. Zero defects: inspected homes without one.",
            "统计已发布验房计划中的房间，期间按计划开始日期；同一房间参加两次验房的，各计一次。覆盖率 = 已验 ÷ 计划；"
            "户均缺陷 = 问题数（不含作废）÷ 已验户数；零缺陷户率 = 无问题户数 ÷ 已验户数。",
        ),
        area="inspection",
        entity=InspectionRoom,
        building=Dimension(
            "building",
            _("Building", "楼栋"),
            Unit.building_id,
            joins=((Room, Room.id == InspectionRoom.room_id), (Unit, Unit.id == Room.unit_id)),
            target=Building,
        ),
        joins=(
            (InspectionPlan, InspectionPlan.id == InspectionRoom.plan_id),
            (Issue, and_(Issue.inspection_room_id == InspectionRoom.id, Issue.status != IssueState.VOID), True),
        ),
        base=InspectionPlan.state.in_((PlanState.RUNNING.value, PlanState.DONE.value)),
        when=InspectionPlan.from_on,
        standing="all",
        figures=(
            distinct("planned", _("Planned", "计划户数"), ROOM),
            distinct("inspected", _("Inspected", "已验户数"), ROOM, INSPECTED),
            percent("coverage", _("Coverage", "验房覆盖率"), "inspected", "planned"),
            _rooms("waiting", "Not inspected", "待验", RoomResult.PENDING),
            _rooms("no_entry", "Could not be entered", "未能入户", RoomResult.NO_ENTRY, late=True),
            distinct("issues", _("Issues", "问题数"), Issue.id, INSPECTED, rows=(Issue, Issue.id)),
            mean("each", _("Defects per home", "户均缺陷"), "issues", "inspected", low=True),
            _rooms("clean", "Without a defect", "零缺陷户数", RoomResult.CLEAN),
            percent("zero", _("Zero defects", "零缺陷户率"), "clean", "inspected"),
        ),
        dimensions=(
            Dimension("kind", _("Kind", "验房类型"), InspectionPlan.kind, options=PlanKind),
            Dimension("plan", _("Plan", "验房计划"), InspectionRoom.plan_id, target=InspectionPlan, called="title"),
            Dimension("inspector", _("Inspector", "验房人"), InspectionRoom.inspector_id, target=UserProfile),
        ),
        chart=Chart("bar", ("each",)),
        icon="clipboard-check",
        order=10,
    )
)
