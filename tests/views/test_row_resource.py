"""REST beside a row's fields: comments, history, earlier versions, files and the recycle bin, each in the scope of its row."""

from __future__ import annotations

import io
from typing import Any

import pytest
from flask import Flask

from tests.console import Console, bearer
from tests.databases import BOTH
from tests.views.test_attachments import PDF, picture
from tests.world import World


@pytest.fixture
def room(world: World) -> str:
    """The address of a room by the lake."""
    return f"/api/v1/room/{world.id('room', 'lake-1-1-101')}"


def send(console: Console, url: str, *files: tuple[str, bytes]) -> Any:
    data = {"file": [(io.BytesIO(held), name) for name, held in files]}
    return console.call("POST", url, data=data, content_type="multipart/form-data")


@pytest.mark.parametrize("backend", BOTH)
def test_comments(app: Flask, world: World, room: str) -> None:
    clerk, leader = Console(app, "project_clerk"), Console(app, "project_leader")
    made = leader.call("POST", f"{room}/comments", json={"text": "@project_clerk please look"})
    assert made.status_code == 201
    one = made.get_json()["result"]
    assert (
        one["mentions"] == [{"name": "project_clerk", "user_id": world.accounts["project_clerk"]}] and one["may_change"]
    )
    url = made.headers["Location"]
    assert url == f"{room}/comments/{one['id']}"
    listed = clerk.get(f"{room}/comments").get_json()
    assert listed["count"] == 1 and listed["result"][0]["text"] == "@project_clerk please look"
    assert not listed["result"][0]["may_change"]
    assert leader.call("PUT", url, json={"text": "never mind"}).get_json()["result"]["text"] == "never mind"
    for status, answer in (
        (403, clerk.call("PUT", url, json={"text": "x"})),
        (403, clerk.call("DELETE", url)),
        (422, leader.call("POST", f"{room}/comments", json={"text": "@bay_clerk"})),
        (422, leader.call("POST", f"{room}/comments", json={"text": " "})),
        (422, leader.call("POST", f"{room}/comments", json={})),
        (400, leader.call("POST", f"{room}/comments", json={"text": ["x"]})),
        (404, leader.call("PUT", url.replace("/room/", "/unit/"), json={"text": "x"})),
        (404, leader.call("DELETE", f"{room}/comments/{10**18}")),
        (404, Console(app, "bay_clerk").get(f"{room}/comments")),
        (404, Console(app, "bay_clerk").call("DELETE", url)),
        (401, Console(app, None).get(f"{room}/comments")),
    ):
        assert answer.status_code == status, answer.get_data(as_text=True)
        assert answer.mimetype == "application/problem+json"
    assert leader.call("DELETE", url).status_code == 200
    assert clerk.get(f"{room}/comments").get_json() == {"count": 0, "result": []}
    token = app.test_client().post(f"{room}/comments", json={"text": "by token"}, headers=bearer(app, "project_clerk"))
    assert token.status_code == 201


@pytest.mark.parametrize("backend", BOTH)
def test_history_and_versions(app: Flask, world: World, room: str) -> None:
    clerk = Console(app, "project_clerk")

    def put(**fields: Any) -> None:
        version = clerk.get(room).headers["ETag"]
        assert clerk.call("PUT", room, json=fields, headers={"If-Match": version}).status_code == 200

    put(facing="S")
    put(facing="N", house_type_id=None)
    lines = clerk.get(f"{room}/history?kind=changes&page_size=2").get_json()
    assert [line["action"] for line in lines["result"]] == ["change", "change"] and lines["before"]
    assert {"label": "House type", "before": "A户型", "after": ""} in lines["result"][0]["changes"]
    older = clerk.get(f"{room}/history?before={lines['before']}").get_json()
    assert older["result"] and all(line["line"] < lines["before"] for line in older["result"])
    url = f"{room}/versions/{lines['result'][1]['line']}"
    answer = clerk.get(url)
    differs = {one["field"]: one for one in answer.get_json()["differences"]}
    assert differs["facing"]["then"] == "S" and differs["house_type_id"]["then_text"] == "A户型"
    tag = {"If-Match": answer.headers["ETag"]}
    assert clerk.call("POST", url).status_code == 428
    assert clerk.call("POST", url, headers={"If-Match": '"1"'}).status_code == 409
    assert clerk.call("POST", url, json={"fields": "facing"}, headers=tag).status_code == 400
    done = clerk.call("POST", url, json={"fields": ["facing"]}, headers=tag)
    assert (done.status_code, done.get_json()["fields"], done.get_json()["result"]["facing"]) == (200, ["facing"], "S")
    assert clerk.call("POST", url, headers={"If-Match": done.headers["ETag"]}).get_json()["fields"] == ["house_type_id"]
    assert clerk.call("POST", url, headers={"If-Match": '"9"'}).status_code == 409
    assert Console(app, "project_leader").get(url).status_code == 403
    assert Console(app, "bay_clerk").get(url).status_code == 404
    assert clerk.get(f"{room}/versions/{10**18}").status_code == 404


