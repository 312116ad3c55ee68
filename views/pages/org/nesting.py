"""The visible part of the tree as nested nodes, for the tree page and the switcher."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.kernel.node import KINDS, Node
from models.kernel.registry import table
from models.kernel.roles import READ
from models.kernel.scope import may
from models.kernel.session import actor_of
from models.kernel.tokens import initials
from models.kernel.words import _

ICONS = {
    "group": "building-skyscraper",
    "region": "map",
    "company": "building-bank",
    "department": "users-group",
    "project": "buildings",
}
_ORDER = list(KINDS)


def nested(
    session: Session, *, counts: bool = False, checked: frozenset[str] = frozenset(), departments: bool = True
) -> list[dict[str, Any]]:
    """Returns the nodes the actor may read, nested, departments after the levels they hang on.

    Args:
        counts: adds the number of rooms below each project, where rooms may be read. One statement.
        checked: paths of the nodes that are chosen now.
        departments: also those departments at which one holds no role: they own nothing that could be narrowed to.
    """
    nodes = list(session.scalars(select(Node)))
    if not departments:
        held = {each.path for each in actor_of(session).grants}
        below = [path for path in held for node in nodes if node.kind == "department" and node.path == path]
        nodes = [n for n in nodes if n.kind != "department" or any(path.startswith(n.path) for path in below)]
    rooms: dict[int, int] = {}
    room = table("room")
    if counts and may(actor_of(session), room, READ):
        counted = session.execute(select(room.project_id, func.count()).group_by(room.project_id))
        rooms = {row[0]: row[1] for row in counted}
    found: dict[int, dict[str, Any]] = {}
    totals: dict[int, int] = {}
    by_path = {node.path: node for node in nodes}
    for node in nodes:
        if node.kind == "project":
            for path in (p for p in by_path if node.path.startswith(p)):
                totals[by_path[path].id] = totals.get(by_path[path].id, 0) + rooms.get(node.ref_id, 0)
    for node in nodes:
        total = totals.get(node.id)
        found[node.id] = {
            "pk": node.id,
            "label": node.name,
            "kind_label": KINDS.get(node.kind, _("Place", "节点")),
            "icon": ICONS.get(node.kind, "sitemap"),
            "url": f"/{node.kind}/show/{node.ref_id}",
            "path": node.path,
            "kind": node.kind,
            "key": node.ref_id,
            "initials": initials(node.name),
            "count_text": _("{n} rooms", "{n} 套").fill(n=f"{total:,}") if total else None,
            "children": [],
            "open": len(nodes) <= 80 or node.path.count("/") < 4,
            "checked": node.path in checked,
            "_order": (_ORDER.index(node.kind) if node.kind in _ORDER else 9, node.id),
        }
    tops = []
    for node in nodes:
        parent = found.get(node.parent_id or 0)
        (parent["children"] if parent else tops).append(found[node.id])
    for here in found.values():
        here["children"].sort(key=lambda one: one["_order"])
    return sorted(tops, key=lambda one: one["_order"])
