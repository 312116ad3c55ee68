"""Writing the rows of an import: many in a few statements, all in the transaction of the caller."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from models.kernel.bulk import insert_rows, update_rows
from models.kernel.table import Table
from models.kernel.trial import Changes


def write(
    session: Session,
    cls: type[Table],
    added: Sequence[dict[str, Any]],
    changed: Sequence[tuple[int, Changes]],
) -> list[int]:
    """Writes rows whose rules have been run, in a few statements.

    Returns:
        The keys of the added rows, in their order.

    Raises:
        Denied: the actor may not write one of them.
        Refusal: the tree's own rules refuse one.
    """
    if cls.owned.kind == "tree":  # their nodes are kept row by row
        return _one_by_one(session, cls, added, changed)
    keys = insert_rows(session, cls, added)
    update_rows(session, cls, changed)
    session.flush()
    return keys


def _one_by_one(
    session: Session, cls: type[Table], added: Sequence[dict[str, Any]], changed: Sequence[tuple[int, Changes]]
) -> list[int]:
    rows = []
    for values in added:
        row = cls(**{name: value for name, value in values.items() if name in cls.__mapper__.columns})
        session.add(row)
        session.flush()
        rows.append(row.id)
    for key, change in changed:
        row = session.get_one(cls, key)
        for name, (_before, after) in change.items():
            setattr(row, name, after)
    session.flush()
    return rows
