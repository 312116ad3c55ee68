"""What all readers of written values share: how a text is cleaned, quoted and refused."""

from __future__ import annotations

import math
import re
import unicodedata
from decimal import Decimal

from models.kernel.refusal import Refusal
from models.kernel.words import Words, _

# What Excel shows instead of a value: a formula that failed.
EXCEL_ERRORS = frozenset(
    ("#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "#GETTING_DATA")
)
_SHOWN = 40
_LINE_BREAKS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
# Control characters, byte order marks, direction marks (which make a text look like another), lone surrogates.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\ud800-\udfff]"
)
EDGES = " \t\n\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
_DASHES = str.maketrans("‐‑‒–—−", "------")


def shown(value: object) -> str:
    """Returns `value` as a sentence quotes it: on one line, at most 40 characters."""
    text = " ".join(cleaned(str(value)).split())
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def cleaned(text: str) -> str:
    """Returns `text` with one kind of line break and without control and direction characters."""
    return _INVISIBLE.sub("", _LINE_BREAKS.sub("\n", text))


def refuse(sentence: Words, value: object, code: str, **gaps: object) -> Refusal:
    """Returns the refusal of `value`, which fills the gap `{read}` of `sentence`; the caller raises it."""
    return Refusal(sentence.fill(read=shown(value), **gaps), code=code)


def plain(text: str) -> str:
    """Returns `text` in ordinary width, with ordinary dashes, trimmed."""
    return unicodedata.normalize("NFKC", text).translate(_DASHES).strip(EDGES)


def excel_error(text: str) -> Refusal:
    """Returns the refusal of a cell that shows one of `EXCEL_ERRORS`."""
    return refuse(
        _(
            "The cell shows the Excel error {read}. Mend its formula, or write the value.",
            "单元格为 Excel 错误值 {read}，请修正公式或直接填写数值。",
        ),
        text,
        "excel_error",
    )


def finite(value: int | float | Decimal) -> None:
    """Refuses NaN and infinity."""
    if not math.isfinite(value):
        raise refuse(_("“{read}” is not a number that can be kept.", "“{read}”不是有效数字。"), value, "not_finite")
