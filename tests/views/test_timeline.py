"""The timeline of a record and its comments: by page and by script, in scope, with names, files and earlier values."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from tests.console import Console, engine_of, statements
from tests.databases import BOTH
from tests.world import World

JSON = {"Accept": "application/json"}
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


@pytest.fixture
def room(world: World) -> str:
    """The path of a room by the lake."""
    return str(world.id("room", "lake-1-1-101"))


def shown(console: Console, room: str, query: str = "") -> str:
    page: str = console.get(f"/room/{room}/timeline{query}").get_data(as_text=True)
    return page


def rest(console: Console, method: str, url: str, **kwargs: Any) -> Any:
    return console.call(method, url, headers={**JSON, **kwargs.pop("headers", {})}, **kwargs)


@pytest.mark.parametrize("backend", BOTH)
def test_a_comment_without_scripts(app: Flask, world: World, room: str) -> None:
    clerk = Console(app, "project_clerk", "zh")
    page = clerk.get(f"/room/show/{room}").get_data(as_text=True)
    assert f'action="/room/{room}/comments"' in page
    answer = clerk.send(f"/room/{room}/comments", text="业主 <b>周六</b> 来收房\n请准备钥匙 @project_leader")
    assert (answer.status_code, answer.location) == (303, f"/room/show/{room}#timeline")
    page = clerk.get(f"/room/show/{room}").get_data(as_text=True)
    assert "&lt;b&gt;周六&lt;/b&gt; 来收房\n请准备钥匙" in page and "<b>周六" not in page
    assert 'class="mention"' in page and "@project_leader" in page and "发表了评论" in page
    refused = clerk.send(f"/room/{room}/comments", text="写了很多 @bay_clerk 请看")
    body = refused.get_data(as_text=True)
    assert refused.status_code == 422 and "写了很多 @bay_clerk 请看</textarea>" in body and "没有“bay_clerk”" in body
    assert clerk.client.post(f"/room/{room}/comments", data={"text": "x"}).status_code == 400  # no token


def test_a_comment_of_an_ended_session_comes_back_in_the_box(app: Flask, world: World, room: str) -> None:
    clerk = Console(app, "project_clerk", "zh")
    by = str(world.accounts["project_clerk"])
    token = clerk.token()
    clerk.client.delete_cookie("doorbook")
    origin = {"Origin": "http://localhost"}
    fields = {"csrf_token": token, "_by": by, "text": "没发出去的话"}
    page = clerk.client.post(f"/room/{room}/comments", data=fields, headers=origin)
    assert page.status_code == 401 and "%E6%B2%A1%E5%8F%91%E5%87%BA%E5%8E%BB" in page.get_data(as_text=True)


@pytest.mark.parametrize("backend", BOTH)
def test_comments_by_script_change_and_go(app: Flask, world: World, room: str) -> None:
    clerk, leader, admin = (
        Console(app, login, "zh") for login in ("project_clerk", "project_leader", "regional_admin")
    )
    made = rest(leader, "POST", f"/room/{room}/comments", data={"text": "领导的话"})
    assert made.status_code == 201
    key = made.get_json()["id"]
    assert "领导的话" in shown(clerk, room) and f"/comment/{key}/change" not in shown(clerk, room)
    assert f"/comment/{key}/change" in shown(leader, room) and f"/comment/{key}/remove" in shown(admin, room)
    assert rest(clerk, "POST", f"/comment/{key}/change", data={"text": "x"}).status_code == 403
    assert rest(clerk, "POST", f"/comment/{key}/remove").status_code == 403
    assert rest(leader, "POST", f"/comment/{key}/change", data={"text": "领导改了话"}).status_code == 200
    assert "领导改了话" in shown(clerk, room) and "已修改" in shown(clerk, room)
    assert admin.send(f"/comment/{key}/remove").status_code == 303
    page = shown(clerk, room)
    assert "领导改了话" not in page and "已由地区CRM管理员于" in page
    for login in ("bay_clerk", "stranger"):
        other = Console(app, login)
        for method, url in (
            ("GET", f"/room/{room}/timeline"),
            ("GET", f"/room/{room}/people?q="),
            ("POST", f"/room/{room}/comments"),
            ("POST", f"/comment/{key}/change"),
            ("POST", f"/comment/{key}/remove"),
        ):
            assert (
                rest(other, method, url, **({"data": {"text": "x"}} if method == "POST" else {})).status_code == 404
            ), url
    assert Console(app, None).get(f"/room/{room}/timeline").status_code == 302


def test_only_readers_are_offered_after_an_at(app: Flask, world: World, room: str) -> None:
    clerk = Console(app, "project_clerk")
    everybody = clerk.get(f"/room/{room}/people?q=").get_json()["items"]
    assert 1 <= len(everybody) <= 8
    found = clerk.get(f"/room/{room}/people?q=xmld").get_json()["items"]  # 项目领导
    assert [one["name"] for one in found] == ["项目领导"] and found[0]["insert"] == "项目领导"
    for typed in ("bay", "无授权", "stranger", "%25", "_"):
        assert clerk.get(f"/room/{room}/people?q={typed}").get_json() == {"items": []}, typed
    made = rest(clerk, "POST", f"/room/{room}/comments", data={"text": f"@{found[0]['insert']} 请看"})
    assert made.status_code == 201
    with engine_of(app).connect() as connection:
        (to,) = connection.execute(
            text("SELECT recipients FROM notice_outbox WHERE event = 'comment.mentioned'")
        ).scalars()
    assert json.loads(to) == [world.accounts["project_leader"]]


@pytest.mark.parametrize("backend", BOTH)
def test_one_list_of_all_that_happened(app: Flask, world: World, room: str) -> None:
    """Changes with refs by name, files by name, owners' changes; narrowed by kind; paged."""
    clerk = Console(app, "project_clerk", "zh")
    owner = world.id("ownership", "chen-lake-1-1-101")
    version = clerk.get(f"/api/v1/room/{room}").headers["ETag"]
    typed = {"house_type_id": None, "facing": "南"}
    assert clerk.call("PUT", f"/api/v1/room/{room}", json=typed, headers={"If-Match": version}).status_code == 200
    share = clerk.call("PUT", f"/api/v1/ownership/{owner}", json={"share": "50"}, headers={"If-Match": '"1"'})
    assert share.status_code == 200
    files = {"file": (io.BytesIO(PDF), "平面图.pdf")}
    assert rest(clerk, "POST", f"/room/{room}/files", data=files, content_type="multipart/form-data").status_code == 201
    assert rest(clerk, "POST", f"/room/{room}/comments", data={"text": "都好了"}).status_code == 201
    page = shown(clerk, room)
    assert "A户型" in page and "<ins>南</ins>" in page and "平面图.pdf" in page and "都好了" in page
    assert "陈一鸣" in page and f'href="/ownership/show/{owner}"' in page and "<ins>50" in page
    assert page.index("都好了") < page.index("平面图.pdf") < page.index("陈一鸣") < page.index("A户型")
    assert "user_profile/show" not in page or world.id("user_profile", "project_clerk")
    for kind, there, gone in (
        ("comments", "都好了", "平面图.pdf"),
        ("files", "平面图.pdf", "都好了"),
        ("changes", "A户型", "都好了"),
        ("moves", "", "都好了"),
        ("nonsense", "都好了", "no such text"),
    ):
        narrowed = shown(clerk, room, f"?timeline={kind}")
        assert there in narrowed and gone not in narrowed, kind
    contractor = Console(app, "contractor", "zh")  # reads rooms, not who owns them
    assert "A户型" in shown(contractor, room) and "陈一鸣" not in shown(contractor, room)


