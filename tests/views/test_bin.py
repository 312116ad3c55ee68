"""The recycle bin: rows come back with what belonged to them, or go for good by right and after their time."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from models.customer.customer_contact import CustomerContact
from models.customer.ownership import Ownership
from models.kernel.actor import SYSTEM
from models.kernel.attachment import Attachment, Content, attach, contents_in_use
from models.kernel.audit import AuditLog
from models.kernel.bin import KEPT_DAYS, in_bin, purge, restore
from models.kernel.clock import frozen
from models.kernel.comment import Comment, comment
from models.kernel.guard import remove
from models.kernel.node import Node
from models.kernel.refusal import Denied, Missing, Refusal
from models.kernel.session import act
from models.kernel.store import FolderStore
from models.org.department import Department
from models.org.region import Region
from models.property.building import Building
from models.property.phase import Phase
from models.property.room import Room
from models.property.unit import Unit
from tests.console import Console, engine_of
from tests.databases import BOTH
from tests.world import NOW, World

LATER = frozen(NOW + timedelta(days=KEPT_DAYS, hours=1))


def clear(session: Session, world: World) -> tuple[Room, Unit]:
    """Deletes the unit lake-2-2 from its leaves up, as the project's clerk."""
    act(session, world.actor("project_clerk"), frozen(NOW))
    unit = session.get_one(Unit, world.id("unit", "lake-2-2"))
    rooms = session.scalars(select(Room).where(Room.unit_id == unit.id)).all()
    for row in (*rooms, unit):
        remove(session, row)
    session.commit()
    return rooms[0], unit


@pytest.mark.parametrize("backend", BOTH)
def test_a_subtree_comes_back_from_its_top(session: Session, world: World) -> None:
    room, unit = clear(session, world)
    assert unit.deleted_by_id == world.accounts["project_clerk"]
    with pytest.raises(Refusal) as refused:
        restore(session, in_bin(session, Room, room.id))
    assert refused.value.code == "parent_deleted" and "Restore that first" in str(refused.value)
    session.rollback()
    done = restore(session, in_bin(session, Unit, unit.id), below=True)
    session.commit()
    assert [type(row) for row in done.rows] == [Unit, Room, Room] and not done.left
    assert all(row.deleted_at is None and row.deleted_by_id is None for row in done.rows)
    lines = session.scalars(select(AuditLog.action).where(AuditLog.table_name == "unit", AuditLog.row_id == unit.id))
    assert list(lines)[-2:] == ["delete", "restore"]


def test_what_others_deleted_or_long_before_stays(session: Session, world: World) -> None:
    _room, unit = clear(session, world)
    rooms = Room.__table__
    keys = list(session.scalars(select(rooms.c.id).where(rooms.c.unit_id == unit.id)))
    session.execute(update(rooms).where(rooms.c.id == keys[0]).values(deleted_at=NOW - timedelta(days=2)))
    session.execute(update(rooms).where(rooms.c.id == keys[1]).values(deleted_by_id=world.accounts["regional_admin"]))
    session.commit()
    session.expire_all()
    assert len(restore(session, in_bin(session, Unit, unit.id), below=True).rows) == 1


@pytest.mark.parametrize("backend", BOTH)
def test_a_key_taken_meanwhile_is_said(session: Session, world: World) -> None:
    act(session, world.actor("project_clerk"), frozen(NOW))
    first = session.get_one(Room, world.id("room", "lake-1-1-202"))
    values = {"unit_id": first.unit_id, "no": first.no, "floor": first.floor}
    remove(session, first)
    session.add(Room(**values))
    session.commit()
    with pytest.raises(Refusal) as refused:
        restore(session, in_bin(session, Room, first.id))
    assert refused.value.code == "duplicate"


def test_the_rules_of_a_table_hold_for_what_comes_back(session: Session, world: World) -> None:
    """Shares of a home that were given to somebody else meanwhile are not given twice."""
    act(session, SYSTEM, frozen(NOW))
    old = session.get_one(Ownership, world.id("ownership", "chen-lake-1-1-101"))
    remove(session, old)
    fresh = {"room_id": old.room_id, "customer_id": world.id("customer", "lin"), "share": 100, "is_main": True}
    session.add(Ownership(from_day=old.from_day, **fresh))
    session.commit()
    with pytest.raises(Refusal):
        restore(session, in_bin(session, Ownership, old.id))


def test_links_come_back_with_what_they_link(session: Session, world: World) -> None:
    act(session, SYSTEM, frozen(NOW))
    contact = session.scalars(select(CustomerContact)).first()
    assert contact is not None
    customer = contact.customer
    remove(session, contact)
    for cls, key in ((Ownership, "chen-lake-1-1-101"), (Ownership, "chen-river-1-1-101")):
        remove(session, session.get_one(cls, world.id("ownership", key)))
    for row in session.scalars(select(type(customer).metadata.tables["visit_record"].c.id)):
        from models.customer.visit_record import VisitRecord

        remove(session, session.get_one(VisitRecord, row))
    remove(session, customer)
    session.commit()
    done = restore(session, in_bin(session, type(customer), customer.id), below=True)
    assert {type(row).__name__ for row in done.rows} == {"Customer", "CustomerContact", "Ownership", "VisitRecord"}
    assert not done.left


