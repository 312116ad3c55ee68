"""The board of a role: a few figures and a chart of each report that matters, in the reader's own part of the tree."""

from __future__ import annotations

from typing import Any

from flask import render_template, request
from flask_appbuilder import BaseView, expose

from models.kernel.refusal import Denied
from models.kernel.words import _
from views.kernel.access import signed_in
from views.kernel.reporting import chart_of, desk_of, open_to, shown
from views.kernel.request import actor
from views.kernel.request import session as database
from views.kernel.shell import FIRST, First, shell

LINES = 12
"""Lines of a chart on a board; the report itself has them all."""


def boards() -> list[Any]:
    """Returns the boards of the actor's roles that have something to show, the widest first."""
    roles, desk = set(actor().roles()), desk_of()
    found = [one for one in desk.boards.values() if actor().system or roles & set(one.roles)] if desk else []
    return [one for one in found if any(open_to(desk.reports[tile.report]) for tile in one.tiles)] if desk else []


class ReportBoards(BaseView):
    """`/board/`: the board of one's role; `?board=` another one of one's own."""

    route_base = "/board"
    default_view = "show"

    @expose("/")
    @signed_in
    def show(self) -> Any:
        """The tiles whose reports the actor may open; each figure and each heading opens its report."""
        mine = boards()
        if not mine:
            raise Denied()
        here = next((one for one in mine if one.name == request.args.get("board")), mine[0])
        desk, own = desk_of(), database()
        assert desk is not None
        tiles = []
        for tile in here.tiles:
            report = desk.reports[tile.report]
            if not open_to(report):
                continue
            question = desk.ask(own, report, tile.asked)
            outcome = desk.count(own, report, question)
            figures = [report.figure(name) for name in tile.figures]
            tiles.append(
                {
                    "title": report.title,
                    "definition": report.definition,
                    "icon": report.icon,
                    "note": desk.period_words(outcome),
                    "url": f"/report/{report.name}/?{question.address()}",
                    "chart": chart_of(report, outcome, LINES),
                    "figures": [
                        {
                            "label": figure.label,
                            "text": shown(figure, outcome.totals.get(figure.name)),
                            "unit": figure.unit,
                            "late": getattr(figure, "late", False) and bool(outcome.totals.get(figure.name)),
                        }
                        for figure in figures
                    ],
                }
            )
        page = {
            "title": here.title,
            "tiles": tiles,
            "boards": [{"label": one.title, "url": f"/board/?board={one.name}", "on": one is here} for one in mine],
        }
        return render_template("doorbook/report_board.html", shell=shell(here.title), page=page)


FIRST.append(First(_("Board", "经营看板"), icon="layout-dashboard", url="/board/", shown=lambda: bool(boards())))
