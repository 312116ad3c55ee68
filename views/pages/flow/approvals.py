"""What waits for one's approval (待我审批), and how an approval went, beside the record it is about."""

from __future__ import annotations

from typing import Any

from flask import render_template
from flask_appbuilder import BaseView, expose
from sqlalchemy import func, literal, select, union_all
from sqlalchemy.orm import Session

from models.kernel.approval import APPROVE
from models.kernel.approving import OPEN, STATES, may_be_asked, rounds, waiting_for, waiting_keys
from models.kernel.clock import utc_now
from models.kernel.registry import tables
from models.kernel.roles import READ
from models.kernel.scope import may
from models.kernel.table import Table
from models.kernel.words import Words, _
from views.kernel.access import signed_in
from views.kernel.cells import called
from views.kernel.counts import COUNTERS, MOST, Counter
from views.kernel.formats import moment
from views.kernel.move_pages import SIDES
from views.kernel.request import actor, say
from views.kernel.request import session as database
from views.kernel.shell import FIRST, First, shell
from views.kernel.widgets import Widget, widget

TITLE = _("Waiting for me", "待我审批")
ADDRESS = "/approval/list/"
_TONES = {OPEN: "amber", APPROVE: "green", "reject": "red", "send_back": "orange"}


def level_words(cls: type[Table], name: str) -> Words | str:
    """Returns what a level is called; its name where the flow has no such level any more."""
    approval = cls.flow.approval if cls.flow is not None else None
    level = approval.level(name) if approval is not None else None
    return level.label if level is not None else name


def progress(session: Session, row: Table) -> dict[str, Any] | None:
    """Returns the approvals of a record as a block beside it, the newest first; None where there were none."""
    cls = type(row)
    if cls.flow is None or cls.flow.approval is None:
        return None
    items = []
    for each in reversed(rounds(session, row)):
        level = level_words(cls, each.level)
        who = each.who or (each.place if each.state == OPEN else say(_("System", "系统")))
        when = each.decided_at or each.asked_at
        items.append(
            {
                "who": who,
                "initial": str(who)[:1].upper(),
                "text": _("{level}: {state}", "{level}：{state}").fill(level=level, state=STATES[each.state]),
                "note": each.opinion,
                "when": moment(when),
            }
        )
    return {"title": _("Approval", "审批进度"), "items": items} if items else None


SIDES.append(progress)
FIRST.append(First(TITLE, "checklist", ADDRESS, lambda: may_be_asked(actor())))
COUNTERS.append(Counter(ADDRESS, None, lambda _session, who: waiting_keys(who)))


def asked(session: Session) -> dict[str, Any] | None:
    """Returns the levels that ask for this person's approval, the oldest first; None where nothing waits."""
    waiting = waiting_for(session, actor())
    rows = [
        {
            "label": called(row) or str(row.id),
            "detail": type(row).screen.label,
            "url": f"/{row.__tablename__}/show/{row.id}",
            "icon": "checklist",
            "when": moment(ask.asked_at, short=True),
            "late": row.state_due_at is not None and row.state_due_at < utc_now(),
        }
        for ask, row in waiting[:8]
    ]
    return {"kind": "lines", "rows": rows, "more": "/approval/list/", "count": len(waiting)} if rows else None


def overdue(session: Session) -> dict[str, Any] | None:
    """Returns, for each table with a flow, how many records are past the time their state may last. One statement."""
    asked_of = [cls for cls in tables().values() if cls.flow is not None and may(actor(), cls, READ)]
    parts = []
    for place, cls in enumerate(asked_of):
        keys = select(cls.id).where(cls.state_due_at < utc_now()).limit(MOST + 1).subquery()
        parts.append(select(literal(place).label("place"), func.count().label("n")).select_from(keys))
    found = [(asked_of[place], n) for place, n in session.execute(union_all(*parts)) if n] if parts else []
    cards = [
        {
            "label": cls.screen.name,
            "count": f"{MOST}+" if n > MOST else str(n),
            "url": f"/{cls.__tablename__}/list/?_flt_past_state_due_at=",
            "icon": cls.screen.icon,
            "late": True,
        }
        for cls, n in found
    ]
    return {"kind": "figures", "cards": cards} if cards else None


widget(
    Widget(
        "overdue",
        _("Overdue", "超期事项"),
        _(
            "Records that have been in their state longer than they may, kind by kind.",
            "超过办理时限的单据，按类型统计。",
        ),
        "alert-triangle",
        overdue,
        wide=True,
        place=10,
    )
)
widget(
    Widget(
        "approvals",
        TITLE,
        _("What waits for your approval, the oldest first.", "等待您审批的单据，最早提交的在前。"),
        "checklist",
        asked,
        place=20,
    )
)


class ApprovalView(BaseView):
    """One's own tasks: the levels that ask for one's approval now, the oldest first."""

    route_base = "/approval"
    default_view = "list"

    @expose("/list/", methods=["GET"])
    @signed_in
    def list(self) -> Any:
        """The records that wait for this person, within what they may read."""
        own = database()
        columns = [
            {"key": "record", "label": _("Record", "单据"), "kind": "text"},
            {"key": "table", "label": _("Kind", "类型"), "kind": "text"},
            {"key": "level", "label": _("Level", "审批级别"), "kind": "badge"},
            {"key": "state", "label": _("Due", "办理期限"), "kind": "moment"},
            {"key": "asked", "label": _("Asked at", "提交时间"), "kind": "moment"},
        ]
        rows = []
        for ask, row in waiting_for(own, actor()):
            cls = type(row)
            due = row.state_due_at
            rows.append(
                {
                    "url": f"/{cls.__tablename__}/show/{row.id}",
                    "cells": [
                        {"kind": "text", "text": called(row) or str(row.id)},
                        {"kind": "text", "text": cls.screen.label},
                        {"kind": "badge", "text": level_words(cls, ask.level), "tone": "amber"},
                        {
                            "kind": "moment",
                            "text": moment(due),
                            "late": due is not None and due < utc_now(),
                        },
                        {"kind": "moment", "text": moment(ask.asked_at)},
                    ],
                }
            )
        page = {
            "title": TITLE,
            "count_text": _("{n} records", "{n} 条").fill(n=len(rows)),
            "columns": columns,
            "rows": rows,
        }
        return render_template("doorbook/approvals.html", shell=shell(TITLE), page=page)
