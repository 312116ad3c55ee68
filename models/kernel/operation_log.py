"""The operation log: the whole audit as a list, searched and paged, cut down to what its reader may know of (S08, S19).

Everybody sees what they did themselves. Who holds an administrator's role sees the changes of every row that role reads in
the subtree it is held in. Nothing here writes: the audit has no address that adds, changes or deletes a line.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select, true
from sqlalchemy.orm import Session

from models.kernel.actor import Actor
from models.kernel.audit import AuditLog
from models.kernel.clock import CHINA
from models.kernel.history import Told
from models.kernel.registry import tables
from models.kernel.roles import ADMINS, READ
from models.kernel.scope import criterion, reach
from models.kernel.seal import AuditSeal
from models.kernel.session import actor_of
from models.kernel.table import Base, Table

CHANNELS = ("page", "api", "import", "command", "job")
PEOPLE = 200
"""People that one word may name."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of the log; what is None or empty is not asked.

    Attributes:
        who: part of a name, or the beginning of a sign-in name.
        since, until: days of the company's calendar, both included.
        before, after: the line a page ends or begins at (keyset).
    """

    who: str = ""
    table: str = ""
    row_id: int | None = None
    action: str = ""
    channel: str = ""
    address: str = ""
    request_id: str = ""
    since: date | None = None
    until: date | None = None
    before: int | None = None
    after: int | None = None


def reads_others(actor: Actor) -> bool:
    """Returns whether the actor sees what others did."""
    return actor.system or any(held.role in ADMINS for held in actor.grants)


def visible(session: Session) -> ColumnElement[bool]:
    """Returns the condition under which the actor of the session may know of a line."""
    actor, audit = actor_of(session), AuditLog.__table__.c
    if actor.system:
        return true()
    ways: list[ColumnElement[bool]] = []
    if actor.user_id is not None:
        ways.append(audit.user_id == actor.user_id)
    held = tuple(each for each in actor.grants if each.role in ADMINS)
    admin = Actor(actor.user_id, actor.name, held, within=actor.within)
    whole, all_of_it = [], bool(held)
    for name, cls in tables().items():
        where = reach(session, admin, cls, READ)
        all_of_it = all_of_it and where.everything
        if where.everything:
            whole.append(name)
        elif not where.empty:
            bare = cls.__table__
            here = select(bare.c.id).where(bare.c.id == audit.row_id, criterion(cls, where, READ, bare=True))
            ways.append(and_(audit.table_name == name, here.correlate(AuditLog.__table__).exists()))
            if name == "user_profile":
                theirs = select(bare.c.id).where(bare.c.user_id == audit.row_id, criterion(cls, where, READ, bare=True))
                ways.append(and_(audit.table_name == "ab_user", theirs.correlate(AuditLog.__table__).exists()))
    if all_of_it:
        return true()
    if whole:
        ways.append(audit.table_name.in_(whole))
    if len(ways) == 1 and not held:
        return ways[0]
    # one expression no index answers: a planner that is shown the ways would collect all lines and sort them, instead of
    # walking back from the newest until the page is full
    return case(*((way, 1) for way in ways), else_=0) == 1 if ways else audit.id.is_(None)


def found(session: Session, asked: Wanted) -> Select[Any]:
    """Returns the statement of the lines asked for, newest first, without paging; columns as `told` reads them."""
    audit, accounts = AuditLog.__table__, Base.metadata.tables["ab_user"]
    conditions = [visible(session)]
    for column in ("table", "action", "channel", "address", "request_id"):
        value = getattr(asked, column)
        if value:
            conditions.append(audit.c["table_name" if column == "table" else column] == value)
    if asked.row_id is not None:
        conditions.append(audit.c.row_id == asked.row_id)
    if asked.who:
        conditions.append(audit.c.user_id.in_(_people(session, asked.who)))
    if asked.since is not None:
        conditions.append(audit.c.at >= _midnight(asked.since))
    if asked.until is not None:
        conditions.append(audit.c.at < _midnight(asked.until + timedelta(days=1)))
    return (
        select(audit, accounts.c.first_name)
        .outerjoin(accounts, accounts.c.id == audit.c.user_id)
        .where(*conditions)
        .order_by(audit.c.id.desc())
    )


def _people(session: Session, word: str) -> list[int]:
    accounts = Base.metadata.tables["ab_user"].c
    named = or_(
        accounts.first_name.contains(word, autoescape=True),
        func.lower(accounts.username).startswith(word.casefold(), autoescape=True),
    )
    return list(session.execute(select(accounts.id).where(named).order_by(accounts.id).limit(PEOPLE)).scalars())


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), CHINA)


def page(session: Session, asked: Wanted, size: int) -> tuple[list[Any], bool, bool]:
    """Returns one page of lines, and whether there are newer and older ones. One statement, whatever the depth.

    Each line is a `Told` beside the audit row itself: (told, row).
    """
    audit = AuditLog.__table__.c
    statement = found(session, asked)
    if asked.after is not None:
        statement = statement.where(audit.id > asked.after).order_by(None).order_by(audit.id.asc())
    elif asked.before is not None:
        statement = statement.where(audit.id < asked.before)
    rows = list(session.execute(statement.limit(size + 1)).all())
    more = len(rows) > size
    rows = rows[:size]
    if asked.after is not None:
        return list(reversed(rows)), more, True
    return rows, asked.before is not None, more


def told(row: Any) -> Told:
    """Returns a row of `found` as the history of a record has it."""
    changes = json.loads(row.changes)
    return Told(row.id, row.at, row.user_id, row.first_name, row.table_name, row.row_id, row.action, changes)


def readable(session: Session, rows: Iterable[Any]) -> dict[str, set[int]]:
    """Returns which rows these lines are about the actor can read now, the deleted ones too: one statement a table.

    Whoever was moved to another project still sees that they did something elsewhere, and no longer what.
    """
    wanted: dict[str, set[int]] = {}
    for row in rows:
        if row.table_name in tables() and row.row_id:
            wanted.setdefault(row.table_name, set()).add(row.row_id)
    seen: dict[str, set[int]] = {}
    for name, keys in wanted.items():
        cls: type[Table] = tables()[name]
        statement = select(cls.id).where(cls.id.in_(sorted(keys))).execution_options(deleted="with")
        seen[name] = set(session.scalars(statement))
    return seen


def sealed(session: Session) -> tuple[int, datetime | None]:
    """Returns the last line under a seal (0 where there is none) and when it was sealed."""
    seals = AuditSeal.__table__.c
    last = session.execute(select(seals.last_id, seals.sealed_at).order_by(seals.id.desc()).limit(1)).first()
    return (int(last.last_id), last.sealed_at) if last is not None else (0, None)


def actions(names: Sequence[str]) -> Mapping[str, str]:
    """Returns the transitions of these tables that a line may name: name -> table."""
    return {each.name: name for name in names if (flow := tables()[name].flow) is not None for each in flow.transitions}
