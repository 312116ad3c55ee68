"""Saved views above a list, and how a person has that list: saved, renamed, shared, reordered, deleted; columns and density."""

from __future__ import annotations

from typing import Any

from flask import flash, jsonify, redirect, request
from flask_appbuilder import expose

from models.kernel import saved_view
from models.kernel.refusal import Refusal
from models.kernel.registry import rights_of
from models.kernel.roles import READ, ROLES
from models.kernel.saved_view import Layout, View
from models.kernel.scope import known_nodes
from models.kernel.table import Table
from models.kernel.words import _
from views.kernel.access import needs
from views.kernel.listing import chosen
from views.kernel.parameters import Wanted, read_widths, same_list, view_query
from views.kernel.problems import problem_of
from views.kernel.request import say
from views.kernel.request import session as database
from views.kernel.shell import ancestors

Dicts = list[dict[str, Any]]
PLACES = 50
"""Places offered for sharing, the uppermost first; more would be no choice. REST takes any place in reach."""


def tab_url(cls: type[Table], view: View) -> str:
    """Returns the address of a saved view: all that it says, so that the address can be sent on, and its key."""
    return f"/{cls.__tablename__}/list/?{view.query}{'&' if view.query else ''}_view={view.id}"


def first_page(cls: type[Table], layout: Layout, views: list[View]) -> str | None:
    """Returns where a bare `/list/` leads a person who opens it with one of the views; None where that is no longer there."""
    found = next((view for view in views if view.id == layout.default_view_id), None)
    return tab_url(cls, found) if found is not None and not request.args else None


def everything_url(cls: type[Table], layout: Layout) -> str:
    """Returns the address of all rows: `_view=0` where a bare address would open a view."""
    return f"/{cls.__tablename__}/list/" + ("?_view=0" if layout.default_view_id else "")


def views_block(cls: type[Table], asked: Wanted, query: str, layout: Layout, views: list[View]) -> dict[str, Any]:
    """Returns the tabs above a list and what their menus need."""
    here = next((view for view in views if view.id == asked.open_view), None)
    changed = here is not None and not same_list(here.query, query)
    tabs: Dicts = [
        {"label": _("All", "全部"), "url": everything_url(cls, layout), "active": here is None, "shared": False},
        *(
            {
                "id": view.id,
                "label": view.name,
                "url": tab_url(cls, view),
                "active": view is here,
                "changed": view is here and changed,
                "shared": view.node_id is not None,
                "first": view.id == layout.default_view_id,
            }
            for view in views
        ),
    ]
    places = sharing_places(cls)
    return {
        "tabs": tabs,
        "url": f"/{cls.__tablename__}/view",
        "query": query,
        "open": here,
        "changed": changed,
        "first": here is not None and here.id == layout.default_view_id,
        "places": places,
        "roles": [{"key": name, "label": ROLES[name].words} for name in rights_of(cls).roles(READ)] if places else [],
    }


def sharing_places(cls: type[Table]) -> Dicts:
    """Returns the places where the actor may share a view, uppermost first, each indented under what is above it."""
    own = database()
    where = saved_view.sharing(own, cls)
    if where.empty:
        return []
    nodes = [n for n in known_nodes(own) if where.everything or n.id in where.nodes]
    depth = sorted({len(ancestors(n.path)) for n in nodes})
    while len(depth) > 1 and sum(len(ancestors(n.path)) <= depth[-1] for n in nodes) > PLACES:
        depth.pop()
    shown = sorted((n for n in nodes if len(ancestors(n.path)) <= depth[-1]), key=lambda n: n.path)[:PLACES]
    return [{"key": n.id, "label": "　" * (len(ancestors(n.path)) - depth[0]) + n.name} for n in shown]


def _place(raw: str | None) -> int | None:
    return int(raw) if raw and raw.isascii() and raw.isdecimal() and len(raw) < 19 else None


