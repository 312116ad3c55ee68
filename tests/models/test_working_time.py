"""Working time against brute force: a minute at a time, over random calendars, starts and lengths, in two zones."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.kernel.clock import CHINA
from models.parameter.work_calendar import weekdays_told
from models.parameter.working_time import NoWorkingTime, Spans, add_working, working_between

NINE = ((time(9), time(12)), (time(13, 30), time(18)))
FIRST = date(2026, 2, 9)

minute_of_day = st.integers(0, 24 * 60 - 1)
spans = st.lists(minute_of_day, min_size=0, max_size=4, unique=True).map(
    lambda found: tuple(
        (time(a // 60, a % 60), time(b // 60, b % 60))
        for a, b in zip(sorted(found)[::2], sorted(found)[1::2], strict=False)
    )
)
weeks = st.lists(spans, min_size=7, max_size=7)
starts = st.integers(0, 6 * 24 * 60).map(lambda n: datetime(2026, 2, 9, tzinfo=UTC) + timedelta(minutes=n))


def by_day(week: list[Spans]) -> object:
    """The spans of a day of that week, over and over."""
    return lambda day: week[day.weekday()]


def is_worked(moment: datetime, week: list[Spans], zone: object) -> bool:
    """Whether the minute that begins at `moment` is worked."""
    here = moment.astimezone(zone)  # type: ignore[arg-type]
    return any(opens <= here.time() < closes for opens, closes in week[here.weekday()])


@settings(max_examples=60, deadline=None)
@given(weeks, starts, st.integers(1, 2_000))
def test_adding_is_walking_minute_by_minute(week: list[Spans], start: datetime, minutes: int) -> None:
    if not any(week):
        with pytest.raises(NoWorkingTime):
            add_working(start, minutes, by_day(week))  # type: ignore[arg-type]
        return
    now, left = start, minutes
    while left and (now - start) < timedelta(days=60):
        left -= is_worked(now, week, CHINA)
        now += timedelta(minutes=1)
    if left == 0:
        assert add_working(start, minutes, by_day(week)) == now  # type: ignore[arg-type]


@settings(max_examples=60, deadline=None)
@given(weeks, starts, st.integers(0, 4 * 24 * 60))
def test_between_is_counting_worked_minutes(week: list[Spans], start: datetime, length: int) -> None:
    end = start + timedelta(minutes=length)
    worked = sum(is_worked(start + timedelta(minutes=n), week, CHINA) for n in range(length))
    assert working_between(start, end, by_day(week)) == worked  # type: ignore[arg-type]
    assert working_between(end, start, by_day(week)) == -worked  # type: ignore[arg-type]


@settings(max_examples=60, deadline=None)
@given(weeks, starts, st.integers(0, 2_000))
def test_what_was_added_lies_between(week: list[Spans], start: datetime, minutes: int) -> None:
    if any(week):
        end = add_working(start, minutes, by_day(week))  # type: ignore[arg-type]
        assert working_between(start, end, by_day(week)) == minutes  # type: ignore[arg-type]


@settings(max_examples=25, deadline=None)
@given(starts.map(lambda moment: moment + timedelta(days=47)), st.integers(1, 3_000))
def test_a_zone_with_summer_time_counts_true_minutes(start: datetime, minutes: int) -> None:
    """The night of 29 March 2026 has an hour less in Berlin; a day worked through is one of 23 hours then."""
    zone = ZoneInfo("Europe/Berlin")
    week: list[Spans] = [((time(0), time(23, 59)),)] * 7
    end = add_working(start, minutes, by_day(week), zone)  # type: ignore[arg-type]
    now, left = start, minutes
    while left:
        left -= is_worked(now, week, zone)
        now += timedelta(minutes=1)
    assert end == now


def test_lunch_nights_and_weekends_do_not_count() -> None:
    week: list[Spans] = [NINE] * 5 + [()] * 2
    friday = datetime(2026, 2, 13, 17, 0, tzinfo=CHINA)
    assert add_working(friday, 120, by_day(week)) == datetime(2026, 2, 16, 10, 0, tzinfo=CHINA)  # type: ignore[arg-type]
    assert add_working(friday, 0, by_day(week)) == friday  # type: ignore[arg-type]
    saturday = datetime(2026, 2, 14, 11, 0, tzinfo=CHINA)
    assert add_working(saturday, 0, by_day(week)) == datetime(2026, 2, 16, 9, 0, tzinfo=CHINA)  # type: ignore[arg-type]
    noon = datetime(2026, 2, 13, 12, 30, tzinfo=CHINA)
    assert add_working(noon, 30, by_day(week)) == datetime(2026, 2, 13, 14, 0, tzinfo=CHINA)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="forward only"):
        add_working(friday, -1, by_day(week))  # type: ignore[arg-type]


def test_weekdays_are_said_as_people_say_them() -> None:
    said = {stored: weekdays_told(stored) for stored in ("12345", "1246", "7", "1234567", "x")}
    assert {stored: words.zh for stored, words in said.items()} == {
        "12345": "周一至周五",
        "1246": "周一至周二、周四、周六",
        "7": "周日",
        "1234567": "周一至周日",
        "x": "x",
    }
    assert said["12345"].en == "Mon–Fri" and said["1246"].en == "Mon–Tue, Thu, Sat"
