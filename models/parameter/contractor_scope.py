"""Scopes of work (施工范围): which contractor answers for which kind of problem in which building of a project (R10)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Mapped, Session

from models.kernel import INSIDE, Refusal, Rights, Screen, Table, _, by_project, day, money, ref, section, text
from models.kernel.actor import Actor
from models.kernel.roles import ADMINS


class ContractorScope(Table):
    """A contractor's part of a project: one building or the whole of it, one category or all of them."""

    owned = by_project()
    screen = Screen(
        label=_("Scope of work", "施工范围"),
        plural=_("Scopes of work", "施工范围"),
        icon="layout-grid",
        key=(),
        title=("contractor.name", "category.name"),
        listed=(
            "project",
            "contractor.name",
            "building.name",
            "category",
            "contract_no",
            "retention",
            "from_day",
            "until_day",
        ),
        searched=("contract_no",),
        sections=(
            section(_("Scope", "施工范围"), "project_id", "contractor_id", "building_id", "category_id"),
            section(_("Contract", "合同"), "contract_no", "retention", "from_day", "until_day", "remark"),
        ),
        rights=Rights(
            read=INSIDE, write=(*ADMINS, "project_clerk"), delete=(*ADMINS, "project_clerk"),
            import_=(*ADMINS, "project_clerk"),
        ),
    )  # fmt: skip

    contractor_id: Mapped[int] = ref("contractor", _("Contractor", "承建商"))
    building_id: Mapped[int | None] = ref(
        "building", _("Building", "楼栋"), hint=_("Empty: the whole project.", "留空表示整个项目。")
    )
    category_id: Mapped[int | None] = ref(
        "issue_category", _("Category", "问题分类"), hint=_("Empty: everything.", "留空表示全部分类。")
    )
    contract_no: Mapped[str | None] = text(_("Contract number", "合同编号"), 60)
    retention: Mapped[Decimal | None] = money(_("Retention money", "质保金"), unit=_("yuan", "元"))
    from_day: Mapped[date | None] = day(_("From", "起始日期"))
    until_day: Mapped[date | None] = day(_("Until", "截止日期"), hint=_("The last day.", "责任期的最后一天。"))
    remark: Mapped[str | None] = text(_("Remarks", "备注"), 200)

    def holds(self, on: date) -> bool:
        """Returns whether the contractor answers for it on a day."""
        return (self.from_day is None or self.from_day <= on) and (self.until_day is None or on <= self.until_day)

    def faults(self, session: Session, actor: Actor) -> Iterable[Refusal]:
        """Dates have an order, money is not below zero, and the same work is not entered twice for overlapping days."""
        if self.from_day and self.until_day and self.until_day < self.from_day:
            yield Refusal(_("It ends before it begins.", "截止日期早于起始日期。"), "until_day")
        if self.retention is not None and self.retention < 0:
            yield Refusal(_("This cannot be below 0.", "该值不能小于 0。"), "retention")
        cls = ContractorScope
        same = select(cls.from_day, cls.until_day).where(
            cls.project_id == self.project_id,
            cls.contractor_id == self.contractor_id,
            cls.building_id == self.building_id if self.building_id else cls.building_id.is_(None),
            cls.category_id == self.category_id if self.category_id else cls.category_id.is_(None),
            cls.id != (self.id or 0),
        )
        for first, last in session.execute(same):
            if not _apart(self.from_day, self.until_day, first, last):
                yield Refusal(
                    _(
                        "This contractor has this very scope for some of these days already. Change that entry instead.",
                        "该承建商在重叠的期间内已有相同的施工范围，请修改已有记录。",
                    ),
                    "contractor_id",
                    code="overlap",
                    status=409,
                )
                return


def _apart(one_from: date | None, one_until: date | None, from_: date | None, until: date | None) -> bool:
    """Returns whether two spans of days, open where a day is left out, have no day in common."""
    return bool((one_until and from_ and one_until < from_) or (until and one_from and until < one_from))
