"""The menu beside every page: what a long area folds away, what a person turned over, and that nothing is lost by it."""

from __future__ import annotations

import re

from flask import Flask

from models.kernel.registry import area_of, areas, tables
from tests.console import Console
from tests.world import World

PART = re.compile(r'<details class="nav-(?:group|part)"( open)? data-fold="([a-z_]+)"')


def _open(page: str) -> dict[str, bool]:
    """Returns which groups and parts of the menu a page draws open."""
    return {name: bool(opened) for opened, name in PART.findall(page)}


def test_a_part_names_tables_of_its_own_area_that_the_menu_shows_and_each_once() -> None:
    named = [(area.name, one.name, table) for area in areas().values() for one in area.parts for table in one.tables]
    assert named
    for area, _part, name in named:
        assert area_of(tables()[name]).name == area
        assert tables()[name].screen.menu
    assert len({name for *_, name in named}) == len(named)
    names = [*areas(), *(one.name for area in areas().values() for one in area.parts)]
    assert len(set(names)) == len(names)


def test_a_long_area_is_folded_and_every_list_is_still_in_it(app: Flask, world: World) -> None:
    page = Console(app, "group_admin", "zh").get("/").get_data(as_text=True)
    opened = _open(page)
    parts = {one.name for area in areas().values() for one in area.parts}
    assert {one.name for one in areas()["parameter"].parts} <= set(opened)
    assert all(not opened[name] for name in opened if name in parts)
    assert all(opened[name] for name in opened if name not in parts)
    for part in areas()["parameter"].parts:
        for name in part.tables:
            assert page.count(f'data-key="{name}"') == 1, name


def test_what_a_person_turned_over_stays_so_and_whoever_is_inside_sees_it_open(app: Flask, world: World) -> None:
    admin = Console(app, "group_admin", "zh")
    cookie = re.search(r'data-cookie="(\w+)"', admin.get("/").get_data(as_text=True))
    assert cookie
    admin.client.set_cookie(cookie.group(1), "builders.org.nonsense")
    opened = _open(admin.get("/").get_data(as_text=True))
    assert opened["builders"] and not opened["registers"] and not opened["org"] and opened["property"]
    assert _open(admin.get("/company/list/").get_data(as_text=True))["org"]
    assert _open(admin.get("/bank/list/").get_data(as_text=True))["registers"]
    other = Console(app, "regional_admin", "zh").get("/").get_data(as_text=True)
    assert cookie.group(1) not in other, "the next person at this browser begins with the usual menu"
