"""A whole list as a file: exactly as filtered and sorted, in scope, with the columns chosen, in constant memory.

Rows come from a cursor of the database in batches, and a batch is turned into cells column by column: what a column
needs (the words of its options, its zone, its places) is prepared once and then runs without a look-up.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from sqlalchemy import Result
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from models.kernel.actor import Actor
from models.kernel.audit import AuditLog
from models.kernel.audit import entry as audit_entry
from models.kernel.clock import CHINA, Clock, today
from models.kernel.columns import ColumnInfo
from models.kernel.option_values import words_of
from models.kernel.refusal import Denied
from models.kernel.registry import infos, resolve, table, titles
from models.kernel.roles import EXPORT
from models.kernel.scope import may
from models.kernel.session import act, clock_of, reading
from models.kernel.table import Table
from models.kernel.words import Words, _
from views.kernel.cells import told_where
from views.kernel.exchange.cells import neutralised
from views.kernel.listing import Asked, Listing, known_column
from views.kernel.record import column_label

BATCH = 1000
"""Rows that are in memory at a time."""

BOM = b"\xef\xbb\xbf"
YES, NO = _("Yes", "是"), _("No", "否")

Values = Sequence[Any]
Convert = Callable[[Values], Values]

_harmless = re.compile(r"[0-9A-Za-z\u4e00-\u9fff]").match  # what begins so is no formula; nearly all texts do
_EPOCH = date(1899, 12, 30).toordinal()
_MIDNIGHT = datetime(1899, 12, 30, tzinfo=CHINA)
_FIRST_SERIAL = 61  # 1 March 1900: spreadsheets count a 29 February 1900 that never was
_EXACT = 15  # digits of a number that a spreadsheet keeps


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the file.

    Attributes:
        path: the dotted column.
        heading: what stands above it.
        kind: text, number, date or moment; how a spreadsheet shows it.
        places: digits after the point of a number.
        text: gives the values of one batch as CSV holds them, from the values of the column's parts.
        typed: gives them as XLSX holds them: a number is a number or the serial of a day, a text is a text.
        where: the places of its parts in a row.
        plain: gives them as JSON holds them: nothing neutralised, moments with their zone; as `text` where None.
        choices: the words it may hold, where they are few and fixed; a workbook offers them.
    """

    path: str
    heading: str
    kind: str
    places: int
    text: Callable[[list[Values]], Values]
    typed: Callable[[list[Values]], Values]
    where: tuple[int, ...]
    plain: Callable[[list[Values]], Values] | None = None
    choices: tuple[str, ...] = ()


@dataclass(slots=True)
class Export:
    """The export of one list, opened by `opened`.

    Attributes:
        session: a session of its own, which lives as long as the rows are read; `close` ends it.
        listing: the list, for those rows the actor may export.
        columns: the columns of the file.
        language: the language of headings and options.
        notes: sentences about what of the request was left out.
        count: rows given out so far.
        watch: called with that after each batch; what it raises ends the export.
        label: what the list is called, where it is none of a declared table (`listing` is not looked into then).
        asked: what of it was asked for, in words, likewise.
    """

    session: Session
    listing: Listing
    columns: tuple[Column, ...]
    language: str
    result: Result[Any]
    notes: Sequence[Words] = ()
    count: int = field(default=0)
    watch: Callable[[int], None] | None = None
    label: Words | None = None
    asked: Sequence[tuple[Words, str]] | None = None

    def close(self) -> None:
        """Gives the cursor and its connection back. May be called more than once."""
        self.result.close()
        if self.session.in_transaction():
            _sort_in(self.session, *_ROOMY)
        self.session.close()

    def transposed(self) -> Iterator[list[Values]]:
        """Yields the batches as columns, in the order of the statement."""
        for rows in self.result.partitions():
            self.count += len(rows)
            if self.watch is not None:
                self.watch(self.count)
            yield list(zip(*rows, strict=True))


