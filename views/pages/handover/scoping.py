"""Choosing the homes of a plan (入伙范围): buildings and units in a tree, floors and doors in the grid, counted as one goes."""

from __future__ import annotations

import re
from typing import Any

from flask import flash, jsonify, redirect, render_template, request
from flask_appbuilder import BaseView, expose
from sqlalchemy import func, select

from models.handover.handover_plan import HandoverPlan
from models.handover.handover_scope import HandoverScope
from models.handover.release import Pick, count, count_words, picks_of
from models.handover.room_states import PlanState
from models.handover.rules import set_scope
from models.kernel.refusal import Refusal
from models.kernel.roles import READ, WRITE
from models.kernel.words import _
from models.property.building import Building
from models.property.generation import floor_label
from models.property.room import Room, SaleState
from models.property.unit import Unit
from views.kernel.access import needs
from views.kernel.pages import RECORD_ACTIONS
from views.kernel.request import say
from views.kernel.request import session as database
from views.kernel.shell import crumbs, shell
from views.pages.handover.board import plan_of
from views.pages.property.roomgrid import natural

TITLE = _("Homes of the plan", "入伙范围")
_PICK = re.compile(r"(project|building|unit|floor|room):(\d{1,18})(?::(-?\d{1,4}))?")

RECORD_ACTIONS.setdefault("handover_plan", []).append(
    {"label": TITLE, "url": "/handover/scope/{pk}", "icon": "map-pin", "of": "handover_scope", "right": READ}
)


def read_picks(sent: list[str]) -> list[Pick]:
    """Returns the choices a page sent, such as `floor:12:3`; what is no choice is passed over."""
    found = []
    for text in sent[:20_000]:
        match = _PICK.fullmatch(text)
        if match:
            found.append((match[1], int(match[2]), int(match[3] or 0)))
    return found


def written(pick: Pick) -> str:
    """Returns a choice as the page sends it back."""
    kind, key, floor = pick
    return f"{kind}:{key}:{floor}" if kind == "floor" else f"{kind}:{key}"


class ScopeView(BaseView):  # type: ignore[misc]
    """The page of a plan's scope."""

    route_base = "/handover/scope"
    default_view = "show"
    table = HandoverScope

    @expose("/<int:pk>", methods=["GET"])
    @needs(READ)
    def show(self, pk: int) -> Any:
        """The scope as it is kept; of a draft, to be changed."""
        plan = plan_of(pk)
        return self._page(plan, picks_of(database(), plan))

    @expose("/<int:pk>", methods=["POST"])
    @needs(WRITE)
    def save(self, pk: int) -> Any:
        """Keeps what was chosen; with `building`, shows that building's doors next."""
        own, plan = database(), plan_of(pk)
        picks = read_picks(request.form.getlist("pick"))
        try:
            set_scope(own, plan, picks)
            own.commit()
        except Refusal as refusal:
            own.rollback()
            if refusal.status in (403, 404):
                raise
            return self._page(plan_of(pk), picks, refusal), refusal.status
        if request.form.get("building", "").isdecimal():
            return redirect(f"/handover/scope/{pk}?building={int(request.form['building'])}", 303)
        flash(say(_("The scope is kept.", "入伙范围已保存。")), "ok")
        return redirect(f"/handover/plan/{pk}", 303)

    @expose("/<int:pk>/count", methods=["POST"])
    @needs(READ)
    def counted(self, pk: int) -> Any:
        """What choices would come to, while one chooses. Writes nothing."""
        own, plan = database(), plan_of(pk)
        found = count(own, plan, read_picks(request.form.getlist("pick")))
        own.rollback()
        return jsonify(signed=found.signed, all=found.all, text=say(count_words(found)))

    def _page(self, plan: HandoverPlan, picks: list[Pick], refusal: Refusal | None = None) -> str:
        own = database()
        buildings = _tree(plan.project_id)
        asked = request.args.get("building") or request.form.get("building") or ""
        chosen = next((b for b in buildings if str(b["id"]) == asked), buildings[0] if buildings else None)
        units = _grid(chosen) if chosen else []
        held = {written(pick) for pick in picks}
        drawn = {f"project:{plan.project_id}"}
        for each in buildings:
            drawn |= {f"building:{each['id']}", *(f"unit:{unit['id']}" for unit in each["units"])}
        for unit in units:
            for floor in unit["floors"]:
                drawn |= {f"floor:{unit['id']}:{floor['floor']}", *(f"room:{room.id}" for room in floor["rooms"])}
        found = count(own, plan, picks)
        page = {
            "title": TITLE,
            "crumbs": [
                *crumbs("project", plan.project_id),
                {"label": plan.title, "url": f"/handover/plan/{plan.id}"},
                {"label": TITLE, "url": None},
            ],
            "plan": plan,
            "project": plan.project_id,
            "may": plan.state == PlanState.DRAFT,
            "buildings": buildings,
            "chosen": chosen,
            "units": units,
            "held": held,
            "elsewhere": sorted(held - drawn),
            "count": found,
            "count_text": count_words(found),
            "errors": [one.sentence for one in refusal.all()] if refusal is not None else [],
        }
        return render_template("doorbook/handover_scope.html", shell=shell(TITLE), page=page)


def _tree(project_id: int) -> list[dict[str, Any]]:
    """The buildings of a project with their units, and how many homes of each are signed."""
    own = database()
    signed: dict[int, tuple[int, int]] = {
        unit: (number, sold)
        for unit, number, sold in own.execute(
            select(
                Room.unit_id,
                func.count(Room.id),
                func.count(Room.id).filter(Room.sale_state == SaleState.SIGNED),
            )
            .where(Room.project_id == project_id)
            .group_by(Room.unit_id)
        )
    }
    units: dict[int, list[dict[str, Any]]] = {}
    for key, building, name in own.execute(
        select(Unit.id, Unit.building_id, Unit.name).where(Unit.project_id == project_id).order_by(Unit.id)
    ):
        number, sold = signed.get(key, (0, 0))
        units.setdefault(building, []).append({"id": key, "name": name, "all": number, "signed": sold})
    found = [
        {
            "id": key, "name": name, "units": units.get(key, []),
            "all": sum(unit["all"] for unit in units.get(key, [])),
            "signed": sum(unit["signed"] for unit in units.get(key, [])),
        }
        for key, name in own.execute(select(Building.id, Building.name).where(Building.project_id == project_id))
    ]  # fmt: skip
    return sorted(found, key=lambda each: (natural(each["name"]), each["id"]))


def _grid(building: dict[str, Any]) -> list[dict[str, Any]]:
    """The doors of a building: units, floors from the top, rooms along each."""
    keys = [unit["id"] for unit in building["units"]]
    floors: dict[int, dict[int, list[Any]]] = {}
    for room in database().execute(
        select(Room.id, Room.unit_id, Room.no, Room.floor, Room.sale_state)
        .where(Room.unit_id.in_(keys))
        .order_by(Room.unit_id, Room.floor.desc(), Room.line, Room.no, Room.id)
    ):
        floors.setdefault(room.unit_id, {}).setdefault(room.floor, []).append(room)
    return [
        {
            "id": unit["id"],
            "name": unit["name"],
            "floors": [
                {"floor": floor, "label": floor_label(floor), "rooms": rooms}
                for floor, rooms in floors.get(unit["id"], {}).items()
            ],
        }
        for unit in building["units"]
    ]
