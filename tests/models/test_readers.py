"""Who can read a row, asked from the row: the same people as the gate lets see it, for every table and everybody."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from models.customer.customer import Customer
from models.kernel.actor import SYSTEM
from models.kernel.clock import frozen
from models.kernel.grant import Grant
from models.kernel.readers import Reader, administers, matching, readers
from models.kernel.registry import tables
from models.kernel.session import act
from models.org.group import Group
from models.property.room import Room
from tests.databases import BOTH
from tests.world import NOW, World


@pytest.mark.parametrize("backend", BOTH)
def test_readers_are_those_whom_the_gate_lets_see_the_row(session: Session, world: World) -> None:
    seen: dict[tuple[str, int], set[int]] = {}
    for login, user in world.accounts.items():
        act(session, world.actor(login), frozen(NOW))
        for name, cls in tables().items():
            for key in session.scalars(select(cls.id)):
                seen.setdefault((name, key), set()).add(user)
        session.rollback()
    act(session, SYSTEM, frozen(NOW))
    asked = 0
    for name, cls in tables().items():
        for row in session.scalars(select(cls)).all():
            found = {one.user_id for one in readers(session, row)}
            assert found == seen.get((name, row.id), set()), (name, row.id)
            asked += 1
    assert asked > 100


def test_who_signs_in_no_more_or_holds_nothing_today_reads_nothing(session: Session, world: World) -> None:
    room = session.get_one(Room, world.id("room", "lake-1-1-101"))
    assert "project_clerk" in {one.login for one in readers(session, room)}
    grants, accounts = Grant.__table__, Grant.metadata.tables["ab_user"]
    session.execute(update(accounts).where(accounts.c.username == "project_clerk").values(active=False))
    session.execute(
        update(grants)
        .where(grants.c.id == world.id("grant", "inspection_clerk"))
        .values(until_day=NOW.date().replace(day=1))
    )
    logins = {one.login for one in readers(session, room)}
    assert not logins & {"project_clerk", "inspection_clerk", "stranger", "bay_clerk"} and "project_leader" in logins


def test_a_customer_is_read_from_every_home(session: Session, world: World) -> None:
    """Chen, of Hangzhou, owns in Nanjing too; the clerk by the bay does not know him."""
    chen = session.get_one(Customer, world.id("customer", "chen"))
    assert {"regional_admin", "project_clerk"} <= {one.login for one in readers(session, chen)}
    assert "bay_clerk" not in {one.login for one in readers(session, chen)}


def test_a_shared_row_tells_nobody_of_another_company(session: Session, world: World) -> None:
    """Everybody sees the group; whom else it is seen by, and where they work, is told as far as one's own part goes."""
    act(session, world.actor("bay_clerk"), frozen(NOW))
    group = session.get_one(Group, world.id("group", "group"))
    told = readers(session, group)
    assert {one.login for one in told} == {"group_admin", "group_leader", "bay_clerk"}
    assert {one.place for one in told} == {"星河集团", "海湾城"}
    act(session, world.actor("regional_admin"), frozen(NOW))
    logins = {one.login for one in readers(session, group)}
    assert {"group_admin", "regional_admin", "project_clerk", "finance"} <= logins and "bay_clerk" not in logins


def test_administrators_of_a_row(session: Session, world: World) -> None:
    room = session.get_one(Room, world.id("room", "lake-1-1-101"))
    for login, expected in (
        ("group_admin", True),
        ("regional_admin", True),
        ("project_clerk", False),
        ("stranger", False),
    ):
        act(session, world.actor(login), frozen(NOW))
        assert administers(session, room) is expected, login


def test_people_are_found_by_name_sign_in_name_and_pinyin() -> None:
    people = [Reader(1, "zhang.san", "张三", ""), Reader(2, "lisi", "李四", ""), Reader(3, "zsm", "周思敏", "")]
    assert [one.user_id for one in matching(people, "zs")] == [3, 1]
    assert [one.user_id for one in matching(people, "zhangs")] == [1]
    assert [one.user_id for one in matching(people, "四")] == [2]
    assert [one.user_id for one in matching(people, "LISI")] == [2]
    assert len(matching(people, "")) == 3 and not matching(people, "wang")
