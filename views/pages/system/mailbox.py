"""The mailbox: what one was told, unread first; and what one wants to be told."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request
from flask import session as cookie
from flask_appbuilder import BaseView, expose
from sqlalchemy import select

from models.kernel import entry
from models.kernel.guard import remove
from models.kernel.notice.event import EVENTS, Language, PersonalChannel
from models.kernel.notice.mailbox import Mailbox, mark_read
from models.kernel.notice.preference import NotifyPreference, NotifySetting
from models.kernel.refusal import Missing, Refusal
from models.kernel.registry import tables
from models.kernel.words import _
from views.kernel.access import needs, signed_in
from views.kernel.bin_pages import keep_undo, undo_url
from views.kernel.formats import moment
from views.kernel.request import language, say
from views.kernel.request import session as database
from views.kernel.shell import shell
from views.pages.fields import PlainField, put_errors

PAGE = 50
"""Messages of a page, of those that were read."""

UNREAD = 200
"""Unread messages that are shown at once; the rest follows when those are read."""


class MailboxPages(BaseView):  # type: ignore[misc]
    """`/mailbox/` and what is done there. A message leads to its record by a POST, since that also marks it as read."""

    route_base = ""
    default_view = "box"
    table = Mailbox

    @expose("/mailbox/", methods=["GET"])
    @needs("read")
    def box(self) -> Any:
        """Unread messages first, then those that were read, newest first."""
        own = database()
        before = request.args.get("before", "")
        read = select(Mailbox).where(Mailbox.read_at.is_not(None)).order_by(Mailbox.id.desc()).limit(PAGE + 1)
        fresh: Any = []
        if before.isdecimal() and len(before) < 19:
            read = read.where(Mailbox.id < int(before))
        else:
            unread = select(Mailbox).where(Mailbox.read_at.is_(None)).order_by(Mailbox.id.desc()).limit(UNREAD)
            fresh = own.scalars(unread).all()
        old = own.scalars(read).all()
        title = _("Mailbox", "站内信")
        page = {
            "unread": [shown(one) for one in fresh],
            "read": [shown(one) for one in old[:PAGE]],
            "older": f"/mailbox/?before={old[PAGE - 1].id}" if len(old) > PAGE else None,
            "later": bool(before),
        }
        return render_template("doorbook/mailbox.html", shell=shell(title), page=page)

    @expose("/mailbox/<int:pk>/open", methods=["POST"])
    @needs("read")
    def open(self, pk: int) -> Any:
        """Marks a message as read and goes to its record, where it can still be seen."""
        own = database()
        one = self._message(pk)
        mark_read(own, [one.id])
        own.commit()
        if one.table_name == "job":
            return redirect(f"/job/show/{one.row_id}", 303)
        cls = tables().get(one.table_name or "")
        if cls is None:
            return redirect("/mailbox/", 303)
        if own.execute(select(cls.id).where(cls.id == one.row_id)).first() is None:
            flash(say(Missing().sentence), "warn")
            return redirect("/mailbox/", 303)
        return redirect(f"/{one.table_name}/show/{one.row_id}", 303)

    @expose("/mailbox/read", methods=["POST"])
    @needs("read")
    def read(self) -> Any:
        """Marks messages as read, or as unread; all of them where none is named."""
        own = database()
        keys = [int(key) for key in request.form.getlist("pk")[:500] if key.isdecimal() and len(key) < 19]
        changed = mark_read(own, keys or None, unread=bool(request.form.get("unread") and keys))
        own.commit()
        if not keys:
            flash(say(_("{n} messages are marked as read.", "已将 {n} 条消息标为已读。").fill(n=changed)), "ok")
        return redirect("/mailbox/", 303)

    @expose("/mailbox/<int:pk>/remove", methods=["POST"])
    @needs("delete")
    def remove(self, pk: int) -> Any:
        """Puts a message in the recycle bin; the toast takes it back."""
        own = database()
        one = self._message(pk)
        remove(own, one)
        own.commit()
        keep_undo(_("The message is in the recycle bin.", "消息已移入回收站。"), undo_url(Mailbox, pk))
        return redirect("/mailbox/", 303)

    @expose("/me/notices", methods=["GET", "POST"])
    @signed_in
    def preferences(self) -> Any:
        """Which events one wants by which channel, in which language, and when not."""
        own = database()
        setting = own.scalars(select(NotifySetting)).first()
        fields = _fields(setting, request.form if request.method == "POST" else None)
        if request.method == "GET":
            return self._preferences(fields)
        try:
            _save_setting(setting, {one.name: one.data for one in fields})
            _save_channels(set(request.form.getlist("wanted")))
            own.commit()
            cookie["language"] = next(one.data for one in fields if one.name == "language")
        except Refusal as refusal:
            own.rollback()
            if refusal.status == 403:
                raise
            return self._preferences(fields, put_errors(fields, refusal)), refusal.status
        flash(say(_("Your notices are set.", "消息设置已保存。")), "ok")
        return redirect("/me/notices", 303)

    def _message(self, pk: int) -> Mailbox:
        found = (
            database().execute(select(Mailbox).where(Mailbox.id == pk)).scalar_one_or_none() if pk < 10**18 else None
        )
        if found is None:
            raise Missing()
        return found

    def _preferences(self, fields: list[PlainField], errors: list[dict[str, Any]] | None = None) -> str:
        sent = set(request.form.getlist("wanted")) if request.method == "POST" else None
        off = {(one.event, one.channel) for one in _chosen() if not one.wanted}

        def wanted(event: str, channel: str) -> bool:
            return f"{event}:{channel}" in sent if sent is not None else (event, channel) not in off

        title = _("Notices", "消息设置")
        page = {
            "title": title,
            "fields": fields,
            "errors": errors or [],
            "channels": [{"name": one.value, "label": one.words} for one in PersonalChannel.options()],
            "events": [
                {
                    "name": name,
                    "label": event.label,
                    "channels": [
                        {
                            "name": one.value,
                            "on": wanted(name, one.value) or (event.always and one.value == PersonalChannel.MAILBOX),
                            "fixed": event.always and one.value == PersonalChannel.MAILBOX,
                        }
                        for one in PersonalChannel.options()
                    ],
                }
                for name, event in sorted(EVENTS.items())
            ],
        }
        trail = [{"label": _("My account", "我的账户"), "url": "/me"}]
        return render_template("doorbook/notices.html", shell=shell(title, trail), page=page)


def shown(one: Mailbox) -> dict[str, Any]:
    """Returns a message as the mailbox shows it."""
    event = EVENTS.get(one.event)
    return {
        "id": one.id,
        "title": one.title,
        "body": one.body or "",
        "event": event.label if event is not None else one.event,
        "when": moment(one.created_at),
        "record": one.table_name is not None,
    }


def _chosen() -> list[NotifyPreference]:
    return list(database().scalars(select(NotifyPreference)))


def _fields(setting: NotifySetting | None, sent: Any) -> list[PlainField]:
    def value(name: str) -> str:
        if sent is not None:
            return str(sent.get(name, ""))[:40]
        return str(getattr(setting, name, None) or "")

    choices = tuple((one.value, one.words) for one in Language.options())
    return [
        PlainField(
            "language",
            _("Language of pages and notices", "界面与消息语言"),
            value("language") or language(),
            render_kind="choice",
            choices=choices,
            required_mark=True,
        ),
        PlainField(
            "quiet_from",
            _("Quiet from", "免打扰开始"),
            value("quiet_from"),
            hint=_(
                "E-mail waits until the quiet hours end; the mailbox does not.",
                "此时段内的邮件将在结束后发送，站内信不受影响。",
            ),
            placeholder="22:00",
        ),
        PlainField("quiet_until", _("Quiet until", "免打扰结束"), value("quiet_until"), placeholder="07:30"),
    ]


def _save_setting(setting: NotifySetting | None, values: dict[str, Any]) -> None:
    own = database()
    if setting is not None:
        entry.change(own, setting, values, None)
    elif values["language"] != language() or values["quiet_from"] or values["quiet_until"]:
        entry.add(own, NotifySetting, values)


def _save_channels(sent: set[str]) -> None:
    """Keeps a row for what differs from the usual; what was never changed needs none."""
    own = database()
    rows = {(one.event, one.channel): one for one in _chosen()}
    for name, event in EVENTS.items():
        for one in PersonalChannel.options():
            fixed = event.always and one.value == PersonalChannel.MAILBOX
            wanted = fixed or f"{name}:{one.value}" in sent
            row = rows.get((name, one.value))
            if row is not None and row.wanted != wanted:
                entry.change(own, row, {"wanted": wanted}, None)
            elif row is None and not wanted:
                entry.add(own, NotifyPreference, {"event": name, "channel": one.value, "wanted": False})
