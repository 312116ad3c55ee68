"""The words in which reports are said a second time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

Row = dict[str, Any]
Rows = dict[str, dict[int, Row]]


@dataclass
class Said:
    """A report in plain words: which rows, and per measure what is counted of a row.

    A measure yields None for a row that does not count, True for one that does, a Decimal to add up, or ('key', value)
    for values of which each counts once.

    Attributes:
        building: the building of a row, where it is not that of its home.
        always: measures that leave the period aside; on lines of a month the same on each.
        running: name -> the measure it adds up through time.
    """

    table: str
    measures: dict[str, Callable[[Rows, Row], Any]]
    base: Callable[[Rows, Row], bool] = lambda rows, row: True
    axes: dict[str, Callable[[Rows, Row], Any]] = field(default_factory=dict)
    building: Callable[[Rows, Row], Any] | None = None
    always: tuple[str, ...] = ()
    running: dict[str, str] = field(default_factory=dict)


def moment(value: Any) -> datetime | None:
    """A moment as a raw row has it, aware."""
    if value is None:
        return None
    found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def plain_day(value: Any) -> date | None:
    """A day as a raw row has it."""
    return value if value is None or isinstance(value, date) else date.fromisoformat(str(value))


def local(value: Any) -> str | None:
    """A moment on the company's calendar, as text; None for none."""
    found = moment(value)
    return None if found is None else (found.astimezone(UTC).replace(tzinfo=None) + timedelta(hours=8)).isoformat()


def own(*columns: str, **renamed: str) -> dict[str, Callable[[Rows, Row], Any]]:
    """Axes that are columns of the row itself."""
    names = {**{name: name for name in columns}, **renamed}
    return {axis: (lambda rows, row, column=column: row[column]) for axis, column in names.items()}


def months(value: Callable[[Rows, Row], str | None]) -> dict[str, Callable[[Rows, Row], Any]]:
    """The axes of time, by the text of a row's day."""

    def cut(length: int) -> Callable[[Rows, Row], Any]:
        return lambda rows, row: text[:length] if (text := value(rows, row)) else None

    return {"month": cut(7), "day": cut(10)}


def when(test: Callable[[Rows, Row], Any]) -> Callable[[Rows, Row], Any]:
    """Counts the rows for which a test holds."""
    return lambda rows, row: True if test(rows, row) else None
