"""Room generation: patterns, plans, comparison with what exists, the preview grid."""

from __future__ import annotations

import time
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.property import typed
from models.property.generation import (
    LIMIT,
    AreaRule,
    Difference,
    ExistingRoom,
    LineRule,
    Override,
    Pattern,
    Plan,
    Refusal,
    compare,
    floor_label,
    grid,
    plan,
)

LEDGER = {
    "buildings": "1-8",
    "units": "2",
    "first": "1",
    "last": "18",
    "skipped": "4，14",
    "lines": "4",
    "rules-0-lines": "1",
    "rules-0-layout": "B户型",
    "rules-1-lines": "2-3",
    "rules-1-layout": "C户型",
    "rules-2-lines": "4",
    "rules-2-layout": "A户型",
    "areas-0-layout": "B户型",
    "areas-0-area": "126.48㎡",
    "areas-1-layout": "A户型",
    "areas-1-area": "89.37",
}
"""The shape of tests/data/ledger-sample.xlsx: 8 buildings, 2 units, 18 floors without 4 and 14, 4 lines."""


def done(planned: Plan) -> list[ExistingRoom]:
    """Returns the rooms as they would be once the plan was carried out."""
    return [
        ExistingRoom(r.building, r.unit, r.no, r.floor, r.layout, r.area, key=index)
        for index, r in enumerate(planned.rooms)
    ]


def refused(values: dict[str, str], layouts: list[str] | None = None) -> list[tuple[str | None, str]]:
    """Returns (field, code) of every refusal of a form, and checks that each is said in both languages."""
    with pytest.raises(Refusal) as caught:
        plan(Pattern.from_form(values), layouts)
    for refusal in caught.value.all():
        assert refusal.sentence.said("zh") != refusal.sentence.said("en")
    return [(refusal.field, refusal.code) for refusal in caught.value.all()]


def numbers(pattern: Pattern) -> list[str]:
    return [room.no for room in plan(pattern).rooms]


def test_the_ledger_sample_is_a_pattern() -> None:
    planned = plan(Pattern.from_form(LEDGER))
    assert len(planned.rooms) == 1024
    first, last = planned.rooms[0], planned.rooms[-1]
    assert (first.building, first.unit, first.no, first.layout, first.area) == (
        "1幢", "1单元", "101", "B户型", Decimal("126.48"),
    )  # fmt: skip
    assert (last.building, last.unit, last.no, last.floor, last.storey) == ("8幢", "2单元", "1804", 18, 16)
    assert planned.buildings[0].units == ("1单元", "2单元")
    assert planned.buildings[0].storeys == 16


@pytest.mark.parametrize(
    ("numbering", "expected"),
    [
        ("{floor}{line:02d}", ["101", "102", "1201", "1202"]),
        ("{floor:02d}{line:02d}", ["0101", "0102", "1201", "1202"]),
        ("{unit}{floor:02d}{line:02d}", ["10101", "10102", "11201", "11202"]),
        ("{floor}{letter}", ["1A", "1B", "12A", "12B"]),
        ("{building}-{floor}0{line}", ["7-101", "7-102", "7-1201", "7-1202"]),
        ("{storey}-{line}", ["1-1", "1-2", "2-1", "2-2"]),
    ],
)
def test_numberings(numbering: str, expected: list[str]) -> None:
    pattern = Pattern(("7幢",), last=12, skipped=tuple(range(2, 12)), lines=2, numbering=numbering)
    assert numbers(pattern) == expected


def test_basements_have_no_floor_zero_and_count_down() -> None:
    planned = plan(Pattern(("1幢",), first=-2, last=1, lines=1))
    assert [(room.no, room.floor, room.storey) for room in planned.rooms] == [
        ("B2-01", -2, -2), ("B1-01", -1, -1), ("101", 1, 1),
    ]  # fmt: skip
    assert [floor_label(floor) for floor in (-1, 12, None)] == ["B1", "12", "-"]


