"""The write guard: nothing is written where the actor has no right, and every row is stamped, checked and recorded.

Runs in `before_flush`, so no way of writing through the session goes round it (design 4-5).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import event, inspect, select
from sqlalchemy.orm import LoaderCallableStatus, Session
from sqlalchemy.orm.attributes import flag_modified

from models.kernel.actor import Actor
from models.kernel.audit import entry, write_lines
from models.kernel.flow import hold_state
from models.kernel.flow_rules import due
from models.kernel.grant import Grant
from models.kernel.node import Node, node_of
from models.kernel.numbering import hold, number
from models.kernel.option_values import settle
from models.kernel.refs import check_refs
from models.kernel.refusal import Denied, Missing, Refusal, Stale
from models.kernel.registry import defaults, infos, pointing_at, table, titles
from models.kernel.roles import DELETE, WRITE
from models.kernel.scope import criterion, forget, reach
from models.kernel.search import keep_keys, keep_rows, own_again, owner_column, sources
from models.kernel.secret import encrypted, shadows
from models.kernel.session import actor_of, clock_of
from models.kernel.table import Table, key_columns
from models.kernel.words import Words, _

_UNAUDITED = {"version", "changed_at", "changed_by_id", "created_at", "created_by_id", "deleted_by_id"}


def expect_version(row: Table, version: int) -> None:
    """Refuses a save that was begun from an older version of the row (design 5).

    Raises:
        Stale: the row is at another version now.
    """
    if row.version != version:
        raise Stale(row.version)


def remove(session: Session, row: Table) -> None:
    """Puts a row in the recycle bin. Flushes.

    Raises:
        Denied: no `delete` right at its owner.
        Refusal: living rows still point to it; names how many of which table (R33 for the tree).
    """
    for cls, column in pointing_at(row.__tablename__):
        if cls is Node or cls.owned.kind == "index":
            continue
        _refuse_use(session, row, cls, column, row.id)
    _tree_children(session, row)
    row.deleted_at = clock_of(session)()
    row.deleted_by_id = actor_of(session).user_id
    session.flush()


def _tree_children(session: Session, row: Table) -> None:
    """Only a leaf of the tree can be deleted (R33): departments hang on nodes, not on typed keys."""
    if row.owned.kind != "tree":
        return
    nodes = Node.__table__
    here = session.execute(
        select(nodes.c.id).where(nodes.c.kind == row.__tablename__, nodes.c.ref_id == row.id)
    ).scalar_one()
    below = session.execute(
        select(nodes.c.name).where(nodes.c.parent_id == here, nodes.c.deleted_at.is_(None)).limit(1)
    ).scalar()
    if below is not None:
        raise Refusal(
            _(
                "“{name}” cannot be deleted: “{below}” still hangs below it. Only a leaf can be deleted.",
                "“{name}”无法删除：其下仍有“{below}”，只有末级单位可以删除。",
            ).fill(name=name_of(row), below=below),
            code="in_use",
            status=409,
        )
    for cls, column in pointing_at("node"):
        if cls is Node:
            continue
        _refuse_use(session, row, cls, column, here)


def _refuse_use(session: Session, row: Table, cls: type[Table], column: str, key: int) -> None:
    """Refuses while living rows of `cls` point here: those out of scope too, but of them no more is said than that."""
    if not _used(session, cls, column, key):
        return
    seen = len(session.scalars(select(cls.id).where(getattr(cls, column) == key).limit(1000)).all())
    if seen:
        sentence = (
            _(
                "“{name}” cannot be deleted: {count} {table} use it. Switch it off instead: what there is keeps it, "
                "and nobody chooses it any more.",
                "“{name}”无法删除：有 {count} 条{table}正在使用。可改为停用：已有记录保留，新增时不再可选。",
            )
            if "enabled" in infos(type(row))
            else _(
                "“{name}” cannot be deleted: {count} {table} still belong to it. Delete or move them first.",
                "“{name}”无法删除：其下仍有 {count} 条{table}，请先删除或移走。",
            )
        ).fill(name=name_of(row), count=seen, table=cls.screen.name)
    else:
        sentence = _(
            "“{name}” cannot be deleted: it is still used outside of your part of the tree.",
            "“{name}”无法删除：您权限范围以外仍有记录在使用它。",
        ).fill(name=name_of(row))
    raise Refusal(sentence, code="in_use", status=409)


def _used(session: Session, cls: type[Table], column: str, key: int) -> bool:
    """Returns whether a living row points here, those out of scope included: they would be orphaned all the same."""
    bare = cls.__table__
    query = select(bare.c.id).where(bare.c[column] == key, bare.c.deleted_at.is_(None)).limit(1)
    return session.execute(query).first() is not None


def name_of(row: Table) -> str:
    """Returns what people call a row: the values of its title columns, joined."""
    parts = []
    for path in titles(type(row)):
        value: Any = row
        for step in path.split("."):
            value = None if value is None else getattr(value, step)
        if value is not None:
            parts.append(str(value))
    return " ".join(parts)


def _before(row: Table, column: str) -> Any:
    """Returns the value `column` had in the database, or its present one where it was not changed."""
    history = inspect(row).attrs[column].history
    return history.deleted[0] if history.deleted else getattr(row, column)


def held_at_owner(session: Session, actor: Actor, row: Table, right: str, *, before: bool) -> bool:
    """Returns whether the actor has `right` at the row's owner (as it was in the database, with `before`)."""
    cls, owned = type(row), row.owned
    where = reach(session, actor, cls, right)
    if where.everything:
        return True
    if where.empty:
        return False

    def value(column: str) -> Any:
        return _before(row, column) if before else getattr(row, column)

    if where.theirs is not None and before and _row_held(session, cls, row.id, where, right):
        return True  # what concerns a party outside; of such rows that party adds none
    if owned.kind == "project":
        return where.holds("project", value("project_id"))
    if owned.kind == "person":
        return where.person is not None and value("user_id") == where.person
    if owned.kind == "node":
        if value("node_id") in where.nodes:
            return True
        return bool(before and owned.seen_from and _row_held(session, cls, row.id, where, right))
    if owned.kind == "tree":
        if row.id is not None and before:
            return where.holds(cls.__tablename__, row.id)
        if owned.above is None:
            return False
        if owned.above == "parent_node_id":
            return value("parent_node_id") in where.nodes
        return where.holds(owned.above.removesuffix("_id"), value(owned.above))
    if owned.kind == "link":
        parent = table(infos(cls)[owned.through or ""].target or "")
        return _row_held(session, parent, value(owned.through or ""), where, right)
    return False


