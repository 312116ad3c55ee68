"""A sign-in is a row: listed, ended from afar, and gone at the next request with its password, its person or its time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from werkzeug.middleware.proxy_fix import ProxyFix

from app.factory import create_app
from config import Settings
from models.kernel.audit import AuditLog
from models.kernel.clock import utc_now
from models.kernel.refusal import Refusal
from models.kernel.table import Base
from models.system import passwords
from models.system.login_session import IDLE, NOTED_EACH, LoginSession, device_words
from models.system.signing_in import counted_address
from tests.console import Console, bearer, engine_of
from tests.world import PASSWORD, World

NEW = "another-sesame-43"
EDGE = (
    "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0"
)


def rows(app: Flask, login: str, world: World) -> list[LoginSession]:
    with Session(engine_of(app), expire_on_commit=False) as own:
        mine = select(LoginSession).where(LoginSession.user_id == world.accounts[login]).order_by(LoginSession.id)
        return list(own.scalars(mine))


def is_in(one: Console) -> bool:
    return bool(one.get("/room/list/").status_code == 200)


def by_token(app: Flask, headers: dict[str, str]) -> int:
    return int(app.test_client().get("/api/v1/room/", headers=headers).status_code)


def set_by(app: Flask, admin: str, world: World, login: str, password: str = NEW) -> Any:
    key = world.id("user_profile", login)
    return Console(app, admin).send(f"/user_profile/{key}/password", password=password, again=password)


def test_the_cookie_of_a_session_that_was_signed_out_is_worth_nothing(app: Flask, world: World) -> None:
    """Somebody who copied it before is signed out as well: the framework's cookie alone would go on."""
    one, other = Console(app, "project_clerk"), Console(app, "project_clerk")
    copied = one.client.get_cookie("doorbook")
    assert copied is not None
    assert one.send("/logout/").status_code == 302
    one.client.set_cookie("doorbook", copied.value)
    assert not is_in(one) and is_in(other)
    assert len(rows(app, "project_clerk", world)) == 1


def test_nothing_in_the_database_signs_in(app: Flask, world: World) -> None:
    one = Console(app, "project_clerk")
    with one.client.session_transaction() as cookie:
        secret = cookie["sid"]
    assert rows(app, "project_clerk", world)[0].secret != secret


def test_one_s_own_sessions_are_listed_and_ended(app: Flask, world: World) -> None:
    here, there, third = (Console(app, "project_clerk") for _n in range(3))
    there.client.environ_base["HTTP_USER_AGENT"] = EDGE
    there.send("/login/", username="project_clerk", password=PASSWORD)
    headers = bearer(app, "project_clerk")
    page = here.get("/me").get_data(as_text=True)
    assert page.count("/me/sessions/") == 1 + 3 and "This one" in page and "Interface" in page
    key = rows(app, "project_clerk", world)[1].id
    assert here.send(f"/me/sessions/{key}/end").status_code == 302
    assert is_in(here) and not is_in(there) and is_in(third) and by_token(app, headers) == 200
    assert here.send(f"/me/sessions/{key}/end").status_code == 404
    foreign = Console(app, "finance")
    assert foreign.send(f"/me/sessions/{rows(app, 'project_clerk', world)[0].id}/end").status_code == 404
    assert is_in(here)
    assert here.send("/me/sessions/end").status_code == 302
    assert is_in(here) and not is_in(third) and by_token(app, headers) == 401 and is_in(foreign)
    with Session(engine_of(app)) as own:
        record = own.scalars(select(AuditLog).where(AuditLog.action == "sign_out")).one()
        assert (record.row_id, record.changes) == (world.id("user_profile", "project_clerk"), '{"sessions": [2, 0]}')


