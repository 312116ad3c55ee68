"""The index over the tree: one row per group, region, company, department and project, with its materialised path.

The typed keys of those tables are the truth. This module keeps their nodes in the same flush; `differences` compares
both and `run.py check` prints what it finds.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import String, event, func, insert, literal, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, Mapper, Session

from models.kernel.clock import utc_now
from models.kernel.columns import BigId, kept, ref
from models.kernel.owned import Owned
from models.kernel.refusal import Refusal
from models.kernel.roles import ALL, Rights
from models.kernel.screen import Screen, section
from models.kernel.table import Table
from models.kernel.words import Words, _

KINDS: dict[str, Words] = {
    "group": _("Group", "集团"),
    "region": _("Region", "区域"),
    "company": _("Company", "公司"),
    "department": _("Department", "部门"),
    "project": _("Project", "项目"),
}


class Node(Table):
    """A place in the tree. Kept by the kernel; clients read it and point to it."""

    area_name = "org"
    owned = Owned("index", visibility="inherited")
    screen = Screen(
        label=_("Place in the tree", "组织节点"),
        icon="sitemap",
        key=("kind", "ref_id"),
        title=("name",),
        listed=("name", "kind"),
        searched=("name",),
        order=("path",),
        sections=(section(_("Place in the tree", "组织节点"), "name", "kind"),),
        rights=Rights(read=ALL, write=(), delete=(), export=(), import_=()),
        menu=False,
    )

    kind: Mapped[str] = kept(_("Kind", "类别"), String(20), "text")
    ref_id: Mapped[int] = kept(_("Key", "主键"), BigId, "integer")
    parent_id: Mapped[int | None] = ref("node", _("Parent", "上级"), system=True)
    path: Mapped[str] = kept(_("Path", "路径"), String(255), "text", index=True)
    name: Mapped[str] = kept(_("Name", "名称"), String(100), "text")


def steps(path: str) -> list[int]:
    """Returns the ids of the nodes on a path, the top first: '/1/2/5/' -> [1, 2, 5]; '/' -> []."""
    return [int(step) for step in path.strip("/").split("/") if step]


def paths_along(path: str) -> list[str]:
    """Returns the paths from the top down to `path` itself: '/1/2/' -> ['/1/', '/1/2/']."""
    ids = steps(path)
    return ["/" + "/".join(map(str, ids[:count])) + "/" for count in range(1, len(ids) + 1)]


def bare() -> Any:
    """Returns the node table itself, for statements of the kernel that the gate does not see."""
    return Node.__table__


def _level_above(row: Any) -> tuple[str, int | None] | None:
    """Returns (kind, key) of the row above `row` in the tree; kind 'node' where it is named by its node."""
    above = row.owned.above
    if above is None:
        return None
    kind = "node" if above == "parent_node_id" else above.removesuffix("_id")
    return kind, getattr(row, above)


def _parent_node(connection: Connection, row: Any) -> tuple[int, str] | None:
    """Returns (id, path) of the node above `row`, or None at the top."""
    above = _level_above(row)
    if above is None:
        return None
    kind, key = above
    nodes = bare()
    match = (nodes.c.id == key) if kind == "node" else ((nodes.c.kind == kind) & (nodes.c.ref_id == key))
    found = connection.execute(select(nodes.c.id, nodes.c.path).where(match)).one()
    return found.id, found.path


def _insert_node(mapper: Mapper[Any], connection: Connection, row: Any) -> None:
    if row.owned.kind != "tree":
        return
    parent = _parent_node(connection, row)
    stamp = row.created_at or utc_now()
    values = {
        "kind": row.__tablename__,
        "ref_id": row.id,
        "parent_id": parent[0] if parent else None,
        "path": "/",
        "name": row.name,
        "created_at": stamp,
        "changed_at": stamp,
        "version": 1,
    }
    nodes = bare()
    (key,) = connection.execute(insert(nodes).values(values)).inserted_primary_key or (None,)
    path = f"{parent[1] if parent else '/'}{key}/"
    connection.execute(update(nodes).where(nodes.c.id == key).values(path=path))


def _update_node(mapper: Mapper[Any], connection: Connection, row: Any) -> None:
    """Keeps name, life and place of the node. A move re-scopes everything below it in this one transaction."""
    if row.owned.kind != "tree":
        return
    nodes = bare()
    old = connection.execute(
        select(nodes.c.id, nodes.c.path, nodes.c.parent_id).where(
            nodes.c.kind == row.__tablename__, nodes.c.ref_id == row.id
        )
    ).one()
    parent = _parent_node(connection, row)
    connection.execute(
        update(nodes)
        .where(nodes.c.id == old.id)
        .values(name=row.name, deleted_at=row.deleted_at, parent_id=parent[0] if parent else None)
    )
    path = f"{parent[1] if parent else '/'}{old.id}/"
    if path == old.path:
        return
    if path.startswith(old.path):
        raise Refusal(
            _(
                "A unit cannot be moved below itself. Choose a parent outside of it.",
                "不能将单位移到其自身之下，请选择其范围以外的上级。",
            ),
            row.owned.above,
            code="cycle",
        )
    connection.execute(
        update(nodes)
        .where(nodes.c.path.startswith(old.path, autoescape=True))
        .values(path=literal(path) + func.substr(nodes.c.path, len(old.path) + 1))
    )


event.listen(Table, "after_insert", _insert_node, propagate=True)
event.listen(Table, "after_update", _update_node, propagate=True)


def node_of(session: Session, kind: str, key: int) -> Any:
    """Returns (id, path, name) of the node of a tree row, whoever asks.

    Raises:
        sqlalchemy.exc.NoResultFound: the row has no node.
    """
    nodes = bare()
    return session.execute(
        select(nodes.c.id, nodes.c.path, nodes.c.name).where(nodes.c.kind == kind, nodes.c.ref_id == key)
    ).one()


def differences(session: Session, trees: list[type[Table]]) -> list[str]:
    """Compares the index with the typed keys of `trees` (session unscoped) and returns a sentence per difference."""
    found: list[str] = []
    nodes = {(n.kind, n.ref_id): n for n in session.execute(select(Node.__table__)).all()}
    by_id = {n.id: n for n in nodes.values()}
    seen = set()
    for cls in trees:
        for row in session.scalars(select(cls).execution_options(deleted="with")):
            here = nodes.get((cls.__tablename__, row.id))
            seen.add((cls.__tablename__, row.id))
            if here is None:
                found.append(f"{cls.__tablename__} {row.id} has no node.")
                continue
            above = _level_above(row)
            parent = None
            if above:
                parent = by_id.get(above[1] or 0) if above[0] == "node" else nodes.get((above[0], above[1] or 0))
            if here.parent_id != (parent.id if parent else None):
                found.append(
                    f"{cls.__tablename__} {row.id}: its node hangs below {here.parent_id}, its key says otherwise."
                )
            if here.path != f"{parent.path if parent else '/'}{here.id}/":
                found.append(f"{cls.__tablename__} {row.id}: its node's path is {here.path}.")
            if here.name != row.name:
                found.append(f"{cls.__tablename__} {row.id}: its node is named “{here.name}”.")
    found.extend(
        f"node {n.id} ({kind} {key}) has no row." for (kind, key), n in nodes.items() if (kind, key) not in seen
    )
    return found
