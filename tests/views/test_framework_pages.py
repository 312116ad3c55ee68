"""No page of the framework's own is left: whoever asks for whatever address gets ours, without inline scripts or strangers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from models.kernel.registry import tables
from tests.console import Console
from tests.world import World

PEOPLE = (None, "stranger", "group_admin", "project_clerk", "contractor")


class Reader(HTMLParser):
    """Collects what a page must not have."""

    def __init__(self, nonce: str) -> None:
        super().__init__()
        self.nonce = nonce
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Notes handlers, styles, foreign addresses and scripts without the answer's nonce."""
        found = {name: value or "" for name, value in attributes}
        for name, value in found.items():
            if name.startswith("on") or name == "style":
                self.faults.append(f"<{tag} {name}>")
            if name in ("src", "href", "action", "srcset", "formaction", "data") and re.match(
                r"\s*([a-z]+:)?//|\s*javascript:", value, re.IGNORECASE
            ):
                self.faults.append(f"<{tag} {name}={value}>")
        inert = found.get("type") == "application/json"
        if tag == "script" and not inert and found.get("nonce") != self.nonce:
            self.faults.append("script without the nonce")
        if tag in ("iframe", "object", "embed", "base"):
            self.faults.append(f"<{tag}>")


def faults(answer: Any) -> list[str]:
    """What is wrong with an answer that is a page; nothing for data."""
    policy = answer.headers.get("Content-Security-Policy", "")
    if not policy:
        return ["no Content-Security-Policy"]
    if answer.mimetype != "text/html" or 300 <= answer.status_code < 400:
        return []
    text = answer.get_data(as_text=True)
    nonce = re.search(r"'nonce-([^']+)'", policy)
    reader = Reader(nonce[1] if nonce else "?")
    reader.feed(text)
    found = reader.faults
    if "unsafe" in policy or "*" in policy:
        found.append(policy)
    if re.search(r"jquery|bootstrap|appbuilder|swagger|glyphicon", text, re.IGNORECASE):
        found.append("words of the framework's own pages")
    if "<html" in text and "data-sprite=" not in text:
        found.append("not a page of ours")
    return found


def addresses(app: Flask, world: World) -> Iterator[str]:
    """One address per rule that answers GET, arguments filled with what exists and with what does not."""
    room, key = str(world.id("room", "lake-1-1-101")), str(world.id("project", "lake"))
    fill = {"table": "room", "kind": "project", "pk": room, "key": "1", "token": "none", "column": "no", "name": "x",
            "version": "v1", "locale": "en", "filename": "js/jquery-latest.js", "fingerprint": "0", "line": "1",
            "transition": "none", "view": "none"}  # fmt: skip
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()):
            continue
        path = rule.rule.split("/")[1]
        if path in tables() and path not in ("room", "customer", "user_profile", "node"):
            continue  # every table has the same pages
        if rule.rule.startswith("/api/v1/") and not rule.rule.startswith(("/api/v1/room", "/api/v1/menu")):
            continue
        yield re.sub(r"<(?:\w+:)?(\w+)>", lambda found: fill.get(found[1], key), rule.rule)


@pytest.mark.parametrize("login", PEOPLE)
def test_every_address_answers_with_a_page_of_ours(app: Flask, world: World, login: str | None) -> None:
    one = Console(app, login, "zh")
    found: dict[str, list[str]] = {}
    asked = sorted(set(addresses(app, world)))
    assert len(asked) > 40
    for path in asked:
        answer = one.get(path)
        assert answer.status_code < 500, path
        wrong = faults(answer)
        if wrong:
            found[path] = wrong
        answer.close()
    assert not found


@pytest.mark.parametrize(
    "path",
    [
        "/static/appbuilder/js/jquery-latest.js",
        "/static/appbuilder/css/bootstrap.min.css",
        "/swagger/v1",
        "/users/list/",
        "/roles/list/",
        "/resetmypassword/form",
        "/userinfoeditview/form",
        "/users/userinfo/",
        "/register/form",
    ],
)
def test_pages_and_files_of_the_framework_are_not_there(app: Flask, world: World, path: str) -> None:
    answer = Console(app, "group_admin", "zh").get(path)
    assert answer.status_code == 404 and "一户一档" in answer.get_data(as_text=True)


