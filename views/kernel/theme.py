"""What every template may call, and the headers every answer carries."""

from __future__ import annotations

import secrets
from typing import Any, NoReturn

from flask import Flask, Response, g, request
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from jinja2 import ChoiceLoader, FileSystemLoader
from werkzeug.exceptions import NotFound

from views.kernel import assets
from views.kernel.markup import cell_html
from views.kernel.request import language, say, t


def csp_nonce() -> str:
    """Returns the nonce of this answer's scripts."""
    if "nonce" not in g:
        g.nonce = secrets.token_urlsafe(16)
    return str(g.nonce)


def install(app: Flask) -> None:
    """Puts our templates before the framework's, and gives them their words, icons and addresses."""
    ours = FileSystemLoader(assets.THEME / "templates")
    app.jinja_loader = ChoiceLoader([ours])
    app.jinja_env.globals.update(
        t=t, asset=assets.asset, own=assets.own, sprite=assets.sprite, csp_nonce=csp_nonce, cell_html=cell_html
    )
    app.jinja_env.filters["said"] = say
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.context_processor(lambda: {"lang": language()})
    app.session_interface = Sessions()
    app.after_request(_headers)


class Sessions(SecureCookieSessionInterface):
    """Sessions in a signed cookie. Static files have none: `Vary: Cookie` would make browsers fetch them again and again."""

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Writes the cookie, but for what is the same for everybody."""
        if not request.path.startswith("/static/"):
            super().save_session(app, session, response)


def close_framework(app: Flask) -> None:
    """Takes the framework's own files off the address map's answers: nothing of ours asks for its jQuery and Bootstrap 3."""

    def gone(**_values: Any) -> NoReturn:
        raise NotFound()

    app.view_functions["appbuilder.static"] = gone


def _headers(response: Response) -> Response:
    """No answer is framed, sniffed or cached by strangers; scripts run by nonce only; nothing is fetched elsewhere."""
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("X-Frame-Options", "DENY")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    response.headers.setdefault("Permissions-Policy", "camera=(self), geolocation=(), microphone=()")
    response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    if "request_id" in g:
        response.headers["X-Request-Id"] = g.request_id
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if response.mimetype == "text/html":
        nonce = csp_nonce()
        response.headers["Content-Security-Policy"] = (
            f"default-src 'self'; script-src 'self' 'nonce-{nonce}'; style-src 'self'; img-src 'self' data: blob:; "
            "font-src 'self'; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
            "frame-ancestors 'none'"
        )
        response.headers["Cache-Control"] = "no-store"
    else:  # data that somebody opens as a page runs nothing and fetches nothing; files of records say more exactly
        response.headers.setdefault("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
        if not response.headers.get("Cache-Control"):
            response.headers["Cache-Control"] = "no-store"
    return response
