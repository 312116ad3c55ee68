"""What is set for a part of the tree: of several settings on the way up, the nearest one holds."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.kernel.node import Node, steps
from models.kernel.table import Table


def nearest(session: Session, cls: type[Table], path: str, *columns: str, **equal: Any) -> Any:
    """Returns the setting that holds at a path of the tree, whoever may read it: it works for everybody below.

    Args:
        cls: a table owned by nodes.
        path: the path of the node it is wanted for.
        columns: which of its columns are wanted.
        equal: column -> value the setting must have.

    Returns: a row of those columns, of the living setting at the lowest living node on the path; None where there is none.
    """
    settings, nodes = cls.__table__.c, Node.__table__.c
    return session.execute(
        select(*(settings[name] for name in columns))
        .join(Node.__table__, nodes.id == settings.node_id)
        .where(
            *(settings[name] == value for name, value in equal.items()),
            settings.deleted_at.is_(None),
            nodes.deleted_at.is_(None),
            nodes.id.in_(steps(path)),
        )
        .order_by(nodes.path.desc())
        .limit(1)
    ).first()
