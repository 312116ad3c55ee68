"""Generation of rooms in a database: what is shown is what is written, once, by who may."""

from __future__ import annotations

import threading
import time
from decimal import Decimal

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from models.kernel.audit import AuditLog
from models.kernel.clock import frozen
from models.kernel.guard import remove
from models.kernel.refusal import Denied, Refusal
from models.kernel.session import act
from models.property.building import Building
from models.property.generation import LIMIT, AreaRule, LineRule, Pattern
from models.property.house_type import HouseType
from models.property.project import Project
from models.property.room import Room
from models.property.room_pattern import RoomPattern
from models.property.rules import existing_rooms, generate, kept_pattern, prepare, usual_pattern
from models.property.unit import Unit
from tests.databases import BOTH
from tests.world import NOW, World

LAKE = Pattern(
    ("1号楼", "2号楼", "3号楼"), units=2, last=3, lines=2, rules=(LineRule((1,), "A户型"), LineRule((2,), "B"))
)
"""The lake has 1号楼 (1单元: 4 rooms) and 2号楼 (1单元: 4, 2单元: 2), all of them A户型 of 98.50."""


def acting(session: Session, world: World, login: str = "project_clerk") -> tuple[Session, Project]:
    """Returns the session, acting as somebody, and the project at the lake."""
    act(session, world.actor(login), frozen(NOW))
    project = session.scalars(select(Project).where(Project.id == world.id("project", "lake"))).one()
    return session, project


def run(session: Session, project: Project, pattern: Pattern, **how: object) -> dict[str, int]:
    return generate(session, session.info["actor"], project, pattern, **how)  # type: ignore[arg-type]


@pytest.mark.parametrize("backend", BOTH)
def test_what_is_missing_is_made_and_a_second_run_makes_nothing(session: Session, world: World) -> None:
    session, project = acting(session, world)
    counts = run(session, project, LAKE)
    session.commit()
    assert counts == {
        "buildings": 1, "units": 3, "house_types": 1, "new": 26, "same": 5, "changed": 0, "other": 0,
    }  # fmt: skip
    assert session.scalar(select(func.count()).select_from(Room).where(Room.project_id == project.id)) == 36
    assert len(existing_rooms(session, project.id)) == 36
    third = session.scalars(select(Building).where(Building.project_id == project.id, Building.name == "3号楼")).one()
    assert third.floors == 3
    made = session.scalars(select(Room).where(Room.unit_id.in_(select(Unit.id).where(Unit.building_id == third.id))))
    rooms = sorted(made, key=lambda room: (room.unit_id, room.no))
    assert [(room.no, room.floor, room.storey, room.line) for room in rooms[:3]] == [
        ("101", 1, 1, 1), ("102", 1, 1, 2), ("201", 2, 2, 1),
    ]  # fmt: skip
    assert {(room.house_type.name, room.presale_area) for room in rooms} == {("A户型", Decimal("98.50")), ("B", None)}
    assert {room.sale_state for room in rooms} == {"for_sale"}
    assert {(room.created_by_id, room.version) for room in rooms} == {(world.accounts["project_clerk"], 1)}
    audited = session.scalar(
        select(func.count()).where(
            AuditLog.table_name == "room", AuditLog.action == "add", AuditLog.row_id == rooms[0].id
        )
    )
    assert audited == 1

    again = run(session, project, LAKE)
    assert (again["new"], again["buildings"], again["units"], again["house_types"]) == (0, 0, 0, 0)
    assert session.scalar(select(func.count()).select_from(RoomPattern)) == 1


def test_rooms_that_differ_are_changed_only_when_asked(session: Session, world: World) -> None:
    session, project = acting(session, world)
    left = run(session, project, LAKE)
    assert left["changed"] == 0
    room = session.get_one(Room, world.id("room", "lake-1-1-102"))
    assert (room.house_type.name, room.version) == ("A户型", 1)
    counts = run(session, project, LAKE, apply_changes=True)
    assert counts["changed"] == 5
    session.expire_all()
    assert (room.house_type.name, room.version, room.presale_area) == ("B", 2, Decimal("98.50"))
    log = select(AuditLog.changes).where(AuditLog.table_name == "room", AuditLog.row_id == room.id)
    assert "house_type_id" in session.scalars(log.order_by(AuditLog.id.desc())).first()
    assert run(session, project, LAKE, apply_changes=True)["changed"] == 0


def test_the_pattern_is_kept_and_what_it_made_can_be_told(session: Session, world: World) -> None:
    session, project = acting(session, world)
    assert kept_pattern(session, project.id) is None
    assert usual_pattern(session, project.id).buildings == ("1号楼", "2号楼")
    run(session, project, LAKE)
    assert kept_pattern(session, project.id) == LAKE
    assert not prepare(session, project.id, LAKE).difference.new
    row = session.scalars(select(RoomPattern)).one()
    assert (row.added, row.changed, row.buildings, row.created_by_id) == (26, 0, 3, world.accounts["project_clerk"])


def test_a_new_house_type_takes_the_area_of_the_pattern(session: Session, world: World) -> None:
    session, project = acting(session, world)
    pattern = Pattern(
        ("9号楼",), last=2, lines=1, rules=(LineRule((1,), "C"),), areas=(AreaRule("C", Decimal("120.5")),)
    )
    run(session, project, pattern)
    layout = session.scalars(select(HouseType).where(HouseType.name == "C")).one()
    assert layout.presale_area == Decimal("120.50")


