"""Parameters in force at a place (生效参数): what holds there, where each value comes from, and changing it in place."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request
from flask_appbuilder import BaseView, expose
from sqlalchemy import select

from models.kernel.guard import name_of
from models.kernel.node import KINDS, Node, steps
from models.kernel.option_list import LISTS
from models.kernel.parameter import (
    ALWAYS,
    Parameter,
    Standing,
    changed_below,
    copied,
    parameter_tables,
    standing,
    switch,
)
from models.kernel.refusal import Missing, Refusal
from models.kernel.registry import infos, table
from models.kernel.roles import READ, WRITE
from models.kernel.scope import known_nodes, may, reach
from models.kernel.words import _
from views.kernel.access import signed_in
from views.kernel.cells import cell
from views.kernel.formats import day
from views.kernel.pages import LIST_ACTIONS
from views.kernel.request import actor, say
from views.kernel.request import session as database
from views.kernel.shell import Extra, menu_page, shell
from views.pages.inherited import control_told, told_below

TITLE = _("Parameters in force", "生效参数")
ICON = "adjustments"

menu_page(Extra("parameter", TITLE, ICON, "/parameters/", "trade", place=-2))
for _name in parameter_tables():
    LIST_ACTIONS.setdefault(_name, []).insert(
        0, {"label": TITLE, "url": f"/parameters/{_name}/", "icon": ICON, "right": READ}
    )


class ParametersView(BaseView):  # type: ignore[misc]
    """The effective lists of all parameter tables."""

    route_base = "/parameters"
    default_view = "tables"

    @expose("/", methods=["GET"])
    @signed_in
    def tables(self) -> Any:
        """All kinds of parameters one may read."""
        page = {
            "title": TITLE,
            "tables": [
                {"label": cls.screen.name, "icon": cls.screen.icon, "url": f"/parameters/{name}/"}
                for name, cls in parameter_tables().items()
                if may(actor(), cls, READ)
            ],
            "lists": [{"label": each.label, "url": f"/options/?list={each.name}"} for each in LISTS.values()]
            if may(actor(), table("dict_item"), READ)
            else [],
        }
        return render_template("doorbook/parameters.html", shell=shell(TITLE), page=page)

    @expose("/<string:name>/", methods=["GET"])
    @signed_in
    def show(self, name: str) -> Any:
        """What holds at a place: one's own highest one unless `node` names another."""
        cls = _table(name)
        own = database()
        node = _node(cls, request.args.get("node", ""))
        writes = reach(own, actor(), cls, WRITE)
        held = node is not None and (writes.everything or node.id in writes.nodes)
        control = control_told(own, node.id) if node is not None else None
        here = held and not (control and control["by_sheet"])
        below = changed_below(own, cls, node.id) if node else {}
        lines = [_line(cls, one, node.id, here, below) for one in standing(own, cls, node.id)] if node else []
        page = {
            "title": cls.screen.name,
            "crumbs": [{"label": TITLE, "url": "/parameters/"}],
            "name": name,
            "place": node.name if node else None,
            "kind": KINDS[node.kind] if node else None,
            "node": node.id if node else None,
            "places": [
                {"id": each.id, "label": "　" * (each.path.count("/") - 2) + each.name, "chosen": node and each.id == node.id}
                for each in sorted(own.scalars(select(Node)), key=lambda each: _order(each.path))
            ],
            "columns": [say(infos(cls)[column].label) for column in _columns(cls)],
            "lines": lines,
            "writes": held,
            "direct": here,
            "control": control,
            "primary": _adding(name, node, direct=here) if node and held else None,
            "list_url": f"/{name}/list/",
            "applies": held and may(actor(), table("parameter_sheet"), WRITE),
        }  # fmt: skip
        return render_template("doorbook/parameters.html", shell=shell(cls.screen.name), page=page)

    @expose("/<string:name>/<int:pk>", methods=["POST"])
    @signed_in
    def change(self, name: str, pk: int) -> Any:
        """Switches a value on or off at a place, or makes a copy there to be changed."""
        cls, own = _table(name), database()
        node = _node(cls, request.form.get("node", ""))
        row = own.execute(select(cls).where(cls.id == pk)).scalar_one_or_none() if pk < 2**63 else None
        if row is None or node is None:
            raise Missing()
        back = f"/parameters/{name}/?node={node.id}"
        try:
            if "override" in request.form:
                made = cls(**{**copied(row), "node_id": node.id})
                own.add(made)
                own.flush()
                own.commit()
                return redirect(f"/{name}/edit/{made.id}", 303)
            on = "on" in request.form
            changed = switch(own, row, node.id, on=on)
            called = name_of(changed)
            own.commit()
        except Refusal as refusal:
            own.rollback()
            if refusal.status in (403, 404):
                raise
            flash(say(refusal.sentence), "error")
            return redirect(back, 303)
        said = _("“{name}” is switched on here.", "“{name}”已在此启用。") if on else _(
            "“{name}” is switched off here and below.", "“{name}”已在此及下级停用。"
        )  # fmt: skip
        flash(say(said.fill(name=called)), "ok")
        return redirect(back, 303)


