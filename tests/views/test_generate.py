"""The page that generates rooms: it draws before it writes, and writes what it drew."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.kernel.actor import SYSTEM
from models.kernel.session import act
from models.property.generation import LineRule, Pattern, compare, grid, plan
from models.property.room import Room
from models.property.room_pattern import RoomPattern
from tests.console import Console, engine_of
from tests.world import World
from views.pages.property.pattern_form import drawn, tables_of, typed_of

TYPED = {
    "buildings": "3",
    "building_name": "{n}号楼",
    "units": "1",
    "first": "1",
    "last": "3",
    "lines": "2",
    "rules-0-lines": "1",
    "rules-0-layout": "A户型",
    "rules-1-layout": "新户型",
}


def hidden(page: str) -> dict[str, str]:
    """Returns what the preview carries on to the next press."""
    return dict(re.findall(r'type="hidden" name="(_pattern|_digest)" value="([^"]+)"', page))


def rooms(app: Flask) -> int:
    with Session(engine_of(app)) as own:
        act(own, SYSTEM)
        return own.scalar(select(func.count()).select_from(Room)) or 0


@pytest.fixture
def at(world: World) -> str:
    return f"/generate/{world.id('project', 'lake')}"


def test_it_draws_without_writing_and_then_writes_what_it_drew(app: Flask, world: World, at: str) -> None:
    clerk, before = Console(app, "project_clerk", "zh"), rooms(app)
    preview = clerk.send(at, **TYPED, _preview="1")
    page = preview.get_data(as_text=True)
    assert preview.status_code == 200
    assert page.count('<td class="room new"') == 6
    assert page.count('<td class="room other"') == 10
    assert "将新建 1 个楼栋：3号楼。" in page and "将新建户型：新户型" in page and "生成 6 套房间" in page
    assert rooms(app) == before

    done = clerk.send(at, **TYPED, **hidden(page), _apply="1")
    key = world.id("project", "lake")
    assert (done.status_code, done.headers["Location"]) == (302, f"/room/list/?_flt_0_project_id={key}")
    assert rooms(app) == before + 6
    listed = clerk.get(done.headers["Location"]).get_data(as_text=True)
    assert "已生成 6 套房间" in listed and "16 条" in listed

    kept = clerk.get(at).get_data(as_text=True)
    assert 'name="buildings" value="3"' in kept and 'value="{n}号楼"' in kept and 'value="新户型"' in kept
    again = clerk.send(at, **TYPED, _preview="1").get_data(as_text=True)
    assert again.count('<td class="room exists"') == 6 and "没有需要生成的房间" in again
    assert "disabled" in re.search(r'<button[^>]*name="_apply"[^>]*>', again)[0]  # type: ignore[index]


def test_rooms_that_changed_meanwhile_are_shown_again(app: Flask, world: World, at: str) -> None:
    one, other = Console(app, "project_clerk", "zh"), Console(app, "group_admin", "zh")
    first = hidden(one.send(at, **TYPED, _preview="1").get_data(as_text=True))
    second = hidden(other.send(at, **TYPED, _preview="1").get_data(as_text=True))
    assert first == second
    assert other.send(at, **TYPED, **second, _apply="1").status_code == 302
    before = rooms(app)
    late = one.send(at, **TYPED, **first, _apply="1")
    page = late.get_data(as_text=True)
    assert late.status_code == 409 and "预览之后，该项目的房间有了变化" in page
    assert page.count('<td class="room exists"') == 6
    assert rooms(app) == before


def test_a_pattern_changed_after_its_preview_is_shown_first(app: Flask, world: World, at: str) -> None:
    clerk, before = Console(app, "project_clerk", "zh"), rooms(app)
    carried = hidden(clerk.send(at, **TYPED, _preview="1").get_data(as_text=True))
    answer = clerk.send(at, **{**TYPED, "last": "9"}, **carried, _apply="1")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422 and "预览后规则又有修改" in page and "生成 18 套房间" in page
    assert rooms(app) == before
    assert clerk.send(at, **TYPED, _apply="1").status_code == 422  # nothing was shown at all
    assert rooms(app) == before


def test_rooms_that_differ_change_only_when_ticked(app: Flask, world: World, at: str) -> None:
    clerk = Console(app, "project_clerk", "zh")
    typed = {"buildings": "1号楼", "last": "2", "lines": "2", "rules-0-area": "101.5"}
    page = clerk.send(at, **typed, _preview="1").get_data(as_text=True)
    assert page.count('<td class="room changed"') == 4 and "98.5 → 101.5" in page
    assert "同时按规则更新 4 套不一致的已有房间" in page
    refused = clerk.send(at, **typed, **hidden(page), _apply="1")
    assert refused.status_code == 422 and "没有需要写入的内容" in refused.get_data(as_text=True)
    done = clerk.send(at, **typed, **hidden(page), _apply="1", _changes="y")
    assert done.status_code == 302
    with Session(engine_of(app)) as own:
        act(own, SYSTEM)
        room = own.get_one(Room, world.id("room", "lake-1-1-101"))
        assert (str(room.presale_area), room.version) == ("101.50", 2)
        assert own.scalars(select(RoomPattern)).one().changed == 4


@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({"buildings": ""}, "buildings", "请至少填写一个楼栋"),
        ({"buildings": "1-2", "last": "abc"}, "last", "“abc”不是楼层"),
        ({"buildings": "1-2", "rules-0-lines": "9"}, "rules-0-lines", "没有第 9 户线"),
        ({"buildings": "1-2", "areas-0-area": "80"}, "areas-0-layout", "请填写此项"),
        ({"buildings": "1-2", "overrides-0-units": "2"}, "overrides-0-buildings", "请填写此行适用的楼栋"),
        ({"buildings": "1-999", "units": "20"}, "buildings", "每次最多 10000 套"),
        ({"buildings": "1", "rules-0-area": "1.234"}, "rules-0-area", "面积最多保留两位小数"),
    ],
)
def test_what_is_wrong_stands_at_its_field_beside_what_was_typed(
    app: Flask, world: World, at: str, typed: dict[str, str], field: str, sentence: str
) -> None:
    answer = Console(app, "project_clerk", "zh").send(at, **typed, _preview="1")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    shown = re.search(rf'id="f-{field}-error">.*?</p>', page, re.DOTALL)
    assert shown and sentence in shown[0], page[:2000]
    for name, value in typed.items():
        kept = re.search(rf'<input[^>]* name="{name}"[^>]*>', page)
        assert kept and (not value or f'value="{value}"' in kept[0])


def test_who_may_and_where(app: Flask, world: World, at: str) -> None:
    bay = f"/generate/{world.id('project', 'bay')}"
    clerk = Console(app, "project_clerk", "zh")
    assert clerk.get("/generate/").headers["Location"] == at  # there is one project to choose from
    assert [clerk.get(url).status_code for url in (bay, "/generate/999", "/generate/x")] == [404, 404, 404]
    record = clerk.get(f"/project/show/{world.id('project', 'lake')}").get_data(as_text=True)
    assert f'href="{at}"' in record
    assert 'href="/generate/"' in clerk.get("/room/list/").get_data(as_text=True)
    for login in ("request_clerk", "project_leader", "contractor", "stranger"):
        other = Console(app, login)
        assert other.get(at).status_code == 403
        assert other.send(at, **TYPED, _apply="1").status_code == 403
        assert other.get("/generate/").status_code == 403
    leader = Console(app, "project_leader")
    assert at not in leader.get(f"/project/show/{world.id('project', 'lake')}").get_data(as_text=True)


def test_the_project_is_chosen_first_where_there_are_several(app: Flask, world: World, at: str) -> None:
    admin = Console(app, "group_admin", "zh")
    asked = admin.get("/generate/").get_data(as_text=True)
    assert "房源按项目逐一生成" in asked and f'href="{at}"' in asked


def cells(pattern: Pattern) -> list[list[Any]]:
    """Returns (number, rows) of the cells of each row of the first unit, top floor first."""
    unit = drawn(grid(compare(plan(pattern), [])))[0]["units"][0]
    return [[(cell["no"], cell["rows"]) if cell else None for cell in row["rooms"]] for row in unit["floors"]]


def test_a_duplex_is_drawn_over_both_its_floors() -> None:
    rows = cells(Pattern(("1幢",), last=3, lines=2, duplex_lines=(1,)))
    assert rows == [[("201", 2), ("302", 1)], [("202", 1)], [("101", 1), ("102", 1)]]
    rows = cells(Pattern(("1幢",), last=2, lines=2, duplex_lines=(1, 2)))
    assert rows == [[("101", 2), ("102", 2)], []]


def test_rows_keep_their_place_and_one_is_left_to_fill() -> None:
    rules = tables_of({"rules-0-lines": "1", "rules-3-layout": "B", "rules-x-y": "1"})[0]
    assert [row[0].name for row in rules["rows"]] == ["rules-0-lines", "rules-3-lines", "rules-4-lines"]
    assert rules["next"] == 5


@pytest.mark.parametrize(
    ("buildings", "typed", "name"),
    [
        (("1幢", "2幢", "3幢", "5幢"), "1-3,5", "{n}幢"),
        (("S1", "S2"), "1-2", "S{n}"),
        (("1幢", "会所"), "1幢,会所", "{n}"),
        (("01幢", "02幢"), "01幢,02幢", "{n}"),
        (("7",), "7", "{n}"),
    ],
)
def test_buildings_are_written_as_people_write_them(buildings: tuple[str, ...], typed: str, name: str) -> None:
    pattern = Pattern(buildings, rules=(LineRule((1,), "A", buildings=buildings[:1]),))
    form = typed_of(pattern)
    assert (form["buildings"], form["building_name"]) == (typed, name)
    assert Pattern.from_form(form) == pattern
