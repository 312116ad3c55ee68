"""How a job is worked: claimed by compare-and-set, kept by a lease and a heartbeat, taken over from the dead.

Any number of workers, on one machine or on several, may call `work_once` on the same database. A claim, a step and an
end are each one UPDATE that names the lease it expects; who finds that it changed no row has lost the job to another and
rolls back what was under way. So a worker that was stopped for longer than its lease does no harm when it comes back.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import socket
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, func, or_, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from models.kernel.actor import Actor
from models.kernel.clock import Clock, utc_now
from models.kernel.grant import held_by
from models.kernel.job import JOBS, WORKS, JobState, kept, line, told
from models.kernel.refusal import Denied, Refusal
from models.kernel.session import act, reading
from models.kernel.table import Base
from models.kernel.words import Words, _

log = logging.getLogger(__name__)

BACK_OFF = (timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10))
"""How long a job that broke waits before its next attempt; the last one from then on."""

_CANDIDATES = 5


class Cancelled(Exception):
    """Somebody asked for the job to be cancelled; raised by `Run.advance`, and not to be caught."""


class Stopping(Exception):
    """This worker is told to stop; the job goes on elsewhere from its cursor. Raised by `Run.advance`."""


class LeaseLost(Exception):
    """Another worker took the job over; what was under way is rolled back. Raised by `Run.advance`."""


@dataclass
class Run:
    """One attempt at a job, as its function sees it.

    Attributes:
        engine: the database.
        session: acts as the owner with the rights they hold now. `advance` commits it; the function itself never does.
        actor: the same.
        arguments: what was asked for.
        cursor: what the last `advance` of an earlier attempt kept; None at the first.
        done, total: how far it was then.
        folder: for what the job makes, of its own; it stays from one attempt to the next.
    """

    engine: Engine
    session: Session
    actor: Actor
    clock: Clock
    key: int
    kind: str
    title: Words
    arguments: dict[str, Any]
    cursor: Any
    done: int
    total: int | None
    lease: str
    length: timedelta
    home: Path
    stopping: Callable[[], bool] = lambda: False
    lines: list[tuple[Words, str]] = field(default_factory=list)

    @property
    def language(self) -> str:
        """The language the owner asked in."""
        return self.actor.language

    @property
    def folder(self) -> Path:
        """A folder of this job's own, made when it is first asked for; it goes when the job's row does."""
        folder = folder_of(self.home, self.key)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder

    def advance(self, done: int | None = None, total: int | None = None, cursor: Any = None) -> None:
        """Commits what was written through `session`, together with how far the job is, and renews the lease.

        Args:
            done, total: units of the job's own choice; left as they are where None.
            cursor: what JSON can hold; given to the next attempt should this one not end. Left as it is where None.

        Raises:
            Cancelled, Stopping, LeaseLost: the function is to be left; nothing of it is to be caught.
        """
        now = self.clock()
        values: dict[str, Any] = {"until": now + self.length, "beat_at": now}
        if done is not None:
            self.done = values["done"] = done
        if total is not None:
            self.total = values["total"] = total
        if cursor is not None:
            self.cursor = cursor
            values |= {"cursor": json.dumps(cursor, ensure_ascii=False), "attempts": 1}  # it gets on: count anew
        self._write(values)
        self.session.commit()
        if cancelled(self.session, self.key):
            raise Cancelled
        if self.stopping():
            raise Stopping

    def log(self, words: Words, tone: str = "") -> None:
        """Writes a line of the job's log with the next `advance`, or when the job ends."""
        self.lines.append((words, tone))

    def _write(self, values: dict[str, Any]) -> None:
        """Writes the row and the log lines that wait, where this run still has the lease.

        Raises:
            LeaseLost: it has not; everything under way is rolled back.
        """
        self.session.flush()
        mine = update(JOBS).where(JOBS.c.id == self.key, JOBS.c.lease == self.lease, JOBS.c.state == JobState.RUNNING)
        changed: Any = self.session.execute(mine.values(values))
        if not changed.rowcount:
            self.session.rollback()
            raise LeaseLost
        for words, tone in self.lines:
            line(self.session, self.key, words, tone=tone)
        self.lines.clear()

    def end(self, state: JobState, *, result: dict[str, Any] | None = None, error: Words | None = None) -> None:
        """Ends the job, in one transaction with all that was written last."""
        values: dict[str, Any] = {"state": state.value, "ended_at": self.clock(), "lease": None, "until": None}
        if state is JobState.FINISHED:
            values |= {"result": json.dumps(result or {}, ensure_ascii=False), "error": None}
            if self.total is not None:
                values["done"] = self.total
        if error is not None:
            values["error"] = kept(error)
            self.log(error, "red")
        self._write(values)
        self.session.commit()

    def put_back(self, at: datetime, words: Words | None = None, *, counts: bool = True) -> None:
        """Lets the job wait for its next attempt; one that does not count leaves the number of attempts as it was."""
        values: dict[str, Any] = {"state": JobState.WAITING.value, "next_at": at, "lease": None, "until": None}
        if not counts:
            values["attempts"] = JOBS.c.attempts - 1
        if words is not None:
            self.log(words, "amber")
        self._write(values)
        self.session.commit()


