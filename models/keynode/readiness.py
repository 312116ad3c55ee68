"""Whether a project is ready to go live (R02): what must be set up six days before, what is there, and what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.kernel.clock import today
from models.kernel.grant import roles_held
from models.kernel.number_rule import NumberRule
from models.kernel.parameter import Parameter, above_of, effective, node_at
from models.kernel.registry import infos, tables
from models.kernel.roles import ROLES
from models.kernel.session import clock_of
from models.kernel.words import Words, _
from models.keynode.key_node_def import KeyNodeDef
from models.keynode.rules import checklists
from models.parameter.adviser import AdviserKind, advisers_of
from models.parameter.issue_category import CategoryKind, IssueCategory
from models.parameter.issue_standard import IssueStandard
from models.parameter.parameter_sheet import Match, SheetState, compared, sheets_of
from models.parameter.part import Part
from models.parameter.questionnaire import Questionnaire
from models.parameter.rules import scopes_of
from models.parameter.sla_rule import SlaRule
from models.parameter.step_defs import HandoverDocDef, HandoverStepDef, TitleStepDef
from models.parameter.warranty_item import WarrantyItem
from models.parameter.work_calendar import WorkCalendar
from models.property.building import Building
from models.property.project import Project
from models.property.room import Room

AHEAD = timedelta(days=6)
"""Parameters are ready so long before the console goes live (R02)."""

WANTED: tuple[type[Parameter], ...] = (
    IssueCategory, Part, IssueStandard, WarrantyItem, SlaRule, HandoverStepDef, HandoverDocDef, TitleStepDef, Questionnaire,
    KeyNodeDef,
)  # fmt: skip
"""Parameters of which something must be in force at the project."""

POSTS = ("project_clerk", "request_clerk", "inspection_clerk", "title_clerk", "compensation_clerk", "service_manager")
"""Roles somebody must hold at the project or above it: each company names the person for each (S02)."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must be there.

    Attributes:
        name: what it is.
        ready: whether it is there.
        found: what was found, or what is missing, in a few words.
        url: where it is mended.
    """

    name: Words
    ready: bool
    found: Words
    url: str


@dataclass(frozen=True, slots=True)
class Readiness:
    """How ready a project is.

    Attributes:
        due_on: the day by which everything is to be there; None where no day of going live is known.
        days: days left until then, negative when past.
    """

    project: Project
    due_on: date | None
    days: int | None
    checks: list[Check]

    @property
    def missing(self) -> list[Check]:
        """What is not there yet."""
        return [one for one in self.checks if not one.ready]

    @property
    def ready(self) -> bool:
        """Whether nothing is missing."""
        return not self.missing


def readiness(session: Session, project: Project, on: date | None = None) -> Readiness:
    """Returns how ready a project is, as the actor sees it.

    Args:
        on: the day; today where left out. Parameters are judged by the day of going live, where that is later.
    """
    now = on or today(clock_of(session))
    live = project.go_live_on
    due = live - AHEAD if live is not None else None
    node = node_at(session, "project", project.id)
    chain = above_of(session, node.id, itself=True)
    checks = [
        _go_live(project),
        *_homes(session, project),
        *(_in_force(session, cls, node.id, max(now, live or now)) for cls in WANTED),
        _scopes(session, project),
        _calendar(session, project, chain, now),
        _numbers(session, chain),
        _posts(session, chain, now),
        _advisers(session, node.id),
        *_sheets(session, chain),
        _planned(session, project),
    ]
    return Readiness(project, due, (due - now).days if due is not None else None, checks)


def _go_live(project: Project) -> Check:
    day = project.go_live_on
    found = _("{day}", "{day}").fill(day=day.isoformat()) if day else _("no day is set", "未设置上线日期")
    return Check(_("Day of going live", "系统上线日期"), day is not None, found, f"/project/edit/{project.id}")


def _homes(session: Session, project: Project) -> list[Check]:
    buildings = session.scalar(select(func.count()).select_from(Building).where(Building.project_id == project.id)) or 0
    rooms = session.scalar(select(func.count()).select_from(Room).where(Room.project_id == project.id)) or 0
    dated = project.contract_handover_on
    return [
        _count(Building.screen.name, buildings, f"/generate/{project.id}"),
        _count(Room.screen.name, rooms, f"/generate/{project.id}"),
        Check(
            _("Contract handover date", "合同交付日期"),
            dated is not None,
            _("{day}", "{day}").fill(day=dated.isoformat()) if dated else _("not set", "未填写"),
            f"/project/edit/{project.id}",
        ),
    ]


def _count(name: Words, n: int, url: str) -> Check:
    return Check(name, n > 0, _("{n} in force", "{n} 条").fill(n=n) if n else _("none yet", "尚无"), url)


def _in_force(session: Session, cls: type[Parameter], node_id: int, on: date) -> Check:
    rows: list[Any] = effective(session, cls, node_id, on)
    return _count(cls.screen.name, len(rows), f"/parameters/{cls.__tablename__}/?node={node_id}")


def _scopes(session: Session, project: Project) -> Check:
    """Every trade of defects must have somebody who answers for it in every building, and one only (R10)."""
    found = scopes_of(session, project.id)
    node = node_at(session, "project", project.id)
    tops = [
        row
        for row in effective(session, IssueCategory, node.id)
        if row.kind == CategoryKind.DEFECT and row.parent_id is None
    ]
    places: Sequence[int | None] = [*session.scalars(select(Building.id).where(Building.project_id == project.id))] or [
        None
    ]
    answers = [found.answer(row.id, place) for row in tops for place in places]
    gaps, twice = sum(not one.candidates for one in answers), sum(one.ambiguous for one in answers)
    said = _("{gaps} gaps, {twice} overlaps", "{gaps} 处无人负责，{twice} 处重叠").fill(gaps=gaps, twice=twice)
    return Check(
        _("Who answers for what", "施工范围"),
        bool(answers) and not gaps and not twice,
        said,
        f"/responsible/{project.id}",
    )


def _calendar(session: Session, project: Project, chain: Sequence[Any], now: date) -> Check:
    wanted = sorted({now.year, project.go_live_on.year if project.go_live_on else now.year})
    there = set(session.scalars(select(WorkCalendar.year).where(WorkCalendar.node_id.in_([node.id for node in chain]))))
    lacking = [str(year) for year in wanted if year not in there]
    said = _("missing: {years}", "缺少 {years} 年").fill(years="、".join(lacking)) if lacking else _("there", "已设置")
    return Check(WorkCalendar.screen.name, not lacking, said, "/work_calendar/list/")


def _numbers(session: Session, chain: Sequence[Any]) -> Check:
    there = set(session.scalars(select(NumberRule.object).where(NumberRule.node_id.in_([node.id for node in chain]))))
    lacking = [
        cls.screen.label
        for cls in tables().values()
        if any(known.numbers and known.numbers not in there for known in infos(cls).values())
    ]
    return Check(NumberRule.screen.name, not lacking, _named(lacking), "/number_rule/list/")


def _posts(session: Session, chain: Sequence[Any], now: date) -> Check:
    """Every post is held by somebody; read as who answers it needs to know, not who they are."""
    there = roles_held(session, [node.id for node in chain], now)
    lacking = [ROLES[name].words for name in POSTS if name not in there]
    return Check(_("People for each post", "岗位人员"), not lacking, _named(lacking), "/user_profile/list/")


def _advisers(session: Session, node_id: int) -> Check:
    there = advisers_of(session, node_id)
    lacking = [one.words for one in AdviserKind.options() if one.value not in there]
    return Check(_("Advisers", "顾问"), not lacking, _named(lacking), "/adviser/list/")


def _sheets(session: Session, chain: Sequence[Any]) -> list[Check]:
    """No sheet is still on its way, and the console works with what the entered ones say."""
    sheets = sheets_of(session, [node.id for node in chain])
    waiting = [one for one in sheets if one.state not in (SheetState.ENTERED.value, SheetState.VOID.value)]
    entered = [one for one in sheets if one.state == SheetState.ENTERED.value]
    differing = [one.number for one in _latest(session, entered)]
    said = "、".join(one.number for one in waiting)
    return [
        Check(
            _("Parameter sheets entered", "参数申请单已录入"),
            not waiting,
            _("still on their way: {n}", "办理中：{n}").fill(n=said)
            if waiting
            else _("none is waiting", "无在办申请单"),
            f"/parameter_sheet/show/{waiting[0].id}" if waiting else "/parameter_sheet/list/",
        ),
        Check(
            _("Form and system", "表单与系统一致"),
            not differing,
            _("differs: {n}", "不一致：{n}").fill(n="、".join(differing)) if differing else _("the same", "一致"),
            f"/parameter_sheets/{next(one.id for one in entered if one.number == differing[0])}"
            if differing
            else "/parameter_sheet/list/",
        ),
    ]


def _latest(session: Session, entered: Sequence[Any]) -> list[Any]:
    """The entered sheets of which a line is not what the console works with, unless a later sheet said otherwise."""
    found: list[Any] = []
    seen: set[tuple[str, str | None, int]] = set()
    for sheet in sorted(entered, key=lambda one: (one.from_day, one.id), reverse=True):
        lines = [(one, (one.line.table_name, one.line.code, sheet.node_id)) for one in compared(session, sheet)]
        if any(one.match != Match.SAME for one, key in lines if key not in seen):
            found.append(sheet)
        seen.update(key for _one, key in lines)
    return found


def _planned(session: Session, project: Project) -> Check:
    nodes = checklists(session, [project])[project.id]
    without = sum(1 for node in nodes if node.planned_on is None and not node.done)
    said = (
        _("{n} without a planned date", "{n} 个未排计划日期").fill(n=without)
        if without
        else _("all planned", "均已排期")
    )
    return Check(_("Key nodes planned", "关键节点排期"), not without and bool(nodes), said, f"/keynodes/{project.id}")


def _named(lacking: Sequence[Words]) -> Words:
    if not lacking:
        return _("complete", "齐全")
    listed = Words(", ".join(one.en for one in lacking), "、".join(one.zh for one in lacking))
    return _("missing: {names}", "缺少：{names}").fill(names=listed)
