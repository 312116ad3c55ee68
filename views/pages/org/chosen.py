"""The place a page is about: the one its address names, within what the person may read; else the highest they hold."""

from __future__ import annotations

from typing import Any

from flask import request
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.kernel.node import Node
from views.kernel.request import actor


def chosen_node(session: Session) -> Any:
    """Returns the node that `?node=` names where the actor may read it, else the first place they hold a role at."""
    raw = request.values.get("node", "")
    if raw.isdecimal() and len(raw) < 19:
        found = session.scalars(select(Node).where(Node.id == int(raw))).first()
        if found is not None:
            return found
    held = sorted({each.path for each in actor().grants})
    return session.scalars(select(Node).where(Node.path.in_(held)).order_by(Node.path)).first() if held else None
