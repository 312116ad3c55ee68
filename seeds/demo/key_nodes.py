"""How far each demo project is on its way: most reviews done on time, some late, a few overdue."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.kernel.bulk import insert_rows
from models.keynode.key_node_def import KeyNodeDef
from models.keynode.project_key_node import NodeState, ProjectKeyNode
from models.system.user_profile import UserProfile
from seeds.demo.places import Places, Project
from seeds.demo.story import Story

_LATE: Final = 0.14
_OVERDUE: Final = 0.4
"""Of the node that is due just now: how often it is overdue."""


def key_node_rows(
    session: Session, whole: Places, project: Project, story: Story, key: int, clerk: str
) -> int:  # fmt: skip
    """Writes the key nodes of a project and returns how many.

    Args:
        key: the project's row.
        clerk: the name of the project's clerk, who records them.
    """
    random = Random(f"{whole.seed}:keynodes:{project.key}")
    definitions = session.scalars(select(KeyNodeDef).order_by(KeyNodeDef.sort)).all()
    person = session.scalar(select(UserProfile.id).where(UserProfile.name == clerk).order_by(UserProfile.id).limit(1))
    rows = []
    waiting = False
    for ordinal, one in enumerate(definitions):
        planned = _workday(project.handover - timedelta(days=one.days_before or 0))
        row: dict[str, Any] = {
            "project_id": key, "definition_id": one.id, "code": one.code, "planned_on": planned,
            "responsible_id": person, "state": NodeState.OPEN.value,
            "created_at": story.entered(project) + timedelta(hours=7, seconds=ordinal),
        }  # fmt: skip
        late = random.randint(1, 9) if random.random() < _LATE else -random.randint(0, 6)
        done = planned + timedelta(days=late)
        if not waiting and (
            done >= story.today or (planned > story.today - timedelta(days=20) and random.random() < _OVERDUE)
        ):
            waiting = True
        if not waiting:
            at = story.on(done, ordinal * 97)
            row |= {"state": NodeState.DONE.value, "done_on": done, "recorder": clerk, "recorded_at": at}
        rows.append(row)
    insert_rows(session, ProjectKeyNode, rows, audited=False)
    return len(rows)


def _workday(day: date) -> date:
    while day.weekday() > 4:
        day -= timedelta(days=1)
    return day
