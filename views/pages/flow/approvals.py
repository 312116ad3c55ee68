"""What waits for one's approval (待我审批), and how an approval went, beside the record it is about."""

from __future__ import annotations

from typing import Any

from flask import render_template
from flask_appbuilder import BaseView, expose
from sqlalchemy.orm import Session

from models.kernel.approval import APPROVE
from models.kernel.approving import OPEN, STATES, may_be_asked, rounds, waiting_for, waiting_keys
from models.kernel.clock import utc_now
from models.kernel.table import Table
from models.kernel.words import Words, _
from views.kernel.access import signed_in
from views.kernel.cells import called
from views.kernel.counts import COUNTERS, Counter
from views.kernel.formats import moment
from views.kernel.move_pages import SIDES
from views.kernel.request import actor, say
from views.kernel.request import session as database
from views.kernel.shell import FIRST, First, shell

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
