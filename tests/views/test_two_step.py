"""Two-step sign-in: set up, asked for, each code taken once, counted, reset by administrators, demanded of roles."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.factory import two_step_roles
from config import BadSetting, Settings
from models.kernel.actor import SYSTEM
from models.kernel.audit import AuditLog
from models.kernel.clock import utc_now
from models.kernel.notice.outbox import NoticeOutbox
from models.kernel.session import act
from models.system.credential import Credential
from models.system.login_log import LoginLog
from models.system.login_session import LoginSession
from tests.console import Console, engine_of
from tests.world import PASSWORD, World

RECOVERY = re.compile(r"<li><code>([a-z0-9]{5}-[a-z0-9]{5})</code></li>")


def code_of(secret: str, spans: int = 0) -> str:
    """What an authenticator shows now, or so many spans from now."""
    made = TOTP(base64.b32decode(secret), 6, SHA1(), 30)
    return made.generate(int(utc_now().timestamp()) + 30 * spans).decode()


def set_up(one: Console) -> tuple[str, list[str]]:
    """Sets it up on the page; returns the secret and the recovery codes."""
    assert one.send("/me/two-step", do="begin", present=PASSWORD).status_code == 302
    page = one.get("/me/two-step").get_data(as_text=True)
    found = re.search(r'token-secret">([A-Z2-7 ]+)<', page)
    assert found and "<svg" in page
    secret = found[1].replace(" ", "")
    assert one.send("/me/two-step", do="confirm", code="000000").status_code == 422
    answer = one.send("/me/two-step", do="confirm", code=code_of(secret, -1)).get_data(as_text=True)
    codes = RECOVERY.findall(answer)
    assert len(set(codes)) == 10
    return secret, codes


def first_step(app: Flask, login: str = "finance") -> Console:
    one = Console(app, None)
    answer = one.send("/login/", username=login, password=PASSWORD)
    assert answer.status_code == 200 and 'name="code"' in answer.get_data(as_text=True)
    return one


def is_in(one: Console) -> bool:
    return bool(one.get("/room/list/").status_code == 200)


def by_token(app: Flask, **more: Any) -> Any:
    body = {"username": "finance", "password": PASSWORD, "provider": "db", **more}
    return app.test_client().post("/api/v1/security/login", json=body)


def test_a_password_alone_is_not_enough(app: Flask, world: World) -> None:
    secret, codes = set_up(Console(app, "finance"))
    one = first_step(app)
    assert not is_in(one) and one.get("/me").status_code == 302
    assert one.send("/login/code", code="12345").status_code == 401
    assert not is_in(one)
    assert one.send("/login/code", code=code_of(secret)).status_code == 302
    assert is_in(one)
    again = first_step(app)
    assert again.send("/login/code", code=code_of(secret)).status_code == 401  # seen over a shoulder
    assert again.send("/login/code", code=codes[0].upper()).status_code == 302
    assert is_in(again)
    third = first_step(app)
    assert third.send("/login/code", code=codes[0]).status_code == 401
    assert "9 recovery codes are left" in again.get("/me/two-step").get_data(as_text=True)
    with Session(engine_of(app)) as own:
        act(own, SYSTEM)
        results = own.scalars(select(LoginLog.result).order_by(LoginLog.id)).all()
        assert results[-6:] == ["signed_in", "code", "wrong_code", "signed_in", "code", "wrong_code"]
        kept = own.scalars(select(Credential)).one()
        assert secret not in str(vars(kept)) and codes[1] not in kept.recovery
        actions = own.scalars(select(AuditLog.action).where(AuditLog.table_name == "ab_user")).all()
        assert {"two_step_on", "recovery_code"} <= set(actions)


def test_a_right_password_gives_no_more_tries_at_the_code(app: Flask, world: World) -> None:
    set_up(Console(app, "finance"))
    answers = []
    for _n in range(3):
        one = Console(app, None)
        answers.append(one.send("/login/", username="finance", password=PASSWORD).status_code)
        answers.append(one.send("/login/code", code="000000").status_code)
    assert answers == [200, 401, 200, 401, 200, 429]


def test_the_second_step_needs_the_first_and_soon(app: Flask, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    secret, _codes = set_up(Console(app, "finance"))
    one = Console(app, None)
    assert one.send("/login/code", code=code_of(secret)).status_code == 401
    late = first_step(app)
    monkeypatch.setattr("views.kernel.security.PENDING", -1)
    answer = late.send("/login/code", code=code_of(secret))
    assert answer.status_code == 401 and "took too long" in answer.get_data(as_text=True) and not is_in(late)


def test_tokens_for_a_password_ask_for_it_too(app: Flask, world: World) -> None:
    secret, _codes = set_up(Console(app, "finance"))
    answer = by_token(app)
    assert (answer.status_code, answer.get_json()["code"]) == (401, "second_step")
    assert by_token(app, code="000000").status_code == 401
    assert by_token(app, code=code_of(secret)).status_code == 200


def test_it_is_switched_off_and_its_codes_renewed_by_whoever_knows_the_password(app: Flask, world: World) -> None:
    one = Console(app, "finance")
    _secret, codes = set_up(one)
    assert one.send("/me/two-step", do="codes", present="wrong-password").status_code == 422
    fresh = RECOVERY.findall(one.send("/me/two-step", do="codes", present=PASSWORD).get_data(as_text=True))
    assert len(fresh) == 10 and not set(fresh) & set(codes)
    assert one.send("/me/two-step", do="begin", present=PASSWORD).status_code == 409
    assert one.send("/me/two-step", do="off", present="wrong-password").status_code == 422
    assert one.send("/me/two-step", do="off", present=PASSWORD).status_code == 302
    assert is_in(Console(app, "finance"))


def test_administrators_reset_it_for_whom_they_command(app: Flask, world: World) -> None:
    victim = Console(app, "project_clerk")
    set_up(victim)
    url = f"/user_profile/{world.id('user_profile', 'project_clerk')}/two-step"
    assert Console(app, "request_clerk").send(url).status_code == 403
    admin = Console(app, "regional_admin")
    assert url in admin.get(url.replace("two-step", "").replace("profile/", "profile/show/")[:-1]).get_data(
        as_text=True
    )
    assert admin.send(url).status_code == 302
    assert not is_in(victim) and admin.send(url).status_code == 409
    assert is_in(Console(app, "project_clerk"))
    with Session(engine_of(app)) as own:
        act(own, SYSTEM)
        assert "account.two_step_reset" in own.scalars(select(NoticeOutbox.event)).all()
        assert (
            own.scalars(select(AuditLog).where(AuditLog.action == "two_step_reset")).one().table_name == "user_profile"
        )


@pytest.fixture
def demanded(app: Flask) -> Iterator[None]:
    """Finance must sign in by two steps."""
    app.config["TWO_STEP_ROLES"] = frozenset({"finance"})
    yield
    app.config["TWO_STEP_ROLES"] = frozenset()


def test_a_role_may_have_to(app: Flask, world: World, demanded: None) -> None:
    one, other = Console(app, "finance"), Console(app, "project_clerk")
    assert one.get("/room/list/").headers["Location"] == "/me/two-step" and is_in(other)
    answer = one.get("/api/v1/room/")
    assert (answer.status_code, answer.get_json()["code"]) == (403, "two_step")
    set_up(one)
    assert is_in(one)
    assert one.send("/me/two-step", do="off", present=PASSWORD).status_code == 409


def test_a_role_that_is_none_is_refused_at_the_start(settings: Settings) -> None:
    home = {"DOORBOOK_HOME": str(settings.home), "DOORBOOK_DEMO": "0"}
    with pytest.raises(BadSetting, match="finanze"):
        two_step_roles(Settings.read({**home, "TWO_STEP_ROLES": "group_admin, finanze"}))
    assert two_step_roles(Settings.read({**home, "TWO_STEP_ROLES": "group_admin,finance"})) == {
        "group_admin",
        "finance",
    }


def test_signing_in_twice_leaves_no_stale_row(app: Flask, world: World) -> None:
    """What was open at this browser before is not carried on by the second step."""
    secret, _codes = set_up(Console(app, "finance"))
    with Session(engine_of(app)) as own:
        own.execute(update(LoginSession).values(address="before"))
        own.commit()
    one = first_step(app)
    with one.client.session_transaction() as cookie:
        assert "sid" not in cookie and "_user_id" not in cookie
    assert one.send("/login/code", code=code_of(secret)).status_code == 302
