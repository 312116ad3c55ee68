"""Key nodes on screen (关键节点): the checklist of a project, ticked by keyboard or thumb, and the leaders' matrix of all."""

from __future__ import annotations

import io
from collections import Counter
from datetime import date
from typing import Any
from urllib.parse import urlencode

import xlsxwriter
from flask import Response, flash, redirect, render_template, request
from flask_appbuilder import BaseView, expose
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from models.kernel.actor import Actor
from models.kernel.attachment import files_of
from models.kernel.clock import today
from models.kernel.moving import move
from models.kernel.reading_dates import read_date
from models.kernel.refusal import Missing, Refusal
from models.kernel.registry import table
from models.kernel.roles import EXPORT, READ, WRITE
from models.kernel.scope import may, reach
from models.kernel.session import clock_of
from models.kernel.words import Words, _
from models.keynode.key_node_def import NodePhase
from models.keynode.printed import KEY_NODE_LIST, key_node_sheet
from models.keynode.project_key_node import NodeState, ProjectKeyNode, files_lacking
from models.keynode.rules import Node, Standing, checklists, correct, finish, record_of
from models.property.project import Project
from views.kernel import formats
from views.kernel.access import needs
from views.kernel.counts import COUNTERS
from views.kernel.counts import Counter as Waiting
from views.kernel.exchange.traced import note_export
from views.kernel.pages import RECORD_ACTIONS
from views.kernel.printing import paper_language, printed
from views.kernel.request import actor, language, say
from views.kernel.request import session as database
from views.kernel.shell import Extra, crumbs, menu_page, shell
from views.kernel.widgets import Widget, widget

TITLE = _("Key nodes", "关键节点评审")
ICON = "flag"

menu_page(Extra("keynode", TITLE, ICON, "/keynodes/", "project_key_node", place=-1))
RECORD_ACTIONS.setdefault("project", []).append(
    {"label": TITLE, "url": "/keynodes/{pk}", "icon": ICON, "of": "project_key_node", "right": READ}
)


def _overdue(session: Session, _who: Actor) -> Select[Any]:
    """The nodes that are open past their day."""
    late = (ProjectKeyNode.state == NodeState.OPEN, ProjectKeyNode.planned_on < today(clock_of(session)))
    return select(ProjectKeyNode.id).where(*late)


COUNTERS.append(Waiting("/keynodes/", "project_key_node", _overdue, late=True))


Rows = list[tuple[Project, dict[str, Node]]]
"""Projects, each with its nodes by code."""

DUE_MOST = 8
"""Key nodes the start page names; the matrix has them all."""


def due_nodes(session: Session) -> dict[str, Any] | None:
    """Returns the key nodes that are overdue or due soon, the most urgent first; None where there are none."""
    where = reach(session, actor(), table("project_key_node"), READ)
    projects = [one for one in session.scalars(select(Project).order_by(Project.id)) if where.holds("project", one.id)]
    names = {project.id: project.name for project in projects}
    due = [
        (node.planned_on, key, node)
        for key, nodes in checklists(session, projects).items()
        for node in nodes
        if node.standing in (Standing.OVERDUE, Standing.SOON) and node.planned_on is not None
    ]
    rows = [
        {
            "label": node.definition.name,
            "detail": names[key],
            "url": f"/keynodes/{key}#n-{node.definition.code}",
            "icon": ICON,
            "when": planned.isoformat(),
            "late": node.standing == Standing.OVERDUE,
        }
        for planned, key, node in sorted(due, key=lambda each: (each[0], each[1], each[2].definition.code))[:DUE_MOST]
    ]
    return {"kind": "lines", "rows": rows, "more": "/keynodes/", "count": len(due)} if rows else None


widget(
    Widget(
        "key_nodes",
        _("Key nodes due", "到期关键节点"),
        _("Reviews that are overdue or due within seven days.", "超期未完成或 7 天内到期的关键节点。"),
        ICON,
        due_nodes,
        table="project_key_node",
        place=30,
    )
)


