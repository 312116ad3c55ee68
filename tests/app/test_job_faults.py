"""Workers that are killed, queues that go away, databases that are busy: every job ends, and nothing is doubled."""

from __future__ import annotations

import io
import json
import os
import random
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app import working
from app.jobs import load
from app.wakeup import Bell
from config import ROOT, Settings
from models.kernel.actor import SYSTEM
from models.kernel.audit import AuditLog
from models.kernel.clock import utc_now
from models.kernel.job import JOBS, JobState, ask, lines_of, told, wake_by, work
from models.kernel.job_running import Run, folder_of, work_once
from models.kernel.session import act
from models.kernel.words import _
from models.property.room import Room
from tests import machine
from tests.databases import BOTH
from tests.views.test_import import HEAD, book
from tests.world import World
from views.kernel.exchange.export_job import ask_for_export
from views.kernel.exchange.import_job import ask_for_import
from views.kernel.exchange.into_table import TableTarget
from views.kernel.exchange.plan import layout_of, sheet_of
from views.kernel.exchange.staging import Staging
from views.kernel.exchange.workbook import open_workbook
from views.kernel.listing import Asked, Filter

LEASE = 1.0
ROWS = 60

WORKER = """
import sys, time
from dataclasses import replace
from datetime import timedelta
from app.working import work as keep_working
from app.jobs import load
from app.database import open_engine
from config import Settings
from models.kernel.job import work
from models.kernel.words import _
from views.kernel.exchange import export, export_job, plan

plan.CHUNK, export.BATCH, export_job._TICK = 4, 4, 0.0

@work("t.count", _("Count", "计数"), attempts=4)
def count(run):
    for n in range((run.cursor or {"n": 0})["n"], 20):
        run.log(_("Step {n}", "第 {n} 步").fill(n=n + 1))
        time.sleep(0.01)
        run.advance(n + 1, 20, {"n": n + 1})

settings = Settings.read()
load(settings)
print("ready", flush=True)
keep_working(settings, open_engine(settings), lambda: False, lease=timedelta(seconds=float(sys.argv[1])), poll=0.2)
"""


def environment(settings: Settings) -> dict[str, str]:
    """What a process needs to work on the test's database."""
    return {
        **os.environ,
        "DOORBOOK_HOME": str(settings.home),
        "DATABASE_URL": settings.database_url.replace("postgresql+psycopg://", "postgresql://"),
        "DATA_KEY": settings.data_key,
        "SECRET_KEY": settings.secret_key,
        "DOORBOOK_DEMO": "0",
        "BACKUP_AT": "never",
        "REDIS_URL": settings.redis_url or "",
        "PYTHONPATH": str(ROOT),
    }


