"""Saved views over REST: `/api/v1/saved_view/`, for scripts that lay out a company's lists."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, make_response, request
from flask_appbuilder.api import BaseApi, expose

from models.kernel import saved_view
from models.kernel.refusal import Denied, Missing, Refusal
from models.kernel.registry import table as declared
from models.kernel.roles import READ
from models.kernel.saved_view import View
from models.kernel.scope import may
from models.kernel.table import Table
from models.kernel.words import _
from views.kernel.access import signed_in
from views.kernel.parameters import view_query
from views.kernel.problems import problem_of
from views.kernel.request import actor
from views.kernel.request import session as database
from views.kernel.view_pages import tab_url


class SavedViewResource(BaseApi):
    """Lists, adds, changes and deletes the saved views of the list of one table, as their tabs do."""

    resource_name = "saved_view"
    class_permission_name = "saved_view"
    csrf_exempt = False
    allow_browser_login = True
    openapi_spec_tag = "Saved view"

    @expose("/", methods=["GET"])
    @signed_in
    def get_list(self) -> Response:
        """The views of a table that are offered to this actor
        ---
        get:
          parameters:
          - {in: query, name: table, required: true, schema: {type: string}}
          responses:
            200: {description: "`result`: id, name, query, node_id, roles, mine, url"}
            404: {description: There is no such table}
        """
        cls = _table(request.args.get("table"))
        _layout, views = saved_view.opened(database(), cls)
        return jsonify({"count": len(views), "result": [_json(cls, view) for view in views]})

    @expose("/", methods=["POST"])
    @signed_in
    def post(self) -> Response:
        """Saves a view: table, name, query, and node_id and roles where it is shared
        ---
        post:
          requestBody:
            required: true
            content: {application/json: {schema: {type: object}}}
          responses:
            201: {description: The view}
            403: {description: Not to be shared there}
            422: {description: Something is missing or wrong}
        """
        own = database()
        try:
            body = _body("table", "name", "query", "node_id", "roles")
            cls = _table(body.get("table"))
            query, left_out = view_query(cls, f"{cls.__name__}View", str(body.get("query", ""))[:8000])
            if left_out:
                raise _personal()
            node, roles = _share(body)
            key = saved_view.save(own, cls, str(body.get("name", "")), query, node_id=node, roles=roles)
            made = _json(cls, saved_view.view_of(own, cls, key))
            own.commit()
        except Refusal as refusal:
            own.rollback()
            return problem_of(refusal)
        return make_response(jsonify({"id": key, "result": made}), 201)

    @expose("/<int:pk>", methods=["PUT"])
    @signed_in
    def put(self, pk: int) -> Response:
        """Changes name, query, or node_id and roles of a view
        ---
        put:
          parameters:
          - {in: path, name: pk, required: true, schema: {type: integer}}
          - {in: query, name: table, required: true, schema: {type: string}}
          requestBody:
            required: true
            content: {application/json: {schema: {type: object}}}
          responses:
            200: {description: The view as it is now}
            403: {description: Somebody else's}
            404: {description: No such view for this actor}
        """
        own = database()
        try:
            cls = _table(request.args.get("table"))
            body = _body("name", "query", "node_id", "roles")
            query = None
            if "query" in body:
                query, left_out = view_query(cls, f"{cls.__name__}View", str(body["query"])[:8000])
                if left_out:
                    raise _personal()
            share = _share(body) if "node_id" in body else None
            name = str(body["name"]) if "name" in body else None
            saved_view.alter(own, cls, pk, name=name, query=query, share=share)
            shown = _json(cls, saved_view.view_of(own, cls, pk))
            own.commit()
        except Refusal as refusal:
            own.rollback()
            return problem_of(refusal)
        return jsonify({"id": pk, "result": shown})

    @expose("/<int:pk>", methods=["DELETE"])
    @signed_in
    def delete(self, pk: int) -> Response:
        """Deletes a view
        ---
        delete:
          parameters:
          - {in: path, name: pk, required: true, schema: {type: integer}}
          - {in: query, name: table, required: true, schema: {type: string}}
          responses:
            200: {description: It is gone}
            403: {description: Somebody else's}
            404: {description: No such view for this actor}
        """
        own = database()
        try:
            saved_view.delete(own, _table(request.args.get("table")), pk)
            own.commit()
        except Refusal as refusal:
            own.rollback()
            return problem_of(refusal)
        return jsonify({"id": pk})


def _table(name: Any) -> type[Table]:
    cls = declared(str(name or ""))
    if not may(actor(), cls, READ):
        raise Denied()
    return cls


def _body(*names: str) -> dict[str, Any]:
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise Refusal(_("Send a JSON object.", "请发送 JSON 对象。"), code="body", status=400)
    unknown = [name for name in body if name not in names]
    if unknown:
        raise Refusal(
            _("A view has no “{name}”; it has {known}.", "视图没有“{name}”，可填：{known}。").fill(
                name=str(unknown[0])[:40], known=", ".join(names)
            ),
            str(unknown[0])[:40],
            code="unknown_field",
        )
    return body


def _share(body: dict[str, Any]) -> tuple[int | None, tuple[str, ...]]:
    node, roles = body.get("node_id"), body.get("roles") or []
    if node is not None and (not isinstance(node, int) or isinstance(node, bool) or not 0 < node < 2**63):
        raise Missing()
    if not isinstance(roles, list):
        raise Refusal(_("`roles` is a list of role names.", "roles 应为角色名称的列表。"), "roles")
    return node, tuple(str(role) for role in roles)


def _personal() -> Refusal:
    return Refusal(
        _(
            "Views keep no personal data: leave the filter by a full number out.",
            "视图不保存个人信息，请去掉按完整号码筛选的条件。",
        ),
        "query",
    )


def _json(cls: type[Table], view: View) -> dict[str, Any]:
    return {
        "id": view.id,
        "name": view.name,
        "query": view.query,
        "node_id": view.node_id,
        "roles": list(view.roles),
        "mine": view.mine,
        "url": tab_url(cls, view),
    }
