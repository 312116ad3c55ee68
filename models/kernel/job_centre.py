"""Who sees which jobs: everybody their own; administrators of the group those of all people below them, and the house's.

A job tells what somebody was doing, and its file may hold what only they may see. So a job of another's is shown to
those who command them, and its file to its owner alone, whose rights are asked for once more when it is fetched.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, false, func, or_, select
from sqlalchemy.orm import Session

from models.kernel.actor import Actor
from models.kernel.job import ENDED, JOBS, LINES, LIVING, WORKS, JobState, told
from models.kernel.job_running import folder_of
from models.kernel.node import Node
from models.kernel.refusal import Denied, Missing, Refusal
from models.kernel.session import actor_of, clock_of
from models.kernel.table import Base
from models.kernel.words import Words, _

OVERSEERS = ("group_admin",)
"""The roles that see the jobs of people below the place where they hold it; at the very top, the house's own as well."""

FILE_LIFETIME = timedelta(hours=24)
"""How long the file of a job can be fetched."""

KEPT = timedelta(days=90)
"""How long a job that ended is kept."""

KEPT_QUIET = timedelta(days=1)
"""How long one of the house's small upkeep is kept, where it ended well."""

PAGE = 50

Check = Callable[[Session, dict[str, Any]], None]
_checks: dict[str, Check] = {}


def _places(actor: Actor) -> list[str]:
    return sorted({held.path for held in actor.grants if held.role in OVERSEERS})


def oversees(session: Session, actor: Actor) -> bool:
    """Returns whether the actor sees the house's own jobs and keeps the schedule: an overseer at the top of a tree."""
    if actor.system:
        return True
    return any(path.count("/") == 2 for path in _places(actor))  # '/1/': nothing is above it


def seen(session: Session, actor: Actor) -> ColumnElement[bool]:
    """Returns the condition under which the actor sees a job."""
    if actor.system:
        return JOBS.c.id.is_not(None)  # type: ignore[no-any-return]
    if actor.user_id is None:
        return false()
    ways = [JOBS.c.owner_id == actor.user_id]
    places = _places(actor)
    if places:
        people, nodes = Base.metadata.tables["user_profile"].c, Node.metadata.tables["node"].c
        below = or_(*[nodes.path.startswith(path, autoescape=True) for path in places])
        ways.append(
            JOBS.c.owner_id.in_(
                select(people.user_id)
                .join(Node.metadata.tables["node"], nodes.id == people.node_id)
                .where(below, people.user_id.is_not(None))
            )
        )
    if oversees(session, actor):
        ways.append(JOBS.c.owner_id.is_(None))
    return or_(*ways)


def jobs(
    session: Session,
    *,
    states: Sequence[str] = (),
    kind: str = "",
    mine: bool = False,
    upkeep: bool = False,
    before: int | None = None,
    size: int = PAGE,
) -> Sequence[Any]:
    """Returns the jobs the actor sees, newest first, with the owner's name (`owner`).

    Args:
        states, kind: only these, where given.
        mine: only the actor's own.
        upkeep: with the house's own small upkeep that ended well; those that failed are always there.
        before: only those with a smaller key (the next page).
        size: at most so many.
    """
    actor, accounts = actor_of(session), Base.metadata.tables["ab_user"]
    statement = select(JOBS, accounts.c.first_name.label("owner")).outerjoin(accounts, accounts.c.id == JOBS.c.owner_id)
    statement = statement.where(seen(session, actor))
    if states:
        statement = statement.where(JOBS.c.state.in_([str(state) for state in states]))
    if kind:
        statement = statement.where(JOBS.c.kind == kind)
    elif not upkeep:
        quiet = [each.kind for each in WORKS.values() if each.quiet]
        statement = statement.where(or_(JOBS.c.kind.not_in(quiet), JOBS.c.state == JobState.FAILED))
    if mine:
        statement = statement.where(JOBS.c.owner_id == actor.user_id)
    if before is not None:
        statement = statement.where(JOBS.c.id < before)
    return session.execute(statement.order_by(JOBS.c.id.desc()).limit(size)).all()


def job(session: Session, key: int) -> Any:
    """Returns a job that the actor sees, with the owner's name (`owner`).

    Raises:
        Missing: there is none, or it is not for them to see.
    """
    accounts = Base.metadata.tables["ab_user"]
    statement = select(JOBS, accounts.c.first_name.label("owner")).outerjoin(accounts, accounts.c.id == JOBS.c.owner_id)
    found = session.execute(statement.where(JOBS.c.id == key, seen(session, actor_of(session)))).one_or_none()
    if found is None:
        raise Missing(_("This job does not exist, or is not yours to see.", "该任务不存在，或您无权查看。"))
    return found


def living_keys(actor: Actor) -> Select[Any]:
    """Returns the statement of the keys of the actor's own jobs that wait or run, newest first."""
    return (
        select(JOBS.c.id).where(JOBS.c.owner_id == actor.user_id, JOBS.c.state.in_(LIVING)).order_by(JOBS.c.id.desc())
    )


def running(session: Session, most: int = 20) -> Sequence[Any]:
    """Returns the actor's own jobs that wait or run, newest first."""
    actor = actor_of(session)
    if actor.user_id is None:
        return []
    keys = living_keys(actor).limit(most)
    return session.execute(select(JOBS).where(JOBS.c.id.in_(keys)).order_by(JOBS.c.id.desc())).all()


# -- files ------------------------------------------------------------------------------------------------------------


def result_file(session: Session, name: str, path: Path, **more: Any) -> dict[str, Any]:
    """Returns the result of a job that made a file: how it is called, where it lies, and until when it is kept.

    Args:
        path: in the run's folder.
        more: what the check of its kind needs to know (see `fetch_by`).
    """
    until = clock_of(session)() + FILE_LIFETIME
    return {"file": name, "path": path.name, "size": path.stat().st_size, "until": until.isoformat(), **more}


