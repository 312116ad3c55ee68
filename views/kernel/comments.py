"""The routes of a record's timeline: the list, comments, and who may be mentioned. Each asks for the record again."""

from __future__ import annotations

from typing import Any

from flask import current_app, flash, g, jsonify, redirect, render_template, request
from flask_appbuilder import BaseView, expose

from models.kernel.comment import change_comment, comment, one_comment, remove_comment
from models.kernel.readers import matching, readers
from models.kernel.refusal import Missing, Refusal
from views.kernel import timeline
from views.kernel.access import signed_in
from views.kernel.problems import problem_of
from views.kernel.request import say
from views.kernel.request import session as database
from views.kernel.resume import resumes, resuming

_KEY = 10**18


class CommentsView(BaseView):
    """Timeline and comments of the records of every table."""

    route_base = ""
    default_view = "listed"

    @expose("/<string:table>/<int:pk>/timeline", methods=["GET"])
    @signed_in
    def listed(self, table: str, pk: int) -> Any:
        """The timeline of a record as a piece of its page."""
        own = database()
        block = timeline.block(own, timeline.row_of(own, table, pk))
        return render_template("doorbook/timeline.html", page={"timeline": block}, piece=True)

    @expose("/<string:table>/<int:pk>/people", methods=["GET"])
    @signed_in
    def people(self, table: str, pk: int) -> Any:
        """Who can read the record and is called as `q` says: for the list that opens after an @."""
        own = database()
        everybody = readers(own, timeline.row_of(own, table, pk))
        names = [one.name for one in everybody]
        found = [
            {
                "name": one.name,
                "detail": " · ".join(filter(None, (one.login, one.place))),
                "insert": one.name if names.count(one.name) == 1 and " " not in one.name else one.login,
            }
            for one in matching(everybody, request.args.get("q", "")[:40])
        ]
        return jsonify(items=found)

    @expose("/<string:table>/<int:pk>/comments", methods=["POST"])
    @signed_in
    @resumes
    def add(self, table: str, pk: int) -> Any:
        """Adds a comment. What is refused comes back in the box."""
        own, text = database(), request.form.get("text", "")
        row = timeline.row_of(own, table, pk)
        if resuming():
            return _again(table, pk, text, None), 200
        try:
            key = comment(own, row, text)
            own.commit()
        except Refusal as refusal:
            own.rollback()
            if _scripted():
                return problem_of(refusal)
            if refusal.status in (403, 404):
                raise
            return _again(table, pk, text, refusal), refusal.status
        if _scripted():
            return jsonify(id=key), 201
        return redirect(f"/{table}/show/{pk}#timeline", 303)

    @expose("/comment/<int:key>/change", methods=["POST"])
    @signed_in
    def change(self, key: int) -> Any:
        """Changes one's own comment."""
        return self._done(key, lambda own: change_comment(own, key, request.form.get("text", "")))

    @expose("/comment/<int:key>/remove", methods=["POST"])
    @signed_in
    def remove(self, key: int) -> Any:
        """Takes a comment back."""
        return self._done(key, lambda own: remove_comment(own, key))

    def _done(self, key: int, act: Any) -> Any:
        own = database()
        place = "/"
        try:
            if key >= _KEY:
                raise Missing()
            _found, row = one_comment(own, key)
            place = f"/{row.__tablename__}/show/{row.id}#timeline"
            act(own)
            own.commit()
        except Refusal as refusal:
            own.rollback()
            if _scripted():
                return problem_of(refusal)
            if refusal.status in (403, 404):
                raise
            flash(say(refusal.sentence), "error")
            return redirect(place, 303)
        return jsonify(id=key) if _scripted() else redirect(place, 303)


def _scripted() -> bool:
    return request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json"


def _again(table: str, pk: int, text: str, refusal: Refusal | None) -> Any:
    """Shows the record with what was typed still in the box."""
    g.said = {"text": text, "error": say(refusal.sentence) if refusal is not None else None}
    endpoint, values = current_app.url_map.bind("").match(f"/{table}/show/{pk}", method="GET")
    return current_app.view_functions[endpoint](**values)
