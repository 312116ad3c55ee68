"""A report as files: a workbook with figures as numbers, a native chart and a sheet that says what they mean; CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import xlsxwriter

from models.kernel.words import Words, _
from reports.kernel.counting import Outcome
from reports.kernel.question import COMPARED, LEVEL_WORDS, PERIODS, TIME_WORDS
from reports.kernel.report import Measure, Ratio, Running

Say = Callable[[Any], str]
"""Turns words into text of the reader's language."""

TOTAL = _("Total", "合计")


def by_words(outcome: Outcome) -> Words:
    """Returns what the lines of an outcome are called."""
    by = outcome.question.by
    found = LEVEL_WORDS.get(by) or TIME_WORDS.get(by)
    if found is not None:
        return found
    dimension = outcome.report.dimension(by)
    return dimension.label if dimension is not None else _("Line", "项目")


def period_words(outcome: Outcome) -> Words:
    """Returns the period of an outcome in words."""
    question = outcome.question
    if outcome.report.when is None:
        return _("As things stand now", "当前时点")
    if question.start is None and question.end is None:
        return PERIODS["all"]
    return _("{start} to {end}", "{start} 至 {end}").fill(start=question.start or "…", end=question.end or "…")


def plain(value: Any) -> Any:
    """Returns a figure as a spreadsheet holds it; empty where there is nothing to divide by."""
    return float(value) if isinstance(value, Decimal) else value


def grid(outcome: Outcome, say: Say) -> tuple[list[str], list[list[Any]]]:
    """Returns the heading and the lines of an outcome, the total last, figures as numbers."""
    figures = outcome.report.figures
    heads = [say(by_words(outcome))]
    compared = bool(outcome.before)
    for figure in figures:
        unit = f" ({say(figure.unit)})" if figure.unit is not None else ""
        heads.append(say(figure.label) + unit)
        if compared:
            heads.append(say(figure.label) + " · " + say(_("before", "对比期")))
    lines = []
    for label, values, before in [
        *((line.label, line.values, line.before) for line in outcome.lines),
        (TOTAL, outcome.totals, outcome.before),
    ]:
        line = [say(label)]
        for figure in figures:
            line.append(plain(values.get(figure.name)))
            if compared:
                line.append(plain(before.get(figure.name)))
        lines.append(line)
    return heads, lines


def as_csv(outcome: Outcome, say: Say) -> bytes:
    """Returns an outcome as CSV in UTF-8 with BOM; a text that a spreadsheet would calculate is made text."""
    out = io.StringIO()
    writer = csv.writer(out)
    heads, lines = grid(outcome, say)
    writer.writerow(heads)
    for line in lines:
        writer.writerow([_harmless(value) for value in line])
    return out.getvalue().encode("utf-8-sig")


def _harmless(value: Any) -> Any:
    return "'" + value if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


def as_xlsx(outcome: Outcome, say: Say, *, reader: str, scope: str, made: datetime) -> bytes:
    """Returns an outcome as a workbook.

    Args:
        reader: who takes it away; `scope` says of which part of the tree; `made` is the local time of now.
    """
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    report = outcome.report
    sheet = book.add_worksheet(say(_("Figures", "数据"))[:31])
    head = book.add_format({"bold": True, "bg_color": "#f1f5f4", "bottom": 1, "text_wrap": True, "valign": "vcenter"})
    last = {"bold": True, "top": 1}
    heads, lines = grid(outcome, say)
    for column, text in enumerate(heads):
        sheet.write_string(0, column, text, head)
    compared = bool(outcome.before)
    formats: list[str | None] = [None]
    for figure in report.figures:
        formats += [_number(figure)] * (2 if compared else 1)
    for number, line in enumerate(lines, 1):
        total = number == len(lines)
        for column, value in enumerate(line):
            style = book.add_format(
                {**({"num_format": formats[column]} if formats[column] else {}), **(last if total else {})}
            )
            if value is None:
                sheet.write_string(number, column, "—", style)
            elif isinstance(value, str):
                sheet.write_string(number, column, value, style)
            else:
                sheet.write_number(number, column, value, style)
    sheet.freeze_panes(1, 1)
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, max(len(heads) - 1, 1), 14)
    if outcome.lines:
        _chart(book, outcome, heads, say)
    _definition(book, outcome, say, reader, scope, made)
    book.set_properties({"title": say(report.title), "comments": say(report.definition)})
    book.close()
    return out.getvalue()


