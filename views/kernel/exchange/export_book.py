"""An export as a workbook: typed cells on as many sheets as it takes, and a sheet that says what it is."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import time
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from html import escape
from pathlib import Path
from typing import Any, BinaryIO

import xlsxwriter
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.kernel.clock import local
from models.kernel.node import Node
from models.kernel.option_values import words_of
from models.kernel.registry import table, titles
from models.kernel.roles import EXPORT
from models.kernel.scope import granted_paths, reach
from models.kernel.session import actor_of, clock_of
from models.kernel.words import Words, _
from views.kernel.exchange.export import NO, YES, Column, Export, Values
from views.kernel.listing import Asked, Filter, Listing, known_column
from views.kernel.operators import operator
from views.kernel.record import column_label

SHEET_ROWS = 1_048_576
"""Rows of a sheet, its heading among them."""

CHUNK = 1 << 16
_LEFT_BEHIND = 24 * 3600  # seconds after which a file of a killed process is nobody's any more
_WIDEST = 60
_LIST = 255  # characters of a drop-down without a sheet behind it
_LONGEST = 32_767  # characters of a cell
_NAMES = 20


def write_workbook(export: Export, target: str | BinaryIO, scratch: Path, *, sheet_rows: int = SHEET_ROWS) -> None:
    """Writes an export as XLSX and closes it.

    Args:
        target: a path or an open binary file.
        scratch: an empty folder for parts of the workbook while it is made.
        sheet_rows: rows of a sheet, with its heading; a list that is longer goes on on further sheets.
    """
    try:
        book = xlsxwriter.Workbook(
            target,
            {
                "constant_memory": True,
                "tmpdir": str(scratch),
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
            },
        )
        book.use_zip64()
        try:
            _fill(export, book, sheet_rows)
        finally:
            book.close()
    finally:
        export.close()


def _fill(export: Export, book: Any, sheet_rows: int) -> None:
    label = (export.label or export.listing.cls.screen.name).said(export.language)
    formats = _Formats(book)
    batches = export.transposed()
    first = next(batches, None)
    widths = _widths(export.columns, first)
    pages = 1
    sheet = _sheet(book, _sheet_name(label, 1), export.columns, widths, formats)
    about = book.add_worksheet(_about_name(label, export.language))
    row = 1
    while first is not None:
        columns = [column.typed([first[i] for i in column.where]) for column in export.columns]
        total, at = len(first[0]), 0
        while at < total:
            if row >= sheet_rows:
                _offer(sheet, export.columns, row - 1)
                pages, row = pages + 1, 1
                sheet = _sheet(book, _sheet_name(label, pages), export.columns, widths, formats)
            upto = min(total, at + sheet_rows - row)
            _write(sheet, row, columns, at, upto)
            row, at = row + upto - at, upto
        first = next(batches, None)
    _offer(sheet, export.columns, max(row - 1, 1))
    _tell(about, export, formats)


def _offer(sheet: Any, columns: tuple[Column, ...], last: int) -> None:
    """Filters over all rows, and beside the cells of a choice the words there are: what comes back is one of them."""
    sheet.autofilter(0, 0, last, len(columns) - 1)
    for place, column in enumerate(columns):
        if column.choices and len(",".join(column.choices)) <= _LIST:
            source = {"validate": "list", "source": list(column.choices), "error_type": "warning"}
            sheet.data_validation(1, place, last, place, source)


def _write(sheet: Any, row: int, columns: list[Values], at: int, upto: int) -> None:
    """Writes the rows `at` to `upto` of a batch; each column has its format, so that no cell needs one."""
    number, text = sheet.write_number, sheet.write_string
    for index in range(at, upto):
        for place, values in enumerate(columns):
            value = values[index]
            if value is None or value == "":
                continue
            if value.__class__ is str:
                text(row, place, (value if value[0] != "<" else _inline(value))[:_LONGEST])
            else:
                number(row, place, value)
        row += 1


def _inline(text: str) -> str:
    """The writer takes a text from <r> to </r> for markup of its own and would write it as it is; it is given real markup."""
    if not (text.startswith("<r>") and text.endswith("</r>")):
        return text
    return f'<r><t xml:space="preserve">{escape(text, quote=False)}</t></r>'


# -- looks ------------------------------------------------------------------------------------------------------------


class _Formats:
    """The formats of a workbook, each made once."""

    def __init__(self, book: Any) -> None:
        look = {"bold": True, "bg_color": "#E9EEF5", "bottom": 1, "bottom_color": "#B8C4D6", "valign": "vcenter"}
        self.head = book.add_format({**look, "text_wrap": True})
        self.bold = book.add_format({"bold": True, "valign": "top"})
        self.wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        self._made: dict[str, Any] = {}
        self._book = book

    def of(self, column: Column) -> Any:
        """Returns the format of a column's cells."""
        form = {
            "number": "#,##0." + "0" * column.places if column.places else "0",
            "date": "yyyy-mm-dd",
            "moment": "yyyy-mm-dd hh:mm:ss",
        }.get(column.kind, "@")
        if form not in self._made:
            self._made[form] = self._book.add_format({"num_format": form})
        return self._made[form]


