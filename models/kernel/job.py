"""A job (后台任务): work that outlasts a request. Its row in the main database is the truth; a queue only wakes workers.

Asking for a job adds a row in the caller's transaction, so that it is there exactly when what it is about is there.
Which worker has it, until when, and how far it is (the cursor) stands in the row, changed by compare-and-set. See
`job_running` for how it is worked, `job_schedule` for what comes by the clock, docs/jobs.md for the whole.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, String, Text, event, insert, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.kernel.actor import Actor
from models.kernel.columns import BigId, Moment
from models.kernel.options import Options
from models.kernel.session import actor_of, clock_of
from models.kernel.table import Base
from models.kernel.words import Words, _

log = logging.getLogger(__name__)

_LIVING = "ended_at IS NULL"


class JobState(Options):
    """Where a job is."""

    WAITING = "waiting", _("Waiting", "等待中"), "grey"
    RUNNING = "running", _("Running", "执行中"), "blue"
    FINISHED = "finished", _("Finished", "已完成"), "green"
    FAILED = "failed", _("Failed", "失败"), "red"
    CANCELLED = "cancelled", _("Cancelled", "已取消"), "amber"


LIVING = (JobState.WAITING, JobState.RUNNING)
ENDED = (JobState.FINISHED, JobState.FAILED, JobState.CANCELLED)


class Job(Base):
    """A piece of work that was asked for. Not a declared table: whose it is decides who sees it, not a place of the tree.

    Attributes:
        title, error: `Words` as JSON, in both languages.
        arguments, cursor, result: JSON.
        within: paths its owner had narrowed the console to when they asked.
        once: of two living jobs of a kind with the same key there is never a second one.
        next_at: not before this moment.
        lease: who works on it, a name of its own for each claim; nobody else may write its row meanwhile.
        until: when the lease ends, unless the worker renews it. `beat_at` is when it did so last.
        attempts: claims since it last got on; more than `attempts_most` and it has failed.
        cancel_at: when somebody asked for it to be cancelled.
        schedule: the entry of the schedule it was made by.
    """

    __tablename__ = "job"
    __table_args__ = (
        Index("ix_job_state_next_at", "state", "next_at", "id"),
        Index("ix_job_owner_id", "owner_id", "id"),
        Index("ix_job_kind_id", "kind", "id"),
        Index("ix_job_schedule_created_at", "schedule", "created_at"),
        Index("uq_job_once", "kind", "once", unique=True, sqlite_where=text(_LIVING), postgresql_where=text(_LIVING)),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(64))
    title: Mapped[str] = mapped_column(Text)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"))
    language: Mapped[str] = mapped_column(String(8))
    within: Mapped[str] = mapped_column(Text)
    arguments: Mapped[str] = mapped_column(Text)
    once: Mapped[str | None] = mapped_column(String(200))
    schedule: Mapped[str | None] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(20))
    done: Mapped[int] = mapped_column(BigId)
    total: Mapped[int | None] = mapped_column(BigId)
    cursor: Mapped[str | None] = mapped_column(Text)
    lease: Mapped[str | None] = mapped_column(String(160))
    until: Mapped[datetime | None] = mapped_column(Moment)
    beat_at: Mapped[datetime | None] = mapped_column(Moment)
    attempts: Mapped[int] = mapped_column(Integer)
    attempts_most: Mapped[int] = mapped_column(Integer)
    next_at: Mapped[datetime] = mapped_column(Moment)
    cancel_at: Mapped[datetime | None] = mapped_column(Moment)
    result: Mapped[str | None] = mapped_column(Text)
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Moment, index=True)
    started_at: Mapped[datetime | None] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)


class JobLog(Base):
    """A line of what a job said on its way."""

    __tablename__ = "job_log"
    __table_args__ = (Index("ix_job_log_job_id", "job_id", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("job.id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(Moment)
    tone: Mapped[str] = mapped_column(String(10))
    words: Mapped[str] = mapped_column(Text)


JOBS: Any = Job.__table__
LINES: Any = JobLog.__table__


# -- words in rows ----------------------------------------------------------------------------------------------------


def kept(words: Words) -> str:
    """Returns `words` as a row keeps them: filled, in both languages."""
    return json.dumps({"en": words.said("en"), "zh": words.said("zh")}, ensure_ascii=False)


def told(stored: str | None) -> Words | None:
    """Returns the words that `kept` stored."""
    if not stored:
        return None
    values = json.loads(stored)
    return Words(values["en"], values["zh"])


# -- kinds of work ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Work:
    """A kind of job: what does it, and how patiently.

    Attributes:
        function: called with the run; what it returns is the result.
        attempts: how often it is begun without getting on before it has failed.
        lease: how long a worker may be silent before another takes over.
        quiet: of the house's own upkeep: left out of lists unless asked for, and its rows go after a day.
    """

    kind: str
    label: Words
    function: Callable[[Any], dict[str, Any] | None]
    attempts: int
    lease: timedelta
    quiet: bool


WORKS: dict[str, Work] = {}

LEASE = timedelta(seconds=30)
"""How long a worker may be silent. A heartbeat renews it every third of that, however long one step takes."""


def work(
    kind: str, label: Words, *, attempts: int = 3, lease: timedelta = LEASE, quiet: bool = False
) -> Callable[[Callable[[Any], dict[str, Any] | None]], Callable[[Any], dict[str, Any] | None]]:
    """Registers a function `(run: Run) -> dict | None` as what jobs of a kind do.

    It is called again, with the cursor it last gave to `run.advance`, whenever a worker died on it or it broke: all it
    does up to an `advance` is one transaction, so it is never half done nor done twice.

    Args:
        kind: stable name; rows carry it.
        label: what people call this kind.
        attempts: see `Work`; a job that got on in between begins counting anew.
    """

    def register(function: Callable[[Any], dict[str, Any] | None]) -> Callable[[Any], dict[str, Any] | None]:
        known = WORKS.get(kind)
        if known is not None and known.function.__qualname__ != function.__qualname__:
            raise RuntimeError(f"Two kinds of job are called {kind!r}.")
        WORKS[kind] = Work(kind, label, function, attempts, lease, quiet)
        return function

    return register


# -- asking -----------------------------------------------------------------------------------------------------------


def ask(
    session: Session,
    actor: Actor,
    kind: str,
    arguments: dict[str, Any] | None = None,
    *,
    title: Words | None = None,
    once: str | None = None,
    not_before: datetime | None = None,
    schedule: str | None = None,
) -> int:
    """Asks for a job, in the transaction of `session`: it is worked when that is committed, and never was otherwise.

    Args:
        actor: whose job it is, and with whose rights of the moment it is worked; the system's own where they are the system.
        arguments: what JSON can hold.
        title: what it is called; the label of its kind where left out.
        once: a key: while a job of this kind with this key waits or runs, it is returned and no second one is made.
        not_before: do not begin before this moment.

    Returns: the key of the job.

    Raises:
        KeyError: no such kind is registered.
    """
    known, now = WORKS[kind], clock_of(session)()
    values = {
        "kind": kind,
        "title": kept(title or known.label),
        "owner_id": actor.user_id,
        "language": actor.language,
        "within": json.dumps(list(actor.within)),
        "arguments": json.dumps(arguments or {}, ensure_ascii=False),
        "once": once,
        "schedule": schedule,
        "state": JobState.WAITING.value,
        "done": 0,
        "attempts": 0,
        "attempts_most": known.attempts,
        "next_at": not_before or now,
        "created_at": now,
    }
    session.flush()
    if once is None:
        key = session.execute(insert(JOBS).values(**values).returning(JOBS.c.id)).scalar_one()
    else:
        key = _only(session, kind, once, values)
    session.info["jobs asked"] = True
    return int(key)


def _only(session: Session, kind: str, once: str, values: dict[str, Any]) -> int:
    dialect: Any = {"sqlite": sqlite, "postgresql": postgresql}[session.get_bind().dialect.name]
    statement = dialect.insert(JOBS).values(**values)
    statement = statement.on_conflict_do_nothing(index_elements=["kind", "once"], index_where=text(_LIVING))
    living = select(JOBS.c.id).where(JOBS.c.kind == kind, JOBS.c.once == once, JOBS.c.state.in_(LIVING))
    for _try in range(3):  # the living one may end between the two statements
        made = session.execute(statement.returning(JOBS.c.id)).scalar() or session.execute(living).scalar()
        if made is not None:
            return int(made)
    raise RuntimeError(f"A job {kind!r} with the key {once!r} can neither be made nor found.")


# -- waking -----------------------------------------------------------------------------------------------------------

_wakers: list[Callable[[], None]] = []


def wake_by(waker: Callable[[], None] | None) -> None:
    """Says how workers are woken after a transaction that asked for a job; None for not at all (they look by themselves)."""
    _wakers[:] = [] if waker is None else [waker]


def _committed(session: Session) -> None:
    if session.info.pop("jobs asked", None):
        for waker in _wakers:
            try:
                waker()
            except Exception:  # the row is there; whoever polls finds it
                log.exception("Workers could not be woken; they find the job by themselves within seconds.")


def _rolled_back(session: Session) -> None:
    session.info.pop("jobs asked", None)


event.listen(Session, "after_commit", _committed)
event.listen(Session, "after_rollback", _rolled_back)


# -- what people do with a job ----------------------------------------------------------------------------------------


def cancel(session: Session, key: int) -> bool:
    """Asks for a job to be cancelled: one that waits is so at once, one that runs at its next step. Does not commit.

    Returns: whether there was something to cancel.
    """
    now = clock_of(session)()
    waiting = (
        update(JOBS)
        .where(JOBS.c.id == key, JOBS.c.state == JobState.WAITING)
        .values(state=JobState.CANCELLED.value, cancel_at=now, ended_at=now)
    )
    running = update(JOBS).where(JOBS.c.id == key, JOBS.c.state == JobState.RUNNING).values(cancel_at=now)
    changed: Any = session.execute(waiting)
    if not changed.rowcount:
        changed = session.execute(running)
    if changed.rowcount:
        line(session, key, _("Cancellation was asked for.", "已请求取消。"), tone="amber", by=actor_of(session))
    return bool(changed.rowcount)


def retry(session: Session, key: int) -> bool:
    """Lets a job that failed or was cancelled go on from where it was. Does not commit.

    Returns: False where it is in no such state, or a living job has the same key.
    """
    now = clock_of(session)()
    found = session.execute(select(JOBS).where(JOBS.c.id == key)).one_or_none()
    if found is None or found.state not in (JobState.FAILED, JobState.CANCELLED):
        return False
    if found.once is not None:
        twin = select(JOBS.c.id).where(JOBS.c.kind == found.kind, JOBS.c.once == found.once, JOBS.c.state.in_(LIVING))
        if session.execute(twin).first():
            return False
    values: dict[str, Any] = {"state": JobState.WAITING.value, "attempts": 0, "next_at": now, "lease": None}
    values |= {"cancel_at": None, "error": None, "ended_at": None}
    changed: Any = session.execute(update(JOBS).where(JOBS.c.id == key, JOBS.c.state == found.state).values(values))
    if changed.rowcount:
        line(session, key, _("It is to be tried again.", "已安排重试。"), by=actor_of(session))
        session.info["jobs asked"] = True
    return bool(changed.rowcount)


def line(session: Session, key: int, words: Words, *, tone: str = "", by: Actor | None = None) -> None:
    """Writes a line into the log of a job, in the transaction of `session`."""
    if by is not None and by.user_id is not None:
        words = _("{name}: {words}", "{name}：{words}").fill(name=by.name, words=words)
    values = {"job_id": key, "at": clock_of(session)(), "tone": tone, "words": kept(words)}
    session.execute(insert(LINES), [values])


def lines_of(session: Session, key: int, most: int = 500) -> Sequence[Any]:
    """Returns the last lines of a job's log, oldest first."""
    found = session.execute(select(LINES).where(LINES.c.job_id == key).order_by(LINES.c.id.desc()).limit(most)).all()
    return list(reversed(found))