def folder_of(home: Path, key: int) -> Path:
    """Returns the folder of what a job makes."""
    return home / "jobs" / str(key)


def cancelled(session: Session, key: int) -> bool:
    """Returns whether somebody asked for the job to be cancelled. Leaves no transaction open."""
    with _looking():
        found = session.execute(select(JOBS.c.cancel_at).where(JOBS.c.id == key)).scalar()
        session.rollback()
    return found is not None


@contextmanager
def _looking() -> Iterator[None]:
    """While only looking, SQLite takes no write lock."""
    token = reading.set(True)
    try:
        yield
    finally:
        reading.reset(token)


# -- claims -----------------------------------------------------------------------------------------------------------


def claim(
    engine: Engine,
    clock: Clock = utc_now,
    *,
    kinds: Collection[str] | None = None,
    worker: str = "",
    length: timedelta | None = None,
) -> Any:
    """Takes the job that waits longest of those that may begin, so that no other worker gets it.

    Args:
        kinds: only these; all that are registered where left out. A kind that this code does not know is left to others.
        worker: who claims, as people are told.
        length: of the lease, where it is not the kind's own.

    Returns: its row as it is now; None where nothing waits.
    """
    known = [kind for kind in WORKS if kinds is None or kind in kinds]
    waiting = select(JOBS.c.id, JOBS.c.kind).where(
        JOBS.c.state == JobState.WAITING, JOBS.c.next_at <= clock(), JOBS.c.kind.in_(known)
    )
    with Session(engine) as session:
        with _looking():
            found = session.execute(waiting.order_by(JOBS.c.next_at, JOBS.c.id).limit(_CANDIDATES)).all()
            session.rollback()
        for key, kind in found:
            now, lease = clock(), f"{worker or name_here()}:{secrets.token_hex(8)}"
            mine = (
                update(JOBS)
                .where(JOBS.c.id == key, JOBS.c.state == JobState.WAITING, JOBS.c.next_at <= now)
                .values(
                    state=JobState.RUNNING.value,
                    lease=lease,
                    until=now + (length or WORKS[kind].lease),
                    beat_at=now,
                    attempts=JOBS.c.attempts + 1,
                    started_at=now,
                )
                .returning(JOBS)
            )
            row = session.execute(mine).one_or_none()
            session.commit()
            if row is not None:
                return row
    return None


def overdue(session: Session, clock: Clock = utc_now) -> int:
    """Returns how many jobs should have been begun more than a minute ago: a sign that too few workers run, or none."""
    late = clock() - timedelta(minutes=1)
    statement = select(func.count()).where(JOBS.c.state == JobState.WAITING, JOBS.c.next_at < late)
    return int(session.execute(statement).scalar_one())


def name_here() -> str:
    """Returns what this process is called in leases: machine and process."""
    return f"{socket.gethostname()[:64]}:{os.getpid()}"


