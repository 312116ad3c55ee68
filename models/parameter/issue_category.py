"""Categories of problems (问题分类): a tree of at most three levels, for defects, complaints and questions."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Mapped, Session

from models.kernel import Options, Refusal, Screen, _, choice, ref, section, text
from models.kernel.actor import Actor
from models.kernel.parameter import IN_FORCE, Parameter, check_tree

DEEPEST = 3
"""Levels of the tree (D1 34)."""


class CategoryKind(Options):
    """What a category sorts (D1 34)."""

    DEFECT = "defect", _("Defect", "缺陷"), "orange"
    COMPLAINT = "complaint", _("Complaint", "投诉"), "red"
    INQUIRY = "inquiry", _("Question", "咨询"), "blue"


class IssueCategory(Parameter):
    """A category; the levels below inherit its default trade where they name none."""

    screen = Screen(
        label=_("Issue category", "问题分类"),
        plural=_("Issue categories", "问题分类"),
        icon="category",
        key=("from_day", "node_id", "code"),
        title=("parent.name", "name"),
        listed=("code", "name", "kind", "parent.name", "default_trade.name", "node", "enabled"),
        searched=("name", "code"),
        order=("sort", "code", "id"),
        sections=(
            section(_("Category", "问题分类"), "parent_id", "code", "name", "kind", "default_trade_id", "sort"),
            IN_FORCE,
        ),
        children=(("issue_category", "parent_id"), ("issue_standard", "category_id")),
        noted=_(
            "Three levels at most: trade, item, and finer where needed. Standard problems hang on a category.",
            "最多三级：专业、子项及细项；标准问题归属于某一分类。",
        ),
    )

    parent_id: Mapped[int | None] = ref("issue_category", _("Category above", "上级分类"))
    name: Mapped[str] = text(_("Name", "名称"), 60)
    kind: Mapped[str] = choice(_("Kind", "类别"), CategoryKind, default=CategoryKind.DEFECT)
    default_trade_id: Mapped[int | None] = ref("trade", _("Usual trade", "默认施工专业"))

    def faults(self, session: Session, actor: Actor) -> Iterable[Refusal]:
        """No cycle, no fourth level, and the kind of the category above."""
        yield from super().faults(session, actor)
        yield from check_tree(session, self, DEEPEST)
        kind = session.scalar(select(IssueCategory.kind).where(IssueCategory.id == self.parent_id))
        if kind is not None and kind != self.kind:
            yield Refusal(
                _(
                    "The category above is of another kind. Choose the same kind or another category.",
                    "上级分类的类别不同，请选择相同类别或更换上级分类。",
                ),
                "kind",
            )