@pytest.mark.parametrize("backend", BOTH)
def test_files(app: Flask, world: World, room: str) -> None:
    clerk = Console(app, "project_clerk")
    made = send(clerk, f"{room}/files", ("平面图.pdf", PDF), ("客厅.png", picture("PNG")))
    assert made.status_code == 201
    plan, photo = made.get_json()["result"]
    assert (plan["name"], photo["width"]) == ("平面图.pdf", 60)
    assert clerk.get(f"{room}/files").get_json()["count"] == 2
    got = clerk.get(plan["content"])
    assert got.data == PDF and got.headers["Content-Disposition"].startswith("attachment;")
    leader, bay = Console(app, "project_leader"), Console(app, "bay_clerk")
    assert leader.get(plan["content"]).data == PDF and leader.call("DELETE", plan["content"]).status_code == 403
    assert send(leader, f"{room}/files", ("a.pdf", PDF)).status_code == 403
    for answer in (
        bay.get(f"{room}/files"),
        bay.get(plan["content"]),
        bay.call("DELETE", plan["content"]),
        send(bay, f"{room}/files", ("a.pdf", PDF)),
        clerk.get(plan["content"].replace("/room/", "/unit/")),
        clerk.get(f"{room}/files/{10**18}"),
    ):
        assert answer.status_code == 404
    refused = send(clerk, f"{room}/files", ("a.exe", b"MZ"))
    assert refused.status_code in (415, 422) and refused.mimetype == "application/problem+json"
    assert clerk.call("DELETE", plan["content"]).status_code == 200
    assert [one["name"] for one in clerk.get(f"{room}/files").get_json()["result"]] == [photo["name"]]
    told = clerk.get(f"{room}/history?kind=files").get_json()["result"]
    assert (told[0]["action"], told[0]["file"]) == ("detach", "平面图.pdf")


@pytest.mark.parametrize("backend", BOTH)
def test_the_bin(app: Flask, world: World) -> None:
    clerk, key = Console(app, "project_clerk"), world.id("building", "lake-2")
    name, base = world.id("unit", "lake-2-2"), "/api/v1/unit"
    for room in [k for n, k in world.keys["room"].items() if n.startswith("lake-2-2-")]:
        assert clerk.call("DELETE", f"/api/v1/room/{room}").status_code == 200
    assert clerk.call("DELETE", f"{base}/{name}").status_code == 200
    listed = clerk.get(f"{base}/bin/").get_json()
    assert (listed["count"], listed["ids"]) == (1, [name])
    assert clerk.get(f"{base}/{name}/comments").status_code == 404
    for login, url in (("bay_clerk", f"{base}/bin/"), ("project_leader", f"{base}/bin/")):
        answer = Console(app, login).get(url)
        assert answer.status_code == 403 or answer.get_json()["count"] == 0, login
    assert Console(app, "bay_clerk").call("POST", f"{base}/bin/{name}/restore").status_code == 404
    assert clerk.call("DELETE", f"{base}/bin/{name}").status_code == 403  # group administrators purge
    young = Console(app, "group_admin").call("DELETE", f"{base}/bin/{name}")
    assert young.status_code == 409 and "90 days" in young.get_json()["detail"]
    back = clerk.call("POST", f"{base}/bin/{name}/restore?below=1").get_json()
    assert [one["table"] for one in back["restored"]] == ["unit", "room", "room"] and not back["left"]
    assert clerk.get(f"{base}/{name}").status_code == 200 and clerk.get(f"{base}/bin/").get_json()["count"] == 0
    assert clerk.call("POST", f"{base}/bin/{name}/restore").status_code == 404
    assert clerk.call("POST", f"{base}/bin/{10**18}/restore").status_code == 404 and key


def test_the_document_describes_them(app: Flask, world: World) -> None:
    paths = Console(app, "group_admin").get("/api/v1/_openapi").get_json()
    for address, methods in (
        ("/api/v1/room/{pk}/comments", {"get", "post"}),
        ("/api/v1/room/{pk}/comments/{key}", {"put", "delete"}),
        ("/api/v1/room/{pk}/history", {"get"}),
        ("/api/v1/room/{pk}/versions/{line}", {"get", "post"}),
        ("/api/v1/room/{pk}/files", {"get", "post"}),
        ("/api/v1/room/{pk}/files/{key}", {"get", "delete"}),
        ("/api/v1/room/bin/", {"get"}),
        ("/api/v1/room/bin/{pk}", {"delete"}),
        ("/api/v1/room/bin/{pk}/restore", {"post"}),
    ):
        assert set(paths["paths"][address]) == methods, address
    assert {"Comment", "File", "HistoryLine", "EarlierVersion"} <= set(paths["components"]["schemas"])
