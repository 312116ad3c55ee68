"""The pages about doors and people against the law: grids, cards, books, labels, and a customer all round."""

from __future__ import annotations

import json
import re

import pytest

from tests.contract.conftest import Desk
from tests.contract.test_channels import NONE

CROWD = ("request_clerk", "two_hats", "contractor", "regional_admin", "stranger")
PAGES = (
    ("room", "/room/{key}/book"),
    ("room", "/roomgrid/card/{key}"),
    ("building", "/roomgrid/{key}"),
    ("building", "/roomgrid/{key}/labels"),
    ("project", "/roomgrid/project/{key}"),
    ("customer", "/customer/{key}/360"),
)


@pytest.mark.parametrize("login", CROWD)
def test_pages_of_doors_open_for_those_who_see_the_row(desk: Desk, login: str) -> None:
    """And are swept for every foreign text; a row out of sight answers as one that does not exist."""
    one = desk.at(login)
    for name, path in PAGES:
        if not desk.law.may(one.user, "customer" if name == "customer" else "room", "read"):
            assert one.ask("GET", path.format(key=1)).status_code == 403
            continue
        seen = desk.law.keys(one.user, name)
        for key in [*sorted(seen)[:4], *sorted(set(desk.law.rows[name]) - seen)[:3], NONE]:
            assert one.get(path.format(key=key)).status_code == (200 if key in seen else 404), (path, key)


@pytest.mark.parametrize("login", CROWD[:-1])
def test_a_grid_draws_the_rooms_of_the_law(desk: Desk, login: str) -> None:
    one = desk.at(login)
    rooms, drawn = desk.law.keys(one.user, "room"), set()
    for key in sorted(desk.law.keys(one.user, "project")):
        page = one.get(f"/roomgrid/project/{key}").get_data(as_text=True)
        drawn |= {int(found) for found in re.findall(r'href="/room/(\d+)/book"', page)}
        data = re.search(r'id="grid-data">(.*?)</script>', page, re.DOTALL)
        assert data is None or {room[0] for room in json.loads(data[1])["rooms"]} <= rooms
    assert drawn == rooms


@pytest.mark.parametrize("login", ("project_clerk", "two_hats", "contractor"))
def test_rows_chosen_in_an_address_are_never_more_than_the_law_s(desk: Desk, login: str) -> None:
    one = desk.at(login)
    every = sorted(desk.law.rows["room"])
    listed = one.get(f"/room/list/?ids={every[0]}-{every[-1]}").get_data(as_text=True)
    found = {int(key) for key in re.findall(r'data-url="/room/show/(\d+)"', listed)}
    assert found and found <= desk.law.keys(one.user, "room")