def _table(name: str) -> type[Parameter]:
    """Returns a parameter table the actor may read.

    Raises:
        Missing: it is none, or they may not.
    """
    cls = parameter_tables().get(name)
    if cls is None or not may(actor(), cls, READ):
        raise Missing()
    return cls


def _node(cls: type[Parameter], wanted: str) -> Any:
    """Returns the place asked for, else the highest one of the actor; None where they have none."""
    own = database()
    where = reach(own, actor(), cls, READ)
    mine = [node for node in known_nodes(own) if where.everything or node.id in where.nodes]
    if wanted:
        if not wanted.isdecimal() or len(wanted) > 18:
            raise Missing()
        seen = {*where.nodes, *where.above}
        found = next((n for n in known_nodes(own) if n.id == int(wanted) and (where.everything or n.id in seen)), None)
        if found is None:
            raise Missing()
        return found
    return min(mine, key=lambda node: (node.path.count("/"), node.id), default=None)


def _adding(name: str, node: Any, *, direct: bool) -> dict[str, Any]:
    """The way to a further value at a place: the form of the table, or a sheet where only that changes parameters."""
    if direct:
        return {"label": _("Add here", "在此新增"), "url": f"/{name}/add?node_id={node.id}", "icon": "plus"}
    return {
        "label": _("New parameter sheet", "填写申请单"),
        "url": f"/parameter_sheet/add?node_id={node.id}",
        "icon": "file-check",
    }


def _cell(cls: type[Parameter], row: Parameter, column: str) -> Any:
    return cell(cls, column, (getattr(row, column),))


def _order(path: str) -> tuple[int, ...]:
    return tuple(steps(path))


def _columns(cls: type[Parameter]) -> list[str]:
    """The columns a value is told by: those of the list that are its own and no plumbing."""
    known, plumbing = infos(cls), {"node", "enabled", "overridable", "sort"}
    own = [path for path in cls.screen.listed if path in known and path not in plumbing and known[path].kind != "ref"]
    return own[:5]


def _line(
    cls: type[Parameter], one: Standing, node_id: int, writes: bool, below: dict[tuple[str, str], list[Any]]
) -> dict[str, Any]:
    row = one.row
    return {
        "id": row.id,
        "code": row.code,
        "url": f"/{cls.__tablename__}/show/{row.id}",
        "cells": [_cell(cls, row, column) for column in _columns(cls)],
        "enabled": row.enabled,
        "place": one.place,
        "own": one.own,
        "replaced": "、".join(place for _row, place in one.replaced),
        "later": [f"{day(each.from_day)} {place}" for each, place in one.later],
        "from": day(row.from_day) if row.from_day != ALWAYS else None,
        "until": day(row.until_day) if row.until_day else None,
        "below": told_below(below.get((row.code, row.variant), ())),
        "kept": not row.overridable and not one.own,
        "may": one.own or row.overridable,
        "edit_url": f"/{cls.__tablename__}/edit/{row.id}" if one.own and writes else None,
    }
