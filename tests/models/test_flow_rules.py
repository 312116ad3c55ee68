"""Settings of flows by place, over random versions: never more than the flow allows, nearest first, judged by the entry."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.kernel.flow import Flow, Transition
from models.kernel.flow_rules import Version, effective
from models.kernel.options import Options
from models.kernel.refusal import Refusal
from models.kernel.words import _
from models.kernel.worked import MOST_DAYS, after_working_days

ROLES = ("project_clerk", "request_clerk", "finance")
PATHS = ("/1/", "/1/2/", "/1/2/3/", "/1/4/", "/1/2/5/")
START = datetime(2026, 1, 1, tzinfo=UTC)


class Step(Options):
    OPEN = "open", _("Open", "待办"), "amber"
    DONE = "done", _("Done", "完成"), "green"


FLOW = Flow(
    "state",
    Step,
    "open",
    (Transition("finish", _("Finish", "完成"), ("open",), "done", ROLES),),
    ("done",),
    amount="sum",
)
TABLE: Any = SimpleNamespace(__tablename__="claim", flow=FLOW)


@st.composite
def versions(draw: st.DrawFn) -> list[Version]:
    """Versions at random places and times, in the order the kernel reads them; some name roles the flow does not allow."""
    found = []
    for key in range(draw(st.integers(0, 12))):
        path = draw(st.sampled_from(PATHS))
        found.append(
            Version(
                key,
                "claim",
                "finish",
                int(path.strip("/").rpartition("/")[2]),
                path,
                path,
                START + timedelta(days=draw(st.integers(0, 6))),
                tuple(draw(st.lists(st.sampled_from([*ROLES, "contractor"]), unique=True, max_size=4))),
                draw(st.none() | st.lists(st.sampled_from(["a", "b"]), unique=True).map(tuple)),
                None,
                draw(st.none() | st.sampled_from([Decimal(0), Decimal(50), Decimal(500)])),
            )
        )
    return sorted(found, key=lambda v: (v.path.count("/"), v.begins, v.id))


def held(found: list[Version], path: str, day: int) -> Any:
    session: Any = SimpleNamespace(info={"flow_settings": {"claim": found}})
    return effective(session, TABLE, "finish", path, START + timedelta(days=day))


@settings(deadline=None)
@given(versions(), st.sampled_from(PATHS), st.integers(0, 8))
def test_roles_are_only_ever_narrowed(found: list[Version], path: str, day: int) -> None:
    roles = held(found, path, day).roles
    assert roles and set(roles) <= set(ROLES)


@settings(deadline=None)
@given(versions(), st.sampled_from(PATHS), st.integers(0, 8))
def test_the_nearest_place_wins_field_by_field(found: list[Version], path: str, day: int) -> None:
    now, seen = held(found, path, day), START + timedelta(days=day)
    latest = {}
    for version in found:  # of one place the latest that has begun
        if path.startswith(version.path) and version.begins <= seen:
            latest[version.path] = version
    near = sorted(latest.values(), key=lambda v: len(v.path), reverse=True)
    assert now.required == next((v.required for v in near if v.required is not None), ())
    assert now.below == (next((v.below for v in near if v.below is not None), None) or None)
    wanted = next((r for v in near if (r := tuple(role for role in v.roles if role in ROLES))), ROLES)
    assert now.roles == wanted


@settings(deadline=None)
@given(versions(), st.sampled_from(PATHS), st.integers(0, 5))
def test_a_running_record_keeps_what_held_when_it_was_entered(found: list[Version], path: str, day: int) -> None:
    entered = START + timedelta(days=day)
    before = [version for version in found if version.begins <= entered]
    assert held(found, path, day) == held(before, path, day)


@settings(deadline=None)
@given(versions(), st.sampled_from(PATHS), st.integers(0, 8))
def test_places_beside_and_below_do_not_matter(found: list[Version], path: str, day: int) -> None:
    assert held(found, path, day) == held([v for v in found if path.startswith(v.path)], path, day)


@settings(deadline=None)
@given(st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)), st.integers(1, 60))
def test_working_days_are_counted_one_by_one(start: datetime, count: int) -> None:
    aware = start.replace(tzinfo=UTC)
    end = after_working_days(aware, count)
    china = timedelta(hours=8)
    days = [(aware + china + timedelta(days=n)).date() for n in range(1, (end - aware).days + 1)]
    assert sum(day.weekday() < 5 for day in days) == count
    assert days[-1].weekday() < 5


@settings(deadline=None)
@given(st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)), st.integers(0, 40), st.integers(1, 9))
def test_any_calendar_is_counted_one_by_one(start: datetime, count: int, every: int) -> None:
    """A calendar by which every so manieth day is free: as many worked days lie behind as were asked for, none too many."""
    aware = start.replace(tzinfo=UTC)
    end = after_working_days(aware, count, lambda day: every == 1 or day.toordinal() % every != 0)
    china = timedelta(hours=8)
    days = [(aware + china + timedelta(days=n)).date() for n in range(1, (end - aware).days + 1)]
    assert sum(every == 1 or day.toordinal() % every != 0 for day in days) == count
    assert not days or every == 1 or days[-1].toordinal() % every != 0


def test_a_calendar_without_a_working_day_is_said() -> None:
    with pytest.raises(Refusal, match="no working time"):
        after_working_days(datetime(2026, 1, 1, tzinfo=UTC), 1, lambda day: False)
    assert MOST_DAYS > 3_650
