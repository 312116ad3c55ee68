"""One row of a sheet on its way into a table."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from models.kernel import entry
from models.kernel.columns import ColumnInfo
from models.kernel.reading import read_code
from models.kernel.trial import Changes
from models.kernel.words import Words, _
from views.kernel.exchange.headings import DataRow
from views.kernel.exchange.matching import Found
from views.kernel.exchange.plan import Fault
from views.kernel.exchange.sheet import Cell

_REPEATED = frozenset(("choice", "integer", "decimal", "money", "flag", "date"))
_REMEMBERED = 5_000


@dataclass
class Line:
    """One row of the sheet.

    Attributes:
        row: as it stands there.
        values: typed, by column of the table.
        masks: half-shown numbers, which mean that what is there stays.
        faults: why it is refused.
        refs: the rows its references mean.
        project: the project it belongs to, where it has one.
        existing: the row that is there already, all its columns; '' says whether it may be changed.
        changes: column -> value before and after.
        ready: the values of a new row.
        told: parts of its key that the file says otherwise than the database, or not at all.
    """

    row: DataRow
    values: dict[str, Any] = field(default_factory=dict)
    masks: dict[str, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    refs: dict[str, Found] = field(default_factory=dict)
    project: int | None = None
    existing: dict[str, Any] | None = None
    changes: Changes | None = None
    ready: dict[str, Any] | None = None
    told: dict[str, Any] = field(default_factory=dict)


def no_column(label: Words) -> Words:
    """Returns the sentence that a column is missing from the file."""
    return _(
        "No column of the file gives {label}. Choose which one does, or add it to the file.",
        "文件中没有对应“{label}”的列，请选择对应的列，或在文件中补充该列。",
    ).fill(label=label)


class Reader:
    """Reads cells; the same few values stand in most of them, and are read once."""

    def __init__(self) -> None:
        self._known: dict[str, dict[tuple[type, Cell], Any]] = {}

    def value(self, key: str, known: ColumnInfo, raw: Cell) -> Any:
        """Returns the typed value of a cell, or `entry.UNCHANGED` for a half-shown number.

        Raises:
            Refusal: it cannot be read.
        """
        if known.kind not in _REPEATED:
            return entry.read(known, raw)
        cached = self._of(key)
        if (type(raw), raw) not in cached:
            cached[type(raw), raw] = entry.read(known, raw)
        return cached[type(raw), raw]

    def name(self, raw: Cell) -> str:
        """Returns the name of another row; empty where nothing is written.

        Raises:
            Refusal: it cannot be read.
        """
        cached = self._of("")
        if (type(raw), raw) not in cached:
            cached[type(raw), raw] = read_code(raw) or ""
        return str(cached[type(raw), raw])

    def _of(self, key: str) -> dict[tuple[type, Cell], Any]:
        cached = self._known.setdefault(key, {})
        if len(cached) > _REMEMBERED:
            cached.clear()
        return cached
