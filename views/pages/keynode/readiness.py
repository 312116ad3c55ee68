"""Ready to go live (上线准备, R02): every project with what is missing six days before, and one project check by check."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import render_template
from flask_appbuilder import BaseView, expose
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.kernel.clock import today
from models.kernel.refusal import Missing
from models.kernel.registry import table
from models.kernel.roles import READ
from models.kernel.scope import reach
from models.kernel.session import clock_of
from models.kernel.words import Words, _
from models.keynode.readiness import Readiness, readiness, readiness_of
from models.property.project import Project
from views.kernel.access import needs
from views.kernel.formats import day
from views.kernel.pages import RECORD_ACTIONS
from views.kernel.request import actor
from views.kernel.request import session as database
from views.kernel.shell import Extra, menu_page, shell
from views.kernel.widgets import Widget, widget

TITLE = _("Ready to go live", "上线准备检查")
ICON = "list-check"
MOST = 30
"""Projects that are checked on one page."""

menu_page(Extra("keynode", TITLE, ICON, "/readiness/", "project_key_node", place=-1))
RECORD_ACTIONS.setdefault("project", []).append(
    {"label": TITLE, "url": "/readiness/{pk}", "icon": ICON, "of": "project_key_node", "right": READ}
)


SOON = timedelta(days=60)
"""Projects that go live within this time are told of on the workbench."""


def going_live(session: Session) -> dict[str, Any] | None:
    """Returns the projects that go live soon and lack something, the first to go live on top; None where there are none."""
    where, now = reach(session, actor(), table("project_key_node"), READ), today(clock_of(session))
    query = select(Project).where(Project.go_live_on >= now, Project.go_live_on <= now + SOON)
    soon = session.scalars(query.order_by(Project.go_live_on, Project.id).limit(8))
    found = readiness_of(session, [project for project in soon if where.holds("project", project.id)])
    rows = [
        {
            "label": one.project.name,
            "detail": _state(one)["state"],
            "url": f"/readiness/{one.project.id}",
            "icon": ICON,
            "when": one.project.go_live_on.isoformat() if one.project.go_live_on else "",
            "late": one.days is not None and one.days < 0,
        }
        for one in found
        if not one.ready
    ]
    return {"kind": "lines", "rows": rows, "more": "/readiness/", "count": len(rows)} if rows else None


widget(
    Widget(
        "going_live",
        TITLE,
        _("Projects that go live within sixty days and lack something.", "60 天内上线且尚未准备完成的项目。"),
        ICON,
        going_live,
        table="project_key_node",
        usual=False,
        place=35,
    )
)


class ReadinessView(BaseView):  # type: ignore[misc]
    """What is missing for each project, and for one."""

    route_base = "/readiness"
    default_view = "projects"
    table = table("project_key_node")

    @expose("/", methods=["GET"])
    @needs(READ)
    def projects(self) -> Any:
        """The projects, those that go live first on top; those without a day last."""
        own = database()
        where = reach(own, actor(), self.table, READ)
        query = select(Project).order_by(Project.go_live_on.is_(None), Project.go_live_on, Project.code, Project.id)
        seen = [project for project in own.scalars(query) if where.holds("project", project.id)]
        found = readiness_of(own, seen[:MOST])
        page = {
            "title": TITLE,
            "count_text": _("{ready} of {all} projects ready", "{all} 个项目中 {ready} 个已就绪").fill(
                ready=sum(one.ready for one in found), all=len(found)
            ),
            "more": len(seen) > MOST,
            "rows": [
                {
                    "label": one.project.name,
                    "url": f"/readiness/{one.project.id}",
                    "live": day(one.project.go_live_on),
                    "due": day(one.due_on),
                    **_state(one),
                    "missing": [each.name for each in one.missing],
                }
                for one in found
            ],
        }
        return render_template("doorbook/readiness.html", shell=shell(TITLE), page=page)

    @expose("/<int:pk>", methods=["GET"])
    @needs(READ)
    def show(self, pk: int) -> Any:
        """Every check of one project, with the way to where it is mended."""
        own = database()
        if pk >= 2**63 or not reach(own, actor(), self.table, READ).holds("project", pk):
            raise Missing()
        project = own.execute(select(Project).where(Project.id == pk)).scalar_one_or_none()
        if project is None:
            raise Missing()
        found = readiness(own, project)
        page = {
            "title": project.name,
            "crumbs": [{"label": TITLE, "url": "/readiness/"}, {"label": project.name, "url": f"/project/show/{pk}"}],
            "count_text": _("{n} of {all} ready", "{all} 项中 {n} 项已就绪").fill(
                n=len(found.checks) - len(found.missing), all=len(found.checks)
            ),
            "due": found.due_on.isoformat() if found.due_on else None,
            **_state(found),
            "checks": sorted(found.checks, key=lambda one: one.ready),  # what is missing first
        }
        return render_template("doorbook/readiness.html", shell=shell(TITLE), page=page)


def _state(one: Readiness) -> dict[str, Words | str]:
    """The word and colour of a project: red only where the day is past."""
    if one.ready:
        return {"state": _("Ready", "已就绪"), "tone": "green"}
    if one.days is None:
        return {
            "state": _("{n} missing, no day set", "缺 {n} 项，未定上线日期").fill(n=len(one.missing)),
            "tone": "grey",
        }
    if one.days < 0:
        said = _("{n} missing, {days} days late", "缺 {n} 项，已超期 {days} 天").fill(
            n=len(one.missing), days=-one.days
        )
        return {"state": said, "tone": "red"}
    said = _("{n} missing, {days} days left", "缺 {n} 项，还剩 {days} 天").fill(n=len(one.missing), days=one.days)
    return {"state": said, "tone": "amber"}
