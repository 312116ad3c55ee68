"""The in-console mailbox (站内信): what a person was told, in their own words, theirs alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import String, Text, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session

from models.kernel.columns import BigId, Moment, choice, kept
from models.kernel.notice.event import EventName
from models.kernel.owned import by_person
from models.kernel.roles import ALL, Rights
from models.kernel.screen import Screen, section
from models.kernel.session import actor_of, clock_of
from models.kernel.table import Table
from models.kernel.words import _


class Mailbox(Table):
    """A message to one person. Written by the delivery alone; its reader may put it in the recycle bin."""

    __table_args__ = (UniqueConstraint("user_id", "outbox_id"),)

    area_name = "system"
    owned = by_person()
    screen = Screen(
        label=_("Message", "消息"),
        plural=_("Mailbox", "站内信"),
        icon="bell",
        key=(),
        title=("title",),
        listed=("title", "event", "created_at", "read_at"),
        searched=("title",),
        sections=(section(_("Message", "消息"), "title", "body", "event", "read_at"),),
        rights=Rights(
            read=ALL, write=(), delete=ALL, export=(), import_=(), reveal=(), match=(), purge=()
        ),
        menu=False,
        noted=_("What the console told you. Nobody else sees it.", "系统发给您的消息，仅您本人可见。"),
    )  # fmt: skip

    title: Mapped[str] = kept(_("Title", "标题"), String(200), "text")
    body: Mapped[str | None] = kept(_("Text", "正文"), Text(), "prose")
    event: Mapped[str] = choice(_("Event", "事件"), EventName, system=True)
    table_name: Mapped[str | None] = kept(_("Record's table", "单据类型"), String(64), "text")
    row_id: Mapped[int | None] = kept(_("Record's key", "单据主键"), BigId, "integer")
    outbox_id: Mapped[int | None] = kept(_("Outbox row", "发件记录"), BigId, "integer")
    read_at: Mapped[datetime | None] = kept(_("Read", "阅读时间"), Moment(), "moment")


def unread(session: Session) -> int:
    """Returns how many messages of the actor wait to be read; at most 100 are counted. One statement."""
    waiting = select(Mailbox.id).where(Mailbox.read_at.is_(None)).limit(100).subquery()
    return int(session.execute(select(func.count()).select_from(waiting)).scalar_one())


def mark_read(session: Session, keys: Sequence[int] | None = None, *, unread: bool = False) -> int:
    """Marks messages of the actor as read (or, with `unread`, as not read). Does not commit.

    Not recorded in the audit: reading one's mail changes no business.

    Args:
        keys: which; all where left out.

    Returns: how many changed.
    """
    box: Any = Mailbox.__table__
    statement = box.update().where(box.c.user_id == actor_of(session).user_id, box.c.deleted_at.is_(None))
    statement = statement.where(box.c.read_at.is_not(None) if unread else box.c.read_at.is_(None))
    if keys is not None:
        statement = statement.where(box.c.id.in_(list(keys)))
    done: Any = session.connection().execute(statement.values(read_at=None if unread else clock_of(session)()))
    return int(done.rowcount)
