"""Option lists by place (业务参数): what holds at any place, where each value comes from, and switching it off or on there."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

from flask import flash, jsonify, redirect, render_template, request
from flask_appbuilder import BaseView, expose
from sqlalchemy import select

from models.kernel import entry
from models.kernel.clock import today
from models.kernel.dict_item import DictItem, used
from models.kernel.option_list import LISTS
from models.kernel.option_values import Item, in_order, items, standing
from models.kernel.parameter import ALWAYS, changed_below
from models.kernel.refusal import Missing, Refusal
from models.kernel.registry import infos, table, tables
from models.kernel.roles import READ, WRITE
from models.kernel.scope import may, reach
from models.kernel.session import clock_of
from models.kernel.words import _
from views.kernel.access import needs
from views.kernel.formats import day
from views.kernel.request import actor, say
from views.kernel.request import session as database
from views.kernel.shell import Extra, menu_page, shell
from views.pages.fields import PlainField
from views.pages.inherited import control_told, told_below
from views.pages.org.chosen import chosen_node

TITLE = _("Option lists", "业务参数")
menu_page(Extra("system", TITLE, "list-details", "/options/", "dict_item", WRITE))


class OptionListsView(BaseView):
    """Administrators see and keep the option lists in their own part of the tree."""

    route_base = "/options"
    default_view = "show"
    table = table("dict_item")

    @expose("/", methods=["GET"])
    @needs(READ)
    def show(self) -> Any:
        """The list as it holds at a place today, switched-off values too."""
        node = chosen_node(database())
        name = request.args.get("list", "")
        name = name if name in LISTS else next(iter(LISTS))
        held = node is not None and self._may_write(node.id)
        control = control_told(database(), node.id) if node is not None else None
        writes = held and not (control and control["by_sheet"])
        below = changed_below(database(), DictItem, node.id) if node is not None else {}
        rows = [
            {
                **self._row(item, node, name, writes=writes),
                "below": told_below(below.get((item.code, name), ())),
                "applies": held
                and (item.node_id == node.id or item.overridable)
                and may(actor(), table("parameter_sheet"), WRITE),
            }
            for item in self._standing(name, node)
        ]
        fields = [
            PlainField(
                "list",
                _("List", "选项列表"),
                name,
                "choice",
                choices=tuple((each.name, each.label) for each in LISTS.values()),
            ),
            PlainField(
                "node",
                _("Place", "单位"),
                str(node.id) if node is not None else "",
                "ref",
                lookup_url="/node/lookup",
                chosen_text=node.name if node is not None else None,
            ),
        ]
        here = self._address(name, node)
        page = {
            "title": TITLE,
            "sections": [{"fields": fields}],
            "fields": fields,
            "rows": rows,
            "used_by": [
                cls.screen.name for cls in tables().values() if any(k.list == name for k in infos(cls).values())
            ],
            "primary": {
                "label": _("Add a value", "新增选项"),
                "icon": "plus",
                "url": "/dict_item/add?"
                + urlencode({"dict_code": name, "node_id": node.id, "from_day": self._today(), "_back": here}),
            }
            if writes
            else None,
            "control": control,
            "all_url": f"/dict_item/list/?_flt_0_dict_code={name}",
            "submit_url": "/options/switch",
            "list": name,
            "node": node.id if node is not None else "",
        }
        return render_template("doorbook/options.html", shell=shell(TITLE), page=page)

    @expose("/effective.json", methods=["GET"])
    @needs(READ)
    def as_json(self) -> Any:
        """The same for machines: each value with its words, whether it may be chosen, and the place it comes from."""
        name, node = request.args.get("list", ""), chosen_node(database())
        if name not in LISTS:
            raise Missing()
        found = [
            {
                "code": item.code,
                "zh": item.words.zh,
                "en": item.words.en,
                "enabled": item.enabled,
                "overridable": item.overridable,
                "place": item.place,
                "id": item.id,
            }
            for item in self._standing(name, node)
        ]
        return jsonify({"list": name, "node": node.id if node is not None else None, "result": found})

    @expose("/switch", methods=["POST"])
    @needs(WRITE)
    def switch(self) -> Any:
        """Switches a value off or on at a place: its own row there, or one that stands over what comes from above."""
        own, node = database(), chosen_node(database())
        name, code = request.form.get("list", ""), request.form.get("code", "")
        item = standing(own, name, node.path, today(clock_of(own))).get(code) if name in LISTS and node else None
        if item is None:
            raise Missing()
        turned = not item.enabled
        try:
            if item.node_id == node.id:
                row = own.scalars(select(DictItem).where(DictItem.id == item.id)).one()
                entry.change(own, row, {"enabled": turned}, int(request.form.get("version") or 0))
            else:
                over = {
                    "dict_code": name,
                    "code": code,
                    "node_id": node.id,
                    "label_zh": item.words.zh,
                    "label_en": item.words.en,
                    "sort": item.sort,
                    "tone": item.tone,
                    "enabled": turned,
                    "overridable": True,
                    "from_day": self._today(),
                }
                entry.add(own, DictItem, over)
            own.commit()
        except Refusal as refusal:
            own.rollback()
            if refusal.status == 403:
                raise
            flash(say(refusal.sentence), "error")
            return redirect(self._address(name, node))
        done = (
            _("“{name}” may be chosen again.", "“{name}”已启用。")
            if turned
            else _("“{name}” is switched off here and below.", "“{name}”已在本单位及下级停用。")
        )
        flash(say(done.fill(name=say(item.words))), "ok")
        return redirect(self._address(name, node))

    def _standing(self, name: str, node: Any) -> list[Item]:
        if node is None:
            return []
        own = database()
        return in_order(standing(own, name, node.path, today(clock_of(own))).values())

    def _may_write(self, node: int) -> bool:
        where = reach(database(), actor(), DictItem, WRITE)
        return where.everything or node in where.nodes

    def _today(self) -> str:
        return today(clock_of(database())).isoformat()

    def _address(self, name: str, node: Any) -> str:
        return f"/options/?list={quote(name)}" + (f"&node={node.id}" if node is not None else "")

    def _row(self, item: Item, node: Any, name: str, *, writes: bool) -> dict[str, Any]:
        own = database()
        mine, on = item.node_id == node.id, today(clock_of(own))
        covered = [each for each in items(own, name) if each.code == item.code and each.path != item.path]
        over = next((each for each in reversed(covered) if node.path.startswith(each.path) and each.holds(on)), None)
        back = self._address(name, node)
        values = {
            "dict_code": name,
            "code": item.code,
            "label_zh": item.words.zh,
            "label_en": item.words.en,
            "sort": item.sort,
            "tone": item.tone,
            "node_id": node.id,
            "from_day": self._today(),
            "_back": back,
        }
        change = f"/dict_item/edit/{item.id}" if mine else "/dict_item/add?" + urlencode(values)
        return {
            "item": item,
            "words": item.words,
            "mine": mine,
            "over": over.words if over is not None and mine else None,
            "over_place": over.place if over is not None and mine else None,
            "from": day(item.from_day) if item.from_day > ALWAYS else None,
            "until": day(item.until_day) if item.until_day else None,
            "later": [
                f"{day(each.from_day)} {say(each.words)} {each.place}"
                for each in items(own, name)
                if each.code == item.code and node.path.startswith(each.path) and each.from_day > on
            ],
            "uses": sum(
                used(own, cls, column, item.code, node.path, seen=True)
                for cls in tables().values()
                for column, known in infos(cls).items()
                if known.list == name
            ),
            "change_url": change if writes and (mine or item.overridable) else None,
            "can_switch": writes and (mine or item.overridable),
        }
