"""Who enters how many issues, and how many of them were entered wrongly (用户工作量; R04: fewer than one in a hundred)."""

from __future__ import annotations

from sqlalchemy import or_

from models.inspection.issue import Issue
from models.inspection.issue_states import IssueState
from models.kernel.words import _
from models.property.room import Room
from models.system.user_profile import UserProfile
from reports.inspection.defect_structure import BUILDING, CATEGORY, SOURCE
from reports.kernel.report import Chart, Dimension, Report, count, declare, distinct, percent

CORRECTED = Issue.corrected_at.is_not(None)
VOID = Issue.status == IssueState.VOID

ENTRY_WORK = declare(
    Report(
        name="entry_work",
        title=_("Work of those who enter issues", "问题录入工作量与差错率"),
        definition=_(
            "Issues by the day they were entered and by who entered them. Corrected: place, category, part or problem was changed "
            "afterwards. Wrong: corrected or void, each counted once. Error rate: wrong of all entered; the aim is below 1 %.",
            "按登记日期和录入人统计问题。更正指登记后修改过位置、分类、部位或问题描述；差错 = 更正或作废，同一问题只计一次；"
            "录入差错率 = 差错 ÷ 录入数，要求低于 1%。",
        ),
        area="inspection",
        entity=Issue,
        building=BUILDING,
        when=Issue.created_at,
        standing="year",
        by="person",
        figures=(
            count("entered", _("Entered", "录入数")),
            distinct("homes", _("Homes concerned", "涉及户数"), Issue.room_id, rows=(Room, Issue.room_id)),
            count("corrected", _("Corrected", "更正"), CORRECTED),
            count("void", IssueState.VOID.words, VOID),
            count("wrong", _("Wrong", "差错"), or_(CORRECTED, VOID)),
            percent("error_rate", _("Error rate", "录入差错率"), "wrong", "entered", low=True),
        ),
        dimensions=(
            Dimension("person", _("Entered by", "录入人"), Issue.created_by_id, target=UserProfile, known_by="user_id"),
            CATEGORY,
            SOURCE,
        ),
        chart=Chart("bar", ("entered", "wrong")),
        icon="keyboard",
        order=60,
    )
)
