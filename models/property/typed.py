"""Compact texts people type for buildings, floors and lines: `1-8`, `4,13,14`, `B2-B1`, `1-3幢、5幢`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation

from models.kernel.refusal import Refusal
from models.kernel.words import Words, _

LONGEST_RANGE = 1000

_FLOOR = re.compile(r"^(-|B|负|地下)?(\d{1,4})(?:层|楼|F)?$", re.IGNORECASE)
_NAMES = re.compile(r"^(\D*?)(\d{1,4})(\D*?)~(\D*?)(\d{1,4})(\D*)$")
_LETTERS = re.compile(r"^([A-Z])~([A-Z])$", re.IGNORECASE)
_DASH = re.compile(r"(?<=[^\s,;、~至到–—-])\s*[-~–—至到]\s*(?=[-\dA-Za-z负地])")
_GAP = re.compile(r"[,;、\s]+")

_UNREADABLE = _(
    "'{text}' cannot be read. Write single values and ranges, such as 1-3,5.",
    "无法识别“{text}”，请填写单个值或范围，例如 1-3,5。",
)
_REVERSED = _(
    "'{text}' runs backwards. Put the lower value first.",
    "“{text}”的起止顺序颠倒，请先写较小的值。",
)


def plain(text: str | None) -> str:
    """Returns `text` trimmed, with full-width digits, letters and punctuation made half-width."""
    return unicodedata.normalize("NFKC", text or "").strip()


def _pieces(text: str) -> list[str]:
    """Returns the values and ranges of a list, every range written with `~`."""
    return [piece for piece in _GAP.split(_DASH.sub("~", plain(text))) if piece]


def refuse(sentence: Words, field: str, code: str = "unreadable") -> Refusal:
    """Returns a refusal at `field`; every refusal of typed text goes through here."""
    return Refusal(sentence, field, code=code)


def unique(values: Iterable[int]) -> tuple[int, ...]:
    """Returns `values` in their order, each once."""
    return tuple(dict.fromkeys(values))


def floor_of(text: str, field: str) -> int:
    """Reads one floor: `12`, `-1`, `B1`, `负1层`.

    Raises:
        Refusal: at `field`, when it is not a floor.
    """
    match = _FLOOR.match(plain(text))
    if match is None:
        raise refuse(
            _(
                "'{text}' is not a floor. Write 12, or -1 or B1 for a basement.",
                "“{text}”不是楼层，请填写 12，地下室填写 -1 或 B1。",
            ).fill(text=plain(text)),
            field,
        )
    return -int(match[2]) if match[1] else int(match[2])


def floors_of(text: str, field: str) -> tuple[int, ...]:
    """Reads a list of floors: `4,13,14`, `B2-B1`, `-2~3`. Floor 0, which no building has, is left out of ranges.

    Raises:
        Refusal: at `field`, when a piece cannot be read or a range runs backwards.
    """
    found: list[int] = []
    for piece in _pieces(text):
        first, last = span_of(piece, field)
        found += [floor for floor in range(first, last + 1) if floor or first == last]
    return unique(found)


def span_of(text: str, field: str) -> tuple[int, int]:
    """Reads one range of floors, `1-2` or a single floor.

    Returns:
        The first and last floor, both included.

    Raises:
        Refusal: at `field`, when it cannot be read or runs backwards.
    """
    pieces = _pieces(text)
    if len(pieces) != 1:
        raise refuse(_UNREADABLE.fill(text=plain(text)), field)
    ends = [floor_of(end, field) for end in pieces[0].split("~")]
    if len(ends) > 2 or ends[-1] - ends[0] > LONGEST_RANGE:
        raise refuse(_UNREADABLE.fill(text=plain(text)), field)
    if ends[-1] < ends[0]:
        raise refuse(_REVERSED.fill(text=plain(text)), field, "reversed")
    return ends[0], ends[-1]


def lines_of(text: str, field: str) -> tuple[int, ...]:
    """Reads a list of lines (户线): `1-2,5,7`.

    Raises:
        Refusal: at `field`, when a piece cannot be read, runs backwards or is below 1.
    """
    lines = floors_of(text, field)
    if any(line < 1 for line in lines):
        raise refuse(_("Lines are counted from 1.", "户线从 1 开始编号。"), field, "out_of_range")
    return lines


def names_of(text: str, field: str, pattern: str = "{n}幢") -> tuple[str, ...]:
    """Reads a list of building names: `1-8`, `A-D`, `1-3幢`, `S1-S4`, `1幢,2幢,会所`.

    Bare numbers and letters are put into `pattern` at `{n}`; anything else is a name as it stands.

    Raises:
        Refusal: at `field`, when a range runs backwards or is longer than 1000.
    """
    names: list[str] = []
    for piece in _pieces(text):
        letters, numbers = _LETTERS.match(piece), _NAMES.match(piece)
        if letters:
            first, last = ord(letters[1].upper()), ord(letters[2].upper())
            series = [pattern.replace("{n}", chr(letter)) for letter in range(first, last + 1)]
        elif numbers and numbers[4] in ("", numbers[1]) and numbers[3] in ("", numbers[6]):
            first, last = int(numbers[2]), int(numbers[5])
            form = f"{numbers[1]}{{n}}{numbers[6]}"
            form = pattern if form == "{n}" else form
            longest = range(first, min(last, first + LONGEST_RANGE) + 1)
            series = [form.replace("{n}", str(number)) for number in longest]
        else:
            piece = piece.replace("~", "-")
            bare = piece.isdecimal() or re.fullmatch(r"[A-Za-z]", piece)
            names.append(pattern.replace("{n}", piece.upper()) if bare else piece)
            continue
        if last < first:
            raise refuse(_REVERSED.fill(text=piece.replace("~", "-")), field, "reversed")
        if last - first >= LONGEST_RANGE:
            raise refuse(_UNREADABLE.fill(text=piece.replace("~", "-")), field)
        names += series
    return tuple(names)


def whole_of(text: str, field: str) -> int:
    """Reads a whole number.

    Raises:
        Refusal: at `field`, when it is not one.
    """
    text = plain(text)
    if not re.fullmatch(r"[+-]?\d{1,9}", text):
        raise refuse(_("'{text}' is not a whole number.", "“{text}”不是整数，请填写数字。").fill(text=text), field)
    return int(text)


def area_of(text: str, field: str) -> Decimal:
    """Reads an area in square metres, with or without its unit.

    Raises:
        Refusal: at `field`, when it is not a finite number.
    """
    bare = re.sub(r"(m2|㎡|平方米|平米|平)$", "", plain(text), flags=re.IGNORECASE).strip()
    try:
        area = Decimal(bare.replace(",", ""))
    except InvalidOperation:
        area = Decimal("NaN")
    if not area.is_finite():
        raise refuse(
            _(
                "'{text}' is not an area. Write square metres, such as 89.37.",
                "“{text}”不是面积，请填写平方米数，例如 89.37。",
            ).fill(text=plain(text)),
            field,
        )
    return area
