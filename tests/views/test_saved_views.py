"""Saved views and how a person has a list: kept, shared within one's reach, opened in the reader's scope, over REST too."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.kernel.audit import AuditLog
from models.kernel.refusal import Denied, Missing, Refusal
from models.kernel.saved_view import MOST, SavedView, alter, arrange, delete, opened, save, sharing, step, view_of
from models.kernel.session import act
from models.property.room import Room
from tests.console import Console, bearer, engine_of
from tests.world import World

FLOOR = "_flt_0_floor=1"


def test_a_view_is_saved_from_a_list_and_is_a_tab_with_all_it_says(app: Flask, world: World) -> None:
    clerk = Console(app, "project_clerk", "zh")
    saved = clerk.send(
        "/room/view", act="save", name=" 一层 ", query=f"{FLOOR}&_after=xyz&page_RoomView=7&evil=1&_cols=no,floor"
    )
    assert saved.status_code == 302
    said = parse_qs(urlsplit(saved.location).query)
    assert (
        said["_flt_0_floor"] == ["1"]
        and said["_cols"] == ["no,floor"]
        and not {"_after", "evil", "page_RoomView"} & said.keys()
    )
    page = clerk.get(saved.location).get_data(as_text=True)
    tab = re.search(r'<a class="tab" href="([^"]+)" aria-current="page">([^<]+)', page)
    assert tab is not None and tab.group(2) == "一层"
    assert clerk.get("/room/list/").get_data(as_text=True).count('class="tab"') == 2
    assert Console(app, "project_leader", "zh").get("/room/list/").get_data(as_text=True).count('class="tab"') == 1
    changed = clerk.get(saved.location.replace("_flt_0_floor=1", "_flt_0_floor=2")).get_data(as_text=True)
    assert "tab-changed" in changed and 'id="view-update"' in changed


def test_views_are_renamed_replaced_reordered_and_deleted_by_their_owner(session: Session, world: World) -> None:
    act(session, world.actor("project_clerk"))
    first, second = save(session, Room, "甲", FLOOR), save(session, Room, "乙", "")
    with pytest.raises(Refusal, match="already"):
        save(session, Room, "甲", "")
    with pytest.raises(Refusal, match="name"):
        save(session, Room, "  ", "")
    step(session, Room, second, -1)
    assert [view.id for view in opened(session, Room)[1]] == [second, first]
    alter(session, Room, first, name="丙", query="_flt_0_floor=2")
    assert view_of(session, Room, first).query == "_flt_0_floor=2"
    act(session, world.actor("project_leader"))
    for refused in (
        lambda: alter(session, Room, first, name="x"),
        lambda: delete(session, Room, first),
        lambda: view_of(session, Room, first),
    ):
        with pytest.raises(Missing):
            refused()
    act(session, world.actor("project_clerk"))
    delete(session, Room, first)
    assert [view.name for view in opened(session, Room)[1]] == ["乙"]
    for number in range(MOST - 1):
        save(session, Room, f"第{number}个", "")
    with pytest.raises(Refusal, match="Delete one"):
        save(session, Room, "太多", "")


def test_sharing_reaches_down_from_a_place_and_only_within_one_s_own_reach(session: Session, world: World) -> None:
    company, region, project = (world.nodes[name][0] for name in ("hangzhou", "south", "lake"))
    act(session, world.actor("company_leader"))
    shared = save(session, Room, "全公司", FLOOR, node_id=company)
    with pytest.raises(Denied):
        save(session, Room, "别处", "", node_id=region)
    for login, seen in {
        "project_clerk": True,
        "company_leader": True,
        "bay_clerk": False,
        "group_leader": False,
        "stranger": False,
    }.items():
        act(session, world.actor(login))
        assert (shared in {view.id for view in opened(session, Room)[1]}) is seen, login
    act(session, world.actor("project_clerk"))
    assert sharing(session, Room).empty
    with pytest.raises(Denied):
        save(session, Room, "我的", "", node_id=project)
    with pytest.raises(Denied):
        alter(session, Room, shared, name="改名")
    act(session, world.actor("company_leader"))
    alter(session, Room, shared, share=(company, ("finance",)))
    act(session, world.actor("project_clerk"))
    assert shared not in {view.id for view in opened(session, Room)[1]}
    act(session, world.actor("regional_admin"))  # above it: manages, and is not shown a tab of each company
    assert view_of(session, Room, shared).held and shared not in {view.id for view in opened(session, Room)[1]}
    with pytest.raises(Denied):
        alter(session, Room, shared, share=(None, ()))
    delete(session, Room, shared)
    lines = session.scalars(
        select(AuditLog.__table__.c.action).where(AuditLog.__table__.c.table_name == "saved_view")
    ).all()
    assert lines == ["add", "change", "delete"]


def test_a_shared_view_opens_in_the_reader_s_scope_and_says_what_they_cannot_see(app: Flask, world: World) -> None:
    hill = world.id("building", "hill-1")
    leader = Console(app, "company_leader", "zh")
    query = f"_flt_0_unit.building_id={hill}"
    saved = leader.send(
        "/room/view", act="save", name="云栖一号楼", query=query, node_id=str(world.nodes["hangzhou"][0])
    )
    assert saved.status_code == 302
    unit = world.id("unit", "hill-1-1")
    leader.send(
        "/room/view", act="save", name="单元", query=f"_flt_0_unit_id={unit}", node_id=str(world.nodes["hangzhou"][0])
    )
    clerk = Console(app, "project_clerk", "zh")
    page = clerk.get("/room/list/").get_data(as_text=True)
    url = next(
        u for u, name in re.findall(r'<a class="tab" href="([^"]+)"[^>]*>([^<]+)', page) if name == "单元"
    ).replace("&amp;", "&")
    shown = clerk.get(url).get_data(as_text=True)
    assert "筛选条件“单元”所指的记录不在您的权限范围内" in shown and "没有符合筛选条件的记录" in shown
    assert "1单元" not in shown.partition("<main")[2]


def test_a_view_whose_column_is_gone_says_so(app: Flask, world: World) -> None:
    with Session(engine_of(app)) as own:
        act(own, world.actor("project_clerk"))
        key = save(own, Room, "旧视图", "_cols=no,paint_colour,floor&_flt_0_paint_colour=red")
        own.commit()
    page = Console(app, "project_clerk", "zh").get(
        f"/room/list/?_cols=no,paint_colour,floor&_flt_0_paint_colour=red&_view={key}"
    )
    text = page.get_data(as_text=True)
    assert page.status_code == 200 and "该列表已没有“paint_colour”列" in text and "有一个筛选条件未生效" in text
    assert text.count('<th scope="col"') == 2


def test_personal_data_goes_into_no_view(app: Flask, world: World) -> None:
    clerk = Console(app, "request_clerk", "zh")
    saved = clerk.send("/customer/view", act="save", name="某人", query="_flt_0_mobile=14200000000&_flt_2_name=陈")
    assert "14200000000" not in saved.location
    assert "视图不保存个人信息" in clerk.get(saved.location).get_data(as_text=True)
    with Session(engine_of(app)) as own:
        assert not [q for q in own.scalars(select(SavedView.__table__.c.query)) if "1420000" in q]
    answer = clerk.call(
        "POST",
        "/api/v1/saved_view/",
        json={"table": "customer", "name": "某人二", "query": "_flt_0_mobile=14200000000"},
    )
    assert answer.status_code == 422 and "mobile" not in answer.get_json()["detail"]


def test_columns_widths_and_density_are_kept_per_person_and_come_back_on_another_machine(
    app: Flask, world: World
) -> None:
    clerk = Console(app, "project_clerk", "zh")
    sent = {"columns": "floor,no,nosuch", "widths": "no:9999,floor:abc,floor:90", "density": "compact"}
    assert clerk.send("/room/layout", **sent).get_json() == {
        "columns": "floor,no",
        "widths": "no:640,floor:90",
        "density": "compact",
    }
    elsewhere = Console(app, "project_clerk", "zh").get("/room/list/").get_data(as_text=True)
    assert re.findall(r'<th scope="col" data-key="(\w+)" data-width="(\d+)"', elsewhere) == [
        ("floor", "90"),
        ("no", "640"),
    ]
    assert 'data-density="compact"' in elsewhere
    here = re.search(r'data-address="([^"]+)"', elsewhere)
    assert here is not None and "_cols=floor%2Cno" in here.group(1)
    colleague = Console(app, "project_leader", "zh").get(here.group(1).replace("&amp;", "&")).get_data(as_text=True)
    assert re.findall(r'<th scope="col" data-key="(\w+)"', colleague) == ["floor", "no"]
    assert "data-address" not in Console(app, "project_leader", "zh").get("/room/list/").get_data(as_text=True)
    assert clerk.send("/room/layout", columns="nosuch").status_code == 422
    clerk.send("/room/layout", reset="1")
    assert "data-address" not in clerk.get("/room/list/").get_data(as_text=True)


def test_a_list_opens_with_the_view_one_chose_until_it_is_gone(app: Flask, world: World) -> None:
    clerk = Console(app, "project_clerk", "zh")
    clerk.send("/room/view", act="save", name="一层", query=FLOOR, first="1")
    bare = clerk.get("/room/list/")
    assert bare.status_code == 302 and FLOOR in bare.location
    everything = clerk.get("/room/list/?_view=0").get_data(as_text=True)
    assert 'href="/room/list/?_view=0" aria-current="page"' in everything
    key = parse_qs(urlsplit(bare.location).query)["_view"][0]
    clerk.send("/room/view", act="delete", view=key, query=FLOOR)
    assert clerk.get("/room/list/").status_code == 200


@pytest.mark.parametrize("act_", ["update", "change", "delete", "left", "first", "nosuch"])
def test_a_view_of_somebody_else_is_not_there(app: Flask, world: World, act_: str) -> None:
    with Session(engine_of(app)) as own:
        act(own, world.actor("project_leader"))
        key = save(own, Room, "别人的", "")
        arrange(own, Room, tabs=[key])
        own.commit()
    clerk = Console(app, "project_clerk", "zh")
    mine, none = (clerk.send("/room/view", act=act_, view=str(k), name="x", query="") for k in (key, 10**9))
    assert mine.status_code == none.status_code == 404


def test_rest_lists_adds_changes_and_deletes_views(app: Flask, world: World) -> None:
    client, head = app.test_client(), bearer(app, "company_leader")
    made = client.post(
        "/api/v1/saved_view/",
        json={
            "table": "room",
            "name": "一层",
            "query": FLOOR,
            "node_id": world.nodes["hangzhou"][0],
            "roles": ["project_clerk"],
        },
        headers=head,
    )
    assert made.status_code == 201 and made.get_json()["result"]["url"].startswith("/room/list/?_flt_0_floor=1")
    key = made.get_json()["id"]
    clerk = bearer(app, "project_clerk")
    listed = client.get("/api/v1/saved_view/?table=room", headers=clerk).get_json()
    assert [(view["id"], view["mine"]) for view in listed["result"]] == [(key, False)]
    assert client.put(f"/api/v1/saved_view/{key}?table=room", json={"name": "x"}, headers=clerk).status_code == 403
    assert client.delete(f"/api/v1/saved_view/{key}?table=building", headers=head).status_code == 404
    assert (
        client.put(f"/api/v1/saved_view/{key}?table=room", json={"name": "底层"}, headers=head).get_json()["result"][
            "name"
        ]
        == "底层"
    )
    for body, status in (
        ({"colour": 1}, 422),
        ({"node_id": "x"}, 404),
        ({"node_id": world.nodes["south"][0]}, 403),
        ([], 400),
    ):
        assert client.put(f"/api/v1/saved_view/{key}?table=room", json=body, headers=head).status_code == status, body
    assert client.delete(f"/api/v1/saved_view/{key}?table=room", headers=head).status_code == 200
    assert client.get("/api/v1/saved_view/?table=nosuch", headers=head).status_code == 404
    assert client.get("/api/v1/saved_view/?table=customer", headers=bearer(app, "contractor")).status_code == 403
    assert client.get("/api/v1/saved_view/?table=room").status_code == 401