def _row_held(session: Session, cls: type[Table], key: int | None, where: Any, right: str) -> bool:
    bare = cls.__table__
    return (
        session.execute(select(bare.c.id).where(bare.c.id == key, criterion(cls, where, right, bare=True))).first()
        is not None
    )


def keep(session: Session, row: Table) -> None:
    """Writes a row that a table's own rules add or change on the actor's behalf, whatever the actor's rights on it.

    A log line is added so; a home says how its own handover stands. It holds for the next flush, and for no deletion.
    """
    session.info.setdefault("kept", set()).add(id(row))
    session.add(row)


def _check_rights(session: Session, actor: Actor, row: Table, *, new: bool, removing: bool) -> None:
    if actor.system or (not removing and id(row) in session.info.get("kept", ())):
        return
    right = DELETE if removing else session.info.get("moving", {}).get(id(row), WRITE)
    if row.owned.kind == "index":
        raise Denied()
    if not new and not held_at_owner(session, actor, row, right, before=True):
        raise Denied()
    if not new and not removing and row.owned.seen_from:
        _hold_key(session, actor, row)
    owner_column = row.owned.column or row.owned.through or row.owned.above
    moved = owner_column is not None and inspect(row).attrs[owner_column].history.has_changes()
    if (new or moved) and not held_at_owner(session, actor, row, right, before=False):
        field = row.owned.through or owner_column
        raise Denied(
            _(
                "You have no right to write here. Choose a place in your own part of the tree.",
                "您无权写入该位置，请选择您权限范围内的单位或项目。",
            ),
            field,
        )


