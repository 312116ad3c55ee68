"""Arranging the workbench (定制我的桌面、定制公共桌面, S19): one's own, or the public one of a place one administers."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request
from flask_appbuilder import BaseView, expose

from models.kernel.refusal import Missing, Refusal
from models.kernel.roles import ROLES
from models.kernel.scope import known_nodes
from models.kernel.words import _
from models.kernel.workbench import arrange, at_place, clear, own_widgets, publishing
from views.kernel.access import signed_in
from views.kernel.counts import COUNTERS, counts
from views.kernel.request import actor, say
from views.kernel.request import session as database
from views.kernel.shell import menu, shell
from views.kernel.widgets import WIDGETS, Widget, offered, usual, widget
from views.pages.org.home import on_bench

TITLE = _("Arrange the workbench", "定制工作台")


class WorkbenchView(BaseView):  # type: ignore[misc]
    """`/workbench/`: adding, removing and ordering widgets."""

    route_base = "/workbench"
    default_view = "show"

    @expose("/", methods=["GET"])
    @signed_in
    def show(self) -> Any:
        """What stands on the workbench, what may be added, and whose it is."""
        own, place = database(), _place(request.args.get("node", ""))
        role = _role(request.args.get("role", ""), place)
        if place is None:
            names, arranged = on_bench(own), own_widgets(own) is not None
        else:
            there = at_place(own, place.id, role)
            names, arranged = there if there is not None else usual(), there is not None
        known = {one.name: one for one in (offered() if place is None else WIDGETS.values())}
        where = publishing(own)
        places = [node for node in known_nodes(own) if where.everything or node.id in where.nodes]
        page = {
            "title": TITLE,
            "chosen": [_told(known[name]) for name in names if name in known],
            "rest": [_told(one) for name, one in known.items() if name not in names],
            "node": place.id if place is not None else "",
            "place": place.name if place is not None else None,
            "role": role,
            "role_name": ROLES[role].words if role else None,
            "roles": [{"name": name, "label": each.words} for name, each in ROLES.items()] if places else [],
            "arranged": arranged,
            "places": [
                {"id": each.id, "label": "　" * (each.path.count("/") - 2) + each.name, "chosen": place and each.id == place.id}
                for each in sorted(places, key=lambda node: node.path)[:500]
                if each.kind != "department"
            ],
        }  # fmt: skip
        return render_template("doorbook/workbench.html", shell=shell(TITLE), page=page)

    @expose("/", methods=["POST"])
    @signed_in
    def save(self) -> Any:
        """Keeps the order, or goes back to what holds above."""
        own, place = database(), _place(request.form.get("node", ""))
        role = _role(request.form.get("role", ""), place)
        names = [name for name in request.form.get("widgets", "")[:2_000].split(",") if name in WIDGETS]
        node = place.id if place is not None else None
        try:
            if "reset" in request.form:
                clear(own, node, role)
            else:
                arrange(own, names, node, role)
            own.commit()
        except Refusal:
            own.rollback()
            raise
        said = (
            _("The usual workbench holds again.", "已恢复默认工作台。")
            if "reset" in request.form
            else _("Your workbench is saved.", "工作台已保存。")
            if place is None
            else _("The public workbench of {place} is saved.", "{place}的公共工作台已保存。").fill(place=place.name)
        )
        flash(say(said), "ok")
        return redirect(
            "/" if place is None else f"/workbench/?node={place.id}" + (f"&role={role}" if role else ""), 303
        )


def _place(wanted: str) -> Any:
    """Returns the place whose public workbench is meant; None for one's own.

    Raises:
        Missing: the actor administers no such place.
    """
    if not wanted:
        return None
    where = publishing(database())
    for node in known_nodes(database()):
        if str(node.id) == wanted and (where.everything or node.id in where.nodes):
            return node
    raise Missing()


def _role(wanted: str, place: Any) -> str:
    """Returns the role a public workbench is for; '' for everybody.

    Raises:
        Missing: there is no such role, or it is one's own workbench.
    """
    if wanted and (place is None or wanted not in ROLES):
        raise Missing()
    return wanted


def _told(one: Widget) -> dict[str, Any]:
    return {"name": one.name, "label": one.label, "about": one.about, "icon": one.icon, "wide": one.wide}


def _todo(session: Any) -> dict[str, Any] | None:
    """What the frame counts beside its entries, as figures: each opens the list it counts."""
    found = counts(session, actor())
    entries = {item["key"]: item for group in menu() for item in _all(group)}
    cards = []
    for one in COUNTERS:
        told = found.get(one.key)
        if told is None or not told["n"] or one.key == "home":
            continue
        item = entries.get(one.key) or (_MAILBOX if one.key == "mailbox" else None)
        if item is not None:
            cards.append(
                {**{name: item[name] for name in ("label", "url", "icon")}, "count": told["text"], "late": told["late"]}
            )
    return {"kind": "figures", "cards": cards} if cards else None


def _all(group: dict[str, Any]) -> list[dict[str, Any]]:
    return [*group.get("items", []), *(item for part in group.get("parts", []) for item in part["items"])]


_MAILBOX = {"label": _("Unread messages", "未读消息"), "url": "/mailbox/list/", "icon": "bell"}

widget(
    Widget(
        "todo",
        _("To do", "待办"),
        _("What waits for you, by kind; each number opens its list.", "等待您处理的事项，点击数字打开对应列表。"),
        "inbox",
        _todo,
        wide=True,
        place=0,
    )
)
