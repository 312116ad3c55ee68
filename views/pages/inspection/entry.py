"""Fast entry of an inspection, room by room, by keyboard or thumb: part, category, standard problem, note, photos (S02 ch. 4)."""

from __future__ import annotations

import string
from typing import Any

from flask import flash, jsonify, redirect, render_template, request
from flask_appbuilder import BaseView, expose
from sqlalchemy import func, select

from models.inspection.inspection_room import InspectionRoom, RoomResult
from models.inspection.issue import Issue
from models.inspection.rules import ENTERED, neighbours, record, register
from models.kernel.attachment import counts_of
from models.kernel.guard import name_of
from models.kernel.parameter import effective, node_at
from models.kernel.refusal import Missing, Refusal
from models.kernel.registry import table
from models.kernel.roles import READ, WRITE
from models.kernel.scope import reach
from models.kernel.tokens import initials
from models.kernel.words import _
from models.parameter.issue_category import CategoryKind, IssueCategory
from models.parameter.issue_standard import IssueStandard
from models.parameter.part import Part
from models.property.room import Room
from views.kernel.access import needs
from views.kernel.pages import RECORD_ACTIONS
from views.kernel.request import actor, say
from views.kernel.request import session as database
from views.kernel.shell import crumbs, shell
from views.pages.inspection.rooms import plan_of

TITLE = _("Inspection on the spot", "现场验房录入")
KEYS = string.digits[1:] + "".join(each for each in string.ascii_lowercase if each not in "nps")
"""What chooses a line of a list: digits, then letters; n, p and s lead on and back and repeat."""

for _of, _url in (("inspection_plan", "/inspect/plan/{pk}"), ("inspection_room", "/inspect/{pk}")):
    RECORD_ACTIONS.setdefault(_of, []).insert(
        0, {"label": TITLE, "url": _url, "icon": "device-mobile", "of": "issue", "right": WRITE}
    )


def inspected_room(pk: int) -> InspectionRoom:
    """Returns a room of a plan in scope.

    Raises:
        Missing: there is none, or none that may be seen.
    """
    if pk >= 2**63:
        raise Missing()
    found = database().execute(select(InspectionRoom).where(InspectionRoom.id == pk)).scalar_one_or_none()
    if found is None:
        raise Missing()
    return found


