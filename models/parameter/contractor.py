"""Contractors (承建商): the companies that build and repair, each once in the books of the place that keeps it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Mapped, Session

from models.customer.customer import normal, number_fault
from models.customer.identity import CREDIT_CODE, check_certificate, check_mobile, check_phone
from models.kernel import (
    INSIDE,
    MaskedValue,
    Refusal,
    Rights,
    Screen,
    Table,
    _,
    by_node,
    day,
    flag,
    masked,
    prose,
    ref,
    section,
    text,
)
from models.kernel.actor import Actor
from models.kernel.clock import today
from models.kernel.owned import Party
from models.kernel.session import clock_of


class Contractor(Table):
    """A contractor; blacklisted ones keep their past work and get no new one."""

    owned = by_node(inherited=True, party=Party("id"))
    screen = Screen(
        label=_("Contractor", "承建商"),
        plural=_("Contractors", "承建商"),
        icon="crane",
        key=("node_id", "name"),
        title=("name",),
        listed=("name", "trade.name", "usci", "contact", "mobile", "blacklisted", "node", "created_at"),
        searched=("name", "usci", "contact"),
        sections=(
            section(_("Contractor", "承建商"), "node_id", "name", "usci", "trade_id", "short_name"),
            section(_("Contact", "联系方式"), "contact", "mobile", "phone", "address"),
            section(_("Blacklist", "黑名单"), "blacklisted", "blacklisted_on", "blacklist_reason"),
            section(_("Remarks", "备注"), "remark"),
        ),
        rights=Rights(read=(*INSIDE, "contractor")),
        children=(("contractor_scope", "contractor_id"),),
        noted=_(
            "What each does in which building is under “Scopes of work”.",
            "各承建商负责的楼栋与专业请在“施工范围”中维护。",
        ),
    )

    name: Mapped[str] = text(_("Name", "单位名称"), 100)
    short_name: Mapped[str | None] = text(_("Short name", "简称"), 20)
    usci: Mapped[str] = text(_("Unified social credit code", "统一社会信用代码"), 18)
    trade_id: Mapped[int | None] = ref("trade", _("Trade", "施工专业"))
    contact: Mapped[str | None] = text(_("Contact", "联系人"), 40)
    mobile: Mapped[MaskedValue | None] = masked(_("Mobile", "联系人手机"), "mobile")
    phone: Mapped[str | None] = text(_("Other telephone", "其他电话"), 40)
    address: Mapped[str | None] = text(_("Address", "地址"), 200)
    blacklisted: Mapped[bool] = flag(_("Blacklisted", "黑名单"), warns=True)
    blacklisted_on: Mapped[date | None] = day(_("Blacklisted on", "列入日期"))
    blacklist_reason: Mapped[str | None] = text(_("Reason", "列入原因"), 200)
    remark: Mapped[str | None] = prose(
        _("Remarks", "备注"),
        hint=_("The contractor's own accounts read this entry too.", "该承建商的账号也能看到本条资料。"),
    )

    def derive(self, session: Session, actor: Actor) -> None:
        """Numbers are kept in their normal form; whoever is blacklisted without a day is so from today."""
        self.mobile = normal(check_mobile, self.mobile)
        if self.usci:
            self.usci = self.usci.strip().upper()
        if self.blacklisted and self.blacklisted_on is None:
            self.blacklisted_on = today(clock_of(session))
        if not self.blacklisted:
            self.blacklisted_on = None

    def faults(self, session: Session, actor: Actor) -> Iterable[Refusal]:
        """The credit code is checked (domain_facts 6.2), and nobody is entered twice in one's own part of the tree."""
        yield from number_fault(lambda number: check_certificate(CREDIT_CODE, number), self.usci or "", "usci")
        if self.mobile:
            yield from number_fault(check_mobile, self.mobile, "mobile")
        if self.phone:
            yield from number_fault(check_phone, self.phone, "phone")
        if self.blacklisted and not (self.blacklist_reason or "").strip():
            yield Refusal(_("Say why this contractor is blacklisted.", "请填写列入黑名单的原因。"), "blacklist_reason")
        twin = session.execute(
            select(Contractor.id, Contractor.name)
            .where(Contractor.usci == self.usci, Contractor.node_id == self.node_id, Contractor.id != (self.id or 0))
            .limit(1)
        ).first()
        if twin is not None:
            yield Refusal(
                _(
                    "This credit code belongs to the contractor “{name}” already. Open that record instead.",
                    "该信用代码对应的承建商“{name}”已存在，请打开已有记录。",
                ).fill(name=twin.name),
                "usci",
                code="duplicate",
                status=409,
                existing=twin.id,
            )

    def barred(self, on: date) -> bool:
        """Returns whether the contractor gets no work on a day."""
        return self.blacklisted and (self.blacklisted_on is None or self.blacklisted_on <= on)