def _sheet(book: Any, name: str, columns: tuple[Column, ...], widths: list[float], formats: _Formats) -> Any:
    sheet = book.add_worksheet(name)
    sheet.freeze_panes(1, 0)
    for place, (column, width) in enumerate(zip(columns, widths, strict=True)):
        sheet.set_column(place, place, width, formats.of(column))
    for place, column in enumerate(columns):
        sheet.write_string(0, place, column.heading, formats.head)
    return sheet


def _widths(columns: tuple[Column, ...], batch: list[Values] | None) -> list[float]:
    """Returns widths from the headings and the first batch; a Chinese character takes two places."""
    found: list[float] = []
    for column in columns:
        widest = _wide(column.heading) + 4  # the filter's arrow
        if batch is not None and column.kind == "text":
            widest = max(widest, *(_wide(v) for v in column.text([batch[i] for i in column.where])[:200] if v), 0)
        fixed = {"date": 11, "moment": 20, "number": 12}.get(column.kind, 8)
        found.append(min(max(widest, fixed) + 1, _WIDEST))
    return found


def _wide(text: str) -> int:
    longest = max(text.splitlines() or [""], key=len)
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in longest[:_WIDEST])


def _sheet_name(label: str, number: int) -> str:
    tail = "" if number == 1 else f" {number}"
    return (re.sub(r"[\[\]:*?/\\']", "", label) or "Rows")[: 31 - len(tail)] + tail


def _about_name(label: str, language: str) -> str:
    name = _("About", "说明").said(language)
    return name if name.lower() != _sheet_name(label, 1).lower() else f"{name} 0"


# -- the second sheet -------------------------------------------------------------------------------------------------


def _tell(sheet: Any, export: Export, formats: _Formats) -> None:
    sheet.set_column(0, 0, 18, formats.bold)
    sheet.set_column(1, 1, 80, formats.wrapped)
    for row, (name, text) in enumerate(about(export)):
        sheet.write_string(row, 0, name)
        sheet.write_string(row, 1, _inline(text))


def about(export: Export) -> list[tuple[str, str]]:
    """Returns what the second sheet says: table, filters, order, place, time, rows and who."""
    if export.asked is not None:
        return _about_plain(export)
    language, listing = export.language, export.listing
    session, asked = export.session, listing.asked
    path, descending = listing.order
    down = _("descending", "降序") if descending else _("ascending", "升序")
    by = _("Entry", "录入顺序") if path == "id" else column_label(listing.cls, path)
    lines: list[tuple[Words, Any]] = [(_("Table", "数据表"), listing.cls.screen.name)]
    for one in asked.filters:
        lines.append((_("Filter", "筛选条件"), filter_text(export, one)))
    if asked.search:
        lines.append((_("Search", "搜索"), asked.search))
    if asked.ids is not None:
        chosen = _("{n} chosen rows", "所选 {n} 条记录").fill(n=len(asked.ids))
        lines.append((_("Selection", "选择"), chosen))
    if not asked.filters and not asked.search and asked.ids is None:
        lines.append((_("Filter", "筛选条件"), _("None", "无")))
    lines.append((_("Sorted by", "排序"), f"{by.said(language)} ({down.said(language)})"))
    lines.append((_("Scope", "数据范围"), scope_text(export)))
    lines.append((_("Time", "导出时间"), local(clock_of(session)()).strftime("%Y-%m-%d %H:%M:%S")))
    lines.append((_("Rows", "记录数"), f"{export.count:,}"))
    lines.append((_("Exported by", "导出人"), who(session, language)))
    lines += [(_("Left out", "未生效"), note) for note in export.notes]
    return [(name.said(language), text.said(language) if isinstance(text, Words) else text) for name, text in lines]


