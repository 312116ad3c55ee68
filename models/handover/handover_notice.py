"""Handover notices (入伙通知): sent in batches, by which channel, with which number, delivered when, and the proof (4.3)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import Integer
from sqlalchemy.orm import Mapped, Session

from models.handover import PLANNERS
from models.handover.handover_room import HandoverRoom
from models.handover.room_states import NoticeState, home_state
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
    kept,
    ref,
    section,
    text,
    through,
)
from models.kernel.actor import Actor
from models.kernel.attachment import files_of
from models.kernel.clock import today
from models.kernel.guard import keep
from models.kernel.session import clock_of
from models.property.room import Room


class NoticeChannel(Options):
    """How a notice reaches the owner. What is sent on paper leaves proof that a court takes (interpretation art. 8)."""

    POST = "post", _("Registered post", "挂号信/EMS")
    COURIER = "courier", _("Courier", "快递")
    BY_HAND = "by_hand", _("Handed over", "当面签收")
    SMS = "sms", _("SMS", "短信")
    TELEPHONE = "telephone", _("Telephone", "电话")
    WECHAT = "wechat", _("WeChat", "微信")


ON_PAPER = (NoticeChannel.POST.value, NoticeChannel.COURIER.value, NoticeChannel.BY_HAND.value)


class HandoverBatch(Table):
    """Notices that went out together."""

    owned = through("plan_id")
    screen = Screen(
        label=_("Notice batch", "通知批次"),
        plural=_("Notice batches", "通知批次"),
        icon="mail-forward",
        key=("plan_id", "name"),
        title=("name",),
        listed=("plan.title", "name", "channel", "sent_on", "homes", "remark"),
        searched=("name",),
        sections=(section(_("Batch", "通知批次"), "plan_id", "name", "channel", "sent_on", "remark"),),
        children=(("handover_notice", "batch_id"),),
        rights=Rights(write=PLANNERS),
    )

    plan_id: Mapped[int] = ref("handover_plan", _("Plan", "入伙计划"))
    name: Mapped[str] = text(_("Batch", "批次名称"), 60)
    channel: Mapped[str] = choice(_("Channel", "通知方式"), NoticeChannel)
    sent_on: Mapped[date] = day(_("Sent on", "发出日期"))
    homes: Mapped[int] = kept(_("Homes", "户数"), Integer(), "integer", default=0)
    remark: Mapped[str | None] = text(_("Remarks", "备注"), 200)

    def faults(self, session: Session, actor: Actor) -> Iterable[Refusal]:
        """What is sent was not sent tomorrow."""
        if self.sent_on and self.sent_on > today(clock_of(session)):
            yield Refusal(_("A day to come cannot be the day it was sent.", "发出日期不能晚于今天。"), "sent_on")


class SentState(Options):
    """What became of a notice."""

    SENT = "sent", _("Sent", "已发出"), "blue"
    DELIVERED = "delivered", _("Delivered", "已送达"), "green"
    RETURNED = "returned", _("Came back", "退回"), "red"


def _may_deliver(session: Session, actor: Actor, row: Any, now: datetime) -> Refusal | None:
    if row.delivered_on is not None and (row.delivered_on < row.sent_on or row.delivered_on > today(lambda: now)):
        return Refusal(
            _("The day of delivery lies between the sending and today.", "送达日期应在发出日期与今天之间。"),
            "delivered_on",
        )
    if row.channel in ON_PAPER and not row.tracking_no and not files_of(session, row):
        return Refusal(
            _(
                "Keep proof: enter the tracking number, or attach the receipt.",
                "请留存送达证据：填写单号，或上传回执、签收照片。",
            ),
            "tracking_no",
            code="no_proof",
        )
    return None


def _told(state: NoticeState) -> Any:
    def effect(session: Session, actor: Actor, row: Any, now: datetime) -> None:
        home = session.get_one(HandoverRoom, row.handover_room_id)
        if state == NoticeState.RETURNED and home.notice_state == NoticeState.DELIVERED:
            return  # another notice reached the owner
        home.notice_state = state.value
        keep(session, home)
        tell_home(session, home)

    return effect


def tell_home(session: Session, home: HandoverRoom) -> None:
    """The home's own state follows the notice until there is an outcome."""
    room = session.get_one(Room, home.room_id)
    state = home_state(home.outcome, home.notice_state)
    if room.handover_state != state:
        room.handover_state = state
        keep(session, room)


class HandoverNotice(Table):
    """One notice to the owner of one home. Its proof of delivery hangs on it as files."""

    owned = through("handover_room_id")
    screen = Screen(
        label=_("Handover notice", "入伙通知"),
        plural=_("Handover notices", "入伙通知"),
        icon="mail",
        key=("handover_room_id", "batch_id"),
        title=("handover_room_id", "sent_on"),
        listed=(
            "handover_room.room",
            "recipient",
            "channel",
            "batch.name",
            "tracking_no",
            "sent_on",
            "state",
            "delivered_on",
        ),
        searched=("tracking_no", "recipient"),
        sections=(
            section(_("Notice", "通知"), "handover_room_id", "batch_id", "recipient", "channel", "sent_on"),
            section(_("Delivery", "送达"), "tracking_no", "delivered_on", "return_reason"),
        ),
        rights=Rights(write=PLANNERS),
    )
    flow = Flow(
        column="state",
        states=SentState,
        start=SentState.SENT.value,
        final=(),
        transitions=(
            Transition(
                "deliver", _("Delivered", "已送达"), ("sent", "returned"), "delivered", PLANNERS,
                required=("delivered_on",), guard=_may_deliver, effect=_told(NoticeState.DELIVERED),
            ),
            Transition(
                "give_back", _("Came back", "退回"), ("sent", "delivered"), "returned", PLANNERS,
                required=("return_reason",), effect=_told(NoticeState.RETURNED), danger=True,
            ),
        ),
    )  # fmt: skip

    handover_room_id: Mapped[int] = ref("handover_room", _("Home", "入伙房间"))
    batch_id: Mapped[int] = ref("handover_batch", _("Batch", "通知批次"))
    recipient: Mapped[str | None] = text(_("To", "收件人"), 100)
    channel: Mapped[str] = choice(_("Channel", "通知方式"), NoticeChannel)
    state: Mapped[str] = choice(_("State", "送达状态"), SentState, default=SentState.SENT, system=True)
    sent_on: Mapped[date] = day(_("Sent on", "发出日期"))
    tracking_no: Mapped[str | None] = text(_("Tracking number", "单号"), 60)
    delivered_on: Mapped[date | None] = day(_("Delivered on", "送达日期"))
    return_reason: Mapped[str | None] = text(_("Why it came back", "退回原因"), 100)
