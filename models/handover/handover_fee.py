"""Money of the handover (入伙费用): what is due before the keys, paid when and on which receipt (domain_facts 4.2)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Mapped, Session

from models.handover import COUNTER, PLANNERS
from models.kernel import (
    Flow,
    Options,
    Refusal,
    Rights,
    Screen,
    Table,
    Transition,
    _,
    choice,
    day,
    first,
    money,
    option,
    option_list,
    ref,
    section,
    text,
    through,
)
from models.kernel.actor import Actor
from models.kernel.clock import today

FEES = option_list(
    "handover_fee_item",
    _("Handover fees", "入伙费用项目"),
    first("area_difference", _("Area difference", "面积补差款")),
    first("repair_fund", _("Special repair fund", "首期专项维修资金")),
    first("deed_tax", _("Deed tax", "契税")),
    first("property_fee", _("Property fee in advance", "预交物业费")),
    first("utility_deposit", _("Water, power, gas deposit", "水电气押金")),
    first("fit_out_deposit", _("Fit-out deposit", "装修押金")),
    first("other", _("Other", "其他")),
)
CASHIERS = (*COUNTER, "finance")


class FeeState(Options):
    """Whether it was paid."""

    DUE = "due", _("Due", "待缴"), "amber"
    PAID = "paid", _("Paid", "已缴"), "green"
    WAIVED = "waived", _("Not asked for", "免收"), "grey"


def _may_pay(session: Session, actor: Actor, row: Any, now: datetime) -> Refusal | None:
    if row.paid_on is not None and row.paid_on > today(lambda: now):
        return Refusal(_("A day to come cannot be the day it was paid.", "缴费日期不能晚于今天。"), "paid_on")
    return None


def _unpaid(session: Session, actor: Actor, row: Any, now: datetime) -> None:
    row.paid_on = row.receipt_no = None


class HandoverFee(Table):
    """One item a home owes before its keys are handed out."""

    owned = through("handover_room_id")
    screen = Screen(
        label=_("Handover fee", "入伙费用"),
        plural=_("Handover fees", "入伙费用"),
        icon="receipt",
        key=("handover_room_id", "item"),
        title=("item",),
        listed=("handover_room.room", "item", "amount", "state", "paid_on", "receipt_no"),
        searched=("receipt_no",),
        order=("created_at", "id"),
        sections=(section(_("Fee", "费用"), "handover_room_id", "item", "amount", "paid_on", "receipt_no", "reason"),),
        rights=Rights(write=(*PLANNERS, *COUNTER[2:], "finance"), import_=(*PLANNERS, "finance")),
    )
    flow = Flow(
        column="state",
        states=FeeState,
        start=FeeState.DUE.value,
        transitions=(
            Transition(
                "pay", _("Paid", "登记缴费"), ("due",), "paid", CASHIERS, required=("paid_on", "receipt_no"), guard=_may_pay
            ),
            Transition("waive", _("Not asked for", "免收"), ("due",), "waived", CASHIERS, required=("reason",)),
            Transition(
                "take_back", _("Take back", "撤销"), ("paid", "waived"), "due", CASHIERS, required=("reason",),
                effect=_unpaid, danger=True,
            ),
        ),
    )  # fmt: skip

    handover_room_id: Mapped[int] = ref("handover_room", _("Home", "入伙房间"))
    item: Mapped[str] = option(_("Item", "费用项目"), FEES)
    amount: Mapped[Decimal] = money(_("Amount", "金额"), unit=_("yuan", "元"))
    state: Mapped[str] = choice(_("State", "状态"), FeeState, default=FeeState.DUE, system=True)
    paid_on: Mapped[date | None] = day(_("Paid on", "缴费日期"))
    receipt_no: Mapped[str | None] = text(_("Receipt", "收据号"), 40)
    reason: Mapped[str | None] = text(_("Reason", "原因"), 100)

    def faults(self, session: Session, actor: Actor) -> Iterable[Refusal]:
        """Only an area difference may be paid back."""
        if self.amount is not None and self.amount <= 0 and self.item != "area_difference":
            yield Refusal(_("This must be more than 0.", "该值必须大于 0。"), "amount")
