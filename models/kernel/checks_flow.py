"""Checks of numbered columns and of flows: (stable id, sentence) for each mistake; `models.kernel.checks` names the table."""

from __future__ import annotations

from collections.abc import Iterator

from models.kernel.flow import Flow, Transition, reached
from models.kernel.node import KINDS
from models.kernel.pattern import Cycle, read_pattern
from models.kernel.refusal import Refusal
from models.kernel.registry import infos
from models.kernel.roles import RIGHTS, ROLES
from models.kernel.table import Table


def number_problems(cls: type[Table]) -> Iterator[tuple[str, str]]:
    """Yields the mistakes in the numbered columns of a table (D021)."""
    for column, known in infos(cls).items():
        if not known.numbers:
            continue
        pattern, cycle = known.pattern
        if cls.owned.kind not in ("project", "node", "link"):
            yield "D021", f"column {column!r} cannot be numbered in a table that is owned by {cls.owned.kind}."
        if Cycle.member(cycle) is None:
            yield "D021", f"column {column!r}: cycle {cycle!r} does not exist; there are {', '.join(Cycle)}."
            continue
        try:
            read_pattern(pattern, cycle)
        except Refusal as refusal:
            yield "D021", f"column {column!r}: pattern {pattern!r}: {refusal}"


def flow_problems(cls: type[Table]) -> Iterator[tuple[str, str]]:
    """Yields the mistakes in the flow of a table (D022 to D028)."""
    flow = cls.flow
    if flow is None:
        return
    known = infos(cls).get(flow.column)
    if known is None or known.options is not flow.states or not known.system:
        yield "D022", f"flow column {flow.column!r} must be a choice of {flow.states.__name__} with system=True."
    states = [option.value for option in flow.states.options()]
    named = {"start": (flow.start,), "final": flow.final}
    for each in flow.transitions:
        named |= {f"from_ of {each.name!r}": each.from_, f"to of {each.name!r}": (each.to,)}
    strange = False
    for place, values in named.items():
        for state in values:
            if state not in states:
                strange = True
                yield "D023", f"state {state!r} ({place}) does not exist; there are {', '.join(states)}."
    names = [each.name for each in flow.transitions]
    yield from _approval_problems(cls, flow, states)
    for each in flow.transitions:
        yield from _transition_problems(cls, each, names)
    if not strange:
        yield from _way_problems(flow, states)


def _approval_problems(cls: type[Table], flow: Flow, states: list[str]) -> Iterator[tuple[str, str]]:
    known = infos(cls)
    if flow.amount is not None and (flow.amount not in known or known[flow.amount].kind not in ("money", "decimal")):
        amounts = [name for name, each in known.items() if each.kind in ("money", "decimal")]
        yield "D033", f"amount {flow.amount!r} is no column of money; there are {', '.join(amounts) or 'none'}."
    approval = flow.approval
    if approval is None:
        return
    for state in (approval.state, approval.approved, approval.rejected, approval.withdrawn):
        if state not in states:
            yield "D032", f"approval: state {state!r} does not exist; there are {', '.join(states)}."
    names = [level.name for level in approval.levels]
    if not names:
        yield "D032", "approval: it has no level; name who is asked."
    for level in approval.levels:
        if names.count(level.name) > 1 or not level.name.isidentifier():
            yield "D032", f"approval: level {level.name!r} must be a name of its own."
        if level.at not in KINDS:
            yield (
                "D032",
                f"approval: level {level.name!r}: there is no place {level.at!r}; there are {', '.join(KINDS)}.",
            )
        for role in level.roles or ("nobody",):
            if role not in ROLES:
                yield "D025", f"role {role!r} of level {level.name!r} does not exist; there are {', '.join(ROLES)}."
        if not level.label.en.strip() or not level.label.zh.strip():
            yield "D017", f"level {level.name!r}: its words are empty in one language."


def _transition_problems(cls: type[Table], each: Transition, names: list[str]) -> Iterator[tuple[str, str]]:
    if each.name in RIGHTS or names.count(each.name) > 1 or not each.name.isidentifier() or len(each.name) > 40:
        yield "D024", f"transition {each.name!r} must be a name of its own, and none of {', '.join(RIGHTS)}."
    if not each.from_ or not each.roles:
        yield "D024", f"transition {each.name!r} must name the states it leaves and the roles that may do it."
    for role in each.roles:
        if role not in ROLES:
            yield "D025", f"role {role!r} of transition {each.name!r} does not exist; there are {', '.join(ROLES)}."
    known = infos(cls)
    for column in each.required:
        if column not in known or (cls.flow is not None and column == cls.flow.column) or known[column].numbers:
            yield "D026", f"transition {each.name!r} cannot ask for {column!r}; there are {', '.join(known)}."
    if not each.label.en.strip() or not each.label.zh.strip():
        yield "D017", f"transition {each.name!r}: its words are empty in one language."


def _way_problems(flow: Flow, states: list[str]) -> Iterator[tuple[str, str]]:
    there = reached(flow)
    for state in states:
        if state not in there:
            yield "D027", f"state {state!r} cannot be reached from {flow.start!r}; let a transition lead to it."
        if not flow.leaving(state) and state not in flow.final:
            yield "D028", f"no transition leaves state {state!r}; name it in final, or let one leave it."
        if flow.leaving(state) and state in flow.final:
            yield "D028", f"state {state!r} is final, but {flow.leaving(state)[0].name!r} leaves it."
