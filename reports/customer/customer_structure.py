"""Who owns the homes (客户分类统计; S12, S20 analysis)."""

from __future__ import annotations

from models.customer.customer import CertificateKind, Customer, CustomerKind, Gender, Level, Source
from models.customer.ownership import Ownership, Use
from models.kernel.words import _
from models.property.building import Building
from models.property.room import Room
from models.property.unit import Unit
from reports.kernel.report import Chart, Dimension, Report, declare, distinct, mean, percent

CUSTOMERS = (Customer, Ownership.customer_id)

BUILDING = Dimension(
    "building",
    _("Building", "楼栋"),
    Unit.building_id,
    joins=((Room, Room.id == Ownership.room_id), (Unit, Unit.id == Room.unit_id)),
    target=Building,
)

CUSTOMER_STRUCTURE = declare(
    Report(
        name="customer_structure",
        title=_("Owners by kind", "客户分类统计"),
        definition=_(
            "Owners of today. A customer with several homes is counted once on each line and once in the total, so lines may add "
            "up to more than the total.",
            "统计现业主。同一客户拥有多套房源时，在每一行及合计中各只计一次，因此各行之和可能大于合计。",
        ),
        area="customer",
        entity=Ownership,
        building=BUILDING,
        joins=((Customer, Customer.id == Ownership.customer_id),),
        base=Ownership.until_day.is_(None),
        figures=(
            distinct("customers", _("Customers", "客户数"), Ownership.customer_id, rows=CUSTOMERS),
            distinct("homes", _("Homes", "房源数"), Ownership.room_id, rows=(Room, Ownership.room_id)),
            mean("each", _("Homes each", "户均房源"), "homes", "customers"),
            distinct(
                "companies",
                _("Companies", "企业客户"),
                Ownership.customer_id,
                Customer.kind == CustomerKind.COMPANY,
                rows=CUSTOMERS,
            ),
            percent("company_share", _("Companies of all", "企业占比"), "companies", "customers"),
            distinct("vip", Level.VIP.words, Ownership.customer_id, Customer.level == Level.VIP, rows=CUSTOMERS),
            distinct(
                "sensitive",
                Level.SENSITIVE.words,
                Ownership.customer_id,
                Customer.level == Level.SENSITIVE,
                rows=CUSTOMERS,
            ),
        ),
        dimensions=(
            Dimension("kind", _("Kind", "客户类别"), Customer.kind, options=CustomerKind),
            Dimension("level", _("Level", "客户级别"), Customer.level, options=Level),
            Dimension("gender", _("Gender", "性别"), Customer.gender, options=Gender),
            Dimension("use", _("Use", "房屋使用"), Ownership.use, options=Use),
            Dimension("source", _("Source", "来源"), Customer.source, options=Source),
            Dimension("cert_kind", _("Certificate", "证件类型"), Customer.cert_kind, options=CertificateKind),
        ),
        chart=Chart("bar", ("customers",)),
        icon="users-group",
        order=20,
    )
)
