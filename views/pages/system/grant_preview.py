"""What a grant would give and take, beside its form and before it is saved; and what a move of the tree would."""

from __future__ import annotations

from typing import Any

from flask import jsonify, request
from flask_appbuilder import BaseView, expose
from sqlalchemy import select

from models.kernel import entry
from models.kernel.effects import account_of, simulate
from models.kernel.grant import Grant
from models.kernel.guard import remove
from models.kernel.reading_dates import read_date
from models.kernel.refusal import Missing, Refusal
from models.kernel.roles import WRITE
from models.kernel.words import _
from views.kernel.access import needs
from views.kernel.pages import FORM_SCRIPTS, RECORD_ACTIONS
from views.kernel.request import say
from views.kernel.request import session as database
from views.pages.effects import HEADS, grids, lines
from views.pages.facts import grid, page_of, whole

FORM_SCRIPTS.setdefault("grant", []).append("grant-preview.js")
TITLE = _("What it gives and takes", "授权影响预览")
WITHOUT = _("What taking it away does", "撤销影响")
RECORD_ACTIONS.setdefault("grant", []).append(
    {"label": WITHOUT, "url": "/grant/{pk}/without", "icon": "eye", "right": WRITE, "method": "post"}
)


class GrantPreview(BaseView):  # type: ignore[misc]
    """`/grant/preview` and `/grant/<pk>/without`: nothing of it is saved."""

    route_base = ""
    default_view = "preview"
    table = Grant

    @expose("/grant/preview", methods=["POST"])
    @needs(WRITE)
    def preview(self) -> Any:
        """Answers with the rows and rights that the grant on the form would give and take, or why it cannot be given."""
        own, sent = database(), request.form
        row = _grant(sent["row"]) if sent.get("row") else None
        values = {name: sent[name] for name in entry.fields(Grant) if name in sent}
        if not all(values.get(name) for name in ("profile_id", "role", "node_id")):
            hint = _("Choose person, role and place to see what it gives.", "选择人员、角色和范围后，此处显示影响。")
            return jsonify(hint=say(hint), people=[])
        try:
            profile = int(values["profile_id"]) if values["profile_id"].isdecimal() else None
            users = [account_of(own, profile), account_of(own, row.profile_id) if row is not None else None]
            begins = read_date(values.get("from_day") or None)
            found = simulate(own, [user for user in users if user is not None], lambda: _save(row, values), begins)
        except Refusal as refusal:
            own.rollback()
            return jsonify(hint=None, wrong=" ".join(str(say(one.sentence)) for one in refusal.all()), people=[])
        own.rollback()
        nothing = _(
            "Nothing changes: all of it is held already, or the grant has ended.",
            "没有变化：已具有相同权限，或授权已失效。",
        )
        return jsonify(
            hint=None if found else say(nothing),
            title=say(TITLE),
            heads=[say(head) for head in HEADS],
            people=[
                {"name": one.name, "rows": [[say(each["text"]) for each in cells] for cells in lines(one)]}
                for one in found
            ],
        )

    @expose("/grant/<pk>/without", methods=["POST"])
    @needs(WRITE)
    def without(self, pk: str) -> Any:
        """What the person would lose if the grant were taken away now."""
        own, row = database(), _grant(pk)
        user = account_of(own, row.profile_id)
        found = simulate(own, [] if user is None else [user], lambda: remove(own, row))
        own.rollback()
        return page_of(
            WITHOUT,
            crumbs=[{"label": Grant.screen.name, "url": "/grant/list/"}, {"label": WITHOUT, "url": None}],
            actions=[{"label": _("Back to the grant", "返回授权"), "url": f"/grant/show/{whole(pk)}", "icon": "key"}],
            grids=grids(found) or [grid(WITHOUT, HEADS, [], _("Nothing changes.", "没有变化。"))],
        )


def _grant(pk: str) -> Grant:
    """Returns a grant the actor may write.

    Raises:
        Missing: there is none.
    """
    statement = select(Grant).where(Grant.id == whole(pk)).execution_options(right=WRITE)
    found = database().execute(statement).scalar_one_or_none()
    if found is None:
        raise Missing()
    return found


def _save(row: Grant | None, values: dict[str, str]) -> Any:
    own = database()
    return entry.add(own, Grant, values) if row is None else entry.change(own, row, values, None)
