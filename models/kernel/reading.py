"""Values as people write them: text, numbers, dates and flags out of forms, REST bodies and cells of a workbook.

Every reader takes whatever was handed over (text, a number cell, a date cell, None) and returns the value, or None
where nothing was written, or raises `Refusal`: what was read, what is expected, with an example.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from models.kernel.reading_dates import read_date, read_moment
from models.kernel.refusal import Refusal
from models.kernel.words import _
from models.kernel.written import EDGES, EXCEL_ERRORS, cleaned, excel_error, finite, plain, refuse

__all__ = [
    "EXACT_LIMIT",
    "read_choice",
    "read_code",
    "read_date",
    "read_decimal",
    "read_flag",
    "read_integer",
    "read_moment",
    "read_text",
]

# Excel keeps 15 significant digits of a number and writes zeros for the rest.
EXACT_LIMIT = 10**15
_NARROW = {wide: wide - 0xFEE0 for wide in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))}
_SCIENTIFIC = re.compile(r"[+-]?[0-9](?:\.[0-9]+)?[Ee]\+[0-9]{2,3}")
_ANY_SCIENTIFIC = re.compile(r"[+-]?[0-9]*\.?[0-9]+[Ee][+-]?[0-9]{1,3}")
_AREA_SIGN = re.compile("[mM]²|㎡")
_RAISED = re.compile("[\u00b2\u00b3\u00b9\u2070-\u2089]")
_NUMBER = re.compile(
    r"([+-]?)\s*(?:¥|RMB|CNY|人民币)?\s*([+-]?)\s*([0-9][0-9,'’ ]*)?(?:\.([0-9]*))?"
    r"\s*(?:元|圆|人民币|RMB|CNY|yuan|m2|sqm|平方米|平米|平方)?(?:/(?:m2|平方米|平米))?",
    re.IGNORECASE,
)
_GROUPED = re.compile(r"[0-9]+|[0-9]{1,3}(?:([,'’ ])[0-9]{3})(?:\1[0-9]{3})*")
_YES = frozenset(("是", "有", "对", "真", "√", "✓", "✔", "☑", "✅", "1", "yes", "y", "true", "t", "on", "启用"))
_NO = frozenset(("否", "无", "错", "假", "×", "✗", "✘", "☒", "❌", "0", "no", "n", "false", "f", "off", "停用"))


def read_text(value: object, length: int | None = None) -> str | None:
    """Reads free text; line breaks, emoji and Chinese punctuation stay.

    Full-width letters and digits become ordinary ones, blanks of every width at the ends go, and so do control
    characters. A number cell is read as Excel shows it (101.0 is '101').

    Args:
        value: text, number, date, or None.
        length: the most characters (code points) that fit, where there is a limit.

    Returns:
        The text, or None where nothing but blanks was written.

    Raises:
        Refusal: too long, an Excel error, or a number that Excel has rounded already.
    """
    if isinstance(value, str) and _ordinary(value):
        return _fitting(value.strip(), length)
    text = _written(value).translate(_NARROW)
    text = unicodedata.normalize("NFC", text).strip(EDGES)
    return _fitting(text, length)


def read_code(value: object, length: int | None = None) -> str | None:
    """Reads a code on one line: room number, contract number, certificate, phone.

    Like `read_text`, and full-width punctuation becomes ordinary (NFKC), every run of blanks one space.

    Args:
        value: text, number, date, or None.
        length: the most characters that fit, where there is a limit.

    Returns:
        The code, or None where nothing was written.

    Raises:
        Refusal: as for `read_text`.
    """
    if isinstance(value, str) and _ordinary(value):
        return _fitting(" ".join(value.split()), length)
    return _fitting(" ".join(plain(_written(value)).replace("\u200d", "").split()), length)


def read_decimal(value: object, digits: int = 18, places: int = 2) -> Decimal | None:
    """Reads a number with decimals: money in yuan, an area in square metres.

    Thousands separators, a sign for yuan before it and 元, ㎡, m² and the like after it are tolerated. The binary
    noise of a number cell (98.59999999999999) is taken away; real digits are never rounded away.

    Args:
        value: text or number, or None.
        digits: how many digits in all, decimals included.
        places: how many of them are decimals.

    Returns:
        The number with exactly `places` decimals, or None where nothing was written.

    Raises:
        Refusal: not a number, more decimals than `places`, or too large.
    """
    number = _number(value, "1,234.5" if places else "1,234")
    if number is None:
        return None
    if number.adjusted() >= digits - places and number != 0:
        raise refuse(
            _(
                "“{read}” is too large: at most {whole} digits before the point.",
                "“{read}”过大，整数部分最多 {whole} 位。",
            ),
            value,
            "too_large",
            whole=digits - places,
        )
    unit = Decimal(1).scaleb(-places)
    kept = number.quantize(unit)
    if kept != number and not (isinstance(value, float) and abs(kept - number) <= abs(number) * Decimal("1e-12")):
        raise refuse(
            _(
                "“{read}” has more than {places} decimals. Round it, for example to {kept}.",
                "“{read}”的小数超过 {places} 位，请先四舍五入，例如 {kept}。",
            ),
            value,
            "too_precise",
            places=places,
            kept=kept,
        )
    return kept + 0 if kept else unit * 0  # without the sign of -0


def read_integer(value: object, least: int = -(2**63), most: int = 2**63 - 1) -> int | None:
    """Reads a whole number, as tolerant as `read_decimal`; 12.0 is 12.

    Args:
        value: text or number, or None.
        least: the smallest number allowed.
        most: the largest number allowed.

    Returns:
        The number, or None where nothing was written.

    Raises:
        Refusal: not a whole number, or outside of `least` to `most`.
    """
    number = _number(value, "12")
    if number is None:
        return None
    if not least <= number <= most:
        raise refuse(
            _("“{read}” is outside of {least} to {most}.", "“{read}”不在 {least} 至 {most} 之间。"),
            value,
            "out_of_range",
            least=least,
            most=most,
        )
    if number != int(number):
        raise refuse(
            _("“{read}” is not a whole number, such as 12.", "“{read}”不是整数，请填写如 12。"), value, "not_whole"
        )
    return int(number)


def read_flag(value: object) -> bool | None:
    """Reads yes or no: 是/否, 有/无, √/×, yes/no, true/false, on/off, 1/0.

    Args:
        value: text, number or bool, or None.

    Returns:
        True, False, or None where nothing was written.

    Raises:
        Refusal: anything else; a Latin x as well, which is a tick to one and a cross to another.
    """
    if isinstance(value, bool):
        return value
    text = read_code(value)
    if text is None:
        return None
    word = text.casefold()
    if word in _YES or word in _NO:
        return word in _YES
    raise refuse(
        _("“{read}” is neither yes nor no. Write yes or no.", "“{read}”不明确，请填写“是”或“否”。"), value, "not_a_flag"
    )


def read_choice(value: object, known: Mapping[str, Sequence[str]]) -> str | None:
    """Reads one of a list by its key or by any of its names, whatever the case, width or blanks.

    Args:
        value: text or number, or None.
        known: key -> names in either language.

    Returns:
        The key, or None where nothing was written.

    Raises:
        Refusal: not in the list; the sentence gives the first name of each.
    """
    text = read_code(value)
    if text is None:
        return None
    wanted = _folded(text)
    for key, names in known.items():
        if wanted == _folded(key) or any(wanted == _folded(name) for name in names):
            return key
    firsts = [names[0] if names else key for key, names in known.items()]
    choices = "、".join(firsts[:12]) + ("…" if len(firsts) > 12 else "")
    raise refuse(
        _(
            "“{read}” is not in the list. Choose one of: {choices}.",
            "“{read}”不在可选范围内，请从以下内容中选择：{choices}。",
        ),
        value,
        "not_a_choice",
        choices=choices,
    )


def _ordinary(text: str) -> bool:
    """Returns whether a text can be no other than it is: ASCII without control characters, no error, no rounded number."""
    return text.isascii() and text.isprintable() and "#" not in text and "+" not in text


def _folded(text: str) -> str:
    return "".join(plain(text).casefold().split())


def _written(value: object) -> str:
    """Returns any cell as the text that stands in it, without control characters."""
    if value is None:
        return ""
    if isinstance(value, str):
        text = cleaned(value)
        bare = text.strip(EDGES)
        if bare.upper() in EXCEL_ERRORS:
            raise excel_error(bare)
        if _SCIENTIFIC.fullmatch(bare):
            raise _rounded()
        return text
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        finite(value)
        if abs(value) >= EXACT_LIMIT:
            raise _rounded()
        return str(value) if isinstance(value, int) else f"{_fifteen_digits(value).normalize():f}"
    if isinstance(value, Decimal):
        finite(value)
        return f"{value:f}"
    if isinstance(value, datetime):
        return value.isoformat(" ", "minutes" if not value.second else "seconds")
    if isinstance(value, date):
        return value.isoformat()
    raise refuse(_("“{read}” is not a text.", "“{read}”不是文本。"), type(value).__name__, "not_a_text")


def _fitting(text: str, length: int | None) -> str | None:
    if length is not None and len(text) > length:
        raise refuse(
            _(
                "The text has {count} characters, {length} fit. Shorten it: {read}",
                "文本共 {count} 个字符，最多 {length} 个，请缩短：{read}",
            ),
            text,
            "too_long",
            count=len(text),
            length=length,
        )
    return text or None


def _rounded() -> Refusal:
    return Refusal(
        _(
            "Excel has rounded this long number and its last digits are lost. Format the cell as text and write it"
            " again, for example 11010519491231002X.",
            "该长数字已被 Excel 取整，末尾数字已丢失。请将单元格设为文本格式后重新填写，例如 11010519491231002X。",
        ),
        code="rounded_number",
    )


def _fifteen_digits(value: float) -> Decimal:
    """Returns the number Excel shows: 15 significant digits."""
    return Decimal(format(value, ".15g"))


def _number(value: object, example: str) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str | None):
        raise _not_a_number(value, example)
    if isinstance(value, int | float | Decimal):
        finite(value)
        return _fifteen_digits(value) if isinstance(value, float) else Decimal(value)
    text = _AREA_SIGN.sub("m2", value or "")
    raised = _RAISED.search(text)
    text = plain(cleaned(text))
    if not text:
        return None
    if text.upper() in EXCEL_ERRORS:
        raise excel_error(text)
    if _ANY_SCIENTIFIC.fullmatch(text):
        raise refuse(
            _(
                "“{read}” is in scientific notation. Write the number in full, such as {example}.",
                "“{read}”为科学计数法，请写完整数字，例如 {example}。",
            ),
            value,
            "scientific",
            example=example,
        )
    found = None if raised or len(text) > 80 else _NUMBER.fullmatch(text)
    whole, part = (found[3] or "", found[4] or "") if found else ("", "")
    whole = whole.strip()
    if not found or (found[1] and found[2]) or not (whole or part) or (whole and not _GROUPED.fullmatch(whole)):
        raise _not_a_number(value, example)
    return Decimal(f"{found[1] or found[2]}{re.sub('[^0-9]', '', whole) or '0'}.{part or '0'}").normalize() + 0


def _not_a_number(value: object, example: str) -> Refusal:
    return refuse(
        _("“{read}” is not a number. Write it like {example}.", "“{read}”不是数字，请按 {example} 的格式填写。"),
        value,
        "not_a_number",
        example=example,
    )
