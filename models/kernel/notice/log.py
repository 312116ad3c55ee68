"""The delivery log (消息记录): one row for each recipient and channel of a notice, with what became of it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, Integer, String
from sqlalchemy.orm import Mapped

from models.kernel.columns import BigId, Moment, choice, kept
from models.kernel.notice.event import Channel, EventName
from models.kernel.options import Options
from models.kernel.owned import by_node
from models.kernel.roles import Rights
from models.kernel.screen import Screen, section
from models.kernel.table import Table
from models.kernel.words import _


class DeliveryState(Options):
    """What became of a delivery."""

    WAITING = "waiting", _("Waiting", "待发送"), "amber"
    SENDING = "sending", _("Being sent", "发送中"), "blue"
    SENT = "sent", _("Sent", "已发送"), "green"
    DEAD = "dead", _("Given up", "发送失败"), "red"
    WITHHELD = "withheld", _("Withheld", "未发送"), "grey"


class Reason(Options):
    """Why a delivery was not sent, or not yet."""

    DISABLED = "disabled", _("The account is disabled", "账号已停用"), "grey"
    OUT_OF_SCOPE = "out_of_scope", _("They may not see the record", "接收人无权查看该单据"), "grey"
    SWITCHED_OFF = "switched_off", _("Switched off meanwhile", "已关闭发送"), "grey"
    NO_SERVER = "no_server", _("No mail server is set", "未配置邮件服务器"), "amber"
    UNKNOWN_EVENT = "unknown_event", _("The event is told no more", "事件已停用"), "grey"
    QUIET = "quiet", _("Waits for the end of quiet hours", "免打扰时段，稍后发送"), "grey"
    FAILED = "failed", _("Not taken; tried again until given up", "对方未接收，将自动重试"), "amber"
    BOUNCED = "bounced", _("Refused for good", "对方拒收"), "red"
    GONE = "gone", _("The receiver wants no more (410)", "对方已停止接收（410）"), "red"
    ADDRESS = "address", _("The address is wrong", "地址有误"), "red"
    NO_HOST = "no_host", _("The name leads nowhere", "主机名无法解析"), "red"
    PRIVATE = "private", _("It leads into a private network that is not allowed", "指向未放行的内网地址"), "red"
    CERTIFICATE = "certificate", _("The receiver's certificate is not trusted", "对方的证书不受信任"), "red"
    NOT_ENCRYPTED = "not_encrypted", _("Outside only https is called", "公网地址须使用 https"), "red"


class NotifyLog(Table):
    """A delivery to one recipient by one channel. Written by the delivery alone; holds no text of the notice.

    `slot` names notice, channel and recipient, so that a notice is fanned out once whatever is killed when. `token` goes
    with the delivery and stays the same at each try: a receiver that knows it drops the second.
    """

    __table_args__ = (
        Index("ix_notify_log_due", "state", "next_at", "id"),
        Index("ix_notify_log_state_id", "state", "id"),
    )

    area_name = "system"
    owned = by_node(label=_("Belongs to", "所属单位"))
    screen = Screen(
        label=_("Delivery", "消息记录"),
        plural=_("Delivery log", "消息记录"),
        icon="mail-forward",
        key=(),
        title=("event", "recipient"),
        listed=("created_at", "event", "channel", "recipient", "state", "tries", "reason", "answer", "node"),
        searched=("recipient",),
        sections=(
            section(_("Delivery", "消息记录"), "event", "channel", "recipient", "address", "state", "node_id"),
            section(_("Tries", "发送情况"), "tries", "reason", "answer", "next_at", "sent_at", "token"),
        ),
        rights=Rights(write=(), delete=(), import_=(), purge=(), reveal=(), match=()),
        noted=_(
            "What was sent to whom by which channel, and what failed.", "各渠道的发送情况，失败的消息可重新发送。"
        ),
    )  # fmt: skip

    event: Mapped[str] = choice(_("Event", "事件"), EventName, system=True)
    channel: Mapped[str] = choice(_("Channel", "渠道"), Channel, system=True)
    recipient: Mapped[str | None] = kept(_("Recipient", "接收方"), String(64), "text")
    address: Mapped[str | None] = kept(_("Sent to", "接收地址"), String(300), "text")
    state: Mapped[str] = choice(_("State", "状态"), DeliveryState, default=DeliveryState.WAITING, system=True)
    tries: Mapped[int] = kept(_("Tries", "发送次数"), Integer(), "integer", default=0)
    reason: Mapped[str | None] = choice(_("Reason", "原因"), Reason, system=True)
    answer: Mapped[str | None] = kept(_("Last answer", "最近结果"), String(300), "text")
    next_at: Mapped[datetime | None] = kept(_("Next try", "下次发送"), Moment(), "moment")
    sent_at: Mapped[datetime | None] = kept(_("Sent at", "发送时间"), Moment(), "moment")
    token: Mapped[str | None] = kept(_("Delivery number", "投递编号"), String(40), "text")
    slot: Mapped[str | None] = kept(_("Slot", "投递位"), String(60), "text", unique=True)
    outbox_id: Mapped[int | None] = kept(_("Outbox row", "发件记录"), BigId, "integer", index=True)
    user_id: Mapped[int | None] = kept(_("Account", "账号"), BigId, "integer")
    webhook_id: Mapped[int | None] = kept(_("Webhook key", "Webhook 主键"), BigId, "integer")
