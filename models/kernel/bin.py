"""The recycle bin: rows that were deleted come back, with what was cleared away for them, or go for good by right.

A row is deleted only when nothing living points to it, so a subtree is deleted from its leaves up. `restore` therefore
goes the other way round: the row first, then the rows that the same person deleted in the day before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.kernel.audit import entry, write_lines
from models.kernel.guard import name_of
from models.kernel.node import Node
from models.kernel.refusal import Denied, Missing, Refusal
from models.kernel.registry import infos, pointing_at, table, tables
from models.kernel.roles import DELETE, PURGE, READ
from models.kernel.scope import criterion, may, reach
from models.kernel.search import drop
from models.kernel.session import actor_of, clock_of
from models.kernel.table import Base, Table
from models.kernel.words import _

KEPT_DAYS = 90
"""A row lies in the bin this long before it may be purged."""

TOGETHER = timedelta(days=1)
"""What the same person deleted this long before a row, and that points to it, was cleared away for it."""


@dataclass(slots=True)
class Restored:
    """What came back: the rows, the one asked for first, and the sentences about those that had to stay."""

    rows: list[Table] = field(default_factory=list)
    left: list[Refusal] = field(default_factory=list)


def in_bin(session: Session, cls: type[Table], key: int, right: str = DELETE) -> Table:
    """Returns the deleted row `key` where the actor has `right` on it.

    Raises:
        Missing: there is none in the bin that the actor may read.
        Denied: it may be read, but not this.
    """
    statement = select(cls).where(cls.id == key)
    row = session.execute(statement.execution_options(deleted="only")).scalar_one_or_none()
    if row is None:
        raise Missing(
            _(
                "This record is not in the recycle bin, or is not in your part of the tree.",
                "该记录不在回收站中，或不在您的权限范围内。",
            )
        )
    held = select(cls.id).where(cls.id == key).execution_options(deleted="only", right=right)
    if right != READ and session.execute(held).first() is None:
        raise Denied()
    return row


def restore(session: Session, row: Table, *, below: bool = False) -> Restored:
    """Takes a row out of the recycle bin. Flushes; recorded as `restore`.

    Args:
        row: from `in_bin`.
        below: also what was cleared away for it: rows that point to it, deleted by the same person in the day before
            it, and what was cleared away for those.

    Returns: the rows that came back. What was cleared away and cannot come back stays in the bin, with its reason.

    Raises:
        Denied: no `delete` right at its owner.
        Refusal: a row it points to is in the bin itself, its natural key is taken meanwhile, or its rules refuse it.
    """
    gone_at, gone_by = row.deleted_at, row.deleted_by_id
    parent = _deleted_parent(session, row)
    if parent is not None:
        raise parent
    row.deleted_at = row.deleted_by_id = None
    session.flush()
    found = Restored([row])
    if below and gone_at is not None:
        for child in list(_cleared_for(session, row, gone_at, gone_by)):
            try:
                with session.begin_nested():
                    more = restore(session, child, below=True)
            except Refusal as refusal:
                found.left.append(refusal)
                continue
            found.rows.extend(more.rows)
            found.left.extend(more.left)
    return found


def _deleted_parent(session: Session, row: Table) -> Refusal | None:
    """Returns the refusal that names the first deleted row `row` points to. Rows out of scope are left to the guard."""
    for column, known in infos(type(row)).items():
        key = getattr(row, column)
        if known.kind != "ref" or key is None:
            continue
        target = table(known.target or "")
        statement = select(target).where(target.id == key).execution_options(deleted="only")
        above = session.execute(statement).scalar_one_or_none()
        if above is not None:
            return Refusal(
                _(
                    "“{name}” belongs to {label} “{above}”, which is in the recycle bin. Restore that first.",
                    "“{name}”所属的{label}“{above}”也在回收站中，请先恢复{label}。",
                ).fill(name=name_of(row), label=known.label, above=name_of(above)),
                column,
                code="parent_deleted",
                status=409,
            )
    return None


def _cleared_for(session: Session, row: Table, at: Any, by: int | None) -> Iterator[Table]:
    """Yields the deleted rows that point to `row` and went just before it, by the same hand, where the actor may."""
    actor = actor_of(session)
    for cls, column in pointing_at(row.__tablename__):
        if cls.owned.kind == "index" or not may(actor, cls, DELETE):
            continue
        statement = (
            select(cls)
            .where(
                getattr(cls, column) == row.id,
                cls.deleted_at.between(at - TOGETHER, at),
                cls.deleted_by_id.is_(None) if by is None else cls.deleted_by_id == by,
            )
            .order_by(cls.deleted_at.desc(), cls.id)
            .execution_options(deleted="only", right=DELETE)
        )
        for child in session.scalars(statement).all():
            if child.deleted_at is not None:  # it may have come back with another one
                yield child


def purge(session: Session, row: Table) -> None:
    """Takes a row out of the database for good, with its files, comments and approvals. Flushes.

    Its last values stand in the audit, masked ones encrypted, and so does what hung on it; what the audit said of each
    stays as it was. Contents that no other row names are swept a day later.

    Args:
        row: from `in_bin`.

    Raises:
        Denied: no `purge` right at its owner.
        Refusal: it is not in the bin, not for 90 days yet, anything, deleted or not, still points to it, or it is the
            newest of its table.
    """
    cls, key, name = type(row), row.id, name_of(row)
    session.flush()
    actor, now = actor_of(session), clock_of(session)()
    bare: Any = cls.__table__
    where = criterion(cls, reach(session, actor, cls, PURGE), PURGE, bare=True)
    found = session.execute(select(bare).where(bare.c.id == key, where).with_for_update()).mappings().first()
    if found is None:
        raise Denied()
    if found["deleted_at"] is None:
        raise Refusal(
            _("“{name}” is not in the recycle bin.", "“{name}”不在回收站中。").fill(name=name),
            code="not_deleted",
            status=409,
        )
    free = found["deleted_at"] + timedelta(days=KEPT_DAYS)
    if now < free:
        raise Refusal(
            _(
                "“{name}” can be deleted for good {days} days after it was deleted, from {day} on.",
                "“{name}”删除满 {days} 天后（{day} 起）方可彻底删除。",
            ).fill(name=name, days=KEPT_DAYS, day=free.date().isoformat()),
            code="too_young",
            status=409,
        )
    _refuse_newest(session, bare, key, name)
    places = _places(session, cls, key)
    for target, target_key in ((bare, key), *((Node.__table__, place) for place in places)):
        _refuse_pointed_at(session, target, target_key, name, frozenset(places))
    nodes: Any = Node.__table__
    for place in places:
        session.execute(nodes.delete().where(nodes.c.id == place))
    drop(session.connection(), Node, places)
    session.expunge(row)
    session.execute(bare.delete().where(bare.c.id == key))
    drop(session.connection(), cls, [key])
    values = {n: (v, None) for n, v in found.items() if v is not None and not n.endswith(("_blind", "_tail"))}
    values |= _take_along(session, bare.name, key)
    line = entry(actor, now, cls.__tablename__, key, PURGE, values)
    write_lines(session, [line])


def _places(session: Session, cls: type[Table], key: int) -> list[int]:
    """Returns the node of a row of the tree."""
    if cls.owned.kind != "tree":
        return []
    nodes: Any = Node.__table__
    return list(session.scalars(select(nodes.c.id).where(nodes.c.kind == cls.__tablename__, nodes.c.ref_id == key)))


def _take_along(session: Session, name: str, key: int) -> dict[str, tuple[str, None]]:
    """Takes what hangs on a row by its key alone out of the database. Returns what it was, for the audit: table -> how many
    there were, with the names of files."""
    told: dict[str, tuple[str, None]] = {}
    for other in Base.metadata.tables.values():
        if not other.info.get("hangs_on_rows"):
            continue
        mine = (other.c.table_name == name) & (other.c.row_id == key)
        said = other.c.name if "name" in other.c else other.c.id
        hung = list(session.execute(select(said).where(mine).order_by(other.c.id)).scalars())
        if hung:
            names = f": {', '.join(hung)}" if "name" in other.c else ""
            told[other.name] = (f"{len(hung)}{names}", None)
            session.execute(other.delete().where(mine))
    return told


def _refuse_newest(session: Session, bare: Any, key: int, name: str) -> None:
    """Refuses the newest row of a table: on SQLite the next row would get its key anew, and with it what is said of it."""
    if session.scalar(select(func.max(bare.c.id))) == key:
        raise Refusal(
            _(
                "“{name}” is the newest row of its table; its number would be given out again. Purge it when another"
                " has been entered.",
                "“{name}”是该表最新的一条记录，其编号会被重新使用，请在新增其他记录后再彻底删除。",
            ).fill(name=name),
            code="newest",
            status=409,
        )


def _refuse_pointed_at(session: Session, target: Any, key: int, name: str, own: frozenset[int]) -> None:
    """Asks every foreign key of the database, declared tables or not, the recycle bins included."""
    for other in Base.metadata.tables.values():
        for foreign in other.foreign_keys:
            if foreign.column.table is not target:
                continue
            statement = select(other.c.id).where(foreign.parent == key).limit(1)
            if other is Node.__table__:
                statement = statement.where(other.c.id.not_in(sorted(own)))
            if session.execute(statement).first() is not None:
                raise _pointed_at(session, other.name, foreign.parent.name, key, name)


def _pointed_at(session: Session, other: str, column: str, key: int, name: str) -> Refusal:
    """Returns the refusal to purge what others point to: how many the actor sees, and of the rest only that there are."""
    cls = tables().get(other)
    seen: list[int] = []
    if cls is not None:
        for deleted in ("hide", "only"):
            mine = select(cls.id).where(getattr(cls, column) == key).limit(1000).execution_options(deleted=deleted)
            seen.extend(session.scalars(mine))
    if cls is None or not seen:
        sentence = _(
            "“{name}” cannot be deleted for good: it is still used outside of your part of the tree.",
            "“{name}”无法彻底删除：您权限范围以外仍有记录在使用它。",
        ).fill(name=name)
    else:
        sentence = _(
            "“{name}” cannot be deleted for good: {count} {table}, recycle bin included, point to it.",
            "“{name}”无法彻底删除：仍有 {count} 条{table}（含回收站）引用它。",
        ).fill(name=name, count=len(seen), table=cls.screen.name)
    return Refusal(sentence, code="in_use", status=409)
