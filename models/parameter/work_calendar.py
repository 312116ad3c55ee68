"""Work calendars (工作日历): the working hours of a year at a place, its holidays and the days swapped for them (调休).

Weekends and weekdays follow from the week; only what differs is written down, so that no day of a year is missing and
none stands there twice (domain_facts 6.5). The days of a lower place lie over those of the places above it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, time
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Mapped, Session

from models.kernel import Options, Refusal, Screen, Table, _, by_node, choice, day, integer, link, ref, section, text
from models.kernel.actor import Actor
from models.kernel.parameter import above_of
from models.kernel.words import Words

EARLIEST, LATEST = 2000, 2100
"""Years a calendar may be for."""


def read_time(value: str | None) -> time | None:
    """Returns a time of day written as 09:00 (24:00 is not one); None where it is none."""
    try:
        return time.fromisoformat(value) if value and len(value) == 5 else None
    except ValueError:
        return None


_DAYS = (
    _("Mon", "周一"), _("Tue", "周二"), _("Wed", "周三"), _("Thu", "周四"), _("Fri", "周五"), _("Sat", "周六"), _("Sun", "周日"),
)  # fmt: skip


def weekdays_told(stored: str) -> Words:
    """Returns weekdays as people say them: '12345' is Mon–Fri (周一至周五), '1246' Mon–Tue, Thu, Sat; else what is stored."""
    if not stored or set(stored) - set("1234567"):
        return Words(stored, stored)
    runs: list[list[int]] = []
    for number in sorted({int(digit) for digit in stored}):
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    ends = [(_DAYS[run[0] - 1], _DAYS[run[-1] - 1], len(run)) for run in runs]
    return Words(
        ", ".join(a.en if n == 1 else f"{a.en}–{b.en}" for a, b, n in ends),
        "、".join(a.zh if n == 1 else f"{a.zh}至{b.zh}" for a, b, n in ends),
    )


class WorkCalendar(Table):
    """The working hours of a year at a place and below it."""

    owned = by_node(inherited=True)
    screen = Screen(
        label=_("Work calendar", "工作日历"),
        plural=_("Work calendars", "工作日历"),
        icon="calendar-time",
        key=("node_id", "year"),
        title=("node_id", "year"),
        listed=("year", "node", "opens", "lunch_from", "lunch_until", "closes", "weekdays", "remark"),
        searched=("remark",),
        order=("-year", "id"),
        sections=(
            section(_("Year", "年度"), "node_id", "year", "weekdays", "remark"),
            section(_("Working hours", "工作时间"), "opens", "lunch_from", "lunch_until", "closes"),
        ),
        children=(("calendar_day", "calendar_id"),),
        noted=_(
            "Enter the holidays of a year when they are published in November; they change every year.",
            "每年11月国务院公布次年放假安排后，请及时维护。",
        ),
    )

    year: Mapped[int] = integer(_("Year", "年度"))
    weekdays: Mapped[str] = text(
        _("Working weekdays", "工作日"),
        7,
        default="12345",
        hint=_("1 is Monday, 7 is Sunday.", "1 为周一，7 为周日。"),
        told=weekdays_told,
    )
    opens: Mapped[str] = text(_("Work begins", "上班"), 5, default="09:00")
    lunch_from: Mapped[str | None] = text(_("Lunch from", "午休开始"), 5)
    lunch_until: Mapped[str | None] = text(_("Lunch until", "午休结束"), 5)
    closes: Mapped[str] = text(_("Work ends", "下班"), 5, default="18:00")
    remark: Mapped[str | None] = text(_("Remarks", "备注"), 200)

    def derive(self, session: Session, actor: Actor) -> None:
        """Working time is counted anew."""
        session.info.pop("worked", None)

    def faults(self, session: Session, actor: Actor) -> Iterable[Refusal]:
        """Times have an order, weekdays are days of the week, and no year is left out between two that are there."""
        if not EARLIEST <= self.year <= LATEST:
            yield Refusal(
                _("A year is between {a} and {b}.", "年度应在 {a} 至 {b} 之间。").fill(a=EARLIEST, b=LATEST), "year"
            )
        if not self.weekdays or len(set(self.weekdays)) < len(self.weekdays) or set(self.weekdays) - set("1234567"):
            yield Refusal(
                _(
                    "Weekdays are digits from 1 to 7, each once, such as 12345.",
                    "工作日为 1 至 7 的不重复数字，例如 12345。",
                ),
                "weekdays",
            )
        yield from self._hours()
        yield from self._gap(session)

    def _hours(self) -> Iterable[Refusal]:
        wrong = [
            name
            for name in ("opens", "lunch_from", "lunch_until", "closes")
            if getattr(self, name) and read_time(getattr(self, name)) is None
        ]
        for name in wrong:
            yield Refusal(_("A time is written like 09:00.", "时间格式应为 09:00。"), name)
        if wrong:
            return
        if bool(self.lunch_from) != bool(self.lunch_until):
            yield Refusal(
                _("Lunch has a beginning and an end, or neither.", "午休开始与结束时间应同时填写或同时留空。"),
                "lunch_until",
            )
            return
        times = [value for value in (self.opens, self.lunch_from, self.lunch_until, self.closes) if value]
        if times != sorted(set(times)):
            yield Refusal(
                _("These times must follow each other in the day.", "上班、午休、下班时间应依次递增。"), "closes"
            )

    def _gap(self, session: Session) -> Iterable[Refusal]:
        """A year between two calendars that hold here would be counted as if it had no holiday."""
        here = {node.id for node in above_of(session, self.node_id, itself=True)}
        query = select(WorkCalendar.year).where(
            WorkCalendar.node_id.in_(sorted(here)), WorkCalendar.id != (self.id or 0)
        )
        years = set(session.scalars(query))
        if years and self.year not in years and not {self.year - 1, self.year + 1} & years:
            yield Refusal(
                _(
                    "There are calendars for {years} here; {year} would leave a gap. Add the years between first.",
                    "此处已有 {years} 年的日历，直接新增 {year} 年会出现空档，请先补齐中间年度。",
                ).fill(years=", ".join(str(year) for year in sorted(years)), year=self.year),
                "year",
                code="gap",
                status=409,
            )

    def leaving(self, session: Session, actor: Actor) -> Iterable[Refusal]:
        """Taking a year away from the middle leaves a gap too."""
        query = select(WorkCalendar.year).where(WorkCalendar.node_id == self.node_id, WorkCalendar.id != self.id)
        years = set(session.scalars(query))
        if self.year not in years and {self.year - 1, self.year + 1} <= years:
            yield Refusal(
                _(
                    "Without {year} there would be a gap between the calendars of the years before and after.",
                    "删除 {year} 年后，前后年度之间会出现空档。",
                ).fill(year=self.year),
                code="gap",
                status=409,
            )


class DayKind(Options):
    """What a day that differs from its week is."""

    HOLIDAY = "holiday", _("Holiday", "放假"), "red"
    WORKDAY = "workday", _("Working day", "上班（调休）"), "blue"


class CalendarDay(Table):
    """A holiday of one or more days, or a weekend day that is worked."""

    owned = link("calendar_id")
    screen = Screen(
        label=_("Special day", "放假与调休"),
        plural=_("Special days", "放假与调休"),
        icon="calendar-event",
        key=("calendar_id", "first_day"),
        title=("note",),
        listed=("calendar.year", "first_day", "last_day", "kind", "note"),
        searched=("note",),
        order=("first_day", "id"),
        sections=(section(_("Day", "日期"), "calendar_id", "first_day", "last_day", "kind", "note"),),
        menu=False,
    )

    calendar_id: Mapped[int] = ref("work_calendar", _("Calendar", "工作日历"))
    first_day: Mapped[date] = day(_("First day", "开始日期"))
    last_day: Mapped[date | None] = day(_("Last day", "结束日期"), hint=_("Empty: that one day.", "留空表示仅一天。"))
    kind: Mapped[str] = choice(_("Kind", "类型"), DayKind, default=DayKind.HOLIDAY)
    note: Mapped[str | None] = text(_("Occasion", "说明"), 60)

    def derive(self, session: Session, actor: Actor) -> None:
        """One day ends on the day it begins; working time is counted anew."""
        session.info.pop("worked", None)
        if self.last_day is None:
            self.last_day = self.first_day

    def faults(self, session: Session, actor: Actor) -> Iterable[Refusal]:
        """Days lie in the year, none is entered twice, and a worked day is one that would be free."""
        calendar: Any = session.scalar(select(WorkCalendar).where(WorkCalendar.id == self.calendar_id))
        last = self.last_day or self.first_day
        if last < self.first_day:
            yield Refusal(_("It ends before it begins.", "结束日期早于开始日期。"), "last_day")
            return
        for column, value in (("first_day", self.first_day), ("last_day", last)):
            if calendar is not None and value.year != calendar.year:
                yield Refusal(
                    _("This day is not in {year}.", "该日期不在 {year} 年内。").fill(year=calendar.year), column
                )
                return
        twice = session.scalars(
            select(CalendarDay).where(
                CalendarDay.calendar_id == self.calendar_id,
                CalendarDay.id != (self.id or 0),
                CalendarDay.first_day <= last,
                CalendarDay.last_day >= self.first_day,
            )
        ).first()
        if twice is not None:
            yield Refusal(
                _(
                    "{day} is in this calendar already: {note}. A day is either free or worked.",
                    "{day} 已在该日历中（{note}），同一天不能重复设置。",
                ).fill(day=max(self.first_day, twice.first_day).isoformat(), note=twice.note or twice.kind),
                "first_day",
                code="doubled",
                status=409,
            )
        if self.kind == DayKind.WORKDAY and calendar is not None:
            span = range(self.first_day.toordinal(), last.toordinal() + 1)
            weekly = [o for o in span if str(date.fromordinal(o).isoweekday()) in calendar.weekdays]
            if weekly:
                yield Refusal(
                    _("{day} is a working day anyway.", "{day} 本来就是工作日，无需设置调休。").fill(
                        day=date.fromordinal(weekly[0]).isoformat()
                    ),
                    "first_day",
                )
