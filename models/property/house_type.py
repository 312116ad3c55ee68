"""A house type (户型) and its parts (户型部位)."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy.orm import Mapped

from models.kernel import Screen, Table, _, by_project, decimal, integer, ref, section, text, through


class HouseType(Table):
    """A layout of homes in a project."""

    owned = by_project()
    screen = Screen(
        label=_("House type", "户型"),
        plural=_("House types", "户型"),
        icon="layout-board",
        key=("project_id", "name"),
        title=("name",),
        listed=("project", "name", "rooms", "presale_area", "facing"),
        searched=("name", "rooms"),
        sections=(section(_("House type", "户型"), "project_id", "name", "rooms", "presale_area", "facing"),),
        children=(("house_type_part", "house_type_id"),),
    )

    name: Mapped[str] = text(_("Name", "户型名称"), 40)
    rooms: Mapped[str | None] = text(_("Rooms", "房型"), 40, hint=_("Such as 3-2-2.", "例如：三室两厅两卫"))
    presale_area: Mapped[Decimal | None] = decimal(_("Presale area", "预售面积"), 10, 2, unit=_("m²", "㎡"))
    facing: Mapped[str | None] = text(_("Facing", "朝向"), 20)


class HouseTypePart(Table):
    """A part of a layout, such as the living room, with its place on the plan (x and y in per cent of the picture)."""

    owned = through("house_type_id")
    screen = Screen(
        label=_("Part of a house type", "户型部位"),
        plural=_("Parts of house types", "户型部位"),
        icon="layout",
        key=("house_type_id", "name"),
        title=("name",),
        listed=("house_type", "name", "area", "plan_x", "plan_y"),
        searched=("name",),
        sections=(section(_("Part", "部位"), "house_type_id", "name", "area", "plan_x", "plan_y"),),
        menu=False,
    )

    house_type_id: Mapped[int] = ref("house_type", _("House type", "户型"))
    name: Mapped[str] = text(_("Part", "部位"), 40)
    area: Mapped[Decimal | None] = decimal(_("Area", "面积"), 8, 2, unit=_("m²", "㎡"))
    plan_x: Mapped[int | None] = integer(_("Place on the plan, x", "平面图横坐标"), unit=_("%", "%"))
    plan_y: Mapped[int | None] = integer(_("Place on the plan, y", "平面图纵坐标"), unit=_("%", "%"))
