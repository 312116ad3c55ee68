"""The REST resource of a declared table: the framework's addresses and rison arguments, our reading and writing.

`GET /api/v1/<table>/` lists with the exact count, `GET /<id>` reads, `POST /` adds, `PUT /<id>` changes what it names and needs
`If-Match` with the version (missing is 428, old is 409), `DELETE /<id>` puts in the recycle bin.
"""

from __future__ import annotations

from typing import Any

import prison
from flask import Response, current_app, jsonify, make_response, request
from flask_appbuilder.api import BaseApi, ModelRestApi, expose
from flask_appbuilder.api.manager import OpenApi
from sqlalchemy import select

from models.kernel import entry
from models.kernel.flow import flow_rights
from models.kernel.guard import name_of, remove
from models.kernel.moving import move, transition_of
from models.kernel.refusal import Denied, Missing, Refusal, Stale
from models.kernel.registry import infos
from models.kernel.roles import DELETE, READ, RIGHTS, WRITE
from models.kernel.scope import may
from models.kernel.table import Table
from models.kernel.words import _
from views.kernel import openapi
from views.kernel.access import needs, signed_in
from views.kernel.cells import as_json, cell
from views.kernel.interface import TableInterface
from views.kernel.listing import Asked, Filter, Line, Listing, known_column
from views.kernel.openapi_rows import add_row_paths, add_row_schemas
from views.kernel.operators import OPERATORS
from views.kernel.option_fields import option_choices
from views.kernel.problems import problem_of
from views.kernel.request import actor, say
from views.kernel.request import session as database
from views.kernel.row_resource import RowResource

MAX_PAGE = 100
DEFAULT_PAGE = 20


