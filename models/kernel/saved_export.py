"""A saved export (常用导出): a list as a view has it or a report as it was asked, its file, and when it goes to whom.

Like a saved view it belongs to a person and holds no rows. Each recipient gets a job of their own, worked with their
own rights of the moment, so that the same entry gives each their own part of the tree.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from sqlalchemy import Boolean, ForeignKey, String, Text, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.kernel.actor import Actor
from models.kernel.columns import BigId, Moment
from models.kernel.job import ask
from models.kernel.job_schedule import WEEKDAYS, Daily, Monthly, Rule, Weekly
from models.kernel.refusal import Missing, Refusal
from models.kernel.registry import table
from models.kernel.session import actor_of, clock_of
from models.kernel.table import Base
from models.kernel.words import Words, _

FORMS = ("xlsx", "csv", "jsonl")
MOST, RECIPIENTS = 40, 50
"""Saved exports of one person, and recipients of one."""

NAME_LENGTH, QUERY_LENGTH = 40, 4_000


class SavedExport(Base):
    """An entry. `repeat` is '', daily, weekly or monthly; `day` 0 to 6 (Monday first) or 1 to 31; `at` HH:MM.

    Attributes:
        table_name: the list, or what the report counts.
        report: the report's name; '' for a list.
        query: the address of the list or report, behind the question mark.
    """

    __tablename__ = "saved_export"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    table_name: Mapped[str] = mapped_column(String(64))
    report: Mapped[str] = mapped_column(String(64), server_default="")
    query: Mapped[str] = mapped_column(Text)
    form: Mapped[str] = mapped_column(String(8))
    technical: Mapped[bool] = mapped_column(Boolean)
    codes: Mapped[bool] = mapped_column(Boolean)
    owner_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id"), index=True)
    recipients: Mapped[str] = mapped_column(Text)
    repeat: Mapped[str] = mapped_column(String(10))
    day: Mapped[int] = mapped_column()
    at: Mapped[str] = mapped_column(String(5))
    next_at: Mapped[datetime | None] = mapped_column(Moment, index=True)
    last_at: Mapped[datetime | None] = mapped_column(Moment)
    created_at: Mapped[datetime] = mapped_column(Moment)
    changed_at: Mapped[datetime] = mapped_column(Moment)


ENTRIES: Any = SavedExport.__table__


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person says of a saved export.

    Attributes:
        query: the list's address behind the question mark; whoever saves it has left out what is personal data.
        recipients: accounts; the owner alone where empty.
        repeat, day, at: as `SavedExport` has them.
    """

    name: str
    query: str
    form: str = "xlsx"
    technical: bool = False
    codes: bool = False
    recipients: tuple[int, ...] = ()
    repeat: str = ""
    day: int = 0
    at: str = "07:00"


def rule_of(repeat: str, day: int, at: str) -> Rule | None:
    """Returns when an entry is due again; None where it is only run by hand.

    Raises:
        Refusal: the day or the time is none.
    """
    if not repeat:
        return None
    try:
        moment = time.fromisoformat(at)
    except ValueError:
        raise Refusal(_("Write the time as 07:30.", "请按 07:30 的格式填写时间。"), "at") from None
    if repeat == "daily":
        return Daily(moment)
    if repeat == "weekly" and 0 <= day < len(WEEKDAYS):
        return Weekly(day, moment)
    if repeat == "monthly" and 1 <= day <= 31:
        return Monthly(day, moment)
    raise Refusal(_("Choose when it is to be sent.", "请选择发送周期和日期。"), "repeat")


