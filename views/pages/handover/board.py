"""The handover board (入伙看板): a plan, its buildings, days and doors, live for everyone who looks at it.

Whoever looks asks every few seconds with what they saw last (`If-None-Match`). That costs one small statement; the
answer is drawn once for each change, however many look, and holds nothing that differs between those who may read it.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from flask import Response, redirect, render_template, request
from flask_appbuilder import BaseView, expose
from sqlalchemy import select

from models.handover.board import Board, Figures, board, mark
from models.handover.handover_plan import HandoverPlan
from models.handover.handover_room import HandoverRoom
from models.handover.room_states import NoticeState, Outcome, PlanState, RoomState
from models.handover.summing_up import percent
from models.kernel.clock import today
from models.kernel.refusal import Missing
from models.kernel.roles import READ
from models.kernel.session import clock_of
from models.kernel.words import _
from models.property.project import Project
from views.kernel.access import needs
from views.kernel.pages import RECORD_ACTIONS
from views.kernel.request import language, say
from views.kernel.request import session as database
from views.kernel.shell import Extra, crumbs, menu_page, shell
from views.pages.property.floors import as_table, doors, laid_out, units_of

TITLE = _("Handover board", "入伙看板")
ICON = "device-tv"
KEPT = 64
"""Drawn boards a process keeps: of each plan and building the newest, in each language."""

_BOARDS: OrderedDict[str, Board] = OrderedDict()
_DRAWN: OrderedDict[tuple[str, ...], str] = OrderedDict()

menu_page(Extra("handover", TITLE, ICON, "/handover/board/", "handover_room", place=-2))
RECORD_ACTIONS.setdefault("handover_plan", []).insert(
    0, {"label": TITLE, "url": "/handover/board/{pk}", "icon": ICON, "of": "handover_room", "right": READ}
)


def plan_of(pk: int) -> HandoverPlan:
    """Returns a plan in scope.

    Raises:
        Missing: it cannot be seen.
    """
    found = database().execute(select(HandoverPlan).where(HandoverPlan.id == pk)).scalar_one_or_none()
    if found is None or pk >= 2**63:
        raise Missing()
    return found


def seen(plan_id: int) -> tuple[str, Board]:
    """Returns the mark of a plan's board as this reader sees it now, and the board; read again only when it changed."""
    own = database()
    now = mark(own, plan_id)
    if now is None:
        return f"{plan_id}-0", Board(Figures(), {}, [], [])
    found = _BOARDS.get(now)
    if found is None:
        found = _BOARDS[now] = board(own, plan_id)
        while len(_BOARDS) > KEPT:
            _BOARDS.popitem(last=False)
    return now, found


class BoardView(BaseView):  # type: ignore[misc]
    """The board of a plan, and the list of plans that are open."""

    route_base = "/handover/board"
    default_view = "plans"
    table = HandoverRoom

    @expose("/", methods=["GET"])
    @needs(READ)
    def plans(self) -> Any:
        """The open plans with how far each is; the only one is opened at once."""
        own = database()
        plans = list(
            own.scalars(
                select(HandoverPlan)
                .where(HandoverPlan.state.in_((PlanState.RELEASED.value, PlanState.CLOSED.value)))
                .order_by(HandoverPlan.state.desc(), HandoverPlan.planned_from.desc(), HandoverPlan.id.desc())
                .limit(60)
            )
        )
        open_ = [plan for plan in plans if plan.state == PlanState.RELEASED]
        if len(open_) == 1 and "all" not in request.args:
            return redirect(f"/handover/board/{open_[0].id}")
        names = {key: name for key, name in own.execute(select(Project.id, Project.name))}
        rows = []
        for plan in plans:
            figures = seen(plan.id)[1].total
            state = PlanState.member(plan.state)
            rows.append(
                {
                    "url": f"/handover/board/{plan.id}", "title": plan.title, "project": names.get(plan.project_id, ""),
                    "state": state.words if state else plan.state, "tone": state.tone if state else "grey",
                    "days": f"{plan.planned_from or '—'} – {plan.planned_to or '—'}", "figures": figures,
                    "rate": percent(figures.taken_rate),
                }
            )  # fmt: skip
        page = {"title": TITLE, "rows": rows, "count_text": _("{n} plans", "{n} 个计划").fill(n=len(rows))}
        return render_template("doorbook/handover_boards.html", shell=shell(TITLE), page=page)

    @expose("/<int:pk>", methods=["GET"])
    @needs(READ)
    def show(self, pk: int) -> Any:
        """The board of one plan."""
        plan = plan_of(pk)
        chosen = request.args.get("building", "")
        page = {
            "title": _("{board} · {plan}", "{board} · {plan}").fill(board=TITLE, plan=plan.title),
            "crumbs": [
                *crumbs("project", plan.project_id),
                {"label": plan.title, "url": f"/handover/plan/{plan.id}"},
                {"label": TITLE, "url": None},
            ],
            "html": drawn(plan, chosen)[1],
            "live": f"/handover/board/{plan.id}/live?building={chosen if chosen.isdecimal() else ''}",
            "plan_url": f"/handover/plan/{plan.id}",
        }
        return render_template("doorbook/handover_board.html", shell=shell(page["title"]), page=page)

    @expose("/<int:pk>/live", methods=["GET"])
    @needs(READ)
    def live(self, pk: int) -> Any:
        """What the board shows now; 304 for who has seen it."""
        building = request.args.get("building", "")
        own = database()
        now = mark(own, pk) or f"{pk}-0"
        tag = _tag(now, building)
        if request.if_none_match.contains(tag):
            answer = Response(status=304)
        else:
            answer = Response(drawn(plan_of(pk), building)[1], content_type="text/html; charset=utf-8")
        answer.set_etag(tag)
        answer.headers["Cache-Control"] = "private, no-cache"
        answer.headers["Vary"] = "Cookie, Accept-Language"
        return answer