def _about_plain(export: Export) -> list[tuple[str, str]]:
    """What the second sheet says of a list that no table declares."""
    session, language = export.session, export.language
    lines: list[tuple[Words, str]] = [(_("Table", "数据表"), (export.label or _("List", "列表")).said(language))]
    lines += export.asked or [(_("Filter", "筛选条件"), _("None", "无").said(language))]
    lines.append((_("Time", "导出时间"), local(clock_of(session)()).strftime("%Y-%m-%d %H:%M:%S")))
    lines.append((_("Rows", "记录数"), f"{export.count:,}"))
    lines.append((_("Exported by", "导出人"), who(session, language)))
    return [(name.said(language), text) for name, text in lines]


def filter_text(export: Export, one: Filter) -> str:
    """Returns a filter as a sentence in the language of the export. Masked numbers are not told."""
    cls, language = export.listing.cls, export.language
    known = known_column(cls, one.path)
    how = operator(known.kind, one.operator)
    start = f"{column_label(cls, one.path).said(language)} {how.words.said(language)}"
    if not how.takes:
        return start
    comma = _(", ", "、").said(language)
    raw = one.raw
    if known.kind == "masked":
        raw = "****"
    elif known.options is not None:
        labels = {option.value: option.words.said(language) for option in known.options.options()}
        raw = comma.join(labels.get(part.strip(), part.strip()) for part in raw.split(","))
    elif known.kind == "option":
        told = [words_of(export.session, known.list or "", part.strip()) for part in raw.split(",")]
        raw = comma.join(each.said(language) if isinstance(each, Words) else each for each in told)
    elif known.kind == "flag":
        raw = (YES if raw.lower() in ("1", "y", "yes", "true", "是") else NO).said(language)
    elif known.kind == "ref":
        target = table(known.target or "")
        keys = tuple(int(part) for part in raw.split(",") if part.strip().isdigit())[:_NAMES]
        asked = Asked(columns=titles(target), ids=keys, size=_NAMES)
        lines = Listing(export.session, target, asked).page().lines
        raw = comma.join(" ".join(str(v[0]) for v in line.values.values() if v[0] is not None) for line in lines) or "?"
    return f"{start} {raw}"


def scope_text(export: Export) -> str:
    """Returns the names of the places whose rows are in the export."""
    session, cls = export.session, export.listing.cls
    actor = actor_of(session)
    if actor.system:
        return _("Everything", "全部").said(export.language)
    paths = {*granted_paths(actor, cls, EXPORT), *actor.within}
    ends = {int(path.strip("/").rpartition("/")[2]): path for path in paths if path.strip("/")}
    inside = {key: path for key, path in ends.items() if key in reach(session, actor, cls, EXPORT).nodes}
    tops = {
        key
        for key, path in inside.items()
        if not any(path != upper and path.startswith(upper) for upper in inside.values())
    }
    nodes = Node.metadata.tables["node"].c
    names = session.execute(select(nodes.name).where(nodes.id.in_(sorted(tops))).order_by(nodes.path)).scalars().all()
    comma = _(", ", "、").said(export.language)
    more = "" if len(names) <= _NAMES else " …"
    return comma.join(names[:_NAMES]) + more


def who(session: Session, language: str) -> str:
    """Returns the name of whoever exports."""
    actor = actor_of(session)
    return _("System", "系统").said(language) if actor.system else actor.name


# -- files that go away -----------------------------------------------------------------------------------------------


@contextmanager
def scratch_folder(home: Path) -> Iterator[Path]:
    """Gives a folder below the home folder's `tmp` that is gone afterwards; what killed processes left goes as well."""
    root = home / "tmp"
    root.mkdir(mode=0o700, exist_ok=True)
    for left in root.glob("export-*"):
        with suppress(OSError):
            if left.stat().st_mtime < time.time() - _LEFT_BEHIND:
                shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix="export-", dir=root))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def workbook_file(export: Export, home: Path) -> BinaryIO:
    """Makes the workbook of an export and returns it open for reading, at its start; it has no name any more.

    A file without a name is gone when it is closed, whatever becomes of the client or of this process.
    """
    try:
        with scratch_folder(home) as folder:
            path = folder / "book.xlsx"
            write_workbook(export, str(path), folder)
            return path.open("rb")
    finally:
        export.close()


def chunks(file: BinaryIO) -> Iterator[bytes]:
    """Yields an open file piece by piece, and closes it at the end and when it is left."""
    with file:
        while piece := file.read(CHUNK):
            yield piece


def size_of(file: BinaryIO) -> int:
    """Returns the size of an open file in bytes."""
    return os.fstat(file.fileno()).st_size
