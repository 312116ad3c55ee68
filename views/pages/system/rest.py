"""The REST interface as people read it (接口文档): resources, verbs, parameters and bodies, each to be tried with a token.

Made from the same OpenAPI document that machines get, so that neither says what the other does not.
"""

from __future__ import annotations

import json
from typing import Any

from flask import render_template, request
from flask_appbuilder import BaseView, expose
from flask_appbuilder.api import BaseApi

from models.kernel.refusal import Missing
from models.kernel.registry import areas, infos, tables
from models.kernel.roles import READ
from models.kernel.scope import may
from models.kernel.words import Words, _
from views.kernel.access import signed_in
from views.kernel.request import actor, say
from views.kernel.resource import document, resources
from views.kernel.shell import OWN_PAGES, shell

TITLE = _("Interface (API)", "接口文档")
OWN_PAGES.append({"label": TITLE, "url": "/rest/", "icon": "api"})

OTHERS: dict[str, Words] = {
    "security": _("Tokens", "登录令牌"),
    "search": _("Search", "全局搜索"),
    "saved_view": _("Saved views", "列表视图"),
    "job": _("Jobs", "后台任务"),
}
"""Resources that are no table."""

METHODS = ("get", "post", "put", "delete")
DOES: dict[str, Words] = {
    "get /": _("List rows", "查询列表"),
    "post /": _("Add a row", "新增"),
    "get /{pk}": _("Read a row", "读取一条"),
    "put /{pk}": _("Change a row", "修改"),
    "delete /{pk}": _("Delete a row", "删除"),
    "post /{pk}/{transition}": _("Move it along its flow", "流程流转"),
    "get /_info": _("Rights, columns and filters", "权限、字段与筛选方式"),
    "get /{pk}/comments": _("Read comments", "查看评论"),
    "post /{pk}/comments": _("Comment", "发表评论"),
    "put /{pk}/comments/{key}": _("Change a comment", "修改评论"),
    "delete /{pk}/comments/{key}": _("Delete a comment", "删除评论"),
    "get /{pk}/files": _("Read files", "查看附件"),
    "post /{pk}/files": _("Attach a file", "上传附件"),
    "get /{pk}/files/{key}": _("Fetch a file", "下载附件"),
    "delete /{pk}/files/{key}": _("Delete a file", "删除附件"),
    "get /{pk}/history": _("What was done to it", "操作历史"),
    "get /{pk}/versions/{line}": _("An earlier version", "查看历史版本"),
    "post /{pk}/versions/{line}": _("Bring an earlier version back", "恢复历史版本"),
    "get /bin/": _("List the recycle bin", "查看回收站"),
    "delete /bin/{pk}": _("Delete for good", "彻底删除"),
    "post /bin/{pk}/restore": _("Restore from the recycle bin", "从回收站恢复"),
}
"""What is done at the addresses that every table has."""


class RestPages(BaseView):  # type: ignore[misc]
    """`/rest/` and a page for each resource that its reader may read."""

    route_base = "/rest"
    default_view = "overview"

    @expose("/", methods=["GET"])
    @signed_in
    def overview(self) -> Any:
        """How one asks, and what there is to ask for."""
        groups = []
        for area in areas().values():
            mine = [c for c in tables().values() if _area(c) == area.name and may(actor(), c, READ)]
            if mine:
                items = [{"name": c.__tablename__, "label": c.screen.name, "icon": c.screen.icon} for c in mine]
                groups.append({"label": area.label, "items": items})
        known = {str(view.resource_name) for view in resources()}
        items = [{"name": name, "label": words, "icon": "api"} for name, words in OTHERS.items() if name in known]
        groups.append({"label": _("Beside the tables", "其他接口"), "items": items})
        page = {"title": TITLE, "groups": groups, "base": request.host_url.rstrip("/")}
        return render_template("doorbook/rest.html", shell=shell(TITLE), page=page)

    @expose("/<name>", methods=["GET"])
    @signed_in
    def resource(self, name: str) -> Any:
        """The addresses of one resource. One that its reader may not read is not there."""
        cls = tables().get(name)
        view = next((one for one in resources() if str(one.resource_name) == name), None)
        if view is None or (name not in OTHERS and (cls is None or not may(actor(), cls, READ))):
            raise Missing()
        title = cls.screen.name if cls is not None else OTHERS[name]
        page = {
            "title": title,
            "count_text": f"/api/v1/{name}/",
            "crumbs": [{"label": TITLE, "url": "/rest/"}],
            "calls": calls(view, name),
        }
        return render_template("doorbook/rest_resource.html", shell=shell(title), page=page)


