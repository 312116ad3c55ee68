"""What was typed into a form and not saved yet: kept on the server, encrypted, and offered to nobody but who typed it.

Not in the browser: people of a sales office share computers, and a certificate number must not lie there in the clear when its
writer has gone home. Each open form has a draft of its own, so that two tabs never write over one another.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.kernel.columns import BigId, Moment
from models.kernel.refusal import Missing, Refusal
from models.kernel.secret import cipher
from models.kernel.session import actor_of, clock_of
from models.kernel.table import Base, Table
from models.kernel.words import _

KEPT = timedelta(days=14)
"""A draft that nobody came back to is dropped after this long."""

MOST, LARGEST = 20, 200_000
"""Drafts one person keeps of one table, the oldest go first; characters of one draft."""

Pairs = Sequence[tuple[str, str]]


class Draft(Base):
    """One unsaved form. `record_id` is 0 for a row that is not there yet; `body` is ciphertext."""

    __tablename__ = "draft"
    __table_args__ = (UniqueConstraint("user_id", "token"), Index("ix_draft_of", "user_id", "table_name", "record_id"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id"))
    table_name: Mapped[str] = mapped_column(String(64))
    record_id: Mapped[int] = mapped_column(BigId)
    token: Mapped[str] = mapped_column(String(40))
    body: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Moment)


@dataclass(frozen=True, slots=True)
class Kept:
    """A draft as it is offered: its key, since when it is, and what was typed, field by field."""

    token: str
    at: datetime
    fields: tuple[tuple[str, str], ...]


def keep(session: Session, cls: type[Table], record_id: int, token: str, fields: Pairs) -> datetime:
    """Keeps what stands in a form now, in place of what stood there before. Does not commit. Returns when that was.

    Args:
        record_id: of the row that is edited; 0 for a new one.
        token: of the open form; another tab has another.

    Raises:
        Refusal: it is larger than a form of ours can be.
    """
    drafts: Any = Draft.__table__
    user, now = actor_of(session).user_id, clock_of(session)()
    body = json.dumps(list(fields), ensure_ascii=False)
    if len(body) > LARGEST:
        raise Refusal(_("This form is too large to be kept.", "内容过长，无法暂存。"), status=413)
    values = {"body": cipher().encrypt(body), "at": now}
    connection = session.connection()
    mine = (drafts.c.user_id == user) & (drafts.c.token == token)
    if connection.execute(drafts.update().where(mine).values(**values)).rowcount == 0:
        new = {"user_id": user, "table_name": cls.__tablename__, "record_id": record_id, "token": token}
        connection.execute(drafts.insert().values(**new, **values))
        _clear(session, cls, now)
    return now


def _clear(session: Session, cls: type[Table], now: datetime) -> None:
    """Away with what is old, and with the oldest where somebody keeps too many."""
    drafts: Any = Draft.__table__
    user = actor_of(session).user_id
    connection = session.connection()
    connection.execute(drafts.delete().where(drafts.c.at < now - KEPT))
    mine = select(drafts.c.id).where(drafts.c.user_id == user, drafts.c.table_name == cls.__tablename__)
    old = connection.execute(mine.order_by(drafts.c.at.desc()).offset(MOST)).scalars().all()
    if old:
        connection.execute(drafts.delete().where(drafts.c.id.in_(old)))


def offered(session: Session, cls: type[Table], record_id: int) -> list[Kept]:
    """Returns the actor's drafts of this form, the latest first. One statement."""
    drafts = Draft.__table__.c
    found = session.execute(
        select(Draft.__table__)
        .where(
            drafts.user_id == actor_of(session).user_id,
            drafts.table_name == cls.__tablename__,
            drafts.record_id == record_id,
            drafts.at > clock_of(session)() - KEPT,
        )
        .order_by(drafts.at.desc())
    )
    return [_read(row) for row in found]


def take(session: Session, cls: type[Table], record_id: int, token: str) -> Kept:
    """Returns one of the actor's drafts of this form.

    Raises:
        Missing: there is none any more, or it is somebody else's.
    """
    for kept in offered(session, cls, record_id):
        if kept.token == token:
            return kept
    raise Missing(_("This draft is gone: it was saved or discarded.", "该草稿已保存或已被放弃。"))


def _read(row: Any) -> Kept:
    fields = json.loads(cipher().decrypt(row.body))
    return Kept(row.token, row.at, tuple((str(name), str(value)) for name, value in fields))


def drop(session: Session, *tokens: str) -> None:
    """Drops drafts of the actor: what they held was saved or is not wanted. Does not commit."""
    drafts: Any = Draft.__table__
    wanted = [token for token in tokens if token]
    if wanted:
        mine = (drafts.c.user_id == actor_of(session).user_id) & drafts.c.token.in_(wanted)
        session.connection().execute(drafts.delete().where(mine))
