"""Why somebody may or may not do what with a row: the gate asked about one row, grant by grant.

Decides nothing by itself: what holds is what `reach` and `criterion` say, which the gate is made of. Each grant is asked
alone, since rights of different grants are never mixed; the first that holds is the one that decides.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.kernel.actor import NOBODY, Held
from models.kernel.flow_rules import may_press
from models.kernel.node import Node, node_of, steps
from models.kernel.refusal import Missing
from models.kernel.registry import infos, rights_of, table
from models.kernel.roles import RIGHTS
from models.kernel.scope import criterion, reach
from models.kernel.table import Table
from models.kernel.words import _

GRANT, NOBODY_HAS, NO_ROLE, ELSEWHERE, ANOTHERS, PREPARED, STATE, SETTING = (
    "grant",
    "nobody",
    "role",
    "place",
    "person",
    "posted",
    "state",
    "setting",
)
"""What decides: a grant gives it; no role has the right; none of the person's roles has; those that have it hold elsewhere; the
row is another person's own; it is not published; a transition does not begin in the row's state; or the settings of the flow
leave the transition to other roles."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Whether a right holds for a row, and what decides.

    Attributes:
        why: one of the words above.
        by: the grant that gives it; or, where they hold elsewhere, those whose role has the right.
        roles: the roles that have the right.
    """

    right: str
    holds: bool
    why: str
    by: tuple[Held, ...] = ()
    roles: tuple[str, ...] = ()


def rights_on(cls: type[Table]) -> list[str]:
    """Returns all rights there are on a table: the usual ones, then one for each transition."""
    return [*RIGHTS, *(right for right in rights_of(cls) if right not in RIGHTS)]


def reasons(
    session: Session,
    cls: type[Table],
    key: int,
    held: Iterable[Held],
    user_id: int | None = None,
    wanted: Iterable[str] | None = None,
) -> list[Reason]:
    """Returns for each right why it holds for a row or does not.

    Args:
        session: whose it is does not matter; the row is asked about past the gate, and only whether, not what is in it.
        held: the grants to judge by.
        user_id: whose they are, for a person's own rows.
        wanted: the rights asked about; all of them where left out.

    Raises:
        Missing: one of `wanted` is no right on this table.
    """
    names, grants = rights_on(cls), tuple(held)
    for right in wanted or ():
        if right not in names:
            said = _("There is no right “{right}” here; there are {names}.", "没有“{right}”这一权限，可用：{names}。")
            raise Missing(said.fill(right=right, names=", ".join(names)))
    return [_reason(session, cls, key, grants, right, user_id) for right in (wanted or names)]


def _reason(
    session: Session, cls: type[Table], key: int, held: tuple[Held, ...], right: str, user_id: int | None
) -> Reason:
    roles = rights_of(cls).roles(right)
    if not roles:
        return Reason(right, False, NOBODY_HAS)
    fitting = tuple(each for each in held if each.role in roles)
    if not fitting:
        return Reason(right, False, NO_ROLE, (), roles)
    giving = tuple(each for each in fitting if covers(session, cls, key, each, right, user_id))
    if not giving:
        if cls.owned.kind == "person":
            return Reason(right, False, ANOTHERS, fitting, roles)
        prepared = cls.owned.posted is not None and any(
            covers(session, cls, key, each, right, user_id, posted=False) for each in fitting
        )
        return Reason(right, False, PREPARED if prepared else ELSEWHERE, fitting, roles)
    stands = _stands(session, cls, key, held, right, user_id)
    return Reason(right, stands is None, stands or GRANT, giving[:1], roles)


def _stands(
    session: Session, cls: type[Table], key: int, held: tuple[Held, ...], right: str, user_id: int | None
) -> str | None:
    """What keeps a transition back whose right is held: the state the row is in, or a setting of its place."""
    move = cls.flow.transition(right) if cls.flow is not None else None
    if move is None or cls.flow is None:
        return None
    bare = cls.__table__
    row: Any = cls()
    for name, value in (session.execute(select(bare).where(bare.c.id == key)).mappings().first() or {}).items():
        setattr(row, name, value)  # a likeness in no session: nothing is loaded through it and nothing written
    if getattr(row, cls.flow.column) not in move.from_:
        return STATE
    acting = replace(NOBODY, user_id=user_id, grants=held)
    return None if may_press(session, acting, row, move) else SETTING


def covers(
    session: Session,
    cls: type[Table],
    key: int,
    held: Held,
    right: str,
    user_id: int | None = None,
    *,
    posted: bool = True,
) -> bool:
    """Returns whether one grant alone gives `right` on the row, as the gate would decide.

    Args:
        posted: False to leave out whether a row that is prepared before it is shown is shown yet.
    """
    alone = replace(NOBODY, user_id=user_id, grants=(held,))
    where = reach(session, alone, cls, right)
    bare = cls.__table__
    condition = criterion(cls, where if posted else replace(where, written=None), right, bare=True)
    return session.execute(select(bare.c.id).where(bare.c.id == key, condition)).first() is not None


def path_name(session: Session, path: str) -> str:
    """Returns the names along a path of the tree: “Group / Region / Company”."""
    nodes, along = Node.__table__, steps(path)
    names: dict[int, str] = dict(session.execute(select(nodes.c.id, nodes.c.name).where(nodes.c.id.in_(along))).all())
    return " / ".join(names.get(step, "?") for step in along)


def places(session: Session, cls: type[Table], key: int) -> list[str]:
    """Returns where a row lies in the tree by the names on the way; one seen through others lies where they do, too."""
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
        return []
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