def _hold_key(session: Session, actor: Actor, row: Table) -> None:
    """A row that is only seen from another one keeps what it is known by: the answer would tell what else its owner holds."""
    where = reach(session, actor, type(row), WRITE)
    if where.everything or _before(row, "node_id") in where.nodes:
        return
    for column in row.screen.key:
        if inspect(row).attrs[column].history.has_changes():
            raise kept_key(column, infos(type(row))[column].label)


def kept_key(column: str, label: Any) -> Denied:
    """Returns the refusal to change what a row is known by, where one may write it only because of another row."""
    return Denied(
        _(
            "{label} says which record this is; only those who keep the records of its owner change it. Ask them.",
            "{label}用于识别该记录，仅其所属单位的维护人员可以修改，请联系他们。",
        ).fill(label=label),
        column,
    )


def _take_owner(session: Session, row: Table) -> None:
    """Copies the project of the row this one hangs on, or says whose own it is; clients say neither."""
    if row.owned.kind == "person" and getattr(row, "user_id", None) is None:
        setattr(row, "user_id", actor_of(session).user_id)  # noqa: B010  # only tables owned by persons have the column
    through = row.owned.through
    if row.owned.kind != "project" or not through:
        return
    key = getattr(row, through)
    if key is None:
        return
    parent = table(infos(type(row))[through].target or "")
    found = session.execute(select(parent).where(parent.id == key)).scalar_one_or_none()
    if found is None:
        raise Refusal(Missing().sentence, through, code="unknown_ref")
    taken = found.id if parent.__tablename__ == "project" else found.project_id
    if row.__dict__.get("project_id") != taken:
        setattr(row, "project_id", taken)  # noqa: B010  # only tables owned by a project have the column


def _missing(row: Table, columns: set[str]) -> list[Refusal]:
    """Names those of `columns` that are required and empty."""
    wrong = []
    for column, known in infos(type(row)).items():
        if column not in columns:
            continue
        mapped = type(row).__mapper__.columns[column]
        if not mapped.nullable and mapped.default is None and not known.system and getattr(row, column) in (None, ""):
            wrong.append(required(column, known.label))
    return wrong


def required(column: str, label: Any) -> Refusal:
    """Returns the refusal of an empty required column."""
    return Refusal(_("{label} is required.", "请填写{label}。").fill(label=label), column, code="required")


def _check_key(session: Session, row: Table, changed: set[str]) -> list[Refusal]:
    """The natural key is unique among living rows. Looked up past the gate, and says nothing of the row it met."""
    key = row.screen.key
    if not key or not changed.intersection(key):
        return []
    bare = type(row).__table__
    columns = key_columns(type(row))
    values = [getattr(row, column) for column in columns]
    if any(value is None for value in values):
        return []
    query = select(bare.c.id).where(
        *[bare.c[column] == value for column, value in zip(columns, values, strict=True)], bare.c.deleted_at.is_(None)
    )
    other = [found for found in session.execute(query.limit(2)).scalars() if found != row.id]
    if not other:
        return []
    known = infos(type(row))
    field = next((column for column in reversed(key) if known[column].kind != "ref"), key[-1])
    return [
        Refusal(
            _(
                "{label} “{value}” exists already here. Open the existing one or choose another.",
                "{label}“{value}”在此处已存在，请使用已有记录或另行填写。",
            ).fill(label=known[field].label, value=_told(session, row, field)),
            field,
            code="duplicate",
            status=409,
        )
    ]


def _told(session: Session, row: Table, column: str) -> Words:
    """Returns a value of a row as people call it: a ref by the name of its row, a choice by its words."""
    known, value = infos(type(row))[column], getattr(row, column)
    member = known.options.member(value) if known.kind == "choice" and known.options is not None else None
    if member is not None:
        return member.words
    meant = session.get(table(known.target or ""), value) if known.kind == "ref" else None
    said = (name_of(meant) if meant is not None else "") or str(value)
    return Words(said, said)


