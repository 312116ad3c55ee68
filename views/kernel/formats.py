"""Days and moments as the reader's language writes them, by the tables of CLDR (Babel).

Chinese pages write a day as 2025-06-02, as GB/T 7408 has it and the trade's forms do; English ones as 2 Jun 2025, which nobody
reads the wrong way round. Numbers and amounts are alike in both (1,234.50), and say what they are in beside them. What
people type stays as it is: fields, filters and files have 2025-06-02 in either language.
"""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache

from babel import Locale
from babel.dates import format_date

from models.kernel.clock import local
from views.kernel.request import language

_DAYS = {"zh": (Locale("zh"), "yyyy-MM-dd", "MM-dd"), "en": (Locale("en", "GB"), "d MMM y", "d MMM")}
_BETWEEN = {"zh": " ", "en": ", "}


@lru_cache(maxsize=20_000)  # a list has hundreds of days, most of them often
def _written(value: date, lang: str, short: bool) -> str:
    locale, whole, part = _DAYS[lang]
    return str(format_date(value, part if short else whole, locale))


def day(value: date | None, *, short: bool = False) -> str:
    """Returns a day; empty text for none. `short` leaves out the year, for what is recent."""
    return _written(value, language(), short) if value is not None else ""


def moment(value: datetime | None, *, exact: bool = False, short: bool = False) -> str:
    """Returns a moment (aware, or UTC) in the company's zone; empty text for none.

    Args:
        exact: to the second.
        short: without the year, for what is recent.
    """
    if value is None:
        return ""
    here = local(value)
    return day(here.date(), short=short) + _BETWEEN[language()] + here.strftime("%H:%M:%S" if exact else "%H:%M")