def opened(
    bind: Any,
    actor: Actor,
    clock: Clock,
    cls: type[Table],
    asked: Asked,
    form: str,
    language: str,
    *,
    technical: bool = False,
    codes: bool = False,
    notes: Sequence[Words] = (),
) -> Export:
    """Opens an export: checks the right, writes it into the audit, and starts to read.

    Args:
        bind: the engine.
        actor: who exports; only rows that they may both read and export are in it.
        asked: the list as it was asked for; its page and right do not matter.
        form: csv, xlsx or jsonl, for the audit.
        technical: name the columns as the schema does, for a round trip through other programs.
        codes: tell the rows that are referred to by their code, where their table has one, rather than by their name.
        notes: sentences about what of the request was left out; a workbook tells them.

    Returns:
        The export. Whoever takes it closes it.

    Raises:
        Denied: the actor may export no row of this table, or filters by what they may not match.
        Refusal: a column or filter that there is not.
    """
    if not may(actor, cls, EXPORT):
        raise Denied()
    session = act(Session(bind), actor, clock)
    token = reading.set(True)  # its transaction never keeps writers waiting, however slow the client
    try:
        wanted = asked.columns or cls.screen.listed
        listing = Listing(session, cls, replace(asked, right=EXPORT, columns=coded(cls, wanted) if codes else wanted))
        listing.check()
        _log(bind, actor, clock, listing, form)
        statement, places = listing.shown()
        columns = described(listing, places, language, wanted, technical=technical)
        _sort_in(session, *_FRUGAL)
        result = session.execute(statement, execution_options={"yield_per": BATCH})
        return Export(session, listing, columns, language, result, notes)
    except BaseException:
        if session.in_transaction():
            _sort_in(session, *_ROOMY)
        session.close()
        raise
    finally:
        reading.reset(token)


_FRUGAL = ("FILE", -8192)
_ROOMY = ("MEMORY", -65536)
"""Where SQLite sorts, and the KiB of pages it keeps: for an export, and as `models.kernel.session` opens a connection."""


def _sort_in(session: Session, store: str, cache: int) -> None:
    """Lets SQLite sort a long list on disk rather than in memory; other databases do so anyway."""
    if session.get_bind().dialect.name != "sqlite":
        return
    connection = session.connection()
    connection.exec_driver_sql(f"PRAGMA cache_size={cache}")
    with suppress(DBAPIError):  # a connection with a temporary table stays as it is
        connection.exec_driver_sql(f"PRAGMA temp_store={store}")


def _log(bind: Any, actor: Actor, clock: Clock, listing: Listing, form: str) -> None:
    """Writes the audit line before the first row leaves; the numbers people filter masked columns by are not in it."""
    asked = listing.asked
    filters = [
        [one.path, one.operator, "****" if known_column(listing.cls, one.path).kind == "masked" else one.raw]
        for one in asked.filters
    ]
    told: dict[str, Any] = {
        "format": form,
        "columns": ", ".join(listing.columns),
        "filters": "; ".join(" ".join(one) for one in filters),
        "search": asked.search,
        "order": asked.order or "",
        "ids": "" if asked.ids is None else ", ".join(map(str, asked.ids[:1000])),
        "within": ", ".join(actor.within),
    }
    changes = {name: (None, value) for name, value in told.items() if value}
    line = audit_entry(actor, clock(), listing.cls.__tablename__, 0, "export", changes)
    token = reading.set(False)
    try:
        with Session(bind) as session:
            session.connection().execute(AuditLog.metadata.tables["audit_log"].insert(), [line])
            session.commit()
    finally:
        reading.reset(token)


# -- columns ----------------------------------------------------------------------------------------------------------


def plain_column(name: str, heading: str, kind: str, place: int) -> Column:
    """Returns a column of a list that no table declares.

    Args:
        kind: text, number or moment.
        place: where its value stands in a row.
    """
    if kind == "moment":
        return Column(name, heading, kind, 0, _first(_told_moments), _first(_moments), (place,))
    convert = _as_they_are if kind == "number" else _safe
    return Column(name, heading, kind, 0, _first(convert), _first(convert), (place,))


def coded(cls: type[Table], paths: Sequence[str]) -> tuple[str, ...]:
    """Returns columns with the code of a referred row in the place of its name, where its table has a code."""

    def one(path: str) -> str:
        known = known_column(cls, path)
        target = table(known.target or "") if known.kind == "ref" else None
        return f"{path.removesuffix('_id')}.code" if target is not None and "code" in infos(target) else path

    found = tuple(map(one, paths))
    return found if len(set(found)) == len(found) else tuple(paths)


