"""The moves of a flow on pages: their buttons and steps on the record, the small form, and POST /<table>/<pk>/move/<name>."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, render_template, request
from flask_appbuilder import expose
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session

from models.kernel.clock import utc_now
from models.kernel.columns import ColumnInfo
from models.kernel.flow import Transition, steps
from models.kernel.guard import name_of
from models.kernel.moving import asks, check, move, possible, transition_of
from models.kernel.refusal import Refusal
from models.kernel.roles import READ
from models.kernel.table import Table
from models.kernel.words import _
from views.kernel import forms
from views.kernel.access import needs
from views.kernel.formats import moment
from views.kernel.request import say
from views.kernel.request import session as database
from views.kernel.shell import shell

Dicts = list[dict[str, Any]]

SIDES: list[Callable[[Session, Any], dict[str, Any] | None]] = []
"""What pages of their own put beside a record, above its history: (session, row) -> title and items, or None."""


def head(row: Table) -> dict[str, Any]:
    """Returns state and steps for the head of a record; both None for a table without a flow."""
    flow = type(row).flow
    if flow is None:
        return {"state": None, "steps": None, "clock": None}
    state = getattr(row, flow.column)
    member = flow.states.member(state)
    return {
        "state": {
            "text": flow.words(state),
            "tone": member.tone if member is not None else "grey",
            "late": row.state_due_at is not None and row.state_due_at < utc_now(),
        },
        "clock": {
            "label": _("Due", "办理期限"),
            "text": moment(row.state_due_at),
            "late": row.state_due_at < utc_now(),
        }
        if row.state_due_at is not None
        else None,
        "steps": [{"label": flow.words(name), "state": how} for name, how in steps(flow, state)],
    }


def buttons(row: Table) -> Dicts:
    """Returns a button for each move this person may make on the row now, the usual one first."""
    return [_button(row, each) for each in possible(database(), row)]


def _button(row: Table, each: Transition) -> dict[str, Any]:
    found: dict[str, Any] = {
        "label": each.label,
        "url": f"/{row.__tablename__}/{row.id}/move/{each.name}",
        "icon": None,
        "danger": each.danger,
    }
    if asks(database(), row, each):
        return found  # leads to the form that asks for them
    if each.danger:
        found["confirm"] = _("{label} “{name}”?", "确定{label}“{name}”？").fill(label=each.label, name=name_of(row))
    return {**found, "method": "post"}


def form_class(wanted: dict[str, tuple[ColumnInfo, bool]]) -> type[FlaskForm]:
    """Returns the form that asks for what a transition wants of a record."""
    members = {
        column: forms.DeclaredField(known, must, (), name=column, id=f"f-{column}")
        for column, (known, must) in wanted.items()
    }
    return type("MoveForm", (FlaskForm,), members)


class MoveRoutes:
    """The routes of moves of a table's view."""

    table: type[Table]
    _row: Any  # of the view: reads a row in scope
    _trail: Any  # of the view: the crumbs of a row

    @expose("/<pk>/move/<name>", methods=["GET", "POST"])
    @needs(READ)
    def make_move(self, pk: str, name: str) -> Any:
        """Makes a move, or asks for what it requires; a refusal comes back as a sentence at its field or on the record."""
        own, row = database(), self._row(pk)
        transition = transition_of(self.table, name)
        wanted = asks(own, row, transition)
        form = form_class(wanted)
        here = f"/{self.table.__tablename__}/show/{row.id}"
        if request.method == "GET":
            check(own, row, name)
            shown = form(formdata=None, obj=row)
            return self._asking(row, transition, shown, [])
        filled = form()
        values = {column: filled[column].data for column in wanted if filled[column].raw_data}
        version = request.form.get("_version", "")
        try:
            move(own, row, name, values, int(version) if version.isdecimal() and len(version) < 10 else None)
            title = name_of(row)
            own.commit()
        except Refusal as refusal:
            own.rollback()
            if refusal.status in (403, 404):
                raise
            asked = any(one.field in wanted for one in refusal.all())
            if asked:
                errors = forms.put_errors(filled, refusal)
                status = refusal.status if refusal.status in (409, 428) else 422
                return self._asking(self._row(pk), transition, filled, errors), status
            raise
        flash(say(_("{label}: “{name}”.", "已{label}“{name}”。").fill(label=transition.label, name=title)), "ok")
        return redirect(here)

    def _asking(self, row: Table, transition: Transition, form: Any, errors: Dicts) -> str:
        forms.show_chosen(database(), form, self.table, row)
        title = _("{label} “{name}”", "{label}“{name}”").fill(label=transition.label, name=name_of(row))
        fields = list(form._fields.values())
        fields = [one for one in fields if isinstance(one, forms.DeclaredField)]
        context = {
            "title": title,
            "crumbs": self._trail(row),
            "sections": [{"title": None, "fields": fields}] if fields else [],
            "form": form,
            "cancel_url": f"/{self.table.__tablename__}/show/{row.id}",
            "submit_url": request.path,
            "save_label": transition.label,
            "version": row.version if transition.part else None,
            "errors": errors,
            "conflict": None,
            "save_more": False,
            "is_new": False,
        }
        return render_template("doorbook/form.html", shell=shell(title), page=context)
