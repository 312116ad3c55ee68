"""Static files: our own and the vendored ones, named by their content and kept by browsers for a year."""

from __future__ import annotations

import gzip
import hashlib
import json
import mimetypes
from functools import cache
from pathlib import Path

import brotli
from flask import Flask, Response, request
from werkzeug.exceptions import NotFound

THEME = Path(__file__).resolve().parent.parent / "theme"
STATIC = THEME / "static"
OWN = STATIC / "doorbook"
VENDOR = STATIC / "vendor"
YEAR = 365 * 24 * 3600


@cache
def _vendored() -> dict[str, str]:
    manifest = VENDOR / "manifest.json"
    if not manifest.exists():
        return {}
    found: dict[str, str] = json.loads(manifest.read_text())
    return found


@cache
def _fingerprint(name: str) -> str:
    file = OWN / name
    return hashlib.sha256(file.read_bytes()).hexdigest()[:10] if file.is_file() else ""


def asset(name: str) -> str:
    """Returns the address of a vendored file by its plain name, such as 'flatpickr.js'."""
    return f"/static/vendor/{_vendored().get(name, name)}"


def own(name: str) -> str:
    """Returns the address of a file of our own, with its fingerprint."""
    return f"/static/doorbook/{_fingerprint(name)}/{name}"


def sprite() -> str:
    """Returns the address of the icon sprite."""
    return asset("icons.svg")


def install(app: Flask) -> None:
    """Serves the static files. What is named by its content never changes, so it is kept for good."""

    @app.get("/static/vendor/<name>", endpoint="vendor")
    def vendor(name: str) -> Response:
        return _kept(_sent(VENDOR / name))

    @app.get("/static/doorbook/<fingerprint>/<name>", endpoint="own")
    def own_file(fingerprint: str, name: str) -> Response:
        response = _sent(OWN / name)
        # a style sheet names its pictures beside itself, under its own fingerprint: those are asked for again at times
        return _kept(response) if fingerprint == _fingerprint(name) else response

    @app.get("/favicon.ico", endpoint="favicon")
    def favicon() -> Response:
        return _sent(OWN / "mark.svg")


@cache
def _read(file: Path) -> tuple[dict[str, bytes], str]:
    """Returns a file as it is ('') and compressed once for all requests, best first, and its entity tag."""
    body = file.read_bytes()
    ways = {"br": brotli.compress(body, quality=9), "gzip": gzip.compress(body, 9, mtime=0), "": body}
    return ways, hashlib.sha256(body).hexdigest()[:20]


def _sent(file: Path) -> Response:
    """Answers with a file of a flat folder of ours; a name that leads elsewhere is not found."""
    if file.name.startswith(".") or file.parent not in (OWN, VENDOR) or not file.is_file():
        raise NotFound()
    ways, tag = _read(file)
    how = next(
        way
        for way, body in ways.items()
        if not way or (request.accept_encodings[way] > 0 and len(body) < len(ways[""]))
    )
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    response = Response(ways[how], mimetype=kind)
    if how:
        response.headers["Content-Encoding"] = how
    response.headers["Vary"] = "Accept-Encoding"
    response.set_etag(tag)
    response.headers["Cache-Control"] = "public, max-age=300"
    response.make_conditional(request)
    return response


def _kept(response: Response) -> Response:
    response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    return response