def described(
    listing: Listing,
    places: dict[str, tuple[int, ...]],
    language: str,
    named: Sequence[str] = (),
    *,
    technical: bool = False,
) -> tuple[Column, ...]:
    """Returns the columns of a file.

    Args:
        places: as `Listing.shown` gives them.
        named: the columns as they were asked for, where others are shown in their place.
        technical: name them as the schema does.
    """
    cls, named = listing.cls, named or listing.columns
    headings = list(named) if technical else _headings(cls, named, language)
    found = []
    for path, heading in zip(listing.columns, headings, strict=True):
        known, where = known_column(cls, path), places[path]
        if known.kind == "ref":
            bare = title_text(table(known.target or ""), language)
        elif known.kind == "option":
            bare = _option(listing, path, language, technical=technical)
        else:
            kind = _SHOWN.get(known.kind, "text")
            text, typed = _text(known, language), _typed(known, language)
            plain = _first(_plain(known, language, technical=technical))
            found.append(
                Column(
                    path,
                    heading,
                    kind,
                    known.places,
                    _first(text),
                    _first(typed),
                    where,
                    plain,
                    _choices(known, language),
                )
            )
            continue
        safe = _after(bare, _safe)
        found.append(Column(path, heading, "text", 0, safe, safe, where, bare))
    return tuple(found)


def _choices(known: ColumnInfo, language: str) -> tuple[str, ...]:
    if known.kind == "flag":
        return YES.said(language), NO.said(language)
    options = known.options.options() if known.kind == "choice" and known.options is not None else []
    return tuple(neutralised(option.words.said(language)) for option in options)


def _after(convert: Callable[[list[Values]], Values], more: Convert) -> Callable[[list[Values]], Values]:
    return lambda parts: more(convert(parts))


def _plain(known: ColumnInfo, language: str, *, technical: bool) -> Convert:
    """Returns what gives a column's values as JSON holds them; technically, an option by its value."""
    if known.kind == "flag" or (known.kind == "choice" and technical):
        return _as_they_are
    if known.kind in ("integer", "decimal", "money"):
        return _as_they_are
    if known.kind == "date":
        return lambda values: [None if v is None else v.isoformat() for v in values]
    if known.kind == "moment":
        return lambda values: [None if v is None else v.astimezone(CHINA).isoformat(timespec="seconds") for v in values]
    return _bare(known, language)


def _option(listing: Listing, path: str, language: str, *, technical: bool) -> Callable[[list[Values]], Values]:
    """An option is told in words, as its row's place and day have it; technically by its code."""
    name = known_column(listing.cls, path).list or ""
    memo: dict[Any, str | None] = {}

    def one(code: str | None, *where: Any) -> str | None:
        if not code:
            return None
        place, on = told_where(listing.session, listing.cls, path, (code, *where))
        key = (code, place, on)
        if key not in memo:
            words = words_of(listing.session, name, code, place, on)
            memo[key] = words.said(language) if isinstance(words, Words) else words
        return memo[key]

    def told(parts: list[Values]) -> Values:
        return [one(*each) for each in zip(*parts, strict=True)]

    return (lambda parts: parts[0]) if technical else told


_SHOWN = {"integer": "number", "decimal": "number", "money": "number", "date": "date", "moment": "moment"}


def _headings(cls: type[Table], paths: Sequence[str], language: str) -> list[str]:
    """Labels, with the unit behind; two of the same name are told apart by the table they come from."""
    said = [column_label(cls, path).said(language) for path in paths]
    found = []
    for path, label in zip(paths, said, strict=True):
        known = known_column(cls, path)
        head, dot, _last = path.rpartition(".")
        if said.count(label) > 1 and dot:
            label = f"{known_column(cls, head).label.said(language)} {label}"
        found.append(f"{label} ({known.unit.said(language)})" if known.unit is not None else label)
    return found


def _first(convert: Convert) -> Callable[[list[Values]], Values]:
    return lambda parts: convert(parts[0])


def title_text(target: type[Table], language: str) -> Callable[[list[Values]], Values]:
    """Returns what tells a row by its title: its columns joined, each in its own words; their last part is the key."""
    converts = []
    for path in titles(target):
        owner, column = resolve(target, path)
        converts.append(_bare(infos(owner)[column], language))
    if len(converts) == 1:
        only = converts[0]
        return lambda parts: only(parts[0])

    def joined(parts: list[Values]) -> Values:
        names = [convert(part) for convert, part in zip(converts, parts[:-1], strict=True)]
        return [" ".join(filter(None, each)) for each in zip(*names, strict=True)]

    return joined


