"""What an import would do: every row of a sheet is added, changed, left as it is, or refused at its cells.

A dry run and the real one are the same walk over the sheet in chunks; only the last step, the writing, differs. So a
preview shows what will happen, and no sheet is ever held in memory as rows.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.kernel.refusal import Denied, Refusal
from models.kernel.session import act, actor_of, clock_of, reading
from models.kernel.words import Words, _
from views.kernel.exchange.cells import restored
from views.kernel.exchange.headings import DataRow, Heading, Layout, data_rows, find_headings
from views.kernel.exchange.matching import Column
from views.kernel.exchange.names import bare
from views.kernel.exchange.sheet import Book, Cell, Sheet, address

CHUNK = 1_000
SHOWN = 200
MOST_FAULTS = 20_000
_LOCK = 0x646F6F72


@dataclass(frozen=True, slots=True)
class Fault:
    """A cell that is refused. `column` (from 0) is None where the column is missing from the file."""

    row: int
    column: int | None
    label: Words | str
    value: str
    sentence: Words

    @property
    def cell(self) -> str:
        """The address as a spreadsheet shows it, such as L89; only the row where no cell is at fault."""
        return address(self.row - 1, self.column) if self.column is not None else str(self.row)


@dataclass(frozen=True, slots=True)
class Change:
    """A value that becomes another, in words."""

    record: str
    field: Words
    old: Any
    new: Any


@dataclass
class Findings:
    """What a walk over a sheet found.

    Attributes:
        added, changed, left, refused: rows of each kind.
        faults: the refused cells, at most `MOST_FAULTS`.
        changes: the first changes, old and new.
        samples: the first rows that are new: a text per mapped column.
        also: what else is added by the way (label -> count), such as buildings by a ledger.
        skipped: rows that were no data, with their kind.
    """

    added: int = 0
    changed: int = 0
    left: int = 0
    refused: int = 0
    faults: list[Fault] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    samples: list[list[str]] = field(default_factory=list)
    also: dict[str, tuple[Words, int]] = field(default_factory=dict)
    skipped: list[tuple[int, str]] = field(default_factory=list)
    changes_more: int = 0

    def refuse(self, faults: Sequence[Fault]) -> None:
        """Counts one refused row and keeps its faults."""
        self.refused += 1
        self.faults.extend(faults[: max(0, MOST_FAULTS - len(self.faults))])

    def refuse_more(self, more: Findings) -> None:
        """Counts the refused rows of another walk, and keeps their faults."""
        self.refused += more.refused
        self.faults.extend(more.faults[: max(0, MOST_FAULTS - len(self.faults))])

    def change(self, changes: Sequence[Change]) -> None:
        """Counts one changed row and keeps what changes, for the first ones."""
        self.changed += 1
        kept = changes[: max(0, SHOWN - len(self.changes))]
        self.changes.extend(kept)
        self.changes_more += len(changes) - len(kept)

    def add_also(self, label: Words, count: int) -> None:
        """Counts rows that are added by the way."""
        if count:
            self.also[label.en] = (label, self.also.get(label.en, (label, 0))[1] + count)


class Pass(ABC):
    """One walk over a sheet."""

    @abstractmethod
    def chunk(self, rows: Sequence[DataRow]) -> None:
        """Looks at some rows, adds what it finds to the findings, and writes them where this is the real run."""

    def rehearse(self, rows: Sequence[DataRow]) -> None:
        """Looks at rows that were written before, so that later ones are judged as if this walk had written them.

        Raises:
            RuntimeError: a target that is not written in batches.
        """
        raise RuntimeError(f"{type(self).__name__} is not written in batches.")


class Target(ABC):
    """What a sheet is read into: a table, or a ledger.

    Attributes:
        name: stable name; the staged file is bound to it.
        title: what people call it.
        link: where what was written is seen afterwards.
        in_batches: whether a large file may be written in portions, as a job: each row stands by itself.
    """

    name: str
    title: Words
    link: str = "/"
    in_batches: bool = False

    @abstractmethod
    def columns(self) -> Mapping[str, Column]:
        """Returns the columns a file may have, by key."""

    @abstractmethod
    def lacking(self, keys: Sequence[str]) -> list[Words]:
        """Returns a sentence for each column without which no row can be read."""

    @abstractmethod
    def begin(
        self,
        session: Session,
        sheet: Sheet,
        layout: Layout,
        findings: Findings,
        options: Sequence[str],
        *,
        write: bool,
    ) -> Pass:
        """Begins a walk.

        Raises:
            Denied: the actor may not import here at all.
        """

    def options(self) -> dict[str, Words]:
        """Returns what a person may choose beyond the columns: name -> words."""
        return {}

    def chunks(self, rows: Iterator[DataRow], layout: Layout) -> Iterator[list[DataRow]]:
        """Yields the rows in the order and in the portions in which they are looked at; the same ones each time."""
        while chunk := list(islice(rows, CHUNK)):
            yield chunk

    def tried_by_writing(self, layout: Layout) -> bool:
        """Returns whether a dry run has to write, and take it back: rows of the file refer to other rows of it."""
        return False


def run(
    session: Session, target: Target, sheet: Sheet, layout: Layout, options: Sequence[str] = (), *, write: bool = False
) -> Findings:
    """Walks over a sheet; all that is written belongs to the transaction of `session`, which the caller ends.

    Args:
        session: acting as whoever imports.
        target: what is filled.
        sheet: the rows.
        layout: where the headings stand, and which column is which.
        options: what was chosen beyond the columns.
        write: False looks only; nothing is written.

    Returns:
        What was found; with `write`, what was done.

    Raises:
        Refusal: the sheet cannot be read at all, or columns are missing; nothing was written.
    """
    lacking = target.lacking(list(layout.columns))
    if lacking:
        raise Refusal.of([Refusal(sentence, code="no_column") for sentence in lacking])
    if not write and target.tried_by_writing(layout):
        with trial(session) as own:
            return run(own, target, sheet, layout, options, write=True)
    actor, clock = actor_of(session), clock_of(session)
    act(session, replace(actor, channel="import"), clock)
    try:
        if write:
            one_at_a_time(session, target.name)
        findings = Findings()
        walk = target.begin(session, sheet, layout, findings, options, write=write)
        for chunk in target.chunks(data_rows(sheet, layout, findings.skipped), layout):
            walk.chunk(chunk)
        findings.faults.sort(key=lambda fault: (fault.row, fault.column if fault.column is not None else -1))
        return findings
    finally:
        act(session, actor, clock)


def run_in_batches(
    session: Session,
    target: Target,
    sheet: Sheet,
    layout: Layout,
    options: Sequence[str],
    findings: Findings,
    *,
    done: int,
    keep: Callable[[int], None],
) -> None:
    """Walks over a sheet and writes it, chunk by chunk, each in a transaction that `keep` commits.

    Rows that are done are walked once more without being written: what a file says twice is noticed across chunks, and
    the walk that notices it must have seen all of them.

    Args:
        session: acting as whoever imports.
        findings: what was found in the rows that are done; more is added.
        done: rows of data that were written and committed before.
        keep: called with the number of rows that are done now; commits, or raises to leave the walk.
    """
    actor, clock = actor_of(session), clock_of(session)
    act(session, replace(actor, channel="import"), clock)
    try:
        seen: list[tuple[int, str]] = []
        known, walk_findings = findings.skipped, Findings()
        walk = target.begin(session, sheet, layout, walk_findings, options, write=True)
        chunks = target.chunks(data_rows(sheet, layout, seen), layout)
        place = 0
        token = reading.set(True)  # no writer waits for what is only looked at
        try:
            while place < done and (chunk := next(chunks, None)):
                walk.rehearse(chunk)
                place += len(chunk)
            session.rollback()
        finally:
            reading.reset(token)
        _forget(walk_findings)
        for chunk in chunks:
            one_at_a_time(session, target.name)
            walk.chunk(chunk)
            _gather(findings, walk_findings)
            _forget(walk_findings)
            place += len(chunk)
            known[:] = seen
            keep(place)
    finally:
        act(session, actor, clock)


def _gather(findings: Findings, more: Findings) -> None:
    findings.added += more.added
    findings.changed += more.changed
    findings.left += more.left
    findings.refuse_more(more)
    for label, count in more.also.values():
        findings.add_also(label, count)


def _forget(findings: Findings) -> None:
    fresh = Findings()
    for name in ("added", "changed", "left", "refused", "faults", "changes", "samples", "also", "changes_more"):
        setattr(findings, name, getattr(fresh, name))


@contextmanager
def trial(session: Session) -> Iterator[Session]:
    """Gives a session of its own, acting as the given one, in which everything may be written: nothing of it stays.

    What is read of the given session so far is let go, so that it does not wait for itself.
    """
    actor, clock, bind = actor_of(session), clock_of(session), session.get_bind()
    session.rollback()
    token = reading.set(False)
    try:
        with Session(bind) as own:
            act(own, actor, clock)
            try:
                yield own
            finally:
                own.rollback()
    finally:
        reading.reset(token)


def one_at_a_time(session: Session, name: str) -> None:
    """Two imports into the same table wait for each other. On SQLite the only writer holds the lock already."""
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        key = sum(ord(sign) << (place % 24) for place, sign in enumerate(name.partition("/")[0]))
        connection.execute(select(func.pg_advisory_xact_lock(_LOCK, key % (1 << 31))))


def sheet_of(book: Book, name: str) -> Sheet:
    """Returns the sheet called `name`, or the first one with anything in it."""
    return next((sheet for sheet in book.sheets if sheet.name == name), None) or book.first()


def layout_of(
    sheet: Sheet, columns: Mapping[str, Column], header_row: int = 0, mapping: Mapping[int, str] | None = None
) -> Layout:
    """Finds the headings of a sheet and which column they mean, or takes what a person said.

    Args:
        sheet: the sheet.
        columns: what may be meant.
        header_row: the row of the headings, from 1; found out where 0.
        mapping: column of the sheet -> key; the guesses where None.

    Returns:
        Where the table stands.

    Raises:
        Refusal: there are no headings.
    """
    known = {key: column.names for key, column in columns.items()}
    if header_row:
        layout = _layout_at(sheet, known, header_row)
    else:
        layout = find_headings(sheet, known, [key for key, column in columns.items() if column.required])
    if mapping is None:
        return layout
    headings = tuple(replace(h, key=mapping.get(h.column), exact=True) for h in layout.headings)
    chosen: dict[str, int] = {}
    for heading in headings:
        if heading.key in columns:
            chosen.setdefault(heading.key or "", heading.column)
    return replace(layout, headings=headings, columns=chosen, duplicates={})


def _layout_at(sheet: Sheet, known: Mapping[str, Sequence[str]], header_row: int) -> Layout:
    """Reads the headings at the row a person named, known ones or not."""

    def above() -> Iterator[list[Cell]]:
        for number, row in enumerate(islice(sheet.rows(), header_row), 1):
            yield row if number >= header_row - 1 else []

    try:
        layout = find_headings(replace(sheet, read=above), known)
        if layout.row == header_row:
            return layout
    except Refusal:
        pass
    row = next(islice(sheet.rows(), header_row - 1, None), [])
    texts = [(column, " ".join(str(cell).split())) for column, cell in enumerate(row) if cell not in (None, "")]
    if not texts:
        raise Refusal(
            _("Row {row} is empty: there are no headings in it.", "第 {row} 行为空，没有表头。").fill(row=header_row),
            code="no_headings",
        )
    names = {bare(name): key for key, each in known.items() for name in (*each, key)}
    headings = tuple(Heading(column, text, names.get(bare(text))) for column, text in texts)
    columns: dict[str, int] = {}
    for heading in headings:
        if heading.key is not None:
            columns.setdefault(heading.key, heading.column)
    return Layout(header_row, headings, (), {}, columns)


class Cells:
    """Reads cells of a sheet for a walk, and says at which cell something is wrong."""

    def __init__(
        self, sheet: Sheet, layout: Layout, columns: Mapping[str, Column], given: Mapping[str, Cell] | None = None
    ) -> None:
        self._sheet = sheet
        self._layout = layout
        self._columns = columns
        self._given = given or {}
        self._faulty = bool(sheet.faults)

    def raw(self, row: DataRow, key: str) -> Cell:
        """Returns what stands in the cell, without the apostrophe that keeps a text from being run.

        Raises:
            Refusal: a formula without result, or one that failed.
        """
        if self._faulty and key in self._layout.columns:
            fault = self._sheet.fault(row.number - 1, self._layout.columns[key])
            if fault is not None:
                raise fault
        if key in self._given:
            return self._given[key]
        value = row.values.get(key)
        return restored(value) if isinstance(value, str) else value

    def fault(self, row: DataRow, key: str, refusal: Refusal) -> Fault:
        """Returns the refusal of a cell; personal data is not repeated."""
        column = self._columns.get(key)
        value = row.values.get(key)
        known = column.known if column else None
        hidden = known is not None and known.kind == "masked"
        text = "" if value is None else "****" if hidden else " ".join(str(value).split())[:60]
        place = self._layout.columns.get(key)
        heading = next((h.text for h in self._layout.headings if h.column == place), None)
        return Fault(row.number, place, heading or (column.label if column else ""), text, refusal.sentence)

    def text(self, row: DataRow, key: str) -> str:
        """Returns a cell as a preview shows it."""
        value = row.values.get(key)
        known = self._columns[key].known
        if value is None or (known is not None and known.kind == "masked"):
            return "" if value is None else "****"
        if isinstance(value, float) and value == int(value):
            value = int(value)
        return " ".join(str(value).split())[:60]


def denied_here() -> Denied:
    """Returns the refusal of a row whose owner is out of the actor's import or write scope."""
    return Denied(
        _(
            "You have no right to import here. Choose a place in your own part of the tree.",
            "您无权向该位置导入数据，请选择您权限范围内的单位或项目。",
        )
    )
