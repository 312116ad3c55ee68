"""What was changed, by whom, through which channel: one append-only row a change, in the same transaction."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.kernel.actor import Actor
from models.kernel.columns import BigId, Moment
from models.kernel.driver import put
from models.kernel.secret import MaskedValue
from models.kernel.table import Base


class AuditLog(Base):
    """One change of one row. Never updated, never deleted (Part C 24)."""

    __tablename__ = "audit_log"
    __table_args__ = (
        Index("ix_audit_log_row", "table_name", "row_id", "id"),
        Index("ix_audit_log_at", "at", "id"),
        *(Index(f"ix_audit_log_{name}_id", name, "id") for name in ("user_id", "table_name", "action", "address")),
        Index("ix_audit_log_request_id", "request_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"))
    channel: Mapped[str] = mapped_column(String(20))
    address: Mapped[str] = mapped_column(String(64))
    request_id: Mapped[str] = mapped_column(String(64))
    table_name: Mapped[str] = mapped_column(String(64))
    row_id: Mapped[int] = mapped_column(BigId)
    action: Mapped[str] = mapped_column(String(40))
    changes: Mapped[str] = mapped_column(Text)


_REMEMBERED = 5_000
_JSON = json.JSONEncoder(ensure_ascii=False)  # once: `json.dumps` would make one for every line


def plain(value: Any) -> Any:
    """Returns `value` as JSON can hold it; masked values stay encrypted."""
    if isinstance(value, MaskedValue):
        return {"masked": value.stored}
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def entry(
    actor: Actor, at: datetime, table: str, row_id: int, action: str, changes: dict[str, tuple[Any, Any]]
) -> dict[str, Any]:
    """Returns the values of an audit row: `changes` maps a field to its value before and after."""
    return {
        "at": at,
        "user_id": actor.user_id,
        "channel": actor.channel,
        "address": actor.address[:64],
        "request_id": actor.request_id[:64],
        "table_name": table,
        "row_id": row_id,
        "action": action,
        "changes": _JSON.encode({field: [plain(before), plain(after)] for field, (before, after) in changes.items()}),
    }


def added(
    actor: Actor, at: datetime, table: str, rows: Iterable[tuple[int, Mapping[str, Any]]]
) -> Iterator[dict[str, Any]]:
    """Yields the values of the audit rows of new rows (key, values): as `entry`, each field from nothing to its value."""
    same = entry(actor, at, table, 0, "add", {})
    told: dict[tuple[str, type, str], str] = {}  # of many rows most fields say what others say
    for key, values in rows:
        parts = []
        for field, value in values.items():
            said = plain(value)
            known = (field, type(said), str(said))
            if known not in told:
                if len(told) > _REMEMBERED:
                    told.clear()
                told[known] = f"{_JSON.encode(field)}: [null, {_JSON.encode(said)}]"
            parts.append(told[known])
        yield {**same, "row_id": key, "changes": f"{{{', '.join(parts)}}}"}


def write_lines(session: Session, lines: Sequence[dict[str, Any]]) -> None:
    """Writes audit rows made by `entry`, in the transaction of what they tell."""
    put(session.connection(), AuditLog.__table__, lines)
