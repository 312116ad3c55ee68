"""Owners as a ledger names them, and whether they are who the console knows."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from typing import Any

from sqlalchemy.orm import Session

from models.customer import identity
from models.customer.customer import Customer
from models.kernel.masking import is_masked
from models.kernel.node import node_of
from models.kernel.refusal import Denied, Refusal
from models.kernel.roles import IMPORT, WRITE
from models.kernel.scope import reach
from models.kernel.secret import MaskedValue, cipher
from models.kernel.session import actor_of
from models.kernel.table import Table
from models.kernel.words import _


@dataclass(frozen=True, slots=True)
class Owner:
    """An owner in a row of the ledger; numbers in the form they are kept in, or half shown as they were exported.

    Attributes:
        mobile: a mobile; `phone` is any other telephone.
        share: in per cent; None where the ledger does not say.
    """

    name: str
    cert_kind: str | None = None
    cert_no: str | None = None
    mobile: str | None = None
    phone: str | None = None
    share: Decimal | None = None

    @property
    def cert_masked(self) -> bool:
        """Whether the certificate is half shown."""
        return self.cert_no is not None and is_masked(self.cert_no)

    @property
    def call_masked(self) -> bool:
        """Whether the mobile is half shown."""
        return self.mobile is not None and is_masked(self.mobile)


@dataclass(frozen=True, eq=False, slots=True)
class Person:
    """A customer as the console knows them; `holding` is the ownership they are met through, where it is one."""

    key: int
    name: str
    cert: MaskedValue | None
    blind: str | None
    mobile: MaskedValue | None
    call_blind: str | None
    phone: str | None
    holding: dict[str, Any] | None = None


def is_one(owner: Owner, person: Person) -> bool:
    """Returns whether an owner of the ledger is this present owner of the home.

    A certificate decides where both have one. Without it the name does, unless both have a mobile and they differ.
    """
    if owner.cert_no and owner.cert_masked:
        return owner.name == person.name and person.cert is not None and str(person.cert) == owner.cert_no
    if owner.cert_no and person.blind:
        return cipher().blind(owner.cert_no) == person.blind and owner.name == person.name
    if owner.name != person.name:
        return False
    if owner.cert_no or not owner.mobile or person.mobile is None:
        return True
    if owner.call_masked:
        return str(person.mobile) == owner.mobile
    return cipher().blind(owner.mobile) == person.call_blind


def shares_of(said: Sequence[Decimal | None]) -> list[Decimal]:
    """Returns the shares of the owners of a home: as said, or equal ones, with what cannot be divided at the first.

    Raises:
        Refusal: only some are said, or they add up to more than 100.
    """
    given = [share for share in said if share is not None]
    if not given:
        each = (Decimal(100) / len(said)).quantize(Decimal("0.01"), ROUND_DOWN)
        return [Decimal(100) - each * (len(said) - 1), *[each] * (len(said) - 1)]
    if len(given) != len(said) or any(share <= 0 for share in given) or sum(given) > 100:
        raise Refusal(
            _(
                "Write a share for every owner, in per cent; together they are at most 100.",
                "请为每位业主填写份额（%），合计不超过 100。",
            ),
            "shares",
            code="shares",
        )
    return given


def owners_differ(names: Sequence[str]) -> Refusal:
    """Returns the refusal of a row with other owners than those known; says what to do about a resale."""
    return Refusal(
        _(
            "The present owners of this home are {names}. Correct the row; if the home was sold on, tick “Owners changed”"
            " beside the columns and look again.",
            "该房间现有业主为{names}，与台账不一致。请核对；如为转让，请在列对应页勾选“业主已变更”后重新预览。",
        ).fill(names="、".join(names)),
        "owners",
        code="owner_differs",
    )


def person_columns(people: Any) -> list[Any]:
    """Returns what `person_of` wants of a customer: of the mapped class or of its bare table."""
    columns = getattr(people, "c", people)
    return [
        columns.id.label("person_id"),
        columns.name.label("person_name"),
        columns.cert_no.label("person_cert"),
        columns.cert_no_blind.label("person_blind"),
        columns.mobile.label("person_mobile"),
        columns.mobile_blind.label("person_call"),
        columns.phone.label("person_phone"),
    ]


def person_of(row: dict[str, Any], holding: dict[str, Any] | None) -> Person:
    """Returns the customer of a row of `person_columns`."""
    return Person(
        row["person_id"],
        row["person_name"],
        row["person_cert"],
        row["person_blind"],
        row["person_mobile"],
        row["person_call"],
        row["person_phone"],
        holding,
    )


def other_name(name: str) -> Refusal:
    """Returns the refusal of a certificate that another name has."""
    return Refusal(
        _(
            "This certificate belongs to “{name}”. Correct the name or the number.",
            "该证件号码属于“{name}”，请核对姓名或号码。",
        ).fill(name=name),
        "certificates",
        code="other_name",
    )


def guessed_kind(number: str) -> str:
    """Returns the kind of certificate a number in a ledger is taken for, so that it can be checked."""
    found = identity.certificate_kind(number)
    if found is not None:
        return found
    bare = re.sub(r"[\s\-·.]", "", unicodedata.normalize("NFKC", number)).upper()
    if re.fullmatch(r"[0-9]{13,20}[0-9X]?", bare):
        return identity.CITIZEN
    return identity.PASSPORT if re.fullmatch(r"[A-Z]{1,2}[0-9]{7,8}", bare) else identity.OTHER


def customers_node(session: Session, project: Table, written: Sequence[type[Table]]) -> int:
    """Returns where new owners are entered: in the company's books, or in the project's by those who may not write there.

    Raises:
        Denied: the actor may not hand over a ledger for this project.
    """
    actor = actor_of(session)
    for cls in written:
        for right in (IMPORT, WRITE):
            if not reach(session, actor, cls, right).holds("project", project.id):
                raise Denied()
    reaches = [reach(session, actor, Customer, right) for right in (IMPORT, WRITE)]
    for kind, key in (("company", project.company_id), ("project", project.id)):
        node: int = node_of(session, kind, key).id
        if all(where.everything or node in where.nodes for where in reaches):
            return node
    raise Denied()