def reap(engine: Engine, clock: Clock = utc_now) -> int:
    """Takes jobs from workers that have been silent for longer than their lease.

    Each waits for its next attempt, which begins at its cursor; one that had as many attempts as it may have has failed.

    Returns: how many were taken.
    """
    now = clock()
    dead = select(JOBS).where(JOBS.c.state == JobState.RUNNING, JOBS.c.until < now)
    taken = 0
    with Session(engine) as session:
        act(session, Actor(None, "system", system=True, channel="job"), clock)
        with _looking():
            found = session.execute(dead).all()
            session.rollback()
        for row in found:
            values, words = _after_death(row, now)
            mine = update(JOBS).where(JOBS.c.id == row.id, JOBS.c.lease == row.lease, JOBS.c.until == row.until)
            changed: Any = session.execute(mine.values(values))
            if changed.rowcount:
                line(session, row.id, words, tone="red" if values["state"] == JobState.FAILED else "amber")
                taken += 1
            session.commit()
    return taken


def _after_death(row: Any, now: datetime) -> tuple[dict[str, Any], Words]:
    free: dict[str, Any] = {"lease": None, "until": None}
    if row.cancel_at is not None:
        words = _("It was cancelled; its worker is gone.", "任务已取消，执行进程已不在。")
        return {**free, "state": JobState.CANCELLED.value, "ended_at": now}, words
    if row.attempts >= row.attempts_most:
        words = _(
            "Its worker died {n} times without the job getting on. Look into the log of the console, then try it again.",
            "执行进程已连续 {n} 次异常终止且任务没有进展，请查看系统日志后重试。",
        ).fill(n=row.attempts)
        return {**free, "state": JobState.FAILED.value, "ended_at": now, "error": kept(words)}, words
    words = _("Its worker fell silent; it goes on from where it was.", "执行进程失去响应，任务将从断点继续。")
    return {**free, "state": JobState.WAITING.value, "next_at": now}, words


# -- working ----------------------------------------------------------------------------------------------------------


def work_once(
    engine: Engine,
    home: Path,
    clock: Clock = utc_now,
    *,
    kinds: Collection[str] | None = None,
    worker: str = "",
    stopping: Callable[[], bool] = lambda: False,
    lease: timedelta | None = None,
) -> int | None:
    """Claims one job and works it to its end, or as far as it goes.

    Args:
        engine: the database.
        home: DOORBOOK_HOME, where jobs leave files.
        stopping: asked at each step; once it says yes, the job goes back to wait.
        lease: other than the kind's own, for tests.

    Returns: the key of the job; None where nothing waited.
    """
    row = claim(engine, clock, kinds=kinds, worker=worker, length=lease)
    if row is None:
        return None
    length = lease or WORKS[row.kind].lease
    with Session(engine) as session, _beating(engine, row, length, clock):
        run = Run(
            engine=engine,
            session=session,
            actor=Actor(None, "system", system=True, channel="job", request_id=f"job {row.id}"),
            clock=clock,
            key=row.id,
            kind=row.kind,
            title=told(row.title) or WORKS[row.kind].label,
            arguments=json.loads(row.arguments),
            cursor=json.loads(row.cursor) if row.cursor else None,
            done=row.done,
            total=row.total,
            lease=row.lease,
            length=length,
            home=home,
            stopping=stopping,
        )
        act(session, run.actor, clock)
        _work(run, row)
    return int(row.id)


def _work(run: Run, row: Any) -> None:
    token = reading.set(False)
    try:
        if row.cancel_at is not None:
            raise Cancelled
        run.actor = _owner(run, row)
        act(run.session, run.actor, run.clock)
        result = WORKS[row.kind].function(run)
        run.end(JobState.FINISHED, result=result)
    except LeaseLost:
        log.warning("Job %s (%s) was taken over by another worker; this one leaves it.", run.key, run.kind)
    except Exception as failure:
        run.session.rollback()
        act(run.session, Actor(None, "system", system=True, channel="job"), run.clock)
        try:
            _failed(run, row, failure)
        except LeaseLost:
            log.warning("Job %s (%s) was taken over by another worker; this one leaves it.", run.key, run.kind)
        except DBAPIError:  # the database is away: the lease runs out, and whoever is there then takes over
            log.exception("Job %s (%s) cannot be written; it is taken over when its lease ends.", run.key, run.kind)
            run.session.rollback()
    finally:
        reading.reset(token)


