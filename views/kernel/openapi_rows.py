"""The OpenAPI description of what REST gives beside a row's fields: comments, files, history, versions, the recycle bin."""

from __future__ import annotations

from typing import Any

from apispec.exceptions import DuplicateComponentNameError

from models.kernel.comment import LONGEST
from models.kernel.history import KINDS
from models.kernel.table import Table
from views.kernel.openapi import answer_of, errors_of

_WHOLE = {"type": "integer"}
_TEXT = {"type": "string"}
_MOMENT = {"type": "string", "format": "date-time"}

SHAPES: dict[str, dict[str, Any]] = {
    "Comment": {
        "type": "object",
        "properties": {
            "id": _WHOLE,
            "text": {**_TEXT, "maxLength": LONGEST},
            "by": _TEXT,
            "by_id": {**_WHOLE, "nullable": True},
            "at": _MOMENT,
            "changed_at": {**_MOMENT, "nullable": True},
            "mentions": {
                "type": "array",
                "items": {"type": "object", "properties": {"name": _TEXT, "user_id": _WHOLE}},
            },
            "may_change": {"type": "boolean"},
        },
    },
    "CommentText": {
        "type": "object",
        "properties": {
            "text": {
                **_TEXT,
                "maxLength": LONGEST,
                "description": "@ and a name or sign-in name mentions who can read the row",
            }
        },
        "required": ["text"],
        "additionalProperties": False,
    },
    "File": {
        "type": "object",
        "properties": {
            "id": _WHOLE,
            "kind": {**_TEXT, "enum": ["image", "document"]},
            "name": _TEXT,
            "size": _WHOLE,
            "mime": _TEXT,
            "width": {**_WHOLE, "nullable": True},
            "height": {**_WHOLE, "nullable": True},
            "sha256": _TEXT,
            "at": _MOMENT,
            "by": _TEXT,
            "content": {**_TEXT, "description": "where its content is"},
        },
    },
    "HistoryLine": {
        "type": "object",
        "properties": {
            "line": _WHOLE,
            "at": _MOMENT,
            "by": {**_TEXT, "nullable": True},
            "by_id": {**_WHOLE, "nullable": True},
            "table": _TEXT,
            "row_id": _WHOLE,
            "action": _TEXT,
            "fields": _TEXT,
            "changes": {
                "type": "array",
                "items": {"type": "object", "properties": {"label": _TEXT, "before": _TEXT, "after": _TEXT}},
            },
            "comment_id": {**_WHOLE, "nullable": True},
            "file": {**_TEXT, "nullable": True},
        },
    },
    "EarlierVersion": {
        "type": "object",
        "properties": {
            "line": _WHOLE,
            "at": _MOMENT,
            "by": {**_TEXT, "nullable": True},
            "version": _WHOLE,
            "differences": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "field": _TEXT,
                        "label": _TEXT,
                        "then": {},
                        "now": {},
                        "then_text": _TEXT,
                        "now_text": _TEXT,
                        "fault": _TEXT,
                    },
                },
            },
        },
    },
}
"""The shapes that all tables share."""


def add_row_schemas(spec: Any) -> None:
    """Adds the shapes of comments, files, lines of history and earlier versions to the document, once."""
    for name, schema in SHAPES.items():
        try:
            spec.components.schema(name, schema)
        except DuplicateComponentNameError:
            return