def save(session: Session, table_name: str, wanted: Wanted, key: int | None = None, *, report: str = "") -> int:
    """Saves an export, or changes one of the actor's own, which stays of the same list or report. Does not commit.

    Returns: its key.

    Raises:
        Refusal: no name or one that is taken, no such form, too many, too long, a time that is none.
        Missing: there is none of this key that belongs to the actor.
    """
    actor, now = actor_of(session), clock_of(session)()
    name = " ".join(wanted.name.split())
    if not name or len(name) > NAME_LENGTH:
        raise Refusal(
            _("Give the export a name of at most {n} characters.", "请填写导出名称，不超过 {n} 个字。").fill(
                n=NAME_LENGTH
            ),
            "name",
        )
    if wanted.form not in FORMS or len(wanted.query) > QUERY_LENGTH or len(wanted.recipients) > RECIPIENTS:
        raise Refusal(
            _(
                "Choose a form, filters that are not too long, and at most {n} recipients.",
                "请选择文件格式，筛选条件不宜过长，接收人最多 {n} 位。",
            ).fill(n=RECIPIENTS)
        )
    mine = session.execute(select(ENTRIES.c.id, ENTRIES.c.name).where(ENTRIES.c.owner_id == actor.user_id)).all()
    if key is None and len(mine) >= MOST:
        raise Refusal(
            _("You keep {n} exports already. Delete one first.", "您已保存 {n} 个导出，请先删除不用的。").fill(n=MOST)
        )
    if any(row.name == name and row.id != key for row in mine):
        raise Refusal(
            _("You have an export called “{name}” already.", "您已有名为“{name}”的导出，请换一个名称。").fill(
                name=name
            ),
            "name",
            code="duplicate",
            status=409,
        )
    rule = rule_of(wanted.repeat, wanted.day, wanted.at)
    values = {
        "name": name,
        "query": wanted.query,
        "form": wanted.form,
        "technical": wanted.technical,
        "codes": wanted.codes,
        "recipients": json.dumps(sorted(set(wanted.recipients)) or [actor.user_id]),
        "repeat": wanted.repeat,
        "day": wanted.day,
        "at": wanted.at,
        "next_at": None if rule is None else rule.after(now),
        "changed_at": now,
    }
    connection = session.connection()
    if key is None:
        new = {"owner_id": actor.user_id, "table_name": table_name, "report": report, "created_at": now, **values}
        made: Any = connection.execute(ENTRIES.insert().values(**new)).inserted_primary_key
        return int(made[0])
    changed: Any = connection.execute(
        update(ENTRIES).where(ENTRIES.c.id == key, ENTRIES.c.owner_id == actor.user_id).values(**values)
    )
    if not changed.rowcount:
        raise _none()
    return key


def _none() -> Missing:
    return Missing(_("This saved export does not exist, or is not yours.", "该常用导出不存在，或不属于您。"))


def entries(session: Session) -> Sequence[Any]:
    """Returns the actor's own entries and those they receive, newest first."""
    who = actor_of(session).user_id
    rows = session.execute(
        select(ENTRIES)
        .where(or_(ENTRIES.c.owner_id == who, ENTRIES.c.recipients.like(f"%{who}%")))
        .order_by(ENTRIES.c.id.desc())
    ).all()
    return [row for row in rows if row.owner_id == who or who in json.loads(row.recipients)]


def entry(session: Session, key: int) -> Any:
    """Returns one of `entries`.

    Raises:
        Missing: it is none of the actor's.
    """
    found = next((row for row in entries(session) if row.id == key), None)
    if found is None:
        raise _none()
    return found


def delete(session: Session, key: int) -> str:
    """Deletes one of the actor's own, or takes the actor off the recipients of another's. Returns its name.

    Raises:
        Missing: it is none of the actor's.
    """
    row, who = entry(session, key), actor_of(session).user_id
    connection = session.connection()
    left = [user for user in json.loads(row.recipients) if user != who]
    if row.owner_id == who:
        connection.execute(ENTRIES.delete().where(ENTRIES.c.id == key))
    else:
        connection.execute(update(ENTRIES).where(ENTRIES.c.id == key).values(recipients=json.dumps(left)))
    return str(row.name)


def ask_for(session: Session, row: Any, users: Sequence[int]) -> list[int]:
    """Asks for the file of an entry once for each of these people, as a job of their own. Returns the jobs."""
    found = []
    languages = dict(_languages(session, users))
    for user in users:
        as_whom = Actor(user, "", language=languages.get(user, "zh"), channel="job")
        title = _("Saved export {name}", "常用导出：{name}").fill(name=row.name)
        once = f"{row.id}:{user}"
        found.append(ask(session, as_whom, "saved_export", {"entry": row.id}, title=title, once=once))
    return found


def _languages(session: Session, users: Sequence[int]) -> Sequence[tuple[int, str]]:
    settings: Any = Base.metadata.tables["notify_setting"]
    found = session.execute(select(settings.c.user_id, settings.c.language).where(settings.c.user_id.in_(users)))
    return [(row.user_id, row.language) for row in found if row.language]


def fire(session: Session) -> int:
    """Asks for what is due. Each time of an entry gives one job a recipient, however many workers look. Does not commit.

    What was missed while nobody worked is sent once. Returns: how many jobs were asked for.
    """
    now = clock_of(session)()
    count = 0
    for row in session.execute(select(ENTRIES).where(ENTRIES.c.next_at <= now).order_by(ENTRIES.c.id)).all():
        rule = rule_of(row.repeat, row.day, row.at)
        later = None if rule is None else rule.after(now)
        moved: Any = session.execute(
            update(ENTRIES)
            .where(ENTRIES.c.id == row.id, ENTRIES.c.next_at == row.next_at)
            .values(next_at=later, last_at=now)
        )
        if moved.rowcount:
            count += len(ask_for(session, row, json.loads(row.recipients)))
    return count


def when(row: Any) -> Words:
    """Returns when an entry is sent, in words."""
    rule = rule_of(row.repeat, row.day, row.at)
    return _("By hand only", "仅手动") if rule is None else rule.words()


def label_of(row: Any) -> Words:
    """Returns the name of the list an entry is of."""
    return table(row.table_name).screen.name
