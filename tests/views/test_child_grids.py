"""Children on a record's page: sorted, paged, entered and changed line by line, by the rules and rights of any form."""

from __future__ import annotations

import re

from flask import Flask
from sqlalchemy.orm import Session

from models.kernel.session import act
from models.property.room import Room
from models.property.unit import Unit
from tests.console import Console, engine_of
from tests.world import World


def line_of(page: str, name: str) -> tuple[str, str]:
    """Returns the address of a grid's lines and their arguments."""
    found = re.search(rf'data-line="(/{name}/line)" data-query="([^"]+)"', page)
    assert found is not None
    return found.group(1), found.group(2).replace("&amp;", "&")


def test_a_grid_is_sorted_and_paged_on_the_record(app: Flask, world: World) -> None:
    admin = Console(app, "group_admin", "zh")
    unit = world.id("unit", "lake-1-1")
    with Session(engine_of(app)) as own:
        act(own, world.actor("group_admin"))
        for number in range(12):
            own.add(Room(unit_id=unit, no=f"9{number:02d}", floor=9, storey=9))
        own.commit()
    shown = admin.get(f"/unit/show/{unit}?_co_room=-no").get_data(as_text=True)
    grid = shown.partition('id="children-room"')[2]
    assert re.findall(r'class="row-link"[^>]*>([^<]*)<', grid)[0].endswith("911")
    assert 'aria-sort="descending"' in grid and "_cp_room=1#children-room" in grid and "1–10 / 16" in grid
    second = (
        admin.get(f"/unit/show/{unit}?_co_room=-no&_cp_room=1")
        .get_data(as_text=True)
        .partition('id="children-room"')[2]
    )
    assert "11–16 / 16" in second and second.count("data-pk=") == 6
    for mangled in ("_cp_room=x&_co_room=nosuch", "_cp_room=-1&_co_room=version", "_cp_room=999999999"):
        assert admin.get(f"/unit/show/{unit}?{mangled}").status_code == 200


def test_a_line_is_added_and_changed_in_place(app: Flask, world: World) -> None:
    clerk = Console(app, "project_clerk", "zh")
    building = world.id("building", "lake-1")
    url, query = line_of(clerk.get(f"/building/show/{building}").get_data(as_text=True), "unit")
    drawn = clerk.get(f"{url}/new?{query}").get_data(as_text=True)
    assert 'name="name"' in drawn and "data-save-line" in drawn
    empty = clerk.send(f"{url}/new?{query}", name="")
    assert (
        empty.status_code == 422
        and "请填写" in empty.get_data(as_text=True)
        and 'aria-invalid="true"' in empty.get_data(as_text=True)
    )
    made = clerk.send(f"{url}/new?{query}", name="九单元")
    key = made.get_json()["pk"]
    twice = clerk.send(f"{url}/new?{query}", name="九单元")
    assert (
        twice.status_code == 409
        and "已存在" in twice.get_data(as_text=True)
        and 'value="九单元"' in twice.get_data(as_text=True)
    )
    edit = clerk.get(f"{url}/{key}?{query}").get_data(as_text=True)
    assert 'value="九单元"' in edit and 'name="_version" value="1"' in edit
    assert clerk.send(f"{url}/{key}?{query}", name="十单元", _version="1").status_code == 200
    stale = clerk.send(f"{url}/{key}?{query}", name="十一单元", _version="1")
    assert (
        stale.status_code == 409
        and "他人已保存过" in stale.get_data(as_text=True)
        and 'value="十一单元"' in stale.get_data(as_text=True)
    )
    with Session(engine_of(app)) as own:
        act(own, world.actor("project_clerk"))
        row = own.get_one(Unit, key)
        assert (row.name, row.building_id, row.version) == ("十单元", building, 2)


def test_a_line_writes_only_what_it_shows_and_only_where_one_may(app: Flask, world: World) -> None:
    clerk = Console(app, "project_clerk", "zh")
    unit = world.id("unit", "lake-1-1")
    elsewhere = str(world.id("building", "lake-2"))
    args = "_cols=name&_parent=building_id&building_id={}"
    forged = clerk.send(
        f"/unit/line/{unit}?{args.format(1)}",
        name="甲单元",
        homes_per_floor="9",
        building_id=elsewhere,
        _version="1",
    )
    assert forged.status_code == 200
    with Session(engine_of(app)) as own:
        act(own, world.actor("project_clerk"))
        row = own.get_one(Unit, unit)
        assert (row.name, row.homes_per_floor, row.building_id) == ("甲单元", 2, world.id("building", "lake-1"))
    foreign = world.id("building", "bay-1")
    refused = clerk.send(f"/unit/line/new?{args.format(foreign)}", name="乙单元")
    assert refused.status_code in (403, 404, 422) and "乙单元" not in Console(app, "group_admin").get(
        f"/building/show/{foreign}"
    ).get_data(as_text=True)
    hidden, none = world.id("unit", "bay-1-1"), 10**9
    answers = [clerk.get(f"/unit/line/{key}?{args.format(1)}") for key in (hidden, none)]
    assert [answer.status_code for answer in answers] == [404, 404]
    for mangled in (
        "",
        "_cols=version&_parent=building_id",
        "_cols=name&_parent=version",
        "_cols=building.name&_parent=building_id",
    ):
        assert clerk.get(f"/unit/line/{unit}?{mangled}").status_code == 404, mangled
    assert Console(app, "project_leader", "zh").get(f"/unit/line/{unit}?{args.format(1)}").status_code == 403
    assert clerk.send(f"/unit/line/{unit}?{args.format(1)}", name="丙单元").status_code == 422
