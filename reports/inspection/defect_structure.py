"""What kinds of defects there are, and where in the home: the few that make the most (缺陷结构; D3 3)."""

from __future__ import annotations

from models.inspection.issue import Issue
from models.inspection.issue_states import IssueSource, IssueState
from models.kernel.words import _
from models.parameter.contractor import Contractor
from models.parameter.issue_category import IssueCategory
from models.parameter.issue_standard import IssueLevel
from models.parameter.part import Part
from models.property.building import Building
from models.property.room import Room
from reports.kernel.report import Chart, Dimension, Report, count, declare, distinct, mean, paired, percent

BUILDING = Dimension("building", _("Building", "楼栋"), Issue.building_id, target=Building)
CATEGORY = Dimension("category", _("Category", "问题分类"), Issue.category_id, target=IssueCategory)
PART = Dimension("part", _("Part", "部位"), Issue.part_id, target=Part)
CONTRACTOR = Dimension("contractor", _("Contractor", "承建商"), Issue.contractor_id, target=Contractor)
SOURCE = Dimension("source", _("Found at", "问题来源"), Issue.source, options=IssueSource)
LEVEL = Dimension("level", _("Level", "级别"), Issue.level, options=IssueLevel)
VALID = Issue.status != IssueState.VOID

DEFECT_STRUCTURE = declare(
    Report(
        name="defect_structure",
        title=_("Structure of defects", "缺陷结构分析"),
        definition=_(
            "Issues by the day they were entered, void ones left out, by category and part. The curve adds up the shares of the largest. "
            "A home with several issues is counted once on each line and once in the total.",
            "按登记日期统计问题（不含作废），按问题分类 × 部位排列，折线为累计占比。同一房间有多条问题时，“涉及户数”在每一行及合计中"
            "各只计一次。",
        ),
        area="inspection",
        entity=Issue,
        building=BUILDING,
        base=VALID,
        when=Issue.created_at,
        standing="year",
        by="category_part",
        figures=(
            count("issues", _("Issues", "问题数")),
            distinct("homes", _("Homes concerned", "涉及户数"), Issue.room_id, rows=(Room, Issue.room_id)),
            mean("each", _("Issues for each of these", "每户问题数"), "issues", "homes"),
            count(
                "grave", _("Serious or urgent", "严重/紧急"), Issue.level.in_((IssueLevel.SERIOUS, IssueLevel.URGENT))
            ),
            percent("grave_share", _("Share of serious ones", "严重占比"), "grave", "issues", low=True),
            count("closed", IssueState.CLOSED.words, Issue.status == IssueState.CLOSED),
            percent("closing", _("Closed", "关闭率"), "closed", "issues"),
        ),
        dimensions=(
            Dimension(
                "category_part",
                _("Category × part", "分类 × 部位"),
                paired(Issue.category_id, Issue.part_id),
                pair=(IssueCategory, Part),
            ),
            CATEGORY,
            PART,
            CONTRACTOR,
            SOURCE,
            LEVEL,
        ),
        chart=Chart("pareto", ("issues",)),
        icon="chart-bar",
        order=20,
    )
)
