"""The organisation as a tree (单位管理, S19)."""

from __future__ import annotations

from typing import Any

from flask import render_template
from flask_appbuilder import BaseView, expose

from models.kernel.registry import table
from models.kernel.roles import WRITE
from models.kernel.scope import may
from models.kernel.words import _
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
                "label": _("Add {name}", "新增{name}").fill(name=table(name).screen.label),
                "url": f"/{name}/add",
                "icon": "plus",
            }
            for name in ("region", "company", "department", "project")
            if may(actor(), table(name), WRITE)
        ]
        page = {"title": title, "nodes": nested(database(), counts=True), "actions": actions}
        return render_template("doorbook/tree.html", shell=shell(title), page=page)
