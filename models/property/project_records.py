"""The papers of a project that have no life of their own (S11): one file, one small table each.

The permits and the progress of buildings have files of their own; what is here is entered once and looked up.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy.orm import Mapped

from models.kernel import Options, Screen, Table, _, by_project, choice, day, flag, integer, money, prose, section, text


class ProjectMortgage(Table):
    """A mortgage on the project's land (土地抵押信息)."""

    owned = by_project()
    screen = Screen(
        label=_("Land mortgage", "土地抵押"),
        plural=_("Land mortgages", "土地抵押信息"),
        icon="building-bank",
        key=("project_id", "contract_no"),
        title=("contract_no",),
        listed=("project", "contract_no", "bank", "amount", "from_day", "until_day", "released_on"),
        searched=("contract_no", "bank"),
        sections=(
            section(
                _("Mortgage", "抵押"),
                "project_id",
                "contract_no",
                "bank",
                "amount",
                "from_day",
                "until_day",
                "released_on",
            ),
        ),
        menu=False,
    )

    contract_no: Mapped[str] = text(_("Contract number", "抵押合同号"), 60)
    bank: Mapped[str] = text(_("Bank", "抵押权人"), 100)
    amount: Mapped[Decimal | None] = money(_("Amount", "抵押金额"), unit=_("yuan", "元"))
    from_day: Mapped[date | None] = day(_("From", "起始日期"))
    until_day: Mapped[date | None] = day(_("Until", "截止日期"))
    released_on: Mapped[date | None] = day(_("Released on", "解押日期"))


class ProjectFiling(Table):
    """A paper the authority received for the project (项目收件信息)."""

    owned = by_project()
    screen = Screen(
        label=_("Paper filed", "项目收件"),
        plural=_("Papers filed", "项目收件信息"),
        icon="inbox",
        key=("project_id", "name"),
        title=("name",),
        listed=("project", "name", "copies", "original", "received_on", "place"),
        searched=("name",),
        sections=(section(_("Paper", "收件"), "project_id", "name", "copies", "original", "received_on", "place"),),
        menu=False,
    )

    name: Mapped[str] = text(_("Paper", "资料名称"), 100)
    copies: Mapped[int | None] = integer(_("Copies", "份数"))
    original: Mapped[bool] = flag(_("Original", "是否原件"))
    received_on: Mapped[date | None] = day(_("Received on", "收件日期"))
    place: Mapped[str | None] = text(_("Kept at", "存放位置"), 100)


class PartyKind(Options):
    """Who works for the project."""

    SALES = "sales", _("Sales department", "销售部门")
    PROPERTY = "property", _("Property company", "物业公司")
    AGENCY = "agency", _("Sales agency", "代理公司")


class ProjectParty(Table):
    """The sales department or property company of a project (销售部门及物业公司信息)."""

    owned = by_project()
    screen = Screen(
        label=_("Sales or property company", "销售与物业单位"),
        plural=_("Sales and property companies", "销售部门及物业公司"),
        icon="users-group",
        key=("project_id", "kind", "name"),
        title=("name",),
        listed=("project", "kind", "name", "contact", "phone", "address"),
        searched=("name", "contact"),
        sections=(section(_("Company", "单位"), "project_id", "kind", "name", "contact", "phone", "address"),),
        menu=False,
    )

    kind: Mapped[str] = choice(_("Kind", "类别"), PartyKind)
    name: Mapped[str] = text(_("Name", "单位名称"), 100)
    contact: Mapped[str | None] = text(_("Contact", "联系人"), 40)
    phone: Mapped[str | None] = text(_("Telephone", "联系电话"), 40)
    address: Mapped[str | None] = text(_("Address", "地址"), 200)


class ProjectSupervision(Table):
    """The engineer who supervises the works (项目监理事项)."""

    owned = by_project()
    screen = Screen(
        label=_("Supervision", "项目监理"),
        plural=_("Supervision", "项目监理事项"),
        icon="helmet",
        key=("project_id", "company", "scope"),
        title=("company",),
        listed=("project", "company", "scope", "engineer", "from_day", "until_day"),
        searched=("company", "engineer"),
        sections=(
            section(
                _("Supervision", "监理"), "project_id", "company", "scope", "engineer", "phone", "from_day", "until_day"
            ),
        ),
        menu=False,
    )

    company: Mapped[str] = text(_("Company", "监理单位"), 100)
    scope: Mapped[str] = text(_("Scope", "监理范围"), 200)
    engineer: Mapped[str | None] = text(_("Chief engineer", "总监理工程师"), 40)
    phone: Mapped[str | None] = text(_("Telephone", "联系电话"), 40)
    from_day: Mapped[date | None] = day(_("From", "开始日期"))
    until_day: Mapped[date | None] = day(_("Until", "结束日期"))


