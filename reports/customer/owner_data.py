"""Whether owners' data are complete before handover (业主资料完整率; R26: a week before delivery)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, or_

from models.customer.customer import Customer, Level
from models.customer.ownership import Ownership
from models.kernel.words import _
from reports.customer.customer_structure import BUILDING, CUSTOMERS
from reports.kernel.report import Chart, Dimension, Report, declare, distinct, percent

_customer: Any = Customer  # its blind indexes are derived
NO_MOBILE = _customer.mobile_blind.is_(None)
NO_CERTIFICATE = _customer.cert_no_blind.is_(None)
COMPLETE = and_(_customer.mobile_blind.is_not(None), _customer.cert_no_blind.is_not(None))

OWNER_DATA = declare(
    Report(
        name="owner_data",
        title=_("Completeness of owners' data", "业主资料完整率"),
        definition=_(
            "Owners of today without a mobile number or without a certificate number. Owners' data ought to be complete a week before "
            "delivery.",
            "统计现业主中缺少手机号或证件号码的客户。新小区的业主资料应在交付前一周完善。",
        ),
        area="customer",
        entity=Ownership,
        building=BUILDING,
        joins=((Customer, Customer.id == Ownership.customer_id),),
        base=Ownership.until_day.is_(None),
        figures=(
            distinct("owners", _("Owners", "业主数"), Ownership.customer_id, rows=CUSTOMERS),
            distinct("no_mobile", _("No mobile", "缺手机号"), Ownership.customer_id, NO_MOBILE, rows=CUSTOMERS),
            distinct(
                "no_certificate", _("No certificate", "缺证件号"), Ownership.customer_id, NO_CERTIFICATE, rows=CUSTOMERS
            ),
            distinct(
                "to_mend",
                _("To complete", "待完善"),
                Ownership.customer_id,
                or_(NO_MOBILE, NO_CERTIFICATE),
                rows=CUSTOMERS,
            ),
            distinct("complete", _("Complete", "资料完整"), Ownership.customer_id, COMPLETE, rows=CUSTOMERS),
            percent("rate", _("Completeness", "完整率"), "complete", "owners"),
        ),
        dimensions=(Dimension("level", _("Level", "客户级别"), Customer.level, options=Level),),
        chart=Chart("stack", ("complete", "to_mend")),
        icon="id",
        order=40,
    )
)
