"""The scope of a handover plan (入伙范围): the project, its buildings, units, floors or single homes."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy.orm import Mapped, Session

from models.handover import PLANNERS
from models.handover.room_states import PlanState
from models.kernel import Options, Refusal, Rights, Screen, Table, _, choice, integer, ref, section, through
from models.kernel.actor import Actor
from models.kernel.registry import table


class ScopeKind(Options):
    """How much of the project one line of the scope takes in."""

    PROJECT = "project", _("Whole project", "整个项目")
    BUILDING = "building", _("Building", "楼栋")
    UNIT = "unit", _("Unit", "单元")
    FLOOR = "floor", _("Floor", "楼层")
    ROOM = "room", _("Room", "房间")


class HandoverScope(Table):
    """A line of a plan's scope. Lines may overlap; a home counts once."""

    owned = through("plan_id")
    screen = Screen(
        label=_("Scope line", "入伙范围"),
        plural=_("Scope lines", "入伙范围"),
        icon="map-pin",
        key=(),
        title=("kind",),
        listed=("plan.title", "kind", "building.name", "unit.name", "floor", "room"),
        order=("created_at", "id"),
        sections=(section(_("Scope", "范围"), "plan_id", "kind", "building_id", "unit_id", "floor", "room_id"),),
        rights=Rights(write=PLANNERS),
        menu=False,
    )

    plan_id: Mapped[int] = ref("handover_plan", _("Plan", "入伙计划"))
    kind: Mapped[str] = choice(_("Takes in", "范围类型"), ScopeKind, default=ScopeKind.PROJECT)
    building_id: Mapped[int | None] = ref("building", _("Building", "楼栋"))
    unit_id: Mapped[int | None] = ref("unit", _("Unit", "单元"))
    floor: Mapped[int | None] = integer(_("Floor", "楼层"))
    room_id: Mapped[int | None] = ref("room", _("Room", "房间"))

    def faults(self, session: Session, actor: Actor) -> Iterable[Refusal]:
        """It names what its kind takes in, of the plan's project, while the plan is a draft."""
        plan = session.get(table("handover_plan"), self.plan_id)
        if plan is not None and plan.state != PlanState.DRAFT and not actor.system:
            yield Refusal(
                _(
                    "The plan is released; its scope stays as it was. Add or take out single homes instead.",
                    "计划已发布，范围不再变更；可单独加入或移出房间。",
                ),
                "plan_id",
                code="plan_released",
                status=409,
            )
        for column in ("building_id", "unit_id", "floor", "room_id"):
            if column not in _ASKED.get(self.kind, ()) and getattr(self, column) is not None:
                yield Refusal(_("Leave this empty for this kind.", "此范围类型无需填写该项。"), column)
        for column in _ASKED.get(self.kind, ()):
            if getattr(self, column) is None:
                yield Refusal(_("Say which one.", "请选择具体对象。"), column, code="required")
            elif column != "floor" and _project_of(getattr(self, column.removesuffix("_id"), None)) not in (
                None,
                self.project_id,
            ):
                yield Refusal(_("This belongs to another project.", "该对象不属于计划所在项目。"), column)


_ASKED = {"building": ("building_id",), "unit": ("unit_id",), "floor": ("unit_id", "floor"), "room": ("room_id",)}


def _project_of(row: Table | None) -> int | None:
    return row.project_id if row is not None else None