class InspectView(BaseView):  # type: ignore[misc]
    """Room by room."""

    route_base = "/inspect"
    default_view = "plan"
    table = table("issue")

    @expose("/plan/<int:pk>", methods=["GET"])
    @needs(READ)
    def plan(self, pk: int) -> Any:
        """Leads to the first room of a plan that waits; to the first where none does."""
        own, plan = database(), plan_of(pk)
        inside = select(InspectionRoom.id).where(InspectionRoom.plan_id == plan.id).order_by(InspectionRoom.id)
        found = own.scalar(inside.where(InspectionRoom.result == RoomResult.PENDING.value).limit(1)) or own.scalar(
            inside.limit(1)
        )
        if found is None:
            flash(say(_("Choose the rooms to be inspected first.", "请先选择验房房间。")), "warn")
            return redirect(f"/inspection_plan/show/{plan.id}")
        return redirect(f"/inspect/{found}")

    @expose("/<int:pk>", methods=["GET"])
    @needs(READ)
    def room(self, pk: int) -> Any:
        """One room: what was found so far, and the entry of the next thing."""
        return self._page(inspected_room(pk))

    @expose("/<int:pk>/issue", methods=["POST"])
    @needs(WRITE)
    def issue(self, pk: int) -> Any:
        """Enters an issue; answers with the line the page shows, or leads back to the page where there is no script."""
        own, inspected = database(), inspected_room(pk)
        form = request.form
        given = {name: form.get(name) for name in ENTERED if form.get(name)}
        try:
            row = register(own, inspected, given, form.get("entry_key", "")[:40])
            own.commit()
        except Refusal as refusal:
            own.rollback()
            if self._machine() or refusal.status in (403, 404):
                raise
            return self._page(inspected_room(pk), refusal, given), refusal.status
        if self._machine():
            return jsonify(self._lines([row])[0])
        return redirect(f"/inspect/{pk}", 303)

    @expose("/<int:pk>/result", methods=["POST"])
    @needs(WRITE)
    def result(self, pk: int) -> Any:
        """Records the room: no issue, not entered, waiting again; and leads to the next room."""
        own, inspected = database(), inspected_room(pk)
        try:
            record(own, inspected, request.form.get("result", ""), request.form.get("note"))
            own.commit()
        except Refusal as refusal:
            own.rollback()
            if refusal.status in (403, 404):
                raise
            return self._page(inspected_room(pk), refusal), refusal.status
        _before, after = neighbours(own, inspected)
        return redirect(f"/inspect/{after or pk}", 303)

    @staticmethod
    def _machine() -> bool:
        return "application/json" in request.headers.get("Accept", "")

    def _page(
        self, inspected: InspectionRoom, refusal: Refusal | None = None, typed: dict[str, Any] | None = None
    ) -> str:
        own = database()
        plan = plan_of(inspected.plan_id)
        room = own.get_one(Room, inspected.room_id)
        before, after = neighbours(own, inspected)
        order = select(func.count(InspectionRoom.id)).where(InspectionRoom.plan_id == plan.id)
        place = own.scalar(order.where(InspectionRoom.id <= inspected.id)) or 1
        done = own.scalar(order.where(InspectionRoom.result != RoomResult.PENDING.value)) or 0
        issues = list(own.scalars(self._of(inspected.id)))
        last = list(own.scalars(self._of(before).limit(12))) if before is not None else []
        title = name_of(room)
        result = RoomResult.member(inspected.result)
        page = {
            "title": title,
            "crumbs": [*crumbs("project", plan.project_id), {"label": plan.title, "url": f"/inspection_plan/show/{plan.id}"}],
            "count_text": _("Room {n} of {all} · {done} done", "第 {n}/{all} 套 · 已验 {done} 套").fill(
                n=place, all=own.scalar(order) or 0, done=done
            ),
            "all": own.scalar(order) or 0,
            "done": done,
            "pk": inspected.id,
            "writes": reach(own, actor(), self.table, WRITE).holds("project", plan.project_id),
            "running": plan.state == "running",
            "plan_url": f"/inspection_plan/show/{plan.id}",
            "book_url": f"/room/{room.id}/book",
            "before": f"/inspect/{before}" if before else None,
            "after": f"/inspect/{after}" if after else None,
            "result": {"label": result.words, "tone": result.tone} if result is not None else None,
            "pending": inspected.result == RoomResult.PENDING,
            "inspector": inspected.inspector.name if inspected.inspector is not None else None,
            "note": inspected.note or "",
            "issues": self._lines(issues),
            "last": self._lines(last),
            "lists": self._lists(plan.project_id),
            "errors": [one.sentence for one in refusal.all()] if refusal is not None else [],
            "typed": typed or {},
        }  # fmt: skip
        return render_template("doorbook/inspect.html", shell=shell(title), page=page)

    @staticmethod
    def _of(key: int | None) -> Any:
        wanted = (Issue.inspection_room_id == key, Issue.status != "void")
        return select(Issue).where(*wanted).order_by(Issue.id.desc())

    def _lines(self, issues: list[Issue]) -> list[dict[str, Any]]:
        """What the page shows of issues, and what repeating one needs."""
        photos = counts_of(database(), table("issue"), [row.id for row in issues])
        return [
            {
                "id": row.id,
                "number": row.number,
                "text": row.description,
                "part": row.part.name if row.part is not None else "",
                "category": row.category.name if row.category is not None else "",
                "note": row.note or "",
                "contractor": row.contractor.short_name or row.contractor.name if row.contractor is not None else "",
                "photos": photos.get(row.id, 0),
                "url": f"/issue/show/{row.id}",
                "again": {name: getattr(row, name) for name in ENTERED if getattr(row, name) is not None},
            }
            for row in issues
        ]

    def _lists(self, project_id: int) -> dict[str, list[dict[str, Any]]]:
        """Categories at the top, parts and standard problems that hold in the project, each with its key and what finds it."""
        own = database()
        node = node_at(own, "project", project_id).id
        categories = [row for row in effective(own, IssueCategory, node) if row.kind == CategoryKind.DEFECT]
        codes = {key: value for key, value in own.execute(select(IssueCategory.id, IssueCategory.code))}
        parents = {row.code: codes.get(row.parent_id or 0) for row in categories}
        tops = [row for row in categories if parents[row.code] is None]

        def top(code: str | None) -> str | None:
            for _step in range(5):
                above = parents.get(code or "")
                if above is None:
                    break
                code = above
            return code

        standards = [
            {"id": row.id, "name": row.wording, "top": top(codes.get(row.category_id)), "find": initials(row.wording)}
            for row in effective(own, IssueStandard, node)
        ]
        return {
            "categories": _keyed([{"id": row.id, "name": row.name, "code": row.code} for row in tops]),
            "parts": _keyed([{"id": row.id, "name": row.name} for row in effective(own, Part, node)]),
            "standards": standards,
        }


def _keyed(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**line, "key": KEYS[n] if n < len(KEYS) else ""} for n, line in enumerate(lines)]


__all__ = ["InspectView", "inspected_room"]
