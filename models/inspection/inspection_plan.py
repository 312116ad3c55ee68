"""Plans of inspection (验房计划): which homes of a project are inspected when (S02 ch. 4, R01)."""

from __future__ import annotations

import calendar
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Mapped, Session

from models.kernel import (
    ADMINS,
    Flow,
    Options,
    Refusal,
    Screen,
    Table,
    Transition,
    _,
    by_project,
    choice,
    day,
    prose,
    section,
    text,
)
from models.kernel.actor import Actor
from models.kernel.registry import table
from models.kernel.words import Words
from models.property.project import Project


class PlanKind(Options):
    """Who inspects, and for whom (D1 43)."""

    INTERNAL = "internal", _("Internal inspection", "内部验房"), "teal"
    HOUSEHOLD = "household", _("Household acceptance", "分户验收"), "blue"
    OPEN_DAY = "open_day", _("Open day", "工地开放日"), "purple"


class PlanState(Options):
    """Where a plan stands."""

    DRAFT = "draft", _("Being made", "编制中"), "grey"
    RUNNING = "running", _("Running", "进行中"), "blue"
    DONE = "done", _("Finished", "已完成"), "green"
    VOID = "void", _("Called off", "已作废"), "red"


OPEN = (PlanState.DRAFT.value, PlanState.RUNNING.value)
"""States in which a plan holds its rooms: a room is in one such plan at most."""


class Window(Options):
    """How a plan lies in the one to three months before the contract handover date (R01)."""

    INSIDE = "inside", _("Inside the window", "窗口期内"), "green"
    EARLY = "early", _("Earlier than 3 months before", "早于交付前 3 个月"), "amber"
    LATE = "late", _("Later than 1 month before", "晚于交付前 1 个月"), "amber"
    UNKNOWN = "unknown", _("No contract handover date", "项目未填合同交付日期"), "grey"


KEEPERS = (*ADMINS, "project_clerk", "inspection_clerk")
FIRST, LAST = 3, 1
"""Months before the contract handover date between which inspection takes place (R01)."""


def months_before(on: date, months: int) -> date:
    """Returns the day so many months before another; the last of its month where that month is shorter."""
    place = on.year * 12 + on.month - 1 - months
    year, month = place // 12, place % 12 + 1
    return date(year, month, min(on.day, calendar.monthrange(year, month)[1]))


def window_of(handover: date | None, first: date, last: date) -> Window:
    """Returns how the days of a plan lie to the contract handover date of its project (R01)."""
    if handover is None:
        return Window.UNKNOWN
    if first < months_before(handover, FIRST):
        return Window.EARLY
    return Window.LATE if last > months_before(handover, LAST) else Window.INSIDE


def _may_release(session: Session, actor: Actor, row: InspectionPlan, now: datetime) -> Refusal | None:
    if not _rooms(session, row):
        return Refusal(_("Choose the rooms to be inspected first.", "请先选择验房房间。"), code="no_rooms", status=409)
    return None


def _may_finish(session: Session, actor: Actor, row: InspectionPlan, now: datetime) -> Refusal | None:
    waiting = _rooms(session, row, result="pending")
    if waiting:
        return Refusal(
            _(
                "{n} rooms have no result yet. Record one for each, “no issue” too, or take them out of the plan.",
                "尚有 {n} 套房间未登记验房结果，请逐一登记（无问题也须登记），或将其移出计划。",
            ).fill(n=waiting),
            code="rooms_waiting",
            status=409,
        )
    return None


def _rooms(session: Session, row: InspectionPlan, **having: str) -> int:
    rooms: Any = table("inspection_room")
    wanted = [getattr(rooms, name) == value for name, value in having.items()]
    return session.scalar(select(func.count(rooms.id)).where(rooms.plan_id == row.id, *wanted)) or 0


