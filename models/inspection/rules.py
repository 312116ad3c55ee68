"""What the area does: rooms are chosen for a plan by the thousand, issues entered one after another, figures counted."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.inspection.inspection_plan import OPEN, InspectionPlan, in_other_plan
from models.inspection.inspection_room import InspectionRoom, RoomResult
from models.inspection.inspection_summary import InspectionSummary
from models.inspection.issue import Issue
from models.inspection.issue_states import ENDED, UNREPAIRED, IssueSource, IssueState
from models.kernel import entry
from models.kernel.bulk import insert_rows, update_rows
from models.kernel.guard import name_of
from models.kernel.refusal import Refusal
from models.kernel.session import actor_of, clock_of
from models.kernel.words import _
from models.parameter.contractor import Contractor
from models.parameter.issue_category import IssueCategory
from models.property.project import Project
from models.property.room import Room

CHUNK = 500


def _parts(keys: Sequence[int]) -> list[Sequence[int]]:
    return [keys[start : start + CHUNK] for start in range(0, len(keys), CHUNK)]


def choose_rooms(
    session: Session, plan: InspectionPlan, rooms: Sequence[int], inspector_id: int | None = None
) -> dict[str, int]:
    """Puts rooms into a plan, by the set; those that are in it already get the inspector. Flushes.

    Two people who choose at once wait for each other at the project.

    Returns:
        How many rooms were `added`, and how many were there and got another inspector (`assigned`).

    Raises:
        Refusal: the plan is not open; a room is of another project, or in another open plan (names it).
        Denied: no right to write in the project.
    """
    session.execute(select(Project.id).where(Project.id == plan.project_id).with_for_update())
    if plan.state not in OPEN:
        raise Refusal(
            _("This plan is not open any more.", "该验房计划已结束，不能再调整房间。"), code="plan_ended", status=409
        )
    keys = sorted(set(rooms))
    here: dict[int, tuple[int, int | None]] = {}
    fit = 0
    for part in _parts(keys):
        found = select(func.count(Room.id)).where(Room.id.in_(part), Room.project_id == plan.project_id)
        fit += session.scalar(found) or 0
        held = session.execute(
            select(InspectionRoom.room_id, InspectionPlan.title)
            .join(InspectionPlan, InspectionPlan.id == InspectionRoom.plan_id)
            .where(InspectionRoom.room_id.in_(part), InspectionPlan.state.in_(OPEN), InspectionPlan.id != plan.id)
            .limit(1)
        ).first()
        if held is not None:
            raise in_other_plan(held.title, name_of(session.get_one(Room, held.room_id)))
        own = select(InspectionRoom.room_id, InspectionRoom.id, InspectionRoom.inspector_id)
        for room, key, inspector in session.execute(
            own.where(InspectionRoom.plan_id == plan.id, InspectionRoom.room_id.in_(part))
        ):
            here[room] = (key, inspector)
    if fit != len(keys) or not keys:
        raise Refusal(
            _("Choose rooms of the project of this plan.", "请选择该计划所属项目的房间。"),
            "room_id",
            code="other_project",
        )
    fresh = [
        {"plan_id": plan.id, "room_id": room, "inspector_id": inspector_id, "result": RoomResult.PENDING.value}
        for room in keys
        if room not in here
    ]
    insert_rows(session, InspectionRoom, fresh)
    changes = [
        (key, {"inspector_id": (before, inspector_id)})
        for key, before in here.values()
        if inspector_id is not None and before != inspector_id
    ]
    update_rows(session, InspectionRoom, changes)
    return {"added": len(fresh), "assigned": len(changes)}


ENTERED = ("category_id", "part_id", "standard_id", "description", "note", "level")


def register(session: Session, inspected: InspectionRoom, values: Mapping[str, object], key: str) -> Issue:
    """Enters an issue of a room that is being inspected. The same entry sent twice is one issue. Flushes.

    Args:
        values: as a client says them; of `ENTERED` alone.
        key: the client's own name of the entry, so that a phone may send it again when the answer was lost.

    Raises:
        Refusal: the plan is not running; or what is wrong with the issue.
    """
    known = session.scalar(select(Issue).where(Issue.entry_key == key)) if key else None
    if known is not None:
        return known
    _running(session, inspected)
    row = Issue(
        project_id=inspected.project_id,
        source=IssueSource.INSPECTION.value,
        inspection_room_id=inspected.id,
        room_id=inspected.room_id,
        entry_key=key or None,
    )
    given = {name: value for name, value in values.items() if name in ENTERED}
    entry.assign(row, entry.read_all(Issue, given))
    session.add(row)
    session.flush()
    if inspected.result != RoomResult.ISSUES:
        inspected.result = RoomResult.ISSUES.value
        session.flush()
    return row


def record(session: Session, inspected: InspectionRoom, result: str, note: str | None = None) -> None:
    """Records what the inspection of a room came to, “no issue” too. Flushes.

    Raises:
        Refusal: the plan is not running; issues were entered and “no issue” is said.
    """
    _running(session, inspected)
    inspected.result = result
    if note is not None:
        inspected.note = note or None
    session.flush()


def _running(session: Session, inspected: InspectionRoom) -> None:
    plan = session.get_one(InspectionPlan, inspected.plan_id)
    if plan.state != "running":
        raise Refusal(
            _(
                "The plan “{plan}” is not running. Release it first, or open it again.",
                "验房计划“{plan}”不在进行中，请先发布或重新打开。",
            ).fill(plan=plan.title),
            code="not_running",
            status=409,
        )


def neighbours(session: Session, inspected: InspectionRoom) -> tuple[int | None, int | None]:
    """Returns the rooms before and after one in its plan, in the order they were chosen."""
    same = select(InspectionRoom.id).where(InspectionRoom.plan_id == inspected.plan_id)
    before = same.where(InspectionRoom.id < inspected.id).order_by(InspectionRoom.id.desc()).limit(1)
    after = same.where(InspectionRoom.id > inspected.id).order_by(InspectionRoom.id).limit(1)
    return session.scalar(before), session.scalar(after)


# -- figures ----------------------------------------------------------------------------------------------------------


def figures(session: Session, plan: InspectionPlan, now: datetime | None = None) -> dict[str, Any]:
    """Returns the figures of a plan's summary, counted now. Void issues count nowhere.

    Returns:
        rooms, inspected, clean, with_issues, no_entry: homes of the plan; issues, closed, open, overdue, reworked: issues;
        per_room: issues per home inspected, to one place; categories and contractors: [name, issues, closed], most first.
    """
    at = now or clock_of(session)()
    rooms = {
        key: value
        for key, value in session.execute(
            select(InspectionRoom.result, func.count(InspectionRoom.id))
            .where(InspectionRoom.plan_id == plan.id)
            .group_by(InspectionRoom.result)
        )
    }
    inside = Issue.inspection_room_id.in_(select(InspectionRoom.id).where(InspectionRoom.plan_id == plan.id))
    counted: dict[str, list[Any]] = {"categories": [], "contractors": []}
    total = {"issues": 0, "closed": 0, "overdue": 0, "reworked": 0}
    names: dict[str, dict[int | None, list[Any]]] = {"categories": {}, "contractors": {}}
    rows = session.execute(
        select(Issue.category_id, Issue.contractor_id, Issue.status, Issue.due_at, Issue.rework_count).where(
            inside, Issue.status != IssueState.VOID.value
        )
    )
    tops = _tops(session)
    for category, contractor, status, due, rework in rows:
        closed = status in ENDED
        total["issues"] += 1
        total["closed"] += closed
        total["overdue"] += status in UNREPAIRED and due is not None and due < at
        total["reworked"] += rework > 0
        for kind, key in (("categories", tops.get(category)), ("contractors", contractor)):
            line = names[kind].setdefault(key, [key, 0, 0])
            line[1] += 1
            line[2] += closed
    called: dict[str, dict[Any, str]] = {
        "categories": {key: value for key, value in session.execute(select(IssueCategory.id, IssueCategory.name))},
        "contractors": {key: value for key, value in session.execute(select(Contractor.id, Contractor.name))},
    }
    for kind, lines in names.items():
        ordered = sorted(lines.values(), key=lambda line: (-line[1], str(called[kind].get(line[0], ""))))
        counted[kind] = [[called[kind].get(key), issues, closed] for key, issues, closed in ordered]
    inspected = rooms.get("clean", 0) + rooms.get("issues", 0)
    return {
        "rooms": sum(rooms.values()),
        "inspected": inspected,
        "clean": rooms.get("clean", 0),
        "with_issues": rooms.get("issues", 0),
        "no_entry": rooms.get("no_entry", 0),
        **total,
        "open": total["issues"] - total["closed"],
        "per_room": round(total["issues"] / inspected, 1) if inspected else 0,
        **counted,
    }


def _tops(session: Session) -> dict[int, int]:
    """Returns category -> the category at the top of its branch."""
    above = {key: value for key, value in session.execute(select(IssueCategory.id, IssueCategory.parent_id))}
    found = {}
    for key in above:
        top = key
        for _step in range(5):
            higher = above.get(top)
            if higher is None:
                break
            top = higher
        found[key] = top
    return found


def written_out(plan: InspectionPlan, counted: Mapping[str, Any]) -> str:
    """Returns the text a summary begins with: what the figures say, to be gone on with by hand."""
    rate = f"{counted['closed'] * 100 // counted['issues']}%" if counted["issues"] else "—"
    most = "、".join(f"{name or '未分类'} {n} 条" for name, n, _closed in counted["categories"][:5])
    firms = "、".join(
        f"{name or '未指定承建商'} {n} 条（已关闭 {done} 条）" for name, n, done in counted["contractors"][:5]
    )
    return "\n".join(
        (
            f"一、验房情况：{plan.from_on:%Y年%m月%d日}至{plan.until_on:%Y年%m月%d日}，计划验房 {counted['rooms']} 套，"
            f"已验 {counted['inspected']} 套，其中无问题 {counted['clean']} 套，未能入户 {counted['no_entry']} 套。",
            f"二、问题情况：共登记问题 {counted['issues']} 条，户均 {counted['per_room']} 条；已关闭 {counted['closed']} 条，"
            f"关闭率 {rate}；未关闭 {counted['open']} 条，其中超期 {counted['overdue']} 条；返修 {counted['reworked']} 条。",
            f"三、问题分布：{most or '无'}。",
            f"四、承建商：{firms or '无'}。",
            "五、经验与建议：",
        )
    )


def summarise(session: Session, plan: InspectionPlan) -> InspectionSummary:
    """Returns the summary of a plan with its figures counted now; the first time with a text that says them. Flushes."""
    counted = figures(session, plan)
    row = session.scalar(
        select(InspectionSummary).where(InspectionSummary.plan_id == plan.id).order_by(InspectionSummary.id).limit(1)
    )
    if row is None:
        row = InspectionSummary(plan_id=plan.id, subject=f"{plan.title}总结", author=actor_of(session).name[:64])
        session.add(row)
    if row.state == "draft" or row.figures is None:
        row.figures = json.dumps(counted, ensure_ascii=False)
        row.body = row.body or written_out(plan, counted)
    session.flush()
    return row
