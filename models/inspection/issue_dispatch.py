"""Lists of issues for a contractor (问题清单批次): by entry time, printed or exported, signed for, tracked (S02 ch. 4, D1 47)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import Integer, String
from sqlalchemy.orm import Mapped, Session

from models.inspection.issue_flow import HANDLERS, REPAIRERS
from models.inspection.issue_states import IssueSource
from models.kernel import (
    INSIDE,
    Flow,
    Options,
    Refusal,
    Rights,
    Screen,
    Table,
    Transition,
    _,
    by_project,
    choice,
    day,
    kept,
    numbered,
    prose,
    ref,
    section,
    text,
)
from models.kernel.actor import Actor
from models.kernel.clock import today
from models.kernel.columns import Moment
from models.kernel.owned import Party
from models.kernel.session import clock_of


class DispatchState(Options):
    """Where a list stands."""

    SENT = "sent", _("To be signed for", "待签收"), "amber"
    SIGNED = "signed", _("Signed for", "已签收"), "green"
    VOID = "void", _("Called back", "已撤回"), "red"


def _signed(session: Session, actor: Actor, row: IssueDispatch, now: datetime) -> None:
    from models.inspection.dispatching import signed_for  # which itself writes lists

    signed_for(session, row, now)


def _called_back(session: Session, actor: Actor, row: IssueDispatch, now: datetime) -> None:
    from models.inspection.dispatching import called_back

    called_back(session, row, now)


class IssueDispatch(Table):
    """A list of issues that one contractor gets at once. `models.inspection.dispatching` makes it."""

    owned = by_project(party=Party("contractor_id"))
    screen = Screen(
        label=_("Issue list", "问题清单批次"),
        plural=_("Issue lists", "问题清单批次"),
        icon="file-description",
        key=("number",),
        title=("number", "contractor.name"),
        listed=(
            "number",
            "project",
            "contractor.name",
            "source",
            "count",
            "state",
            "created_at",
            "printed_at",
            "signed_by",
            "signed_on",
        ),
        searched=("number", "signed_by"),
        sections=(
            section(_("Issue list", "问题清单"), "project_id", "contractor_id", "source"),
            section(_("Signed for", "签收"), "signed_by", "signed_on", "remark"),
        ),
        rights=Rights(
            read=(*INSIDE, "contractor"),
            export=(*INSIDE, "contractor"),
            write=HANDLERS,
            delete=(),
            import_=(),
            purge=(),
        ),
        children=(("issue", "dispatch_id"),),
        noted=_(
            "A list is made where issues are dispatched: one for each contractor.",
            "在“问题分派”中生成，每个承建商一份。",
        ),
    )
    flow = Flow(
        column="state",
        states=DispatchState,
        start=DispatchState.SENT.value,
        final=(DispatchState.VOID.value,),
        transitions=(
            Transition(
                "sign", _("Signed for", "登记签收"), (DispatchState.SENT.value,), DispatchState.SIGNED.value,
                REPAIRERS, required=("signed_by", "signed_on"), effect=_signed,
            ),
            Transition(
                "call_back", _("Call back", "撤回"), (DispatchState.SENT.value,), DispatchState.VOID.value, HANDLERS,
                required=("remark",), effect=_called_back, danger=True,
            ),
            Transition(
                "unsign", _("Signature was wrong", "撤销签收"), (DispatchState.SIGNED.value,),
                DispatchState.SENT.value, HANDLERS, required=("remark",), danger=True,
                effect=lambda session, actor, row, now: _unsigned(row),
            ),
        ),
    )  # fmt: skip

    number: Mapped[str] = numbered(_("Number", "批次号"), "issue_dispatch", "QD{yyyy}{mm}-{seq:04d}", cycle="month")
    contractor_id: Mapped[int] = ref("contractor", _("Contractor", "承建商"))
    source: Mapped[str | None] = choice(_("Found at", "问题来源"), IssueSource)
    from_at: Mapped[datetime | None] = kept(_("Entered from", "录入时间起"), Moment(), "moment")
    until_at: Mapped[datetime | None] = kept(_("Entered until", "录入时间止"), Moment(), "moment")
    count: Mapped[int] = kept(_("Issues", "问题数"), Integer(), "integer", default=0)
    state: Mapped[str] = choice(_("State", "状态"), DispatchState, default=DispatchState.SENT, system=True)
    printed_at: Mapped[datetime | None] = kept(_("Printed or exported", "打印或导出时间"), Moment(), "moment")
    printed_by: Mapped[str | None] = kept(_("Printed by", "打印人"), String(64), "text")
    signed_by: Mapped[str | None] = text(_("Signed by", "签收人"), 64)
    signed_on: Mapped[date | None] = day(_("Signed on", "签收日期"))
    remark: Mapped[str | None] = prose(_("Remarks", "备注"))

    def faults(self, session: Session, actor: Actor) -> Iterable[Refusal]:
        """Nobody signs tomorrow."""
        if self.signed_on is not None and self.signed_on > today(clock_of(session)):
            yield Refusal(_("This day is still to come.", "日期不能晚于今天。"), "signed_on")


def _unsigned(row: IssueDispatch) -> None:
    row.signed_by = row.signed_on = None