def test_errors_are_pages_of_ours_with_a_sentence(app: Flask, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    admin, guest = Console(app, "group_admin", "zh"), Console(app, "contractor", "zh")
    answers = {
        404: admin.get("/no/such/page"),
        403: guest.get("/customer/list/"),
        405: admin.send("/tree/"),
        400: admin.client.post("/room/add", data={"no": "1"}),
    }
    monkeypatch.setitem(app.config, "MAX_CONTENT_LENGTH", 10)
    answers[413] = admin.client.post("/room/add", data={"no": "x" * 1000})
    monkeypatch.undo()

    def broken(*_args: Any, **_values: Any) -> Any:
        raise RuntimeError("<script>secret</script>")

    def busy(*_args: Any, **_values: Any) -> Any:
        raise OperationalError("SELECT secret", {}, Exception("database is locked"))

    monkeypatch.setitem(app.view_functions, "TreeView.show", broken)
    answers[500] = admin.get("/tree/")
    monkeypatch.setitem(app.view_functions, "TreeView.show", busy)
    answers[503] = admin.get("/tree/")
    for status, answer in answers.items():
        text = answer.get_data(as_text=True)
        assert answer.status_code == status, (status, answer.status_code)
        assert not faults(answer) and "secret" not in text and "Traceback" not in text, status
        assert "一户一档" in text and ("返回首页" in text or "保存" in text), status


def test_too_many_tries_are_said_on_the_sign_in_page(app: Flask, world: World) -> None:
    one = Console(app, None, "zh")
    for _turn in range(30):
        answer = one.send("/login/", username="stranger", password="wrong")
        if answer.status_code == 429:
            break
    assert answer.status_code == 429 and "分钟后重试" in answer.get_data(as_text=True) and not faults(answer)


def test_data_that_is_opened_as_a_page_runs_nothing(app: Flask, world: World) -> None:
    admin = Console(app, "group_admin", "zh")
    for path in ("/palette.json?q=1", "/room/export.csv", "/api/v1/room/", "/healthz", "/favicon.ico"):
        answer = admin.get(path)
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"], path
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


FIRST = ("/", "/room/list/", "/tree/")
LIMIT = 250_000


@pytest.mark.parametrize("path", FIRST)
def test_a_first_page_weighs_little_and_comes_from_here(app: Flask, world: World, path: str) -> None:
    """Page, styles, scripts and icons as they go over the wire to a browser that has nothing yet."""
    one = Console(app, "group_admin", "zh")
    one.client.environ_base["HTTP_ACCEPT_ENCODING"] = "gzip, br"
    page = one.get(path)
    assert page.headers["Content-Encoding"] in ("br", "gzip", "zstd")
    one.client.environ_base.pop("HTTP_ACCEPT_ENCODING")
    text = one.get(path).get_data(as_text=True)
    parts = {url.partition("#")[0] for url in re.findall(r'(?:href|src|data-sprite)="(/static/[^"]+)"', text)}
    parts |= set(re.findall(r'"(/static/[^"]+\.js)"', text))
    assert len(parts) > 5
    weight = len(page.get_data())
    for part in sorted(parts):
        answer = app.test_client().get(part, headers={"Accept-Encoding": "gzip, br"})
        assert answer.status_code == 200, part
        assert "immutable" in answer.headers["Cache-Control"] and "max-age=31536000" in answer.headers["Cache-Control"]
        assert len(answer.get_data()) < 1000 or answer.headers.get("Content-Encoding") == "br", part
        weight += len(answer.get_data())
    assert weight < LIMIT, weight


def test_static_files_speak_what_the_browser_reads(app: Flask) -> None:
    from views.kernel.assets import own

    client = app.test_client()
    bodies = {}
    for accepted in ("", "gzip", "br", "identity"):
        answer = client.get(own("tokens.css"), headers={"Accept-Encoding": accepted})
        bodies[accepted] = (answer.headers.get("Content-Encoding"), len(answer.get_data()))
        assert answer.headers["Vary"] == "Accept-Encoding"
    assert [bodies[a][0] for a in ("", "gzip", "br", "identity")] == [None, "gzip", "br", None]
    assert bodies["br"][1] < bodies["gzip"][1] < bodies[""][1]