def test_administrators_sign_out_whom_they_command(app: Flask, world: World) -> None:
    victim, headers = Console(app, "project_clerk"), bearer(app, "project_clerk")
    url = f"/user_profile/{world.id('user_profile', 'project_clerk')}/sign-out"
    assert Console(app, "request_clerk").send(url).status_code == 403
    admin = Console(app, "regional_admin")
    boss = world.id("user_profile", "group_admin")
    assert admin.send(f"/user_profile/{boss}/sign-out").status_code in (403, 404)
    assert url in admin.get(f"/user_profile/show/{world.id('user_profile', 'project_clerk')}").get_data(as_text=True)
    assert admin.send(url).status_code == 302
    assert not is_in(victim) and by_token(app, headers) == 401 and is_in(admin)


@pytest.mark.parametrize("how", ["changed", "set by another", "disabled", "deleted grant"])
def test_what_happens_to_a_person_acts_at_the_next_request(app: Flask, world: World, how: str) -> None:
    """For sessions, tokens and refresh tokens alike (Airflow-FAB CVE-2024-45033 is this one for sessions)."""
    here, there = Console(app, "finance"), Console(app, "finance")
    body = {"username": "finance", "password": PASSWORD, "provider": "db", "refresh": True}
    given = app.test_client().post("/api/v1/security/login", json=body).get_json()
    headers = {"Authorization": f"Bearer {given['access_token']}"}
    again = {"Authorization": f"Bearer {given['refresh_token']}"}
    client = app.test_client()
    assert is_in(there) and by_token(app, headers) == 200
    fresh = client.post("/api/v1/security/refresh", headers=again).get_json()
    assert by_token(app, {"Authorization": f"Bearer {fresh['access_token']}"}) == 200
    if how == "changed":
        assert here.send("/password", present=PASSWORD, password=NEW, again=NEW).status_code == 302
        assert is_in(here)
    elif how == "set by another":
        assert set_by(app, "group_admin", world, "finance").status_code == 302
    elif how == "disabled":
        admin, url = Console(app, "group_admin"), f"/api/v1/user_profile/{world.id('user_profile', 'finance')}"
        for state in ("disabled", "active"):  # and being let in again does not bring back what was open
            match = {"If-Match": str(admin.get(url).get_json()["result"]["version"])}
            assert admin.call("PUT", url, json={"state": state}, headers=match).status_code == 200
    else:
        grant = world.id("grant", "finance")
        assert Console(app, "group_admin").call("DELETE", f"/api/v1/grant/{grant}").status_code == 200
        assert there.get("/room/list/").status_code == 403 and by_token(app, headers) == 403
        return
    assert not is_in(there) and by_token(app, headers) == 401
    assert client.post("/api/v1/security/refresh", headers=again).status_code == 401


def test_a_password_that_somebody_else_set_is_changed_first(app: Flask, world: World) -> None:
    assert set_by(app, "group_admin", world, "finance").status_code == 302
    one = Console(app, None)
    assert one.send("/login/", username="finance", password=NEW).status_code == 302
    for url in ("/", "/room/list/", "/me", "/rest/"):
        assert one.get(url).headers.get("Location") == "/password", url
    assert "set by somebody else" in one.get("/password").get_data(as_text=True)
    for url in ("/api/v1/room/", "/counts.json"):
        assert (one.get(url).status_code, one.get(url).get_json()["code"]) == (403, "password_change")
    body = {"username": "finance", "password": NEW, "provider": "db"}
    token = app.test_client().post("/api/v1/security/login", json=body).get_json()["access_token"]
    assert by_token(app, {"Authorization": f"Bearer {token}"}) == 403
    assert one.send("/password", present=NEW, password=PASSWORD, again=PASSWORD).status_code == 302
    assert is_in(one)


@pytest.mark.parametrize(
    "bad", ["1234567890", "aaaaaaaaaaaa", "password12", "Password1!", "qwertyuiop1", "abcdefghij", "finance999"]
)
def test_the_passwords_tried_first_are_not_taken(app: Flask, world: World, bad: str) -> None:
    one = Console(app, "finance")
    answer = one.send("/password", present=PASSWORD, password=bad, again=bad)
    assert answer.status_code == 422 and "first that are tried" in answer.get_data(as_text=True)
    passwords.check("correct horse battery", "finance")
    passwords.check("今天天气很好我们去湖边走走", "finance")
    with pytest.raises(Refusal):
        passwords.check("x" * 201, "finance")


