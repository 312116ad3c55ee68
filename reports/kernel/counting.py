"""From a question to figures: one statement that adds up in the database, a frame, totals that are right.

Totals are sums where figures add up, and counted anew where they do not (different customers of two projects may be one).
Ratios are made last, on lines and totals alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Date, Select, String, and_, distinct, false, func, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.functions import GenericFunction

from models.kernel.clock import CHINA
from models.kernel.columns import Moment
from models.kernel.option_values import words_of
from models.kernel.roles import READ
from models.kernel.scope import criterion, known_nodes, reach
from models.kernel.session import actor_of
from models.kernel.words import Words, _
from models.org.company import Company
from models.property.building import Building
from models.property.project import Project
from reports.kernel.question import LEVELS, Question
from reports.kernel.report import AGO, TODAY, Dimension, Join, Measure, Report

if TYPE_CHECKING:
    import pandas as pd

Figure = int | Decimal | float | None
UNKNOWN = _("Not filled in", "未填写")
OUTSIDE = _("Outside your part of the tree", "权限范围外")
"""What a line is called whose row the reader may not see."""


class local_month(GenericFunction[str]):  # named as SQL functions are
    """The month of a moment or date on the company's calendar, as '2026-11'."""

    type = String()
    inherit_cache = True


class local_day(GenericFunction[str]):  # named as SQL functions are
    """The day of a moment or date on the company's calendar, as '2026-11-21'."""

    type = String()
    inherit_cache = True


