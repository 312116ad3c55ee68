"""Every illegal move of every flow, by every role, from page and REST: 403 or 409 with a sentence, and nothing moved.

Generated from the declarations: each state, in an approval each level, each role of the house, each move and one that is
not there. What is illegal is judged by the oracle and by the few lines of `verdict`, not by the code that makes moves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import text as sql

from models.kernel.flow import Transition
from models.kernel.registry import tables
from models.kernel.roles import ROLES
from tests.contract.conftest import Desk
from tests.contract.oracle import Place, target_of
from tests.contract.population import few

WITH_FLOW = [name for name, cls in tables().items() if cls.flow is not None]
SAMPLE = 40
"""Cases of a table in an ordinary run; each is tried on the page and over REST."""


@dataclass(frozen=True)
class Case:
    """One move that somebody tries.

    Attributes:
        level: the level that is asked while the record is in the state of its approval.
        applied: who tries it is who applied, too.
    """

    login: str
    state: str
    move: str
    level: str | None = None
    applied: bool = False


def cases(name: str) -> list[Case]:
    """Returns every role in every state with every move, legal ones included."""
    flow: Any = tables()[name].flow
    found = []
    for state in (each.value for each in flow.states.options()):
        asked = [None]
        if flow.approval is not None and state == flow.approval.state:
            asked = [each.name for each in flow.approval.levels]
        for level in asked:
            for role in ROLES:
                for move in (*(each.name for each in flow.transitions), "nothing"):
                    found += [
                        Case(f"{role}.lake", state, move, level, applied)
                        for applied in ((False, True) if level is not None else (False,))
                    ]
    return found


class Bench:
    """A record of a table by the lake, put into any state."""

    def __init__(self, desk: Desk, name: str) -> None:
        self.desk, self.name, self.flow = desk, name, _flow(name)
        self.key = self._row()
        self.upwards = desk.law.upwards(self._owner(name, self.key))

    def _row(self) -> int:
        """A row by the lake on which somebody there may make a move."""
        law, users = self.desk.law, self.desk.filled.full.users
        for each in self.flow.transitions:
            for role in each.roles:
                held = law.keys(users[f"{role}.lake"], self.name, each.name)
                if held:
                    return min(held)
        raise AssertionError(f"nobody by the lake may move any {self.name}")

    def _owner(self, name: str, key: int) -> Place:
        row = self.desk.law.rows[name][key]
        owner = self.desk.law.owner(name, row)
        if owner is not None:
            return owner
        through = tables()[name].owned.through
        assert through is not None
        return self._owner(target_of(name, through), row[through])

    def place(self, level: str) -> Place:
        """The place whose people a level asks."""
        at = self.flow.approval.level(level).at
        return next((each for each in self.upwards if each[0] == at), self.upwards[-1])

    def lay(self, case: Case) -> None:
        """Puts the record into the state of a case, past the console."""
        column, law = self.flow.column, self.desk.law
        with self.desk.filled.engine.begin() as connection:
            where = {"key": self.key, "name": self.name, "state": case.state}
            connection.execute(sql(f'UPDATE "{self.name}" SET {column} = :state WHERE id = :key'), where)
            connection.execute(sql("DELETE FROM approval WHERE table_name = :name AND row_id = :key"), where)
            if case.level is not None:
                level = self.flow.approval.level(case.level)
                (node,) = [key for key, place in law.place_of_node.items() if place == self.place(case.level)]
                asked = {
                    **where,
                    "level": case.level,
                    "roles": ",".join(level.roles),
                    "node": node,
                    "applicant": self.applicant(case),
                }
                connection.execute(
                    sql(
                        "INSERT INTO approval (table_name, row_id, round, level, roles, node_id, applicant_id, asked_at, state)"
                        " VALUES (:name, :key, 1, :level, :roles, :node, :applicant, '2025-06-02 00:00:00', 'open')"
                    ),
                    asked,
                )

    def applicant(self, case: Case) -> int:
        users = self.desk.filled.full.users
        return users[case.login] if case.applied else users["two_hats"]

    def standing(self) -> tuple[Any, ...]:
        """State and version of the record, the levels asked, and how much the audit knows."""
        with self.desk.filled.engine.connect() as connection:
            row = connection.execute(
                sql(f'SELECT {self.flow.column}, version FROM "{self.name}" WHERE id = :key'), {"key": self.key}
            ).one()
            asked = connection.execute(sql("SELECT id, state FROM approval ORDER BY id")).all()
            lines = connection.execute(sql("SELECT count(*) FROM audit_log WHERE action <> 'sign_in'")).scalar_one()
            connection.rollback()
        return (*row, tuple(map(tuple, asked)), lines)

    def verdict(self, case: Case) -> tuple[int, ...]:
        """What the law answers; nothing where the move is legal."""
        law, user = self.desk.law, self.desk.filled.full.users[case.login]
        if self.key not in law.keys(user, self.name):
            return (403, 404)
        move: Transition | None = self.flow.transition(case.move)
        if move is None:
            return (404,)
        if self.key not in law.keys(user, self.name, case.move):
            return (403,)
        if case.state not in move.from_:
            return (409,)
        return (403,) if move.part and not self.asked(case, move) else ()

    def asked(self, case: Case, move: Transition) -> bool:
        """Whether this decision is this person's: theirs to withdraw, or asked of them and not their own."""
        approval, user = self.flow.approval, self.desk.filled.full.users[case.login]
        if move.part == "withdraw":
            return case.applied
        level = approval.level(case.level)
        above = self.desk.law.upwards(self.place(case.level or ""))
        held = any(each.role in level.roles and each.place in above for each in self.desk.law.given(user))
        first = approval.levels[0].name == case.level
        return held and not (case.applied and not approval.own) and not (move.part == "send_back" and first)


def _flow(name: str) -> Any:
    return tables()[name].flow


def tried(bench: Bench, case: Case) -> Iterator[tuple[str, int, str]]:
    """Tries a move on the page and over REST. Yields the way, the status and the sentence."""
    one, version = bench.desk.at(case.login), bench.standing()[1]
    address = f"/{bench.name}/{bench.key}/move/{case.move}"
    for way, answer in (
        ("form", one.get(address)),
        ("page", one.post(address, {"_version": version})),
    ):
        said = re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True).partition("<main")[2])
        yield way, answer.status_code, " ".join(said.split())
    answer = one.api("POST", f"/api/v1/{bench.name}/{bench.key}/{case.move}", {}, If_Match=f'"{version}"')
    yield "rest", answer.status_code, answer.get_json().get("detail", "")


@pytest.mark.parametrize("flowing", WITH_FLOW)
def test_illegal_moves_are_refused_with_a_sentence(flowing: str, own_desk: Desk, thorough: bool) -> None:
    bench, wrong, seen = Bench(own_desk, flowing), [], set()
    illegal = [case for case in cases(flowing) if bench.verdict(case)]
    for case in few(illegal, SAMPLE, thorough, flowing):
        bench.lay(case)
        before, expected = bench.standing(), bench.verdict(case)
        for way, status, sentence in tried(bench, case):
            if status not in expected or len(sentence) < 10:
                wrong.append((case, way, status, expected, sentence[:200]))
            seen.add(status)
        if bench.standing() != before:
            wrong.append((case, "it moved", bench.standing(), before))
    assert not wrong, wrong[:5]
    assert {403, 409} <= seen or not thorough
