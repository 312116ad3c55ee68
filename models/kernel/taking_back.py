"""Taking back: a saved form, a deletion or a change of many rows, where nobody has changed a row since.

Each row is written through the same door as any other, with the rights of the moment, and recorded as what it is: a change.
"""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.kernel import entry
from models.kernel.bin import in_bin, restore
from models.kernel.bulk_change import (
    BATCH,
    MOVE,
    REMOVE,
    Asked,
    BulkChange,
    BulkLine,
    Outcome,
    asked_for,
    changed_since,
    typed,
)
from models.kernel.guard import expect_version, name_of
from models.kernel.refusal import Missing, Refusal, Stale
from models.kernel.registry import infos
from models.kernel.roles import WRITE
from models.kernel.table import Table
from models.kernel.words import _


def can_undo(asked: Asked) -> bool:
    """Returns whether such a change is taken back at all: a move of a flow has effects, and is not."""
    return asked.kind != MOVE


def undo(session: Session, cls: type[Table], token: str) -> Outcome:
    """Takes a change back, row by row, where nobody has changed the row since. Commits in batches.

    Raises:
        Missing: as `asked_for`.
        Refusal: it was not made, is of a flow, or was taken back already.
    """
    asked = asked_for(session, cls, token)
    if asked.state != "done" or not can_undo(asked):
        raise Refusal(_("This cannot be taken back any more.", "该操作已无法撤销。"), code="undone", status=409)
    changes: Any = BulkChange.__table__
    lines: Any = BulkLine.__table__
    mine = (changes.c.id == asked.key) & (changes.c.state == "done")
    if not session.connection().execute(changes.update().where(mine).values(state="undone")).rowcount:
        raise Refusal(_("This was taken back already.", "该操作已撤销。"), code="undone", status=409)
    session.commit()
    outcome = Outcome()
    done = session.execute(
        select(lines.c.row_id, lines.c.version, lines.c.before)
        .where(lines.c.change_id == asked.key, lines.c.state == "done")
        .order_by(lines.c.id.desc())
    ).all()
    for start in range(0, len(done), BATCH):
        for line in done[start : start + BATCH]:
            _back(session, cls, asked, line, outcome)
        session.commit()
    return outcome


def _back(session: Session, cls: type[Table], asked: Asked, line: Any, outcome: Outcome) -> None:
    name = ""
    try:
        with session.begin_nested():
            if asked.kind == REMOVE:
                row = in_bin(session, cls, line.row_id)
                name = name_of(row)
                expect_version(row, line.version)
                restore(session, row)
            else:
                statement = select(cls).where(cls.id == line.row_id).execution_options(right=WRITE)
                found = session.scalars(statement.execution_options(populate_existing=True)).one_or_none()
                if found is None:
                    raise Missing()
                name = name_of(found)
                expect_version(found, line.version)
                known = infos(cls)
                entry.assign(found, {n: typed(known[n], v) for n, v in json.loads(line.before).items()})
                session.flush()
    except Stale:
        outcome.refuse(line.row_id, name, changed_since())
    except Refusal as refusal:
        outcome.refuse(line.row_id, name, refusal)
    else:
        outcome.done += 1
