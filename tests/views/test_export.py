"""Exports: what the list shows, to whom it shows it, as a spreadsheet can keep it; in few statements, leaving nothing."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import openpyxl
import pytest
import python_calamine
from flask import Flask
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

import run
from config import Settings
from models.customer.customer import Customer
from models.customer.visit_record import VisitRecord
from models.kernel.actor import SYSTEM
from models.kernel.audit import AuditLog
from models.kernel.clock import frozen
from models.kernel.refusal import Denied
from models.kernel.registry import rights_of
from models.kernel.session import act
from models.property.building import Building
from models.property.room import Room
from tests.console import Console, engine_of, statements
from tests.databases import BOTH
from tests.world import NOW, World
from views.kernel.exchange.cells import restored
from views.kernel.exchange.export import csv_chunks, opened
from views.kernel.exchange.export_book import SHEET_ROWS, workbook_file, write_workbook
from views.kernel.listing import Asked, Filter, Listing

NASTY = (
    "=1+1",
    "+86 571",
    "-5",
    "@SUM(A1)",
    "'quoted",
    "\t=tab",
    "＝全角",
    '=HYPERLINK("http://x","y")',
    "<r><t>x</t></r>",
    "<r></sheetData>&</r>",
    'a "b", c\r\nd',
    " _x0041_ ",
    "http://example.test",
    "00123",
)


def table_of(answer: Any) -> list[list[str]]:
    assert answer.status_code == 200
    assert answer.data.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))


def as_csv(engine: Engine, world: World, login: str, cls: Any, asked: Asked = Asked()) -> list[list[str]]:  # noqa: B008
    body = b"".join(csv_chunks(opened(engine, world.actor(login), frozen(NOW), cls, asked, "csv", "en")))
    return list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("backend", BOTH)
@pytest.mark.parametrize(("login", "rooms"), [("regional_admin", 23), ("project_leader", 10)])
def test_a_file_is_the_list_in_scope(engine: Engine, world: World, login: str, rooms: int) -> None:
    asked = Asked(columns=("unit.building.name", "no", "floor"), order="-no")
    header, *lines = as_csv(engine, world, login, Room, asked)
    with Session(engine) as session:
        act(session, world.actor(login))
        listed = Listing(session, Room, Asked(columns=asked.columns, order="-no", size=200)).page().lines
    assert header == ["Building", "Number", "Floor"]
    assert lines == [[str(line.values[path][0]) for path in asked.columns] for line in listed]
    assert len(lines) == rooms


def test_filters_search_and_columns_of_the_address(app: Flask, world: World) -> None:
    console = Console(app, "regional_admin", "zh")
    hill = world.id("project", "hill")
    url = f"/room/export.csv?_cols=no,project,sale_state&_flt_0_project={hill}&q=10&_oc_RoomView=no&_od_RoomView=desc"
    header, *lines = table_of(console.get(url))
    assert header == ["房号", "项目", "销售状态"]
    assert lines == [["102", "云栖山居", "待售"], ["101", "云栖山居", "待售"]]
    chosen = [world.id("room", "hill-1-1-101"), world.id("room", "bay-1-1-101")]
    lines = table_of(console.get(f"/room/export.csv?_cols=no&pk={chosen[0]}&pk={chosen[1]}&pk=x"))
    assert lines == [["房号"], ["101"]]
    assert table_of(console.get("/room/export.csv?_cols=no&pk=x")) == [["房号"]]


def test_mangled_arguments_are_left_out_as_in_the_list(app: Flask, world: World) -> None:
    console = Console(app, "project_clerk")
    url = "/room/export{}?_cols=no,nonsense&_flt_9_no=1&_flt_0_mobile=2&_oc_RoomView=zzz&page_RoomView=-9&psize_RoomView=1"
    assert len(table_of(console.get(url.format(".csv")))) == 11
    book = openpyxl.load_workbook(io.BytesIO(console.get(url.format(".xlsx")).data))
    assert [row[0] for row in book.worksheets[1].iter_rows(values_only=True)].count(
        "Left out"
    ) == 4  # a column, two filters, the order


def test_technical_names_and_units(app: Flask, world: World) -> None:
    console = Console(app, "project_clerk")
    url = "/room/export.csv?_cols=unit,house_type.name,presale_area"
    assert table_of(console.get(url))[0] == ["Unit", "House type", "Presale area (m²)"]
    header, first, *_rest = table_of(console.get(f"{url}&labels=technical"))
    assert header == ["unit", "house_type.name", "presale_area"]
    assert first[0].endswith("1号楼 1单元") and first[1:] == ["A户型", "98.50"]


def test_values_of_each_kind(app: Flask, session: Session, world: World) -> None:
    session.get_one(VisitRecord, world.id("visit_record", "chen")).result = '一切"正常"'
    session.commit()
    console = Console(app, "group_admin", "zh")
    url = "/ownership/export.csv?_cols=room,customer.name,customer.mobile,share,is_main,from_day,until_day,use"
    header, *lines = table_of(console.get(url))
    assert header == ["房间", "业主", "手机", "产权份额 (%)", "主业主", "起始日期", "截止日期", "房屋使用"]
    assert ["1号楼 1单元 101", "陈一鸣", "142****0000", "100.00", "是", "2024-05-01", "", ""] in lines
    assert any(line[1] == "吴思远" and line[4] == "否" for line in lines)
    visits = table_of(console.get("/visit_record/export.csv?_cols=customer,visited_at,result"))
    assert visits[1] == ["陈一鸣", "2025-06-02 09:00:00", '一切"正常"']


def test_masked_numbers_stay_masked(app: Flask, world: World) -> None:
    """Whoever exports sees no more than on the page, the reveal right or not."""
    for login in ("group_admin", "group_leader"):
        console = Console(app, login)
        data = console.get("/customer/export.csv?_cols=name,cert_no,mobile").data
        book = console.get("/customer/export.xlsx?_cols=name,cert_no,mobile").data
        cells = [
            str(cell)
            for row in python_calamine.load_workbook(io.BytesIO(book)).get_sheet_by_index(0).to_python()
            for cell in row
        ]
        assert b"142****0000" in data and "142****0000" in cells
        assert b"14200000000" not in data and "14200000000" not in cells


def test_formulas_are_neutralised_and_come_back(app: Flask, session: Session, world: World) -> None:
    for text in NASTY:
        session.add(
            VisitRecord(
                project_id=world.id("project", "lake"),
                customer_id=world.id("customer", "chen"),
                visited_at=NOW,
                result=text,
            )
        )
    session.commit()
    kept = [row.result for row in session.scalars(select(VisitRecord).order_by(VisitRecord.id))][1:]
    console = Console(app, "group_admin")
    url = "/visit_record/export{}?_cols=result&_oc_VisitRecordView=created_at"
    lines = [line[0] for line in table_of(console.get(url.format(".csv")))[2:]]
    data = console.get(url.format(".xlsx")).data
    strict = [
        row[0] for row in openpyxl.load_workbook(io.BytesIO(data)).worksheets[0].iter_rows(min_row=3, values_only=True)
    ]
    quick = [row[0] for row in python_calamine.load_workbook(io.BytesIO(data)).get_sheet_by_index(0).to_python()[2:]]
    assert [restored(text) for text in lines] == kept
    assert [restored(text).replace("\n", "\r\n") if text.startswith('a "') else restored(text) for text in quick][
        :8
    ] == kept[:8]
    assert len(strict) == len(quick) == len(NASTY)
    for text in (*lines, *strict):
        assert not text.lstrip().startswith(tuple("=+-@＝"))
    assert [text for text in strict if text.startswith("<r>")] == [text for text in kept if text.startswith("<r>")]
    assert b"<f>" not in data


def test_a_workbook_has_types_and_says_what_it_is(app: Flask, session: Session, world: World) -> None:
    console = Console(app, "project_clerk", "zh")
    lake = world.id("project", "lake")
    url = f"/ownership/export.xlsx?_cols=room,share,from_day,created_at,is_main&_flt_0_project={lake}"
    answer = console.get(url)
    assert "业主房产" in unquote(answer.headers["Content-Disposition"])
    assert answer.headers["Content-Disposition"].isascii()
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    book = openpyxl.load_workbook(io.BytesIO(answer.data))
    rows, about = book.worksheets
    header, first, *_rest = rows.iter_rows(values_only=True)
    assert header == ("房间", "产权份额 (%)", "起始日期", "创建时间", "主业主")
    assert first[:3] == ("1号楼 1单元 101", 100, datetime(2024, 5, 1)) and first[4] == "是"
    assert first[3].replace(microsecond=0) == datetime(2025, 6, 2, 9, 0)
    assert rows.freeze_panes == "A2" and rows.auto_filter.ref == "A1:E4"
    assert rows["A1"].font.bold and rows["C2"].number_format == "yyyy-mm-dd" and rows["B2"].number_format == "#,##0.00"
    assert rows.column_dimensions["A"].width > 15
    said = dict(about.iter_rows(values_only=True))
    assert said["数据表"] == "业主房产" and said["数据范围"] == "湖畔花园" and said["记录数"] == "3"
    assert said["筛选条件"] == "项目 等于 湖畔花园" and said["导出人"] and said["导出时间"] and said["排序"]
    quick = python_calamine.load_workbook(io.BytesIO(answer.data)).get_sheet_by_index(0).to_python()
    assert quick[1][1] == 100.0 and quick[1][2] == date(2024, 5, 1)


def test_what_a_spreadsheet_cannot_keep_is_text() -> None:
    from decimal import Decimal

    from models.kernel.columns import ColumnInfo
    from models.kernel.words import _
    from views.kernel.exchange.export import _typed

    label = _("x", "x")
    money = _typed(ColumnInfo(label, "money", places=2), "zh")
    exact = Decimal("12345678901234.56")
    assert list(money([Decimal("1.10"), exact, None])) == [1.1, "12345678901234.56", None]
    days = _typed(ColumnInfo(label, "date"), "zh")
    assert list(days([date(1900, 2, 28), date(1900, 3, 1), date(2024, 1, 1)])) == ["1900-02-28", 61, 45292]


@pytest.mark.parametrize("backend", BOTH)
def test_a_long_list_goes_on_on_further_sheets(engine: Engine, world: World, tmp_path: Path) -> None:
    export = opened(engine, world.actor("group_admin"), frozen(NOW), Room, Asked(columns=("no",)), "xlsx", "en")
    write_workbook(export, str(tmp_path / "b.xlsx"), tmp_path, sheet_rows=11)
    book = openpyxl.load_workbook(tmp_path / "b.xlsx")
    assert book.sheetnames == ["Rooms", "About", "Rooms 2", "Rooms 3"]
    assert [book[name].max_row for name in ("Rooms", "Rooms 2", "Rooms 3")] == [11, 11, 10]
    assert SHEET_ROWS == 1_048_576


def test_who_may_not_export(app: Flask, world: World) -> None:
    """A contractor reads rooms and exports none; a stranger neither; nobody is sent to sign in."""
    contractor = Console(app, "contractor")
    assert contractor.get("/room/list/").status_code == 200
    for login in ("contractor", "stranger"):
        for form in ("csv", "xlsx"):
            assert Console(app, login).get(f"/room/export.{form}").status_code == 403
    answer = Console(app, None).get("/room/export.csv")
    assert answer.status_code == 302 and "/login/" in answer.headers["Location"]
    assert contractor.client.head("/room/export.csv").status_code == 403
    with Session(engine_of(app)) as session:
        assert not exports(session)


@pytest.fixture
def exported_by_clerks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Buildings are exported by project clerks alone, who read them as all others do."""
    monkeypatch.setitem(rights_of(Building), "export", ("project_clerk",))
    yield


