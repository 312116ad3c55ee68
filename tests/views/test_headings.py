"""Tables in sheets that were made for people, and the sample ledger with its wrong cells, every one by name."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from models.customer.identity import CITIZEN, CITIZEN_15, check_certificate, check_mobile
from models.kernel.reading import read_choice, read_code, read_date, read_decimal, read_integer, read_text
from models.kernel.refusal import Refusal
from models.kernel.words import _
from views.kernel.exchange.headings import DataRow, data_rows, find_headings, is_subtotal, whole_rows
from views.kernel.exchange.people import Person, split_people
from views.kernel.exchange.sheet import Cell, Merge, Sheet, address
from views.kernel.exchange.workbook import open_workbook

LEDGER = Path(__file__).parents[1] / "data" / "ledger-sample.xlsx"

KNOWN = {
    "building": ["楼栋", "Building"],
    "room": ["房号", "Room"],
    "area": ["建筑面积", "Floor area"],
    "state": ["销售状态", "State"],
    "name": ["业主姓名", "姓名", "Owner"],
    "phone": ["联系电话", "电话", "Phone"],
}


def sheet(*rows: list[Any], merged: tuple[Merge, ...] = ()) -> Sheet:
    return Sheet("x", lambda: iter([list(row) for row in rows]), merged)


def values(table: Sheet, **options: Any) -> list[DataRow]:
    return list(data_rows(table, find_headings(table, KNOWN), **options))


def test_headings_below_titles_and_blank_rows() -> None:
    table = sheet(
        ["项目台账", None, None],
        [None, None, None],
        ["制表：销售部", None, "单位：元"],
        [" 楼 栋 ", "房号*", "建筑面积（㎡）"],
        ["1幢", 101.0, 98.6],
    )
    layout = find_headings(table, KNOWN, ["room", "name"])
    assert (layout.row, layout.columns) == (4, {"building": 0, "room": 1, "area": 2})
    assert (layout.missing, layout.duplicates, layout.unknown) == (("name",), {}, ())
    assert list(data_rows(table, layout)) == [DataRow(5, {"building": "1幢", "room": 101.0, "area": 98.6})]


def test_headings_in_the_other_language_and_by_key() -> None:
    layout = find_headings(sheet(["BUILDING", "room no.", "Floor  Area [m²]", "phone"]), KNOWN)
    assert layout.columns == {"building": 0, "area": 2, "phone": 3, "room": 1}
    assert [heading.exact for heading in layout.headings] == [True, False, True, True]


def test_extra_and_repeated_columns() -> None:
    layout = find_headings(sheet(["楼栋", "房号", "备注", "房号", None, "公区建筑面积合同"]), KNOWN)
    assert layout.duplicates == {"room": (1, 3)} and layout.columns["room"] == 1
    assert [(heading.letter, heading.text) for heading in layout.unknown] == [("C", "备注")]
    assert [(heading.key, heading.exact) for heading in layout.headings][-1] == ("area", False)


def test_a_guess_never_beats_an_exact_heading() -> None:
    layout = find_headings(sheet(["楼栋", "紧急联系人电话", "联系电话"]), KNOWN)
    assert layout.columns["phone"] == 2
    assert [heading.text for heading in layout.unknown] == ["紧急联系人电话"]


def test_headings_of_two_rows() -> None:
    rows = (
        ["楼栋", "房号", "业主", None, "经办人", None],
        [None, None, "姓名", "电话", "姓名", "电话"],
        ["1幢", "101", "张三", "1", "李四", "2"],
    )
    merged = (Merge(0, 0, 1, 0), Merge(0, 1, 1, 1), Merge(0, 2, 0, 3), Merge(0, 4, 0, 5))
    table = sheet(*rows, merged=merged)
    layout = find_headings(table, KNOWN)
    assert layout.row == 2
    assert [heading.text for heading in layout.headings] == [
        "楼栋",
        "房号",
        "业主姓名",
        "业主电话",
        "经办人姓名",
        "经办人电话",
    ]
    row = next(data_rows(table, layout))
    assert row == DataRow(3, {"building": "1幢", "room": "101", "name": "张三", "phone": "1"})
    assert find_headings(sheet(*rows), KNOWN).columns == {"building": 0, "room": 1, "name": 2, "phone": 3}


def test_no_headings() -> None:
    with pytest.raises(Refusal, match="楼栋") as refusal:
        find_headings(sheet(["a", "b"], ["房号"]), KNOWN)
    assert refusal.value.code == "no_headings"
    with pytest.raises(Refusal) as refusal:
        find_headings(sheet([None, " "]), KNOWN)
    assert refusal.value.code == "no_rows"


def test_headings_without_rows() -> None:
    with pytest.raises(Refusal) as refusal:
        values(sheet(["楼栋", "房号"], [None, None], ["合计", 0]))
    assert refusal.value.code == "no_rows"


def test_what_only_looks_like_rows_is_left_out_and_named() -> None:
    skipped: list[tuple[int, str]] = []
    rows = values(
        sheet(
            ["楼栋", "房号", "建筑面积", "业主姓名"],
            ["1幢", "101", 98.6, "张三"],
            [None, None, None, None],
            ["1幢小计：1 套", None, 98.6, None],
            ["楼栋", "房号", "建筑面积(㎡)", "业主姓名"],
            ["合计花园", "101", None, "李四"],
            ["合 计", "2 套", 197.2],
            [None, None, None, "制表：王五"],
        ),
        skipped=skipped,
    )
    assert [row.number for row in rows] == [2, 6]
    assert skipped == [(4, "subtotal"), (5, "heading"), (7, "subtotal"), (8, "note")]


@pytest.mark.parametrize(
    ("row", "subtotal"),
    [
        (["小计"], True),
        ([None, "1幢小计：128 套"], True),
        (["1幢", "合　计", 12, "3 套"], True),
        (["Grand Total", 1], True),
        (["Sub-total: 5"], True),
        (["合计花园", "101"], False),
        (["1幢", "101", "Hassum", 13800138000.0], False),
        (["合计", "101", "张三"], False),
        ([None, "'@SUM(A1)", 12], False),
        ([1.0, "1幢", "1单元", "101"], False),
        ([], False),
    ],
)
def test_subtotals(row: list[Cell], subtotal: bool) -> None:
    assert is_subtotal(row) is subtotal


def test_values_merged_over_rows_stand_in_each() -> None:
    rows = values(
        sheet(
            ["楼栋", "房号"],
            ["1幢", "101"],
            [None, "102"],
            [None, "103"],
            [None, "201"],
            merged=(Merge(1, 0, 3, 0),),
        )
    )
    assert [row.values["building"] for row in rows] == ["1幢", "1幢", "1幢", None]


def test_a_row_taken_out_of_its_sheet_says_all_it_said_there() -> None:
    table = sheet(
        ["房屋", None, "业主"],
        [None, "室号", "姓名"],
        ["1幢", "101", "张三"],
        [None, "102", "李四"],
        merged=(Merge(0, 0, 1, 0), Merge(2, 0, 3, 0)),
    )
    layout = find_headings(table, {"building": ["房屋"], "room": ["室号"], "name": ["姓名"]})
    assert list(whole_rows(table, layout)) == [
        (2, ["房屋", "室号", "姓名"]),
        (3, ["1幢", "101", "张三"]),
        (4, ["1幢", "102", "李四"]),
    ]


def test_short_rows() -> None:
    assert values(sheet(["楼栋", "房号"], ["1幢"]))[0].values == {"building": "1幢", "room": None}


ID1, ID2 = "440399199203035627", "44039919640303027X"
P1, P2 = "13800138000", "13900139000"


@pytest.mark.parametrize(
    "separator", ["\n", "、", ",", "，", ";", "；", "/", "／", "&", " ＆ ", "|", " ", "\r\n", "、\n"]
)
def test_co_owners(separator: str) -> None:
    names, numbers, phones = (separator.join(pair) for pair in (("张三", "李四"), (ID1, ID2), (P1, P2)))
    assert split_people(names, numbers, phones) == [Person("张三", ID1, P1), Person("李四", ID2, P2)]


@pytest.mark.parametrize(
    ("cells", "people"),
    [
        ((None, None, None), []),
        (("张三", None, None), [Person("张三")]),
        (("张　三", ID1, P1), [Person("张三", ID1, P1)]),
        (("李和平", ID1, 13800138000.0), [Person("李和平", ID1, P1)]),
        (("张三和李四", ID1 + "和" + ID2, P1), [Person("张三", ID1, P1), Person("李四", ID2)]),
        (("张三和李四", None, None), [Person("张三"), Person("李四")]),
        (("诸葛和平", None, None), [Person("诸葛和平")]),
        (("张三、李四、王五", None, P1), [Person("张三", None, P1), Person("李四"), Person("王五")]),
        (("张三", "440399 19920303 5627", "0755 12345678"), [Person("张三", "440399 19920303 5627", "0755 12345678")]),
        (("张三 李四", f"{ID1} {ID2}", f"{P1} {P2}"), [Person("张三", ID1, P1), Person("李四", ID2, P2)]),
        (("Jo Smith/Al Lee", "X123456/X765432", None), [Person("Jo Smith", "X123456"), Person("Al Lee", "X765432")]),
        (("A&B有限公司", "91350100M000100Y43", None), [Person("A&B有限公司", "91350100M000100Y43")]),
    ],
)  # fmt: skip
def test_people(cells: tuple[Cell, Cell, Cell], people: list[Person]) -> None:
    assert split_people(*cells) == people


@pytest.mark.parametrize(
    ("cells", "field"),
    [
        (("张三、李四", ID1, None), "certificates"),
        (("张三", f"{ID1}、{ID2}", None), "certificates"),
        (("张三、李四、王五", None, f"{P1}、{P2}"), "phones"),
        (("张三", None, f"{P1}/{P2}"), "phones"),
        ((None, ID1, None), "names"),
        ((None, None, P1), "names"),
    ],
)
def test_people_whose_counts_disagree(cells: tuple[Cell, Cell, Cell], field: str) -> None:
    with pytest.raises(Refusal) as refusal:
        split_people(*cells)
    assert refusal.value.field == field and refusal.value.code == "counts_disagree"
    assert ID1 not in refusal.value.sentence.said("zh")


# The ledger a sales department handed over.

LEDGER_COLUMNS = {
    "number": ["序号"],
    "building": ["楼栋"],
    "unit": ["单元"],
    "floor": ["楼层"],
    "room": ["房号"],
    "type": ["户型"],
    "area": ["建筑面积"],
    "price": ["单价"],
    "total": ["总价"],
    "state": ["销售状态"],
    "names": ["业主姓名"],
    "certificates": ["证件号码"],
    "phones": ["联系电话"],
    "contract": ["合同编号"],
    "signed": ["签约日期"],
    "delivery": ["合同交付日期"],
}
STATES = {"for_sale": ["待售"], "held": ["保留"], "subscribed": ["认购"], "signed": ["签约"]}

WRONG_CELLS = {
    "L89": "wrong_check",
    "L94": "wrong_check",
    "L130": "wrong_check",
    "L712": "wrong_check",
    "L983": "wrong_check",
    "M259": "not_a_mobile",
    "M572": "not_a_mobile",
    "G42": "not_positive",
    "G224": "not_positive",
    "G292": "not_positive",
    "G338": "not_positive",
    "G418": "not_positive",
    "G511": "not_positive",
    "G645": "not_positive",
    "J438": "not_a_choice",
    "J723": "not_a_choice",
    "O398": "no_such_day",
    "O411": "no_such_day",
    "O456": "no_such_day",
    "O711": "no_such_day",
    "O807": "no_such_day",
    "O987": "no_such_day",
}
# Right by themselves, and wrong beside another cell: the total of a negative area, still that of the positive one; a
# contract number used twice.
FOLLOWING = {f"I{address[1:]}" for address, why in WRONG_CELLS.items() if why == "not_positive"}
TWICE = {"N142", "N808"}


def positive(value: object) -> None:
    number = read_decimal(value)
    if number is not None and number <= 0:
        raise Refusal(_("An area is greater than 0.", "面积必须大于 0。"), code="not_positive")


CHECKS: dict[str, Callable[[Any], object]] = {
    "number": lambda cell: read_integer(cell, 1),
    "building": lambda cell: read_code(cell, 20),
    "unit": lambda cell: read_code(cell, 20),
    "floor": read_integer,
    "room": lambda cell: read_code(cell, 20),
    "type": lambda cell: read_text(cell, 20),
    "area": positive,
    "price": lambda cell: read_decimal(cell, 12, 2),
    "total": lambda cell: read_decimal(cell, 16, 2),
    "state": lambda cell: read_choice(cell, STATES),
    "contract": lambda cell: read_code(cell, 40),
    "signed": read_date,
    "delivery": read_date,
}


def wrong_cells(row: DataRow, columns: dict[str, int]) -> dict[str, str]:
    found = {}

    def note(key: str, check: Callable[[Any], object], cell: object) -> None:
        try:
            check(cell)
        except Refusal as refusal:
            found[address(row.number - 1, columns[key])] = refusal.code

    for key, check in CHECKS.items():
        note(key, check, row.values[key])
    for person in split_people(*(row.values[key] for key in ("names", "certificates", "phones"))):
        kind = CITIZEN_15 if len(person.certificate or "") == 15 else CITIZEN
        note("certificates", partial(check_certificate, kind), person.certificate)
        note("phones", check_mobile, person.phone)
    return found


def test_the_sample_ledger() -> None:
    table = open_workbook(LEDGER, LEDGER.name).first()
    layout = find_headings(table, LEDGER_COLUMNS, list(LEDGER_COLUMNS))
    assert (layout.row, layout.missing, layout.duplicates, layout.unknown) == (3, (), {}, ())
    assert not table.faults, "every formula of the 总价 column has a result"

    skipped: list[tuple[int, str]] = []
    rows = list(data_rows(table, layout, skipped))
    assert len(rows) == 1024
    assert [number for number, _kind in skipped] == [132, 261, 390, 519, 648, 777, 906, 1035, 1036]
    assert {kind for _number, kind in skipped} == {"subtotal"}

    wrong = {where: why for row in rows for where, why in wrong_cells(row, layout.columns).items()}
    assert wrong == WRONG_CELLS

    stale = set()
    for row in rows:
        area, price, total = (read_decimal(row.values[key]) for key in ("area", "price", "total"))
        if area is not None and price is not None and total is not None and abs(area * price - total) > 1:
            stale.add(address(row.number - 1, layout.columns["total"]))
    assert stale == FOLLOWING
    contracts: dict[str, list[str]] = {}
    for row in rows:
        contract = read_code(row.values["contract"])
        if contract:
            contracts.setdefault(contract, []).append(address(row.number - 1, layout.columns["contract"]))
    assert {where for places in contracts.values() if len(places) > 1 for where in places} == TWICE

    homes = {(row.values["building"], row.values["unit"], read_code(row.values["room"])) for row in rows}
    assert len(homes) == 1024 and all(re.fullmatch("[0-9]{3,4}", str(room)) for _b, _u, room in homes)
    people = [split_people(*(row.values[key] for key in ("names", "certificates", "phones"))) for row in rows]
    assert sum(map(len, people)) == 1244
    assert all(person.certificate and person.phone for owners in people for person in owners)
