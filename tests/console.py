"""A person at the console, as tests see one: signs in, opens pages, sends forms with their token."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, event

from tests.world import PASSWORD

_TOKEN = re.compile(r'name="csrf-token" content="([^"]+)"')


class Console:
    """One signed-in person with a cookie of their own."""

    def __init__(self, app: Flask, login: str | None, language: str = "en") -> None:
        self.app = app
        self.client: FlaskClient = app.test_client()
        self.client.environ_base["HTTP_ACCEPT_LANGUAGE"] = language
        if login is not None:
            answer = self.send("/login/", username=login, password=PASSWORD)
            assert answer.status_code == 302, f"{login} could not sign in"

    def token(self) -> str:
        """Returns the CSRF token of this session."""
        page = self.client.get("/login/", follow_redirects=True).get_data(as_text=True)
        found = _TOKEN.search(page)
        assert found, "the page carries no token"
        return found.group(1)

    def get(self, url: str, **kwargs: Any) -> Any:
        """Opens a page."""
        return self.client.get(url, **kwargs)

    def send(self, url: str, **fields: Any) -> Any:
        """Sends a form with its token."""
        return self.client.post(url, data={"csrf_token": self.token(), **fields})

    def call(self, method: str, url: str, **kwargs: Any) -> Any:
        """Calls REST with the cookie and its token."""
        headers = {"X-CSRFToken": self.token(), **kwargs.pop("headers", {})}
        return self.client.open(url, method=method, headers=headers, **kwargs)


def bearer(app: Flask, login: str) -> dict[str, str]:
    """Returns the headers of a token of `login`."""
    answer = app.test_client().post(
        "/api/v1/security/login", json={"username": login, "password": PASSWORD, "provider": "db"}
    )
    return {"Authorization": f"Bearer {answer.get_json()['access_token']}"}


def engine_of(app: Flask) -> Engine:
    """Returns the engine an application works on."""
    with app.app_context():
        found: Engine = app.extensions["sqlalchemy"].engine
        return found


@contextmanager
def statements(app: Flask) -> Iterator[list[str]]:
    """Collects the SQL statements that run inside, transaction control left out."""
    found: list[str] = []
    engine = engine_of(app)

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.upper().startswith(("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")):
            found.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", note)