def _of(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def _many(name: str) -> dict[str, Any]:
    return {"type": "object", "properties": {"count": _WHOLE, "result": {"type": "array", "items": _of(name)}}}


def _one(name: str) -> dict[str, Any]:
    return {"type": "object", "properties": {"id": _WHOLE, "result": _of(name)}}


def _key(name: str) -> dict[str, Any]:
    return {"in": "path", "name": name, "required": True, "schema": _WHOLE}


def _asked(name: str, schema: dict[str, Any], words: str = "") -> dict[str, Any]:
    return {"in": "query", "name": name, "schema": schema, "description": words}


def _body(schema: dict[str, Any], kind: str = "application/json", *, required: bool = True) -> dict[str, Any]:
    return {"required": required, "content": {kind: {"schema": schema}}}


def add_row_paths(spec: Any, cls: type[Table], base: str) -> None:
    """Adds the addresses of `views.kernel.row_resource` for a table to the document."""
    common = {"tags": [cls.screen.label.en], "security": [{"jwt": []}, {"api_key": []}]}
    match = {"in": "header", "name": "If-Match", "required": True, "schema": _TEXT}
    pk, key, line = _key("pk"), _key("key"), _key("line")
    row = _of(cls.__name__)

    def operation(parameters: list[Any], good: str, answer: Any, *statuses: int, body: Any = None) -> dict[str, Any]:
        made = {**common, "parameters": parameters, "responses": {good: answer, **errors_of(*statuses)}}
        return made if body is None else {**made, "requestBody": body}

    def path(address: str, **operations: dict[str, Any]) -> None:
        spec.path(path=f"{base}{address}", operations=operations)

    text = _body(_of("CommentText"))
    path(
        "/{pk}/comments",
        get=operation([pk], "200", answer_of("Comments, oldest first", _many("Comment")), 404),
        post=operation([pk], "201", answer_of("Added", _one("Comment")), 404, 422, body=text),
    )
    path(
        "/{pk}/comments/{key}",
        put=operation([pk, key], "200", answer_of("Changed", _one("Comment")), 404, 409, 422, body=text),
        delete=operation([pk, key], "200", answer_of("Taken back"), 404),
    )
    lines = {
        "type": "object",
        "properties": {"result": {"type": "array", "items": _of("HistoryLine")}, "before": _WHOLE},
    }
    narrowed = [
        _asked("kind", {**_TEXT, "enum": list(KINDS)}),
        _asked("before", _WHOLE, "only lines older than this one"),
        _asked("page_size", {**_WHOLE, "maximum": 100}),
    ]
    path("/{pk}/history", get=operation([pk, *narrowed], "200", answer_of("Newest first", lines), 404))
    chosen = {"type": "object", "properties": {"fields": {"type": "array", "items": _TEXT}}}
    back = {"type": "object", "properties": {"id": _WHOLE, "fields": {"type": "array", "items": _TEXT}, "result": row}}
    path(
        "/{pk}/versions/{line}",
        get=operation([pk, line], "200", answer_of("What differs", _of("EarlierVersion")), 404),
        post=operation(
            [pk, line, match],
            "200",
            answer_of("Brought back", back),
            404,
            409,
            422,
            428,
            body=_body(chosen, required=False),
        ),
    )
    sent = {
        "type": "object",
        "properties": {"file": {"type": "array", "items": {"type": "string", "format": "binary"}}},
        "required": ["file"],
    }
    path(
        "/{pk}/files",
        get=operation([pk], "200", answer_of("Files", _many("File")), 404),
        post=operation(
            [pk],
            "201",
            answer_of("Added, all or none", _many("File")),
            404,
            413,
            415,
            422,
            body=_body(sent, "multipart/form-data"),
        ),
    )
    content = answer_of("The content", {"type": "string", "format": "binary"}, "application/octet-stream")
    path(
        "/{pk}/files/{key}",
        get=operation([pk, key], "200", content, 404),
        delete=operation([pk, key], "200", answer_of("Removed"), 404),
    )
    searched = [_asked("search", _TEXT), _asked("page", _WHOLE), _asked("page_size", {**_WHOLE, "maximum": 100})]
    deleted = {
        "type": "object",
        "properties": {
            "count": _WHOLE,
            "ids": {"type": "array", "items": _WHOLE},
            "result": {"type": "array", "items": {"type": "object"}},
        },
    }
    path("/bin/", get=operation(searched, "200", answer_of("Deleted rows in scope", deleted), 404))
    restored = {
        "type": "object",
        "properties": {"id": _WHOLE, "left": {"type": "array", "items": _TEXT}, "result": row},
    }
    below = _asked("below", {**_TEXT, "enum": ["1"]}, "also what was cleared away for it")
    path("/bin/{pk}/restore", post=operation([pk, below], "200", answer_of("Restored", restored), 404, 409, 422))
    path("/bin/{pk}", delete=operation([pk], "200", answer_of("Gone for good"), 404, 409))
