"""Registers that whole parts of the tree share: cities, banks, and the policies in force (S05, S08)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sqlalchemy.orm import Mapped, Session

from models.customer.identity import check_phone
from models.kernel import Options, Refusal, Screen, Table, _, by_node, choice, day, flag, prose, section, text
from models.kernel.actor import Actor
from models.kernel.parameter import IN_FORCE, Parameter


class City(Parameter):
    """A city the group works in; its code is the administrative one (GB/T 2260)."""

    screen = Screen(
        label=_("City", "城市"),
        plural=_("Cities", "城市列表"),
        icon="map-pin",
        key=("from_day", "node_id", "code"),
        title=("name",),
        listed=("code", "name", "province", "dialling", "node", "enabled"),
        searched=("name", "code"),
        order=("code", "id"),
        sections=(section(_("City", "城市"), "code", "name", "province", "dialling"), IN_FORCE),
    )

    name: Mapped[str] = text(_("City", "城市"), 40)
    province: Mapped[str | None] = text(_("Province", "省份"), 20)
    dialling: Mapped[str | None] = text(_("Dialling code", "电话区号"), 6)


class Bank(Parameter):
    """A bank that lends to buyers or keeps their titles."""

    screen = Screen(
        label=_("Bank", "银行"),
        plural=_("Banks", "银行"),
        icon="building-bank",
        key=("from_day", "node_id", "code"),
        title=("name",),
        listed=("code", "name", "lends", "contact", "phone", "node", "enabled"),
        searched=("name", "code"),
        order=("sort", "code", "id"),
        sections=(section(_("Bank", "银行"), "code", "name", "lends", "contact", "phone", "sort"), IN_FORCE),
    )

    name: Mapped[str] = text(_("Bank", "银行名称"), 80)
    lends: Mapped[bool] = flag(_("Lends to buyers", "按揭银行"), default=True)
    contact: Mapped[str | None] = text(_("Contact", "联系人"), 30)
    phone: Mapped[str | None] = text(_("Telephone", "联系电话"), 40)

    def faults(self, session: Session, actor: Actor) -> Iterable[Refusal]:
        """A telephone number has the form of one."""
        yield from super().faults(session, actor)
        if self.phone:
            try:
                check_phone(self.phone)
            except Refusal as refusal:
                yield Refusal(refusal.sentence, "phone", code=refusal.code)


class PolicyState(Options):
    """Whether a policy is in force."""

    DRAFT = "draft", _("Draft", "起草"), "grey"
    IN_FORCE = "in_force", _("In force", "有效"), "green"
    WITHDRAWN = "withdrawn", _("Withdrawn", "废止"), "red"


class PolicyDocument(Table):
    """A policy or work instruction with who checked and approved it (S05). The text itself is attached as a file."""

    owned = by_node(inherited=True)
    screen = Screen(
        label=_("Policy document", "制度文件"),
        plural=_("Policy documents", "制度文件"),
        icon="file-certificate",
        key=("node_id", "number"),
        title=("title",),
        listed=("number", "title", "issued_on", "state", "scope", "node"),
        searched=("title", "number"),
        sections=(
            section(_("Document", "制度文件"), "node_id", "number", "title", "issued_on", "state", "scope"),
            section(_("Approval", "审批"), "drafted_by", "reviewed_by", "approved_by"),
            section(_("Summary", "摘要"), "summary"),
        ),
        noted=_("Attach the document itself as a file.", "正文请以附件形式上传。"),
    )

    number: Mapped[str] = text(_("Number", "文件编号"), 40)
    title: Mapped[str] = text(_("Title", "标题"), 120)
    issued_on: Mapped[date | None] = day(_("Issued on", "颁布日期"))
    state: Mapped[str] = choice(_("State", "状态"), PolicyState, default=PolicyState.IN_FORCE)
    scope: Mapped[str | None] = text(_("Applies to", "适用范围"), 200)
    drafted_by: Mapped[str | None] = text(_("First review", "初审"), 40)
    reviewed_by: Mapped[str | None] = text(_("Second review", "复审"), 40)
    approved_by: Mapped[str | None] = text(_("Approved by", "批准"), 40)
    summary: Mapped[str | None] = prose(_("Summary", "摘要"))

    def faults(self, session: Session, actor: Actor) -> Iterable[Refusal]:
        """What is in force was issued on a day."""
        if self.state == PolicyState.IN_FORCE and self.issued_on is None:
            yield Refusal(_("Say when it was issued.", "请填写颁布日期。"), "issued_on")
