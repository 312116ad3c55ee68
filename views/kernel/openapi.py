"""The OpenAPI description of a table's resource, from its declaration."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from apispec.exceptions import DuplicateComponentNameError

from models.kernel import entry
from models.kernel.columns import ColumnInfo
from models.kernel.registry import infos
from models.kernel.table import Table

PROBLEM = {
    "type": "object",
    "properties": {
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "field": {"type": "string"},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"field": {"type": "string"}, "code": {"type": "string"}, "sentence": {"type": "string"}},
            },
        },
    },
}
"""The shape of every error (RFC 9457)."""


def column_schema(known: ColumnInfo, *, nullable: bool) -> dict[str, Any]:
    """Returns the JSON schema of a column's value."""
    kinds: dict[str, dict[str, Any]] = {
        "integer": {"type": "integer"},
        "ref": {"type": "integer"},
        "flag": {"type": "boolean"},
        "decimal": {"type": "string", "pattern": r"^-?\d+(\.\d+)?$"},
        "money": {"type": "string", "pattern": r"^-?\d+(\.\d+)?$"},
        "date": {"type": "string", "format": "date"},
        "moment": {"type": "string", "format": "date-time"},
    }
    found = dict(kinds.get(known.kind, {"type": "string"}))
    if known.options is not None:
        found["enum"] = [option.value for option in known.options.options()]
    elif known.kind in ("text", "prose") and known.length:
        found["maxLength"] = known.length
    found["description"] = known.label.en
    if nullable:
        found["nullable"] = True
        if "enum" in found:
            found["enum"] = [*found["enum"], None]
    return found


def add_schemas(spec: Any, cls: type[Table]) -> None:
    """Adds the shapes of a table's bodies to the document."""
    known = infos(cls)
    writable = {
        name: column_schema(known[name], nullable=not entry.is_required(cls, name)) for name in entry.fields(cls)
    }
    readable: dict[str, Any] = {"id": {"type": "integer"}, "version": {"type": "integer"}}
    for name, column in known.items():
        readable[name] = column_schema(column, nullable=bool(cls.__mapper__.columns[name].nullable))
        if column.kind == "masked":
            readable[name] = {"type": "string", "nullable": True, "description": f"{column.label.en}, masked"}
    required = [name for name in writable if entry.is_required(cls, name)]
    schemas: dict[str, dict[str, Any]] = {
        "Problem": PROBLEM,
        cls.__name__: {"type": "object", "properties": readable},
        f"{cls.__name__}Add": {
            "type": "object",
            "properties": writable,
            "additionalProperties": False,
            **({"required": required} if required else {}),
        },
        f"{cls.__name__}Change": {"type": "object", "properties": writable, "additionalProperties": False},
    }
    for name, schema in schemas.items():
        add_schema(spec, name, schema)


def add_schema(spec: Any, name: str, schema: dict[str, Any]) -> None:
    """Adds a shape to the document, once: some are shared by all tables."""
    with suppress(DuplicateComponentNameError):
        spec.components.schema(name, schema)


def answer_of(description: str, schema: dict[str, Any] | None = None, kind: str = "application/json") -> dict[str, Any]:
    """Returns an answer of the document."""
    found: dict[str, Any] = {"description": description}
    if schema is not None:
        found["content"] = {kind: {"schema": schema}}
    return found


def errors_of(*statuses: int) -> dict[str, Any]:
    """Returns the refusals an address may answer with: those every one has, and these."""
    problem = {"$ref": "#/components/schemas/Problem"}
    return {
        str(status): answer_of("Refused", problem, "application/problem+json")
        for status in (400, 401, 403, 429, *statuses)
    }


def add_paths(spec: Any, cls: type[Table], base: str) -> None:
    """Adds a table's addresses to the document."""
    row = {"$ref": f"#/components/schemas/{cls.__name__}"}
    one = {"type": "object", "properties": {"id": {"type": "integer"}, "result": row}}
    many = {
        "type": "object",
        "properties": {
            "count": {"type": "integer"},
            "ids": {"type": "array", "items": {"type": "integer"}},
            "result": {"type": "array", "items": {"type": "object"}},
        },
    }
    common = {"tags": [cls.screen.label.en], "security": [{"jwt": []}, {"api_key": []}]}

    def body(kind: str) -> dict[str, Any]:
        return {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{cls.__name__}{kind}"}}},
        }

    key = {"in": "path", "name": "pk", "required": True, "schema": {"type": "integer"}}
    rison = {
        "in": "query",
        "name": "q",
        "schema": {"type": "string"},
        "description": "rison: columns, filters (col, opr, value), order_column, order_direction, page, page_size, search",
    }
    match = {"in": "header", "name": "If-Match", "required": True, "schema": {"type": "string"}}
    spec.path(
        path=f"{base}/",
        operations={
            "get": {
                **common,
                "parameters": [rison],
                "responses": {"200": answer_of("Rows in scope", many), **errors_of(422)},
            },
            "post": {
                **common,
                "requestBody": body("Add"),
                "responses": {"201": answer_of("Added", one), **errors_of(404, 409, 422)},
            },
        },
    )
    spec.path(
        path=f"{base}/{{pk}}",
        operations={
            "get": {**common, "parameters": [key], "responses": {"200": answer_of("The row", one), **errors_of(404)}},
            "put": {
                **common,
                "parameters": [key, match],
                "requestBody": body("Change"),
                "responses": {"200": answer_of("Changed", one), **errors_of(404, 409, 422, 428)},
            },
            "delete": {
                **common,
                "parameters": [key],
                "responses": {"200": answer_of("Deleted"), **errors_of(404, 409)},
            },
        },
    )
    _add_moves(spec, cls, base, {"tags": common["tags"], "security": common["security"]}, one)
    spec.path(
        path=f"{base}/_info",
        operations={"get": {**common, "responses": {"200": answer_of("Rights, columns and filters"), **errors_of()}}},
    )


def _add_moves(spec: Any, cls: type[Table], base: str, common: dict[str, Any], one: dict[str, Any]) -> None:
    """Adds the moves of a table's flow: their names are an enum, and the body may name what one of them asks for."""
    if cls.flow is None:
        return
    known = infos(cls)
    asked = {column: column_schema(known[column], nullable=True) for t in cls.flow.transitions for column in t.required}
    if cls.flow.approval is not None:
        asked["opinion"] = {"type": "string", "maxLength": 2000, "description": "What an approver says"}
        asked["to_level"] = {"type": "string", "enum": [level.name for level in cls.flow.approval.levels]}
    name = {
        "in": "path",
        "name": "transition",
        "required": True,
        "schema": {"type": "string", "enum": [each.name for each in cls.flow.transitions]},
        "description": "; ".join(f"{t.name}: {', '.join(t.from_)} -> {t.to}" for t in cls.flow.transitions),
    }
    key = {"in": "path", "name": "pk", "required": True, "schema": {"type": "integer"}}
    body = {"type": "object", "properties": asked, "additionalProperties": False}
    spec.path(
        path=f"{base}/{{pk}}/{{transition}}",
        operations={
            "post": {
                **common,
                "parameters": [key, name],
                "requestBody": {"content": {"application/json": {"schema": body}}},
                "responses": {"200": answer_of("Moved", one), **errors_of(404, 409, 422)},
            }
        },
    )
