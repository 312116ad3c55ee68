"""What is printed in a handover: 入伙通知书, 入伙名单, 保修通知单, 业主问题清单 (S02 ch. 5, B4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.customer.customer import Customer
from models.handover.handover_fee import HandoverFee
from models.handover.handover_plan import HandoverPlan
from models.handover.handover_room import HandoverRoom
from models.handover.issues import issues_of
from models.handover.plan_lists import HandoverPlanDoc
from models.handover.room_states import NoticeState, Outcome, RoomState
from models.inspection.issue_states import IssueState
from models.kernel.guard import name_of
from models.kernel.option_values import words_of
from models.kernel.owning import owner_path
from models.kernel.printing.form import PRINTED, Picture, PrintForm, PrintTable
from models.kernel.printing.sheet import Sheet, sheet
from models.kernel.words import _
from models.parameter.step_defs import DocumentDirection
from models.property.building import Building
from models.property.project import Project
from models.property.room import Room
from models.property.unit import Unit

_HOME = {
    "project": _("Project", "项目名称"),
    "room": _("Home", "房号"),
    "owner": _("Owner", "业主"),
}
_SAMPLE = {
    "project": _("Lakeside Garden", "湖畔花园"),
    "room": _("3-1-1802", "3幢1单元1802"),
    "owner": _("Chen Yiming", "陈一鸣"),
}

NOTICE = PrintForm(
    "handover_notice",
    _("Handover notice", "入伙通知书"),
    _("Handover notice", "入伙通知书"),
    _(
        "Dear {owner}:\n\nYour home {room} in {project} has been completed and accepted. Please come to take it over from"
        " {from} to {until}, at {place}. Your appointment: {appointment}.\n\n# Please bring\n\n{documents}\n\n{bring}\n\n"
        "# To be paid\n\n{fees}\n\nIf you do not come within this time without good reason, the home counts as handed over"
        " on {until}, and the risk passes to you from that day.",
        "尊敬的{owner}：\n\n您购买的{project}{room}已竣工并验收合格，具备交付条件。请您于{from}至{until}到{place}办理入伙手续，"
        "您的预约时段：{appointment}。\n\n# 请携带以下资料\n\n{documents}\n\n{bring}\n\n# 应缴费用\n\n{fees}\n\n"
        "如您在上述期限内无正当理由未办理收楼手续，该房屋自{until}起视为已交付，房屋毁损、灭失的风险自该日起由您承担。",
    ),
    fields={
        **_HOME,
        "from": _("Handover from", "入伙开始"),
        "until": _("Handover until", "入伙结束"),
        "place": _("Place", "办理地点"),
        "appointment": _("Appointment", "预约时段"),
        "bring": _("To bring", "携带资料说明"),
    },
    parts={"documents": _("Documents to bring", "携带资料"), "fees": _("Fees", "应缴费用")},
    foot=_("Printed on {printed_on}.", "打印日期：{printed_on}"),
    signatures=_("Developer (seal)|Date", "开发企业（盖章）|日期"),
    samples={**_SAMPLE, "from": "2026-12-01", "until": "2026-12-10", "place": _("Clubhouse", "会所一层"),
             "appointment": "2026-12-02 09:00"},
)  # fmt: skip

ROSTER = PrintForm(
    "handover_list",
    _("List of a handover", "入伙名单"),
    _("Handover list of {project}", "{project}入伙名单"),
    _(
        "Plan: {plan}\nFrom {from} to {until}, {number} homes\n\n{homes}",
        "入伙计划：{plan}\n入伙时间：{from} 至 {until}　共 {number} 户\n\n{homes}",
    ),
    fields={
        "project": _HOME["project"],
        "plan": _("Plan", "入伙计划"),
        "from": _("Handover from", "入伙开始"),
        "until": _("Handover until", "入伙结束"),
        "number": _("Homes", "户数"),
    },
    parts={"homes": _("Homes", "入伙房间")},
    foot=PRINTED,
    samples={"project": _SAMPLE["project"], "plan": _("Phase 1", "一期集中交付"), "number": 128},
)

REPAIR_SLIP = PrintForm(
    "handover_repair_slip",
    _("Repair slip of a handover", "保修通知单"),
    _("Repair slip", "保修通知单"),
    _(
        "Project: {project}\nHome: {room}\nOwner: {owner}\nInspected: {inspected}\nEscort: {escort}\nOutcome: {outcome}\n"
        "Repairs due: {due}\n\n# Found at the inspection\n\n{issues}\n\nI have inspected the home; the issues above are to be"
        " repaired by the day agreed.",
        "项目名称：{project}\n房号：{room}\n业主：{owner}\n验房时间：{inspected}\n陪验人：{escort}\n收楼结果：{outcome}\n整改期限：{due}\n\n"
        "# 验房发现的问题\n\n{issues}\n\n本人已对上述房屋进行查验，以上问题请于约定期限内完成整改。",
    ),
    fields={
        **_HOME,
        "inspected": _("Inspected", "验房时间"),
        "escort": _("Escort", "陪验人"),
        "outcome": _("Outcome", "收楼结果"),
        "due": _("Repairs due", "整改期限"),
    },
    parts={"issues": _("Issues", "问题清单")},
    foot=PRINTED,
    signatures=_("Owner|Escort|Date", "业主签字|陪验人签字|日期"),
    samples={**_SAMPLE, "outcome": _("Accepted, repairs due", "先接收须调整")},
)

OWNER_LIST = PrintForm(
    "handover_owner_issues",
    _("Issue list for the owner", "业主问题清单"),
    _("Issue list for the owner", "业主问题清单"),
    _(
        "Project: {project}\nHome: {room}\nOwner: {owner}\n\nThe issues you found were repaired as follows. Please check each and"
        " sign for it.\n\n{issues}\n\n{signature}",
        "项目名称：{project}\n房号：{room}\n业主：{owner}\n\n您反映的问题整改情况如下，请逐项验收并签字确认。\n\n{issues}\n\n{signature}",
    ),
    fields=dict(_HOME),
    parts={"issues": _("Issues", "问题清单"), "signature": _("Signature", "业主签名")},
    foot=PRINTED,
    signatures=_("Owner|Customer service|Date", "业主签字|客户服务部|日期"),
    samples=dict(_SAMPLE),
)


def _values(session: Session, row: HandoverRoom) -> dict[str, Any]:
    owner = session.get(Customer, row.customer_id) if row.customer_id is not None else None
    return {
        "project": session.get_one(Project, row.project_id).name,
        "room": name_of(row),
        "owner": owner.name if owner is not None else None,
    }


def notice_sheet(session: Session, row: HandoverRoom, language: str) -> Sheet:
    """Returns the handover notice of a home: when, where, what to bring, what is to be paid."""
    plan = session.get_one(HandoverPlan, row.plan_id)
    papers = session.execute(
        select(HandoverPlanDoc.name, HandoverPlanDoc.copies, HandoverPlanDoc.required)
        .where(HandoverPlanDoc.plan_id == plan.id, HandoverPlanDoc.direction == DocumentDirection.FROM_CUSTOMER)
        .order_by(HandoverPlanDoc.sort, HandoverPlanDoc.id)
    )
    rows = [
        [number, name, copies, _("required", "必带") if must else _("if any", "如有")]
        for number, (name, copies, must) in enumerate(papers, 1)
    ]
    path = owner_path(session, row)
    fees = [
        [words_of(session, "handover_fee_item", fee.item, path), fee.amount]
        for fee in session.scalars(
            select(HandoverFee)
            .where(HandoverFee.handover_room_id == row.id, HandoverFee.state == "due")
            .order_by(HandoverFee.id)
        )
    ]
    values = {
        **_values(session, row),
        "from": plan.planned_from,
        "until": plan.planned_to,
        "place": plan.place,
        "bring": plan.bring or _("Please bring the originals.", "请携带上述资料原件。"),
        "appointment": f"{row.slot.day} {row.slot.starts}–{row.slot.ends}" if row.slot is not None else None,
        "documents": PrintTable(
            [_("No.", "序号"), _("Document", "资料"), _("Copies", "份数"), _("Remark", "说明")], rows
        ),
        "fees": PrintTable(
            [_("Item", "项目"), _("Amount (yuan)", "金额（元）")], fees, _("Nothing is to be paid.", "无应缴费用。")
        ),
    }
    return sheet(session, NOTICE, values, project_id=row.project_id, language=language)


def roster_sheet(session: Session, plan: HandoverPlan, language: str) -> Sheet:
    """Returns the list of a plan's homes with owner, notice, appointment and progress. One statement for the homes."""
    home = HandoverRoom
    found = session.execute(
        select(
            Building.name, Unit.name, Room.no, Customer.name, home.notice_state, home.state, home.outcome, home.slot_id
        )
        .join(Room, Room.id == home.room_id)
        .join(Unit, Unit.id == Room.unit_id)
        .join(Building, Building.id == Unit.building_id)
        .outerjoin(Customer, Customer.id == home.customer_id)
        .where(home.plan_id == plan.id, home.state != RoomState.DROPPED)
        .order_by(Building.id, Unit.id, Room.floor, Room.line, Room.id)
    )
    rows: list[list[Any]] = []
    for number, (building, unit, no, owner, notice, state, outcome, _slot) in enumerate(found, 1):
        told, step, end = NoticeState.member(notice), RoomState.member(state), Outcome.member(outcome or "")
        rows.append(
            [
                number, building, unit, no, owner, told.words if told else notice, step.words if step else state,
                end.words if end else None, None,
            ]
        )  # fmt: skip
    columns = [
        _("No.", "序号"), _("Building", "楼栋"), _("Unit", "单元"), _("Home", "房号"), _("Owner", "业主"),
        _("Notice", "通知"), _("Progress", "进程"), _("Outcome", "收楼结果"), _("Signed", "签收"),
    ]  # fmt: skip
    values = {
        "project": session.get_one(Project, plan.project_id).name, "plan": plan.title, "from": plan.planned_from,
        "until": plan.planned_to, "number": len(rows), "homes": PrintTable(columns, rows),
    }  # fmt: skip
    return sheet(session, ROSTER, values, project_id=plan.project_id, language=language)


