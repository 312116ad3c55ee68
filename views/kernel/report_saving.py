"""A report is taken away as a file, or kept with its parameters as a saved export: sent by the clock, in each one's scope."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from flask import Response, flash, redirect, render_template, request
from flask_appbuilder import BaseView, expose

from models.kernel import saved_export
from models.kernel.clock import local
from models.kernel.refusal import Refusal
from models.kernel.roles import EXPORT
from models.kernel.session import clock_of
from models.kernel.words import _
from views.kernel.access import signed_in
from views.kernel.exchange.saved_pages import recipients_of, saved_wanted, schedule_fields
from views.kernel.exchange.traced import note_export
from views.kernel.report_files import TYPES, body_of
from views.kernel.reporting import desk_of, report_of
from views.kernel.request import actor, say
from views.kernel.request import session as database
from views.kernel.shell import shell

DUE = 28
"""The day of the month on which the report of the month before is due (R25)."""


class ReportFiles(BaseView):
    """`/report/<name>/export.xlsx`: its file. `/report/<name>/save`: when it is sent, and to whom."""

    route_base = "/report"
    default_view = "save"

    @expose("/<name>/export.<any(csv, xlsx, jsonl):kind>")
    @signed_in
    def export(self, name: str, kind: str) -> Any:
        """The figures as a file, of the part of the tree in which the actor may export."""
        desk: Any = desk_of()
        report, own = report_of(name, EXPORT), database()
        question = desk.ask(own, report, request.args)
        body, _lines = body_of(own, report, question, kind, actor(), say)
        note_export(own, report.entity.__tablename__, format=kind, report=name, asked=question.address())
        answer = Response(body, mimetype=TYPES[kind])
        made = local(clock_of(own)())
        answer.headers["Content-Disposition"] = f"attachment; filename={name}-{made:%Y%m%d-%H%M}.{kind}"
        return answer

    @expose("/<name>/save", methods=["GET", "POST"])
    @signed_in
    def save(self, name: str) -> Any:
        """The report as it is asked for now, under a name of one's own; the period is read anew each time."""
        desk: Any = desk_of()
        report, own = report_of(name, EXPORT), database()
        posted = request.method == "POST"
        asked = (
            dict(parse_qsl(request.form.get("query", "")[:4000], keep_blank_values=True)) if posted else request.args
        )
        asked = {key: value for key, value in dict(asked).items() if key != "period" or value}
        if posted and request.form.get("period") in desk.periods:
            asked = {key: value for key, value in asked.items() if key not in ("from", "to")}
            asked["period"] = request.form["period"]
        question = desk.ask(own, report, asked)
        sent: Any = request.form if posted else _offered(report, question)
        errors: list[Any] = []
        if posted:
            try:
                wanted = saved_wanted(own, sent, question.address())
                saved_export.save(own, report.entity.__tablename__, wanted, report=report.name)
                own.commit()
                flash(say(_("The report is saved.", "报表已保存。")), "ok")
                return redirect("/exports/", 303)
            except Refusal as refusal:
                own.rollback()
                errors = [each.sentence for each in refusal.all()]
        title = _("Save and send “{name}”", "保存并定时发送：{name}").fill(name=report.title)
        page = {
            "url": f"/report/{name}/save",
            "back": f"/report/{name}/?{question.address()}",
            "query": question.address(),
            "definition": report.definition,
            "timed": report.when is not None,
            "place": question.place.name if question.place else None,
            "by": dict(desk.ways(report, question)).get(question.by, ""),
            "fixed": _("{start} to {end}", "{start} 至 {end}").fill(
                start=question.start or "…", end=question.end or "…"
            ),
            "periods": [
                {"value": key, "label": words, "on": key == question.period} for key, words in desk.periods.items()
            ],
            "period": question.period,
            "errors": errors,
            "notes": question.notes,
            "sent": sent,
            "forms": [{"value": form, "label": form.upper()} for form in saved_export.FORMS],
            "schedule": schedule_fields(sent),
            "recipients": recipients_of(own, sent),
        }
        trail = [
            {"label": _("Reports", "统计报表"), "url": "/report/"},
            {"label": report.title, "url": page["back"]},
        ]
        body = render_template("doorbook/report_save.html", shell=shell(title), page={**page, "crumbs": trail})
        return body, 422 if errors else 200


def _offered(report: Any, question: Any) -> dict[str, str]:
    """What the form begins with: every month on the day the monthly report is due."""
    where = question.place.name if question.place else ""
    name = f"{say(report.title)}{' ' if where else ''}{where}"[: saved_export.NAME_LENGTH]
    return {"name": name, "form": "xlsx", "repeat": "monthly", "day": f"m{DUE}", "at": "07:00"}