@pytest.mark.usefixtures("exported_by_clerks")
def test_a_row_is_read_and_exported_and_its_parents_are_read(engine: Engine, world: World) -> None:
    """Somebody who reads the east and exports the lake alone gets the lake's buildings, with names from further up."""
    from dataclasses import replace

    clerk = world.actor("project_clerk")
    both = replace(clerk, grants=(*clerk.grants, *world.actor("regional_admin").grants))
    asked = Asked(columns=("name", "project.name", "project.company.region.name"))

    def rows(actor: Any) -> list[list[str]]:
        body = b"".join(csv_chunks(opened(engine, actor, frozen(NOW), Building, asked, "csv", "en")))
        return list(csv.reader(io.StringIO(body.decode("utf-8-sig"))))[1:]

    assert rows(both) == rows(clerk)
    assert {tuple(row[1:]) for row in rows(both)} == {("湖畔花园", "华东区域")} and len(rows(both)) == 2
    with pytest.raises(Denied):
        opened(engine, world.actor("regional_admin"), frozen(NOW), Building, asked, "csv", "en")
    with Session(engine) as session:
        act(session, both)
        assert Listing(session, Building, replace(asked, right="export")).count() == 2
        assert Listing(session, Building, asked).count() == 5


def exports(session: Session) -> list[AuditLog]:
    return list(session.scalars(select(AuditLog).where(AuditLog.action == "export").order_by(AuditLog.id)))


