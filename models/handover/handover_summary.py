"""The summary of a handover (入伙总结): figures filled in, text of the author's own, due within two months (R07)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import Date
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
from models.kernel.clock import today
from models.kernel.registry import table
from models.kernel.session import clock_of


def two_months_after(end: date) -> date:
    """Returns the last day of the two months after a concentrated handover ended (R07): the same day, or the month's last."""
    month = end.month + 2
    year, month = end.year + (month - 1) // 12, (month - 1) % 12 + 1
    for last in (end.day, 30, 29, 28):
        try:
            return date(year, month, min(end.day, last))
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")


class SummaryState(Options):
    """A summary is written, then handed in."""

    DRAFT = "draft", _("Draft", "草稿"), "grey"
    SUBMITTED = "submitted", _("Handed in", "已提交"), "green"


def _submitted(session: Session, actor: Actor, row: Any, now: datetime) -> None:
    row.submitted_on = today(lambda: now)


def _taken_back(session: Session, actor: Actor, row: Any, now: datetime) -> None:
    row.submitted_on = None


class HandoverSummary(Table):
    """The summary of one plan."""

    owned = through("plan_id")
    screen = Screen(
        label=_("Handover summary", "入伙总结"),
        plural=_("Handover summaries", "入伙总结"),
        icon="report",
        key=("plan_id", "subject"),
        title=("subject",),
        listed=("project", "plan.title", "subject", "state", "due_on", "submitted_on", "author"),
        searched=("subject",),
        sections=(section(_("Summary", "总结"), "plan_id", "subject", "author_id", "summary_on", "body"),),
        rights=Rights(write=PLANNERS),
        noted=_(
            "Begin it from the plan: subject, figures and a first text are filled in.",
            "请从入伙计划新建：系统自动填入主题、统计数据与初稿。",
        ),
    )
    flow = Flow(
        column="state",
        states=SummaryState,
        start=SummaryState.DRAFT.value,
        transitions=(
            Transition(
                "submit", _("Hand in", "提交"), ("draft",), "submitted", PLANNERS, required=("body",), effect=_submitted
            ),
            Transition(
                "take_back", _("Take back", "撤回"), ("submitted",), "draft", PLANNERS, effect=_taken_back, danger=True
            ),
        ),
    )  # fmt: skip

    plan_id: Mapped[int] = ref("handover_plan", _("Plan", "入伙计划"))
    subject: Mapped[str] = text(_("Subject", "主题"), 100)
    author_id: Mapped[int | None] = ref("user_profile", _("Author", "总结人"))
    summary_on: Mapped[date | None] = day(_("Dated", "总结日期"))
    body: Mapped[str | None] = prose(_("Summary", "总结内容"))
    state: Mapped[str] = choice(_("State", "状态"), SummaryState, default=SummaryState.DRAFT, system=True)
    due_on: Mapped[date | None] = kept(_("Due", "应完成日期"), Date(), "date")
    submitted_on: Mapped[date | None] = kept(_("Handed in on", "提交日期"), Date(), "date")

    def derive(self, session: Session, actor: Actor) -> None:
        """Its date and the day it is due follow from the plan (R07)."""
        plan = session.get(table("handover_plan"), self.plan_id) if self.plan_id else None
        if plan is not None and plan.planned_to is not None:
            self.due_on = two_months_after(plan.planned_to)
        if self.summary_on is None:
            self.summary_on = today(clock_of(session))

    def faults(self, session: Session, actor: Actor) -> Iterable[Refusal]:
        """A draft is not dated tomorrow."""
        if self.summary_on and self.summary_on > today(clock_of(session)):
            yield Refusal(_("A day to come cannot be its date.", "总结日期不能晚于今天。"), "summary_on")
