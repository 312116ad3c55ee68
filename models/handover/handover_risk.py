"""Risk pre-assessment of a handover (入伙风险预评): what may go wrong, who sees to it, three dates (S02 ch. 5 step 3)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, Index
from sqlalchemy.orm import Mapped, Session

from models.handover import PLANNERS
from models.kernel import (
    Flow,
    Options,
    Refusal,
    Rights,
    Screen,
    Table,
    Transition,
    _,
    by_project,
    choice,
    day,
    first,
    kept,
    option,
    option_list,
    prose,
    ref,
    section,
    text,
)
from models.kernel.actor import Actor
from models.kernel.clock import today

PHASES = option_list(
    "handover_risk_phase",
    _("Business phase of a risk", "风险业务环节"),
    first("planning", _("Planning and design", "规划设计")),
    first("sales", _("Sales promises", "销售承诺")),
    first("building", _("Construction", "施工质量")),
    first("acceptance", _("Acceptance and filing", "验收备案")),
    first("facilities", _("Facilities and greening", "配套与园林")),
    first("papers", _("Papers and fees", "资料与费用")),
    first("property", _("Property management", "物业服务")),
)
KINDS = option_list(
    "handover_risk_kind",
    _("Kind of a risk", "风险类型"),
    first("quality", _("Quality", "质量缺陷")),
    first("delay", _("Delay", "交付延期")),
    first("difference", _("Not as promised", "与承诺不符")),
    first("law", _("Law and permits", "法律与证照")),
    first("group", _("Collective complaint", "群诉")),
    first("safety", _("Safety on site", "现场安全")),
)


class RiskState(Options):
    """D2 风险."""

    SURVEY = "survey", _("To be surveyed", "待调查"), "grey"
    PLANNING = "planning", _("Solution being found", "方案中"), "amber"
    ACTING = "acting", _("Being carried out", "实施中"), "blue"
    CLOSED = "closed", _("Closed", "已关闭"), "green"


DATES = {"survey": "survey_due", "planning": "plan_due", "acting": "action_due"}
"""State -> the date by which it is to be over."""


def _dated(session: Session, actor: Actor, row: Any, now: datetime) -> None:
    row.due_on = getattr(row, DATES[row.state]) if row.state in DATES else None


def _closed(session: Session, actor: Actor, row: Any, now: datetime) -> None:
    row.due_on, row.closed_on = None, today(lambda: now)


class HandoverRisk(Table):
    """A risk before a handover. It is overdue when the date of its present step is past."""

    owned = by_project()
    __table_args__ = (Index("ix_handover_risk_due", "state", "due_on"),)
    screen = Screen(
        label=_("Handover risk", "入伙风险"),
        plural=_("Handover risks", "入伙风险预评"),
        icon="alert-triangle",
        key=(),
        title=("subject",),
        listed=("project", "subject", "phase", "kind", "state", "due_on", "responsible", "helper", "plan.title"),
        searched=("subject",),
        sections=(
            section(
                _("Risk", "风险"), "project_id", "plan_id", "phase", "kind", "subject", "problem", "responsible_id",
                "helper_id",
            ),
            section(_("Three dates", "三个时限"), "survey_due", "plan_due", "action_due"),
            section(_("Solution", "处理方案"), "solution", "result"),
        ),
        rights=Rights(write=PLANNERS),
        noted=_(
            "Attach the survey report and the solution as files.", "调查报告与处理方案请作为附件上传。"
        ),
    )  # fmt: skip
    flow = Flow(
        column="state",
        states=RiskState,
        start=RiskState.SURVEY.value,
        transitions=(
            Transition("surveyed", _("Surveyed", "调查完成"), ("survey",), "planning", PLANNERS, effect=_dated),
            Transition(
                "planned", _("Solution agreed", "方案完成"), ("planning",), "acting", PLANNERS, required=("solution",),
                effect=_dated,
            ),
            Transition(
                "finish", _("Carried out", "实施完成"), ("acting",), "closed", PLANNERS, required=("result",), effect=_closed
            ),
            Transition("reopen", _("Open again", "重新打开"), ("closed",), "acting", PLANNERS, effect=_dated, danger=True),
        ),
    )  # fmt: skip

    plan_id: Mapped[int | None] = ref("handover_plan", _("Plan", "入伙计划"))
    phase: Mapped[str] = option(_("Business phase", "业务环节"), PHASES, default="building")
    kind: Mapped[str] = option(_("Kind", "类型"), KINDS, default="quality")
    subject: Mapped[str] = text(_("Subject", "标地"), 120)
    problem: Mapped[str | None] = prose(_("Problem", "问题描述"))
    state: Mapped[str] = choice(_("State", "状态"), RiskState, default=RiskState.SURVEY, system=True)
    survey_due: Mapped[date] = day(_("Survey by", "调查完成时间"))
    plan_due: Mapped[date] = day(_("Solution by", "方案完成时间"))
    action_due: Mapped[date] = day(_("Carried out by", "实施完成时间"))
    due_on: Mapped[date | None] = kept(_("Due", "当前时限"), Date(), "date")
    responsible_id: Mapped[int | None] = ref("user_profile", _("Responsible", "责任人"))
    helper_id: Mapped[int | None] = ref("user_profile", _("Helper", "配合人"))
    solution: Mapped[str | None] = prose(_("Solution", "处理方案"))
    result: Mapped[str | None] = prose(_("Result", "实施结果"))
    closed_on: Mapped[date | None] = kept(_("Closed on", "关闭日期"), Date(), "date")

    def derive(self, session: Session, actor: Actor) -> None:
        """The date that counts is that of the present step."""
        self.due_on = getattr(self, DATES[self.state]) if self.state in DATES else None

    def faults(self, session: Session, actor: Actor) -> Iterable[Refusal]:
        """The three dates follow each other; the plan is of the project."""
        if self.plan_due < self.survey_due:
            yield Refusal(
                _("The solution cannot be due before the survey.", "方案完成时间不能早于调查完成时间。"), "plan_due"
            )
        if self.action_due < self.plan_due:
            yield Refusal(
                _("It cannot be carried out before there is a solution.", "实施完成时间不能早于方案完成时间。"),
                "action_due",
            )
        if self.plan_id is not None and self.plan is not None and self.plan.project_id != self.project_id:
            yield Refusal(_("This plan is of another project.", "该计划属于其他项目。"), "plan_id")