@pytest.mark.parametrize("backend", BOTH)
def test_the_bin_keeps_to_the_scope(session: Session, world: World) -> None:
    room, _unit = clear(session, world)
    for login, expected in (("bay_clerk", Missing), ("company_leader", Denied), ("stranger", Missing)):
        act(session, world.actor(login), frozen(NOW))
        with pytest.raises(expected):
            in_bin(session, Room, room.id)
    act(session, world.actor("regional_admin"), frozen(NOW))
    assert in_bin(session, Room, room.id).id == room.id
    living = world.id("room", "lake-1-1-101")
    with pytest.raises(Missing):
        in_bin(session, Room, living)


@pytest.mark.parametrize("backend", BOTH)
def test_a_part_of_the_tree_comes_back_with_its_place(session: Session, world: World) -> None:
    act(session, world.actor("group_admin"), frozen(NOW))
    row = Department(parent_node_id=world.nodes["lake"][0], name="工程部")
    session.add(row)
    session.flush()
    remove(session, row)
    session.commit()
    restore(session, in_bin(session, Department, row.id))
    session.commit()
    nodes = Node.__table__.c
    statement = select(nodes.deleted_at).where(nodes.kind == "department", nodes.ref_id == row.id)
    assert session.execute(statement).one() == (None,)


@pytest.mark.parametrize("backend", BOTH)
def test_purging(session: Session, world: World) -> None:
    room, unit = clear(session, world)
    act(session, world.actor("regional_admin"), LATER)
    with pytest.raises(Denied):
        in_bin(session, Room, room.id, "purge")
    act(session, world.actor("group_admin"), frozen(NOW + timedelta(days=KEPT_DAYS - 1)))
    with pytest.raises(Refusal, match="90 days"):
        purge(session, in_bin(session, Room, room.id, "purge"))
    act(session, world.actor("group_admin"), LATER)
    with pytest.raises(Refusal, match="point to it"):
        purge(session, in_bin(session, Unit, unit.id, "purge"))
    session.rollback()
    key, number = room.id, room.no
    purge(session, in_bin(session, Room, key, "purge"))
    session.commit()
    assert session.execute(select(Room.__table__.c.id).where(Room.__table__.c.id == key)).first() is None
    line = session.scalars(select(AuditLog).where(AuditLog.action == "purge")).one()
    assert json.loads(line.changes)["no"] == [number, None] and line.row_id == key


@pytest.mark.parametrize("backend", BOTH)
def test_files_and_comments_go_with_their_row_and_the_audit_stays(
    session: Session, world: World, tmp_path: Path
) -> None:
    """What hangs on a row is purged with it; another row with the same content keeps it, and the swept store its file."""
    act(session, world.actor("project_clerk"), frozen(NOW))
    store = FolderStore(tmp_path / "files")
    keys = [world.id("room", name) for name in ("lake-2-2-101", "lake-1-1-101")]
    shared, own = store.put(b"a plan of both"), store.put(b"of the first alone")
    for key, digests in zip(keys, ((shared, own), (shared,)), strict=True):
        row = session.get_one(Room, key)
        for digest in digests:
            attach(session, row, Content("document", f"{digest[:4]}.pdf", 9, digest, "application/pdf"))
        comment(session, row, "请先看图纸")
    session.commit()
    room, _unit = clear(session, world)
    assert room.id == keys[0]
    act(session, world.actor("group_admin"), LATER)
    purge(session, in_bin(session, Room, keys[0], "purge"))
    session.commit()
    for held in (Attachment.__table__, Comment.__table__):
        assert set(session.execute(select(held.c.row_id)).scalars()) == {keys[1]}
    assert contents_in_use(session, [shared, own]) == {shared}
    lines = session.execute(select(AuditLog.action, AuditLog.changes).where(AuditLog.row_id == keys[0]))
    told = {action: json.loads(changes) for action, changes in lines if action in ("attach", "comment", "purge")}
    assert set(told) == {"attach", "comment", "purge"}
    assert told["purge"]["attachment"] == [f"2: {shared[:4]}.pdf, {own[:4]}.pdf", None]
    assert told["purge"]["comment"] == ["1", None]


def test_purging_personal_data_leaves_it_encrypted_in_the_audit(session: Session, world: World) -> None:
    act(session, SYSTEM, frozen(NOW))
    contact = session.get_one(CustomerContact, world.id("customer_contact", "chen"))
    session.add(CustomerContact(customer_id=contact.customer_id, name="陈一", relation=contact.relation))
    mobile = contact.mobile.plain()
    remove(session, contact)
    session.commit()
    act(session, world.actor("group_admin"), LATER)
    purge(session, in_bin(session, CustomerContact, contact.id, "purge"))
    session.commit()
    line = session.scalars(select(AuditLog).where(AuditLog.action == "purge")).one()
    assert mobile not in line.changes and "masked" in line.changes and "_blind" not in line.changes


