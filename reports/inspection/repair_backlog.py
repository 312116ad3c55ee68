"""What is not repaired yet, and how long it has been waiting (整改积压账龄; D3 5)."""

from __future__ import annotations

from sqlalchemy import and_

from models.inspection.issue import Issue
from models.inspection.issue_states import ENDED, UNREPAIRED, IssueState
from models.kernel.words import _
from reports.inspection.defect_structure import BUILDING, CATEGORY, CONTRACTOR, LEVEL, PART, SOURCE
from reports.kernel.report import Chart, Dimension, Report, ago, count, declare, percent

REPAIR_BACKLOG = declare(
    Report(
        name="repair_backlog",
        title=_("Repairs waiting, by age", "整改积压账龄"),
        definition=_(
            "Issues that are neither closed nor void, as they stand now; the age runs from their entry in full days. Overdue: not repaired "
            "though the day due is past; what waits for a check is not overdue.",
            "统计当前未关闭且未作废的问题，账龄自登记时起按满 24 小时为一天计算。已过整改期限仍未完成整改的计为超期，待复验的不计超期。",
        ),
        area="inspection",
        entity=Issue,
        building=BUILDING,
        base=Issue.status.not_in(ENDED),
        figures=(
            count("open", _("Open", "未关闭")),
            count("week", _("Up to 7 days", "7 天内"), Issue.created_at > ago(7)),
            count("month", _("8 to 30 days", "8–30 天"), and_(Issue.created_at <= ago(7), Issue.created_at > ago(30))),
            count(
                "quarter", _("31 to 90 days", "31–90 天"), and_(Issue.created_at <= ago(30), Issue.created_at > ago(90))
            ),
            count("older", _("Over 90 days", "90 天以上"), Issue.created_at <= ago(90), late=True),
            count(
                "overdue",
                _("Overdue", "超期未整改"),
                and_(Issue.status.in_(UNREPAIRED), Issue.due_at < ago(0)),
                late=True,
            ),
            percent("late", _("Overdue of open", "超期率"), "overdue", "open", low=True),
            count("to_send", IssueState.REGISTERED.words, Issue.status == IssueState.REGISTERED),
            count("to_check", IssueState.REPAIRED.words, Issue.status == IssueState.REPAIRED),
        ),
        dimensions=(
            CONTRACTOR,
            CATEGORY,
            PART,
            Dimension("status", _("State", "状态"), Issue.status, options=IssueState),
            SOURCE,
            LEVEL,
        ),
        chart=Chart("stack", ("week", "month", "quarter", "older")),
        icon="clock",
        order=40,
    )
)
