"""Reminders of inspection, by the clock: repairs that are overdue, and summaries that are due (R07)."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.inspection.inspection_plan import InspectionPlan, PlanState
from models.inspection.inspection_summary import DAYS, InspectionSummary, SummaryState
from models.inspection.issue import Issue
from models.inspection.issue_states import UNREPAIRED
from models.kernel.clock import local, today
from models.kernel.grant import accounts_with
from models.kernel.job import work
from models.kernel.job_running import Run
from models.kernel.job_schedule import daily, every
from models.kernel.notice import Event, tell
from models.kernel.parameter import node_at
from models.kernel.words import _
from models.parameter.contractor import Contractor
from models.property.project import Project

CLERKS = ("inspection_clerk", "project_clerk", "request_clerk")
AGAIN = 7
"""An overdue summary is brought to mind on its day and then once in so many days."""

OVERDUE = Event(
    "issue.overdue",
    _("Repairs overdue", "整改超期提醒"),
    _("{project}: {n} repairs are overdue", "{project}：{n} 条问题整改超期"),
    _(
        "{n} issues of {project} are past their repair date, {fresh} of them since yesterday. Most: {firms}.",
        "{project} 有 {n} 条问题超过整改期限，其中昨日新增 {fresh} 条。较多的承建商：{firms}。",
    ),
    fields={
        "project": _("Project", "项目"),
        "n": _("Overdue", "超期数"),
        "fresh": _("New since yesterday", "昨日新增"),
        "firms": _("Contractors", "承建商"),
    },
    samples={"project": "湖墅观邸", "n": "12", "fresh": "2", "firms": "绿源 7、金盾 3"},
)
SUMMARY_DUE = Event(
    "inspection_summary.due",
    _("Inspection summary due", "验房总结催办"),
    _("{project}: the summary of “{plan}” is due on {due}", "{project}：“{plan}”的验房总结应于 {due} 提交"),
    _(
        "The summary of “{plan}” of {project} is to be submitted by {due} and is not submitted yet.",
        "{project} 的“{plan}”验房总结应于 {due} 前提交，目前尚未提交。",
    ),
    fields={"project": _("Project", "项目"), "plan": _("Plan", "验房计划"), "due": _("Due on", "应提交日期")},
    samples={"project": "湖墅观邸", "plan": "一期内部验房", "due": "2026-12-01"},
)


def overdue(now: Any) -> tuple[Any, ...]:
    """Returns what makes an issue overdue: its repair is not done and its due time is over."""
    return Issue.status.in_(UNREPAIRED), Issue.due_at < now


@work("inspection.remind", _("Inspection: overdue repairs and summaries", "验房：整改超期与总结催办"), quiet=True)
def remind(run: Run) -> dict[str, Any]:
    """Tells the clerks of each project once a day of overdue repairs and of summaries that are due. Project by project."""
    own, counts = run.session, {"told": 0, "summaries": 0}
    projects = list(own.scalars(select(Project).order_by(Project.id)))
    begin = int(run.cursor or 0)
    for place, project in enumerate(projects, 1):
        if project.id <= begin:
            continue
        clerks = _clerks(run, project)
        counts["told"] += _overdue(run, project, clerks)
        counts["summaries"] += _summaries(run, project, clerks)
        run.advance(place, len(projects), cursor=project.id)
    return counts


def _overdue(run: Run, project: Project, clerks: list[int]) -> int:
    own, now = run.session, run.clock()
    late = own.execute(select(Issue.due_at, Issue.contractor_id).where(Issue.project_id == project.id, *overdue(now)))
    firms: Counter[int | None] = Counter()
    fresh = 0
    for due, contractor in late:
        firms[contractor] += 1
        fresh += due is not None and due >= now - timedelta(days=1)
    n = firms.total()
    if not fresh and not (n and local(now).weekday() == 0):  # every Monday, and whenever something is newly late
        return 0
    names = {
        key: value
        for key, value in own.execute(select(Contractor.id, func.coalesce(Contractor.short_name, Contractor.name)))
    }
    told = "、".join(f"{names.get(key or 0, '—')} {count}" for key, count in firms.most_common(3))
    tell(own, run.actor, OVERDUE, clerks, project, {"project": project.name, "n": n, "fresh": fresh, "firms": told})
    return 1


def due_summaries(session: Session, project_id: int, on: Any) -> list[tuple[InspectionPlan, Any]]:
    """Returns the plans of a project whose summary is due or overdue on a day and not submitted, with the day it was due."""
    summaries = {
        row.plan_id: row
        for row in session.scalars(select(InspectionSummary).where(InspectionSummary.project_id == project_id))
    }
    plans = select(InspectionPlan).where(
        InspectionPlan.project_id == project_id,
        InspectionPlan.state.in_((PlanState.RUNNING.value, PlanState.DONE.value)),
    )
    found = []
    for plan in session.scalars(plans.order_by(InspectionPlan.id)):
        row = summaries.get(plan.id)
        due = row.due_on if row is not None and row.due_on else plan.until_on + timedelta(days=DAYS)
        if due <= on and (row is None or row.state != SummaryState.DONE):
            found.append((plan, due))
    return found


def _summaries(run: Run, project: Project, clerks: list[int]) -> int:
    own, on, n = run.session, today(run.clock), 0
    for plan, due in due_summaries(own, project.id, on):
        if (on - due).days % AGAIN == 0:
            tell(own, run.actor, SUMMARY_DUE, clerks, plan, {"project": project.name, "plan": plan.title, "due": due})
            n += 1
    return n


def _clerks(run: Run, project: Project) -> list[int]:
    """The accounts of the project's own clerks: those who hold such a role at the project itself, today."""
    node = node_at(run.session, "project", project.id)
    return accounts_with(run.session, CLERKS, [node.id], today(run.clock))


every("inspection.remind", daily("08:40"))
