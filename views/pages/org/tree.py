"""The organisation as a tree (单位管理, S19)."""

from __future__ import annotations

from typing import Any

from flask import render_template
from flask_appbuilder import BaseView, expose

from models.kernel.registry import table
from models.kernel.roles import WRITE
from models.kernel.scope import may, reach
from models.kernel.words import _, amid
from models.org.rules import MOVABLE, parent_table
from views.kernel.access import needs
from views.kernel.request import actor
from views.kernel.request import session as database
from views.kernel.shell import Extra, menu_page, shell
from views.pages.org.nesting import nested

menu_page(Extra("org", _("Organisation tree", "组织树"), "sitemap", "/tree/", "node"))


class TreeView(BaseView):  # type: ignore[misc]
    """The tree with what hangs where."""

    route_base = "/tree"
    default_view = "show"
    table = table("node")

    @expose("/")
    @needs("read")
    def show(self) -> Any:
        """The nodes the actor may read; each leads to its record."""
        title = _("Organisation tree", "组织树")
        actions = [
            {
                "label": _("Add {name}", "新增{name}").fill(name=amid(table(name).screen.label)),
                "url": f"/{name}/add",
                "icon": "plus",
            }
            for name in ("region", "company", "department", "project")
            if may(actor(), table(name), WRITE)
        ]
        nodes = nested(database(), counts=True)
        moving = _moving(nodes)
        page = {"title": title, "nodes": nodes, "actions": actions, "moving": moving}
        return render_template("doorbook/tree.html", shell=shell(title), page=page)


def _moving(nodes: list[dict[str, Any]]) -> bool:
    """Says of each node whether this person may move it, and which kinds it may take from them; True where any may move.

    Only what the move itself asks again: rights at both ends, by the reach of writing.
    """
    own, who, some = database(), actor(), False
    where = {kind: reach(own, who, table(kind), WRITE) for kind in MOVABLE}
    above = {kind: parent_table(kind) for kind in MOVABLE}
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        waiting.extend(node["children"])
        kind, pk = node["kind"], node["pk"]
        node["movable"] = kind in where and (where[kind].everything or pk in where[kind].nodes)
        node["takes"] = " ".join(
            taken
            for taken in MOVABLE
            if above[taken] in (kind, "node") and (where[taken].everything or pk in where[taken].nodes)
        )
        some = some or node["movable"]
    return some
