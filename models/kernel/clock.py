"""The clock is handed in, never looked up: a test, an import and a night job each bring their own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo

Clock = Callable[[], datetime]

CHINA = timezone(timedelta(hours=8), "UTC+8")
"""The zone of the company; China keeps one zone and no summer time."""


def utc_now() -> datetime:
    """Returns this moment, aware, in UTC."""
    return datetime.now(UTC)


def frozen(moment: datetime) -> Clock:
    """Returns a clock that stands still at `moment` (aware)."""
    return lambda: moment


def local(moment: datetime, zone: tzinfo = CHINA) -> datetime:
    """Returns `moment` (aware, or naive and meant as UTC) as wall-clock time in `zone`."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(zone)


def today(clock: Clock, zone: tzinfo = CHINA) -> date:
    """Returns the date it is now in `zone`."""
    return local(clock(), zone).date()
