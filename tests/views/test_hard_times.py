"""The disk is full, the database is locked: a sentence, nothing half-written, nothing typed lost, and then work goes on."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, func, select

from models.customer.customer_contact import CustomerContact
from models.kernel.attachment import Attachment
from tests.console import Console, bearer, engine_of
from tests.views.test_attachments import PDF
from tests.world import World

pytestmark = pytest.mark.skipif(os.environ.get("TEST_BACKEND") == "postgres", reason="of SQLite's own files")


def _count(app: Flask, cls: Any) -> int:
    with engine_of(app).connect() as connection:
        return int(connection.execute(select(func.count()).select_from(cls.__table__)).scalar_one())


@contextmanager
def every_connection(app: Flask, pragma: str) -> Iterator[None]:
    """All connections of the console work under a pragma for a while."""
    engine = engine_of(app)

    def set_up(connection: Any, _record: Any) -> None:
        connection.execute(f"PRAGMA {pragma}")

    engine.dispose()
    event.listen(engine, "connect", set_up)
    try:
        yield
    finally:
        event.remove(engine, "connect", set_up)
        engine.dispose()


def _send(clerk: Console, world: World, name: str) -> Any:
    """Sends the form of a contact as a browser does."""
    fields = {
        "csrf_token": clerk.token(),
        "_by": str(world.accounts["project_clerk"]),
        "customer_id": str(world.id("customer", "chen")),
        "name": name,
        "relation": "spouse",
    }
    return clerk.client.post("/customer_contact/add", data=fields, headers={"Origin": "http://localhost"})


def test_a_full_disk_is_said_and_the_form_stays(app: Flask, world: World) -> None:
    clerk = Console(app, "project_clerk")
    before = _count(app, CustomerContact)
    refused = None
    with every_connection(app, "max_page_count=1"):  # no page more than there are
        for turn in range(400):
            answer = _send(clerk, world, f"陈小妹 {turn}")
            if answer.status_code != 302:
                refused = (turn, answer)
                break
    assert refused is not None, "the database grew though it could not"
    turn, answer = refused
    page = answer.get_data(as_text=True)
    assert answer.status_code == 507, page[:500]
    assert "disk of the server is full" in page and f'value="陈小妹 {turn}"' in page
    assert _count(app, CustomerContact) == before + turn
    assert _send(clerk, world, f"陈小妹 {turn}").status_code == 302
    assert _count(app, CustomerContact) == before + turn + 1


def test_a_locked_database_is_said_and_the_form_stays(app: Flask, world: World) -> None:
    clerk = Console(app, "project_clerk")
    before, headers = _count(app, CustomerContact), bearer(app, "project_clerk")
    token = clerk.token()
    with every_connection(app, "busy_timeout=20"):
        other = sqlite3.connect(str(engine_of(app).url.database), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        try:
            clerk.token = lambda: token  # type: ignore[method-assign]
            answer = _send(clerk, world, "陈小妹")
            page = answer.get_data(as_text=True)
            assert answer.status_code == 503 and "the database is busy" in page and 'value="陈小妹"' in page
            body = {"customer_id": world.id("customer", "chen"), "name": "陈小妹", "relation": "spouse"}
            rest = app.test_client().post("/api/v1/customer_contact/", json=body, headers=headers)
            assert rest.status_code == 503 and rest.get_json()["code"] == "busy"
        finally:
            other.execute("ROLLBACK")
            other.close()
    assert _count(app, CustomerContact) == before
    assert _send(clerk, world, "陈小妹").status_code == 302


def test_a_database_that_is_away_is_said(app: Flask, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    clerk = Console(app, "project_clerk")
    token = clerk.token()
    clerk.token = lambda: token  # type: ignore[method-assign]

    def away(_connection: Any, _record: Any) -> None:
        raise sqlite3.OperationalError("unable to open database file")

    engine = engine_of(app)
    engine.dispose()
    event.listen(engine, "connect", away)
    try:
        for answer in (clerk.get("/customer/list/"), _send(clerk, world, "陈小妹")):
            assert answer.status_code == 503 and "the database is busy" in answer.get_data(as_text=True)
    finally:
        event.remove(engine, "connect", away)
    assert clerk.get("/customer/list/").status_code == 200


def test_a_file_that_finds_no_room_leaves_nothing(app: Flask, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    clerk = Console(app, "project_clerk")
    address = f"/room/{world.id('room', 'lake-1-1-101')}/files"
    before = _count(app, Attachment)

    def sent() -> Any:
        import io

        data = {"csrf_token": clerk.token(), "file": (io.BytesIO(PDF), "平面图.pdf")}
        return clerk.client.post(address, data=data, content_type="multipart/form-data")

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr("models.kernel.store.os.fsync", full)
        answer = sent()
    assert answer.status_code == 507 and "disk of the server is full" in answer.get_data(as_text=True)
    assert _count(app, Attachment) == before
    assert sent().status_code in (201, 303)
    assert _count(app, Attachment) == before + 1