class KeyNodesView(BaseView):  # type: ignore[misc]
    """The matrix, its workbook, and a project's checklist."""

    route_base = "/keynodes"
    default_view = "matrix"
    table = table("project_key_node")

    @expose("/", methods=["GET"])
    @needs(READ)
    def matrix(self) -> Any:
        """Projects down, nodes across; `standing` shows only projects that have such a node."""
        phase, wanted = (
            NodePhase.member(request.args.get("phase", "")),
            Standing.member(request.args.get("standing", "")),
        )
        rows, columns = self._rows(phase)
        counts = Counter(node.standing for _project, nodes in rows for node in nodes.values())
        rows = _having(rows, wanted)
        done = counts[Standing.ON_TIME] + counts[Standing.LATE]
        total = sum(counts.values())
        page = {
            "title": TITLE,
            "count_text": _(
                "{projects} projects · {nodes} nodes · {rate} done", "{projects} 个项目 · {nodes} 个节点 · 完成率 {rate}"
            ).fill(projects=len(rows), nodes=len(columns), rate=f"{done * 100 // total}%" if total else "—"),
            "legend": [
                {
                    "label": each.words, "tone": each.tone, "count": counts[each], "value": each.value,
                    "active": each == wanted, "url": _address(None if each == wanted else each, phase),
                }
                for each in (Standing.ON_TIME, Standing.LATE, Standing.SOON, Standing.OVERDUE)
            ],
            "columns": [{"code": d.code, "short": d.short_name or d.name, "name": d.name} for d in columns],
            "rows": [
                {
                    "label": project.name, "url": f"/keynodes/{project.id}",
                    "cells": [_cell(nodes.get(d.code), project) for d in columns],
                    "total": f"{sum(n.done for n in nodes.values())}/{len(nodes)}",
                }
                for project, nodes in rows
            ],
            "filtered": phase is not None or wanted is not None,
            "phases": [
                {"label": _("All phases", "全部阶段"), "url": _address(wanted, None), "active": phase is None},
                *(
                    {"label": each.words, "url": _address(wanted, each), "active": each == phase}
                    for each in NodePhase
                ),
            ],
            "export": [{"label": "XLSX", "url": _address(wanted, phase, "/keynodes/export.xlsx")}]
            if may(actor(), self.table, EXPORT)
            else [],
            "list_url": "/project_key_node/list/",
        }  # fmt: skip
        return render_template("doorbook/keynodes.html", shell=shell(TITLE), page=page)

    @expose("/export.xlsx", methods=["GET"])
    @needs(EXPORT)
    def export(self) -> Any:
        """The matrix as a workbook, filtered as on the page: one row a project, the days and how each node stands."""
        rows, columns = self._rows(NodePhase.member(request.args.get("phase", "")))
        rows = _having(rows, Standing.member(request.args.get("standing", "")))
        keys = reach(database(), actor(), self.table, EXPORT)
        file = io.BytesIO()
        book = xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
        bold = book.add_format({"bold": True, "bg_color": "#E6F1EF", "text_wrap": True, "valign": "vcenter"})
        tones = {
            each: book.add_format({"bg_color": colour, "num_format": "yyyy-mm-dd", "align": "center"})
            for each, colour in (
                (Standing.ON_TIME, "#9CE2D3"), (Standing.LATE, "#C7E8A4"), (Standing.SOON, "#FDE68A"),
                (Standing.OVERDUE, "#FBB4AE"), (Standing.OPEN, "#FFFFFF"),
            )
        }  # fmt: skip
        sheet = book.add_worksheet(str(say(TITLE))[:31])
        sheet.freeze_panes(1, 1)
        sheet.set_column(0, 0, 22)
        sheet.set_column(1, len(columns) + 1, 13)
        for place, head in enumerate([say(_("Project", "项目")), *(d.name for d in columns), say(_("Done", "完成"))]):
            sheet.write_string(0, place, str(head), bold)
        for line, (project, nodes) in enumerate((r for r in rows if keys.holds("project", r[0].id)), 1):
            sheet.write_string(line, 0, project.name)
            for place, definition in enumerate(columns, 1):
                node = nodes.get(definition.code)
                if node is None:
                    continue
                day = node.record.done_on if node.done and node.record is not None else node.planned_on
                if day is not None:
                    sheet.write_datetime(line, place, _moment(day), tones[node.standing])
            sheet.write_string(line, len(columns) + 1, f"{sum(n.done for n in nodes.values())}/{len(nodes)}")
        book.close()
        note_export(database(), "project_key_node", format="xlsx", report="matrix")
        answer = Response(
            file.getvalue(), content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        )
        answer.headers["Content-Disposition"] = "attachment; filename=key-nodes.xlsx"
        answer.headers["Cache-Control"] = "no-store"
        return answer

    @expose("/<int:pk>", methods=["GET"])
    @needs(READ)
    def project(self, pk: int) -> Any:
        """The checklist of a project, phase by phase."""
        return self._checklist(self._project(pk))

    @expose("/<int:pk>/print", methods=["GET"])
    @needs(READ)
    def print(self, pk: int) -> Any:
        """The checklist as the review meeting signs it."""
        project = self._project(pk)
        nodes = checklists(database(), [project])[project.id]
        trail = [{"label": TITLE, "url": "/keynodes/"}, {"label": project.name, "url": f"/keynodes/{pk}"}]
        return printed(KEY_NODE_LIST.label, [key_node_sheet(database(), project, nodes, paper_language())], trail)

    @expose("/<int:pk>/<string:code>", methods=["POST"])
    @needs(WRITE)
    def send(self, pk: int, code: str) -> Any:
        """Ticks a node off, corrects its dates, opens it again, or leads to its files."""
        own, project = database(), self._project(pk)
        form = request.form
        sent = form.get("_version", "")
        version = int(sent) if sent.isdecimal() and len(sent) < 10 else None
        try:
            row = record_of(own, project, code)
            said: Words | None = None
            if "reopen" in form:
                move(own, row, "reopen", {"reopen_reason": form.get("reason", "")}, version)
                said = _("“{name}” is open again.", "“{name}”已重新打开。")
            elif "files" in form:
                own.commit()
                return redirect(f"/project_key_node/show/{row.id}")
            elif "finish" in form:
                finish(own, row, read_date(form.get("done_on")), version)
                said = _("“{name}” is done.", "“{name}”已完成。")
            else:
                values: dict[str, Any] = {"planned_on": read_date(form.get("planned_on"))}
                if form.get("done_on") and row.done_on is not None:
                    values["done_on"] = read_date(form.get("done_on"))
                correct(own, row, values, version)
                said = _("“{name}” is saved.", "“{name}”已保存。")
            name = row.definition.name
            own.commit()
        except Refusal as refusal:
            own.rollback()
            if refusal.status in (403, 404):
                raise
            typed = {"planned_on": form.get("planned_on", ""), "done_on": form.get("done_on", ""),
                     "reason": form.get("reason", "")}  # fmt: skip
            return self._checklist(self._project(pk), code, refusal, typed), refusal.status
        flash(say(said.fill(name=name)), "ok")
        return redirect(f"/keynodes/{pk}#n-{code}", 303)

    def _project(self, pk: int) -> Project:
        """Returns the project where the actor may read its key nodes.

        Raises:
            Missing: they may not, or there is none.
        """
        if not reach(database(), actor(), self.table, READ).holds("project", pk) or pk >= 2**63:
            raise Missing()
        found = database().execute(select(Project).where(Project.id == pk)).scalar_one_or_none()
        if found is None:
            raise Missing()
        return found

    def _rows(self, phase: NodePhase | None = None) -> tuple[Rows, list[Any]]:
        """Returns (project, its nodes by code) in their order, and the definitions that head the columns; of one phase or all."""
        own = database()
        where = reach(own, actor(), self.table, READ)
        projects = [
            project
            for project in own.scalars(select(Project).order_by(Project.company_id, Project.code, Project.id))
            if where.holds("project", project.id)
        ]
        lists = checklists(own, projects)
        columns: dict[str, Any] = {}
        if phase is not None:
            lists = {key: [node for node in nodes if node.definition.phase == phase] for key, nodes in lists.items()}
        for nodes in lists.values():
            for node in nodes:
                columns.setdefault(node.definition.code, node.definition)
        found = [(project, {node.definition.code: node for node in lists[project.id]}) for project in projects]
        return found, sorted(columns.values(), key=lambda d: (d.sort, d.code))

    def _checklist(
        self, project: Project, wrong: str = "", refusal: Refusal | None = None, typed: dict[str, str] | None = None
    ) -> str:
        own = database()
        nodes = checklists(own, [project])[project.id]
        writes = reach(own, actor(), self.table, WRITE).holds("project", project.id)
        now = today(clock_of(own))
        groups: list[dict[str, Any]] = []
        for node in nodes:
            if not groups or groups[-1]["phase"] != node.definition.phase:
                phase = NodePhase.member(node.definition.phase)
                groups.append({"phase": node.definition.phase, "label": phase.words if phase else "", "rows": []})
            groups[-1]["rows"].append(_row(node, now, typed if node.definition.code == wrong else None))
            if node.definition.code == wrong and refusal is not None:
                groups[-1]["rows"][-1]["errors"] = [one.sentence for one in refusal.all()]
        done = sum(node.done for node in nodes)
        page = {
            "title": project.name,
            "crumbs": [{"label": TITLE, "url": "/keynodes/"}, *crumbs("project", project.id)[-2:-1]],
            "count_text": _("{done} of {all} key nodes done", "关键节点 {done}/{all} 已完成").fill(
                done=done, all=len(nodes)
            ),
            "groups": groups,
            "writes": writes,
            "done": done,
            "all": len(nodes),
            "project_id": project.id,
            "today": now.isoformat(),
            "actions": [{"label": _("Print", "打印"), "url": f"/keynodes/{project.id}/print", "icon": "printer"}],
        }
        return render_template("doorbook/keynode_checklist.html", shell=shell(project.name), page=page)


