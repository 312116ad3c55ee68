"""The monthly report as its readers open it: what was published, what it is today, and what was corrected since (R25)."""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from typing import Any

from flask import render_template, request
from flask_appbuilder import BaseView, expose
from sqlalchemy import select

from models.kernel.refusal import Missing
from models.kernel.registry import table
from models.kernel.roles import READ, WRITE
from models.kernel.scope import may
from models.kernel.words import _
from models.system.monthly_report import MonthlyReport, MonthState, PublishedFigure
from views.kernel import formats
from views.kernel.access import needs
from views.kernel.pages import RECORD_ACTIONS
from views.kernel.reporting import INDEX_ACTIONS, desk_of, open_to, shown
from views.kernel.request import actor
from views.kernel.request import session as database
from views.kernel.shell import shell, tree_nodes

TITLE = _("Monthly report", "月报")

RECORD_ACTIONS.setdefault("monthly_report", []).append(
    {"label": _("Figures", "查看数据"), "url": "/monthly/?report={pk}", "icon": "chart-bar", "of": "monthly_report", "right": READ}
)  # fmt: skip
INDEX_ACTIONS.append(
    {"label": TITLE, "url": "/monthly/", "icon": "calendar-stats", "of": "monthly_report", "right": READ}
)

MOST = 60
"""Months to choose from; the list has all."""


class MonthlyView(BaseView):  # type: ignore[misc]
    """`/monthly/`: the newest month that one may read; `?report=` another, `?node=` a place of it."""

    route_base = "/monthly"
    default_view = "show"
    table = table("monthly_report")

    @expose("/", methods=["GET"])
    @needs(READ)
    def show(self) -> Any:
        """Each figure as it was published, as it is today, and the difference."""
        own = database()
        reports = own.scalars(
            select(MonthlyReport).order_by(MonthlyReport.month.desc(), MonthlyReport.edition.desc()).limit(MOST)
        ).all()
        row = self._chosen(own, reports)
        crumbs = [
            {"label": _("Reports", "统计报表"), "url": "/report/"},
            {"label": TITLE, "url": "/monthly_report/list/"},
        ]
        page: dict[str, Any] = {
            "title": TITLE,
            "crumbs": crumbs,
            "row": row,
            "add": may(actor(), MonthlyReport, WRITE),
            "actions": [{"label": _("All months", "全部月报"), "url": "/monthly_report/list/", "icon": "list"}],
        }
        if row is not None:
            places = self._places(own, row)
            wanted = request.args.get("node", "")
            node = next((one for one in places if str(one.id) == wanted), places[0] if places else None)
            page |= {
                "title": _("Monthly report {month}", "{month} 月报").fill(month=row.month),
                "state": MonthState.member(row.state),
                "published_at": formats.moment(row.published_at) if row.published_at else "",
                "due": formats.day(row.due_on) if row.due_on else "",
                "late": row.state == MonthState.DRAFT,
                "months": [{"id": one.id, "label": _month(one), "on": one is row} for one in reports],
                "places": [
                    {"id": one.id, "label": "　" * _depth(one, places) + one.name, "on": one is node} for one in places
                ],
                "node": node,
                "tables": self._tables(own, row, node) if node is not None else [],
                "unmoved": node is None,
            }
        return render_template("doorbook/monthly.html", shell=shell(page["title"]), page=page)

    def _chosen(self, own: Any, reports: Any) -> Any:
        wanted = request.args.get("report", "")
        if not wanted:
            standing = [one for one in reports if one.state == MonthState.PUBLISHED]
            return next(iter(standing or reports), None)
        row = own.get(MonthlyReport, int(wanted)) if wanted.isdecimal() and len(wanted) < 19 else None
        if row is None:
            raise Missing()
        return row

    def _places(self, own: Any, row: Any) -> list[Any]:
        """The places of which the actor reads the figures, in the order of the tree; of a draft the place it is for."""
        known = {node.id: node for node in tree_nodes()}
        if row.state == MonthState.DRAFT:
            found = [row.node_id]
        else:
            kept = select(PublishedFigure.node_id).where(PublishedFigure.monthly_report_id == row.id).distinct()
            found = list(own.scalars(kept))
        return sorted((known[key] for key in found if key in known), key=lambda node: node.path)

    def _tables(self, own: Any, row: Any, node: Any) -> list[dict[str, Any]]:
        desk: Any = desk_of()
        kept = select(PublishedFigure.report, PublishedFigure.figures).where(
            PublishedFigure.monthly_report_id == row.id, PublishedFigure.node_id == node.id
        )
        published = {name: _read(figures) for name, figures in own.execute(kept)}
        raw = {**desk.month(row.month), "node": str(node.id)}
        found = []
        for name in desk.monthly:
            report = desk.reports[name]
            if not open_to(report):
                continue
            question = desk.ask(own, report, raw)
            here = question.place is not None and question.place.node == node.id
            today = desk.count(own, report, question).totals if here else {}
            before = published.get(name)
            if before is None and row.state != MonthState.DRAFT:
                before = {}  # nothing was counted there
            found.append(
                {
                    "title": report.title,
                    "definition": report.definition,
                    "icon": report.icon,
                    "standing": report.when is None,
                    "url": f"/report/{name}/?{question.address(by=None)}",
                    "rows": [_compared(figure, before, today) for figure in report.figures],
                }
            )
        return found


def _compared(figure: Any, before: Any, today: Any) -> dict[str, Any]:
    """One figure on three sides; a place that had no line then had none of it."""
    then = None if before is None else before.get(figure.name, None if hasattr(figure, "whole") else Decimal(0))
    now = today.get(figure.name)
    texts = [shown(figure, then), shown(figure, now)]
    moved = None
    if then is not None and now is not None:
        step = Decimal(1).scaleb(-figure.places)
        moved = Decimal(str(now)).quantize(step) - then.quantize(step)
    return {
        "label": figure.label,
        "unit": figure.unit,
        "published": texts[0],
        "today": texts[1],
        "moved": f"{moved:+,.{figure.places}f}" if moved else "",
        "changed": bool(moved) or (before is not None and texts[0] != texts[1]),
    }


def _read(figures: str) -> dict[str, Decimal | None]:
    """Figures as they were kept; one that is none any more is left out."""
    try:
        found = json.loads(figures)
    except ValueError:
        return {}
    read: dict[str, Decimal | None] = {}
    for name, value in found.items() if isinstance(found, dict) else ():
        try:
            read[name] = None if value is None else Decimal(value)
        except InvalidOperation:
            continue
    return read


def _month(row: Any) -> Any:
    """What a month is called where one is chosen; its place by name where the reader may see that place."""
    state = MonthState.member(row.state)
    return _("{month} · {place} · edition {n} · {state}", "{month} · {place} · 第 {n} 版 · {state}").fill(
        month=row.month,
        place=row.node.name if row.node else "—",
        n=row.edition,
        state=state.words if state else row.state,
    )


def _depth(node: Any, places: list[Any]) -> int:
    return sum(1 for other in places if other is not node and node.path.startswith(other.path))
