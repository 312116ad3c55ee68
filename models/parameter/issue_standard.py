"""Standard problems (标准问题): what is found again and again, in one wording, with its usual level and time for repair."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy.orm import Mapped, Session

from models.kernel import Options, Refusal, Screen, _, choice, integer, ref, section, text
from models.kernel.actor import Actor
from models.kernel.parameter import IN_FORCE, Parameter


class IssueLevel(Options):
    """How grave a problem is (domain_facts 7)."""

    MINOR = "minor", _("Minor", "一般"), "grey"
    IMPORTANT = "important", _("Important", "重要"), "amber"
    SERIOUS = "serious", _("Serious", "严重"), "orange"
    URGENT = "urgent", _("Urgent", "紧急"), "red"


class IssueStandard(Parameter):
    """A standard problem of a category."""

    screen = Screen(
        label=_("Standard problem", "标准问题"),
        plural=_("Standard problems", "投诉问题标准库"),
        icon="book",
        key=("from_day", "node_id", "code"),
        title=("wording",),
        listed=("code", "category", "wording", "level", "repair_hours", "warranty_item.name", "node", "enabled"),
        searched=("wording", "code"),
        order=("sort", "code", "id"),
        sections=(
            section(
                _("Problem", "标准问题"),
                "category_id",
                "code",
                "wording",
                "level",
                "repair_hours",
                "warranty_item_id",
                "sort",
            ),
            IN_FORCE,
        ),
        noted=_(
            "Clerks choose from here, so that the same defect is always called the same.",
            "录入问题时从标准库选择，确保同类问题表述一致。",
        ),
    )

    category_id: Mapped[int] = ref("issue_category", _("Category", "问题分类"))
    wording: Mapped[str] = text(_("Problem", "问题描述"), 120)
    level: Mapped[str] = choice(_("Usual level", "默认级别"), IssueLevel, default=IssueLevel.MINOR)
    repair_hours: Mapped[int | None] = integer(
        _("Time for repair", "整改时限"), unit=_("hours", "小时"), hint=_("Natural hours.", "自然小时。")
    )
    warranty_item_id: Mapped[int | None] = ref("warranty_item", _("Warranty item", "保修项目"))

    def faults(self, session: Session, actor: Actor) -> Iterable[Refusal]:
        """A time for repair is above zero."""
        yield from super().faults(session, actor)
        if self.repair_hours is not None and self.repair_hours <= 0:
            yield Refusal(_("This must be more than 0.", "该值必须大于 0。"), "repair_hours")
