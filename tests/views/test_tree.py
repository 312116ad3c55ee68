"""Moving parts of the tree: consequences first, everything below re-scoped, no cycles, rights at both ends."""

from __future__ import annotations

import re
import threading
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from models.kernel.actor import SYSTEM, Actor
from models.kernel.clock import frozen
from models.kernel.grant import held_by
from models.kernel.guard import remove
from models.kernel.node import Node, differences, node_of
from models.kernel.refusal import Denied, Refusal, Stale
from models.kernel.registry import table, tables
from models.kernel.session import act
from models.org.company import Company
from models.org.department import Department
from models.org.rules import consequences, move
from models.property.project import Project
from models.property.room import Room
from tests.console import Console, engine_of
from tests.databases import BOTH
from tests.world import NOW, World


def seen(engine: Engine, world: World, login: str, cls: Any = Room) -> int:
    """Returns how many rows somebody sees now, with the grants they hold now."""
    with Session(engine) as own:
        key = world.accounts[login]
        act(own, Actor(key, login, held_by(own, key, frozen(NOW))), frozen(NOW))
        return len(own.scalars(select(cls)).all())


def agree(engine: Engine) -> None:
    with Session(engine) as own:
        act(own, SYSTEM)
        assert not differences(own, [cls for cls in tables().values() if cls.owned.kind == "tree"])


def department(session: Session, parent: int, name: str) -> Department:
    made = Department(parent_node_id=parent, name=name)
    session.add(made)
    session.flush()
    return made


@pytest.mark.parametrize("backend", BOTH)
def test_everything_below_goes_along(session: Session, engine: Engine, world: World) -> None:
    before = {login: seen(engine, world, login) for login in ("regional_admin", "request_clerk", "bay_clerk")}
    assert before == {"regional_admin": 23, "request_clerk": 15, "bay_clerk": 6}
    act(session, world.actor("group_admin"), frozen(NOW))
    company = session.get_one(Company, world.id("company", "hangzhou"))
    what = consequences(session, company, world.id("region", "south"))
    assert (what.old, what.new) == ("华东区域", "华南区域")
    assert {name: what.along[name] for name in ("project", "room", "customer")} == {
        "project": 2, "room": 15, "customer": 5,
    }  # fmt: skip
    assert (what.lose, what.gain) == ({"regional_admin": 1}, {})
    assert "company" not in what.along and what.along["grant"] == what.along["user_profile"]
    move(session, company, world.id("region", "south"), company.version)
    session.commit()
    assert {login: seen(engine, world, login) for login in before} == {
        "regional_admin": 8, "request_clerk": 15, "bay_clerk": 6,
    }  # fmt: skip
    agree(engine)


def test_a_project_goes_to_another_company(session: Session, engine: Engine, world: World) -> None:
    act(session, world.actor("regional_admin"), frozen(NOW))
    project = session.get_one(Project, world.id("project", "hill"))
    move(session, project, world.id("company", "nanjing"), project.version)
    session.commit()
    assert (seen(engine, world, "request_clerk"), seen(engine, world, "regional_admin")) == (10, 23)
    agree(engine)


def test_a_move_needs_the_right_at_both_ends(session: Session, world: World) -> None:
    act(session, world.actor("regional_admin"), frozen(NOW))
    project = session.get_one(Project, world.id("project", "hill"))
    with pytest.raises(Denied):
        move(session, project, world.id("company", "shenzhen"), project.version)
    session.rollback()
    act(session, world.actor("group_admin"), frozen(NOW))
    bay = session.get_one(Project, world.id("project", "bay"))
    session.expunge_all()
    act(session, world.actor("regional_admin"), frozen(NOW))
    session.add(bay)
    with pytest.raises((Denied, Refusal)):
        move(session, bay, world.id("company", "hangzhou"), bay.version)


def test_a_department_never_hangs_below_itself(session: Session, engine: Engine, world: World) -> None:
    upper = department(session, world.nodes["hangzhou"][0], "客户服务部")
    lower = department(session, node_of(session, "department", upper.id).id, "投诉组")
    session.commit()
    for parent in (node_of(session, "department", lower.id).id, node_of(session, "department", upper.id).id):
        with pytest.raises(Refusal) as caught:
            move(session, upper, parent, upper.version)
        assert (caught.value.code, caught.value.field) == ("cycle", "parent_node_id")
        session.rollback()
        upper.parent_node_id = parent
        with pytest.raises(Refusal) as caught:  # nor by way of the form
            session.flush()
        assert caught.value.code == "cycle"
        session.rollback()
    agree(engine)


