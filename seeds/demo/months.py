"""The demo company's monthly report: the month before is published for the whole group, counted as any other."""

from __future__ import annotations

import json
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.kernel.bulk import insert_rows
from models.kernel.clock import frozen
from models.kernel.session import act, actor_of, clock_of
from models.system.monthly_report import MonthlyReport, MonthState, PublishedFigure, due_on
from models.system.user_profile import UserProfile
from reports.overview.monthly import counted
from seeds.demo.story import Story

_ANALYSIS = "缺陷仍集中在少数专业，门窗与防水整改超期较多，已约谈相关承建商；客户拜访按计划开展。"
_PUBLISHED_ON = 5
"""The day of the month on which the report of the month before is published."""


def month_rows(session: Session, story: Story, group: int) -> dict[str, int]:
    """Writes the report of the last month and its figures. Returns rows by table."""
    who, real = actor_of(session), clock_of(session)
    month = f"{story.today.replace(day=1) - timedelta(days=1):%Y-%m}"
    at = story.on(min(story.today.replace(day=_PUBLISHED_ON), story.today), 600)
    act(session, who, frozen(at))
    name = session.scalar(select(UserProfile.name).where(UserProfile.login == "group_admin"))
    (key,) = insert_rows(
        session,
        MonthlyReport,
        [
            {
                "node_id": group, "month": month, "edition": 1, "state": MonthState.PUBLISHED.value, "analysis": _ANALYSIS,
                "due_on": due_on(month), "published_at": at, "published_by": name, "counted_at": at, "created_at": at,
            }
        ],
        audited=False,
    )  # fmt: skip
    rows = []
    for node, report, asked, figures in counted(session, group, month):
        values = {name: None if value is None else str(value) for name, value in figures.items()}
        told = json.dumps(values, ensure_ascii=False)
        rows.append({"monthly_report_id": key, "node_id": node, "report": report, "asked": asked, "figures": told})
    insert_rows(session, PublishedFigure, [{**row, "created_at": at} for row in rows], audited=False)
    act(session, who, real)
    return {"monthly_report": 1, "published_figure": len(rows)}