def test_an_old_hash_is_made_anew_when_its_password_is_given(
    app: Flask, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "METHOD", "scrypt:32768:8:3")
    assert passwords.DECOY.startswith(f"{passwords.METHOD}$")  # who does not exist takes as long as who does
    accounts = Base.metadata.tables["ab_user"].c
    for password, made in (("wrong-password-1", "pbkdf2:"), (PASSWORD, "scrypt:32768:8:3$")):
        Console(app, None).send("/login/", username="finance", password=password)
        with Session(engine_of(app)) as own:
            kept = own.scalar(select(accounts.password).where(accounts.username == "finance"))
        assert kept is not None and kept.startswith(made)
    assert is_in(Console(app, "finance"))


def test_a_session_ends_by_itself_and_is_noted_while_it_is_used(app: Flask, world: World) -> None:
    one = Console(app, "finance")
    (row,) = rows(app, "finance", world)

    def back(**values: Any) -> None:
        with Session(engine_of(app)) as own:
            own.execute(update(LoginSession).values(**values))
            own.commit()

    back(seen_at=utc_now() - NOTED_EACH * 2)
    one.get("/room/list/").close()  # as a server does when the answer has gone out
    assert rows(app, "finance", world)[0].seen_at > utc_now() - NOTED_EACH
    back(seen_at=utc_now() - IDLE - timedelta(minutes=1))
    assert not is_in(one)
    back(seen_at=utc_now(), until=utc_now() - timedelta(seconds=1))
    assert not is_in(one)
    assert Console(app, "finance").get("/me").status_code == 200
    assert row.secret not in [
        kept.secret for kept in rows(app, "finance", world)
    ]  # signing in puts away what has ended


def test_only_our_own_proxies_are_believed(app: Flask, world: World, settings: Settings) -> None:
    """Else whoever tries passwords would come from another address each time, or lock out somebody else's."""

    def tried_from(client: Any, said: str) -> str:
        body = {"username": "finance", "password": PASSWORD, "provider": "db"}
        client.post("/api/v1/security/login", json=body, headers={"X-Forwarded-For": said})
        return rows(app, "finance", world)[-1].address

    assert tried_from(app.test_client(), "10.9.9.9") == "127.0.0.1"
    proxied = create_app(Settings.read({**_given(settings), "TRUSTED_PROXIES": "1"}))
    assert isinstance(proxied.wsgi_app, ProxyFix)
    assert tried_from(proxied.test_client(), "6.6.6.6, 10.9.9.9") == "10.9.9.9"


def _given(settings: Settings) -> dict[str, str]:
    return {
        "DOORBOOK_HOME": str(settings.home),
        "DATABASE_URL": settings.database_url,
        "SECRET_KEY": settings.secret_key,
        "DATA_KEY": settings.data_key,
        "DOORBOOK_DEMO": "0",
    }


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("10.1.2.3", "10.1.2.3"),
        ("::ffff:10.1.2.3", "10.1.2.3"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unix", "unix"),
    ],
)
def test_one_network_of_ipv6_is_one_address(address: str, counted: str) -> None:
    assert counted_address(address) == counted


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        (EDGE, "Edge 140 · Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Version/17.0 Safari/604.1", "Safari 604 · iPhone"),
        ("Mozilla/5.0 (Linux; Android 14) Chrome/120.0 MicroMessenger/8.0.4", "WeChat 8 · Android"),
        ("curl/8.5.0", "curl 8"),
        ("sync-robot", "sync-robot"),
        ("", ""),
    ],
)
def test_a_device_is_said_as_people_say_it(agent: str, said: str) -> None:
    assert device_words(agent) == said
