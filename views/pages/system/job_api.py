"""Jobs over REST: asked for, followed, cancelled and tried again by machines; the same rows, the same rules as the pages."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, request
from flask_appbuilder.api import BaseApi, expose

from models.kernel import job as kernel
from models.kernel import job_centre as centre
from models.kernel.job import JobState
from models.kernel.refusal import Missing, Refusal
from models.kernel.words import _
from views.kernel.access import signed_in
from views.kernel.openapi import add_schema, answer_of, errors_of
from views.kernel.request import language, say
from views.kernel.request import session as database
from views.pages.system.job import JobView

MOVES = {"cancel": kernel.cancel, "retry": kernel.retry}
"""What a machine may do with a job."""

_TEXT: dict[str, Any] = {"type": "string"}
_WHOLE: dict[str, Any] = {"type": "integer"}
_MOMENT: dict[str, Any] = {"type": "string", "format": "date-time", "nullable": True}
JOB: dict[str, Any] = {
    "type": "object",
    "properties": {
        "id": _WHOLE,
        "kind": {**_TEXT, "description": "such as export, import, backup"},
        "title": _TEXT,
        "state": {**_TEXT, "enum": [state.value for state in JobState]},
        "state_words": _TEXT,
        "done": {**_WHOLE, "description": "Steps done"},
        "total": {**_WHOLE, "nullable": True, "description": "Steps there are, where that is known"},
        "percent": {**_WHOLE, "nullable": True, "minimum": 0, "maximum": 100},
        "owner": {**_TEXT, "nullable": True},
        "attempts": _WHOLE,
        "created_at": _MOMENT,
        "started_at": _MOMENT,
        "ended_at": _MOMENT,
        "cancelling": {"type": "boolean"},
        "error": {**_TEXT, "nullable": True, "description": "Why it failed, in a sentence"},
        "file": {**_TEXT, "nullable": True, "description": "Name of its file, where there is one for who asks"},
        "file_size": {**_WHOLE, "nullable": True, "description": "Bytes"},
        "file_until": {**_MOMENT, "description": "It can be fetched until then"},
        "result": {"type": "object", "description": "What it left, by kind"},
    },
}
"""A job as `models.kernel.job_centre.shown` tells of it."""


class JobApi(BaseApi):  # type: ignore[misc]
    """Jobs for machines."""

    resource_name = "job"
    class_permission_name = "job"
    csrf_exempt = False
    allow_browser_login = True

    @expose("/", methods=["GET"])
    @signed_in
    def listed(self) -> Response:
        """The jobs one sees, newest first; `state`, `kind`, `mine=1`, `before=<id>` narrow it."""
        own, before, state = database(), request.args.get("before", ""), request.args.get("state", "")
        if state and JobState.member(state) is None:
            words = _("There is no state “{state}”.", "没有“{state}”这一状态。").fill(state=state[:40])
            raise Refusal(words, "state", code="unknown_state", status=400)
        rows = centre.jobs(
            own,
            states=(state,) if state else (),
            kind=request.args.get("kind", "")[:64],
            mine=request.args.get("mine") == "1",
            upkeep=True,
            before=int(before) if before.isdecimal() and len(before) < 19 else None,
        )
        return jsonify({"result": [centre.shown(own, row, language()) for row in rows]})

    @expose("/<int:key>", methods=["GET"])
    @signed_in
    def one(self, key: int) -> Response:
        """One job, with its log."""
        own = database()
        told = centre.shown(own, centre.job(own, key), language())
        lines = [(line.at.isoformat(), say(kernel.told(line.words))) for line in kernel.lines_of(own, key)]
        return jsonify({"id": key, "result": {**told, "log": [{"at": at, "words": words} for at, words in lines]}})

    @expose("/<int:key>/file", methods=["GET"])
    @signed_in
    def file(self, key: int) -> Any:
        """Its file."""
        return JobView.file(self, key)

    @expose("/<int:key>/<string:name>", methods=["POST"])
    @signed_in
    def steer(self, key: int, name: str) -> Response:
        """`cancel` or `retry`; anything else is not there."""
        own = database()
        if name not in MOVES:
            raise Missing(_("A job knows cancel and retry.", "任务仅支持 cancel 与 retry。"))
        row = centre.job(own, key)
        if not MOVES[name](own, key):
            sentence = _("This cannot be done while the job is: {state}.", "任务处于“{state}”状态，无法执行该操作。")
            raise Refusal(sentence.fill(state=JobState(row.state).words), code="wrong_state", status=409)
        own.commit()
        return jsonify({"id": key, "result": centre.shown(own, centre.job(own, key), language())})

    def add_api_spec(self, api_spec: Any) -> None:
        """Describes these addresses, instead of the framework, which reads them out of docstrings."""
        line = {"type": "object", "properties": {"at": _MOMENT, "words": _TEXT}}
        job = {"$ref": "#/components/schemas/Job"}
        logged = {"allOf": [job, {"type": "object", "properties": {"log": {"type": "array", "items": line}}}]}
        add_schema(api_spec, "Job", JOB)
        common: dict[str, Any] = {"tags": ["Job"], "security": [{"jwt": []}, {"api_key": []}]}
        key = {"in": "path", "name": "key", "required": True, "schema": _WHOLE}

        def wrapped(schema: dict[str, Any]) -> dict[str, Any]:
            return {"type": "object", "properties": {"id": _WHOLE, "result": schema}}

        def asked(name: str, schema: dict[str, Any], words: str) -> dict[str, Any]:
            return {"in": "query", "name": name, "schema": schema, "description": words}

        narrowed = [
            asked("state", {**_TEXT, "enum": [state.value for state in JobState]}, "only these"),
            asked("kind", _TEXT, "only these"),
            asked("mine", {**_TEXT, "enum": ["1"]}, "only one's own"),
            asked("before", _WHOLE, "only with a smaller id: the next page"),
        ]
        many = {"type": "object", "properties": {"result": {"type": "array", "items": job}}}
        gone = {"410": answer_of("The file is kept no more"), **errors_of(404)}
        content = answer_of("The file", {"type": "string", "format": "binary"}, "application/octet-stream")
        name = {
            "in": "path",
            "name": "name",
            "required": True,
            "schema": {**_TEXT, "enum": sorted(MOVES)},
            "description": "cancel: ends a waiting job at once, a running one at its next step. "
            "retry: a failed or cancelled one goes on from where it was.",
        }
        paths = {
            "/": ("get", narrowed, {"200": answer_of("Newest first, at most 50", many), **errors_of()}),
            "/{key}": ("get", [key], {"200": answer_of("The job with its log", wrapped(logged)), **errors_of(404)}),
            "/{key}/file": ("get", [key], {"200": content, **gone}),
            "/{key}/{name}": (
                "post",
                [key, name],
                {"200": answer_of("As it is now", wrapped(job)), **errors_of(404, 409)},
            ),
        }
        for path, (method, parameters, answers) in paths.items():
            told = {**common, "parameters": parameters, "responses": answers}
            api_spec.path(path=f"{self.route_base}{path}", operations={method: told})
