"""Who asks and in which language: the actor of a request, resolved once, and the session that acts as them."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from typing import Any

from flask import Flask, Response, current_app, g, has_request_context, request
from flask import session as cookie
from flask_jwt_extended import verify_jwt_in_request
from flask_login import current_user
from flask_wtf.csrf import CSRFProtect
from jwt.exceptions import InvalidTokenError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from models.kernel.actor import NOBODY, Actor, Cut
from models.kernel.clock import utc_now
from models.kernel.grant import held_by
from models.kernel.session import act, reading
from models.kernel.words import LANGUAGES, Words
from models.system.api_token import cut_of, token_used
from models.system.login_session import NOTED_EACH, seen
from views.kernel.token_use import remember, sent_token, stay_in_scope, token_row
from views.kernel.within import within

log = logging.getLogger(__name__)

SAFE = ("GET", "HEAD", "OPTIONS")
TOKEN_ENDPOINTS = ("SecurityApi.login", "SecurityApi.refresh")
"""Where a token is had for a password or another token: no cookie is involved."""


def session() -> Session:
    """Returns the database session of this request; it acts as the request's actor."""
    return current_app.appbuilder.session()  # type: ignore[attr-defined,no-any-return]


def actor() -> Actor:
    """Returns who asks; nobody outside a request or before sign-in."""
    found: Actor = g.get("actor", NOBODY) if has_request_context() else NOBODY
    return found


def language() -> str:
    """Returns the language of this request: what the person chose, else what the browser prefers, else Chinese."""
    if not has_request_context():
        return LANGUAGES[0]
    if "language" not in g:
        chosen = cookie.get("language") or request.cookies.get("language")
        g.language = chosen if chosen in LANGUAGES else request.accept_languages.best_match(LANGUAGES, LANGUAGES[0])
    return str(g.language)


def say(value: Any, **values: Any) -> Any:
    """Returns `Words` in the language of this request, its gaps filled; anything else as it is."""
    if not isinstance(value, Words):
        return value
    return (value.fill(**values) if values else value).said(language())


def t(en: str, zh: str, **values: Any) -> str:
    """Returns the text of a template in the language of this request."""
    return Words(en, zh, values).said(language())


def is_api() -> bool:
    """Returns whether a machine asks: errors are then problem+json."""
    return has_request_context() and request.path.startswith("/api/")


def bearer() -> bool:
    """Returns whether the request carries a token, and so no cookie that a foreign page could ride on."""
    return request.headers.get("Authorization", "").lower().startswith("bearer ")


def begin(*, only_reads: bool = False) -> None:
    """Before each request: gives it an id, says whether it may write, and resolves who asks.

    Args:
        only_reads: whatever its method, it takes no lock: a form is only shown again.
    """
    g.request_id = g.get("request_id") or secrets.token_hex(8)
    reading.set(only_reads or request.method in SAFE)
    if request.endpoint in ("static", "appbuilder.static") or request.path.startswith(("/static/", "/healthz")):
        return
    cut: Cut | None = None
    secret = sent_token() if request.path.startswith("/api/") else None
    if secret is not None:
        row = token_row(session(), current_app.appbuilder.sm.user_model, secret)  # type: ignore[attr-defined]
        if row is None:
            raise InvalidTokenError()  # what exactly is wrong is not said (views.kernel.problems)
        remember(row)
        user, cut = row[0], cut_of(row)
    elif bearer() and request.path.startswith("/api/"):
        verify_jwt_in_request(refresh=request.endpoint == "SecurityApi.refresh")
        user = g.get("user")
    else:
        user = current_user if current_user.is_authenticated else None
    if user is None or not user.is_active:
        return
    own = session()
    grants = held_by(own, user.id)
    language()  # said once: what follows may have to say something
    g.actor = Actor(
        user_id=user.id,
        name=user.first_name or user.username,
        grants=grants,
        within=() if bearer() else within(own, grants),
        language=language(),
        channel="api" if is_api() else "page",
        address=request.remote_addr or "",
        request_id=g.request_id,
        cut=cut,
    )
    act(own, g.actor)
    if cut is not None:
        stay_in_scope(cut)


def _note(engine: Any, note: Callable[[Session, int, str], None], key: int, address: str) -> None:
    try:
        with Session(engine) as own:
            note(own, key, address)
            own.commit()
    except DBAPIError as error:
        log.info("when a session or token was last used could not be noted: %s", error.orig)


def install(app: Flask, csrf: CSRFProtect) -> None:
    """Runs `begin` before each request, then refuses writing requests that a foreign page could have sent."""

    @app.teardown_appcontext  # called before the session is put away, since it is registered later
    def _let_go(_failure: BaseException | None) -> None:
        """A connection that was cut since the last statement is thrown away: the answer stands, and goes out."""
        own = app.appbuilder.session  # type: ignore[attr-defined]
        if not own.registry.has():
            return
        try:
            own.rollback()
        except DBAPIError as error:
            log.warning("a connection was cut after its last statement: %s", error.orig)
            own().invalidate()

    @app.after_request
    def _seen(response: Response) -> Response:
        """Notes that the session was used, once in a while, and after the answer went out: nobody waits for it."""
        row, token, since = g.get("signed"), g.get("token"), utc_now() - NOTED_EACH
        engine, address = session().get_bind(), request.remote_addr or ""
        if row is not None and row.seen_at < since:
            response.call_on_close(lambda: _note(engine, seen, row.session_id, address))
        if token is not None and (token.used_at is None or token.used_at < since):
            response.call_on_close(lambda: _note(engine, token_used, token.token_id, address))
        return response

    @app.before_request
    def _begin() -> None:
        begin()
        if request.method not in SAFE and not bearer() and request.endpoint not in TOKEN_ENDPOINTS:
            csrf.protect()
