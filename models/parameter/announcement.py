"""Announcements (公告): what a place has to tell everybody below it, and who has read it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import Mapped, Session

from models.kernel import (
    ADMINS,
    LEADERS,
    Options,
    Refusal,
    Rights,
    Screen,
    Table,
    _,
    by_node,
    choice,
    day,
    flag,
    moment,
    prose,
    ref,
    section,
    text,
)
from models.kernel.actor import Actor
from models.kernel.clock import today
from models.kernel.guard import keep
from models.kernel.registry import table
from models.kernel.session import actor_of, clock_of


class AnnouncementState(Options):
    """Whether people see it."""

    DRAFT = "draft", _("Draft", "草稿"), "grey"
    PUBLISHED = "published", _("Published", "已发布"), "green"
    WITHDRAWN = "withdrawn", _("Withdrawn", "已撤回"), "red"


def published(columns: Any, on: date) -> ColumnElement[bool]:
    """Returns the condition under which an announcement is there for its readers; one that is over stays there."""
    begun = or_(columns.from_day.is_(None), columns.from_day <= on)
    return and_(columns.state == AnnouncementState.PUBLISHED, begun)


class Announcement(Table):
    """An announcement of a place, for it and everything below it, from one day until another."""

    owned = by_node(inherited=True, posted=published)
    screen = Screen(
        label=_("Announcement", "公告"),
        plural=_("Announcements", "公告管理"),
        icon="speakerphone",
        key=(),
        title=("title",),
        listed=("title", "state", "pinned", "from_day", "until_day", "node", "changed_at"),
        searched=("title",),
        sections=(
            section(_("Announcement", "公告"), "node_id", "title", "body"),
            section(_("Publication", "发布"), "state", "pinned", "from_day", "until_day"),
        ),
        rights=Rights(write=(*ADMINS, "service_manager"), delete=(*ADMINS, "service_manager"), import_=()),
        children=(("announcement_read", "announcement_id"),),
        noted=_(
            "Published announcements stand on the start page of everybody below; opening one is recorded. Drafts, and what"
            " begins later, are seen by those who write announcements here only.",
            "已发布的公告显示在下级所有人员的工作台，打开即记录为已读；草稿、未到发布日期和已撤回的公告仅维护人员可见。",
        ),
    )

    title: Mapped[str] = text(_("Title", "标题"), 120)
    body: Mapped[str] = prose(_("Text", "内容"))
    state: Mapped[str] = choice(_("State", "状态"), AnnouncementState, default=AnnouncementState.DRAFT)
    pinned: Mapped[bool] = flag(_("Kept on top", "置顶"))
    from_day: Mapped[date | None] = day(_("From", "发布日期"))
    until_day: Mapped[date | None] = day(_("Until", "截止日期"))

    def derive(self, session: Session, actor: Actor) -> None:
        """What is published without a day is so from today."""
        if self.state == AnnouncementState.PUBLISHED and self.from_day is None:
            self.from_day = today(clock_of(session))

    def faults(self, session: Session, actor: Actor) -> Iterable[Refusal]:
        """Dates have an order."""
        if self.from_day and self.until_day and self.until_day < self.from_day:
            yield Refusal(_("It ends before it begins.", "截止日期早于发布日期。"), "until_day")


class AnnouncementRead(Table):
    """That somebody has read an announcement. Belongs to the place of the reader, so that each place sees its own people."""

    owned = by_node()
    screen = Screen(
        label=_("Read receipt", "公告已读"),
        plural=_("Read receipts", "公告已读记录"),
        icon="eye-check",
        key=("announcement_id", "profile_id", "node_id"),
        title=("announcement.title",),
        listed=("announcement.title", "profile", "node", "read_at"),
        sections=(section(_("Receipt", "已读"), "announcement_id", "profile_id", "node_id", "read_at"),),
        rights=Rights(read=(*ADMINS, *LEADERS, "service_manager"), write=(), delete=(), import_=()),
        menu=False,
    )

    announcement_id: Mapped[int] = ref("announcement", _("Announcement", "公告"))
    profile_id: Mapped[int] = ref("user_profile", _("Person", "人员"))
    read_at: Mapped[datetime] = moment(_("Read at", "阅读时间"))


@dataclass(frozen=True, slots=True)
class Posted:
    """An announcement as a person finds it: the row, the name of its place, and whether they have read it."""

    row: Announcement
    place: str
    read: bool


def posted(session: Session) -> list[Posted]:
    """Returns the announcements that stand for the actor today, kept ones first, then the newest."""
    now = today(clock_of(session))
    rows = session.scalars(
        select(Announcement)
        .where(Announcement.state == AnnouncementState.PUBLISHED)
        .order_by(Announcement.pinned.desc(), Announcement.from_day.desc(), Announcement.id.desc())
        .limit(200)
    ).all()
    standing = [
        row
        for row in rows
        if (row.from_day is None or row.from_day <= now) and (row.until_day is None or now <= row.until_day)
    ]
    seen = _own_receipts(session, [row.id for row in standing])
    return [Posted(row, row.node.name if row.node else "", row.id in seen) for row in standing]


def unread(session: Session) -> Select[Any]:
    """Returns the statement of the announcements that stand today and that the actor has not read, by their keys."""
    now, who = today(clock_of(session)), actor_of(session)
    receipts, people = AnnouncementRead.__table__.c, table("user_profile").__table__.c
    read = select(receipts.announcement_id).join(table("user_profile").__table__, people.id == receipts.profile_id)
    return select(Announcement.id).where(
        Announcement.state == AnnouncementState.PUBLISHED,
        or_(Announcement.from_day.is_(None), Announcement.from_day <= now),
        or_(Announcement.until_day.is_(None), Announcement.until_day >= now),
        Announcement.id.not_in(read.where(people.user_id == who.user_id)),
    )


def _own_receipts(session: Session, keys: list[int]) -> set[int]:
    """The person's own receipts, past the gate: whether one has read something oneself is no secret to oneself."""
    receipts, people = AnnouncementRead.__table__.c, table("user_profile").__table__.c
    found = session.execute(
        select(receipts.announcement_id)
        .join(table("user_profile").__table__, people.id == receipts.profile_id)
        .where(people.user_id == actor_of(session).user_id, receipts.announcement_id.in_(keys))
    )
    return set(found.scalars())


def mark_read(session: Session, row: Announcement) -> bool:
    """Records that the actor has read an announcement; once. Flushes. Returns whether it was new."""
    who = actor_of(session)
    if who.user_id is None or _own_receipts(session, [row.id]):
        return False
    people: Any = table("user_profile").__table__
    me = session.execute(
        select(people.c.id, people.c.node_id).where(people.c.user_id == who.user_id, people.c.deleted_at.is_(None))
    ).first()
    if me is None:
        return False
    receipt = AnnouncementRead(
        announcement_id=row.id, profile_id=me.id, node_id=me.node_id, read_at=clock_of(session)()
    )
    keep(session, receipt)
    session.flush()
    return True
