"""Key nodes a project passes (关键节点选项, S02 ch. 3): defined by the group, in the order of the project's phases."""

from __future__ import annotations

import re

from sqlalchemy.orm import Mapped

from models.kernel import Options, Rights, Screen, _, choice, integer, section, text
from models.kernel.parameter import IN_FORCE, Parameter


class NodePhase(Options):
    """The part of a project's life a review belongs to."""

    PRESALE = "presale", _("Before presale", "预售前"), "blue"
    SALES = "sales", _("Sales", "销售期"), "teal"
    BUILDING = "building", _("Construction", "施工期"), "amber"
    HANDOVER = "handover", _("Handover", "交付期"), "green"


class KeyNodeDef(Parameter):
    """A review every project passes, from the day it is defined: running projects get it too."""

    screen = Screen(
        label=_("Key node definition", "关键节点选项"),
        plural=_("Key node definitions", "关键节点选项"),
        icon="flag-cog",
        key=("from_day", "node_id", "code"),
        title=("name",),
        listed=("sort", "code", "name", "short_name", "phase", "days_before", "required_files", "node", "enabled"),
        searched=("name", "code"),
        order=("sort", "code", "id"),
        sections=(
            section(
                _("Key node", "关键节点"),
                "code",
                "name",
                "short_name",
                "phase",
                "days_before",
                "required_files",
                "sort",
            ),
            IN_FORCE,
        ),
        rights=Rights(write=("group_admin",), delete=("group_admin",), import_=("group_admin",)),
    )

    name: Mapped[str] = text(_("Name", "节点名称"), 80)
    short_name: Mapped[str | None] = text(
        _("Short name", "简称"), 12, hint=_("Heads the column of the matrix.", "用作矩阵的列标题。")
    )
    phase: Mapped[str] = choice(_("Phase", "所属阶段"), NodePhase)
    days_before: Mapped[int | None] = integer(
        _("Planned", "计划提前"),
        unit=_("days before the contract handover date", "天（合同交付日期之前）"),
        hint=_(
            "Gives the planned date of projects whose contract handover date is known.",
            "据项目合同交付日期推算计划完成日期。",
        ),
    )
    required_files: Mapped[str | None] = text(
        _("Files required", "必备附件"),
        200,
        hint=_(
            "Names with commas between them: review sheet, minutes.", "多个名称用顿号分隔，例如：评审表、会议纪要。"
        ),
    )

    def files(self) -> list[str]:
        """Returns the names of the files that must be there before it is done."""
        return [name.strip() for name in re.split(r"[、,，;；\n]", self.required_files or "") if name.strip()]
