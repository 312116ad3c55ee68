"""Announcements on the start page (公告), and reading them."""

from __future__ import annotations

from typing import Any

from flask import redirect
from flask_appbuilder import BaseView, expose

from models.kernel.refusal import Missing
from models.kernel.registry import table
from models.parameter.announcement import mark_read, posted, unread
from views.kernel.access import needs
from views.kernel.counts import COUNTERS, Counter
from views.kernel.formats import day
from views.kernel.request import session as database

COUNTERS.append(Counter("home", "announcement", lambda session, _who: unread(session)))


def on_home() -> list[dict[str, Any]]:
    """Returns the announcements for the start page: those that are unread first, at most eight."""
    found = sorted(posted(database()), key=lambda one: one.read)
    return [
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
