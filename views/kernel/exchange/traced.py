"""A file that left the console by a page of its own leaves a line in the audit, as the export of a list does."""

from __future__ import annotations

from sqlalchemy.orm import Session

from models.kernel.audit import entry, write_lines
from models.kernel.session import actor_of, clock_of, reading


def note_export(session: Session, table: str, **told: str | None) -> None:
    """Records that the actor takes a file away. Commits, in a transaction of its own: the request only reads.

    Args:
        table: whose rows the file is about.
        told: what it was: `format`, and what was asked for; what is None is left out.
    """
    changes = {name: (None, value) for name, value in told.items() if value is not None}
    line = entry(actor_of(session), clock_of(session)(), table, 0, "export", changes)
    token = reading.set(False)
    try:
        with Session(session.get_bind()) as own:
            write_lines(own, [line])
            own.commit()
    finally:
        reading.reset(token)