def test_doors_are_the_same_however_they_are_typed(session: Session, world: World) -> None:
    session, project = acting(session, world)
    counts = run(session, project, Pattern(("１号楼",), last=2, lines=2))
    assert (counts["new"], counts["buildings"], counts["units"], counts["same"]) == (0, 0, 0, 4)


@pytest.mark.parametrize(
    ("pattern", "field", "code"),
    [
        (Pattern(("a座", "A座")), "buildings", "duplicate"),
        (Pattern(("1幢",), unit_name="元" * 39 + "{n}"), "unit_name", "too_long"),
        (Pattern(("1幢",), rules=(LineRule(layout="型" * 41),)), "rules-0-layout", "too_long"),
        (Pattern(("1幢",), rules=(LineRule(area=Decimal("89.375")),)), "rules-0-area", "out_of_range"),
        (Pattern(("1幢",), areas=(AreaRule("A", Decimal("1e9")),)), "areas-0-area", "out_of_range"),
        (Pattern(("1幢",), areas=(AreaRule("A", Decimal("1e400")),)), "areas-0-area", "out_of_range"),
        (Pattern((), units=2), "buildings", "required"),
    ],
)
def test_what_does_not_fit_is_refused_at_its_field(
    session: Session, world: World, pattern: Pattern, field: str, code: str
) -> None:
    session, project = acting(session, world)
    with pytest.raises(Refusal) as caught:
        run(session, project, pattern)
    assert (caught.value.field, caught.value.code) == (field, code)


def test_only_who_may_write_rooms_at_the_project(session: Session, world: World) -> None:
    for login in ("bay_clerk", "request_clerk", "project_leader", "contractor", "stranger"):
        act(session, world.actor("group_admin"), frozen(NOW))
        project = session.scalars(select(Project).where(Project.id == world.id("project", "lake"))).one()
        act(session, world.actor(login), frozen(NOW))
        with pytest.raises(Denied):
            run(session, project, LAKE)
        session.rollback()
        session.expunge_all()
    session, project = acting(session, world, "group_admin")
    assert run(session, project, LAKE)["new"] == 26


def test_it_writes_what_was_shown_or_nothing(session: Session, world: World) -> None:
    session, project = acting(session, world)
    shown = prepare(session, project.id, LAKE).digest()
    assert prepare(session, project.id, LAKE).digest() == shown
    unit = session.get_one(Unit, world.id("unit", "lake-1-1"))
    session.add(Room(unit_id=unit.id, no="301", floor=3))
    session.commit()
    before = len(existing_rooms(session, project.id))
    with pytest.raises(Refusal) as caught:
        run(session, project, LAKE, expected=shown)
    assert (caught.value.code, caught.value.status) == ("changed_meanwhile", 409)
    assert len(existing_rooms(session, project.id)) == before
    run(session, project, LAKE, expected=prepare(session, project.id, LAKE).digest())


def test_a_room_in_the_recycle_bin_does_not_count(session: Session, world: World) -> None:
    session, project = acting(session, world)
    run(session, project, LAKE)
    room = session.scalars(select(Room).where(Room.project_id == project.id, Room.no == "301")).first()
    assert room is not None
    remove(session, room)
    assert run(session, project, LAKE)["new"] == 1


@pytest.mark.parametrize("backend", BOTH)
def test_two_at_once_make_the_rooms_once(engine: Engine, world: World) -> None:
    found: list[dict[str, int]] = []
    failed: list[Exception] = []
    barrier = threading.Barrier(2)

    def one() -> None:
        try:
            with Session(engine) as own:
                act(own, world.actor("project_clerk"), frozen(NOW))
                barrier.wait(10)
                project = own.scalars(select(Project).where(Project.id == world.id("project", "lake"))).one()
                found.append(run(own, project, LAKE))
                time.sleep(0.2)
                own.commit()
        except Exception as failure:
            failed.append(failure)

    threads = [threading.Thread(target=one) for _turn in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not failed
    assert sorted(counts["new"] for counts in found) == [0, 26]
    with Session(engine) as own:
        act(own, world.actor("project_clerk"), frozen(NOW))
        assert len(existing_rooms(own, world.id("project", "lake"))) == 36


@pytest.mark.parametrize("backend", BOTH)
def test_ten_thousand_rooms_in_one_go(session: Session, world: World) -> None:
    session, project = acting(session, world)
    pattern = Pattern(tuple(f"{n}幢" for n in range(11, 36)), units=2, last=25, lines=8)
    assert pattern.count() == LIMIT
    started = time.perf_counter()
    assert run(session, project, pattern)["new"] == LIMIT
    session.commit()
    print(f"{LIMIT} rooms in {time.perf_counter() - started:.1f} s")
    assert run(session, project, pattern)["same"] == LIMIT


def test_a_home_that_becomes_a_duplex_is_a_change(session: Session, world: World) -> None:
    session, project = acting(session, world)
    pattern = Pattern(("1号楼",), last=2, lines=2, duplex_lines=(1,))
    found = prepare(session, project.id, pattern).difference
    assert [(change.room.no, change.fields) for change in found.changed] == [("101", {"span": (1, 2)})]
    run(session, project, pattern, apply_changes=True)
    assert session.get_one(Room, world.id("room", "lake-1-1-101")).span == 2
    assert not prepare(session, project.id, pattern).difference.changed
