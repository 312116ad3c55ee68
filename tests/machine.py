"""What this machine has for tests: PostgreSQL, Redis, Chromium. Tests that need a missing part are left out by name.

`python -m tests.machine` says in one line what is left out. Under CI=true nothing may be, and it fails.
"""

from __future__ import annotations

import functools
import getpass
import os
import shutil
import socket
import sys
from urllib.parse import urlsplit

import psycopg

_POSTGRES = ("127.0.0.1", 5432)
_REDIS = "redis://127.0.0.1:6379/0"
_CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@functools.cache
def postgres_url() -> str | None:
    """Finds a PostgreSQL server in which tests may create scratch databases.

    Returns: the URL of an administrating role, for SQLAlchemy with psycopg: TEST_POSTGRES_URL, or else a role of
    127.0.0.1:5432 that needs no password; None where no such role answers.
    """
    given = os.environ.get("TEST_POSTGRES_URL")
    if given:
        candidates = [given]
    else:
        candidates = [
            f"postgresql://{user}@{_POSTGRES[0]}:{_POSTGRES[1]}/postgres" for user in ("postgres", getpass.getuser())
        ]
        if not _answers(_POSTGRES):
            return None
    for url in candidates:
        _, _, rest = url.partition("://")
        if _may_create_databases(f"postgresql://{rest}"):
            return f"postgresql+psycopg://{rest}"
    return None


@functools.cache
def redis_url() -> str | None:
    """Finds a Redis server.

    Returns: TEST_REDIS_URL or the one of 127.0.0.1:6379, if it answers; otherwise None.
    """
    url = os.environ.get("TEST_REDIS_URL") or _REDIS
    place = urlsplit(url)
    try:
        with socket.create_connection((place.hostname or "127.0.0.1", place.port or 6379), timeout=2) as connection:
            connection.sendall(b"PING\r\n")
            # A server that wants a password answers -NOAUTH: it is there, and the URL carries the password.
            return url if connection.recv(16).startswith((b"+PONG", b"-NOAUTH")) else None
    except OSError:
        return None


def chromium_path() -> str | None:
    """Finds the browser that playwright drives.

    Returns: the path of the machine's Chromium or Chrome, or None.
    """
    return next((path for name in _CHROMIUMS if (path := shutil.which(name))), None)


def missing() -> list[str]:
    """Names what this machine lacks.

    Returns: a sentence for each missing part, saying which marker is left out and how to have it.
    """
    said = []
    if postgres_url() is None:
        said.append("no PostgreSQL role that may create databases (TEST_POSTGRES_URL): postgres tests are left out.")
    if redis_url() is None:
        said.append("no Redis (TEST_REDIS_URL): redis tests are left out.")
    if chromium_path() is None:
        said.append("no Chromium (Debian: apt-get install chromium): browser tests are left out.")
    return said


def _answers(place: tuple[str, int]) -> bool:
    try:
        with socket.create_connection(place, timeout=2):
            return True
    except OSError:
        return False


def _may_create_databases(url: str) -> bool:
    question = "select rolcreatedb or rolsuper from pg_roles where rolname = current_user"
    try:
        with psycopg.connect(url, connect_timeout=3) as connection:
            row = connection.execute(question).fetchone()
            return bool(row and row[0])
    except psycopg.Error:
        return False


def main() -> int:
    """Says in one line what this machine cannot run.

    Returns: the exit code, 1 where something is missing under CI=true.
    """
    sentences = missing()
    if not sentences:
        return 0
    print("Not on this machine:", " ".join(sentences), flush=True)
    return 1 if os.environ.get("CI") == "true" else 0


if __name__ == "__main__":
    sys.exit(main())
