"""A form sent after its session had ended comes back filled, to its writer only, and is not saved by coming back."""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.customer.customer import Customer
from tests.console import Console, engine_of
from tests.world import PASSWORD, World

HERE = {"Origin": "http://localhost"}


def typed(world: World, login: str, **fields: str) -> dict[str, str]:
    """What a browser sends from the form that `login` opened."""
    return {"_by": str(world.accounts[login]), "name": "没存 <b>上</b>", "kind": "person", **fields}


def sent_too_late(app: Flask, url: str, fields: dict[str, Any], **headers: str) -> tuple[Console, Any]:
    """Sends a form whose session has ended."""
    person = Console(app, None, "zh")
    return person, person.client.post(url, data={"csrf_token": "old", **fields}, headers={**HERE, **headers})


def kept_by(page: str) -> str:
    found = re.search(r'name="_kept" value="([^"]*)"', page)
    return unescape(found.group(1)) if found else ""


def customers(app: Flask) -> int:
    with Session(engine_of(app)) as own:
        return own.scalar(select(func.count()).select_from(Customer.__table__)) or 0


def test_what_was_typed_comes_back_after_signing_in(app: Flask, world: World) -> None:
    before = customers(app)
    person, answer = sent_too_late(app, "/customer/add", typed(world, "request_clerk", csrf_token="old"))
    page = answer.get_data(as_text=True)
    assert answer.status_code == 401 and "您填写的内容已保留" in page
    kept = kept_by(page)
    assert ("name", "没存 <b>上</b>") in parse_qsl(kept) and "old" not in kept
    wrong = person.send("/login/?next=/customer/add", username="request_clerk", password="no", _kept=kept)
    assert wrong.status_code == 401 and kept_by(wrong.get_data(as_text=True)) == kept
    back = person.send("/login/?next=/customer/add", username="request_clerk", password=PASSWORD, _kept=kept)
    page = back.get_data(as_text=True)
    assert back.status_code == 200 and 'action="/customer/add"' in page and 'name="_resume" value="1"' in page
    assert "没存 &lt;b&gt;上&lt;/b&gt;" in page and PASSWORD not in page
    form = person.send("/customer/add", _resume="1", **typed(world, "request_clerk"))
    page = form.get_data(as_text=True)
    assert form.status_code == 200 and 'value="没存 &lt;b&gt;上&lt;/b&gt;"' in page and "尚未保存" in page
    assert "data-dirty" in page and 'name="_resume"' not in page  # the next press saves
    assert customers(app) == before


def test_an_edited_row_comes_back_with_the_version_it_was_opened_with(app: Flask, world: World) -> None:
    key = world.id("building", "lake-1")
    person = Console(app, "group_admin", "zh")
    fields = {"_by": str(world.accounts["group_admin"]), "_version": "7", "name": "另一名"}
    page = person.send(f"/building/edit/{key}", _resume="1", **fields).get_data(as_text=True)
    assert 'name="_version" value="7"' in page and 'value="另一名"' in page


def test_nobody_gets_what_another_typed(app: Flask, world: World) -> None:
    person, answer = sent_too_late(app, "/customer/add", typed(world, "request_clerk"))
    kept = kept_by(answer.get_data(as_text=True))
    other = person.send("/login/?next=/customer/add", username="project_clerk", password=PASSWORD, _kept=kept)
    assert other.status_code == 302 and other.location == "/customer/add"


@pytest.mark.parametrize("kept", ["", "{", "_by", "_by=", "%", "%ff%00=&&==", "a=b&" * 3000])
def test_mangled_keepings_are_none(app: Flask, world: World, kept: str) -> None:
    person = Console(app, None)
    answer = person.send("/login/?next=/customer/add", username="request_clerk", password=PASSWORD, _kept=kept)
    assert answer.status_code == 302


def test_a_foreign_page_s_form_is_not_kept(app: Flask, world: World) -> None:
    for origin in ("https://elsewhere.example", "null", ""):
        _person, answer = sent_too_late(app, "/customer/add", typed(world, "request_clerk"), Origin=origin)
        assert answer.status_code == 400 and "_kept" not in answer.get_data(as_text=True)


def test_pages_that_ask_for_passwords_or_act_at_once_take_no_part(app: Flask, world: World) -> None:
    by = {"_by": str(world.accounts["group_admin"])}
    for url in (
        "/password",
        f"/user_profile/{world.id('user_profile', 'finance')}/password",
        "/customer/delete/1",
        "/logout/",
    ):
        _person, answer = sent_too_late(app, url, {**by, "password": "secret-word"})
        assert answer.status_code == 400 and "secret-word" not in answer.get_data(as_text=True), url
    person = Console(app, None)
    kept = urlencode({**by, "pk": "1"})
    for target in ("/customer/delete/1", "/customer/delete", "//elsewhere.example/customer/add", "/nowhere"):
        answer = person.send(f"/login/?next={target}", username="group_admin", password=PASSWORD, _kept=kept)
        assert answer.status_code == 302, target
        person.send("/logout/")


def test_a_form_of_an_earlier_session_of_the_same_person_comes_back(app: Flask, world: World) -> None:
    """They signed out and in again in another tab."""
    before, person = customers(app), Console(app, "request_clerk", "zh")
    fields = typed(world, "request_clerk", csrf_token="of before")
    answer = person.client.post("/customer/add", data=fields, headers=HERE)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 200 and 'value="没存 &lt;b&gt;上&lt;/b&gt;"' in page and "尚未保存" in page
    for by in ("project_clerk", None):
        other = {**fields, "_by": str(world.accounts[by]) if by else ""}
        assert person.client.post("/customer/add", data=other, headers=HERE).status_code == 400
    assert person.client.post("/customer/add", data=fields, headers={"Origin": "https://x.example"}).status_code == 400
    assert customers(app) == before


def test_a_pattern_of_rooms_comes_back_undrawn(app: Flask, world: World) -> None:
    person, key = Console(app, "project_clerk", "zh"), world.id("project", "lake")
    page = person.send(f"/generate/{key}", _resume="1", buildings="77-78").get_data(as_text=True)
    assert "77-78" in page and "尚未保存" in page
