"""Who may hear of a record: recipients by their own scope, webhooks by the part of the tree they belong to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.kernel.actor import SYSTEM, Actor
from models.kernel.clock import Clock
from models.kernel.grant import held_by
from models.kernel.job import JOBS
from models.kernel.node import Node
from models.kernel.registry import infos, rights_of, table, tables
from models.kernel.roles import ADMINS, READ, WRITE
from models.kernel.scope import criterion, subtree
from models.kernel.session import act


def sees(session: Session, clock: Clock, user_id: int, about: tuple[str, int] | None, told_at: datetime) -> bool:
    """Returns whether an account may read a record now, by its own grants; a notice about no record is for anybody.

    Args:
        session: acts as the system again afterwards. Nothing is read into it but keys.
        about: (table, key).
        told_at: when the notice was raised; SQLite gives the key of a purged row again, and a younger row is another.
    """
    if about is None:
        return True
    if about[0] == JOBS.name:
        owner = session.execute(select(JOBS.c.owner_id).where(JOBS.c.id == about[1])).scalar()
        return bool(owner == user_id)
    cls = tables().get(about[0])
    if cls is None:
        return False
    nodes = session.info.get("nodes")
    grants = held_by(session, user_id, clock)
    act(session, Actor(user_id, "", grants, channel="job"), clock)
    if nodes is not None:
        session.info["nodes"] = nodes  # the same transaction: the tree need not be read for each recipient
    try:
        found = select(cls.id).where(cls.id == about[1], cls.created_at <= told_at)
        return session.execute(found).first() is not None
    finally:
        nodes = session.info.get("nodes")
        act(session, SYSTEM, clock)
        if nodes is not None:
            session.info["nodes"] = nodes


def hears(session: Session, path: str, about: tuple[str, int] | None, told_at: datetime) -> bool:
    """Returns whether a webhook of the place at `path` hears of a record: one that lies there or below, of a table that
    administrators read. Of what is about no record only the top hears."""
    if about is None:
        return path.strip("/").count("/") == 0
    cls = tables().get(about[0])
    if cls is None or not set(rights_of(cls).roles(READ)) & set(ADMINS):
        return False
    bare: Any = cls.__table__
    here = criterion(cls, subtree(session, path), WRITE, bare=True)
    found = select(bare.c.id).where(
        bare.c.id == about[1], bare.c.created_at <= told_at, bare.c.deleted_at.is_(None), here
    )
    return session.execute(found).first() is not None


def path_of(session: Session, about: tuple[str, int] | None) -> str | None:
    """Returns the path of the place a record belongs to; None for one that lies nowhere in the tree, or about none."""
    if about is None or about[0] not in tables():
        return None
    bare: Any = table(about[0]).__table__
    row: Any = session.execute(select(bare).where(bare.c.id == about[1])).mappings().first()
    return None if row is None else _path(session, about[0], row.get)


def _path(session: Session, name: str, value: Callable[[str], Any]) -> str | None:
    cls, nodes = table(name), Node.__table__.c
    owned = cls.owned
    if owned.kind == "link":
        column = owned.through or ""
        target = infos(cls)[column].target or ""
        return path_of(session, (target, value(column))) if value(column) is not None else None
    matches: dict[str, Callable[[], Any]] = {
        "node": lambda: nodes.id == value("node_id"),
        "index": lambda: nodes.id == value("id"),
        "project": lambda: (nodes.kind == "project") & (nodes.ref_id == value("project_id")),
        "tree": lambda: (nodes.kind == name) & (nodes.ref_id == value("id")),
    }
    if owned.kind not in matches:
        return None
    found = session.execute(select(nodes.path).where(matches[owned.kind]())).scalar()
    return None if found is None else str(found)
