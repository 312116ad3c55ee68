"""The words of issues: where they come from, the states they go through, and how they are closed (D2 问题, Part C 4 and 21)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, select

from models.kernel import Options, _
from models.kernel.option_list import first, option_list
from models.kernel.registry import table


class IssueSource(Options):
    """What an issue was found at. One engine for all three (Part C 21)."""

    INSPECTION = "inspection", _("Inspection", "验房"), "teal"
    HANDOVER = "handover", _("Handover", "入伙"), "blue"
    DAILY = "daily", _("Daily request", "日常"), "purple"


class IssueState(Options):
    """Where an issue stands (D2 问题)."""

    REGISTERED = "registered", _("To be dispatched", "待分派"), "grey"
    DISPATCHED = "dispatched", _("To be signed for", "待签收"), "amber"
    REPAIRING = "repairing", _("Under repair", "整改中"), "blue"
    REPAIRED = "repaired", _("To be checked", "待复验"), "purple"
    REWORKING = "reworking", _("Repaired again", "返修中"), "orange"
    FORCING = "forcing", _("Closing to be approved", "强制关闭待审批"), "red"
    CLOSED = "closed", _("Closed", "已关闭"), "green"
    VOID = "void", _("Void", "无效"), "grey"


WITH_CONTRACTOR = (IssueState.DISPATCHED.value, IssueState.REPAIRING.value, IssueState.REWORKING.value)
"""States in which the contractor is to act."""
UNREPAIRED = (IssueState.REGISTERED.value, *WITH_CONTRACTOR)
"""States in which the repair is not done: past its due time such an issue is overdue."""
UNSETTLED = (*UNREPAIRED, IssueState.REPAIRED.value)
"""States of an issue that is neither closed, nor about to be, nor void."""
ENDED = (IssueState.CLOSED.value, IssueState.VOID.value)


def with_it(issue: Any, party: int) -> ColumnElement[bool]:
    """Returns the condition under which an issue was sent to its contractor: a round of repair is or was there, not taken back."""
    rounds: Any = table("issue_fix").__table__.c
    sent = (rounds.contractor_id == party, rounds.result != "returned", rounds.deleted_at.is_(None))
    found: ColumnElement[bool] = issue.id.in_(select(rounds.issue_id).where(*sent))
    return found


class CloseType(Options):
    """How an issue was closed (Part C 4)."""

    NORMAL = "normal", _("Repaired and checked", "正常关闭"), "green"
    BY_CUSTOMER = "by_customer", _("Customer sees to it", "客户自行处理"), "blue"
    NO_DEFECT = "no_defect", _("Not valid, no defect", "无效/非质量问题"), "grey"
    NOT_OURS = "not_ours", _("Another party's duty", "转责（非我方）"), "amber"
    AGREED = "agreed", _("Settled by compensation", "协商关闭（赔付）"), "purple"
    FORCED = "forced", _("Forced, by approval", "强制关闭（审批）"), "red"


class WarrantyResult(Options):
    """Whether the warranty covers it (D1 45)."""

    COVERED = "covered", _("Under warranty", "保修期内"), "green"
    EXPIRED = "expired", _("Warranty ended", "已过保"), "amber"
    EXCLUDED = "excluded", _("Not a warranty matter", "非保修范围"), "grey"


HANDLINGS = option_list(
    "issue_handling",
    _("How it was put right", "问题处理方式"),
    first("repair", _("Repaired", "维修")),
    first("replace", _("Replaced", "更换")),
    first("adjust", _("Adjusted", "调试")),
    first("clean", _("Cleaned", "清洁")),
    first("redo", _("Done anew", "返工重做")),
    first("explain", _("Explained", "解释说明")),
    first("other", _("Otherwise", "其他")),
)
