"""Who can read a row: the gate asked the other way round, for those who are to be mentioned or told.

The gate says which rows a person sees. Here a row says from which places of the tree it is seen; whoever holds a role
that reads the table at such a place, or above it, reads the row. Tests hold both against each other for every table.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from models.kernel.clock import today
from models.kernel.grant import Grant
from models.kernel.node import Node, steps
from models.kernel.owned import INHERITED
from models.kernel.registry import infos, rights_of, table
from models.kernel.roles import ADMINS, READ, ROLES
from models.kernel.scope import party_of
from models.kernel.session import actor_of, clock_of
from models.kernel.table import Table
from models.kernel.tokens import spoken


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who can read a row: account, name, sign-in name, and what they belong to."""

    user_id: int
    login: str
    name: str
    place: str


@dataclass(frozen=True, slots=True)
class Place:
    """A place a row is seen from: its path, and whether it is also seen from below."""

    path: str
    upward: bool = False


def places(session: Session, row: Table) -> set[Place]:
    """Returns the places of the tree from which a row is seen; the living ones, whoever asks."""
    values = {name: getattr(row, name) for name in type(row).__mapper__.column_attrs.keys()}  # noqa: SIM118  # not a dict
    return set(_places(session, type(row), values))


def _places(session: Session, cls: type[Table], values: Any) -> Iterator[Place]:
    owned, nodes = cls.owned, Node.__table__
    upward = owned.visibility == INHERITED
    if owned.kind == "index":
        yield Place(values["path"], upward)
    elif owned.kind == "tree":
        yield from _at(session, nodes.c.kind == cls.__tablename__, nodes.c.ref_id == values["id"], upward=upward)
    elif owned.kind == "project":
        yield from _at(session, nodes.c.kind == "project", nodes.c.ref_id == values["project_id"])
    elif owned.kind == "node":
        yield from _at(session, nodes.c.id == values["node_id"], upward=upward)
        for name, column in owned.seen_from:
            yield from _through(session, table(name), column, values["id"])
    elif owned.kind == "link":
        parent = table(infos(cls)[owned.through or ""].target or "")
        yield from _through(session, parent, "id", values[owned.through or ""])
    elif owned.kind == "person":
        return  # theirs alone, wherever they are
    else:
        raise RuntimeError(f"{cls.__tablename__} is owned in an unknown way: {owned.kind}")


def _at(session: Session, *conditions: Any, upward: bool = False) -> Iterator[Place]:
    nodes = Node.__table__
    found = session.connection().execute(select(nodes.c.path).where(nodes.c.deleted_at.is_(None), *conditions))
    for path in found.scalars():
        yield Place(path, upward)


def _through(session: Session, cls: type[Table], column: str, key: int) -> Iterator[Place]:
    """The places from which the living rows of `cls` that hold `key` are seen."""
    bare = cls.__table__
    living = (bare.c[column] == key, bare.c.deleted_at.is_(None))
    if cls.owned.kind == "project":
        found = session.connection().execute(select(bare.c.project_id).where(*living).distinct())
        for project in list(found.scalars()):
            yield from _places(session, cls, {"project_id": project})
        return
    for values in session.connection().execute(select(bare).where(*living)).mappings().all():
        yield from _places(session, cls, values)


