"""The key nodes of a project on paper (关键节点评审记录表): what the review meeting signs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from models.kernel.printing.form import PRINTED, PrintForm, PrintTable
from models.kernel.printing.sheet import Sheet, sheet
from models.kernel.words import _
from models.keynode.key_node_def import NodePhase
from models.keynode.rules import Node
from models.property.project import Project

KEY_NODE_LIST = PrintForm(
    "key_node_list",
    _("Key nodes of a project", "关键节点评审记录表"),
    _("Key nodes of {project}", "{project}关键节点评审记录表"),
    _(
        "Project: {project}\nContract handover date: {handover_on}\nDone: {done} of {all}\n\n{nodes}",
        "项目名称：{project}\n合同交付日期：{handover_on}\n完成情况：{done}/{all}\n\n{nodes}",
    ),
    fields={
        "project": _("Project", "项目名称"),
        "handover_on": _("Contract handover date", "合同交付日期"),
        "done": _("Key nodes done", "已完成节点数"),
        "all": _("Key nodes in all", "节点总数"),
    },
    parts={"nodes": _("Key nodes", "关键节点清单")},
    foot=PRINTED,
    signatures=_("Project leader|Customer service|Date", "项目负责人|客户服务部|日期"),
    samples={"project": _("Lakeside Garden", "湖畔花园"), "done": 9, "all": 15},
)


def key_node_sheet(session: Session, project: Project, nodes: Sequence[Node], language: str) -> Sheet:
    """Returns the checklist of a project for paper."""
    rows: list[list[Any]] = []
    for number, node in enumerate(nodes, 1):
        phase, record = NodePhase.member(node.definition.phase), node.record
        rows.append(
            [
                number,
                phase.words if phase else "",
                node.definition.name,
                node.planned_on,
                record.done_on if record is not None else None,
                record.responsible.name if record is not None and record.responsible is not None else None,
                node.standing.words,
            ]
        )
    columns = [
        _("No.", "序号"), _("Phase", "阶段"), _("Key node", "关键节点"), _("Planned", "计划日期"),
        _("Done on", "完成日期"), _("Responsible", "责任人"), _("State", "状态"),
    ]  # fmt: skip
    values = {
        "project": project.name,
        "handover_on": project.contract_handover_on,
        "done": sum(node.done for node in nodes),
        "all": len(nodes),
        "nodes": PrintTable(columns, rows),
    }
    return sheet(session, KEY_NODE_LIST, values, project_id=project.id, language=language)
