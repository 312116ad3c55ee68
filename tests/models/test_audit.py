"""The seal over the audit: whoever changes, takes away or puts in a row of the past is found."""

from __future__ import annotations

import argparse
import json
import re
import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, delete, insert, select, update
from sqlalchemy.orm import Session

from app.commands import seal as seal_command
from app.commands import verify_audit
from app.jobs import load
from config import Settings
from models.kernel import seal as sealing
from models.kernel.actor import SYSTEM
from models.kernel.audit import AuditLog, entry
from models.kernel.clock import frozen
from models.kernel.job import JOBS, ask
from models.kernel.job_running import work_once
from models.kernel.seal import START, AuditSeal, seal, verify
from models.kernel.session import act
from tests.databases import BOTH
from tests.world import NOW, World

AUDIT: Any = AuditLog.__table__
SEALS: Any = AuditSeal.__table__
LATER = frozen(NOW + timedelta(hours=1))


def write(session: Session, count: int, at: Any = NOW) -> None:
    lines = [entry(SYSTEM, at, "room", n, "change", {"no": (None, f"房{n}")}) for n in range(count)]
    session.execute(insert(AUDIT), lines)
    session.commit()


def sealed(session: Session, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Thirty rows under three seals of ten; returns their ids."""
    monkeypatch.setattr(sealing, "BATCH", 10)
    write(session, 30)
    act(session, SYSTEM, LATER)
    assert seal(session) == 30
    found = verify(session)
    assert (found.broken, found.sealed, found.batches, found.tail) == ("", 30, 3, 0)
    return list(session.scalars(select(AUDIT.c.id).order_by(AUDIT.c.id)))


@pytest.mark.parametrize("backend", BOTH)
@pytest.mark.parametrize("how", ["change", "delete", "insert", "swap", "seal", "seals", "first", "last"])
def test_tampering_is_found(session: Session, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    ids = sealed(session, monkeypatch)
    expected = {
        "change": "seal 2 .*is not what it was",
        "delete": "seal 2 .*1 of its 10 rows are gone",
        "insert": "seal 2 .*1 rows were put in",
        "swap": "seal 2 .*is not what it was",
        "seal": "seal 3 .*does not follow|seal 2 .*is not what it was",
        "seals": "seal 3 .*does not follow",
        "first": "seal 1 .*1 of its 10 rows are gone",
        "last": "seal 3 .*1 of its 10 rows are gone",
    }[how]
    if how == "change":
        session.execute(update(AUDIT).where(AUDIT.c.id == ids[14]).values(user_id=None, action="restore"))
    elif how == "delete":
        session.execute(delete(AUDIT).where(AUDIT.c.id == ids[14]))
    elif how == "insert":
        row = dict(session.execute(select(AUDIT).where(AUDIT.c.id == ids[14])).mappings().one())
        session.execute(update(AUDIT).where(AUDIT.c.id >= ids[20]).values(id=AUDIT.c.id + 1000))
        session.execute(update(SEALS).where(SEALS.c.first_id == ids[10]).values(last_id=ids[20]))
        session.execute(insert(AUDIT), [{**row, "id": ids[20]}])
    elif how == "swap":
        changes = list(session.scalars(select(AUDIT.c.changes).where(AUDIT.c.id.in_(ids[14:16])).order_by(AUDIT.c.id)))
        for key, text in zip(ids[14:16], reversed(changes), strict=True):
            session.execute(update(AUDIT).where(AUDIT.c.id == key).values(changes=text))
    elif how == "seal":
        session.execute(update(SEALS).where(SEALS.c.first_id == ids[10]).values(hash="1" * 64))
    elif how == "seals":
        session.execute(delete(SEALS).where(SEALS.c.first_id == ids[10]))
    else:
        session.execute(delete(AUDIT).where(AUDIT.c.id == (ids[0] if how == "first" else ids[-1])))
    session.commit()
    assert re.search(expected, verify(session).broken), verify(session).broken


@pytest.mark.parametrize("backend", BOTH)
def test_gaps_are_no_fault_and_sealing_goes_on(session: Session) -> None:
    write(session, 3)
    highest = session.scalars(select(AUDIT.c.id).order_by(AUDIT.c.id.desc())).first() or 0
    line = entry(SYSTEM, NOW, "room", 1, "change", {})
    session.execute(insert(AUDIT), [{**line, "id": highest + 50}])
    session.commit()
    act(session, SYSTEM, LATER)
    assert seal(session) == 4 and seal(session) == 0
    session.execute(insert(AUDIT), [{**line, "id": highest + 90, "at": NOW + timedelta(minutes=5)}])
    session.commit()
    assert seal(session) == 1 and not verify(session).broken and verify(session).batches == 2


@pytest.mark.parametrize("backend", BOTH)
def test_what_is_young_waits_and_so_does_what_follows_it(session: Session) -> None:
    write(session, 2)
    write(session, 1, NOW + timedelta(hours=1))
    write(session, 1)
    act(session, SYSTEM, LATER)
    assert seal(session) == 2
    found = verify(session)
    assert found.tail == 2 and found.since == NOW and not found.broken
    act(session, SYSTEM, frozen(NOW + timedelta(hours=2)))
    assert seal(session) == 2


def test_an_empty_audit_holds(session: Session) -> None:
    act(session, SYSTEM, LATER)
    assert seal(session) == 0 and verify(session).head == START and not verify(session).broken


@pytest.mark.postgres
def test_a_smaller_id_on_its_way_is_waited_for(engine: Engine) -> None:
    """PostgreSQL: a transaction that drew its id first and commits last is never left out of the chain."""
    line = entry(SYSTEM, NOW, "room", 1, "change", {})
    with Session(engine) as slow, Session(engine) as quick, Session(engine) as sealer:
        slow.execute(insert(AUDIT), [line])
        write(quick, 1)
        act(sealer, SYSTEM, LATER)
        assert seal(sealer, patience=0.2) == 0
        ended = threading.Timer(0.5, slow.commit)
        ended.start()
        assert seal(sealer, patience=10) == 2
        ended.join()
        write(quick, 1)
        quick.execute(insert(AUDIT), [line])  # begun after the sealer looked, or rolled back: nobody waits for it long
        quick.rollback()
        assert seal(sealer, patience=10) == 1 and not verify(sealer).broken


@pytest.mark.parametrize("backend", BOTH)
def test_two_sealers_seal_nothing_twice(engine: Engine, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "BATCH", 7)
    write(session, 100)
    session.rollback()
    counts: list[int] = []

    def run() -> None:
        with Session(engine) as own:
            act(own, SYSTEM, LATER)
            counts.append(seal(own))

    threads = [threading.Thread(target=run) for _n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = verify(session)
    assert sum(counts) == 100 and found.sealed == 100 and not found.broken


@pytest.mark.parametrize("backend", BOTH)
def test_the_world_s_own_audit_is_sealed_by_a_job(
    engine: Engine, session: Session, world: World, settings: Settings
) -> None:
    session.rollback()
    load(settings)
    for rows in (True, False):
        key = ask(session, SYSTEM, "seal")
        session.commit()
        assert work_once(engine, settings.home, LATER) == key
        result = json.loads(session.execute(select(JOBS.c.result).where(JOBS.c.id == key)).scalar_one())
        assert (result["rows"] > 50) == rows
        session.rollback()
    found = verify(session)
    assert found.sealed > 50 and found.tail == 0 and not found.broken


@pytest.mark.parametrize("backend", BOTH)
def test_the_commands(
    settings: Settings, session: Session, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sealed(session, monkeypatch)
    head = verify(session).head
    session.rollback()
    nothing = argparse.Namespace(head=None)
    assert seal_command.run(settings, nothing) == 0 and verify_audit.run(settings, nothing) == 0
    said = capsys.readouterr().out
    assert "0 audit rows were sealed" in said and "30 rows under 3 seals hold" in said and head in said
    assert verify_audit.run(settings, argparse.Namespace(head=head)) == 0
    session.execute(delete(AUDIT).where(AUDIT.c.id > 20))
    session.execute(delete(SEALS).where(SEALS.c.last_id > 20))
    session.commit()
    assert verify_audit.run(settings, nothing) == 0, "cut off at its end, it holds by itself"
    capsys.readouterr()
    assert verify_audit.run(settings, argparse.Namespace(head=head)) == 1
    assert "does not hold this head" in capsys.readouterr().err
    session.execute(update(AUDIT).where(AUDIT.c.id == 1).values(address="else"))
    session.commit()
    assert verify_audit.run(settings, nothing) == 1
    assert "seal 1 (audit rows 1 to 10" in capsys.readouterr().err
