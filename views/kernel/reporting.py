"""The pages of reports: figures, chart, table, the way down and to the rows, and what can be taken away.

Views and reports do not know each other: the application hands over what reports there are and how they are counted
(`use`), and both speak in the words of the kernel.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask import flash, jsonify, render_template, request
from flask_appbuilder import BaseView, expose
from sqlalchemy.orm import Session

from models.kernel.actor import Actor
from models.kernel.refusal import Denied, Missing, Refusal
from models.kernel.registry import areas, table
from models.kernel.roles import EXPORT, READ
from models.kernel.scope import may, reach
from models.kernel.table import Table
from models.kernel.words import Words, _
from views.kernel.access import signed_in
from views.kernel.request import actor, language, say
from views.kernel.request import session as database
from views.kernel.selection import MAKERS, Selection
from views.kernel.shell import FIRST, First, ancestors, shell, tree_nodes

NOTHING = "—"


@dataclass(frozen=True, slots=True)
class Desk:
    """What the pages need of the reports, by plain functions.

    Attributes:
        reports: every report by its name.
        ask: (session, report, arguments of the address) -> question.
        count: (session, report, question, right=...) -> outcome.
        rows: (report, question, measure, by, key) -> statement of the rows a figure counts.
        ways: (report, question) -> [(by, words)], what lines may stand for.
        periods, compared: name -> words.
        as_csv, as_xlsx: outcome -> bytes.
        by_words, period_words: outcome -> words.
        boards: what roles see first, by name.
        monthly: names of the reports of a month, in order.
        month: month written as 2026-10 -> arguments of an address that asks for it.
    """

    reports: Mapping[str, Any]
    ask: Callable[..., Any]
    count: Callable[..., Any]
    rows: Callable[..., Any]
    ways: Callable[..., list[tuple[str, Words]]]
    periods: Mapping[str, Words]
    compared: Mapping[str, Words]
    as_csv: Callable[..., bytes]
    as_xlsx: Callable[..., bytes]
    by_words: Callable[[Any], Words]
    period_words: Callable[[Any], Words]
    boards: Mapping[str, Any]
    monthly: tuple[str, ...]
    month: Callable[[str], dict[str, str]]


INDEX_ACTIONS: list[dict[str, Any]] = []
"""Buttons on the list of reports: `label`, `url`, `icon`, and `right` on the table `of` that whoever sees it holds."""

_desk: list[Desk] = []


def use(desk: Desk) -> None:
    """Hands over the reports there are."""
    _desk[:] = [desk]
    MAKERS["report"] = drilled
    if not any(one.url == "/report/" for one in FIRST):
        FIRST.append(First(_("Reports", "统计报表"), "chart-bar", "/report/", lambda: bool(offered())))


def _reports() -> Desk:
    return _desk[0]


def desk_of() -> Desk | None:
    """Returns what was handed over; None before."""
    return _desk[0] if _desk else None


def open_to(report: Any, who: Actor | None = None) -> bool:
    """Returns whether somebody may open a report: the right to read what it counts, and a role it is for.

    Args:
        who: whoever makes the request where it is None.
    """
    return bool(report.open_to(who or actor()))


def report_of(name: str, right: str = READ) -> Any:
    """Returns a report that the actor may open, and whose rows they hold `right` on somewhere.

    Raises:
        Missing: there is none of this name.
        Denied: it is not for the actor.
    """
    report = _reports().reports.get(name)
    if report is None:
        raise Missing()
    if not open_to(report) or not may(actor(), report.entity, right):
        raise Denied()
    return report


def report_title(name: str) -> Words:
    """Returns what a report is called; a sentence for one that is no longer kept."""
    report = _reports().reports.get(name) if _desk else None
    return report.title if report is not None else _("A report that is no longer kept", "已停用的报表")


def offered() -> list[Any]:
    """Returns the reports the actor may open, in their order."""
    order = {name: place for place, name in enumerate(areas())}
    found = [report for report in _reports().reports.values() if open_to(report)] if _desk else []
    return sorted(found, key=lambda report: (order.get(report.area, 99), report.order, report.name))


def drilled(session: Session, cls: type[Table], raw: str) -> Selection:
    """Reads the selection 'the rows this figure counts' (see `views.kernel.selection`).

    Raises:
        Refusal: no such report or figure, or its rows are of another table.
    """
    values = dict(parse_qsl(raw, keep_blank_values=True))
    desk = _reports()
    report = desk.reports.get(values.get("report", ""))
    measure = report.figure(values.get("figure", "")) if report is not None else None
    if report is None or measure is None or not open_to(report) or not hasattr(measure, "where"):
        raise Refusal(
            _("This figure is not known any more.", "该统计指标已失效。"), code="unknown_selection", status=400
        )
    if (measure.rows[0] if measure.rows else report.entity) is not cls:
        raise Refusal(
            _("The rows of this figure are in another list.", "该指标的明细不在此列表中。"),
            code="unknown_selection",
            status=400,
        )
    question = desk.ask(session, report, values)
    by = values.get("line")
    key: Any = values.get("key")
    if by is not None and values.get("by") != question.by:
        raise Refusal(
            _("This figure is not known any more.", "该统计指标已失效。"), code="unknown_selection", status=400
        )
    if values.get("kind") == "int" and key is not None:
        if not key.lstrip("-").isdecimal() or len(key) > 18:
            raise Refusal(_("This line is not known.", "该统计行不存在。"), code="unknown_selection", status=400)
        key = int(key)
    elif values.get("kind") == "none":
        key = None
    found = desk.rows(report, question, measure, question.by if by is not None else None, key)
    comma = " · "
    text = say(measure.label) + (comma + values["line"][:60] if by else "")
    return Selection(report.title, text, cls.id.in_(found))


def _rows_url(report: Any, question: Any, figure: Any, line: Any | None) -> str | None:
    """The list of what a figure counts; None for one that no list adds up to, or that nobody here may read."""
    if not hasattr(figure, "where"):
        return None
    cls = figure.rows[0] if figure.rows else report.entity
    if not may(actor(), cls, READ):
        return None
    values = {"report": report.name, "figure": figure.name, **dict(parse_qsl(question.address()))}
    if line is not None:
        kind = "none" if line.key is None else "int" if isinstance(line.key, int) else "text"
        values.update(line=say(line.label)[:60], kind=kind, key="" if line.key is None else str(line.key))
    return f"/{cls.__tablename__}/list/?" + urlencode({"_of": "report:" + urlencode(values)})


def shown(figure: Any, value: Any) -> str:
    """Returns a figure as it is read; '—' where there is nothing to divide by."""
    if value is None:
        return NOTHING
    return f"{Decimal(str(value)):,.{figure.places}f}"


def _change(figure: Any, now: Any, before: Any) -> dict[str, Any] | None:
    """How a figure moved since the compared period."""
    if before is None or now is None:
        return None
    moved = Decimal(str(now)) - Decimal(str(before))
    if not moved:
        return {"text": _("unchanged", "持平"), "sign": ""}
    per_cent = getattr(figure, "times", None) == 100
    if per_cent or not before:
        text = f"{moved:+,.{figure.places}f}" + (" pp" if per_cent else "")
    else:
        text = f"{moved / abs(Decimal(str(before))) * 100:+,.1f}%"
    return {"text": text, "sign": "up" if moved > 0 else "down"}


def chart_of(report: Any, outcome: Any, most: int = 60) -> dict[str, Any] | None:
    """Returns what the script draws, of `most` lines at most (of days and months the last); all of it is text or a number."""
    lines = outcome.lines[-most:] if outcome.question.by in ("month", "day") else outcome.lines[:most]
    if not lines:
        return None
    series = []
    for name in report.chart.figures:
        figure = report.figure(name)
        values = [line.values.get(name) for line in lines]
        series.append({"name": say(figure.label), "values": [None if v is None else float(v) for v in values]})
    total = outcome.totals.get(report.chart.figures[0])
    return {
        "kind": report.chart.kind,
        "labels": [say(line.label) for line in lines],
        "series": series,
        "total": None if total is None else float(total),
        "share_name": say(_("Share so far", "累计占比")),
    }


class ReportPages(BaseView):
    """`/report/`: the list of reports; `/report/<name>/`: one of them."""

    route_base = "/report"
    default_view = "index"

    @expose("/")
    @signed_in
    def index(self) -> Any:
        """The reports this person may open, by area, each with its definition."""
        groups: dict[str, dict[str, Any]] = {}
        for report in offered():
            group = groups.setdefault(report.area, {"label": areas()[report.area].label, "reports": []})
            group["reports"].append(
                {
                    "title": report.title,
                    "definition": report.definition,
                    "url": f"/report/{report.name}/",
                    "icon": report.icon,
                }
            )
        title = _("Reports", "统计报表")
        actions = [one for one in INDEX_ACTIONS if may(actor(), table(one["of"]), one["right"])]
        page = {"title": title, "groups": list(groups.values()), "actions": actions}
        return render_template("doorbook/reports.html", shell=shell(title), page=page)

    @expose("/<name>/")
    @signed_in
    def show(self, name: str) -> Any:
        """One report: parameters on one line, figures, chart, table with totals."""
        desk, report, own = _reports(), report_of(name), database()
        question = desk.ask(own, report, request.args)
        outcome = desk.count(own, report, question)
        for note in question.notes:
            flash(say(note), "warn")
        base = f"/report/{name}/"
        page = {
            "title": report.title,
            "definition": report.definition,
            "crumbs": self._trail(report, question),
            "figures": [self._figure(report, outcome, figure) for figure in report.figures],
            "columns": [
                {"label": figure.label, "unit": figure.unit, "late": getattr(figure, "late", False)}
                for figure in report.figures
            ],
            "lines": [self._line(report, outcome, line) for line in outcome.lines],
            "by_words": desk.by_words(outcome),
            "period_words": desk.period_words(outcome),
            "ways": [
                {"value": by, "label": words, "on": by == question.by} for by, words in desk.ways(report, question)
            ],
            "timed": report.when is not None,
            "periods": [
                {"value": key, "label": words, "on": key == question.period} for key, words in desk.periods.items()
            ],
            "compares": [
                {"value": key, "label": words, "on": key == question.compare} for key, words in desk.compared.items()
            ],
            "compared": bool(outcome.before),
            "question": question,
            "action": base,
            "chart": chart_of(report, outcome),
            "export": [
                {"label": _("Excel (XLSX)", "Excel（XLSX）"), "url": f"{base}export.xlsx?{question.address()}"},
                {"label": _("CSV", "CSV"), "url": f"{base}export.csv?{question.address()}"},
                {"label": _("JSON lines", "JSON 行（JSONL）"), "url": f"{base}export.jsonl?{question.address()}"},
            ]
            if may(actor(), report.entity, EXPORT)
            else [],
            "save": {
                "label": _("Save and send", "保存并定时发送"),
                "url": f"{base}save?{question.address()}",
                "icon": "calendar-event",
            }
            if may(actor(), report.entity, EXPORT)
            else None,
        }
        return render_template("doorbook/report.html", shell=shell(report.title), page=page)

    def _trail(self, report: Any, question: Any) -> list[dict[str, Any]]:
        """The way down to the place the figures are of; each step up is the same report there, where it may be seen."""
        trail: list[dict[str, Any]] = [{"label": _("Reports", "统计报表"), "url": "/report/"}]
        if question.place is None:
            return trail
        nodes = {node.path: node for node in tree_nodes()}
        here = next((path for path, node in nodes.items() if node.id == question.place.node), "/")
        reached = reach(database(), actor(), report.entity, READ)
        for path in [*ancestors(here), here]:
            if path in nodes:
                seen = reached.everything or nodes[path].id in reached.nodes
                url = f"/report/{report.name}/?{question.address(node=nodes[path].id, by=None)}" if seen else None
                trail.append({"label": nodes[path].name, "url": url})
        return trail

    def _figure(self, report: Any, outcome: Any, figure: Any) -> dict[str, Any]:
        value = outcome.totals.get(figure.name)
        return {
            "label": figure.label,
            "text": shown(figure, value),
            "unit": figure.unit,
            "url": _rows_url(report, outcome.question, figure, None),
            "late": getattr(figure, "late", False) and bool(value),
            "change": _change(figure, value, outcome.before.get(figure.name)) if outcome.before else None,
        }

    def _line(self, report: Any, outcome: Any, line: Any) -> dict[str, Any]:
        question = outcome.question
        down = f"/report/{report.name}/?{question.address(node=line.node, by=None)}" if line.node is not None else None
        return {
            "label": line.label,
            "url": down,
            "cells": [
                {
                    "text": shown(figure, line.values.get(figure.name)),
                    "zero": not line.values.get(figure.name),
                    "late": getattr(figure, "late", False),
                    "url": _rows_url(report, question, figure, line) if line.values.get(figure.name) else None,
                    "change": _change(figure, line.values.get(figure.name), line.before.get(figure.name))
                    if line.before
                    else None,
                }
                for figure in report.figures
            ],
        }

    @expose("/<name>/figures.json")
    @signed_in
    def figures(self, name: str) -> Any:
        """The figures for machines: exact numbers as text, None where there is nothing to divide by."""
        desk, report, own = _reports(), report_of(name), database()
        question = desk.ask(own, report, request.args)
        outcome = desk.count(own, report, question)

        def values(found: Mapping[str, Any]) -> dict[str, Any]:
            return {name: str(value) if isinstance(value, Decimal) else value for name, value in found.items()}

        return jsonify(
            {
                "report": report.name,
                "title": say(report.title),
                "definition": say(report.definition),
                "by": question.by,
                "place": question.place.node if question.place else None,
                "from": question.start.isoformat() if question.start else None,
                "to": question.end.isoformat() if question.end else None,
                "notes": [say(note) for note in question.notes],
                "lines": [
                    {"key": line.key, "label": say(line.label), "figures": values(line.values)}
                    for line in outcome.lines
                ],
                "totals": values(outcome.totals),
                "language": language(),
            }
        )
