"""The pattern rooms were generated from (房源生成规则): one row a run, the newest is the one a project goes on with."""

from __future__ import annotations

from sqlalchemy import Integer, Text
from sqlalchemy.orm import Mapped

from models.kernel import Rights, Screen, Table, _, by_project, kept, section


class RoomPattern(Table):
    """One run of the generator. Written by the area's rules, never by hand, and never changed afterwards."""

    owned = by_project()
    screen = Screen(
        label=_("Generation of rooms", "房源生成记录"),
        plural=_("Generations of rooms", "房源生成记录"),
        icon="building-plus",
        key=(),
        title=("project_id",),
        listed=("project", "buildings", "added", "changed", "created_at"),
        sections=(section(_("Generation", "生成"), "project_id", "buildings", "added", "changed", "pattern"),),
        rights=Rights(write=(), delete=(), import_=()),
        menu=False,
        noted=_(
            "Rooms are generated from the record of a project.",
            "请在项目页面中点击“房源生成”。",
        ),
    )

    buildings: Mapped[int] = kept(_("Buildings", "楼栋数"), Integer, "integer")
    added: Mapped[int] = kept(_("Rooms added", "新增房间"), Integer, "integer")
    changed: Mapped[int] = kept(_("Rooms changed", "更新房间"), Integer, "integer")
    pattern: Mapped[str] = kept(_("Pattern", "房源规则"), Text, "prose")
