"""Reminders of key nodes, by the clock: the rows of nodes that were defined since, and who is to be told what is due."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from models.kernel.clock import today
from models.kernel.grant import accounts_with
from models.kernel.job import work
from models.kernel.job_running import Run
from models.kernel.job_schedule import daily, every
from models.kernel.notice import Event, tell
from models.kernel.parameter import above_of, node_at
from models.kernel.words import _
from models.keynode.rules import Node, Standing, checklists, ensure
from models.property.project import Project

BEFORE = (7, 3, 1, 0)
"""Days before its planned date on which the people of a node are reminded."""
AGAIN = 7
"""An overdue node is brought to mind once in so many days."""

DUE = Event(
    "project_key_node.due",
    _("Key node due", "关键节点提醒"),
    _("{project}: {node} is due on {planned}", "{project}：{node} 计划 {planned} 完成"),
    _(
        "The key node “{node}” of {project} is planned for {planned} and is not done yet ({stands}).",
        "{project} 的关键节点“{node}”计划于 {planned} 完成，目前尚未完成（{stands}）。",
    ),
    fields={
        "project": _("Project", "项目"),
        "node": _("Key node", "关键节点"),
        "planned": _("Planned for", "计划完成日期"),
        "stands": _("How it stands", "当前状态"),
    },
    samples={"project": "湖墅观邸", "node": "交房评审", "planned": "2026-12-01"},
)


def is_told_today(node: Node) -> bool:
    """Returns whether people are reminded of a node today: some days before, then once a week while it is overdue."""
    if node.standing == Standing.SOON:
        return node.days in BEFORE
    return node.standing == Standing.OVERDUE and node.days % AGAIN == 1


@work("keynode.remind", _("Key nodes: add new ones and remind", "关键节点：补齐与提醒"), quiet=True)
def remind(run: Run) -> dict[str, Any]:
    """Adds missing rows to every project and tells the people of what is due. Once a day; project by project."""
    own, counts = run.session, {"added": 0, "told": 0}
    projects = list(own.scalars(select(Project).order_by(Project.id)))
    begin = int(run.cursor or 0)
    for place, project in enumerate(projects, 1):
        if project.id <= begin:
            continue
        counts["added"] += ensure(own, [project])
        clerks = _clerks(run, project)
        for node in checklists(own, [project], today(run.clock))[project.id]:
            if node.record is None or not is_told_today(node):
                continue
            person = node.record.responsible
            to = [person.user_id] if person is not None and person.user_id is not None else clerks
            values = {
                "project": project.name,
                "node": node.definition.name,
                "planned": node.planned_on,
                "stands": node.standing.words,
            }
            tell(own, run.actor, DUE, to, node.record, values)
            counts["told"] += 1
        run.advance(place, len(projects), cursor=project.id)
    return counts


def _clerks(run: Run, project: Project) -> list[int]:
    """The accounts of the project's clerks: those who hold that role today at the project, else at the nearest place above."""
    node, now = node_at(run.session, "project", project.id), today(run.clock)
    for place in reversed(above_of(run.session, node.id, itself=True)):
        clerks = accounts_with(run.session, ("project_clerk",), [place.id], now)
        if clerks:
            return clerks
    return []


every("keynode.remind", daily("08:30"))
