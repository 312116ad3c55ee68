"""What a monthly report says (R25, S15), and the job that counts it when it is published."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy.orm import Session

from models.kernel.job import work
from models.kernel.job_running import Run
from models.kernel.refusal import Refusal
from models.kernel.session import actor_of, reading
from models.kernel.words import _
from models.system.monthly_report import JOB, MonthlyReport, first_of, is_month, keep_figures, last_of
from reports.customer.visits import VISITS
from reports.handover.handover_progress import HANDOVER_PROGRESS
from reports.inspection.contractors import CONTRACTORS
from reports.inspection.defect_structure import DEFECT_STRUCTURE
from reports.inspection.repair_backlog import REPAIR_BACKLOG
from reports.inspection.repair_time import REPAIR_TIME
from reports.kernel.counting import count
from reports.kernel.question import LEVELS, ask
from reports.keynode.key_nodes import KEY_NODES
from reports.property.room_inventory import ROOM_INVENTORY

MONTHLY = (
    HANDOVER_PROGRESS,
    DEFECT_STRUCTURE,
    REPAIR_TIME,
    CONTRACTORS,
    REPAIR_BACKLOG,
    KEY_NODES,
    VISITS,
    ROOM_INVENTORY,
)
"""The reports of a month, in the order they are read. Those without a period are kept as they stood when counted."""


def asked_of(month: str) -> dict[str, str]:
    """Returns what is asked of a report for a month written as 2026-10, as an address carries it; nothing for none."""
    if not is_month(month):
        return {}
    return {"from": first_of(month).isoformat(), "to": last_of(month).isoformat()}


@work(JOB, _("Monthly report", "月报统计"))
def count_month(run: Run) -> dict[str, Any]:
    """Counts the figures of a report that was published, for its place and every place below, and keeps them.

    Counted first, without holding the database; then written at once.

    Raises:
        Refusal: whoever published it may not open one of the reports there, so that its figures would not be whole.
    """
    token = reading.set(True)
    try:
        row = run.session.get(MonthlyReport, run.arguments["report"])
        if row is None or row.counted_at is not None:
            return {"rows": 0}
        found = list(counted(run.session, row.node_id, row.month))
        run.session.rollback()
    finally:
        reading.reset(token)
    row = run.session.get_one(MonthlyReport, run.arguments["report"])
    return {"rows": keep_figures(run.session, row, found)}


def counted(session: Session, node: int, month: str) -> Iterator[tuple[int, str, str | None, dict[str, Any]]]:
    """Counts a month for a place and every place below, as the actor sees it.

    Yields: (node, report, parameters, figures by name); for each report the place itself last.

    Raises:
        Refusal: the actor may not open one of the reports there.
    """
    who = actor_of(session)
    for report in MONTHLY:
        raw = {**asked_of(month), "node": str(node)}
        question = ask(session, report, raw)
        here = question.place
        if not report.open_to(who) or here is None or here.node != node:
            raise Refusal(
                _("“{report}” is not yours to read at this place.", "您在该单位没有查看“{report}”的权限。").fill(
                    report=report.title
                ),
                code="denied",
            )
        address = question.address(node=None, by=None) or None
        ways = [way for way in question.ways if way in LEVELS and way != "building"]
        totals = None
        for way in ways:
            outcome = count(session, report, ask(session, report, {**raw, "by": way}))
            totals = outcome.totals
            for line in outcome.lines:
                if line.node is not None:
                    yield line.node, report.name, address, dict(line.values)
        if totals is None:  # a project: nothing below it has a place of its own
            totals = count(session, report, question).totals
        yield node, report.name, address, dict(totals)
