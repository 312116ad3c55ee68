"""What an export is to be: which rows, which form, which words; taken at once, or saved to be sent again."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask import flash, redirect, render_template, request
from flask_appbuilder import expose

from models.kernel import saved_export
from models.kernel.refusal import Refusal
from models.kernel.roles import EXPORT
from models.kernel.table import Table
from models.kernel.words import _
from views.kernel.access import needs
from views.kernel.chosen import written
from views.kernel.exchange.saved_pages import recipients_of, saved_wanted, schedule_fields
from views.kernel.listing import Listing
from views.kernel.parameters import view_query, wanted
from views.kernel.record import column_label
from views.kernel.request import say
from views.kernel.request import session as database
from views.kernel.shell import shell

FORMS = (("xlsx", "Excel (XLSX)"), ("csv", "CSV"), ("jsonl", _("JSON lines", "JSON 行（JSONL）")))


class ExportChoiceRoutes:
    """`/<table>/export`, of a table's view."""

    table: type[Table]
    list_name: Any  # of the view: the framework's name of the list

    @expose("/export", methods=["GET"])
    @needs(EXPORT)
    def export_choice(self) -> Any:
        """Asks what the export is to be."""
        return self._export_page(list(request.args.items(multi=True)))

    @expose("/export", methods=["POST"])
    @needs(EXPORT)
    def export_chosen(self) -> Any:
        """Takes the ticked rows of a list to the page that asks; then leads to the file, or saves what the page says."""
        sent = request.form
        query = parse_qsl(sent.get("query", "")[:12_000], keep_blank_values=True, max_num_fields=200)
        if "save" in sent:
            return self._save_export(query)
        if "go" in sent:
            return self._to_file(query)
        keys = [int(pk) for pk in sent.getlist("pk")[:5000] if pk.isascii() and pk.isdecimal() and len(pk) < 19]
        if sent.get("everything") != "1":
            query = [*((n, v) for n, v in query if n != "ids"), ("ids", written(keys))]
        return redirect(f"/{self.table.__tablename__}/export?{urlencode(query)}", 303)

    def _to_file(self, query: list[tuple[str, str]]) -> Any:
        sent = request.form
        form = sent.get("form", "xlsx")
        form = form if form in saved_export.FORMS else "xlsx"
        if sent.get("rows") == "all":
            query = [(n, v) for n, v in query if n != "ids"]
        more = {"rows": "page", "labels": "technical", "refs": "codes"}
        query += [(name, value) for name, value in more.items() if sent.get(name) == value]
        return redirect(f"/{self.table.__tablename__}/export.{form}?{urlencode(query)}", 303)

    def _save_export(self, query: list[tuple[str, str]]) -> Any:
        own, cls, sent = database(), self.table, request.form
        kept, left_out = view_query(cls, self.list_name, urlencode([(n, v) for n, v in query if n != "ids"]))
        try:
            if left_out:
                raise Refusal(
                    _(
                        "A filter by a full number is personal data and is not saved. Take it away first.",
                        "按完整号码筛选涉及个人信息，不能保存，请先移除该条件。",
                    )
                )
            saved_export.save(own, cls.__tablename__, saved_wanted(own, sent, kept))
            own.commit()
        except Refusal as refusal:
            own.rollback()
            if refusal.status == 403:
                raise
            return self._export_page(query, [each.sentence for each in refusal.all()]), refusal.status
        flash(say(_("The export is saved.", "常用导出已保存。")), "ok")
        return redirect("/exports/", 303)

    def _export_page(self, arguments: list[tuple[str, str]], errors: list[Any] | None = None) -> str:
        own, cls = database(), self.table
        read = wanted(own, cls, self.list_name, given=arguments)
        listing = Listing(own, cls, read.asked)
        sent = request.form
        title = _("Export {name}", "导出{name}").fill(name=cls.screen.name)
        page = {
            "title": title,
            "crumbs": [{"label": cls.screen.name, "url": f"/{cls.__tablename__}/list/"}],
            "url": f"/{cls.__tablename__}/export",
            "query": urlencode(arguments),
            "columns": [column_label(cls, path) for path in listing.columns],
            "chosen": None if read.asked.ids is None else len(read.asked.ids),
            "filtered": bool(read.asked.filters or read.asked.search or read.asked.of),
            "page_size": read.asked.size,
            "forms": [{"value": value, "label": label} for value, label in FORMS],
            "notes": read.notes,
            "errors": errors or [],
            "sent": sent,
            "schedule": schedule_fields(sent),
            "recipients": recipients_of(own, sent),
        }
        return render_template("doorbook/export_choice.html", shell=shell(title), page=page)
