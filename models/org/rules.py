"""What the area does: a part of the tree is moved elsewhere, and what comes of it is known before (design 4, S19)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from models.kernel.clock import today
from models.kernel.effects import touched_by_a_move
from models.kernel.entry import change
from models.kernel.grant import Grant
from models.kernel.node import Node, steps
from models.kernel.refusal import Refusal
from models.kernel.registry import table, tables
from models.kernel.session import clock_of
from models.kernel.table import Table
from models.kernel.words import _

MOVABLE = ("region", "company", "department", "project")
COUNTED = ("company", "department", "project", "room", "customer", "user_profile", "grant")
"""Tables whose rows come along and are counted, where they are declared."""


@dataclass(frozen=True, slots=True)
class Consequences:
    """What moving a part of the tree would do.

    Attributes:
        old, new: names of the parent now and then.
        along: table -> rows that come along.
        lose, gain: role -> people who see this part through that role now and would not, or the other way round.
    """

    old: str
    new: str
    along: dict[str, int] = field(default_factory=dict)
    lose: dict[str, int] = field(default_factory=dict)
    gain: dict[str, int] = field(default_factory=dict)


def parent_table(kind: str) -> str:
    """Returns the table a row of `kind` hangs below: 'region' for a company, 'node' for a department."""
    above = table(kind).owned.above or ""
    return "node" if above == "parent_node_id" else above.removesuffix("_id")


def consequences(session: Session, row: Table, parent_id: int) -> Consequences:
    """Returns what moving `row` below the row `parent_id` would do. Counted past the gate: it concerns everybody.

    Raises:
        Refusal: there is no such parent, it is the present one, or it lies below the row itself.
    """
    kind, above = row.__tablename__, row.owned.above or ""
    nodes = Node.__table__.c
    here = session.execute(select(nodes.path, nodes.parent_id).where(nodes.kind == kind, nodes.ref_id == row.id)).one()
    before = session.execute(select(nodes.id, nodes.path, nodes.name).where(nodes.id == here.parent_id)).one()
    after = _place(session, kind, parent_id)
    if after is None:
        raise Refusal(_("Choose where it is to hang.", "请选择新的上级单位。"), above, code="required")
    if after.path.startswith(here.path):
        raise Refusal(
            _(
                "A unit cannot be moved below itself. Choose a parent outside of it.",
                "不能将单位移到其自身之下，请选择其范围以外的上级。",
            ),
            above,
            code="cycle",
        )
    if after.id == before.id:
        sentence = _("It hangs below “{name}” already.", "该单位目前就在“{name}”之下。")
        raise Refusal(sentence.fill(name=after.name), above, code="unchanged")
    old, new = _holders(session, before.path), _holders(session, after.path)
    return Consequences(before.name, after.name, _along(session, here.path), _by_role(old - new), _by_role(new - old))


def move(session: Session, row: Table, parent_id: int, version: int) -> None:
    """Moves `row` and everything below it. Flushes; the guard asks for the right to write at both ends.

    Args:
        version: the version of the row whose consequences were shown.

    Raises:
        Stale: the row was saved meanwhile. Denied, Refusal: it may not or cannot hang there.
    """
    # Two moves at once could put each of two departments below the other: moves wait for each other at the top.
    top = select(Node.__table__.c.id).where(Node.__table__.c.parent_id.is_(None)).order_by(Node.__table__.c.id)
    session.execute(top.with_for_update())
    session.refresh(row)
    consequences(session, row, parent_id)
    change(session, row, {row.owned.above or "": parent_id}, version)


def touched(session: Session, row: Table, parent_id: int) -> list[int]:
    """Returns the accounts whose rights moving `row` below the row `parent_id` may change, whoever asks."""
    nodes = Node.__table__.c
    kind = row.__tablename__
    here = session.execute(select(nodes.path, nodes.parent_id).where(nodes.kind == kind, nodes.ref_id == row.id)).one()
    before = session.execute(select(nodes.path).where(nodes.id == here.parent_id)).scalar_one()
    after = _place(session, kind, parent_id)
    return touched_by_a_move(session, here.path, before, after.path) if after is not None else []


def _place(session: Session, kind: str, parent_id: int) -> Any:
    """Returns (id, path, name) of the node a row of `kind` would hang below, None where it is no living one."""
    nodes = Node.__table__.c
    parent = parent_table(kind)
    match = nodes.id == parent_id if parent == "node" else and_(nodes.kind == parent, nodes.ref_id == parent_id)
    return session.execute(select(nodes.id, nodes.path, nodes.name).where(match, nodes.deleted_at.is_(None))).first()


def _along(session: Session, path: str) -> dict[str, int]:
    nodes = Node.__table__.c
    below = and_(nodes.path.startswith(path, autoescape=True), nodes.deleted_at.is_(None))
    keys = select(nodes.id).where(below)
    projects = select(nodes.ref_id).where(below, nodes.kind == "project")
    found = {}
    for name in COUNTED:
        if name not in tables():
            continue
        cls = table(name)
        bare: Any = cls.__table__
        if cls.owned.kind == "tree":
            where = and_(below, nodes.kind == name, nodes.path != path)
            count = session.scalar(select(func.count()).select_from(Node.__table__).where(where)) or 0
        else:
            owner = bare.c.project_id.in_(projects) if cls.owned.kind == "project" else bare.c.node_id.in_(keys)
            statement = select(func.count()).select_from(bare).where(owner, bare.c.deleted_at.is_(None))
            count = session.scalar(statement) or 0
        if count:
            found[name] = count
    return found


def _holders(session: Session, path: str) -> set[tuple[str, int]]:
    """Returns (role, person) of the grants that hold today at the places of `path`, from the top down to its end."""
    now: date = today(clock_of(session))
    grants, nodes = Grant.__table__.c, Node.__table__.c
    people: Any = table("user_profile").__table__
    statement = (
        select(grants.role, grants.profile_id)
        .select_from(Grant.__table__)
        .join(Node.__table__, nodes.id == grants.node_id)
        .join(people, people.c.id == grants.profile_id)
        .where(
            nodes.id.in_(steps(path)),
            grants.deleted_at.is_(None),
            people.c.deleted_at.is_(None),
            people.c.state == "active",
            or_(grants.from_day.is_(None), grants.from_day <= now),
            or_(grants.until_day.is_(None), grants.until_day >= now),
        )
    )
    return {(role, person) for role, person in session.execute(statement)}


def _by_role(holders: set[tuple[str, int]]) -> dict[str, int]:
    return dict(Counter(role for role, _person in sorted(holders)))
