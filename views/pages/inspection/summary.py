"""The summary of an inspection: its figures as they stand, and the text that begins from them (S02 ch. 4, R07)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import flash, redirect, render_template
from flask_appbuilder import BaseView, expose
from sqlalchemy import select

from models.inspection.inspection_summary import DAYS, InspectionSummary, SummaryState
from models.inspection.rules import figures, summarise
from models.kernel.clock import today
from models.kernel.registry import table
from models.kernel.roles import READ, WRITE
from models.kernel.scope import reach
from models.kernel.session import clock_of
from models.kernel.words import _
from views.kernel import formats
from views.kernel.access import needs
from views.kernel.pages import RECORD_ACTIONS
from views.kernel.request import actor, say
from views.kernel.request import session as database
from views.kernel.shell import crumbs, shell
from views.pages.inspection.rooms import plan_of

TITLE = _("Figures and summary", "验房统计与总结")

RECORD_ACTIONS.setdefault("inspection_plan", []).append(
    {"label": TITLE, "url": "/inspection/summary/{pk}", "icon": "report", "of": "inspection_summary", "right": READ}
)


class InspectionFiguresView(BaseView):  # type: ignore[misc]
    """The figures of a plan, and the way to its summary."""

    route_base = "/inspection/summary"
    default_view = "show"
    table = table("inspection_summary")

    @expose("/<int:pk>", methods=["GET"])
    @needs(READ)
    def show(self, pk: int) -> Any:
        """The figures of a plan as they stand now."""
        own, plan = database(), plan_of(pk)
        counted = figures(own, plan)
        row = own.scalar(select(InspectionSummary).where(InspectionSummary.plan_id == plan.id).limit(1))
        due = row.due_on if row is not None and row.due_on else plan.until_on + timedelta(days=DAYS)
        done = row is not None and row.state == SummaryState.DONE
        rooms = f"/inspection_room/list/?_flt_0_plan_id={plan.id}"
        page = {
            "title": TITLE,
            "crumbs": [*crumbs("project", plan.project_id), {"label": plan.title, "url": f"/inspection_plan/show/{plan.id}"}],
            "count_text": _("counted {at}", "统计时间 {at}").fill(at=formats.moment(clock_of(own)())),
            "plan_id": plan.id,
            "cautions": list(plan.cautions(own, actor())),
            "figures": [
                (_("Rooms", "计划套数"), counted["rooms"], rooms),
                (_("Inspected", "已验套数"), counted["inspected"], None),
                (_("No issue", "无问题"), counted["clean"], f"{rooms}&_flt_0_result=clean"),
                (_("With issues", "有问题"), counted["with_issues"], f"{rooms}&_flt_0_result=issues"),
                (_("Not entered", "未能入户"), counted["no_entry"], f"{rooms}&_flt_0_result=no_entry"),
                (_("Issues", "问题总数"), counted["issues"], None),
                (_("Per home", "户均问题"), counted["per_room"], None),
                (_("Closed", "已关闭"), counted["closed"], None),
                (_("Open", "未关闭"), counted["open"], None),
                (_("Overdue", "超期未整改"), counted["overdue"], None),
                (_("Repaired again", "返修"), counted["reworked"], None),
            ],
            "tables": [
                (_("By category", "按问题分类"), counted["categories"]),
                (_("By contractor", "按承建商"), counted["contractors"]),
            ],
            "due": formats.day(due),
            "late": not done and due < today(clock_of(own)),
            "done": done,
            "url": f"/inspection_summary/show/{row.id}" if row is not None else None,
            "writes": reach(own, actor(), self.table, WRITE).holds("project", plan.project_id),
        }  # fmt: skip
        return render_template("doorbook/inspection_summary.html", shell=shell(TITLE), page=page)

    @expose("/<int:pk>", methods=["POST"])
    @needs(WRITE)
    def write(self, pk: int) -> Any:
        """Begins the summary from the figures, or counts the figures of its draft anew."""
        own = database()
        row = summarise(own, plan_of(pk))
        own.commit()
        flash(say(_("The figures are filled in; go on with the text.", "统计数据已填入，请继续编写总结内容。")), "ok")
        return redirect(f"/inspection_summary/show/{row.id}", 303)
