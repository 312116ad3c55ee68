"""Contacts and family of a customer (联系人/家庭成员, S20)."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy.orm import Mapped, Session

from models.customer.customer import number_fault
from models.customer.identity import check_mobile
from models.kernel import (
    MaskedValue,
    Options,
    Refusal,
    Screen,
    Table,
    _,
    choice,
    flag,
    link,
    masked,
    ref,
    section,
    text,
)
from models.kernel.actor import Actor


class Relation(Options):
    """What the contact is to the customer."""

    SPOUSE = "spouse", _("Spouse", "配偶")
    PARENT = "parent", _("Parent", "父母")
    CHILD = "child", _("Child", "子女")
    AGENT = "agent", _("Agent", "代理人")
    STAFF = "staff", _("Staff", "员工")
    OTHER = "other", _("Other", "其他")


class CustomerContact(Table):
    """Somebody to call about a customer."""

    owned = link("customer_id")
    screen = Screen(
        label=_("Contact", "联系人"),
        plural=_("Contacts and family", "联系人与家庭成员"),
        icon="address-book",
        key=("customer_id", "name", "relation"),
        title=("name",),
        listed=("customer", "name", "relation", "mobile", "preferred_channel", "decides"),
        searched=("name",),
        sections=(
            section(
                _("Contact", "联系人"),
                "customer_id",
                "name",
                "relation",
                "mobile",
                "preferred_channel",
                "decides",
                "remark",
            ),
        ),
        menu=False,
    )

    customer_id: Mapped[int] = ref("customer", _("Customer", "客户"))
    name: Mapped[str] = text(_("Name", "姓名"), 100)
    relation: Mapped[str] = choice(_("Relation", "与客户关系"), Relation)
    mobile: Mapped[MaskedValue | None] = masked(_("Mobile", "手机"), "mobile")
    preferred_channel: Mapped[str | None] = text(_("Preferred channel", "首选联系方式"), 40)
    decides: Mapped[bool] = flag(_("Decides", "决策人"))
    remark: Mapped[str | None] = text(_("Remarks", "备注"), 200)

    def faults(self, session: Session, actor: Actor) -> Iterable[Refusal]:
        """A mobile number has its form (domain_facts 6.3)."""
        if self.mobile:
            yield from number_fault(check_mobile, self.mobile, "mobile")
