"""Values as people write them, and how each wrong one is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.kernel.reading import (
    read_choice,
    read_code,
    read_date,
    read_decimal,
    read_flag,
    read_integer,
    read_moment,
    read_text,
)
from models.kernel.refusal import Refusal

CHINA = timezone(timedelta(hours=8))
READERS = [read_text, read_code, read_decimal, read_integer, read_date, read_flag]


def code(reader: Any, *given_: Any) -> str:
    with pytest.raises(Refusal) as refused:
        reader(*given_)
    for language in ("zh", "en"):
        assert "{" not in refused.value.sentence.said(language)
    assert refused.value.sentence.zh != refused.value.sentence.en
    return refused.value.code


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("empty", [None, "", "  ", "\u3000\u00a0\u2009", "\ufeff", "\n"])
def test_nothing_written_is_none(reader: Any, empty: Any) -> None:
    assert reader(empty) is None


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (101.0, "101"),
        (101, "101"),
        (0.0, "0"),
        (1000000.0, "1000000"),
        (98.59999999999999, "98.6"),
        (1e-7, "0.0000001"),
        (Decimal("1E+3"), "1000"),
        ("１８０３", "1803"),
        ("您好，请（看）Ａ", "您好，请（看）A"),
        ("\u3000x\u2009", "x"),
        ("a\r\nb\x00c 😀", "a\nbc 😀"),
        ("👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧"),
        ("\u202egnp", "gnp"),
        ("\ud800x", "x"),
        ("1E05", "1E05"),
        (True, "TRUE"),
        (date(2024, 6, 3), "2024-06-03"),
        (datetime(2024, 6, 3, 10, 30), "2024-06-03 10:30"),
    ],
)
def test_text(written: Any, text: str) -> None:
    assert read_text(written) == text


@pytest.mark.parametrize(
    ("written", "text"), [("１８０３", "1803"), ("Ａ－１０１", "A-101"), ("a  b\nc", "a b c"), ("（1）", "(1)")]
)
def test_code_is_of_ordinary_width_on_one_line(written: Any, text: str) -> None:
    assert read_code(written) == text


@pytest.mark.parametrize(
    ("written", "why"),
    [
        (4.40399199504291e17, "rounded_number"),
        (440399199504290000, "rounded_number"),
        ("4.40399E+17", "rounded_number"),
        (float("nan"), "not_finite"),
        (float("inf"), "not_finite"),
        ("#REF!", "excel_error"),
        (["x"], "not_a_text"),
        (b"x", "not_a_text"),
    ],
)
def test_text_refused(written: Any, why: str) -> None:
    assert code(read_text, written) == why
    assert code(read_code, written) == why


def test_length_counts_characters() -> None:
    assert read_text("😀" * 5, 5) == "😀" * 5
    assert code(read_text, "😀" * 6, 5) == "too_long"


@given(st.text(max_size=40))
def test_reading_what_was_read_changes_nothing(text: str) -> None:
    for reader in (read_text, read_code):
        try:
            once = reader(text)
        except Refusal:
            continue
        assert reader(once) == once


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("126.48", "126.48"),
        (" 126.48 ", "126.48"),
        ("１２６．４８㎡", "126.48"),
        ("98.6m²", "98.60"),
        ("98.6 平方米", "98.60"),
        ("¥1,234.50", "1234.50"),
        ("￥ -5", "-5.00"),
        ("1，234.5元", "1234.50"),
        ("19,999元/㎡", "19999.00"),
        ("1 234 567", "1234567.00"),
        ("−98.6", "-98.60"),
        (".5", "0.50"),
        ("12.", "12.00"),
        (98.59999999999999, "98.60"),
        (1901895.3999999997, "1901895.40"),
        (0.1 + 0.2, "0.30"),
        (-0.0, "0.00"),
        (7, "7.00"),
        (Decimal("7.5"), "7.50"),
    ],
)
def test_decimal(written: Any, number: str) -> None:
    read = read_decimal(written)
    assert str(read) == number


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("12,34", "not_a_number"),
        ("1,5", "not_a_number"),
        ("1.234,50", "not_a_number"),
        ("10²", "not_a_number"),
        ("½", "not_a_number"),
        ("12万", "not_a_number"),
        ("$5", "not_a_number"),
        ("--5", "not_a_number"),
        ("-", "not_a_number"),
        ("元", "not_a_number"),
        ("九十", "not_a_number"),
        ("٣", "not_a_number"),
        (True, "not_a_number"),
        (date(2024, 1, 1), "not_a_number"),
        ("nan", "not_a_number"),
        (float("nan"), "not_finite"),
        (float("-inf"), "not_finite"),
        (Decimal("NaN"), "not_finite"),
        ("1e5", "scientific"),
        ("1.2E+5", "scientific"),
        ("1.239", "too_precise"),
        (1.239, "too_precise"),
        ("9" * 17, "too_large"),
        (1e300, "too_large"),
        ("9" * 5000, "not_a_number"),
        ("#DIV/0!", "excel_error"),
    ],
)
def test_decimal_refused(written: Any, why: str) -> None:
    assert code(read_decimal, written) == why


@given(st.decimals(-(10**12), 10**12, places=2))
def test_decimal_survives_a_number_cell_and_a_text(number: Decimal) -> None:
    assert read_decimal(float(number)) == number
    assert read_decimal(f"{number:,f}") == number


def test_integer() -> None:
    assert read_integer("1,024") == read_integer("１０２４") == read_integer(1024.0) == 1024
    assert code(read_integer, "3.5") == "not_whole"
    assert code(read_integer, 300, 1, 99) == "out_of_range"
    assert code(read_integer, 2**63) == "out_of_range"
    assert code(read_integer, True) == "not_a_number"


@pytest.mark.parametrize(
    "written",
    [
        "2024/06/03",
        "2024-6-3",
        "2024.06.03",
        "2024。6。3",
        "2024年6月3日",
        "2024年6月3号 星期一",
        "２０２４年６月３日",
        "2024 / 6 / 3",
        "2024–06–03",
        "20240603",
        20240603,
        45446,
        45446.75,
        "45446",
        date(2024, 6, 3),
        datetime(2024, 6, 3, 23, 59),
        "2024-06-03 00:00:00",
        "2024-06-03T10:20:00Z",
    ],
)
def test_date(written: Any) -> None:
    assert read_date(written) == date(2024, 6, 3)


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("24/6/3", "ambiguous_date"),
        ("6/3/2024", "ambiguous_date"),
        ("240603", "ambiguous_date"),
        ("24年6月3日", "ambiguous_date"),
        ("2024-02-30", "no_such_day"),
        ("2023-02-29", "no_such_day"),
        ("20241301", "no_such_day"),
        ("0000-00-00", "no_such_day"),
        (60, "no_such_day"),
        ("1899-12-31", "before_1900"),
        (date(1800, 1, 1), "before_1900"),
        (-3, "before_1900"),
        (2024, "only_a_year"),
        ("2024-6", "not_a_date"),
        ("2024/6-3", "not_a_date"),
        ("soon", "not_a_date"),
        (time(3), "not_a_date"),
        (True, "not_a_date"),
        (3e6, "not_a_date"),
        (float("inf"), "not_finite"),
        ("#VALUE!", "excel_error"),
    ],
)
def test_date_refused(written: Any, why: str) -> None:
    assert code(read_date, written) == why


def test_serial_numbers_are_those_of_1900() -> None:
    assert [read_date(each) for each in (1, 59, 61, 2958465)] == [
        date(1900, 1, 1),
        date(1900, 2, 28),
        date(1900, 3, 1),
        date(9999, 12, 31),
    ]


@given(st.dates(date(1930, 1, 1), date(9998, 12, 31)))
def test_every_spelling_of_every_day(day: date) -> None:
    serial = (day - date(1899, 12, 30)).days
    spellings = (
        f"{day:%Y-%m-%d}",
        f"{day.year}/{day.month}/{day.day}",
        f"{day.year}年{day.month}月{day.day}日",
        serial,
    )
    assert {read_date(each) for each in spellings} == {day}


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2024-06-03 10:30", datetime(2024, 6, 3, 2, 30)),
        ("2024-06-03", datetime(2024, 6, 2, 16)),
        (date(2024, 6, 3), datetime(2024, 6, 2, 16)),
        ("2024年6月3日下午3:05", datetime(2024, 6, 3, 7, 5)),
        ("2024/6/3 3:05:06 PM", datetime(2024, 6, 3, 7, 5, 6)),
        ("2024-6-3 12:10 AM", datetime(2024, 6, 2, 16, 10)),
        ("2024-06-03 10时30分", datetime(2024, 6, 3, 2, 30)),
        ("2024-06-03T10:30:15.25+02:00", datetime(2024, 6, 3, 8, 30, 15, 250000)),
        ("2024-06-03T10:30Z", datetime(2024, 6, 3, 10, 30)),
        (45446.5, datetime(2024, 6, 3, 4)),
        (datetime(2024, 6, 3, 10), datetime(2024, 6, 3, 2)),
        (datetime(2024, 6, 3, 10, tzinfo=UTC), datetime(2024, 6, 3, 10)),
    ],
)
def test_moment(written: Any, moment: datetime) -> None:
    assert read_moment(written, CHINA) == moment.replace(tzinfo=UTC)


def test_moment_refused() -> None:
    assert code(read_moment, "2024-06-03 24:00", CHINA) == "no_such_day"
    assert code(read_moment, "2024-06-03 13:00 PM", CHINA) == "no_such_day"
    assert code(read_moment, "2024-03-10 02:30", ZoneInfo("America/New_York")) == "no_such_time"
    assert code(read_moment, "9999-12-31 23:59", ZoneInfo("America/New_York")) == "no_such_day"


@pytest.mark.parametrize("written", ["是", "√", "有", "Y", "ＹＥＳ", "true", 1, 1.0, True, "on"])
def test_yes(written: Any) -> None:
    assert read_flag(written) is True


@pytest.mark.parametrize("written", ["否", "×", "无", "n", "False", 0, 0.0, False, "✗"])
def test_no(written: Any) -> None:
    assert read_flag(written) is False


@pytest.mark.parametrize("written", ["x", 2, "maybe", "是否"])
def test_neither(written: Any) -> None:
    assert code(read_flag, written) == "not_a_flag"


def test_choice() -> None:
    states = {"signed": ["签约", "Signed"], "for_sale": ["待售", "For sale"]}
    assert read_choice(" 签 约", states) == read_choice("SIGNED", states) == "signed"
    assert read_choice("for sale", states) == "for_sale"
    assert read_choice("推荐意愿 0–10（NPS）", {"nps": ["推荐意愿 0–10（NPS）"]}) == "nps", "a dash in its own words"
    assert read_choice(None, states) is None
    assert code(read_choice, "已卖", states) == "not_a_choice"
    with pytest.raises(Refusal, match="签约、待售"):
        read_choice("已卖", states)
