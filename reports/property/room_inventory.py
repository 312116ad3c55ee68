"""How many homes there are, how they stand in sale and handover (房源统计; S09 home figures, S12)."""

from __future__ import annotations

from sqlalchemy import or_

from models.kernel.words import _
from models.property.building import Building
from models.property.house_type import HouseType
from models.property.room import HandoverState, Room, SaleState, TitleState
from models.property.unit import Unit
from reports.kernel.report import Chart, Dimension, Report, count, declare, percent, total

TAKEN_OVER = or_(
    Room.handover_state == HandoverState.ACCEPTED, Room.handover_state == HandoverState.ACCEPTED_WITH_DEFECTS
)

BUILDING = Dimension(
    "building", _("Building", "楼栋"), Unit.building_id, joins=((Unit, Unit.id == Room.unit_id),), target=Building
)

ROOM_INVENTORY = declare(
    Report(
        name="room_inventory",
        title=_("Homes by sale and handover", "房源统计"),
        definition=_(
            "All homes on the books as they stand now, by state of sale and handover. Handover rate: homes taken over, with or "
            "without repairs due, among those signed for.",
            "按当前销售状态和交付状态统计台账中的全部房源。交付率 = 已接收（含先接收须调整）的房源 ÷ 已签约房源。",
        ),
        area="property",
        entity=Room,
        building=BUILDING,
        figures=(
            count("homes", _("Homes", "房源总数")),
            count("for_sale", SaleState.FOR_SALE.words, Room.sale_state == SaleState.FOR_SALE),
            count("held", SaleState.HELD.words, Room.sale_state == SaleState.HELD),
            count("subscribed", SaleState.SUBSCRIBED.words, Room.sale_state == SaleState.SUBSCRIBED),
            count("signed", SaleState.SIGNED.words, Room.sale_state == SaleState.SIGNED),
            count("returned", SaleState.RETURNED.words, Room.sale_state == SaleState.RETURNED),
            percent("sold", _("Signed of all", "签约率"), "signed", "homes"),
            count("taken", _("Taken over", "已接收"), (Room.sale_state == SaleState.SIGNED) & TAKEN_OVER),
            count(
                "refused",
                HandoverState.REFUSED.words,
                Room.handover_state == HandoverState.REFUSED,
                late=True,
            ),
            percent("handed", _("Handover rate", "交付率"), "taken", "signed"),
            total("area", _("Presale area", "预售面积"), Room.presale_area, unit=_("m²", "㎡")),
        ),
        dimensions=(
            Dimension("sale_state", _("Sale", "销售状态"), Room.sale_state, options=SaleState),
            Dimension("handover_state", _("Handover", "交付状态"), Room.handover_state, options=HandoverState),
            Dimension("title_state", _("Title", "产权状态"), Room.title_state, options=TitleState),
            Dimension("house_type", _("House type", "户型"), Room.house_type_id, target=HouseType),
            Dimension("floor", _("Floor", "楼层"), Room.floor),
        ),
        chart=Chart("stack", ("for_sale", "held", "subscribed", "signed", "returned")),
        icon="building-community",
        order=10,
    )
)
