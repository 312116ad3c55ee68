"""Rooms of an inspection plan (验房房间): who inspects each, when it was done, and what was found (S02 ch. 4)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Mapped, Session

from models.inspection.inspection_plan import OPEN, InspectionPlan, PlanState, in_other_plan
from models.kernel import Options, Refusal, Screen, Table, _, choice, moment, ref, section, text, through
from models.kernel.actor import Actor
from models.kernel.guard import name_of
from models.kernel.registry import table
from models.kernel.session import clock_of
from models.property.room import Room


class RoomResult(Options):
    """What the inspection of a room came to. A room without issues is recorded as such."""

    PENDING = "pending", _("Not inspected", "待验"), "grey"
    ISSUES = "issues", _("Issues found", "有问题"), "amber"
    CLEAN = "clean", _("No issue", "无问题"), "green"
    NO_ENTRY = "no_entry", _("Could not be entered", "未能入户"), "red"


class InspectionRoom(Table):
    """A room in a plan."""

    owned = through("plan_id")
    screen = Screen(
        label=_("Room inspected", "验房房间"),
        plural=_("Rooms inspected", "验房房间"),
        icon="door-enter",
        key=("plan_id", "room_id"),
        title=("plan.title", "room_id"),
        listed=("plan.title", "room", "inspector.name", "result", "inspected_at", "note"),
        searched=("note",),
        order=("created_at", "id"),
        sections=(
            section(_("Room", "验房房间"), "plan_id", "room_id", "inspector_id"),
            section(_("Result", "验房结果"), "result", "inspected_at", "note"),
        ),
        children=(("issue", "inspection_room_id"),),
    )

    plan_id: Mapped[int] = ref("inspection_plan", _("Plan", "验房计划"))
    room_id: Mapped[int] = ref("room", _("Room", "房间"))
    inspector_id: Mapped[int | None] = ref("user_profile", _("Inspector", "验房人"))
    inspected_at: Mapped[datetime | None] = moment(_("Inspected at", "验房时间"))
    result: Mapped[str] = choice(_("Result", "验房结果"), RoomResult, default=RoomResult.PENDING)
    note: Mapped[str | None] = text(_("Remarks", "备注"), 200)

    def derive(self, session: Session, actor: Actor) -> None:
        """A room with a result was inspected now where no time is given; one without was not inspected."""
        if self.result in (RoomResult.PENDING, RoomResult.NO_ENTRY):
            self.inspected_at = None
        elif self.inspected_at is None:
            self.inspected_at = clock_of(session)()

    def faults(self, session: Session, actor: Actor) -> Iterable[Refusal]:
        """A room is in one open plan at most; “no issue” is not said of a room with issues, nor anything before release."""
        plan = session.get(InspectionPlan, self.plan_id)
        if plan is not None and plan.state in OPEN:
            held = session.scalar(
                select(InspectionPlan.title)
                .join(InspectionRoom, InspectionRoom.plan_id == InspectionPlan.id)
                .where(
                    InspectionRoom.room_id == self.room_id,
                    InspectionRoom.id != (self.id or 0),
                    InspectionPlan.id != plan.id,
                    InspectionPlan.state.in_(OPEN),
                )
                .limit(1)
            )
            if held is not None:
                room = session.get(Room, self.room_id)
                yield in_other_plan(held, name_of(room) if room is not None else "")
        if self.result == RoomResult.PENDING:
            return
        if plan is not None and plan.state == PlanState.DRAFT:
            yield Refusal(
                _("Release the plan first; then results are recorded.", "请先发布验房计划，再登记验房结果。"),
                "result",
                code="not_released",
                status=409,
            )
        found = issues_of(session, self.id)
        if found and self.result != RoomResult.ISSUES:
            yield Refusal(
                _(
                    "{n} issues were entered for this room. Void them first if there is none.",
                    "该房间已登记 {n} 条问题，如确无问题请先将其作废。",
                ).fill(n=found),
                "result",
                code="has_issues",
                status=409,
            )

    def leaving(self, session: Session, actor: Actor) -> Iterable[Refusal]:
        """A room that was inspected stays in its plan: its result is part of the figures."""
        if self.result != RoomResult.PENDING:
            yield Refusal(
                _(
                    "This room has a result already and stays in the plan.",
                    "该房间已登记验房结果，不能移出计划。",
                ),
                code="inspected",
                status=409,
            )


def issues_of(session: Session, key: int | None) -> int:
    """Returns how many issues, void ones left out, were entered for a room of a plan."""
    issues: Any = table("issue")
    if key is None:
        return 0
    wanted = (issues.inspection_room_id == key, issues.status != "void")
    return session.scalar(select(func.count(issues.id)).where(*wanted)) or 0
