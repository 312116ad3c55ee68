"""Whether the owner of a home is known, for the room grid; and who the owners of many homes are, in one statement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from models.customer.customer import Customer, CustomerKind
from models.customer.ownership import Ownership
from models.kernel.words import _
from models.property.colouring import Colouring, Shade, colouring

_KNOWN = (
    Shade("known", _("Owner known", "已登记业主"), "teal"),
    Shade("reachable", _("Known, no telephone", "业主缺电话"), "amber"),
    Shade("unknown", _("No owner yet", "暂无业主"), "grey"),
)


@dataclass(frozen=True, slots=True)
class Owner:
    """The main owner of a home today: how many own it, the main one's name, and whether that one can be called."""

    name: str
    count: int
    callable: bool


def owners(session: Session, rooms: Select[Any]) -> dict[int, Owner]:
    """Returns room id -> owner of today, for the homes of a statement of room ids. One statement, in scope.

    Args:
        rooms: selects the ids of the homes.
    """
    person: Any = Customer
    statement = (
        select(Ownership.room_id, Customer.name, Customer.kind, person.mobile_tail, Customer.phone)
        .join(Customer, Customer.id == Ownership.customer_id)
        .where(Ownership.room_id.in_(rooms), Ownership.until_day.is_(None), Ownership.deleted_at.is_(None))
        .order_by(Ownership.room_id, Ownership.is_main.desc(), Ownership.id)
    )
    found: dict[int, Owner] = {}
    for key, name, kind, tail, phone in session.execute(statement):
        known = found.get(key)
        if known is None:
            found[key] = Owner(name_in_short(name, kind), 1, bool(tail or phone))
        else:
            found[key] = Owner(known.name, known.count + 1, known.callable or bool(tail or phone))
    return found


def name_in_short(name: str, kind: str) -> str:
    """Returns a name as it may stand on a screen that visitors see: of a person the first character, of a company four."""
    if kind == CustomerKind.COMPANY:
        return name if len(name) <= 5 else f"{name[:4]}…"
    return f"{name[:1]}**"


def _values(session: Session, rooms: Select[Any]) -> dict[int, str]:
    return {key: "known" if owner.callable else "reachable" for key, owner in owners(session, rooms).items()}


colouring(
    Colouring("owner", _("Owner", "业主"), "ownership", lambda _session, _rooms: _KNOWN, _values, otherwise="unknown")
)
