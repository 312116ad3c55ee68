"""Sending again what was given up, and looking at a template with sample values beside its editor."""

from __future__ import annotations

from typing import Any

from flask import flash, jsonify, redirect, request
from flask_appbuilder import BaseView, expose
from sqlalchemy import select

from models.kernel.gaps import faulty_gaps
from models.kernel.notice.deliver import may_resend, resend
from models.kernel.notice.event import EVENTS, Channel
from models.kernel.notice.log import DeliveryState, NotifyLog
from models.kernel.notice.template import NotifyTemplate, Wording, own_words
from models.kernel.notice.wordings import samples, worded
from models.kernel.refusal import Denied, Missing, Refusal
from models.kernel.registry import table
from models.kernel.roles import READ, WRITE
from models.kernel.scope import may
from models.kernel.words import LANGUAGES, _
from views.kernel.access import needs
from views.kernel.list_page import LIST_ACTIONS
from views.kernel.pages import FORM_SCRIPTS, RECORD_ACTIONS
from views.kernel.request import actor, language, say
from views.kernel.request import session as database

AT_ONCE = 500
"""Dead letters that are sent again by one click."""


def _again(line: Any) -> bool:
    given_up = line.state in (DeliveryState.DEAD, DeliveryState.WITHHELD) and line.channel != Channel.MAILBOX
    return given_up and may_resend(database(), line)


_SEND = {"label": _("Send again", "重新发送"), "icon": "send", "of": "webhook", "right": WRITE, "method": "post"}
RECORD_ACTIONS.setdefault("notify_log", []).append({**_SEND, "url": "/notify_log/{pk}/resend", "when": _again})
LIST_ACTIONS.setdefault("notify_log", []).append(
    {
        "label": _("Given up", "发送失败"),
        "url": "/notify_log/list/?_flt_0_state=dead",
        "icon": "mail-exclamation",
        "right": READ,
    }
)
LIST_ACTIONS["notify_log"].append(
    {
        **_SEND,
        "label": _("Send all given up again", "重新发送全部失败消息"),
        "url": "/notify_log/resend",
        "confirm": _("Send everything that was given up once more?", "确定重新发送全部发送失败的消息？"),
    }
)
FORM_SCRIPTS.setdefault("notify_template", []).append("template-preview.js")


class ResendView(BaseView):  # type: ignore[misc]
    """`/notify_log/<pk>/resend` and `/notify_log/resend`: for who reads the log and keeps the webhooks of the place."""

    route_base = ""
    default_view = "one"
    table = NotifyLog

    @expose("/notify_log/<int:pk>/resend", methods=["POST"])
    @needs(READ)
    def one(self, pk: int) -> Any:
        """Lets one delivery be tried anew."""
        own = database()
        statement = select(NotifyLog).where(NotifyLog.id == pk)
        found = own.execute(statement).scalar_one_or_none() if pk < 10**18 else None
        if found is None:
            raise Missing()
        resend(own, found)
        own.commit()
        flash(say(_("It is sent again within a minute.", "将在一分钟内重新发送。")), "ok")
        return redirect(f"/notify_log/show/{pk}", 303)

    @expose("/notify_log/resend", methods=["POST"])
    @needs(READ)
    def all(self) -> Any:
        """Lets everything that was given up, of what this administrator keeps, be tried anew."""
        own = database()
        if not may(actor(), table("webhook"), WRITE):
            raise Denied()
        dead = select(NotifyLog).where(NotifyLog.state == DeliveryState.DEAD).order_by(NotifyLog.id).limit(AT_ONCE)
        lines = [line for line in own.scalars(dead) if may_resend(own, line)]
        for line in lines:
            resend(own, line)
        own.commit()
        said = _("{n} deliveries are sent again within a minute.", "{n} 条消息将在一分钟内重新发送。")
        flash(say(said.fill(n=len(lines))), "ok")
        return redirect("/notify_log/list/", 303)


class TemplatePreview(BaseView):  # type: ignore[misc]
    """`/notify_template/preview`: what is being typed, with sample values."""

    route_base = ""
    default_view = "preview"
    table = NotifyTemplate

    @expose("/notify_template/preview", methods=["POST"])
    @needs(WRITE)
    def preview(self) -> Any:
        """Answers with the notice as people would read it, the fields there are, what is wrong, and the usual words."""
        sent = request.form
        event = EVENTS.get(sent.get("event", ""))
        if event is None:
            return jsonify(event=None, hint=say(_("Choose an event to see the preview.", "请选择事件以查看预览。")))
        chosen = sent.get("language", "")
        chosen = chosen if chosen in LANGUAGES else language()
        usual = own_words(event, chosen)
        typed = Wording(sent.get("subject", "")[:2_000], sent.get("body", "")[:20_000])
        wrong: list[Refusal] = [
            one for name in ("subject", "body") for one in faulty_gaps(event.known(), getattr(typed, name), name)
        ]
        shown = worded(typed, samples(event, chosen))
        return jsonify(
            event=event.name,
            subject=shown.subject,
            body=shown.body,
            errors=[say(one.sentence) for one in wrong],
            fields=[{"name": name, "label": say(words)} for name, words in event.known().items()],
            usual={"subject": usual.subject, "body": usual.body},
        )
