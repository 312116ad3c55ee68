"""What is missing in the books of homes, with the way to the homes to mend (数据质量; S05, R26)."""

from __future__ import annotations

from sqlalchemy import and_, or_, select

from models.customer.ownership import Ownership
from models.kernel.words import _
from models.property.room import Room, SaleState
from reports.kernel.report import Chart, Report, count, declare, percent
from reports.property.room_inventory import BUILDING

OWNED = select(Ownership.id).where(Ownership.room_id == Room.id, Ownership.until_day.is_(None)).exists()

NO_AREA = or_(Room.presale_area.is_(None), Room.presale_area <= 0)
NO_TYPE = Room.house_type_id.is_(None)
NO_OWNER = and_(Room.sale_state == SaleState.SIGNED, ~OWNED)
STRANGE_OWNER = and_(Room.sale_state.in_((SaleState.FOR_SALE, SaleState.HELD)), OWNED)

DATA_QUALITY = declare(
    Report(
        name="data_quality",
        title=_("What is missing in the books of homes", "房源数据质量"),
        definition=_(
            "Homes that lack a presale area or a house type, that are signed for without an owner today, or that are for sale "
            "though somebody owns them. A home with two faults is counted under both, and once among those to mend.",
            "统计缺少预售面积或户型、已签约但无现业主、以及待售或销控却登记了业主的房源。同一房源有多项问题时分别计入各项，"
            "在“待完善房源”中只计一次。",
        ),
        area="property",
        entity=Room,
        building=BUILDING,
        figures=(
            count("homes", _("Homes", "房源总数")),
            count("no_area", _("Without area", "缺预售面积"), NO_AREA, late=True),
            count("no_type", _("Without house type", "缺户型"), NO_TYPE, late=True),
            count("no_owner", _("Signed, no owner", "已签约无业主"), NO_OWNER, late=True),
            count("strange_owner", _("For sale, but owned", "未售却有业主"), STRANGE_OWNER, late=True),
            count(
                "to_mend", _("Homes to mend", "待完善房源"), or_(NO_AREA, NO_TYPE, NO_OWNER, STRANGE_OWNER), late=True
            ),
            percent("faulty", _("Share to mend", "待完善占比"), "to_mend", "homes", low=True),
        ),
        chart=Chart("bar", ("no_area", "no_type", "no_owner", "strange_owner")),
        icon="checklist",
        order=30,
    )
)
