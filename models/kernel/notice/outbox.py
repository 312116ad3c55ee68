"""The outbox: what is to be told, written in the transaction of what happened, so that neither is there without the other."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, String, Text, text
from sqlalchemy import event as hook
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.kernel.actor import Actor
from models.kernel.clock import local
from models.kernel.columns import BigId, Moment
from models.kernel.notice.event import Event
from models.kernel.session import clock_of
from models.kernel.table import Base, Table
from models.kernel.words import Words

_WAITING = text("told_at IS NULL")


class NoticeOutbox(Base):
    """Something to be told. Not a declared table: nobody but the delivery reads it."""

    __tablename__ = "notice_outbox"
    __table_args__ = (Index("ix_notice_outbox_waiting", "id", sqlite_where=_WAITING, postgresql_where=_WAITING),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment)
    event: Mapped[str] = mapped_column(String(60))
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"))
    actor_name: Mapped[str] = mapped_column(String(64))
    table_name: Mapped[str | None] = mapped_column(String(64))
    row_id: Mapped[int | None] = mapped_column(BigId)
    record: Mapped[str] = mapped_column(Text)
    recipients: Mapped[str] = mapped_column(Text)
    given: Mapped[str] = mapped_column(Text)
    told_at: Mapped[datetime | None] = mapped_column(Moment)
    tries: Mapped[int] = mapped_column(Integer)
    next_at: Mapped[datetime] = mapped_column(Moment)


_woken: list[Callable[[], None]] = []


def on_told(wake: Callable[[], None]) -> None:
    """Lets `wake` be called whenever a transaction of this process that told something has ended."""
    _woken.append(wake)


def tell(
    session: Session,
    actor: Actor,
    event: Event,
    to: Iterable[int | None],
    about: Table | None = None,
    values: Mapping[str, object] | None = None,
    *,
    job: int | None = None,
) -> int:
    """Writes down, in the caller's transaction, that these people are to be told. Does nothing else and does not commit.

    Args:
        session: acting as whoever raised the event.
        actor: who raised it.
        event: what happened.
        to: accounts (`ab_user.id`, as `user_profile.user_id` has them); None and repeated ones are left out. Nobody at all is
            lawful: webhooks may still want the event.
        about: the record it is about. Whoever may not read it when the notice is delivered gets nothing.
        job: instead of a record, the job it is about; only its owner hears of it.
        values: a value for each field of the event. `Words` and options are said in the language of the recipient;
            personal data stays masked.

    Returns: the key of the outbox row.
    Raises:
        ValueError: a field of the event has no value, or a value no field.
    """
    from models.kernel.guard import name_of  # the guard stands on grants, which tell people of themselves

    values = values or {}
    if set(values) != set(event.fields):
        raise ValueError(f"Event {event.name!r} has the fields {sorted(event.fields)}; given were {sorted(values)}.")
    if about is not None and about in session.new:
        session.flush()
    now = clock_of(session)()
    outbox: Any = NoticeOutbox.__table__
    made: Any = session.connection().execute(
        outbox.insert().values(
            at=now,
            event=event.name,
            actor_id=actor.user_id,
            actor_name=actor.name[:64],
            table_name=about.__tablename__ if about is not None else "job" if job is not None else None,
            row_id=about.id if about is not None else job,
            record=name_of(about) if about is not None else "",
            recipients=json.dumps(sorted({user for user in to if user is not None})),
            given=json.dumps({name: _plain(value) for name, value in values.items()}, ensure_ascii=False),
            tries=0,
            next_at=now,
        )
    )
    session.info["told"] = True
    return int(made.inserted_primary_key[0])


def _plain(value: object) -> Any:
    """A value as JSON holds it: a text, or a text in each language."""
    words = value if isinstance(value, Words) else getattr(value, "words", None)
    if isinstance(words, Words):
        return {"en": words.said("en"), "zh": words.said("zh")}
    if isinstance(value, datetime):
        return local(value).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, date):
        return value.isoformat()
    return "" if value is None else str(value)  # a masked value is masked as text


def given_in(given: Mapping[str, Any], language: str) -> dict[str, str]:
    """Returns the values of an outbox row in a language."""
    return {name: value[language] if isinstance(value, dict) else str(value) for name, value in given.items()}


def _ended(session: Session, transaction: Any) -> None:
    if transaction.parent is None and session.info.pop("told", None):
        for wake in _woken:
            wake()


hook.listen(Session, "after_transaction_end", _ended)
