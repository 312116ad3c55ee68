"""The room grid: how doors are laid out, what they are coloured by, what can be done with chosen ones; and the labels."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update
from sqlalchemy.orm import Session

from models.property.colouring import colourings
from models.property.room import Room, SaleState
from tests.console import Console, engine_of, statements
from tests.world import World
from views.kernel.chosen import read_ids, written
from views.pages.property.floors import TAKEN, Door, laid_out


def door(key: int, floor: int, line: int | None, *, span: int = 1, storey: int | None = None) -> Door:
    return Door(key, 1, f"{floor}0{line}", floor, storey, line, span, "", "", {})


def drawn(homes: list[Door]) -> list[tuple[str, list[Any]]]:
    """The grid in short: per floor its label and per place the home's key, its height where it is more than one row."""
    return [
        (
            row.label,
            [
                None
                if cell is None
                else "·"
                if cell is TAKEN
                else cell[0].id
                if cell[1] == 1
                else (cell[0].id, cell[1])
                for cell in row.cells
            ],
        )
        for row in laid_out(homes)
    ]


def test_floors_stand_from_the_top_and_a_missing_door_leaves_its_place() -> None:
    homes = [door(1, -1, 1), door(2, 1, 1), door(3, 1, 3), door(4, 2, 2)]
    assert drawn(homes) == [("2", [None, 4, None]), ("1", [2, None, 3]), ("B1", [1, None, None])]


def test_a_home_over_two_storeys_is_one_door_of_two_rows() -> None:
    homes = [door(1, 5, 1, span=2), door(2, 5, 2), door(3, 6, 2), door(4, 6, 3)]
    assert drawn(homes) == [("6", [(1, 2), 3, 4]), ("5", ["·", 2, None])]


def test_a_span_that_meets_another_door_ends_there() -> None:
    assert drawn([door(1, 1, 1, span=3), door(2, 2, 1)]) == [("2", [2]), ("1", [1])]
    assert drawn([door(1, 1, 1, span=9)]) == [("1", [1])]


def test_homes_without_a_line_or_on_a_taken_one_stand_behind_and_none_is_lost() -> None:
    homes = [door(1, 1, 1), door(2, 1, 1), door(3, 1, None), door(4, 1, 900), door(5, 1, 0)]
    assert drawn(homes) == [("1", [1, 2, 3, 4, 5])]


def test_floors_follow_the_storey_where_it_is_known() -> None:
    homes = [door(1, 3, 1, storey=3), door(2, 5, 1, storey=4), door(3, 12, 1, storey=5)]
    assert [label for label, _cells in drawn(homes)] == ["12", "5", "3"]


@pytest.mark.parametrize(
    ("raw", "keys"),
    [
        ("1-3,7", (1, 2, 3, 7)),
        ("7,7,6-7", (7, 6)),
        ("", ()),
        ("x,-,3-,-4,٣", ()),
        ("5-4", ()),
        ("1" * 30, ()),
    ],
)
def test_chosen_rows_in_an_address(raw: str, keys: tuple[int, ...]) -> None:
    assert read_ids(raw) == keys


def test_a_range_never_grows_beyond_what_can_be_chosen() -> None:
    assert len(read_ids("1-999999999999") or ()) == 5000
    assert len(read_ids("1-4000," * 1000 + "9000") or ()) == 4000  # what is repeated without end is not read to the end
    assert read_ids(None) is None
    assert written([5, 1, 2, 3, 3]) == "1-3,5" and read_ids(written(range(7, 90))) == tuple(range(7, 90))


def data_of(page: str) -> dict[str, Any]:
    found = re.search(r'id="grid-data">(.*?)</script>', page, re.DOTALL)
    assert found
    loaded: dict[str, Any] = json.loads(found[1])
    return loaded


def legend_of(page: str) -> dict[str, int]:
    return {v: int(n) for v, n in re.findall(r'data-value="([^"]*)".*?<strong>(\d+)</strong>', page)}


def test_every_choice_of_a_room_and_what_areas_declare_colours_it(app: Flask, world: World) -> None:
    assert list(colourings()) == [
        "sale_state", "handover_state", "title_state", "house_type", "complete", "owner", "inspection", "issues",
    ]  # fmt: skip
    lake = world.id("building", "lake-1")
    with Session(engine_of(app)) as own:
        room = Room.__table__
        signed = room.c.id == world.id("room", "lake-1-1-101")
        own.execute(update(room).where(signed).values(sale_state=SaleState.SIGNED.value, presale_area=None))
        own.commit()
    clerk = Console(app, "project_clerk", "zh")
    sale = clerk.get(f"/roomgrid/{lake}?by=sale_state").get_data(as_text=True)
    assert legend_of(sale)["signed"] == 1 and legend_of(sale)["for_sale"] == 3
    assert sum(legend_of(sale).values()) == 4
    assert legend_of(clerk.get(f"/roomgrid/{lake}?by=owner").get_data(as_text=True)) == {
        "known": 1, "reachable": 0, "unknown": 3,
    }  # fmt: skip
    assert legend_of(clerk.get(f"/roomgrid/{lake}?by=complete").get_data(as_text=True)) == {
        "complete": 0, "some": 4, "bare": 0,
    }  # fmt: skip
    layouts = legend_of(clerk.get(f"/roomgrid/{lake}?by=house_type").get_data(as_text=True))
    assert sorted(layouts.values()) == [0, 4]
    assert "陈**" in {room[4] for room in data_of(sale)["rooms"]} and "陈一鸣" not in sale  # visitors see this screen
    for bad in ("?by=", "?by=password", "?by=%00", "?only=%3Cb%3E&below=%22%27"):
        answer = clerk.get(f"/roomgrid/{lake}{bad}")
        assert answer.status_code == 200 and legend_of(answer.get_data(as_text=True))["signed"] == 1


