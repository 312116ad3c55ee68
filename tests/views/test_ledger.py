"""The ledger: the sample goes in but for its 22 wrong cells, comes out again, and changes nothing the second time."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from flask import Flask
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from config import Settings
from models.customer import ledger as rules
from models.customer.customer import Customer
from models.customer.ownership import Ownership
from models.kernel.audit import AuditLog
from models.kernel.clock import frozen, utc_now
from models.kernel.job_running import Run, reap, work_once
from models.kernel.refusal import Denied, Missing
from models.kernel.session import act
from models.kernel.table import Table
from models.kernel.words import Words
from models.property.building import Building
from models.property.house_type import HouseType
from models.property.room import Room
from models.property.unit import Unit
from seeds.demo.people import citizen_id
from tests.console import Console, engine_of
from tests.databases import BOTH
from tests.world import NOW, World
from views.kernel.exchange import import_pages, plan
from views.kernel.exchange.plan import Findings, layout_of, run, sheet_of
from views.kernel.exchange.workbook import open_workbook
from views.pages.property.ledger_sheet import OWNER_CHANGED, LedgerTarget, write_ledger

SAMPLE = Path(__file__).parents[1] / "data" / "ledger-sample.xlsx"
WRONG = set(
    [
        "L89",
        "L94",
        "L130",
        "L712",
        "L983",
        "M259",
        "M572",
        "G42",
        "G224",
        "G292",
        "G338",
        "G418",
        "G511",
        "G645",
        "J438",
        "J723",
        "O398",
        "O411",
        "O456",
        "O711",
        "O807",
        "O987",
    ]
)
HEAD = (
    "楼栋",
    "单元",
    "楼层",
    "房号",
    "户型",
    "建筑面积",
    "销售状态",
    "业主姓名",
    "证件号码",
    "联系电话",
    "合同编号",
    "签约日期",
)
ID1, ID2, ID3 = (citizen_id(date(1980, 5, day), 11) for day in (1, 2, 3))


def sheet(*rows: Sequence[Any], head: Sequence[str] = HEAD) -> bytes:
    out = io.BytesIO()
    made = xlsxwriter.Workbook(out, {"in_memory": True, "default_date_format": "yyyy-mm-dd"})
    page = made.add_worksheet()
    for at, row in enumerate((head, *rows)):
        page.write_row(at, 0, row)
    made.close()
    return out.getvalue()


def home(no: str, names: str | None, numbers: str | None, phones: str | None = None, **more: Any) -> tuple[Any, ...]:
    values = {"signed": "2024-06-03", "contract": "HT-1", "state": "签约", **more}
    return (
        "1号楼",
        "1单元",
        9,
        no,
        "A户型",
        98.5,
        values["state"],
        names,
        numbers,
        phones,
        values["contract"],
        values["signed"],
    )


def handed(
    session: Session,
    world: World,
    data: bytes,
    *options: str,
    login: str = "project_clerk",
    project: str = "lake",
    write: bool = True,
) -> Findings:
    """Hands a ledger over as a person; commits what was written."""
    act(session, world.actor(login), frozen(NOW))
    target = LedgerTarget(world.id("project", project), Words("ledger", "台账"))
    found_sheet = sheet_of(open_workbook(data, "a.xlsx"), "")
    found = run(session, target, found_sheet, layout_of(found_sheet, target.columns()), options, write=write)
    if write:
        session.commit()
    return found


def counts(found: Findings) -> tuple[int, int, int, int]:
    return found.added, found.changed, found.left, found.refused


def cells(found: Findings) -> dict[str, str]:
    return {fault.cell: str(fault.sentence) for fault in found.faults}


def count(session: Session, cls: type[Table]) -> int:
    return session.scalar(select(func.count()).select_from(cls)) or 0


def owners(session: Session, no: str) -> list[tuple[str, Decimal | None, bool, date | None]]:
    """Returns name, share, main owner, until of all who own or owned a home of the first unit."""
    statement = (
        select(Customer.name, Ownership.share, Ownership.is_main, Ownership.until_day)
        .join(Customer, Customer.id == Ownership.customer_id)
        .join(Room, Room.id == Ownership.room_id)
        .where(Room.no == no)
        .order_by(Ownership.id)
    )
    return [tuple(row) for row in session.execute(statement)]  # type: ignore[misc]


def corrected() -> bytes:
    """Returns the sample with its 22 cells set right."""
    book = openpyxl.load_workbook(SAMPLE, data_only=True)
    page = book.active
    right = {"M": "13800138000", "J": "签约", "O": "2026-12-31"}
    for place, cell in enumerate(sorted(WRONG)):
        column = cell[0]
        if column == "G":
            page[cell] = abs(float(page[cell].value))
        elif column == "L":
            names = len(re.split("[、/\n]", page[f"K{cell[1:]}"].value))
            page[cell] = "、".join(citizen_id(date(1970, 1, 1 + place), 100 + n) for n in range(names))
        else:
            page[cell] = right[column]
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize("backend", BOTH)
def test_the_sample(session: Session, world: World, tmp_path: Path) -> None:
    before = {cls: count(session, cls) for cls in (Building, Unit, HouseType, Room)}
    data = SAMPLE.read_bytes()
    dry = handed(session, world, data, write=False)
    assert counts(dry) == (1002, 0, 0, 22) and set(cells(dry)) == WRONG and len(dry.faults) == 22
    assert [kind for _row, kind in dry.skipped] == ["subtotal"] * 9
    act(session, world.actor("group_admin"), frozen(NOW))
    assert {cls: count(session, cls) for cls in before} == before
    session.rollback()

    first = handed(session, world, data)
    assert counts(first) == (1002, 0, 0, 22) and set(cells(first)) == WRONG
    assert {words.en: n for words, n in first.also.values()} == {words.en: n for words, n in dry.also.values()}
    assert count(session, Room) == 10 + 1002
    assert (count(session, Building), count(session, Unit)) == (2 + 8, 3 + 16)
    held = session.scalars(select(Room).where(Room.sale_state == "held")).all()
    assert len(held) == 26
    shared = session.execute(
        select(Ownership.room_id, func.sum(Ownership.share), func.count(), func.sum(Ownership.is_main.cast(int_type())))
        .where(Ownership.project_id == world.id("project", "lake"))
        .group_by(Ownership.room_id)
    ).all()
    assert {Decimal(str(total)) for _room, total, _n, _main in shared} == {Decimal(100)}
    assert {main for _room, _total, _n, main in shared} == {1}
    assert {n for _room, _total, n, _main in shared} == {1, 2, 3}

    again = handed(session, world, data)
    assert counts(again) == (0, 0, 1002, 22)
    second = handed(session, world, corrected())
    assert counts(second) == (22, 0, 1002, 0), cells(second)
    assert count(session, Room) == 10 + 1024
    third = handed(session, world, corrected())
    assert counts(third) == (0, 0, 1024, 0) and not third.also

    out = tmp_path / "out.xlsx"
    assert write_ledger(session, world.id("project", "lake"), out, "zh") == 1034
    back = handed(session, world, out.read_bytes())
    assert counts(back) == (0, 0, 1034, 0), list(cells(back).items())[:3]
    english = tmp_path / "english.xlsx"
    write_ledger(session, world.id("project", "lake"), english, "en")
    assert counts(handed(session, world, english.read_bytes())) == (0, 0, 1034, 0)


def int_type() -> Any:
    from sqlalchemy import Integer

    return Integer


def test_the_company_s_books_and_others(session: Session, world: World) -> None:
    """Who may write in the company's books enters owners there; another company's clerk sees none of it."""
    data = sheet(home("901", "张三、李四", f"{ID1}、{ID2}", "13800138001、13800138002"))
    assert counts(handed(session, world, data, login="regional_admin")) == (1, 0, 0, 0)
    node = session.scalars(select(Customer.node_id).where(Customer.name == "张三")).one()
    assert node == world.nodes["hangzhou"][0]
    act(session, world.actor("bay_clerk"), frozen(NOW))
    assert not session.scalars(select(Customer).where(Customer.name == "张三")).all()
    assert not session.scalars(select(Room).where(Room.no == "901")).all()
    # a clerk of the project alone enters them at the project
    more = sheet(home("902", "王五", ID3, "13800138003"))
    assert counts(handed(session, world, more)) == (1, 0, 0, 0)
    node = session.scalars(select(Customer.node_id).where(Customer.name == "王五")).one()
    assert node == world.nodes["lake"][0]


def test_a_foreign_project_is_refused(session: Session, world: World) -> None:
    data = sheet(home("901", None, None))
    with pytest.raises(Missing):
        handed(session, world, data, login="bay_clerk")
    with pytest.raises(Missing):
        handed(session, world, data, project="hill")
    with pytest.raises(Denied):
        handed(session, world, data, login="project_leader")
    with pytest.raises(Denied):
        handed(session, world, data, login="service_manager")


def test_an_owner_is_found_and_entered_once(session: Session, world: World) -> None:
    data = sheet(
        home("901", "张三", ID1, "13800138001"),
        home("902", "张 三", ID1.lower(), "138 0013 8001", contract="HT-2"),
        home("903", "赵六", None, "13800138004", contract="HT-3"),
        home("904", "赵六", None, "13800138004", contract="HT-4"),
        home("905", "李四", ID1, "13800138001"),
    )
    found = handed(session, world, data)
    assert counts(found) == (4, 0, 0, 1) and set(cells(found)) == {"I6"}
    assert session.scalars(select(func.count()).where(Customer.name.in_(("张三", "赵六")))).one() == 2
    found = handed(session, world, data)
    assert counts(found) == (0, 0, 4, 1)
    # one who is known elsewhere in scope is met by certificate
    chen = session.get_one(Customer, world.id("customer", "chen"))
    number = chen.cert_no.plain()
    before = count(session, Customer)
    assert counts(handed(session, world, sheet(home("906", chen.name, number)))) == (1, 0, 0, 0)
    assert count(session, Customer) == before


def test_blanks_change_nothing_and_new_values_do(session: Session, world: World) -> None:
    assert counts(handed(session, world, sheet(home("901", "张三", ID1, "13800138001")))) == (1, 0, 0, 0)
    blank = ("1号楼", "1单元", None, "901", None, None, None, None, None, None, None, None)
    assert counts(handed(session, world, sheet(blank))) == (0, 0, 1, 0)
    changed = handed(
        session,
        world,
        sheet(home("901", "张三", ID1, "13800138009", contract="HT-9", signed="2024-07-01", state="退房")),
    )
    assert counts(changed) == (0, 1, 0, 0)
    told = {change.field.en: (change.old, change.new) for change in changed.changes}
    assert told["Contract number"] == ("HT-1", "HT-9") and told["Mobile"] == ("****", "****")
    assert told["Sale"] == ("签约", "退房")
    one = session.scalars(select(Ownership).where(Ownership.contract_no == "HT-9")).one()
    assert (one.from_day, one.signed_on, one.version) == (date(2024, 7, 1), date(2024, 7, 1), 2)
    assert one.customer.mobile.plain() == "13800138009"


def test_other_owners_are_a_resale_only_where_said_so(session: Session, world: World) -> None:
    handed(session, world, sheet(home("901", "张三、李四", f"{ID1}、{ID2}")))
    sold = sheet(home("901", "李四、王五", f"{ID2}、{ID3}", signed="2025-03-01", contract="HT-5"))
    refused = handed(session, world, sold)
    assert counts(refused) == (0, 0, 0, 1) and set(cells(refused)) == {"H2"} and "张三" in cells(refused)["H2"]
    assert len(owners(session, "901")) == 2
    taken = handed(session, world, sold, OWNER_CHANGED)
    assert counts(taken) == (0, 1, 0, 0), cells(taken)
    assert owners(session, "901") == [
        ("张三", Decimal("50.00"), False, date(2025, 2, 28)),
        ("李四", Decimal("50.00"), True, None),
        ("王五", Decimal("50.00"), False, None),
    ]
    assert counts(handed(session, world, sold, OWNER_CHANGED)) == (0, 0, 1, 0)
    assert counts(handed(session, world, sold)) == (0, 0, 1, 0)


def test_shares_are_equal_or_as_said(session: Session, world: World) -> None:
    head = (*HEAD, "产权份额")
    three = home("901", "张三、李四、王五", f"{ID1}、{ID2}、{ID3}")
    assert counts(handed(session, world, sheet(three))) == (1, 0, 0, 0)
    assert [share for _name, share, _main, _until in owners(session, "901")] == [
        Decimal("33.34"),
        Decimal("33.33"),
        Decimal("33.33"),
    ]
    said = sheet((*three, "50、30、20"), head=head)
    assert counts(handed(session, world, said)) == (0, 1, 0, 0)
    assert [int(share or 0) for _name, share, _main, _until in owners(session, "901")] == [50, 30, 20]
    assert counts(handed(session, world, sheet(three))) == (0, 0, 1, 0)
    for wrong in ("50、30", "50、30、40", "a、b、c"):
        found = handed(session, world, sheet((*three, wrong), head=head))
        assert set(cells(found)) == {"M2"}, wrong


def test_rows_that_cannot_be_read(session: Session, world: World) -> None:
    found = handed(
        session,
        world,
        sheet(
            home("901", "张三", ID1),
            home("901", "张三", ID1),
            home("902", "张三、李四", ID1),
            home("903", None, ID1),
            home("904", "张三", ID1[:-1]),
            home("905", "张三", "440399********0971"),
            ("1号楼", None, 9, "906", *[None] * 8),
            ("1号楼", "1单元", None, "907", *[None] * 8),
            ("1号楼", "1单元", "B1", "908", *[None] * 8),
        ),
    )
    assert counts(found) == (2, 0, 0, 7)
    assert set(cells(found)) == {"D3", "I4", "H5", "I6", "I7", "B8", "C9"}
    assert not any("****" not in fault.value for fault in found.faults if fault.cell.startswith("I"))
    assert session.scalars(select(Room.floor).where(Room.no == "908")).one() == -1


def test_a_new_building_of_refused_rows_is_not_made(session: Session, world: World) -> None:
    row = ("8号楼", "1单元", 1, "101", None, -5, None, None, None, None, None, None)
    found = handed(session, world, sheet(row))
    assert counts(found) == (0, 0, 0, 1)
    assert not session.scalars(select(Building).where(Building.name == "8号楼")).all()
    good = ("8号楼", "1单元", 1, "102", None, 5, None, None, None, None, None, None)
    assert counts(handed(session, world, sheet(row, good))) == (1, 0, 0, 1)


def test_stopped_halfway_leaves_nothing(
    session: Session, engine: Engine, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    inserted = rules.insert_rows

    def stopping(own: Session, cls: type[Table], rows: Any) -> list[int]:
        if cls is Ownership and rows:
            raise KeyboardInterrupt
        return inserted(own, cls, rows)

    monkeypatch.setattr(rules, "insert_rows", stopping)
    with pytest.raises(KeyboardInterrupt):
        handed(session, world, SAMPLE.read_bytes())
    session.rollback()
    act(session, world.actor("group_admin"), frozen(NOW))
    assert count(session, Room) == 29 and count(session, Customer) == 8
    assert session.scalar(select(func.count()).select_from(AuditLog).where(AuditLog.channel == "import")) == 0


def test_the_pages(app: Flask, session: Session, world: World) -> None:
    lake = world.id("project", "lake")
    person = Console(app, "project_clerk")
    assert person.get("/ledger/").location == f"/ledger/{lake}"
    assert f"/ledger/{lake}" in person.get(f"/project/show/{lake}").get_data(as_text=True)
    assert "/ledger/" in person.get("/room/list/").get_data(as_text=True)
    answer = person.send(f"/ledger/{lake}", file=(io.BytesIO(SAMPLE.read_bytes()), "台账.xlsx"), encoding="auto")
    at = answer.location
    page = person.get(at).get_data(as_text=True)
    sent = {"header_row": "3"}
    for name, options in re.findall(r'name="(column_\d+)"(.*?)</select>', page, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', options)
        sent[name] = chosen[1] if chosen else ""
    assert sorted(filter(None, sent.values()))[1:] == sorted(
        [
            "building",
            "unit",
            "floor",
            "no",
            "house_type",
            "presale_area",
            "unit_price",
            "total_price",
            "sale_state",
            "owners",
            "certificates",
            "phones",
            "contract_no",
            "signed_on",
            "delivery_due_on",
        ]
    )
    assert person.send(at, **sent).location == f"{at}/preview"
    page = person.get(f"{at}/preview").get_data(as_text=True)
    assert [int(n) for n in re.findall(r"<strong>(\d+)</strong>", page)] == [1002, 0, 0, 22]
    assert set(re.findall(r"<code>([A-Z]+\d+)</code>", page)) == WRONG
    remarks = openpyxl.load_workbook(io.BytesIO(person.get(f"{at}/remarks.xlsx").data)).active
    assert {cell.coordinate for row in remarks.iter_rows() for cell in row if cell.comment} == WRONG
    wrong = openpyxl.load_workbook(io.BytesIO(person.get(f"{at}/wrong.xlsx").data)).active
    assert wrong.max_row == 23
    assert person.send(f"{at}/apply", leave_out="22").location == f"{at}/preview"
    exported = person.get(f"/ledger/{lake}/export.xlsx")
    assert counts(handed(session, world, exported.data, write=False)) == (0, 0, 1012, 0)
    told = session.scalars(
        select(AuditLog.changes).where(AuditLog.action == "export", AuditLog.table_name == "project")
    )
    assert ["ledger" in line for line in told] == [True]
    page = openpyxl.load_workbook(io.BytesIO(exported.data)).active
    numbers = [row[10] for row in page.iter_rows(min_row=2, values_only=True) if row[10]]
    assert numbers and all("*" in part for cell in numbers for part in cell.split("、"))

    other = Console(app, "bay_clerk")
    for url in (f"/ledger/{lake}", f"/ledger/{lake}/export.xlsx", at, f"{at}/preview"):
        assert other.get(url).status_code == 404, url
    assert Console(app, "project_leader").get(f"/ledger/{lake}").status_code == 403
    assert Console(app, "project_leader").get(f"/ledger/{lake}/export.xlsx").status_code == 200
    assert Console(app, "contractor").get(f"/ledger/{lake}/export.xlsx").status_code == 403


def test_a_large_ledger_is_a_job_that_dies_at_every_batch_and_loses_nothing(
    app: Flask, settings: Settings, session: Session, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed before and after the commit of each batch: each home and owner once, as a ledger of one transaction has it."""
    monkeypatch.setattr(import_pages, "AT_ONCE", 3)
    monkeypatch.setattr(plan, "CHUNK", 2)
    lake, person = world.id("project", "lake"), Console(app, "project_clerk", "zh")
    homes = [home(f"9{n:02}", "钱一" if n % 3 else "孙二", ID1 if n % 3 else ID2) for n in range(1, 8)]
    file = sheet(*homes, home("901", "李三", ID3), home("909", "", None, state="待售"))
    at = person.send(f"/ledger/{lake}", file=(io.BytesIO(file), "台账.xlsx"), encoding="auto").location
    columns = re.findall(r'name="(column_\d+)"(.*?)</select>', person.get(at).get_data(as_text=True), re.DOTALL)
    chosen = {name: re.search(r'value="([^"]*)" selected', options) for name, options in columns}
    person.send(at, header_row="1", **{name: found[1] if found else "" for name, found in chosen.items()})
    assert person.get(f"{at}/preview").status_code == 200
    key = int(re.findall(r"/job/show/(\d+)", person.send(f"{at}/apply", leave_out="1").location)[0])

    class Died(BaseException):
        pass

    before, deaths = Run.advance, {(n, when) for n in (2, 4, 6, 8) for when in ("before", "after")}

    def advance(run: Run, done: int | None = None, total: int | None = None, cursor: Any = None) -> None:
        if (done, "before") in deaths:
            deaths.discard((done, "before"))
            raise Died
        before(run, done, total, cursor)
        if (done, "after") in deaths:
            deaths.discard((done, "after"))
            raise Died

    monkeypatch.setattr(Run, "advance", advance)
    for attempt in range(1, 40):
        moment = utc_now() + timedelta(minutes=attempt)
        reap(engine_of(app), lambda moment=moment: moment)
        try:
            if work_once(engine_of(app), settings.home, lambda moment=moment: moment) is None:
                break
        except Died:
            continue
    assert not deaths
    told = person.get(f"/api/v1/job/{key}").get_json()["result"]
    assert told["state"] == "finished", told
    assert {name: told["result"][name] for name in ("added", "changed", "left", "refused")} == {
        "added": 8, "changed": 0, "left": 0, "refused": 1
    }  # fmt: skip
    act(session, world.actor("group_admin"), frozen(NOW))
    rooms = {room.no: room.id for room in session.scalars(select(Room).where(Room.no.like("90_"), Room.floor == 9))}
    assert sorted(rooms) == [*(f"90{n}" for n in range(1, 8)), "909"]
    owners = select(Customer.name, func.count()).join(Ownership, Ownership.customer_id == Customer.id)
    held = session.execute(owners.where(Ownership.room_id.in_(rooms.values())).group_by(Customer.id, Customer.name))
    assert sorted(tuple(row) for row in held) == [("孙二", 2), ("钱一", 5)], "an owner was lost, or entered twice"
    session.rollback()
    assert counts(handed(session, world, sheet(*homes), write=False)) == (0, 0, 7, 0)
