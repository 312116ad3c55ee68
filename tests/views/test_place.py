"""The part of the tree a page shows: in the session, in the address, and never more than the grants give."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update
from sqlalchemy.orm import Session

from models.kernel.actor import SYSTEM
from models.kernel.clock import today, utc_now
from models.kernel.session import act
from models.keynode.project_key_node import ProjectKeyNode
from models.keynode.rules import ensure
from models.property.project import Project
from seeds.reference import seed
from tests.console import Console, engine_of, statements
from tests.world import World

COUNT = re.compile(r"<small>(\d+) 条</small>")


def rooms(person: Console, query: str = "") -> int:
    """How many rooms the list says there are."""
    found = COUNT.search(person.get(f"/room/list/?psize_RoomView=1{query}").get_data(as_text=True))
    assert found is not None
    return int(found[1])


def test_a_link_shows_the_same_place_to_whoever_may_see_it(app: Flask, world: World) -> None:
    hill, lake = world.nodes["hill"][0], world.nodes["lake"][0]
    admin, clerk, bay = (Console(app, login, "zh") for login in ("group_admin", "project_clerk", "bay_clerk"))
    everything = rooms(admin)
    assert rooms(admin, f"&at={hill}") == 5 and rooms(admin) == 5, "what a page was opened with stays for the session"
    page = admin.get("/room/list/").get_data(as_text=True)
    assert f'data-at="{hill}"' in page and "at=" not in re.findall(r'data-link="([^"]*)"', page)[0]
    assert rooms(admin, f"&at={hill}.{lake}") == 5 + rooms(clerk)
    admin.send("/place", all="1", next="/room/list/")
    assert rooms(admin) == everything

    own = rooms(bay)
    told = bay.get(f"/room/list/?at={hill}").get_data(as_text=True)
    assert "链接指向的节点不在您的权限范围内" in told and "云栖山居" not in told and rooms(bay) == own
    above = world.nodes["shenzhen"][0]
    assert rooms(bay, f"&at={above}") == own, "a place above one's own narrows to what lies in one's own"


@pytest.mark.parametrize("bad", ["", "x", "-1", "9" * 40, "²", "%00", "1.2.3.x", "'", "..", "999999"])
def test_a_mangled_place_is_said_and_changes_nothing(app: Flask, world: World, bad: str) -> None:
    admin = Console(app, "regional_admin", "zh")
    before = rooms(admin)
    answer = admin.get(f"/room/list/?at={bad}")
    assert answer.status_code == 200
    named = [part for part in bad.split(".") if part in {str(key) for key, _path in world.nodes.values()}]
    if not named:
        assert "不在您的权限范围内" in answer.get_data(as_text=True) and rooms(admin) == before


def test_choosing_a_place_leaves_the_old_one_out_of_the_address(app: Flask, world: World) -> None:
    admin = Console(app, "group_admin", "zh")
    hill, lake = world.nodes["hill"][0], world.nodes["lake"][0]
    done = admin.send("/place", node=str(hill), next=f"/room/list/?q=1&at={lake}&_cols=no")
    assert done.location == "/room/list/?q=1&_cols=no"
    assert admin.send("/place", all="1", next=f"/room/show/3?at={lake}").location == "/room/list/"


def test_a_form_is_saved_in_the_place_its_address_names(app: Flask, world: World) -> None:
    """Two tabs: the second one narrowed the console elsewhere while the first still had its form open."""
    admin = Console(app, "group_admin", "zh")
    lake, bay, building = world.nodes["lake"][0], world.nodes["bay"][0], world.id("building", "lake-1")
    form = admin.get(f"/building/edit/{building}?at={lake}").get_data(as_text=True)
    fields = dict(re.findall(r'<input[^>]*name="(_version|project_id|name)"[^>]*value="([^"]*)"', form))
    admin.send("/place", node=str(bay))
    assert admin.get(f"/building/edit/{building}").status_code == 404
    sent = {**fields, "project_id": world.id("project", "lake"), "name": "1号楼", "floors": "4"}
    done = admin.send(f"/building/edit/{building}?at={lake}", **sent)
    assert done.status_code == 302 and admin.get(done.location).status_code == 200
    admin.send(f"/building/edit/{building}?at=all", **sent)
    assert 'data-at=""' in admin.get("/building/list/").get_data(as_text=True)


def test_what_waits_is_counted_where_it_waits(app: Flask, world: World) -> None:
    with Session(engine_of(app)) as own:
        act(own, SYSTEM)
        seed(own)
        yesterday = today(utc_now) - timedelta(days=1)
        for name in ("lake", "bay"):
            ensure(own, [own.get_one(Project, world.id("project", name))])
        keys = list(own.query(ProjectKeyNode.id).filter_by(project_id=world.id("project", "lake")))
        own.execute(
            update(ProjectKeyNode.__table__)
            .where(ProjectKeyNode.__table__.c.id.in_([k for (k,) in keys][:2]))
            .values(planned_on=yesterday)
        )
        own.commit()

    def waiting(login: str) -> Any:
        return Console(app, login, "zh").get("/counts.json").get_json().get("/keynodes/")

    assert waiting("project_clerk") == {"n": 2, "text": "2", "late": True}
    assert waiting("bay_clerk")["n"] == 0
    with statements(app) as run:
        Console(app, "group_admin", "zh").get("/counts.json")
    assert len([one for one in run if "union" in one.lower()]) == 1