def test_who_may_not_read_owners_is_offered_no_colouring_by_them(app: Flask, world: World) -> None:
    page = Console(app, "contractor", "zh").get(f"/roomgrid/{world.id('building', 'lake-1')}?by=owner")
    text = page.get_data(as_text=True)
    assert page.status_code == 200 and "陈" not in text
    assert [one["name"] for one in data_of(text)["colourings"]] == [
        "sale_state", "handover_state", "title_state", "house_type", "complete",
    ]  # fmt: skip
    assert all(room[4] == "" for room in data_of(text)["rooms"])


def test_the_grid_is_a_table_whose_doors_lead_to_their_books(app: Flask, world: World) -> None:
    page = Console(app, "project_clerk", "en").get(f"/roomgrid/project/{world.id('project', 'lake')}")
    text = page.get_data(as_text=True)
    assert text.count('<td class="room') == 10 and text.count("<caption>") == 3
    assert '<th scope="row">2</th>' in text and '<th scope="col">Floor</th>' in text
    room = world.id("room", "lake-2-2-102")
    assert f'<a href="/room/{room}/book"><b>102</b><span>For sale</span></a>' in text
    assert "style=" not in text.partition('<div class="grid-blocks"')[2].partition("</main>")[0]


def test_a_grid_costs_a_fixed_number_of_statements(app: Flask, world: World) -> None:
    clerk = Console(app, "group_admin", "zh")
    counted = []
    for path in (f"/roomgrid/{world.id('building', 'lake-1')}", f"/roomgrid/project/{world.id('project', 'lake')}"):
        clerk.get(path)
        with statements(app) as ran:
            clerk.get(path)
        counted.append(len(ran))
    assert counted[0] <= 16 and counted[1] <= counted[0], counted


def test_names_with_markup_stay_text_in_grid_card_book_and_labels(app: Flask, world: World) -> None:
    evil = '</script><b onclick="x()">1'
    with Session(engine_of(app)) as own:
        for name, column in (("building", "name"), ("unit", "name"), ("room", "no"), ("house_type", "name")):
            table = Room.metadata.tables[name]
            own.execute(update(table).values({column: table.c.id.concat(evil)}))
        own.execute(update(Room.metadata.tables["customer"]).values(name=evil))
        own.commit()
    admin = Console(app, "group_admin", "zh")
    lake, room = world.id("building", "lake-1"), world.id("room", "lake-1-1-101")
    for path in (
        f"/roomgrid/{lake}",
        f"/roomgrid/project/{world.id('project', 'lake')}",
        f"/roomgrid/card/{room}",
        f"/room/{room}/book",
        f"/roomgrid/{lake}/labels",
    ):
        answer = admin.get(path)
        text = answer.get_data(as_text=True)
        assert answer.status_code == 200 and "<b onclick" not in text and "</script><b" not in text, path
        assert "&lt;b onclick" in text or "\\u003cb onclick" in text, path


def test_the_way_in_remembers_the_building(app: Flask, world: World) -> None:
    clerk = Console(app, "project_clerk", "zh")
    assert clerk.get("/roomgrid/").location == f"/roomgrid/project/{world.id('project', 'lake')}"
    second = world.id("building", "lake-2")
    clerk.get(f"/roomgrid/{second}")
    assert clerk.get("/roomgrid/").location == f"/roomgrid/{second}"
    admin = Console(app, "group_admin", "zh")
    asked = admin.get("/roomgrid/").get_data(as_text=True)
    assert "请选择要查看的项目" in asked and "华东区域 › 杭州公司" in asked
    for name in ("lake", "hill", "river", "bay"):
        assert f'href="/roomgrid/project/{world.id("project", name)}"' in asked
    east = Console(app, "regional_admin", "zh").get("/roomgrid/").get_data(as_text=True)
    assert f'/roomgrid/project/{world.id("project", "lake")}"' in east and "海湾城" not in east
    for bad in ("x", "0", "9" * 30, "1%00", "²"):
        assert admin.get(f"/roomgrid/{bad}").status_code == 404
        assert admin.get(f"/room/{bad}/book").status_code == 404


def test_labels_carry_a_code_for_each_door_or_for_the_chosen_ones(app: Flask, world: World) -> None:
    clerk = Console(app, "project_clerk", "zh")
    lake = world.id("building", "lake-1")
    whole = clerk.get(f"/roomgrid/{lake}/labels").get_data(as_text=True)
    assert whole.count('<li class="door-label">') == 4 and whole.count(' class="qr"') == 4
    chosen = f"{world.id('room', 'lake-1-1-101')},{world.id('room', 'bay-1-1-101')}"
    assert clerk.get(f"/roomgrid/{lake}/labels?ids={chosen}").get_data(as_text=True).count("door-label") == 1
    assert "door-label" not in clerk.get(f"/roomgrid/{lake}/labels?ids=%3Cb%3E").get_data(as_text=True)


def test_chosen_homes_open_as_a_list_and_as_an_export(app: Flask, world: World) -> None:
    clerk = Console(app, "group_admin", "zh")
    mine = [world.id("room", f"lake-1-1-{no}") for no in ("101", "102", "201")]
    listed = clerk.get(f"/room/list/?ids={written(mine)}").get_data(as_text=True)
    assert (
        "3 条" in listed
        and "所选记录" in listed
        and "ids=" not in listed.partition("所选记录")[2].partition("</span>")[0]
    )
    exported = clerk.get(f"/room/export.csv?ids={written(mine)}").get_data(as_text=True)
    assert len(exported.strip().splitlines()) == 4
    assert len(clerk.get("/room/export.csv?ids=zzz").get_data(as_text=True).strip().splitlines()) == 1