def repair_slip_sheet(session: Session, row: HandoverRoom, language: str) -> Sheet:
    """Returns the repair slip that owner and escort sign after the inspection."""
    outcome = Outcome.member(row.outcome or "")
    lines = [
        [number, one.part.name if one.part is not None else None, one.category.name if one.category is not None else None,
         one.description, one.note, one.contractor.name if one.contractor is not None else None]
        for number, one in enumerate(issues_of(session, row.room_id), 1)
    ]  # fmt: skip
    columns = [
        _("No.", "序号"), _("Part", "部位"), _("Category", "问题分类"), _("Problem", "问题描述"), _("Remarks", "补充说明"),
        _("Contractor", "承建商"),
    ]  # fmt: skip
    values = {
        **_values(session, row),
        "inspected": row.inspected_at,
        "escort": row.escort.name if row.escort is not None else None,
        "outcome": outcome.words if outcome is not None else None,
        "due": row.repair_due_on or row.second_visit_on,
        "issues": PrintTable(columns, lines, _("Nothing was found.", "未发现问题。")),
    }
    return sheet(session, REPAIR_SLIP, values, project_id=row.project_id, language=language)


def owner_list_sheet(session: Session, row: HandoverRoom, language: str, pictures: Sequence[Picture] = ()) -> Sheet:
    """Returns the owner's list: each issue with its repair, to be signed for one by one (S02 step 10)."""
    lines = []
    for number, one in enumerate(issues_of(session, row.room_id), 1):
        state = IssueState.member(one.status)
        lines.append(
            [
                number, one.part.name if one.part is not None else None, one.description, one.solution,
                state.words if state is not None else one.status, None, None,
            ]
        )  # fmt: skip
    columns = [
        _("No.", "序号"), _("Part", "部位"), _("Problem", "问题描述"), _("Repair", "整改情况"), _("State", "状态"),
        _("Passed?", "是否通过"), _("Owner's signature", "业主签字"),
    ]  # fmt: skip
    values = {**_values(session, row), "issues": PrintTable(columns, lines, _("Nothing was found.", "未发现问题。"))}
    if pictures:
        values["signature"] = pictures[0]
    return sheet(session, OWNER_LIST, values, project_id=row.project_id, language=language)