def _stamp(row: Table, actor: Actor, now: datetime, *, new: bool) -> None:
    if new:
        row.created_at = row.created_at or now
        row.created_by_id = row.created_by_id or actor.user_id
        row.version = 1
    else:
        row.version = _before(row, "version") + 1
    row.changed_at = now
    row.changed_by_id = actor.user_id
    for column, known in infos(type(row)).items():
        if known.kind == "masked" and (new or inspect(row).attrs[column].history.has_changes()):
            value = encrypted(type(row).__mapper__.columns[column].type, getattr(row, column))
            setattr(row, column, value)  # so that the audit gets what the database gets
            blind, tail = shadows(value)
            setattr(row, f"{column}_blind", blind)
            setattr(row, f"{column}_tail", tail)


def _changes(row: Table) -> dict[str, tuple[Any, Any]]:
    found = {}
    for attribute in type(row).__mapper__.column_attrs:
        if attribute.key in _UNAUDITED or attribute.key.endswith(("_blind", "_tail")):
            continue
        history = inspect(row).attrs[attribute.key].history
        if history.has_changes():
            before = history.deleted[0] if history.deleted else None
            found[attribute.key] = (
                None if before is LoaderCallableStatus.NO_VALUE else before,
                getattr(row, attribute.key),
            )
    return found


def _guard(session: Session, _context: Any, _instances: Any) -> None:
    if session.info.get("bulk"):
        return
    actor, now = actor_of(session), clock_of(session)()
    refused: list[Refusal] = []
    records: list[tuple[Table, str, dict[str, tuple[Any, Any]]]] = []
    with session.no_autoflush:
        if any(isinstance(row, Table) for row in session.deleted):
            raise RuntimeError("Rows are put in the recycle bin by models.kernel.guard.remove.")
        for row in [row for row in session.dirty if isinstance(row, Table) and session.is_modified(row)]:
            refused.extend(_admit(session, actor, row, now, new=False))
            removing = inspect(row).attrs.deleted_at.history.has_changes()
            action = ("delete" if row.deleted_at else "restore") if removing else "change"
            action = session.info.get("moving", {}).get(id(row), action)
            noted = session.info.get("noted", {}).get(id(row), {})
            records.append((row, action, {**_changes(row), **noted}))
        admitted: set[int] = set()
        while fresh := [row for row in session.new if isinstance(row, Table) and id(row) not in admitted]:
            for row in fresh:  # admitting a row may add further ones that the table's rules keep
                admitted.add(id(row))
                refused.extend(_admit(session, actor, row, now, new=True))
                records.append((row, "add", {}))
        if refused:
            raise Refusal.of(refused)
        number(session, [row for row, action, _changed in records if action == "add"])
    session.info.setdefault("records", []).extend(records)


def _admit(session: Session, actor: Actor, row: Table, now: datetime, *, new: bool) -> list[Refusal]:
    """Checks and stamps one row. Rights are refused at once, faults of the data are collected."""
    changed = {a.key for a in inspect(row).attrs if new or a.history.has_changes()}
    removing = not new and "deleted_at" in changed
    if new:
        _take_defaults(row)
    else:
        hold(type(row), changed)
    moving = id(row) in session.info.get("moving", ())
    if not moving and not (new and (actor.system or _at_start(row))):
        hold_state(type(row), changed)
    _take_owner(session, row)
    if not removing:
        wrong = _missing(row, _owner_columns(row))
        if wrong:
            return wrong
    _check_rights(session, actor, row, new=new, removing=removing)
    if removing:
        _stamp(row, actor, now, new=new)
        if row.deleted_at:
            return list(row.leaving(session, actor))
        row.derive(session, actor)
        return _restorable(session, actor, row)
    if new and row.flow is not None and row.state_since is None:
        row.state_since, row.state_due_at = now, due(session, row, getattr(row, row.flow.column), now)
    unknown = settle(session, row, check=not actor.system)
    row.derive(session, actor)
    changed = {a.key for a in inspect(row).attrs if new or a.history.has_changes()}
    _stamp(row, actor, now, new=new)
    wrong = [*unknown, *_missing(row, set(infos(type(row))))]
    moved = not new and row.owned.kind == "project" and "project_id" in changed
    wrong = wrong or check_refs(session, row, changed, moved=moved)
    return wrong or [*_check_key(session, row, changed), *row.faults(session, actor)]


