"""Every figure of every report is what a count by hand gives, for everybody; and it leads to exactly its rows."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.reports import load
from models.customer.customer import Customer, CustomerKind, Level
from models.customer.ownership import Ownership, Use
from models.customer.visit_record import VisitRecord
from models.kernel.actor import SYSTEM
from models.kernel.clock import frozen
from models.kernel.session import act
from models.property.room import HandoverState, Room, SaleState
from reports.kernel.counting import count, rows
from reports.kernel.question import ask, levels, places
from reports.kernel.report import REPORTS, Measure, Report
from reports.kernel.workbook import as_csv
from tests.contract.oracle import Oracle
from tests.databases import BOTH
from tests.reports.counted import SAID, figures
from tests.reports.said import Said
from tests.reports.work import MARKUP, fill
from tests.world import NOW, World

load()
PEOPLE = (
    "group_leader",
    "regional_admin",
    "company_leader",
    "project_leader",
    "bay_clerk",
    "request_clerk",
    "stranger",
)


@pytest.fixture
def busy(session: Session, world: World) -> Iterator[Session]:
    """The world with homes in all states, owners of all kinds, gaps, and visits on both sides of midnight."""
    act(session, SYSTEM, frozen(NOW))
    dice = random.Random(7)
    for room in session.scalars(select(Room).order_by(Room.id)):
        room.sale_state = dice.choice(list(SaleState)).value
        room.handover_state = dice.choice(list(HandoverState)).value
        room.presale_area = dice.choice([None, Decimal("88.88"), Decimal("120.01")])
        room.house_type_id = dice.choice([None, room.house_type_id])
    for customer in session.scalars(select(Customer).order_by(Customer.id)):
        customer.level = dice.choice(list(Level)).value
        customer.gender = dice.choice([None, "male", "female"])
        if dice.random() < 0.4:
            customer.mobile = None
    company = Customer(
        node_id=world.nodes["hangzhou"][0],
        kind=CustomerKind.COMPANY,
        name="某有限公司",
        cert_kind="passport",
        level="vip",
    )
    session.add(company)
    session.flush()
    for place, name in enumerate(("lake-1-1-102", "lake-2-1-102", "hill-1-1-201")):
        row = Ownership(
            room_id=world.id("room", name),
            customer_id=company.id,
            share=Decimal(100),
            from_day=NOW.date() - timedelta(days=400),
            until_day=NOW.date() if place == 2 else None,
            use=dice.choice(list(Use)).value,
        )
        session.add(row)
    moments = ("2025-01-31T15:59", "2025-01-31T16:00", "2025-02-01T00:00", "2024-12-31T16:00", "2024-12-31T15:59")
    for place, written in enumerate(moments):
        where = ("lake", "hill", "river", "lake", "lake")[place]
        customer = world.id("customer", ("chen", "lin", "xu", "chen", "zhou")[place])
        at = datetime.fromisoformat(written).replace(tzinfo=UTC)
        session.add(VisitRecord(project_id=world.id("project", where), customer_id=customer, visited_at=at))
    fill(session, world, dice)
    session.commit()
    yield session


@pytest.fixture
def law(busy: Session) -> Oracle:
    return Oracle(busy.get_bind(), NOW.date())  # type: ignore[arg-type]


def _same(found: dict[str, Any], wanted: dict[str, Any], report: Report) -> bool:
    counted = (*report.measures, *report.runnings)
    return all(Decimal(str(found[each.name])) == Decimal(str(wanted[each.name])) for each in counted)


def test_every_report_is_said_a_second_time() -> None:
    assert set(SAID) == set(REPORTS)
    for name, report in REPORTS.items():
        assert set(SAID[name].measures) == {measure.name for measure in report.measures}
        times = {"month", "day"} if report.when is not None else set()
        assert set(SAID[name].running) == {running.name for running in report.runnings}
        assert set(SAID[name].always) == {measure.name for measure in report.measures if measure.always}
        assert set(SAID[name].axes) == {one.name for one in report.dimensions} | times


@pytest.mark.parametrize("login", PEOPLE)
def test_figures_are_those_of_a_count_by_hand(busy: Session, world: World, law: Oracle, login: str) -> None:
    act(busy, world.actor(login), frozen(NOW))
    for name, report in sorted(REPORTS.items()):
        _check(busy, world, law, report, SAID[name], login)


def _check(busy: Session, world: World, law: Oracle, report: Report, said: Said, login: str) -> None:
    visible = law.keys(world.accounts[login], said.table)
    seen = [row for key, row in law.rows[said.table].items() if key in visible and said.base(law.rows, row)]
    offered = places(busy, report)
    some = {None: None, **{one.kind: one for one in offered}}  # the last of each level: the rest is the same statement
    for place in some.values():
        raw = {"period": "all", **({"node": str(place.node)} if place else {})}
        asked = ask(busy, report, raw)
        here = asked.place
        ways = levels(report, here, offered)
        if place is None or place.kind == "project":
            ways += [one.name for one in report.dimensions] + (["month"] if report.when is not None else [])
        for by in ways:
            question = ask(busy, report, {**raw, "by": by})
            assert question.by == by and not question.notes
            mine = [
                row for row in seen if here is None or law.holds((here.kind, here.key), ("project", row["project_id"]))
            ]
            lines, total = figures(said, law.rows, mine, by)
            outcome = count(busy, report, question)
            assert {line.key for line in outcome.lines} == set(lines), (login, place, by)
            for line in outcome.lines:
                assert _same(line.values, lines[line.key], report), (login, place, by, line.label, lines[line.key])
            assert _same(outcome.totals, total, report), (login, place, by)


def test_a_figure_leads_to_exactly_its_rows(busy: Session, world: World) -> None:
    act(busy, world.actor("regional_admin"), frozen(NOW))
    dice = random.Random(3)
    for report in REPORTS.values():
        for by in (
            "project",
            *(one.name for one in report.dimensions),
            *(("month",) if report.when is not None else ()),
        ):
            question = ask(busy, report, {"period": "all", "by": by})
            outcome = count(busy, report, question)
            for measure in report.measures:
                some = dice.sample(outcome.lines, min(1, len(outcome.lines)))
                for line, values in [(None, outcome.totals), *((line, line.values) for line in some)]:
                    key, way = (line.key, question.by) if line is not None else (None, None)
                    found = rows(report, question, measure, way, key)
                    wanted = Decimal(str(values[measure.name]))
                    assert _through_list(busy, report, measure, found) == wanted, (report.name, by, measure.name)


def _through_list(session: Session, report: Report, measure: Measure, found: Any) -> Decimal:
    """What the rows add up to, looked at one by one as their list shows them."""
    cls: Any = measure.rows[0] if measure.rows else report.entity
    if measure.kind == "sum":
        shown = session.scalars(select(cls).where(cls.id.in_(found)))
        return sum((getattr(row, measure.of.key) for row in shown), Decimal(0))
    return Decimal(session.scalar(select(func.count(cls.id)).where(cls.id.in_(found))) or 0)


def test_a_ratio_is_made_of_totals_and_not_of_ratios(busy: Session, world: World) -> None:
    act(busy, world.actor("group_leader"), frozen(NOW))
    report = REPORTS["room_inventory"]
    outcome = count(busy, report, ask(busy, report, {"by": "company"}))
    homes = busy.scalar(select(func.count()).select_from(Room))
    signed = busy.scalar(select(func.count()).select_from(Room).where(Room.sale_state == SaleState.SIGNED))
    assert outcome.totals["sold"] == pytest.approx(signed * 100 / homes)
    assert len({line.values["sold"] for line in outcome.lines}) > 1


def test_nothing_to_divide_by_is_no_number(busy: Session, world: World) -> None:
    act(busy, world.actor("stranger"), frozen(NOW))
    for report in REPORTS.values():
        outcome = count(busy, report, ask(busy, report, {}))
        assert not outcome.lines and all(outcome.totals[ratio.name] is None for ratio in report.ratios)


def test_the_period_before_is_as_long_and_is_compared_line_by_line(busy: Session, world: World) -> None:
    act(busy, world.actor("group_leader"), frozen(NOW))
    report = REPORTS["visits"]
    question = ask(busy, report, {"from": "2025-02-01", "to": "2025-02-28", "by": "project", "compare": "previous"})
    before = question.before()
    assert before is not None and (str(before.start), str(before.end)) == ("2025-01-01", "2025-01-31")
    outcome = count(busy, report, question)
    by_name = {line.label: (line.values["visits"], line.before.get("visits")) for line in outcome.lines}
    assert by_name == {"云栖山居": (1, None), "江岸府": (1, None), "湖畔花园": (0, 2)}
    assert (outcome.totals["visits"], outcome.before["visits"]) == (2, 2)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ({"node": "999999"}, "无权"),
        ({"node": "1 or 1=1"}, "无权"),
        ({"by": "<b>x</b>"}, "无法按"),
        ({"from": "2025-03-01", "to": "2025-01-01"}, "早于"),
        ({"from": "2999-01-01"}, "未来"),
        ({"from": "bad"}, "日期"),
        ({"from": "1925-01-01", "to": "2025-12-31", "by": "day"}, "按月"),
        ({"period": "all", "compare": "year"}, "先选择"),
    ],
)
def test_what_cannot_be_asked_is_left_out_and_said(busy: Session, world: World, raw: dict[str, str], said: str) -> None:
    act(busy, world.actor("regional_admin"), frozen(NOW))
    report = REPORTS["visits"]
    question = ask(busy, report, raw)
    assert any(said in note.zh for note in question.notes), question.notes
    count(busy, report, question)


WRONG = (
    ({"node": "999999"}, "无权"),
    ({"node": "{bay}"}, "无权"),
    ({"by": "<b>x</b>"}, "无法按"),
    ({"from": "2025-03-01", "to": "2025-01-01"}, "早于"),
    ({"from": "2999-01-01"}, "未来"),
    ({"from": "1925-01-01", "to": "2025-12-31", "by": "day"}, "按月"),
)
"""What an address may say, and what is said of it: a place without rights, a period turned round, to come, a century long."""


@pytest.mark.parametrize("name", sorted(REPORTS))
def test_no_report_breaks_at_a_mangled_question(busy: Session, world: World, name: str) -> None:
    act(busy, world.actor("regional_admin"), frozen(NOW))
    report = REPORTS[name]
    for raw, said in WRONG:
        if report.when is None and "from" in raw:
            continue  # its figures are those of now, whatever the period says
        asked = {key: value.replace("{bay}", str(world.nodes["bay"][0])) for key, value in raw.items()}
        question = ask(busy, report, asked)
        assert any(said in note.zh for note in question.notes), (name, raw)
        outcome = count(busy, report, question)
        if "node" in raw:  # their own part, as if nothing had been asked
            assert outcome.totals == count(busy, report, ask(busy, report, {})).totals
        if raw.get("from") == "2999-01-01":  # 0 rows: no line, and nothing to divide by
            always = {one.name for one in report.measures if one.always}
            assert not any(outcome.totals[one.name] for one in report.measures if one.name not in always)
        as_csv(outcome, lambda words: getattr(words, "zh", str(words)))


@pytest.mark.parametrize("backend", BOTH)
def test_every_report_is_counted_by_every_dimension_on_both_engines(busy: Session, world: World) -> None:
    act(busy, world.actor("group_leader"), frozen(NOW))
    for report in REPORTS.values():
        for by in ("project", *(one.name for one in report.dimensions), *(("day",) if report.when is not None else ())):
            raw = {"by": by, **({"from": "2025-01-01", "to": "2025-12-31"} if report.when is not None else {})}
            outcome = count(busy, report, ask(busy, report, raw))
            assert set(outcome.totals) == {figure.name for figure in report.figures}


def test_progress_goes_on_from_what_was_before_the_period(busy: Session, world: World) -> None:
    act(busy, world.actor("group_leader"), frozen(NOW))
    report = REPORTS["handover_progress"]
    for by in ("day", "project"):
        raw = {"from": "2025-04-01", "to": "2025-05-20", "by": by}
        outcome = count(busy, report, ask(busy, report, raw))
        before = count(busy, report, ask(busy, report, {**raw, "from": "2000-01-01", "to": "2025-03-31"})).totals[
            "taken"
        ]
        taken = outcome.totals["taken"]
        assert before and taken and outcome.lines
        assert outcome.totals["so_far"] == before + taken
        assert sum(line.values["taken"] for line in outcome.lines) == taken
        everything = count(busy, report, ask(busy, report, {"period": "all"})).totals
        assert outcome.totals["planned"] == everything["planned"] > everything["decided"]
        assert outcome.totals["handed"] == pytest.approx((before + taken) * 100 / everything["planned"])
        if by == "day":
            assert outcome.lines[-1].values["so_far"] == before + taken
        else:
            assert sum(line.values["so_far"] for line in outcome.lines) == before + taken


def test_a_category_deleted_since_keeps_its_figures_and_its_name(busy: Session, world: World) -> None:
    act(busy, world.actor("group_leader"), frozen(NOW))
    report = REPORTS["defect_structure"]
    outcome = count(busy, report, ask(busy, report, {"period": "all", "by": "category"}))
    assert {str(line.label) for line in outcome.lines} == {MARKUP, "开裂"}
    assert sum(line.values["issues"] for line in outcome.lines) == outcome.totals["issues"]
    outcome = count(busy, report, ask(busy, report, {"period": "all"}))
    assert {"开裂 · 厨房", "开裂 · 未填写"} <= {line.label.said("zh") for line in outcome.lines}
