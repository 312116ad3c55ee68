"""A summary is begun with what the console knows: subject, figures and a first text, to be rewritten by its author."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.handover.board import Figures, board
from models.handover.handover_plan import HandoverPlan
from models.handover.handover_summary import HandoverSummary
from models.handover.room_states import Outcome, PlanState
from models.kernel.refusal import Refusal
from models.kernel.registry import table
from models.kernel.session import actor_of
from models.kernel.words import _
from models.property.project import Project


def percent(share: float | None) -> str:
    """Returns a share as people read it; — where there is nothing to share."""
    return "—" if share is None else f"{share * 100:.1f}%"


def figure_lines(figures: Figures, counted: int | None) -> list[str]:
    """Returns the figures of a plan as lines of a summary, in Chinese: that is the language it is written in."""
    said = figures.outcome
    return [
        f"计划入伙 {figures.homes} 户（发布时签约 {counted if counted is not None else '—'} 户），已通知 {figures.told} 户，"
        f"送达有据 {figures.delivered} 户。",
        f"到场 {figures.arrived} 户，到场率 {percent(figures.arrival_rate)}。",
        f"顺利接收 {said[Outcome.ACCEPTED]} 户，先接收须调整 {said[Outcome.ACCEPTED_WITH_DEFECTS]} 户，"
        f"拒绝接收 {said[Outcome.REFUSED]} 户，待定 {said[Outcome.PENDING]} 户。",
        f"交付率 {percent(figures.taken_rate)}，顺利收房率 {percent(figures.smooth_rate)}，"
        f"一次收房率 {percent(figures.first_rate)}，拒收率 {percent(figures.refused_rate)}。",
        f"手续完成 {figures.completed} 户，业主签字 {figures.signed} 户。",
    ]


def begin_summary(session: Session, plan: HandoverPlan) -> HandoverSummary:
    """Returns the summary of a plan, begun now where there is none. Flushes.

    Raises:
        Refusal: the plan was never released. Denied: no `write` on summaries in the project.
    """
    there = session.scalars(select(HandoverSummary).where(HandoverSummary.plan_id == plan.id)).first()
    if there is not None:
        return there
    if plan.state not in (PlanState.RELEASED, PlanState.CLOSED):
        raise Refusal(
            _("There is nothing to sum up before the plan is released.", "计划尚未发布，没有可总结的内容。"),
            code="plan_not_open",
            status=409,
        )
    found = board(session, plan.id)
    project = session.get_one(Project, plan.project_id)
    lines = [
        "一、总体情况",
        f"{project.name}“{plan.title}”，计划入伙时间 {plan.planned_from} 至 {plan.planned_to}。",
        *figure_lines(found.total, plan.counted_rooms),
        "",
        "二、分楼栋情况",
        *(
            f"{name}：{figures.homes} 户，到场 {figures.arrived} 户，接收 {figures.taken} 户，"
            f"交付率 {percent(figures.taken_rate)}。"
            for name, figures in found.buildings.values()
        ),
        "",
        "三、每日进度",
        *(
            f"{day.day}：到场 {day.arrived} 户，接收 {day.taken} 户，累计接收 {day.sum_taken} 户。"
            for day in found.days
        ),
        "",
        "四、主要问题与处理",
        "",
        "五、经验与改进",
        "",
    ]
    people: Any = table("user_profile")
    me = session.scalars(select(people.id).where(people.user_id == actor_of(session).user_id)).first()
    made = HandoverSummary(
        plan_id=plan.id, subject=f"{plan.title}总结"[:100], author_id=me, body="\n".join(lines)[:10_000]
    )
    session.add(made)
    session.flush()
    return made
