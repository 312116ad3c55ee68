"""Putting a row into a state: the one place that writes it, with its stamps, in the moving person's name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy.orm import Session

from models.kernel.actor import SYSTEM, Actor
from models.kernel.flow import Effect
from models.kernel.flow_rules import due
from models.kernel.guard import touch
from models.kernel.session import actor_of, clock_of
from models.kernel.table import Table


def step(
    session: Session,
    row: Table,
    name: str,
    to: str | None,
    told: Mapping[str, Any] | None = None,
    effect: Effect | None = None,
) -> None:
    """Writes one step of a flow and flushes it, as the transition `name` in the audit.

    Args:
        to: the state it leads to; None where the row stays in its state (a level of an approval).
        told: what else the audit is to say of it, by name.
        effect: what else the move does, once the row is in its new state.
    """
    flow: Any = type(row).flow
    now = clock_of(session)()
    moving: dict[int, str] = session.info.setdefault("moving", {})
    moving[id(row)] = name  # before the effect, which may write thousands of rows and so flush by itself
    try:
        if to is None or to == getattr(row, flow.column):
            touch(row)
        else:
            with session.no_autoflush:
                until = due(session, row, to, now)
                setattr(row, flow.column, to)
                row.state_since, row.state_due_at = now, until
                if effect is not None:
                    effect(session, actor_of(session), row, now)
        if told:
            session.info.setdefault("noted", {})[id(row)] = {key: (None, value) for key, value in told.items() if value}
        session.flush()
    finally:
        moving.pop(id(row), None)
        session.info.get("noted", {}).pop(id(row), None)


@contextmanager
def by_itself(session: Session) -> Iterator[None]:
    """Lets the console itself act for a while: what settings say happens without anybody."""
    before: Actor = actor_of(session)
    session.flush()
    session.info["actor"] = Actor(None, SYSTEM.name, system=True, channel=before.channel, request_id=before.request_id)
    try:
        yield
    finally:
        session.info["actor"] = before
