"""A unit (单元): one stair of a building."""

from __future__ import annotations

from sqlalchemy.orm import Mapped

from models.kernel import Screen, Table, _, integer, ref, section, text, through


class Unit(Table):
    """A stair or entrance of a building."""

    owned = through("building_id")
    screen = Screen(
        label=_("Unit", "单元"),
        plural=_("Units", "单元"),
        icon="stairs",
        key=("building_id", "name"),
        title=("building_id", "name"),
        listed=("project", "building.name", "name", "lifts", "homes_per_floor"),
        searched=("name",),
        order=("created_at", "id"),
        sections=(section(_("Unit", "单元"), "building_id", "name", "lifts", "homes_per_floor"),),
        children=(("room", "unit_id"),),
    )

    building_id: Mapped[int] = ref("building", _("Building", "楼栋"))
    name: Mapped[str] = text(_("Name", "单元名称"), 40)
    lifts: Mapped[int | None] = integer(_("Lifts", "电梯数"))
    homes_per_floor: Mapped[int | None] = integer(_("Homes per floor", "每层户数"))
