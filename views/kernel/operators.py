"""Filter operators: which fit which kind of column, how they read, and the condition they make.

In a URL a filter is `_flt_<place>_<column>=<value>`, the place being that of the operator in its kind's list; in REST it is
the operator's name. Places never change meaning: new operators go to the end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, not_, or_

from models.kernel.clock import CHINA, utc_now
from models.kernel.columns import ColumnInfo
from models.kernel.entry import option_names, read
from models.kernel.reading import read_choice
from models.kernel.reading_dates import read_date
from models.kernel.refusal import Refusal
from models.kernel.secret import cipher
from models.kernel.words import Words, _

Condition = Callable[[Any, ColumnInfo, str], ColumnElement[bool]]


@dataclass(frozen=True, slots=True)
class Operator:
    """A way to filter a column.

    Attributes:
        takes: it needs a value.
        right: an extra right it asks for.
        two: its value is two of them, from and to, with a comma between; either may be left out.
        period: the first and the last day it means, as of today; it takes no value then.
    """

    name: str
    words: Words
    condition: Condition
    takes: bool = True
    right: str | None = None
    two: bool = False
    period: Callable[[date], tuple[date, date]] | None = None


def like_escaped(text: str) -> str:
    """Returns text as LIKE takes it literally; the statement names the backslash as escape."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _like(pattern: str) -> Condition:
    def condition(column: Any, known: ColumnInfo, raw: str) -> ColumnElement[bool]:
        escaped = like_escaped(raw.strip())
        return column.ilike(pattern.format(escaped), escape="\\")  # type: ignore[no-any-return]

    return condition


def _value(known: ColumnInfo, raw: str) -> Any:
    value = read(known, raw)
    if value is None:
        raise Refusal(_("Say what to filter {label} by.", "请填写{label}的筛选值。").fill(label=known.label))
    return value


def _compare(how: Callable[[Any, Any], Any]) -> Condition:
    return lambda column, known, raw: how(column, _value(known, raw))


def _among(column: Any, known: ColumnInfo, raw: str) -> ColumnElement[bool]:
    parts = [part for part in raw.split(",") if part.strip()]
    if known.options is not None:
        names = option_names(known.options)
        return column.in_([read_choice(part, names) for part in parts])  # type: ignore[no-any-return]
    return column.in_([_value(known, part) for part in parts])  # type: ignore[no-any-return]


def _day(raw: str) -> tuple[datetime, datetime]:
    day = read_date(raw)
    if day is None:
        raise Refusal(_("Write a date, such as 2026-11-21.", "请填写日期，例如 2026-11-21。"))
    start = datetime.combine(day, time(), CHINA).astimezone(UTC)
    return start, start + timedelta(days=1)


def _on(column: Any, known: ColumnInfo, raw: str) -> ColumnElement[bool]:
    start, end = _day(raw)
    return and_(column >= start, column < end)


def _exactly(column: Any, known: ColumnInfo, raw: str) -> ColumnElement[bool]:
    """`column` is the blind index that stands beside the masked column."""
    return column == cipher().blind(raw.strip())  # type: ignore[no-any-return]


def _between(column: Any, known: ColumnInfo, raw: str) -> ColumnElement[bool]:
    """From one value to another, both included; days of a moment from their first second to their last."""
    low, _comma, high = (part.strip() for part in raw.partition(","))
    if not low and not high:
        raise Refusal(_("Say from what to what {label} is.", "请填写{label}的起止值。").fill(label=known.label))
    found: list[ColumnElement[bool]] = []
    if known.kind == "moment":
        found += [column >= _day(low)[0]] if low else []
        found += [column < _day(high)[1]] if high else []
    else:
        found += [column >= _value(known, low)] if low else []
        found += [column <= _value(known, high)] if high else []
    return and_(*found)


def _week(day: date, weeks: int = 0) -> tuple[date, date]:
    """Monday to Sunday, as weeks run in China."""
    first = day - timedelta(days=day.weekday()) + timedelta(weeks=weeks)
    return first, first + timedelta(days=6)


def _month(day: date, months: int = 0) -> tuple[date, date]:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    after, next_month = divmod(year * 12 + month + 1, 12)
    return date(year, month + 1, 1), date(after, next_month + 1, 1) - timedelta(days=1)


_TWO = Operator("between", _("is between", "介于"), _between, two=True)
_PERIODS = (
    Operator("today", _("is today", "是今天"), _between, takes=False, period=lambda day: (day, day)),
    Operator("this_week", _("is this week", "在本周"), _between, takes=False, period=_week),
    Operator("this_month", _("is this month", "在本月"), _between, takes=False, period=_month),
    Operator("last_week", _("is last week", "在上周"), _between, takes=False, period=lambda day: _week(day, -1)),
    Operator("last_month", _("is last month", "在上月"), _between, takes=False, period=lambda day: _month(day, -1)),
    Operator(
        "last_30",
        _("is in the last 30 days", "在最近 30 天内"),
        _between,
        takes=False,
        period=lambda day: (day - timedelta(days=29), day),
    ),
    Operator(
        "next_30",
        _("is in the next 30 days", "在未来 30 天内"),
        _between,
        takes=False,
        period=lambda day: (day, day + timedelta(days=29)),
    ),
)

