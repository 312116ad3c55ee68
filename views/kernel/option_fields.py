"""Options on forms and in filters: what an option list offers at the place a form is about, and its look-up where it is long."""

from __future__ import annotations

from typing import Any

from flask import jsonify, request
from flask_appbuilder import BaseView, expose
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session

from models.kernel.clock import today
from models.kernel.columns import ColumnInfo
from models.kernel.option_list import LISTS
from models.kernel.option_values import MOST, Item, anywhere, choices, day_of, item_of, list_columns
from models.kernel.owning import owner_path, owner_path_of, path_of
from models.kernel.refusal import Missing
from models.kernel.session import actor_of, clock_of
from models.kernel.table import Table
from models.kernel.words import Words
from views.kernel.access import signed_in
from views.kernel.request import say
from views.kernel.request import session as database

OWNERS = ("node_id", "project_id")
"""Columns whose choice on the same form says whose list is offered."""


def held_paths(session: Session) -> list[str]:
    """Returns the places the actor holds anything at; the top for the system."""
    who = actor_of(session)
    return ["/"] if who.system else [held.path for held in who.grants]


def offered(session: Session, known: ColumnInfo, cls: type[Table], form: FlaskForm, row: Table | None) -> list[Item]:
    """Returns what a form offers: the list of the row's place, or of all the actor's places while none is chosen."""
    name = known.list or ""
    typed = {field.name: field.data for field in form}

    def value(column: str) -> Any:
        raw = str(typed.get(column) or "")
        return int(raw) if raw.isdecimal() and len(raw) < 19 else None

    path = owner_path(session, row) if row is not None else owner_path_of(session, cls, value)
    on = day_of(session, row) if row is not None else today(clock_of(session))
    if path is not None:
        return choices(session, name, path, on)
    return [item for item in anywhere(session, name, held_paths(session)) if item.enabled and item.holds(on)]


def offer_options(session: Session, form: FlaskForm, cls: type[Table], row: Table | None) -> None:
    """Gives each option field what may be chosen: a select of up to 50, a look-up above. What the row holds stays there."""
    for column, known in list_columns(cls).items():
        if column not in form:
            continue
        field = form[column]
        found = offered(session, known, cls, form, row)
        kept = item_of(
            session,
            known.list or "",
            str(field.data or ""),
            owner_path(session, row) if row is not None else None,
            day_of(session, row) if row is not None else None,
        )
        if len(found) > MOST:
            field.render_kind, field.lookup_url = "ref", f"/option/lookup/{known.list}"
            field.depends = [name for name in OWNERS if name in form]
            field.chosen_text = say(kept.words) if kept is not None else None
            continue
        field.offered = [(item.code, item.words) for item in found]
        if field.data and str(field.data) not in [item.code for item in found]:
            word = str(field.data)
            field.offered.append((word, kept.words if kept is not None else Words(word, word)))


def option_filter(known: ColumnInfo) -> dict[str, Any]:
    """Returns how the filter of a list asks for an option: boxes, or a look-up where the list is long."""
    found = anywhere(database(), known.list or "", held_paths(database()))
    if len(found) > MOST:
        return {"kind": "ref", "options": None, "lookup_url": f"/option/lookup/{known.list}"}
    return {
        "kind": "choice",
        "options": [{"value": item.code, "label": item.words} for item in found],
        "lookup_url": None,
    }


def option_choices(session: Session, known: ColumnInfo) -> list[dict[str, str]]:
    """Returns what REST says of a list: each code known at the actor's places, with its words."""
    found = anywhere(session, known.list or "", held_paths(session))
    return [{"value": item.code, "label": str(say(item.words))} for item in found]


class OptionView(BaseView):
    """The look-up of long option lists."""

    route_base = "/option"
    default_view = "look_up"

    @expose("/lookup/<name>", methods=["GET"])
    @signed_in
    def look_up(self, name: str) -> Any:
        """Values by what was typed, of the place chosen on the form: JSON of `items` and `more`."""
        if name not in LISTS:
            raise Missing()
        own, on = database(), today(clock_of(database()))
        place = None
        for column in OWNERS:
            raw = request.args.get(column, "")
            if raw.isdecimal() and len(raw) < 19:
                place = place or path_of(own, column.removesuffix("_id"), int(raw))
        held = held_paths(own)
        if place is not None and any(place.startswith(path) or path.startswith(place) for path in held):
            found = choices(own, name, place, on)
        else:
            found = [item for item in anywhere(own, name, held) if item.enabled and item.holds(on)]
        typed = request.args.get("q", "").strip().casefold()[:60]
        hits = [i for i in found if typed in f"{i.code} {i.words.zh} {i.words.en}".casefold()]
        shown = [{"id": i.code, "text": say(i.words), "detail": i.code} for i in hits[:20]]
        return jsonify({"items": shown, "more": len(hits) > 20})