def _tag(now: str, building: str) -> str:
    return f"{now}-{building if building.isdecimal() else ''}-{today(clock_of(database()))}-{language()}"


def drawn(plan: HandoverPlan, building: str) -> tuple[str, str]:
    """Returns the mark of a board and its HTML, with the doors of one building; drawn once for each change."""
    now, found = seen(plan.id)
    chosen = int(building) if building.isdecimal() and int(building) in found.buildings else None
    if chosen is None and found.buildings:
        chosen = next(iter(found.buildings))
    key = (str(plan.id), building, language(), str(today(clock_of(database()))), plan.state, now)
    html = _DRAWN.get(key)
    if html is None:
        html = _DRAWN[key] = render_template("doorbook/fragment_board.html", page=_told(plan, found, chosen))
        while len(_DRAWN) > KEPT:
            _DRAWN.popitem(last=False)
    return now, html


def _told(plan: HandoverPlan, found: Board, chosen: int | None) -> dict[str, Any]:
    total = found.total
    return {
        "figures": [
            (_("Homes", "入伙房间"), total.homes, None),
            (_("Notified", "已通知"), total.told, None),
            (_("Delivered", "已送达"), total.delivered, None),
            (_("Arrived", "已到场"), total.arrived, percent(total.arrival_rate)),
            (_("At the counters", "正在办理"), total.at_hand, None),
            *((one.words, total.outcome[one], None) for one in Outcome),
            (_("Handed over", "交付"), total.taken, percent(total.taken_rate)),
            (_("Complete", "手续完成"), total.completed, None),
        ],
        "rates": [
            (_("Smooth", "顺利收房率"), percent(total.smooth_rate)),
            (_("First visit", "一次收房率"), percent(total.first_rate)),
            (_("Refused", "拒收率"), percent(total.refused_rate)),
        ],
        "taken": total.taken,
        "homes": total.homes,
        "buildings": [
            {
                "name": name, "figures": figures, "rate": percent(figures.taken_rate), "active": key == chosen,
                "url": f"/handover/board/{plan.id}?building={key}",
            }
            for key, (name, figures) in found.buildings.items()
        ],
        "days": found.days,
        "today": today(clock_of(database())),
        "building": found.buildings[chosen][0] if chosen is not None else "",
        "units": _units(found, chosen),
        "legend": [
            (NoticeState.NOT_NOTIFIED.words, "grey"), (NoticeState.NOTIFIED.words, "blue"),
            (NoticeState.RETURNED.words, "red"),
            *((each.words, each.tone) for each in RoomState if each not in (RoomState.EXPECTED, RoomState.DROPPED)),
        ],
    }  # fmt: skip


def _units(found: Board, chosen: int | None) -> list[dict[str, Any]]:
    """The doors of a building that are in the plan, each leading to its counter page."""
    if chosen is None:
        return []
    own = database()
    here = {cell.room_id: cell for cell in found.cells if cell.building_id == chosen}
    rooms = select(HandoverRoom.room_id).where(HandoverRoom.id.in_([cell.key for cell in here.values()]))
    homes = doors(own, rooms, ())
    places = {home.id: here[home.id].key for home in homes if home.id in here}
    tones = {key: _tone(here[key].state, here[key].notice) for key in places}
    units = []
    for unit in units_of(own, [chosen]):
        inside = [home for home in homes if home.unit_id == unit.id and home.id in places]
        if inside:
            table = as_table(
                laid_out(inside), unit.name, places, tones, lambda door: f"/handover/room/{places[door.id]}"
            )
            units.append({"name": unit.name, "html": table, "count": len(inside)})
    return units


def _tone(state: str, notice: str) -> tuple[str, str]:
    """The colour and the word of a door: how far it is, and before that whether its owner was told."""
    member: Any = RoomState.member(state)
    if state == RoomState.EXPECTED:
        told: Any = NoticeState.member(notice)
        return (
            "grey" if notice == NoticeState.NOT_NOTIFIED else "red" if notice == NoticeState.RETURNED else "blue"
        ), str(say(told.words))
    return member.tone, str(say(member.words))
