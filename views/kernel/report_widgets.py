"""A widget for each report that stands on a board: its figures in the reader's own part of the tree, opening the report."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from models.kernel.words import _
from views.kernel.reporting import desk_of, open_to, shown
from views.kernel.widgets import WIDGETS, Drawn, Widget, widget

PLACE = 80
"""After what waits and what is told."""


def report_widgets() -> None:
    """Declares them, once: of the first tile that shows a report. Nobody has one who did not choose it."""
    desk = desk_of()
    for board in desk.boards.values() if desk is not None else ():
        for tile in board.tiles:
            name = f"report_{tile.report}"
            if desk is not None and name not in WIDGETS:
                widget(_of(desk.reports[tile.report], tile, name))


def _of(report: Any, tile: Any, name: str) -> Widget:
    def draw(session: Session) -> Drawn:
        desk: Any = desk_of()
        question = desk.ask(session, report, tile.asked)
        outcome = desk.count(session, report, question)
        url = f"/report/{report.name}/?{question.address()}"
        cards = []
        for figure in (report.figure(each) for each in tile.figures):
            value = outcome.totals.get(figure.name)
            unit = figure.unit.said("en") if figure.unit is not None and value is not None else ""
            cards.append(
                {
                    "label": figure.label,
                    "count": shown(figure, value) + ("%" if unit == "%" else ""),
                    "url": url,
                    "icon": report.icon,
                    "late": getattr(figure, "late", False) and bool(value),
                    "detail": desk.period_words(outcome),
                }
            )
        return {"kind": "figures", "cards": cards}

    return Widget(
        name=name,
        label=report.title,
        about=_("Figures of the report, in your part of the tree; each opens it.", "该报表的主要指标，按您的权限范围统计，点击进入报表。"),
        icon=report.icon,
        draw=draw,
        table=report.entity.__tablename__,
        usual=False,
        place=PLACE,
        allowed=lambda: open_to(report),
    )  # fmt: skip
