"""A building (楼栋) of a project."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Mapped

from models.kernel import Screen, Table, _, by_project, day, integer, ref, section, text


class Building(Table):
    """A building; its units and rooms may be generated from a pattern (房源生成)."""

    owned = by_project()
    screen = Screen(
        label=_("Building", "楼栋"),
        plural=_("Buildings", "楼栋"),
        icon="building",
        key=("project_id", "name"),
        title=("project_id", "name"),
        listed=("project", "phase", "name", "floors", "completion_accepted_on"),
        searched=("name",),
        order=("created_at", "id"),
        sections=(
            section(_("Building", "楼栋"), "project_id", "phase_id", "name", "floors", "completion_accepted_on"),
        ),
        children=(("unit", "building_id"), ("building_progress", "building_id")),
    )

    phase_id: Mapped[int | None] = ref("phase", _("Phase", "分期"))
    name: Mapped[str] = text(_("Name", "楼栋名称"), 40)
    floors: Mapped[int | None] = integer(_("Floors", "层数"))
    completion_accepted_on: Mapped[date | None] = day(_("Completion accepted on", "竣工验收日期"))
