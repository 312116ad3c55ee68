"""Pages about rights: why somebody may or may not, what a person was granted, who belongs to a place."""

from __future__ import annotations

import csv
import io
from datetime import date

from flask import Flask
from sqlalchemy import select

from models.kernel.effects import Affected, Effect
from models.kernel.grant import Grant
from models.kernel.guard import remove
from models.kernel.registry import rights_of, tables
from models.kernel.roles import ROLES
from models.kernel.why import rights_on
from models.org.company import Company
from models.property.room import Room
from models.system.user_profile import UserProfile
from tests.console import Console
from tests.views.test_delegation import fields, give, stored, system
from tests.world import World
from views.pages.effects import brief


def why(one: Console, world: World, login: str, table: str, key: int) -> tuple[int, str]:
    user = world.id("user_profile", login)
    answer = one.get(f"/why/?user={user}&table={table}&key={key}")
    return answer.status_code, answer.get_data(as_text=True)


def test_the_page_names_the_grant_that_decides_or_what_is_missing(app: Flask, world: World) -> None:
    east, lake = Console(app, "regional_admin", "zh"), world.id("room", "lake-1-1-101")
    status, page = why(east, world, "project_clerk", "room", lake)
    assert status == 200
    assert "由授权“星河集团 › 华东区域 › 杭州公司 › 湖畔花园的项目CRM专员”给予。" in page
    assert f'href="/grant/show/{world.id("grant", "project_clerk")}"' in page
    assert "所持角色均无此权限" in page  # to delete for good
    status, page = why(east, world, "project_clerk", "room", world.id("room", "river-1-1-101"))
    assert status == 200 and "缺少覆盖其所属位置的授权" in page and "由授权“" not in page


def test_the_row_s_menu_and_the_person_s_page_lead_there(app: Flask, world: World) -> None:
    east, lake = Console(app, "regional_admin", "zh"), world.id("room", "lake-1-1-101")
    link = f"/why/?table=room&amp;key={lake}"
    assert link in east.get(f"/room/show/{lake}").get_data(as_text=True)
    asked = east.get(f"/why/?table=room&key={lake}").get_data(as_text=True)
    assert 'data-lookup-url="/user_profile/lookup"' in asked and "由授权“" not in asked
    person = world.id("user_profile", "project_clerk")
    assert f"/why/?user={person}" in east.get(f"/user_profile/{person}/rights").get_data(as_text=True)
    clerk = Console(app, "project_clerk", "zh")
    assert link not in clerk.get(f"/room/show/{lake}").get_data(as_text=True)
    assert clerk.get(link.replace("&amp;", "&")).status_code == 403


def test_only_those_who_administer_the_person_s_place_are_told(app: Flask, world: World) -> None:
    """And of a record only those who see it; a grant outside of the reader's part is not named."""
    east, lake = Console(app, "regional_admin", "zh"), world.id("room", "lake-1-1-101")
    assert why(east, world, "bay_clerk", "room", lake)[0] == 404
    assert why(east, world, "group_admin", "room", lake)[0] == 404
    assert why(east, world, "project_clerk", "room", world.id("room", "bay-1-1-101"))[0] == 404
    for wrong in (
        "user=x&table=room&key=1",
        "user=1&table=nosuch&key=1",
        "user=1&table=room&key=²",
        "user=9999999&table=room&key=1",
    ):
        assert east.get(f"/why/?{wrong}").status_code == 404, wrong
    give(app, world, "project_clerk", "group_leader", "group")
    page = why(east, world, "project_clerk", "room", world.id("room", "river-1-1-101"))[1]
    assert "由授权“您权限范围以外的授权”给予" in page and "的集团领导" not in page


def test_it_says_what_is_wrong_with_account_and_record(app: Flask, world: World) -> None:
    lake, person = world.id("room", "river-1-1-102"), world.id("user_profile", "project_clerk")
    with system(app) as own:
        own.get_one(UserProfile, person).state = "disabled"
        remove(own, own.get_one(Room, lake))
        own.commit()
    page = why(Console(app, "group_admin", "zh"), world, "project_clerk", "room", lake)[1]
    assert "账号已停用" in page and "回收站" in page


