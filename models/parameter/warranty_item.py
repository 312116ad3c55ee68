"""Warranty items (保修项目): how long which part of a home is under warranty, by law and by what the company promises.

National law first, then what a province or city sets, then what a company or project promises (domain_facts 1). Law
texts change: each row names its source and the version it was taken from.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sqlalchemy.orm import Mapped, Session

from models.kernel import Options, Refusal, Screen, _, choice, day, integer, section, text
from models.kernel.actor import Actor
from models.kernel.parameter import IN_FORCE, Parameter

NATIONAL = "00"
"""The area of a row that holds in the whole country."""


class StartBasis(Options):
    """The day a term runs from (domain_facts 1.3)."""

    HANDOVER = "handover", _("Handover to the buyer", "交付之日")
    COMPLETION = "completion", _("Completion acceptance", "竣工验收合格之日")


class WarrantyItem(Parameter):
    """A warranty term in an area of the country."""

    screen = Screen(
        label=_("Warranty item", "保修项目"),
        plural=_("Warranty items", "保修项目"),
        icon="shield-check",
        key=("from_day", "node_id", "area", "code"),
        title=("name",),
        listed=("code", "name", "months", "seasons", "area", "start_basis", "law_ref", "law_on", "node", "enabled"),
        searched=("name", "code"),
        order=("sort", "code", "id"),
        sections=(
            section(_("Term", "保修期限"), "code", "name", "months", "seasons", "shown", "start_basis", "area", "sort"),
            section(_("Source", "依据"), "law_ref", "law_on"),
            IN_FORCE,
        ),
        noted=_(
            "A project takes the nearest row: its own, its company's, then its city or province, then the country.",
            "项目取最近的设置：项目、公司，其次为所在城市或省份的规定，最后为全国规定。",
        ),
    )

    name: Mapped[str] = text(_("Name", "保修项目"), 60)
    months: Mapped[int] = integer(_("Term", "保修期"), unit=_("months", "个月"))
    seasons: Mapped[int | None] = integer(
        _("Seasons", "采暖/供冷期"),
        hint=_("Where the law counts heating or cooling seasons.", "按采暖期、供冷期计算时填写。"),
    )
    shown: Mapped[str | None] = text(
        _("Printed as", "对外表述"),
        40,
        hint=_("Instead of the number of months.", "代替月数打印，例如“合理使用年限”。"),
    )
    start_basis: Mapped[str] = choice(_("Runs from", "起算日"), StartBasis, default=StartBasis.HANDOVER)
    area: Mapped[str] = text(
        _("Area", "适用地区"),
        6,
        default=NATIONAL,
        hint=_(
            "00 for the whole country; else the beginning of the administrative code, such as 33 or 3301.",
            "00 表示全国；否则填写行政区划代码前缀，例如 33 浙江、3301 杭州。",
        ),
    )
    law_ref: Mapped[str | None] = text(_("Source", "法规依据"), 200)
    law_on: Mapped[date | None] = day(_("Version of", "法规版本日期"))

    @property
    def variant(self) -> str:
        """Rows for several areas stand beside each other."""
        return self.area

    def faults(self, session: Session, actor: Actor) -> Iterable[Refusal]:
        """Terms are above zero; an area is 2, 4 or 6 digits."""
        yield from super().faults(session, actor)
        for column in ("months", "seasons"):
            value = getattr(self, column)
            if value is not None and value <= 0:
                yield Refusal(_("This must be more than 0.", "该值必须大于 0。"), column)
        if not (self.area.isascii() and self.area.isdigit() and len(self.area) in (2, 4, 6)):
            yield Refusal(
                _(
                    "An area is 00, or the first 2, 4 or 6 digits of an administrative code, such as 33.",
                    "适用地区为 00，或行政区划代码的前 2、4、6 位，例如 33。",
                ),
                "area",
            )
