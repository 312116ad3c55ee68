"""Engines and sessions: how a database is opened, who acts in a session, and the one way past the gate."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from models.kernel.actor import NOBODY, SYSTEM, Actor
from models.kernel.clock import Clock, utc_now

reading: ContextVar[bool] = ContextVar("reading", default=False)
"""True while only reading (a GET request): SQLite then takes no write lock. Whoever may write begins IMMEDIATE (design 5)."""


def prepare_engine(engine: Engine) -> Engine:
    """Sets up an engine as Doorbook needs it: on SQLite WAL, foreign keys, a busy timeout and IMMEDIATE transactions."""
    if engine.dialect.name != "sqlite":
        return engine

    from models.kernel.sorting import speak  # which needs the tables, which need sessions

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=NORMAL",
            "foreign_keys=ON",
            "busy_timeout=15000",
            "cache_size=-65536",
            "temp_store=MEMORY",
            "mmap_size=268435456",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()
        speak(connection)

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN" if reading.get() else "BEGIN IMMEDIATE")

    return engine


def act(session: Session, actor: Actor, clock: Clock = utc_now) -> Session:
    """Says who acts in `session` from now on, and by which clock. Returns the session, which forgets who acted before."""
    for remembered in ("nodes", "reaches", "criteria", "option_items", "flow_settings", "worked"):
        session.info.pop(remembered, None)
    session.info["actor"] = actor
    session.info["clock"] = clock
    return session


def actor_of(session: Session) -> Actor:
    """Returns who acts in `session`; nobody, who sees nothing, where nobody was named."""
    actor: Actor = session.info.get("actor", NOBODY)
    return actor


def clock_of(session: Session) -> Clock:
    """Returns the clock of `session`."""
    clock: Clock = session.info.get("clock", utc_now)
    return clock


@contextmanager
def unscoped(bind: Any, *, clock: Clock = utc_now) -> Iterator[Session]:
    """Opens a session of its own that sees every row, acting as the system.

    A session of its own, because `get` and lazy loads answer from the identity map. Every use says why.
    """
    with Session(bind) as session:
        act(session, SYSTEM, clock)
        yield session
