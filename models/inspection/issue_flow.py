"""The moves of an issue: what each asks for, what stands in its way, and the rounds of repair it writes (D2 问题, R11)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.inspection.issue_states import UNSETTLED, CloseType, IssueSource, IssueState
from models.kernel import ADMINS, Approval, Flow, Level, Refusal, Transition, _
from models.kernel.actor import Actor
from models.kernel.attachment import files_of
from models.kernel.guard import keep
from models.kernel.registry import table
from models.parameter.issue_standard import IssueLevel

REGISTERED, DISPATCHED, REPAIRING, REPAIRED, REWORKING, FORCING, CLOSED, VOID = (each.value for each in IssueState)
HANDLERS = (*ADMINS, "inspection_clerk", "request_clerk", "service_manager")
"""Who dispatches, follows and closes issues: by function, both kinds of clerk (Part C 8)."""
REPAIRERS = (*HANDLERS, "contractor")
"""Who says that a repair has begun and is done: the contractor itself too, of its own issues."""
WITH_PHOTOS = (IssueLevel.SERIOUS.value, IssueLevel.URGENT.value)
"""Levels at which a repair is closed only with a photo of it."""


def last_round(session: Session, issue: Any) -> Any:
    """Returns the latest round of repair of an issue, None before it was dispatched."""
    fixes: Any = table("issue_fix")
    return session.scalar(select(fixes).where(fixes.issue_id == issue.id).order_by(fixes.round.desc()).limit(1))


def open_round(session: Session, issue: Any, now: datetime, due_at: datetime | None, *, signed: bool) -> None:
    """Writes the next round of repair: sent now; a round of rework is with the contractor at once."""
    fixes: Any = table("issue_fix")
    before = last_round(session, issue)
    keep(
        session,
        fixes(
            issue_id=issue.id,
            round=(before.round if before is not None else 0) + 1,
            contractor_id=issue.contractor_id,
            sent_at=now,
            signed_at=now if signed else None,
            due_at=due_at,
        ),
    )


def _dispatched(session: Session, actor: Actor, row: Any, now: datetime) -> None:
    open_round(session, row, now, row.due_at, signed=False)


def _signed(session: Session, actor: Actor, row: Any, now: datetime) -> None:
    fix = last_round(session, row)
    if fix is not None:
        fix.signed_at = now


def _taken_back(session: Session, actor: Actor, row: Any, now: datetime) -> None:
    fix = last_round(session, row)
    if fix is not None:
        fix.result, fix.note = "returned", row.reject_reason
    row.dispatch_id = row.reject_reason = None


def _finished(session: Session, actor: Actor, row: Any, now: datetime) -> None:
    fix = last_round(session, row)
    if fix is not None:
        fix.done_at, fix.result, fix.solution = now, "done", row.solution


def _again(session: Session, actor: Actor, row: Any, now: datetime) -> None:
    """A repair that does not hold begins another round with the time the first one had; closing data is asked for anew."""
    fix = last_round(session, row)
    if fix is not None:
        fix.result, fix.note, fix.checked_at, fix.checked_by = "failed", row.reject_reason, now, actor.name[:64]
    time = row.due_at - row.created_at if row.due_at is not None else timedelta(days=7)
    row.rework_count += 1
    row.due_at = now + max(time, timedelta(days=1))
    open_round(session, row, now, row.due_at, signed=True)
    row.representative = row.represented_on = row.close_by = row.close_note = row.reject_reason = None


def _may_close(session: Session, actor: Actor, row: Any, now: datetime) -> Refusal | None:
    """A repair result is signed by the developer's site representative (R11); a grave one is shown by a photo as well."""
    if row.level in WITH_PHOTOS:
        fix = last_round(session, row)
        if fix is None or not files_of(session, fix):
            return Refusal(
                _(
                    "A serious or urgent issue is closed with a photo of its repair. Add one to the last round of repair.",
                    "严重、紧急问题关闭前须上传整改后照片，请在最近一次整改记录中上传。",
                ),
                code="evidence_lacking",
                status=409,
            )
    return None


