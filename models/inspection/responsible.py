"""What follows for an issue from where and what it is: words, level, contractor and due time (R10); and what does not fit."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from models.kernel.clock import today
from models.kernel.parameter import node_at
from models.kernel.refusal import Refusal
from models.kernel.registry import table
from models.kernel.session import clock_of
from models.kernel.words import _
from models.parameter.contractor import Contractor
from models.parameter.issue_standard import IssueLevel, IssueStandard
from models.parameter.rules import category_chain, due_at, scopes_of
from models.parameter.sla_rule import Clock, TaskKind
from models.property.room import Room
from models.property.unit import Unit

KINDS = {
    "inspection": TaskKind.INSPECTION.value,
    "handover": TaskKind.HANDOVER.value,
    "daily": TaskKind.REPAIR.value,
}
"""Source of an issue -> the kind of work its time limits are for."""


def fill(session: Session, issue: Any, *, new: bool) -> None:
    """Fills what was left empty: room, building, words, level, contractor, due time.

    The contractor follows the category and the building again while nobody has the issue and nobody chose otherwise.
    """
    if issue.inspection_room_id is not None and issue.room_id is None:
        rooms: Any = table("inspection_room")
        issue.room_id = session.scalar(select(rooms.room_id).where(rooms.id == issue.inspection_room_id))
    if issue.building_id is None or not inspect(issue).attrs.building_id.history.has_changes():
        issue.building_id = building_of(session, issue) or issue.building_id
    standard = session.get(IssueStandard, issue.standard_id) if issue.standard_id is not None else None
    if standard is not None:
        issue.description = issue.description or standard.wording
        issue.category_id = issue.category_id or standard.category_id
        issue.level = issue.level or standard.level
    issue.level = issue.level or IssueLevel.MINOR.value
    if issue.contractor_id is None and new and issue.category_id is not None and issue.project_id is not None:
        found = scopes_of(session, issue.project_id).answer(issue.category_id, issue.building_id)
        issue.contractor_id = found.contractor.id if found.contractor is not None else None
    if new and issue.due_at is None and issue.project_id is not None:
        issue.due_at = due(session, issue, issue.created_at or clock_of(session)())


def building_of(session: Session, issue: Any) -> int | None:
    """Returns the building of an issue's room; None where it is in no room."""
    if issue.room_id is None:
        return None
    return session.scalar(select(Unit.building_id).join(Room, Room.unit_id == Unit.id).where(Room.id == issue.room_id))


def due(session: Session, issue: Any, start: datetime) -> datetime | None:
    """Returns when a repair that began at `start` is due: by the standard problem, else by the time limit of the place."""
    standard = session.get(IssueStandard, issue.standard_id) if issue.standard_id is not None else None
    if standard is not None and standard.repair_hours:
        return start + timedelta(hours=standard.repair_hours)
    node = node_at(session, "project", issue.project_id)
    found = due_at(
        session, node.id, Clock.DONE.value, start, task_kind=KINDS.get(issue.source), level=issue.level,
        category_id=issue.category_id,
    )  # fmt: skip
    return found.at if found is not None else None


def wrong_place(session: Session, issue: Any) -> Iterable[Refusal]:
    """Yields what is wrong with where an issue is: a room, or a shared part that is named; one place on the plan."""
    if issue.room_id is None and not (issue.public_place or "").strip():
        yield Refusal(
            _("Choose a room, or name the shared part.", "请选择房间；如属公共部位，请填写公共部位说明。"),
            "room_id",
            code="required",
        )
    building = building_of(session, issue)
    if building is not None and issue.building_id != building:
        yield Refusal(
            _("The room is in another building. Leave the building empty.", "房间不在该楼栋，请将楼栋留空。"),
            "building_id",
            code="other_building",
        )
    if issue.inspection_room_id is not None and inspect(issue).attrs.room_id.history.has_changes():
        rooms: Any = table("inspection_room")
        inspected = session.scalar(select(rooms.room_id).where(rooms.id == issue.inspection_room_id))
        if inspected != issue.room_id:
            yield Refusal(
                _("This is not the room that was inspected.", "所选房间与验房房间不一致。"), "room_id", status=409
            )
    both = (issue.x, issue.y)
    if both != (None, None) and (None in both or not all(0 <= each <= 1 for each in both)):
        yield Refusal(_("A place on the plan is two numbers from 0 to 1.", "平面位置为 0 至 1 之间的两个数。"), "x")


def wrong_standard(session: Session, issue: Any) -> Iterable[Refusal]:
    """Yields what is wrong with the standard problem: it is one of the category, or of one below it."""
    state = inspect(issue).attrs
    if issue.standard_id is None or not (
        state.standard_id.history.has_changes() or state.category_id.history.has_changes()
    ):
        return
    own = session.scalar(select(IssueStandard.category_id).where(IssueStandard.id == issue.standard_id))
    wanted = category_chain(session, issue.category_id)[:1]
    if own is not None and own != issue.category_id and wanted and wanted[0] not in category_chain(session, own):
        yield Refusal(
            _("This standard problem is of another category.", "该标准问题不属于所选问题分类。"), "standard_id"
        )


def wrong_contractor(session: Session, issue: Any) -> Iterable[Refusal]:
    """Yields what is wrong with the contractor: it has a scope of work there on that day, and is not blacklisted (R10)."""
    if issue.contractor_id is None:
        return
    on = today(clock_of(session))
    contractor = session.get(Contractor, issue.contractor_id)
    if contractor is None:
        return
    if contractor.barred(on):
        yield Refusal(
            _("{name} is blacklisted and gets no new work.", "{name}已被列入黑名单，不能分派新的整改。").fill(
                name=contractor.name
            ),
            "contractor_id",
            code="barred",
        )
        return
    scopes = scopes_of(session, issue.project_id, on)
    here = [
        scope
        for scope, who in scopes.rows
        if who.id == contractor.id and scope.building_id in (None, issue.building_id)
    ]
    if not here:
        yield Refusal(
            _(
                "{name} has no scope of work here. Choose one that has, or enter its scope first.",
                "{name}在该项目（楼栋）没有施工范围，请选择范围内的承建商，或先维护施工范围。",
            ).fill(name=contractor.name),
            "contractor_id",
            code="out_of_scope",
        )
        return
    chain = category_chain(session, issue.category_id)
    codes = [scopes.categories[s.category_id][0] for s in here if s.category_id in scopes.categories]
    fits = set(codes) & set(chain) or any(scope.category_id is None for scope in here)
    if not fits and not (issue.contractor_reason or "").strip():
        yield Refusal(
            _(
                "{name} answers for other categories here. Say why it is to repair this.",
                "{name}的施工范围不含该问题分类，请填写改派原因。",
            ).fill(name=contractor.name),
            "contractor_reason",
            code="other_category",
        )
