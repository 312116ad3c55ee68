"""Announcements on the start page (公告), and reading them."""

from __future__ import annotations

from typing import Any

from flask import redirect
from flask_appbuilder import BaseView, expose
from sqlalchemy.orm import Session

from models.kernel.refusal import Missing
from models.kernel.registry import table
from models.kernel.words import _
from models.parameter.announcement import mark_read, posted, unread
from views.kernel.access import needs
from views.kernel.counts import COUNTERS, Counter
from views.kernel.formats import day
from views.kernel.request import session as database
from views.kernel.widgets import Widget, widget

COUNTERS.append(Counter("home", "announcement", lambda session, _who: unread(session)))


def on_home(session: Session) -> dict[str, Any] | None:
    """Returns the announcements for the start page: those that are unread first, at most eight."""
    found = sorted(posted(session), key=lambda one: one.read)
    items = [
        {
            "id": one.row.id,
            "title": one.row.title,
            "body": one.row.body,
            "place": one.place,
            "day": day(one.row.from_day),
            "pinned": one.row.pinned,
            "read": one.read,
        }
        for one in found[:8]
    ]
    return {"kind": "news", "items": items} if items else None


widget(
    Widget(
        "announcements",
        _("Announcements", "公告"),
        _("What was published for your part of the tree.", "发布给您所在单位的公告。"),
        "speakerphone",
        on_home,
        table="announcement",
        wide=True,
        place=40,
    )
)


class AnnouncementsView(BaseView):  # type: ignore[misc]
    """Saying that one has read an announcement."""

    route_base = "/announcements"
    default_view = "read"
    table = table("announcement")

    @expose("/<int:pk>/read", methods=["POST"])
    @needs("read")
    def read(self, pk: int) -> Any:
        """Records it once, and goes back to the start page."""
        own = database()
        found = next((one.row for one in posted(own) if one.row.id == pk), None)
        if found is None:
            raise Missing()
        mark_read(own, found)
        own.commit()
        return redirect("/", 303)
