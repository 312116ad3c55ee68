"""Workers: processes that look for jobs, take over those of the dead, and make those that are due by the clock."""

from __future__ import annotations

import gc
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.wakeup import POLL, Bell
from config import ROOT, Settings
from models.kernel.actor import Actor
from models.kernel.clock import Clock, utc_now
from models.kernel.job import wake_by
from models.kernel.job_running import reap, work_once
from models.kernel.job_schedule import due, fire, lay_out
from models.kernel.session import act, reading

log = logging.getLogger(__name__)

PATIENCE = 10.0
"""Seconds a worker that is told to stop has for the step it is at; then it is killed, and its job is taken over."""


def work(
    settings: Settings,
    engine: Engine,
    stopping: Callable[[], bool],
    *,
    clock: Clock = utc_now,
    lease: timedelta | None = None,
    poll: float = POLL,
) -> None:
    """Works jobs, one after the other, until told to stop.

    Args:
        stopping: asked between jobs and at each step of one.
        lease: other than the kinds' own, for tests.
        poll: seconds after which to look unasked.
    """
    bell = Bell(settings)
    wake_by(bell.ring)
    bell.clear()
    laid_out, looked, troubled = False, 0.0, False
    while not stopping():
        try:
            if not laid_out:
                with system(engine, clock) as session:
                    lay_out(session)
                laid_out = True
            if time.monotonic() - looked >= poll / 2:
                look(engine, clock)
                looked = time.monotonic()
            worked = work_once(engine, settings.home, clock, stopping=stopping, lease=lease)
            if troubled:
                log.warning("The database answers again; jobs go on.")
            troubled = False
        except DBAPIError as failure:
            if not troubled:
                log.warning("Jobs cannot be looked for: the database does not answer (%s). Tried again.", failure.orig)
            troubled, worked = True, None
        if worked is None and not stopping():
            bell.wait(poll)
    wake_by(None)


def look(engine: Engine, clock: Clock = utc_now) -> None:
    """Takes over the jobs of dead workers, and asks for those that are due."""
    reap(engine, clock)
    with system(engine, clock) as session:
        token = reading.set(True)
        try:
            ready = due(session)
            session.rollback()
        finally:
            reading.reset(token)
        for row in ready:
            fire(session, row)


@contextmanager
def system(engine: Engine, clock: Clock) -> Any:
    """A session that acts as the system, for what workers do by themselves."""
    with Session(engine) as session:
        yield act(session, Actor(None, "system", system=True, channel="job"), clock)


def run_here(settings: Settings, parent: int | None = None) -> None:
    """Works in this process until SIGTERM or SIGINT, or until the process `parent` is gone.

    The console is put together as for the server, so that what a job calls finds what it finds there.
    """
    from app.factory import create_app

    told: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _frame: told.append(number))

    def stopping() -> bool:
        return bool(told) or (parent is not None and os.getppid() != parent)

    app = create_app(settings)
    gc.collect()
    gc.freeze()  # what is there from the start stays to the end: no collection looks through it again
    with app.app_context():
        work(settings, app.extensions["sqlalchemy"].engine, stopping)


class Workers:
    """Worker processes beside this one: started, started again when one dies, and stopped together.

    Args:
        count: how many.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """Starts them."""
        self._processes = [self._one() for _number in range(self._count)]

    def keep(self) -> None:
        """Starts those anew that died."""
        for place, process in enumerate(self._processes):
            if process.poll() is not None:
                log.warning("A worker ended by itself (exit code %s); another one is started.", process.returncode)
                self._processes[place] = self._one()

    def stop(self) -> None:
        """Tells all to stop and waits for them; whoever takes too long is killed."""
        for process in self._processes:
            process.terminate()
        until = time.monotonic() + PATIENCE
        for process in self._processes:
            try:
                process.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._processes = []

    def _one(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, str(ROOT / "run.py"), "worker", "--beside", str(os.getpid())]
        return subprocess.Popen(command, cwd=ROOT)
