"""What happened to a row, from the audit: its lines and those of its children, and the row as it was after one of them.

Nothing here is kept beside the audit. An earlier version is the present row with every later change taken back; it is
brought back as an ordinary change, so that rules, rights, keys and versions hold for it as for any other.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import and_, select, union_all
from sqlalchemy.orm import Session

from models.kernel import entry
from models.kernel.audit import AuditLog
from models.kernel.columns import ColumnInfo
from models.kernel.refusal import Missing, Refusal
from models.kernel.registry import infos, numbers_of, rights_of, table
from models.kernel.roles import READ, WRITE
from models.kernel.scope import may
from models.kernel.secret import Masked, MaskedValue
from models.kernel.session import actor_of
from models.kernel.table import Base, Table
from models.kernel.words import _

KINDS = ("changes", "moves", "comments", "files")
"""What a timeline can be narrowed to."""

COMMENTS, FILES = ("comment",), ("attach", "detach")
_UNTOLD = ("comment_change", "comment_remove", "export")
"""Said where the comment itself stands, or not about one row."""

FAMILY = 200
"""Children of a kind whose changes a record tells, the newest ones."""


@dataclass(frozen=True, slots=True)
class Told:
    """A line of a row's history. `user_id` and `who` are None for the system."""

    id: int
    at: datetime
    user_id: int | None
    who: str | None
    table: str
    row_id: int
    action: str
    changes: Mapping[str, list[Any]]


def family(session: Session, row: Table) -> dict[str, list[int]]:
    """Returns the keys of the rows whose changes belong to the history of `row`, by table: the children of its screen.

    Only those the actor can read, deleted ones too; not of tables that nobody writes by hand, which are histories themselves.
    """
    actor, found = actor_of(session), {}
    for name, column in type(row).screen.children:
        child = table(name)
        if not rights_of(child).roles(WRITE) or not may(actor, child, READ):
            continue
        mine = select(child.id).where(getattr(child, column) == row.id).order_by(child.id.desc()).limit(FAMILY)
        keys = list(session.scalars(mine.execution_options(deleted="with")))
        if keys:
            found[name] = keys
    return found


def _moves(names: Iterable[str]) -> list[str]:
    return [each.name for name in names if (flow := table(name).flow) is not None for each in flow.transitions]


def lines(
    session: Session, row: Table, kind: str = "", before: int | None = None, size: int = 20
) -> tuple[list[Told], bool]:
    """Returns the history of a row the actor may read, newest first, and whether there is more.

    Args:
        kind: one of `KINDS`; all where it is none of them.
        before: only lines older than the one with this key.
    """
    below = {} if kind in ("comments", "files") else family(session, row)
    audit, accounts = AuditLog.__table__, Base.metadata.tables["ab_user"]
    moves = _moves([row.__tablename__, *below])
    limits: list[Any] = [audit.c.action.not_in(_UNTOLD)]
    if kind == "comments":
        limits = [audit.c.action.in_(COMMENTS)]
    elif kind == "files":
        limits = [audit.c.action.in_(FILES)]
    elif kind == "moves":
        limits = [audit.c.action.in_(moves)]
    elif kind == "changes":
        limits = [audit.c.action.not_in([*_UNTOLD, *COMMENTS, *FILES, *moves])]
    if before is not None:
        limits.append(audit.c.id < before)
    branches = []
    for name, keys in ((row.__tablename__, [row.id]), *below.items()):
        own = [] if name == row.__tablename__ and keys == [row.id] else [audit.c.action.not_in([*COMMENTS, *FILES])]
        about = audit.c.row_id == keys[0] if len(keys) == 1 else audit.c.row_id.in_(keys)
        one = select(audit.c.id).where(audit.c.table_name == name, about, *limits, *own)
        branches.append(one.order_by(audit.c.id.desc()).limit(size + 1).subquery())
    merged = union_all(*(select(branch.c.id) for branch in branches)).subquery()
    found = session.execute(
        select(audit, accounts.c.first_name)
        .join(merged, merged.c.id == audit.c.id)
        .outerjoin(accounts, accounts.c.id == audit.c.user_id)
        .order_by(audit.c.id.desc())
        .limit(size + 1)
    ).all()
    told = [
        Told(f.id, f.at, f.user_id, f.first_name, f.table_name, f.row_id, f.action, json.loads(f.changes))
        for f in found
    ]
    return told[:size], len(told) > size


# -- earlier versions --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that was another one then. `fault` says why it cannot come back."""

    column: str
    known: ColumnInfo
    then: Any
    now: Any
    fault: Refusal | None = None


@dataclass(slots=True)
class Version:
    """A row as it was after a line of its history."""

    line: Told
    differences: list[Difference] = field(default_factory=list)


