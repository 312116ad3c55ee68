"""The handover's pages: the board says nothing new for one small statement, and tells what happened at once."""

from __future__ import annotations

import base64
import io
import re
from datetime import date
from typing import Any

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.handover.handover_plan import HandoverPlan
from models.handover.handover_room import HandoverRoom
from models.handover.rules import set_scope
from models.kernel.actor import SYSTEM
from models.kernel.clock import utc_now
from models.kernel.moving import move
from models.kernel.session import act
from models.property.room import Room
from seeds.reference import numbers, options
from tests.console import Console, engine_of, statements
from tests.world import World


@pytest.fixture
def plan(app: Flask, world: World) -> tuple[int, int]:
    """A released plan of the whole lake; returns its key and that of the home Chen owns in it."""
    with Session(engine_of(app)) as own:
        act(own, SYSTEM, utc_now)
        options.seed(own)
        numbers.seed(own)
        for room in own.scalars(select(Room)):
            room.sale_state = "signed"
        made = HandoverPlan(
            project_id=world.id("project", "lake"),
            title="一期入伙",
            planned_from=date(2026, 1, 1),
            planned_to=date(2026, 1, 9),
        )
        own.add(made)
        own.flush()
        set_scope(own, made, [("project", made.project_id, 0)])
        move(own, made, "release")
        home = own.scalars(select(HandoverRoom).where(HandoverRoom.room_id == world.id("room", "lake-1-1-101"))).one()
        own.commit()
        return made.id, home.id


def test_the_board_answers_what_was_seen_with_304_and_one_statement(app: Flask, plan: tuple[int, int]) -> None:
    key, home = plan
    leader, clerk = Console(app, "project_leader", "zh"), Console(app, "request_clerk", "zh")
    first = leader.get(f"/handover/board/{key}/live")
    assert first.status_code == 200 and "待到场" not in first.get_data(as_text=True)
    tag = first.headers["ETag"]
    with statements(app) as asked:
        again = leader.get(f"/handover/board/{key}/live", headers={"If-None-Match": tag})
    assert again.status_code == 304 and not again.get_data()
    assert len([one for one in asked if "handover_room" in one]) == 1
    assert not [one for one in asked if " room" in one and "handover_room" not in one]
    assert clerk.send(f"/handover/room/{home}/move", move="arrive").status_code == 303
    after = leader.get(f"/handover/board/{key}/live", headers={"If-None-Match": tag})
    assert after.status_code == 200 and "已到场" in after.get_data(as_text=True) and after.headers["ETag"] != tag


def test_who_looks_at_what_others_saw_is_drawn_nothing_anew(app: Flask, plan: tuple[int, int]) -> None:
    key, _home = plan
    Console(app, "project_leader").get(f"/handover/board/{key}/live")
    other = Console(app, "service_manager")
    with statements(app) as asked:
        assert other.get(f"/handover/board/{key}/live").status_code == 200
    assert len([one for one in asked if "FROM handover_room" in one]) <= 2


def test_the_board_is_not_there_for_other_projects(app: Flask, plan: tuple[int, int]) -> None:
    key, home = plan
    for login in ("bay_clerk", "contractor", "stranger"):
        one = Console(app, login)
        for path in (
            f"/handover/board/{key}", f"/handover/plan/{key}", f"/handover/scope/{key}", f"/handover/room/{home}",
            f"/handover/print/room/{home}/notice", f"/handover/print/plan/{key}/list", f"/handover/invite/{key}",
        ):  # fmt: skip
            assert one.get(path).status_code in (403, 404), (login, path)
        live = one.get(f"/handover/board/{key}/live")
        assert live.status_code in (403, 404) or "1号楼" not in live.get_data(as_text=True)
        assert one.send(f"/handover/room/{home}/move", move="arrive").status_code in (403, 404)


def test_a_refusal_stands_where_it_was_done_and_keeps_what_was_typed(app: Flask, plan: tuple[int, int]) -> None:
    _key, home = plan
    clerk = Console(app, "request_clerk", "zh")
    clerk.send(f"/handover/room/{home}/move", move="arrive")
    answer = clerk.send(f"/handover/room/{home}/move", move="refuse", outcome_reason="墙面渗水痕迹")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422 and "墙面渗水痕迹" in page and "请填写" in page
    assert clerk.send(f"/handover/room/{home}/sign", signer="陈一鸣").status_code == 422
    assert clerk.send(f"/handover/room/{home}/nosuch").status_code == 404


def test_a_signature_is_kept_as_a_file_of_the_home(app: Flask, plan: tuple[int, int]) -> None:
    _key, home = plan
    clerk = Console(app, "request_clerk", "zh")
    clerk.send(f"/handover/room/{home}/move", move="arrive")
    drawn = io.BytesIO()
    Image.new("RGB", (120, 60), "white").save(drawn, "PNG")
    picture = "data:image/png;base64," + base64.b64encode(drawn.getvalue()).decode()
    assert clerk.send(f"/handover/room/{home}/sign", signer="陈一鸣", picture=picture).status_code == 303
    page = clerk.get(f"/handover/room/{home}").get_data(as_text=True)
    found = re.search(r'class="signature" src="([^"]+)"', page)
    assert found and clerk.get(found[1]).status_code == 200
    assert Console(app, "bay_clerk").get(found[1]).status_code == 404


def test_the_scope_is_counted_without_being_kept(app: Flask, world: World, plan: tuple[int, int]) -> None:
    clerk = Console(app, "project_clerk", "zh")
    made = clerk.send("/handover_plan/add", project_id=str(world.id("project", "lake")), title="二期入伙")
    assert made.status_code == 302
    with Session(engine_of(app)) as own:
        act(own, SYSTEM, utc_now)
        draft = own.scalars(select(HandoverPlan).where(HandoverPlan.title == "二期入伙")).one().id
    unit = world.id("unit", "lake-1-1")
    counted = clerk.send(f"/handover/scope/{draft}/count", pick=[f"unit:{unit}", f"floor:{unit}:1", "nosuch:1"])
    assert counted.get_json()["signed"] == counted.get_json()["all"] == 4
    assert "整个项目" in clerk.get(f"/handover/scope/{draft}").get_data(as_text=True)
    assert clerk.send(f"/handover/scope/{draft}", pick=[f"unit:{unit}"]).status_code == 303
    refused = clerk.send(f"/handover_plan/{draft}/move/release", planned_from="2026-02-01", planned_to="2026-02-05")
    assert refused.status_code == 409 and "一期入伙" in refused.get_data(as_text=True)


def test_what_is_printed_names_the_owner_and_leaves_no_gap(app: Flask, plan: tuple[int, int]) -> None:
    key, home = plan
    clerk: Any = Console(app, "request_clerk", "zh")
    for path, word in (
        (f"/handover/print/room/{home}/notice", "尊敬的陈一鸣"),
        (f"/handover/print/room/{home}/repair", "未发现问题"),
        (f"/handover/print/room/{home}/issues", "逐项验收"),
        (f"/handover/print/plan/{key}/list", "陈一鸣"),
    ):
        answer = clerk.get(path)
        text = answer.get_data(as_text=True)
        assert answer.status_code == 200 and word in text, path
        assert not re.search(r"\{[a-z_]+\}", text.split("<main", 1)[1]), path
