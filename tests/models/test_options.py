"""Option lists: which value holds where and when, what a row keeps, and what is refused."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.customer.customer_tag import CustomerTag
from models.customer.visit_record import VisitRecord
from models.kernel import entry
from models.kernel.actor import SYSTEM
from models.kernel.clock import frozen
from models.kernel.dict_item import DictItem
from models.kernel.guard import remove
from models.kernel.option_values import choices, words_of
from models.kernel.refusal import Refusal
from models.kernel.session import act
from models.kernel.words import Words
from seeds.reference import options
from tests.world import NOW, World

LIST = "visit_purpose"
TODAY = NOW.date()


@pytest.fixture
def lists(session: Session, world: World) -> Session:
    act(session, SYSTEM, frozen(NOW))
    assert options.seed(session) > 10
    assert options.seed(session) == 0
    session.commit()
    return session


def item(session: Session, world: World, place: str, code: str, zh: str, **more: Any) -> DictItem:
    values = {"enabled": True, "from_day": TODAY, **more}
    row = DictItem(dict_code=LIST, code=code, label_zh=zh, label_en=f"{zh} en", node_id=world.nodes[place][0], **values)
    session.add(row)
    session.flush()
    return row


def codes(session: Session, world: World, place: str, on: date = TODAY) -> list[str]:
    return [each.code for each in choices(session, LIST, world.nodes[place][1], on)]


def visit(session: Session, world: World, purpose: object, place: str = "lake") -> Any:
    values = {
        "project_id": world.id("project", place),
        "customer_id": world.id("customer", "chen"),
        "visited_at": "2025-06-01 10:00",
        "purpose": purpose,
    }
    return entry.add(session, VisitRecord, values)


def test_the_nearest_place_wins_and_switches_off(lists: Session, world: World) -> None:
    assert codes(lists, world, "lake") == ["care", "handover", "complaint", "survey", "other"]
    item(lists, world, "hangzhou", "survey", "调研", enabled=False)
    item(lists, world, "hangzhou", "care", "关怀走访", sort=15)
    item(lists, world, "lake", "open_day", "工地开放日", sort=99)
    assert codes(lists, world, "lake") == ["care", "handover", "complaint", "other", "open_day"]
    assert codes(lists, world, "hill") == ["care", "handover", "complaint", "other"]
    assert codes(lists, world, "bay") == ["care", "handover", "complaint", "survey", "other"]
    assert words_of(lists, LIST, "care", world.nodes["lake"][1], TODAY) == Words("关怀走访 en", "关怀走访")
    assert words_of(lists, LIST, "care", world.nodes["bay"][1], TODAY) == Words("Care", "日常关怀")


def test_what_is_not_overridable_stays(lists: Session, world: World) -> None:
    item(lists, world, "group", "fixed", "统一", overridable=False)
    with pytest.raises(Refusal, match="leaves it to no lower level"):
        item(lists, world, "hangzhou", "fixed", "本地")
    lists.rollback()
    item(lists, world, "hangzhou", "fixed", "本地")  # was there before the group took it over
    item(lists, world, "group", "fixed", "统一", overridable=False)
    assert words_of(lists, LIST, "fixed", world.nodes["lake"][1], TODAY) == Words("统一 en", "统一")


def test_dates_are_those_of_the_entry_and_history_is_kept(lists: Session, world: World) -> None:
    item(lists, world, "group", "summer", "夏季", until_day=TODAY)
    old = visit(lists, world, "summer")
    item(lists, world, "group", "care", "关爱", from_day=TODAY + timedelta(days=10))
    lists.commit()
    act(lists, SYSTEM, frozen(NOW + timedelta(days=20)))
    clerk = world.actor("project_clerk")
    act(lists, clerk, frozen(NOW + timedelta(days=20)))
    entry.change(lists, old, {"topic": "改主题"}, old.version)  # keeps what has ended since
    entry.change(lists, old, {"purpose": "夏季"}, old.version)
    assert old.purpose == "summer"
    entry.change(lists, old, {"purpose": "care"}, old.version)
    entry.change(lists, old, {"purpose": "summer"}, old.version)  # judged by its entry, when it still was in force
    with pytest.raises(Refusal, match="not in the list"):
        visit(lists, world, "summer")
    lists.rollback()
    new = visit(lists, world, "关爱")
    assert new.purpose == "care"
    path, then = world.nodes["lake"][1], TODAY
    assert words_of(lists, LIST, "care", path, then) == Words("Care", "日常关怀")
    assert words_of(lists, LIST, "care", path, then + timedelta(days=20)) == Words("关爱 en", "关爱")
    assert words_of(lists, LIST, "summer", path, then + timedelta(days=20)) == Words("夏季 en", "夏季")


def test_an_unchanged_form_in_either_language_writes_nothing(lists: Session, world: World) -> None:
    row = visit(lists, world, "投诉沟通")
    assert row.purpose == "complaint"
    before = row.version
    for written in ("complaint", "投诉沟通", "Complaint"):
        entry.change(lists, row, {"purpose": written}, row.version)
    assert row.version == before


def test_a_list_belongs_to_the_place_of_the_row(lists: Session, world: World) -> None:
    item(lists, world, "lake", "open_day", "工地开放日")
    act(lists, world.actor("project_clerk"), frozen(NOW))
    assert visit(lists, world, "工地开放日").purpose == "open_day"
    act(lists, world.actor("bay_clerk"), frozen(NOW))
    with pytest.raises(Refusal) as refused:
        visit(lists, world, "open_day", "bay")
    assert {one.field for one in refused.value.all()} >= {"purpose"}


def test_what_is_used_is_switched_off_not_deleted(lists: Session, world: World) -> None:
    row = item(lists, world, "hangzhou", "gift", "送礼")
    visit(lists, world, "gift")
    lists.commit()
    with pytest.raises(Refusal, match=r"1 Visits use it\. Switch it off"):
        remove(lists, row)
    lists.rollback()
    group = lists.scalars(select(DictItem).where(DictItem.code == "care", DictItem.dict_code == LIST)).one()
    visit(lists, world, "care")
    over = item(lists, world, "hangzhou", "care", "关怀走访")
    remove(lists, over)  # the group's covers those rows
    with pytest.raises(Refusal, match="use it"):
        remove(lists, group)


def test_codes_stay_and_no_value_belongs_under_itself(lists: Session, world: World) -> None:
    upper = item(lists, world, "group", "a", "甲")
    lower = item(lists, world, "hangzhou", "b", "乙", parent_id=upper.id)
    lists.commit()
    upper.parent_id = lower.id
    with pytest.raises(Refusal):  # below it in the tree
        lists.flush()
    lists.rollback()
    other = item(lists, world, "group", "b", "乙总")
    lists.commit()
    upper = lists.get_one(DictItem, upper.id)
    upper.parent_id = other.id
    with pytest.raises(Refusal, match="belongs under it already"):
        lists.flush()
    lists.rollback()
    upper = lists.get_one(DictItem, upper.id)
    upper.code = "z"
    with pytest.raises(Refusal, match="records keep the code"):
        lists.flush()
    lists.rollback()


def test_tags_follow_the_list_of_their_customer(lists: Session, world: World) -> None:
    act(lists, world.actor("service_manager"), frozen(NOW))
    row: Any = entry.add(lists, CustomerTag, {"customer_id": world.id("customer", "chen"), "tag": "投诉敏感"})
    assert row.tag == "sensitive"
    with pytest.raises(Refusal, match="not in the list"):
        entry.add(lists, CustomerTag, {"customer_id": world.id("customer", "chen"), "tag": "随便写的"})
