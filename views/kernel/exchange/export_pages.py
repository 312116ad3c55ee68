"""The addresses of exports: /<table>/export.csv, .xlsx and .jsonl, with the arguments of the list.

An export that would keep people waiting becomes a job: the answer then leads to its page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from flask import Response, current_app, redirect, request
from flask_appbuilder import expose

from models.kernel.roles import EXPORT
from models.kernel.session import actor_of, clock_of
from models.kernel.table import Table
from views.kernel.access import needs
from views.kernel.exchange.export import Export, csv_chunks, disposition, opened
from views.kernel.exchange.export_book import chunks, size_of, workbook_file
from views.kernel.exchange.export_job import ask_for_export, too_large
from views.kernel.exchange.json_lines import json_chunks
from views.kernel.listing import Listing
from views.kernel.parameters import wanted
from views.kernel.request import language
from views.kernel.request import session as database

TYPES = {
    "csv": "text/csv; charset=utf-8",
    "jsonl": "application/x-ndjson; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
CHOSEN = 5000
"""Rows that can be chosen by key."""


class ExportRoutes:
    """The export routes of a table's view."""

    table: type[Table]
    list_name: Any  # of the view: the framework's name of the list

    @expose("/export.csv", methods=["GET"])
    @needs(EXPORT)
    def export_csv(self) -> Response:
        """The list as CSV, as far as the actor may export it. Arguments: the list's, `pk` (repeated), `rows=page`,
        `labels=technical`, `refs=codes`."""
        if request.method == "HEAD":
            return self._download("csv", iter(()))
        export = self._export("csv")
        if isinstance(export, int):
            return _to_job(export)
        return self._download("csv", csv_chunks(export), export.close)

    @expose("/export.xlsx", methods=["GET"])
    @needs(EXPORT)
    def export_xlsx(self) -> Response:
        """The list as a workbook; the same arguments."""
        if request.method == "HEAD":
            return self._download("xlsx", iter(()))
        export = self._export("xlsx")
        if isinstance(export, int):
            return _to_job(export)
        file = workbook_file(export, Path(current_app.config["DOORBOOK_HOME"]))
        response = self._download("xlsx", chunks(file), file.close)
        response.content_length = size_of(file)
        return response

    @expose("/export.jsonl", methods=["GET"])
    @needs(EXPORT)
    def export_jsonl(self) -> Response:
        """The list as JSON lines; the same arguments."""
        if request.method == "HEAD":
            return self._download("jsonl", iter(()))
        export = self._export("jsonl")
        if isinstance(export, int):
            return _to_job(export)
        return self._download("jsonl", json_chunks(export), export.close)

    def _export(self, form: str) -> Export | int:
        """Returns the export, opened; for one that is too large to wait for the key of its job."""
        own = database()
        read = wanted(own, self.table, self.list_name)
        picked = _chosen()
        asked = read.asked if picked is None else replace(read.asked, ids=picked)
        technical = request.args.get("labels") == "technical"
        codes = request.args.get("refs") == "codes"
        if request.args.get("rows") == "page" and asked.ids is None:
            page = Listing(own, self.table, asked).page()
            asked = replace(asked, ids=tuple(line.pk for line in page.lines))
        bind, actor, clock = own.get_bind(), actor_of(own), clock_of(own)
        if too_large(own, self.table, asked, form):
            return ask_for_export(
                own, self.table, asked, form, technical=technical, codes=codes, notes=tuple(read.notes)
            )
        own.rollback()  # this request's connection is free while the rows are read
        return opened(
            bind,
            actor,
            clock,
            self.table,
            asked,
            form,
            language(),
            technical=technical,
            codes=codes,
            notes=tuple(read.notes),
        )

    def _download(self, form: str, body: Iterator[bytes], close: Callable[[], None] | None = None) -> Response:
        response = Response(body, content_type=TYPES[form])
        response.headers["Content-Disposition"] = disposition(database(), self.table, form, language())
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Accel-Buffering"] = "no"
        if close is not None:
            response.call_on_close(close)
        return response


def _to_job(key: int) -> Response:
    """Leads to the page of a job; it says how far it is, and has the file in the end."""
    response = redirect(f"/job/show/{key}", 303)
    response.headers["Cache-Control"] = "no-store"
    return response  # type: ignore[return-value]  # werkzeug's own class, which Flask sends as well


def _chosen() -> tuple[int, ...] | None:
    """The rows chosen by key; None for the whole list. Keys that are none choose nothing, never everything."""
    given = request.args.getlist("pk")
    if not given:
        return None
    return tuple(dict.fromkeys(int(pk) for pk in given[:CHOSEN] if pk.isascii() and pk.isdigit() and len(pk) < 19))