def _having(rows: Rows, standing: Standing | None) -> Rows:
    """Returns the projects that have a node which stands so; all of them for None."""
    return [row for row in rows if standing is None or any(node.standing == standing for node in row[1].values())]


def _address(standing: Standing | None, phase: NodePhase | None, path: str = "/keynodes/") -> str:
    asked = {"standing": standing.value if standing else "", "phase": phase.value if phase else ""}
    query = urlencode({name: value for name, value in asked.items() if value})
    return f"{path}?{query}" if query else path


def _moment(day: date) -> Any:
    from datetime import datetime

    return datetime(day.year, day.month, day.day)


def _cell(node: Node | None, project: Project) -> dict[str, Any]:
    """A cell of the matrix: ✓, ✓ +days late, days left, or −days overdue."""
    if node is None:
        return {"text": "", "tone": "", "title": say(_("Not for this project", "不适用"))}
    text = {
        Standing.ON_TIME: "✓",
        Standing.LATE: f"✓ +{node.days}",
        Standing.SOON: f"{node.days} 天" if language() == "zh" else f"{node.days} d",
        Standing.OVERDUE: f"−{node.days}",
        Standing.OPEN: "",
    }[node.standing]
    planned = formats.day(node.planned_on) or "—"
    told = say(
        _("{node}: {stands}, planned {planned}", "{node}：{stands}，计划 {planned}").fill(
            node=node.definition.name, stands=node.standing.words, planned=planned
        )
    )
    return {
        "text": text, "tone": node.standing.tone if node.standing != Standing.OPEN else "", "title": told,
        "url": f"/keynodes/{project.id}#n-{node.definition.code}",
    }  # fmt: skip


