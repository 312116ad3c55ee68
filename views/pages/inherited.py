"""What pages of inherited values tell alike: who says how they change, and which places below say otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from models.kernel.parameter_control import control_at
from models.kernel.scope import known_nodes

SHOWN_BELOW = 5
"""Places below that are named beside a value; of more only how many."""


def told_below(found: Sequence[Any]) -> dict[str, Any] | None:
    """Returns which places below say otherwise of a value: those that switched it off, and those that changed it."""
    if not found:
        return None
    off = [place for row, place in found if not row.enabled]
    changed = [place for row, place in found if row.enabled]
    return {
        "off": "、".join(off[:SHOWN_BELOW]),
        "off_more": max(len(off) - SHOWN_BELOW, 0),
        "changed": "、".join(changed[:SHOWN_BELOW]),
        "changed_more": max(len(changed) - SHOWN_BELOW, 0),
    }


def control_told(session: Session, node_id: int) -> dict[str, Any] | None:
    """Returns how parameters of a place change and which place says so; None where none does."""
    found = control_at(session, node_id)
    if found is None:
        return None
    place = next((node.name for node in known_nodes(session) if node.id == found.node_id), "")
    return {"by_sheet": found.by_sheet, "place": place, "url": "/parameter_control/list/"}