def test_the_audit_says_who_took_what(app: Flask, session: Session, world: World) -> None:
    console = Console(app, "request_clerk")
    assert console.get("/customer/export.csv?_flt_0_mobile=14200000000&q=陈&_cols=name").status_code == 200
    assert console.client.head("/customer/export.csv").status_code == 200
    (line,) = exports(session)
    assert (line.table_name, line.row_id, line.user_id) == ("customer", 0, world.accounts["request_clerk"])
    changes = json.loads(line.changes)
    assert changes["format"] == [None, "csv"] and changes["search"] == [None, "陈"] and "****" in changes["filters"][1]
    assert "14200000000" not in line.changes


def test_a_client_that_leaves_leaves_nothing_open(app: Flask, settings: Settings, world: World) -> None:
    console = Console(app, "group_admin")
    pool: Any = engine_of(app).pool
    for form in ("csv", "xlsx"):
        answer = console.get(f"/room/export.{form}", buffered=False)
        next(iter(answer.response))
        answer.close()
        never_read = console.get(f"/room/export.{form}", buffered=False)
        never_read.close()
    assert pool.checkedout() == 0
    assert list((settings.home / "tmp").iterdir()) == []


def test_sqlite_gets_its_memory_back(engine: Engine, world: World, tmp_path: Path) -> None:
    def pragmas() -> list[Any]:
        names = ("temp_store", "cache_size") if engine.dialect.name == "sqlite" else ()
        with engine.connect() as connection:
            return [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names]

    before = pragmas()
    export = opened(engine, world.actor("group_admin"), frozen(NOW), Room, Asked(), "xlsx", "en")
    workbook_file(export, tmp_path).close()
    assert pragmas() == before


