"""Ownership (业主房产): who owns which home, with which share, from when until when. Resale keeps history."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Mapped, Session

from models.kernel import Options, Refusal, Screen, Table, _, choice, day, decimal, flag, ref, section, text, through
from models.kernel.actor import Actor
from models.kernel.trial import is_settled


class Use(Options):
    """What the owner does with the home (S20)."""

    LIVES = "lives", _("Lives in", "自住")
    INVESTS = "invests", _("Investment", "投资")
    LETS = "lets", _("Let", "租赁")
    VACANT = "vacant", _("Vacant", "空置")


class Ownership(Table):
    """A customer's share of a home in a time. Living shares of one home never exceed 100 %."""

    owned = through("room_id")
    screen = Screen(
        label=_("Ownership", "业主房产"),
        plural=_("Ownerships", "业主房产"),
        icon="home-heart",
        key=("room_id", "customer_id", "from_day"),
        title=("room_id", "customer_id"),
        listed=("project", "room", "customer.name", "share", "is_main", "from_day", "until_day", "contract_no", "use"),
        searched=("contract_no",),
        order=("created_at", "id"),
        sections=(
            section(_("Ownership", "权属"), "room_id", "customer_id", "share", "is_main", "use"),
            section(_("Time", "起止"), "from_day", "until_day", "ended_by"),
            section(_("Contract", "合同"), "contract_no", "signed_on", "delivery_due_on"),
        ),
    )

    room_id: Mapped[int] = ref("room", _("Room", "房间"))
    customer_id: Mapped[int] = ref("customer", _("Customer", "业主"))
    share: Mapped[Decimal | None] = decimal(_("Share", "产权份额"), 5, 2, unit=_("%", "%"))
    is_main: Mapped[bool] = flag(_("Main owner", "主业主"), default=True)
    from_day: Mapped[date] = day(_("From", "起始日期"))
    until_day: Mapped[date | None] = day(_("Until", "截止日期"), hint=_("Empty while it lasts.", "留空表示当前有效。"))
    ended_by: Mapped[str | None] = text(_("Ended by", "终止原因"), 100)
    use: Mapped[str | None] = choice(_("Use", "房屋使用"), Use)
    contract_no: Mapped[str | None] = text(_("Contract number", "合同编号"), 60)
    signed_on: Mapped[date | None] = day(_("Signed on", "签约日期"))
    delivery_due_on: Mapped[date | None] = day(_("Contract delivery date", "合同交付日期"))

    def faults(self, session: Session, actor: Actor) -> Iterable[Refusal]:
        """A time does not end before it begins; a share is above 0; shares at one time add up to 100 % at most."""
        if self.until_day and self.until_day < self.from_day:
            yield Refusal(_("The ownership ends before it begins.", "截止日期早于起始日期。"), "until_day")
        if self.share is None:
            return
        if not 0 < self.share <= 100:
            yield Refusal(_("A share is more than 0 and at most 100.", "份额应大于 0 且不超过 100。"), "share")
            return
        if self.until_day is None and not is_settled(session, "ownership.shares"):
            bare = Ownership.__table__.c
            others = session.execute(
                select(func.coalesce(func.sum(bare.share), 0)).where(
                    bare.room_id == self.room_id,
                    bare.until_day.is_(None),
                    bare.deleted_at.is_(None),
                    bare.id != (self.id or 0),
                )
            ).scalar_one()
            if Decimal(str(others)) + Decimal(self.share) > Decimal("100"):
                yield Refusal(
                    _(
                        "The owners of this home already hold {held} %. End the former ownership first.",
                        "该房间现有业主份额合计已达 {held}%，请先终止原业主的产权。",
                    ).fill(held=f"{Decimal(str(others)):.2f}"),
                    "share",
                )
