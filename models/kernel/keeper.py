"""The last group administrator: whoever takes away, ends, moves or disables them is refused, whatever the way (design 4)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from models.kernel.clock import today
from models.kernel.node import Node
from models.kernel.refusal import Refusal
from models.kernel.roles import TOP
from models.kernel.session import clock_of
from models.kernel.table import Base
from models.kernel.words import _


def keeps_a_group_admin(session: Session, row: Any) -> Refusal | None:
    """Returns why a grant or a person cannot be saved as it now stands: nobody would be left to give rights.

    Somebody is a group administrator who can sign in and holds that role at the top of the tree, today and without an
    end: one whose grant ends would leave nobody on that day.

    Args:
        session: the row is changed in it and not yet written.
        row: a grant, or the profile of a person.
    """
    if row.id is None:
        return None
    grants, people, nodes = Base.metadata.tables["grant"].c, Base.metadata.tables["user_profile"].c, Node.__table__.c
    mine = (grants.id if row.__tablename__ == "grant" else people.id) == row.id
    with session.no_autoflush:
        if session.execute(_lasting(session).where(mine)).first() is None:
            return None
        ending = _ending(session, row)
        if not any(one is row for one in ending):
            return None
        top = select(nodes.id).where(nodes.parent_id.is_(None)).order_by(nodes.id)
        session.execute(top.with_for_update())  # of two who take each other away, the second waits and is refused
        gone: dict[str, list[int]] = {"grant": [], "user_profile": []}
        for one in ending:
            gone[one.__tablename__].append(one.id)
        others = _lasting(session).where(grants.id.not_in(gone["grant"]), people.id.not_in(gone["user_profile"]))
        if row in session and session.execute(others).first() is not None:
            return None  # a file may end several, each judged alone: it ends none
    return Refusal(
        _(
            "This is the last group administrator. Give somebody else that role for good first.",
            "这是最后一位集团管理员，请先为其他人员长期授予该角色。",
        ),
        "role" if row.__tablename__ == "grant" else "state",
        code="last_admin",
        status=409,
    )


def _lasting(session: Session) -> Any:
    """The grants of group administrators that hold today and for good, as they are stored."""
    tables = Base.metadata.tables
    grants, people, nodes = tables["grant"].c, tables["user_profile"].c, Node.__table__.c
    return (
        select(grants.id)
        .join(tables["user_profile"], people.id == grants.profile_id)
        .join(Node.__table__, nodes.id == grants.node_id)
        .where(
            grants.role == TOP,
            grants.deleted_at.is_(None),
            grants.until_day.is_(None),
            or_(grants.from_day.is_(None), grants.from_day <= today(clock_of(session))),
            nodes.parent_id.is_(None),
            nodes.deleted_at.is_(None),
            people.deleted_at.is_(None),
            people.state == "active",
            people.user_id.is_not(None),
        )
    )


def _ending(session: Session, row: Any) -> list[Any]:
    """Of this row and what else changes with it: those that make no lasting group administrator as they now stand."""
    now = today(clock_of(session))
    top = session.execute(select(Node.__table__.c.id).where(Node.__table__.c.parent_id.is_(None))).scalars().all()
    changed: list[Any] = [row, *(one for one in session.dirty if one is not row)]
    found = []
    for one in changed:
        if one.__tablename__ == "grant":
            holds = one.role == TOP and one.node_id in top and one.until_day is None
            holds = holds and (one.from_day is None or one.from_day <= now) and one.deleted_at is None
            if not holds or _moved(session, one):
                found.append(one)
        elif one.__tablename__ == "user_profile" and (one.deleted_at is not None or one.state != "active"):
            found.append(one)
    return found


def _moved(session: Session, grant: Any) -> bool:
    """Whether a grant is being given to somebody else, who cannot sign in."""
    people = Base.metadata.tables["user_profile"].c
    found = select(people.id).where(
        people.id == grant.profile_id,
        people.deleted_at.is_(None),
        people.state == "active",
        people.user_id.is_not(None),
    )
    return session.execute(found).first() is None