def test_a_person_s_projects_are_a_view_of_their_grants(app: Flask, world: World) -> None:
    admin = Console(app, "group_admin", "zh")

    def page(login: str) -> str:
        return admin.get(f"/user_profile/{world.id('user_profile', login)}/rights").get_data(as_text=True)

    assert "否，仅指定项目" in page("project_clerk") and "仅此项目" in page("project_clerk")
    assert "江岸府" not in page("project_clerk")
    leader = page("company_leader")
    assert "是，杭州公司的全部项目" in leader and "杭州公司全部项目（2 个）" in leader
    assert "湖畔花园" in leader and "云栖山居" in leader
    give(app, world, "company_leader", "project_leader", "east")
    assert "华东区域全部、杭州公司全部" in page("company_leader"), "each place that reaches a project is named"
    assert "是，集团全部项目" in page("group_admin") and "没有任何授权" in page("stranger")
    give(app, world, "stranger", "project_clerk", "bay", until_day=date(2020, 1, 1))
    ended = page("stranger")
    assert "已失效" in ended and "当前有效的授权未涵盖任何项目" in ended
    assert Console(app, "project_clerk").get("/user_profile/1/rights").status_code == 403
    east = Console(app, "regional_admin", "zh")
    assert east.get(f"/user_profile/{world.id('user_profile', 'bay_clerk')}/rights").status_code == 404


def test_a_project_s_members_hold_a_role_there_or_above(app: Flask, world: World) -> None:
    admin, lake = Console(app, "group_admin", "zh"), world.id("project", "lake")
    page = admin.get(f"/members/project/{lake}").get_data(as_text=True)
    for login in ("project_clerk", "company_leader", "group_leader", "regional_admin"):
        assert f"/user_profile/{world.id('user_profile', login)}/rights" in page, login
    assert f"/user_profile/{world.id('user_profile', 'bay_clerk')}/rights" not in page
    assert "华东区域全部" in page and "仅此单位" in page
    assert f"/members/project/{lake}" in admin.get(f"/project/show/{lake}").get_data(as_text=True)
    below = Console(app, "regional_admin", "zh").get(f"/members/project/{lake}").get_data(as_text=True)
    assert "集团领导" not in below and "项目CRM专员" in below
    assert Console(app, "regional_admin").get(f"/members/project/{world.id('project', 'bay')}").status_code == 404
    assert Console(app, "company_leader").get(f"/members/project/{lake}").status_code == 403
    for wrong in ("/members/room/1", "/members/project/x", "/members/nosuch/1", "/members/project/999999"):
        assert admin.get(wrong).status_code == 404, wrong


def preview(one: Console, world: World, login: str, role: str, place: str, **more: str) -> dict[str, object]:
    answer = one.send("/grant/preview", **fields(world, login, role, place), **more)
    assert answer.status_code == 200
    found: dict[str, object] = answer.get_json()
    return found


