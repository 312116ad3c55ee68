"""Where a record leads: its parents in the breadcrumb, its owners first, back to the parent after adding."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.customer.ownership import Ownership
from models.kernel.actor import SYSTEM
from models.kernel.grant import Grant
from models.kernel.session import act
from models.property.room import AnyState, HandoverState, SaleState, TitleState
from tests.console import Console, engine_of, statements
from tests.world import World


def owned_room(app: Flask) -> tuple[int, int]:
    """Returns a room with a living owner, and the owner."""
    with Session(engine_of(app)) as own:
        table = Ownership.__table__.c
        row = own.execute(select(table.room_id, table.customer_id).where(table.until_day.is_(None))).first()
        assert row is not None
        return row.room_id, row.customer_id


def test_a_room_says_its_owners_first_and_leads_to_its_building(app: Flask, world: World) -> None:
    room, owner = owned_room(app)
    page = Console(app, "group_admin", "zh").get(f"/room/show/{room}").get_data(as_text=True)
    leads = page.partition('<dl class="leads">')[2].partition("</dl>")[0]
    assert f'href="/customer/show/{owner}"' in leads and "/room/list/?_flt_0_unit.building_id=" in leads
    trail = page.partition('<nav class="crumbs"')[2].partition("</nav>")[0]
    assert "/building/show/" in trail and "/unit/show/" in trail


def test_who_may_not_read_customers_is_told_no_owners(app: Flask, world: World) -> None:
    contractor = Console(app, "contractor", "zh")
    listed = contractor.get("/room/list/").get_data(as_text=True)
    url = listed.partition('<tr data-url="')[2].partition('"')[0]
    page = contractor.get(url).get_data(as_text=True)
    assert "/customer/show/" not in page and 'class="leads"' in page


def test_a_child_added_from_its_parent_leads_back_to_it(app: Flask, world: World) -> None:
    clerk = Console(app, "group_admin", "zh")
    _room, customer = owned_room(app)
    parent = f"/customer/show/{customer}"
    add = f"/customer_contact/add?customer_id={customer}&_back={parent}"
    assert add.replace("&", "&amp;") in clerk.get(parent).get_data(as_text=True)
    form = clerk.get(add).get_data(as_text=True)
    assert f'name="_back" value="{parent}"' in form and f'href="{parent}" id="cancel"' in form
    fields = {"customer_id": str(customer), "name": "联系人甲", "relation": "spouse"}
    again = clerk.send("/customer_contact/add", _back=parent, **{**fields, "relation": "?"})
    assert again.status_code == 422 and f'name="_back" value="{parent}"' in again.get_data(as_text=True)
    saved = clerk.send("/customer_contact/add", _back=parent, **fields)
    assert (saved.status_code, saved.location) == (302, parent)
    more = clerk.send("/customer_contact/add", _back=parent, _save_more="1", **{**fields, "name": "联系人乙"})
    assert more.location == f"/customer_contact/add?customer_id={customer}&relation=spouse&_more=1&_back={parent}"
    for foreign in ("//elsewhere.example", "https://elsewhere.example/", "javascript:alert(1)"):
        saved = clerk.send("/customer_contact/add", _back=foreign, **{**fields, "name": foreign})
        assert saved.location.startswith("/customer_contact/show/")


def test_a_customer_s_homes_name_their_project_and_a_room_s_owners_do_not(app: Flask, world: World) -> None:
    clerk = Console(app, "group_admin", "zh")
    room, customer = owned_room(app)
    of_customer = clerk.get(f"/customer/show/{customer}").get_data(as_text=True).partition("业主房产")[2]
    assert "项目</a></th>" in of_customer.partition("</thead>")[0]
    of_room = clerk.get(f"/room/show/{room}").get_data(as_text=True).partition("业主房产")[2]
    assert "项目</a></th>" not in of_room.partition("</thead>")[0]


def test_every_state_a_room_may_have_has_its_words_in_the_history() -> None:
    for states in (SaleState, HandoverState, TitleState):
        for state in states:
            told = AnyState.member(state.value)
            assert told is not None and told.words is state.words


def test_the_start_page_counts_the_homes_of_each_project(app: Flask, world: World) -> None:
    clerk = Console(app, "project_clerk", "zh")
    clerk.get("/")
    with statements(app) as ran:
        page = clerk.get("/").get_data(as_text=True)
    assert "项目房源概况" in page and f"/room/list/?_flt_0_project_id={world.id('project', 'lake')}" in page
    assert f"_flt_0_project_id={world.id('project', 'river')}" not in page
    assert sum("GROUP BY" in one for one in ran) == 1
    assert len(ran) <= 20  # one or two for each widget of the workbench, however much there is to show


def test_who_has_no_grant_is_told_what_to_do(app: Flask, world: World) -> None:
    page = Console(app, "stranger", "zh").get("/").get_data(as_text=True)
    assert "尚未获得授权" in page and 'href="/me"' in page and "项目房源概况" not in page
    assert "尚未获得授权" not in Console(app, "finance", "zh").get("/").get_data(as_text=True)


def test_choices_in_a_name_are_said_in_words(app: Flask, world: World) -> None:
    key = world.id("grant", "project_clerk")
    page = Console(app, "group_admin", "zh").get(f"/grant/show/{key}").get_data(as_text=True)
    assert "项目CRM专员" in page.partition("<h1>")[2].partition("</h1>")[0]
    assert "project_clerk" not in page.partition("<h1>")[2].partition("</h1>")[0]
    page = Console(app, "group_admin", "en").get(f"/grant/edit/{key}").get_data(as_text=True)
    assert "Project CRM clerk" in page.partition("<h1>")[2].partition("</h1>")[0]


def test_the_only_place_there_is_to_choose_is_chosen(app: Flask, world: World) -> None:
    lake = f'<option value="{world.id("project", "lake")}" selected>'
    bay = f'<option value="{world.id("project", "bay")}" selected>'
    assert bay in Console(app, "bay_clerk").get("/building/add").get_data(as_text=True)
    admin = Console(app, "group_admin")
    page = admin.get("/building/add").get_data(as_text=True)
    assert lake not in page and bay not in page
    assert lake in admin.get(f"/building/add?project_id={world.id('project', 'lake')}").get_data(as_text=True)
    assert f'<option value="{world.id("group", "group")}" selected>' in admin.get("/region/add").get_data(as_text=True)


def test_namesakes_are_told_apart_in_look_ups_without_showing_numbers(app: Flask, world: World) -> None:
    found = Console(app, "request_clerk").get("/customer/lookup?q=陈").get_json()["items"]
    assert found and all("****" in one["detail"] for one in found)
    assert "14200000000" not in str(found)


def test_adding_is_offered_only_where_it_would_be_taken(app: Flask, world: World) -> None:
    """Rights of different grants are never mixed: a clerk here who only reads there is offered nothing there."""
    with Session(engine_of(app)) as own:
        act(own, SYSTEM)
        place = world.nodes["lake"][0]
        own.add(Grant(profile_id=world.id("user_profile", "bay_clerk"), role="project_leader", node_id=place))
        own.commit()
    clerk = Console(app, "bay_clerk")
    for name, offered in (("lake", False), ("bay", True)):
        key = world.id("building", f"{name}-1")
        room = world.id("room", f"{name}-1-1-101")
        assert (f"/unit/add?building_id={key}" in clerk.get(f"/building/show/{key}").get_data(as_text=True)) is offered
        assert (f"/ownership/add?room_id={room}" in clerk.get(f"/room/show/{room}").get_data(as_text=True)) is offered
    chen, ma = world.id("customer", "chen"), world.id("customer", "ma")
    assert "/customer_contact/add?" not in clerk.get(f"/customer/show/{chen}").get_data(as_text=True)
    assert "/customer_contact/add?" in clerk.get(f"/customer/show/{ma}").get_data(as_text=True)
