"""What a report is: one declaration that says what is counted, by what, and what every figure means (design 2, D3).

A report adds up in the database, over entities that the gate cuts to the reader's part of the tree. From the declaration
come its page, its REST answer, its workbook, its chart, the way from each figure to its rows, and its contract tests.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Date, String, bindparam, cast, func, literal

from models.kernel.actor import Actor
from models.kernel.columns import Moment
from models.kernel.options import Options
from models.kernel.roles import INSIDE, READ
from models.kernel.scope import may
from models.kernel.table import Table
from models.kernel.words import Words, _

Join = tuple[type[Table], ColumnElement[bool]] | tuple[type[Table], ColumnElement[bool], bool]
"""An entity and the condition it is joined on; with True, rows stay for which there is none."""

TODAY: BindParameter[Any] = bindparam("report_today", type_=Date())
"""The day of the question on the company's calendar."""
AGO: set[int] = set()
"""How many days back conditions look; each is filled in with the moment of the question."""


def ago(days: int) -> BindParameter[Any]:
    """Returns so many days before the moment of the question; `ago(0)` is that moment."""
    AGO.add(days)
    return bindparam(f"report_ago_{days}", type_=Moment())


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure that the database adds up.

    Attributes:
        kind: `count` (rows), `sum` (of `of`), `distinct` (different values of `of`).
        where: only rows for which this holds.
        of: the column that is summed or told apart.
        rows: where a figure leads: the table whose list shows what it counts, and the column of the statement that names
            its rows; the report's own entity where it is None.
        places: decimal places that are shown.
        always: counted whatever the period is; on lines of a day or month, the same on each.
    """

    name: str
    label: Words
    kind: str = "count"
    where: ColumnElement[bool] | None = None
    of: Any = None
    rows: tuple[type[Table], Any] | None = None
    unit: Words | None = None
    places: int = 0
    late: bool = False
    always: bool = False


def count(
    name: str, label: Words, where: ColumnElement[bool] | None = None, *, late: bool = False, always: bool = False
) -> Measure:
    """Counts rows; `late` marks a figure that ought to be zero; `always` leaves the period aside."""
    return Measure(name, label, where=where, late=late, always=always)


def total(
    name: str,
    label: Words,
    of: Any,
    where: ColumnElement[bool] | None = None,
    *,
    unit: Words | None = None,
    places: int = 2,
) -> Measure:
    """Sums `of`."""
    return Measure(name, label, "sum", where, of, unit=unit, places=places)


def distinct(
    name: str,
    label: Words,
    of: Any,
    where: ColumnElement[bool] | None = None,
    *,
    rows: tuple[type[Table], Any] | None = None,
) -> Measure:
    """Counts different values of `of`; its total is counted anew, since one value may stand in several lines."""
    return Measure(name, label, "distinct", where, of, rows=rows)


@dataclass(frozen=True, slots=True)
class Running:
    """What a count has come to by the end of a line's day or month, what came before the period included.

    On other lines, and in the total: by the end of the period. It leads to no list: what it adds up to does, line by line.

    Attributes:
        of: name of a measure that counts rows.
    """

    name: str
    label: Words
    of: str
    places: int = 0
    unit: Words | None = None


@dataclass(frozen=True, slots=True)
class Ratio:
    """A figure made of two others, on each line and on the total alike; '—' where there is nothing to divide by.

    Attributes:
        part, whole: names of measures.
        times: 100 for per cent, 1 for a mean.
        low: True where a low ratio is the good one.
    """

    name: str
    label: Words
    part: str
    whole: str
    times: int = 100
    places: int = 1
    unit: Words | None = None
    low: bool = False


def percent(name: str, label: Words, part: str, whole: str, *, low: bool = False) -> Ratio:
    """The share of `part` in `whole`, in per cent."""
    return Ratio(name, label, part, whole, unit=_("%", "%"), low=low)


def mean(name: str, label: Words, part: str, whole: str, *, places: int = 2, low: bool = False) -> Ratio:
    """`part` for each of `whole`."""
    return Ratio(name, label, part, whole, times=1, places=places, low=low)


@dataclass(frozen=True, slots=True)
class Dimension:
    """What lines stand for.

    Attributes:
        key: the column whose values are the lines.
        joins: entities the key needs beside the report's own.
        options: the words of its values, where it is a choice.
        target: the table its values are keys of; lines are then called by that row's name, or the column `called`.
        known_by: the column of that table the values are, where it is not its key.
        listed: the name of the option list its values are codes of.
        pair: two tables, where a value is two keys as `paired` joins them.
    """

    name: str
    label: Words
    key: Any
    joins: tuple[Join, ...] = ()
    options: type[Options] | None = None
    target: type[Table] | None = None
    called: str = "name"
    known_by: str = "id"
    listed: str | None = None
    pair: tuple[type[Table], type[Table]] | None = None


def paired(one: Any, other: Any) -> ColumnElement[str]:
    """Returns two keys as one value, such as '12-7'; '12-' where there is no second."""
    # Written out, no parameters: PostgreSQL must see the same expression where it selects and where it groups.
    dash, nothing = literal("-", literal_execute=True), literal("", literal_execute=True)
    return cast(one, String) + dash + func.coalesce(cast(other, String), nothing)


@dataclass(frozen=True, slots=True)
class Chart:
    """What is drawn above the table: `bar`, `stack`, `line` or `pareto` of these figures."""

    kind: str
    figures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """One report.

    Attributes:
        definition: the sentence below the title: what is counted, when, and what is left out.
        entity: the table whose rows are counted; a reader needs to read it.
        project: the column that names the project of a row, where it is not the entity's own `project_id`.
        building: how a row's building is found, where it has one.
        joins: entities that the measures need in every statement.
        base: only these rows at all.
        when: the column a period cuts by; None for a report of how things stand now.
        standing: the period shown where none is asked for: 'month', 'quarter', 'year', 'all'.
        figures: measures and ratios in the order they are shown.
        by: the dimension (or 'month', 'day') that is shown first where the reader chose none; the next level of the tree
            where it is None.
        sort: the figure whose largest lines stand first; the first figure where it is None. Days, floors and places have an
            order of their own.
        roles: who may open it, beside the right to read its entity.
    """

    name: str
    title: Words
    definition: Words
    area: str
    entity: type[Table]
    figures: tuple[Measure | Ratio | Running, ...]
    chart: Chart
    project: Any = None
    building: Dimension | None = None
    joins: tuple[Join, ...] = ()
    base: ColumnElement[bool] | None = None
    when: Any = None
    standing: str = "year"
    dimensions: tuple[Dimension, ...] = ()
    by: str | None = None
    sort: str | None = None
    roles: tuple[str, ...] = INSIDE
    icon: str = "chart-bar"
    order: int = 50
    notes: tuple[Words, ...] = field(default=())

    def open_to(self, who: Actor) -> bool:
        """Returns whether somebody may open it: the right to read what it counts, and a role it is for."""
        return may(who, self.entity, READ) and (who.system or bool(set(who.roles()) & set(self.roles)))

    @property
    def owner(self) -> Any:
        """The column that names the project of a row."""
        return self.entity.__mapper__.attrs.project_id.class_attribute if self.project is None else self.project

    @property
    def measures(self) -> tuple[Measure, ...]:
        """The figures that are counted."""
        return tuple(figure for figure in self.figures if isinstance(figure, Measure))

    @property
    def ratios(self) -> tuple[Ratio, ...]:
        """The figures that are made of others."""
        return tuple(figure for figure in self.figures if isinstance(figure, Ratio))

    @property
    def runnings(self) -> tuple[Running, ...]:
        """The figures that say what a count has come to."""
        return tuple(figure for figure in self.figures if isinstance(figure, Running))

    def figure(self, name: str) -> Measure | Ratio | Running | None:
        """Returns a figure by its name."""
        return next((figure for figure in self.figures if figure.name == name), None)

    def dimension(self, name: str) -> Dimension | None:
        """Returns a dimension by its name."""
        return next((one for one in self.dimensions if one.name == name), None)


REPORTS: dict[str, Report] = {}
"""Every declared report by its name."""


def declare(report: Report) -> Report:
    """Puts a report among those there are.

    Raises:
        RuntimeError: the name is taken, or a figure or dimension is named that the report has not.
    """
    if REPORTS.get(report.name, report) is not report:
        raise RuntimeError(f"There are two reports {report.name}.")
    names = [figure.name for figure in report.figures]
    wanted = [name for ratio in report.ratios for name in (ratio.part, ratio.whole)] + list(report.chart.figures)
    wanted += [report.sort] if report.sort else []
    wanted += [running.of for running in report.runnings]
    unknown = [name for name in wanted if name not in names]
    if unknown or len(set(names)) != len(names):
        raise RuntimeError(f"{report.name}: unknown or doubled figures {unknown or names}; there are {names}.")
    timed = report.when is not None and report.by in ("month", "day")
    if report.by is not None and not timed and report.dimension(report.by) is None:
        raise RuntimeError(f"{report.name}: no dimension {report.by}; there are {[d.name for d in report.dimensions]}.")
    REPORTS[report.name] = report
    return report
