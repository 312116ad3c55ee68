"""Which contractors repair in time and for good (承建商绩效排名; D3 4)."""

from __future__ import annotations

from sqlalchemy import and_, or_

from models.inspection.issue import Issue
from models.inspection.issue_fix import FixResult, IssueFix
from models.inspection.issue_states import WITH_CONTRACTOR, IssueState
from models.kernel.words import _
from models.parameter.contractor import Contractor
from reports.inspection.defect_structure import BUILDING, CATEGORY, LEVEL, SOURCE
from reports.kernel.report import Chart, Dimension, Report, ago, count, declare, distinct, percent

DONE = IssueFix.done_at.is_not(None)
AT_WORK = and_(IssueFix.done_at.is_(None), IssueFix.result == FixResult.OPEN, Issue.status.in_(WITH_CONTRACTOR))
OVERDUE = and_(AT_WORK, IssueFix.due_at < ago(0))
CHECKED = IssueFix.result.in_((FixResult.PASSED.value, FixResult.FAILED.value))

CONTRACTORS = declare(
    Report(
        name="contractors",
        title=_("Contractors compared", "承建商绩效排名"),
        definition=_(
            "Rounds of repair by the day they were sent to the contractor, without void issues and rounds taken back. In time: done by "
            "the day due, of those done or overdue. Rework: rounds that did not pass, of those checked.",
            "按发出日期统计整改轮次（不含作废问题和退回改派的轮次）。整改及时率 = 按期完成 ÷（已完成 + 逾期未完成）；"
            "返修率 = 复验不合格 ÷ 已复验。",
        ),
        area="inspection",
        entity=IssueFix,
        building=Dimension("building", BUILDING.label, BUILDING.key, target=BUILDING.target),
        joins=((Issue, Issue.id == IssueFix.issue_id),),
        base=and_(Issue.status != IssueState.VOID, IssueFix.result != FixResult.RETURNED),
        when=IssueFix.sent_at,
        standing="year",
        by="contractor",
        sort="overdue",
        figures=(
            distinct("issues", _("Issues", "问题数"), IssueFix.issue_id, rows=(Issue, IssueFix.issue_id)),
            count("rounds", _("Rounds of repair", "整改轮次"), None),
            count("done", _("Done", "已完成"), DONE),
            count("in_time", _("In time", "按期完成"), and_(DONE, IssueFix.done_at <= IssueFix.due_at)),
            count("at_work", _("With the contractor", "整改中"), AT_WORK),
            count("overdue", _("Overdue", "逾期未完成"), OVERDUE, late=True),
            count("due", _("Done or overdue", "应完成"), or_(and_(DONE, IssueFix.due_at.is_not(None)), OVERDUE)),
            percent("in_time_rate", _("In time of due", "整改及时率"), "in_time", "due"),
            count("checked", _("Checked", "已复验"), CHECKED),
            count("failed", _("Not passed", "复验不合格"), IssueFix.result == FixResult.FAILED),
            percent("rework", _("Rework", "返修率"), "failed", "checked", low=True),
        ),
        dimensions=(
            Dimension("contractor", _("Contractor", "承建商"), IssueFix.contractor_id, target=Contractor),
            CATEGORY,
            SOURCE,
            LEVEL,
        ),
        chart=Chart("bar", ("in_time", "overdue", "failed")),
        icon="tool",
        order=30,
    )
)
