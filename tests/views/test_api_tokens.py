"""Tokens of the interface: shown once, cut down to their scope, never above their person, gone at the next call."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from models.kernel.audit import AuditLog
from models.kernel.clock import utc_now
from models.kernel.registry import tables
from models.system.api_token import ApiToken
from tests.console import Console, engine_of
from tests.world import PASSWORD, World

SECRET = re.compile(r"dbk_[A-Za-z0-9_-]{43}")


def made(one: Console, name: str = "sync", **fields: Any) -> dict[str, str]:
    """Returns the headers of a new token, made on the page."""
    answer = one.send("/me/tokens", name=name, days="30", present=PASSWORD, **fields)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    found = SECRET.search(answer.get_data(as_text=True))
    assert found
    return {"Authorization": f"Bearer {found[0]}"}


def call(
    app: Flask,
    headers: dict[str, str],
    url: str,
    method: str = "GET",
    *,
    more: dict[str, str] | None = None,
    json: Any = None,
) -> Any:
    client = app.test_client(use_cookies=False)
    return client.open(url, method=method, headers={**headers, **(more or {})}, json=json)


def test_a_token_is_shown_once_and_kept_as_a_hash(app: Flask, world: World) -> None:
    one = Console(app, "project_clerk")
    headers = made(one, rights=["write"])
    secret = headers["Authorization"].removeprefix("Bearer ")
    page = one.get("/me/tokens").get_data(as_text=True)
    assert secret not in page and secret[:8] in page and "Never" in page
    call(app, headers, "/api/v1/room/").close()
    assert "127.0.0.1" in one.get("/me/tokens").get_data(as_text=True)
    with Session(engine_of(app)) as own:
        kept = own.scalars(select(ApiToken)).one()
        assert secret not in str(vars(kept)) and kept.rights == "read,write"
        line = own.scalars(select(AuditLog).where(AuditLog.table_name == "api_token")).one()
        assert line.action == "add" and secret not in line.changes and '"sync"' in line.changes


def test_it_gives_what_its_person_reaches_and_no_more(app: Flask, world: World) -> None:
    one = Console(app, "project_clerk")
    headers = made(one, rights=["write", "delete", "move", "export", "reveal"])
    for name in ("room", "building", "user_profile", "grant", "customer", "login_log"):
        mine, its = one.get(f"/api/v1/{name}/"), call(app, headers, f"/api/v1/{name}/")
        assert its.status_code == mine.status_code, name
        if mine.status_code == 200:
            assert its.get_json()["ids"] == mine.get_json()["ids"], name
    foreign = world.id("building", "bay-1")
    assert call(app, headers, f"/api/v1/building/{foreign}").status_code == 404


def test_one_that_only_reads_writes_nothing(app: Flask, world: World) -> None:
    headers = made(Console(app, "project_clerk"))
    key, project = world.id("building", "lake-1"), world.id("project", "lake")
    url = f"/api/v1/building/{key}"
    assert call(app, headers, url).status_code == 200
    for method, where, body in (
        ("PUT", url, {"floors": 9}),
        ("DELETE", url, None),
        ("POST", "/api/v1/building/", {"project_id": project, "name": "x"}),
        ("POST", f"{url}/comments", {"text": "x"}),
        ("POST", f"{url}/files", None),
        ("POST", "/api/v1/saved_view/", {"table": "room", "name": "x"}),
    ):
        answer = call(app, headers, where, method, json=body, more={"If-Match": "1"})
        assert (answer.status_code, answer.get_json()["code"]) == (403, "token_scope"), where
    assert call(app, headers, "/api/v1/building/_info").get_json()["permissions"] == ["read"]


@pytest.mark.parametrize("right", ["write", "delete"])
def test_each_right_is_left_out_alone(app: Flask, world: World, right: str) -> None:
    headers, url = made(Console(app, "group_admin"), rights=[right]), f"/api/v1/phase/{_phase(app)}"
    match = {"If-Match": str(call(app, headers, url).get_json()["result"]["version"])}
    changed = call(app, headers, url, "PUT", json={"name": "另一期"}, more=match).status_code
    assert changed == (200 if right == "write" else 403)
    gone = call(app, headers, url, "DELETE").status_code
    assert gone == (403 if right == "write" else 409)  # buildings still stand in it: that is asked only after the scope


def _phase(app: Flask) -> int:
    with engine_of(app).connect() as connection:
        return int(connection.exec_driver_sql("SELECT min(id) FROM phase").scalar_one())


def test_one_for_some_tables_reaches_no_other_in_any_way(app: Flask, world: World) -> None:
    one = Console(app, "group_admin")
    headers = made(one, which="some", tables=["building"], rights=["write"])
    assert call(app, headers, "/api/v1/building/").get_json()["count"] == 6
    for name in tables():
        if name != "building":
            assert call(app, headers, f"/api/v1/{name}/").status_code == 403, name
    body = call(app, headers, "/api/v1/building/?q=(columns:!(name,project.name))").get_data(as_text=True)
    assert "湖畔花园" not in body
    found = call(app, headers, "/api/v1/search/?q=湖畔")
    assert found.status_code == 200 and "湖畔花园" not in found.get_data(as_text=True)
    for url in ("/api/v1/job/", "/api/v1/saved_view/"):
        assert call(app, headers, url).status_code == 403, url
    assert one.get("/api/v1/room/").status_code == 200  # the person is not cut


@pytest.mark.parametrize(
    "how", ["revoked", "over", "person disabled", "signed out by an administrator", "password set"]
)
def test_it_ends_at_the_next_call(app: Flask, world: World, how: str) -> None:
    one, key = Console(app, "project_clerk"), world.id("user_profile", "project_clerk")
    headers, admin = made(one), Console(app, "group_admin")
    assert call(app, headers, "/api/v1/room/").status_code == 200
    if how == "revoked":
        assert one.send("/me/tokens/1/revoke").status_code == 302
        assert one.send("/me/tokens/1/revoke").status_code == 404
    elif how == "over":
        with Session(engine_of(app)) as own:
            own.execute(update(ApiToken).values(until=utc_now() - timedelta(seconds=1)))
            own.commit()
    elif how == "person disabled":
        url = f"/api/v1/user_profile/{key}"
        match = {"If-Match": str(admin.get(url).get_json()["result"]["version"])}
        assert admin.call("PUT", url, json={"state": "disabled"}, headers=match).status_code == 200
    elif how == "password set":
        new = "another-sesame-43"
        assert admin.send(f"/user_profile/{key}/password", password=new, again=new).status_code == 302
    else:
        assert admin.send(f"/user_profile/{key}/sign-out").status_code == 302
    answer = call(app, headers, "/api/v1/room/")
    assert (answer.status_code, answer.get_json()["code"]) == (401, "token")


def test_nobody_sees_or_revokes_another_s(app: Flask, world: World) -> None:
    headers = made(Console(app, "project_clerk"), name="mine alone")
    other = Console(app, "group_admin")
    assert "mine alone" not in other.get("/me/tokens").get_data(as_text=True)
    assert other.send("/me/tokens/1/revoke").status_code == 404
    assert call(app, headers, "/api/v1/room/").status_code == 200


def test_a_token_is_of_the_interface_alone(app: Flask, world: World) -> None:
    headers = made(Console(app, "project_clerk"))
    assert call(app, headers, "/room/list/").status_code == 302
    assert call(app, headers, "/me/tokens").status_code == 302
    for wrong in ("dbk_", "dbk_" + "x" * 43, "dbk_\u00e9"):
        assert call(app, {"Authorization": f"Bearer {wrong}"}, "/api/v1/room/").status_code == 401


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        ({"name": " "}, 422, "Say what it is for"),
        ({"name": "x" * 61}, 422, "Say what it is for"),
        ({"days": "99999"}, 422, "Choose how long"),
        ({"days": "-1"}, 422, "Choose how long"),
        ({"rights": ["purge"]}, 422, "no such right"),
        ({"which": "some"}, 422, "at least one table"),
        ({"which": "some", "tables": ["login_log"]}, 422, "no such table"),
        ({"which": "some", "tables": ["ab_user"]}, 422, "no such table"),
        ({"present": "wrong-password"}, 422, "not your present password"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_lost(
    app: Flask, world: World, fields: dict[str, Any], status: int, said: str
) -> None:
    sent = {"name": "my program", "days": "30", "present": PASSWORD, "rights": ["write"], **fields}
    answer = Console(app, "project_clerk").send("/me/tokens", **sent)
    text = answer.get_data(as_text=True)
    assert answer.status_code == status and said in text and not SECRET.search(text)
    if "name" not in fields:
        assert 'value="my program"' in text
    if "rights" not in fields:
        assert re.search(r'value="write" checked', text)
    assert PASSWORD not in text


def test_guessing_the_password_here_locks_out_too(app: Flask, world: World) -> None:
    one = Console(app, "project_clerk")
    for _n in range(5):
        assert one.send("/me/tokens", name="x", days="30", present="wrong-one-123").status_code == 422
    answer = one.send("/me/tokens", name="x", days="30", present=PASSWORD)
    assert answer.status_code == 429 and "Too many failed tries" in answer.get_data(as_text=True)


def test_the_document_names_it(app: Flask, world: World) -> None:
    document = Console(app, "group_admin").get("/api/v1/_openapi").get_json()
    assert {"jwt", "api_key"} <= document["components"]["securitySchemes"].keys()
    for path, calls in document["paths"].items():
        for method, told in calls.items():
            if "/security/" not in path and method in ("get", "post", "put", "delete") and "/room/" in path:
                assert {"api_key": []} in told["security"], (method, path)
