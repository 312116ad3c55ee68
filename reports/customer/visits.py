"""Care visits through time (客户拜访统计)."""

from __future__ import annotations

from models.customer.customer import Customer
from models.customer.visit_record import VisitRecord
from models.kernel.words import _
from reports.kernel.report import Chart, Report, count, declare, distinct, mean

VISITS = declare(
    Report(
        name="visits",
        title=_("Visits to customers", "客户拜访统计"),
        definition=_(
            "Visits by the day they took place. A customer who was visited several times is counted once among customers.",
            "按拜访日期统计拜访次数。同一客户多次拜访时，客户数只计一次。",
        ),
        area="customer",
        entity=VisitRecord,
        figures=(
            count("visits", _("Visits", "拜访次数")),
            distinct(
                "customers",
                _("Customers", "拜访客户数"),
                VisitRecord.customer_id,
                rows=(Customer, VisitRecord.customer_id),
            ),
            mean("each", _("Visits each", "人均拜访"), "visits", "customers"),
        ),
        when=VisitRecord.visited_at,
        standing="year",
        chart=Chart("line", ("visits", "customers")),
        icon="walk",
        order=60,
    )
)
