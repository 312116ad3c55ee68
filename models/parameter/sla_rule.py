"""Time limits (时限规则): how soon what must happen after what, by kind of work, level and category (domain_facts 8)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, Session

from models.kernel import Options, Refusal, Screen, _, choice, integer, kept, ref, section, text
from models.kernel.actor import Actor
from models.kernel.parameter import IN_FORCE, Parameter
from models.parameter.issue_category import IssueCategory
from models.parameter.issue_standard import IssueLevel


class TaskKind(Options):
    """Kinds of work a time limit may be for (S16)."""

    COMPLAINT = "complaint", _("Complaint", "投诉任务")
    REPAIR = "repair", _("Repair", "维修任务")
    WARRANTY = "warranty", _("Warranty repair", "保修任务")
    SPECIAL = "special", _("Paid service", "特约服务")
    INSPECTION = "inspection", _("Inspection", "验房问题")
    HANDOVER = "handover", _("Handover", "交付问题")
    OTHER = "other", _("Other", "其他任务")


class Clock(Options):
    """What must have happened when the time is up (D1 38)."""

    ACCEPT = "accept", _("Accepted", "受理")
    CONTACT = "contact", _("First contact", "首次联系")
    INSPECT = "inspect", _("Check sheet collected", "领单查验")
    PLAN = "plan", _("Solution proposed", "方案")
    DONE = "done", _("Repaired", "完成整改")
    CLOSE = "close", _("Closing confirmed", "关闭确认")
    CALL_BACK = "call_back", _("Called back", "回访")


class TimeCount(Options):
    """Which time counts (Part C 1 and 18)."""

    NATURAL = "natural", _("Natural hours", "自然时间")
    WORKING = "working", _("Working hours", "工作时间")


class SlaRule(Parameter):
    """A time limit. Of those that fit, the one for the level counts first, then the nearest category, then the kind of work."""

    screen = Screen(
        label=_("Time limit", "时限规则"),
        plural=_("Time limits", "时限规则"),
        icon="clock-exclamation",
        key=("from_day", "node_id", "code"),
        title=("clock", "code"),
        listed=("clock", "task_kind", "level", "category", "minutes", "counted", "node", "enabled"),
        searched=("remark",),
        order=("sort", "code", "id"),
        sections=(
            section(_("What it is for", "适用范围"), "clock", "task_kind", "level", "category_id"),
            section(_("Time", "时限"), "minutes", "counted", "remark", "sort"),
            IN_FORCE,
        ),
        noted=_(
            "Working hours are counted by the work calendar of the place.",
            "按工作时间计算时，使用所属单位的工作日历。",
        ),
    )

    code: Mapped[str] = kept(_("Code", "编码"), String(120), "text")
    clock: Mapped[str] = choice(_("What is due", "时限环节"), Clock)
    task_kind: Mapped[str | None] = choice(
        _("Kind of work", "任务类型"), TaskKind, hint=_("Empty: every kind.", "留空表示全部类型。")
    )
    level: Mapped[str | None] = choice(
        _("Level", "级别"), IssueLevel, hint=_("Empty: every level.", "留空表示全部级别。")
    )
    category_id: Mapped[int | None] = ref(
        "issue_category",
        _("Category", "问题分类"),
        hint=_("With all below it. Empty: every category.", "含其下级分类；留空表示全部分类。"),
    )
    minutes: Mapped[int] = integer(_("Time", "时限"), unit=_("minutes", "分钟"))
    counted: Mapped[str] = choice(_("Counted in", "计时方式"), TimeCount, default=TimeCount.NATURAL)
    remark: Mapped[str | None] = text(_("Basis", "依据"), 200)

    def derive(self, session: Session, actor: Actor) -> None:
        """The code says what the rule is for: at one place there is one rule for it, and a lower place replaces it."""
        category: Any = None
        if self.category_id is not None:
            category = session.scalar(select(IssueCategory.code).where(IssueCategory.id == self.category_id))
        parts = (self.clock, self.task_kind, self.level, category)
        self.code = ".".join(str(part or "*") for part in parts)

    def faults(self, session: Session, actor: Actor) -> Iterable[Refusal]:
        """A time limit is above zero."""
        yield from super().faults(session, actor)
        if self.minutes is not None and self.minutes <= 0:
            yield Refusal(_("This must be more than 0.", "该值必须大于 0。"), "minutes")