def _row(node: Node, now: date, typed: dict[str, str] | None) -> dict[str, Any]:
    """A line of the checklist."""
    record, own = node.record, database()
    attached = len(files_of(own, record)) if record is not None else 0
    lacking = files_lacking(own, record) if record is not None else node.definition.files()
    typed = typed or {}
    recorded = None
    if record is not None and record.recorded_at is not None:
        recorded = f"{record.recorder} {formats.moment(record.recorded_at)}"
    return {
        "code": node.definition.code,
        "name": node.definition.name,
        "standing": node.standing.words,
        "tone": node.standing.tone,
        "late": node.standing == Standing.OVERDUE,
        "days": node.days,
        "done": node.done,
        "planned_on": typed.get("planned_on") or (node.planned_on.isoformat() if node.planned_on else ""),
        "done_on": typed.get("done_on")
        or (record.done_on.isoformat() if record is not None and record.done_on else now.isoformat()),
        "reason": typed.get("reason", ""),
        "responsible": record.responsible.name if record is not None and record.responsible is not None else None,
        "recorded": recorded,
        "reopened": record.reopened if record is not None else 0,
        "version": record.version if record is not None else None,
        "attached": attached,
        "lacking": lacking,
        "url": f"/project_key_node/show/{record.id}" if record is not None else None,
        "errors": [],
    }
