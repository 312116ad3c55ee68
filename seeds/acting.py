"""Seeds write as the system, at the moments their story tells."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session

from models.kernel.actor import SYSTEM
from models.kernel.session import act, actor_of, clock_of


@contextmanager
def as_system(session: Session) -> Iterator[None]:
    """Lets the system act in `session`, and gives it back to whoever acted before, with their clock."""
    actor, clock = actor_of(session), clock_of(session)
    act(session, SYSTEM, clock)
    try:
        yield
    finally:
        act(session, actor, clock)