def test_storeys_count_what_is_there() -> None:
    planned = plan(Pattern(("1幢",), first=3, last=15, skipped=(4, 13, 14), lines=1))
    assert [(room.floor, room.storey) for room in planned.rooms][:2] == [(3, 3), (5, 4)]
    assert planned.rooms[-1].storey == 12


def test_the_more_special_rule_wins_and_of_equals_the_later() -> None:
    pattern = Pattern(
        ("1幢", "2幢"),
        last=3,
        lines=2,
        rules=(
            LineRule(layout="Z"),
            LineRule((1,), "B", first=1, last=2),
            LineRule((1,), "A"),
            LineRule((2,), "C", buildings=("2幢",)),
            LineRule((2,), area=Decimal("77.7"), first=3, last=3, buildings=("2幢",)),
        ),
        areas=(AreaRule("A", Decimal(90)), AreaRule("B", Decimal(120)), AreaRule("B", Decimal(121), 2, 2)),
    )
    layouts = {"Z": Decimal(50), "A": None, "B": None, "C": None}
    found = {(room.building, room.no): (room.layout, room.area) for room in plan(pattern, layouts).rooms}
    assert found["1幢", "101"] == ("B", Decimal(120))
    assert found["1幢", "201"] == ("B", Decimal(121))
    assert found["1幢", "301"] == ("A", Decimal(90))
    assert found["1幢", "102"] == ("Z", Decimal(50))
    assert found["2幢", "102"] == ("C", None)
    assert found["2幢", "302"] == ("C", Decimal("77.7"))


def test_duplexes_take_the_top_two_floors_and_keep_the_lower_number() -> None:
    planned = plan(Pattern(("1幢",), last=5, skipped=(4,), lines=2, duplex_lines=(2,)))
    assert [(r.no, r.span) for r in planned.rooms][-3:] == [("301", 1), ("302", 2), ("501", 1)]
    every = plan(Pattern(("1幢",), last=3, lines=2, duplex_lines=(1, 2)))
    rows = grid(compare(every, []))[0]["units"][0]["floors"]
    assert [row["label"] for row in rows] == ["3", "2", "1"]
    assert rows[0]["rooms"] == []
    assert [cell["span"] for cell in rows[1]["rooms"]] == [2, 2]


def test_buildings_differ_by_override() -> None:
    third = Override(("3幢",), units=1, last=18, skipped=(4,))
    pattern = Pattern(("1幢", "2幢", "3幢"), units=2, last=11, lines=2, overrides=(third,))
    planned = plan(pattern)
    assert [(b.name, len(b.units), b.last, b.storeys) for b in planned.buildings][1:] == [
        ("2幢", 2, 11, 11), ("3幢", 1, 18, 17),
    ]  # fmt: skip
    assert len(planned.rooms) == pattern.count() == 2 * 44 + 34


def test_what_cannot_be_is_said_at_the_field() -> None:
    one = {"buildings": "1"}
    assert refused({}) == [("buildings", "required")]
    assert refused({"buildings": "1,1"}) == [("buildings", "duplicate")]
    assert refused({"buildings": "3-1", "last": "x"}) == [("buildings", "reversed"), ("last", "unreadable")]
    assert refused({**one, "first": "5", "last": "2"}) == [("last", "reversed")]
    assert refused({**one, "first": "0"}) == [("first", "out_of_range")]
    assert refused({**one, "units": "0"}) == [("units", "out_of_range")]
    assert refused({**one, "units": "2", "unit_name": "单元"}) == [("unit_name", "duplicate")]
    assert refused({**one, "last": "2", "skipped": "1,2"}) == [("skipped", "empty")]
    assert refused({**one, "numbering": "odd"}) == [("numbering", "unknown_choice")]
    assert refused({**one, "numbering": "custom"}) == [("numbering_custom", "required")]
    assert refused({**one, "buildings": "1-100", "units": "4"}) == [("buildings", "too_many")]
    assert refused({**one, "duplex": "on", "duplex_lines": "9"}) == [("duplex_lines", "out_of_range")]
    assert refused({**one, "rules-0-lines": "5"}) == [("rules-0-lines", "out_of_range")]
    assert refused({**one, "rules-0-layout": "Q"}, ["A"]) == [("rules-0-layout", "unknown_layout")]
    assert refused({**one, "rules-0-lines": "1", "rules-0-area": "0"}) == [("rules-0-area", "not_positive")]
    assert refused({**one, "areas-0-layout": "A", "areas-0-area": "-143.05"}) == [("areas-0-area", "not_positive")]
    assert refused({**one, "areas-0-area": "9"}) == [("areas-0-layout", "required")]
    assert refused({**one, "overrides-0-buildings": "2"}) == [("overrides-0-buildings", "unknown_building")]
    assert refused({**one, "overrides-0-buildings": "1", "overrides-0-last": "-1"}) == [
        ("overrides-0-last", "reversed")
    ]