class ViewRoutes:
    """The routes of saved views and of how a person has a list, of a table's view."""

    table: type[Table]
    list_name: Any  # of the view: the framework's name of the list

    @expose("/view", methods=["POST"])
    @needs(READ)
    def saved_view(self) -> Any:
        """Does one of save, update, change, delete, left, right, first with a saved view, and leads back to the list."""
        own, cls, sent = database(), self.table, request.form
        key = _place(sent.get("view")) or 0
        query, left_out = view_query(cls, self.list_name, sent.get("query", "")[:8000])
        try:
            done, back = self._do(sent.get("act", ""), key, query)
            own.commit()
        except Refusal as refusal:
            own.rollback()
            if refusal.status == 404:
                raise
            flash(say(refusal.sentence), "error")
            return redirect(f"/{cls.__tablename__}/list/?{query}" + (f"&_view={key}" if key else ""))
        flash(say(done), "ok")
        if left_out:
            flash(
                say(
                    _(
                        "The filter by a full number was left out: views keep no personal data.",
                        "按完整号码筛选的条件未保存：视图不保存个人信息。",
                    )
                ),
                "warn",
            )
        return redirect(back)

    def _do(self, act: str, key: int, query: str) -> tuple[Any, str]:
        own, cls, sent = database(), self.table, request.form
        name = sent.get("name", "")[:200]
        share = (_place(sent.get("node_id")), tuple(sent.getlist("role")))
        if act == "save":
            key = saved_view.save(own, cls, name, query, node_id=share[0], roles=share[1])
            if sent.get("first"):
                saved_view.arrange(own, cls, default_view_id=key)
            return _("The view was saved.", "视图已保存。"), tab_url(cls, saved_view.view_of(own, cls, key))
        view = saved_view.view_of(own, cls, key)
        if act == "update":
            saved_view.alter(own, cls, key, query=query)
            done = _("“{name}” shows this list now.", "已更新视图“{name}”。").fill(name=view.name)
        elif act == "change":
            saved_view.alter(own, cls, key, name=name, share=share if "node_id" in sent else None)
            done = _("The view was changed.", "视图已修改。")
        elif act == "delete":
            saved_view.delete(own, cls, key)
            done = _("The view “{name}” was deleted.", "已删除视图“{name}”。").fill(name=view.name)
            return done, f"/{cls.__tablename__}/list/?{query}"
        elif act in ("left", "right"):
            saved_view.step(own, cls, key, -1 if act == "left" else 1)
            done = _("The tabs were reordered.", "标签顺序已调整。")
        elif act == "first":
            saved_view.arrange(own, cls, default_view_id=key if sent.get("on") == "1" else None)
            done = _("The list opens like this from now on.", "以后打开该列表时按此显示。")
        else:
            raise Refusal(_("This cannot be done with a view.", "视图不支持该操作。"))
        return done, tab_url(cls, saved_view.view_of(own, cls, key))

    @expose("/layout", methods=["POST"])
    @needs(READ)
    def layout(self) -> Any:
        """Keeps columns, widths and density of this person's list; `reset` gives it back as declared. Answers JSON."""
        own, cls, sent = database(), self.table, request.form
        values: dict[str, Any] = {}
        try:
            if sent.get("reset") == "1":
                values = {"columns": "", "widths": "", "density": ""}
            if "columns" in sent:
                columns = chosen([path for path in sent["columns"][:2000].split(",") if path], cls)
                if not columns:
                    raise Refusal(_("Choose at least one column.", "请至少选择一列。"), "columns")
                values["columns"] = ",".join(columns)
            if "widths" in sent:
                widths = read_widths(sent["widths"][:2000], cls)
                values["widths"] = ",".join(f"{path}:{width}" for path, width in widths.items())
            if sent.get("density") in saved_view.DENSITIES:
                values["density"] = sent["density"]
            if values:
                saved_view.arrange(own, cls, **values)
            own.commit()
        except Refusal as refusal:
            own.rollback()
            return problem_of(refusal)
        return jsonify(values)
