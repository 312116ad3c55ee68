"""One move of many rows in a few statements: the same rights, settings, stamps and audit as `moving.move` row by row.

For areas that move rows by the hundred as one thing, such as the issues of a list. Guards are asked; effects are the
caller's to do, set by set.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select, update

from models.kernel.audit import entry, write_lines
from models.kernel.flow_rules import due, may_press, required_columns
from models.kernel.guard import required
from models.kernel.moving import transition_of
from models.kernel.refusal import Denied, Refusal
from models.kernel.registry import infos
from models.kernel.roles import READ
from models.kernel.scope import criterion, reach
from models.kernel.session import actor_of, clock_of
from models.kernel.table import Table
from models.kernel.words import _

CHUNK = 500


def step_rows(
    session: Any, cls: type[Table], keys: Sequence[int], name: str, values: Mapping[str, Any] | None = None
) -> list[Any]:
    """Makes a move of many rows: all of them, or none. Flushes, and locks the rows first.

    Args:
        keys: of rows the actor may move; each once.
        name: of a transition that is part of no approval.
        values: plain columns that all of them get with the move, typed.

    Returns:
        The rows as they were read before the move, expired, in the order of their keys.

    Raises:
        Denied: one of them is out of reach for this move, or its place left the move to others.
        Refusal: 409 where rows are in another state by now, with their number; what a row lacks, or its guard's.
    """
    if not keys:
        return []
    session.flush()
    flow: Any = cls.flow
    transition = transition_of(cls, name)
    actor, now = actor_of(session), clock_of(session)()
    given = dict(values or {})
    bare: Any = cls.__table__
    where = criterion(cls, reach(session, actor, cls, name), READ, bare=True)
    rows: list[Any] = []
    for start in range(0, len(keys), CHUNK):
        part = sorted(keys)[start : start + CHUNK]
        held = select(bare.c.id).where(bare.c.id.in_(part), where, bare.c.deleted_at.is_(None))
        if len(session.execute(held.with_for_update()).all()) != len(part):
            raise Denied()
        rows += session.scalars(
            select(cls).where(cls.id.in_(part)).order_by(cls.id).execution_options(populate_existing=True)
        )
    if len(rows) != len(keys):
        raise Denied()
    _check(session, rows, transition, given, now)
    changes: dict[Any, list[int]] = {}
    lines = []
    for row in rows:
        changes.setdefault(due(session, row, transition.to, now), []).append(row.id)
        told = {column: (getattr(row, column), value) for column, value in given.items()}
        told[flow.column] = (getattr(row, flow.column), transition.to)
        lines.append(entry(actor, now, cls.__tablename__, row.id, name, told))
    connection = session.connection()
    for until, part in changes.items():
        for start in range(0, len(part), CHUNK):
            connection.execute(
                update(bare)
                .where(bare.c.id.in_(part[start : start + CHUNK]))
                .values(
                    **given,
                    **{flow.column: transition.to},
                    state_since=now,
                    state_due_at=until,
                    version=bare.c.version + 1,
                    changed_at=now,
                    changed_by_id=actor.user_id,
                )
            )
    for start in range(0, len(lines), CHUNK):
        write_lines(session, lines[start : start + CHUNK])
    for row in rows:
        session.expire(row)
    return rows


def _check(session: Any, rows: Sequence[Any], transition: Any, given: Mapping[str, Any], now: Any) -> None:
    cls: type[Table] = type(rows[0])
    flow: Any = cls.flow
    actor, known = actor_of(session), infos(cls)
    elsewhere = [row for row in rows if getattr(row, flow.column) not in transition.from_]
    if elsewhere:
        raise Refusal(
            _(
                "{n} of {all} are in another state by now ({state}). Look at the list again.",
                "{all} 条中有 {n} 条的状态已变化（{state}），请刷新后重新操作。",
            ).fill(n=len(elsewhere), all=len(rows), state=flow.words(getattr(elsewhere[0], flow.column))),
            code="illegal_move",
            status=409,
        )
    for row in rows:
        if not may_press(session, actor, row, transition):
            raise Denied()
        for column in required_columns(session, row, transition):
            if given.get(column, getattr(row, column)) in (None, ""):
                raise required(column, known[column].label)
        stands = transition.guard(session, actor, row, now) if transition.guard is not None else None
        if stands is not None:
            raise stands
