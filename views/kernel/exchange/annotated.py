"""Workbooks that go back to whoever handed one over: the same values, remarks at the wrong cells; or an empty template."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import xlsxwriter

from models.kernel import entry
from models.kernel.registry import infos
from models.kernel.table import Table
from models.kernel.words import Words, _
from views.kernel.exchange.headings import Layout, whole_rows
from views.kernel.exchange.matching import ABOVE, KEY, NAME, NUMBER, Column, columns_of
from views.kernel.exchange.sheet import Cell, Sheet

Remark = tuple[int, int | None, str, str]
_LIST = 255  # characters of a drop-down that Excel takes without a sheet behind it
_ROWS = 5_000
_EXAMPLES: dict[str, Words] = {
    "integer": _("12", "12"),
    "decimal": _("98.60", "98.60"),
    "money": _("1234567.00", "1234567.00"),
    "date": _("2024-06-03", "2024-06-03"),
    "moment": _("2024-06-03 10:30", "2024-06-03 10:30"),
    "flag": _("yes", "是"),
    "masked": _("11010519491231002X", "11010519491231002X"),
}
_KINDS: dict[str, Words] = {
    "text": _("text", "文本"),
    "prose": _("text of several lines", "多行文本"),
    "integer": _("whole number", "整数"),
    "decimal": _("number", "数字"),
    "money": _("amount in yuan", "金额（元）"),
    "date": _("date", "日期"),
    "moment": _("date and time", "日期时间"),
    "flag": _("yes or no", "是/否"),
    "choice": _("one of the list", "从列表中选择"),
    "masked": _("number, as text", "号码（文本格式）"),
}


def write_remarks(
    file: Path, sheet: Sheet, layout: Layout, remarks: Sequence[Remark], language: str, *, only_wrong: bool = False
) -> None:
    """Writes the sheet again, with a comment at each wrong cell and the cell in red.

    Args:
        file: where to.
        sheet: as it was handed over; values stay as they were read.
        layout: where its headings stand.
        remarks: row (from 1), column (from 0, or None for the whole row), sentence in English and in Chinese.
        language: of the comments.
        only_wrong: leaves the right rows out, to correct the others and hand them over alone.
    """
    book = xlsxwriter.Workbook(str(file), {"constant_memory": True, "default_date_format": "yyyy-mm-dd"})
    _remarked(book, _Formats(book), sheet, layout, remarks, language, only_wrong=only_wrong)
    book.close()


def write_remarked_book(
    file: Path, sheets: Sequence[tuple[Sheet, Layout, Sequence[Remark]]], language: str, *, only_wrong: bool = False
) -> None:
    """Writes several sheets again, as `write_remarks` does one."""
    book = xlsxwriter.Workbook(str(file), {"constant_memory": True, "default_date_format": "yyyy-mm-dd"})
    formats = _Formats(book)
    for sheet, layout, remarks in sheets:
        _remarked(book, formats, sheet, layout, remarks, language, only_wrong=only_wrong)
    book.close()


def _remarked(
    book: Any,
    formats: _Formats,
    sheet: Sheet,
    layout: Layout,
    remarks: Sequence[Remark],
    language: str,
    *,
    only_wrong: bool,
) -> None:
    by_row: dict[int, dict[int, list[str]]] = {}
    for row, column, english, chinese in remarks:
        place = column if column is not None else min((h.column for h in layout.headings), default=0)
        by_row.setdefault(row, {}).setdefault(place, []).append(chinese if language == "zh" else english)
    page = book.add_worksheet(_tab(sheet.name))
    page.set_column(0, max((h.column for h in layout.headings), default=0), 14)
    line = 0
    for number, cells in whole_rows(sheet, layout) if only_wrong else enumerate(sheet.rows(), 1):
        wrong = by_row.get(number, {})
        if only_wrong and not wrong and number != layout.row:
            continue
        at = line if only_wrong else number - 1
        for column in range(max(len(cells), max(wrong, default=-1) + 1)):
            value = cells[column] if column < len(cells) else None
            _write(page, at, column, value, formats, head=number == layout.row, wrong=column in wrong)
            if column in wrong:
                page.write_comment(at, column, "\n".join(wrong[column]), {"x_scale": 2})
        line += 1


def write_template(
    file: Path, cls: type[Table], language: str, options: Callable[[Column], Sequence[str]] = lambda _column: ()
) -> None:
    """Writes the template of a table: headings with notes, drop-downs, an example as a comment, explanations."""
    write_templates(file, [(cls, template_columns(cls))], language, options)


def write_templates(
    file: Path,
    tables: Sequence[tuple[type[Table], Sequence[Column]]],
    language: str,
    options: Callable[[Column], Sequence[str]],
) -> None:
    """Writes the template of several tables, a sheet each, and their explanations.

    Args:
        tables: each with the columns of its sheet.
        options: a column -> what may be chosen there beyond what its declaration says.
    """
    book = xlsxwriter.Workbook(str(file))
    formats = _Formats(book)
    pages = [book.add_worksheet(_tab(cls.screen.label.said(language))) for cls, _columns in tables]
    lists = book.add_worksheet("lists")
    lists.hide()
    used = 0
    for page, (cls, columns) in zip(pages, tables, strict=True):
        used = _template_sheet(book, page, lists, used, cls, columns, language, formats, options)
    notes = book.add_worksheet(_tab(_("Explanations", "填写说明").said(language)))
    heads = (_("Column", "列名"), _("Required", "是否必填"), _("What stands there", "内容"), _("Note", "说明"))
    notes.set_column(0, 3, 28)
    for place, head in enumerate(heads):
        notes.write_string(0, place, head.said(language), formats.head)
    row = 1
    for cls, columns in tables:
        if len(tables) > 1:
            notes.write_string(row, 0, cls.screen.label.said(language), formats.head)
            row += 1
        for column in columns:
            name, *rest = explained(cls, column, language)
            needed = _("yes", "是") if column.required else _("no", "否")
            cells = (name, needed.said(language), rest[0] if rest else "", " ".join(rest[1:]))
            for place, cell in enumerate(cells):
                notes.write_string(row, place, cell)
            row += 1
    book.close()


def _template_sheet(
    book: Any,
    page: Any,
    lists: Any,
    used: int,
    cls: type[Table],
    columns: Sequence[Column],
    language: str,
    formats: _Formats,
    offered: Callable[[Column], Sequence[str]],
) -> int:
    """Writes the sheet of one table; returns how many columns of the sheet of lists are used by now."""
    text = book.add_format({"num_format": "@"})
    page.freeze_panes(1, 0)
    example = []
    for place, column in enumerate(columns):
        label = column.label.said(language)
        page.write_string(0, place, label, formats.head_required if column.required else formats.head)
        page.write_comment(0, place, "\n".join(explained(cls, column, language)[1:]) or label, {"x_scale": 2})
        known = column.known
        plain = known is None or known.kind in ("text", "prose", "masked")
        page.set_column(place, place, max(12, len(label) * 2 + 2), text if plain else None)
        example.append(f"{label}: {_example(column, language)}")
        options = _options(column, language) or list(offered(column))
        if options:
            if len(",".join(options)) <= _LIST:
                source: Any = options
            else:
                for row, option in enumerate(options):
                    lists.write_string(row, used, option)
                letter = xlsxwriter.utility.xl_col_to_name(used, True)
                used += 1
                source = f"=lists!{letter}$1:{letter}${len(options)}"
            page.data_validation(
                1, place, _ROWS, place, {"validate": "list", "source": source, "error_type": "warning"}
            )
    page.write_comment(
        1, 0, "\n".join([_("Example", "填写示例").said(language), *example]), {"x_scale": 3, "y_scale": 5}
    )
    return used


def template_columns(cls: type[Table]) -> list[Column]:
    """Returns the columns of a template in their order: where a row belongs from the top down, then the form."""
    columns, owner = columns_of(cls), cls.owned.through or cls.owned.column or cls.owned.above
    found: list[Column] = []
    for name in entry.fields(cls):
        of_field = [c for c in columns.values() if c.field == name and c.role != KEY and c.names]
        above = [c for c in of_field if c.role == ABOVE and name == owner]
        found += [*reversed(above), *(c for c in of_field if c.role not in (ABOVE,))]
    return found


def explained(cls: type[Table], column: Column, language: str) -> list[str]:
    """Returns what a person should know of a column: its name, what stands there, and a hint where there is one."""
    known = column.known
    lines = [column.label.said(language)]
    if column.role == NAME:
        lines.append(
            _("name or code of the {label}, or its whole path", "{label}的名称或编码，也可填写完整路径")
            .fill(label=infos(cls)[column.field].label)
            .said(language)
        )
    elif column.role == ABOVE:
        lines.append(_("tells which one is meant", "用于确定所指的记录").said(language))
    elif column.role == NUMBER:
        lines.append(_("tells people of one name apart", "用于区分同名记录").said(language))
    elif known is not None:
        unit = f" ({known.unit.said(language)})" if known.unit is not None else ""
        lines.append(_KINDS.get(known.kind, _KINDS["text"]).said(language) + unit)
        options = _options(column, language)
        if options and known.kind == "choice":
            lines.append(("、" if language == "zh" else ", ").join(options))
        if known.hint is not None:
            lines.append(known.hint.said(language))
    if column.required:
        lines.append(_("Required.", "必填。").said(language))
    return lines


def _options(column: Column, language: str) -> list[str]:
    known = column.known
    if known is not None and known.options is not None:
        return [option.words.said(language) for option in known.options.options()]
    if known is not None and known.kind == "flag":
        return [_("Yes", "是").said(language), _("No", "否").said(language)]
    return []


def _example(column: Column, language: str) -> str:
    options = _options(column, language)
    if options:
        return options[0]
    kind = column.known.kind if column.known is not None else ""
    example: Mapping[str, Words] = _EXAMPLES
    return example[kind].said(language) if kind in example else column.label.said(language)


class _Formats:
    """The few looks a returned workbook has."""

    def __init__(self, book: Any) -> None:
        self.head = book.add_format({"bold": True, "bg_color": "#E8EEF2", "border": 1, "text_wrap": True})
        self.head_required = book.add_format({"bold": True, "bg_color": "#FCE8D5", "border": 1, "text_wrap": True})
        self.wrong = book.add_format({"bg_color": "#F8C9C4", "font_color": "#8A1C12"})
        self.day = book.add_format({"num_format": "yyyy-mm-dd"})
        self.moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self.wrong_day = book.add_format({"num_format": "yyyy-mm-dd", "bg_color": "#F8C9C4", "font_color": "#8A1C12"})


def _write(page: Any, row: int, column: int, value: Cell, formats: _Formats, *, head: bool, wrong: bool) -> None:
    look = formats.wrong if wrong else formats.head if head else None
    if value is None:
        if look is not None:
            page.write_blank(row, column, None, look)
    elif isinstance(value, bool):
        page.write_boolean(row, column, value, look)
    elif isinstance(value, datetime):
        page.write_datetime(row, column, value, formats.wrong_day if wrong else formats.moment)
    elif isinstance(value, date):
        page.write_datetime(row, column, value, formats.wrong_day if wrong else formats.day)
    elif isinstance(value, int | float):
        page.write_number(row, column, value, look)
    else:
        page.write_string(row, column, str(value)[:32_767], look)


def _tab(name: str) -> str:
    """Returns a name that a tab may have."""
    return "".join("_" if sign in "[]:*?/\\'" else sign for sign in name)[:31] or "Sheet1"
