"""A customer (客户台帐): a person or a company, once in each company's books (S04, S09, S19, S20)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Mapped, Session

from models.customer import identity
from models.customer.identity import birthday_and_gender, check_certificate, check_mobile, check_phone
from models.kernel import (
    MaskedValue,
    Options,
    Refusal,
    Screen,
    Table,
    _,
    by_node,
    choice,
    day,
    masked,
    prose,
    ref,
    section,
    text,
)
from models.kernel.actor import Actor
from models.kernel.trial import is_settled


class CustomerKind(Options):
    """A person or a company."""

    PERSON = "person", _("Person", "个人")
    COMPANY = "company", _("Company", "企业")


class CertificateKind(Options):
    """What a customer proves their identity with; each kind has its own check (Part C 19, domain_facts 6)."""

    CITIZEN = identity.CITIZEN, identity.CERTIFICATES[identity.CITIZEN]
    CITIZEN_15 = identity.CITIZEN_15, identity.CERTIFICATES[identity.CITIZEN_15]
    CREDIT_CODE = identity.CREDIT_CODE, identity.CERTIFICATES[identity.CREDIT_CODE]
    PASSPORT = identity.PASSPORT, identity.CERTIFICATES[identity.PASSPORT]
    FOREIGN_PASSPORT = identity.FOREIGN_PASSPORT, identity.CERTIFICATES[identity.FOREIGN_PASSPORT]
    HK_MACAU_PERMIT = identity.HK_MACAU_PERMIT, identity.CERTIFICATES[identity.HK_MACAU_PERMIT]
    TAIWAN_PERMIT = identity.TAIWAN_PERMIT, identity.CERTIFICATES[identity.TAIWAN_PERMIT]
    RESIDENCE_PERMIT = identity.RESIDENCE_PERMIT, identity.CERTIFICATES[identity.RESIDENCE_PERMIT]
    FOREIGN_RESIDENT = identity.FOREIGN_RESIDENT, identity.CERTIFICATES[identity.FOREIGN_RESIDENT]
    OFFICER = identity.OFFICER, identity.CERTIFICATES[identity.OFFICER]
    LICENCE_15 = identity.LICENCE_15, identity.CERTIFICATES[identity.LICENCE_15]
    OTHER = identity.OTHER, identity.CERTIFICATES[identity.OTHER]


class Gender(Options):
    """As the certificate says."""

    MALE = "male", _("Male", "男")
    FEMALE = "female", _("Female", "女")


class Level(Options):
    """How closely a customer is looked after."""

    NORMAL = "normal", _("Normal", "普通"), "grey"
    IMPORTANT = "important", _("Important", "重要"), "amber"
    VIP = "vip", _("VIP", "VIP"), "purple"
    SENSITIVE = "sensitive", _("Needs care", "敏感"), "red"


class Source(Options):
    """Where the record came from."""

    SALES = "sales", _("Sales", "销售")
    LEDGER = "ledger", _("Ledger import", "台账导入")
    DESK = "desk", _("Front desk", "前台登记")
    RESALE = "resale", _("Resale", "二手转让")


class Customer(Table):
    """A person or company that owns, owned or wants a home. Seen by whoever sees one of their homes or visits."""

    owned = by_node(seen_from=(("ownership", "customer_id"), ("visit_record", "customer_id")))
    screen = Screen(
        label=_("Customer", "客户"),
        plural=_("Customers", "客户台账"),
        icon="users",
        key=("node_id", "cert_kind", "cert_no"),
        title=("name",),
        listed=("name", "kind", "cert_kind", "cert_no", "mobile", "level", "node", "created_at"),
        searched=("name",),
        sections=(
            section(_("Who", "基本信息"), "node_id", "kind", "name", "cert_kind", "cert_no", "gender", "birthday"),
            section(_("Contact", "联系方式"), "mobile", "phone", "address", "preferred_channel"),
            section(_("Care", "维护"), "level", "advisor_id", "source", "remark"),
        ),
        children=(
            ("ownership", "customer_id"),
            ("customer_contact", "customer_id"),
            ("customer_tag", "customer_id"),
            ("visit_record", "customer_id"),
        ),
        noted=_(
            "If the customer exists already, the existing record is offered instead.",
            "若客户已存在，系统会提示使用已有记录。",
        ),
    )

    kind: Mapped[str] = choice(_("Kind", "客户类别"), CustomerKind, default=CustomerKind.PERSON)
    name: Mapped[str] = text(_("Name", "姓名/名称"), 100)
    cert_kind: Mapped[str] = choice(_("Certificate", "证件类型"), CertificateKind, default=CertificateKind.CITIZEN)
    cert_no: Mapped[MaskedValue | None] = masked(_("Certificate number", "证件号码"), "certificate")
    gender: Mapped[str | None] = choice(_("Gender", "性别"), Gender)
    birthday: Mapped[date | None] = day(_("Birthday", "出生日期"))
    mobile: Mapped[MaskedValue | None] = masked(_("Mobile", "手机"), "mobile")
    phone: Mapped[str | None] = text(_("Other telephone", "其他电话"), 40)
    address: Mapped[str | None] = text(_("Address", "联系地址"), 200)
    preferred_channel: Mapped[str | None] = text(_("Preferred channel", "首选联系方式"), 40)
    level: Mapped[str] = choice(_("Level", "客户级别"), Level, default=Level.NORMAL)
    advisor_id: Mapped[int | None] = ref("user_profile", _("Adviser", "客服顾问"))
    source: Mapped[str | None] = choice(_("Source", "来源"), Source)
    remark: Mapped[str | None] = prose(_("Remarks", "备注"))

    def derive(self, session: Session, actor: Actor) -> None:
        """Numbers are kept in their normal form; a citizen ID says birthday and gender, whatever was typed."""
        self.cert_no = normal(lambda number: check_certificate(self.cert_kind, number), self.cert_no)
        self.mobile = normal(check_mobile, self.mobile)
        if self.cert_no and self.cert_kind == CertificateKind.CITIZEN:
            try:
                self.birthday, self.gender = birthday_and_gender(_plain(self.cert_no))
            except Refusal:
                return  # `faults` says what is wrong with the number

    def faults(self, session: Session, actor: Actor) -> Iterable[Refusal]:
        """Certificates are checked by their kind, numbers by their form; companies carry company certificates.

        One who exists in the actor's part of the tree is not entered twice (S04); of others nothing is said.
        """
        if self.cert_no:
            yield from number_fault(lambda number: check_certificate(self.cert_kind, number), self.cert_no, "cert_no")
        if self.mobile:
            yield from number_fault(check_mobile, self.mobile, "mobile")
        if self.phone:
            yield from number_fault(check_phone, self.phone, "phone")
        company = self.cert_kind in (CertificateKind.CREDIT_CODE, CertificateKind.LICENCE_15)
        if self.cert_no and self.cert_kind != CertificateKind.OTHER and company != (self.kind == CustomerKind.COMPANY):
            yield Refusal(
                _(
                    "A person has a personal certificate, a company a company certificate. Change one of the two.",
                    "个人客户应使用个人证件，企业客户应使用企业证件，请调整其一。",
                ),
                "cert_kind",
            )
        twin = self.twin(session)
        if twin is not None:
            yield Refusal(
                _(
                    "This certificate belongs to the customer “{name}” already. Open that record instead of adding a second.",
                    "该证件对应的客户“{name}”已存在，请打开已有记录，无需重复新增。",
                ).fill(name=twin.name),
                "cert_no",
                code="duplicate",
                status=409,
                existing=twin.id,
            )

    def twin(self, session: Session) -> Customer | None:
        """Returns the customer with the same certificate that the actor can see, if there is one."""
        if not self.cert_no or is_settled(session, "customer.twin"):
            return None
        statement = select(Customer).where(
            Customer.cert_kind == self.cert_kind,
            Customer.__table__.c.cert_no_blind == self.cert_no_blind,
            Customer.id != (self.id or 0),
        )
        return session.scalars(statement.limit(1)).first()


def _plain(value: MaskedValue | str) -> str:
    return value.plain() if isinstance(value, MaskedValue) else value


def normal(check: Callable[[str], str], value: MaskedValue | str | None) -> Any:
    """Returns a number in the form it is kept in; as it is where it is wrong, for `faults` to say so."""
    if not value:
        return None
    try:
        kept = check(_plain(value))
    except Refusal:
        return value
    return value if kept == _plain(value) else kept


def number_fault(check: Callable[[str], str], value: MaskedValue | str, field: str) -> Iterable[Refusal]:
    """Runs a check of `identity` and names the field it failed for."""
    try:
        check(_plain(value))
    except Refusal as refusal:
        yield Refusal(refusal.sentence, field, code=refusal.code)