class TableResource(RowResource, ModelRestApi):
    """The REST resource of one table; subclasses are made by `resource_of`."""

    table: type[Table]
    csrf_exempt = False
    allow_browser_login = True

    def _init_properties(self) -> None:
        self.label_columns: dict[str, Any] = {}

    def _init_titles(self) -> None:
        self.title = ""

    def model2schemaconverter(self, *_args: Any) -> None:
        """No schema of the framework's: bodies are read by `models.kernel.entry`."""

    def _init_model_schemas(self) -> None:
        return

    def add_apispec_components(self, api_spec: Any) -> None:
        """Adds the shared answers, and the shapes of this table's bodies."""
        BaseApi.add_apispec_components(self, api_spec)
        openapi.add_schemas(api_spec, self.table)

    def add_api_spec(self, api_spec: Any) -> None:
        """Describes this table's addresses from its declaration."""
        self.add_apispec_components(api_spec)
        openapi.add_paths(api_spec, self.table, self.route_base)
        add_row_schemas(api_spec)
        add_row_paths(api_spec, self.table, self.route_base)

    # -- reading ------------------------------------------------------------------------------------------------------

    @expose("/_info", methods=["GET"])
    @needs(READ)
    def info(self) -> Response:
        """What this actor may do here, and which columns there are."""
        known = infos(self.table)
        return jsonify(
            {
                "permissions": [
                    right for right in (*RIGHTS, *flow_rights(self.table.flow)) if may(actor(), self.table, right)
                ],
                "add_columns": [self._described(name) for name in entry.fields(self.table)],
                "edit_columns": [self._described(name) for name in entry.fields(self.table)],
                "filters": {
                    name: [{"name": say(o.words), "operator": o.name} for o in OPERATORS[column.kind]]
                    for name, column in known.items()
                    if column.kind != "masked" or may(actor(), self.table, "match")
                },
                "label_columns": {name: say(column.label) for name, column in known.items()},
            }
        )

    def _described(self, name: str) -> dict[str, Any]:
        known = infos(self.table)[name]
        return {
            "name": name,
            "label": say(known.label),
            "type": known.kind,
            "required": entry.is_required(self.table, name),
            "description": say(known.hint) if known.hint else "",
            **(
                {"choices": [{"value": o.value, "label": say(o.words)} for o in known.options.options()]}
                if known.options
                else {}
            ),
            **({"choices": option_choices(database(), known), "list": known.list} if known.list else {}),
        }

    @expose("/", methods=["GET"])
    @needs(READ)
    def get_list(self) -> Response:
        """Rows in scope: rison `q` with columns, filters, order_column, order_direction, page, page_size."""
        arguments = _rison()
        columns = arguments.get("columns") or list(self.table.screen.listed)
        asked = Asked(
            columns=tuple(_texts(columns, "columns")),
            filters=tuple(_filter(one) for one in _maps(arguments.get("filters", []), "filters")),
            order=_order(arguments),
            page=_whole(arguments.get("page", 0), "page", 0, 10_000_000),
            size=_size(arguments.get("page_size", DEFAULT_PAGE)),
            search=str(arguments.get("search", ""))[:100],
        )
        listing = Listing(database(), self.table, asked)
        page, count = listing.page(), listing.count(cap=None)
        return jsonify(
            {
                "count": count,
                "ids": [line.pk for line in page.lines],
                "result": [self.line_json(line, listing.columns) for line in page.lines],
                "list_columns": list(listing.columns),
                "label_columns": {path: say(known_column(self.table, path).label) for path in listing.columns},
                "order_columns": [path for path in listing.columns if known_column(self.table, path).kind != "masked"],
            }
        )

    @expose("/<int:pk>", methods=["GET"])
    @needs(READ)
    def get(self, pk: int) -> Response:
        """One row in scope, with its version as ETag."""
        line = self._line(pk)
        response = jsonify({"id": pk, "result": self._whole(line)})
        response.headers["ETag"] = f'"{line.version}"'
        return response

    def whole(self, pk: int) -> dict[str, Any]:
        """Returns a row as its address gives it."""
        return self._whole(self._line(pk))

    def read_body(self) -> dict[str, object]:
        """Returns the JSON object of the request. Raises: Refusal."""
        return _body()

    def read_version(self) -> int:
        """Returns the version `If-Match` names. Raises: Refusal."""
        return _if_match()

    def _line(self, pk: int) -> Line:
        columns = ("id", *infos(self.table))
        listing = Listing(database(), self.table, Asked(columns=columns[1:], ids=(pk,), size=1))
        lines = listing.page().lines
        if not lines:
            raise Missing()
        return lines[0]

    def _whole(self, line: Line) -> dict[str, Any]:
        found: dict[str, Any] = {"id": line.pk, "version": line.version}
        for name, known in infos(self.table).items():
            values = line.values[name]
            found[name] = as_json(values[-1] if known.kind == "ref" else values[0])
            if known.kind == "ref":
                found[name.removesuffix("_id")] = _text(values)
            elif known.kind == "option":
                found[f"{name}_text"] = cell(self.table, name, values).text or None
        return found

    def line_json(self, line: Line, columns: tuple[str, ...]) -> dict[str, Any]:
        found: dict[str, Any] = {"id": line.pk}
        for path in columns:
            values = line.values[path]
            kind = known_column(self.table, path).kind
            if kind != "ref":
                found[path] = as_json(values[0])
                if kind == "option":
                    found[f"{path}_text"] = cell(self.table, path, values).text or None
            elif path.endswith("_id"):
                found[path] = values[-1]
            else:
                found[path] = {"id": values[-1], "text": _text(values)}
        return found

    # -- writing ------------------------------------------------------------------------------------------------------

    @expose("/", methods=["POST"])
    @needs(WRITE)
    def post(self) -> Response:
        """Adds a row from a JSON object of fields."""
        own = database()
        try:
            row = entry.add(own, self.table, _body())
            own.commit()
        except Refusal as refusal:
            own.rollback()
            return problem_of(refusal)
        response = make_response(jsonify({"id": row.id, "result": self._whole(self._line(row.id))}), 201)
        response.headers["Location"] = f"{self.route_base}/{row.id}"
        response.headers["ETag"] = f'"{row.version}"'
        return response

    @expose("/<int:pk>", methods=["PUT"])
    @needs(WRITE)
    def put(self, pk: int) -> Response:
        """Changes the fields the JSON object names, from the version `If-Match` names."""
        own = database()
        row = self._writable(pk, WRITE)
        version = _if_match()
        typed = _body()
        try:
            entry.change(own, row, typed, version)
            own.commit()
        except Stale as stale:
            own.rollback()
            current = self._whole(self._line(pk))
            stale.theirs = {name: current.get(name) for name in typed}
            return problem_of(stale)
        except Refusal as refusal:
            own.rollback()
            return problem_of(refusal)
        response = jsonify({"id": pk, "result": self._whole(self._line(pk))})
        response.headers["ETag"] = f'"{row.version}"'
        return response

    @expose("/<int:pk>", methods=["DELETE"])
    @needs(DELETE)
    def delete(self, pk: int) -> Response:
        """Puts a row in the recycle bin."""
        own = database()
        row = self._writable(pk, DELETE)
        title = name_of(row)
        try:
            remove(own, row)
            own.commit()
        except Refusal as refusal:
            own.rollback()
            return problem_of(refusal)
        return jsonify(
            {"message": say(_("“{name}” is in the recycle bin.", "“{name}”已移入回收站。").fill(name=title))}
        )

    @expose("/<int:pk>/<transition>", methods=["POST"])
    @needs(READ)
    def move(self, pk: int, transition: str) -> Response:
        """Makes a move of the table's flow; the body names the columns it asks for, `If-Match` may name the version."""
        own = database()
        row = self._writable(pk, READ)
        transition_of(self.table, transition)
        version = _if_match() if request.headers.get("If-Match") else None
        typed = _body() if request.get_data() else {}
        try:
            move(own, row, transition, typed, version)
            own.commit()
        except Refusal as refusal:
            own.rollback()
            return problem_of(refusal)
        response = jsonify({"id": pk, "result": self._whole(self._line(pk))})
        response.headers["ETag"] = f'"{row.version}"'
        return response

    def _writable(self, pk: int, right: str) -> Table:
        own = database()
        row = own.execute(select(self.table).where(self.table.id == pk)).scalar_one_or_none()
        if row is None:
            raise Missing()
        held = select(self.table.id).where(self.table.id == pk).execution_options(right=right)
        if own.execute(held).first() is None:
            raise Denied()
        return row