def fetch_by(kind: str) -> Callable[[Check], Check]:
    """Registers what is asked before the file of a job of a kind is fetched: `check(session, result)`, which raises
    Denied where the owner has lost a right that the file was made with."""

    def register(check: Check) -> Check:
        _checks[kind] = check
        return check

    return register


def file_of(session: Session, key: int, home: Path) -> tuple[Path, str]:
    """Returns the file of one's own job and its name, where one may still have it.

    Raises:
        Missing: no such job or file; Denied: somebody else's, or a right was lost; Refusal: it has expired (410).
    """
    row = job(session, key)
    actor = actor_of(session)
    result = json.loads(row.result or "{}")
    if row.owner_id != actor.user_id:
        raise Denied(
            _(
                "Only who asked for this job fetches its file; export it yourself, with your own rights.",
                "仅任务发起人可下载结果文件，请使用自己的权限重新导出。",
            )
        )
    if row.state != JobState.FINISHED or "file" not in result:
        raise Missing(_("This job has no file.", "该任务没有结果文件。"))
    if datetime.fromisoformat(result["until"]) <= clock_of(session)():
        raise expired()
    check = _checks.get(row.kind)
    if check is not None:
        check(session, result)
    path = folder_of(home, key) / Path(result["path"]).name
    if not path.is_file():
        raise expired()
    return path, str(result["file"])


def expired() -> Refusal:
    """Returns the refusal of a file that is kept no more."""
    sentence = _("The file of this job is kept no more. Ask for it again.", "该任务的结果文件已过期清理，请重新发起。")
    return Refusal(sentence, code="expired", status=410)


# -- what goes --------------------------------------------------------------------------------------------------------


def clear_files(session: Session, home: Path) -> int:
    """Deletes folders of jobs whose file has expired, that ended without one, or that are not there. Returns: how many."""
    root, gone = home / "jobs", 0
    if not root.is_dir():
        return 0
    now = clock_of(session)()
    for folder in root.iterdir():
        if not folder.name.isdecimal():
            continue
        row = session.execute(select(JOBS.c.state, JOBS.c.result).where(JOBS.c.id == int(folder.name))).one_or_none()
        until = json.loads(row.result or "{}").get("until") if row is not None else None
        if row is not None and row.state in (*LIVING, JobState.FAILED):
            continue  # a job that failed may be tried again from where it was; its folder goes with its row
        if until is None or datetime.fromisoformat(until) <= now:
            shutil.rmtree(folder, ignore_errors=True)
            gone += 1
    return gone


def clear_jobs(session: Session, most: int = 5000) -> int:
    """Deletes jobs that ended long ago, with their logs. Does not commit. Returns: how many.

    Args:
        most: at one time.
    """
    now = clock_of(session)()
    quiet = [each.kind for each in WORKS.values() if each.quiet]
    old = JOBS.c.ended_at < now - KEPT
    small = JOBS.c.kind.in_(quiet) & (JOBS.c.state == JobState.FINISHED) & (JOBS.c.ended_at < now - KEPT_QUIET)
    newest = select(func.max(JOBS.c.id)).scalar_subquery()  # stays: SQLite would give its key to the next
    keys = session.scalars(
        select(JOBS.c.id).where(JOBS.c.state.in_(ENDED), or_(old, small), JOBS.c.id != newest).limit(most)
    ).all()
    for start in range(0, len(keys), 500):
        some = keys[start : start + 500]
        session.execute(delete(LINES).where(LINES.c.job_id.in_(some)))
        session.execute(delete(JOBS).where(JOBS.c.id.in_(some)))
    return len(keys)


# -- as machines and scripts read it ------------------------------------------------------------------------------------


def title_of(row: Any) -> Words:
    """Returns what a job is called."""
    return told(row.title) or kind_words(row.kind)


def kind_words(kind: str) -> Words:
    """Returns what a kind of job is called; a kind that no code knows any more by its name."""
    return WORKS[kind].label if kind in WORKS else Words(kind, kind)


def shown(session: Session, row: Any, language: str) -> dict[str, Any]:
    """Returns a job as REST and the progress bar read it; the owner's arguments are nobody's business."""
    state = JobState.member(row.state) or JobState.WAITING
    result = json.loads(row.result or "{}")
    error, own = told(row.error), row.owner_id == actor_of(session).user_id
    file_until = datetime.fromisoformat(result["until"]) if "until" in result else None
    there = file_until is not None and file_until > clock_of(session)()
    return {
        "id": row.id,
        "kind": row.kind,
        "title": title_of(row).said(language),
        "owner": row.owner,
        "state": state.value,
        "state_words": state.words.said(language),
        "done": row.done,
        "total": row.total,
        "percent": percent(row),
        "cancelling": row.cancel_at is not None and row.state in LIVING,
        "error": error.said(language) if error else None,
        "created_at": row.created_at.isoformat(),
        "started_at": row.started_at.isoformat() if row.started_at else None,
        "ended_at": row.ended_at.isoformat() if row.ended_at else None,
        "attempts": row.attempts,
        "file": result.get("file") if own and there else None,
        "file_size": result.get("size") if own and there else None,
        "file_until": result.get("until") if own and there else None,
        "result": {name: value for name, value in result.items() if name not in _PRIVATE},
    }


_PRIVATE = ("path", "paths", "file", "size", "until", "table")


def percent(row: Any) -> int | None:
    """Returns how far a job is, 0 to 100; None where nobody knows."""
    if row.state == JobState.FINISHED:
        return 100
    if not row.total:
        return None
    return max(0, min(99, int(row.done * 100 / row.total)))
