"""The room grid coloured by inspection: where each home stands in the plan it is in, or was in last."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from models.inspection.inspection_plan import InspectionPlan, PlanState
from models.inspection.inspection_room import InspectionRoom, RoomResult
from models.inspection.issue import Issue
from models.inspection.issue_states import ENDED
from models.kernel.words import _
from models.property.colouring import Colouring, Shade, colouring

_RESULTS = (
    *(Shade(each.value, each.words, {"pending": "blue"}.get(each.value, each.tone)) for each in RoomResult),
    Shade("none", _("In no plan", "未列入计划"), "grey"),
)


def _results(session: Session, rooms: Select[Any]) -> dict[int, str]:
    found = session.execute(
        select(InspectionRoom.room_id, InspectionRoom.result)
        .join(InspectionPlan, InspectionPlan.id == InspectionRoom.plan_id)
        .where(InspectionRoom.room_id.in_(rooms), InspectionPlan.state != PlanState.VOID.value)
        .order_by(InspectionRoom.id)
    )
    return {key: value for key, value in found}


colouring(
    Colouring(
        "inspection", _("Inspection", "验房"), "inspection_room", lambda _session, _rooms: _RESULTS, _results, "none"
    )
)

_OPEN = (
    Shade("open", _("Open issues", "有未关闭问题"), "red"),
    Shade("closed", _("All closed", "问题已全部关闭"), "green"),
    Shade("none", _("No issue", "无问题"), "grey"),
)


def _issues(session: Session, rooms: Select[Any]) -> dict[int, str]:
    found: dict[int, str] = {}
    rows = select(Issue.room_id, Issue.status).where(Issue.room_id.in_(rooms), Issue.status != "void").distinct()
    for room, status in session.execute(rows):
        if room is not None and found.get(room) != "open":
            found[room] = "closed" if status in ENDED else "open"
    return found


colouring(Colouring("issues", _("Issues", "问题"), "issue", lambda _session, _rooms: _OPEN, _issues, "none"))
