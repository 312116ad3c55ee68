"""Drafts of forms: kept while one types, offered when the form is opened again, gone once it is saved or discarded."""

from __future__ import annotations

import secrets
from typing import Any

from flask import flash, jsonify, redirect, request
from flask_appbuilder import expose
from werkzeug.datastructures import MultiDict

from models.kernel import draft
from models.kernel.clock import local
from models.kernel.refusal import Missing, Refusal
from models.kernel.roles import WRITE
from models.kernel.table import Table
from models.kernel.words import _
from views.kernel.access import needs
from views.kernel.formats import moment
from views.kernel.problems import problem_of
from views.kernel.request import say
from views.kernel.request import session as database

OWN = ("csrf_token", "_draft", "_draft_from", "_row", "_by", "_save", "_save_more")
"""What a form sends beside what was typed."""

OFFERED = 3
"""Drafts offered above a form, the latest first."""


def draft_block(cls: type[Table], row_id: int, *, fresh: bool) -> dict[str, Any]:
    """Returns what the page of a form needs for its draft: its token, where it came from, and the drafts on offer.

    Args:
        fresh: the form was just opened, and does not come back with errors or from another draft.
    """
    name = cls.__tablename__
    token = request.form.get("_draft", "")[:40] or secrets.token_urlsafe(18)
    from_ = (request.form.get("_draft_from") or request.args.get("_draft") or "")[:40]
    here = request.path
    kept = draft.offered(database(), cls, row_id)[:OFFERED] if fresh else []
    return {
        "token": token,
        "from": from_,
        "row": row_id,
        "url": f"/{name}/draft",
        "offered": [
            {
                "when": moment(one.at),
                "continue_url": f"{here}?_draft={one.token}",
                "discard_url": f"/{name}/draft/{one.token}/discard",
                "here": here,
            }
            for one in kept
        ],
    }


def continued(cls: type[Table], row_id: int) -> MultiDict[str, str] | None:
    """Returns what was typed in the draft the address names; None where it names none, or one that is gone."""
    token = request.args.get("_draft", "")[:40]
    if not token or request.method != "GET":
        return None
    try:
        return MultiDict(draft.take(database(), cls, row_id, token).fields)
    except Missing as refusal:
        flash(say(refusal.sentence), "warn")
        return None


def saved(own: Any) -> None:
    """Drops the drafts of the form that was just saved. Does not commit."""
    draft.drop(own, request.form.get("_draft", "")[:40], request.form.get("_draft_from", "")[:40])


class DraftRoutes:
    """The routes of drafts of a table's forms."""

    table: type[Table]
    _row: Any  # of the view: reads a row in scope

    @expose("/draft", methods=["POST"])
    @needs(WRITE)
    def keep_draft(self) -> Any:
        """Keeps what stands in a form now. Answers JSON: when that was."""
        own, sent = database(), request.form
        token, row = sent.get("_draft", ""), sent.get("_row", "0")
        try:
            if not 8 <= len(token) <= 40 or not row.isdecimal():
                raise Refusal(_("This form cannot be kept.", "该表单无法暂存。"), status=400)
            key = int(self._row(row, WRITE).id) if row != "0" else 0
            fields = [(name, value) for name, value in sent.items(multi=True) if name not in OWN]
            at = draft.keep(own, self.table, key, token, fields)
            own.commit()
        except Refusal as refusal:
            own.rollback()
            return problem_of(refusal)
        return jsonify({"at": local(at).strftime("%H:%M")})

    @expose("/draft/<token>/discard", methods=["POST"])
    @needs(WRITE)
    def discard_draft(self, token: str) -> Any:
        """Drops a draft of the actor's own; a script gets JSON, a form goes back to where it was offered."""
        own = database()
        draft.drop(own, token[:40])
        own.commit()
        if request.accept_mimetypes.best == "application/json":
            return jsonify({"gone": True})
        flash(say(_("The draft was discarded.", "草稿已放弃。")), "ok")
        here = request.form.get("here", "")
        known = here.startswith(f"/{self.table.__tablename__}/") and "//" not in here
        return redirect(here if known else f"/{self.table.__tablename__}/list/")