@pytest.mark.parametrize("backend", BOTH)
def test_two_moves_at_once_make_no_circle(session: Session, engine: Engine, world: World) -> None:
    pair = [department(session, world.nodes["hangzhou"][0], name) for name in ("甲部", "乙部")]
    keys = [row.id for row in pair]
    nodes = [node_of(session, "department", key).id for key in keys]
    session.commit()
    codes: list[str] = []
    barrier = threading.Barrier(2)

    def one(place: int) -> None:
        with Session(engine) as own:
            act(own, world.actor("group_admin"), frozen(NOW))
            barrier.wait(10)
            row = own.scalars(select(Department).where(Department.id == keys[place])).one()
            try:
                move(own, row, nodes[1 - place], row.version)
                own.commit()
                codes.append("moved")
            except Refusal as refusal:
                codes.append(refusal.code)

    threads = [threading.Thread(target=one, args=(place,)) for place in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(codes) == ["cycle", "moved"]
    agree(engine)


def test_a_row_saved_meanwhile_is_not_moved(session: Session, world: World) -> None:
    project = session.get_one(Project, world.id("project", "hill"))
    with pytest.raises(Stale):
        move(session, project, world.id("company", "nanjing"), project.version - 1)


@pytest.mark.parametrize(
    ("kind", "name", "below"),
    [
        ("group", "group", "区域"),
        ("region", "east", "公司"),
        ("company", "hangzhou", "项目"),
        ("project", "lake", "户型"),
    ],
)
def test_only_a_leaf_can_be_deleted(session: Session, world: World, kind: str, name: str, below: str) -> None:
    """R33; the sentence says what hangs below."""
    row = session.get_one(table(kind), world.id(kind, name))
    with pytest.raises(Refusal) as caught:
        remove(session, row)
    assert (caught.value.code, caught.value.status) == ("in_use", 409)
    assert re.search(rf"{row.name}.*{below}", caught.value.sentence.said("zh"))


def test_a_department_with_another_below_is_no_leaf(session: Session, world: World) -> None:
    upper = department(session, world.nodes["hangzhou"][0], "客户服务部")
    lower = department(session, node_of(session, "department", upper.id).id, "投诉组")
    with pytest.raises(Refusal) as caught:
        remove(session, upper)
    assert "“投诉组”" in caught.value.sentence.said("zh")
    remove(session, lower)
    remove(session, upper)
    assert session.scalar(
        select(Node.__table__.c.deleted_at).where(
            Node.__table__.c.ref_id == upper.id, Node.__table__.c.kind == "department"
        )
    )


def test_the_page_shows_what_comes_of_it_and_then_moves(app: Flask, world: World) -> None:
    admin = Console(app, "group_admin", "zh")
    key, south = world.id("company", "hangzhou"), world.id("region", "south")
    at = f"/tree/move/company/{key}"
    assert f'href="{at}"' in admin.get(f"/company/show/{key}").get_data(as_text=True)
    assert "移到哪里" in admin.get(at).get_data(as_text=True)
    shown = admin.send(at, parent=str(south))
    page = shown.get_data(as_text=True)
    assert shown.status_code == 200 and "将从“华东区域”移至“华南区域”" in page
    assert "项目 2、房间 15、客户 5" in page and "将不再可见：地区CRM管理员 1 人" in page
    assert "没有人因此新看到它" in page
    assert seen(engine_of(app), world, "regional_admin") == 23  # nothing was written yet
    carried = dict(re.findall(r'type="hidden" name="(parent|_version|_confirmed)" value="([^"]*)"', page))
    done = admin.send(at, **carried)
    assert (done.status_code, done.headers["Location"]) == (302, f"/company/show/{key}")
    assert "华南区域" in admin.get(f"/company/show/{key}").get_data(as_text=True)
    assert seen(engine_of(app), world, "regional_admin") == 8
    agree(engine_of(app))
    again = admin.send(at, **carried)
    assert again.status_code == 422 and "目前就在“华南区域”之下" in again.get_data(as_text=True)


def test_the_page_refuses_in_sentences(app: Flask, world: World) -> None:
    east = Console(app, "regional_admin", "zh")
    hill, lake = (f"/tree/move/project/{world.id('project', name)}" for name in ("hill", "lake"))
    assert "请选择新的上级单位" in east.send(hill).get_data(as_text=True)
    foreign = east.send(hill, parent=str(world.id("company", "shenzhen")))
    assert foreign.status_code == 403 and "您无权写入该单位" in foreign.get_data(as_text=True)
    admin = Console(app, "group_admin", "zh")
    stale = admin.send(lake, parent=str(world.id("company", "nanjing")), _confirmed="1", _version="9")
    assert stale.status_code == 409 and "期间有人保存过该记录" in stale.get_data(as_text=True)


def test_a_code_that_exists_there_is_named(app: Flask, world: World) -> None:
    admin = Console(app, "group_admin", "zh")
    with Session(engine_of(app)) as own:
        act(own, SYSTEM)
        own.add(Project(company_id=world.id("company", "nanjing"), code="lake", name="另一个湖"))
        own.commit()
    url = f"/tree/move/project/{world.id('project', 'lake')}"
    answer = admin.send(url, parent=str(world.id("company", "nanjing")), _confirmed="1", _version="1")
    assert answer.status_code == 409 and "“lake”在此处已存在" in answer.get_data(as_text=True)


def test_who_may_move(app: Flask, world: World) -> None:
    lake = f"/tree/move/project/{world.id('project', 'lake')}"
    for login in ("project_clerk", "project_leader", "stranger"):
        assert Console(app, login).get(lake).status_code in (403, 404)
    east = Console(app, "regional_admin")
    assert east.get(lake).status_code == 200
    assert east.get(f"/tree/move/project/{world.id('project', 'bay')}").status_code == 404
    region = f"/tree/move/region/{world.id('region', 'east')}"
    assert east.get(region).status_code == 404  # regions are the group's to write
    assert [east.get(f"/tree/move/{bad}").status_code for bad in ("group/1", "room/1", "project/x")] == [404] * 3


def test_who_narrowed_the_console_follows_what_moved(app: Flask, world: World) -> None:
    admin = Console(app, "group_admin", "zh")
    admin.send("/place", node=str(world.nodes["hill"][0]))
    assert "5 条" in admin.get("/room/list/").get_data(as_text=True)
    with Session(engine_of(app)) as own:
        act(own, SYSTEM)
        hill = own.get_one(Project, world.id("project", "hill"))
        move(own, hill, world.id("company", "shenzhen"), hill.version)
        own.commit()
    assert "5 条" in admin.get("/room/list/").get_data(as_text=True)
