"""“Which project?”: asked in one way wherever a page is about one project and the person has several."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template
from sqlalchemy import func, select

from models.kernel.registry import table
from models.kernel.roles import READ
from models.kernel.scope import may, reach
from models.kernel.tokens import initials
from models.kernel.words import Words, _
from views.kernel.request import actor
from views.kernel.request import session as database
from views.kernel.shell import ancestors, shell, tree_nodes


def choose_project(
    title: Words, question: Words, base: str, right: str = READ, crumbs: list[dict[str, Any]] | None = None
) -> Any:
    """Returns the page that leads to `<base><project's key>`; straight there where only one project can be meant.

    Args:
        question: what is asked, such as "Whose rooms are shown?".
        base: the address before the key, such as '/generate/'.
        right: what one must hold on rooms of a project for it to be offered.
    """
    own, room = database(), table("room")
    where = reach(own, actor(), room, right)
    nodes = tree_nodes()
    mine = [node for node in nodes if node.kind == "project" and where.holds("project", node.ref_id)]
    if len(mine) == 1:
        return redirect(f"{base}{mine[0].ref_id}")
    rooms: dict[int, int] = {}
    if may(actor(), room, READ):
        asked: Any = room
        rooms = dict(own.execute(select(asked.project_id, func.count()).group_by(asked.project_id)).all())  # type: ignore[arg-type]
    names = {node.path: node.name for node in nodes}
    groups: dict[str, list[dict[str, Any]]] = {}
    for node in sorted(mine, key=lambda each: [int(key) for key in each.path.split("/") if key]):
        above = " › ".join(names[path] for path in ancestors(node.path)[1:] if path in names)
        groups.setdefault(above, []).append(
            {
                "label": node.name,
                "url": f"{base}{node.ref_id}",
                "initials": initials(node.name),
                "count_text": _("{n} rooms", "{n} 套").fill(n=f"{rooms[node.ref_id]:,}")
                if node.ref_id in rooms
                else "",
            }
        )
    page = {"title": title, "question": question, "crumbs": crumbs or [], "groups": groups}
    return render_template("doorbook/projects.html", shell=shell(title), page=page)
