"""What people hand over as a workbook: what is opened, and in which sentence the rest is refused."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter

from models.kernel.refusal import Refusal
from views.kernel.exchange.sheet import UNCALCULATED, Cell, Limits
from views.kernel.exchange.workbook import Book, Merge, address, open_workbook

ROWS: list[list[Any]] = [["房号", "面积"], ["101", 98.6], ["一二", None, "x"]]


def xlsx(rows: list[list[Any]] = ROWS) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    return saved(book)


def saved(book: openpyxl.Workbook) -> bytes:
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def rezipped(data: bytes, changes: dict[str, bytes | None]) -> bytes:
    """Returns an archive with some parts replaced, added or (None) left out."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        parts: dict[str, bytes | None] = {name: old.read(name) for name in old.namelist()}
        for name, content in {**parts, **changes}.items():
            if content is not None:
                new.writestr(name, content)
    return file.getvalue()


def with_sheet(sheet_data: str) -> bytes:
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    xml = f'<worksheet xmlns="{space}"><sheetData>{sheet_data}</sheetData></worksheet>'
    return rezipped(xlsx(), {"xl/worksheets/sheet1.xml": xml.encode()})


def ole(stream: str, content: bytes) -> bytes:
    """Returns an OLE file with one stream (at least 4096 bytes, so that it needs no small sectors)."""
    content = content.ljust(max(4096, -(-len(content) // 512) * 512), b"\0")
    sectors = len(content) // 512
    fat = [0xFFFFFFFD, 0xFFFFFFFE, *range(3, sectors + 2), 0xFFFFFFFE]
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    head += struct.pack("<HHHHH6xIII4xIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, 1, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    head += struct.pack("<I", 0) + b"\xff" * 432

    def entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
        text = name.encode("utf-16-le")
        return (
            text.ljust(64, b"\0")
            + struct.pack("<HBBIII", len(text) + 2, kind, 1, 0xFFFFFFFF, 0xFFFFFFFF, child)
            + bytes(36)
            + struct.pack("<IQ", start, size)
        )

    directory = entry("Root Entry", 5, 1, 0xFFFFFFFE, 0) + entry(stream, 2, 0xFFFFFFFF, 2, len(content))
    fat_sector = struct.pack(f"<{len(fat)}I", *fat).ljust(512, b"\xff")
    return head + fat_sector + directory.ljust(512, b"\0") + content


def xls() -> bytes:
    """Returns a workbook of Excel 97-2003 with '房号', 101 in one row."""

    def record(kind: int, data: bytes) -> bytes:
        return struct.pack("<HH", kind, len(data)) + data

    def begin(kind: int) -> bytes:
        return record(0x0809, struct.pack("<HHHHII", 0x0600, kind, 0, 1997, 0, 6))

    name = "台账".encode("utf-16-le")
    end = record(0x000A, b"")
    text = "房号".encode("utf-16-le")
    label = record(0x0204, struct.pack("<HHHHB", 0, 0, 0, 2, 1) + text)
    number = record(0x0203, struct.pack("<HHHd", 0, 1, 0, 101.0))

    def book(offset: int) -> bytes:
        return begin(5) + record(0x0085, struct.pack("<IBBBB", offset, 0, 0, 2, 1) + name) + end

    return ole("Workbook", book(len(book(0))) + begin(0x10) + label + number + end)


def opened(data: bytes, name: str = "ledger.xlsx", **options: Any) -> list[list[Cell]]:
    return list(open_workbook(data, name, **options).sheets[0].rows())


def refused(data: bytes, name: str = "ledger.xlsx", **options: Any) -> str:
    with pytest.raises(Refusal) as refusal:
        opened(data, name, **options)
    for language in ("zh", "en"):
        assert "{" not in refusal.value.sentence.said(language)
    return refusal.value.code


def test_xlsx_cells_are_python_values() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "台账 & <1>"
    sheet["C3"], sheet["D3"], sheet["E3"], sheet["C5"] = "x", 1.5, True, date(2024, 6, 3)
    sheet.merge_cells("C7:D8")
    book.create_sheet("empty").sheet_state = "hidden"
    result = open_workbook(saved(book), "a.xlsx")
    first = result.first()
    assert (result.kind, [each.name for each in result.sheets]) == ("xlsx", ["台账 & <1>", "empty"])
    assert (first.hidden, result.sheets[1].hidden) == (False, True)
    assert first.merged == (Merge(6, 2, 7, 3),)
    assert list(first.rows()) == list(first.rows())
    assert list(first.rows()) == [
        [None] * 5,
        [None] * 5,
        [None, None, "x", 1.5, True],
        [None] * 5,
        [None, None, date(2024, 6, 3), None, None],
    ]


def test_from_a_path(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(xlsx())
    assert list(open_workbook(path, "a.xlsx").first().rows())[1] == ["101", 98.6, None]


def test_xls() -> None:
    book = open_workbook(xls(), "old.xls")
    assert (book.kind, book.first().name, list(book.first().rows())) == ("xls", "台账", [["房号", 101.0]])


def test_formula_without_a_result_and_errors_are_named_at_their_cell() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet["A1"], sheet["B2"], sheet["C3"] = "x", "=1+1", "#N/A"
    result = open_workbook(saved(book), "a.xlsx").first()
    assert result.faults == {(1, 1): UNCALCULATED, (2, 2): "#N/A"}
    assert result.fault(0, 0) is None
    uncalculated, error = result.fault(1, 1), result.fault(2, 2)
    assert uncalculated and uncalculated.code == "uncalculated"
    assert error and "#N/A" in str(error)


def test_formula_with_a_result_is_that_result(tmp_path: Path) -> None:
    path = tmp_path / "f.xlsx"
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet()
    sheet.write_formula("A1", "=2+3", None, 5)
    sheet.write_formula("C1", '="<f "&1', None, "<f 1")
    sheet.write_formula("D1", "=1/0", None, "#DIV/0!")
    book.close()
    result = open_workbook(path, "f.xlsx").first()
    assert list(result.rows()) == [[5.0, None, "<f 1", None]]
    assert result.faults == {(0, 3): "#DIV/0!"}


def test_an_empty_text_is_a_result_as_excel_writes_it() -> None:
    data = with_sheet('<row r="1"><c r="A1" t="str"><f>""</f><v></v></c><c r="B1"><f>1+1</f><v></v></c></row>')
    assert open_workbook(data, "a.xlsx").sheets[0].faults == {(0, 1): UNCALCULATED}


@pytest.mark.parametrize(
    ("encoding", "found"),
    [
        ("utf-8", "utf-8-sig"),
        ("utf-8-sig", "utf-8-sig"),
        ("gb18030", "gb18030"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
    ],
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv(encoding: str, found: str, delimiter: str) -> None:
    text = f'房号{delimiter}业主{delimiter}a\r\n101{delimiter}"张三\n李四"{delimiter}\r\n\r\n102,1{delimiter}𠮷'
    book = open_workbook(text.encode(encoding), "台账.csv")
    assert (book.kind, book.encoding, book.delimiter, book.first().name) == ("csv", found, delimiter, "台账")
    rows = list(book.first().rows())
    assert rows[:3] == [["房号", "业主", "a"], ["101", "张三\n李四"], []]


def test_csv_choices() -> None:
    text = "房號,業主\n101,張三".encode("big5hkscs")
    assert opened(text, "a.csv", encoding="big5hkscs")[1] == ["101", "張三"]
    assert opened(b"a;b,c\n1;2,3", "a.csv", delimiter=";")[0] == ["a", "b,c"]
    assert opened(b"sep=;\na;b,c,d", "a.csv") == [[], ["a", "b,c,d"]]
    assert refused(b"a,b", "a.csv", encoding="rot13") == "unknown_encoding"
    assert refused(b"a,b", "a.csv", delimiter="a") == "unknown_encoding"


def test_csv_refused() -> None:
    assert refused(b"\xff\xfe\xfa\xfb\x00\xd8", "a.csv") == "unknown_encoding"
    assert refused(b"\x81\x00\x00\x00\xff\xff\xff", "a.csv") in ("unknown_encoding", "damaged")
    assert refused(b'a,"' + b"x" * (2 << 20), "a.csv") == "damaged"
    assert refused(b"," * 300 + b"x", "a.csv") == "too_many_columns"
    with pytest.raises(Refusal, match="cells"):
        list(open_workbook(b"a,b\n" * 60, "a.csv", limits=Limits(cells=100)).first().rows())


@pytest.mark.parametrize(
    ("data", "name", "why"),
    [
        (b"", "a.xlsx", "empty"),
        (b"a,b\n1,2", "a.xlsx", "not_a_workbook"),
        ("房号\t面积".encode("gb18030"), "a.xls", "not_a_workbook"),
        (b"<html><table><tr><td>1", "a.xls", "not_a_workbook"),
        (b'\xef\xbb\xbf  <?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>', "a.xls", "not_a_workbook"),
        ("<html>".encode("utf-16"), "a.xls", "not_a_workbook"),
        (b"%PDF-1.7", "a.csv", "not_a_workbook"),
        (b"\x89PNG\r\n", "a.csv", "not_a_workbook"),
        (b"PK\x03\x04 cut off", "a.xlsx", "damaged"),
        (b"PK\x05\x06" + bytes(18), "a.xlsx", "not_a_workbook"),
        (b"\n\n  \n", "a.csv", "no_rows"),
        (b"\xef\xbb\xbf", "a.csv", "no_rows"),
        (b",,,\n,,", "a.csv", "no_rows"),
        (ole("EncryptedPackage", b"x"), "a.xlsx", "encrypted"),
        (ole("WordDocument", b"x"), "a.xls", "not_a_workbook"),
        (ole("VisioDocument", b"x"), "a.xls", "not_a_workbook"),
        (ole("Workbook", b"junk"), "a.xls", "damaged"),
        (xls()[:1600], "a.xls", "damaged"),
    ],
)
def test_refused(data: bytes, name: str, why: str) -> None:
    assert refused(data, name) == why


def test_a_cut_workbook_is_damaged_wherever_it_was_cut() -> None:
    data = xlsx()
    for size in (10, 100, len(data) // 2, len(data) - 30):
        assert refused(data[:size]) == "damaged"
    flipped = bytearray(data)
    flipped[data.index(b"xl/worksheets/sheet1.xml") + 60] ^= 0xFF
    assert refused(bytes(flipped)) == "damaged"


def test_archives_that_are_no_workbook() -> None:
    for part in ("word/document.xml", "ppt/presentation.xml", "xl/workbook.bin", "content.xml", "ledger.xlsx"):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr(part, "x")
        assert refused(file.getvalue()) == "not_a_workbook"
    broken = rezipped(xlsx(), {"xl/workbook.xml": b"<workbook><sheets><sheet name='x' r:id='rId1'/>"})
    assert refused(broken) == "damaged"
    assert refused(rezipped(xlsx(), {"xl/_rels/workbook.xml.rels": None})) == "damaged"


def test_a_sheet_without_cells_has_no_rows() -> None:
    assert refused(saved(openpyxl.Workbook())) == "no_rows"
    with pytest.raises(Refusal, match="no rows"):
        Book("xlsx", ()).first()


def test_zip_bomb_by_its_directory() -> None:
    bomb = rezipped(xlsx(), {"xl/media/zeros": bytes(40 << 20)})
    assert len(bomb) < 100_000
    assert refused(bomb) == "zip_bomb"
    assert refused(xlsx(), limits=Limits(unpacked=1000)) == "zip_bomb"


def test_zip_bomb_that_lies_about_its_size() -> None:
    bomb = bytearray(rezipped(xlsx(), {"xl/media/zeros": bytes(40 << 20)}))
    real, told = struct.pack("<I", 40 << 20), struct.pack("<I", 1000)
    while (at := bomb.find(real)) >= 0:
        bomb[at : at + 4] = told
    assert refused(bytes(bomb)) == "damaged"


def test_two_parts_of_one_name_are_damage() -> None:
    file = io.BytesIO(xlsx())
    with zipfile.ZipFile(file, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("xl/workbook.xml", "x")
    assert refused(file.getvalue()) == "damaged"


def test_two_cells_far_apart_do_not_fill_the_memory() -> None:
    far = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="{}1048576"><v>1</v></c></row>'
    assert refused(with_sheet(far.format("IV"))) == "too_many_rows"
    assert refused(with_sheet(far.format("XFD"))) == "too_many_columns"
    unplaced = "<row>" + "<c><v>1</v></c>" * 300 + "</row>"
    assert refused(with_sheet(unplaced)) == "too_many_columns"
    assert refused(with_sheet("<row><c><v>1</v></c></row>" * 300), limits=Limits(cells=200)) == "too_many_rows"


def test_borders_to_the_last_row_are_no_cells() -> None:
    blank = "".join(f'<row r="{row}"><c r="A{row}" s="0"/><c r="IV{row}" s="0"/></row>' for row in range(2, 30_000))
    data = with_sheet(f'<row r="1"><c r="A1"><v>7</v></c></row>{blank}')
    assert opened(data) == [[7.0]]


def test_one_long_text_in_many_cells_does_not_fill_the_memory() -> None:
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    shared = f'<sst xmlns="{space}"><si><t>short</t></si><si><t>{"x" * 30_000}</t></si></sst>'
    cells = "".join(f'<row r="{row}"><c r="A{row}" t="s"><v>1</v></c></row>' for row in range(1, 200))
    book = openpyxl.Workbook()
    book.active.append(["needs shared strings"])
    data = rezipped(saved(book), {"xl/sharedStrings.xml": shared.encode()})
    sheet = f'<worksheet xmlns="{space}"><sheetData>{cells}</sheetData></worksheet>'
    data = rezipped(data, {"xl/worksheets/sheet1.xml": sheet.encode()})
    assert len(opened(data)) == 199
    assert refused(data, limits=Limits(text=1 << 20)) == "too_large"


def test_limits_of_size_and_columns() -> None:
    assert refused(xlsx(), limits=Limits(size=100)) == "too_large"
    assert refused(xlsx([["x"] * 20]), limits=Limits(columns=10)) == "too_many_columns"


def test_addresses() -> None:
    assert [address(0, 0), address(397, 14), address(9, 25), address(9, 26), address(0, 16383)] == [
        "A1",
        "O398",
        "Z10",
        "AA10",
        "XFD1",
    ]


def test_a_hundred_thousand_rows_within_500_mb(tmp_path: Path) -> None:
    path = tmp_path / "large.xlsx"
    book = xlsxwriter.Workbook(path, {"constant_memory": True})
    sheet = book.add_worksheet()
    for row in range(100_000):
        sheet.write_row(row, 0, ("业主的姓名", "440399199504290971") if row % 2 else (1, 2))
        sheet.write_number(row, 19, row)
    book.close()
    script = (
        "import re, sys; from pathlib import Path; from views.kernel.exchange.workbook import open_workbook;"
        "rows = sum(1 for row in open_workbook(Path(sys.argv[1]), 'l.xlsx').first().rows() if len(row) == 20);"
        # not ru_maxrss, which a process inherits from the one that started it
        "print(rows, int(re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1]) // 1024)"
    )
    output = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True)
    rows, megabytes = map(int, output.stdout.split())
    assert rows == 100_000 and megabytes < 500
