"""Several series in one transaction: writers take their counters in one order, so that none waits for another for ever."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from models.kernel import numbering
from models.kernel.actor import SYSTEM
from models.kernel.clock import frozen
from models.kernel.number_rule import NumberRule
from models.kernel.refusal import Refusal
from models.kernel.session import act
from models.parameter.parameter_sheet import ParameterSheet
from tests.world import NOW, World


@pytest.fixture
def ruled(session: Session, world: World) -> dict[str, int]:
    """Two companies that number their sheets by themselves. Returns their nodes."""
    nodes = {name: world.nodes[name][0] for name in ("hangzhou", "shenzhen")}
    for name, node in nodes.items():
        session.add(
            NumberRule(object="parameter_sheet", pattern=f"{name[:2].upper()}{{seq:04d}}", cycle="none", node_id=node)
        )
    session.commit()
    return nodes


def entered(session: Session, *nodes: int) -> list[str]:
    """Enters a sheet at each place, in that order, in one flush."""
    act(session, SYSTEM, frozen(NOW))
    rows = [ParameterSheet(node_id=node, title="调整", from_day=date(2025, 7, 1)) for node in nodes]
    session.add_all(rows)
    session.flush()
    return [row.number for row in rows]


def test_counters_are_taken_in_one_order(
    session: Session, ruled: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[str] = []
    advance = numbering._advance

    def noted(own: Session, key: tuple[str, str, str], by: int) -> int:
        taken.append(key[1])
        return advance(own, key, by)

    monkeypatch.setattr(numbering, "_advance", noted)
    here, there = ruled["hangzhou"], ruled["shenzhen"]
    assert entered(session, here, there, here) == ["HA0001", "SH0001", "HA0002"]
    first = list(taken)
    taken.clear()
    assert entered(session, there, here, there) == ["SH0002", "HA0003", "SH0003"]
    assert taken == first == sorted(first) and len(first) == 2


@pytest.mark.postgres
def test_writers_of_two_series_crosswise_both_get_through(
    session: Session, engine: Engine, ruled: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each stops once it holds a counter, until the other holds one, too: taken crosswise that would be a deadlock."""
    meet, advance, faults = threading.Barrier(2), numbering._advance, []

    def slowly(own: Session, key: tuple[str, str, str], by: int) -> int:
        last = advance(own, key, by)
        with suppress(threading.BrokenBarrierError):  # the other waits for this very counter, as it should
            meet.wait(1)
        return last

    def write(*nodes: int) -> None:
        try:
            with Session(engine) as own:
                entered(own, *nodes)
                own.commit()
        except Exception as fault:
            faults.append(repr(fault))

    monkeypatch.setattr(numbering, "_advance", slowly)
    here, there = ruled["hangzhou"], ruled["shenzhen"]
    threads = [threading.Thread(target=write, args=way) for way in ((here, there), (there, here))]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert not faults, faults
    sheets: Any = ParameterSheet.__table__.c
    numbers = sorted(session.execute(select(sheets.number)).scalars())
    assert numbers == ["HA0001", "HA0002", "SH0001", "SH0002"]


@pytest.mark.parametrize(
    ("pattern", "cycle"), [("HA{seq:04d}", "none"), ("HA{seq:05d}", "none"), ("HA{yyyy}{seq:02d}", "year")]
)
def test_rules_that_could_give_the_same_number_are_refused(
    session: Session, world: World, ruled: dict[str, int], pattern: str, cycle: str
) -> None:
    """The refusal names the other rule."""
    said = {}
    for login, place in (("group_admin", "group"), ("regional_admin", "east")):
        act(session, world.actor(login), frozen(NOW))
        session.add(NumberRule(object="parameter_sheet", pattern=pattern, cycle=cycle, node_id=world.nodes[place][0]))
        with pytest.raises(Refusal) as caught:
            session.flush()
        session.rollback()
        assert (caught.value.code, caught.value.field, caught.value.status) == ("overlap", "pattern", 409)
        said[login] = caught.value.sentence.said("zh")
    assert "HA{seq:04d}" in said["group_admin"] and "HA{seq:04d}" in said["regional_admin"]
