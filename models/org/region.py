"""A region (区域) of the group."""

from __future__ import annotations

from sqlalchemy.orm import Mapped

from models.kernel import Rights, Screen, Table, _, ref, section, text, tree


class Region(Table):
    """A region of the group, with its own administrator."""

    owned = tree(above="group_id")
    screen = Screen(
        label=_("Region", "区域"),
        plural=_("Regions", "区域"),
        icon="map",
        key=("group_id", "code"),
        title=("name",),
        listed=("code", "name", "group", "address", "phone"),
        searched=("name", "code"),
        sections=(section(_("Region", "区域"), "group_id", "code", "name", "address", "phone"),),
        rights=Rights(write=("group_admin",), delete=("group_admin",), import_=("group_admin",)),
        children=(("company", "region_id"),),
    )

    group_id: Mapped[int] = ref("group", _("Group", "集团"))
    code: Mapped[str] = text(_("Code", "编码"), 20)
    name: Mapped[str] = text(_("Name", "名称"), 100)
    address: Mapped[str | None] = text(_("Address", "地址"), 200)
    phone: Mapped[str | None] = text(_("Telephone", "联系电话"), 40)
