"""Summaries of inspections (验房总结): figures filled in, text to be edited, files, and a day it is due (S02 ch. 4, R07)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, Session

from models.inspection.inspection_plan import KEEPERS, InspectionPlan
from models.kernel import (
    Flow,
    Options,
    Refusal,
    Screen,
    Table,
    Transition,
    _,
    choice,
    day,
    kept,
    prose,
    ref,
    section,
    text,
    through,
)
from models.kernel.actor import Actor

DAYS = 14
"""Days after the last day of a plan on which its summary is due, where nobody says another."""


class SummaryState(Options):
    """Where a summary stands."""

    DRAFT = "draft", _("Being written", "编写中"), "grey"
    DONE = "done", _("Submitted", "已提交"), "green"


def _may_submit(session: Session, actor: Actor, row: InspectionSummary, now: datetime) -> Refusal | None:
    if not (row.body or "").strip():
        return Refusal(_("Write the summary first.", "请先填写总结内容。"), "body", code="required")
    return None


class InspectionSummary(Table):
    """The summary of a plan: its figures as they stood when it was submitted."""

    owned = through("plan_id")
    screen = Screen(
        label=_("Inspection summary", "验房总结"),
        plural=_("Inspection summaries", "验房总结"),
        icon="report",
        key=("plan_id", "subject"),
        title=("subject",),
        listed=("plan.project", "plan.title", "subject", "state", "due_on", "summary_on", "author"),
        searched=("subject", "author"),
        sections=(
            section(_("Summary", "验房总结"), "plan_id", "subject", "author", "summary_on", "due_on"),
            section(_("Text", "总结内容"), "body"),
        ),
    )
    flow = Flow(
        column="state",
        states=SummaryState,
        start=SummaryState.DRAFT.value,
        transitions=(
            Transition(
                "submit", _("Submit", "提交"), (SummaryState.DRAFT.value,), SummaryState.DONE.value, KEEPERS,
                required=("author", "summary_on"), guard=_may_submit,
            ),
            Transition(
                "reopen", _("Open again", "重新编写"), (SummaryState.DONE.value,), SummaryState.DRAFT.value, KEEPERS
            ),
        ),
    )  # fmt: skip

    plan_id: Mapped[int] = ref("inspection_plan", _("Plan", "验房计划"))
    subject: Mapped[str] = text(_("Subject", "主题"), 120)
    author: Mapped[str | None] = text(_("Written by", "总结人"), 64)
    summary_on: Mapped[date | None] = day(_("Date", "总结日期"))
    due_on: Mapped[date | None] = day(
        _("Due on", "应提交日期"), hint=_("Empty: 14 days after the plan ends.", "留空则为计划结束后 14 天。")
    )
    state: Mapped[str] = choice(_("State", "状态"), SummaryState, default=SummaryState.DRAFT, system=True)
    body: Mapped[str | None] = prose(_("Text", "总结内容"))
    figures: Mapped[str | None] = kept(_("Figures", "统计数据"), Text(), "prose")

    def derive(self, session: Session, actor: Actor) -> None:
        """The day it is due follows from the plan where it was left empty."""
        plan = session.get(InspectionPlan, self.plan_id) if self.plan_id is not None else None
        if plan is None:
            return
        self.due_on = self.due_on or plan.until_on + timedelta(days=DAYS)
