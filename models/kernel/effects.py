"""What a change of rights would do, before it is saved: rows gained and lost by each person it touches (design 4).

The change is made in a savepoint, the gate is asked before and after, and all of it is rolled back. What holds is what
`reach` says, so this decides nothing by itself; it only counts between two answers of the gate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import and_, func, not_, or_, select
from sqlalchemy.orm import Session

from models.kernel.actor import NOBODY, Actor, Held
from models.kernel.clock import CHINA, Clock, frozen, today
from models.kernel.grant import Grant, held_by
from models.kernel.node import Node, steps
from models.kernel.registry import rights_of, table, tables
from models.kernel.roles import READ, RIGHTS, WRITE
from models.kernel.scope import Reach, criterion, forget, reach
from models.kernel.session import clock_of
from models.kernel.table import Table

CAPPED = 10_000
"""Rows are counted no further than this."""

MOST = 100
"""People who are looked at one by one."""

Reaches = dict[tuple[str, str], Reach]


@dataclass(slots=True)
class Effect:
    """What changes for somebody on one table.

    Attributes:
        gained, lost: right -> rows on which they hold it then and do not now, or the other way round; at most CAPPED + 1.
    """

    table: str
    gained: dict[str, int] = field(default_factory=dict)
    lost: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Affected:
    """Somebody a change touches, by their account, and what it does for them, table by table."""

    user_id: int
    name: str
    effects: list[Effect] = field(default_factory=list)


def simulate(
    session: Session, users: Iterable[int], change: Callable[[], object], day: date | None = None
) -> list[Affected]:
    """Makes a change, looks at what it does for some people, and takes it back.

    Args:
        session: acting as whoever would make it; what is pending in it is written by the trial and taken back with it.
        users: the accounts it may touch.
        change: makes it, with everything the guard checks.
        day: on which to judge, where the change holds from a later day on only.

    Returns: who gains or loses something, each with what; nobody for a change that does nothing.

    Raises:
        Refusal: as `change` does, which is thereby not possible.
    """
    clock = _clock(session, day)
    people = list(dict.fromkeys(users))[:MOST]
    before = {user: _reaches(session, user, clock) for user in people}
    savepoint = session.begin_nested()
    try:
        change()
        session.flush()
        forget(session)
        after = {user: _reaches(session, user, clock) for user in people}
    finally:
        savepoint.rollback()
        forget(session)
    names = _names(session, people)
    counted: dict[Any, int] = {}
    found = []
    for user in people:
        effects = [
            each for each in _effects(session, user, before[user], after[user], counted) if each.gained or each.lost
        ]
        if effects:
            found.append(Affected(user, names.get(user, "?"), effects))
    return found


def touched_by_a_move(session: Session, path: str, old: str, new: str) -> list[int]:
    """Returns the accounts whose rights a move may change: who holds something in the part that moves, or on one way up only.

    Args:
        path: of the part that moves; `old` and `new` of what it hangs below before and after.
    """
    grants, nodes = Grant.__table__.c, Node.__table__.c
    people: Any = table("user_profile").__table__
    above = set(steps(old)) ^ set(steps(new))
    here = or_(nodes.path.startswith(path, autoescape=True), nodes.id.in_(above))
    found = (
        select(people.c.user_id)
        .join(Grant.__table__, grants.profile_id == people.c.id)
        .join(Node.__table__, nodes.id == grants.node_id)
        .where(here, grants.deleted_at.is_(None), people.c.deleted_at.is_(None), people.c.user_id.is_not(None))
        .order_by(people.c.id)
    )
    return list(dict.fromkeys(session.execute(found).scalars()))


def account_of(session: Session, profile_id: int | None) -> int | None:
    """Returns the account of a profile, whoever asks."""
    people: Any = table("user_profile").__table__.c
    return session.scalar(select(people.user_id).where(people.id == profile_id))


def _clock(session: Session, day: date | None) -> Clock:
    if day is None or day <= today(clock_of(session)):
        return clock_of(session)
    return frozen(datetime.combine(day, time(12), CHINA))


def _reaches(session: Session, user: int, clock: Clock) -> Reaches:
    """Where somebody holds which right on which table."""
    held: tuple[Held, ...] = held_by(session, user, clock)
    who = Actor(user, NOBODY.name, held)
    return {
        (name, right): reach(session, who, cls, right)
        for name, cls in tables().items()
        if cls.owned.kind != "person"
        for right in (*RIGHTS, *(each for each in rights_of(cls) if each not in RIGHTS))
    }


def _effects(session: Session, user: int, before: Reaches, after: Reaches, counted: dict[Any, int]) -> Iterable[Effect]:
    found: dict[str, Effect] = {}
    for (name, right), was in before.items():
        then = after[name, right]
        if was == then:
            continue
        one = found.setdefault(name, Effect(name))
        for rows, here, there in ((one.gained, then, was), (one.lost, was, then)):
            count = _count(session, table(name), right, here, there, counted)
            if count:
                rows[right] = count
    return found.values()


def _count(session: Session, cls: type[Table], right: str, here: Reach, there: Reach, counted: dict[Any, int]) -> int:
    """Rows that lie in one reach and not in another, up to CAPPED + 1; counted once for all who have the same."""
    if here.empty:
        return 0
    kinds = right == READ, right == WRITE and (here.theirs or there.theirs) is not None
    key = (cls.__tablename__, kinds, _said(here), _said(there))
    if key not in counted:
        bare: Any = cls.__table__
        condition = criterion(cls, here, right, bare=True)
        if not there.empty:
            condition = and_(condition, not_(criterion(cls, there, right, bare=True)))
        some = select(bare.c.id).where(condition, bare.c.deleted_at.is_(None)).limit(CAPPED + 1).subquery()
        counted[key] = session.scalar(select(func.count()).select_from(some)) or 0
    return counted[key]


def _said(where: Reach) -> Any:
    """A reach as a key: two that hold the same rows are one."""
    parts = (_said(part) if part is not None else None for part in (where.written, where.theirs))
    return where.everything, where.nodes, where.above, where.party, *parts


def _names(session: Session, users: list[int]) -> dict[int, str]:
    people: Any = table("user_profile").__table__.c
    return dict(session.execute(select(people.user_id, people.name).where(people.user_id.in_(users))).all())
