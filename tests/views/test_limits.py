"""One request too many is refused with a sentence and the time to wait; others go on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from limits.storage import MemoryStorage, RedisStorage

from tests import machine
from tests.console import Console, bearer
from tests.world import World
from views.kernel import limits


@pytest.fixture
def counting(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Three of each a minute, under a name of this test's own."""
    monkeypatch.setattr(limits, "MOST", dict.fromkeys(limits.MOST, 3))
    before = limits.counted
    monkeypatch.setattr(limits, "counted", lambda: _named(before()))
    app.config["RATE_LIMITS"] = True
    yield
    app.config["RATE_LIMITS"] = False


def _named(found: Any) -> Any:
    """The counters outlive a test, as the process does: each test has people of its own."""
    import os

    return None if found is None else (found[0], f"{os.environ['PYTEST_CURRENT_TEST']} {found[1]}")


@pytest.mark.parametrize(
    "url", ["/room/export.csv", "/palette.json?q=1", "/api/v1/room/", "/room/lookup?column=unit_id"]
)
def test_one_too_many_is_refused(app: Flask, world: World, counting: None, url: str) -> None:
    app.config["RATE_LIMITS"] = False
    one, other = Console(app, "finance", "zh"), Console(app, "project_clerk")
    app.config["RATE_LIMITS"] = True
    statuses = [one.get(url).status_code for _n in range(3)]
    assert 429 not in statuses
    answer = one.get(url)
    assert answer.status_code == 429 and 1 <= int(answer.headers["Retry-After"]) <= 61
    if answer.mimetype == "application/problem+json":
        assert answer.get_json()["code"] == "rate"
    assert "请求过于频繁" in answer.get_data(as_text=True)
    assert other.get(url).status_code != 429 and one.get("/room/list/").status_code != 429


def test_signing_in_is_counted_by_address(app: Flask, world: World, counting: None) -> None:
    client = app.test_client()
    body = {"username": "nobody", "password": "wrong-password"}
    statuses = [client.post("/api/v1/security/login", json=body).status_code for _n in range(4)]
    assert statuses == [401, 401, 401, 429]
    elsewhere = client.post("/api/v1/security/login", json=body, environ_base={"REMOTE_ADDR": "10.1.1.1"})
    assert elsewhere.status_code == 401
    assert Console(app, None).send("/login/", username="x", password="y").status_code == 429


def test_two_sessions_of_one_person_are_counted_together(app: Flask, world: World, counting: None) -> None:
    app.config["RATE_LIMITS"] = False
    first, second = bearer(app, "finance"), bearer(app, "finance")
    app.config["RATE_LIMITS"] = True
    client = app.test_client()
    statuses = [client.get("/api/v1/room/", headers=each).status_code for each in (first, second) * 2]
    assert statuses == [200, 200, 200, 429]


def test_where_is_counted() -> None:
    assert isinstance(limits.storage_of(None), MemoryStorage)


@pytest.mark.redis
def test_redis_counts_for_all_processes() -> None:
    url = machine.redis_url()
    assert url is not None
    assert isinstance(limits.storage_of(url), RedisStorage)
