"""Signing in: every try is logged, repeated failures lock out, and no answer tells whether an account exists."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from models.kernel.actor import SYSTEM
from models.kernel.audit import AuditLog
from models.kernel.clock import frozen
from models.kernel.session import act
from models.system import signing_in
from models.system.login_log import LoginLog
from models.system.signing_in import LoginLock
from tests.console import Console, engine_of
from tests.databases import BOTH
from tests.world import NOW, PASSWORD, World

LOCKS: Any = LoginLock.__table__


def tries(app: Flask, login: str, *passwords: str) -> list[int]:
    """Returns what each try at the page was answered."""
    one = Console(app, None)
    return [one.send("/login/", username=login, password=password).status_code for password in passwords]


def by_token(app: Flask, login: str, password: str) -> Any:
    body = {"username": login, "password": password, "provider": "db"}
    return app.test_client().post("/api/v1/security/login", json=body)


def let_pass(app: Flask) -> None:
    """A lock-out's time goes by."""
    with Session(engine_of(app)) as own:
        own.execute(update(LOCKS).values(until=NOW))
        own.commit()


def test_every_try_is_logged_without_its_password(app: Flask, world: World) -> None:
    assert tries(app, "finance", "wrong-password-1", PASSWORD) == [401, 302]
    assert tries(app, "nobody.here" + "x" * 100, "wrong-password-2") == [401]
    assert by_token(app, "finance", "wrong-password-3").status_code == 401
    assert by_token(app, "finance", PASSWORD).status_code == 200
    with Session(engine_of(app)) as own:
        act(own, SYSTEM)
        rows = own.scalars(select(LoginLog).order_by(LoginLog.id)).all()
        told = [(row.login, row.result, row.channel, row.address) for row in rows]
        assert [one[1:3] for one in told] == [
            ("wrong", "page"),
            ("signed_in", "page"),
            ("unknown", "page"),
            ("wrong", "api"),
            ("signed_in", "api"),
        ]
        assert len(rows[2].login) == 64 and rows[2].node_id == world.nodes["group"][0]
        assert rows[0].node_id == world.nodes["east"][0] and rows[0].user_id == world.accounts["finance"]
        assert not any("wrong-password" in str(vars(row)) for row in rows)


@pytest.mark.parametrize("login", ["finance", "there.is.none"])
def test_five_failures_lock_out_whoever_it_is(app: Flask, world: World, login: str) -> None:
    """An account that exists and one that does not are answered alike, at every try."""
    assert tries(app, login, *["wrong-one-123"] * 5) == [401] * 5
    page = Console(app, None).send("/login/", username=login.upper(), password=PASSWORD)
    assert page.status_code == 429 and "Try again in 1 minutes" in page.get_data(as_text=True)
    answer = by_token(app, login, PASSWORD)
    assert answer.status_code == 429 and answer.get_json()["code"] == "locked"
    assert tries(app, "project_clerk", PASSWORD) == [302]
    let_pass(app)
    assert tries(app, login, "wrong-one-123", "wrong-one-123") == [401, 429]
    let_pass(app)
    assert tries(app, login, PASSWORD) == [302 if login == "finance" else 401]
    if login == "finance":
        assert tries(app, login, *["wrong-one-123"] * 4, PASSWORD) == [401] * 4 + [302]


def test_an_account_known_by_two_names_has_one_counter(app: Flask, world: World) -> None:
    """And the second name is answered as ever, so that nobody learns that it is one."""
    assert tries(app, "finance@localhost", *["wrong-one-123"] * 5) == [401] * 5
    assert tries(app, "finance", PASSWORD) == [401]
    let_pass(app)
    assert tries(app, "finance", PASSWORD) == [302]


def test_an_address_that_tries_many_names_is_locked_out(app: Flask, world: World) -> None:
    with Session(engine_of(app)) as own:
        for n in range(20):
            assert signing_in.reserve(own, f"guess{n}", None, "10.0.0.9")[1]
        until, may_try = signing_in.reserve(own, "finance", world.accounts["finance"], "10.0.0.9")
        assert not may_try and until is not None
        assert signing_in.reserve(own, "finance", world.accounts["finance"], "10.0.0.8") == (None, True)


