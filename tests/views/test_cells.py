"""No cell of an export is a formula, and every text comes back as it was."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from views.kernel.exchange.cells import csv_cell, neutralised, restored

TRICKY = st.text(alphabet="=+-@'\"\t\r\n ,;\u3000\u200b＝x1中", max_size=6)


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", " =1", "\n=1", "\u200b=1", "＝1", "＠x", "\x00=1", "'x", "'=1"],
)
def test_what_might_be_run_gets_an_apostrophe(text: str) -> None:
    assert neutralised(text) == "'" + text
    assert restored("'" + text) == text


@pytest.mark.parametrize("text", ["", "x", "1幢=2幢", "a@b.cn", " x", "3-1-101", "O'Brien"])
def test_what_cannot_be_run_stays(text: str) -> None:
    assert neutralised(text) == restored(text) == text


def test_an_apostrophe_of_the_file_itself_stays() -> None:
    assert restored("'80年代") == "'80年代"


@given(TRICKY | st.text())
@example("'")
@example("''")
def test_round_trip(text: str) -> None:
    written = neutralised(text)
    assert restored(written) == text
    assert not written.lstrip().startswith(("=", "+", "-", "@", "＝"))


@given(st.lists(TRICKY, min_size=1, max_size=4))
def test_round_trip_through_a_file(texts: list[str]) -> None:
    file = io.StringIO(newline="")
    csv.writer(file).writerow([csv_cell(text) for text in texts])
    file.seek(0)
    assert [restored(cell) for cell in next(csv.reader(file))] == texts


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (None, ""),
        (-5, "-5"),
        (Decimal("-98.60"), "-98.60"),
        (Decimal("1E+3"), "1000"),
        (1.5, "1.5"),
        (True, "TRUE"),
        (date(2024, 6, 3), "2024-06-03"),
        (datetime(2024, 6, 3, 10, 30, 0, 5), "2024-06-03 10:30:00"),
        ("-5", "'-5"),
    ],
)
def test_values(value: Any, cell: str) -> None:
    assert csv_cell(value) == cell


def test_other_types_are_the_exporters_to_say() -> None:
    with pytest.raises(TypeError, match="list"):
        csv_cell([])
