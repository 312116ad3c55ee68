"""Rounds of repair (整改记录): sent, signed for, done, checked, signed by the developer's representative (D1 46, R11).

Photos hang on the rows: how it was on the issue, how it is now on the round that repaired it.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Date, Index, Integer, String, func, select
from sqlalchemy.orm import Mapped, Session

from models.inspection.issue_flow import REPAIRERS
from models.kernel import INSIDE, Options, Rights, Screen, Table, _, choice, kept, ref, section, text, through
from models.kernel.actor import Actor
from models.kernel.columns import Moment
from models.kernel.owned import Party


class FixResult(Options):
    """What a round of repair came to."""

    OPEN = "open", _("With the contractor", "整改中"), "blue"
    DONE = "done", _("Done, to be checked", "待复验"), "purple"
    PASSED = "passed", _("Passed", "合格"), "green"
    FAILED = "failed", _("Not passed", "不合格"), "red"
    RETURNED = "returned", _("Taken back", "已退回改派"), "grey"


def _standing(fix: Any, party: int) -> ColumnElement[bool]:
    """A round that was taken back is no longer the contractor's."""
    found: ColumnElement[bool] = fix.result != FixResult.RETURNED.value
    return found


def _with_them(fix: Any, party: int) -> ColumnElement[bool]:
    """Remarks and photos are the contractor's to add while the round is with it; what was handed in stays as it is."""
    found: ColumnElement[bool] = fix.result == FixResult.OPEN.value
    return found


class IssueFix(Table):
    """One round of repair. The moves of the issue write it; people add remarks and photos."""

    owned = through("issue_id", party=Party("contractor_id", sent=_standing, open=_with_them))
    __table_args__ = (Index("ix_issue_fix_contractor_sent", "contractor_id", "sent_at"),)
    screen = Screen(
        label=_("Round of repair", "整改记录"),
        plural=_("Rounds of repair", "整改记录"),
        icon="tool",
        key=("issue_id", "round"),
        title=("issue.number", "round"),
        listed=(
            "issue.number",
            "round",
            "contractor.name",
            "sent_at",
            "signed_at",
            "due_at",
            "done_at",
            "result",
            "representative",
            "note",
        ),
        searched=("note",),
        order=("created_at", "id"),
        sections=(section(_("Repair", "整改记录"), "issue_id", "solution", "note"),),
        rights=Rights(
            read=(*INSIDE, "contractor"),
            export=(*INSIDE, "contractor"),
            write=REPAIRERS,
            delete=(),
            import_=(),
            purge=(),
        ),
        noted=_("Attach photos of how it is after the repair here.", "整改后的照片请上传到对应的整改记录。"),
    )

    issue_id: Mapped[int] = ref("issue", _("Issue", "问题"))
    round: Mapped[int | None] = kept(_("Round", "轮次"), Integer(), "integer", nullable=False)
    contractor_id: Mapped[int | None] = ref("contractor", _("Contractor", "承建商"), system=True)
    sent_at: Mapped[datetime | None] = kept(_("Sent", "发出时间"), Moment(), "moment")
    signed_at: Mapped[datetime | None] = kept(_("Signed for", "签收时间"), Moment(), "moment")
    due_at: Mapped[datetime | None] = kept(_("Due", "整改期限"), Moment(), "moment")
    done_at: Mapped[datetime | None] = kept(_("Done", "完成时间"), Moment(), "moment")
    result: Mapped[str] = choice(_("Result", "整改结果"), FixResult, default=FixResult.OPEN, system=True)
    solution: Mapped[str | None] = text(_("What was done", "整改措施"), 200)
    checked_at: Mapped[datetime | None] = kept(_("Checked", "复验时间"), Moment(), "moment")
    checked_by: Mapped[str | None] = kept(_("Checked by", "复验人"), String(64), "text")
    representative: Mapped[str | None] = kept(_("Developer's representative", "甲方代表签字"), String(64), "text")
    represented_on: Mapped[date | None] = kept(_("Signed on", "甲方代表签字日期"), Date(), "date")
    note: Mapped[str | None] = text(_("Remarks", "备注"), 200)

    def derive(self, session: Session, actor: Actor) -> None:
        """Rounds of an issue are counted from 1."""
        if self.round is None:
            last = session.scalar(select(func.max(IssueFix.round)).where(IssueFix.issue_id == self.issue_id))
            self.round = (last or 0) + 1
