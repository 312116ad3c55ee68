"""What the simulator says of a change of rights is what the law says after it: table by table, right by right, nothing written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.kernel.effects import simulate, touched_by_a_move
from models.kernel.grant import Grant
from models.kernel.guard import remove
from models.kernel.node import Node
from models.kernel.refusal import Refusal
from models.kernel.registry import tables
from models.kernel.why import rights_on
from models.org.company import Company
from models.org.rules import move
from models.system.user_profile import UserProfile
from tests.contract.conftest import Filled
from tests.contract.oracle import Oracle


def _by_law(before: Oracle, after: Oracle, user: int) -> dict[tuple[str, str, str], int]:
    """Rows gained and lost of those that live in both states, by brute force: the grant itself, which comes or goes, is none."""
    found = {}
    for name, cls in tables().items():
        if cls.owned.kind == "person":
            continue
        alive = {key for key in before.rows[name] if before.living(name, key) and after.living(name, key)}
        for right in rights_on(cls):
            was, then = before.keys(user, name, right) & alive, after.keys(user, name, right) & alive
            for way, rows in (("gained", then - was), ("lost", was - then)):
                if rows:
                    found[name, right, way] = len(rows)
    return found


def _said(found: Any, user: int) -> dict[tuple[str, str, str], int]:
    return {
        (each.table, right, way): count
        for one in found
        if one.user_id == user
        for each in one.effects
        for way in ("gained", "lost")
        for right, count in getattr(each, way).items()
    }


def _tried(filled: Filled, users: list[int], change: Callable[[Session], object]) -> Any:
    """Simulates a change, sees that nothing was written, makes it, and compares with the law before and after."""
    before = filled.oracle()
    with filled.acting("group_admin") as session:
        found = simulate(session, users, lambda: change(session))
        session.commit()
    again = filled.oracle()
    assert again.rows == before.rows
    with filled.acting("group_admin") as session:
        change(session)
        session.commit()
    after = filled.oracle()
    for user in users:
        assert _said(found, user) == _by_law(before, after, user), user
    return found


def _profile(session: Session, login: str) -> int:
    return session.scalars(select(UserProfile.id).where(UserProfile.login == login)).one()


@pytest.mark.parametrize(
    ("login", "role", "place"), [("two_hats", "regional_admin", "east"), ("stranger", "request_clerk", "hangzhou")]
)
def test_a_grant_that_is_given(own: Filled, login: str, role: str, place: str) -> None:
    def give(session: Session) -> None:
        session.add(Grant(profile_id=_profile(session, login), role=role, node_id=own.full.nodes[place]))

    found = _tried(own, [own.full.users[login]], give)
    assert found and any(each.gained.get("read") for each in found[0].effects)


def test_a_grant_whose_role_changes_and_one_that_is_taken_away(own: Filled) -> None:
    def change(session: Session) -> None:
        mine = session.scalars(
            select(Grant).where(Grant.profile_id == _profile(session, "two_hats")).order_by(Grant.id)
        )
        first, second = mine
        first.role = "finance"
        session.flush()
        remove(session, second)

    found = _tried(own, [own.full.users["two_hats"]], change)
    assert any(each.lost for each in found[0].effects)


def test_a_company_that_moves_to_another_region(own: Filled) -> None:
    """Touched are those above it on either side, and those inside, who read other parameters from now on."""

    def change(session: Session) -> None:
        company = session.get_one(Company, nanjing)
        move(session, company, south, company.version)

    law = own.oracle()
    nanjing = law.place_of_node[own.full.nodes["nanjing"]][1]
    south = law.place_of_node[own.full.nodes["south"]][1]
    with own.acting("group_admin") as session:
        paths = {key: path for key, path in session.execute(select(Node.id, Node.path))}
        users = touched_by_a_move(
            session,
            *(paths[own.full.nodes[name]] for name in ("nanjing", "east", "south")),
        )
    for login in ("regional_admin", "nanjing_clerk", "split_hats"):
        assert own.full.users[login] in users, login
    assert own.full.users["bay_clerk"] not in users
    found = _tried(own, users, change)
    assert own.full.users["regional_admin"] in {one.user_id for one in found}


def test_a_change_that_is_refused_is_not_counted(own: Filled) -> None:
    with own.acting("regional_admin") as session:
        grant = Grant(profile_id=_profile(session, "project_clerk"), role="group_admin", node_id=own.full.nodes["lake"])
        with pytest.raises(Refusal, match="may not grant"):
            simulate(session, [own.full.users["project_clerk"]], lambda: session.add(grant))
        session.rollback()
