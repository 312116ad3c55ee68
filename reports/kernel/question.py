"""What a reader asks of a report: which part of the tree, lines by what, which period, compared with what.

Everything comes from an address and may be mangled. What cannot be read is left out, and a sentence says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from urllib.parse import urlencode

from sqlalchemy.orm import Session

from models.kernel.clock import today
from models.kernel.reading_dates import read_date
from models.kernel.refusal import Refusal
from models.kernel.scope import known_nodes, reach
from models.kernel.session import actor_of, clock_of
from models.kernel.words import Words, _
from reports.kernel.report import Report

LEVELS = ("group", "region", "company", "project", "building")
"""The way down. A department owns no homes and is no level of it."""

LEVEL_WORDS = {
    "region": _("Region", "区域"),
    "company": _("Company", "公司"),
    "project": _("Project", "项目"),
    "building": _("Building", "楼栋"),
}
TIME_WORDS = {"month": _("Month", "月份"), "day": _("Day", "日期")}
PERIODS = {
    "month": _("This month", "本月"),
    "last_month": _("Last month", "上月"),
    "quarter": _("This quarter", "本季度"),
    "year": _("This year", "本年"),
    "last_year": _("Last year", "上年"),
    "all": _("All time", "全部时间"),
}
COMPARED = {
    "previous": _("With the period before", "环比（上一期）"),
    "year": _("With a year before", "同比（上年同期）"),
}
MOST_DAYS = 400
"""A line a day is shown up to this many days; a longer period is shown by month."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place of the tree the reader may see."""

    node: int
    kind: str
    key: int
    name: str


@dataclass(frozen=True, slots=True)
class Question:
    """A question, read.

    Attributes:
        place: the part of the tree; None for all the reader may see.
        by: a level of the tree, 'month', 'day', or the name of a dimension.
        start, end: first and last day of the period; None where it is open.
        period: name of the period, where it has one.
        compare: '', 'previous' or 'year'.
        now: the moment it is asked: what is overdue is overdue then.
        ways: what `by` may be here, the nearest level of the tree first.
        notes: sentences about what was left out.
    """

    place: Place | None
    by: str
    start: date | None = None
    end: date | None = None
    period: str = ""
    compare: str = ""
    now: datetime | None = field(default=None, compare=False)
    ways: tuple[str, ...] = field(default=(), compare=False)
    notes: tuple[Words, ...] = field(default=(), compare=False)

    def address(self, **changes: str | int | None) -> str:
        """Returns the arguments of an address that asks this question, some of them replaced (None drops)."""
        values: dict[str, str | int | None] = {
            "node": self.place.node if self.place else None,
            "by": self.by,
            "period": self.period or None,
            "from": self.start.isoformat() if self.start and not self.period else None,
            "to": self.end.isoformat() if self.end and not self.period else None,
            "compare": self.compare or None,
        }
        values.update(changes)
        return urlencode({name: value for name, value in values.items() if value is not None})

    def before(self) -> Question | None:
        """Returns the same question about the period it is compared with; None where there is none."""
        if not self.compare or self.start is None or self.end is None:
            return None
        if self.compare == "year":
            return replace(self, start=_year_before(self.start), end=_year_before(self.end), period="")
        if self.start.day == 1 and (self.end + timedelta(days=1)).day == 1:  # whole months before whole months
            months = (self.end.year - self.start.year) * 12 + self.end.month - self.start.month + 1
            return replace(
                self, start=_months_before(self.start, months), end=self.start - timedelta(days=1), period=""
            )
        length = self.end - self.start + timedelta(days=1)
        return replace(self, start=self.start - length, end=self.start - timedelta(days=1), period="")


def _year_before(day: date) -> date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:  # the 29th of February
        return day.replace(year=day.year - 1, day=28)


def _months_before(day: date, months: int) -> date:
    """The first of the month, `months` before the month of `day`."""
    years, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(years, month + 1, 1)


def _named(name: str, now: date) -> tuple[date | None, date | None]:
    first = now.replace(day=1)
    if name == "month":
        return first, _months_before(now, -1) - timedelta(days=1)
    if name == "last_month":
        return _months_before(now, 1), first - timedelta(days=1)
    if name == "quarter":
        start = _months_before(now, (now.month - 1) % 3)
        return start, _months_before(start, -3) - timedelta(days=1)
    if name == "year":
        return date(now.year, 1, 1), date(now.year, 12, 31)
    if name == "last_year":
        return date(now.year - 1, 1, 1), date(now.year - 1, 12, 31)
    return None, None


