"""What a writer may change, and what a refusal may tell: keys at the row's own owner, refs of moved rows, rows out of scope."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from models.customer.customer import Customer
from models.customer.ownership import Ownership
from models.kernel import entry
from models.kernel.actor import SYSTEM, Actor, Held
from models.kernel.bin import KEPT_DAYS, in_bin, purge
from models.kernel.bulk import update_rows
from models.kernel.clock import frozen
from models.kernel.node import Node
from models.kernel.number_rule import NumberRule
from models.kernel.refusal import Denied, Refusal
from models.kernel.session import act
from models.property.building import Building
from models.property.house_type import HouseType
from models.property.phase import Phase
from models.property.room import Room
from models.property.unit import Unit
from tests.databases import BOTH
from tests.world import NOW, World

LATER = frozen(NOW + timedelta(days=KEPT_DAYS + 1))


def holding(world: World, role: str, *places: str) -> Actor:
    """Somebody who holds `role` at `places`."""
    return Actor(world.accounts["stranger"], "x", tuple(Held(0, role, *world.nodes[place]) for place in places))


def refused(act_: Any) -> Refusal:
    with pytest.raises(Refusal) as caught:
        act_()
    return caught.value


@pytest.mark.parametrize("backend", BOTH)
def test_a_purge_counts_no_row_out_of_scope(session: Session, world: World) -> None:
    """A customer of Hangzhou who owns a home in Shenzhen: an administrator of the east learns no number of it."""
    key = world.id("customer", "he")
    session.execute(
        update(Ownership.__table__)
        .where(Ownership.__table__.c.customer_id == key)
        .values(room_id=world.id("room", "bay-1-1-201"), project_id=world.id("project", "bay"))
    )
    session.execute(update(Customer.__table__).where(Customer.__table__.c.id == key).values(deleted_at=NOW))
    session.commit()
    act(session, holding(world, "group_admin", "east"), LATER)
    said = refused(lambda: purge(session, in_bin(session, Customer, key, "purge")))
    assert said.code == "in_use" and "outside of your part of the tree" in str(said)
    assert not any(digit in str(said) for digit in "0123456789") and "ownership" not in str(said).lower()
    act(session, holding(world, "group_admin", "group"), LATER)
    said = refused(lambda: purge(session, in_bin(session, Customer, key, "purge")))
    assert "1 " in str(said) and "point to it" in str(said)


def test_a_number_rule_of_another_place_is_not_quoted(session: Session, world: World) -> None:
    """Two regions number the same object; the second is told that there is a rule, not what it says."""
    from models.kernel import number_rule

    objects = number_rule._objects
    number_rule._objects = lambda: {**objects(), "ticket": Room.screen.label}
    try:
        session.add(
            NumberRule(object="ticket", pattern="SECRET{seq:04d}", cycle="none", node_id=world.nodes["south"][0])
        )
        session.flush()
        session.commit()
        mine = {
            "object": "ticket",
            "pattern": "SECRET{seq:03d}",
            "cycle": "none",
            "node_id": world.nodes["hangzhou"][0],
        }
        act(session, holding(world, "regional_admin", "east"), frozen(NOW))
        said = refused(lambda: entry.add(session, NumberRule, mine))
        assert said.code == "overlap" and "SECRET" not in said.sentence.en + said.sentence.zh
        assert "SECRET" not in said.sentence.said("zh")
        session.rollback()
        act(session, holding(world, "group_admin", "group"), frozen(NOW))
        said = refused(lambda: entry.add(session, NumberRule, mine))
        assert "SECRET{seq:04d}" in said.sentence.said("en")
    finally:
        number_rule._objects = objects


@pytest.mark.parametrize("backend", BOTH)
def test_keys_change_only_with_write_at_the_rows_own_owner(session: Session, world: World) -> None:
    """Chen is in the books of Hangzhou and owns by the lake: the lake's clerk mends his phone, not his certificate."""
    key, lin = world.id("customer", "chen"), world.id("customer", "lin")
    number = session.get_one(Customer, lin).cert_no.plain()
    free = "110101199003074258"
    act(session, world.actor("project_clerk"), frozen(NOW))
    for typed in (number, free):
        row = session.get_one(Customer, key)
        said = refused(lambda row=row, typed=typed: entry.change(session, row, {"cert_no": typed}, None))
        assert isinstance(said, Denied) and said.field == "cert_no", typed
        session.rollback()
    row = session.get_one(Customer, key)
    said = refused(lambda: entry.change(session, row, {"node_id": world.nodes["lake"][0]}, None))
    assert isinstance(said, Denied)
    session.rollback()
    with pytest.raises(Denied):
        update_rows(session, Customer, [(key, {"cert_kind": ("citizen", "passport")})])
    session.rollback()
    row = session.get_one(Customer, key)
    entry.change(session, row, {"mobile": "13900001111"}, None)
    session.commit()
    act(session, world.actor("service_manager"), frozen(NOW))
    row = session.get_one(Customer, key)
    assert refused(lambda: entry.change(session, row, {"cert_no": number}, None)).code == "duplicate"


@pytest.mark.parametrize("backend", BOTH)
def test_a_row_that_moves_takes_no_ref_of_the_old_project_along(session: Session, world: World) -> None:
    """The building's phase, and the house types of the rooms below it, are of the project it leaves."""
    act(session, world.actor("regional_admin"), frozen(NOW))
    building, there = world.id("building", "lake-1"), world.id("project", "hill")
    said = refused(lambda: entry.change(session, session.get_one(Building, building), {"project_id": there}, None))
    assert (said.code, said.field) == ("other_project", "phase_id")
    session.rollback()
    phase = world.id("phase", "hill")
    moved = {"project_id": there, "phase_id": phase}
    said = refused(lambda: entry.change(session, session.get_one(Building, building), moved, None))
    assert said.code == "other_project" and "4" in str(said)
    session.rollback()
    for room in session.query(Room).where(Room.project_id == world.id("project", "lake")).all():
        room.house_type_id = None
    session.flush()
    unit = session.get_one(Unit, world.id("unit", "lake-1-1"))
    entry.change(session, session.get_one(Building, building), {**moved, "name": "9号楼"}, None)
    session.commit()
    session.expire_all()
    rooms = session.query(Room).where(Room.unit_id == unit.id).all()
    assert {room.project_id for room in rooms} == {there} and len(rooms) == 4
    assert session.get_one(Phase, phase).project_id == there and session.query(HouseType).count()


def test_the_system_is_not_asked(session: Session, world: World) -> None:
    act(session, SYSTEM, frozen(NOW))
    row = session.get_one(Customer, world.id("customer", "chen"))
    entry.change(session, row, {"cert_no": "110101199003074258"}, None)
    assert session.get(Node, row.node_id) is not None
