"""The outbox row is written with what happened, and only then."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.kernel.gaps import filled
from models.kernel.notice import Event, tell
from models.kernel.notice.event import EVENTS
from models.kernel.notice.outbox import NoticeOutbox, given_in
from models.kernel.session import act
from models.kernel.words import _
from models.property.room import Room
from tests.world import World

SNAG = Event(
    "test_outbox.snag",
    _("Snag found", "发现问题"),
    _("{record}: {what}", "{record}：{what}"),
    _("Due {due}, by {actor}.", "{actor} 要求 {due} 前完成。"),
    {"what": _("What", "内容"), "due": _("Due", "期限")},
)


@pytest.fixture
def room(session: Session, world: World) -> Room:
    act(session, world.actor("project_clerk"))
    return session.get_one(Room, world.id("room", "lake-1-1-101"))


def rows(session: Session) -> list[Any]:
    return list(session.execute(select(NoticeOutbox.__table__)))


def test_one_row_in_the_transaction_of_what_happened(session: Session, world: World, room: Room) -> None:
    clerk, people = world.actor("project_clerk"), world.accounts
    to = [people["finance"], people["project_leader"], people["finance"], None]
    values = {"what": _("A crack", "裂缝"), "due": date(2026, 12, 1)}
    tell(session, clerk, SNAG, to, room, values)
    session.rollback()
    assert not rows(session)
    key = tell(session, clerk, SNAG, to, room, values)
    session.commit()
    (row,) = rows(session)
    assert (row.id, row.event, row.table_name, row.row_id, row.told_at) == (key, SNAG.name, "room", room.id, None)
    assert json.loads(row.recipients) == sorted({people["finance"], people["project_leader"]})
    assert "101" in row.record and row.actor_name == clerk.name
    assert given_in(json.loads(row.given), "zh") == {"what": "裂缝", "due": "2026-12-01"}


def test_a_value_is_said_as_people_read_it(session: Session, world: World, room: Room) -> None:
    tell(
        session,
        world.actor("project_clerk"),
        SNAG,
        [],
        room,
        {"what": None, "due": datetime(2026, 1, 1, 4, tzinfo=UTC)},
    )
    assert json.loads(rows(session)[0].given) == {"what": "", "due": "2026-01-01 12:00"}


@pytest.mark.parametrize("values", [{}, {"what": "x"}, {"what": "x", "due": "y", "more": "z"}])
def test_fields_and_values_belong_together(session: Session, world: World, values: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="has the fields"):
        tell(session, world.actor("project_clerk"), SNAG, [], None, values)


def test_an_event_is_declared_once_and_names_its_fields() -> None:
    with pytest.raises(ValueError, match="twice"):
        Event(SNAG.name, SNAG.label, SNAG.label, SNAG.label)
    with pytest.raises(ValueError, match="no field"):
        Event("test_outbox.other", SNAG.label, _("{colour}", "{颜色}"), SNAG.label)
    with pytest.raises(ValueError, match="a name is like"):
        Event("Other", SNAG.label, SNAG.label, SNAG.label)
    assert "test_outbox.other" not in EVENTS


def test_gaps_take_names_only_and_values_are_not_looked_into() -> None:
    assert filled("{a} {a.__class__} {b}", {"a": "{b}", "b": "2"}) == "{b}  2"
