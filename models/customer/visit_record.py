"""Care visits (客户拜访, S06, S07 rule 2)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped

from models.kernel import Screen, Table, _, by_project, first, moment, option, option_list, prose, ref, section, text

PURPOSES = option_list(
    "visit_purpose",
    _("Visit purpose", "拜访目的"),
    first("care", _("Care", "日常关怀")),
    first("handover", _("Before handover", "交付前沟通")),
    first("complaint", _("Complaint", "投诉沟通")),
    first("survey", _("Survey", "满意度调研")),
    first("other", _("Other", "其他")),
)
"""Why the customer was visited; administrators keep the list."""


class VisitRecord(Table):
    """A visit to a customer, or of one, and what came of it."""

    owned = by_project()
    screen = Screen(
        label=_("Visit", "客户拜访"),
        plural=_("Visits", "客户拜访"),
        icon="walk",
        key=(),
        title=("customer_id", "visited_at"),
        listed=("project", "customer.name", "room", "visited_at", "purpose", "visitor", "result"),
        searched=("visitor", "topic"),
        sections=(
            section(
                _("Visit", "拜访"),
                "project_id",
                "customer_id",
                "room_id",
                "visited_at",
                "purpose",
                "visitor",
                "topic",
                "result",
            ),
        ),
    )

    customer_id: Mapped[int] = ref("customer", _("Customer", "客户"))
    room_id: Mapped[int | None] = ref("room", _("Room", "房间"))
    visited_at: Mapped[datetime] = moment(_("Visited at", "拜访时间"))
    purpose: Mapped[str] = option(_("Purpose", "拜访目的"), PURPOSES, default="care")
    visitor: Mapped[str | None] = text(_("Visitor", "拜访人"), 40)
    topic: Mapped[str | None] = text(_("Topic", "主题"), 100)
    result: Mapped[str | None] = prose(_("Result", "结果"))
