"""Workbenches: what stands there, whose order holds, and that a widget shows no more than its reader may see."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from models.kernel.actor import SYSTEM
from models.kernel.clock import frozen, today, utc_now
from models.kernel.session import act
from models.keynode.rules import ensure
from models.parameter.announcement import Announcement, AnnouncementState
from models.property.project import Project
from seeds.reference import parameters
from tests.console import Console
from tests.world import NOW, World
from views.kernel.widgets import WIDGETS, Widget, usual, widget

_SHOWN = re.compile(r'data-widget="(\w+)"')


@pytest.fixture
def seeded(session: Session, world: World) -> Session:
    """The reference parameters, an announcement, and key nodes that are overdue at lake."""
    act(session, SYSTEM, frozen(NOW))
    parameters.seed(session)
    group = world.nodes["group"][0]
    session.add(Announcement(node_id=group, title="全员通知", body="内容", state=AnnouncementState.PUBLISHED.value))
    for name in ("lake", "bay"):
        project = session.get(Project, world.id("project", name))
        assert project is not None
        project.contract_handover_on = today(utc_now) - timedelta(days=2)
        ensure(session, [project])
    session.commit()
    return session


def shown(one: Console) -> list[str]:
    return _SHOWN.findall(one.get("/").get_data(as_text=True))


def test_everybody_begins_with_the_usual_widgets_they_may_read(app: Flask, seeded: Session, world: World) -> None:
    clerk = Console(app, "project_clerk", "zh")
    there = shown(clerk)
    assert there == [name for name in usual() if name in there]  # in the declared order
    assert {"announcements", "figures", "key_nodes", "recent", "shortcuts"} <= set(there)
    page = clerk.get("/").get_data(as_text=True)
    assert "湖畔花园" in page and "海湾城" not in page  # key nodes of one's own projects only
    assert shown(Console(app, "stranger")) == []
    assert "key_nodes" not in shown(Console(app, "contractor"))


def test_one_arranges_ones_own_and_goes_back(app: Flask, seeded: Session, world: World) -> None:
    clerk, other = Console(app, "project_clerk", "zh"), Console(app, "title_clerk", "zh")
    before = shown(other)
    assert clerk.send("/workbench/", widgets="recent,figures,recent,nonsense", node="").status_code == 303
    assert shown(clerk) == ["recent", "figures"] and shown(other) == before
    page = clerk.get("/workbench/").get_data(as_text=True)
    chosen, rest = page.split('data-list="rest"')
    assert _SHOWN.findall(chosen) == ["recent", "figures"] and "key_nodes" in _SHOWN.findall(rest)
    clerk.send("/workbench/", widgets="", node="")
    assert shown(clerk) == []
    clerk.send("/workbench/", reset="1", node="", widgets="")
    assert len(shown(clerk)) > 2


def test_the_public_workbench_of_the_nearest_place_holds_until_one_arranges_ones_own(
    app: Flask, seeded: Session, world: World
) -> None:
    region, group = Console(app, "regional_admin", "zh"), Console(app, "group_admin", "zh")
    clerk, far = Console(app, "project_clerk"), Console(app, "bay_clerk")
    east, top, hz = (world.nodes[name][0] for name in ("east", "group", "hangzhou"))
    assert group.send("/workbench/", widgets="figures,shortcuts", node=top).status_code == 303
    assert shown(clerk) == shown(far) == ["figures", "shortcuts"]
    assert region.send("/workbench/", widgets="key_nodes", node=hz).status_code == 303
    assert shown(clerk) == ["key_nodes"] and shown(far) == ["figures", "shortcuts"]
    assert shown(region) == ["figures", "shortcuts"]  # works at the region, above the company
    assert region.send("/workbench/", widgets="recent", node=east).status_code == 303
    assert shown(clerk) == ["key_nodes"] and shown(region)[0] in ("recent",)
    clerk.send("/workbench/", widgets="recent", node="")
    assert shown(clerk) == ["recent"]
    assert region.send("/workbench/", reset="1", node=hz, widgets="").status_code == 303
    clerk.send("/workbench/", reset="1", node="", widgets="")
    assert shown(clerk) == ["recent"]  # the region's


def test_nobody_arranges_for_a_place_they_do_not_administer(app: Flask, seeded: Session, world: World) -> None:
    for login, place in (
        ("regional_admin", "group"),
        ("regional_admin", "bay"),
        ("project_clerk", "lake"),
        ("company_leader", "hangzhou"),
    ):
        one = Console(app, login)
        node = world.nodes[place][0]
        assert one.send("/workbench/", widgets="figures", node=node).status_code == 404, login
        assert one.get(f"/workbench/?node={node}").status_code == 404, login
    assert Console(app, "regional_admin").get("/workbench/?node=x").status_code == 404


def test_a_widget_is_offered_to_those_who_read_its_table_and_named_once(
    app: Flask, seeded: Session, world: World
) -> None:
    with pytest.raises(ValueError, match="twice"):
        one = WIDGETS["recent"]
        widget(Widget(one.name, one.label, one.about, one.icon, lambda _session: None))
    contractor = Console(app, "contractor")
    assert "key_nodes" not in _SHOWN.findall(contractor.get("/workbench/").get_data(as_text=True))
    contractor.send("/workbench/", widgets="key_nodes", node="")
    assert shown(contractor) == []  # chosen by hand all the same: it shows nothing


def test_every_figure_of_the_workbench_opens_a_list(app: Flask, seeded: Session, world: World) -> None:
    admin: Any = Console(app, "group_admin", "zh")
    page = admin.get("/").get_data(as_text=True)
    links = re.findall(r'class="figure-card" href="([^"]+)"', page)
    assert links
    for link in links:
        assert admin.get(link.replace("&amp;", "&")).status_code == 200, link


def test_a_role_has_a_public_workbench_of_its_own(app: Flask, world: World) -> None:
    """At one place those of the role come before those of everybody; a nearer place before one further up."""
    group, clerk, leader = Console(app, "group_admin"), Console(app, "project_clerk"), Console(app, "project_leader")
    top, hz = world.nodes["group"][0], world.nodes["hangzhou"][0]
    assert group.send("/workbench/", widgets="recent", node=top).status_code == 303
    assert group.send("/workbench/", widgets="shortcuts,recent", node=top, role="project_clerk").status_code == 303
    assert _SHOWN.findall(clerk.get("/workbench/").get_data(as_text=True))[:2] == ["shortcuts", "recent"]
    assert _SHOWN.findall(leader.get("/workbench/").get_data(as_text=True))[:1] == ["recent"]
    page = group.get(f"/workbench/?node={top}&role=project_clerk").get_data(as_text=True)
    assert _SHOWN.findall(page)[:2] == ["shortcuts", "recent"] and 'value="project_clerk" selected' in page
    assert group.send("/workbench/", widgets="figures", node=hz).status_code == 303
    assert _SHOWN.findall(clerk.get("/workbench/").get_data(as_text=True))[:1] != ["shortcuts"]
    for node, role in ((top, "nobody"), ("", "project_clerk")):
        assert group.send("/workbench/", widgets="recent", node=node, role=role).status_code == 404
    group.send("/workbench/", reset="1", node=hz, widgets="")
    group.send("/workbench/", reset="1", node=top, role="project_clerk", widgets="")
    assert _SHOWN.findall(clerk.get("/workbench/").get_data(as_text=True))[:1] == ["recent"]
