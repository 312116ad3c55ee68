"""The demo company: exact sizes, the same from the same seed, sensible at every door."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from datetime import date
from decimal import Decimal

import pytest

from models.property.generation import LIMIT, plan
from seeds.demo.lives import HANDOVER_STATES, SALE_STATES, TITLE_STATES, WHOLE, Batch, lives
from seeds.demo.papers import PERMIT_KINDS, RECORD_KINDS, permits, progress, records
from seeds.demo.places import Door, Places, Room, places, rooms, rooms_of

TODAY = date(2026, 11, 21)


def fingerprint(whole: Places) -> str:
    """Returns a digest of every row of every project."""
    digest = hashlib.sha256(repr(whole).encode())
    for project in whole.projects:
        for rows in (rooms_of(whole, project), permits(whole, project), progress(whole, project)):
            for row in rows:
                digest.update(repr(row).encode())
        for record in records(whole, project):
            digest.update(repr(record).encode())
        for batch in lives(whole, project):
            digest.update(repr(batch).encode())
    return digest.hexdigest()


@pytest.fixture(scope="module")
def whole() -> Places:
    return places(20261121, 12_000, today=TODAY)


@pytest.fixture(scope="module")
def every_room(whole: Places) -> list[Room]:
    return list(rooms(whole))


@pytest.fixture(scope="module")
def batches(whole: Places) -> list[Batch]:
    return [batch for project in whole.projects for batch in lives(whole, project)]


@pytest.mark.parametrize("total", [100, 200, 201, 999, 4_321, 12_000, 60_007])
def test_the_number_of_rooms_is_exactly_what_was_asked(total: int) -> None:
    small = places(1, total, today=TODAY)
    assert sum(project.households for project in small.projects) == total
    assert sum(pattern.count() for project in small.projects for _phase, pattern in project.patterns) == total
    for project in small.projects:
        planned = [plan(pattern) for _phase, pattern in project.patterns]
        assert sum(len(each.rooms) for each in planned) == project.households > 0
        names = [building.name for each in planned for building in each.buildings]
        assert names == [building.name for building in project.buildings]
        assert len(set(names)) == len(names)


def test_a_million_rooms_are_cut_into_runs_the_generator_takes() -> None:
    vast = places(1, 1_000_000, today=TODAY)
    counts = [pattern.count() for project in vast.projects for _phase, pattern in project.patterns]
    assert sum(counts) == 1_000_000 and max(counts) <= LIMIT


def test_too_small_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 100"):
        places(1, 99, today=TODAY)


def test_the_tree_is_whole(whole: Places) -> None:
    assert (len(whole.regions), len(whole.companies), len(whole.projects)) == (3, 6, 20)
    regions = {region.key for region in whole.regions}
    companies = {company.key for company in whole.companies}
    projects = {project.key: project for project in whole.projects}
    assert {company.region for company in whole.companies} == regions
    assert {project.company for project in whole.projects} == companies
    parents = {"group": {"group"}, "company": companies, "project": set(projects)}
    assert all(department.parent in parents[department.parent_kind] for department in whole.departments)
    assert len({department.key for department in whole.departments}) == len(whole.departments)
    assert len({project.code for project in whole.projects}) == 20
    assert all(len(project.area_code) == 6 for project in whole.projects)


def test_the_first_project_is_the_one_of_the_sample_ledger(whole: Places) -> None:
    first = whole.projects[0]
    found = list(rooms_of(whole, first))
    assert (first.name, len(first.buildings), len(found)) == ("湖墅观邸", 8, 1024)
    assert {(room.line, room.layout, str(room.presale_area)) for room in found} == {
        (1, "B户型", "126.48"), (2, "C户型", "143.05"), (3, "D户型", "98.60"), (4, "A户型", "89.37"),
    }  # fmt: skip
    assert not {room.floor for room in found} & {4, 14}
    assert found[-1].door == Door("hushu", "8幢", "2单元", "1804")


def test_doors_are_unique_and_rooms_have_layouts_of_their_project(whole: Places, every_room: list[Room]) -> None:
    assert len({room.door for room in every_room}) == 12_000
    types = {(each.project, each.name): each for project in whole.projects for each in project.house_types}
    used = {(room.door.project, room.layout) for room in every_room}
    assert used == set(types)
    completed = {(b.project, b.name): b.completed for project in whole.projects for b in project.buildings}
    for room in every_room:
        assert 0 < room.inner_area < room.presale_area
        assert (room.actual_area is None) == (completed[room.door.project, room.door.building] is None)
    surveyed = [room for room in every_room if room.actual_area]
    beyond = [r for r in surveyed if r.actual_area and abs(r.actual_area / r.presale_area - 1) > Decimal("0.03")]
    assert 0.004 < len(beyond) / len(surveyed) < 0.03
    assert any(room.span == 2 for room in every_room)


def test_permits_progress_and_registers(whole: Places) -> None:
    for project in whole.projects:
        found = list(permits(whole, project))
        assert [permit.kind for permit in found][:4] == list(PERMIT_KINDS[:4])
        assert len({permit.number for permit in found}) == len(found)
        assert all(permit.issued <= TODAY for permit in found)
        names = {building.name for building in project.buildings}
        assert all(set(permit.buildings) <= names for permit in found)
        stages = list(progress(whole, project))
        assert {stage.building for stage in stages} <= names
        assert all(stage.begun <= TODAY and (stage.done is None or stage.done <= TODAY) for stage in stages)
        finished = {stage.building for stage in stages if stage.stage == "竣工验收" and stage.done}
        assert finished == {building.name for building in project.buildings if building.completed}
        kinds = Counter(record.kind for record in records(whole, project))
        assert set(kinds) >= set(RECORD_KINDS) - {"项目验收记录"}
        assert all(record.since <= TODAY for record in records(whole, project))


def test_sales_follow_the_age_of_the_project(whole: Places, batches: list[Batch]) -> None:
    sales = [sale for batch in batches for sale in batch.sales]
    assert len(sales) == 12_000
    states = Counter(sale.sale_status for sale in sales)
    assert set(states) == set(SALE_STATES)
    assert 0.7 < states["签约"] / len(sales) < 0.95
    assert {sale.handover_status for sale in sales} <= set(HANDOVER_STATES)
    assert {sale.title_status for sale in sales} == set(TITLE_STATES)
    signed: defaultdict[str, list[bool]] = defaultdict(list)
    for sale in sales:
        signed[sale.door.project].append(sale.sale_status == "签约")
        assert (sale.contract_no is None) == (sale.sale_status != "签约") == (sale.signed_on is None)
        assert not sale.signed_on or (sale.subscribed_on and sale.subscribed_on <= sale.signed_on <= TODAY)
        assert not sale.handed_over_on or (sale.signed_on and sale.signed_on < sale.handed_over_on <= TODAY)
        assert sale.title_status == "未启动" or sale.handed_over_on
    share = {key: sum(values) / len(values) for key, values in signed.items()}
    assert share["dushu"] > share["hexi"]
    contracts = [sale.contract_no for sale in sales if sale.contract_no]
    assert len(set(contracts)) == len(contracts)


def test_owners_add_up(whole: Places, batches: list[Batch]) -> None:
    customers = {customer.key: customer for batch in batches for customer in batch.customers}
    assert len(customers) == sum(len(batch.customers) for batch in batches)
    assert len({customer.cert_no for customer in customers.values()}) == len(customers)
    assert len({customer.mobile for customer in customers.values()}) == len(customers)
    current: defaultdict[Door, list[Decimal]] = defaultdict(list)
    past = mains = 0
    for batch in batches:
        for own in batch.ownerships:
            assert own.customer in customers
            mains += own.is_main and own.until is None
            if own.until is None:
                current[own.door].append(own.share)
            else:
                past += 1
                assert own.since < own.until <= TODAY
    signed = {sale.door for batch in batches for sale in batch.sales if sale.sale_status == "签约"}
    assert set(current) == signed and mains == len(signed)
    assert all(sum(shares) == WHOLE for shares in current.values())
    shared = sum(len(shares) > 1 for shares in current.values()) / len(current)
    assert 0.25 < shared < 0.34
    assert past > 20
    firms = [customer for customer in customers.values() if customer.kind == "企业"]
    assert 0.005 < len(firms) / len(customers) < 0.04 and all(firm.usci and firm.landline for firm in firms)
    for batch in batches:
        mentioned = [contact.customer for contact in batch.contacts] + [tag.customer for tag in batch.tags]
        assert {*mentioned, *(visit.customer for visit in batch.visits)} <= set(customers)
        assert all(visit.visited_on <= TODAY for visit in batch.visits)
        assert all(paper.received_on <= TODAY for paper in batch.archives)


def test_batches_refer_only_to_themselves_and_earlier_ones(whole: Places) -> None:
    known: set[str] = set()
    sizes = []
    for batch in lives(whole, whole.projects[0], size=100):
        known |= {customer.key for customer in batch.customers}
        assert {own.customer for own in batch.ownerships} <= known
        sizes.append(len(batch.sales))
    assert sizes == [100] * 10 + [24]


def test_the_same_seed_gives_the_same_bytes() -> None:
    assert fingerprint(places(7, 600, today=TODAY)) == fingerprint(places(7, 600, today=TODAY))
    assert fingerprint(places(7, 600, today=TODAY)) != fingerprint(places(8, 600, today=TODAY))