def _bucket(element: Any, compiler: Any, length: int, **kw: Any) -> str:
    column = next(iter(element.clauses))
    inner = compiler.process(element.clauses, **kw)
    moment = isinstance(column.type, Moment)
    hours = int(CHINA.utcoffset(None).total_seconds() // 3600)
    if compiler.dialect.name == "sqlite":
        shifted = f"datetime({inner}, '+{hours} hours')" if moment else inner
        return f"substr({shifted}, 1, {length})"
    shifted = f"timezone('UTC', {inner}) + interval '{hours} hours'" if moment else inner
    return f"to_char({shifted}, '{'YYYY-MM' if length == 7 else 'YYYY-MM-DD'}')"


@compiles(local_month)
def _month(element: Any, compiler: Any, **kw: Any) -> str:
    return _bucket(element, compiler, 7, **kw)


@compiles(local_day)
def _day(element: Any, compiler: Any, **kw: Any) -> str:
    return _bucket(element, compiler, 10, **kw)


class apart(GenericFunction[Any]):  # named as SQL functions are
    """A column to group by that no index leads through.

    SQLite would follow the column's own index to save a sort, and so fetch a million rows in no order at all: six times as
    long as reading them as they lie and sorting the few columns that are counted (docs/reports.md has the numbers).
    """

    inherit_cache = True


@compiles(apart)
def _apart(element: Any, compiler: Any, **kw: Any) -> str:
    inner = compiler.process(element.clauses, **kw)
    return f"+{inner}" if compiler.dialect.name == "sqlite" else inner


@dataclass(slots=True)
class Line:
    """One line of a report.

    Attributes:
        key: the value of the dimension; what a figure's rows are found by.
        node: the place to go down to, where the line is one.
        values: figures by name; `before` those of the compared period.
    """

    key: Any
    label: str | Words
    values: dict[str, Figure]
    before: dict[str, Figure] = field(default_factory=dict)
    node: int | None = None


@dataclass(slots=True)
class Outcome:
    """The answer to a question: lines in their order, and the total."""

    report: Report
    question: Question
    lines: list[Line]
    totals: dict[str, Figure]
    before: dict[str, Figure] = field(default_factory=dict)


def _joined(report: Report, extra: Sequence[Join]) -> list[Join]:
    found: dict[Any, Join] = {}
    for one in (*report.joins, *extra):
        found.setdefault(one[0], one)
    return list(found.values())


def _upward(report: Report, level: str) -> tuple[Any, tuple[Join, ...]]:
    """The column that names a row's place at `level`, and the entities it needs."""
    project: Join = (Project, Project.id == report.owner)
    company: Join = (Company, Company.id == Project.company_id)
    if level == "project":
        return report.owner, ()
    if level == "company":
        return Project.company_id, (project,)
    return Company.region_id, (project, company)


def axis(report: Report, by: str) -> tuple[Any, tuple[Join, ...]]:
    """Returns the column whose values are the lines of `by`, and the entities it needs beside the report's own."""
    if by in ("month", "day"):
        return (func.local_month(report.when) if by == "month" else func.local_day(report.when)), ()
    if by == "building" and report.building is not None:
        return report.building.key, report.building.joins
    if by in LEVELS:
        return _upward(report, by)
    dimension = report.dimension(by)
    if dimension is None:
        raise KeyError(by)
    return dimension.key, dimension.joins


def _edge(report: Report, day: date) -> date | datetime:
    """Where a day begins, as the column of the period has it."""
    return day if isinstance(report.when.type, Date) else datetime.combine(day, time(), CHINA).astimezone(UTC)


def _bounds(report: Report, start: date | None, end: date | None) -> list[ColumnElement[bool]]:
    when, found = report.when, []
    if when is None:
        return []
    if start is not None:
        found.append(when >= _edge(report, start))
    if end is not None and end < date.max:
        found.append(when < _edge(report, end + timedelta(days=1)))
    if not found and _standing(report):  # rows that only the figures of all time count
        found.append(when.is_not(None))
    return found


def _standing(report: Report) -> bool:
    """Whether some figures look beyond the period."""
    return bool(report.runnings) or any(measure.always for measure in report.measures)


def _conditions(report: Report, question: Question, *, always: bool = False) -> tuple[list[Any], tuple[Join, ...]]:
    found: list[Any] = [] if report.base is None else [report.base]
    if not always:
        found += _bounds(report, question.start, question.end)
    joins: tuple[Join, ...] = ()
    if question.place is not None and question.place.kind != "group":
        if question.place.kind == "building" and report.building is not None:
            key, joins = report.building.key, report.building.joins
        else:
            key, joins = _upward(report, question.place.kind)
        found.append(key == question.place.key)
    return found, joins


def _counted(report: Report, measure: Measure) -> Any:
    what: Any
    if measure.kind == "distinct":
        what = func.count(distinct(measure.of))
    elif measure.kind == "sum":
        what = func.sum(measure.of)
    else:
        what = func.count(report.entity.id)
    cut = what if measure.where is None else what.filter(measure.where)
    return (func.coalesce(cut, 0) if measure.kind == "sum" else cut).label(measure.name)


def _composed(report: Report, question: Question, found: Select[Any], joins: Sequence[Join], where: Any) -> Select[Any]:
    """The entities a statement needs, its conditions, and the moment it asks about."""
    for entity, on, *outer in _joined(report, joins):
        found = found.join(entity, on, isouter=bool(outer))
    found = found.where(*where)
    if question.now is None:
        return found
    moments = {f"report_ago_{days}": question.now - timedelta(days=days) for days in AGO}
    return found.params(**moments, **{TODAY.key: question.now.astimezone(CHINA).date()})


def statement(
    report: Report,
    question: Question,
    *also: Any,
    split: bool = True,
    figures: Sequence[Measure] | None = None,
    always: bool = False,
) -> Select[Any]:
    """Returns the statement of the figures: a row per line (`key` first), or one row of totals where not `split`.

    Args:
        also: further conditions.
        figures: which figures, those of the period where None.
        always: whatever the period is.
    """
    conditions, joins = _conditions(report, question, always=always)
    key: Any
    key, more = axis(report, question.by) if split else (None, ())
    if figures is None:
        figures = [measure for measure in report.measures if not measure.always]
    counted = [_counted(report, measure) for measure in figures]
    found = select(*([key.label("key")] if split else []), *counted).select_from(report.entity)
    found = _composed(report, question, found, (*more, *joins), (*conditions, *also))
    if not split:
        return found
    return found.group_by(func.apart(key) if report.dimension(question.by) is not None else key)


def rows(report: Report, question: Question, measure: Measure, by: str | None, key: Any) -> Select[Any]:
    """Returns the statement of the keys of the rows that a figure counts.

    Args:
        by: the dimension of the line, None for the total; `key` is the line's value.
    """
    conditions, joins = _conditions(report, question, always=measure.always)
    if measure.where is not None:
        conditions.append(measure.where)
    if by is not None and not (measure.always and by in ("month", "day")):
        column, more = axis(report, by)
        joins = (*more, *joins)
        conditions.append(column.is_(None) if key is None else column == key)
    column = measure.rows[1] if measure.rows else report.entity.id
    if measure.kind != "count" and measure.of is not None:
        conditions.append(measure.of.is_not(None))
    return _composed(report, question, select(column).select_from(report.entity), joins, conditions)


def _held(session: Session, report: Report, right: str) -> list[ColumnElement[bool]]:
    """Rows the actor also holds `right` on: what is taken away is never wider than that right (never a mix of grants)."""
    if right == READ:
        return []
    return [criterion(report.entity, reach(session, actor_of(session), report.entity, right), right)]


def frame(
    session: Session, report: Report, question: Question, *, right: str = READ, split: bool = True
) -> pd.DataFrame:
    """Returns the figures of a question as a frame: `key` and a column per figure that is counted; one row without `split`.

    One statement, and one more where figures look beyond the period.
    """
    import pandas as pd  # a tenth of the start-up, and most requests are no reports

    held = _held(session, report, right)
    names = [measure.name for measure in report.measures if not measure.always]
    made = session.execute(statement(report, question, *held, split=split)).all()
    lines = {row[0] if split else None: dict(zip(names, row[1:] if split else row, strict=True)) for row in made}
    if _standing(report):
        _beyond(session, report, question, lines, held, split=split)
    columns = [*(figure.name for figure in report.measures), *(figure.name for figure in report.runnings)]
    table = [(key, *(found.get(name, 0) for name in columns)) for key, found in lines.items()]
    return pd.DataFrame(table, columns=["key", *columns], dtype=object)


def _beyond(
    session: Session, report: Report, question: Question, lines: dict[Any, Any], held: list[Any], *, split: bool
) -> None:
    """Adds the figures that look beyond the period to the lines; a line that has only these is added."""
    timed = split and question.by in ("month", "day")
    start, end = question.start, question.end
    figures = [measure for measure in report.measures if measure.always]
    for running in report.runnings:
        of = next(measure for measure in report.measures if measure.name == running.of)
        last = start if timed else end + timedelta(days=1) if end is not None and end < date.max else None
        if timed and start is None:
            until: Any = false()  # nothing was before the first line
        else:
            until = report.when.is_not(None) if last is None else report.when < _edge(report, last)
        figures.append(replace(of, name=running.name, where=until if of.where is None else and_(until, of.where)))
    made = statement(report, question, *held, split=split and not timed, figures=figures, always=True)
    names = [figure.name for figure in figures]
    found = session.execute(made).all()
    if not timed:
        for row in found:
            key, values = (row[0], row[1:]) if split else (None, row)
            lines.setdefault(key, {}).update(zip(names, values, strict=True))
        return
    standing = dict(zip(names, found[0], strict=True))
    for key in sorted(lines):
        for running in report.runnings:
            standing[running.name] += lines[key][running.of]
        lines[key].update(standing)


def _totals(session: Session, report: Report, question: Question, found: pd.DataFrame, right: str) -> dict[str, Figure]:
    if _standing(report) or any(measure.kind == "distinct" for measure in report.measures):
        row = frame(session, report, question, right=right, split=False).iloc[0]
        return {name: row[name] for name in found.columns if name != "key"}
    return {measure.name: found[measure.name].sum() if len(found) else 0 for measure in report.measures}


def _with_ratios(report: Report, values: dict[str, Figure]) -> dict[str, Figure]:
    made = dict(values)
    for ratio in report.ratios:
        part, whole = made.get(ratio.part), made.get(ratio.whole)
        made[ratio.name] = None if not whole or part is None else float(part) * ratio.times / float(whole)
    return made


def count(session: Session, report: Report, question: Question, *, right: str = READ) -> Outcome:
    """Answers a question.

    Args:
        right: the right the rows are wanted for beside reading: 'export' for what is taken away.

    Returns:
        Lines and totals. Without a line with rows the totals are 0 and ratios None.
    """
    found = frame(session, report, question, right=right)
    totals = _with_ratios(report, _totals(session, report, question, found, right))
    lines = _lines(session, report, question, found)
    outcome = Outcome(report, question, lines, totals)
    before = question.before()
    if before is not None:
        earlier = frame(session, report, before, right=right)
        outcome.before = _with_ratios(report, _totals(session, report, before, earlier, right))
        if question.by not in ("month", "day"):
            known = {line.key: line for line in lines}
            for line in _lines(session, report, before, earlier):
                if line.key in known:
                    known[line.key].before = line.values
                else:  # nothing this time, something then
                    nothing: dict[str, Figure] = {name: 0 for name in found.columns if name != "key"}
                    line.before, line.values = line.values, _with_ratios(report, nothing)
                    lines.append(line)
    return outcome


def _lines(session: Session, report: Report, question: Question, found: pd.DataFrame) -> list[Line]:
    names = [name for name in found.columns if name != "key"]
    keys = list(found["key"])
    labels, order, nodes = _called(session, report, question.by, keys)
    made = [
        Line(
            key,
            labels.get(key, UNKNOWN if key is None else OUTSIDE),
            _with_ratios(report, dict(zip(names, values, strict=True))),
            node=nodes.get(key),
        )
        for key, values in zip(keys, found[names].itertuples(index=False, name=None), strict=True)
    ]
    if order:
        last = len(order)
        return sorted(made, key=lambda line: (line.key is None, order.get(line.key, last)))
    if question.by in ("month", "day"):
        return sorted(made, key=lambda line: (line.key is None, str(line.key)))
    first = report.sort or names[0]
    return sorted(made, key=lambda line: (line.key is None, -float(line.values[first] or 0), str(line.label)))


def _called(
    session: Session, report: Report, by: str, keys: list[Any]
) -> tuple[dict[Any, Any], dict[Any, int], dict[Any, int]]:
    """Names of lines, their order where it is not that of the figures, and the places they lead down to."""
    if by in LEVELS and by != "building":
        nodes = sorted((node for node in known_nodes(session) if node.kind == by), key=lambda node: node.path)
        return (
            {node.ref_id: node.name for node in nodes},
            {node.ref_id: place for place, node in enumerate(nodes)},
            {node.ref_id: node.id for node in nodes},
        )
    dimension = report.dimension(by) or (report.building if by == "building" else None)
    if by == "building":
        dimension = Dimension("building", _("Building", "楼栋"), None, target=Building)
    if dimension is not None and dimension.options is not None:
        options = dimension.options.options()
        return {o.value: o.words for o in options}, {o.value: place for place, o in enumerate(options)}, {}
    if dimension is not None and dimension.listed is not None:
        return {key: words_of(session, dimension.listed, key) for key in keys if key is not None}, {}, {}
    if dimension is not None and dimension.pair is not None:
        return _named_pairs(session, dimension.pair, keys), {}, {}
    if dimension is not None and dimension.target is not None:
        named = _names(session, dimension.target, keys, dimension.called, dimension.known_by)
        order = (
            {key: place for place, (key, _name) in enumerate(sorted(named.items(), key=_natural))}
            if by == "building"
            else {}
        )
        return named, order, {}
    return {key: str(key) for key in keys if key is not None}, {}, {}


def _names(
    session: Session, cls: Any, keys: Sequence[Any], called: str = "name", known_by: str = "id"
) -> dict[Any, Any]:
    """Names of rows by key, of those too that were deleted since."""
    wanted = sorted({key for key in keys if key is not None})
    named: dict[Any, Any] = {}
    for start in range(0, len(wanted), 500):
        key = getattr(cls, known_by)
        chunk = select(key, getattr(cls, called)).where(key.in_(wanted[start : start + 500]))
        named.update(session.execute(chunk.execution_options(deleted="with")).all())
    return named


def _named_pairs(session: Session, pair: tuple[Any, Any], keys: list[Any]) -> dict[Any, Any]:
    split = {key: tuple(int(part) if part else None for part in str(key).split("-")) for key in keys if key is not None}
    one = _names(session, pair[0], [first for first, _second in split.values()])
    other = _names(session, pair[1], [second for _first, second in split.values()])
    return {
        key: _("{one} · {other}", "{one} · {other}").fill(
            one=one.get(first, UNKNOWN), other=UNKNOWN if second is None else other.get(second, UNKNOWN)
        )
        for key, (first, second) in split.items()
    }


def _natural(item: tuple[Any, Any]) -> tuple[Any, ...]:
    """Sorts '2号楼' before '10号楼'."""
    digits = "".join(char for char in str(item[1]) if char.isdigit())
    return (int(digits) if digits else 0, str(item[1]))
