"""The progress of a building's construction (单体工程进度, S11)."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Mapped

from models.kernel import Options, Screen, Table, _, choice, day, prose, ref, section, through


class Stage(Options):
    """Stages of construction."""

    FOUNDATION = "foundation", _("Foundation", "基础施工"), "grey"
    STRUCTURE = "structure", _("Structure", "主体施工"), "amber"
    TOPPED_OUT = "topped_out", _("Topped out", "主体封顶"), "blue"
    FITTING = "fitting", _("Fitting out", "装饰装修"), "purple"
    SITE_WORKS = "site_works", _("Site works", "园林配套"), "lime"
    ACCEPTED = "accepted", _("Completion accepted", "竣工验收"), "green"


class BuildingProgress(Table):
    """What stage a building reached when."""

    owned = through("building_id")
    screen = Screen(
        label=_("Building progress", "单体工程进度"),
        plural=_("Building progress", "单体工程进度"),
        icon="crane",
        key=("building_id", "stage"),
        title=("building_id", "stage"),
        listed=("building", "stage", "from_day", "until_day", "note"),
        sections=(section(_("Progress", "进度"), "building_id", "stage", "from_day", "until_day", "note"),),
    )

    building_id: Mapped[int] = ref("building", _("Building", "楼栋"))
    stage: Mapped[str] = choice(_("Stage", "进度阶段"), Stage)
    from_day: Mapped[date | None] = day(_("From", "开始日期"))
    until_day: Mapped[date | None] = day(_("Until", "完成日期"))
    note: Mapped[str | None] = prose(_("Note", "完成情况"))
