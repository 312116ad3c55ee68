"""Which time is worked at a place: said by the area that keeps work calendars, asked by the time limits of flows.

The kernel knows no calendar of its own. Until somebody keeps one, Monday to Friday are worked.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Protocol

from sqlalchemy.orm import Session

from models.kernel.clock import local
from models.kernel.refusal import Refusal
from models.kernel.words import _

MOST_DAYS = 3_700
"""How far ahead is looked for working days: ten years."""


class Worked(Protocol):
    """The working time of one place."""

    def works(self, day: date) -> bool:
        """Returns whether anything is worked on a day."""
        ...

    def after(self, start: datetime, minutes: int) -> datetime:
        """Returns when so many working minutes after `start` are over.

        Raises:
            Refusal: there is no working time.
        """
        ...


Keeper = Callable[[Session, str | None], Worked]
"""Given the path of a place: its working time, the same whoever asks."""

_keepers: list[Keeper] = []


def kept_by(keeper: Keeper) -> Keeper:
    """Names who knows the working time of places; the last one named is asked."""
    _keepers.append(keeper)
    return keeper


def worked_at(session: Session, path: str | None) -> Worked | None:
    """Returns the working time of a place; None where nobody keeps calendars. Read once a session."""
    if not _keepers:
        return None
    known: dict[str | None, Worked] = session.info.setdefault("worked", {})
    if path not in known:
        known[path] = _keepers[-1](session, path)
    return known[path]


def weekday(day: date) -> bool:
    """Returns whether a day is one of Monday to Friday."""
    return day.isoweekday() < 6


def after_working_days(start: datetime, count: int, works: Callable[[date], bool] = weekday) -> datetime:
    """Returns the same time of day `count` working days later.

    Args:
        start: aware; the day is that of the company's zone.
        works: whether a day is worked.

    Raises:
        Refusal: there are not so many in ten years.
    """
    at = local(start)
    for _day in range(MOST_DAYS):
        if count <= 0:
            return at.astimezone(start.tzinfo)
        at += timedelta(days=1)
        count -= works(at.date())
    raise no_working_time()


def no_working_time() -> Refusal:
    """Returns the refusal of a limit in working time where nothing is worked."""
    return Refusal(
        _(
            "The work calendar of this place has no working time. Ask an administrator to mend it.",
            "该单位的工作日历没有可用的工作时间，请联系管理员维护。",
        ),
        code="no_working_time",
        status=409,
    )
