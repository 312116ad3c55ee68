"""The reports there are, handed to the pages that show them."""

from __future__ import annotations

import importlib
import pkgutil

import reports
from models.kernel.words import Words
from reports.kernel import counting, question, workbook
from reports.kernel.board import BOARDS
from reports.kernel.report import REPORTS, Report
from views.kernel.report_widgets import report_widgets
from views.kernel.reporting import Desk, use


def load() -> dict[str, Report]:
    """Imports every report (a module of `reports/<area>`) and hands them to the pages. Returns them by name."""
    for found in pkgutil.walk_packages(reports.__path__, "reports."):
        if not found.name.startswith("reports.kernel"):
            importlib.import_module(found.name)
    monthly = importlib.import_module("reports.overview.monthly")
    use(
        Desk(
            reports=REPORTS,
            ask=question.ask,
            count=counting.count,
            rows=counting.rows,
            ways=_ways,
            periods=question.PERIODS,
            compared=question.COMPARED,
            as_csv=workbook.as_csv,
            as_xlsx=workbook.as_xlsx,
            by_words=workbook.by_words,
            period_words=workbook.period_words,
            boards=BOARDS,
            monthly=tuple(report.name for report in monthly.MONTHLY),
            month=monthly.asked_of,
        )
    )
    report_widgets()
    return REPORTS


def _ways(report: Report, asked: question.Question) -> list[tuple[str, Words]]:
    """What the lines of a report may stand for here, each with its words."""
    words = {**question.LEVEL_WORDS, **question.TIME_WORDS, **{one.name: one.label for one in report.dimensions}}
    return [(name, words[name]) for name in asked.ways]
