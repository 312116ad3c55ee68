"""A company (公司) of a region: the level that runs projects and employs the clerks."""

from __future__ import annotations

from sqlalchemy.orm import Mapped

from models.kernel import Screen, Table, _, ref, section, text, tree


class Company(Table):
    """A city or project company."""

    owned = tree(above="region_id")
    screen = Screen(
        label=_("Company", "公司"),
        plural=_("Companies", "公司"),
        icon="building-bank",
        key=("region_id", "code"),
        title=("name",),
        listed=("code", "name", "region", "city", "phone"),
        searched=("name", "code", "city"),
        sections=(
            section(_("Company", "公司"), "region_id", "code", "name", "full_name", "credit_code"),
            section(_("Contact", "联系方式"), "city", "address", "phone"),
        ),
        children=(("project", "company_id"),),
    )

    region_id: Mapped[int] = ref("region", _("Region", "区域"))
    code: Mapped[str] = text(_("Code", "编码"), 20)
    name: Mapped[str] = text(_("Name", "名称"), 100)
    full_name: Mapped[str | None] = text(_("Registered name", "工商全称"), 200)
    credit_code: Mapped[str | None] = text(_("Unified social credit code", "统一社会信用代码"), 18)
    city: Mapped[str | None] = text(_("City", "城市"), 40)
    address: Mapped[str | None] = text(_("Address", "地址"), 200)
    phone: Mapped[str | None] = text(_("Telephone", "联系电话"), 40)
