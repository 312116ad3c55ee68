"""A person at the console, by page and by token; and the sweep that looks for what they must not see in any answer."""

from __future__ import annotations

import base64
import io
import json
import re
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flask import Flask
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import text as sql
from werkzeug.test import TestResponse

from models.kernel import search
from models.kernel.registry import infos, tables
from models.kernel.secret import cipher
from models.system.login_session import TOKEN, open_session
from tests.contract.conftest import Filled
from tests.contract.oracle import Oracle
from tests.world import PASSWORD

_CSRF = "0" * 40
_MARK = re.compile(r"M~(\d+)~(\d+)~")
_CURSOR = re.compile(r"_(?:after|before)=([A-Za-z0-9_-]+)")
_WORD = re.compile(r"[A-Za-z0-9_.-]{8,}")
PLAIN_KINDS = ("text", "prose")
_KEPT = {
    ("user_profile", "login"), ("user_profile", "email"), ("room_pattern", "pattern"), ("project", "area_code"),
    ("notify_setting", "quiet_from"), ("notify_setting", "quiet_until"), ("webhook", "address"), ("webhook", "events"),
    ("dict_item", "code"), ("contractor", "usci"), ("warranty_item", "area"), ("city", "dialling"),
    ("work_calendar", "weekdays"), ("work_calendar", "opens"), ("work_calendar", "lunch_from"),
    ("work_calendar", "lunch_until"), ("work_calendar", "closes"), ("handover_slot", "starts"), ("handover_slot", "ends"),
}  # fmt: skip
"""Texts with rules of their own, which stay as they are."""


def marked(name: str, key: int) -> str:
    """The text that stands in every free text of a row, so that wherever it turns up the row is known."""
    return f"M~{list(tables()).index(name)}~{key}~"


def mark(filled: Filled) -> None:
    """Writes the mark of each row into its texts and into a change of its history, past everything."""
    with filled.engine.begin() as connection:
        for name, cls in tables().items():
            number = list(tables()).index(name)
            columns = [c for c, known in infos(cls).items() if known.kind in PLAIN_KINDS and (name, c) not in _KEPT]
            if name == "node":
                columns = []
            if columns:
                values = ", ".join(f"\"{c}\" = 'M~{number}~' || id || '~'" for c in columns)
                connection.execute(sql(f'UPDATE "{name}" SET {values}'))
            told = columns[0] if columns else "name"
            connection.execute(
                sql(
                    "INSERT INTO audit_log (at, user_id, channel, address, request_id, table_name, row_id, action, changes)"
                    f" SELECT created_at, 1, 'page', '', '', '{name}', id, 'change',"
                    f' \'{{"{told}": ["M~{number}~\' || id || \'~", ""]}}\' FROM "{name}"'
                )
            )
        for name, cls in tables().items():
            if cls.owned.kind == "tree":
                connection.execute(
                    sql(f"UPDATE node SET name = (SELECT name FROM \"{name}\" WHERE id = ref_id) WHERE kind = '{name}'")
                )
        for cls in search.searched_tables():
            search.rebuild(connection, cls)


@dataclass
class Secrets:
    """What stands in no answer to anybody: personal data in full, its ciphertext and shadows, password hashes."""

    plain: dict[str, tuple[str, int]]
    never: set[str]

    @classmethod
    def of(cls, law: Oracle) -> Secrets:
        found = cls({}, set())
        for name, table in tables().items():
            for column, known in infos(table).items():
                if known.kind != "masked":
                    continue
                for key, row in law.rows[name].items():
                    if row[column]:
                        found.plain[cipher().decrypt(row[column])] = (name, key)
                        found.never.update((row[column], row[f"{column}_blind"], row[f"{column}_tail"]))
        return found


