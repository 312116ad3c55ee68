"""Arithmetic of working time: when so many working minutes are over, and how many lie between two moments.

Pure: given the spans worked on each day in the company's zone, everything follows. Moments are aware; the answer is in UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from models.kernel.clock import CHINA

Spans = tuple[tuple[time, time], ...]
"""The times worked on one day, in order and apart: ((09:00, 12:00), (13:30, 18:00)); none on a free day."""

MOST_DAYS = 3_700
"""How far ahead is looked: ten years. Beyond it a calendar has no working time at all."""


class NoWorkingTime(ValueError):
    """The calendar has not so much working time in ten years."""


def _spans_on(day: date, spans: Callable[[date], Spans], zone: tzinfo) -> Iterator[tuple[datetime, datetime]]:
    """Yields the spans of a day as moments in UTC, where differences are true whatever the zone does."""
    for opens, closes in spans(day):
        yield datetime.combine(day, opens, zone).astimezone(UTC), datetime.combine(day, closes, zone).astimezone(UTC)


def add_working(start: datetime, minutes: int, spans: Callable[[date], Spans], zone: tzinfo = CHINA) -> datetime:
    """Returns when so many working minutes after `start` are over.

    Args:
        start: aware.
        minutes: from 0; 0 gives `start` itself where it lies in working time, else when work begins next.
        spans: what is worked on a day of `zone`.
        zone: the zone of the calendar.

    Raises:
        ValueError: `minutes` is below 0.
        NoWorkingTime: there is not so much of it in ten years.
    """
    if minutes < 0:
        raise ValueError("Working minutes are counted forward only.")
    now, left = start.astimezone(UTC), timedelta(minutes=minutes)
    day = start.astimezone(zone).date()
    for ahead in range(MOST_DAYS):
        for opens, closes in _spans_on(day + timedelta(days=ahead), spans, zone):
            begins = max(opens, now)
            if begins > closes or (begins == closes and left > timedelta(0)):
                continue
            if left <= closes - begins:
                return begins + left
            left -= closes - begins
    raise NoWorkingTime(f"There are no {minutes} working minutes within {MOST_DAYS} days after {start}.")


def working_between(start: datetime, end: datetime, spans: Callable[[date], Spans], zone: tzinfo = CHINA) -> int:
    """Returns the whole working minutes between two moments, negative where `end` is earlier."""
    if end < start:
        return -working_between(end, start, spans, zone)
    first, last = start.astimezone(UTC), end.astimezone(UTC)
    day, found = start.astimezone(zone).date(), timedelta(0)
    while day <= end.astimezone(zone).date():
        for opens, closes in _spans_on(day, spans, zone):
            found += max(timedelta(0), min(closes, last) - max(opens, first))
        day += timedelta(days=1)
    return int(found.total_seconds() // 60)