def version(session: Session, row: Table, line: int) -> Version:
    """Returns what was different after `line`, in the fields the actor may write.

    Never among them: the state of a flow, numbers, and where a part of the tree hangs; they have ways of their own.

    Raises:
        Missing: there is no such line in the history of this row.
    """
    audit, accounts = AuditLog.__table__, Base.metadata.tables["ab_user"]
    mine = and_(audit.c.table_name == row.__tablename__, audit.c.row_id == row.id)
    found = session.execute(
        select(audit, accounts.c.first_name)
        .outerjoin(accounts, accounts.c.id == audit.c.user_id)
        .where(mine, audit.c.id == line)
    ).one_or_none()
    if found is None or found.action not in _writing(type(row)):
        raise Missing(_("There is no such version of this record.", "该记录没有这一历史版本，请从动态中重新选择。"))
    told = Told(
        found.id, found.at, found.user_id, found.first_name, found.table_name, found.row_id, found.action,
        json.loads(found.changes),
    )  # fmt: skip
    later = session.execute(
        select(audit.c.changes)
        .where(mine, audit.c.id > line, audit.c.action.in_(_writing(type(row))))
        .order_by(audit.c.id.desc())
    )
    then: dict[str, Any] = {}
    for (changes,) in later:
        for column, (before, _after) in json.loads(changes).items():
            then[column] = before
    return Version(told, list(_differences(session, row, then)))


def _writing(cls: type[Table]) -> list[str]:
    """The actions whose lines carry columns of the row with their values before and after."""
    return ["add", "change", "delete", "restore", *_moves([cls.__tablename__])]


def restorable(cls: type[Table]) -> list[str]:
    """Returns the columns that an earlier version may bring back."""
    apart = {*numbers_of(cls), cls.flow.column if cls.flow is not None else None}
    if cls.owned.kind == "tree":
        apart.add(cls.owned.above)
    return [name for name in entry.fields(cls) if name not in apart]


def _differences(session: Session, row: Table, then: Mapping[str, Any]) -> Iterable[Difference]:
    cls = type(row)
    for name in restorable(cls):
        if name not in then:
            continue
        known, column = infos(cls)[name], cls.__mapper__.columns[name]
        was, now = typed(cls, name, then[name]), getattr(row, name)
        if not column.type.compare_values(now, was):
            yield Difference(name, known, was, now, _gone(session, known, name, was))


def typed(cls: type[Table], name: str, value: Any) -> Any:
    """Returns a value of the audit as the column has it. A masked one stays encrypted until somebody may see it."""
    kind = infos(cls)[name].kind
    if value is None or value == "":
        return None
    column: Any = cls.__mapper__.columns[name].type
    if isinstance(column, Masked):
        stored = value.get("masked", "") if isinstance(value, dict) else ""
        return MaskedValue(column.kind, str(stored)) if stored else MaskedValue.of(column.kind, str(value))
    if kind == "date":
        return date.fromisoformat(value)
    if kind == "moment":
        return datetime.fromisoformat(value)
    if kind in ("money", "decimal"):
        return Decimal(value)
    return value


def _gone(session: Session, known: ColumnInfo, name: str, value: Any) -> Refusal | None:
    """Says so where what a row pointed to then is no longer there for the actor."""
    if known.kind != "ref" or value is None:
        return None
    target = table(known.target or "")
    if session.scalar(select(target.id).where(target.id == value)) is not None:
        return None
    return Refusal(
        _(
            "The {label} of that time is gone, or is not in your part of the tree. Bring back the other fields, or restore"
            " it from the recycle bin first.",
            "当时的{label}已不存在或不在您的权限范围内。可只恢复其他字段，或先从回收站恢复它。",
        ).fill(label=known.label),
        name,
        code="gone_ref",
        status=409,
    )


def bring_back(
    session: Session, row: Table, line: int, columns: Collection[str] | None, expected: int | None
) -> list[str]:
    """Brings back the fields of an earlier version as an ordinary change, which names the line it came from. Flushes.

    Args:
        row: one the actor may write.
        line: the version: the row as it was after this line of its history.
        columns: only these of the fields that differ; all where None.
        expected: the version of the row the person had in front of them.

    Returns: the columns that were brought back.
    Raises:
        Missing: as `version`. Stale, Denied: as `entry.change`.
        Refusal: nothing differs, what a field pointed to is gone (409), or a rule of today refuses it.
    """
    chosen = [one for one in version(session, row, line).differences if columns is None or one.column in columns]
    faults = [one.fault for one in chosen if one.fault is not None]
    if faults:
        raise Refusal.of(faults)
    if not chosen:
        raise Refusal(
            _(
                "Nothing of this version differs from what you may write now. There is nothing to bring back.",
                "该版本与当前可修改的内容没有差异，无需恢复。",
            ),
            code="nothing_differs",
            status=409,
        )
    noted: dict[int, Any] = session.info.setdefault("noted", {})
    noted[id(row)] = {"restored_from": (None, line)}
    try:
        entry.change(session, row, {one.column: one.then for one in chosen}, expected)
    finally:
        noted.pop(id(row), None)
    return [one.column for one in chosen]
