"""Certificates by their kind, and phones (vectors of domain_facts 6)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.customer import identity
from models.customer.identity import (
    CERTIFICATES,
    birthday_and_gender,
    certificate_kind,
    check_certificate,
    check_landline,
    check_mobile,
    check_phone,
)
from models.kernel.refusal import Refusal

CITIZENS = ["11010519491231002X", "440524188001010014", "632123198209270518", "310112198504095227"]
CODES = ["91350100M000100Y43", "91440300MA50029X00"]


def code(check: Any, *given_: Any) -> str:
    with pytest.raises(Refusal) as refused:
        check(*given_)
    said = refused.value.sentence.said("zh") + refused.value.sentence.said("en")
    assert "{" not in said
    assert len(str(given_[-1])) < 6 or str(given_[-1]) not in said, "a refusal must not repeat personal data"
    return refused.value.code


@pytest.mark.parametrize("number", CITIZENS)
def test_citizen_ids(number: str) -> None:
    assert check_certificate(identity.CITIZEN, number) == number
    assert check_certificate(identity.CITIZEN, f" {number[:6]} {number[6:14]} {number[14:].lower()}\u3000") == number
    assert certificate_kind(number) == identity.CITIZEN


@pytest.mark.parametrize("number", CITIZENS)
def test_one_wrong_digit_is_always_seen(number: str) -> None:
    for place in range(17):
        for digit in "0123456789":
            if digit != number[place]:
                code(check_certificate, identity.CITIZEN, number[:place] + digit + number[place + 1 :])


@given(st.integers(0, 6), st.dates(date(1900, 1, 1), date(2020, 1, 1)), st.integers(0, 999), st.data())
def test_one_wrong_digit_of_any_citizen(region: int, born: date, sequence: int, data: st.DataObject) -> None:
    start = f"{('11', '31', '44', '50', '65', '71', '13')[region]}0399{born:%Y%m%d}{sequence:03}"
    number = start + identity._person_check(start)
    assert check_certificate(identity.CITIZEN, number) == number
    assert birthday_and_gender(number) == (born, identity.MALE if sequence % 2 else identity.FEMALE)
    place = data.draw(st.integers(0, 17))
    other = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != number[place]]))
    code(check_certificate, identity.CITIZEN, number[:place] + other + number[place + 1 :])


@given(st.sampled_from(CODES), st.integers(0, 17), st.sampled_from("0123456789ABCDEFGHJKLMNPQRTUWXYIOSVZ"))
def test_one_wrong_character_of_a_credit_code(number: str, place: int, sign: str) -> None:
    if number[place] != sign:
        code(check_certificate, identity.CREDIT_CODE, number[:place] + sign + number[place + 1 :])


@pytest.mark.parametrize(
    ("kind", "written", "stored"),
    [
        (identity.CITIZEN_15, "110105491231002", "110105491231002"),
        (identity.CREDIT_CODE, "91350100m000100y43", "91350100M000100Y43"),
        (identity.CREDIT_CODE, "91440300MA50029X00", "91440300MA50029X00"),
        (identity.PASSPORT, "e12345678", "E12345678"),
        (identity.PASSPORT, "EA1234567", "EA1234567"),
        (identity.PASSPORT, "G12345678", "G12345678"),
        (identity.FOREIGN_PASSPORT, "X 1234567", "X1234567"),
        (identity.HK_MACAU_PERMIT, "h12345678", "H12345678"),
        (identity.HK_MACAU_PERMIT, "M1234567890", "M1234567890"),
        (identity.TAIWAN_PERMIT, "12345678", "12345678"),
        (identity.TAIWAN_PERMIT, "1234567890", "1234567890"),
        (identity.RESIDENCE_PERMIT, "810000199408230021", "810000199408230021"),
        (identity.FOREIGN_RESIDENT, "usa110019800101", "USA110019800101"),
        (identity.OFFICER, "军字第2001988号", "军字第2001988号"),
        (identity.LICENCE_15, "110108000000016", "110108000000016"),
        (identity.OTHER, " 户口本 Ａ12 ", "户口本 A12"),
    ],
)
def test_other_kinds(kind: str, written: str, stored: str) -> None:
    assert check_certificate(kind, written) == stored


@pytest.mark.parametrize(
    ("kind", "written", "why"),
    [
        (identity.CITIZEN, "", "empty"),
        (identity.CITIZEN, None, "empty"),
        (identity.CITIZEN, "11010519491231002", "wrong_length"),
        (identity.CITIZEN, "110105491231002", "wrong_length"),
        (identity.CITIZEN, "1101051949123100X2", "wrong_character"),
        (identity.CITIZEN, "99010519491231002X", "wrong_region"),
        (identity.CITIZEN, "810000199408230021", "wrong_kind"),
        (identity.CITIZEN, "110105194902300021", "wrong_birthday"),
        (identity.CITIZEN, "110105299901010021", "wrong_birthday"),
        (identity.CITIZEN, "440399199504290972", "wrong_check"),
        (identity.CITIZEN, 4.40399199504291e17, "rounded_number"),
        (identity.CITIZEN_15, "110105491331002", "wrong_birthday"),
        (identity.CREDIT_CODE, "91350100M000100Y4Z", "wrong_character"),
        (identity.CREDIT_CODE, "91310115MA1H8R7C6D", "wrong_check"),
        (identity.CREDIT_CODE, "9131", "wrong_length"),
        (identity.RESIDENCE_PERMIT, "11010519491231002X", "wrong_region"),
        (identity.FOREIGN_RESIDENT, "11010519491231002X", "wrong_region"),
        (identity.PASSPORT, "X1234567", "wrong_number"),
        (identity.FOREIGN_PASSPORT, "SMITH", "wrong_number"),
        (identity.HK_MACAU_PERMIT, "H123456789", "wrong_number"),
        (identity.TAIWAN_PERMIT, "7654321", "wrong_number"),
        (identity.LICENCE_15, "1101080000000160", "wrong_number"),
        (identity.OFFICER, "someone", "wrong_number"),
        (identity.OTHER, "x" * 41, "too_long"),
        ("library card", "1", "unknown_kind"),
    ],
)
def test_wrong_certificates(kind: str, written: Any, why: str) -> None:
    assert code(check_certificate, kind, written) == why


def test_a_birthday_lies_behind_the_day_given() -> None:
    assert code(check_certificate, identity.CITIZEN, "11010519491231002X", date(1949, 12, 30)) == "wrong_birthday"
    assert check_certificate(identity.CITIZEN, "11010519491231002X", date(1949, 12, 31))


def test_the_old_number_shows_the_way_out() -> None:
    with pytest.raises(Refusal, match="Old 15-digit citizen ID"):
        check_certificate(identity.CITIZEN, "110105491231002")


def test_birthday_and_gender() -> None:
    assert birthday_and_gender("11010519491231002X") == (date(1949, 12, 31), identity.FEMALE)
    assert birthday_and_gender("110105491231001") == (date(1949, 12, 31), identity.MALE)
    assert code(birthday_and_gender, "E12345678") == "wrong_number"


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("91350100M000100Y43", identity.CREDIT_CODE),
        ("810000199408230021", identity.RESIDENCE_PERMIT),
        ("110105491231002", identity.CITIZEN_15),
        ("110108000000016", identity.LICENCE_15),
        ("USA110019800101", identity.FOREIGN_RESIDENT),
        ("12345678", identity.TAIWAN_PERMIT),
        ("EA1234567", identity.PASSPORT),
        ("H12345678", None),
        ("", None),
    ],
)
def test_guessed_kind(written: str, kind: str | None) -> None:
    assert certificate_kind(written) == kind


def test_every_kind_has_words_in_both_languages() -> None:
    assert all(words.en != words.zh for words in CERTIFICATES.values())


@pytest.mark.parametrize(
    "written",
    ["13800138000", "+86 138-0013-8000", "8613800138000", "008613800138000", "１３８００１３８０００", 13800138000.0],
)
def test_mobile(written: Any) -> None:
    assert check_mobile(written) == check_phone(written) == "13800138000"


@pytest.mark.parametrize("written", ["1305925656", "12800138000", "138001380001", "0755-12345678", "abc", ""])
def test_no_mobile(written: str) -> None:
    assert code(check_mobile, written) in ("not_a_mobile", "empty")


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("0755-12345678", "0755-12345678"),
        ("(0755) 1234 5678 转 123", "0755-12345678-123"),
        ("01012345678", "010-12345678"),
        ("+86 0755 12345678", "0755-12345678"),
        ("0791-1234567-8", "0791-1234567-8"),
        ("400 123 4567", "400-123-4567"),
    ],
)
def test_landline(written: str, stored: str) -> None:
    assert check_landline(written) == check_phone(written) == stored


@pytest.mark.parametrize("written", ["22345678", "0755-223456", "0755-223456789", "0755-22345678-123456"])
def test_no_landline(written: str) -> None:
    assert code(check_landline, written) == "not_a_landline"


def test_phone_from_abroad() -> None:
    assert check_phone("+852 9123 4567") == "+85291234567"
    assert code(check_phone, "+86 91234567") == "not_a_mobile"
