"""Appointments of a handover (预约时段): a day, from when until when, and for how many homes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Mapped, Session

from models.handover.room_states import RoomState
from models.kernel import Refusal, Screen, Table, _, day, integer, ref, section, text, through
from models.kernel.actor import Actor
from models.kernel.registry import table

_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


class HandoverSlot(Table):
    """A time at which so many homes may come; a full one is refused to the next."""

    owned = through("plan_id")
    screen = Screen(
        label=_("Appointment slot", "预约时段"),
        plural=_("Appointment slots", "预约时段"),
        icon="calendar-time",
        key=("plan_id", "day", "starts"),
        title=("day", "starts"),
        listed=("plan.title", "day", "starts", "ends", "capacity"),
        order=("day", "starts", "id"),
        sections=(section(_("Slot", "时段"), "plan_id", "day", "starts", "ends", "capacity"),),
    )

    plan_id: Mapped[int] = ref("handover_plan", _("Plan", "入伙计划"))
    day: Mapped[date] = day(_("Day", "日期"))
    starts: Mapped[str] = text(_("From", "开始"), 5, hint=_("Such as 09:00.", "例如 09:00。"))
    ends: Mapped[str] = text(_("To", "结束"), 5, hint=_("Such as 10:00.", "例如 10:00。"))
    capacity: Mapped[int] = integer(_("Homes", "可约户数"), default=10)

    def faults(self, session: Session, actor: Actor) -> Iterable[Refusal]:
        """Times are times and in order; the capacity is not below what is booked already."""
        for column in ("starts", "ends"):
            if not _CLOCK.fullmatch(getattr(self, column) or ""):
                yield Refusal(_("Write the time as 09:00.", "时间请写成 09:00 的形式。"), column)
                return
        if self.ends <= self.starts:
            yield Refusal(_("The slot ends before it begins.", "结束时间应晚于开始时间。"), "ends")
        if self.capacity < 1:
            yield Refusal(_("At least one home.", "至少可约一户。"), "capacity")
            return
        if not session.is_modified(self) or self in session.new:
            return  # nobody has booked a slot that is not there yet
        rooms: Any = table("handover_room")
        booked = session.scalar(
            select(func.count(rooms.id)).where(rooms.slot_id == self.id, rooms.state != RoomState.DROPPED)
        )
        if (booked or 0) > self.capacity:
            yield Refusal(
                _("{n} homes are booked already.", "已预约 {n} 户，名额不能少于此数。").fill(n=booked), "capacity"
            )
