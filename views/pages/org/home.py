"""The start page (我的工作台): the widgets somebody has there, and those of homes, customers and what one changed last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import render_template
from flask_appbuilder import IndexView, expose
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.kernel.audit import AuditLog
from models.kernel.clock import local
from models.kernel.registry import infos, table, tables
from models.kernel.roles import READ, WRITE
from models.kernel.scope import may, reach
from models.kernel.session import clock_of
from models.kernel.words import Words, _
from models.kernel.workbench import own_widgets, public_widgets
from views.kernel.access import signed_in
from views.kernel.cells import Cell
from views.kernel.formats import day, moment
from views.kernel.listing import COUNT_CAP, Asked, Filter, Listing
from views.kernel.lookup import text_of
from views.kernel.request import actor, say
from views.kernel.request import session as database
from views.kernel.shell import shell, tree_nodes
from views.kernel.widgets import Widget, drawn, usual, widget

MOST_PROJECTS = 12
"""The start page tells the homes of so many projects one by one."""


@dataclass(frozen=True, slots=True)
class Card:
    """A figure that opens the list it counts."""

    table: str
    label: Words
    icon: str
    filters: tuple[Filter, ...] = ()
    late: bool = False


CARDS = (
    Card("room", _("Rooms", "房间"), icon="door"),
    Card("room", _("Signed", "已签约"), icon="file-check", filters=(Filter("sale_state", "0", "signed"),)),
    Card(
        "room",
        _("Refused", "拒绝接收"),
        icon="alert-triangle",
        filters=(Filter("handover_state", "0", "refused"),),
        late=True,
    ),
    Card("customer", _("Customers", "客户"), icon="users"),
)


@dataclass(frozen=True, slots=True)
class Shortcut:
    """A page people open first, for those who hold `right` on `table`."""

    label: Words
    url: str
    icon: str
    table: str
    right: str = READ


SHORTCUTS = (
    Shortcut(_("Organisation tree", "组织树"), "/tree/", icon="sitemap", table="node"),
    Shortcut(_("Rooms", "房间"), "/room/list/", icon="door", table="room"),
    Shortcut(_("Customers", "客户台账"), "/customer/list/", icon="users", table="customer"),
    Shortcut(_("Add a customer", "新增客户"), "/customer/add", icon="user-plus", table="customer", right=WRITE),
)


class Home(IndexView):  # type: ignore[misc]
    """The page behind '/'."""

    route_base = ""

    @expose("/")
    @signed_in
    def index(self) -> Any:
        """The widgets of this person's workbench, or of the public one that holds where they work."""
        own, who = database(), actor()
        hour = local(clock_of(own)()).hour
        greeting = (
            _("Good morning, {name}", "早上好，{name}")
            if hour < 12
            else _("Good afternoon, {name}", "下午好，{name}")
            if hour < 18
            else _("Good evening, {name}", "晚上好，{name}")
        ).fill(name=who.name)
        page = {
            "greeting": greeting,
            "date_text": day(local(clock_of(own)()).date()),
            "stranger": not who.grants,
            "begins": may(who, table("project"), WRITE) and not any(n.kind == "project" for n in tree_nodes()),
            "widgets": drawn(own, on_bench(own)) if who.grants else [],
            "actions": [{"label": _("Arrange", "定制工作台"), "url": "/workbench/", "icon": "layout-grid"}]
            if who.grants
            else [],
        }
        return render_template("doorbook/home.html", shell=shell(_("My workbench", "我的工作台")), page=page)


def on_bench(session: Session) -> list[str]:
    """Returns the names of the actor's widgets: their own, else the public ones where they work, else the usual ones."""
    mine = own_widgets(session)
    if mine is None:
        mine = public_widgets(session, sorted(actor().grants, key=lambda held: len(held.path), reverse=True))
    return usual() if mine is None else mine


def _figures(session: Session) -> dict[str, Any] | None:
    cards = [_card(card) for card in CARDS if may(actor(), table(card.table), READ)]
    return {"kind": "figures", "cards": cards} if cards else None


def _shortcuts(session: Session) -> dict[str, Any] | None:
    rows = [
        {"label": one.label, "url": one.url, "icon": one.icon}
        for one in SHORTCUTS
        if may(actor(), table(one.table), one.right)
    ]
    return {"kind": "lines", "rows": rows} if rows else None


