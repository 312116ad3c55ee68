"""A project (项目概况): what a company builds, sells and hands over; the owner of most rows (S09, S19)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from sqlalchemy.orm import Mapped, Session

from models.kernel import (
    ADMINS,
    Refusal,
    Rights,
    Screen,
    Table,
    _,
    day,
    decimal,
    integer,
    prose,
    ref,
    section,
    text,
    tree,
)
from models.kernel.actor import Actor


class Project(Table):
    """A project of a company."""

    owned = tree(above="company_id")
    screen = Screen(
        label=_("Project", "项目"),
        plural=_("Projects", "项目概况"),
        icon="buildings",
        key=("company_id", "code"),
        title=("name",),
        listed=("code", "name", "company", "city", "households", "contract_handover_on"),
        searched=("name", "code", "city", "address"),
        sections=(
            section(_("Project", "项目"), "company_id", "code", "name", "promoted_name"),
            section(_("Place", "位置"), "city", "area_code", "address"),
            section(
                _("Size and dates", "规模与日期"),
                "floor_area",
                "households",
                "contract_handover_on",
                "go_live_on",
                "property_fee",
            ),
            section(_("Remarks", "备注"), "remark"),
        ),
        rights=Rights(write=ADMINS, delete=ADMINS, import_=ADMINS),
        children=(("building", "project_id"), ("house_type", "project_id"), ("project_permit", "project_id")),
    )

    company_id: Mapped[int] = ref("company", _("Company", "公司"))
    code: Mapped[str] = text(_("Code", "编码"), 20)
    name: Mapped[str] = text(_("Name", "项目名称"), 100)
    promoted_name: Mapped[str | None] = text(_("Promoted name", "推广名"), 100)
    city: Mapped[str | None] = text(_("City", "城市"), 40)
    area_code: Mapped[str | None] = text(
        _("Administrative code", "行政区划代码"), 6, hint=_("Six digits, GB/T 2260.", "六位数字，GB/T 2260。")
    )
    address: Mapped[str | None] = text(_("Address", "地址"), 200)
    floor_area: Mapped[Decimal | None] = decimal(_("Floor area", "总建筑面积"), 14, 2, unit=_("m²", "㎡"))
    households: Mapped[int | None] = integer(_("Households", "总户数"), unit=_("homes", "户"))
    contract_handover_on: Mapped[date | None] = day(_("Contract handover date", "合同交付日期"))
    go_live_on: Mapped[date | None] = day(
        _("Go-live", "系统上线日期"),
        hint=_("Parameters are to be ready six days before (R02).", "参数须在上线前 6 天准备完成。"),
    )
    property_fee: Mapped[Decimal | None] = decimal(
        _("Property fee", "物业费"), 8, 2, unit=_("yuan/m² a month", "元/㎡·月")
    )
    remark: Mapped[str | None] = prose(_("Remarks", "备注"))

    def faults(self, session: Session, actor: Actor) -> Iterable[Refusal]:
        """An administrative code is six digits (domain_facts 6.3)."""
        if self.area_code and not (len(self.area_code) == 6 and self.area_code.isdigit()):
            yield Refusal(
                _("An administrative code is six digits, such as 330106.", "行政区划代码为六位数字，例如 330106。"),
                "area_code",
            )