class InspectionPlan(Table):
    """A plan of inspection. While it is open, its rooms are in no other open plan."""

    owned = by_project()
    screen = Screen(
        label=_("Inspection plan", "验房计划"),
        plural=_("Inspection plans", "验房计划"),
        icon="clipboard-check",
        key=("project_id", "title"),
        title=("title",),
        listed=("project", "title", "kind", "from_on", "until_on", "window", "state", "created_at"),
        searched=("title",),
        sections=(
            section(_("Plan", "验房计划"), "project_id", "title", "kind", "from_on", "until_on"),
            section(_("Remarks", "备注"), "remark"),
        ),
        children=(("inspection_room", "plan_id"), ("inspection_summary", "plan_id")),
        noted=_(
            "Internal inspection takes place 1 to 3 months before the contract handover date.",
            "内部验房宜安排在合同交付日期前 1 至 3 个月。",
        ),
    )
    flow = Flow(
        column="state",
        states=PlanState,
        start=PlanState.DRAFT.value,
        final=(PlanState.VOID.value,),
        transitions=(
            Transition(
                "release", _("Release", "发布"), (PlanState.DRAFT.value,), PlanState.RUNNING.value, KEEPERS,
                guard=_may_release,
            ),
            Transition(
                "finish", _("Finish", "完成"), (PlanState.RUNNING.value,), PlanState.DONE.value, KEEPERS,
                guard=_may_finish,
            ),
            Transition(
                "void", _("Call off", "作废"), OPEN, PlanState.VOID.value, KEEPERS, required=("remark",), danger=True
            ),
            Transition(
                "reopen", _("Open again", "重新打开"), (PlanState.DONE.value,), PlanState.RUNNING.value, KEEPERS,
                guard=lambda session, actor, row, now: _may_reopen(session, row),
            ),
        ),
    )  # fmt: skip

    title: Mapped[str] = text(_("Title", "计划主题"), 80)
    kind: Mapped[str] = choice(_("Kind", "验房类型"), PlanKind, default=PlanKind.INTERNAL)
    from_on: Mapped[date] = day(_("From", "开始日期"))
    until_on: Mapped[date] = day(_("Until", "结束日期"))
    window: Mapped[str] = choice(_("Window", "时间窗口"), Window, default=Window.UNKNOWN, system=True)
    state: Mapped[str] = choice(_("State", "计划状态"), PlanState, default=PlanState.DRAFT, system=True)
    remark: Mapped[str | None] = prose(_("Remarks", "备注"))

    def derive(self, session: Session, actor: Actor) -> None:
        """Says how the plan lies to the contract handover date: a warning, no refusal (R01)."""
        if self.from_on and self.until_on:
            handover = session.scalar(select(Project.contract_handover_on).where(Project.id == self.project_id))
            self.window = window_of(handover, self.from_on, self.until_on).value

    def cautions(self, session: Session, actor: Actor) -> Iterable[Words]:
        """Its days lie outside the window before the contract handover date (R01): allowed, and said."""
        how = Window.member(self.window)
        if how in (Window.EARLY, Window.LATE):
            yield _(
                "The plan lies outside the window of 1 to 3 months before contract handover: {how}",
                "该计划不在合同交付日期前 1 至 3 个月的窗口期内：{how}",
            ).fill(how=how.words)

    def faults(self, session: Session, actor: Actor) -> Iterable[Refusal]:
        """Dates have an order."""
        if self.until_on < self.from_on:
            yield Refusal(_("It ends before it begins.", "结束日期早于开始日期。"), "until_on")


def _may_reopen(session: Session, row: InspectionPlan) -> Refusal | None:
    """Its rooms must be in no other open plan by now."""
    rooms: Any = table("inspection_room")
    own = select(rooms.room_id).where(rooms.plan_id == row.id)
    held = session.scalar(
        select(InspectionPlan.title)
        .join(rooms, rooms.plan_id == InspectionPlan.id)
        .where(rooms.room_id.in_(own), InspectionPlan.id != row.id, InspectionPlan.state.in_(OPEN))
        .limit(1)
    )
    return None if held is None else in_other_plan(held)


def in_other_plan(title: str, room: str = "") -> Refusal:
    """Returns the refusal of a room that another open plan holds."""
    return Refusal(
        _(
            "{room} is in the open plan “{plan}” already. Finish that one first, or take the room out of it.",
            "{room}已在进行中的验房计划“{plan}”内，请先完成该计划，或将房间移出后再选。",
        ).fill(room=room or _("One of the rooms", "所选房间"), plan=title),
        "room_id",
        code="two_plans",
        status=409,
    )
