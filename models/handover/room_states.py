"""The states of a plan, of a home in it (D2 入伙房间), and what they mean for the home itself."""

from __future__ import annotations

from models.kernel import Options, _
from models.property.room import HandoverState


class PlanState(Options):
    """A plan is drafted, released, and closed; or dropped before it was released."""

    DRAFT = "draft", _("Draft", "草稿"), "grey"
    RELEASED = "released", _("Released", "已发布"), "green"
    CLOSED = "closed", _("Closed", "已结束"), "teal"
    VOID = "void", _("Void", "已作废"), "grey"


class RoomState(Options):
    """How far the handover of a home is. Whether the owner was told stands beside it, in `NoticeState`."""

    EXPECTED = "expected", _("Expected", "待到场"), "grey"
    ARRIVED = "arrived", _("Arrived", "已到场"), "orange"
    INSPECTING = "inspecting", _("Inspecting", "验房中"), "purple"
    ACCEPTED = "accepted", _("Accepted", "顺利接收"), "green"
    ACCEPTED_WITH_DEFECTS = "accepted_with_defects", _("Accepted, repairs due", "先接收须调整"), "lime"
    REFUSED = "refused", _("Refused", "拒绝接收"), "red"
    PENDING = "pending", _("Undecided", "待定"), "amber"
    REINSPECTING = "reinspecting", _("Second inspection", "复验中"), "purple"
    COMPLETED = "completed", _("Complete", "手续完成"), "teal"
    DROPPED = "dropped", _("Taken out", "已移出"), "grey"


class NoticeState(Options):
    """Whether the owner was told, and whether that can be proved (domain_facts 4.3)."""

    NOT_NOTIFIED = "not_notified", _("Not notified", "未通知"), "grey"
    NOTIFIED = "notified", _("Notified", "已通知"), "blue"
    DELIVERED = "delivered", _("Delivered", "已送达"), "green"
    RETURNED = "returned", _("Came back", "退回"), "red"


class Outcome(Options):
    """收楼进程 (S02 ch. 5, B2)."""

    ACCEPTED = "accepted", _("Accepted", "顺利接收"), "green"
    ACCEPTED_WITH_DEFECTS = "accepted_with_defects", _("Accepted, repairs due", "先接收须调整"), "lime"
    REFUSED = "refused", _("Refused", "拒绝接收"), "red"
    PENDING = "pending", _("Undecided", "待定"), "amber"


TAKEN = (Outcome.ACCEPTED.value, Outcome.ACCEPTED_WITH_DEFECTS.value)
"""Outcomes by which possession passes: the home is handed over (交付)."""

HOME_STATE = {
    Outcome.ACCEPTED.value: HandoverState.ACCEPTED.value,
    Outcome.ACCEPTED_WITH_DEFECTS.value: HandoverState.ACCEPTED_WITH_DEFECTS.value,
    Outcome.REFUSED.value: HandoverState.REFUSED.value,
    Outcome.PENDING.value: HandoverState.PENDING.value,
}
"""What an outcome says of the home."""


def home_state(outcome: str | None, notice: str) -> str:
    """Returns the handover state of a home whose handover has this outcome, or none yet, and this notice."""
    if outcome is not None:
        return HOME_STATE[outcome]
    told = notice in (NoticeState.NOTIFIED.value, NoticeState.DELIVERED.value)
    return HandoverState.NOTIFIED.value if told else HandoverState.NOT_NOTIFIED.value
