"""The seal over the audit: committed rows are hash-chained in batches, so that a change of the past is found.

A batch's hash runs over the previous batch's hash and, row by row, over the row's canonical JSON. Ids only ever grow; gaps
of transactions that were rolled back are no fault. Whoever can write to the database could seal anew from a place they
changed: keep the head (`run.py verify-audit` prints it) somewhere else, and ask for it later.

When a row may be sealed: a smaller id must not be on its way. SQLite has one writer, and the sealer is it. PostgreSQL
commits out of order: there the sealer reads the highest id older than a minute, then asks which transactions hold the
lock that every INSERT into the audit takes before it draws its id. Each id below the one read was drawn by a transaction
that is among them or has ended. The sealer waits until none of those holds the lock any more; it blocks nobody.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Integer, String, func, insert, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.kernel.audit import AuditLog
from models.kernel.columns import BigId, Moment
from models.kernel.session import clock_of
from models.kernel.table import Base

BATCH = 500
"""Rows under one seal."""

RIPE = timedelta(minutes=1)
"""A row is sealed when it is older than this."""

PATIENCE = 10.0
"""Seconds the sealer waits for writers that were there before it; then it leaves the rows to its next run."""

START = "0" * 64
_LOCK = 0x5EA1


class AuditSeal(Base):
    """A sealed batch: which ids it spans, how many rows there are between them, and the hash of the chain up to here."""

    __tablename__ = "audit_seal"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    first_id: Mapped[int] = mapped_column(BigId, unique=True)
    last_id: Mapped[int] = mapped_column(BigId, unique=True)
    rows: Mapped[int] = mapped_column(Integer)
    previous: Mapped[str] = mapped_column(String(64), unique=True)
    hash: Mapped[str] = mapped_column(String(64))
    sealed_at: Mapped[datetime] = mapped_column(Moment)


@dataclass(slots=True)
class Verdict:
    """What `verify` found.

    Attributes:
        broken: the first broken link in a sentence; empty where the chain holds.
        sealed: rows under seals that hold, and `batches` of them.
        head: the hash of the last seal that holds.
        tail: rows that are not sealed yet, and since when the oldest of them waits.
    """

    broken: str = ""
    sealed: int = 0
    batches: int = 0
    head: str = START
    tail: int = 0
    since: datetime | None = None
    heads: set[str] = field(default_factory=set)


def canonical(row: Any) -> bytes:
    """Returns an audit row as it is hashed: JSON with sorted keys, without spaces, moments in UTC to the microsecond."""
    values = {
        name: value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ") if isinstance(value, datetime) else value
        for name, value in row._mapping.items()
    }
    return json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def chained(previous: str, rows: Iterable[Any]) -> str:
    """Returns the hash of the chain after `rows`."""
    found = previous
    for row in rows:
        found = hashlib.sha256(found.encode() + canonical(row)).hexdigest()
    return found


def seal(session: Session, *, patience: float = PATIENCE) -> int:
    """Seals what is ripe, in batches. Commits after each; two at once wait for each other and seal nothing twice.

    Args:
        session: acting as the system, with nothing of its own under way; its clock says what is ripe.
        patience: seconds to wait for writers that were there before (PostgreSQL).

    Returns: how many rows were sealed; 0 where earlier writers did not end in time.
    """
    audit: Any = AuditLog.__table__
    session.rollback()
    limit = _settled(session, clock_of(session)() - RIPE, patience)
    done = 0
    while limit is not None:
        if session.get_bind().dialect.name == "postgresql":
            session.execute(select(func.pg_advisory_xact_lock(_LOCK)))
        last_id, previous = _last(session)
        rows = session.execute(
            select(audit).where(audit.c.id > last_id, audit.c.id <= limit).order_by(audit.c.id).limit(BATCH)
        ).all()
        if not rows:
            session.rollback()
            break
        values = {
            "first_id": rows[0].id,
            "last_id": rows[-1].id,
            "rows": len(rows),
            "previous": previous,
            "hash": chained(previous, rows),
            "sealed_at": clock_of(session)(),
        }
        session.execute(insert(AuditSeal.__table__), [values])  # type: ignore[arg-type]
        session.commit()
        done += len(rows)
    return done


def _last(session: Session) -> tuple[int, str]:
    seals: Any = AuditSeal.__table__
    found = session.execute(select(seals.c.last_id, seals.c.hash).order_by(seals.c.id.desc()).limit(1)).first()
    return (found.last_id, found.hash) if found else (0, START)


def _settled(session: Session, ripe: datetime, patience: float) -> int | None:
    """Returns the highest id that may be sealed, when no smaller one can still appear; None where there is none.

    Ids are drawn in the order of time, but for writers that began earlier and for clocks that differ: the first row that
    is not ripe ends the batch, whatever its neighbours say.
    """
    audit: Any = AuditLog.__table__
    last_id, _hash = _last(session)
    young = session.scalar(select(func.min(audit.c.id)).where(audit.c.id > last_id, audit.c.at >= ripe))
    old = select(func.max(audit.c.id)).where(audit.c.id > last_id, audit.c.at < ripe)
    limit = session.scalar(old if young is None else old.where(audit.c.id < young))
    session.rollback()
    if limit is None or session.get_bind().dialect.name != "postgresql":
        return limit
    waited = time.monotonic()
    before = _writers(session)
    while before & _writers(session):
        if time.monotonic() - waited > patience:
            return None
        time.sleep(0.05)
    return int(limit)


def _writers(session: Session) -> frozenset[str]:
    """The transactions that hold the lock of an INSERT into the audit, in this database."""
    found = session.execute(
        text(
            "SELECT virtualtransaction FROM pg_locks WHERE locktype = 'relation' AND mode = 'RowExclusiveLock' AND granted"
            " AND relation = 'audit_log'::regclass"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
    )
    writers = frozenset(str(row.virtualtransaction) for row in found)
    session.rollback()
    return writers


def verify(session: Session) -> Verdict:
    """Walks the chain from its beginning. Reads every audit row once, in constant memory."""
    audit: Any = AuditLog.__table__
    seals: Any = AuditSeal.__table__
    found, last_id = Verdict(), 0
    for one in session.execute(select(seals).order_by(seals.c.id)).all():
        rows = _Counted(_between(session, last_id, one.last_id))
        name = f"seal {one.id} (audit rows {one.first_id} to {one.last_id}, {one.sealed_at:%Y-%m-%d %H:%M} UTC)"
        if one.previous != found.head:
            found.broken = f"{name} does not follow the seal before it: a seal was changed, added or taken away."
        elif one.first_id <= last_id or one.last_id < one.first_id:
            found.broken = f"{name} spans ids that were sealed before it."
        elif chained(found.head, rows) != one.hash:
            found.broken = f"{name} is broken: {_why(one, rows)}"
        if found.broken:
            break
        found.head, last_id = one.hash, one.last_id
        found.heads.add(one.hash)
        found.sealed, found.batches = found.sealed + one.rows, found.batches + 1
    tail = select(func.count(), func.min(audit.c.at)).where(audit.c.id > (_last(session)[0]))
    found.tail, found.since = session.execute(tail).one()
    return found


def _why(one: Any, rows: _Counted) -> str:
    if rows.count < one.rows:
        return f"{one.rows - rows.count} of its {one.rows} rows are gone."
    if rows.count > one.rows:
        return f"{rows.count - one.rows} rows were put in after it was sealed."
    if (rows.first, rows.last) != (one.first_id, one.last_id):
        return "its rows have other ids than when it was sealed."
    return f"at least one of its {one.rows} rows is not what it was."


def _between(session: Session, after: int, until: int) -> Iterator[Any]:
    audit: Any = AuditLog.__table__
    statement = select(audit).where(audit.c.id > after, audit.c.id <= until).order_by(audit.c.id)
    yield from session.execute(statement.execution_options(yield_per=1000))


class _Counted:
    """Rows on their way, counted, with the first and the last id."""

    def __init__(self, rows: Iterator[Any]) -> None:
        self._rows = rows
        self.count = 0
        self.first = self.last = 0

    def __iter__(self) -> Iterator[Any]:
        for row in self._rows:
            self.first = self.first or row.id
            self.last = row.id
            self.count += 1
            yield row