def test_the_form_of_a_grant_shows_what_it_gives_before_it_is_saved(app: Flask, world: World) -> None:
    east = Console(app, "regional_admin", "zh")
    assert "grant-preview.js" in east.get("/grant/add").get_data(as_text=True)
    with system(app) as own:
        count = len(own.scalars(select(Grant.id)).all())
    said = preview(east, world, "project_clerk", "finance", "hangzhou")
    (person,) = said["people"]  # type: ignore[misc]
    rows = {cells[0]: cells for cells in person["rows"]}
    assert rows["房间"][1] == "+5" and rows["房间"][2] == "—"  # those of 云栖山居: the ten of 湖畔花园 are seen already
    assert "已存在" in preview(east, world, "project_clerk", "project_clerk", "lake")["wrong"]  # type: ignore[operator]
    ended = preview(east, world, "project_clerk", "finance", "hangzhou", until_day="2020-01-01")
    assert not ended["people"] and str(ended["hint"]).startswith("没有变化")
    assert preview(east, world, "project_clerk", "finance", "hangzhou", from_day="2099-01-01")["people"]
    mine = str(world.id("grant", "project_clerk"))
    lost = preview(east, world, "project_clerk", "project_clerk", "hill", row=mine)["people"]
    assert {cells[0]: cells for cells in lost[0]["rows"]}["房间"][1:3] == ["+5", "−10"]  # type: ignore[index]
    for login, role in (("project_clerk", "group_admin"), ("regional_admin", "finance")):
        refused = preview(east, world, login, role, "lake")
        assert refused["wrong"] and not refused["people"]
    for wrong in (
        {"profile_id": "x"},
        {"profile_id": "999999"},
        {"node_id": "²"},
        {"role": "nosuch"},
        {"from_day": "soon"},
    ):
        answer = east.send("/grant/preview", **{**fields(world, "project_clerk", "finance", "lake"), **wrong})
        assert answer.status_code == 200 and answer.get_json()["wrong"], wrong
    assert east.send("/grant/preview").get_json()["hint"]
    foreign = {**fields(world, "project_clerk", "finance", "lake"), "row": str(world.id("grant", "bay_clerk"))}
    assert east.send("/grant/preview", **foreign).status_code == 404
    assert Console(app, "project_clerk").send("/grant/preview").status_code == 403
    with system(app) as own:
        assert len(own.scalars(select(Grant.id)).all()) == count


def test_what_taking_a_grant_away_does(app: Flask, world: World) -> None:
    east, mine = Console(app, "regional_admin", "zh"), world.id("grant", "project_clerk")
    page = east.send(f"/grant/{mine}/without").get_data(as_text=True)
    assert "−10" in page and "项目CRM专员" in page
    assert stored(app, mine)["deleted_at"] is None
    assert east.send(f"/grant/{world.id('grant', 'bay_clerk')}/without").status_code == 404
    assert east.send(f"/grant/{world.id('grant', 'regional_admin')}/without").status_code == 403


def test_a_move_says_what_each_person_gains_and_loses(app: Flask, world: World) -> None:
    admin = Console(app, "group_admin", "zh")
    nanjing, south = world.id("company", "nanjing"), world.id("region", "south")
    page = admin.send(f"/tree/move/company/{nanjing}", parent=str(south)).get_data(as_text=True)
    assert "地区CRM管理员：新增可见 无；不再可见" in page and "房间 8" in page
    with system(app) as own:
        assert own.get_one(Company, nanjing).region_id == world.id("region", "east")


def test_others_are_spoken_of_only_where_there_are_some() -> None:
    found = [Affected(1, "甲", [Effect("room", {"read": 3})])]
    assert [one.said("zh") for one in brief(found)] == ["甲：新增可见 房间 3；不再可见 无。"]
    assert [one.said("zh") for one in brief(found, more=True)][1:] == ["其余人员从略。"]


def test_the_matrix_of_roles_is_that_of_the_declarations(app: Flask, world: World) -> None:
    admin = Console(app, "regional_admin", "zh")
    page = admin.get("/roles/").get_data(as_text=True)
    for said in ("角色权限表", "各角色可授予的角色", "项目CRM专员", "查=查看"):
        assert said in page
    assert 'href="/roles/"' in admin.get("/me").get_data(as_text=True)
    few = admin.get("/roles/?area=org").get_data(as_text=True)
    assert '<small class="quiet">company</small>' in few and ">room<" not in few
    file = admin.get("/roles/export.csv").get_data().decode("utf-8-sig")
    lines = list(csv.DictReader(io.StringIO(file)))
    asked = {(line["业务对象"], line["权限"]): line for line in lines}
    room = asked["房间 (room)", "新增与修改"]
    assert {role for role in ROLES if room[ROLES[role].words.zh] == "Y"} == set(rights_of(Room).roles("write"))
    assert len(lines) == sum(len(rights_on(cls)) for cls in tables().values())
    assert Console(app, "project_clerk").get("/roles/").status_code == 403
    assert admin.get("/roles/?area=nosuch").status_code == 404
