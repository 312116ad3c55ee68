"""Where a row belongs in the tree: the path of its owner, found through whatever it hangs on."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.kernel.registry import infos, table
from models.kernel.scope import known_nodes
from models.kernel.table import Table


def path_of(session: Session, kind: str, key: int | None) -> str | None:
    """Returns the path of the place `key` of a kind ('project', or 'node' by its own key); None where there is none."""
    places = session.info.setdefault("paths", {})
    nodes = known_nodes(session)
    if places.get("of") is not session.info.get("nodes"):  # the tree was read anew
        places.clear()
        places["of"] = session.info.get("nodes")
        for node in nodes:
            places["node", node.id] = node.path
            places[node.kind, node.ref_id] = node.path
    found: str | None = places.get((kind, key))
    return found


def owner_path(session: Session, row: Table) -> str | None:
    """Returns the path of the place a row belongs to; None where it cannot be told yet."""
    return owner_path_of(session, type(row), partial(getattr, row))


def owner_path_of(session: Session, cls: type[Table], value: Callable[[str], Any]) -> str | None:
    """Returns the path of the owner of a row that is known by its columns: `value` gives what stands in one.

    A place of the tree belongs to the place above it.
    """
    owned = cls.owned
    if owned.kind == "node":
        return path_of(session, "node", value("node_id"))
    if owned.kind == "project":
        key = value("project_id")
        if key is None and owned.through:
            return _through(session, cls, owned.through, value)
        return path_of(session, "project", key)
    if owned.kind == "link":
        return _through(session, cls, owned.through or "", value)
    if owned.kind == "tree" and owned.above:
        kind = "node" if owned.above == "parent_node_id" else owned.above.removesuffix("_id")
        return path_of(session, kind, value(owned.above))
    return None


def _through(session: Session, cls: type[Table], column: str, value: Callable[[str], Any]) -> str | None:
    target, key = infos(cls)[column].target or "", value(column)
    if target == "project":
        return path_of(session, "project", key)
    memo = session.info.setdefault("paths", {})
    known_nodes(session)
    if memo.get("of") is session.info.get("nodes") and ("row", target, key) in memo:
        return memo["row", target, key]  # type: ignore[no-any-return]
    parent = table(target)
    bare = parent.__table__
    above = session.execute(select(bare).where(bare.c.id == key)).mappings().first()  # whoever asks: it owns the row
    found = owner_path_of(session, parent, above.get) if above is not None else None
    memo["row", target, key] = found
    return found


def owner_column(cls: type[Table]) -> tuple[str, str] | None:
    """Returns the dotted column that names the owner of a table's rows, and the kind of place it names."""
    owned = cls.owned
    if owned.kind == "node":
        return "node_id", "node"
    if owned.kind == "project":
        return "project_id", "project"
    if owned.kind == "tree" and owned.above:
        return owned.above, "node" if owned.above == "parent_node_id" else owned.above.removesuffix("_id")
    if owned.kind == "link":
        column = owned.through or ""
        found = owner_column(table(infos(cls)[column].target or ""))
        return (f"{column.removesuffix('_id')}.{found[0]}", found[1]) if found else None
    return None
