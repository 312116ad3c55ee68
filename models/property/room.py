"""A room (房间): one home, one door, one book; and the history of its states (房态变更)."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from sqlalchemy import Index, inspect
from sqlalchemy.orm import Mapped, Session

from models.kernel import (
    Options,
    Refusal,
    Rights,
    Screen,
    Table,
    _,
    choice,
    decimal,
    integer,
    money,
    ref,
    section,
    text,
    through,
)
from models.kernel.actor import Actor
from models.kernel.guard import keep


class SaleState(Options):
    """Where the sale of a home stands (S02, S12)."""

    FOR_SALE = "for_sale", _("For sale", "待售"), "grey"
    HELD = "held", _("Held back", "销控"), "amber"
    SUBSCRIBED = "subscribed", _("Subscribed", "认购"), "blue"
    SIGNED = "signed", _("Signed", "签约"), "green"
    RETURNED = "returned", _("Returned", "退房"), "red"


class HandoverState(Options):
    """Where the handover of a home stands (D2 入伙房间)."""

    NOT_NOTIFIED = "not_notified", _("Not notified", "未通知"), "grey"
    NOTIFIED = "notified", _("Notified", "已通知"), "blue"
    ACCEPTED = "accepted", _("Accepted", "顺利接收"), "green"
    ACCEPTED_WITH_DEFECTS = "accepted_with_defects", _("Accepted with repairs due", "先接收须调整"), "lime"
    REFUSED = "refused", _("Refused", "拒绝接收"), "red"
    PENDING = "pending", _("Undecided", "待定"), "amber"


class TitleState(Options):
    """Where the title of a home stands (D2 产权)."""

    NOT_STARTED = "not_started", _("Not started", "未启动"), "grey"
    FEES_CLEARED = "fees_cleared", _("Fees cleared", "费用清"), "amber"
    PAPERS_COMPLETE = "papers_complete", _("Papers complete", "资料齐"), "blue"
    FILED = "filed", _("Filed", "已送件"), "purple"
    ISSUED = "issued", _("Issued", "已出证"), "teal"
    COLLECTED = "collected", _("Collected", "已领证"), "green"
    AT_BANK = "at_bank", _("Kept by the bank", "银行保管"), "lime"


LOGGED = ("sale_state", "handover_state", "title_state")


class Room(Table):
    """A home. Its project follows from its unit; its name is building, unit and number."""

    owned = through("unit_id")
    __table_args__ = (Index("ix_room_project_sale", "project_id", "sale_state"),)
    screen = Screen(
        label=_("Room", "房间"),
        plural=_("Rooms", "房间"),
        icon="door",
        key=("unit_id", "no"),
        title=("unit.building.name", "unit.name", "no"),
        listed=(
            "project",
            "unit.building.name",
            "unit.name",
            "no",
            "floor",
            "house_type.name",
            "presale_area",
            "sale_state",
            "handover_state",
            "title_state",
        ),
        searched=("no",),
        order=("created_at", "id"),
        sections=(
            section(_("Home", "房间"), "unit_id", "no", "floor", "storey", "line", "house_type_id", "facing"),
            section(
                _("Area and price", "面积与价格"),
                "presale_area",
                "actual_area",
                "inner_area",
                "unit_price",
                "total_price",
            ),
            section(_("State", "状态"), "sale_state", "handover_state", "title_state", "state_reason"),
        ),
        children=(("ownership", "room_id"), ("owner_archive", "room_id"), ("room_change_log", "room_id")),
        noted=_(
            "Generate homes from a pattern, or load a ledger from Excel.",
            "可按规则批量生成房源，也可从 Excel 台账导入。",
        ),
    )

    unit_id: Mapped[int] = ref("unit", _("Unit", "单元"))
    no: Mapped[str] = text(_("Number", "房号"), 20)
    floor: Mapped[int] = integer(_("Floor", "楼层"), hint=_("The floor as it is called.", "对外显示的楼层。"))
    storey: Mapped[int | None] = integer(
        _("Storey", "实际层"),
        hint=_("Counted from the ground, skipped floors included.", "按实际层数计，跳过的楼层号不影响。"),
    )
    line: Mapped[int | None] = integer(_("Line", "户线"))
    span: Mapped[int] = integer(_("Storeys spanned", "占用层数"), default=1)
    house_type_id: Mapped[int | None] = ref("house_type", _("House type", "户型"))
    facing: Mapped[str | None] = text(_("Facing", "朝向"), 20)
    presale_area: Mapped[Decimal | None] = decimal(_("Presale area", "预售面积"), 10, 2, unit=_("m²", "㎡"))
    actual_area: Mapped[Decimal | None] = decimal(_("Surveyed area", "实测面积"), 10, 2, unit=_("m²", "㎡"))
    inner_area: Mapped[Decimal | None] = decimal(_("Inner area", "套内面积"), 10, 2, unit=_("m²", "㎡"))
    unit_price: Mapped[Decimal | None] = money(_("Unit price", "单价"), unit=_("yuan/m²", "元/㎡"))
    total_price: Mapped[Decimal | None] = money(_("Total price", "总价"), unit=_("yuan", "元"))
    sale_state: Mapped[str] = choice(_("Sale", "销售状态"), SaleState, default=SaleState.FOR_SALE)
    handover_state: Mapped[str] = choice(_("Handover", "交付状态"), HandoverState, default=HandoverState.NOT_NOTIFIED)
    title_state: Mapped[str] = choice(_("Title", "产权状态"), TitleState, default=TitleState.NOT_STARTED)
    state_reason: Mapped[str | None] = text(
        _("Reason of the last change", "变更原因"), 200, hint=_("Kept in the history of states.", "记入房态变更记录。")
    )

    def derive(self, session: Session, actor: Actor) -> None:
        """Logs each change of a state with its reason (房态变更)."""
        if inspect(self).transient or inspect(self).pending:
            return  # a new room has no former state
        for column in LOGGED:
            history = inspect(self).attrs[column].history
            if history.has_changes() and history.deleted:
                keep(
                    session,
                    RoomChangeLog(
                        room_id=self.id,
                        field=column,
                        before=history.deleted[0],
                        after=getattr(self, column),
                        reason=self.state_reason,
                    ),
                )

    def faults(self, session: Session, actor: Actor) -> Iterable[Refusal]:
        """Areas and prices are above zero; the inner area is not above the built area."""
        for column in ("presale_area", "actual_area", "inner_area", "unit_price", "total_price"):
            value = getattr(self, column)
            if value is not None and value <= 0:
                yield Refusal(_("This must be more than 0.", "该值必须大于 0。"), column)
        if self.inner_area and self.presale_area and self.inner_area > self.presale_area:
            yield Refusal(_("The inner area is above the built area.", "套内面积大于建筑面积，请核对。"), "inner_area")


class RoomField(Options):
    """The states whose changes are kept."""

    SALE = "sale_state", _("Sale", "销售状态")
    HANDOVER = "handover_state", _("Handover", "交付状态")
    TITLE = "title_state", _("Title", "产权状态")


_STATES: Any = [
    (m.name, (m.value, m.words, m.tone)) for states in (SaleState, HandoverState, TitleState) for m in states
]
AnyState: type[Options] = Options("AnyState", _STATES)  # type: ignore[assignment]  # enum's functional way


class RoomChangeLog(Table):
    """One change of a room's state. Written by the room's own rules, never by hand."""

    owned = through("room_id")
    screen = Screen(
        label=_("Change of state", "房态变更"),
        plural=_("Changes of state", "房态变更记录"),
        icon="history",
        key=(),
        title=("room_id", "field"),
        listed=("room", "field", "before", "after", "reason", "created_at"),
        sections=(section(_("Change", "变更"), "room_id", "field", "before", "after", "reason"),),
        rights=Rights(write=(), delete=(), import_=()),
        menu=False,
    )

    room_id: Mapped[int] = ref("room", _("Room", "房间"))
    field: Mapped[str] = choice(_("State", "状态类别"), RoomField)
    before: Mapped[str | None] = choice(_("Before", "变更前"), AnyState)
    after: Mapped[str | None] = choice(_("After", "变更后"), AnyState)
    reason: Mapped[str | None] = text(_("Reason", "原因"), 200)