def _closed(session: Session, actor: Actor, row: Any, now: datetime) -> None:
    row.close_type = CloseType.NORMAL.value
    fix = last_round(session, row)
    if fix is not None:
        fix.result, fix.checked_at, fix.checked_by = "passed", now, actor.name[:64]
        fix.representative, fix.represented_on = row.representative, row.represented_on


def _may_force(session: Session, actor: Actor, row: Any, now: datetime) -> Refusal | None:
    """Issues of an inspection close in the normal way only (S02 ch. 4)."""
    if row.source == IssueSource.INSPECTION:
        return Refusal(
            _(
                "An issue of an inspection is closed by its repair. Void it where it was entered by mistake.",
                "验房问题只能正常关闭；如属误录，请作废。",
            ),
            code="normal_only",
            status=409,
        )
    return None


def _may_settle(session: Session, actor: Actor, row: Any, now: datetime) -> Refusal | None:
    """Says how it ended, in one of the ways that need neither a repair nor an approval."""
    stands = _may_force(session, actor, row, now)
    if stands is not None:
        return stands
    if row.close_type in (CloseType.NORMAL, CloseType.FORCED):
        return Refusal(
            _(
                "Choose how it ends without a repair; a forced closing is a move of its own.",
                "请选择未经整改的关闭类型；强制关闭请使用单独的操作。",
            ),
            "close_type",
        )
    return None


FLOW = Flow(
    column="status",
    states=IssueState,
    start=REGISTERED,
    final=(VOID,),
    transitions=(
        Transition(
            "dispatch", _("Dispatch", "分派"), (REGISTERED,), DISPATCHED, HANDLERS, required=("contractor_id",),
            effect=_dispatched,
        ),
        Transition("sign", _("Sign for it", "签收"), (DISPATCHED,), REPAIRING, REPAIRERS, effect=_signed),
        Transition(
            "finish", _("Repair done", "完成整改"), (REPAIRING, REWORKING), REPAIRED, REPAIRERS,
            required=("solution",), effect=_finished,
        ),
        Transition(
            "close", _("Passed, close", "复验合格并关闭"), (REPAIRED,), CLOSED, HANDLERS,
            required=("handling", "solution", "representative", "represented_on", "close_by"),
            guard=_may_close, effect=_closed,
        ),
        Transition(
            "redo", _("Not passed", "复验不合格"), (REPAIRED,), REWORKING, HANDLERS, required=("reject_reason",),
            effect=_again,
        ),
        Transition(
            "reopen", _("Open again", "重新打开"), (CLOSED,), REWORKING, HANDLERS, required=("reject_reason",),
            effect=_again, danger=True,
        ),
        Transition(
            "reassign", _("Take back to reassign", "退回改派"), (DISPATCHED, REPAIRING, REWORKING), REGISTERED,
            HANDLERS, required=("reject_reason",), effect=_taken_back,
        ),
        Transition(
            "settle", _("Close otherwise", "其他方式关闭"), UNSETTLED, CLOSED, HANDLERS,
            required=("close_type", "close_by", "close_note"), guard=_may_settle,
        ),
        Transition(
            "force", _("Force closing", "申请强制关闭"), (REPAIRING, REPAIRED, REWORKING), FORCING, HANDLERS,
            required=("close_by", "close_note"), guard=_may_force, danger=True,
        ),
        Transition("void", _("Void", "作废"), UNSETTLED, VOID, HANDLERS, required=("close_note",), danger=True),
    ),
    approval=Approval(
        FORCING,
        approved=CLOSED,
        rejected=REPAIRING,
        withdrawn=REPAIRING,
        levels=(Level("manager", _("Service manager", "客户服务部经理"), ("service_manager", "project_leader")),),
    ),
)  # fmt: skip
