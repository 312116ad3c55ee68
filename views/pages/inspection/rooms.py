"""Rooms of a plan: chosen in the room grid, with the inspector who goes there (S02 ch. 4)."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request
from flask import session as cookie
from flask_appbuilder import BaseView, expose
from sqlalchemy import func, select

from models.inspection.inspection_plan import OPEN, InspectionPlan
from models.inspection.rules import choose_rooms
from models.kernel.refusal import Missing, Refusal
from models.kernel.registry import table
from models.kernel.roles import READ, WRITE
from models.kernel.words import Words, _
from models.property.building import Building
from models.property.room import Room
from models.property.unit import Unit
from models.system.user_profile import UserProfile
from views.kernel.access import needs
from views.kernel.chosen import read_ids
from views.kernel.pages import RECORD_ACTIONS
from views.kernel.request import say
from views.kernel.request import session as database
from views.kernel.shell import shell
from views.pages.fields import PlainField, put_errors
from views.pages.property.roomgrid import GRID_ACTIONS

TITLE = _("Rooms of an inspection plan", "选择验房房间")
ICON = "clipboard-check"

GRID_ACTIONS.append(
    {
        "label": _("Into an inspection plan", "加入验房计划"), "icon": ICON, "url": "/inspection/choose?ids=",
        "of": "inspection_room", "right": WRITE,
    }
)  # fmt: skip
RECORD_ACTIONS.setdefault("inspection_plan", []).insert(
    0,
    {
        "label": _("Choose rooms in the grid", "在房态图中选房"), "url": "/inspection/grid/{pk}", "icon": "layout-grid",
        "of": "inspection_room", "right": WRITE,
    },
)  # fmt: skip


def plan_of(pk: int) -> InspectionPlan:
    """Returns a plan in scope.

    Raises:
        Missing: there is none, or none that may be seen.
    """
    if pk >= 2**63:
        raise Missing()
    found = database().execute(select(InspectionPlan).where(InspectionPlan.id == pk)).scalar_one_or_none()
    if found is None:
        raise Missing()
    return found


class InspectionRoomsView(BaseView):  # type: ignore[misc]
    """From a plan to the grid, and from the grid to the plan."""

    route_base = "/inspection"
    default_view = "choose"
    table = table("inspection_room")

    @expose("/grid/<int:pk>", methods=["GET"])
    @needs(READ)
    def grid(self, pk: int) -> Any:
        """The room grid of the plan's project, coloured by inspection; the plan is remembered for what is chosen there."""
        plan = plan_of(pk)
        cookie["inspection_plan"] = plan.id
        return redirect(f"/roomgrid/project/{plan.project_id}?by=inspection")

    @expose("/choose", methods=["GET", "POST"])
    @needs(WRITE)
    def choose(self) -> Any:
        """Asks for plan and inspector of the chosen rooms, and puts them in."""
        own = database()
        keys = list(read_ids(request.args.get("ids")) or ())
        rooms = self._rooms(keys)
        projects = sorted({project for project, _building, _n in rooms})
        plans = list(
            own.scalars(
                select(InspectionPlan)
                .where(InspectionPlan.state.in_(OPEN), InspectionPlan.project_id.in_(projects))
                .order_by(InspectionPlan.id.desc())
            )
        )
        last = cookie.get("inspection_plan")
        usual = next((plan.id for plan in plans if plan.id == last), plans[0].id if plans else "")
        plan_field = PlainField(
            "plan_id", _("Inspection plan", "验房计划"), request.form.get("plan_id", str(usual)), "choice",
            required_mark=True, choices=tuple((str(plan.id), Words(plan.title, plan.title)) for plan in plans),
        )  # fmt: skip
        who = request.form.get("inspector_id", "")
        inspector = PlainField(
            "inspector_id", _("Inspector", "验房人"), who, "ref", lookup_url="/user_profile/lookup",
            hint=_("Rooms that are in the plan already get this inspector.", "已在计划内的房间将改由该验房人负责。"),
        )  # fmt: skip
        if who.isdecimal():
            inspector.chosen_text = own.scalar(select(UserProfile.name).where(UserProfile.id == int(who)))
        errors: list[dict[str, Any]] = []
        status = 200
        if request.method == "POST":
            try:
                return self._put(plan_field.data, keys, who, plans)
            except Refusal as refusal:
                own.rollback()
                if refusal.status == 403:
                    raise
                errors, status = put_errors([plan_field, inspector], refusal), 422
        here = _("{n} rooms: {where}", "共 {n} 套：{where}").fill(
            n=sum(n for _p, _b, n in rooms), where="、".join(f"{name} {n}" for _p, name, n in rooms) or "—"
        )
        page = {
            "title": TITLE,
            "crumbs": [{"label": InspectionPlan.screen.name, "url": "/inspection_plan/list/"}],
            "sections": [{"title": _("Plan", "验房计划"), "note": here, "fields": [plan_field, inspector]}],
            "cancel_url": f"/roomgrid/project/{projects[0]}?by=inspection" if projects else "/roomgrid/",
            "submit_url": request.full_path,
            "errors": errors,
            "save_label": _("Put in", "加入计划"),
        }
        if not plans and not errors:
            flash(
                say(
                    _("There is no open plan in this project. Add one first.", "该项目没有进行中的验房计划，请先新增。")
                ),
                "warn",
            )
            return redirect(f"/inspection_plan/add?project_id={projects[0]}" if projects else "/inspection_plan/add")
        return render_template("doorbook/form.html", shell=shell(TITLE), page=page), status

    def _rooms(self, keys: list[int]) -> list[tuple[int, str, int]]:
        """Returns (project, building, rooms) of the chosen ones that may be seen."""
        found: dict[tuple[int, str], int] = {}
        for start in range(0, len(keys), 500):
            rows = database().execute(
                select(Building.project_id, Building.name, func.count(Room.id))
                .select_from(Room)
                .join(Unit, Unit.id == Room.unit_id)
                .join(Building, Building.id == Unit.building_id)
                .where(Room.id.in_(keys[start : start + 500]))
                .group_by(Building.project_id, Building.name)
                .order_by(Building.project_id, Building.name)
            )
            for project, name, n in rows:
                found[project, name] = found.get((project, name), 0) + n
        return [(project, name, n) for (project, name), n in found.items()]

    def _put(self, chosen: str, keys: list[int], who: str, plans: list[InspectionPlan]) -> Any:
        own = database()
        plan = next((one for one in plans if str(one.id) == chosen), None)
        if plan is None:
            raise Refusal(_("Choose an open plan.", "请选择进行中的验房计划。"), "plan_id", code="required")
        inspector = None
        if who:
            found = own.scalar(select(UserProfile.id).where(UserProfile.id == int(who))) if who.isdecimal() else None
            if found is None:
                raise Refusal(
                    _("Choose a person of your part of the tree.", "请选择您权限范围内的人员。"), "inspector_id"
                )
            inspector = found
        done = choose_rooms(own, plan, keys, inspector)
        own.commit()
        flash(
            say(
                _(
                    "{added} rooms put in, {assigned} assigned anew.", "已加入 {added} 套，改派验房人 {assigned} 套。"
                ).fill(**done)
            ),
            "ok",
        )
        return redirect(f"/inspection_plan/show/{plan.id}", 303)


__all__ = ["InspectionRoomsView", "plan_of"]