_EMPTY = Operator("empty", _("is empty", "为空"), lambda c, k, r: c.is_(None), takes=False)
_FILLED = Operator("set", _("is filled", "不为空"), lambda c, k, r: c.is_not(None), takes=False)
_TEXT = (
    Operator("sw", _("starts with", "开头是"), _like("{}%")),
    Operator("ew", _("ends with", "结尾是"), _like("%{}")),
    Operator("ct", _("contains", "包含"), _like("%{}%")),
    Operator("eq", _("is", "等于"), _compare(lambda c, v: c == v)),
    Operator("nct", _("does not contain", "不包含"), lambda c, k, r: or_(c.is_(None), not_(_like("%{}%")(c, k, r)))),
    Operator("neq", _("is not", "不等于"), _compare(lambda c, v: or_(c != v, c.is_(None)))),
    _EMPTY,
    _FILLED,
)
_NUMBER = (
    Operator("eq", _("is", "等于"), _compare(lambda c, v: c == v)),
    Operator("gt", _("is more than", "大于"), _compare(lambda c, v: c > v)),
    Operator("lt", _("is less than", "小于"), _compare(lambda c, v: c < v)),
    Operator("neq", _("is not", "不等于"), _compare(lambda c, v: or_(c != v, c.is_(None)))),
    Operator("ge", _("is at least", "不小于"), _compare(lambda c, v: c >= v)),
    Operator("le", _("is at most", "不大于"), _compare(lambda c, v: c <= v)),
    _EMPTY,
    _FILLED,
    _TWO,
)
_DATE = (
    Operator("eq", _("is on", "等于"), _compare(lambda c, v: c == v)),
    Operator("gt", _("is after", "晚于"), _compare(lambda c, v: c > v)),
    Operator("lt", _("is before", "早于"), _compare(lambda c, v: c < v)),
    Operator("ge", _("is on or after", "不早于"), _compare(lambda c, v: c >= v)),
    Operator("le", _("is on or before", "不晚于"), _compare(lambda c, v: c <= v)),
    _EMPTY,
    _FILLED,
    _TWO,
    *_PERIODS,
)
_MOMENT = (
    Operator("eq", _("is on", "等于"), _on),
    Operator("gt", _("is after", "晚于"), lambda c, k, r: c >= _day(r)[1]),
    Operator("lt", _("is before", "早于"), lambda c, k, r: c < _day(r)[0]),
    _EMPTY,
    _FILLED,
    _TWO,
    *_PERIODS,
    Operator("past", _("is over", "已过"), lambda c, k, r: c < utc_now(), takes=False),
    Operator("ahead", _("is still ahead", "尚未到"), lambda c, k, r: c >= utc_now(), takes=False),
)
_CHOICE = (
    Operator("eq", _("is", "等于"), _compare(lambda c, v: c == v)),
    Operator("neq", _("is not", "不等于"), _compare(lambda c, v: or_(c != v, c.is_(None)))),
    Operator("in", _("is one of", "属于"), _among),
    _EMPTY,
    _FILLED,
)
_FLAG = (Operator("eq", _("is", "等于"), _compare(lambda c, v: c.is_(v))),)
_REF = (
    Operator("rel_o_m", _("is", "等于"), _compare(lambda c, v: c == v)),
    Operator("nrel_o_m", _("is not", "不等于"), _compare(lambda c, v: or_(c != v, c.is_(None)))),
    Operator("in", _("is one of", "属于"), _among),
    _EMPTY,
    _FILLED,
)
_MASKED = (Operator("eq", _("is exactly", "完整号码为"), _exactly, right="match"),)

OPERATORS: dict[str, tuple[Operator, ...]] = {
    "text": _TEXT,
    "prose": _TEXT,
    "integer": _NUMBER,
    "decimal": _NUMBER,
    "money": _NUMBER,
    "date": _DATE,
    "moment": _MOMENT,
    "flag": _FLAG,
    "choice": _CHOICE,
    "option": _CHOICE,
    "ref": _REF,
    "masked": _MASKED,
}


def operator(kind: str, name: str) -> Operator:
    """Returns an operator of a kind by its place ('0') or its name ('sw').

    Raises:
        Refusal: there is none.
    """
    known = OPERATORS[kind]
    if name.isdecimal() and len(name) < 4 and int(name) < len(known):
        return known[int(name)]
    for found in known:
        if found.name == name:
            return found
    raise Refusal(
        _("There is no filter “{name}” here; there are {known}.", "没有筛选方式“{name}”，可用：{known}。").fill(
            name=name[:40], known=", ".join(o.name for o in known)
        ),
        code="unknown_operator",
    )
