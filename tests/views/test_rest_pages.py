"""The pages that describe the REST interface: everything of the document, in words, and only what its reader may read."""

from __future__ import annotations

import re

from flask import Flask

from models.kernel import entry
from models.kernel.registry import infos, table
from tests.console import Console
from tests.world import World

CALL = re.compile(r'data-method="(\w+)" data-path="([^"]+)"')


def test_every_call_of_the_document_stands_on_a_page(app: Flask, world: World) -> None:
    admin = Console(app, "group_admin", "zh")
    paths = admin.get("/api/v1/_openapi").get_json()["paths"]
    documented = {
        (method.upper(), path)
        for path, operations in paths.items()
        for method in operations
        if method in ("get", "post", "put", "delete")
        and path.startswith(("/api/v1/room/", "/api/v1/project_key_node/"))
    }
    shown = set()
    for name in ("room", "project_key_node"):
        text = admin.get(f"/rest/{name}").get_data(as_text=True)
        shown |= set(CALL.findall(text))
        for column in entry.fields(table(name)):
            assert f"<code>{column}</code>" in text and infos(table(name))[column].label.zh in text, (name, column)
    assert shown == documented and len(shown) > 30


def test_a_reader_finds_what_they_may_read(app: Flask, world: World) -> None:
    for login in ("group_admin", "contractor", "stranger"):
        person = Console(app, login, "en")
        overview = person.get("/rest/").get_data(as_text=True)
        offered = set(re.findall(r'href="/rest/(\w+)"', overview))
        assert {"security", "search"} <= offered
        for name in ("room", "customer", "login_log", "audit_log"):
            assert (person.get(f"/rest/{name}").status_code == 200) == (name in offered), (login, name)
    assert "customer" not in offered
    assert Console(app, None).get("/rest/").status_code in (302, 401)


def test_strange_names_are_no_resources(app: Flask, world: World) -> None:
    admin = Console(app, "group_admin", "zh")
    for bad in ("nosuch", "ab_user", "..", "room%00", "%22%3E%3Cb%3E"):
        answer = admin.get(f"/rest/{bad}")
        assert answer.status_code in (404, 308) and "<b>" not in answer.get_data(as_text=True)