def readers(session: Session, row: Table) -> list[Reader]:
    """Returns everybody who can read a row today and may sign in, by name.

    Of a row that is seen from below (a group's own, a parameter) only those at and above its place are told, and those
    above, at and below the actor's own places: who works for another company is nothing that a shared parameter tells.

    Args:
        row: one the actor can read; names of those who share a record are no secret among them.
    """
    seen = places(session, row)
    own = row.owned.kind == "person"
    if not seen and not own:
        return []
    grants, nodes = Grant.__table__, Node.__table__
    profiles: Any = Grant.__mapper__.relationships["profile"].mapper.local_table
    at_a_place = or_(
        nodes.c.id.in_(sorted(_above(seen))),
        *_below(session, row, seen, nodes.c),
    )
    accounts = Node.metadata.tables["ab_user"]
    home = nodes.alias("home")
    now = today(clock_of(session))
    found = session.connection().execute(
        select(profiles.c.user_id, profiles.c.login, profiles.c.name, home.c.name, home.c.path)
        .distinct()
        .select_from(
            grants.join(profiles, profiles.c.id == grants.c.profile_id)
            .join(nodes, nodes.c.id == grants.c.node_id)
            .join(accounts, accounts.c.id == profiles.c.user_id)
            .outerjoin(home, home.c.id == profiles.c.node_id)
        )
        .where(
            grants.c.role.in_(rights_of(type(row)).roles(READ)),
            grants.c.deleted_at.is_(None),
            profiles.c.deleted_at.is_(None),
            nodes.c.deleted_at.is_(None),
            accounts.c.active.is_(True),
            or_(grants.c.from_day.is_(None), grants.c.from_day <= now),
            or_(grants.c.until_day.is_(None), grants.c.until_day >= now),
            profiles.c.user_id == row.user_id if own else at_a_place,
            *_concerned(session, row, grants.c.role, profiles.c),
        )
        .order_by(profiles.c.name, profiles.c.login)
    )
    return [
        Reader(user, login, name, place if path and _is_known(session, path) else "")
        for user, login, name, place, path in found
    ]


def _concerned(session: Session, row: Table, role: Any, people: Any) -> Iterator[Any]:
    """The condition on those outside of the house: what concerns a party is read by its own people, and by them once sent."""
    party = party_of(type(row))
    if party is None:
        return
    outside: dict[str, list[str]] = {}
    for name, each in ROLES.items():
        if each.party:
            outside.setdefault(each.party, []).append(name)
    while row.owned.party is None:
        row = getattr(row, (row.owned.through or "").removesuffix("_id"))
    bare, key = type(row).__table__, getattr(row, party.column)
    held = select(bare.c.id).where(bare.c.id == row.id, party.holds(bare.c, key, READ)) if key is not None else None
    sent = held is not None and session.connection().execute(held).first() is not None
    for column, names in outside.items():
        yield or_(role.not_in(names), people[column] == key) if sent else role.not_in(names)


def _below(session: Session, row: Table, seen: Iterable[Place], nodes: Any) -> Iterator[Any]:
    """The conditions on places from which a row is seen because it is inherited, as far as the actor knows them."""
    actor = actor_of(session)
    roles = rights_of(type(row)).roles(READ)
    own = ["/"] if actor.system else [held.path for held in actor.grants if held.role in roles]
    for place in seen:
        for path in own if place.upward else ():
            if place.path.startswith(path):
                yield nodes.path.startswith(place.path, autoescape=True)
            elif path.startswith(place.path):
                yield nodes.path.startswith(path, autoescape=True)
                yield nodes.id.in_(sorted(_above([Place(path)])))


def _is_known(session: Session, path: str) -> bool:
    """Whether a place lies above, at or below one of the actor's own: others are not named."""
    actor = actor_of(session)
    return actor.system or any(path.startswith(held.path) or held.path.startswith(path) for held in actor.grants)


def _above(seen: Iterable[Place]) -> set[int]:
    """The nodes on the paths of these places, themselves included."""
    return {key for place in seen for key in steps(place.path)}


def administers(session: Session, row: Table) -> bool:
    """Returns whether the actor holds an administrator's role that reads this row."""
    actor = actor_of(session)
    roles = set(rights_of(type(row)).roles(READ)) & set(ADMINS)
    held = [each.path for each in actor.grants if each.role in roles]
    if actor.system or not held:
        return actor.system
    return any(place.path.startswith(path) for place in places(session, row) for path in held)


MOST = 8
"""People offered at once."""


def matching(people: Iterable[Reader], typed: str) -> list[Reader]:
    """Returns those whom what was typed names: a part of the name, the beginning of the sign-in name or of the pinyin."""
    word = typed.strip().casefold()
    first, further = [], []
    for one in people:
        name, login = one.name.casefold(), one.login.casefold()
        if name.startswith(word) or login.startswith(word):
            first.append(one)
        elif word in name or any(way.startswith(word) for way in spoken(name)):
            further.append(one)
    return [*first, *further][:MOST]