def _restorable(session: Session, actor: Actor, row: Table) -> list[Refusal]:
    """A row comes out of the recycle bin as it went in: what it points to must live, its key be free, its rules hold."""
    every = set(infos(type(row)))
    return check_refs(session, row, every, moved=False) or [
        *_check_key(session, row, every),
        *row.faults(session, actor),
    ]


def _at_start(row: Table) -> bool:
    return row.flow is None or getattr(row, row.flow.column) == row.flow.start


def _take_defaults(row: Table) -> None:
    """Sets declared defaults now, so that the table's own rules meet the row as it will be stored."""
    for name, value in defaults(type(row)).items():
        if getattr(row, name) is None:
            setattr(row, name, value)


def _owner_columns(row: Table) -> set[str]:
    """The columns that say where a row belongs; without them nobody's right to write it can be told."""
    owned = row.owned
    return {column for column in (owned.through or owned.column, owned.above) if column}


def _record(session: Session, _context: Any) -> None:
    """Writes the audit rows of a flush, when new rows have their keys; re-owns what hangs on a row that moved."""
    records = session.info.pop("records", [])
    session.info.pop("kept", None)
    if not records:
        return
    actor, now = actor_of(session), clock_of(session)()
    rows = []
    named: dict[tuple[type[Table], bool], list[Table]] = {}
    for row, action, changes in records:
        if action == "add":
            changes = {
                name: (None, value)
                for name in infos(row.__class__)
                if (value := getattr(row, name)) is not None and name not in _UNAUDITED
            }
        rows.append(entry(actor, now, row.__tablename__, row.id, action, changes))
        cls: type[Table] = type(row)
        if action == "add" or changes.keys() & {*sources(cls), owner_column(cls)}:
            named.setdefault((cls, action == "add"), []).append(row)
        if row.owned.kind == "tree" or isinstance(row, Grant):
            forget(session)
        if action == "change" and "project_id" in changes and row.owned.kind == "project":
            _re_own(session, type(row), [row.id], row.project_id)
    write_lines(session, rows)
    for (cls, new), written in named.items():
        keep_rows(session, cls, written, new=new)
        if cls.owned.kind == "tree":  # a place is found by the name of its row
            places = [node_of(session, cls.__tablename__, row.id).id for row in written]
            keep_keys(session.connection(), Node, places)


def _re_own(session: Session, parent: type[Table], keys: list[int], project_id: int) -> None:
    """Moves everything that takes its project from these rows along with them, down the chain."""
    for cls, column in pointing_at(parent.__tablename__):
        if cls.owned.kind != "project" or cls.owned.through != column:
            continue
        bare: Any = cls.__table__
        below = list(session.connection().execute(select(bare.c.id).where(bare.c[column].in_(keys))).scalars())
        if below:
            session.connection().execute(
                bare.update().where(bare.c.id.in_(below)).values(project_id=project_id, version=bare.c.version + 1)
            )
            own_again(session.connection(), cls, below, project_id)
            _re_own(session, cls, below, project_id)


def touch(row: Table) -> None:
    """Marks a row as changed although no column is, so that its version moves on (a child of it changed)."""
    flag_modified(row, "changed_at")


def _forget_undone(session: Session, _transaction: Any) -> None:
    """After a rollback nothing noted for it holds: rows kept past the rights, audit lines not written, the tree as moved."""
    session.info.pop("kept", None)
    session.info.pop("records", None)
    forget(session)


event.listen(Session, "after_soft_rollback", _forget_undone)
event.listen(Session, "before_flush", _guard)
event.listen(Session, "after_flush", _record)
