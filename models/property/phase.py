"""A phase (分期) of a project."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Mapped

from models.kernel import Screen, Table, _, by_project, day, integer, section, text


class Phase(Table):
    """A part of a project that is built and handed over together."""

    owned = by_project()
    screen = Screen(
        label=_("Phase", "分期"),
        plural=_("Phases", "项目分期"),
        icon="timeline",
        key=("project_id", "name"),
        title=("name",),
        listed=("project", "name", "place", "starts_on", "handover_on"),
        searched=("name",),
        sections=(section(_("Phase", "分期"), "project_id", "name", "place", "starts_on", "handover_on"),),
        children=(("building", "phase_id"),),
    )

    name: Mapped[str] = text(_("Name", "分期名称"), 40)
    place: Mapped[int | None] = integer(_("Order", "序号"))
    starts_on: Mapped[date | None] = day(_("Construction starts", "开工日期"))
    handover_on: Mapped[date | None] = day(_("Planned handover", "计划交付日期"))
