"""Who answers for what in a project (施工范围一览): buildings across, categories down, gaps and overlaps shown (R10)."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template
from flask_appbuilder import BaseView, expose
from sqlalchemy import select

from models.kernel.parameter import effective, node_at
from models.kernel.refusal import Missing
from models.kernel.registry import table
from models.kernel.roles import READ, WRITE
from models.kernel.scope import reach
from models.kernel.words import _
from models.parameter.issue_category import CategoryKind, IssueCategory
from models.parameter.rules import Responsible, scopes_of
from models.property.building import Building
from models.property.project import Project
from views.kernel.access import needs
from views.kernel.pages import LIST_ACTIONS, RECORD_ACTIONS
from views.kernel.request import actor, say
from views.kernel.request import session as database
from views.kernel.shell import crumbs, shell

TITLE = _("Who answers for what", "施工范围一览")
ICON = "table"

RECORD_ACTIONS.setdefault("project", []).append(
    {"label": TITLE, "url": "/responsible/{pk}", "icon": ICON, "of": "contractor_scope", "right": READ}
)
LIST_ACTIONS.setdefault("contractor_scope", []).append(
    {"label": TITLE, "url": "/responsible/", "icon": ICON, "right": READ}
)


class ResponsibleView(BaseView):  # type: ignore[misc]
    """The picture of a project's scopes of work."""

    route_base = "/responsible"
    default_view = "first"
    table = table("contractor_scope")

    @expose("/", methods=["GET"])
    @needs(READ)
    def first(self) -> Any:
        """Leads to the first project one may read the scopes of."""
        own = database()
        where = reach(own, actor(), self.table, READ)
        for key in own.scalars(select(Project.id).order_by(Project.id)):
            if where.holds("project", key):
                return redirect(f"/responsible/{key}")
        return redirect("/contractor_scope/list/")

    @expose("/<int:pk>", methods=["GET"])
    @needs(READ)
    def show(self, pk: int) -> Any:
        """The picture."""
        own = database()
        where = reach(own, actor(), self.table, READ)
        if pk >= 2**63 or not where.holds("project", pk):
            raise Missing()
        project = own.execute(select(Project).where(Project.id == pk)).scalar_one_or_none()
        if project is None:
            raise Missing()
        writes = reach(own, actor(), self.table, WRITE).holds("project", pk)
        found = scopes_of(own, pk)
        buildings = own.execute(
            select(Building.id, Building.name).where(Building.project_id == pk).order_by(Building.id)
        ).all()
        places: list[tuple[int | None, str]] = [(key, name) for key, name in buildings]
        places.append((None, str(say(_("Shared", "公共区域")))))
        rows, gaps, overlaps = [], 0, 0
        for category, level in self._categories(pk, found.named()):
            cells = []
            for key, name in places:
                answer = found.answer(category.id, key)
                gaps += not answer.candidates
                overlaps += answer.ambiguous
                cells.append({**self._cell(answer, pk, category, key, writes), "place": name})
            rows.append({"label": category.name, "level": level, "cells": cells})
        page = {
            "title": TITLE,
            "crumbs": crumbs("project", pk),
            "count_text": _("{gaps} gaps · {overlaps} overlaps", "{gaps} 处空白 · {overlaps} 处重叠").fill(
                gaps=gaps, overlaps=overlaps
            ),
            "places": [name for _key, name in places],
            "rows": rows,
            "primary": {
                "label": _("Add a scope", "新增施工范围"), "url": f"/contractor_scope/add?project_id={pk}", "icon": "plus",
            }
            if writes
            else None,
            "list_url": f"/contractor_scope/list/?_flt_0_project_id={pk}",
            "projects": [
                {"label": name, "url": f"/responsible/{key}", "active": key == pk}
                for key, name in own.execute(select(Project.id, Project.name).order_by(Project.name))
                if where.holds("project", key)
            ],
        }  # fmt: skip
        return render_template("doorbook/responsible.html", shell=shell(TITLE), page=page)

    def _categories(self, pk: int, named: set[str]) -> list[tuple[IssueCategory, int]]:
        """The defects that hold in the project: each trade, and below it what has a scope of its own, with its level."""
        rows = effective(database(), IssueCategory, node_at(database(), "project", pk).id)
        defects = [row for row in rows if row.kind == CategoryKind.DEFECT]
        below: dict[int | None, list[IssueCategory]] = {}
        for row in defects:
            below.setdefault(row.parent_id, []).append(row)
        found: list[tuple[IssueCategory, int]] = []

        def walk(parent: int | None, level: int) -> None:
            for row in below.get(parent, ()):
                if level == 0 or row.code in named or any(child.code in named for child in below.get(row.id, ())):
                    found.append((row, level))
                walk(row.id, level + 1)

        walk(None, 0)
        return found

    def _cell(self, answer: Responsible, pk: int, category: IssueCategory, building: int | None, writes: bool) -> Any:
        add = f"/contractor_scope/add?project_id={pk}&category_id={category.id}"
        add += f"&building_id={building}" if building else ""
        told = say(answer.because)
        if answer.contractor is not None and answer.scope is not None:
            name = answer.contractor.short_name or answer.contractor.name
            return {"text": name, "title": told, "url": f"/contractor_scope/show/{answer.scope.id}", "kind": "one"}
        if answer.ambiguous:
            names = " / ".join(who.short_name or who.name for who in answer.candidates)
            url = f"/contractor_scope/list/?_flt_0_project_id={pk}"
            return {"text": names, "title": told, "url": url, "kind": "overlap"}
        return {"text": say(_("nobody", "无")), "title": told, "url": add if writes else None, "kind": "gap"}