def _text(known: ColumnInfo, language: str) -> Convert:
    """Returns what gives the cells of a column in a CSV; csv.writer itself writes numbers and days as they are."""
    if known.kind in ("integer", "date") or (known.kind in ("decimal", "money") and known.places <= 6):
        return _as_they_are
    if known.kind in ("decimal", "money"):
        return lambda values: [None if v is None else f"{v:f}" for v in values]
    if known.kind == "choice" and known.options is not None:
        labels = _Labels({option.value: neutralised(option.words.said(language)) for option in known.options.options()})
        return lambda values: [labels[v] for v in values]
    bare = _bare(known, language)
    return (lambda values: bare(values)) if known.kind in ("moment", "flag") else (lambda values: _safe(bare(values)))


def _typed(known: ColumnInfo, language: str) -> Convert:
    """Returns what gives the cells of a column in a workbook; what a spreadsheet cannot keep exactly is a text."""
    if known.kind == "integer":
        return _as_they_are
    if known.kind in ("decimal", "money"):
        limit = Decimal(10) ** (_EXACT - known.places)
        return lambda values: [None if v is None else (float(v) if -limit < v < limit else f"{v:f}") for v in values]
    if known.kind == "date":
        return _days
    if known.kind == "moment":
        return _moments
    return _text(known, language)


def _bare(known: ColumnInfo, language: str) -> Convert:
    """Returns what gives a column's values as text, not yet neutralised."""
    if known.kind in ("text", "prose"):
        return _as_they_are
    if known.kind == "choice" and known.options is not None:
        labels = {option.value: option.words.said(language) for option in known.options.options()}
        return lambda values: [labels.get(v, v) for v in values]
    if known.kind == "flag":
        words = {True: YES.said(language), False: NO.said(language), None: None}
        return lambda values: [words[v] for v in values]
    if known.kind == "moment":
        return _told_moments
    return lambda values: [None if v is None else str(v) for v in values]


def _told_moments(values: Values) -> Values:
    return [None if v is None else v.astimezone(CHINA).isoformat(" ", "seconds")[:19] for v in values]


def _as_they_are(values: Values) -> Values:
    return values


def _safe(values: Values) -> Values:
    """Looks at each different text once; most columns repeat theirs, and few have one that must be changed."""
    changed = {v: neutralised(v) for v in set(values) if v and not _harmless(v)}
    return [changed.get(v, v) for v in values] if changed else values


class _Labels(dict[Any, Any]):
    """The words of options by their value; a value that is no option any more is told as it is."""

    def __missing__(self, value: Any) -> Any:
        return value if value is None else neutralised(str(value))


def _days(values: Values) -> Values:
    """Days as the serial numbers of spreadsheets; those before they agree on one as text."""
    found: list[Any] = []
    for value in values:
        serial = None if value is None else value.toordinal() - _EPOCH
        found.append(serial if serial is None or serial >= _FIRST_SERIAL else value.isoformat())
    return found


def _moments(values: Values) -> Values:
    """Moments as serial numbers in the company's zone, to the second."""
    found: list[Any] = []
    for value in values:
        if value is None:
            found.append(None)
            continue
        since = value - _MIDNIGHT
        early = since.days < _FIRST_SERIAL
        found.append(str(value.astimezone(CHINA))[:19] if early else since.days + since.seconds / 86400)
    return found


# -- CSV --------------------------------------------------------------------------------------------------------------


def csv_chunks(export: Export) -> Iterator[bytes]:
    """Yields the export as CSV (UTF-8 with BOM, RFC 4180), a batch at a time. Closes it at the end, and when it is left."""
    try:
        yield BOM + _lines([[column.heading for column in export.columns]])
        plan = [(column.text, column.where) for column in export.columns]
        for values in export.transposed():
            yield _lines(zip(*[text([values[i] for i in where]) for text, where in plan], strict=True))
    finally:
        export.close()


def _lines(rows: Any) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue().encode()


# -- names ------------------------------------------------------------------------------------------------------------


def file_name(session: Session, cls: type[Table], suffix: str, language: str) -> str:
    """Returns the name of the file: what the list is called, and the day."""
    label = re.sub(r'[\\/:*?"<>|\x00-\x1f]', "", cls.screen.name.said(language))
    return f"{label}_{today(clock_of(session)).isoformat()}.{suffix}"


def disposition(session: Session, cls: type[Table], suffix: str, language: str) -> str:
    """Returns the header that names a download, in ASCII and in full (RFC 5987)."""
    plain = f"{cls.__tablename__}_{today(clock_of(session)).isoformat()}.{suffix}"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(file_name(session, cls, suffix, language), safe='')}"
