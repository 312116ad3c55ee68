"""Lists of issues on paper: for a contractor who signs for them, and for the owner of a home (B4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.inspection.issue import Issue
from models.inspection.issue_dispatch import IssueDispatch
from models.inspection.issue_states import IssueState
from models.kernel.clock import local
from models.kernel.guard import name_of
from models.kernel.printing.form import PRINTED, PrintForm, PrintTable
from models.kernel.printing.sheet import Sheet, sheet
from models.kernel.words import _
from models.parameter.issue_standard import IssueLevel
from models.property.room import Room

CONTRACTOR_ISSUES = PrintForm(
    "contractor_issues",
    _("Contractor's issue list", "承建商问题清单"),
    _("Issue list {number}", "承建商问题清单 {number}"),
    _(
        "To: {contractor}\nProject: {project}\nEntered from {from_at} until {until_at}, {count} issues\n\n"
        "Please repair the following by the dates given. The result is to be signed by the developer's representative.\n\n"
        "{issues}",
        "致：{contractor}\n项目名称：{project}\n录入时间：{from_at} 至 {until_at}，共 {count} 条\n\n"
        "请贵单位按下列整改期限完成整改，整改结果须经甲方代表签字确认。\n\n{issues}",
    ),
    fields={
        "number": _("Number", "批次号"),
        "contractor": _("Contractor", "承建商"),
        "project": _("Project", "项目名称"),
        "from_at": _("Entered from", "录入时间起"),
        "until_at": _("Entered until", "录入时间止"),
        "count": _("Issues", "问题数"),
    },
    parts={"issues": _("Issues", "问题明细")},
    foot=PRINTED,
    signatures=_("Handed over by|Signed for by (contractor)|Date", "发出人|承建商签收|签收日期"),
    samples={"number": "QD202611-0001", "contractor": "杭州绿源门窗科技有限公司", "project": "湖墅观邸", "count": 12},
)

OWNER_ISSUES = PrintForm(
    "owner_issues",
    _("Owner's issue list", "业主问题清单"),
    _("Issue list of {room}", "业主问题清单　{room}"),
    _(
        "Project: {project}\nHome: {room}\nIssues: {count}, open: {open}\n\n{issues}",
        "项目名称：{project}\n房号：{room}\n问题共 {count} 条，未关闭 {open} 条\n\n{issues}",
    ),
    fields={
        "project": _("Project", "项目名称"),
        "room": _("Home", "房号"),
        "count": _("Issues", "问题数"),
        "open": _("Open", "未关闭"),
    },
    parts={"issues": _("Issues", "问题明细")},
    foot=PRINTED,
    signatures=_("Owner|Customer service|Date", "业主签字|客服人员|日期"),
    samples={"project": "湖墅观邸", "room": "1幢 1单元 101", "count": 6, "open": 4},
)


def _rows(issues: Sequence[Any], *, signed: bool) -> list[list[Any]]:
    """Numbered lines of a list; with a place for a signature on each, or with the day it is due."""
    found = []
    for number, row in enumerate(issues, 1):
        level, state = IssueLevel.member(row.level), IssueState.member(row.status)
        where = name_of(row.room) if row.room is not None else row.public_place
        what = [
            number, where, row.part.name if row.part is not None else None,
            "；".join(each for each in (row.description, row.note) if each), level.words if level else None,
        ]  # fmt: skip
        if signed:
            found.append([number, *what[2:4], state.words if state else None, "　　　　"])
        else:
            found.append([*what, local(row.due_at).date() if row.due_at else None, "　　　　"])
    return found


def contractor_sheet(session: Session, batch: IssueDispatch, language: str) -> Sheet:
    """Returns a list as its contractor signs for it: room by room."""
    issues = session.scalars(
        select(Issue).where(Issue.dispatch_id == batch.id).order_by(Issue.building_id, Issue.room_id, Issue.id)
    ).all()
    columns = [
        _("No.", "序号"), _("Home", "房号"), _("Part", "部位"), _("Problem", "问题描述"), _("Level", "级别"),
        _("Due", "整改期限"), _("Repaired, signed", "整改签认"),
    ]  # fmt: skip
    values = {
        "number": batch.number,
        "contractor": batch.contractor.name,
        "project": batch.project.name,
        "from_at": local(batch.from_at).date() if batch.from_at else None,
        "until_at": local(batch.until_at).date() if batch.until_at else None,
        "count": len(issues),
        "issues": PrintTable(columns, _rows(issues, signed=False)),
    }
    return sheet(session, CONTRACTOR_ISSUES, values, project_id=batch.project_id, language=language)


def owner_sheet(session: Session, room: Room, language: str) -> Sheet:
    """Returns the issues of a home, void ones left out, as its owner signs them one by one."""
    issues = session.scalars(
        select(Issue).where(Issue.room_id == room.id, Issue.status != IssueState.VOID.value).order_by(Issue.id)
    ).all()
    columns = [
        _("No.", "序号"), _("Part", "部位"), _("Problem", "问题描述"), _("State", "状态"), _("Owner signs", "业主签认"),
    ]  # fmt: skip
    values = {
        "project": room.project.name,
        "room": name_of(room),
        "count": len(issues),
        "open": sum(row.status != IssueState.CLOSED for row in issues),
        "issues": PrintTable(columns, _rows(issues, signed=True)),
    }
    return sheet(session, OWNER_ISSUES, values, project_id=room.project_id, language=language)
