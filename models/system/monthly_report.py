"""The monthly report (月报, S15): the figures of a month as they were published, which later corrections do not change (R25).

The console counts the figures when the report is published and keeps them, a row for each report and place, owned by
that place, so that everybody reads those of their own part of the tree. What was published is withdrawn, never changed;
the same month may then be published again as a later edition.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Date, Integer, String, Text, inspect, select
from sqlalchemy.orm import Mapped, Session

from models.kernel import (
    ADMINS,
    LEADERS,
    Flow,
    Options,
    Refusal,
    Rights,
    Screen,
    Table,
    Transition,
    _,
    by_node,
    choice,
    kept,
    prose,
    ref,
    section,
    text,
)
from models.kernel.actor import Actor
from models.kernel.clock import today
from models.kernel.columns import Moment
from models.kernel.guard import keep
from models.kernel.job import ask
from models.kernel.node import Node
from models.kernel.session import clock_of

PUBLISHERS = (*ADMINS, *LEADERS, "service_manager")
"""Who publishes the figures of their part of the tree: its leaders, its administrators, and the department's head."""
DUE_DAY = 28
"""The report of a month is due on this day of the next (R25)."""
PLACES = ("group", "region", "company", "project")
"""The kinds of place a report is published for."""
JOB = "monthly_report"
"""The kind of job that counts the figures."""

_RIGHTS = Rights(read=PUBLISHERS, export=PUBLISHERS, write=PUBLISHERS, delete=PUBLISHERS, import_=())


class MonthState(Options):
    """A monthly report is drafted, published, and perhaps withdrawn."""

    DRAFT = "draft", _("Draft", "草稿"), "grey"
    PUBLISHED = "published", _("Published", "已发布"), "green"
    WITHDRAWN = "withdrawn", _("Withdrawn", "已撤回"), "red"


def first_of(month: str) -> date:
    """Returns the first day of a month written as 2026-10."""
    return date(int(month[:4]), int(month[5:]), 1)


