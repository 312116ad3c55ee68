"""The door's book: one page with everything about a home, derived from what points at it, in the reader's rights."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from models.customer.ownership import Ownership
from models.customer.visit_record import VisitRecord
from models.kernel.actor import SYSTEM
from models.kernel.clock import frozen
from models.kernel.registry import pointing_at
from models.kernel.session import act
from models.kernel.words import _
from tests.console import Console, engine_of
from tests.world import NOW, World
from views.kernel.cells import Cell
from views.pages.property import book
from views.pages.property.book import Chapter, chapter


def text_of(app: Flask, login: str, room: int, language: str = "zh") -> str:
    answer = Console(app, login, language).get(f"/room/{room}/book")
    assert answer.status_code == 200
    return str(answer.get_data(as_text=True))


def test_owners_contacts_and_money_stand_on_one_page(app: Flask, world: World) -> None:
    room = world.id("room", "lake-1-1-101")
    page = text_of(app, "project_clerk", room)
    assert "1号楼 1单元 101" in page and "湖畔花园" in page
    assert "陈一鸣" in page and "142****0000" in page and "14200000000" not in page
    assert "陈美玲" in page and "配偶" in page and "142****1000" in page
    assert "100.00 %" in page and "98.50" in page and "主业主" in page
    assert f"/room/{room}/book</p>" in page and ' class="qr"' in page


def test_former_owners_stay_in_the_book_with_their_time(app: Flask, world: World) -> None:
    room = world.id("room", "lake-1-1-102")
    with Session(engine_of(app)) as own:
        act(own, SYSTEM, frozen(NOW))
        for who, from_, until in (("lin", date(2020, 1, 1), date(2023, 3, 31)), ("he", date(2023, 4, 1), None)):
            key = world.id("customer", who)
            own.add(Ownership(room_id=room, customer_id=key, share=100, is_main=True, from_day=from_, until_day=until))
        own.commit()
    page = text_of(app, "project_clerk", room)
    former = page.partition("历任业主")[2].partition("</ol>")[0]
    assert "林晓雨" in former and "2020-01-01 – 2023-03-31" in former and "何静怡" not in former


def test_every_table_that_points_at_a_room_is_a_chapter(app: Flask, world: World) -> None:
    room = world.id("room", "lake-1-1-101")
    with Session(engine_of(app)) as own:
        act(own, SYSTEM, frozen(NOW))
        visit = VisitRecord(
            project_id=world.id("project", "lake"),
            customer_id=world.id("customer", "chen"),
            room_id=room,
            visited_at=NOW,
            result="窗户已修",
        )
        own.add(visit)
        own.commit()
    page = text_of(app, "group_admin", room)
    for cls, _column in pointing_at("room"):
        assert cls.screen.name.zh in page, cls.__tablename__
    assert "窗户已修" in page and f"/owner_archive/add?room_id={room}" in page


@pytest.fixture
def declared() -> Iterator[dict[str, Chapter]]:
    before = dict(book._chapters)
    yield book._chapters
    book._chapters.clear()
    book._chapters.update(before)


def test_an_area_may_declare_a_chapter_of_its_own(app: Flask, world: World, declared: dict[str, Chapter]) -> None:
    def build(_session: Session, room: Any) -> dict[str, Any]:
        return {
            "title": _("Clocks", "保修时钟"),
            "facts": [{"label": _("Water", "防水"), "cell": Cell("text", f"至 {room.no}")}],
        }

    chapter(Chapter("clocks", "room", build))
    chapter(Chapter("owner_archive", "owner_archive", lambda _session, _room: None))
    page = text_of(app, "project_clerk", world.id("room", "lake-1-1-101"))
    assert "保修时钟" in page and "至 101" in page and "业主档案" not in page.partition("<main")[2]


def test_who_may_not_read_owners_sees_the_home_without_them(app: Flask, world: World) -> None:
    page = text_of(app, "contractor", world.id("room", "lake-1-1-101"))
    assert "陈一鸣" not in page and "142****" not in page and 'id="owners"' not in page and "98.50" in page
    card = Console(app, "contractor", "zh").get(f"/roomgrid/card/{world.id('room', 'lake-1-1-101')}")
    assert "陈" not in card.get_data(as_text=True) and "业主" not in card.get_data(as_text=True)


def test_adding_from_the_book_leads_back_to_it(app: Flask, world: World) -> None:
    room = world.id("room", "lake-1-1-102")
    clerk = Console(app, "project_clerk", "zh")
    url = f"/owner_archive/add?room_id={room}&_back=/room/{room}/book"
    assert url.replace("&", "&amp;") in clerk.get(f"/room/{room}/book").get_data(as_text=True)
    done = clerk.send(
        "/owner_archive/add", room_id=str(room), archive_no="A-1", kind="other", _back=f"/room/{room}/book"
    )
    assert (done.status_code, done.location) == (302, f"/room/{room}/book")
    assert "A-1" in clerk.get(f"/room/{room}/book").get_data(as_text=True)
