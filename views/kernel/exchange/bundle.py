"""A workbook of several sheets that belong together: each sheet fills a table, all of them or none.

The order of the sheets does not matter: a table is filled after those its rows refer to. The dry run writes as the real
one does, in a session of its own that is taken back, so that a home finds the unit two sheets further on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from sqlalchemy.orm import Session

from models.kernel.refusal import Refusal
from models.kernel.registry import infos
from models.kernel.session import act, actor_of, clock_of
from models.kernel.table import Table
from models.kernel.words import Words, _
from views.kernel.exchange.headings import DataRow, Layout, data_rows, find_headings
from views.kernel.exchange.into_table import TableTarget, require_import
from views.kernel.exchange.matching import Column, columns_of
from views.kernel.exchange.names import bare
from views.kernel.exchange.plan import Fault, Findings, layout_of, one_at_a_time
from views.kernel.exchange.sheet import Book, Cell, Sheet, is_blank
from views.kernel.exchange.table_pass import TablePass

MOST = 30_000
"""Rows of one workbook: they are one transaction."""


@dataclass
class Leaf:
    """One sheet and the table it fills.

    Attributes:
        sheet: as it was handed over.
        table: name of the table; '' where the sheet is left out.
        header_row: as a person said; found out where 0.
        mapping: as a person said; guessed where None.
        layout: where its headings stand; None where none were found.
        wrong: why it cannot be read as it is.
        found: what the walk found.
    """

    sheet: Sheet
    table: str = ""
    header_row: int = 0
    mapping: dict[int, str] | None = None
    layout: Layout | None = None
    wrong: list[Words] = field(default_factory=list)
    found: Findings = field(default_factory=Findings)


@dataclass(frozen=True)
class Made:
    """Rows that other rows of the workbook bring along: owners that stand beside their home.

    Attributes:
        leaf: the sheet they stand in.
        layout: their columns there.
        rows: each with a token of its own, and the number of the row they were made of.
    """

    leaf: Leaf
    layout: Layout
    rows: Iterable[DataRow]


class Bundle:
    """The tables that one workbook may fill, and what is known of all their rows.

    Args:
        name: stable name; the staged file is bound to it.
        title: what people call it.
        tables: in any order.
        project: the project all rows belong to.
        given: table -> column -> value, where the sheet does not say it.
        after: table -> another one that is filled before it although it does not refer to it.
    """

    def __init__(
        self,
        name: str,
        title: Words,
        tables: Sequence[type[Table]],
        project: int | None = None,
        given: Mapping[str, Mapping[str, Cell]] | None = None,
        after: Mapping[str, str] | None = None,
    ) -> None:
        self.name, self.title, self.project = name, title, project
        self.tables = {cls.__tablename__: cls for cls in in_order(tables, after or {})}
        self._given = given or {}

    def columns(self, name: str) -> Mapping[str, Column]:
        """Returns the columns a sheet for a table may have."""
        return columns_of(self.tables[name])

    def given(self, name: str, mapped: Sequence[str]) -> dict[str, Cell]:
        """Returns what holds for every row of a table, as far as no column of the sheet says it."""
        columns = columns_of(self.tables[name])
        said = {columns[key].field for key in mapped if key in columns}
        return {key: value for key, value in self._given.get(name, {}).items() if columns[key].field not in said}

    def lacking(self, name: str, mapped: Sequence[str]) -> list[Words]:
        """Returns a sentence for each column without which no row of a table can be read."""
        own = columns_of(self.tables[name])
        keys = [key for key in mapped if key in own]
        return TableTarget(self.tables[name]).lacking([*keys, *self.given(name, keys)])

    def rows(
        self, session: Session, leaf: Leaf, rows: Iterator[DataRow], entered: Mapping[str, Mapping[Any, int]]
    ) -> Iterator[DataRow]:
        """Returns the rows of a sheet as its table takes them; `entered` as `more` has it."""
        return rows

    def beyond(self, name: str) -> tuple[str, ...]:
        """Returns the columns that rows of a table may have although no column of the sheet gives them."""
        return ()

    def more(self, session: Session, cls: type[Table], entered: Mapping[str, Mapping[Any, int]]) -> Iterator[Made]:
        """Yields the rows of a table that other sheets bring along, after the table's own sheets.

        Args:
            entered: table -> token of a row -> key, of the tables that are done.
        """
        return iter(())


def in_order(tables: Sequence[type[Table]], after: Mapping[str, str]) -> list[type[Table]]:
    """Returns tables so that each comes after those it refers to, and `after` the one it is said to follow."""
    left, found = list(tables), list[type[Table]]()
    while left:
        names = {cls.__tablename__ for cls in left}

        def waits(cls: type[Table], names: set[str] = names) -> bool:
            wanted = {known.target for known in infos(cls).values()} | {after.get(cls.__tablename__)}
            return bool(wanted & (names - {cls.__tablename__}))

        ready = [cls for cls in left if not waits(cls)] or left[:1]
        found += ready
        left = [cls for cls in left if cls not in ready]
    return found


def leaves_of(book: Book, bundle: Bundle, chosen: Mapping[str, Mapping[str, Any]]) -> list[Leaf]:
    """Returns the sheets of a workbook with the tables they fill.

    Args:
        chosen: sheet -> what a person said of it: `table`, `header_row`, `mapping`.
    """
    found = []
    for sheet in book.sheets:
        if sheet.hidden or not sheet.holds_anything():
            continue
        said = chosen.get(sheet.name, {})
        leaf = Leaf(sheet, said.get("table", ""), int(said.get("header_row", 0)), said.get("mapping"))
        if "table" not in said:
            leaf.table = guessed(sheet, bundle)
        if leaf.table in bundle.tables:
            _lay_out(leaf, bundle)
        found.append(leaf)
    return found


def _lay_out(leaf: Leaf, bundle: Bundle) -> None:
    columns = bundle.columns(leaf.table)
    try:
        try:
            leaf.layout = layout_of(leaf.sheet, columns, leaf.header_row, leaf.mapping)
        except Refusal:
            if leaf.header_row:
                raise
            first = next((at for at, row in enumerate(leaf.sheet.rows(), 1) if not all(map(is_blank, row))), 1)
            leaf.layout = layout_of(leaf.sheet, columns, first, leaf.mapping)  # nothing is known: a person says it
    except Refusal as refusal:
        leaf.wrong = [refusal.sentence]
        return
    leaf.wrong = bundle.lacking(leaf.table, list(leaf.layout.columns))


def guessed(sheet: Sheet, bundle: Bundle) -> str:
    """Returns the table that a sheet is for: as its tab is called, else the one most of whose columns it has; or ''."""
    tab = bare(sheet.name)
    name: str
    for exactly in (True, False):
        for name, cls in bundle.tables.items():
            label, plural = cls.screen.label, cls.screen.name
            said = {bare(each) for each in (label.zh, label.en, plural.zh, plural.en, name)}
            if tab in said or (not exactly and any(each in tab for each in said if len(each) > 1)):
                return name
    best: str = ""
    most = 1
    for name in bundle.tables:
        known = {key: column.names for key, column in bundle.columns(name).items()}
        try:
            layout = find_headings(sheet, known)
        except Refusal:
            continue
        if not bundle.lacking(name, list(layout.columns)) and len(layout.columns) > most:
            best, most = name, len(layout.columns)
    return best


def run(session: Session, bundle: Bundle, leaves: Sequence[Leaf]) -> None:
    """Walks over all sheets and writes what is right; what was found stands at each leaf. The caller commits or does not.

    Args:
        session: acting as whoever imports, in a transaction that is theirs alone.

    Raises:
        Refusal: a sheet cannot be read, or there are too many rows; nothing is to be kept then.
        Denied: the actor may not import into one of the tables.
    """
    used = [leaf for leaf in leaves if leaf.table in bundle.tables]
    lacking = [
        Refusal(_("Sheet “{sheet}”: {why}", "工作表“{sheet}”：{why}").fill(sheet=leaf.sheet.name, why=words))
        for leaf in used
        for words in leaf.wrong
    ]
    if lacking:
        raise Refusal.of(lacking)
    if not used:
        raise Refusal(
            _("No sheet is taken. Choose what each sheet holds.", "没有要导入的工作表，请选择各工作表对应的数据。"),
            code="no_sheet",
        )
    actor, clock = actor_of(session), clock_of(session)
    act(session, replace(actor, channel="import"), clock)
    entered: dict[str, dict[Any, int]] = {}
    count = 0
    try:
        for name, cls in bundle.tables.items():
            for leaf in used:
                if leaf.table == name and leaf.layout is not None:
                    plain = data_rows(leaf.sheet, leaf.layout, leaf.found.skipped)
                    rows = bundle.rows(session, leaf, plain, entered)
                    count += _walk(session, bundle, Made(leaf, leaf.layout, rows), cls, leaf.found, entered)
                    _check_size(count)
            for made in bundle.more(session, cls, entered):
                found = Findings()
                count += _walk(session, bundle, made, cls, found, entered)
                _check_size(count)
                _beside(made.leaf.found, cls, found)
        for leaf in used:
            leaf.found.faults.sort(key=lambda fault: (fault.row, fault.column if fault.column is not None else -1))
    finally:
        act(session, actor, clock)


def _walk(
    session: Session,
    bundle: Bundle,
    made: Made,
    cls: type[Table],
    found: Findings,
    entered: dict[str, dict[Any, int]],
) -> int:
    """Walks over the rows of one table; returns how many there were."""
    require_import(session, cls)
    name = cls.__tablename__
    one_at_a_time(session, name)
    given = bundle.given(name, list(made.layout.columns))
    walk = TablePass(
        session,
        cls,
        made.leaf.sheet,
        made.layout,
        found,
        writes=True,
        given=given,
        beyond=bundle.beyond(name),
        project=bundle.project,
    )
    count = 0
    rows = islice(made.rows, MOST + 1)
    for chunk in TableTarget(cls).chunks(rows, made.layout):
        walk.chunk(chunk)
        count += len(chunk)
    entered.setdefault(name, {}).update(walk.entered)
    return count


def _check_size(count: int) -> None:
    if count > MOST:
        raise Refusal(
            _(
                "The workbook has more than {n} rows, which are one piece of work. Import its tables one by one.",
                "工作簿超过 {n} 行，无法一次性导入，请按表分别导入。",
            ).fill(n=f"{MOST:,}"),
            code="too_many_rows",
        )


def _beside(found: Findings, cls: type[Table], more: Findings) -> None:
    """Adds what came of rows that a sheet brought along to what is told of the sheet."""
    found.add_also(cls.screen.name, more.added)
    found.changes.extend(more.changes)
    found.changes_more += more.changes_more
    found.changed += more.changed
    seen: set[tuple[int, int | None, str]] = set()
    told: list[Fault] = []
    for fault in more.faults:
        key = (fault.row, fault.column, str(fault.sentence))
        if key not in seen:
            seen.add(key)
            told.append(fault)
    found.refused += more.refused
    found.faults.extend(told)
