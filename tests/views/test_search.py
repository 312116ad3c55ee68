"""The quick search of a list against the plain law of substrings; look-ups by path; the palette by right."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.customer.customer import Customer
from models.kernel.bulk import insert_rows
from models.kernel.tokens import folded, readings, words_of
from models.property.building import Building
from models.property.project import Project
from models.property.room import Room
from tests.console import Console
from tests.databases import BOTH
from tests.world import World
from views.kernel import hits
from views.kernel.listing import Asked, Listing
from views.kernel.lookup import look_up

NAMES = (
    "王伟", "欧阳明月", "曾伟", "A座", "a座 12", "100%", "50_50", "AND", "OR NOT", 'NEAR("x")', "*星*", "(北区)", "😀楼",
    "1201", "12-01", "O'Neil", "back\\slash", "Ｂ栋", "吕布", "a" * 30, "Straße",
)  # fmt: skip


def spoken_so(name: str, word: str) -> bool:
    """Whether a word is how a name is typed in letters, from any character on: the second law, written out again."""
    for run in folded(name).split():
        for at in range(len(run)):
            if readings(run[at]) and _reads(run[at:], word, whole=None):
                return True
            if at == 0 and not run.isascii() and _reads(run, word, whole=None):
                return True
    return False


def _reads(run: str, word: str, whole: bool | None) -> bool:
    if not word or not run:
        return not word
    said = readings(run[0])
    if not said:
        return word[0] == run[0] and _reads(run[1:], word[1:], whole)
    ways = [(one, True) for one in said] + [(one[0], False) for one in said]
    return any(
        (word.startswith(way) and _reads(run[1:], word[len(way) :], full)) or (full and way.startswith(word))
        for way, full in ways
        if whole in (None, full)
    )


@pytest.mark.parametrize("backend", BOTH, indirect=True)
@pytest.mark.parametrize("few", [hits.FEW, 2], ids=["by key", "on the way down"])
def test_the_quick_search_finds_what_stands_there(
    session: Session, world: World, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both ways of answering find the same rows as a search with the naked eye, whatever is typed."""
    monkeypatch.setattr(hits, "FEW", few)
    monkeypatch.setattr(hits, "OF_ONE", 1)
    lake, hill = (session.scalars(select(Project).where(Project.name == n)).one().id for n in ("湖畔花园", "云栖山居"))
    for place, project in enumerate((lake, hill)):
        rows = [{"project_id": project, "name": name} for name in NAMES[place:]]
        insert_rows(session, Building, rows)
    every = list(session.execute(select(Building.id, Building.name)))

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.one_of(st.sampled_from(NAMES), st.text("王伟欧曾aA座1290%_-*\"'()\\😀布lbwzn ", min_size=1, max_size=5)))
    def agrees(typed: str) -> None:
        words = words_of(typed)
        if not words:
            return
        expected = {
            key
            for key, name in every
            if all(any(w in run for run in folded(name).split()) or spoken_so(name, w) for w in words)
        }
        listing = Listing(session, Building, Asked(search=typed, size=200))
        lines = [line.pk for line in listing.page().lines]
        assert sorted(lines) == sorted(expected), (typed, [n for k, n in every if k in expected ^ set(lines)])
        assert Listing(session, Building, Asked(search=typed)).count() == len(expected)

    agrees()


def look(session: Session, typed: str) -> list[str]:
    """What a look-up of rooms shows."""
    return [item["text"] for item in look_up(session, Room, typed, [])["items"]]


@pytest.mark.parametrize("backend", BOTH, indirect=True)
def test_rooms_are_found_by_their_path_and_parts_of_it(session: Session, world: World) -> None:
    room = session.scalars(select(Room).order_by(Room.id)).first()
    assert room is not None
    building, unit = room.unit.building.name, room.unit.name
    whole = f"{building} {unit} {room.no}"
    figures = ["".join(c for c in part if c.isdigit()) for part in (building, unit)]
    for typed in (whole, "-".join([*figures, room.no]), f"{building} {room.no}", f"{room.project.name} {room.no}"):
        assert look(session, typed)[0] == whole, typed
    assert look(session, "没有的楼 " + room.no) == []


def test_a_place_in_the_tree_is_told_by_what_it_is_and_what_it_lies_in(app: Flask, world: World) -> None:
    for language, kind in (("zh", "公司"), ("en", "Company")):
        found = Console(app, "group_admin", language).get("/node/lookup?q=杭州").get_json()["items"]
        assert [item["detail"] for item in found if item["text"] == "杭州公司"] == [f"{kind} · 华东区域"]


def test_a_look_up_shows_nothing_out_of_scope_and_narrows_along_the_refs(app: Flask, world: World) -> None:
    clerk, admin = Console(app, "project_clerk"), Console(app, "group_admin")
    found: Any = admin.get("/project/lookup?q=yqsj").get_json()["items"]
    assert [item["text"] for item in found] == ["云栖山居"]
    assert all("云栖" not in item["text"] for item in clerk.get("/project/lookup?q=yq").get_json()["items"])
    key = found[0]["id"]
    inside = admin.get(f"/room/lookup?_of_project={key}").get_json()["items"]
    assert inside
    assert all("云栖山居" in item["detail"] for item in inside)
    assert clerk.get(f"/room/lookup?_of_project={key}").get_json()["items"] == []


def test_the_palette_finds_phones_by_right_and_never_tells_of_others(app: Flask, world: World) -> None:
    with app.app_context():
        own = app.appbuilder.session()  # type: ignore[attr-defined]
        from models.kernel.actor import SYSTEM
        from models.kernel.session import act

        act(own, SYSTEM)
        customer = own.scalars(select(Customer).where(Customer.mobile.is_not(None)).order_by(Customer.id)).first()
        phone, key = customer.mobile.plain(), customer.id
        own.remove() if hasattr(own, "remove") else own.close()
    for typed in (phone, phone[-4:]):
        hits_of = Console(app, "group_admin").get(f"/api/v1/search/?q={typed}").get_json()["result"]
        assert ("customer", key) in {(hit["table"], hit["id"]) for hit in hits_of}
        assert phone not in str([hit["label"] for hit in hits_of])
        none = Console(app, "contractor").get(f"/api/v1/search/?q={typed}").get_json()["result"]
        assert "customer" not in {hit["table"] for hit in none}


def test_the_palette_offers_what_one_may_do(app: Flask, world: World) -> None:
    clerk, leader = Console(app, "request_clerk"), Console(app, "group_leader")

    def urls(who: Console, typed: str) -> set[str]:
        return {hit["url"] for hit in who.get(f"/palette.json?q={quote(typed)}").get_json()}

    assert "/customer/add" in urls(clerk, "xzkh")
    assert "/customer/add" in urls(clerk, "新增 客户")
    assert "/customer/add" not in urls(leader, "xzkh")
    assert "/room/list/" in urls(leader, "fj")


def test_what_was_opened_last_comes_back(app: Flask, world: World) -> None:
    one = Console(app, "group_admin")
    key = one.get("/project/lookup?q=hphy").get_json()["items"][0]["id"]
    one.get(f"/project/show/{key}")
    assert [hit["label"] for hit in one.get("/palette.json").get_json()] == ["湖畔花园"]