def text_of(response: TestResponse) -> str:
    """The text of an answer, that of a workbook unpacked, and what its cursors carry."""
    body = response.get_data()
    assert "Content-Encoding" not in response.headers, "a packed answer cannot be swept"
    if body[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            body = b"\n".join(archive.read(name) for name in archive.namelist())
    text = body.decode("utf-8", "replace")
    cursors = []
    for found in set(_CURSOR.findall(text)):
        try:
            cursors.append(base64.urlsafe_b64decode(found + "=" * (-len(found) % 4)).decode())
        except ValueError:
            continue
    return "\n".join((text, *(str(value) for value in response.headers.values()), *cursors))


class Console:
    """One person's browser and program.

    Args:
        app: the console.
        law, secrets: what this person may see.
        user: the account.
    """

    def __init__(self, app: Flask, law: Oracle, secrets: Secrets, user: int, *, language: str = "en") -> None:
        self.app, self.law, self.secrets, self.user = app, law, secrets, user
        self.client = app.test_client()
        self.csrf = URLSafeTimedSerializer(app.secret_key, salt="wtf-csrf-token").dumps(_CSRF)
        self._remember(language)
        login = law.rows["ab_user"][user]["username"]
        answer = self.client.post(
            "/login/", data={"username": login, "password": PASSWORD}, headers={"X-CSRFToken": self.csrf}
        )
        self.signed_in = answer.status_code == 302
        self._remember(language)
        self._token: str | None = None

    def _remember(self, language: str) -> None:
        with self.client.session_transaction() as cookie:
            cookie.update({"csrf_token": _CSRF, "language": language})

    def ask(self, method: str, path: str, *, swept: bool = True, **more: Any) -> TestResponse:
        """Sends a request with this person's cookie and CSRF token; sweeps the answer."""
        headers = {"X-CSRFToken": self.csrf, **more.pop("headers", {})}
        response = self.client.open(path, method=method, headers=headers, **more)
        assert response.status_code < 500, (method, path, response.status_code)
        if swept:
            assert not self.leaks(response), (method, path, self.leaks(response)[:5])
        return response

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.ask("GET", path, **more)

    def post(self, path: str, data: dict[str, Any] | None = None, **more: Any) -> TestResponse:
        return self.ask("POST", path, data=data or {}, **more)

    def api(self, method: str, path: str, body: Any = None, *, token: bool = False, **headers: str) -> TestResponse:
        """Sends a request to the REST resource, with the cookie or with a token alone."""
        more: dict[str, Any] = {} if body is None else {"json": body}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if not token:
            return self.ask(method, path, headers=named, **more)
        client = self.app.test_client(use_cookies=False)
        response = client.open(
            path, method=method, headers={"Authorization": f"Bearer {self.token()}", **named}, **more
        )
        assert response.status_code < 500, (method, path, response.status_code)
        assert not self.leaks(response), (method, path, self.leaks(response)[:5])
        return response

    def token(self) -> str:
        if self._token is None:
            from flask_jwt_extended import create_access_token

            with self.app.app_context():
                own = self.app.appbuilder.session  # type: ignore[attr-defined]
                claims = {"sid": open_session(own(), self.user, TOKEN, "127.0.0.1", "tests")}
                own.commit()
                self._token = create_access_token(identity=str(self.user), fresh=True, additional_claims=claims)
        return self._token

    def readable(self, name: str, key: int) -> bool:
        """Whether the text of a row may stand in an answer: it is readable, or would be if it lived (a deleted parent)."""
        row = self.law.rows[name].get(key)
        if row is None or key in self.law.keys(self.user, name) or key in self.law.deleted(self.user, name, "read"):
            return True
        return row["deleted_at"] is not None and self.law.would_see(self.user, name, row)

    def leaks(self, response: TestResponse, revealed: Iterable[str] = ()) -> list[str]:
        """What stands in an answer and must not."""
        text, names = text_of(response), list(tables())
        found = []
        for number, key in {(int(n), int(k)) for n, k in _MARK.findall(text)}:
            if not self.readable(names[number], key):
                found.append(f"text of {names[number]} {key}")
        words = set(_WORD.findall(text))
        for plain in words & self.secrets.plain.keys() - set(revealed):
            found.append("personal data of {} {}".format(*self.secrets.plain[plain]))
        found.extend(f"secret {word[:12]}" for word in words & self.secrets.never)
        if "pbkdf2:" in text:
            found.append("a password hash")
        return found

    # -- what a list shows, whatever its shape -------------------------------------------------------------------------

    def listed(self, name: str, query: str = "") -> set[int] | None:
        """Keys on all pages of a list page, by its cursors; None where the list is refused."""
        found: set[int] = set()
        path: str | None = f"/{name}/list/?psize_{tables()[name].__name__}View=25{query}"
        for _page in range(60):
            response = self.get(path or "")
            if response.status_code == 403:
                return None
            assert response.status_code == 200, path
            page = response.get_data(as_text=True)
            found |= {int(key) for key in re.findall(rf'href="/{name}/show/(\d+)"', page)}
            links = re.findall(rf'href="(/{name}/list/[^"]*_after=[^"]*)"', page)
            path = links[0].replace("&amp;", "&") if links else None
            if path is None:
                return found
        raise AssertionError(f"{name}: the list does not end")

    def served(self, name: str, *, token: bool = False, **arguments: Any) -> tuple[set[int], int] | None:
        """Keys on all pages of the REST list, and its count; None where it is refused."""
        import prison

        found: set[int] = set()
        for page in range(60):
            q = prison.dumps({"page": page, "page_size": 100, **arguments})
            response = self.api("GET", f"/api/v1/{name}/?q={q}", token=token)
            if response.status_code == 403:
                return None
            assert response.status_code == 200, (name, arguments, response.get_data(as_text=True)[:300])
            body = response.get_json()
            found |= set(body["ids"])
            if len(body["ids"]) < 100:
                return found, body["count"]
        raise AssertionError(f"{name}: the REST list does not end")


def same(one: TestResponse, other: TestResponse, *spoken: int) -> bool:
    """Whether two answers tell the same, but for the keys that were asked for and the number of the request."""

    def told(response: TestResponse) -> str:
        text = response.get_data(as_text=True)
        if response.mimetype.endswith("json"):
            text = json.dumps({k: v for k, v in response.get_json().items() if k != "request_id"}, sort_keys=True)
        text = re.sub(r"\b[0-9a-f]{16}\b", "", text)
        text = re.sub(r'nonce="[^"]*"', "", text)
        text = re.sub(r'(csrf[^>]*?(?:value|content)=")[^"]*', r"\1", text)
        for key in spoken:
            text = re.sub(rf"\b{key}\b", "#", text)
        return text

    return one.status_code == other.status_code and told(one) == told(other)
