"""Reminders of a handover, by the clock: the day's entries (R05), owner data (R26), summaries (R07), risks by their dates."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from models.customer.customer import Customer
from models.handover.handover_plan import HandoverPlan
from models.handover.handover_risk import HandoverRisk, RiskState
from models.handover.handover_room import HandoverRoom
from models.handover.handover_summary import HandoverSummary, SummaryState, two_months_after
from models.handover.release import homes_of, main_owners, picks_of, signed
from models.handover.room_states import PlanState, RoomState
from models.kernel.clock import today
from models.kernel.grant import accounts_with
from models.kernel.job import work
from models.kernel.job_running import Run
from models.kernel.job_schedule import daily, every
from models.kernel.notice import Event, tell
from models.kernel.parameter import above_of, node_at
from models.kernel.words import _
from models.property.project import Project

DATA_BEFORE = 7
"""Days before a handover by which the data of its owners are complete (R26); reminded then, and 3, 1 and 0 days before."""
SUMMARY_BEFORE = (30, 14, 7, 3, 1, 0)
"""Days before a summary is due on which its writer is reminded; afterwards once a week."""
RISK_BEFORE = (3, 1, 0)
AGAIN = 7

_PLAN = {"project": _("Project", "项目"), "plan": _("Plan", "入伙计划")}
_SAMPLE = {"project": "湖墅观邸", "plan": "一期集中交付"}

ENTRY = Event(
    "handover_plan.entry",
    _("Handover: entries of the day", "入伙：当日登记提醒"),
    _("{project}: {n} homes still without an outcome today", "{project}：今日还有 {n} 户未登记收楼结果"),
    _(
        "In “{plan}” {n} homes are at the counters or left without an outcome. Outcomes and issues are entered on the same day.",
        "“{plan}”有 {n} 户已到场但未登记收楼结果。收楼进程与入伙问题须当日登记完毕。",
    ),
    fields={**_PLAN, "n": _("Homes", "户数")},
    samples={**_SAMPLE, "n": "3"},
)
OWNER_DATA = Event(
    "handover_plan.owner_data",
    _("Handover: owner data", "入伙：业主资料提醒"),
    _("{project}: owner data of {n} homes is not complete", "{project}：{n} 户业主资料不完整"),
    _(
        "“{plan}” begins on {begins}. {n} homes have no owner entered, or one without telephone or certificate.",
        "“{plan}”将于 {begins} 开始，尚有 {n} 户未登记业主，或业主缺少手机、证件。业主资料须在交付前一周录入完毕。",
    ),
    fields={**_PLAN, "n": _("Homes", "户数"), "begins": _("Begins", "开始日期")},
    samples={**_SAMPLE, "n": "12", "begins": "2026-12-01"},
)
SUMMARY = Event(
    "handover_plan.summary",
    _("Handover: summary due", "入伙：总结提醒"),
    _("{project}: the handover summary is due on {due}", "{project}：入伙总结应于 {due} 前完成"),
    _(
        "The summary of “{plan}” is due on {due} ({stands}).", "“{plan}”的入伙总结应于 {due} 前提交（{stands}）。"
    ),
    fields={**_PLAN, "due": _("Due", "应完成日期"), "stands": _("How it stands", "当前状态")},
    samples={**_SAMPLE, "due": "2026-12-31", "stands": _("not begun", "尚未开始")},
)  # fmt: skip
RISK = Event(
    "handover_risk.due",
    _("Handover risk due", "入伙风险提醒"),
    _("{project}: “{subject}” is due on {due}", "{project}：风险“{subject}”应于 {due} 前完成当前步骤"),
    _("The risk “{subject}” is at “{stands}”; that is due on {due}.", "风险“{subject}”当前为“{stands}”，时限 {due}。"),
    fields={
        "project": _PLAN["project"],
        "subject": _("Subject", "标地"),
        "due": _("Due", "时限"),
        "stands": _("How it stands", "当前状态"),
    },
    samples={"project": "湖墅观邸", "subject": "外墙渗漏", "due": "2026-11-01", "stands": "方案中"},
)


def holders(session: Session, project_id: int, roles: tuple[str, ...], now: date) -> list[int]:
    """Returns the accounts that hold one of the roles at a project or its company on a day."""
    chain = above_of(session, node_at(session, "project", project_id).id, itself=True)
    near = [node.id for node in chain if node.kind in ("project", "company")]
    return accounts_with(session, roles, near, now)


def unfinished(session: Session, plan: HandoverPlan) -> int:
    """Returns how many homes of a plan are at the counters, or were left there without an outcome (R05)."""
    at_hand = (RoomState.ARRIVED.value, RoomState.INSPECTING.value, RoomState.REINSPECTING.value)
    statement = select(func.count(HandoverRoom.id)).where(
        HandoverRoom.plan_id == plan.id, HandoverRoom.state.in_(at_hand)
    )
    return session.scalar(statement) or 0


def without_data(session: Session, plan: HandoverPlan) -> int:
    """Returns of how many homes of a plan the owner is not known, or cannot be called or identified (R26)."""
    if plan.state == PlanState.DRAFT:
        homes = list(session.scalars(signed(homes_of(plan.project_id, picks_of(session, plan)))))
    else:
        homes = list(
            session.scalars(
                select(HandoverRoom.room_id).where(
                    HandoverRoom.plan_id == plan.id,
                    HandoverRoom.state.not_in((RoomState.DROPPED.value, RoomState.COMPLETED.value)),
                )
            )
        )
    owners = main_owners(session, plan.project_id)
    keys = sorted({owners[home] for home in homes if home in owners})
    bare: set[int] = set()
    person: Any = Customer
    for start in range(0, len(keys), 1_000):
        bare.update(
            session.scalars(
                select(Customer.id).where(
                    Customer.id.in_(keys[start : start + 1_000]),
                    or_(person.cert_no_blind.is_(None), person.mobile_blind.is_(None) & Customer.phone.is_(None)),
                )
            )
        )
    return len([home for home in homes if owners.get(home) is None or owners[home] in bare])


def summary_due(session: Session, plan: HandoverPlan) -> tuple[date, Any] | None:
    """Returns when the summary of a plan is due and how it stands; None once it is handed in, or before the end (R07)."""
    if plan.planned_to is None or plan.state not in (PlanState.RELEASED, PlanState.CLOSED):
        return None
    there = session.scalars(select(HandoverSummary).where(HandoverSummary.plan_id == plan.id)).first()
    if there is not None and there.state == SummaryState.SUBMITTED:
        return None
    words = SummaryState.DRAFT.words if there is not None else _("not begun", "尚未开始")
    return two_months_after(plan.planned_to), words


def is_told(left: int, before: tuple[int, ...]) -> bool:
    """Returns whether people are told so many days before the day something is due: on some, then once a week."""
    return left in before or (left < 0 and -left % AGAIN == 1)


@work("handover.remind", _("Handover: remind", "入伙提醒"), quiet=True)
def remind(run: Run) -> dict[str, Any]:
    """Tells of owner data, summaries and risks. Once a day; plan by plan, so that nobody is told twice."""
    own, now, counts = run.session, today(run.clock), {"told": 0}
    names = {key: name for key, name in own.execute(select(Project.id, Project.name))}
    plans = list(
        own.scalars(select(HandoverPlan).where(HandoverPlan.state != PlanState.VOID).order_by(HandoverPlan.id))
    )
    risks = list(
        own.scalars(
            select(HandoverRisk)
            .where(HandoverRisk.due_on.is_not(None), HandoverRisk.due_on <= now + timedelta(days=max(RISK_BEFORE)))
            .order_by(HandoverRisk.id)
        )
    )
    begin = int(run.cursor or 0)
    rows: list[HandoverPlan | HandoverRisk] = [*plans, *risks]
    for place, row in enumerate(rows, 1):
        if place <= begin:
            continue
        name = names.get(row.project_id, "")
        told = _of_plan(run, row, name, now) if isinstance(row, HandoverPlan) else _of_risk(run, row, name, now)
        counts["told"] += told
        run.advance(place, len(rows), cursor=place)
    return counts


def _to(run: Run, row: HandoverPlan | HandoverRisk, now: date) -> list[int]:
    person = row.responsible
    if person is not None and person.user_id is not None:
        return [person.user_id]
    return holders(run.session, row.project_id, ("project_clerk",), now)


def _of_plan(run: Run, plan: HandoverPlan, name: str, now: date) -> int:
    own, told = run.session, 0
    values = {"project": name, "plan": plan.title}
    left = (plan.planned_from - now).days if plan.planned_from is not None else None
    if left in (DATA_BEFORE, 3, 1, 0) and plan.state in (PlanState.DRAFT, PlanState.RELEASED):
        number = without_data(own, plan)
        if number:
            tell(
                own,
                run.actor,
                OWNER_DATA,
                _to(run, plan, now),
                plan,
                {**values, "n": number, "begins": plan.planned_from},
            )
            told += 1
    due = summary_due(own, plan) if plan.planned_to is not None and plan.planned_to < now else None
    if due is not None and is_told((due[0] - now).days, SUMMARY_BEFORE):
        tell(own, run.actor, SUMMARY, _to(run, plan, now), plan, {**values, "due": due[0], "stands": due[1]})
        told += 1
    return told


def _of_risk(run: Run, risk: HandoverRisk, name: str, now: date) -> int:
    if risk.due_on is None or not is_told((risk.due_on - now).days, RISK_BEFORE):
        return 0
    state = RiskState.member(risk.state)
    values = {
        "project": name,
        "subject": risk.subject,
        "due": risk.due_on,
        "stands": state.words if state is not None else risk.state,
    }
    tell(run.session, run.actor, RISK, _to(run, risk, now), risk, values)
    return 1


@work("handover.entries", _("Handover: entries of the day", "入伙：当日登记检查"), quiet=True)
def entries(run: Run) -> dict[str, Any]:
    """Tells the counters' clerks, at the end of the day, of homes that came and have no outcome yet (R05)."""
    own, now, counts = run.session, today(run.clock), {"told": 0}
    names = {key: name for key, name in own.execute(select(Project.id, Project.name))}
    plans = list(
        own.scalars(select(HandoverPlan).where(HandoverPlan.state == PlanState.RELEASED).order_by(HandoverPlan.id))
    )
    begin = int(run.cursor or 0)
    for place, plan in enumerate(plans, 1):
        if place <= begin:
            continue
        number = unfinished(own, plan)
        if number:
            to = holders(own, plan.project_id, ("request_clerk", "service_manager"), now)
            values = {"project": names.get(plan.project_id, ""), "plan": plan.title, "n": number}
            tell(own, run.actor, ENTRY, to, plan, values)
            counts["told"] += 1
        run.advance(place, len(plans), cursor=place)
    return counts


every("handover.remind", daily("08:40"))
every("handover.entries", daily("17:30"))