def test_a_place_of_the_tree_is_purged_with_its_node(session: Session, world: World) -> None:
    act(session, world.actor("group_admin"), frozen(NOW))
    row = Region(group_id=world.id("group", "group"), code="west", name="华西区域")
    session.add(row)
    session.flush()
    remove(session, row)
    session.commit()
    key = row.id
    act(session, world.actor("group_admin"), LATER)
    with pytest.raises(Refusal, match="newest row"):
        purge(session, in_bin(session, Region, key, "purge"))
    session.add(Region(group_id=world.id("group", "group"), code="north", name="华北区域"))
    session.commit()
    purge(session, in_bin(session, Region, key, "purge"))
    session.commit()
    nodes = Node.__table__.c
    assert session.execute(select(nodes.id).where(nodes.kind == "region", nodes.ref_id == key)).first() is None


def test_the_page(app: Flask, world: World) -> None:
    clerk, key = Console(app, "project_clerk", "zh"), world.id("phase", "hill")
    assert 'href="/phase/bin/"' in clerk.get("/phase/list/").get_data(as_text=True)
    with Session(engine_of(app)) as own:
        act(own, SYSTEM)
        row = Phase(project_id=world.id("project", "lake"), name="二期", place=2)
        own.add(row)
        own.commit()
        key = row.id
    page = clerk.client.post(f"/phase/delete/{key}", data={"csrf_token": clerk.token()}, follow_redirects=True)
    assert f'data-post="/phase/restore/{key}"' in page.get_data(as_text=True)
    shown = clerk.get("/phase/bin/?q=二期").get_data(as_text=True)
    assert f'value="{key}"' in shown and "删除人" in shown and "项目CRM专员" in shown
    assert "/phase/bin/purge" not in shown and "/phase/bin/restore" in shown
    assert f'value="{key}"' not in clerk.get("/phase/bin/?q=三期").get_data(as_text=True)
    assert f'value="{key}"' not in Console(app, "bay_clerk").get("/phase/bin/").get_data(as_text=True)
    leader = Console(app, "company_leader")
    assert leader.get("/phase/bin/").status_code == 403
    assert leader.send("/phase/bin/restore", pk=key).status_code == 403
    assert clerk.send("/phase/bin/purge", pk=key).status_code == 403
    assert Console(app, "bay_clerk").send(f"/phase/restore/{key}").status_code == 404
    undone = clerk.client.post(
        f"/phase/restore/{key}", headers={"X-CSRFToken": clerk.token(), "Accept": "application/json"}
    )
    assert undone.get_json() == {"url": f"/phase/show/{key}"}
    assert clerk.get(f"/phase/show/{key}").status_code == 200
    again = clerk.client.post(
        f"/phase/restore/{key}", headers={"X-CSRFToken": clerk.token(), "Accept": "application/json"}
    )
    assert again.status_code == 404 and "不在回收站" in again.get_json()["detail"]


def test_many_at_once_name_what_stays(app: Flask, world: World) -> None:
    admin = Console(app, "group_admin")
    with Session(engine_of(app)) as own:
        room, unit = clear(own, world)
        room_id, unit_id = room.id, unit.id
    stayed = admin.send("/room/bin/restore", pk=room_id)
    assert "Restore that first" in admin.get(stayed.headers["Location"]).get_data(as_text=True)
    back = admin.send("/unit/bin/restore?below=1", pk=[unit_id, "x", "9" * 30])
    assert "3 rows were restored" in admin.get(back.headers["Location"]).get_data(as_text=True)
    admin.send(f"/room/delete/{room_id}")
    page = admin.get("/room/bin/").get_data(as_text=True)
    assert "/room/bin/purge" in page and "{n} selected rows for good" in page
    young = admin.send("/room/bin/purge", pk=room_id)
    assert "90 days after" in admin.get(young.headers["Location"]).get_data(as_text=True)
    with Session(engine_of(app)) as own:
        own.execute(update(Room.__table__).where(Room.__table__.c.id == room_id).values(deleted_at=NOW))
        own.commit()
    gone = admin.send("/room/bin/purge", pk=room_id)
    assert "1 rows were deleted for good" in admin.get(gone.headers["Location"]).get_data(as_text=True)


def test_every_bin_opens(app: Flask, world: World) -> None:
    admin = Console(app, "group_admin")
    assert Building.__tablename__ == "building"
    for url in sorted({rule.rule for rule in app.url_map.iter_rules() if rule.rule.endswith("/bin/")}):
        assert admin.get(url).status_code in (200, 403), url
