"""What pages tell of how much there is, never more than their reader may read; and what is taken away, never untold."""

from __future__ import annotations

import re

from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from models.customer.visit_record import VisitRecord
from models.kernel.actor import SYSTEM
from models.kernel.clock import frozen
from models.kernel.session import act
from seeds.reference import options
from tests.console import Console, engine_of
from tests.world import NOW, World


def uses(app: Flask, world: World, login: str) -> list[int]:
    page = Console(app, login).get(f"/options/?list=visit_purpose&node={world.nodes['group'][0]}")
    assert page.status_code == 200
    return [int(n) for n in re.findall(r'<td class="kind-number">(\d+)</td>', page.get_data(as_text=True))]


def test_how_often_an_option_is_used_is_told_of_ones_own_rows(app: Flask, session: Session, world: World) -> None:
    act(session, SYSTEM, frozen(NOW))
    options.seed(session)
    session.flush()
    visit = session.scalars(select(VisitRecord)).one()
    visit.purpose = "handover"
    session.commit()
    assert sum(uses(app, world, "project_clerk")) == 1  # by the lake, where the visit was
    other = uses(app, world, "bay_clerk")
    assert other and sum(other) == 0


def test_files_of_figures_and_key_nodes_leave_a_line_in_the_audit(app: Flask, world: World) -> None:
    leader = Console(app, "company_leader")
    for url in ("/report/room_inventory/export.csv", "/report/room_inventory/export.xlsx", "/keynodes/export.xlsx"):
        assert leader.get(url).status_code == 200, url
    query = text("select table_name from audit_log where action = 'export' and user_id = :who order by id")
    with engine_of(app).begin() as connection:
        found = connection.execute(query, {"who": world.accounts["company_leader"]}).scalars().all()
    assert found == ["room", "room", "project_key_node"]
