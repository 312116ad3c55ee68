"""Whether a project is ready to go live (R02): what must be set up six days before, what is there, and what is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.kernel.clock import today
from models.kernel.grant import roles_held
from models.kernel.number_rule import NumberRule
from models.kernel.parameter import Parameter, above_of, node_at, resolve
from models.kernel.registry import infos, tables
from models.kernel.roles import ROLES
from models.kernel.session import clock_of
from models.kernel.words import Words, _
from models.keynode.key_node_def import KeyNodeDef
from models.keynode.rules import Node, checklists
from models.parameter.adviser import Adviser, AdviserKind
from models.parameter.issue_category import CategoryKind, IssueCategory
from models.parameter.issue_standard import IssueStandard
from models.parameter.parameter_sheet import (
    Compared,
    Match,
    ParameterSheet,
    SheetState,
    compared_all,
    sheets_of,
)
from models.parameter.part import Part
from models.parameter.questionnaire import Questionnaire
from models.parameter.rules import Scopes, scopes_of_all
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
    return readiness_of(session, [project], on)[0]


def readiness_of(session: Session, projects: Sequence[Project], on: date | None = None) -> list[Readiness]:
    """Returns the same of several projects, in their order: as many statements for thirty as for one."""
    now = on or today(clock_of(session))
    there = _read(session, projects, now)
    found = []
    for project in projects:
        live = project.go_live_on
        due = live - AHEAD if live is not None else None
        chain = there.chains[project.id]
        checks = [
            _go_live(project),
            *_homes(there, project),
            *(_in_force(there, cls, chain, max(now, live or now)) for cls in WANTED),
            _scopes(there, project, now),
            _calendar(there, project, now),
            _numbers(there, chain),
            _posts(there, chain),
            _advisers(there, chain),
            *_sheets(there, chain),
            _planned(there, project),
        ]
        found.append(Readiness(project, due, (due - now).days if due is not None else None, checks))
    return found


@dataclass(frozen=True, slots=True)
class _There:
    """What there is for several projects, read once for all of them.

    Attributes:
        chains: project -> the nodes above it and its own.
        buildings: project -> its buildings, as rows: who answers for one is named by it.
        years, numbered, posts, advisers, sheets: by place.
        compared: the lines of entered sheets beside the console, by sheet.
    """

    chains: dict[int, list[Any]]
    buildings: dict[int, list[Building]]
    rooms: dict[int, int]
    parameters: dict[str, Sequence[Any]]
    scopes: dict[int, Scopes]
    years: dict[int, set[int]]
    numbered: dict[int, set[str]]
    posts: dict[int, set[str]]
    advisers: dict[int, set[str]]
    sheets: dict[int, list[ParameterSheet]]
    compared: dict[int, list[Compared]]
    nodes: dict[int, list[Node]]


def _read(session: Session, projects: Sequence[Project], now: date) -> _There:
    keys = [project.id for project in projects]
    chains = {key: above_of(session, node_at(session, "project", key).id, itself=True) for key in keys}
    places = sorted({node.id for chain in chains.values() for node in chain})
    buildings: dict[int, list[Building]] = {}
    for building in session.scalars(select(Building).where(Building.project_id.in_(keys)).order_by(Building.id)):
        buildings.setdefault(building.project_id, []).append(building)
    rooms = select(Room.project_id, func.count()).where(Room.project_id.in_(keys)).group_by(Room.project_id)
    sheets = sheets_of(session, places)
    return _There(
        chains,
        buildings,
        {key: count for key, count in session.execute(rooms)},
        {cls.__tablename__: session.scalars(select(cls).where(cls.node_id.in_(places))).all() for cls in WANTED},
        scopes_of_all(session, keys),
        _by_place(session, WorkCalendar, WorkCalendar.year, places),
        _by_place(session, NumberRule, NumberRule.object, places),
        roles_held(session, places, now),
        _by_place(session, Adviser, Adviser.kind, places),
        _grouped(sheets),
        compared_all(session, [one for one in sheets if one.state == SheetState.ENTERED.value]),
        checklists(session, projects),
    )


def _by_place(session: Session, cls: Any, column: Any, places: Sequence[int]) -> dict[int, set[Any]]:
    found: dict[int, set[Any]] = {}
    for node, value in session.execute(select(cls.node_id, column).where(cls.node_id.in_(places))):
        found.setdefault(node, set()).add(value)
    return found


def _grouped(sheets: Sequence[ParameterSheet]) -> dict[int, list[ParameterSheet]]:
    found: dict[int, list[ParameterSheet]] = {}
    for sheet in sheets:
        found.setdefault(sheet.node_id, []).append(sheet)
    return found


def _along(known: Mapping[int, set[Any]], chain: Sequence[Any]) -> set[Any]:
    """What is known at any of the places of a way down the tree."""
    return set().union(*(known.get(node.id, ()) for node in chain))


def _go_live(project: Project) -> Check:
    day = project.go_live_on
    found = _("{day}", "{day}").fill(day=day.isoformat()) if day else _("no day is set", "未设置上线日期")
    return Check(_("Day of going live", "系统上线日期"), day is not None, found, f"/project/edit/{project.id}")


def _homes(there: _There, project: Project) -> list[Check]:
    dated = project.contract_handover_on
    return [
        _count(Building.screen.name, len(there.buildings.get(project.id, ())), f"/generate/{project.id}"),
        _count(Room.screen.name, there.rooms.get(project.id, 0), f"/generate/{project.id}"),
        Check(
            _("Contract handover date", "合同交付日期"),
            dated is not None,
            _("{day}", "{day}").fill(day=dated.isoformat()) if dated else _("not set", "未填写"),
            f"/project/edit/{project.id}",
        ),
    ]


def _count(name: Words, n: int, url: str) -> Check:
    return Check(name, n > 0, _("{n} in force", "{n} 条").fill(n=n) if n else _("none yet", "尚无"), url)


def _held(there: _There, cls: type[Parameter], chain: Sequence[Any], on: date) -> list[Any]:
    return [one.row for one in resolve(there.parameters[cls.__tablename__], list(chain), on) if one.row.enabled]


def _in_force(there: _There, cls: type[Parameter], chain: Sequence[Any], on: date) -> Check:
    rows = _held(there, cls, chain, on)
    return _count(cls.screen.name, len(rows), f"/parameters/{cls.__tablename__}/?node={chain[-1].id}")


def _scopes(there: _There, project: Project, now: date) -> Check:
    """Every trade of defects must have somebody who answers for it in every building, and one only (R10)."""
    found = there.scopes[project.id]
    tops = [
        row
        for row in _held(there, IssueCategory, there.chains[project.id], now)
        if row.kind == CategoryKind.DEFECT and row.parent_id is None
    ]
    places: Sequence[int | None] = [building.id for building in there.buildings.get(project.id, ())] or [None]
    answers = [found.answer(row.id, place) for row in tops for place in places]
    gaps, twice = sum(not one.candidates for one in answers), sum(one.ambiguous for one in answers)
    said = _("{gaps} gaps, {twice} overlaps", "{gaps} 处无人负责，{twice} 处重叠").fill(gaps=gaps, twice=twice)
    return Check(
        _("Who answers for what", "施工范围"),
        bool(answers) and not gaps and not twice,
        said,
        f"/responsible/{project.id}",
    )


def _calendar(there: _There, project: Project, now: date) -> Check:
    wanted = sorted({now.year, project.go_live_on.year if project.go_live_on else now.year})
    years = _along(there.years, there.chains[project.id])
    lacking = [str(year) for year in wanted if year not in years]
    said = _("missing: {years}", "缺少 {years} 年").fill(years="、".join(lacking)) if lacking else _("there", "已设置")
    return Check(WorkCalendar.screen.name, not lacking, said, "/work_calendar/list/")


def _numbers(there: _There, chain: Sequence[Any]) -> Check:
    ruled = _along(there.numbered, chain)
    lacking = [
        cls.screen.label
        for cls in tables().values()
        if any(known.numbers and known.numbers not in ruled for known in infos(cls).values())
    ]
    return Check(NumberRule.screen.name, not lacking, _named(lacking), "/number_rule/list/")


def _posts(there: _There, chain: Sequence[Any]) -> Check:
    """Every post is held by somebody; read as who answers it needs to know, not who they are."""
    held = _along(there.posts, chain)
    lacking = [ROLES[name].words for name in POSTS if name not in held]
    return Check(_("People for each post", "岗位人员"), not lacking, _named(lacking), "/user_profile/list/")


def _advisers(there: _There, chain: Sequence[Any]) -> Check:
    named = _along(there.advisers, chain)
    lacking = [one.words for one in AdviserKind.options() if one.value not in named]
    return Check(_("Advisers", "顾问"), not lacking, _named(lacking), "/adviser/list/")


def _sheets(there: _There, chain: Sequence[Any]) -> list[Check]:
    """No sheet is still on its way, and the console works with what the entered ones say."""
    sheets = sorted((one for node in chain for one in there.sheets.get(node.id, ())), key=lambda one: one.id)
    waiting = [one for one in sheets if one.state not in (SheetState.ENTERED.value, SheetState.VOID.value)]
    entered = [one for one in sheets if one.state == SheetState.ENTERED.value]
    differing = [one.number for one in _latest(there, entered)]
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


def _latest(there: _There, entered: Sequence[Any]) -> list[Any]:
    """The entered sheets of which a line is not what the console works with, unless a later sheet said otherwise."""
    found: list[Any] = []
    seen: set[tuple[str, str | None, int]] = set()
    for sheet in sorted(entered, key=lambda one: (one.from_day, one.id), reverse=True):
        lines = [(one, (one.line.table_name, one.line.code, sheet.node_id)) for one in there.compared[sheet.id]]
        if any(one.match != Match.SAME for one, key in lines if key not in seen):
            found.append(sheet)
        seen.update(key for _one, key in lines)
    return found


def _planned(there: _There, project: Project) -> Check:
    nodes = there.nodes[project.id]
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