class ProjectDemolition(Table):
    """A demolition on the project's land (项目拆迁记录)."""

    owned = by_project()
    screen = Screen(
        label=_("Demolition", "项目拆迁"),
        plural=_("Demolitions", "项目拆迁记录"),
        icon="shovel",
        key=("project_id", "permit_no"),
        title=("permit_no",),
        listed=("project", "permit_no", "households", "area_note", "finished_on", "compensation"),
        searched=("permit_no",),
        sections=(
            section(
                _("Demolition", "拆迁"),
                "project_id",
                "permit_no",
                "households",
                "area_note",
                "compensation",
                "finished_on",
            ),
        ),
        menu=False,
    )

    permit_no: Mapped[str] = text(_("Permit number", "拆迁许可证号"), 80)
    households: Mapped[int | None] = integer(_("Households", "拆迁户数"))
    area_note: Mapped[str | None] = text(_("Area", "拆迁范围"), 200)
    compensation: Mapped[Decimal | None] = money(_("Compensation", "补偿金额"), unit=_("yuan", "元"))
    finished_on: Mapped[date | None] = day(_("Finished on", "完成日期"))


class ProjectFacility(Table):
    """Infrastructure and public facilities to be built (基础设施和公共建设事项)."""

    owned = by_project()
    screen = Screen(
        label=_("Public facility", "配套设施"),
        plural=_("Infrastructure and facilities", "基础设施和公共建设事项"),
        icon="building-community",
        key=("project_id", "name"),
        title=("name",),
        listed=("project", "name", "promised_on", "finished_on", "note"),
        searched=("name",),
        sections=(section(_("Facility", "设施"), "project_id", "name", "promised_on", "finished_on", "note"),),
        menu=False,
    )

    name: Mapped[str] = text(_("Facility", "设施名称"), 100)
    promised_on: Mapped[date | None] = day(_("Promised by", "承诺完成日期"))
    finished_on: Mapped[date | None] = day(_("Finished on", "实际完成日期"))
    note: Mapped[str | None] = prose(_("Note", "说明"))


class ProjectTax(Table):
    """A tax or fee the project paid (项目纳税及缴费记录)."""

    owned = by_project()
    screen = Screen(
        label=_("Tax or fee", "纳税缴费"),
        plural=_("Taxes and fees", "项目纳税及缴费记录"),
        icon="receipt-tax",
        key=("project_id", "receipt_no"),
        title=("receipt_no",),
        listed=("project", "item", "amount", "paid_on", "receipt_no"),
        searched=("item", "receipt_no"),
        sections=(section(_("Payment", "缴费"), "project_id", "item", "amount", "paid_on", "receipt_no"),),
        menu=False,
    )

    item: Mapped[str] = text(_("Item", "税费项目"), 60)
    amount: Mapped[Decimal] = money(_("Amount", "金额"), unit=_("yuan", "元"))
    paid_on: Mapped[date | None] = day(_("Paid on", "缴纳日期"))
    receipt_no: Mapped[str] = text(_("Receipt number", "票据号"), 60)


class AcceptanceResult(Options):
    """What came of an acceptance."""

    PASSED = "passed", _("Passed", "合格"), "green"
    CONDITIONAL = "conditional", _("Passed with conditions", "整改后合格"), "amber"
    FAILED = "failed", _("Failed", "不合格"), "red"


class ProjectAcceptance(Table):
    """An acceptance the project went through (项目验收记录)."""

    owned = by_project()
    screen = Screen(
        label=_("Acceptance", "项目验收"),
        plural=_("Acceptances", "项目验收记录"),
        icon="clipboard-check",
        key=("project_id", "name", "accepted_on"),
        title=("name",),
        listed=("project", "name", "accepted_on", "result", "organiser", "number"),
        searched=("name", "number"),
        sections=(
            section(
                _("Acceptance", "验收"), "project_id", "name", "accepted_on", "result", "organiser", "number", "note"
            ),
        ),
        menu=False,
    )

    name: Mapped[str] = text(_("Acceptance", "验收项目"), 100)
    accepted_on: Mapped[date] = day(_("Date", "验收日期"))
    result: Mapped[str] = choice(_("Result", "验收结果"), AcceptanceResult)
    organiser: Mapped[str | None] = text(_("Organised by", "组织单位"), 100)
    number: Mapped[str | None] = text(_("Filing number", "备案号"), 80)
    note: Mapped[str | None] = prose(_("Note", "说明"))
