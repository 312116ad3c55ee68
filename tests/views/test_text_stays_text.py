"""Markup in any field stays text wherever it is shown, and a mangled address is answered with a usable page."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from flask import Flask
from sqlalchemy import update
from sqlalchemy.orm import Session

from models.kernel.registry import infos, tables
from tests.console import Console, engine_of
from tests.world import World

EVIL = """</script></title>"><img src=x onerror=e()><b onclick='e()'>{{7*7}}"""
LIVE = re.compile(r"<img src=x|<b onclick|</script></title>\"|\b49\b<")


def spoil(app: Flask) -> None:
    """Puts markup into every free text of every declared table, past the rules: as an old import might have left it."""
    with Session(engine_of(app)) as own:
        for cls in tables().values():
            bare = cls.__table__
            keyed = bare.c.id.cast(bare.c.name.type if "name" in bare.c else bare.c.id.type)
            texts = {
                name: keyed.concat(EVIL) if name in cls.screen.key else EVIL
                for name, known in infos(cls).items()
                if known.kind in ("text", "prose") and not known.system and name not in ("login", "code", "email")
            }
            if texts and cls.__tablename__ != "node":
                own.execute(update(bare).values(texts))
        own.execute(update(tables()["node"].__table__).values(name=EVIL))
        own.commit()


def test_markup_is_never_live(app: Flask, world: World) -> None:
    spoil(app)
    admin = Console(app, "group_admin", "zh")
    room, chen = world.id("room", "lake-1-1-101"), world.id("customer", "chen")
    lake, building = world.id("project", "lake"), world.id("building", "lake-1")
    shown = 0
    for path in (
        "/", "/tree/", "/place", "/me", "/room/list/", f"/room/show/{room}", f"/room/edit/{room}", f"/room/{room}/book",
        f"/roomgrid/{building}", f"/roomgrid/card/{room}", f"/roomgrid/project/{lake}", f"/roomgrid/{building}/labels",
        "/customer/list/", f"/customer/show/{chen}", f"/customer/edit/{chen}", f"/customer/{chen}/360",
        f"/project/show/{lake}", f"/generate/{lake}", f"/building/edit/{building}", "/customer_contact/list/",
        f"/tree/move/project/{lake}", "/building/list/", "/unit/list/", "/ownership/list/",
    ):  # fmt: skip
        answer = admin.get(path)
        text = answer.get_data(as_text=True)
        assert answer.status_code == 200, path
        assert not LIVE.search(text), (path, LIVE.search(text))
        shown += "onerror" in text
    assert shown > 15, "the pages were to show it, as text"


def test_markup_in_toasts_and_questions_stays_text(app: Flask, world: World) -> None:
    spoil(app)
    admin = Console(app, "group_admin", "zh")
    key = world.id("customer_contact", "chen")
    asked = admin.get(f"/customer_contact/show/{key}").get_data(as_text=True)
    assert "data-confirm=" in asked and not LIVE.search(asked)
    done = admin.send(f"/customer_contact/delete/{key}")
    told = admin.get(done.location).get_data(as_text=True)
    assert 'class="toast' in told and "onerror" in told and not LIVE.search(told)


MANGLED = (
    "",
    "'",
    '"><i id=q>',
    "%00",
    "-1",
    "9" * 40,
    "²",
    "a,b,,",
    "../../etc",
    "{{7*7}}",
    "1;DROP TABLE room",
    "\u202e",
    "[]",
)


@pytest.mark.parametrize(
    ("path", "arguments"),
    [
        ("/room/list/", ("ids", "q", "_cols", "_after", "_before", "_oc_RoomView", "page_RoomView", "psize_RoomView",
                         "_flt_0_floor", "_flt_9_no", "_flt_0_nosuch", "_flt__", "view")),
        ("/roomgrid/{building}", ("by", "only", "below")),
        ("/roomgrid/{building}/labels", ("ids",)),
        ("/room/{room}/book", ("before", "timeline")),
        ("/customer/{chen}/360", ("before", "timeline")),
        ("/customer/add", ("node_id", "name", "_back")),
        ("/tree/", ("x",)),
        ("/login/", ("next",)),
    ],
)  # fmt: skip
def test_mangled_arguments_give_a_usable_page(app: Flask, world: World, path: str, arguments: tuple[str, ...]) -> None:
    admin = Console(app, "group_admin", "zh")
    path = path.format(
        building=world.id("building", "lake-1"),
        room=world.id("room", "lake-1-1-101"),
        chen=world.id("customer", "chen"),
    )
    for name in arguments:
        for value in MANGLED:
            raw = value if value == "%00" else quote(value)
            answer = admin.get(f"{path}?{quote(name)}={raw}")
            assert answer.status_code in (200, 302), (path, name, value, answer.status_code)
            text = answer.get_data(as_text=True)
            assert answer.status_code == 302 or "<main" in text, (path, name, value)
            assert '"><i id=q>' not in text and "Traceback" not in text, (path, name, value)
