"""What a console needs before anybody can work in it. Idempotent: a second run writes nothing."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.kernel.grant import Grant
from models.kernel.node import node_of
from models.org.group import Group
from models.system.user_profile import UserProfile
from seeds.acting import as_system
from seeds.reference import numbers, options, parameters

CODE, NAME, ADMIN = "G", "集团", "admin"


def seed(session: Session) -> int:
    """Makes sure that there is a group, somebody who administers it, a rule for each number, the first values of each
    option list, and the parameters of the trade (seeds.reference.parameters). The caller commits.

    The administrator has no password; the assembly sets one. Roles are part of the code.

    Returns:
        How many rows were written: none where both are there.
    """
    with as_system(session):
        written = _first_group(session) + _first_admin(session) + numbers.seed(session) + options.seed(session)
        return written + sum(parameters.seed(session).values())


def _first_group(session: Session) -> int:
    if session.scalars(select(Group).limit(1)).first() is not None:
        return 0
    session.add(Group(code=CODE, name=NAME))
    session.flush()
    return 1


def _first_admin(session: Session) -> int:
    """Adds the administrator at the oldest group, unless some grant of that role is there."""
    if session.scalars(select(Grant).where(Grant.role == "group_admin").limit(1)).first() is not None:
        return 0
    group = session.scalars(select(Group).order_by(Group.id).limit(1)).one()
    here = node_of(session, "group", group.id).id
    written = 1
    profile = session.scalars(select(UserProfile).where(UserProfile.login == ADMIN)).first()
    if profile is None:
        profile = UserProfile(login=ADMIN, name="系统管理员", node_id=here)
        session.add(profile)
        session.flush()
        written = 2
    session.add(Grant(profile_id=profile.id, role="group_admin", node_id=here, reason="初始管理员"))
    session.flush()
    return written
