"""What is worked by the clock: entries declared in code, each with a row that says when it is due next, and on or off.

Every worker looks for due entries. The row's `next_at` is moved on by compare-and-set in the transaction that makes the
job, so that each time makes one job however many workers look. What was missed while nobody worked is done once.
"""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Protocol

from sqlalchemy import Boolean, Integer, String, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.kernel.actor import Actor
from models.kernel.clock import CHINA, local
from models.kernel.columns import BigId, Moment
from models.kernel.job import JOBS, WORKS, JobState, ask
from models.kernel.session import actor_of, clock_of
from models.kernel.table import Base
from models.kernel.words import Words, _


class Rule(Protocol):
    """When something is due again."""

    def after(self, moment: datetime) -> datetime:
        """Returns the first time that is later than `moment` (both aware)."""
        ...

    def words(self) -> Words:
        """Returns the rule as people read it."""
        ...


@dataclass(frozen=True, slots=True)
class Interval:
    """Every so many minutes or hours."""

    length: timedelta

    def after(self, moment: datetime) -> datetime:
        return moment + self.length

    def words(self) -> Words:
        minutes = int(self.length.total_seconds() // 60)
        if minutes < 1:
            return _("Every {n} seconds", "每 {n} 秒").fill(n=int(self.length.total_seconds()))
        if minutes == 1:
            return _("Every minute", "每分钟")
        if minutes % 60:
            return _("Every {n} minutes", "每 {n} 分钟").fill(n=minutes)
        return _("Every hour", "每小时") if minutes == 60 else _("Every {n} hours", "每 {n} 小时").fill(n=minutes // 60)


@dataclass(frozen=True, slots=True)
class Daily:
    """Every day at a time of the company's zone."""

    at: time

    def after(self, moment: datetime) -> datetime:
        here = local(moment)
        found = datetime.combine(here.date(), self.at, CHINA)
        return found if found > here else found + timedelta(days=1)

    def words(self) -> Words:
        return _("Daily at {at}", "每天 {at}").fill(at=f"{self.at:%H:%M}")


WEEKDAYS = (
    _("Monday", "周一"),
    _("Tuesday", "周二"),
    _("Wednesday", "周三"),
    _("Thursday", "周四"),
    _("Friday", "周五"),
    _("Saturday", "周六"),
    _("Sunday", "周日"),
)


@dataclass(frozen=True, slots=True)
class Weekly:
    """Every week on a day (0 is Monday) at a time of the company's zone."""

    day: int
    at: time

    def after(self, moment: datetime) -> datetime:
        here = local(moment)
        found = datetime.combine(here.date() + timedelta(days=(self.day - here.weekday()) % 7), self.at, CHINA)
        return found if found > here else found + timedelta(days=7)

    def words(self) -> Words:
        return _("Every {day} at {at}", "每{day} {at}").fill(day=WEEKDAYS[self.day], at=f"{self.at:%H:%M}")


@dataclass(frozen=True, slots=True)
class Monthly:
    """Every month on a day (the last one of a shorter month) at a time of the company's zone."""

    day: int
    at: time

    def after(self, moment: datetime) -> datetime:
        here = local(moment)
        found = self._in(here.year, here.month)
        if found > here:
            return found
        return self._in(here.year + here.month // 12, here.month % 12 + 1)

    def _in(self, year: int, month: int) -> datetime:
        last = calendar.monthrange(year, month)[1]
        return datetime.combine(date(year, month, min(self.day, last)), self.at, CHINA)

    def words(self) -> Words:
        return _("Monthly on day {day} at {at}", "每月 {day} 日 {at}").fill(day=self.day, at=f"{self.at:%H:%M}")


def daily(at: str) -> Daily:
    """Returns a rule: every day at `at` (HH:MM) in the company's zone."""
    return Daily(time.fromisoformat(at))


def monthly(day: int, at: str) -> Monthly:
    """Returns a rule: every month on `day`, or its last day where it is shorter, at `at` (HH:MM) in the company's zone."""
    return Monthly(day, time.fromisoformat(at))


RULES: dict[str, Rule] = {}


def every(kind: str, rule: timedelta | Rule) -> None:
    """Puts a kind of job on the schedule: the system asks for one whenever the rule says.

    Args:
        kind: as `work` registers it; one entry a kind.
        rule: how far apart, or `daily(...)`, `monthly(...)`.
    """
    RULES[kind] = Interval(rule) if isinstance(rule, timedelta) else rule


class Schedule(Base):
    """An entry: when it is due next, and whether it is on. `rule` notices that the code says something else now."""

    __tablename__ = "job_schedule"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(64), unique=True)
    rule: Mapped[str] = mapped_column(String(200))
    active: Mapped[bool] = mapped_column(Boolean)
    next_at: Mapped[datetime] = mapped_column(Moment)
    last_at: Mapped[datetime | None] = mapped_column(Moment)
    last_job_id: Mapped[int | None] = mapped_column(BigId)
    version: Mapped[int] = mapped_column(Integer)


ENTRIES: Any = Schedule.__table__


def entries(session: Session) -> Sequence[Any]:
    """Returns the rows of the entries that this code declares and knows how to work, by kind."""
    known = [kind for kind in RULES if kind in WORKS]
    return session.execute(select(ENTRIES).where(ENTRIES.c.kind.in_(known)).order_by(ENTRIES.c.kind)).all()


def lay_out(session: Session) -> None:
    """Makes the rows of entries that are new, and moves those whose rule is another now. Commits."""
    now = clock_of(session)()
    rows = {row.kind: row for row in entries(session)}
    dialect: Any = {"sqlite": sqlite, "postgresql": postgresql}[session.get_bind().dialect.name]
    for kind, rule in RULES.items():
        if kind not in WORKS:
            continue
        said, row = repr(rule), rows.get(kind)
        values = {"rule": said, "next_at": rule.after(now)}
        if row is None:
            made = dialect.insert(ENTRIES).values(kind=kind, active=True, version=1, **values)
            session.execute(made.on_conflict_do_nothing(index_elements=["kind"]))
        elif row.rule != said:
            session.execute(update(ENTRIES).where(ENTRIES.c.id == row.id, ENTRIES.c.rule == row.rule).values(values))
    session.commit()


def due(session: Session) -> Sequence[Any]:
    """Returns the entries that are on and due. Writes nothing."""
    now = clock_of(session)()
    return [row for row in entries(session) if row.active and row.next_at <= now]


def fire(session: Session, row: Any) -> int | None:
    """Makes the job of an entry that is due and moves the entry on. Commits.

    A former job of the entry that still waits or runs is not joined by a second one: it is this time's job, too.

    Returns: the key of the job; None where another worker was first.
    """
    now = clock_of(session)()
    mine = update(ENTRIES).where(ENTRIES.c.id == row.id, ENTRIES.c.next_at == row.next_at, ENTRIES.c.active)
    moved: Any = session.execute(mine.values(next_at=RULES[row.kind].after(now), last_at=now))
    if not moved.rowcount:
        session.rollback()
        return None
    key = ask(session, actor_of(session), row.kind, once="schedule", schedule=row.kind)
    session.execute(update(ENTRIES).where(ENTRIES.c.id == row.id).values(last_job_id=key))
    session.commit()
    return key


def run_now(session: Session, kind: str) -> int:
    """Asks for a job of an entry out of its turn, as the system; who asked is written into its log. Does not commit.

    Returns: the key of the job; that of the one which waits or runs, where there is one.
    """
    by = actor_of(session)
    system = Actor(None, "system", system=True, channel="job", language=by.language)
    return ask(session, system, kind, once="schedule", schedule=kind)


def switch(session: Session, kind: str, *, active: bool) -> None:
    """Switches an entry on, due when its rule says next, or off. Does not commit."""
    values = {"active": active, "next_at": RULES[kind].after(clock_of(session)()), "version": ENTRIES.c.version + 1}
    session.execute(update(ENTRIES).where(ENTRIES.c.kind == kind).values(values))


@dataclass(slots=True)
class Day:
    """What one day of the calendar held of one kind: jobs that ended well, that failed, that live, and that are due."""

    finished: int = 0
    failed: int = 0
    living: int = 0
    due: int = 0


def month(session: Session, first: date) -> dict[date, dict[str, Day]]:
    """Returns what ran, failed, and is still due in the month that begins with `first`, by day of the company's zone."""
    begin = datetime.combine(first, time(), CHINA)
    end = datetime.combine((first + timedelta(days=32)).replace(day=1), time(), CHINA)
    found: dict[date, dict[str, Day]] = {}

    def at(moment: datetime, kind: str) -> Day:
        return found.setdefault(local(moment).date(), {}).setdefault(kind, Day())

    hour = func.substr(JOBS.c.created_at, 1, 13) if session.get_bind().dialect.name == "sqlite" else None
    if hour is None:
        hour = func.date_trunc("hour", JOBS.c.created_at)
    statement = (
        select(func.min(JOBS.c.created_at, type_=Moment()), JOBS.c.schedule, JOBS.c.state, func.count())
        .where(JOBS.c.schedule.is_not(None), JOBS.c.created_at >= begin, JOBS.c.created_at < end)
        .group_by(hour, JOBS.c.schedule, JOBS.c.state)
    )
    for moment, kind, state, count in session.execute(statement):
        day = at(moment, kind)
        if state == JobState.FINISHED:
            day.finished += count
        elif state in (JobState.FAILED, JobState.CANCELLED):
            day.failed += count
        else:
            day.living += count
    for row in entries(session):
        if not row.active:
            continue
        rule, moment = RULES[row.kind], row.next_at
        if isinstance(rule, Interval) and rule.length < timedelta(days=1):
            continue  # due all the time: only what came of it is worth a line
        while moment < end:
            if moment >= begin:
                at(moment, row.kind).due += 1
            moment = rule.after(moment)
    return found
