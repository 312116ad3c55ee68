"""Many rows at once: the same rights, stamps, shadows and audit as the session's way, in a few statements.

For generators, imports and seeds. The rules of a table (`derive`, `faults`) are the caller's to have applied: an import
runs them over each row before it comes here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from models.kernel.audit import added, entry, write_lines
from models.kernel.driver import put
from models.kernel.flow import hold_state
from models.kernel.flow_rules import due_at
from models.kernel.guard import kept_key
from models.kernel.numbering import hold, number_values
from models.kernel.owning import owner_path_of
from models.kernel.refs import unknown_ref
from models.kernel.refusal import Denied
from models.kernel.registry import defaults, infos, table
from models.kernel.roles import READ, WRITE
from models.kernel.scope import criterion, reach
from models.kernel.search import keep, keep_keys, owner_column, sources
from models.kernel.secret import MaskedValue, encrypted, shadows
from models.kernel.session import actor_of, clock_of
from models.kernel.table import Table

CHUNK = 1_000


def insert_rows(
    session: Session, cls: type[Table], rows: Sequence[dict[str, Any]], *, audited: bool = True
) -> list[int]:
    """Inserts typed rows and returns their keys in the same order.

    Args:
        rows: column -> typed value; a row owned through another must carry that ref, not the project.
        audited: False only for seeds of an empty database.

    Raises:
        Denied: the actor may not write at the owner of one of the rows; nothing is inserted.
        Refusal: one of the rows points to a row that its writer cannot read, or has no rule for its number.
    """
    if not rows:
        return []
    session.flush()
    actor, now = actor_of(session), clock_of(session)()
    filled = _with_owner(session, cls, rows)
    _check(session, cls, filled)
    _check_refs(session, cls, filled)
    if not actor.system:
        for row in filled:
            if cls.flow is not None and row.get(cls.flow.column) not in (None, cls.flow.start):
                hold_state(cls, row)
    if cls.flow is not None:
        for row in filled:
            state, path = row.get(cls.flow.column) or cls.flow.start, owner_path_of(session, cls, row.get)
            row["state_since"] = row.get("created_at") or now
            row["state_due_at"] = due_at(session, cls, state, path, row["state_since"])
    number_values(session, cls, filled)
    masked = [name for name, known in infos(cls).items() if known.kind == "masked"]
    declared = defaults(cls)
    blank = {**dict.fromkeys(name for row in filled for name in row), **declared}
    ready = []
    for row in filled:
        values = blank | {name: value for name, value in row.items() if value is not None}
        for name in masked:
            value = values.get(name)
            if isinstance(value, str) and value:
                values[name] = MaskedValue.of("certificate", value)
            values[f"{name}_blind"], values[f"{name}_tail"] = shadows(values.get(name))
        values["created_at"] = values["changed_at"] = row.get("created_at") or now
        values["created_by_id"] = values["changed_by_id"] = values.get("created_by_id") or actor.user_id
        values["version"] = 1
        ready.append(values)
    keys = _insert(session, cls, ready)
    owner = owner_column(cls) or ""
    found_by = (
        (key, row.get(owner, 0), [row.get(name) for name in sources(cls)]) for key, row in zip(keys, ready, strict=True)
    )
    keep(session.connection(), cls, found_by, new=True)
    if audited:
        _record(session, cls, keys, filled)
    return keys


def _insert(session: Session, cls: type[Table], rows: list[dict[str, Any]]) -> list[int]:
    """Inserts complete rows and returns their keys.

    On SQLite `INSERT ... RETURNING` gives no order over many rows, so SQLAlchemy would send them one by one. The keys
    are counted on from the highest instead, as SQLite does itself; the transaction holds the only write lock.
    """
    bare: Any = cls.__table__
    connection = session.connection()
    keys: list[int] = []
    if connection.dialect.name == "sqlite":
        first = (connection.execute(select(func.max(bare.c.id))).scalar() or 0) + 1
        keys = list(range(first, first + len(rows)))
        for key, row in zip(keys, rows, strict=True):
            row["id"] = key
        put(connection, bare, rows)
        return keys
    statement = insert(bare).returning(bare.c.id, sort_by_parameter_order=True)
    for start in range(0, len(rows), CHUNK):
        keys.extend(connection.execute(statement, rows[start : start + CHUNK]).scalars())
    return keys


def update_rows(session: Session, cls: type[Table], changes: Sequence[tuple[int, dict[str, tuple[Any, Any]]]]) -> None:
    """Changes rows: (key, {column: (before, after)}) each. The caller read the rows in the write scope and locked them.

    Raises:
        Denied: one of the rows is out of the actor's write scope; nothing is changed.
        Refusal: one of the rows would point to a row that its writer cannot read.
        RuntimeError: a change moves a row to another owner; only the session does that, since rows below move along.
            Or it changes a number, or the state of a flow.
    """
    if not changes:
        return
    for column in (cls.owned.column, cls.owned.through, cls.owned.above):
        if column is not None and any(column in change for _key, change in changes):
            raise RuntimeError(f"{cls.__tablename__}.{column} says who owns the row: move it through the session.")
    written = {name for _key, change in changes for name in change}
    hold(cls, written)
    hold_state(cls, written)
    session.flush()
    _check_refs(session, cls, [{name: after for name, (_was, after) in change.items()} for _key, change in changes])
    actor, now = actor_of(session), clock_of(session)()
    bare: Any = cls.__table__
    connection = session.connection()
    where = criterion(cls, reach(session, actor, cls, WRITE), WRITE, bare=True)
    keys = [key for key, _change in changes]
    allowed: set[int] = set()
    for start in range(0, len(keys), CHUNK):
        part = keys[start : start + CHUNK]
        allowed.update(connection.execute(select(bare.c.id).where(bare.c.id.in_(part), where)).scalars())
    if len(allowed) != len(set(keys)):
        raise Denied()
    _hold_keys(session, cls, changes)
    masked = {name for name, known in infos(cls).items() if known.kind == "masked"}
    for key, change in changes:
        values = {name: after for name, (_before, after) in change.items()}
        for name in masked & values.keys():
            values[name] = encrypted(cls.__mapper__.columns[name].type, values[name])
            change[name] = (change[name][0], values[name])
            values[f"{name}_blind"], values[f"{name}_tail"] = shadows(values[name])
        connection.execute(
            bare.update()
            .where(bare.c.id == key)
            .values(**values, version=bare.c.version + 1, changed_at=now, changed_by_id=actor.user_id)
        )
    keep_keys(connection, cls, [key for key, change in changes if change.keys() & set(sources(cls))])
    write_lines(session, [entry(actor, now, cls.__tablename__, key, "change", change) for key, change in changes])
    session.expire_all()


def _hold_keys(session: Session, cls: type[Table], changes: Sequence[tuple[int, dict[str, tuple[Any, Any]]]]) -> None:
    """As the guard row by row: what a row is known by changes only with write at its own owner."""
    where = reach(session, actor_of(session), cls, WRITE)
    if not cls.owned.seen_from or where.everything:
        return
    named = {key: next((c for c in cls.screen.key if c in change), None) for key, change in changes}
    keys, bare = sorted(key for key, column in named.items() if column), cls.__table__
    for start in range(0, len(keys), CHUNK):
        part = bare.c.id.in_(keys[start : start + CHUNK])
        other = select(bare.c.id).where(part, bare.c.node_id.not_in(sorted(where.nodes))).limit(1)
        found = session.scalar(other)
        if found is not None:
            column = named[found] or ""
            raise kept_key(column, infos(cls)[column].label)


def _with_owner(session: Session, cls: type[Table], rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Returns the rows with the project of the row each hangs on."""
    through = cls.owned.through
    if cls.owned.kind != "project" or not through:
        return [dict(row) for row in rows]
    parent = table(infos(cls)[through].target or "")
    bare = parent.__table__
    projects: dict[int, int] = {}
    keys = sorted({row[through] for row in rows})
    for start in range(0, len(keys), CHUNK):
        part = keys[start : start + CHUNK]
        found = session.execute(select(bare.c.id, bare.c.project_id).where(bare.c.id.in_(part)))
        projects.update((key, project) for key, project in found)
    try:
        return [{**row, "project_id": projects[row[through]]} for row in rows]
    except KeyError:
        raise Denied() from None


