"""What a screen shows of personal data, and what the database keeps of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.kernel.masking import Cipher, Undecipherable, is_masked, mask_certificate, mask_mobile, mask_name

CIPHER = Cipher("a long and random secret of this test")


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("11010519491231002X", "110105********002X"),
        ("110105491231002", "110105*****1002"),
        ("E12345678", "E1*****78"),
        ("12345", "1***5"),
        ("1234", "****"),
        ("", ""),
    ],
)
def test_certificate(number: str, masked: str) -> None:
    assert mask_certificate(number) == masked


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("13800138000", "138****8000"),
        ("0755-12345678", "0755-*****678"),
        ("400-123-4567", "400*****4567"),
        ("+85291234567", "+85*****4567"),
        ("1234567", "1****67"),
        ("110", "***"),
    ],
)
def test_mobile(number: str, masked: str) -> None:
    assert mask_mobile(number) == masked


@pytest.mark.parametrize(
    ("name", "masked"), [("张三", "张*"), ("欧阳娜娜", "欧***"), ("John Smith", "J*** S****"), ("张", "*"), ("", "")]
)
def test_name(name: str, masked: str) -> None:
    assert mask_name(name) == masked


@given(st.text(alphabet="0123456789X", min_size=1, max_size=20))
def test_masked_is_known_as_masked_and_as_long(number: str) -> None:
    for masked in (mask_certificate(number), mask_mobile(number)):
        assert is_masked(masked) and len(masked) == len(number) and masked != number
    assert not is_masked(number)


@given(st.text(max_size=60).filter(lambda text: text.isprintable()))
def test_decrypt_gives_back_what_was_encrypted(plain: str) -> None:
    token = CIPHER.encrypt(plain)
    assert CIPHER.decrypt(token) == plain
    assert token.isascii() and not set(token) & set("+/= ")
    assert CIPHER.encrypt(plain) != token


def test_a_certificate_fits_its_column() -> None:
    assert len(CIPHER.encrypt("军" * 40)) <= 255


def test_another_secret_cannot_read_and_says_why() -> None:
    with pytest.raises(Undecipherable, match="older secrets"):
        Cipher("another secret").decrypt(CIPHER.encrypt("11010519491231002X"))


def test_every_change_is_noticed() -> None:
    token = CIPHER.encrypt("11010519491231002X")
    for place in range(len(token)):
        changed = token[:place] + ("B" if token[place] == "A" else "A") + token[place + 1 :]
        try:
            assert CIPHER.decrypt(changed) == "11010519491231002X"  # spare bits of the last base64 sign
            assert place == len(token) - 1
        except Undecipherable:
            pass
    for broken in ("", "1", "1.", "1.x.y", "2." + token[2:], token[:-5], token + "?"):
        with pytest.raises(Undecipherable):
            CIPHER.decrypt(broken)


def test_rotation() -> None:
    token = CIPHER.encrypt("13800138000")
    rotated = Cipher("the new secret", ["a long and random secret of this test"])
    assert rotated.decrypt(token) == "13800138000"
    assert not rotated.is_current(token) and rotated.is_current(rotated.encrypt("13800138000"))
    assert rotated.blinds("13800138000") == [rotated.blind("13800138000"), CIPHER.blind("13800138000")]
    assert rotated.tails("8000")[1] == CIPHER.tail("13800138000")


def test_fingerprints() -> None:
    assert CIPHER.blind("11010519491231002x") == CIPHER.blind(" 110105 19491231 002X") != CIPHER.tail("002X")
    assert CIPHER.tail("11010519491231002x") == CIPHER.tail("002X") != CIPHER.blind("002X")
    assert CIPHER.blind("1") != CIPHER.blind("2")
    assert len(CIPHER.blind("1")) == len(CIPHER.tail("1")) == 32
    assert CIPHER.blind("1") != Cipher("another secret").blind("1")


def test_an_empty_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        Cipher("")