def _text(values: tuple[Any, ...]) -> str | None:
    return " ".join(str(as_json(v)) for v in values[:-1] if v is not None) or None


def _bad(sentence: Any, field: str | None = None) -> Refusal:
    return Refusal(sentence, field, code="bad_request", status=400)


def _rison() -> dict[str, Any]:
    raw = request.args.get("q")
    if not raw:
        return {}
    try:
        found = prison.loads(raw)
    except Exception as error:
        raise _bad(_("The argument q is not readable rison.", "参数 q 不是有效的 rison。"), "q") from error
    if not isinstance(found, dict):
        raise _bad(_("The argument q must be a rison object.", "参数 q 应为 rison 对象。"), "q")
    return found


def _texts(value: Any, name: str) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value) or len(value) > 60:
        raise _bad(_("“{name}” must be a list of column names.", "“{name}”应为列名数组。").fill(name=name), name)
    return value


def _maps(value: Any, name: str) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value) or len(value) > 60:
        raise _bad(_("“{name}” must be a list of objects.", "“{name}”应为对象数组。").fill(name=name), name)
    return value


def _filter(one: dict[str, Any]) -> Filter:
    column, operator, value = one.get("col"), one.get("opr"), one.get("value", "")
    if not isinstance(column, str) or not isinstance(operator, str):
        raise _bad(_("A filter has col, opr and value.", "筛选条件应包含 col、opr、value。"), "filters")
    if isinstance(value, list):
        value = ",".join(str(v) for v in value)
    if isinstance(value, dict):
        raise _bad(_("A filter's value is a text, a number or a list.", "筛选值应为文本、数字或数组。"), "filters")
    return Filter(column, operator, "" if value is None else str(value)[:2000])


def _order(arguments: dict[str, Any]) -> str | None:
    column, direction = arguments.get("order_column"), arguments.get("order_direction", "asc")
    if column is None or column == "":
        return None
    if not isinstance(column, str) or direction not in ("asc", "desc"):
        raise _bad(_("Order by a column name, asc or desc.", "排序应给出列名及 asc 或 desc。"), "order_column")
    return ("-" if direction == "desc" else "") + column.lstrip("-")


def _whole(value: Any, name: str, least: int, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise _bad(_("“{name}” must be a whole number.", "“{name}”应为整数。").fill(name=name), name)
    return value


def _size(value: Any) -> int:
    """-1 asks for as many as there may be, as the framework has it."""
    size = _whole(value, "page_size", -1, 10**9)
    return MAX_PAGE if size == -1 else min(max(size, 1), MAX_PAGE)


def _body() -> dict[str, object]:
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise _bad(_("Send a JSON object of fields.", "请发送字段组成的 JSON 对象。"))
    for name, value in body.items():
        if isinstance(value, dict | list):
            raise _bad(_("“{name}” must be a single value.", "“{name}”应为单个值。").fill(name=name), str(name))
    return body


def _if_match() -> int:
    raw = request.headers.get("If-Match", "").strip().removeprefix("W/").strip('"')
    if not raw:
        raise Refusal(
            _(
                "Say which version you are changing: If-Match with the ETag you read.",
                "请在 If-Match 中给出读取时的 ETag 版本。",
            ),
            code="no_version",
            status=428,
        )
    if not raw.isdecimal() or len(raw) > 9:
        raise _bad(_("If-Match is a version number.", "If-Match 应为版本号。"), "If-Match")
    return int(raw)


class ConsoleOpenApi(OpenApi):
    """The OpenAPI document, for whoever is signed in."""

    csrf_exempt = False

    @expose("/<version>/_openapi")
    @signed_in
    def get(self, version: str) -> Response:
        """The OpenAPI document of a version."""
        views = resources(version)
        if not views:
            raise Missing()
        return jsonify(document(version, views))


def resources(version: str = "v1") -> list[BaseApi]:
    """Returns the REST resources of a version, tables and others, as they are registered."""
    builder = current_app.appbuilder  # type: ignore[attr-defined]
    views = [view for view in builder.baseviews if isinstance(view, BaseApi) and not isinstance(view, OpenApi)]
    return [view for view in views if view.version == version]


def document(version: str, views: list[BaseApi]) -> dict[str, Any]:
    """Returns the OpenAPI document of these resources."""
    spec = OpenApi._create_api_spec(version)
    for view in views:
        view.add_api_spec(spec)
    found: dict[str, Any] = spec.to_dict()
    return found


def resource_of(cls: type[Table]) -> type[TableResource]:
    """Returns the resource class of a table: `RoomResource` at `/api/v1/room/`."""
    name = f"{cls.__name__}Resource"
    return type(
        name,
        (TableResource,),
        {
            "table": cls,
            "datamodel": TableInterface(cls),
            "resource_name": cls.__tablename__,
            "class_permission_name": cls.__tablename__,
            "openapi_spec_tag": cls.screen.label.en,
            "__doc__": f"REST resource of {cls.screen.label.en}.",
        },
    )
