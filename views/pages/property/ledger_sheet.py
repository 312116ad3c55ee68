"""The ledger as a sheet: its columns, its rows read as homes, and a project's homes written as its rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import xlsxwriter
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.customer.customer import Customer
from models.customer.identity import check_certificate, check_phone
from models.customer.ledger import CONTRACT, Ledger
from models.customer.ledger_people import Owner, guessed_kind
from models.customer.ledger_row import Home, Verdict
from models.customer.ownership import Ownership
from models.kernel import entry
from models.kernel.columns import ColumnInfo
from models.kernel.masking import is_masked
from models.kernel.reading import read_choice, read_code, read_decimal, read_integer
from models.kernel.refusal import Missing, Refusal
from models.kernel.registry import infos
from models.kernel.trial import drop_kept
from models.kernel.words import Words, _
from models.property.building import Building
from models.property.house_type import HouseType
from models.property.project import Project
from models.property.room import Room, SaleState
from models.property.typed import floor_of
from models.property.unit import Unit
from views.kernel.cells import plain_text
from views.kernel.exchange.cells import neutralised
from views.kernel.exchange.headings import DataRow, Layout
from views.kernel.exchange.import_job import TARGETS
from views.kernel.exchange.line import no_column
from views.kernel.exchange.matching import Column
from views.kernel.exchange.people import split_people
from views.kernel.exchange.plan import SHOWN, Cells, Change, Findings, Pass, Target
from views.kernel.exchange.sheet import Sheet

NOTHING = "无"
"""Stands for the number a co-owner does not have, so that numbers stay beside their names."""
_NO_NUMBER = frozenset((NOTHING, "-", "—", "——", "none", "暂无"))
OWNER_CHANGED = "owner_changed"
STATES: Mapping[str, Sequence[str]] = {
    SaleState.FOR_SALE: ("未售", "可售", "在售"),
    SaleState.HELD: ("保留", "预留", "销控房"),
    SaleState.SUBSCRIBED: ("已认购", "认购中"),
    SaleState.SIGNED: ("已签约", "已网签", "网签"),
    SaleState.RETURNED: ("已退房",),
}
"""What ledgers write for a state beside its own words."""


def _column(key: str, label: Words, *names: str, required: bool = False, known: ColumnInfo | None = None) -> Column:
    return Column(key, label, (label.zh, label.en, *names), key, known=known, required=required)


def _of_room(name: str, *names: str) -> Column:
    known = infos(Room)[name]
    return _column(name, known.label, *names, known=known)


def columns() -> dict[str, Column]:
    """Returns the columns of a ledger by key, in their usual order."""
    room, owned, people = infos(Room), infos(Ownership), infos(Customer)
    found = (
        _column("building", _("Building", "楼栋"), "楼号", "栋号", "幢号", "楼幢", required=True),
        _column("unit", _("Unit", "单元"), "单元号", required=True),
        _column("floor", room["floor"].label, "所在楼层", "层", known=room["floor"]),
        _column("no", _("Number", "房号"), "房间号", "室号", "门牌号", "Room", required=True),
        _column("house_type", _("House type", "户型"), "户型名称"),
        _column("presale_area", _("Built area", "建筑面积"), "预售面积", "预测面积", known=room["presale_area"]),
        _of_room("unit_price", "建筑单价", "销售单价"),
        _of_room("total_price", "房屋总价", "合同总价", "总房款"),
        _of_room("sale_state", "状态", "销售"),
        _column("owners", _("Owners", "业主姓名"), "业主", "姓名", "客户姓名", "买受人", "产权人", "Owner"),
        _column("certificates", people["cert_no"].label, "身份证号", "身份证号码", "证件号", known=people["cert_no"]),
        _column("phones", _("Telephone", "联系电话"), "电话", "手机", "手机号", "Phone", known=people["mobile"]),
        _column("contract_no", owned["contract_no"].label, "合同号", "网签合同号", known=owned["contract_no"]),
        _column("signed_on", owned["signed_on"].label, "签约时间", "合同签订日期", known=owned["signed_on"]),
        _column(
            "delivery_due_on",
            owned["delivery_due_on"].label,
            "交付日期",
            "约定交付日期",
            known=owned["delivery_due_on"],
        ),
        _column("shares", owned["share"].label, "份额", "产权比例", "占比", known=owned["share"]),
    )
    return {column.key: column for column in found}


def titled(project: Project) -> Words:
    """Returns what the ledger of a project is called."""
    return _("ledger of {project}", "{project}台账").fill(project=project.name)


class LedgerTarget(Target):
    """The ledger of one project as the target of an import."""

    def __init__(self, project_id: int, title: Words) -> None:
        self.project_id = project_id
        self.name = f"ledger/{project_id}"
        self.title = title
        self.link = f"/room/list/?_flt_0_project_id={project_id}"
        self.in_batches = True
        self._columns = columns()

    def columns(self) -> Mapping[str, Column]:
        """Returns the columns of a ledger."""
        return self._columns

    def lacking(self, keys: Sequence[str]) -> list[Words]:
        """Building, unit and number tell a home; without them no row can be read."""
        return [no_column(c.label) for c in self._columns.values() if c.required and c.key not in keys]

    def options(self) -> dict[str, Words]:
        """A resale is taken only where somebody says so."""
        return {OWNER_CHANGED: _("Owners changed (resale)", "业主已变更（转让）")}

    def begin(
        self,
        session: Session,
        sheet: Sheet,
        layout: Layout,
        findings: Findings,
        options: Sequence[str],
        *,
        write: bool,
    ) -> Pass:
        """Begins a walk; whoever may not write homes, owners and customers there is refused."""
        ledger = Ledger(session, self.project_id, owner_changed=OWNER_CHANGED in options)
        return LedgerPass(session, ledger, Cells(sheet, layout, self._columns), layout, findings, writes=write)


def _of_project(session: Session, rest: str) -> LedgerTarget:
    """Returns the ledger of a project, for a job.

    Raises:
        Missing: the project is not in the actor's scope.
    """
    key = int(rest) if rest.isdecimal() else 0
    project = session.execute(select(Project).where(Project.id == key)).scalar_one_or_none()
    if project is None:
        raise Missing()
    return LedgerTarget(key, titled(project))


TARGETS["ledger"] = _of_project


class LedgerPass(Pass):
    """One walk over a ledger."""

    def __init__(
        self, session: Session, ledger: Ledger, cells: Cells, layout: Layout, findings: Findings, *, writes: bool
    ) -> None:
        self._session, self._ledger, self._cells, self._writes = session, ledger, cells, writes
        self._findings = findings
        self._columns = columns()
        self._mapped = [key for key in layout.columns if key in self._columns]
        self._choices = {
            value: [*names, *STATES.get(value, ())] for value, names in entry.option_names(SaleState).items()
        }

    def chunk(self, rows: Sequence[DataRow]) -> None:
        """Reads some rows as homes, compares them with what is known, and writes them where this is the real run."""
        before = set(self._session.new)
        by_number = {row.number: row for row in rows}
        with self._session.no_autoflush:
            homes = []
            for row in rows:
                home, wrong = self._read(row)
                if home is None:
                    self._findings.refuse([self._cells.fault(row, each.field or "no", each) for each in wrong])
                else:
                    homes.append(home)
            verdicts = self._ledger.look(homes)
            for verdict in verdicts:
                self._count(by_number[verdict.home.row], verdict)
            if not self._writes:
                drop_kept(self._session, set(self._session.new) - before)
        for cls, count in self._ledger.take(verdicts, write=self._writes).items():
            if cls is not Room:
                self._findings.add_also(cls.screen.name, count)

    def rehearse(self, rows: Sequence[DataRow]) -> None:
        """Reads rows whose homes were entered, or refused, before this run began. Nothing is compared: it is done."""
        for home, _wrong in map(self._read, rows):
            if home is not None:
                self._ledger.remember(home)

    def _read(self, row: DataRow) -> tuple[Home | None, list[Refusal]]:
        wrong: list[Refusal] = []
        values: dict[str, Any] = {}

        def read(key: str, how: Any) -> None:
            if key in self._mapped:
                try:
                    values[key] = how(self._cells.raw(row, key))
                except Refusal as refusal:
                    wrong.append(Refusal(refusal.sentence, key, code=refusal.code))

        for key, length in (("building", 40), ("unit", 40), ("no", 20), ("house_type", 40)):
            read(key, lambda raw, most=length: read_code(raw, most))
            if key != "house_type" and key in values and not values[key]:
                label = self._columns[key].label
                wrong.append(Refusal(_("{label} is required.", "请填写{label}。").fill(label=label), key))
        read("floor", _floor)
        for key in ("presale_area", "unit_price", "total_price", *CONTRACT):
            known = self._columns[key].known
            if known is not None:
                read(key, lambda raw, info=known: entry.read(info, raw))
        read("sale_state", lambda raw: read_choice(raw, self._choices))
        owners = self._owners(row, wrong)
        if wrong:
            return None, wrong
        room = {key: values.get(key) for key in ("floor", "presale_area", "unit_price", "total_price", "sale_state")}
        contract = {key: values.get(key) for key in CONTRACT}
        home = Home(
            row.number,
            values["building"],
            values["unit"],
            values["no"],
            values.get("house_type"),
            room,
            owners,
            contract,
        )
        return home, []

    def _owners(self, row: DataRow, wrong: list[Refusal]) -> tuple[Owner, ...]:
        raws: dict[str, Any] = {}
        for key in ("owners", "certificates", "phones", "shares"):
            try:
                raws[key] = self._cells.raw(row, key) if key in self._mapped else None
            except Refusal as refusal:
                wrong.append(Refusal(refusal.sentence, key, code=refusal.code))
                return ()
        try:
            people = split_people(raws["owners"], raws["certificates"], raws["phones"])
        except Refusal as refusal:
            key = {"names": "owners"}.get(refusal.field or "", refusal.field or "owners")
            wrong.append(Refusal(refusal.sentence, key, code=refusal.code))
            return ()
        shares = self._shares(raws["shares"], len(people), wrong)
        owners = []
        for person, share in zip(people, shares, strict=True):
            number = None if person.certificate in _NO_NUMBER else person.certificate
            call = None if person.phone in _NO_NUMBER else person.phone
            kind = guessed_kind(number) if number and not is_masked(number) else None
            try:
                if number and kind:
                    number = check_certificate(kind, number)
            except Refusal as refusal:
                wrong.append(Refusal(refusal.sentence, "certificates", code=refusal.code))
            phone = None
            try:
                if call and not is_masked(call):
                    call = check_phone(call)
                    call, phone = (call, None) if len(call) == 11 and call.isdigit() else (None, call)
            except Refusal as refusal:
                wrong.append(Refusal(refusal.sentence, "phones", code=refusal.code))
            owners.append(Owner(person.name, kind, number, call, phone, share))
        return tuple(owners)

    def _shares(self, raw: Any, count: int, wrong: list[Refusal]) -> list[Decimal | None]:
        none: list[Decimal | None] = [None] * count
        text = (read_code(raw) or "").replace("%", "")
        parts = [part for part in text.replace(",", "、").replace("/", "、").replace(" ", "、").split("、") if part]
        if not parts:
            return none
        try:
            if len(parts) != count:
                raise Refusal(
                    _(
                        "There are {n} shares and {m} owners. Write one for each.",
                        "份额 {n} 个，业主 {m} 个，请逐一对应填写。",
                    ).fill(n=len(parts), m=count)
                )
            return [read_decimal(part, 5, 2) for part in parts]
        except Refusal as refusal:
            wrong.append(Refusal(refusal.sentence, "shares", code=refusal.code))
            return none

    def _count(self, row: DataRow, verdict: Verdict) -> None:
        findings, home = self._findings, verdict.home
        if verdict.refused:
            findings.refuse([self._cells.fault(row, each.field or "no", each) for each in verdict.refused])
        elif verdict.new:
            findings.added += 1
            if len(findings.samples) < SHOWN // 4:
                findings.samples.append([self._cells.text(row, key) for key in self._mapped])
        elif not (verdict.changes or verdict.owned):
            findings.left += 1
        else:
            record = f"{home.building} {home.unit} {home.no}"
            findings.change(
                [
                    Change(
                        record,
                        label,
                        plain_text(known, old) if known else old,
                        plain_text(known, new) if known else new,
                    )
                    for label, known, old, new in verdict.told
                ]
            )


def _floor(raw: Any) -> int | None:
    """Reads a floor: 12, 12层, B1, 负1."""
    if isinstance(raw, str) and raw.strip():
        return floor_of(raw, "floor")
    return read_integer(raw, -20, 300)


# -- out ------------------------------------------------------------------------------------------------------------------


def write_ledger(session: Session, project_id: int, file: Path, language: str) -> int:
    """Writes the homes of a project and their present owners as a ledger that can be handed over again.

    Args:
        session: acting as whoever takes it out; homes and owners come through the gate.
        project_id: the project.
        file: where to.
        language: of headings and states.

    Returns:
        How many homes there are.
    """
    book = xlsxwriter.Workbook(str(file), {"constant_memory": True})
    page = book.add_worksheet(_("Ledger", "房源业主台账").said(language))
    head = book.add_format({"bold": True, "bg_color": "#E8EEF2", "border": 1})
    looks = {"date": book.add_format({"num_format": "yyyy-mm-dd"}), "text": book.add_format({"num_format": "@"})}
    shown = columns()
    page.freeze_panes(1, 0)
    for place, column in enumerate(shown.values()):
        page.set_column(place, place, 20 if column.key in ("certificates", "phones", "owners") else 13)
        page.write_string(0, place, column.label.said(language), head)
    count = 0
    for count, home in enumerate(_homes(session, project_id, language), 1):
        for place, key in enumerate(shown):
            value = home.get(key)
            if value is None or value == "":
                continue
            if isinstance(value, str):
                page.write_string(count, place, neutralised(value), looks["text"])
            elif isinstance(value, int | Decimal):
                page.write_number(count, place, value)
            else:
                page.write_datetime(count, place, value, looks["date"])
    page.autofilter(0, 0, max(count, 1), len(shown) - 1)
    book.close()
    return count


def _homes(session: Session, project_id: int, language: str) -> Iterator[dict[str, Any]]:
    """Yields the homes in the order of their doors, a thousand at a time."""
    statement = (
        select(
            Room.id,
            Building.name,
            Unit.name,
            Room.floor,
            Room.no,
            HouseType.name,
            Room.presale_area,
            Room.unit_price,
            Room.total_price,
            Room.sale_state,
        )
        .join(Unit, Unit.id == Room.unit_id)
        .join(Building, Building.id == Unit.building_id)
        .outerjoin(HouseType, HouseType.id == Room.house_type_id)
        .where(Room.project_id == project_id)
        .order_by(Building.id, Unit.id, Room.floor, Room.no, Room.id)
    )
    names = ("building", "unit", "floor", "no", "house_type", "presale_area", "unit_price", "total_price", "sale_state")
    for rows in session.execute(statement.execution_options(yield_per=1_000)).partitions():
        owned = _owned(session, [row[0] for row in rows])
        for row in rows:
            home = dict(zip(names, row[1:], strict=True))
            state = SaleState.member(home["sale_state"])
            home["sale_state"] = state.words.said(language) if state is not None else home["sale_state"]
            yield {**home, **_told(owned.get(row[0], []))}


def _owned(session: Session, rooms: list[int]) -> dict[int, list[Any]]:
    statement = (
        select(
            Ownership.room_id,
            Ownership.share,
            Ownership.contract_no,
            Ownership.signed_on,
            Ownership.delivery_due_on,
            Customer.name,
            Customer.cert_no,
            Customer.mobile,
            Customer.phone,
        )
        .join(Customer, Customer.id == Ownership.customer_id)
        .where(Ownership.room_id.in_(rooms), Ownership.until_day.is_(None))
        .order_by(Ownership.room_id, Ownership.is_main.desc(), Ownership.id)
    )
    found: dict[int, list[Any]] = {}
    for row in session.execute(statement):
        found.setdefault(row.room_id, []).append(row)
    return found


def _told(owners: list[Any]) -> dict[str, Any]:
    """Returns the owners of a home in one cell each; personal numbers half shown."""
    if not owners:
        return {}
    numbers = [str(o.cert_no) if o.cert_no is not None else NOTHING for o in owners]
    calls = [str(o.mobile) if o.mobile is not None else o.phone or NOTHING for o in owners]
    shares = [str(o.share) for o in owners if o.share is not None]
    return {
        "owners": "、".join(o.name for o in owners),
        "certificates": "、".join(numbers) if set(numbers) != {NOTHING} else None,
        "phones": "、".join(calls) if set(calls) != {NOTHING} else None,
        "contract_no": owners[0].contract_no,
        "signed_on": owners[0].signed_on,
        "delivery_due_on": owners[0].delivery_due_on,
        "shares": "、".join(shares) if len(shares) == len(owners) else None,
    }