def test_older_pages_hold_each_entry_once(app: Flask, world: World, room: str) -> None:
    clerk = Console(app, "project_clerk")
    for number in range(45):
        assert rest(clerk, "POST", f"/room/{room}/comments", data={"text": f"number {number};"}).status_code == 201
    seen: list[int] = []
    url, pages = f"/room/{room}/timeline", 0
    while url:
        page = clerk.get(url).get_data(as_text=True)
        seen += [n for n in range(45) if f"number {n};" in page]
        pages += 1
        older = page.partition(f'href="/room/show/{room}?timeline=&amp;before=')[2].partition("#")[0]
        url = f"/room/{room}/timeline?before={older}" if older else ""
    assert sorted(seen) == list(range(45)) and len(seen) == 45 and pages == 3
    first = clerk.get(f"/room/show/{room}?before=99999999999").get_data(as_text=True)
    assert "number 44;" in first and clerk.get(f"/room/show/{room}?before=x").status_code == 200


def test_masked_values_stay_masked(app: Flask, world: World) -> None:
    chen = world.id("customer", "chen")
    clerk = Console(app, "service_manager", "zh")
    version = clerk.get(f"/api/v1/customer/{chen}").headers["ETag"]
    answer = clerk.call(
        "PUT", f"/api/v1/customer/{chen}", json={"mobile": "13900001111"}, headers={"If-Match": version}
    )
    assert answer.status_code == 200
    page = clerk.get(f"/customer/{chen}/timeline").get_data(as_text=True)
    assert "139****1111" in page and "13900001111" not in page and "14200000000" not in page


def test_the_timeline_takes_a_fixed_number_of_statements(app: Flask, world: World, room: str) -> None:
    clerk = Console(app, "project_clerk")
    counts = []
    for _round in range(2):
        with statements(app) as ran:
            assert clerk.get(f"/room/{room}/timeline").status_code == 200
        counts.append(len(ran))
        for number in range(10):
            rest(clerk, "POST", f"/room/{room}/comments", data={"text": f"{_round} {number} @project_leader"})
    with statements(app) as ran:
        clerk.get(f"/room/{room}/timeline")
    assert len(ran) <= counts[0] + 5 and len(ran) <= 16, ran
