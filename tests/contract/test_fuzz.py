"""Whatever is sent, the console answers: no failure of its own, and for machines nothing the OpenAPI document does not name."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import prison
import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.kernel.registry import tables
from models.kernel.roles import RIGHTS
from tests.console import Console
from tests.world import World

FEW = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)
MANY = settings(FEW, max_examples=1_500)

TEXTS = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        ["", "0", "-1", "²", "9" * 40, "1e9", "NaN", "null", "\x00", "'; --", "%", "../../etc", "💥", "true"]
    ),
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=6,
)
ARGUMENTS = st.dictionaries(
    st.sampled_from(
        ["page", "page_size", "filters", "order_column", "order_direction", "columns", "keys", "after", "q"]
    ),
    VALUES,
    max_size=5,
)
"""What a client may say to a list, and what no client should."""


def _document(one: Console) -> dict[str, Any]:
    found: dict[str, Any] = one.get("/api/v1/_openapi").get_json()
    return found


def _operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    methods = ("get", "post", "put", "delete")
    return [
        (path, method, operation)
        for path, ways in sorted(document["paths"].items())
        for method, operation in ways.items()
        if method in methods and "/security/" not in path and not path.endswith("/menu/")  # the framework's own
    ]


def _ask_machines(app: Flask, one: Console, operations: Any, data: st.DataObject) -> None:
    path, method, operation = data.draw(st.sampled_from(operations))
    for name in [part[1:-1] for part in path.split("/") if part.startswith("{")]:
        path = path.replace(f"{{{name}}}", quote(str(data.draw(st.one_of(st.integers(0, 30), TEXTS)) or "0"), safe=""))
    query = data.draw(st.one_of(st.just(""), ARGUMENTS.map(_rison), TEXTS.map(quote)))
    more: dict[str, Any] = {}
    if method in ("post", "put"):
        more = data.draw(
            st.one_of(
                st.dictionaries(TEXTS, VALUES, max_size=5).map(lambda body: {"json": body}),
                VALUES.map(lambda body: {"json": body}),
                st.binary(max_size=40).map(lambda raw: {"data": raw, "content_type": "application/json"}),
            )
        )
        more["headers"] = data.draw(st.sampled_from([{}, {"If-Match": "1"}, {"If-Match": "²"}, {"If-Match": '"1"'}]))
    address = path + (f"?q={query}" if query else "")
    answer = one.call(method.upper(), address, **more)
    assert answer.status_code < 500, (method, address, more, answer.status_code)
    known = operation["responses"]
    outside = answer.status_code in (404, 405, 308) and "/" in path  # an address that no longer fits this rule
    assert str(answer.status_code) in known or outside, (method, address, more, answer.status_code, sorted(known))


def _rison(arguments: dict[str, Any]) -> str:
    try:
        return quote(prison.dumps(arguments))
    except Exception:  # what cannot be said in it is sent as it is
        return quote(str(arguments))


def _fuzz_machines(app: Flask, how: settings) -> None:
    one = Console(app, "group_admin")
    operations = _operations(_document(one))
    assert len(operations) > 300

    @how
    @given(st.data())
    def ask(data: st.DataObject) -> None:
        _ask_machines(app, one, operations, data)

    ask()


def _fuzz_pages(app: Flask, how: settings) -> None:
    one = Console(app, "group_admin")
    names = [name for name, cls in tables().items() if cls.screen.sections]
    rules = [
        r.rule
        for r in app.url_map.iter_rules()
        if "GET" in (r.methods or ()) and not r.rule.startswith(("/api/", "/static"))
    ]
    own = sorted(rule for rule in rules if rule.strip("/").split("/")[0] not in tables() and "logout" not in rule)

    @how
    @given(st.data())
    def ask(data: st.DataObject) -> None:
        if data.draw(st.booleans()):
            name = data.draw(st.sampled_from(names))
            columns = st.one_of(
                st.sampled_from([*tables()[name].__mapper__.columns.keys(), "_version", *RIGHTS]), TEXTS
            )
            way = data.draw(
                st.sampled_from(["add", "edit/1", "many", "line/1", "import", "view", "bin/restore", "draft"])
            )
            answer = one.send(f"/{name}/{way}", **data.draw(st.dictionaries(columns, TEXTS, max_size=6).map(_plain)))
            assert answer.status_code < 500, (name, way, answer.status_code)
            return
        rule = data.draw(st.sampled_from(own))
        while "<" in rule:
            begin, end = rule.index("<"), rule.index(">")
            typed = data.draw(st.one_of(st.integers(0, 9).map(str), TEXTS)) or "0"
            rule = rule[:begin] + quote(typed, safe="") + rule[end + 1 :]
        query = data.draw(
            st.dictionaries(
                st.one_of(st.sampled_from(["user", "table", "key", "by", "at", "q", "project", "psize"]), TEXTS),
                TEXTS,
                max_size=4,
            )
        )
        address = rule + "?" + "&".join(f"{quote(name)}={quote(value)}" for name, value in query.items())
        answer = one.get(address)
        assert answer.status_code < 500, (address, answer.status_code)

    ask()


def _plain(fields: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in fields.items() if name and name != "csrf_token"}


def test_machines_get_documented_answers(app: Flask, world: World) -> None:
    _fuzz_machines(app, FEW)


def test_forms_and_addresses_never_fail(app: Flask, world: World) -> None:
    _fuzz_pages(app, FEW)


def test_a_number_no_database_holds_is_no_address(app: Flask, world: World) -> None:
    one = Console(app, "group_admin")
    for path in ("/handover/board/", "/keynodes/", "/api/v1/room/", "/roomgrid/project/", "/responsible/"):
        assert one.get(path + "9" * 40).status_code == 404, path


@pytest.mark.deep
def test_machines_get_documented_answers_to_much_more(app: Flask, world: World) -> None:
    _fuzz_machines(app, MANY)


@pytest.mark.deep
def test_forms_and_addresses_never_fail_by_much_more(app: Flask, world: World) -> None:
    _fuzz_pages(app, MANY)
