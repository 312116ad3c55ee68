"""A department (部门), which may hang under any place of the tree (S19 单位管理)."""

from __future__ import annotations

from sqlalchemy.orm import Mapped

from models.kernel import Screen, Table, _, ref, section, text, tree


class Department(Table):
    """A department of the group, a region, a company, a project or another department."""

    owned = tree(above="parent_node_id")
    screen = Screen(
        label=_("Department", "部门"),
        plural=_("Departments", "部门"),
        icon="users-group",
        key=("parent_node_id", "name"),
        title=("name",),
        listed=("name", "parent_node", "head", "phone"),
        searched=("name", "head"),
        sections=(section(_("Department", "部门"), "parent_node_id", "name", "head", "phone"),),
    )

    parent_node_id: Mapped[int] = ref("node", _("Parent", "上级单位"))
    name: Mapped[str] = text(_("Name", "名称"), 100)
    head: Mapped[str | None] = text(_("Head", "负责人"), 40)
    phone: Mapped[str | None] = text(_("Telephone", "联系电话"), 40)