@pytest.mark.parametrize("numbering", ["{foo}", "{floor.real}", "{floor[0]}", "{line!r}", "{floor:>999}", "{}", "{"])
def test_placeholders_are_those_we_know(numbering: str) -> None:
    with pytest.raises(Refusal) as caught:
        plan(Pattern(("1幢",), numbering=numbering))
    assert caught.value.field == "numbering"


def test_numbers_that_fall_together_are_refused() -> None:
    with pytest.raises(Refusal) as caught:
        plan(Pattern(("1幢",), lines=12, numbering="{floor}{line}"))
    assert (caught.value.field, caught.value.code) == ("numbering", "duplicate")
    assert "111" in caught.value.sentence.said("zh")


def test_skipping_a_floor_no_building_has_is_only_a_note() -> None:
    assert "44" in plan(Pattern(("1幢",), skipped=(4, 44))).notes[0].said("zh")


@pytest.mark.parametrize(
    ("text", "floors"),
    [
        ("4,13,14", (4, 13, 14)),
        ("1-2,5，7", (1, 2, 5, 7)),
        ("B2-B1", (-2, -1)),
        ("-2--1", (-2, -1)),
        ("-2~3", (-2, -1, 1, 2, 3)),
        ("负1层、１２层", (-1, 12)),
        ("3 至 5", (3, 4, 5)),
        ("", ()),
    ],
)
def test_floors_as_people_type_them(text: str, floors: tuple[int, ...]) -> None:
    assert typed.floors_of(text, "skipped") == floors


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("1-3", ("1幢", "2幢", "3幢")),
        ("A-C", ("A幢", "B幢", "C幢")),
        ("1号楼-2号楼、会所", ("1号楼", "2号楼", "会所")),
        ("1-2幢,9", ("1幢", "2幢", "9幢")),
        ("S1-S2,至善楼", ("S1", "S2", "至善楼")),
    ],
)
def test_buildings_as_people_type_them(text: str, names: tuple[str, ...]) -> None:
    assert typed.names_of(text, "buildings") == names


def test_comparison_tells_new_same_changed_and_other() -> None:
    planned = plan(Pattern.from_form({**LEDGER, "buildings": "1", "units": "1", "last": "2"}))
    rooms = done(planned)
    existing = [
        rooms[0],
        ExistingRoom("1幢", "1单元", "１０２", 1, "D户型", Decimal("98.60")),
        ExistingRoom("1幢", "1单元", "999", 9, key=7),
        ExistingRoom("9幢", "1单元", "101", None),
    ]
    found = compare(planned, existing)
    assert found.counts() == {"new": 6, "same": 1, "changed": 1, "other": 2}
    assert found.changed[0].fields == {"layout": ("D户型", "C户型")}
    preview = grid(found)
    assert [building["building"] for building in preview] == ["1幢", "9幢"]
    floors = preview[0]["units"][0]["floors"]
    assert [row["label"] for row in floors] == ["9", "2", "1"]
    assert [(cell["no"], cell["state"]) for cell in floors[2]["rooms"]] == [
        ("101", "same"), ("102", "changed"), ("103", "new"), ("104", "new"),
    ]  # fmt: skip
    assert floors[0]["rooms"][0]["state"] == "other"


