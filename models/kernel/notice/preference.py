"""What a person wants to be told, by which channel, in which language, and when not (消息偏好)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Mapped, Session

from models.kernel.actor import Actor
from models.kernel.clock import CHINA, local
from models.kernel.columns import choice, flag, text
from models.kernel.notice.event import EVENTS, EventName, Language, PersonalChannel
from models.kernel.owned import by_person
from models.kernel.refusal import Refusal
from models.kernel.roles import ALL, Rights
from models.kernel.screen import Screen, section
from models.kernel.table import Table
from models.kernel.words import _

_OWN = Rights(read=ALL, write=ALL, delete=ALL, export=(), import_=(), reveal=(), match=(), purge=())
_TIME = re.compile(r"([01]?\d|2[0-3])[:：]([0-5]\d)")


class NotifyPreference(Table):
    """Whether a person wants an event by a channel. Without a row they do."""

    area_name = "system"
    owned = by_person()
    screen = Screen(
        label=_("Notice preference", "消息偏好"),
        plural=_("Notice preferences", "消息偏好"),
        icon="bell-cog",
        key=("user_id", "event", "channel"),
        title=("event", "channel"),
        listed=("event", "channel", "wanted", "changed_at"),
        sections=(section(_("Notice preference", "消息偏好"), "event", "channel", "wanted"),),
        rights=_OWN,
        menu=False,
    )

    event: Mapped[str] = choice(_("Event", "事件"), EventName)
    channel: Mapped[str] = choice(_("Channel", "渠道"), PersonalChannel)
    wanted: Mapped[bool] = flag(_("Wanted", "接收"), default=True)

    def faults(self, session: Session, actor: Actor) -> Iterable[Refusal]:
        """Some events always go to the mailbox."""
        event = EVENTS.get(self.event)
        if event is not None and event.always and self.channel == PersonalChannel.MAILBOX and not self.wanted:
            yield Refusal(
                _(
                    "“{event}” always goes to the mailbox. Only its e-mail can be switched off.",
                    "“{event}”必须通过站内信接收，只能关闭邮件。",
                ).fill(event=event.label),
                "wanted",
                code="always",
            )


class NotifySetting(Table):
    """The language of a person's pages and notices, and the hours in which no mail is sent to them."""

    area_name = "system"
    owned = by_person()
    screen = Screen(
        label=_("Notice setting", "消息设置"),
        plural=_("Notice settings", "消息设置"),
        icon="moon",
        key=("user_id",),
        title=("language",),
        listed=("language", "quiet_from", "quiet_until"),
        sections=(section(_("Notice setting", "消息设置"), "language", "quiet_from", "quiet_until"),),
        rights=_OWN,
        menu=False,
    )

    language: Mapped[str] = choice(_("Language of pages and notices", "界面与消息语言"), Language, default=Language.ZH)
    quiet_from: Mapped[str | None] = text(
        _("Quiet from", "免打扰开始"),
        20,
        hint=_(
            "Such as 22:00. E-mail waits until the quiet hours end.", "如 22:00；免打扰时段内的邮件将在结束后发送。"
        ),
    )
    quiet_until: Mapped[str | None] = text(_("Quiet until", "免打扰结束"), 20, hint=_("Such as 07:30.", "如 07:30。"))

    def derive(self, session: Session, actor: Actor) -> None:
        """Writes a time as 07:30."""
        for name in ("quiet_from", "quiet_until"):
            found = _TIME.fullmatch((getattr(self, name) or "").strip())
            if found:
                setattr(self, name, f"{int(found[1]):02d}:{found[2]}")

    def faults(self, session: Session, actor: Actor) -> Iterable[Refusal]:
        """Both times or none, each a time of the day, and not the same."""
        for name in ("quiet_from", "quiet_until"):
            said = getattr(self, name)
            if said and not _TIME.fullmatch(said):
                yield Refusal(_("Write a time such as 22:00.", "请填写时间，例如 22:00。"), name, code="time")
        if bool(self.quiet_from) != bool(self.quiet_until):
            empty = "quiet_until" if self.quiet_from else "quiet_from"
            yield Refusal(
                _(
                    "Quiet hours have a beginning and an end. Fill both, or none.",
                    "请同时填写开始与结束时间，或都留空。",
                ),
                empty,
                code="required",
            )
        elif self.quiet_from and self.quiet_from == self.quiet_until:
            yield Refusal(
                _("Quiet hours that end when they begin are none.", "开始与结束时间相同，免打扰无效。"),
                "quiet_until",
                code="time",
            )


def language_of(session: Session, user_id: int) -> str | None:
    """Returns the language a person chose ('zh', 'en'); None where they never did. Asked while they sign in."""
    own: Any = NotifySetting.__table__.c
    return session.execute(
        select(own.language).where(own.user_id == user_id, own.deleted_at.is_(None)).limit(1)
    ).scalar_one_or_none()


def quiet_until(now: datetime, start: str | None, end: str | None) -> datetime | None:
    """Returns when the quiet hours end that `now` lies in; None where it lies in none.

    Args:
        now: aware.
        start, end: '22:00' in the company's zone; quiet hours may run over midnight. The end itself is quiet no more.
    """
    if not start or not end:
        return None
    first, last = time.fromisoformat(start), time.fromisoformat(end)
    here = local(now)
    begin = datetime.combine(here.date(), first, CHINA)
    for day in (begin - timedelta(days=1), begin):
        over = datetime.combine(day.date(), last, CHINA)
        over += timedelta(days=1) if last <= first else timedelta()
        if day <= here < over:
            return over.astimezone(now.tzinfo)
    return None