def _number(figure: Measure | Ratio | Running) -> str:
    return "#,##0" + ("." + "0" * figure.places if figure.places else "")


def _chart(book: Any, outcome: Outcome, heads: list[str], say: Say) -> None:
    report = outcome.report
    kind = {"line": {"type": "line"}, "stack": {"type": "column", "subtype": "stacked"}}.get(
        report.chart.kind, {"type": "column"}
    )
    chart = book.add_chart(kind)
    data = say(_("Figures", "数据"))[:31]
    step = 2 if outcome.before else 1
    names = [figure.name for figure in report.figures]
    last = len(outcome.lines)
    for name in report.chart.figures:
        column = 1 + names.index(name) * step
        chart.add_series(
            {"name": [data, 0, column], "categories": [data, 1, 0, last, 0], "values": [data, 1, column, last, column]}
        )
    chart.set_title({"name": say(report.title)})
    chart.set_legend({"position": "bottom"})
    chart.set_size({"width": 960, "height": 420})
    sheet = book.add_worksheet(say(_("Chart", "图表"))[:31])
    sheet.insert_chart("A1", chart)


def _definition(book: Any, outcome: Outcome, say: Say, reader: str, scope: str, made: datetime) -> None:
    sheet = book.add_worksheet(say(_("Definition", "口径说明"))[:31])
    wrap = book.add_format({"text_wrap": True, "valign": "top"})
    bold = book.add_format({"bold": True, "valign": "top"})
    lines = [
        (_("Report", "报表"), say(outcome.report.title)),
        (_("What it counts", "统计口径"), say(outcome.report.definition)),
        (_("Part of the tree", "统计范围"), scope),
        (_("Lines by", "统计维度"), say(by_words(outcome))),
        (_("Period", "统计期间"), say(period_words(outcome))),
        (_("Compared", "对比方式"), say(COMPARED[outcome.question.compare]) if outcome.before else "—"),
        (_("Taken by", "导出人"), reader),
        (_("Taken at", "导出时间"), made.strftime("%Y-%m-%d %H:%M")),
    ]
    lines += [(_("Note", "说明"), say(note)) for note in outcome.question.notes]
    lines += [(figure.label, _formula(outcome, figure, say)) for figure in outcome.report.figures]
    for number, (label, text) in enumerate(lines):
        sheet.write_string(number, 0, say(label), bold)
        sheet.write_string(number, 1, text, wrap)
    sheet.set_column(0, 0, 22)
    sheet.set_column(1, 1, 80)


def _formula(outcome: Outcome, figure: Measure | Ratio | Running, say: Say) -> str:
    if isinstance(figure, Measure):
        how = {
            "count": _("number of rows", "记录数"),
            "sum": _("sum", "合计"),
            "distinct": _("different ones", "去重计数"),
        }
        return say(how[figure.kind]) + (
            say(_(", whatever the period is", "（不受统计期间限制）")) if figure.always else ""
        )
    if isinstance(figure, Running):
        of = outcome.report.figure(figure.of)
        return say(
            _("{of} by the end of the line's day or month", "截至当日（当月）累计的{of}").fill(
                of=of.label if of else ""
            )
        )
    part, whole = outcome.report.figure(figure.part), outcome.report.figure(figure.whole)
    times = " × 100" if figure.times == 100 else ""
    return f"{say(part.label) if part else ''} ÷ {say(whole.label) if whole else ''}{times}"
