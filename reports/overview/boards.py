"""The boards of the group, of a company, of a project, and of those who do the work (S09, S12, S15 home figures)."""

from __future__ import annotations

from models.kernel.roles import ADMINS, CLERKS
from models.kernel.words import _
from reports.customer.owner_data import OWNER_DATA
from reports.handover.handover_overview import HANDOVER_OVERVIEW
from reports.handover.handover_progress import HANDOVER_PROGRESS
from reports.handover.handover_risks import HANDOVER_RISKS
from reports.inspection.contractors import CONTRACTORS
from reports.inspection.defect_structure import DEFECT_STRUCTURE
from reports.inspection.defects_per_home import DEFECTS_PER_HOME
from reports.inspection.repair_backlog import REPAIR_BACKLOG
from reports.inspection.repair_time import REPAIR_TIME
from reports.kernel.board import Board, Tile, board
from reports.keynode.key_nodes import KEY_NODES
from reports.property.data_quality import DATA_QUALITY
from reports.property.room_inventory import ROOM_INVENTORY

HANDED = Tile(HANDOVER_OVERVIEW.name, ("planned", "handed", "smooth", "refused"))
DAILY = Tile(HANDOVER_PROGRESS.name, ("taken", "so_far", "handed"))
NODES = Tile(KEY_NODES.name, ("completion", "in_time_rate", "overdue"))
DEFECTS = Tile(DEFECTS_PER_HOME.name, ("coverage", "each", "zero"))
PARETO = Tile(DEFECT_STRUCTURE.name, ("issues", "homes", "closing"))
FIRMS = Tile(CONTRACTORS.name, ("in_time_rate", "rework", "overdue"))
WAITING = Tile(REPAIR_BACKLOG.name, ("open", "overdue", "older"))
TIMES = Tile(REPAIR_TIME.name, ("in_time_rate", "rework", "overdue"), {"by": "month"})
RISKS = Tile(HANDOVER_RISKS.name, ("open", "overdue", "closing"))
HOMES = Tile(ROOM_INVENTORY.name, ("homes", "sold", "handed"))

GROUP = board(
    Board("group", _("Group", "集团看板"), (*ADMINS, "group_leader"), (HOMES, HANDED, NODES, DEFECTS, TIMES, RISKS))
)
COMPANY = board(
    Board(
        "company",
        _("Company", "公司看板"),
        ("company_leader", "service_manager"),
        (HANDED, NODES, FIRMS, WAITING, DEFECTS, RISKS),
    )
)
PROJECT = board(
    Board("project", _("Project", "项目看板"), ("project_leader",), (DAILY, HANDED, WAITING, FIRMS, PARETO, RISKS))
)
CLERK = board(
    Board(
        "clerk",
        _("Day's work", "业务看板"),
        CLERKS,
        (
            DAILY,
            WAITING,
            Tile(OWNER_DATA.name, ("owners", "to_mend", "rate")),
            Tile(DATA_QUALITY.name, ("to_mend", "no_owner", "faulty")),
            NODES,
        ),
    )
)
