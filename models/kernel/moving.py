"""Making the moves of a flow: right, state, fields, guard, stamps, audit and effect, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from models.kernel import entry
from models.kernel.flow import Flow, Transition
from models.kernel.guard import expect_version, held_at_owner, required
from models.kernel.refusal import Denied, Missing, Refusal
from models.kernel.registry import infos
from models.kernel.session import actor_of, clock_of
from models.kernel.table import Table
from models.kernel.words import Words, _


def possible(session: Session, row: Table) -> list[Transition]:
    """Returns the moves this actor may make on this row now, the usual one first. Guards are asked when one is made."""
    flow = type(row).flow
    if flow is None or row.deleted_at is not None:
        return []
    actor = actor_of(session)
    return [
        each
        for each in flow.leaving(getattr(row, flow.column))
        if held_at_owner(session, actor, row, each.name, before=True)
    ]


def transition_of(cls: type[Table], name: str) -> Transition:
    """Returns a transition of a table.

    Raises:
        Missing: it has none of that name; names those there are.
    """
    flow = cls.flow
    found = flow.transition(name) if flow is not None else None
    if found is None:
        names = ", ".join(each.name for each in flow.transitions) if flow is not None else "—"
        raise Missing(
            _(
                "There is no transition “{name}” here; there are {names}.", "没有“{name}”这一操作，可用操作：{names}。"
            ).fill(name=name, names=names)
        )
    return found


def check(session: Session, row: Table, name: str) -> Transition:
    """Returns the transition where this actor may make it on this row as it is now.

    Raises:
        Missing: no such transition; Denied: no right to it at the row's owner.
        Refusal: not from this state (409); says what is possible instead.
    """
    transition = transition_of(type(row), name)
    flow: Any = type(row).flow
    if not held_at_owner(session, actor_of(session), row, name, before=True):
        raise Denied()
    if getattr(row, flow.column) not in transition.from_ or row.deleted_at is not None:
        raise _illegal(session, flow, row, transition)
    return transition


def move(
    session: Session, row: Table, name: str, values: Mapping[str, object] | None = None, version: int | None = None
) -> Table:
    """Makes a move. Flushes; the caller commits, and rolls back what was refused.

    Args:
        session: acting as whoever makes it.
        row: of a table with a flow; read again and locked first, so that of two people the second meets the new state.
        name: of the transition.
        values: what was entered for its required columns, as a client says it.
        version: the version the client had in front of it; None where only the state matters.

    Raises:
        Missing, Denied: as `check`.
        Stale: the row is at another version than the client saw.
        Refusal: 409 with what is possible now; 422 with every required field that is empty or unreadable; or the guard's.
    """
    session.flush()
    session.refresh(row, with_for_update=True)
    transition = check(session, row, name)
    if version is not None:
        expect_version(row, version)
    cls, actor, now = type(row), actor_of(session), clock_of(session)()
    flow: Any = cls.flow
    entry.assign(row, _asked(row, transition, values or {}))
    with session.no_autoflush:
        stands = transition.guard(session, actor, row, now) if transition.guard is not None else None
    if stands is not None:
        session.expire(row)
        raise stands
    setattr(row, flow.column, transition.to)
    moving: dict[int, str] = session.info.setdefault("moving", {})
    moving[id(row)] = name
    try:
        if transition.effect is not None:
            with session.no_autoflush:
                transition.effect(session, actor, row, now)
        session.flush()
    finally:
        moving.pop(id(row), None)
    return row


def _asked(row: Table, transition: Transition, values: Mapping[str, object]) -> dict[str, Any]:
    """Reads the columns a transition asks for; what the row has already need not be said again."""
    known, wrong, found = infos(type(row)), [], {}
    for column in values:
        if column not in transition.required:
            wrong.append(
                Refusal(
                    _("“{name}” is not asked for by this move.", "该操作不需要填写“{name}”。").fill(name=column),
                    column,
                    code="unknown_field",
                )
            )
    for column in transition.required:
        try:
            value = entry.read(known[column], values[column]) if column in values else getattr(row, column)
        except Refusal as refusal:
            wrong.append(Refusal(refusal.sentence, column, code=refusal.code))
            continue
        if value in (None, ""):
            wrong.append(required(column, known[column].label))
        elif value is not entry.UNCHANGED:
            found[column] = value
    if wrong:
        raise Refusal.of(wrong)
    return found


def _illegal(session: Session, flow: Flow, row: Table, transition: Transition) -> Refusal:
    state = flow.words(getattr(row, flow.column))
    ways = possible(session, row)
    if not ways:
        sentence = _(
            "“{label}” is not possible in state “{state}”, and nothing else is for you here.",
            "当前状态为“{state}”，不能执行“{label}”，您目前也没有其他可执行的操作。",
        )
    else:
        sentence = _(
            "“{label}” is not possible in state “{state}”. Possible now: {ways}.",
            "当前状态为“{state}”，不能执行“{label}”。目前可执行：{ways}。",
        )
    words = Words(", ".join(way.label.en for way in ways), "、".join(way.label.zh for way in ways))
    return Refusal(sentence.fill(label=transition.label, state=state, ways=words), code="illegal_move", status=409)
