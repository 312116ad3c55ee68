"""How the risks of handovers stand, and which of their dates are past (入伙风险跟踪; D3 16)."""

from __future__ import annotations

from sqlalchemy import and_

from models.handover.handover_plan import HandoverPlan
from models.handover.handover_risk import KINDS, PHASES, HandoverRisk, RiskState
from models.kernel.words import _
from models.system.user_profile import UserProfile
from reports.kernel.report import TODAY, Chart, Dimension, Report, count, declare, percent

OPEN = HandoverRisk.state != RiskState.CLOSED
OVERDUE = and_(OPEN, HandoverRisk.due_on < TODAY)

HANDOVER_RISKS = declare(
    Report(
        name="handover_risks",
        title=_("Handover risks", "入伙风险跟踪"),
        definition=_(
            "Risks as they stand now. A risk is overdue when the date of its present step (survey, solution, carrying out) is past.",
            "按当前状态统计入伙风险。当前环节（调查、方案、实施）的时限早于今天的，计为逾期。",
        ),
        area="handover",
        entity=HandoverRisk,
        figures=(
            count("risks", _("Risks", "风险数")),
            count("survey", RiskState.SURVEY.words, HandoverRisk.state == RiskState.SURVEY),
            count("planning", RiskState.PLANNING.words, HandoverRisk.state == RiskState.PLANNING),
            count("acting", RiskState.ACTING.words, HandoverRisk.state == RiskState.ACTING),
            count("closed", RiskState.CLOSED.words, HandoverRisk.state == RiskState.CLOSED),
            percent("closing", _("Closed of all", "关闭率"), "closed", "risks"),
            count("open", _("Open", "未关闭"), OPEN),
            count("overdue", _("Overdue", "逾期"), OVERDUE, late=True),
            percent("late", _("Overdue of open", "逾期率"), "overdue", "open", low=True),
        ),
        dimensions=(
            Dimension("kind", _("Kind", "风险类型"), HandoverRisk.kind, listed=KINDS),
            Dimension("phase", _("Business phase", "业务环节"), HandoverRisk.phase, listed=PHASES),
            Dimension("state", _("State", "状态"), HandoverRisk.state, options=RiskState),
            Dimension("plan", _("Plan", "入伙计划"), HandoverRisk.plan_id, target=HandoverPlan, called="title"),
            Dimension("responsible", _("Responsible", "责任人"), HandoverRisk.responsible_id, target=UserProfile),
        ),
        chart=Chart("stack", ("survey", "planning", "acting", "closed")),
        icon="alert-triangle",
        order=40,
    )
)
