"""What people say about a row: scoped like the row, one's own to change, mentions told, all of it in the audit."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.kernel.actor import SYSTEM
from models.kernel.attachment import holder
from models.kernel.audit import AuditLog
from models.kernel.clock import frozen
from models.kernel.comment import change_comment, comment, comments_of, mentioned, one_comment, remove_comment
from models.kernel.notice.outbox import NoticeOutbox
from models.kernel.readers import Reader
from models.kernel.refusal import Denied, Missing, Refusal
from models.kernel.session import act
from tests.databases import BOTH
from tests.world import NOW, World

PEOPLE = [
    Reader(1, "zhang.san", "张三", ""),
    Reader(2, "zsf", "张三丰", ""),
    Reader(3, "li", "李四", ""),
    Reader(4, "li2", "李四", ""),
    Reader(5, "Ann-Lee", "Ann", ""),
]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("@张三 请看", [("张三", 1)]),
        ("请@张三丰看一下，@zhang.san 也看", [("张三丰", 2), ("zhang.san", 1)]),
        ("@张三看@张三", [("张三", 1)]),
        ("mail a.b@c.com, 3 @ 5", []),
        ("@ZHANG.SAN.", [("ZHANG.SAN", 1)]),
        ("@Ann, @ann-lee", [("Ann", 5), ("ann-lee", 5)]),
        ("@li2", [("li2", 4)]),
        ("no sign at all", []),
    ],
)
def test_who_is_mentioned(text: str, found: list[Any]) -> None:
    assert mentioned(text, PEOPLE) == found


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("@王五 看", "unknown_mention"),
        ("@李四", "ambiguous_mention"),
        ("@zhang.sanx", "unknown_mention"),
        ("@@", "unknown_mention"),
    ],
)
def test_who_cannot_be_mentioned(text: str, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        mentioned(text, PEOPLE)
    assert refused.value.code == code and refused.value.field == "text"


def at(session: Session, world: World, login: str, minutes: int = 0) -> None:
    act(session, world.actor(login), frozen(NOW + timedelta(minutes=minutes)))


@pytest.mark.parametrize("backend", BOTH)
def test_a_comment_is_scoped_like_its_row(session: Session, world: World) -> None:
    room = world.id("room", "lake-1-1-101")
    at(session, world, "project_leader")  # reads the room and may not write it
    key = comment(session, holder(session, "room", room), "钥匙在物业。")
    session.commit()
    assert comment(session, holder(session, "room", room), "钥匙在物业。") == key, "a retry adds none"
    at(session, world, "bay_clerk", 1)
    for refused in (
        lambda: comments_of(session, holder(session, "room", room)),
        lambda: comment(session, holder(session, "room", room), "x"),
        lambda: one_comment(session, key),
        lambda: change_comment(session, key, "x"),
        lambda: remove_comment(session, key),
    ):
        with pytest.raises(Missing):
            refused()
    at(session, world, "project_clerk", 1)
    assert [one.text for one in comments_of(session, holder(session, "room", room))] == ["钥匙在物业。"]
    for refused in (lambda: change_comment(session, key, "x"), lambda: remove_comment(session, key)):
        with pytest.raises(Denied):
            refused()
    act(session, SYSTEM, frozen(NOW))
    with pytest.raises(Denied):
        comment(session, holder(session, "room", room), "by nobody")


@pytest.mark.parametrize("backend", BOTH)
def test_changing_and_taking_back(session: Session, world: World) -> None:
    room = world.id("room", "lake-1-1-101")
    at(session, world, "project_clerk")
    key = comment(session, holder(session, "room", room), "一")
    at(session, world, "project_clerk", 14)
    change_comment(session, key, "二")
    at(session, world, "project_clerk", 16)
    with pytest.raises(Refusal) as late:
        change_comment(session, key, "三")
    assert late.value.code == "too_late" and "15 minutes" in str(late.value)
    for empty in ("", "  \n ", None):
        with pytest.raises(Refusal):
            comment(session, holder(session, "room", room), empty)
    with pytest.raises(Refusal):
        comment(session, holder(session, "room", room), "长" * 4001)
    at(session, world, "regional_admin", 20)
    remove_comment(session, key)
    session.commit()
    (left,) = comments_of(session, holder(session, "room", room))
    assert left.deleted_by_id == world.accounts["regional_admin"] and left.text == "二"
    with pytest.raises(Missing):
        remove_comment(session, key)
    lines = session.execute(select(AuditLog.action, AuditLog.changes).where(AuditLog.action.like("comment%"))).all()
    assert [action for action, _changes in lines] == ["comment", "comment_change", "comment_remove"]
    assert json.loads(lines[1][1]) == {"comment_id": [None, key], "comment": ["一", "二"]}


@pytest.mark.parametrize("backend", BOTH)
def test_a_mention_tells_the_person_once(session: Session, world: World) -> None:
    room = world.id("room", "lake-1-1-101")
    at(session, world, "project_clerk")
    row = holder(session, "room", room)
    with pytest.raises(Refusal) as unknown:
        comment(session, row, "@bay_clerk 请看")
    with pytest.raises(Refusal) as nobody:
        comment(session, row, "@nobody_at_all 请看")
    assert str(unknown.value).replace("bay_clerk", "") == str(nobody.value).replace("nobody_at_all", "")
    key = comment(session, row, "@project_leader @project_clerk 请看")
    change_comment(session, key, "@project_leader @finance 请再看")
    session.commit()
    told = session.execute(
        select(NoticeOutbox.event, NoticeOutbox.recipients, NoticeOutbox.given, NoticeOutbox.row_id)
    ).all()
    assert [json.loads(one.recipients) for one in told] == [
        [world.accounts["project_leader"]],
        [world.accounts["finance"]],
    ]
    assert {one.event for one in told} == {"comment.mentioned"} and {one.row_id for one in told} == {room}
    assert "请再看" in told[1].given
