"""Parameters: the nearest place wins, what is kept above stays, trees have no cycles, and what follows from them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.kernel.actor import SYSTEM
from models.kernel.clock import CHINA, frozen
from models.kernel.flow_rules import due_at as flow_due_at
from models.kernel.flow_setting import FlowSetting
from models.kernel.guard import remove
from models.kernel.parameter import effective, standing, switch
from models.kernel.refusal import Denied, Refusal
from models.kernel.session import act
from models.keynode.key_node_def import KeyNodeDef
from models.keynode.project_key_node import ProjectKeyNode
from models.parameter.adviser import advisers_of
from models.parameter.announcement import Announcement, AnnouncementRead, mark_read, posted
from models.parameter.contractor import Contractor
from models.parameter.contractor_scope import ContractorScope
from models.parameter.issue_category import IssueCategory
from models.parameter.issue_standard import IssueStandard
from models.parameter.registers import Bank
from models.parameter.rules import default_contractor, due_at, hours_of, rule_for, warranty_terms
from models.parameter.sla_rule import SlaRule
from models.parameter.trade import Trade
from models.parameter.warranty_item import WarrantyItem
from models.parameter.work_calendar import CalendarDay, WorkCalendar
from models.property.project import Project
from models.property.room import Room
from seeds.demo.people import credit_code
from seeds.reference import parameters
from tests.world import NOW, World


@pytest.fixture
def seeded(session: Session, world: World) -> Session:
    """The small world with the reference parameters at its group."""
    act(session, SYSTEM, frozen(NOW))
    parameters.seed(session)
    session.commit()
    return act(session, SYSTEM, frozen(NOW))


def put(session: Session, row: Any) -> Any:
    session.add(row)
    session.flush()
    return row


def refused(session: Session, work: Callable[[], object]) -> Refusal:
    """Does what must be refused, takes it back, and returns the refusal."""
    nested = session.begin_nested()
    with pytest.raises(Refusal) as caught:
        work()
        session.flush()
    nested.rollback()
    session.expunge_all()
    return caught.value


def coded(session: Session, cls: type[Any], code: str) -> Any:
    return session.scalars(select(cls).where(cls.code == code).order_by(cls.id)).first()


def test_the_reference_is_whole_and_written_once(seeded: Session) -> None:
    assert sum(parameters.seed(seeded).values()) == 0
    counts = {
        cls: len(seeded.scalars(select(cls)).all()) for cls in (Trade, IssueStandard, IssueCategory, WarrantyItem)
    }
    assert counts[Trade] == 24 and counts[WarrantyItem] == 23
    assert counts[IssueStandard] > 90
    leak = seeded.scalars(select(IssueStandard).where(IssueStandard.wording == "厨卫间渗漏")).one()
    assert (leak.level, leak.repair_hours, leak.warranty_item.code) == ("serious", 72, "wet_room")
    gone = coded(seeded, Trade, "01")
    gone.code = "moved"
    seeded.flush()
    assert parameters.seed(seeded)["trade"] == 1


def test_the_nearest_place_wins_and_can_switch_off(seeded: Session, world: World) -> None:
    hangzhou, lake, river = (world.nodes[name][0] for name in ("hangzhou", "lake", "river"))
    own = put(seeded, Bank(node_id=hangzhou, code="ICBC", name="工行杭州分行"))
    here = {one.row.code: one for one in standing(seeded, Bank, lake)}
    assert here["ICBC"].row is own and here["ICBC"].place == "杭州公司" and not here["ICBC"].own
    assert [row.name for row, _place in here["ICBC"].replaced] == ["中国工商银行"]
    assert {one.row.code: one for one in standing(seeded, Bank, river)}["ICBC"].row.name == "中国工商银行"
    switch(seeded, here["ABC"].row, lake, on=False)
    assert "ABC" not in {row.code for row in effective(seeded, Bank, lake)}
    assert "ABC" in {row.code for row in effective(seeded, Bank, hangzhou)}
    switch(seeded, here["ABC"].row, lake, on=True)
    assert "ABC" in {row.code for row in effective(seeded, Bank, lake)}
    assert len(seeded.scalars(select(Bank).where(Bank.node_id == lake)).all()) == 1


def test_a_change_from_a_day_on_is_a_second_row(seeded: Session, world: World) -> None:
    group, day = world.nodes["group"][0], date(2025, 8, 1)
    put(seeded, Bank(node_id=group, code="ICBC", name="新名称", from_day=day))
    names = {
        on: next(row.name for row in effective(seeded, Bank, group, on) if row.code == "ICBC")
        for on in (day - timedelta(days=1), day)
    }
    assert list(names.values()) == ["中国工商银行", "新名称"]
    (one,) = [one for one in standing(seeded, Bank, group) if one.row.code == "ICBC"]
    assert [row.name for row, _place in one.later] == ["新名称"]


def test_what_a_place_keeps_for_itself_is_not_changed_below(seeded: Session, world: World) -> None:
    kept = coded(seeded, Bank, "ICBC")
    kept.overridable = False
    seeded.flush()
    hangzhou = world.nodes["hangzhou"][0]
    refusal = refused(seeded, lambda: put(seeded, Bank(node_id=hangzhou, code="ICBC", name="别名")))
    assert (refusal.code, refusal.status) == ("not_overridable", 409) and "星河集团" in str(refusal)


def test_a_region_writes_in_its_own_part_only(seeded: Session, world: World) -> None:
    act(seeded, world.actor("regional_admin"), frozen(NOW))
    group = coded(seeded, Bank, "ICBC")
    assert group is not None  # inherited rows are read from below
    with pytest.raises(Denied):
        switch(seeded, group, world.nodes["bay"][0], on=False)
    seeded.rollback()
    act(seeded, world.actor("regional_admin"), frozen(NOW))
    switch(seeded, coded(seeded, Bank, "ICBC"), world.nodes["lake"][0], on=False)


def test_trees_have_no_cycle_and_three_levels(seeded: Session, world: World) -> None:
    group = world.nodes["group"][0]
    top, middle = coded(seeded, IssueCategory, "D02"), coded(seeded, IssueCategory, "D0203")
    third = put(seeded, IssueCategory(node_id=group, code="D020301", name="淋浴区", parent_id=middle.id))
    deep = IssueCategory(node_id=group, code="x", name="第四级", parent_id=third.id)
    assert refused(seeded, lambda: put(seeded, deep)).code == "too_deep"
    top = coded(seeded, IssueCategory, "D02")
    assert refused(seeded, lambda: setattr(top, "parent_id", top.id)).code == "cycle"
    top, third = coded(seeded, IssueCategory, "D02"), coded(seeded, IssueCategory, "D020301")
    assert refused(seeded, lambda: setattr(top, "parent_id", third.id)).code == "cycle"
    top, other = coded(seeded, IssueCategory, "D02"), coded(seeded, IssueCategory, "D03")
    assert (
        refused(seeded, lambda: setattr(top, "parent_id", other.id)).code == "too_deep"
    )  # it carries two levels along


def test_what_is_in_use_is_switched_off_not_deleted(seeded: Session) -> None:
    category = coded(seeded, IssueCategory, "D0203")
    refusal = refused(seeded, lambda: remove(seeded, category))
    assert refusal.code == "in_use" and "Switch it off" in str(refusal) and "3 Standard problems" in str(refusal)


@pytest.fixture
def site(seeded: Session, world: World) -> dict[str, Any]:
    """Three contractors at the lake: everything, leaks in the whole project, leaks in building 1."""
    node, project = world.nodes["hangzhou"][0], world.id("project", "lake")
    leaks = coded(seeded, IssueCategory, "D02")
    firms = [
        put(seeded, Contractor(node_id=node, name=name, usci=credit_code(77_000 + n)))
        for n, name in enumerate(("总包", "防水甲", "防水乙", "防水丙"))
    ]
    main, first, second, third = firms
    put(seeded, ContractorScope(project_id=project, contractor_id=main.id))
    put(seeded, ContractorScope(project_id=project, contractor_id=first.id, category_id=leaks.id))
    building = world.id("building", "lake-1")
    one = put(
        seeded,
        ContractorScope(project_id=project, contractor_id=second.id, category_id=leaks.id, building_id=building),
    )
    return {"firms": firms, "leaks": leaks, "scope": one, "third": third, "building": building, "project": project}


def asked(session: Session, world: World, room: str | None, code: str | None) -> Any:
    category = coded(session, IssueCategory, code) if code else None
    where: Any = (
        session.get(Room, world.id("room", room)) if room else session.get(Project, world.id("project", "lake"))
    )
    return default_contractor(session, where, category)


def test_the_nearest_category_answers_then_the_building(seeded: Session, world: World, site: dict[str, Any]) -> None:
    names = {
        (room, code): asked(seeded, world, room, code).contractor.name
        for room in ("lake-1-1-101", "lake-2-1-101", None)
        for code in ("D0203", "D02", "D0101", None)
    }
    assert names["lake-1-1-101", "D0203"] == names["lake-1-1-101", "D02"] == "防水乙"
    assert names["lake-2-1-101", "D0203"] == names[None, "D0203"] == "防水甲"
    assert {name for (_room, code), name in names.items() if code in ("D0101", None)} == {"总包"}
    wet = coded(seeded, IssueCategory, "D0203")
    put(
        seeded,
        ContractorScope(project_id=site["project"], contractor_id=site["third"].id, category_id=wet.id),
    )
    assert asked(seeded, world, "lake-1-1-101", "D0203").contractor.name == "防水丙"  # category before building


def test_several_that_fit_alike_are_named_and_none_is_taken(
    seeded: Session, world: World, site: dict[str, Any]
) -> None:
    put(
        seeded,
        ContractorScope(project_id=site["project"], contractor_id=site["third"].id, category_id=site["leaks"].id),
    )
    found = asked(seeded, world, "lake-2-1-101", "D0203")
    assert found.contractor is None and found.ambiguous
    assert {who.name for who in found.candidates} == {"防水甲", "防水丙"} and "防水甲" in str(found.because)


def test_the_blacklisted_never_answer(seeded: Session, world: World, site: dict[str, Any]) -> None:
    for firm in site["firms"]:
        firm.blacklisted, firm.blacklist_reason = True, "拒不维修"
    seeded.flush()
    found = asked(seeded, world, "lake-1-1-101", "D0203")
    assert found.contractor is None and not found.candidates and "blacklisted" in str(found.because)
    assert site["firms"][0].blacklisted_on == NOW.date()
    past = default_contractor(
        seeded, seeded.get_one(Room, world.id("room", "lake-1-1-101")), site["leaks"].id, date(2025, 5, 1)
    )
    assert past.contractor is not None and past.contractor.name == "防水乙"


def test_bad_contractors_and_scopes_are_refused(seeded: Session, world: World, site: dict[str, Any]) -> None:
    node = world.nodes["hangzhou"][0]
    wrong = refused(seeded, lambda: put(seeded, Contractor(node_id=node, name="甲", usci="91310115MA1H8R7C6D")))
    assert wrong.field == "usci"
    twin = refused(seeded, lambda: put(seeded, Contractor(node_id=node, name="乙", usci=credit_code(77_000))))
    assert twin.code == "duplicate"
    scope = seeded.get_one(ContractorScope, site["scope"].id)
    same = {name: getattr(scope, name) for name in ("project_id", "contractor_id", "building_id", "category_id")}
    assert refused(seeded, lambda: put(seeded, ContractorScope(**same, from_day=date(2030, 1, 1)))).code == "overlap"
    without = Contractor(node_id=node, name="丁", usci=credit_code(88_000), blacklisted=True)
    assert refused(seeded, lambda: put(seeded, without)).field == "blacklist_reason"


def test_warranty_comes_from_country_province_company_project(seeded: Session, world: World) -> None:
    project = seeded.get_one(Project, world.id("project", "lake"))

    def months(code: str) -> int:
        return next(term.item.months for term in warranty_terms(seeded, project) if term.item.code == code)

    assert (months("roof"), months("blockage"), months("structure")) == (60, 2, 600)
    project.area_code = "330106"
    seeded.flush()
    assert (months("roof"), months("wet_room"), months("hidden_lines")) == (96, 96, 96)
    put(seeded, WarrantyItem(node_id=world.nodes["hangzhou"][0], code="blockage", name="管道堵塞", months=6))
    short = WarrantyItem(node_id=world.nodes["lake"][0], code="roof", name="屋面", months=72)
    put(seeded, short)
    assert (months("blockage"), months("roof")) == (6, 72)
    term = next(term for term in warranty_terms(seeded, project) if term.item is short)
    assert term.short and term.instead_of is not None and term.instead_of.months == 96


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CHINA)


def test_time_limits_take_the_level_then_the_category(seeded: Session, world: World) -> None:
    lake, wet = world.nodes["lake"][0], coded(seeded, IssueCategory, "D0203").id

    def minutes(**of: Any) -> int:
        rule = rule_for(seeded, lake, "done", **of)
        assert rule is not None
        return rule.minutes // 60

    assert minutes() == 168 and minutes(category_id=wet) == 72 and minutes(category_id=wet, level="urgent") == 4
    assert minutes(task_kind="complaint") == 24 and minutes(task_kind="complaint", level="serious") == 56
    put(seeded, SlaRule(node_id=world.nodes["hangzhou"][0], clock="done", minutes=600))
    assert minutes() == 10
    put(seeded, SlaRule(node_id=lake, clock="done", minutes=1200))
    assert minutes() == 20
    twice = refused(seeded, lambda: put(seeded, SlaRule(node_id=lake, clock="done", minutes=60)))
    assert twice.code == "duplicate"


def test_working_hours_skip_the_holidays_and_count_the_swapped_days(seeded: Session, world: World) -> None:
    lake = world.nodes["lake"][0]
    due = due_at(seeded, lake, "done", at("2026-02-13T17:00"), task_kind="complaint")  # the Friday before new year
    assert due is not None and due.counted == "working" and due.assumed == ()
    # 1 h on Friday, 8 h on the swapped Saturday 14th, 8 h on the 24th, 7 h on the 25th
    assert due.at == at("2026-02-25T17:00")
    natural = due_at(seeded, lake, "contact", at("2026-02-13T17:00"))
    assert natural is not None and natural.at == at("2026-02-14T17:00")
    hours = hours_of(seeded, lake)
    assert hours.spans(date(2026, 2, 16)) == () and len(hours.spans(date(2026, 2, 14))) == 2
    beyond = due_at(seeded, lake, "done", at("2026-12-31T17:00"), task_kind="complaint")
    assert beyond is not None and beyond.assumed == (2027,)


def test_limits_of_flows_count_working_time_by_the_calendar(seeded: Session, world: World) -> None:
    """A state's limit skips the holidays, counts the swapped days, heeds a company's own day, and is the same for a
    contractor, who sees no calendar."""
    group, hangzhou, friday = world.nodes["group"][0], world.nodes["hangzhou"][0], at("2026-02-13T17:00")
    lake, river = world.nodes["lake"][1], world.nodes["river"][1]

    def limit(amount: int, unit: str, path: str = lake, login: str = "contractor", day: date = date(2020, 1, 1)) -> Any:
        act(seeded, SYSTEM, frozen(NOW))
        setting = FlowSetting(table_name="project_key_node", subject="state:open", node_id=group, from_day=day)
        setting.limit_amount, setting.limit_unit = amount, unit
        put(seeded, setting)
        act(seeded, world.actor(login), frozen(friday))
        found = flow_due_at(seeded, ProjectKeyNode, "open", path, friday)
        act(seeded, SYSTEM, frozen(NOW))
        seeded.rollback()
        return found

    assert limit(3, "hours") == at("2026-02-13T20:00")
    assert limit(2, "working_days") == at("2026-02-24T17:00")  # the swapped Saturday, then the 24th
    assert limit(24, "working_hours") == at("2026-02-25T17:00")  # 1 + 8 + 8 + 7, as for a rule of service
    assert limit(2, "working_days", login="project_clerk") == at("2026-02-24T17:00")
    mine = put(seeded, WorkCalendar(node_id=hangzhou, year=2026))
    put(seeded, CalendarDay(calendar_id=mine.id, first_day=date(2026, 2, 24), note="司庆"))
    seeded.commit()
    assert limit(2, "working_days") == at("2026-02-25T17:00")
    assert limit(2, "working_days", path=river) == at("2026-02-24T17:00")
    mine.weekdays, mine.opens, mine.closes = "6", "09:00", "10:00"
    seeded.commit()
    assert limit(2, "working_hours", path=lake) == at("2026-02-28T10:00")  # one hour on each of two Saturdays


def test_a_company_lays_its_own_days_over_the_calendar(seeded: Session, world: World) -> None:
    node = world.nodes["hangzhou"][0]
    mine = put(seeded, WorkCalendar(node_id=node, year=2026, opens="08:00", closes="17:00"))
    put(seeded, CalendarDay(calendar_id=mine.id, first_day=date(2026, 3, 6), note="司庆"))
    here, there = hours_of(seeded, world.nodes["lake"][0]), hours_of(seeded, world.nodes["river"][0])
    assert here.spans(date(2026, 3, 6)) == () and there.spans(date(2026, 3, 6)) != ()
    assert here.spans(date(2026, 2, 16)) == ()  # the country's holidays hold as well
    assert here.spans(date(2026, 3, 9))[0][0].hour == 8


def test_calendars_with_gaps_and_doubled_days_are_refused(seeded: Session, world: World) -> None:
    group = world.nodes["group"][0]
    year = seeded.scalars(select(WorkCalendar).where(WorkCalendar.year == 2026)).one()
    key = year.id
    gap = refused(seeded, lambda: put(seeded, WorkCalendar(node_id=group, year=2029)))
    assert gap.code == "gap" and "2025, 2026" in str(gap)

    def day(**values: Any) -> Refusal:
        return refused(seeded, lambda: put(seeded, CalendarDay(calendar_id=key, **values)))

    assert day(first_day=date(2026, 2, 20), kind="workday").code == "doubled"
    assert "Working days" not in str(day(first_day=date(2026, 3, 9), kind="workday"))
    assert day(first_day=date(2026, 3, 9), kind="workday").field == "first_day"  # a Monday is worked anyway
    assert day(first_day=date(2027, 1, 1)).field == "first_day"
    assert day(first_day=date(2026, 3, 9), last_day=date(2026, 3, 8)).field == "last_day"
    hours = refused(seeded, lambda: put(seeded, WorkCalendar(node_id=group, year=2027, opens="19:00")))
    assert hours.field == "closes"
    put(seeded, WorkCalendar(node_id=group, year=2027))
    middle = seeded.get_one(WorkCalendar, key)
    for each in seeded.scalars(select(CalendarDay).where(CalendarDay.calendar_id == key)).all():
        remove(seeded, each)
    assert refused(seeded, lambda: remove(seeded, middle)).code == "gap"


def test_announcements_reach_those_below_and_are_read_once(seeded: Session, world: World) -> None:
    for place, title in (("group", "全集团"), ("hangzhou", "杭州"), ("bay", "海湾")):
        put(
            seeded,
            Announcement(node_id=world.nodes[place][0], title=title, body="正文", state="published"),
        )
    put(seeded, Announcement(node_id=world.nodes["group"][0], title="草稿", body="正文"))
    seeded.commit()
    act(seeded, world.actor("project_clerk"), frozen(NOW))
    assert {one.row.title: one.read for one in posted(seeded)} == {"全集团": False, "杭州": False}
    row = next(one.row for one in posted(seeded) if one.row.title == "杭州")
    assert mark_read(seeded, row) and not mark_read(seeded, row)
    assert {one.row.title: one.read for one in posted(seeded)} == {"全集团": False, "杭州": True}
    assert seeded.scalars(select(AnnouncementRead)).all() == []  # a clerk does not look into who read what
    seeded.commit()
    act(seeded, world.actor("company_leader"), frozen(NOW))
    assert [receipt.announcement.title for receipt in seeded.scalars(select(AnnouncementRead))] == ["杭州"]


def test_advisers_are_one_of_each_kind_and_found_upwards(seeded: Session, world: World) -> None:
    from models.parameter.adviser import Adviser

    for place, name in (("group", "总部法务"), ("hangzhou", "杭州法务")):
        put(seeded, Adviser(node_id=world.nodes[place][0], kind="legal", name=name))
    assert advisers_of(seeded, world.nodes["lake"][0])["legal"].name == "杭州法务"
    assert advisers_of(seeded, world.nodes["river"][0])["legal"].name == "总部法务"
    again = Adviser(node_id=world.nodes["hangzhou"][0], kind="legal", name="另一位")
    assert refused(seeded, lambda: put(seeded, again)).code == "duplicate"


def test_a_double_is_named_as_people_call_it_not_by_its_key(seeded: Session, world: World) -> None:
    """A key that is made of references alone is said by the name of the row referred to."""
    node = seeded.scalars(select(KeyNodeDef).order_by(KeyNodeDef.id)).first()
    assert node is not None
    name, key, lake = node.name, node.id, world.id("project", "lake")
    put(seeded, ProjectKeyNode(project_id=lake, definition_id=key))
    double = refused(seeded, lambda: put(seeded, ProjectKeyNode(project_id=lake, definition_id=key)))
    said = double.sentence.said("zh")
    assert double.code == "duplicate" and f"“{name}”在此处已存在" in said