def _check(session: Session, cls: type[Table], rows: Iterable[dict[str, Any]]) -> None:
    """Asks for each owner once whether the actor may write there."""
    actor = actor_of(session)
    if actor.system:
        return
    where = reach(session, actor, cls, WRITE)
    if where.everything:
        return
    owned = cls.owned
    if owned.kind == "project":
        wrong = {row["project_id"] for row in rows} - where.tree.get("project", frozenset())
    elif owned.kind == "node":
        wrong = {row["node_id"] for row in rows} - where.nodes
    elif owned.kind == "person":
        wrong = {row.get("user_id") for row in rows} - {where.person}
    elif owned.kind == "link":
        column = owned.through or ""
        parent = table(infos(cls)[column].target or "")
        keys = {row[column] for row in rows}
        bare = parent.__table__
        held: set[int] = set()
        for start in range(0, len(keys), CHUNK):
            part = sorted(keys)[start : start + CHUNK]
            held.update(
                session.execute(
                    select(bare.c.id).where(bare.c.id.in_(part), criterion(parent, where, WRITE, bare=True))
                ).scalars()
            )
        wrong = keys - held
    else:
        wrong = {None}  # rows of the tree are entered one by one, so that their nodes are kept
    if wrong:
        raise Denied()


def _check_refs(session: Session, cls: type[Table], rows: Sequence[dict[str, Any]]) -> None:
    """Asks for each row pointed to once whether the actor may read it, as the guard does row by row."""
    actor = actor_of(session)
    if actor.system:
        return
    for column, known in infos(cls).items():
        if known.kind != "ref" or known.system:
            continue
        target = table(known.target or "")
        bare = target.__table__
        condition = criterion(target, reach(session, actor, target, READ), READ, bare=True)
        keys = sorted({row[column] for row in rows if row.get(column) is not None})
        for start in range(0, len(keys), CHUNK):
            part = keys[start : start + CHUNK]
            seen = select(bare.c.id).where(bare.c.id.in_(part), condition, bare.c.deleted_at.is_(None))
            if len(session.execute(seen).all()) != len(part):
                raise unknown_ref(column, known.label)


def _record(session: Session, cls: type[Table], keys: Sequence[int], rows: Sequence[dict[str, Any]]) -> None:
    actor, now = actor_of(session), clock_of(session)()
    masked = [name for name, known in infos(cls).items() if known.kind == "masked"]

    def told(row: dict[str, Any]) -> dict[str, Any]:
        values = {name: value for name, value in row.items() if value is not None}
        for name in masked:
            if isinstance(values.get(name), str):
                values[name] = MaskedValue.of("certificate", values[name])
        return values

    lines = list(added(actor, now, cls.__tablename__, ((key, told(row)) for key, row in zip(keys, rows, strict=True))))
    for start in range(0, len(lines), CHUNK):
        write_lines(session, lines[start : start + CHUNK])
