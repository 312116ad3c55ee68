"""Issues (问题): what is wrong in a home or in what all share, who repairs it by when, and how it ended (D1 45, S02, S19)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Index, Integer, String, inspect
from sqlalchemy.orm import Mapped, Session

from models.inspection.issue_flow import FLOW, HANDLERS
from models.inspection.issue_states import (
    ENDED,
    HANDLINGS,
    WITH_CONTRACTOR,
    CloseType,
    IssueSource,
    IssueState,
    WarrantyResult,
    with_it,
)
from models.inspection.responsible import fill, wrong_contractor, wrong_place, wrong_standard
from models.kernel import (
    INSIDE,
    Refusal,
    Rights,
    Screen,
    Table,
    _,
    by_project,
    choice,
    day,
    decimal,
    kept,
    moment,
    numbered,
    option,
    prose,
    ref,
    section,
    text,
)
from models.kernel.actor import Actor
from models.kernel.columns import Moment
from models.kernel.owned import Party
from models.kernel.session import clock_of
from models.parameter.issue_standard import IssueLevel

CONTENT = (
    "room_id", "building_id", "public_place", "category_id", "part_id", "standard_id", "description", "contractor_id",
)  # fmt: skip
"""What an issue says; no longer changed once it is closed or void."""

ENTERED = tuple(name for name in CONTENT if name != "contractor_id")
"""What whoever enters it says; changed afterwards, it was entered wrongly (R04). Who repairs it is another decision."""


class Issue(Table):
    """One thing that is wrong. The same table serves inspection, handover and daily requests."""

    owned = by_project(party=Party("contractor_id", sent=with_it))
    __table_args__ = (
        Index("ix_issue_contractor_status", "contractor_id", "status"),
        Index("ix_issue_status_due_at", "status", "due_at"),
        Index("ix_issue_entry_key", "entry_key", unique=True),
    )
    screen = Screen(
        label=_("Issue", "问题"),
        plural=_("Issues", "问题"),
        icon="alert-triangle",
        key=("number",),
        title=("number", "description"),
        listed=(
            "number",
            "source",
            "project",
            "room",
            "category",
            "part.name",
            "description",
            "level",
            "contractor.name",
            "status",
            "due_at",
            "rework_count",
            "created_at",
        ),
        searched=("number", "description"),
        sections=(
            section(_("Where", "位置"), "source", "project_id", "room_id", "building_id", "public_place"),
            section(
                _("What", "问题"), "category_id", "part_id", "standard_id", "description", "note", "level",
            ),
            section(_("Who and by when", "责任与时限"), "contractor_id", "contractor_reason", "due_at"),
            section(_("Outcome", "处理与关闭"), "warranty_result", "handling", "solution", "close_note"),
        ),
        rights=Rights(read=(*INSIDE, "contractor"), export=(*INSIDE, "contractor"), write=HANDLERS, delete=HANDLERS, import_=()),
        children=(("issue_fix", "issue_id"),),
        noted=_(
            "What inspection, handover and daily requests find. The contractor follows from category and scope of work.",
            "验房、入伙及日常诉求发现的问题；承建商按问题分类与施工范围自动带出，可调整。",
        ),
    )  # fmt: skip
    flow = FLOW

    number: Mapped[str] = numbered(_("Number", "问题编号"), "issue", "WT{yyyy}{mm}-{seq:05d}", cycle="month")
    source: Mapped[str] = choice(_("Found at", "问题来源"), IssueSource, default=IssueSource.INSPECTION)
    building_id: Mapped[int | None] = ref(
        "building", _("Building", "楼栋"), hint=_("Of a shared part. A room has its own.", "公共部位所在楼栋。")
    )
    room_id: Mapped[int | None] = ref("room", _("Room", "房间"))
    public_place: Mapped[str | None] = text(
        _("Shared part", "公共部位说明"), 100, hint=_("Where it is, if not in a room.", "问题不在户内时填写。")
    )
    inspection_room_id: Mapped[int | None] = ref("inspection_room", _("Inspected in", "验房房间"), system=True)
    dispatch_id: Mapped[int | None] = ref("issue_dispatch", _("Sent with", "问题清单批次"), system=True)
    category_id: Mapped[int] = ref("issue_category", _("Category", "问题分类"))
    part_id: Mapped[int | None] = ref("part", _("Part", "部位"))
    standard_id: Mapped[int | None] = ref("issue_standard", _("Standard problem", "标准问题"))
    description: Mapped[str | None] = text(
        _("Problem", "问题描述"),
        200,
        hint=_("Empty: the words of the standard problem.", "留空则取标准问题的描述。"),
    )
    note: Mapped[str | None] = prose(_("Further remarks", "补充说明"))
    level: Mapped[str | None] = choice(
        _("Level", "级别"), IssueLevel, hint=_("Empty: as the standard problem has it.", "留空则取标准问题的级别。")
    )
    x: Mapped[Decimal | None] = decimal(_("Across the plan", "平面位置横"), 5, 4)
    y: Mapped[Decimal | None] = decimal(_("Down the plan", "平面位置纵"), 5, 4)
    contractor_id: Mapped[int | None] = ref(
        "contractor",
        _("Contractor", "承建商"),
        hint=_("Empty: who answers for category and building.", "留空则按分类与施工范围自动带出。"),
    )
    contractor_reason: Mapped[str | None] = text(
        _("Why this contractor", "改派原因"),
        200,
        hint=_("Where the category is not of its scope of work.", "承建商的施工范围不含该分类时填写。"),
    )
    due_at: Mapped[datetime | None] = moment(
        _("Repair due", "整改期限"),
        hint=_("Empty: by standard problem or time limit.", "留空则按标准问题或时限规则计算。"),
    )
    status: Mapped[str] = choice(_("State", "状态"), IssueState, default=IssueState.REGISTERED, system=True)
    rework_count: Mapped[int] = kept(_("Repaired again", "返修次数"), Integer(), "integer", default=0)
    warranty_result: Mapped[str | None] = choice(_("Warranty", "保修认定"), WarrantyResult)
    handling: Mapped[str | None] = option(_("How it was put right", "处理方式"), HANDLINGS)
    solution: Mapped[str | None] = text(_("Solution", "解决方案"), 200)
    representative: Mapped[str | None] = text(
        _("Signed by the developer's representative", "甲方代表签字"),
        64,
        hint=_("Who signed the repair result.", "在整改结果上签字的甲方代表姓名。"),
    )
    represented_on: Mapped[date | None] = day(_("Signed on", "甲方代表签字日期"))
    reject_reason: Mapped[str | None] = text(_("Reason", "退回或不合格原因"), 200)
    close_type: Mapped[str | None] = choice(_("Closed how", "关闭类型"), CloseType)
    close_by: Mapped[str | None] = text(_("Closing confirmed by", "关闭确认人"), 64)
    closed_at: Mapped[datetime | None] = kept(_("Closed at", "关闭时间"), Moment(), "moment")
    close_note: Mapped[str | None] = text(_("Note on closing", "关闭说明"), 200)
    corrected_at: Mapped[datetime | None] = kept(_("Corrected at", "更正时间"), Moment(), "moment")
    entry_key: Mapped[str | None] = kept(_("Entry", "录入标识"), String(40), "text")

    def derive(self, session: Session, actor: Actor) -> None:
        """Fills what follows from room, standard problem, category and scope; keeps closing data in step with the state."""
        state = inspect(self)
        fill(session, self, new=state.transient or state.pending)
        if state.persistent and any(state.attrs[name].history.deleted for name in ENTERED):
            self.corrected_at = clock_of(session)()
        if self.status == IssueState.FORCING:
            self.close_type = CloseType.FORCED.value
        elif self.status not in ENDED:
            self.close_type = self.closed_at = None
        elif self.closed_at is None:
            self.closed_at = clock_of(session)()

    def faults(self, session: Session, actor: Actor) -> Iterable[Refusal]:
        """It says where and what; its contractor works there; a closed one is not rewritten."""
        state = inspect(self)
        changed = {name for name in CONTENT if state.attrs[name].history.has_changes()}
        new = state.transient or state.pending
        if not (self.description or "").strip():
            yield Refusal(
                _("Choose a standard problem, or say what is wrong.", "请选择标准问题，或填写问题描述。"),
                "description",
                code="required",
            )
        yield from wrong_place(session, self)
        yield from wrong_standard(session, self)
        if new or changed & {"contractor_id", "category_id", "building_id", "room_id"}:
            yield from wrong_contractor(session, self)
        if new:
            return
        if changed and self.status in ENDED and not state.attrs.status.history.has_changes():
            yield Refusal(
                _("This issue is closed. Open it again to change it.", "该问题已关闭，如需修改请先重新打开。"),
                min(changed),
                code="closed",
                status=409,
            )
        with_one = self.status in WITH_CONTRACTOR and not state.attrs.status.history.has_changes()
        if "contractor_id" in changed and (self.dispatch_id is not None or with_one):  # dispatching may say to whom
            yield Refusal(
                _(
                    "It is with its contractor already. Take it back first, then choose another.",
                    "问题已分派给承建商，请先“退回改派”，再更换承建商。",
                ),
                "contractor_id",
                code="dispatched",
                status=409,
            )

    def leaving(self, session: Session, actor: Actor) -> Iterable[Refusal]:
        """Only what was not sent to anybody is deleted; everything else is voided and stays in the figures of who sent it."""
        if self.status != IssueState.REGISTERED:
            yield Refusal(
                _("It was dispatched already. Void it instead.", "该问题已分派，不能删除，请使用“作废”。"),
                code="dispatched",
                status=409,
            )
