"""Flows: the states a row goes through and the moves between them, declared beside the table (design 5).

`models.kernel.moving` makes the moves. A transition is a right of its own, named as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from models.kernel.approval import APPROVE, PARTS, REJECT, SEND_BACK, WITHDRAW, Approval
from models.kernel.options import Options
from models.kernel.refusal import Refusal
from models.kernel.words import Words

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from models.kernel.actor import Actor
    from models.kernel.table import Table

Guard = Callable[["Session", "Actor", Any, datetime], Refusal | None]
Effect = Callable[["Session", "Actor", Any, datetime], None]


@dataclass(frozen=True, slots=True)
class Transition:
    """A move from some states to another.

    Attributes:
        name: its right and the last part of its address, such as `accept`.
        label: what its button says.
        from_: the states it is possible in.
        to: the state it leads to.
        roles: who may do it, where they hold the role.
        required: columns that must be filled for it; those are asked for in a small form.
        guard: says what stands in the way, once the fields are filled; None where nothing does.
        effect: what else it does, in the same transaction: stamps, further rows.
        danger: its button is red and asks first.
        part: of an approval: which of its moves it is; the kernel adds those.
    """

    name: str
    label: Words
    from_: tuple[str, ...]
    to: str
    roles: tuple[str, ...]
    required: tuple[str, ...] = ()
    guard: Guard | None = None
    effect: Effect | None = None
    danger: bool = False
    part: str = ""


@dataclass(frozen=True, slots=True)
class Flow:
    """The states of a table's rows and the moves between them.

    Attributes:
        column: the state column, a `choice(..., system=True)`: only moves write it.
        states: its options.
        start: the state of a new row.
        transitions: the moves; of those that leave a state the first is the usual one, and its button the primary.
        final: states without a way out.
        approval: who must agree, level by level, while a row is in one of the states; adds its moves to the transitions.
        amount: the money column by which settings let a move or a level go by itself.
    """

    column: str
    states: type[Options]
    start: str
    transitions: tuple[Transition, ...]
    final: tuple[str, ...] = ()
    approval: Approval | None = None
    amount: str | None = None
    declared: tuple[Transition, ...] = field(init=False, default=())

    def __post_init__(self) -> None:
        object.__setattr__(self, "declared", self.transitions)
        if self.approval is not None:
            object.__setattr__(self, "transitions", (*self.transitions, *_parts(self.approval, self.transitions)))

    def transition(self, name: str) -> Transition | None:
        """Returns the transition called `name`, or None."""
        return next((each for each in self.transitions if each.name == name), None)

    def leaving(self, state: str) -> list[Transition]:
        """Returns the transitions that are possible in `state`, in declared order."""
        return [each for each in self.transitions if state in each.from_]

    def words(self, state: str) -> Words | str:
        """Returns the words of a state; an old value that is no option any more is shown as it is."""
        member = self.states.member(state)
        return member.words if member is not None else state


def _parts(approval: Approval, declared: tuple[Transition, ...]) -> tuple[Transition, ...]:
    """Returns the moves of an approval: approve, reject, send back to an earlier level, withdraw."""
    deciders = tuple(dict.fromkeys(role for level in approval.levels for role in level.roles))
    sending = tuple(dict.fromkeys(role for each in declared if each.to == approval.state for role in each.roles))
    here, ways = (approval.state,), {APPROVE: approval.approved, REJECT: approval.rejected, SEND_BACK: approval.state}
    found = [
        Transition(part, PARTS[part], here, to, deciders, danger=part == REJECT, part=part)
        for part, to in ways.items()
        if part != SEND_BACK or len(approval.levels) > 1
    ]
    withdraw = Transition(
        WITHDRAW, PARTS[WITHDRAW], here, approval.withdrawn, approval.applicants or sending, part=WITHDRAW
    )
    return (*found, withdraw)


def usual_way(flow: Flow, state: str) -> list[str]:
    """Returns the states that usually follow `state`, itself first: along the first move to one not yet passed."""
    way = [state]
    while True:
        ahead = next((each.to for each in flow.leaving(way[-1]) if each.to not in way), None)
        if ahead is None:
            return way
        way.append(ahead)


def steps(flow: Flow, state: str) -> list[tuple[str, str]]:
    """Returns (state, 'done', 'now' or 'todo') for the head of a record: the way here and the usual way on."""
    usual = usual_way(flow, flow.start)
    here = usual[: usual.index(state)] if state in usual else _way_to(flow, state)[:-1]
    ahead = [each for each in usual_way(flow, state)[1:] if each not in here]
    return [*((each, "done") for each in here), (state, "now"), *((each, "todo") for each in ahead)]


def _way_to(flow: Flow, state: str) -> list[str]:
    """Returns the shortest way from the start to `state`, both included; itself alone where there is none."""
    ways: list[list[str]] = [[flow.start]]
    seen = {flow.start}
    while ways:
        way = ways.pop(0)
        if way[-1] == state:
            return way
        for each in flow.leaving(way[-1]):
            if each.to not in seen:
                seen.add(each.to)
                ways.append([*way, each.to])
    return [state]


def reached(flow: Flow) -> set[str]:
    """Returns the states that can be reached from the start."""
    found, open_ = {flow.start}, [flow.start]
    while open_:
        for each in flow.leaving(open_.pop()):
            if each.to not in found:
                found.add(each.to)
                open_.append(each.to)
    return found


def flow_rights(flow: Flow | None) -> dict[str, tuple[str, ...]]:
    """Returns transition -> roles, as `Rights` has them."""
    return {each.name: each.roles for each in flow.transitions} if flow is not None else {}


def hold_state(cls: type[Table], changed: Iterable[str]) -> None:
    """Lets nobody but `models.kernel.moving` change the state of a row, whichever way they write.

    Raises:
        RuntimeError: the state is among the changed columns.
    """
    if cls.flow is not None and cls.flow.column in changed:
        raise RuntimeError(f"{cls.__tablename__}.{cls.flow.column} is changed by models.kernel.moving.move alone.")


def flow_diagram(cls: type[Table], language: str = "en") -> str:
    """Returns the flow of a table as a Mermaid state diagram, for the docs.

    Raises:
        ValueError: the table has none.
    """
    flow = cls.flow
    if flow is None:
        raise ValueError(f"{cls.__tablename__} has no flow.")
    lines = ["stateDiagram-v2"]
    lines += [f'    state "{each.words.said(language)}" as {each.value}' for each in flow.states.options()]
    lines.append(f"    [*] --> {flow.start}")
    for each in flow.transitions:
        lines += [f"    {state} --> {each.to}: {each.label.said(language)}" for state in each.from_]
    lines += [f"    {state} --> [*]" for state in flow.final]
    return "\n".join(lines)
