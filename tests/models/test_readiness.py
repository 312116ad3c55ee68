"""Ready six days before going live (R02): each check is met by exactly what it asks for."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from models.kernel.actor import SYSTEM
from models.kernel.clock import frozen
from models.kernel.scope import known_nodes
from models.kernel.session import act
from models.keynode.readiness import readiness, readiness_of
from models.parameter.adviser import Adviser, AdviserKind
from models.parameter.contractor import Contractor
from models.parameter.contractor_scope import ContractorScope
from models.parameter.parameter_sheet import ParameterSheet, ParameterSheetLine, content_of
from models.parameter.work_calendar import WorkCalendar
from models.property.project import Project
from seeds.demo.people import credit_code
from seeds.reference import numbers, parameters
from tests.world import NOW, World

TODAY = date(2025, 6, 2)


@pytest.fixture
def seeded(session: Session, world: World) -> Session:
    """The reference at the group."""
    act(session, SYSTEM, frozen(NOW))
    parameters.seed(session)
    numbers.seed(session)
    session.commit()
    return act(session, SYSTEM, frozen(NOW))


def missing(session: Session, project: Project) -> set[str]:
    session.flush()
    return {one.name.en for one in readiness(session, project).missing}


def test_a_project_becomes_ready_step_by_step(seeded: Session, world: World) -> None:
    lake = seeded.get(Project, world.id("project", "lake"))
    assert lake is not None
    lake.go_live_on = lake.contract_handover_on = None
    first = missing(seeded, lake)
    assert {
        "Day of going live",
        "Contract handover date",
        "Who answers for what",
        "Advisers",
        "Key nodes planned",
    } <= first
    assert "Rooms" not in first and "Buildings" not in first and "Handover documents" not in first
    lake.go_live_on, lake.contract_handover_on = TODAY + timedelta(days=20), TODAY + timedelta(days=90)
    found = readiness(seeded, lake)
    assert (found.due_on, found.days) == (TODAY + timedelta(days=14), 14)
    for kind in AdviserKind.options():
        seeded.add(Adviser(node_id=world.nodes["east"][0], kind=kind.value, name="顾问"))
    firm = Contractor(node_id=world.nodes["hangzhou"][0], name="建设集团", usci=credit_code(7))
    seeded.add(firm)
    seeded.flush()
    seeded.add(ContractorScope(project_id=lake.id, contractor_id=firm.id))
    years = set(seeded.scalars(select(WorkCalendar.year)))
    if 2025 not in years:
        seeded.add(WorkCalendar(node_id=world.nodes["group"][0], year=2025))
    assert missing(seeded, lake) == set(), [str(one.found) for one in readiness(seeded, lake).missing]
    assert readiness(seeded, lake).ready
    river = seeded.get(Project, world.id("project", "river"))
    assert river is not None and "People for each post" in missing(seeded, river)  # posts are held in another company


def test_a_sheet_on_its_way_or_one_the_console_differs_from_is_named(seeded: Session, world: World) -> None:
    lake = seeded.get(Project, world.id("project", "lake"))
    assert lake is not None
    assert not {"Parameter sheets entered", "Form and system"} & missing(seeded, lake)
    sheet = ParameterSheet(node_id=world.nodes["hangzhou"][0], title="x", from_day=TODAY + timedelta(days=1))
    seeded.add(sheet)
    seeded.flush()
    said = content_of({"code": "NEW", "name": "新银行"})
    seeded.add(ParameterSheetLine(sheet_id=sheet.id, table_name="bank", content=said))
    assert {"Parameter sheets entered"} == {"Parameter sheets entered", "Form and system"} & missing(seeded, lake)
    other = seeded.get(Project, world.id("project", "bay"))
    assert other is not None and "Parameter sheets entered" not in missing(seeded, other)
    seeded.flush()
    cls = ParameterSheet.__table__  # as if it had been entered, and the row been taken out again
    seeded.execute(cls.update().where(cls.c.id == sheet.id).values(state="entered"))
    seeded.expire_all()
    assert {"Form and system"} == {"Parameter sheets entered", "Form and system"} & missing(seeded, lake)


def test_many_projects_cost_as_many_statements_as_one(seeded: Session, world: World) -> None:
    """Each project has scopes, sheets that were entered and buildings of its own; the page still asks as often."""
    projects = list(seeded.scalars(select(Project).order_by(Project.id)))
    firm = Contractor(node_id=world.nodes["group"][0], name="建设集团", usci=credit_code(7))
    seeded.add(firm)
    seeded.flush()
    for project in projects:
        place = next(node for node in known_nodes(seeded) if node.kind == "project" and node.ref_id == project.id)
        seeded.add(ContractorScope(project_id=project.id, contractor_id=firm.id))
        sheet = ParameterSheet(node_id=place.id, title="x", from_day=TODAY + timedelta(days=1))
        seeded.add(sheet)
        seeded.flush()
        seeded.add(
            ParameterSheetLine(
                sheet_id=sheet.id, table_name="bank", content=content_of({"code": "NEW", "name": "新银行"})
            )
        )
    seeded.flush()
    cls = ParameterSheet.__table__
    seeded.execute(cls.update().values(state="entered"))
    seeded.commit()

    def asked(of: list[int]) -> int:
        seeded.expunge_all()
        rows = list(seeded.scalars(select(Project).where(Project.id.in_(of)).order_by(Project.id)))
        known_nodes(seeded)
        ran: list[str] = []
        engine = seeded.get_bind()
        note = lambda *args: ran.append(args[2])  # noqa: E731
        event.listen(engine, "before_cursor_execute", note)
        try:
            found = readiness_of(seeded, rows)
        finally:
            event.remove(engine, "before_cursor_execute", note)
        assert [one.project.id for one in found] == of and all(
            "Form and system" in {check.name.en for check in one.missing} for one in found
        )
        return len(ran)

    keys = [project.id for project in projects]
    assert len(keys) > 3 and asked(keys) == asked(keys[:1]) <= 30
