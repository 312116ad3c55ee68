"""Key nodes of a project (关键节点记录): planned, done, by whom, recorded by whom and when (S02 ch. 3)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import Index, Integer, String, select
from sqlalchemy.orm import Mapped, Session

from models.kernel import (
    ADMINS,
    Flow,
    Options,
    Refusal,
    Screen,
    Table,
    Transition,
    _,
    by_project,
    choice,
    day,
    kept,
    ref,
    section,
    text,
)
from models.kernel.actor import Actor
from models.kernel.attachment import files_of
from models.kernel.clock import today
from models.kernel.columns import Moment
from models.kernel.registry import table
from models.kernel.session import clock_of
from models.keynode.key_node_def import KeyNodeDef


class NodeState(Options):
    """Whether a review has taken place (B2)."""

    OPEN = "open", _("Not done", "未完成"), "grey"
    DONE = "done", _("Done", "已完成"), "green"


KEEPERS = (*ADMINS, "project_clerk")


def files_lacking(session: Session, row: ProjectKeyNode) -> list[str]:
    """Returns the names of required files that are not attached yet: one attached file for each is asked for.

    A name counts as there where an attached file is called by it; what is left over is filled by files of other names.
    """
    wanted = row.definition.files() if row.definition is not None else []
    if not wanted:
        return []
    names = [each.name for each in files_of(session, row)]
    lacking = []
    for want in wanted:
        match = next((name for name in names if want in name), None)
        if match is not None:
            names.remove(match)
        else:
            lacking.append(want)
    return lacking[len(names) :] if len(names) < len(lacking) else []


def _may_finish(session: Session, actor: Actor, row: ProjectKeyNode, now: datetime) -> Refusal | None:
    if row.done_on is not None and row.done_on > today(lambda: now):
        return Refusal(_("A day to come cannot be the day it was done.", "完成日期不能晚于今天。"), "done_on")
    lacking = files_lacking(session, row)
    if lacking:
        return Refusal(
            _("Attach first: {files}.", "请先上传附件：{files}。").fill(files="、".join(lacking)),
            code="files_lacking",
        )
    return None


def _finished(session: Session, actor: Actor, row: ProjectKeyNode, now: datetime) -> None:
    """Recorder and time are the system's; who is responsible too, where nobody was named (S02 ch. 3 step 2)."""
    row.recorder, row.recorded_at = actor.name[:64], now
    if row.responsible_id is None and actor.user_id is not None:
        people: Any = table("user_profile")
        row.responsible_id = session.scalar(select(people.id).where(people.user_id == actor.user_id).limit(1))


def _reopened(session: Session, actor: Actor, row: ProjectKeyNode, now: datetime) -> None:
    row.done_on = row.recorder = row.recorded_at = None
    row.reopened += 1


class ProjectKeyNode(Table):
    """A key node in a project. There is one for each definition in force; the system adds those that are missing."""

    owned = by_project()
    __table_args__ = (Index("ix_project_key_node_planned", "state", "planned_on"),)
    screen = Screen(
        label=_("Key node", "关键节点"),
        plural=_("Key node records", "关键节点记录"),
        icon="flag",
        key=("project_id", "definition_id"),
        title=("project.name", "definition.name"),
        listed=(
            "project",
            "definition.sort",
            "definition.name",
            "definition.phase",
            "state",
            "planned_on",
            "done_on",
            "responsible",
            "recorder",
            "recorded_at",
        ),
        searched=("note",),
        order=("created_at", "id"),
        sections=(
            section(_("Key node", "关键节点"), "project_id", "definition_id", "planned_on", "responsible_id", "note"),
            section(_("Completion", "完成情况"), "done_on"),
        ),
    )
    flow = Flow(
        column="state",
        states=NodeState,
        start=NodeState.OPEN.value,
        transitions=(
            Transition(
                "finish",
                _("Done", "完成"),
                (NodeState.OPEN.value,),
                NodeState.DONE.value,
                KEEPERS,
                required=("done_on",),
                guard=_may_finish,
                effect=_finished,
            ),
            Transition(
                "reopen",
                _("Open again", "重新打开"),
                (NodeState.DONE.value,),
                NodeState.OPEN.value,
                KEEPERS,
                required=("reopen_reason",),
                effect=_reopened,
                danger=True,
            ),
        ),
    )

    definition_id: Mapped[int] = ref("key_node_def", _("Key node", "关键节点"))
    code: Mapped[str] = kept(_("Code", "编码"), String(40), "text")
    state: Mapped[str] = choice(_("State", "完成状态"), NodeState, default=NodeState.OPEN, system=True)
    planned_on: Mapped[date | None] = day(_("Planned for", "计划完成日期"))
    done_on: Mapped[date | None] = day(
        _("Done on", "完成日期"), hint=_("May be corrected afterwards.", "完成后可以更正。")
    )
    responsible_id: Mapped[int | None] = ref("user_profile", _("Responsible", "责任人"))
    recorder: Mapped[str | None] = kept(_("Recorded by", "登记人"), String(64), "text")
    recorded_at: Mapped[datetime | None] = kept(_("Recorded at", "登记时间"), Moment(), "moment")
    reopened: Mapped[int] = kept(_("Opened again", "重新打开次数"), Integer(), "integer", default=0)
    reopen_reason: Mapped[str | None] = text(_("Why it is opened again", "重新打开原因"), 200)
    note: Mapped[str | None] = text(_("Remarks", "备注"), 200)

    def derive(self, session: Session, actor: Actor) -> None:
        """The code is the definition's: a definition that a lower place replaces is the same node."""
        definition = session.get(KeyNodeDef, self.definition_id) if self.definition_id else None
        if definition is not None:
            self.code = definition.code

    def faults(self, session: Session, actor: Actor) -> Iterable[Refusal]:
        """A day of completion goes with being done, and is not to come; a project has each node once."""
        if self.state == NodeState.DONE and self.done_on is None:
            yield Refusal(_("Say on which day it was done.", "请填写完成日期。"), "done_on")
        if self.done_on is not None and self.done_on > today(clock_of(session)):
            yield Refusal(_("A day to come cannot be the day it was done.", "完成日期不能晚于今天。"), "done_on")
        if self.state == NodeState.OPEN and self.done_on is not None:
            yield Refusal(_("Use “Done” to say that it is done.", "请使用“完成”操作登记完成日期。"), "done_on")
        cls = ProjectKeyNode
        twice = select(cls.id).where(cls.project_id == self.project_id, cls.code == self.code, cls.id != (self.id or 0))
        if session.scalar(twice.limit(1)) is not None:
            yield Refusal(
                _("The project has this key node already.", "该项目已有此关键节点。"),
                "definition_id",
                code="duplicate",
                status=409,
            )
