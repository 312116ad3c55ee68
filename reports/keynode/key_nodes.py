"""Whether projects pass their key nodes, and in time (关键节点完成率; D3 15)."""

from __future__ import annotations

from sqlalchemy import and_

from models.kernel.words import _
from models.keynode.key_node_def import KeyNodeDef
from models.keynode.project_key_node import NodeState, ProjectKeyNode
from models.system.user_profile import UserProfile
from reports.kernel.report import TODAY, Chart, Dimension, Report, count, declare, percent

DONE = ProjectKeyNode.state == NodeState.DONE
DUE = ProjectKeyNode.planned_on <= TODAY

KEY_NODES = declare(
    Report(
        name="key_nodes",
        title=_("Completion of key nodes", "关键节点完成率"),
        definition=_(
            "Key nodes by the day they are planned for. Completion: done of all. In time: done by the planned day, of those whose day has "
            "come. Overdue: not done though the day is past. Nodes without a planned day stand in “All time” only.",
            "按计划完成日期统计关键节点。完成率 = 已完成 ÷ 全部节点；按期完成率 = 按期完成 ÷ 已到期节点（计划日期不晚于今天）；"
            "计划日期已过仍未完成的计为逾期。未填计划日期的节点仅计入“全部时间”。",
        ),
        area="keynode",
        entity=ProjectKeyNode,
        when=ProjectKeyNode.planned_on,
        standing="year",
        figures=(
            count("nodes", _("Key nodes", "节点数")),
            count("done", NodeState.DONE.words, DONE),
            percent("completion", _("Completion", "完成率"), "done", "nodes"),
            count("due", _("Due by today", "已到期"), DUE),
            count(
                "in_time",
                _("In time", "按期完成"),
                and_(DONE, DUE, ProjectKeyNode.done_on <= ProjectKeyNode.planned_on),
            ),
            percent("in_time_rate", _("In time of due", "按期完成率"), "in_time", "due"),
            count(
                "done_late",
                _("Done late", "延期完成"),
                and_(DONE, DUE, ProjectKeyNode.done_on > ProjectKeyNode.planned_on),
            ),
            count(
                "overdue",
                _("Overdue", "逾期未完成"),
                and_(ProjectKeyNode.state == NodeState.OPEN, ProjectKeyNode.planned_on < TODAY),
                late=True,
            ),
        ),
        dimensions=(
            Dimension("node", _("Key node", "关键节点"), ProjectKeyNode.definition_id, target=KeyNodeDef),
            Dimension("state", _("State", "完成状态"), ProjectKeyNode.state, options=NodeState),
            Dimension("responsible", _("Responsible", "责任人"), ProjectKeyNode.responsible_id, target=UserProfile),
        ),
        chart=Chart("stack", ("in_time", "done_late", "overdue")),
        icon="flag",
        order=10,
    )
)
