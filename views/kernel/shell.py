"""The frame around every page: menu, place, breadcrumb, account. Built from the registry and the actor's grants."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import get_flashed_messages, request
from flask import session as cookie

from models.kernel.node import paths_along
from models.kernel.registry import areas, tables
from models.kernel.roles import READ, ROLES
from models.kernel.scope import known_nodes, may
from models.kernel.words import Words, _
from views.kernel.request import actor, language, say
from views.kernel.request import session as database
from views.kernel.within import said

THEMES = ("light", "dark", "auto")
OWN_PAGES = [
    {"label": _("My account", "我的账户"), "url": "/me", "icon": "user-circle"},
    {"label": _("Notices", "消息设置"), "url": "/me/notices", "icon": "bell-cog"},
    {"label": _("Change password", "修改密码"), "url": "/password", "icon": "key"},
]
"""What everybody has in the menu behind their name."""


@dataclass(frozen=True, slots=True)
class Extra:
    """A page of its own in the menu of an area; shown to those who hold `right` on `table`."""

    area: str
    label: Words
    icon: str
    url: str
    table: str
    right: str = READ
    place: int = 0


@dataclass(frozen=True, slots=True)
class First:
    """A page beside the start page, above the areas; `shown` says whether this actor has any use for it."""

    label: Words
    icon: str
    url: str
    shown: Callable[[], bool]


FIRST: list[First] = []
"""Pages of no area. Those who make them put them here."""

EXTRAS: list[Extra] = []
"""Pages that declared themselves with `menu_page`."""


def menu_page(extra: Extra) -> None:
    """Puts a page that no declaration gives into the menu."""
    if extra not in EXTRAS:
        EXTRAS.append(extra)


def menu() -> list[dict[str, Any]]:
    """Returns the menu of this actor: the start page, then a group per area with what they may read.

    Each group has the `items` that stand in it and its `parts`, which fold. A group stands open and a part shut, until
    this person turns it over; whoever is inside one sees it open in any case.
    """
    who, here = actor(), request.path
    turned = set(request.cookies.get(turned_cookie(), "").split("."))
    groups: list[dict[str, Any]] = [
        {
            "label": None,
            "parts": [],
            "items": [
                {
                    "label": _("My workbench", "我的工作台"),
                    "url": "/",
                    "icon": "home",
                    "active": here == "/",
                    "key": "home",
                },
                *(
                    {
                        "label": one.label,
                        "url": one.url,
                        "icon": one.icon,
                        "active": here.startswith(one.url),
                        "key": one.url,
                    }
                    for one in FIRST
                    if one.shown()
                ),
            ],
        }
    ]
    for area in areas().values():
        items = [
            {"label": e.label, "url": e.url, "icon": e.icon, "active": here.startswith(e.url), "key": e.url}
            for e in sorted(EXTRAS, key=lambda e: e.place)
            if e.area == area.name and may(who, tables()[e.table], e.right)
        ]
        for name, cls in tables().items():
            if (
                cls.screen.menu
                and cls.__dict__.get("area_name", cls.__module__.split(".")[1]) == area.name
                and may(who, cls, READ)
            ):
                items.append(
                    {
                        "label": cls.screen.name,
                        "url": f"/{name}/list/",
                        "icon": cls.screen.icon,
                        "active": here.startswith(f"/{name}/"),
                        "key": name,
                    }
                )
        if not items:
            continue
        by_key = {item["key"]: item for item in items}
        parts: list[dict[str, Any]] = []
        for part in area.parts:
            inside = [by_key.pop(name) for name in part.tables if name in by_key]
            here_now = any(item["active"] for item in inside)
            if len(inside) == 1:
                by_key |= {item["key"]: item for item in inside}
            elif inside:
                parts.append(
                    {
                        "name": part.name,
                        "label": part.label,
                        "icon": part.icon,
                        "items": inside,
                        "open": here_now or part.name in turned,
                    }
                )
        groups.append(
            {
                "name": area.name,
                "label": area.label,
                "items": [*by_key.values()],
                "parts": parts,
                "open": area.name not in turned or any(item["active"] for item in items),
            }
        )
    return groups


def turned_cookie() -> str:
    """Returns the name of the cookie in which the page keeps what this person turned over in the menu, joined by dots."""
    return f"menu_{actor().user_id}"


def menu_items(group: dict[str, Any]) -> list[dict[str, Any]]:
    """Returns all entries of a group of the menu, those of its parts among them."""
    return [*group["items"], *(item for part in group["parts"] for item in part["items"])]


def place() -> dict[str, Any] | None:
    """Returns what the tree switcher says: where the actor is, and how much of the tree the page shows."""
    who = actor()
    if not who.grants:
        return None
    nodes = {node.path: node.name for node in tree_nodes()}
    paths = who.within or tuple(sorted({held.path for held in who.grants}))
    first = next((path for path in paths if path in nodes), None)
    if first is None:
        return {"label": _("Nothing granted", "暂无授权范围"), "detail": None, "at": ""}
    above = [nodes[p] for p in ancestors(first) if p in nodes]
    more = len(paths) - 1
    detail = _("and {n} more", "等 {n} 处").fill(n=more + 1) if more else None
    return {"label": " › ".join([*above, nodes[first]][-2:]), "detail": detail, "at": said(who.within)}


def place_trail() -> list[dict[str, Any]]:
    """Returns the breadcrumb of a page that is about no row: down to the lowest place that holds all it shows."""
    who, by_path = actor(), {node.path: node for node in tree_nodes()}
    shown = [path for path in who.within or {held.path for held in who.grants} if path in by_path]
    if not shown:
        return []
    common = [one for one in [*ancestors(shown[0]), shown[0]] if all(path.startswith(one) for path in shown)]
    return _down_to(by_path.get(common[-1])) if common else []


def ancestors(path: str) -> list[str]:
    """Returns the paths above `path`, from the top: '/1/2/5/' -> ['/1/', '/1/2/']."""
    return paths_along(path)[:-1]


def tree_nodes() -> list[Any]:
    """Returns the living nodes (id, kind, ref_id, path, name), whoever asks: for names on the way up only."""
    return known_nodes(database())


def crumbs(kind: str, key: int) -> list[dict[str, Any]]:
    """Returns the breadcrumb down to a row of the tree."""
    return _down_to(next((node for node in tree_nodes() if node.kind == kind and node.ref_id == key), None))


def crumbs_of_node(node_id: int) -> list[dict[str, Any]]:
    """Returns the breadcrumb down to a node."""
    return _down_to(next((node for node in tree_nodes() if node.id == node_id), None))


def _down_to(here: Any) -> list[dict[str, Any]]:
    if here is None:
        return []
    by_path = {node.path: node for node in tree_nodes()}
    return [
        {"label": by_path[p].name, "url": f"/{by_path[p].kind}/show/{by_path[p].ref_id}"}
        for p in [*ancestors(here.path), here.path]
        if p in by_path
    ]


def _toast(kind: str, said: Any) -> dict[str, Any]:
    """Returns what a toast shows: a sentence, or one with an address that takes back what was done."""
    return {"kind": kind, **said} if isinstance(said, dict) else {"kind": kind, "text": said}


def shell(title: Any, trail: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """Returns the context every page of ours is rendered in."""
    who = actor()
    signed_in = who.user_id is not None
    roles = sorted(who.roles(), key=list(ROLES).index)
    comma = str(say(_(", ", "、")))
    theme = request.cookies.get("theme", "auto")
    return {
        "lang": language(),
        "theme": theme if theme in THEMES else "auto",
        "folded": request.cookies.get("folded") == "1",
        "title": title,
        "crumbs": trail or [],
        "user": {
            "id": who.user_id,
            "name": who.name,
            "initial": who.name[:1].upper(),
            "role_words": comma.join([str(say(ROLES[role].words)) for role in roles]),
            "links": OWN_PAGES if signed_in else [],
        },
        "menu": menu() if signed_in else [],
        "menu_cookie": turned_cookie(),
        "place": place() if signed_in else None,
        "flashes": [_toast(*one) for one in get_flashed_messages(with_categories=True)],
        "home_url": "/",
        "logout_url": "/logout/",
        "language_url": "/language",
        "tree_url": "/place",
        "search_url": "/palette.json" if signed_in else None,
        "counts_url": "/counts.json" if signed_in else None,
        "jobs_url": "/job/running.json" if signed_in else None,
        "mailbox_url": "/mailbox/" if signed_in and may(who, tables()["mailbox"], READ) else None,
        "narrowed": bool(cookie.get("within")),
    }
