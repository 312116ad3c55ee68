"""The filled world is as full as the contract needs it."""

from __future__ import annotations

from sqlalchemy.orm import Session

from models.kernel.checks import problems
from models.kernel.registry import tables
from models.kernel.roles import ROLES
from tests.contract.conftest import Filled
from tests.contract.oracle import Oracle
from tests.contract.population import actor, impossible


def test_every_table_has_a_living_row_wherever_it_can_be_owned(name: str, law: Oracle, shared: Filled) -> None:
    owned, rows = tables()[name].owned, law.rows[name].values()
    living = [row for row in rows if row["deleted_at"] is None]
    assert living or impossible(tables()[name])
    if not living:
        return
    if owned.kind == "project":
        assert {row["project_id"] for row in living} == set(shared.full.projects.values())
    if owned.kind == "node":
        assert {row["node_id"] for row in living} == set(shared.full.nodes.values())


def test_leaves_have_a_deleted_row(name: str, law: Oracle) -> None:
    if tables()[name].owned.kind in ("project", "link"):
        assert any(row["deleted_at"] is not None for row in law.rows[name].values())


def test_the_cast_has_every_role_at_every_level(law: Oracle, shared: Filled) -> None:
    held = {(given.role, given.place[0]) for user in shared.full.users.values() for given in law.given(user)}
    assert {(role, kind) for role in ROLES for kind in ("group", "region", "company", "project")} <= held


def test_grants_are_read_as_the_law_says(law: Oracle, shared: Filled) -> None:
    with Session(shared.engine) as session:
        for login, user in shared.full.users.items():
            held = {(one.role, one.node_id) for one in actor(session, user).grants}
            nodes = {place: key for key, place in law.place_of_node.items()}
            assert held == {(given.role, nodes[given.place]) for given in law.given(user)}, login
        session.rollback()
    for login in ("expired", "future", "yesterday", "gone", "revoked", "stranger"):
        assert not law.given(shared.full.users[login]), login
    assert law.given(shared.full.users["last_day"])


def test_declarations_have_no_mistakes() -> None:
    assert not problems()
