"""Lists of issues per contractor: what waits to be sent, sending it as a list, signing for it, calling it back (S02 ch. 4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.inspection.inspection_room import InspectionRoom
from models.inspection.issue import Issue
from models.inspection.issue_dispatch import IssueDispatch
from models.inspection.issue_fix import FixResult, IssueFix
from models.inspection.issue_states import IssueState
from models.kernel.bulk import insert_rows, update_rows
from models.kernel.refusal import Refusal
from models.kernel.session import clock_of
from models.kernel.stepping_many import step_rows
from models.kernel.words import _


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which issues of a project are meant.

    Attributes:
        source: one of `IssueSource`; None for all.
        plan_id: those of one inspection plan.
        from_at, until_at: entered from, and before (aware).
    """

    project_id: int
    source: str | None = None
    plan_id: int | None = None
    from_at: datetime | None = None
    until_at: datetime | None = None

    def within(self, statement: Any) -> Any:
        """Returns a statement over `issue` cut down to what is meant."""
        statement = statement.where(Issue.project_id == self.project_id)
        if self.source is not None:
            statement = statement.where(Issue.source == self.source)
        if self.plan_id is not None:
            rooms = select(InspectionRoom.id).where(InspectionRoom.plan_id == self.plan_id)
            statement = statement.where(Issue.inspection_room_id.in_(rooms))
        if self.from_at is not None:
            statement = statement.where(Issue.created_at >= self.from_at)
        if self.until_at is not None:
            statement = statement.where(Issue.created_at < self.until_at)
        return statement


def waiting(session: Session, wanted: Wanted) -> dict[int | None, int]:
    """Returns contractor -> how many issues wait to be dispatched; None counts those without a contractor."""
    counted = wanted.within(
        select(Issue.contractor_id, func.count(Issue.id)).where(Issue.status == IssueState.REGISTERED.value)
    ).group_by(Issue.contractor_id)
    return {key: n for key, n in session.execute(counted)}


def dispatch(session: Session, wanted: Wanted, contractor_id: int) -> IssueDispatch:
    """Sends what waits for a contractor as one list: writes the list, its issues' first or next round, and moves them. Flushes.

    Raises:
        Refusal: nothing waits for this contractor.
        Denied: no right to dispatch in the project.
    """
    found = list(
        session.execute(
            wanted.within(
                select(Issue.id, Issue.created_at, Issue.due_at)
                .where(Issue.status == IssueState.REGISTERED.value, Issue.contractor_id == contractor_id)
                .order_by(Issue.id)
            )
        )
    )
    if not found:
        raise Refusal(
            _(
                "Nothing waits for this contractor any more. Somebody may have sent it meanwhile.",
                "该承建商已无待分派的问题，可能其他人刚刚已分派。",
            ),
            code="nothing_waiting",
            status=409,
        )
    batch = IssueDispatch(
        project_id=wanted.project_id,
        contractor_id=contractor_id,
        source=wanted.source,
        from_at=min(row.created_at for row in found),
        until_at=max(row.created_at for row in found),
        count=len(found),
    )
    session.add(batch)
    session.flush()
    keys = [row.id for row in found]
    step_rows(session, Issue, keys, "dispatch", {"dispatch_id": batch.id})
    now, rounds = clock_of(session)(), last_rounds(session, keys)
    insert_rows(
        session,
        IssueFix,
        [
            {
                "issue_id": row.id,
                "round": rounds.get(row.id, (0, 0))[1] + 1,
                "contractor_id": contractor_id,
                "sent_at": now,
                "due_at": row.due_at,
            }
            for row in found
        ],
    )
    return batch


def last_rounds(session: Session, issues: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Returns issue -> (key, number) of its latest round of repair, where it has one."""
    found: dict[int, tuple[int, int]] = {}
    for start in range(0, len(issues), 500):
        part = issues[start : start + 500]
        rows = select(IssueFix.issue_id, IssueFix.id, IssueFix.round).where(IssueFix.issue_id.in_(part))
        for issue, key, number in session.execute(rows.order_by(IssueFix.round)):
            found[issue] = (key, number or 0)
    return found


def _of(session: Session, batch: IssueDispatch) -> list[int]:
    """The issues of a list that nobody signed for one by one."""
    waiting_here = (Issue.dispatch_id == batch.id, Issue.status == IssueState.DISPATCHED.value)
    return list(session.scalars(select(Issue.id).where(*waiting_here).order_by(Issue.id)))


def signed_for(session: Session, batch: IssueDispatch, now: datetime) -> None:
    """The contractor signed for a list: its issues are under repair from now on. The effect of its move."""
    keys = _of(session, batch)
    step_rows(session, Issue, keys, "sign")
    rounds = last_rounds(session, keys)
    update_rows(session, IssueFix, [(key, {"signed_at": (None, now)}) for key, _number in rounds.values()])


def called_back(session: Session, batch: IssueDispatch, now: datetime) -> None:
    """A list nobody signed for is called back: its issues wait to be dispatched again. The effect of its move."""
    keys = _of(session, batch)
    reason = (batch.remark or "")[:200]
    rounds = last_rounds(session, keys)
    step_rows(session, Issue, keys, "reassign", {"dispatch_id": None, "reject_reason": reason})
    change = {"result": (FixResult.OPEN.value, FixResult.RETURNED.value), "note": (None, reason)}
    update_rows(session, IssueFix, [(key, dict(change)) for key, _number in rounds.values()])
