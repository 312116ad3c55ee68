"""Issues that owners find at the handover (入伙问题): entered on the spot, and who may be invited again (S02 steps 5, 9, 10)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from models.customer.customer import Customer
from models.handover.handover_room import HandoverRoom
from models.handover.room_states import RoomState
from models.inspection.issue import Issue
from models.inspection.issue_states import UNREPAIRED, IssueSource, IssueState
from models.kernel.refusal import Refusal
from models.kernel.words import _
from models.property.building import Building
from models.property.room import Room
from models.property.unit import Unit

WAITING = (
    RoomState.ACCEPTED_WITH_DEFECTS.value,
    RoomState.REFUSED.value,
    RoomState.PENDING.value,
    RoomState.COMPLETED.value,
)
"""States of a home whose owner waits for repairs."""


def issues_of(session: Session, room_id: int) -> list[Issue]:
    """Returns the issues of a home that its owner found at the handover, void ones left out, in the order of entry."""
    return list(
        session.scalars(
            select(Issue)
            .where(Issue.room_id == room_id, Issue.source == IssueSource.HANDOVER, Issue.status != IssueState.VOID)
            .order_by(Issue.id)
        )
    )


def enter_issue(session: Session, row: HandoverRoom, values: dict[str, Any]) -> Issue:
    """Enters an issue of a home whose owner is here. Contractor and time limit follow by themselves (R10). Flushes.

    Raises:
        Refusal: nobody has arrived; or what the issue itself refuses. Denied: no right to enter issues here.
    """
    if row.arrived_at is None:
        raise Refusal(_("Record the arrival first.", "请先登记到场。"), code="not_arrived", status=409)
    made = Issue(project_id=row.project_id, room_id=row.room_id, source=IssueSource.HANDOVER.value, **values)
    session.add(made)
    session.flush()
    return made


@dataclass(frozen=True, slots=True)
class Invited:
    """A home whose repairs are done: its owner is to be told and asked to come.

    Attributes:
        issues: what the owner found; `closed`: of which confirmed already.
        due_on: by when the repairs were promised.
    """

    key: int
    home: str
    owner: str | None
    customer_id: int | None
    state: str
    issues: int
    closed: int
    due_on: date | None
    second_visit_on: date | None


def invited(session: Session, plan_id: int) -> list[Invited]:
    """Returns the homes of a plan with issues, all of them repaired, and some not yet confirmed by the owner.

    One statement, in scope. A home is on it until its owner confirmed every item.
    """
    counts = (
        select(
            Issue.room_id.label("room_id"),
            func.count(Issue.id).label("issues"),
            func.sum(case((Issue.status == IssueState.CLOSED, 1), else_=0)).label("closed"),
            func.sum(case((Issue.status.in_(UNREPAIRED), 1), else_=0)).label("open"),
        )
        .where(Issue.source == IssueSource.HANDOVER, Issue.status != IssueState.VOID)
        .group_by(Issue.room_id)
        .subquery()
    )
    home = HandoverRoom
    rows = session.execute(
        select(
            home.id, Building.name, Unit.name, Room.no, Customer.name, home.customer_id, home.state, counts.c.issues,
            counts.c.closed, home.repair_due_on, home.second_visit_on,
        )
        .join(Room, Room.id == home.room_id)
        .join(Unit, Unit.id == Room.unit_id)
        .join(Building, Building.id == Unit.building_id)
        .join(counts, counts.c.room_id == home.room_id)
        .outerjoin(Customer, Customer.id == home.customer_id)
        .where(
            home.plan_id == plan_id, home.state.in_(WAITING), counts.c.open == 0, counts.c.closed < counts.c.issues
        )
        .order_by(home.second_visit_on, home.repair_due_on, home.id)
    )  # fmt: skip
    return [
        Invited(key, f"{building} {unit} {no}", owner, customer, state, issues, closed or 0, due, second)
        for key, building, unit, no, owner, customer, state, issues, closed, due, second in rows
    ]