def test_ten_thousand_rooms_take_no_time() -> None:
    pattern = Pattern(
        typed.names_of("1-25", "buildings"),
        units=4,
        last=25,
        rules=tuple(LineRule((line,), "ABCD"[line - 1]) for line in range(1, 5)),
    )
    started = time.perf_counter()
    planned = plan(pattern)
    grid(compare(planned, done(planned)))
    assert len(planned.rooms) == LIMIT
    assert time.perf_counter() - started < 2


def test_a_pattern_that_cannot_be_read_is_refused() -> None:
    for text in ("", "[]", "{}", '{"buildings":["1"],"colour":1}', '{"buildings":["1"],"areas":[{"area":"x"}]}'):
        with pytest.raises(Refusal):
            Pattern.from_json(text)


SPANS = st.tuples(st.integers(-3, 30), st.integers(-3, 30)).filter(lambda s: s[0] <= s[1] and s[0] and s[1])
AREAS = st.decimals(Decimal("20"), Decimal("300"), places=2)


@st.composite
def patterns(draw: st.DrawFn) -> Pattern:
    """Draws patterns that make sense, of a few hundred rooms."""
    lines = draw(st.integers(1, 6))
    first, last = draw(SPANS)
    names = tuple(f"{n}幢" for n in range(1, draw(st.integers(1, 3)) + 1))
    line = st.integers(1, lines)
    layouts = st.sampled_from(["A户型", "B户型（边套）", "C"])
    tall = first < last and last > 2
    return Pattern(
        buildings=names,
        units=draw(st.integers(1, 3)),
        first=first,
        last=last,
        skipped=draw(st.lists(st.integers(1, 40), max_size=4).map(tuple)),
        lines=lines,
        rules=tuple(
            draw(
                st.lists(
                    st.builds(
                        LineRule,
                        lines=st.lists(line, max_size=2, unique=True).map(tuple),
                        layout=layouts,
                        area=st.none() | AREAS,
                    ),
                    max_size=3,
                )
            )
        ),
        areas=tuple(draw(st.lists(st.builds(AreaRule, layout=layouts, area=AREAS), max_size=2))),
        duplex_lines=draw(st.lists(line, max_size=2, unique=True).map(tuple)) if tall else (),
        numbering=draw(st.sampled_from(["{floor}{line:02d}", "{floor:02d}{line:02d}", "{floor}{letter}"])),
        overrides=draw(st.sampled_from([(), (Override((names[-1],), units=1, first=1, last=7),)])),
    )


def carried_out(pattern: Pattern) -> tuple[Plan, Difference] | None:
    """Returns the plan and its comparison with itself, or None where the draw makes no sense."""
    try:
        planned = plan(pattern)
    except Refusal as refusal:
        assert all(each.code in {"empty", "out_of_range"} for each in refusal.all())
        return None
    return planned, compare(planned, done(planned))


@settings(max_examples=150, deadline=None)
@given(patterns())
def test_doors_are_unique_and_running_again_finds_nothing_new(pattern: Pattern) -> None:
    result = carried_out(pattern)
    if result is None:
        return
    planned, again = result
    doors = {(room.building, room.unit, room.no) for room in planned.rooms}
    assert len(doors) == len(planned.rooms) == pattern.count()
    assert again.counts() == {"new": 0, "same": len(doors), "changed": 0, "other": 0}
    cells = [cell for b in grid(again) for u in b["units"] for f in u["floors"] for cell in f["rooms"]]
    assert len(cells) == len(doors)
    covered = sum(room.span for room in planned.rooms)
    assert covered == sum(s.units * s.lines * len(s.floors()) for s in pattern.shapes())
    heights = sorted({(room.building, room.floor, room.storey) for room in planned.rooms})
    assert all(a[2] < b[2] for a, b in pairwise(heights) if a[0] == b[0])
    assert all(room.floor and room.storey for room in planned.rooms)


@settings(max_examples=150, deadline=None)
@given(patterns())
def test_patterns_survive_json_and_form(pattern: Pattern) -> None:
    assert Pattern.from_json(pattern.to_json()) == pattern
    again = Pattern.from_form(pattern.to_form())
    result = carried_out(pattern)
    if result is not None:
        assert plan(again).rooms == result[0].rooms
