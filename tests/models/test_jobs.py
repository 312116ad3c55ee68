"""Jobs: asked for in a transaction, claimed by one worker, resumed from the cursor, ended in one way only."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, update
from sqlalchemy.orm import Session

from app.working import look
from models.kernel.actor import SYSTEM, Actor
from models.kernel.clock import frozen
from models.kernel.columns import Moment
from models.kernel.job import JOBS, WORKS, JobState, ask, cancel, lines_of, retry, told, wake_by, work
from models.kernel.job_running import LeaseLost, Run, claim, overdue, reap, work_once
from models.kernel.job_schedule import ENTRIES, RULES, daily, due, every, fire, lay_out, month, monthly, run_now, switch
from models.kernel.refusal import Refusal
from models.kernel.session import act
from models.kernel.words import _
from tests.databases import BOTH
from tests.world import NOW, World

pytestmark = pytest.mark.parametrize("backend", BOTH)
LABEL = _("Test", "测试")


@pytest.fixture(autouse=True)
def _own_kinds() -> Iterator[None]:
    """Kinds and entries of a test go with it."""
    kinds, rules = dict(WORKS), dict(RULES)
    RULES.clear()
    yield
    WORKS.clear()
    WORKS.update(kinds)
    RULES.clear()
    RULES.update(rules)
    wake_by(None)


class Passing:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def on(self, **length: float) -> None:
        self.now += timedelta(**length)


@pytest.fixture
def clock(session: Session) -> Passing:
    made = Passing()
    act(session, SYSTEM, made)
    return made


def row(session: Session, key: int) -> Any:
    session.rollback()
    found = session.execute(select(JOBS).where(JOBS.c.id == key)).one()
    session.rollback()
    return found


def said(session: Session, key: int) -> str:
    session.rollback()
    found = " | ".join(str(told(line.words)) for line in lines_of(session, key))
    session.rollback()
    return found


def test_a_job_is_there_exactly_when_its_transaction_is(
    session: Session, engine: Engine, clock: Passing, tmp_path: Path
) -> None:
    rings: list[int] = []
    wake_by(lambda: rings.append(1))
    work("t.echo", LABEL)(lambda run: {"heard": run.arguments["word"]})
    ask(session, SYSTEM, "t.echo", {"word": "a"})
    session.rollback()
    assert work_once(engine, tmp_path, clock) is None and not rings
    key = ask(session, SYSTEM, "t.echo", {"word": "楼"}, title=_("Echo", "回声"))
    session.commit()
    assert rings == [1]
    assert work_once(engine, tmp_path, clock) == key
    done = row(session, key)
    assert (done.state, json.loads(done.result), done.attempts) == ("finished", {"heard": "楼"}, 1)
    assert str(told(done.title)) == "Echo" and told(done.title).said("zh") == "回声"
    assert work_once(engine, tmp_path, clock) is None


def test_a_waker_that_breaks_loses_nothing(session: Session, engine: Engine, clock: Passing, tmp_path: Path) -> None:
    def broken() -> None:
        raise ConnectionError("gone")

    wake_by(broken)
    work("t.echo", LABEL)(lambda run: None)
    key = ask(session, SYSTEM, "t.echo")
    session.commit()
    assert work_once(engine, tmp_path, clock) == key


def test_of_two_living_jobs_with_a_key_there_is_one(
    session: Session, engine: Engine, clock: Passing, tmp_path: Path
) -> None:
    work("t.echo", LABEL)(lambda run: None)
    first = ask(session, SYSTEM, "t.echo", once="lake")
    assert ask(session, SYSTEM, "t.echo", once="lake") == first
    assert ask(session, SYSTEM, "t.echo", once="hill") != first
    session.commit()
    assert work_once(engine, tmp_path, clock) == first
    assert ask(session, SYSTEM, "t.echo", once="lake") != first
    session.commit()


def test_the_owner_s_rights_of_the_moment_hold(
    session: Session, engine: Engine, clock: Passing, tmp_path: Path, world: World
) -> None:
    from models.property.project import Project

    work("t.count", LABEL)(lambda run: {"n": len(run.session.scalars(select(Project)).all()), "who": run.actor.name})
    clerk, admin = world.actor("project_clerk"), world.actor("group_admin")
    mine, all_ = ask(session, clerk, "t.count"), ask(session, admin, "t.count")
    gone = ask(session, world.actor("title_clerk"), "t.count")
    accounts = JOBS.metadata.tables["ab_user"]
    session.execute(update(accounts).where(accounts.c.id == world.actor("title_clerk").user_id).values(active=False))
    session.commit()
    while work_once(engine, tmp_path, clock):
        pass
    assert json.loads(row(session, mine).result)["n"] == 1
    assert json.loads(row(session, all_).result)["n"] == 4
    assert row(session, gone).state == JobState.FAILED and "can sign in no more" in said(session, gone)


def test_a_step_and_its_cursor_are_one_transaction(
    session: Session, engine: Engine, clock: Passing, tmp_path: Path
) -> None:
    """The worker dies after two of four steps, in the middle of the third; another goes on with the third."""
    seen: list[Any] = []

    class Died(BaseException):
        pass

    @work("t.steps", LABEL)
    def steps(run: Run) -> None:
        seen.append(run.cursor)
        for place in range((run.cursor or {"place": 0})["place"], 4):
            ask(run.session, SYSTEM, "t.echo", {"place": place})  # stands for what a step writes
            if place == 2 and len(seen) == 1:
                raise Died
            run.advance(place + 1, 4, {"place": place + 1})

    work("t.echo", LABEL)(lambda run: None)
    key = ask(session, SYSTEM, "t.steps")
    session.commit()
    with pytest.raises(Died):
        work_once(engine, tmp_path, clock, kinds=["t.steps"])
    assert (row(session, key).state, row(session, key).done) == ("running", 2)
    assert claim(engine, clock, kinds=["t.steps"]) is None and not reap(engine, clock)
    clock.on(seconds=31)
    assert reap(engine, clock) == 1 and reap(engine, clock) == 0
    assert work_once(engine, tmp_path, clock, kinds=["t.steps"]) == key
    session.rollback()
    places = session.scalars(select(JOBS.c.arguments).where(JOBS.c.kind == "t.echo").order_by(JOBS.c.id)).all()
    assert [json.loads(each)["place"] for each in places] == [0, 1, 2, 3]
    assert seen == [None, {"place": 2}]
    assert (row(session, key).state, row(session, key).done) == ("finished", 4)
    assert "goes on from where it was" in said(session, key)


def test_who_lost_the_lease_writes_nothing(session: Session, engine: Engine, clock: Passing, tmp_path: Path) -> None:
    """A worker that was asleep for longer than its lease finds the job taken over, and rolls its step back."""
    tries: list[str] = []

    @work("t.slow", LABEL)
    def slow(run: Run) -> dict[str, Any]:
        tries.append(run.lease)
        if len(tries) == 1:
            run.session.rollback()
            clock.on(minutes=2)
            assert reap(engine, clock) == 1
            assert work_once(engine, tmp_path, clock, kinds=["t.slow"])
            ask(run.session, SYSTEM, "t.echo")
            with pytest.raises(LeaseLost):
                run.advance(1, 2)
            run.advance(1, 2)
        return {"by": run.lease}

    work("t.echo", LABEL)(lambda run: None)
    key = ask(session, SYSTEM, "t.slow")
    session.commit()
    work_once(engine, tmp_path, clock, kinds=["t.slow"])
    assert len(tries) == 2 and json.loads(row(session, key).result)["by"] == tries[1]
    assert not session.scalar(select(func.count()).where(JOBS.c.kind == "t.echo"))


def test_what_dies_again_and_again_has_failed(session: Session, engine: Engine, clock: Passing) -> None:
    work("t.deadly", LABEL, attempts=2)(lambda run: None)
    key = ask(session, SYSTEM, "t.deadly")
    session.commit()
    for _n in range(2):
        assert claim(engine, clock).id == key
        clock.on(minutes=1)
        assert reap(engine, clock) == 1
    assert row(session, key).state == JobState.FAILED and "died 2 times" in str(told(row(session, key).error))


def test_what_breaks_is_tried_again_later_and_then_has_failed(
    session: Session, engine: Engine, clock: Passing, tmp_path: Path
) -> None:
    @work("t.broken", LABEL, attempts=3)
    def broken(run: Run) -> None:
        ask(run.session, SYSTEM, "t.broken")
        raise ZeroDivisionError

    key = ask(session, SYSTEM, "t.broken")
    session.commit()
    for wait in (5, 30):
        assert work_once(engine, tmp_path, clock) == key
        assert work_once(engine, tmp_path, clock) is None
        assert row(session, key).next_at == clock() + timedelta(seconds=wait)
        clock.on(seconds=wait)
    assert work_once(engine, tmp_path, clock) == key
    assert row(session, key).state == JobState.FAILED and "nobody foresaw (ZeroDivisionError)" in said(session, key)
    assert session.scalar(select(func.count()).select_from(JOBS)) == 1
    assert retry(session, key) and not retry(session, key)
    session.commit()
    assert work_once(engine, tmp_path, clock) == key and row(session, key).state == JobState.WAITING


def test_a_refusal_is_final_and_says_why(session: Session, engine: Engine, clock: Passing, tmp_path: Path) -> None:
    @work("t.refused", LABEL)
    def refused(run: Run) -> None:
        run.log(_("Looked.", "已查看。"))
        raise Refusal(_("There is no such door.", "没有该房门。"))

    key = ask(session, SYSTEM, "t.refused")
    session.commit()
    work_once(engine, tmp_path, clock)
    assert row(session, key).state == JobState.FAILED and row(session, key).attempts == 1
    assert told(row(session, key).error).said("zh") == "没有该房门。" and said(session, key).startswith("Looked.")


def test_cancelling(session: Session, engine: Engine, clock: Passing, tmp_path: Path, world: World) -> None:
    @work("t.long", LABEL)
    def long(run: Run) -> None:
        run.advance(1, 3)
        with Session(engine) as other:
            act(other, world.actor("group_admin"), clock)
            assert cancel(other, run.key)
            other.commit()
        ask(run.session, SYSTEM, "t.long")
        run.advance(2, 3)
        raise AssertionError("it went on")

    waiting, running = ask(session, SYSTEM, "t.long"), ask(session, SYSTEM, "t.long")
    session.commit()
    assert cancel(session, waiting)
    session.commit()
    assert work_once(engine, tmp_path, clock) == running
    assert [row(session, key).state for key in (waiting, running)] == [JobState.CANCELLED] * 2
    assert row(session, running).done == 2 and not cancel(session, running)
    assert world.actor("group_admin").name in said(session, running)


def test_a_worker_that_is_stopped_hands_on(session: Session, engine: Engine, clock: Passing, tmp_path: Path) -> None:
    @work("t.long", LABEL)
    def long(run: Run) -> None:
        for place in range((run.cursor or {"place": 0})["place"], 3):
            run.advance(place + 1, 3, {"place": place + 1})

    key = ask(session, SYSTEM, "t.long")
    session.commit()
    for done in (1, 2, 3):
        assert work_once(engine, tmp_path, clock, stopping=lambda: True) == key
        assert (row(session, key).state, row(session, key).done) == ("waiting", done)
    assert work_once(engine, tmp_path, clock) == key and row(session, key).state == JobState.FINISHED


def test_a_heartbeat_keeps_a_long_step(session: Session, engine: Engine, tmp_path: Path) -> None:
    """While one step goes on, the lease is moved on by the heartbeat alone."""
    beats: list[datetime] = []

    @work("t.long", LABEL)
    def long(run: Run) -> None:
        beaten = threading.Event()
        for _n in range(1200):
            with Session(engine) as other:
                beats.append(other.execute(select(JOBS.c.until).where(JOBS.c.id == run.key)).scalar_one())
            if beats[-1] > beats[0]:
                return
            beaten.wait(0.05)
        raise AssertionError("no heartbeat")

    act(session, SYSTEM)
    key = ask(session, SYSTEM, "t.long")
    session.commit()
    assert work_once(engine, tmp_path, lease=timedelta(seconds=3)) == key
    assert row(session, key).state == JobState.FINISHED


def test_many_workers_never_work_one_job_twice(session: Session, engine: Engine, tmp_path: Path) -> None:
    done: list[int] = []
    work("t.one", LABEL)(lambda run: done.append(run.key))
    act(session, SYSTEM)
    keys = [ask(session, SYSTEM, "t.one") for _n in range(40)]
    session.commit()

    def worker() -> None:
        while work_once(engine, tmp_path) is not None:
            pass

    threads = [threading.Thread(target=worker) for _n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == keys


def test_the_schedule_makes_each_job_once(session: Session, engine: Engine, clock: Passing, tmp_path: Path) -> None:
    work("t.hourly", LABEL)(lambda run: None)
    every("t.hourly", timedelta(hours=1))
    lay_out(session)
    lay_out(session)
    assert not due(session)
    clock.on(hours=5)  # nobody worked for hours: done once
    (entry,) = due(session)
    session.rollback()
    made: list[int | None] = []

    def tick() -> None:
        with Session(engine) as own:
            made.append(fire(act(own, SYSTEM, clock), entry))

    threads = [threading.Thread(target=tick) for _n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([key for key in made if key]) == 1 and session.scalar(select(func.count()).select_from(JOBS)) == 1
    assert not due(session)
    session.rollback()
    clock.on(hours=1)
    look(engine, clock)  # the former one still waits: no second one beside it
    assert session.scalar(select(func.count()).select_from(JOBS)) == 1
    session.rollback()
    assert work_once(engine, tmp_path, clock)
    switch(session, "t.hourly", active=False)
    session.commit()
    clock.on(hours=2)
    assert not due(session)
    assert run_now(session, "t.hourly") == run_now(session, "t.hourly")
    session.commit()


def test_another_rule_moves_the_entry(session: Session, clock: Passing) -> None:
    work("t.hourly", LABEL)(lambda run: None)
    every("t.hourly", timedelta(hours=1))
    lay_out(session)
    every("t.hourly", daily("02:30"))
    lay_out(session)
    moment = session.scalars(select(ENTRIES.c.next_at)).one()
    assert moment == datetime(2025, 6, 2, 18, 30, tzinfo=UTC)  # 02:30 of the next day in China


def test_rules_count_in_the_company_s_zone(session: Session) -> None:
    last = monthly(31, "00:10")
    at = datetime(2026, 1, 31, 0, 0, tzinfo=UTC)  # 8 o'clock in China: the 31st has been
    assert last.after(at).isoformat() == "2026-02-28T00:10:00+08:00"
    assert last.after(last.after(at)).isoformat() == "2026-03-31T00:10:00+08:00"
    assert monthly(1, "03:00").after(datetime(2026, 12, 15, tzinfo=UTC)).isoformat() == "2027-01-01T03:00:00+08:00"
    assert daily("08:00").after(at).isoformat() == "2026-02-01T08:00:00+08:00"


def test_the_month_tells_what_ran_what_failed_and_what_is_due(
    session: Session, engine: Engine, clock: Passing, tmp_path: Path
) -> None:
    fails = [False, True]

    @work("t.night", LABEL)
    def night(run: Run) -> None:
        if fails.pop():
            raise Refusal(_("No room.", "空间不足。"))

    every("t.night", daily("02:00"))
    lay_out(session)
    for _n in range(2):
        clock.on(days=1)
        look(engine, clock)
        assert work_once(engine, tmp_path, clock)
    found = {day.day: days["t.night"] for day, days in month(session, NOW.date().replace(day=1)).items()}
    assert (found[3].failed, found[3].finished) == (1, 0) and (found[4].failed, found[4].finished) == (0, 1)
    assert found[5].due == 1 and found[30].due == 1 and len(found) == 28


def test_jobs_that_nobody_takes_are_noticed(session: Session, clock: Passing) -> None:
    work("t.echo", LABEL)(lambda run: None)
    ask(session, Actor(None, "system", system=True), "t.echo")
    session.commit()
    assert overdue(session, clock) == 0
    clock.on(minutes=2)
    assert overdue(session, clock) == 1
    assert isinstance(JOBS.c.until.type, Moment) and overdue(session, frozen(NOW)) == 0
