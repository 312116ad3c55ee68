"""A handover plan (入伙计划): which homes, from when until when; released once, closed when its time is over (S02 ch. 5)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import Integer, String
from sqlalchemy.orm import Mapped, Session

from models.handover import PLANNERS
from models.handover.release import close_plan, may_close, may_release, release_plan
from models.handover.room_states import PlanState
from models.kernel import (
    Flow,
    Refusal,
    Rights,
    Screen,
    Table,
    Transition,
    _,
    by_project,
    choice,
    day,
    integer,
    kept,
    ref,
    section,
    text,
)
from models.kernel.actor import Actor
from models.kernel.columns import Moment


class HandoverPlan(Table):
    """A handover of a project, or of part of it. Its homes are those that are sold when it is released (R08)."""

    owned = by_project()
    screen = Screen(
        label=_("Handover plan", "入伙计划"),
        plural=_("Handover plans", "入伙计划"),
        icon="calendar-event",
        key=("project_id", "title"),
        title=("title",),
        listed=(
            "project",
            "title",
            "state",
            "planned_from",
            "planned_to",
            "counted_rooms",
            "released_at",
            "responsible",
        ),
        searched=("title",),
        order=("-planned_from", "-id"),
        sections=(
            section(_("Plan", "计划"), "project_id", "title", "planned_from", "planned_to", "responsible_id"),
            section(_("On site", "现场安排"), "place", "counters", "bring", "note"),
        ),
        children=(("handover_scope", "plan_id"), ("handover_slot", "plan_id"), ("handover_batch", "plan_id")),
        rights=Rights(write=PLANNERS),
        noted=_(
            "Choose its homes in the tree or the grid, then release it: the homes sold on that day are written down.",
            "在范围页选择楼栋、单元、楼层或房间后发布，发布时点的签约房间即为入伙房间。",
        ),
    )
    flow = Flow(
        column="state",
        states=PlanState,
        start=PlanState.DRAFT.value,
        final=(PlanState.VOID.value,),
        transitions=(
            Transition(
                "release", _("Release", "发布"), ("draft",), "released", PLANNERS,
                required=("planned_from", "planned_to"), guard=may_release, effect=release_plan,
            ),
            Transition("void", _("Void", "作废"), ("draft",), "void", PLANNERS, danger=True),
            Transition(
                "close", _("Close", "结束"), ("released",), "closed", PLANNERS, guard=may_close, effect=close_plan
            ),
            Transition("reopen", _("Open again", "重新打开"), ("closed",), "released", PLANNERS, danger=True),
        ),
    )  # fmt: skip

    title: Mapped[str] = text(_("Subject", "计划主题"), 100)
    state: Mapped[str] = choice(_("State", "状态"), PlanState, default=PlanState.DRAFT, system=True)
    planned_from: Mapped[date | None] = day(_("Handover from", "计划入伙开始"))
    planned_to: Mapped[date | None] = day(_("Handover until", "计划入伙结束"))
    responsible_id: Mapped[int | None] = ref("user_profile", _("Responsible", "负责人"))
    place: Mapped[str | None] = text(_("Place", "办理地点"), 100)
    counters: Mapped[int | None] = integer(_("Counters", "台位数"))
    bring: Mapped[str | None] = text(
        _("To bring", "携带资料说明"),
        300,
        hint=_("Printed on the notice below the list of papers.", "打印在入伙通知书的资料清单之后。"),
    )
    note: Mapped[str | None] = text(_("Remarks", "备注"), 200)
    counted_rooms: Mapped[int | None] = kept(_("Homes at release", "入伙数量（发布时）"), Integer(), "integer")
    released_at: Mapped[datetime | None] = kept(_("Released at", "发布时间"), Moment(), "moment")
    released_by: Mapped[str | None] = kept(_("Released by", "发布人"), String(64), "text")
    closed_at: Mapped[datetime | None] = kept(_("Closed at", "结束时间"), Moment(), "moment")

    def faults(self, session: Session, actor: Actor) -> Iterable[Refusal]:
        """Days have an order; there is at least one counter."""
        if self.planned_from and self.planned_to and self.planned_to < self.planned_from:
            yield Refusal(_("It ends before it begins.", "结束日期早于开始日期。"), "planned_to")
        if self.counters is not None and self.counters < 1:
            yield Refusal(_("At least one counter.", "台位数至少为 1。"), "counters")
