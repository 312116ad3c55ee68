"""The workbook of a project: buildings, units, homes, customers and ownerships, a sheet each, in any order.

Owners may have sheets of their own (customers and ownerships), stand beside their home in one cell, or have a row each
in which the home is repeated or left blank.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.customer.customer import CertificateKind, Customer, CustomerKind
from models.customer.ledger import WRITTEN
from models.customer.ledger_people import customers_node, guessed_kind, shares_of
from models.customer.ownership import Ownership
from models.kernel.clock import today
from models.kernel.masking import is_masked
from models.kernel.reading import read_code, read_decimal
from models.kernel.reading_dates import read_date
from models.kernel.refusal import Refusal
from models.kernel.registry import infos
from models.kernel.secret import cipher
from models.kernel.session import clock_of
from models.kernel.words import Words, _
from models.property.building import Building
from models.property.house_type import HouseType
from models.property.project import Project
from models.property.room import Room
from models.property.unit import Unit
from views.kernel.exchange.bundle import Bundle, Leaf, Made
from views.kernel.exchange.headings import DataRow, Layout
from views.kernel.exchange.matching import Column
from views.kernel.exchange.names import folded
from views.kernel.exchange.people import split_people
from views.kernel.exchange.plan import Cells
from views.kernel.exchange.sheet import is_blank

_NOTHING = frozenset(("无", "-", "—", "——", "none", "暂无"))
_COMPANIES = (CertificateKind.CREDIT_CODE, CertificateKind.LICENCE_15)
_CONTRACT = ("contract_no", "signed_on", "delivery_due_on")
_HOME = ("unit.building", "unit", "no")
_MOBILE = re.compile(r"(?:\+?86)?1[0-9]{10}")


def _beside(key: str, label: Words, *names: str, known: Any = None) -> Column:
    return Column(f"owner.{key}", label, (label.zh, label.en, *names), f"owner.{key}", known=known)


def owner_columns() -> dict[str, Column]:
    """Returns the columns that tell the owners of a home in the row of the home."""
    people, owned = infos(Customer), infos(Ownership)
    found = (
        _beside("name", _("Owners", "业主姓名"), "业主", "客户姓名", "买受人", "产权人", "Owner"),
        _beside("cert_no", people["cert_no"].label, "身份证号", "身份证号码", "证件号", known=people["cert_no"]),
        _beside("mobile", _("Telephone", "联系电话"), "电话", "手机", "手机号", "Phone", known=people["mobile"]),
        _beside("share", owned["share"].label, "份额", "产权比例"),
        _beside("contract_no", owned["contract_no"].label, "合同号", known=owned["contract_no"]),
        _beside("signed_on", owned["signed_on"].label, "签约时间", known=owned["signed_on"]),
        _beside("delivery_due_on", owned["delivery_due_on"].label, "约定交付日期", known=owned["delivery_due_on"]),
    )
    return {column.key: column for column in found}


@dataclass(slots=True)
class _Owner:
    """One owner beside a home: where they stand, who they are, and the contract they share."""

    row: DataRow
    home: Any
    place: int
    name: str
    cert: str | None
    call: str | None
    share: Any
    key: int | None = None

    @property
    def token(self) -> Any:
        """The same for the same person wherever they stand in the workbook."""
        return ("owner", self.cert) if self.cert else ("owner", self.name, self.call)


class ProjectBook(Bundle):
    """The workbook of one project, for one session.

    Raises:
        Denied: the actor may not fill one of the tables there.
    """

    def __init__(self, session: Session, project: Project) -> None:
        tables = (Building, Unit, HouseType, Room, Customer, Ownership)
        node = customers_node(session, project, WRITTEN)
        own: dict[str, Any] = {"project_id": project.id}
        given = {"building": own, "house_type": own, "customer": {"node_id": node}}
        title = _("workbook of {project}", "{project}项目数据").fill(project=project.name)
        after = {"customer": "room"}  # owners stand beside their home
        super().__init__(f"project_book/{project.id}", title, tables, project.id, given, after)
        self._owners: dict[int, list[_Owner]] = {}
        self._homes: dict[int, tuple[Leaf, Cells]] = {}

    def columns(self, name: str) -> Mapping[str, Column]:
        """Returns the columns of a table; beside a home its owners may stand."""
        found = super().columns(name)
        return {**found, **owner_columns()} if name == "room" else found

    def beyond(self, name: str) -> tuple[str, ...]:
        """Owners are told by their key where the workbook itself brought them."""
        return {
            "customer": ("kind", "cert_kind", "phone"),
            "ownership": ("room_id", "customer_id", "share", "is_main", "from_day"),
        }.get(name, ())

    def rows(
        self, session: Session, leaf: Leaf, rows: Iterator[DataRow], entered: Mapping[str, Mapping[Any, int]]
    ) -> Iterator[DataRow]:
        """Homes give their owners away here; customers and ownerships are made known to each other."""
        assert leaf.layout is not None
        if leaf.table == "room":
            return self._homes_of(leaf, leaf.layout, rows)
        if leaf.table == "customer":
            return (replace(row, token=_token(row)) for row in rows)
        if leaf.table == "ownership":
            return self._split(leaf, leaf.layout, rows, entered.get("customer", {}))
        return rows

    # -- owners beside their home -------------------------------------------------------------------------------------

    def _homes_of(self, leaf: Leaf, layout: Layout, rows: Iterator[DataRow]) -> Iterator[DataRow]:
        """Yields each home once, and keeps its owners; a row that says another thing of it is left to be refused."""
        cells = Cells(leaf.sheet, layout, self.columns("room"))
        self._homes[id(leaf)] = leaf, cells
        owners = self._owners.setdefault(id(leaf), [])
        first: dict[Any, DataRow] = {}
        home: Any = None
        for row in rows:
            said = tuple(folded(str(row.values.get(key) or "")) for key in _HOME)
            beside = not is_blank(row.values.get("owner.name"))
            if beside and not any(said) and home is not None:
                pass  # a further owner of the home above
            else:
                home = (id(leaf), *said)
                if home not in first:
                    first[home] = row
                    yield replace(row, token=home)
                elif not beside or not _agrees(row, first[home]):
                    yield row
            if beside or not is_blank(row.values.get("owner.cert_no")):
                owners += self._read_owners(leaf, cells, row, home, len([o for o in owners if o.home == home]))

    def _read_owners(self, leaf: Leaf, cells: Cells, row: DataRow, home: Any, before: int) -> list[_Owner]:
        try:
            raws = [cells.raw(row, f"owner.{key}") for key in ("name", "cert_no", "mobile")]
            people = split_people(*raws)
            shares = _shares(cells.raw(row, "owner.share"), len(people))
        except Refusal as refusal:
            field = {"certificates": "cert_no", "phones": "mobile", "shares": "share"}.get(refusal.field or "", "name")
            leaf.found.refuse([cells.fault(row, f"owner.{field}", refusal)])
            return []
        return [
            _Owner(row, home, before + at, one.name, _number(one.certificate), _number(one.phone), shares[at])
            for at, one in enumerate(people)
        ]

    def more(self, session: Session, cls: Any, entered: Mapping[str, Mapping[Any, int]]) -> Iterator[Made]:
        """Yields the customers, then the ownerships, that homes brought along."""
        for at, (leaf, _cells) in self._homes.items():
            owners = [one for one in self._owners[at] if one.home in entered.get("room", {})]
            if not owners or leaf.layout is None:
                continue
            if cls is Customer:
                self._meet(session, owners, entered)
                yield Made(leaf, _layout(leaf.layout, name="name", cert_no="cert_no", mobile="mobile"), _people(owners))
            elif cls is Ownership:
                columns = {"customer_id": "name", "share": "share", **{name: name for name in _CONTRACT}}
                made = self._holdings(session, leaf, owners, entered)
                yield Made(leaf, _layout(leaf.layout, **columns), made)

    def _meet(self, session: Session, owners: list[_Owner], entered: Mapping[str, Mapping[Any, int]]) -> None:
        """Recognises those who own the home already, and those whom the sheet of customers brought."""
        rooms, people = entered.get("room", {}), entered.get("customer", {})
        living = _living(session, {rooms[one.home] for one in owners})
        for one in owners:
            for holding in living.get(rooms[one.home], ()):
                if holding.name == one.name and _same_number(one.cert, holding):
                    one.key = holding.customer_id
            one.key = one.key or people.get(one.token) or (None if one.cert else people.get(("owner", one.name)))

    def _holdings(
        self, session: Session, leaf: Leaf, owners: list[_Owner], entered: Mapping[str, Mapping[Any, int]]
    ) -> Iterator[DataRow]:
        rooms, people = entered["room"], entered.get("customer", {})
        living = _living(session, {rooms[one.home] for one in owners})
        now = today(clock_of(session))
        by_home: dict[Any, list[_Owner]] = {}
        for one in owners:
            by_home.setdefault(one.home, []).append(one)
        _leaf, cells = self._homes[id(leaf)]
        for home, those in by_home.items():
            known = {holding.customer_id: holding for holding in living.get(rooms[home], ())}
            keys = [one.key or people.get(one.token) for one in those]
            fresh = not any(key in known for key in keys)
            try:
                shares = shares_of([one.share for one in those])
            except Refusal as refusal:
                leaf.found.refuse([cells.fault(those[0].row, "owner.share", refusal)])
                continue
            for at, (one, key) in enumerate(zip(those, keys, strict=True)):
                if key is None:
                    continue  # they were refused as a customer, at the same cell
                contract = {n: v for n in _CONTRACT if not is_blank(v := one.row.values.get(f"owner.{n}"))}
                held = known.get(key)
                values: dict[str, Any] = {"room_id": rooms[home], "customer_id": key, **contract}
                values["from_day"] = held.from_day if held else _day(contract.get("signed_on")) or now
                values["is_main"] = at == 0
                if one.share is not None or (fresh and held is None):
                    values["share"] = shares[at]
                yield DataRow(one.row.number, values, ("holding", home, key))

    # -- ownerships on a sheet of their own ----------------------------------------------------------------------------

    def _split(
        self, leaf: Leaf, layout: Layout, rows: Iterator[DataRow], people: Mapping[Any, int]
    ) -> Iterator[DataRow]:
        """Yields a row for each owner of a cell; who stands on the sheet of customers is known by name and number."""
        cells = Cells(leaf.sheet, layout, self.columns("ownership"))
        for row in rows:
            try:
                several = split_people(*(cells.raw(row, key) for key in ("customer", "customer.cert_no")))
                shares = _shares(cells.raw(row, "share"), len(several)) if len(several) > 1 else [None]
            except Refusal as refusal:
                key = {"certificates": "customer.cert_no", "shares": "share"}.get(refusal.field or "", "customer")
                leaf.found.refuse([cells.fault(row, key, refusal)])
                continue
            if len(several) < 2:
                yield replace(row, values={**row.values, **_known(people, row.values)})
                continue
            divided = shares_of(shares) if all(share is not None for share in shares) or not any(shares) else shares
            for at, one in enumerate(several):
                values = {**row.values, "customer": one.name, "share": divided[at], "is_main": at == 0}
                if "customer.cert_no" in values:
                    values["customer.cert_no"] = one.certificate
                yield replace(row, values={**values, **_known(people, values)})


def _people(owners: list[_Owner]) -> Iterator[DataRow]:
    """Yields each owner who is not known yet, once."""
    seen: set[Any] = set()
    for one in owners:
        if one.key is not None or one.token in seen:
            continue
        seen.add(one.token)
        values: dict[str, Any] = {"name": one.name, "cert_no": one.cert}
        if one.cert and not is_masked(one.cert):
            values["cert_kind"] = guessed_kind(one.cert)
            company = values["cert_kind"] in _COMPANIES
            values["kind"] = CustomerKind.COMPANY.value if company else CustomerKind.PERSON.value
        if one.call:
            mobile = is_masked(one.call) or _MOBILE.fullmatch(re.sub(r"[\s\-]", "", one.call))
            values["mobile" if mobile else "phone"] = one.call
        yield DataRow(one.row.number, values, one.token)


def _token(row: DataRow) -> Any:
    """The token of a row of the sheet of customers, as owners have it."""
    cert = _number(_text(row.values.get("cert_no")))
    return ("owner", cert) if cert else ("owner", _text(row.values.get("name")))


def _known(people: Mapping[Any, int], values: Mapping[str, Any]) -> dict[str, Any]:
    cert = _number(_text(values.get("customer.cert_no")))
    key = people.get(("owner", cert) if cert else ("owner", _text(values.get("customer"))))
    return {} if key is None else {"customer_id": key}


def _text(raw: Any) -> str | None:
    try:
        return read_code(raw)
    except Refusal:
        return None


def _number(text: str | None) -> str | None:
    bare = re.sub(r"\s", "", text or "").upper()
    return None if not bare or bare.lower() in _NOTHING else bare


def _shares(raw: Any, count: int) -> list[Any]:
    parts = [part for part in re.split(r"[\n、,，;；/\s]+", (read_code(raw) or "").replace("%", "")) if part]
    if not parts:
        return [None] * count
    if len(parts) != count:
        raise Refusal(
            _(
                "There are {n} shares and {m} owners. Write one for each.", "份额 {n} 个，业主 {m} 个，请逐一对应填写。"
            ).fill(n=len(parts), m=count),
            "shares",
        )
    try:
        return [read_decimal(part, 5, 2) for part in parts]
    except Refusal as refusal:
        raise Refusal(refusal.sentence, "shares", code=refusal.code) from None


def _day(raw: Any) -> Any:
    try:
        return read_date(raw)
    except Refusal:
        return None  # the cell itself is refused with the row


def _agrees(row: DataRow, first: DataRow) -> bool:
    """Whether a further row of a home says nothing else of the home than its first one."""
    return all(
        is_blank(value) or value == first.values.get(key)
        for key, value in row.values.items()
        if not key.startswith("owner.")
    )


def _layout(layout: Layout, **columns: str) -> Layout:
    """Returns where the columns of what stands beside homes are: column of the table -> column of the owner."""
    found = {key: layout.columns[f"owner.{name}"] for key, name in columns.items() if f"owner.{name}" in layout.columns}
    return replace(layout, columns=found)


def _living(session: Session, rooms: set[int]) -> dict[int, list[Any]]:
    """Returns who owns these homes today."""
    found: dict[int, list[Any]] = {}
    people: Any = Customer
    keys = sorted(rooms)
    for start in range(0, len(keys), 500):
        statement = (
            select(
                Ownership.room_id,
                Ownership.customer_id,
                Ownership.from_day,
                Customer.name,
                Customer.cert_no,
                people.cert_no_blind,
            )
            .join(Customer, Customer.id == Ownership.customer_id)
            .where(Ownership.room_id.in_(keys[start : start + 500]), Ownership.until_day.is_(None))
            .order_by(Ownership.id)
        )
        for row in session.execute(statement):
            found.setdefault(row.room_id, []).append(row)
    return found


def _same_number(cert: str | None, holding: Any) -> bool:
    if not cert or holding.cert_no is None:
        return True
    return str(holding.cert_no) == cert if is_masked(cert) else cipher().blind(cert) == holding.cert_no_blind
