"""The group (集团): the top of the tree."""

from __future__ import annotations

from sqlalchemy.orm import Mapped

from models.kernel import Rights, Screen, Table, _, section, text, tree


class Group(Table):
    """A developer group. There is usually one."""

    owned = tree(above=None)
    screen = Screen(
        label=_("Group", "集团"),
        plural=_("Groups", "集团"),
        icon="building-skyscraper",
        key=("code",),
        title=("name",),
        listed=("code", "name", "address", "phone"),
        searched=("name", "code"),
        sections=(section(_("Group", "集团"), "code", "name", "address", "phone"),),
        rights=Rights(write=("group_admin",), delete=("group_admin",), import_=("group_admin",)),
        children=(("region", "group_id"),),
        noted=_("The top of the tree; everything else hangs below it.", "组织树的顶端，其他单位都在其下。"),
    )

    code: Mapped[str] = text(_("Code", "编码"), 20)
    name: Mapped[str] = text(_("Name", "名称"), 100)
    address: Mapped[str | None] = text(_("Address", "地址"), 200)
    phone: Mapped[str | None] = text(_("Telephone", "联系电话"), 40)