def _failed(run: Run, row: Any, failure: Exception) -> None:
    now = run.clock()
    if isinstance(failure, Cancelled):
        run.log(_("It was cancelled.", "任务已取消。"), "amber")
        run.end(JobState.CANCELLED)
    elif isinstance(failure, Stopping):
        words = _("Its worker is being stopped; it goes on elsewhere.", "执行进程正在停止，任务将由其他进程继续。")
        run.put_back(now, words, counts=False)
    elif isinstance(failure, Refusal) and failure.status < 500:
        run.end(JobState.FAILED, error=failure.sentence)
    else:
        log.error("Job %s (%s) broke.", run.key, run.kind, exc_info=failure)
        words = sentence_of(failure)
        attempts = run.session.execute(select(JOBS.c.attempts).where(JOBS.c.id == run.key)).scalar() or 0
        run.session.rollback()
        if attempts >= row.attempts_most:
            run.end(JobState.FAILED, error=words)
        else:
            wait = BACK_OFF[min(attempts, len(BACK_OFF)) - 1]
            again = _("{words} It is tried again in {n} seconds.", "{words}将在 {n} 秒后重试。")
            run.put_back(now + wait, again.fill(words=words, n=int(wait.total_seconds())))


def sentence_of(failure: Exception) -> Words:
    """Returns what people are told of a failure that nobody foresaw; its traceback is in the log of the console."""
    if isinstance(failure, Refusal):
        return failure.sentence
    if isinstance(failure, DBAPIError) and "locked" in str(failure.orig):
        return _("The database was busy for too long.", "数据库长时间繁忙。")
    if isinstance(failure, DBAPIError):
        return _("The database refused a step of it, or was away.", "数据库拒绝了其中一步操作或暂时无法连接。")
    if isinstance(failure, OSError):
        return _("A file or a connection failed: {reason}.", "文件或网络连接失败：{reason}。").fill(
            reason=failure.strerror or type(failure).__name__
        )
    return _(
        "Something went wrong that nobody foresaw ({name}); the log of the console has the details.",
        "发生未预料的错误（{name}），详情见系统日志。",
    ).fill(name=type(failure).__name__)


def _owner(run: Run, row: Any) -> Actor:
    """Returns the owner as an actor, with the grants they hold now.

    Raises:
        Denied: the account was closed since.
    """
    if row.owner_id is None:
        return run.actor
    accounts = Base.metadata.tables["ab_user"].c
    with _looking():
        found = run.session.execute(
            select(accounts.first_name, accounts.username, accounts.active).where(accounts.id == row.owner_id)
        ).one_or_none()
        grants = held_by(run.session, row.owner_id, run.clock)
        run.session.rollback()
    if found is None or not found.active:
        raise Denied(
            _(
                "The account that asked for this can sign in no more, so the job has no rights.",
                "发起人的账号已停用，任务没有执行权限。",
            )
        )
    return Actor(
        user_id=row.owner_id,
        name=found.first_name or found.username,
        grants=grants,
        within=tuple(json.loads(row.within)),
        language=row.language,
        channel="job",
        request_id=f"job {row.id}",
    )


@contextmanager
def _beating(engine: Engine, row: Any, length: timedelta, clock: Clock) -> Iterator[None]:
    """Renews the lease every third of its length while the work goes on, however long one step of it takes."""
    stop = threading.Event()

    def beat() -> None:
        while not stop.wait(length.total_seconds() / 3):
            now = clock()
            mine = update(JOBS).where(JOBS.c.id == row.id, JOBS.c.lease == row.lease, JOBS.c.state == JobState.RUNNING)
            try:
                with engine.begin() as connection:
                    # never shortened: a step of the work may have renewed it meanwhile
                    ahead = or_(JOBS.c.until.is_(None), JOBS.c.until < now + length)
                    connection.execute(mine.where(ahead).values(until=now + length, beat_at=now))
            except DBAPIError as failure:  # a long step holds the only write lock: nobody can take the job meanwhile
                log.warning("The heartbeat of job %s was missed: %s", row.id, failure.orig)

    thread = threading.Thread(target=beat, name=f"heartbeat of job {row.id}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
