"""Whether issues are closed by the day they are due, and repaired at the first attempt (整改时效与返修率; D3 5, 6)."""

from __future__ import annotations

from sqlalchemy import and_

from models.inspection.issue import Issue
from models.inspection.issue_states import CloseType, IssueState
from models.kernel.words import _
from reports.inspection.defect_structure import BUILDING, CATEGORY, CONTRACTOR, LEVEL, PART, SOURCE, VALID
from reports.kernel.report import Chart, Dimension, Report, ago, count, declare, percent

CLOSED = Issue.status == IssueState.CLOSED
OPEN = Issue.status != IssueState.CLOSED
PAST = Issue.due_at < ago(0)
AGAIN = Issue.rework_count > 0

REPAIR_TIME = declare(
    Report(
        name="repair_time",
        title=_("Closing in time, and rework", "整改时效与返修率"),
        definition=_(
            "Issues by the day their repair is due, without void ones. In time: closed by then, of those closed or past due. Overdue rate: "
            "closed late or open past due, of all. Rework: repaired more than once, of those closed; the rest were repaired at once.",
            "按整改期限统计问题（不含作废）。及时关闭率 = 期限内关闭 ÷（已关闭 + 超期未关闭）；超时率 =（延期关闭 + 超期未关闭）÷ 问题数；"
            "返修率 = 返修过的已关闭问题 ÷ 已关闭；一次修复率 = 1 − 返修率。",
        ),
        area="inspection",
        entity=Issue,
        building=BUILDING,
        base=VALID,
        when=Issue.due_at,
        standing="year",
        figures=(
            count("issues", _("Issues", "问题数")),
            count("closed", IssueState.CLOSED.words, CLOSED),
            percent("closing", _("Closed of all", "关闭率"), "closed", "issues"),
            count("in_time", _("Closed in time", "及时关闭"), and_(CLOSED, Issue.closed_at <= Issue.due_at)),
            count("closed_late", _("Closed late", "延期关闭"), and_(CLOSED, Issue.closed_at > Issue.due_at)),
            count("overdue", _("Open past due", "超期未关闭"), and_(OPEN, PAST), late=True),
            count("due", _("Closed or past due", "应关闭"), CLOSED | and_(OPEN, PAST)),
            percent("in_time_rate", _("In time", "及时关闭率"), "in_time", "due"),
            count("late", _("Late", "超时"), and_(CLOSED, Issue.closed_at > Issue.due_at) | and_(OPEN, PAST)),
            percent("late_rate", _("Overdue rate", "超时率"), "late", "issues", low=True),
            count("again", _("Repaired again", "返修"), and_(CLOSED, AGAIN)),
            percent("rework", _("Rework", "返修率"), "again", "closed", low=True),
            count("at_once", _("Repaired at once", "一次修复"), and_(CLOSED, ~AGAIN)),
            percent("at_once_rate", _("At once", "一次修复率"), "at_once", "closed"),
        ),
        dimensions=(
            CONTRACTOR,
            CATEGORY,
            PART,
            Dimension("close_type", _("Closed how", "关闭类型"), Issue.close_type, options=CloseType),
            SOURCE,
            LEVEL,
        ),
        chart=Chart("stack", ("in_time", "closed_late", "overdue")),
        icon="clock",
        order=50,
    )
)
