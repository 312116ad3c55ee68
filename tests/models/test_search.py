"""Tokens: what they are made of, that they are kept with every way of writing, and that `check` finds what is wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from models.customer.customer import Customer
from models.kernel import search
from models.kernel.bin import in_bin, restore
from models.kernel.bulk import insert_rows, update_rows
from models.kernel.guard import remove
from models.kernel.node import Node, node_of
from models.kernel.registry import tables
from models.kernel.search import SearchToken, candidates, code_of, differences, owners_in_reach, rebuild
from models.kernel.tokens import LENGTH, START, folded, tokens, words_of
from models.property.building import Building
from models.property.project import Project
from models.property.room import Room
from models.property.unit import Unit
from tests.databases import BOTH
from tests.world import World

LETTERS = "王欧阳小明曾ABab019-_%'\"*():^~😀 ＡＢ１\u3000"


@given(st.text(LETTERS, max_size=20), st.text(LETTERS.replace(" ", ""), min_size=1, max_size=6))
def test_what_stands_in_a_text_begins_one_of_its_tokens(value: str, typed: str) -> None:
    """The law of a search, against the plain one: a word is found where it stands in the text, or in how it is said."""
    for word in words_of(typed):
        stands = any(word in run for run in folded(value).split())
        made = {token.removeprefix(START) for token in tokens([value]) if len(token) <= LENGTH}
        begins = any(token.startswith(word) for token in made)
        assert begins if stands else not begins or word.isascii() or any(c.isascii() for c in word)


def test_names_are_found_by_initials_and_by_the_whole_pinyin() -> None:
    made = tokens(["张三丰"])
    assert {START + "zsf", START + "zhangsanfeng", "sanfeng", "sf", START + "张三丰", "三丰", "丰"} <= made
    assert {START + "zw", START + "cw"} <= tokens(["曾伟"]), "a character read in two ways is found by both"
    assert {START + "lb", START + "lvbu", START + "lubu"} <= tokens(["吕布"])


def test_nothing_typed_is_a_command() -> None:
    assert words_of('AND OR NEAR * " ( )') == ["and", "or", "near", "*", '"']
    assert words_of("\x00\x01\ud800") == []
    assert words_of("１２０１　Ａ座") == ["1201", "a座"]


def found(session: Session, cls: type, word: str) -> set[int]:
    """The keys that tokens lead to."""
    return set(session.execute(candidates(cls, word, owners_in_reach(session, cls))).scalars())


@pytest.mark.parametrize("backend", BOTH, indirect=True)
def test_tokens_follow_every_way_of_writing(session: Session, world: World) -> None:
    lake = session.scalars(select(Project).where(Project.name == "湖畔花园")).one()
    building = Building(project_id=lake.id, name="88幢")
    session.add(building)
    session.flush()
    assert found(session, Building, "88") == {building.id}
    building.name = "丁香楼"
    session.flush()
    assert found(session, Building, "88") == set()
    assert found(session, Building, "dx") == {building.id} == found(session, Building, "香")

    (unit,) = insert_rows(session, Unit, [{"building_id": building.id, "name": "东单元"}])
    rooms = insert_rows(session, Room, [{"unit_id": unit, "no": no, "floor": 90, "line": 1} for no in ("9001", "9002")])
    assert found(session, Room, "900") == set(rooms)
    update_rows(session, Room, [(rooms[0], {"no": ("9001", "复式A")})])
    assert found(session, Room, "9001") == set()
    assert found(session, Room, "fsa") == {rooms[0]}

    room = session.get_one(Room, rooms[1])
    remove(session, room)
    restore(session, in_bin(session, Room, room.id))
    assert found(session, Room, "9002") == {rooms[1]}

    with pytest.raises(RuntimeError, match="one by one"):
        session.execute(update(Room).where(Room.id == rooms[0]).values(no="1"))
    assert differences(session.connection()) == []


def test_tokens_move_with_what_they_belong_to(session: Session, world: World) -> None:
    """A building goes to another project, and everything in it is then found there."""
    lake, hill = (
        session.scalars(select(Project).where(Project.name == name)).one() for name in ("湖畔花园", "云栖山居")
    )
    building = session.scalars(select(Building).where(Building.project_id == lake.id)).first()
    assert building is not None
    below = select(Room.id).join(Unit, Unit.id == Room.unit_id).where(Unit.building_id == building.id)
    for room in session.scalars(select(Room).where(Room.id.in_(below))):
        room.house_type_id = None
    session.flush()
    building.project_id = hill.id
    building.phase_id = None
    building.name = "迁移楼"
    session.flush()
    keys = set(session.scalars(below))
    bare = SearchToken.__table__.c
    owners = session.execute(
        select(bare.owner_id).where(bare.of_table == code_of(Room), bare.row_id.in_(keys)).distinct()
    )
    assert keys
    assert set(owners.scalars()) == {hill.id}
    assert differences(session.connection()) == []


def test_a_place_of_the_tree_is_found_by_its_new_name(session: Session, world: World) -> None:
    lake = session.scalars(select(Project).where(Project.name == "湖畔花园")).one()
    node = node_of(session, "project", lake.id).id
    lake.name = "星湖天地"
    session.flush()
    assert found(session, Project, "xhtd") == {lake.id}
    assert found(session, Node, "星湖") == {node}


def test_masked_columns_have_no_tokens(session: Session, world: World) -> None:
    for cls in tables().values():
        kinds = {cls.__mapper__.columns[name].type.__class__.__name__ for name in search.sources(cls)}
        assert "Masked" not in kinds
    customer = session.scalars(select(Customer).where(Customer.mobile.is_not(None))).first()
    assert customer is not None
    assert customer.mobile is not None
    assert found(session, Customer, customer.mobile.plain()[-4:]) == set()


@pytest.mark.parametrize("backend", BOTH, indirect=True)
def test_check_finds_and_reindex_mends(session: Session, world: World) -> None:
    session.execute(text("UPDATE building SET name = '改过的楼' WHERE id = (SELECT min(id) FROM building)"))
    session.execute(text("DELETE FROM search_token WHERE of_table = :t"), {"t": code_of(Unit)})
    told = differences(session.connection())
    assert [line.partition(":")[0] for line in told] == ["building", "unit"]
    assert rebuild(session.connection(), Building) > 0
    rebuild(session.connection(), Unit)
    assert differences(session.connection()) == []
    assert found(session, Building, "改过的楼")


def test_migrate_makes_them_anew_where_the_rules_changed(session: Session, world: World) -> None:
    connection = session.connection()
    search.bring_up(connection)
    assert search.bring_up(connection) == []
    session.execute(text("UPDATE search_state SET rules = '0' WHERE table_name = 'room'"))
    session.execute(text("DELETE FROM search_token"))
    assert search.bring_up(connection) == ["room"]
    assert found(session, Room, "1")


def test_every_table_has_a_number_of_its_own() -> None:
    assert len({code_of(cls) for cls in tables().values()}) == len(tables())
