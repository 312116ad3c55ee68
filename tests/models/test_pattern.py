"""Patterns of numbers: what is read, what is refused, what is given, and which two could give the same."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.kernel.pattern import Cycle, overlap, read_pattern
from models.kernel.refusal import Refusal

DAY = date(2025, 6, 2)
ENOUGH = "{yyyy}{mm}{dd}"


@pytest.mark.parametrize(
    ("text", "cycle", "code"),
    [
        ("JD{yyyy}", "none", "no_sequence"),
        ("{seq:04d}{seq:04d}", "none", "no_sequence"),
        ("JD{seq}", "none", "unknown_placeholder"),
        ("JD{seq:4d}", "none", "unknown_placeholder"),
        ("JD{hh}{seq:04d}", "none", "unknown_placeholder"),
        ("JD{yyyy", "none", "unknown_placeholder"),
        ("JD}{seq:04d}", "none", "unknown_placeholder"),
        ("=JD{seq:04d}", "none", "unknown_placeholder"),
        ("J D{seq:04d}", "none", "unknown_placeholder"),
        ("{0.__class__}{seq:04d}", "none", "unknown_placeholder"),
        ("", "none", "no_sequence"),
        ("JD{seq:04d}", "year", "cycle_not_shown"),
        ("JD{yyyy}{seq:04d}", "month", "cycle_not_shown"),
        ("JD{mm}{seq:04d}", "month", "cycle_not_shown"),
        ("JD{yyyy}{mm}{seq:04d}", "day", "cycle_not_shown"),
        ("JD{company}{project}{seq:04d}", "none", "too_long"),
    ],
)
def test_what_is_refused(text: str, cycle: str, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        read_pattern(text, cycle)
    assert (refused.value.code, refused.value.field) == (code, "pattern")
    for language in ("zh", "en"):
        assert refused.value.sentence.said(language)


def test_what_is_given() -> None:
    pattern = read_pattern("JD-{project}-{yy}{mm}{dd}/{seq:04d}", "day")
    assert pattern.said(DAY, 7, {"project": "HP"}) == "JD-HP-250602/0007"
    assert pattern.said(DAY, 12345, {"project": "HP"}) == "JD-HP-250602/12345"
    assert pattern.series({"project": "HP"}) == "JD-HP-{yy}{mm}{dd}/{seq:04d}"
    cycles = [read_pattern(f"{ENOUGH}{{seq:03d}}", cycle.value).cycle_of(DAY) for cycle in Cycle]
    assert cycles == ["", "2025", "2025-06", "2025-06-02"]


@pytest.mark.parametrize(
    ("one", "other", "may"),
    [
        ("JD{seq:04d}", "JD{seq:04d}", True),
        ("JD{seq:04d}", "JD{seq:06d}", True),
        ("JD{seq:04d}", "RW{seq:04d}", False),
        ("JD{yyyy}{seq:04d}", "JD{seq:04d}", True),
        ("JD{yyyy}-{seq:04d}", "JD{seq:04d}", False),
        ("JD2{seq:03d}", "JD{seq:04d}", True),
        ("{project}-{seq:04d}", "JD-{seq:04d}", True),
        ("{project}-{seq:04d}", "JD/{seq:04d}", False),
        ("{seq:04d}A", "{seq:04d}B", False),
    ],
)
def test_overlap(one: str, other: str, may: bool) -> None:
    left, right = read_pattern(one, "none"), read_pattern(other, "none")
    assert overlap(left, right) is overlap(right, left) is may


pieces = st.lists(st.sampled_from(["JD", "-", "1", "20", "{yyyy}", "{mm}", "{yy}"]), max_size=4)


@given(pieces, pieces, st.integers(1, 5), st.integers(1, 99999), st.integers(1, 99999))
def test_what_gives_the_same_number_overlaps(
    before: list[str], after: list[str], width: int, one: int, other: int
) -> None:
    left = read_pattern("".join(before) + f"{{seq:0{width}d}}", "none")
    right = read_pattern("".join(after) + "{seq:02d}", "none")
    if left.said(DAY, one, {}) == right.said(DAY, other, {}):
        assert overlap(left, right)