def _area(cls: Any) -> str:
    return str(cls.__dict__.get("area_name", cls.__module__.split(".")[1]))


def calls(view: BaseApi, name: str) -> list[dict[str, Any]]:
    """Returns the calls of a resource as the page shows them, in the order of the document."""
    found = document("v1", [view])
    labels = {column: say(known.label) for column, known in infos(tables()[name]).items()} if name in tables() else {}
    out = []
    for path, operations in found["paths"].items():
        below = path.removeprefix(f"/api/v1/{name}")
        for method in METHODS:
            told = operations.get(method)
            if told is None:
                continue
            body, kind = _body(found, told)
            out.append(
                {
                    "method": method.upper(),
                    "path": path,
                    "does": DOES.get(f"{method} {below}") or told.get("summary") or _first(told),
                    "parameters": [_parameter(one) for one in told.get("parameters", [])],
                    "fields": _fields(found, body, labels),
                    "sample": json.dumps(_sample(found, body), ensure_ascii=False, indent=2) if body else "",
                    "kind": kind,
                    "answers": [
                        {"status": status, "text": one.get("description", "")}
                        for status, one in sorted(told.get("responses", {}).items())
                    ],
                }
            )
    return out


def _first(told: dict[str, Any]) -> str:
    """The first sentence of a description, else of the answer when all goes well."""
    good = next((a.get("description", "") for s, a in sorted(told.get("responses", {}).items()) if s[0] == "2"), "")
    return str(told.get("description") or good).partition("\n")[0]


def _resolved(found: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    ref = schema.get("$ref", "")
    return found["components"]["schemas"].get(ref.rpartition("/")[2], {}) if ref else schema


def _body(found: dict[str, Any], told: dict[str, Any]) -> tuple[dict[str, Any], str]:
    for kind, content in told.get("requestBody", {}).get("content", {}).items():
        return _resolved(found, content.get("schema", {})), kind
    return {}, ""


def _parameter(one: dict[str, Any]) -> dict[str, Any]:
    schema = one.get("schema", {})
    return {
        "name": one.get("name", ""),
        "in": one.get("in", ""),
        "type": _type(schema),
        "required": bool(one.get("required")),
        "text": one.get("description", ""),
        "options": [str(value) for value in schema.get("enum", [])],
    }


def _type(schema: dict[str, Any]) -> str:
    kind = str(schema.get("type", "object"))
    if schema.get("format"):
        kind = str(schema["format"])
    elif kind == "array":
        kind = f"{_type(schema.get('items', {}))}[]"
    if schema.get("maxLength"):
        kind += f" ≤ {schema['maxLength']}"
    return kind


def _fields(found: dict[str, Any], body: dict[str, Any], labels: dict[str, str]) -> list[dict[str, Any]]:
    required = set(body.get("required", []))
    return [
        {
            "name": name,
            "label": labels.get(name) or _resolved(found, schema).get("description", ""),
            "type": _type(_resolved(found, schema)),
            "required": name in required,
            "options": [str(value) for value in _resolved(found, schema).get("enum", []) if value is not None],
        }
        for name, schema in body.get("properties", {}).items()
    ]


def _sample(found: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    """A body to begin with: what is required, else the first field."""
    properties = body.get("properties", {})
    names = [name for name in properties if name in body.get("required", [])] or list(properties)[:1]
    empty: dict[str, Any] = {"integer": 0, "number": 0, "boolean": False, "array": [], "object": {}}
    sample = {}
    for name in names:
        schema = _resolved(found, properties[name])
        sample[name] = schema["enum"][0] if schema.get("enum") else empty.get(str(schema.get("type")), "")
    return sample
