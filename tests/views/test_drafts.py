"""Drafts: what was typed and not saved is kept encrypted, offered to its writer alone, and gone once it is saved."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.customer.customer import Customer
from models.kernel import draft
from models.kernel.clock import frozen
from models.kernel.draft import KEPT, LARGEST, MOST, Draft
from models.kernel.refusal import Missing, Refusal
from models.kernel.session import act
from models.property.building import Building
from tests.console import Console, engine_of
from tests.world import NOW, World

TYPED = {"name": "陈<小>妹", "mobile": "14200001234", "_version": "1"}


def token_of(page: str) -> str:
    found = re.search(r'name="_draft" value="([^"]+)"', page)
    assert found is not None
    return found.group(1)


def test_it_is_kept_encrypted_and_offered_to_its_writer_alone(session: Session, world: World) -> None:
    act(session, world.actor("request_clerk"), frozen(NOW))
    draft.keep(session, Customer, 0, "tab-one-token", list(TYPED.items()))
    draft.keep(session, Customer, 0, "tab-two-token", [("name", "另一个")])
    draft.keep(session, Customer, 0, "tab-one-token", [*TYPED.items(), ("remark", "后来")])
    body = session.execute(select(Draft.__table__.c.body)).scalars().first()
    assert body is not None and "1420000" not in body and "陈" not in body
    assert {dict(kept.fields)["name"] for kept in draft.offered(session, Customer, 0)} == {"陈<小>妹", "另一个"}
    assert dict(draft.take(session, Customer, 0, "tab-one-token").fields)["remark"] == "后来"
    for elsewhere in ((Customer, 5), (Building, 0)):
        assert not draft.offered(session, *elsewhere)
    act(session, world.actor("group_admin"), frozen(NOW))
    assert not draft.offered(session, Customer, 0)
    with pytest.raises(Missing):
        draft.take(session, Customer, 0, "tab-one-token")
    draft.drop(session, "tab-one-token")
    act(session, world.actor("request_clerk"), frozen(NOW))
    assert len(draft.offered(session, Customer, 0)) == 2
    draft.drop(session, "tab-one-token")
    assert len(draft.offered(session, Customer, 0)) == 1


def test_old_ones_go_and_nobody_keeps_too_many_or_too_much(session: Session, world: World) -> None:
    act(session, world.actor("request_clerk"), frozen(NOW))
    draft.keep(session, Customer, 0, "long-ago", [("name", "旧")])
    act(session, world.actor("request_clerk"), frozen(NOW + KEPT + timedelta(hours=1)))
    assert not draft.offered(session, Customer, 0)
    for number in range(MOST + 3):
        draft.keep(session, Customer, 0, f"token-{number}", [("name", str(number))])
    assert len(session.execute(select(Draft.__table__.c.id)).all()) == MOST
    with pytest.raises(Refusal):
        draft.keep(session, Customer, 0, "too-much", [("name", "长" * LARGEST)])


def test_a_form_offers_it_continues_it_and_drops_it_once_saved(app: Flask, world: World) -> None:
    clerk = Console(app, "project_clerk", "zh")
    building = world.id("building", "lake-1")
    page = clerk.get(f"/building/edit/{building}").get_data(as_text=True)
    token = token_of(page)
    fields = {"name": "1号楼", "floors": "17", "project_id": str(world.id("project", "lake")), "_version": "1"}
    kept = clerk.send("/building/draft", _draft=token, _row=str(building), **fields)
    assert re.fullmatch(r"\d\d:\d\d", kept.get_json()["at"])
    again = clerk.get(f"/building/edit/{building}").get_data(as_text=True)
    assert "您有一份未保存的草稿" in again and token_of(again) != token
    assert "未保存的草稿" not in clerk.get("/building/add").get_data(as_text=True)
    assert "未保存的草稿" not in Console(app, "project_leader", "zh").get(f"/building/show/{building}").get_data(
        as_text=True
    )
    filled = clerk.get(f"/building/edit/{building}?_draft={token}").get_data(as_text=True)
    assert 'value="17"' in filled and f'name="_draft_from" value="{token}"' in filled and "data-dirty" in filled
    saved = clerk.send(f"/building/edit/{building}", _draft=token_of(filled), _draft_from=token, **fields)
    assert saved.status_code == 302
    assert "未保存的草稿" not in clerk.get(f"/building/edit/{building}").get_data(as_text=True)
    gone = clerk.get(f"/building/edit/{building}?_draft={token}").get_data(as_text=True)
    assert "该草稿已保存或已被放弃" in gone


def test_a_draft_of_an_older_version_meets_the_conflict(app: Flask, world: World) -> None:
    clerk, admin = Console(app, "project_clerk", "zh"), Console(app, "group_admin", "zh")
    building = world.id("building", "lake-1")
    fields = {"name": "1号楼", "project_id": str(world.id("project", "lake")), "_version": "1"}
    token = token_of(clerk.get(f"/building/edit/{building}").get_data(as_text=True))
    clerk.send("/building/draft", _draft=token, _row=str(building), floors="17", **fields)
    assert admin.send(f"/building/edit/{building}", floors="21", **fields).status_code == 302
    filled = clerk.get(f"/building/edit/{building}?_draft={token}").get_data(as_text=True)
    assert 'name="_version" value="1"' in filled
    answer = clerk.send(f"/building/edit/{building}", floors="17", **fields)
    assert answer.status_code == 409 and "他人已保存过此记录" in answer.get_data(as_text=True)


def test_it_is_kept_only_of_rows_one_may_write_and_discarded_only_by_its_writer(app: Flask, world: World) -> None:
    clerk = Console(app, "project_clerk", "zh")
    hidden, none = world.id("building", "bay-1"), 10**9
    answers = [
        clerk.send("/building/draft", _draft="a-token-of-mine", _row=str(key), name="x") for key in (hidden, none)
    ]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert clerk.send("/building/draft", _draft="short", _row="0").status_code == 400
    assert (
        Console(app, "project_leader", "zh").send("/building/draft", _draft="a-token-of-mine", _row="0").status_code
        == 403
    )
    clerk.send("/building/draft", _draft="a-token-of-mine", _row="0", name="草稿楼")
    Console(app, "group_admin", "zh").send("/building/draft/a-token-of-mine/discard")
    assert "未保存的草稿" in clerk.get("/building/add").get_data(as_text=True)
    back = clerk.send("/building/draft/a-token-of-mine/discard", here="/building/add")
    assert back.location == "/building/add"
    assert clerk.send("/building/draft/x/discard", here="//elsewhere.example").location == "/building/list/"
    assert "未保存的草稿" not in clerk.get("/building/add").get_data(as_text=True)


def test_a_saved_form_is_taken_back_from_its_toast(app: Flask, world: World) -> None:
    clerk = Console(app, "request_clerk", "zh")
    customer = world.id("customer", "chen")
    page = clerk.get(f"/customer/edit/{customer}").get_data(as_text=True)
    fields = dict(re.findall(r'<input[^>]* name="(\w+)"[^>]* value="([^"]*)"', page))
    fields |= {
        n: v for n, v in re.findall(r'<select[^>]* name="(\w+)"[^>]*>.*?<option value="(\w+)" selected', page, re.S)
    }
    fields.pop("csrf_token")
    saved = clerk.send(f"/customer/edit/{customer}", **{**fields, "name": "陈二鸣", "mobile": "14200009999"})
    assert saved.status_code == 302, saved.get_data(as_text=True)[-3000:]
    toast = clerk.get(saved.location).get_data(as_text=True)
    undo = re.search(r'data-post="(/customer/undo/[^"]+)"', toast)
    assert undo is not None
    assert clerk.send(undo.group(1)).location == f"/customer/show/{customer}"
    with Session(engine_of(app)) as own:
        act(own, world.actor("request_clerk"))
        row = own.get_one(Customer, customer)
        assert (row.name, row.mobile.plain(), row.version) == ("陈一鸣", "14200000000", 3)
        assert own.scalars(select(Customer.id).where(Customer.mobile_blind == row.mobile_blind)).all() == [customer]


def test_the_next_row_begins_with_what_repeats(app: Flask, world: World) -> None:
    clerk = Console(app, "project_clerk", "zh")
    unit = world.id("unit", "lake-1-1")
    room = {"unit_id": str(unit), "no": "901", "floor": "9", "sale_state": "sold", "_save_more": "1"}
    options = re.findall(
        r'<option value="(\w+)"', clerk.get("/room/add").get_data(as_text=True).partition('name="sale_state"')[2]
    )
    room["sale_state"] = options[1]
    saved = clerk.send("/room/add", **room)
    assert f"unit_id={unit}" in saved.location and f"sale_state={options[1]}" in saved.location
    assert "no=901" not in saved.location and "floor=" not in saved.location
    page = clerk.get(saved.location).get_data(as_text=True)
    assert "data-more" in page and re.search(rf'<option value="{options[1]}" selected', page)