def started(settings: Settings) -> subprocess.Popen[str]:
    """Starts a worker process and waits until it works."""
    command = [sys.executable, "-c", WORKER, str(LEASE)]
    process = subprocess.Popen(command, cwd=ROOT, env=environment(settings), stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    return process


def killed(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()
    if process.stdout is not None:
        process.stdout.close()


def until(true: Callable[[], bool], seconds: float = 180) -> None:
    """Waits until something is so; that it never is fails the test."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.05)


@pytest.fixture
def fresh(engine: Engine) -> Iterator[Session]:
    """A session by the real clock, as the workers' own."""
    with Session(engine) as made:
        yield act(made, SYSTEM)
        made.rollback()


@pytest.fixture(autouse=True)
def _kinds(settings: Settings) -> Iterator[None]:
    """The console's own kinds of job, and one of the workers below."""
    load(settings)
    work("t.count", _("Count", "计数"), attempts=4)(_count)
    yield
    wake_by(None)


def _count(run: Run) -> None:
    raise AssertionError("worked by another process")


def ended(session: Session) -> bool:
    session.rollback()
    living = select(func.count()).where(JOBS.c.state.in_((JobState.WAITING, JobState.RUNNING)), JOBS.c.kind != "seal")
    found = session.scalar(living)
    session.rollback()
    return not found


def staged_rooms(session: Session, settings: Settings, world: World) -> int:
    """Asks for an import of many rooms, as the project's clerk. Returns the job."""
    rows = [("湖畔花园", "1号楼", "1单元", f"{n}", 9, "A户型", 98.5, "待售") for n in range(9001, 9001 + ROWS)]
    actor, target = world.actor("project_clerk"), TableTarget(Room)
    staged = Staging(settings.home).begin(book(HEAD, *rows), actor.user_id, target.name, "rooms.xlsx")
    layout = layout_of(sheet_of(open_workbook(staged.file, "rooms.xlsx"), ""), target.columns())
    staged.header_row, staged.mapping = layout.row, {h.column: h.key for h in layout.headings if h.key}
    staged.save()
    act(session, actor)
    key = ask_for_import(session, staged, target, 0)
    session.commit()
    act(session, SYSTEM)
    return key


FORMS = ("csv", "jsonl", "xlsx")


def exported_rooms(session: Session, world: World, form: str) -> int:
    """Asks for an export of the homes of a project that nothing else here changes. Returns the job."""
    act(session, world.actor("regional_admin"))
    asked = Asked(columns=("no", "floor"), filters=(Filter("project", "rel_o_m", str(world.id("project", "hill"))),))
    key = ask_for_export(session, Room, asked, form, technical=True, notes=())
    session.rollback()
    act(session, SYSTEM)
    return key


def whole_files(settings: Settings, session: Session, world: World, jobs: list[int]) -> None:
    """Each export has a whole file with each home once and nothing beside it, or failed with a reason and has none."""
    session.rollback()
    homes = sorted(session.scalars(select(Room.no).where(Room.project_id == world.id("project", "hill"))))
    for row in session.execute(select(JOBS).where(JOBS.c.id.in_(jobs))).all():
        left = sorted(file.name for file in folder_of(settings.home, row.id).glob("*"))
        if row.state == JobState.FAILED:
            assert "died" in str(told(row.error))
            continue
        assert row.state == JobState.FINISHED
        form = json.loads(row.arguments)["form"]
        assert left == [f"file.{form}"], "an attempt that died left something"
        data = (folder_of(settings.home, row.id) / left[0]).read_bytes()
        if form == "xlsx":
            found = [str(line[0]) for line in openpyxl.load_workbook(io.BytesIO(data)).worksheets[0].values][1:]
        elif form == "csv":
            found = [line.split(",")[0] for line in data.decode("utf-8-sig").splitlines()][1:]
        else:
            found = [json.loads(line)["no"] for line in data.decode().splitlines()]
        assert sorted(found) == homes, "a row was lost or doubled"


def killed_at_random(settings: Settings, session: Session, world: World, kills: int, seed: int) -> None:
    """Kills workers again and again while counts and an import go on; then lets them end, and looks at what they left."""
    chance = random.Random(seed)
    importing = staged_rooms(session, settings, world)
    counting = [ask(session, SYSTEM, "t.count", {"n": n}) for n in range(6)]
    session.commit()
    exporting = [exported_rooms(session, world, form) for form in FORMS]
    workers = [started(settings) for _n in range(2)]
    try:
        for _n in range(kills):
            time.sleep(chance.uniform(0, 0.4))  # where in its work it dies is the point, not how long this takes
            place = chance.randrange(len(workers))
            killed(workers[place])
            workers[place] = started(settings)
            if ended(session):
                counting.append(ask(session, SYSTEM, "t.count", {"n": 0}))
                session.commit()
                exporting.append(exported_rooms(session, world, chance.choice(FORMS)))
        until(lambda: ended(session))
    finally:
        for process in workers:
            killed(process)
    session.rollback()
    rows = session.execute(select(JOBS).where(JOBS.c.id.in_([importing, *counting]))).all()
    for row in rows:
        steps = [str(told(line.words)) for line in lines_of(session, row.id)]
        done = [step for step in steps if step.startswith("Step ")]
        if row.state == JobState.FAILED:
            assert "died" in str(told(row.error)), steps
        else:
            assert row.state == JobState.FINISHED, (row.state, steps)
            assert row.kind != "t.count" or done == [f"Step {n}" for n in range(1, 21)], "a step was lost or doubled"
    whole_files(settings, session, world, exporting)
    (row,) = [row for row in rows if row.id == importing]
    numbers = session.scalars(select(Room.no).where(Room.no.like("9%"), Room.floor == 9).order_by(Room.no)).all()
    assert len(numbers) == len(set(numbers))
    if row.state == JobState.FINISHED:
        assert numbers == [str(n) for n in range(9001, 9001 + ROWS)]
        result = json.loads(row.result)
        assert (result["added"], result["changed"], result["left"], result["refused"]) == (ROWS, 0, 0, 0)
    else:
        assert len(numbers) == row.done, "what was written is not what the job says"
    lines = select(func.count()).select_from(AuditLog).where(AuditLog.channel == "import", AuditLog.action == "add")
    assert session.scalar(lines) == len(numbers), "the audit tells another story"


@pytest.mark.slow
@pytest.mark.parametrize("backend", BOTH)
def test_workers_killed_anywhere_lose_and_double_nothing(
    settings: Settings, fresh: Session, world: World, backend: str
) -> None:
    killed_at_random(settings, fresh, world, 10, seed=7)


@pytest.mark.deep
@pytest.mark.parametrize("backend", BOTH)
@pytest.mark.parametrize("seed", range(4))
def test_workers_killed_fifty_times(settings: Settings, fresh: Session, world: World, backend: str, seed: int) -> None:
    """Two hundred kills on each database, in four runs of fifty."""
    killed_at_random(settings, fresh, world, 50, seed)


@pytest.mark.slow
def test_a_worker_ends_with_its_parent_and_at_a_word(settings: Settings, fresh: Session, world: World) -> None:
    """`run.py worker --workers 2`: a worker that is killed is started again; SIGTERM stops all of them."""
    command = [sys.executable, "run.py", "worker", "--workers", "2"]
    parent = subprocess.Popen(command, cwd=ROOT, env=environment(settings), stderr=subprocess.DEVNULL)

    def children() -> set[int]:
        found = set()
        for file in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):  # it ended meanwhile
                _name, _sign, rest = file.read_text().rpartition(")")
                if rest.split()[1] == str(parent.pid):
                    found.add(int(file.parent.name))
        return found

    try:
        until(lambda: len(children()) == 2)
        key = ask(fresh, SYSTEM, "seal")
        fresh.commit()
        until(lambda: state(fresh, key) == JobState.FINISHED)
        victim = min(children())
        os.kill(victim, signal.SIGKILL)
        until(lambda: len(children() - {victim}) == 2)
        left = children()
        parent.terminate()
        assert parent.wait(30) == 0
        until(lambda: not any(alive(pid) for pid in left))
    finally:
        parent.kill()
        parent.wait()


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def state(session: Session, key: int) -> str:
    session.rollback()
    found = session.execute(select(JOBS.c.state).where(JOBS.c.id == key)).scalar_one()
    session.rollback()
    return str(found)


# -- the queue --------------------------------------------------------------------------------------------------------


def test_the_bell_on_sqlite(settings: Settings) -> None:
    """Rung by one process's bell, heard by another's; many rings are no burden; without a file it says so once."""
    ringer, listener = Bell(settings), Bell(settings)
    assert not listener.wait(0.1) and ringer.place == "SQLite" and ringer.answers()
    ringer.ring()
    assert listener.wait(5) and not listener.wait(0.1)
    for _n in range(3):
        ringer.ring()
    listener.clear()
    assert not listener.wait(0.1)


@pytest.mark.redis
def test_the_bell_on_redis(settings: Settings) -> None:
    settings = _with_redis(settings, machine.redis_url() or "")
    ringer, listener = Bell(settings), Bell(settings)
    listener.clear()
    assert not listener.wait(0.1) and ringer.place == "Redis" and ringer.answers()
    heard = threading.Event()
    waiting = threading.Thread(target=lambda: listener.wait(10) and heard.set())
    waiting.start()
    ringer.ring()
    waiting.join()
    assert heard.is_set()
    listener.clear()


def _with_redis(settings: Settings, url: str) -> Settings:
    return replace(settings, redis_url=url)


def test_a_queue_that_is_gone_costs_nobody_a_job(
    settings: Settings, engine: Engine, fresh: Session, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing listens at this address: asking goes on, health says so, the log says it once, the job is found."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    bell = Bell(_with_redis(settings, f"redis://127.0.0.1:{port}/0"))
    wake_by(bell.ring)
    keys = [ask(fresh, SYSTEM, "seal") for _n in range(3)]
    fresh.commit()
    assert not bell.answers() and bell.away
    assert not bell.wait(0.3)
    assert [work_once(engine, settings.home) for _n in range(3)] == keys
    said = [record.message for record in caplog.records if "does not answer" in record.message]
    assert len(said) == 1 and "found by looking" in said[0]


@pytest.mark.redis
@pytest.mark.slow
def test_redis_goes_and_comes_back(settings: Settings, fresh: Session, world: World, tmp_path: Path) -> None:
    """A Redis of the test's own, killed and started again under a worker that waits on it."""
    program = shutil.which("redis-server")
    if program is None:  # the marker says a Redis answers; its program may live on another machine
        pytest.xfail("no redis-server program to kill")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    settings = _with_redis(settings, f"redis://127.0.0.1:{port}/0")
    command = [program, "--port", str(port), "--save", "", "--appendonly", "no", "--dir", str(tmp_path)]

    def redis() -> subprocess.Popen[bytes]:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(lambda: Bell(settings).answers())
        return process

    server = redis()
    worker = started(settings)
    wake_by(Bell(settings).ring)
    try:
        for gone in (False, True, False):
            if gone:
                server.kill()
                server.wait()
            elif server.poll() is not None:
                server = redis()
            key = ask(fresh, SYSTEM, "t.count", {})
            fresh.commit()
            until(lambda key=key: state(fresh, key) == JobState.FINISHED)
    finally:
        killed(worker)
        server.kill()
        server.wait()


# -- a busy database --------------------------------------------------------------------------------------------------


def test_a_database_that_is_locked_is_said_and_work_goes_on(
    settings: Settings, engine: Engine, fresh: Session, world: World
) -> None:
    """A job that finds the database locked says so in its log and is tried again."""
    tries: list[int] = []

    @work("t.locked", _("Locked", "锁定"))
    def locked(run: Run) -> None:
        tries.append(1)
        if len(tries) > 1:
            return
        run.session.rollback()
        run.session.connection().exec_driver_sql("PRAGMA busy_timeout=50")
        run.session.rollback()
        other = sqlite3.connect(settings.home / "doorbook.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        try:
            ask(run.session, SYSTEM, "t.locked")
        finally:
            other.execute("ROLLBACK")
            other.close()

    key = ask(fresh, SYSTEM, "t.locked")
    fresh.commit()
    assert work_once(engine, settings.home) == key
    assert state(fresh, key) == JobState.WAITING
    said = " ".join(str(told(line.words)) for line in lines_of(fresh, key))
    assert "The database was busy for too long. It is tried again in 5 seconds." in said
    fresh.rollback()
    assert work_once(engine, settings.home, lambda: utc_now() + timedelta(seconds=6)) == key
    assert state(fresh, key) == JobState.FINISHED


def test_workers_outlast_a_database_that_does_not_answer(
    settings: Settings, engine: Engine, fresh: Session, world: World, caplog: pytest.LogCaptureFixture, monkeypatch: Any
) -> None:
    """While it is away a worker says so once and goes on looking; then it says that it is back."""
    calls: list[int] = []
    real = working.look

    def look(*arguments: Any) -> None:
        calls.append(1)
        if len(calls) <= 3:
            raise OperationalError("SELECT", {}, sqlite3.OperationalError("database is locked"))
        real(*arguments)

    monkeypatch.setattr(working, "look", look)
    key = ask(fresh, SYSTEM, "seal")
    fresh.commit()
    working.work(settings, engine, lambda: state(fresh, key) == JobState.FINISHED, poll=0.05)
    said = [record.message for record in caplog.records if record.name == "app.working"]
    assert len([each for each in said if "does not answer" in each]) == 1
    assert len([each for each in said if "answers again" in each]) == 1
