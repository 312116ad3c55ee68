"""Cells that no spreadsheet takes for a formula, and the way back (design 6).

The rule is the same for CSV and XLSX, since people save one as the other: a text that a spreadsheet might run gets an
apostrophe in front, and so does a text that has one already. Reading takes one away exactly where the rule puts one.
Numbers, dates and flags are written as what they are; -5 stays a number.
"""

from __future__ import annotations

import unicodedata
from datetime import date, datetime
from decimal import Decimal

# What opens a formula in Excel, LibreOffice or WPS, in ordinary and in full width.
_OPENERS = frozenset("=+-@＝＋－＠")
_APOSTROPHE = "'"


def neutralised(text: str) -> str:
    """Returns `text` as it is written to a file: with an apostrophe before it where it might be run, or has one."""
    return _APOSTROPHE + text if _needs_one(text) else text


def restored(text: str) -> str:
    """Returns what `neutralised` was given; a text that was never neutralised stays as it is."""
    if text.startswith(_APOSTROPHE) and _needs_one(text[1:]):
        return text[1:]
    return text


def csv_cell(value: object) -> str:
    """Returns one value as the text of a CSV cell.

    Args:
        value: text (which is neutralised), number, flag, date, datetime, or None.

    Returns:
        Numbers in full without separators, flags as TRUE or FALSE, days as 2024-06-03, moments as 2024-06-03 10:30:00,
        None as an empty cell.

    Raises:
        TypeError: a value of another type; the exporter says how it is written.
    """
    if value is None:
        return ""
    if isinstance(value, str):
        return neutralised(value)
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, datetime):
        return value.replace(tzinfo=None, microsecond=0).isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"A cell cannot hold {type(value).__name__}: turn it into text, number or date first.")


def _needs_one(text: str) -> bool:
    if text.startswith((_APOSTROPHE, "\t", "\r")):
        return True
    for sign in text:
        if not sign.isspace() and unicodedata.category(sign) not in ("Cc", "Cf"):
            return sign in _OPENERS
    return False
