"""When the demo company entered its rows: `created_at` as the work of years left it.

The tree and the homes were entered before the first of them was sold, one project a working day, so that sorted by it
they are in their natural order. Owners were loaded from ledgers in the last weeks; whatever happened since is dated by
the day it happened on.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from seeds.demo.places import Places, Project

_HOUR = timedelta(hours=1)
_SECOND = timedelta(seconds=1)
_MILLISECOND = timedelta(milliseconds=1)


def _morning(day: date) -> datetime:
    """Returns nine o'clock in China."""
    return datetime(day.year, day.month, day.day, 1, tzinfo=UTC)


def working_days(first: date, count: int, step: int = 1) -> list[date]:
    """Returns `count` working days from `first` on, backwards with a step of -1; in the order of the calendar."""
    days: list[date] = []
    day = first
    while len(days) < count:
        if day.weekday() < 5:
            days.append(day)
        day += timedelta(days=step)
    return sorted(days)


class Story:
    """The calendar of the demo company.

    Args:
        now: the moment nothing may be later than, where the company lives on the real today.

    Attributes:
        opening: the day its console was set up: organisation and people.
    """

    def __init__(self, whole: Places, now: datetime | None = None) -> None:
        first = min(building.started for project in whole.projects for building in project.buildings)
        self.today = whole.today
        early = _morning(whole.today) - _HOUR
        self._early = min(early, now - _HOUR) if now else early
        self.opening = working_days(min(first, whole.today) - timedelta(days=60), 1)[0]
        count = len(whole.projects)
        self._entered = working_days(self.opening + timedelta(days=1), count)
        self._loaded = working_days(whole.today - timedelta(days=1), count, -1)
        self._mornings: dict[date, datetime] = {}

    def opened(self) -> datetime:
        """Returns the moment the console was set up."""
        return _morning(self.opening)

    def entered(self, project: Project) -> datetime:
        """Returns the moment a project was entered; later projects later."""
        return _morning(self._entered[project.ordinal - 1])

    def phase(self, project: Project, ordinal: int) -> datetime:
        """Returns the moment a project's phase, or its house type, was entered."""
        return self.entered(project) + 60 * ordinal * _SECOND

    def building(self, project: Project, ordinal: int) -> datetime:
        """Returns the moment a project's building was entered; the later the ordinal, the later."""
        return self.entered(project) + _HOUR + ordinal * _SECOND

    def unit(self, project: Project, ordinal: int) -> datetime:
        """Returns the moment a project's unit was generated."""
        return self.entered(project) + 2 * _HOUR + 20 * ordinal * _MILLISECOND

    def room(self, project: Project, ordinal: int) -> datetime:
        """Returns the moment a project's room was generated."""
        return self.entered(project) + 4 * _HOUR + ordinal * _MILLISECOND

    def owned(self, project: Project, ordinal: int, since: date) -> datetime:
        """Returns the moment an ownership was entered: from the project's ledger, or on the day it began if later."""
        loaded = self._loaded[project.ordinal - 1]
        if since > loaded:
            return self.on(since, ordinal)
        return _morning(loaded) + 20 * ordinal * _MILLISECOND

    def on(self, day: date, ordinal: int) -> datetime:
        """Returns a working hour of `day`; on today it is early. Neighbouring ordinals follow each other."""
        if day >= self.today:
            return self._early + ordinal % 3000 * _SECOND
        found = self._mornings.get(day)
        if found is None:
            found = self._mornings[day] = _morning(day)
        return found + ordinal * 7 % 28_800 * _SECOND

    def filed(self, project: Project, day: date, ordinal: int) -> datetime:
        """Returns the moment a paper of `day` was entered: with its project, or on that day if it is later."""
        entered = self.entered(project)
        return max(entered + _HOUR / 2 + ordinal * _SECOND, self.on(min(day, self.today), ordinal))
