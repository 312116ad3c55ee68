"""Key nodes of projects: which there are, how each stands today, and ticking them off (S02 ch. 3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.kernel.clock import today
from models.kernel.guard import expect_version
from models.kernel.moving import move
from models.kernel.options import Options
from models.kernel.parameter import above_of, node_at, resolve
from models.kernel.refusal import Refusal
from models.kernel.session import clock_of
from models.kernel.words import _
from models.keynode.key_node_def import KeyNodeDef
from models.keynode.project_key_node import NodeState, ProjectKeyNode
from models.property.project import Project

SOON = 7
"""Days before its planned date from which an open node is shown as due soon (ui/keynodes-light)."""


class Standing(Options):
    """How a key node stands on a day."""

    ON_TIME = "on_time", _("Done on time", "按期完成"), "teal"
    LATE = "late", _("Done late", "延期完成"), "lime"
    SOON = "soon", _("Due within 7 days", "7 天内到期"), "amber"
    OVERDUE = "overdue", _("Overdue", "超期未完成"), "red"
    OPEN = "open", _("Not due yet", "未到期"), "grey"


@dataclass(frozen=True, slots=True)
class Node:
    """A key node in a project, recorded already or not.

    Attributes:
        definition: what the group defined.
        record: the project's row; None where nothing was written yet.
        planned_on: the row's own planned date, else the one that follows from the contract handover date.
        standing: how it stands.
        days: days late (done late, overdue), or days left (due soon); 0 otherwise.
    """

    definition: KeyNodeDef
    record: ProjectKeyNode | None
    planned_on: date | None
    standing: Standing
    days: int = 0

    @property
    def done(self) -> bool:
        """Whether it is done."""
        return self.standing in (Standing.ON_TIME, Standing.LATE)


def planned_for(definition: KeyNodeDef, project: Project) -> date | None:
    """Returns the date a node is planned for where nobody set another."""
    if project.contract_handover_on is None or definition.days_before is None:
        return None
    return project.contract_handover_on - timedelta(days=definition.days_before)


def stands(definition: KeyNodeDef, record: ProjectKeyNode | None, project: Project, on: date) -> Node:
    """Returns how a node of a project stands on a day."""
    planned = record.planned_on if record is not None and record.planned_on else planned_for(definition, project)
    if record is not None and record.state == NodeState.DONE:
        late = (record.done_on - planned).days if record.done_on and planned else 0
        return Node(definition, record, planned, Standing.LATE if late > 0 else Standing.ON_TIME, max(late, 0))
    left = (planned - on).days if planned is not None else None
    if left is not None and left < 0:
        return Node(definition, record, planned, Standing.OVERDUE, -left)
    if left is not None and left <= SOON:
        return Node(definition, record, planned, Standing.SOON, left)
    return Node(definition, record, planned, Standing.OPEN)


def checklists(session: Session, projects: Sequence[Project], on: date | None = None) -> dict[int, list[Node]]:
    """Returns project id -> its key nodes in their order: every definition in force there, recorded or not.

    A definition that is switched off or withdrawn stays in the list of a project that recorded it as done. Two
    statements, however many projects.
    """
    now = on or today(clock_of(session))
    definitions = list(session.scalars(select(KeyNodeDef)))
    known = {row.id: row for row in definitions}
    keys = [project.id for project in projects]
    records: dict[tuple[int, str], ProjectKeyNode] = {
        (row.project_id, row.code): row
        for row in session.scalars(select(ProjectKeyNode).where(ProjectKeyNode.project_id.in_(keys)))
    }
    found: dict[int, list[Node]] = {}
    for project in projects:
        chain = above_of(session, node_at(session, "project", project.id).id, itself=True)
        held = [one.row for one in resolve(definitions, chain, now) if one.row.enabled]
        codes = {row.code for row in held}
        past = [
            known[row.definition_id]
            for (key, code), row in records.items()
            if key == project.id and code not in codes and row.state == NodeState.DONE and row.definition_id in known
        ]
        ordered = sorted([*held, *past], key=lambda row: (row.sort, row.code))
        found[project.id] = [stands(row, records.get((project.id, row.code)), project, now) for row in ordered]
    return found


def ensure(session: Session, projects: Iterable[Project]) -> int:
    """Adds to projects the rows of definitions that have none yet: also of those the group defined later. Flushes.

    Returns: how many rows were added.
    """
    listed = list(projects)
    added = 0
    lists = checklists(session, listed)
    for project in listed:
        for node in lists[project.id]:
            if node.record is None:
                session.add(
                    ProjectKeyNode(project_id=project.id, definition_id=node.definition.id, planned_on=node.planned_on)
                )
                added += 1
    session.flush()
    return added


def record_of(session: Session, project: Project, code: str) -> ProjectKeyNode:
    """Returns the row of a node in a project, adding it where it is the first thing written about it.

    Raises:
        Refusal: the project has no such node.
        Denied: no `write` in the project.
    """
    node = next((each for each in checklists(session, [project])[project.id] if each.definition.code == code), None)
    if node is None:
        raise Refusal(
            _("The project has no such key node any more. Load the page again.", "该项目已无此关键节点，请刷新页面。"),
            code="unknown_node",
            status=404,
        )
    if node.record is not None:
        return node.record
    made = ProjectKeyNode(project_id=project.id, definition_id=node.definition.id, planned_on=node.planned_on)
    session.add(made)
    session.flush()
    return made


def finish(session: Session, row: ProjectKeyNode, done_on: date | None = None, version: int | None = None) -> None:
    """Ticks a node off: on the day that is given, else today. Recorder and time are the system's (S02).

    Raises:
        Refusal: files are lacking, or the day is to come; Stale, Denied as `moving.move`.
    """
    day = done_on or today(clock_of(session))
    move(session, row, "finish", {"done_on": day.isoformat()}, version)


def correct(session: Session, row: ProjectKeyNode, values: dict[str, Any], version: int | None = None) -> None:
    """Changes planned date, date of completion, responsible person or remarks of a node. Flushes."""
    if version is not None:
        expect_version(row, version)
    for name, value in values.items():
        setattr(row, name, value)
    session.flush()
