"""An earlier version of a record: what differs, and its way back under the rules, rights and versions of today."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from tests.console import Console, engine_of
from tests.databases import BOTH
from tests.world import World


def put(console: Console, name: str, key: int, **fields: Any) -> None:
    version = console.get(f"/api/v1/{name}/{key}").headers["ETag"]
    answer = console.call("PUT", f"/api/v1/{name}/{key}", json=fields, headers={"If-Match": version})
    assert answer.status_code == 200, answer.get_data(as_text=True)


def row(console: Console, name: str, key: int) -> Any:
    return console.get(f"/api/v1/{name}/{key}").get_json()["result"]


def first_version(console: Console, name: str, key: int) -> str:
    """The address of the oldest version the timeline leads to: the row as it was entered."""
    page = console.get(f"/{name}/{key}/timeline").get_data(as_text=True)
    return re.findall(rf'href="(/{name}/{key}/version/\d+)"', page)[-1]


def sent(page: str, *, field: tuple[str, ...] | None = None) -> dict[str, Any]:
    """What the page's form would send."""
    ticked = re.findall(r'name="field" id="[^"]*" value="(\w+)" checked(?! disabled)', page)
    version = re.search(r'name="_version" value="(\d+)"', page)
    assert version
    return {"_version": version[1], "field": list(ticked if field is None else field)}


@pytest.mark.parametrize("backend", BOTH)
def test_an_earlier_version_comes_back(app: Flask, world: World) -> None:
    clerk, key = Console(app, "project_clerk", "zh"), world.id("room", "lake-1-1-101")
    put(clerk, "room", key, facing="南", presale_area="120.00", house_type_id=None)
    put(clerk, "room", key, facing="北")
    url = first_version(clerk, "room", key)
    page = clerk.get(url).get_data(as_text=True)
    assert "98.50" in page and "120.00" in page and "A户型" in page and "北" in page and "历史版本" in page
    answer = clerk.send(url, **sent(page))
    assert (answer.status_code, answer.location) == (303, f"/room/show/{key}")
    now = row(clerk, "room", key)
    assert (now["facing"], now["presale_area"], now["house_type"]) == (None, "98.50", "A户型")
    line = url.rpartition("/")[2]
    with engine_of(app).connect() as connection:
        changes = connection.execute(
            text("SELECT changes FROM audit_log WHERE action = 'change' ORDER BY id DESC LIMIT 1")
        )
        assert json.loads(changes.scalar_one())["restored_from"] == [None, int(line)]
    assert "恢复了历史版本中的" in clerk.get(f"/room/{key}/timeline").get_data(as_text=True)
    again = clerk.get(url).get_data(as_text=True)
    assert "没有差异" in again and 'name="field"' not in again


@pytest.mark.parametrize("backend", BOTH)
def test_only_what_is_ticked_and_by_todays_rules(app: Flask, world: World) -> None:
    clerk, key = Console(app, "project_clerk"), world.id("room", "lake-1-1-101")
    put(clerk, "room", key, facing="南", inner_area="90", presale_area="95")
    put(clerk, "room", key, facing="北", inner_area="97", presale_area="120")
    page = clerk.get(f"/room/{key}/timeline").get_data(as_text=True)
    url = re.findall(rf'href="(/room/{key}/version/\d+)"', page)[0]
    shown = clerk.get(url).get_data(as_text=True)
    refused = clerk.send(url, **sent(shown, field=("presale_area",)))  # 95 is less than the inner area of today
    assert refused.status_code == 422 and "inner area is above" in refused.get_data(as_text=True)
    assert row(clerk, "room", key)["presale_area"] == "120.00"
    assert clerk.send(url, **sent(shown, field=("facing",))).status_code == 303
    assert [row(clerk, "room", key)[name] for name in ("facing", "presale_area")] == ["南", "120.00"]
    stale = clerk.send(url, **sent(shown, field=("presale_area", "inner_area")))
    assert stale.status_code == 409 and "meanwhile" in stale.get_data(as_text=True)
    assert clerk.send(url, _version="0", field=[]).status_code == 409


def test_a_masked_value_comes_back_unseen(app: Flask, world: World) -> None:
    clerk, chen = Console(app, "service_manager"), world.id("customer", "chen")
    put(clerk, "customer", chen, mobile="13900001111")
    url = first_version(clerk, "customer", chen)
    page = clerk.get(url).get_data(as_text=True)
    assert "142****0000" in page and "139****1111" in page and "14200000000" not in page and "13900001111" not in page
    assert clerk.send(url, **sent(page)).status_code == 303
    assert row(clerk, "customer", chen)["mobile"] == "142****0000"
    revealed = clerk.call("POST", f"/customer/reveal/{chen}/mobile").get_json()
    assert revealed == {"value": "14200000000"}


@pytest.mark.parametrize("backend", BOTH)
def test_a_ref_that_is_gone_is_said(app: Flask, world: World) -> None:
    clerk, key = Console(app, "project_clerk"), world.id("building", "lake-1")
    put(clerk, "building", key, phase_id=None, floors=9)
    put(clerk, "building", world.id("building", "lake-2"), phase_id=None)
    assert clerk.call("DELETE", f"/api/v1/phase/{world.id('phase', 'lake')}").status_code == 200
    url = first_version(clerk, "building", key)
    page = clerk.get(url).get_data(as_text=True)
    assert "of that time is gone" in page and re.search(r'value="phase_id"[^>]* disabled', page)
    refused = clerk.send(url, **sent(page, field=("phase_id", "floors")))
    assert refused.status_code == 409 and row(clerk, "building", key)["floors"] == 9
    assert clerk.send(url, **sent(page, field=("floors",))).status_code == 303
    assert row(clerk, "building", key)["floors"] == 3


def test_who_may_not_write_sees_no_versions(app: Flask, world: World) -> None:
    clerk, key = Console(app, "project_clerk"), world.id("room", "lake-1-1-101")
    put(clerk, "room", key, facing="南")
    url = first_version(clerk, "room", key)
    leader = Console(app, "project_leader")
    assert "/version/" not in leader.get(f"/room/{key}/timeline").get_data(as_text=True)
    assert leader.get(url).status_code == 403 and leader.send(url, _version="2", field="facing").status_code == 403
    assert Console(app, "bay_clerk").get(url).status_code == 404
    line = url.rpartition("/")[2]
    other = world.id("room", "lake-1-1-102")
    for strange in (f"/room/{other}/version/{line}", f"/room/{key}/version/999999", f"/nosuch/{key}/version/{line}"):
        assert clerk.get(strange).status_code == 404, strange
    assert clerk.get(f"/room/{key}/version/{10**18}").status_code == 404
