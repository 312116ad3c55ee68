"""The world that other tests rely on is what it says."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.customer.customer import Customer
from models.kernel.node import differences
from models.kernel.registry import tables
from models.kernel.roles import ROLES
from models.kernel.session import act
from models.property.room import Room
from tests.databases import BOTH
from tests.world import PLACES, World


@pytest.mark.parametrize("backend", BOTH)
def test_everybody_has_a_place_and_sees_their_part(session: Session, world: World) -> None:
    assert list(PLACES) == list(ROLES)
    assert {len(world.actor(login).grants) for login in PLACES} == {1}
    assert not world.actor("stranger").grants
    rooms = {}
    for login in ("group_admin", "regional_admin", "request_clerk", "project_clerk", "bay_clerk", "stranger"):
        with Session(session.get_bind()) as own:
            act(own, world.actor(login))
            rooms[login] = len(own.scalars(select(Room)).all())
    expected = {"group_admin": 29, "regional_admin": 23, "request_clerk": 15, "project_clerk": 10, "bay_clerk": 6}
    assert rooms == {**expected, "stranger": 0}


def test_the_tree_and_its_index_agree(session: Session, world: World) -> None:
    assert not differences(session, [cls for cls in tables().values() if cls.owned.kind == "tree"])


def test_personal_data_is_encrypted_and_readable(session: Session, world: World) -> None:
    chen = session.get_one(Customer, world.id("customer", "chen"))
    assert chen.mobile.plain() == "14200000000"
    assert "1420000" not in chen.mobile.stored
