"""Says why a person may or may not do what with a row: the deciding grant for each right, or what is missing."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from config import Settings

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from models.kernel.actor import Held
    from models.kernel.table import Table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Who, and which row."""
    parser.add_argument("user", metavar="USER", help="the sign-in name")
    parser.add_argument("table", metavar="TABLE")
    parser.add_argument("id", metavar="ID", type=int)


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Prints a line for each right."""
    from app.database import system_session

    with system_session(settings, writes=False) as session:
        for line in lines(session, arguments.user, arguments.table, arguments.id):
            print(line)
    return 0


@dataclass(frozen=True)
class Reason:
    """Whether a right holds for a row, and why, in a sentence."""

    right: str
    holds: bool
    sentence: str


def lines(session: Session, login: str, name: str, key: int) -> list[str]:
    """Returns what `why` prints: the row and where it lies, whatever is wrong with account or row, a line per right.

    Raises:
        Missing: there is no such account, table or row.
    """
    from sqlalchemy import func, select

    from models.kernel.grant import held_by
    from models.kernel.guard import name_of
    from models.kernel.refusal import Missing
    from models.kernel.registry import table
    from models.kernel.words import _
    from models.system.user_profile import AccountState, UserProfile

    living_or_not = {"deleted": "with"}
    person = session.scalars(
        select(UserProfile)
        .where(func.lower(UserProfile.login) == login.lower())
        .order_by(UserProfile.deleted_at.is_not(None))
        .execution_options(**living_or_not)
    ).first()
    if person is None:
        raise Missing(_("There is no account “{login}”.", "没有账号“{login}”。").fill(login=login))
    cls = table(name)
    row = session.scalars(select(cls).where(cls.id == key).execution_options(**living_or_not)).first()
    if row is None:
        raise Missing(_("{table} {id} does not exist.", "{table} {id} 不存在。").fill(table=name, id=key))
    found = [f"{name} {key} “{name_of(row)}” lies in: {' and '.join(places(session, cls, key)) or 'no place'}"]
    if row.deleted_at is not None:
        found.append("It is in the recycle bin: only those who look there see it.")
    if person.deleted_at is not None or person.state != AccountState.ACTIVE:
        found.append(f"{person.login} cannot sign in: the account is disabled or deleted.")
    held = held_by(session, person.user_id) if person.user_id is not None else ()
    for reason in reasons(session, cls, key, held, person.user_id):
        found.append(f"{reason.right:<8} {'yes' if reason.holds else 'no':<4} {reason.sentence}")
    return found


def reasons(
    session: Session, cls: type[Table], key: int, held: tuple[Held, ...], user_id: int | None = None
) -> list[Reason]:
    """Returns for each right why it holds for a row or does not.

    Args:
        session: unscoped.
        held: the grants to judge by; each is judged alone, as the gate never mixes them.
        user_id: whose they are, for a person's own rows.
    """
    from models.kernel.registry import rights_of
    from models.kernel.roles import RIGHTS

    rights = rights_of(cls)
    names = [*RIGHTS, *(right for right in rights if right not in RIGHTS)]
    return [_reason(session, cls, key, held, right, rights.roles(right), user_id) for right in names]


def _reason(
    session: Session,
    cls: type[Table],
    key: int,
    held: tuple[Held, ...],
    right: str,
    roles: tuple[str, ...],
    user_id: int | None,
) -> Reason:
    if not roles:
        return Reason(right, False, "nobody has this right on the table.")
    fitting = [each for each in held if each.role in roles]
    if not fitting:
        owned = ", ".join(sorted({each.role for each in held})) or "no grant that holds today"
        return Reason(right, False, f"has {owned}; the right is with {', '.join(roles)}.")
    for each in fitting:
        if covers(session, cls, key, each, right, user_id):
            return Reason(right, True, f"by grant {each.grant_id}: {each.role} at {path_name(session, each.path)}.")
    where = ", ".join(f"{each.role} at {path_name(session, each.path)}" for each in fitting)
    return Reason(right, False, f"the row lies outside of {where}.")


def covers(session: Session, cls: type[Table], key: int, held: Held, right: str, user_id: int | None = None) -> bool:
    """Returns whether one grant alone gives `right` on the row, as the gate would decide."""
    from sqlalchemy import select

    from models.kernel.actor import NOBODY
    from models.kernel.scope import criterion, reach

    alone = replace(NOBODY, user_id=user_id, grants=(held,))
    bare = cls.__table__
    where = criterion(cls, reach(session, alone, cls, right), right, bare=True)
    return session.execute(select(bare.c.id).where(bare.c.id == key, where)).first() is not None


def path_name(session: Session, path: str) -> str:
    """Returns the names along a path of the tree: “Group / Region / Company”."""
    from sqlalchemy import select

    from models.kernel.node import Node, steps

    nodes, along = Node.__table__, steps(path)
    names: dict[int, str] = dict(session.execute(select(nodes.c.id, nodes.c.name).where(nodes.c.id.in_(along))).all())
    return " / ".join(names.get(step, "?") for step in along)


def places(session: Session, cls: type[Table], key: int) -> list[str]:
    """Returns where a row lies in the tree; a row seen through others lies where they do, too."""
    from sqlalchemy import select

    from models.kernel.node import Node, node_of
    from models.kernel.registry import infos, table

    owned, bare, nodes = cls.owned, cls.__table__, Node.__table__
    if owned.kind == "tree":
        return [path_name(session, node_of(session, cls.__tablename__, key).path)]
    if owned.kind == "link":
        column = owned.through or ""
        above = session.execute(select(bare.c[column]).where(bare.c.id == key)).scalar_one()
        return places(session, table(infos(cls)[column].target or ""), above)
    if owned.kind == "project":
        project = session.execute(select(bare.c.project_id).where(bare.c.id == key)).scalar_one()
        return [path_name(session, node_of(session, "project", project).path)]
    if owned.kind == "person":
        return ["a person's own rows, outside of the tree"]
    node = key
    if owned.kind == "node":
        node = session.execute(select(bare.c.node_id).where(bare.c.id == key)).scalar_one()
    found = [path_name(session, session.execute(select(nodes.c.path).where(nodes.c.id == node)).scalar_one())]
    for name, column in owned.seen_from:
        seen: Any = table(name).__table__
        for other in session.execute(
            select(seen.c.id).where(seen.c[column] == key, seen.c.deleted_at.is_(None)).limit(20)
        ).scalars():
            found += places(session, table(name), other)
    return list(dict.fromkeys(found))
