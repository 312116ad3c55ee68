"""Every address that changes something is refused without the token of a form of ours, whoever is signed in."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask
from werkzeug.routing import Rule

from tests.console import Console
from tests.world import World

SAFE = {"GET", "HEAD", "OPTIONS"}
NO_COOKIE = {"/api/v1/security/login", "/api/v1/security/refresh"}
"""Where a token is had for a password or another token: no cookie, so nothing a foreign page could ride on."""


def filled(rule: Rule) -> str:
    """An address of a rule, with something in the places of its arguments."""
    path = re.sub(r"<int:[^>]+>", "1", rule.rule)
    path = re.sub(r"<any\(([^,)]+)[^>]*>", r"\1", path)
    return re.sub(r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>", lambda found: "1" if found[1] in ("pk", "key") else "x", path)


def unsafe(app: Flask) -> list[tuple[str, Rule]]:
    found: list[tuple[str, Rule]] = []
    for rule in app.url_map.iter_rules():
        found += [(method, rule) for method in sorted((rule.methods or set()) - SAFE)]
    return found


def answers(one: Any, app: Flask, **more: Any) -> dict[tuple[str, str], int]:
    """Asks each; a rule that another table has as well is asked for once a shape."""
    found = {}
    for method, rule in unsafe(app):
        if rule.rule not in NO_COOKIE:
            found[method, rule.rule] = one.open(filled(rule), method=method, **more).status_code
    return found


def test_every_unsafe_address_is_refused_without_its_token(app: Flask, world: World) -> None:
    """Signed in, and with a token that is none: 400 before anything is looked at, so 404 and 403 do not come first."""
    one = Console(app, "group_admin")
    for more in ({}, {"headers": {"X-CSRFToken": "forged"}}):
        found = answers(one.client, app, **more)
        assert len(found) > 500
        wrong = {where: status for where, status in found.items() if status != 400}
        assert not wrong, sorted(wrong)[:10]


def test_nor_with_the_token_of_somebody_else(app: Flask, world: World) -> None:
    one, other = Console(app, "group_admin"), Console(app, "project_clerk")
    assert one.client.post("/logout/", data={"csrf_token": other.token()}).status_code == 400
    assert one.get("/room/list/").status_code == 200


def test_cookies_and_headers_of_production(app: Flask, world: World) -> None:
    """Over HTTPS cookies are Secure, HttpOnly and Lax; answers are told to come by HTTPS alone, and are not kept."""
    before, app.config["SESSION_COOKIE_SECURE"] = app.config["SESSION_COOKIE_SECURE"], True
    try:
        answer = app.test_client().get("/login/", base_url="https://localhost")
    finally:
        app.config["SESSION_COOKIE_SECURE"] = before
    cookie = answer.headers["Set-Cookie"]
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    assert "max-age=" in answer.headers["Strict-Transport-Security"]
    assert answer.headers["Cache-Control"] == "no-store" and answer.headers["Referrer-Policy"] == "same-origin"