def places(session: Session, report: Report) -> list[Place]:
    """Returns the places whose figures the reader may ask for, in the order of the tree."""
    reached = reach(session, actor_of(session), report.entity, "read")
    nodes = sorted(known_nodes(session), key=lambda node: node.path)
    return [
        Place(node.id, node.kind, node.ref_id, node.name)
        for node in nodes
        if node.kind in LEVELS and (reached.everything or node.id in reached.nodes)
    ]


def levels(report: Report, place: Place | None, offered: list[Place]) -> list[str]:
    """Returns the levels of the tree that lines may stand for, the nearest first."""
    kinds = {one.kind for one in offered}
    below = tuple(level for level in LEVELS[1:] if level in kinds)
    if place is not None:
        below = LEVELS[LEVELS.index(place.kind) + 1 :]
    only = place is not None and place.kind == "project"
    return [level for level in below if level != "building" or (only and report.building is not None)]


def ask(session: Session, report: Report, raw: Mapping[str, str]) -> Question:
    """Reads a question.

    Args:
        raw: `node`, `by`, `period` or `from` and `to`, `compare`, as an address carries them.

    Returns:
        The question; `notes` says what could not be read.
    """
    notes: list[Words] = []
    offered = places(session, report)
    place = _place(raw.get("node", ""), offered, notes)
    start, end, period = _period(session, report, raw, notes)
    compare = raw.get("compare", "") if raw.get("compare", "") in COMPARED else ""
    if compare and (start is None or end is None):
        compare = ""
        notes.append(_("Choose a period to compare with another.", "请先选择统计期间，再进行对比。"))
    ways = [*levels(report, place, offered), *(one.name for one in report.dimensions)]
    ways += ["month", "day"] if report.when is not None else []
    by = raw.get("by", "")
    if by and by not in ways:
        notes.append(
            _("These figures cannot be split by “{by}” here.", "此处无法按“{by}”统计，已改为默认维度。").fill(
                by=by[:40]
            )
        )
    if by not in ways:
        by = report.by or (ways[0] if ways else "project")
    if by == "day" and (start is None or end is None or (end - start).days > MOST_DAYS):
        by = "month"
        notes.append(_("The period is long: shown by month.", "期间较长，已按月统计。"))
    return Question(place, by, start, end, period, compare, clock_of(session)(), tuple(ways), tuple(notes))


def _place(raw: str, offered: list[Place], notes: list[Words]) -> Place | None:
    if raw:
        found = next((one for one in offered if raw.isdecimal() and one.node == int(raw[:18])), None)
        if found is not None:
            return found
        notes.append(
            _(
                "You may not see the figures of this place, or it does not exist. Shown is your own part.",
                "您无权查看该单位的统计，或该单位不存在。已显示您权限范围内的数据。",
            )
        )
    kinds = [one for one in offered if not any(LEVELS.index(other.kind) < LEVELS.index(one.kind) for other in offered)]
    return kinds[0] if len(kinds) == 1 else None


def _period(
    session: Session, report: Report, raw: Mapping[str, str], notes: list[Words]
) -> tuple[date | None, date | None, str]:
    if report.when is None:
        return None, None, ""
    now = today(clock_of(session))
    found: list[date | None] = []
    for name in ("from", "to"):
        try:
            found.append(read_date(raw.get(name, "").strip()) if raw.get(name, "").strip() else None)
        except Refusal as refusal:
            found.append(None)
            notes.append(refusal.sentence)
    start, end = found
    if start is None and end is None:
        name = raw.get("period", "") if raw.get("period", "") in PERIODS else report.standing
        return (*_named(name, now), name)
    if start is not None and end is not None and end < start:
        start, end = end, start
        notes.append(_("The period ended before it began; it was turned round.", "结束日期早于开始日期，已自动对调。"))
    if start is not None and start > now:
        notes.append(_("The period lies in the future.", "统计期间在未来，尚无数据。"))
    return start, end, ""
