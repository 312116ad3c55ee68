"""Days and moments as people write them; `models.kernel.reading` hands them on."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal

from models.kernel.refusal import Refusal
from models.kernel.words import _
from models.kernel.written import EXCEL_ERRORS, cleaned, excel_error, finite, plain, refuse

_AROUND = re.compile(r"\s*([-/.年月:时点分])\s*")
_DAY = (
    r"([0-9]{4})(?:([-/.])([0-9]{1,2})\2([0-9]{1,2})|年([0-9]{1,2})月([0-9]{1,2})[日号]?|([0-9]{2})([0-9]{2}))"
    r"(?:\s*\(?(?:星期|周)[一二三四五六日天]\)?)?"
)
_TIME = (
    r"(?:[T\s]*(上午|中午|下午|晚上|AM|PM)?\s*([0-9]{1,2})[:时点](?:([0-9]{1,2})(?:[:分]([0-9]{1,2})(?:\.([0-9]{1,9}))?秒?|分)?)?"
    r"\s*(AM|PM)?\s*(Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_MOMENT = re.compile(_DAY + _TIME, re.IGNORECASE)
_YEAR_UNCLEAR = re.compile(r"[0-9]{1,2}([-/.年])[0-9]{1,2}([-/.月])[0-9]{1,4}[日号]?(?:\s.*)?|[0-9]{6}")


def read_date(value: object) -> date | None:
    """Reads a day: 2024-06-03, 2024/6/3, 2024.06.03, 2024年6月3日, 20240603, a date cell, an Excel serial number.

    A time of day behind it is dropped. Serial numbers are those of the 1900 system, with its 29 February 1900 that
    never was; a plain 1900 to 2199 is a year and no serial number.

    Args:
        value: text, number, date or datetime, or None.

    Returns:
        The day, or None where nothing was written.

    Raises:
        Refusal: not a date, a year of two digits or written last, before 1900, or no day of the calendar.
    """
    if isinstance(value, date) and not isinstance(value, datetime):
        return _not_before_1900(value, value)
    moment = _moment(value)
    return None if moment is None else moment.date()


def read_moment(value: object, zone: tzinfo) -> datetime | None:
    """Reads a day with a time; without one it is midnight. 'Z' or an offset behind it is honoured.

    Args:
        value: text, number, date or datetime, or None.
        zone: the zone of what was written without an offset (the company's).

    Returns:
        The moment in UTC, or None where nothing was written.

    Raises:
        Refusal: as for `read_date`; or an hour that the clocks of `zone` left out.
    """
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    moment = _moment(value)
    if moment is None:
        return None
    try:
        local = moment if moment.tzinfo else moment.replace(tzinfo=zone)
        read = local.astimezone(UTC)
    except OverflowError:
        raise _no_such_day(value) from None
    if read.astimezone(local.tzinfo).replace(tzinfo=None) != local.replace(tzinfo=None):
        raise refuse(
            _("“{read}” does not exist: the clocks went forward then.", "“{read}”不存在：该时刻因夏令时被跳过。"),
            value,
            "no_such_time",
        )
    return read


def _moment(value: object) -> datetime | None:
    """Returns what was written as a day and time, with a zone only where it was written with one."""
    if isinstance(value, datetime):
        _not_before_1900(value.date(), value)
        return value
    if isinstance(value, Decimal):
        value = float(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        finite(value)
        return _serial(float(value), value)
    if value is not None and not isinstance(value, str):
        raise _not_a_date(value)
    text = _AROUND.sub(r"\1", " ".join(plain(cleaned(value or "")).split("\n")).replace("。", "."))
    if not text:
        return None
    if text.upper() in EXCEL_ERRORS:
        raise excel_error(text)
    if re.fullmatch(r"[0-9]{5}(?:\.[0-9]+)?", text):
        return _serial(float(text), value)
    found = _MOMENT.fullmatch(text) if len(text) <= 80 else None
    if found:
        return _composed(found, value)
    if _YEAR_UNCLEAR.fullmatch(text):
        raise refuse(
            _(
                "It is unclear which part of “{read}” is the year. Write the year first with four digits: 2024-06-03.",
                "“{read}”无法确定年份，请先写四位年份，例如 2024-06-03。",
            ),
            value,
            "ambiguous_date",
        )
    raise _not_a_date(value)


def _composed(found: re.Match[str], value: object) -> datetime:
    year, month, day = int(found[1]), int(found[3] or found[5] or found[7]), int(found[4] or found[6] or found[8])
    hour, minute, second = int(found[10] or 0), int(found[11] or 0), int(found[12] or 0)
    half = (found[9] or found[14] or "").upper()
    if half and not 1 <= hour <= 12:
        raise _no_such_day(value)
    if half in ("下午", "晚上", "PM") or (half == "中午" and hour < 3):
        hour = hour % 12 + 12
    elif half in ("上午", "AM"):
        hour %= 12
    try:
        moment = datetime(year, month, day, hour, minute, second, int((found[13] or "0")[:6].ljust(6, "0")))
        if found[15]:
            moment = datetime.fromisoformat(moment.isoformat() + found[15].upper())
    except ValueError:
        raise _no_such_day(value) from None
    _not_before_1900(moment.date(), value)
    return moment


def _serial(number: float, value: object) -> datetime:
    if 19000101 <= number <= 99991231 and number == int(number):
        found = _MOMENT.fullmatch(str(int(number)))
        if found:
            return _composed(found, value)
    if 1900 <= number < 2200 and number == int(number):
        raise refuse(
            _(
                "“{read}” is only a year. Write the day as well: 2024-06-03.",
                "“{read}”仅为年份，请填写完整日期，例如 2024-06-03。",
            ),
            value,
            "only_a_year",
        )
    if number < 1:
        raise _before_1900(value)
    if number >= 2958466:
        raise _not_a_date(value)
    days = int(number)
    if days == 60:
        raise _no_such_day(value)
    seconds = round((number - days) * 86400)
    return datetime(1899, 12, 30 if days > 60 else 31) + timedelta(days=days, seconds=seconds)


def _not_before_1900(day: date, value: object) -> date:
    if day.year < 1900:
        raise _before_1900(value)
    return day


def _before_1900(value: object) -> Refusal:
    return refuse(
        _("“{read}” lies before 1900. Check the year.", "“{read}”早于 1900 年，请核对年份。"), value, "before_1900"
    )


def _no_such_day(value: object) -> Refusal:
    return refuse(
        _("“{read}” is no day or time of the calendar. Check it.", "“{read}”不是实际存在的日期或时间，请核对。"),
        value,
        "no_such_day",
    )


def _not_a_date(value: object) -> Refusal:
    return refuse(
        _("“{read}” is not a date. Write it like 2024-06-03.", "“{read}”不是日期，请按 2024-06-03 的格式填写。"),
        value,
        "not_a_date",
    )