def _card(card: Card) -> dict[str, Any]:
    count = Listing(database(), table(card.table), Asked(filters=card.filters)).count()
    query = "&".join(f"_flt_{one.operator}_{one.path}={one.raw}" for one in card.filters)
    return {
        "label": card.label,
        "count": f"{COUNT_CAP:,}+" if count > COUNT_CAP else f"{count:,}",
        "url": f"/{card.table}/list/?{query}".rstrip("?"),
        "icon": card.icon,
        "late": card.late and count > 0,
    }


def _projects(session: Session) -> dict[str, Any] | None:
    """The homes of each project by sale state, where there are few projects: one statement over an index.

    Whoever has many sees them in the tree.
    """
    own, room = session, table("room")
    if not may(actor(), room, READ):
        return None
    reached = reach(own, actor(), room, READ)
    names = {n.ref_id: n.name for n in tree_nodes() if n.kind == "project" and reached.holds("project", n.ref_id)}
    if not 0 < len(names) <= MOST_PROJECTS:
        return None
    asked: Any = room
    counted = own.execute(
        select(asked.project_id, asked.sale_state, func.count()).group_by(asked.project_id, asked.sale_state)
    ).all()
    counts = {(key, state): n for key, state, n in counted}
    states = infos(room)["sale_state"].options
    options = states.options() if states is not None else []
    rows = []
    for key, name in names.items():
        base = f"/room/list/?_flt_0_project_id={key}"
        cells = [Cell("text", name, url=f"/project/show/{key}")]
        for option in options:
            n = counts.get((key, option.value), 0)
            cells.append(Cell("number", f"{n:,}" if n else "", url=f"{base}&_flt_0_sale_state={option.value}"))
        total = sum(n for (project, _state), n in counts.items() if project == key)
        rows.append({"cells": [*cells, Cell("number", f"{total:,}", url=base)]})
    heads = [{"label": table("project").screen.label, "kind": "text"}]
    heads += [{"label": option.words, "kind": "number"} for option in options]
    return {"kind": "grid", "columns": [*heads, {"label": _("All", "合计"), "kind": "number"}], "rows": rows}


def _recent(session: Session) -> dict[str, Any]:
    own = session
    audit = AuditLog.__table__.c
    rows = own.execute(
        select(audit.at, audit.table_name, audit.row_id, audit.action)
        .where(audit.user_id == actor().user_id, audit.action.in_(("add", "change")))
        .order_by(audit.id.desc())
        .limit(30)
    ).all()
    found: list[dict[str, Any]] = []
    seen = set()
    for at, name, key, action in rows:
        if (name, key) in seen or name not in tables() or not may(actor(), table(name), READ) or len(found) == 6:
            continue
        if table(name).owned.kind == "person":
            continue  # how one has set up the console is no work
        seen.add((name, key))
        text = text_of(own, table(name), key)
        if text is None:
            continue  # deleted since, or no longer in scope
        found.append(
            {
                "label": text,
                "url": f"/{name}/show/{key}",
                "icon": table(name).screen.icon,
                "detail": say(table(name).screen.label)
                + " · "
                + say(_("new", "新增") if action == "add" else _("changed", "修改")),
                "when": moment(at, short=True),
            }
        )
    return {
        "kind": "lines",
        "rows": found,
        "empty": _("What you add or change will show here.", "您新增或修改的记录会显示在这里。"),
    }


widget(
    Widget(
        "figures",
        _("Homes and customers", "房源与客户"),
        _("How many there are in your part of the tree.", "您管理范围内的房间与客户数量。"),
        "door",
        _figures,
        wide=True,
        place=50,
    )
)
widget(
    Widget(
        "projects",
        _("Homes by sale state", "项目房源概况"),
        _("The homes of each project by sale state.", "各项目房源按销售状态统计。"),
        "buildings",
        _projects,
        table="room",
        wide=True,
        place=60,
    )
)
widget(
    Widget(
        "recent",
        _("Changed lately", "最近变更"),
        _("The records you added or changed last.", "您最近新增或修改的记录。"),
        "history",
        _recent,
        place=70,
    )
)
widget(
    Widget(
        "shortcuts",
        _("Start here", "常用操作"),
        _("The pages people open first.", "常用页面入口。"),
        "chevron-right",
        _shortcuts,
        place=80,
    )
)
