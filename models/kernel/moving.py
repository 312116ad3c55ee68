"""Making the moves of a flow: right, state, fields, guard, stamps, audit and effect, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from models.kernel import entry
from models.kernel.approving import begin, current, decide, fields, why_not
from models.kernel.columns import ColumnInfo
from models.kernel.flow import Flow, Transition
from models.kernel.flow_rules import below, may_press, required_columns, rule
from models.kernel.flow_setting import said
from models.kernel.guard import expect_version, held_at_owner, required
from models.kernel.refusal import Denied, Missing, Refusal
from models.kernel.registry import infos
from models.kernel.session import actor_of, clock_of
from models.kernel.stepping import by_itself, step
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
        and may_press(session, actor, row, each)
        and (not each.part or why_not(session, row, each) is None)
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
    if not may_press(session, actor_of(session), row, transition):
        raise Denied(
            _("“{label}” is for {roles} here.", "此处的“{label}”仅限{roles}操作。").fill(
                label=transition.label, roles=said(rule(session, row, name).roles)
            )
        )
    if transition.part and (stands := why_not(session, row, transition)) is not None:
        raise stands
    return transition


def asks(session: Session, row: Table, transition: Transition) -> dict[str, tuple[ColumnInfo, bool]]:
    """Returns what a move asks for: name -> what is known of it, and whether it must be filled."""
    if transition.part:
        return fields(session, row, transition)
    known = infos(type(row))
    return {name: (known[name], True) for name in required_columns(session, row, transition)}


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
    if transition_of(type(row), name).part:
        _same_ask(session, row, name, version)
    transition = check(session, row, name)
    if transition.part:
        decide(session, row, transition, values or {})
        arrived(session, row)
        return row
    if version is not None:
        expect_version(row, version)
    actor, now = actor_of(session), clock_of(session)()
    entry.assign(row, _asked(session, row, transition, values or {}))
    with session.no_autoflush:
        stands = transition.guard(session, actor, row, now) if transition.guard is not None else None
    if stands is not None:
        session.expire(row)
        raise stands
    step(session, row, name, transition.to, None, transition.effect)
    arrived(session, row)
    return row


def _same_ask(session: Session, row: Table, name: str, version: int | None) -> None:
    """Who decides says what they saw: of two approvers at once one decides, the other is told."""
    if actor_of(session).system:
        return
    if version is None:
        raise Refusal(
            _(
                "Say which version of the record you decide on (If-Match); it may have changed since.",
                "请在 If-Match 中给出所审批的版本号，单据可能已有变化。",
            ),
            code="no_version",
            status=428,
        )
    flow: Any = type(row).flow
    if version != row.version and held_at_owner(session, actor_of(session), row, name, before=True):
        raise Refusal(
            _(
                "Somebody decided or changed this record meanwhile; it is “{state}” now. Look at it again first.",
                "其他人刚刚处理或修改了该单据，当前状态为“{state}”，请重新查看后再操作。",
            ).fill(state=flow.words(getattr(row, flow.column))),
            code="decided",
            status=409,
        )


def arrived(session: Session, row: Table) -> None:
    """What follows of itself when a row has come into a state: its approval begins, or a setting moves it on."""
    flow: Any = type(row).flow
    for _turn in range(len(list(flow.states))):
        state = getattr(row, flow.column)
        if flow.approval is not None and state == flow.approval.state:
            if current(session, row) is None:
                begin(session, row)
            if getattr(row, flow.column) == state:
                return
            continue
        ahead = next((e for e in flow.leaving(state) if not e.part and _goes_by_itself(session, row, e)), None)
        if ahead is None:
            return
        limit = below(session, row, ahead.name)
        with by_itself(session):
            step(session, row, ahead.name, ahead.to, {"automatic": str(limit)}, ahead.effect)


def _goes_by_itself(session: Session, row: Table, transition: Transition) -> bool:
    if below(session, row, transition.name) is None:
        return False
    if any(getattr(row, column) in (None, "") for column in required_columns(session, row, transition)):
        return False
    now = clock_of(session)()
    return transition.guard is None or transition.guard(session, actor_of(session), row, now) is None


def _asked(session: Session, row: Table, transition: Transition, values: Mapping[str, object]) -> dict[str, Any]:
    """Reads the columns a transition asks for; what the row has already need not be said again."""
    known, wrong, found = infos(type(row)), [], {}
    wanted = required_columns(session, row, transition)
    for column in values:
        if column not in wanted:
            wrong.append(
                Refusal(
                    _("“{name}” is not asked for by this move.", "该操作不需要填写“{name}”。").fill(name=column),
                    column,
                    code="unknown_field",
                )
            )
    for column in wanted:
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