def last_of(month: str) -> date:
    """Returns the last day of a month written as 2026-10."""
    return (first_of(month) + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def due_on(month: str) -> date:
    """Returns the day by which the report of a month is due (R25)."""
    return (last_of(month) + timedelta(days=1)).replace(day=DUE_DAY)


def _may_publish(session: Session, actor: Actor, row: Any, now: datetime) -> Refusal | None:
    node = session.get(Node, row.node_id)
    if node is None or node.kind not in PLACES:
        return Refusal(
            _(
                "A monthly report is of a group, a region, a company or a project.",
                "月报的发布范围只能是集团、区域、公司或项目。",
            ),
            "node_id",
            status=409,
        )
    if last_of(row.month) >= today(lambda: now):
        return Refusal(
            _("{month} is not over yet: its figures still change.", "{month} 尚未结束，数据仍在变化，不能发布。").fill(
                month=row.month
            ),
            "month",
            code="not_over",
            status=409,
        )
    return None


def _published(session: Session, actor: Actor, row: Any, now: datetime) -> None:
    """Says who published it and when, and has the figures counted: in the background, for it reads a whole month."""
    row.published_at, row.published_by = now, actor.name[:100]
    title = _("Figures of the monthly report {month}", "月报数据统计：{month}").fill(month=row.month)
    ask(session, actor, JOB, {"report": row.id}, title=title, once=f"{JOB}:{row.id}")


class MonthlyReport(Table):
    """The report of one month for one place of the tree and all below it."""

    owned = by_node(seen_from=(("published_figure", "monthly_report_id"),), label=_("Part of the tree", "发布范围"))
    screen = Screen(
        label=_("Monthly report", "月报"),
        plural=_("Monthly reports", "月报"),
        icon="calendar-stats",
        key=("node_id", "month", "edition"),
        title=("month", "node.name"),
        listed=("month", "node.name", "edition", "state", "due_on", "published_at", "published_by"),
        sections=(
            section(_("Report", "月报"), "node_id", "month"),
            section(_("Analysis", "分析"), "analysis", "reason"),
        ),
        order=("-month", "-edition", "-id"),
        rights=_RIGHTS,
        menu=False,
        noted=_(
            "Choose the month and the part of the tree; the figures are counted and kept when it is published.",
            "选择月份和发布范围，发布时系统自动统计并固定数据。",
        ),
    )
    flow = Flow(
        column="state",
        states=MonthState,
        start=MonthState.DRAFT.value,
        transitions=(
            Transition(
                "publish", _("Publish", "发布"), ("draft",), "published", PUBLISHERS, guard=_may_publish, effect=_published
            ),
            Transition(
                "withdraw", _("Withdraw", "撤回"), ("published",), "withdrawn", PUBLISHERS, required=("reason",), danger=True
            ),
        ),
        final=("withdrawn",),
    )  # fmt: skip

    month: Mapped[str] = text(_("Month", "月份"), 7, hint=_("Such as 2026-10.", "如 2026-10。"))
    edition: Mapped[int] = kept(_("Edition", "版次"), Integer(), "integer")
    state: Mapped[str] = choice(_("State", "状态"), MonthState, default=MonthState.DRAFT, system=True)
    analysis: Mapped[str | None] = prose(
        _("Analysis", "分析"),
        hint=_(
            "Whoever reads the figures of a place below reads it as well.", "发布后，范围内各级可查看月报的人员均可见。"
        ),
    )
    reason: Mapped[str | None] = prose(_("Why it was withdrawn", "撤回原因"))
    due_on: Mapped[date | None] = kept(_("Due", "应发布日期"), Date(), "date")
    published_at: Mapped[datetime | None] = kept(_("Published at", "发布时间"), Moment(), "moment")
    published_by: Mapped[str | None] = kept(_("Published by", "发布人"), String(100), "text")
    counted_at: Mapped[datetime | None] = kept(_("Counted at", "统计时间"), Moment(), "moment")

    def derive(self, session: Session, actor: Actor) -> None:
        """The day it is due follows from the month (R25); an edition from those that were before."""
        self.month = (self.month or "").strip().replace("/", "-")
        if is_month(self.month):
            self.due_on = due_on(self.month)
        if not self.edition:
            self.edition = 1 + max((one.edition for one in _same(session, self)), default=0)

    def faults(self, session: Session, actor: Actor) -> Iterable[Refusal]:
        """A month is one; a month that stands is not published twice; what was published stays as it was read."""
        if not is_month(self.month):
            yield Refusal(_("Write the month as 2026-10.", "请按 2026-10 的格式填写月份。"), "month")
        other = next((one for one in _same(session, self) if one.state != MonthState.WITHDRAWN), None)
        if other is not None and self.state != MonthState.WITHDRAWN:
            yield Refusal(
                _(
                    "The report of {month} is there already (edition {n}). Withdraw it first.",
                    "{month} 的月报已存在（第 {n} 版），请先撤回后再新建。",
                ).fill(month=self.month, n=other.edition),
                "month",
                code="duplicate",
                status=409,
            )
        if self.published_at is not None and _changed(self, "month", "node_id"):
            yield Refusal(
                _("What was published is not moved to another month or place.", "已发布的月报不能更改月份或范围。"),
                "month",
                status=409,
            )

    def leaving(self, session: Session, actor: Actor) -> Iterable[Refusal]:
        """Only a draft is deleted: what was published is withdrawn and stays to be read."""
        if self.published_at is not None:
            yield Refusal(
                _(
                    "It was published. Withdraw it instead; what was read stays on the books.",
                    "该月报已发布，请改用撤回；已发布的数据须保留。",
                ),
                status=409,
            )


class PublishedFigure(Table):
    """What one report said of one place when its month was published. Owned by that place."""

    owned = by_node()
    screen = Screen(
        label=_("Published figures", "已发布数据"),
        plural=_("Published figures", "已发布数据"),
        icon="lock",
        key=("monthly_report_id", "node_id", "report"),
        title=("monthly_report.month", "node.name", "report"),
        listed=("monthly_report.month", "monthly_report.edition", "node.name", "report", "asked", "figures"),
        sections=(section(_("Figures", "数据"), "monthly_report_id", "node_id", "report", "asked", "figures"),),
        rights=_RIGHTS | Rights(write=(), delete=(), purge=()),
        menu=False,
    )

    monthly_report_id: Mapped[int] = ref("monthly_report", _("Monthly report", "月报"))
    report: Mapped[str] = text(_("Report", "报表"), 64)
    asked: Mapped[str | None] = text(_("Parameters", "统计参数"), 200)
    figures: Mapped[str] = kept(_("Figures", "数据"), Text(), "prose")


def is_month(month: str) -> bool:
    """Returns whether a text is a month as reports are written for, such as 2026-10."""
    return re.fullmatch(r"(19|20)\d\d-(0[1-9]|1[0-2])", month or "") is not None


def _changed(row: Any, *names: str) -> bool:
    return any(inspect(row).attrs[name].history.deleted for name in names)


def _same(session: Session, row: MonthlyReport) -> list[Any]:
    """The other reports of the same month and place."""
    found = select(MonthlyReport.id, MonthlyReport.edition, MonthlyReport.state).where(
        MonthlyReport.node_id == row.node_id, MonthlyReport.month == row.month
    )
    with session.no_autoflush:
        return [one for one in session.execute(found) if one.id != row.id]


def keep_figures(
    session: Session, row: MonthlyReport, counted: Iterable[tuple[int, str, str | None, Mapping[str, Any]]]
) -> int:
    """Keeps what was counted for a report that was just published; once. Flushes.

    Args:
        counted: (node, report, parameters, figures by name), figures as numbers or None.

    Returns: how many rows were kept; 0 where it has figures already, or was withdrawn meanwhile.
    """
    session.refresh(row, with_for_update=True)
    if row.counted_at is not None or row.state != MonthState.PUBLISHED:
        return 0
    count = 0
    for node, report, asked, figures in counted:
        values = {name: None if value is None else str(value) for name, value in figures.items()}
        told = json.dumps(values, ensure_ascii=False)
        made = PublishedFigure(monthly_report_id=row.id, node_id=node, report=report, asked=asked, figures=told)
        keep(session, made)  # nobody writes a figure; the console does
        count += 1
    row.counted_at = clock_of(session)()
    keep(session, row)
    session.flush()
    return count