def test_a_fixed_number_of_statements(app: Flask, session: Session, world: World) -> None:
    console = Console(app, "group_admin")
    counted = []
    for more in (0, 40):
        for place in range(more):
            unit = world.id("unit", "lake-1-1")
            session.add(Room(unit_id=unit, no=f"9{place:02d}", floor=9))
        session.commit()
        for form in ("csv", "xlsx"):
            with statements(app) as ran:
                answer = console.get(f"/room/export.{form}")
            assert len(answer.data) > 100
            counted.append(len([each for each in ran if not each.startswith("PRAGMA")]))
    assert counted[:2] == counted[2:]
    assert max(counted) <= 9, ran


def test_the_command_line(
    settings: Settings,
    world: World,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(run.Settings, "read", lambda: settings)
    monkeypatch.setattr("app.logs.set_up", lambda settings: None)
    out = tmp_path / "rooms.csv"
    assert run.main(["export", "room", "--out", str(out)]) == 0
    assert len(out.read_text("utf-8-sig").splitlines()) == 30
    book = tmp_path / "rooms.xlsx"
    assert run.main(["export", "room", "--as", "project_clerk", "--out", str(book)]) == 0
    assert len(python_calamine.load_workbook(book).get_sheet_by_index(0).to_python()) == 11
    capsys.readouterr()
    for words, said in (
        (["nothing", "--out", str(out)], "nothing"),
        (["room", "--as", "nobody", "--out", str(out)], "nobody"),
        (["room", "--as", "contractor", "--out", str(out)], "no right to export"),
        (["room", "--out", str(tmp_path)], "is a folder"),
        (["room", "--out", str(tmp_path / "no" / "where.csv")], "no folder"),
    ):
        assert run.main(["export", *words]) == 1
        assert said in capsys.readouterr().err
    assert {file.name for file in tmp_path.iterdir() if file.is_file()} == {"rooms.csv", "rooms.xlsx"}
    assert len(out.read_text("utf-8-sig").splitlines()) == 30


def test_the_system_sees_all(engine: Engine, world: World) -> None:
    export = opened(
        engine, SYSTEM, frozen(NOW), Customer, Asked(filters=(Filter("kind", "eq", "person"),)), "csv", "zh"
    )
    assert b"".join(csv_chunks(export)).count(b"\r\n") == 9
