"""Issues sent to contractors: what waits, one list each, printed, exported, signed for, tracked; the owner's list on paper."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from flask import flash, redirect, render_template, request
from flask_appbuilder import BaseView, expose
from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import Session

from models.inspection.dispatching import Wanted, dispatch, waiting
from models.inspection.inspection_plan import InspectionPlan, PlanState
from models.inspection.issue import Issue
from models.inspection.issue_dispatch import DispatchState, IssueDispatch
from models.inspection.issue_states import ENDED, IssueSource, IssueState
from models.inspection.printed import CONTRACTOR_ISSUES, OWNER_ISSUES, contractor_sheet, owner_sheet
from models.inspection.reminders import overdue
from models.kernel.actor import Actor
from models.kernel.clock import CHINA
from models.kernel.guard import name_of
from models.kernel.reading_dates import read_date
from models.kernel.refusal import Missing, Refusal
from models.kernel.registry import table
from models.kernel.roles import READ
from models.kernel.scope import reach
from models.kernel.session import clock_of
from models.kernel.table import Table
from models.kernel.words import _
from models.parameter.contractor import Contractor
from models.property.room import Room
from views.kernel import formats
from views.kernel.access import needs
from views.kernel.counts import COUNTERS, Counter
from views.kernel.pages import LIST_ACTIONS, RECORD_ACTIONS
from views.kernel.printing import paper_language, printed
from views.kernel.request import actor, say
from views.kernel.request import session as database
from views.kernel.selection import MAKERS, Selection
from views.kernel.shell import Extra, crumbs, menu_page, shell
from views.pages.org.projects import choose_project

TITLE = _("Issues to contractors", "问题分派与跟踪")
ICON = "send"
SHOWN = 60
"""Lists that the page tracks; all of them are under “Issue lists”."""

menu_page(Extra("inspection", TITLE, ICON, "/issue-lists/", "issue", place=-1))
RECORD_ACTIONS.setdefault("issue_dispatch", []).insert(
    0,
    {
        "label": CONTRACTOR_ISSUES.label,
        "url": "/issue-lists/print/{pk}",
        "icon": "printer",
        "of": "issue",
        "right": READ,
    },
)
RECORD_ACTIONS.setdefault("room", []).append(
    {"label": OWNER_ISSUES.label, "url": "/issue-lists/owner/{pk}", "icon": "printer", "of": "issue", "right": READ}
)


def _late(session: Session, _who: Actor) -> Select[Any]:
    """The issues whose repair is overdue."""
    return select(Issue.id).where(*overdue(clock_of(session)()))


COUNTERS.append(Counter("/issue-lists/", "issue", _late, late=True))

LATE = _("Repairs overdue", "超期未整改")


def _overdue_rows(session: Session, cls: type[Table], raw: str) -> Selection:
    """The issues of a list whose repair is overdue (see `views.kernel.selection`).

    Raises:
        Refusal: the list is of something else.
    """
    if cls is not Issue or raw:
        raise Refusal(
            _("This selection of rows is of another list.", "该数据范围不适用于此列表。"),
            code="unknown_selection",
            status=400,
        )
    return Selection(LATE, "", and_(*overdue(clock_of(session)())))


MAKERS["overdue"] = _overdue_rows
OVERDUE_ROWS = "/issue/list/?_of=overdue:"
LIST_ACTIONS.setdefault("issue", []).append({"label": LATE, "url": OVERDUE_ROWS, "icon": "clock", "right": READ})


class IssueListsView(BaseView):  # type: ignore[misc]
    """Of a project: what waits to be sent, and the lists that were."""

    route_base = "/issue-lists"
    default_view = "choose"
    table = table("issue")

    @expose("/", methods=["GET"])
    @needs(READ)
    def choose(self) -> Any:
        """Asks for the project, or leads to the only one; who is sent issues, and sends none, to those issues."""
        where = reach(database(), actor(), self.table, READ)
        if where.theirs is not None and not where.everything and not where.nodes:
            return redirect("/issue/list/")
        return choose_project(TITLE, _("Issues of which project?", "分派哪个项目的问题？"), "/issue-lists/")

    @expose("/<int:pk>", methods=["GET"])
    @needs(READ)
    def project(self, pk: int) -> Any:
        """What waits for each contractor, and how the lists that were sent get on."""
        return self._page(self._project(pk))

    @expose("/<int:pk>/dispatch", methods=["POST"])
    @needs("dispatch")
    def dispatch(self, pk: int) -> Any:
        """Sends what waits: for one contractor (`contractor_id`), or one list for each."""
        own, project = database(), self._project(pk)
        try:
            wanted = self._wanted(pk)
            chosen = request.form.get("contractor_id", "")
            keys = [int(chosen)] if chosen.isdecimal() and len(chosen) < 19 else [k for k in waiting(own, wanted) if k]
            made = [dispatch(own, wanted, key) for key in keys]
            if not made:
                raise Refusal(
                    _("Nothing waits to be dispatched.", "没有待分派的问题。"), code="nothing_waiting", status=409
                )
            n = sum(batch.count for batch in made)
            own.commit()
        except Refusal as refusal:
            own.rollback()
            if refusal.status in (403, 404):
                raise
            return self._page(project, refusal), refusal.status
        flash(
            say(
                _("{n} issues sent in {lists} lists.", "已分派 {n} 条问题，生成 {lists} 份清单。").fill(
                    n=n, lists=len(made)
                )
            ),
            "ok",
        )
        return redirect(f"/issue-lists/{pk}", 303)

    @expose("/out/<int:pk>/<string:how>", methods=["POST"])
    @needs("dispatch")
    def out(self, pk: int, how: str) -> Any:
        """Notes that a list is printed or exported now, and leads to the paper or the workbook."""
        own, batch = database(), self._batch(pk)
        ways = {"print": f"/issue-lists/print/{pk}", "xlsx": f"/issue/export.xlsx?_flt_0_dispatch_id={pk}"}
        if how not in ways:
            raise Missing()
        batch.printed_at, batch.printed_by = clock_of(own)(), actor().name[:64]
        own.commit()
        return redirect(ways[how], 303)

    @expose("/print/<int:pk>", methods=["GET"])
    @needs(READ)
    def print(self, pk: int) -> Any:
        """A list as its contractor signs for it."""
        batch = self._batch(pk)
        trail = [
            {"label": TITLE, "url": f"/issue-lists/{batch.project_id}"},
            {"label": batch.number, "url": f"/issue_dispatch/show/{pk}"},
        ]
        return printed(CONTRACTOR_ISSUES.label, [contractor_sheet(database(), batch, paper_language())], trail)

    @expose("/owner/<int:pk>", methods=["GET"])
    @needs(READ)
    def owner(self, pk: int) -> Any:
        """The issues of a home as its owner signs them."""
        room = database().execute(select(Room).where(Room.id == pk)).scalar_one_or_none() if pk < 2**63 else None
        if room is None:
            raise Missing()
        trail = [{"label": name_of(room), "url": f"/room/show/{pk}"}]
        return printed(OWNER_ISSUES.label, [owner_sheet(database(), room, paper_language())], trail)

    def _project(self, pk: int) -> Any:
        found = None
        if pk < 2**63 and reach(database(), actor(), self.table, READ).holds("project", pk):
            projects: Any = table("project")
            found = database().execute(select(projects).where(projects.id == pk)).scalar_one_or_none()
        if found is None:
            raise Missing()
        return found

    def _batch(self, pk: int) -> IssueDispatch:
        found = None
        if pk < 2**63:
            found = database().execute(select(IssueDispatch).where(IssueDispatch.id == pk)).scalar_one_or_none()
        if found is None:
            raise Missing()
        return found

    def _wanted(self, pk: int) -> Wanted:
        """Reads which issues are meant from the address or the form.

        Raises:
            Refusal: a day that cannot be read.
        """
        said = request.values
        source = IssueSource.member(said.get("source", ""))
        plan = said.get("plan", "")
        first, last = read_date(said.get("from")), read_date(said.get("until"))
        return Wanted(
            pk,
            source.value if source is not None else None,
            int(plan) if plan.isdecimal() and len(plan) < 19 else None,
            _begins(first) if first else None,
            _begins(last + timedelta(days=1)) if last else None,
        )

    def _page(self, project: Any, refusal: Refusal | None = None) -> str:
        own = database()
        errors = [one.sentence for one in refusal.all()] if refusal is not None else []
        try:
            wanted = self._wanted(project.id)
        except Refusal as wrong:
            wanted = Wanted(project.id)
            errors.append(wrong.sentence)
        counts = waiting(own, wanted)
        names = {
            key: value
            for key, value in own.execute(
                select(Contractor.id, Contractor.name).where(Contractor.id.in_([k for k in counts if k]))
            )
        }
        plans = own.execute(
            select(InspectionPlan.id, InspectionPlan.title)
            .where(InspectionPlan.project_id == project.id, InspectionPlan.state != PlanState.VOID.value)
            .order_by(InspectionPlan.id.desc())
        ).all()
        base = f"/issue/list/?_flt_0_project_id={project.id}&_flt_0_status={IssueState.REGISTERED.value}"
        page = {
            "title": TITLE,
            "crumbs": crumbs("project", project.id),
            "count_text": _("{n} to be dispatched", "待分派 {n} 条").fill(n=sum(counts.values())),
            "project_id": project.id,
            "may": reach(own, actor(), self.table, "dispatch").holds("project", project.id),
            "errors": errors,
            "sources": [(each.value, each.words) for each in IssueSource],
            "plans": [(str(key), title) for key, title in plans],
            "said": {name: request.values.get(name, "") for name in ("source", "plan", "from", "until")},
            "waiting": [
                {"key": key, "name": names.get(key, ""), "n": n, "url": f"{base}&_flt_0_contractor_id={key}"}
                for key, n in sorted(counts.items(), key=lambda one: -one[1])
                if key is not None
            ],
            "without": counts.get(None, 0),
            "without_url": base,
            "batches": self._batches(project.id),
            "all_url": f"/issue_dispatch/list/?_flt_0_project_id={project.id}",
        }
        return render_template("doorbook/issue_lists.html", shell=shell(TITLE), page=page)

    def _batches(self, project_id: int) -> list[dict[str, Any]]:
        own, now = database(), clock_of(database())()
        rows = own.scalars(
            select(IssueDispatch)
            .where(IssueDispatch.project_id == project_id, IssueDispatch.state != DispatchState.VOID.value)
            .order_by(IssueDispatch.id.desc())
            .limit(SHOWN)
        ).all()
        keys = [row.id for row in rows]
        counted = select(Issue.dispatch_id, func.count(Issue.id)).where(Issue.dispatch_id.in_(keys))
        closed = {
            key: value for key, value in own.execute(counted.where(Issue.status.in_(ENDED)).group_by(Issue.dispatch_id))
        }
        late = {key: value for key, value in own.execute(counted.where(*overdue(now)).group_by(Issue.dispatch_id))}
        found = []
        for row in rows:
            state = DispatchState.member(row.state)
            found.append(
                {
                    "id": row.id, "number": row.number, "url": f"/issue_dispatch/show/{row.id}",
                    "contractor": row.contractor.name if row.contractor is not None else "",
                    "state": state.words if state else row.state, "tone": state.tone if state else "grey",
                    "sent": formats.moment(row.created_at), "printed": formats.moment(row.printed_at),
                    "signed": f"{row.signed_by} {formats.day(row.signed_on)}" if row.signed_by else "",
                    "n": row.count, "closed": closed.get(row.id, 0), "late": late.get(row.id, 0),
                    "waits": row.state == DispatchState.SENT, "issues_url": f"/issue/list/?_flt_0_dispatch_id={row.id}",
                }
            )  # fmt: skip
        return found


def _begins(day: date) -> datetime:
    return datetime.combine(day, time(), CHINA)
