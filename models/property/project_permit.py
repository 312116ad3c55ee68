"""The five permits of a project (五证, S11, domain_facts 3)."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Mapped

from models.kernel import Options, Screen, Table, _, by_project, choice, day, ref, section, text


class PermitKind(Options):
    """The permits a project needs before it may sell."""

    LAND_USE = "land_use", _("Land use certificate", "国有土地使用证（不动产权证）")
    LAND_PLANNING = "land_planning", _("Land planning permit", "建设用地规划许可证")
    WORKS_PLANNING = "works_planning", _("Works planning permit", "建设工程规划许可证")
    CONSTRUCTION = "construction", _("Construction permit", "建筑工程施工许可证")
    PRESALE = "presale", _("Presale permit", "商品房预售许可证")


class ProjectPermit(Table):
    """A permit of a project or of one of its buildings."""

    owned = by_project()
    screen = Screen(
        label=_("Permit", "证件"),
        plural=_("Permits", "项目证件（五证）"),
        icon="certificate",
        key=("project_id", "kind", "number"),
        title=("number",),
        listed=("project", "kind", "number", "issued_on", "valid_until", "building.name", "issuer"),
        searched=("number", "issuer"),
        sections=(
            section(
                _("Permit", "证件"),
                "project_id",
                "kind",
                "number",
                "issued_on",
                "valid_until",
                "issuer",
                "building_id",
                "coverage",
            ),
        ),
    )

    kind: Mapped[str] = choice(_("Kind", "证件种类"), PermitKind)
    number: Mapped[str] = text(_("Number", "证号"), 80)
    issued_on: Mapped[date | None] = day(_("Issued on", "发证日期"))
    valid_until: Mapped[date | None] = day(_("Valid until", "有效期至"))
    issuer: Mapped[str | None] = text(_("Issuer", "发证机关"), 100)
    building_id: Mapped[int | None] = ref("building", _("Building", "楼栋"))
    coverage: Mapped[str | None] = text(_("Buildings covered", "楼栋范围"), 200)
