"""What every template may call, and the headers every answer carries."""

from __future__ import annotations

import secrets

from flask import Flask, Response, g, request
from jinja2 import ChoiceLoader, FileSystemLoader

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
    app.after_request(_headers)


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
    elif not response.headers.get("Cache-Control"):
        response.headers["Cache-Control"] = "no-store"
    return response