def test_administrators_lift_it(app: Flask, world: World) -> None:
    tries(app, "project_clerk", *["wrong-one-123"] * 5)
    key = world.id("user_profile", "project_clerk")
    assert tries(app, "project_clerk", PASSWORD) == [429]
    assert Console(app, "request_clerk").send(f"/user_profile/{key}/unlock").status_code == 403
    admin = Console(app, "regional_admin")
    assert f"/user_profile/{key}/unlock" in admin.get(f"/user_profile/show/{key}").get_data(as_text=True)
    assert admin.send(f"/user_profile/{key}/unlock").status_code == 302
    assert tries(app, "project_clerk", PASSWORD) == [302]
    boss = world.id("user_profile", "group_admin")
    assert admin.send(f"/user_profile/{boss}/unlock").status_code in (403, 404)
    with Session(engine_of(app)) as own:
        assert own.scalars(select(AuditLog.row_id).where(AuditLog.action == "unlock")).all() == [key]


def test_a_new_password_lifts_it(app: Flask, world: World) -> None:
    tries(app, "project_clerk", *["wrong-one-123"] * 5)
    url = f"/user_profile/{world.id('user_profile', 'project_clerk')}/password"
    Console(app, "group_admin").send(url, password="a-new-pass-word-7", again="a-new-pass-word-7")
    assert tries(app, "project_clerk", "a-new-pass-word-7") == [302]


@pytest.mark.parametrize("backend", BOTH)
def test_each_further_failure_doubles_the_time(session: Session, world: World) -> None:
    now, waits = NOW, []
    for _n in range(12):
        act(session, SYSTEM, frozen(now))
        assert signing_in.reserve(session, "Somebody", 7, "10.1.1.1") == (None, True)
        session.commit()
        until = session.execute(select(LOCKS.c.until).where(LOCKS.c.kind == "name", LOCKS.c.who == "somebody")).scalar()
        waits.append(0 if until is None else int((until - now).total_seconds() // 60))
        if until is not None:
            assert signing_in.reserve(session, "somebody ", 7, "10.1.1.2") == (until, False)
            session.commit()
        now = until or now
    assert waits == [0, 0, 0, 0, 1, 2, 4, 8, 16, 30, 30, 30]
    act(session, SYSTEM, frozen(now + signing_in.FORGOTTEN + timedelta(seconds=1)))
    assert signing_in.reserve(session, "somebody", 7, "10.1.1.1") == (None, True)
    assert session.execute(select(LOCKS.c.failures).where(LOCKS.c.kind == "name")).scalar() == 1


@pytest.mark.parametrize("backend", BOTH)
def test_success_lifts_it(session: Session, world: World) -> None:
    act(session, SYSTEM, frozen(NOW))
    for _n in range(5):
        signing_in.reserve(session, "finance", 7, "10.1.1.1")
    signing_in.settle(session, "finance", 7, "10.1.1.1")
    assert session.execute(select(LOCKS.c.kind, LOCKS.c.failures)).all() == [("address", 4)]
    signing_in.log(session, "finance", world.accounts["finance"], "10.1.1.1", "page", "signed_in")
    session.commit()
    assert session.scalars(select(LoginLog.person)).all() == [session.scalar(select(LoginLog.person))]


def test_administrators_read_the_log_of_their_part(app: Flask, world: World) -> None:
    tries(app, "bay_clerk", "wrong-one-123")
    tries(app, "request_clerk", "wrong-one-123")
    east = Console(app, "regional_admin").get("/login_log/list/").get_data(as_text=True)
    assert "request_clerk" in east and "bay_clerk" not in east
    whole = Console(app, "group_admin")
    assert "bay_clerk" in whole.get("/login_log/list/").get_data(as_text=True)
    assert "bay_clerk" in whole.get("/login_log/export.csv").get_data(as_text=True)
    assert Console(app, "project_clerk").get("/login_log/list/").status_code == 403
    assert whole.get("/login_log/add").status_code == 403
