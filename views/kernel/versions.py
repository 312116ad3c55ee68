"""An earlier version of a record beside the present one, and its way back, on a page and over REST."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request
from flask_appbuilder import BaseView, expose
from sqlalchemy.orm import Session

from models.kernel import history
from models.kernel.attachment import holder
from models.kernel.history import Difference, Version
from models.kernel.refusal import Missing, Refusal, Stale
from models.kernel.registry import table as table_of
from models.kernel.roles import WRITE
from models.kernel.table import Table
from models.kernel.words import _
from views.kernel.access import signed_in
from views.kernel.cells import as_json, called, plain_text
from views.kernel.formats import moment
from views.kernel.lookup import texts_of
from views.kernel.request import say
from views.kernel.request import session as database
from views.kernel.shell import shell

_KEY = 10**18


def told(session: Session, one: Difference) -> tuple[str, str]:
    """Returns the value of then and of now as a person reads them; personal data masked, refs by name in scope."""
    if one.known.kind != "ref":
        return plain_text(one.known, one.then), plain_text(one.known, one.now)
    keys = [key for key in (one.then, one.now) if key is not None]
    names = texts_of(session, table_of(one.known.target or ""), keys)
    return ("" if one.then is None else names.get(one.then, "?")), ("" if one.now is None else names.get(one.now, "?"))


def as_answer(session: Session, row: Table, version: Version) -> dict[str, Any]:
    """Returns a version as REST gives it: the line it stands behind, and what differs now."""
    found = []
    for one in version.differences:
        then, now = told(session, one)
        values = {"then": as_json(one.then), "now": as_json(one.now), "then_text": then, "now_text": now}
        fault = {"fault": say(one.fault.sentence)} if one.fault is not None else {}
        found.append({"field": one.column, "label": say(one.known.label), **values, **fault})
    line = version.line
    return {"line": line.id, "at": line.at.isoformat(), "by": line.who, "version": row.version, "differences": found}


class VersionsView(BaseView):
    """Earlier versions of the records of every table, for those who may write the record."""

    route_base = ""
    default_view = "version"

    @expose("/<string:table>/<int:pk>/version/<int:line>", methods=["GET"])
    @signed_in
    def version(self, table: str, pk: int, line: int) -> Any:
        """What differs between then and now."""
        own = database()
        row = _row(own, table, pk, line)
        return _page(own, row, history.version(own, row, line))

    @expose("/<string:table>/<int:pk>/version/<int:line>", methods=["POST"])
    @signed_in
    def bring_back(self, table: str, pk: int, line: int) -> Any:
        """Brings back the ticked fields. A refusal is shown beside both versions as they are by then."""
        own = database()
        row = _row(own, table, pk, line)
        raw = request.form.get("_version", "")
        expected = int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 10 else 0
        try:
            back = history.bring_back(own, row, line, set(request.form.getlist("field")), expected)
            title = called(row)
            own.commit()
        except Refusal as refusal:
            own.rollback()
            if refusal.status in (403, 404) and not refusal.field:
                raise
            row = _row(own, table, pk, line)
            return _page(own, row, history.version(own, row, line), refusal), refusal.status
        done = _("{n} fields of “{name}” are as they were then.", "已将“{name}”的 {n} 个字段恢复为当时的内容。")
        flash(say(done.fill(n=len(back), name=title)), "ok")
        return redirect(f"/{table}/show/{pk}", 303)


def _row(own: Session, table: str, pk: int, line: int) -> Table:
    if max(pk, line) >= _KEY:
        raise Missing()
    return holder(own, table, pk, WRITE)


def _page(own: Session, row: Table, version: Version, refusal: Refusal | None = None) -> str:
    faults = {one.field: say(one.sentence) for one in refusal.all() if one.field} if refusal is not None else {}
    chosen = request.form.getlist("field") if request.method == "POST" else None
    rows = []
    for one in version.differences:
        then, now = told(own, one)
        gone = say(one.fault.sentence) if one.fault is not None else None
        rows.append(
            {
                "field": one.column,
                "label": one.known.label,
                "then": then,
                "now": now,
                "gone": bool(gone),
                "fault": gone or faults.get(one.column),
                "ticked": one.column in chosen if chosen is not None else not gone,
            }
        )
    shown = {row["field"] for row in rows}
    name, where = called(row), f"/{row.__tablename__}/show/{row.id}"
    title = _("Earlier version of “{name}”", "“{name}”的历史版本").fill(name=name)
    said = None
    if isinstance(refusal, Stale):
        said = _(
            "Somebody saved this record meanwhile. Compare once more, then bring back what you still want.",
            "期间有人保存过该记录，请重新对照后再恢复。",
        )
    elif refusal is not None:
        elsewhere = [one for one in refusal.all() if one.field not in shown]
        said = elsewhere[0].sentence if elsewhere else None
    context = {
        "title": title,
        "crumbs": [
            {"label": type(row).screen.name, "url": f"/{row.__tablename__}/list/"},
            {"label": name, "url": f"{where}#timeline"},
        ],
        "who": version.line.who or say(_("System", "系统")),
        "when": moment(version.line.at),
        "rows": rows,
        "any": any(not row["gone"] for row in rows),
        "error": said,
        "version": row.version,
        "back_url": f"{where}#timeline",
        "url": request.path,
    }
    return render_template("doorbook/version.html", shell=shell(title), page=context)
