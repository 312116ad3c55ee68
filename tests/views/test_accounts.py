"""People's accounts: passwords by those who may, one's own with the present one, and disabling at the next request."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.kernel.actor import SYSTEM
from models.kernel.audit import AuditLog
from models.kernel.grant import Grant
from models.kernel.session import act
from models.system.user_profile import AccountState, UserProfile
from tests.console import Console, engine_of
from tests.world import PASSWORD, World

FRESH = "a-new-pass-word-7"


def signs_in(app: Flask, login: str, password: str) -> bool:
    return Console(app, None).send("/login/", username=login, password=password).status_code == 302


def at(world: World, login: str) -> str:
    return f"/user_profile/{world.id('user_profile', login)}/password"


def test_an_administrator_sets_a_password(app: Flask, world: World) -> None:
    admin, url = Console(app, "regional_admin", "zh"), at(world, "project_clerk")
    record = admin.get(f"/user_profile/show/{world.id('user_profile', 'project_clerk')}").get_data(as_text=True)
    assert f'href="{url}"' in record
    assert "设置 项目CRM专员 的密码" in admin.get(url).get_data(as_text=True)
    for typed, sentence in (
        ({"password": FRESH, "again": "else"}, "两次输入不一致"),
        ({"password": "short", "again": "short"}, "密码长度为 10 至 200 个字符"),
        ({"password": "project_clerk", "again": "project_clerk"}, "不能与登录名相同"),
        ({}, "密码长度为 10 至 200 个字符"),
    ):
        answer = admin.send(url, **typed)
        assert answer.status_code == 422 and sentence in answer.get_data(as_text=True)
        assert FRESH not in answer.get_data(as_text=True)
    assert admin.send(url, password=FRESH, again=FRESH).status_code == 302
    assert signs_in(app, "project_clerk", FRESH) and not signs_in(app, "project_clerk", PASSWORD)
    with Session(engine_of(app)) as own:
        line = own.scalars(select(AuditLog).where(AuditLog.action == "password")).one()
        assert (line.user_id, line.row_id) == (world.accounts["regional_admin"], world.accounts["project_clerk"])
        assert FRESH not in line.changes


def test_nobody_sets_the_password_of_who_holds_more(app: Flask, world: World) -> None:
    """A profile in one's own region may hold a role above it: whoever set its password could sign in as that person."""
    with Session(engine_of(app)) as own:
        act(own, SYSTEM)
        boss = UserProfile(node_id=world.nodes["east"][0], login="boss", name="集团管理员")
        own.add(boss)
        own.flush()
        own.add(Grant(profile_id=boss.id, role="group_admin", node_id=world.nodes["group"][0]))
        own.commit()
        key = boss.id
    east = Console(app, "regional_admin", "zh")
    url = f"/user_profile/{key}/password"
    assert url not in east.get(f"/user_profile/show/{key}").get_data(as_text=True)
    for answer in (east.get(url), east.send(url, password=FRESH, again=FRESH)):
        assert answer.status_code == 403 and "持有您无权授予的角色" in answer.get_data(as_text=True)
    assert not signs_in(app, "boss", FRESH)
    assert Console(app, "group_admin").send(url, password=FRESH, again=FRESH).status_code == 302
    assert signs_in(app, "boss", FRESH)


def test_others_set_no_passwords(app: Flask, world: World) -> None:
    for login in ("project_clerk", "company_leader", "stranger"):
        assert Console(app, login).get(at(world, "project_clerk")).status_code == 403
    east = Console(app, "regional_admin")
    for answer in (east.get(at(world, "bay_clerk")), east.send(at(world, "bay_clerk"), password=FRESH, again=FRESH)):
        assert answer.status_code in (403, 404)
    assert east.get(at(world, "regional_admin")).headers["Location"] == "/password"
    assert Console(app, None).get("/password").headers["Location"].startswith("/login/")


def test_ones_own_password_wants_the_present_one(app: Flask, world: World) -> None:
    clerk = Console(app, "request_clerk", "zh")
    for typed, sentence in (
        ({"present": "wrong-one-1234", "password": FRESH, "again": FRESH}, "当前密码不正确"),
        ({"password": FRESH, "again": FRESH}, "当前密码不正确"),
        ({"present": PASSWORD, "password": PASSWORD, "again": PASSWORD}, "新密码与当前密码相同"),
        ({"present": PASSWORD, "password": FRESH, "again": "x"}, "两次输入不一致"),
    ):
        answer = clerk.send("/password", **typed)
        assert answer.status_code == 422 and sentence in answer.get_data(as_text=True)
    assert clerk.send("/password", present=PASSWORD, password=FRESH, again=FRESH).headers["Location"] == "/me"
    assert signs_in(app, "request_clerk", FRESH) and not signs_in(app, "request_clerk", PASSWORD)


def test_a_new_person_has_no_password_until_one_is_set(app: Flask, world: World) -> None:
    admin = Console(app, "group_admin", "zh")
    made = admin.send(
        "/user_profile/add", node_id=str(world.nodes["lake"][0]), login="newcomer", name="新同事", state="active"
    )
    key = made.headers["Location"].rsplit("/", 1)[1]
    for password in ("", "None", "newcomer", PASSWORD):
        assert Console(app, None).send("/login/", username="newcomer", password=password).status_code == 401
    assert admin.send(f"/user_profile/{key}/password", password=FRESH, again=FRESH).status_code == 302
    assert signs_in(app, "newcomer", FRESH)


def test_disabling_acts_at_the_next_request(app: Flask, world: World) -> None:
    clerk = Console(app, "project_clerk")
    assert clerk.get("/me").status_code == 200
    with Session(engine_of(app)) as own:
        act(own, SYSTEM)
        profile = own.get_one(UserProfile, world.id("user_profile", "project_clerk"))
        profile.state = AccountState.DISABLED
        own.commit()
    assert clerk.get("/room/list/").headers["Location"].startswith("/login/")
    assert clerk.get("/api/v1/room/").status_code == 401
    assert not signs_in(app, "project_clerk", PASSWORD)


def test_my_page_shows_what_i_was_granted(app: Flask, world: World) -> None:
    page = Console(app, "project_clerk", "zh").get("/me").get_data(as_text=True)
    for said in (
        "项目CRM专员",
        "星河集团 › 华东区域 › 杭州公司 › 湖畔花园",
        "2025-01-01",
        "长期",
        "生效中",
        "Switch to English",
    ):
        assert said in page
    assert "您尚未获得任何授权" in Console(app, "stranger", "zh").get("/me").get_data(as_text=True)
    assert 'href="/me"' in page and 'href="/password"' in page


def test_a_changed_password_ends_the_person_s_other_sessions(app: Flask, world: World) -> None:
    here, elsewhere = Console(app, "request_clerk"), Console(app, "request_clerk")
    changed = here.send("/password", present="open-sesame-42", password="another-sesame-43", again="another-sesame-43")
    assert changed.status_code == 302
    assert here.get("/room/list/").status_code == 200
    assert elsewhere.get("/room/list/").status_code == 302


def test_nobody_changes_a_person_who_holds_more_than_they_may_grant(app: Flask, world: World) -> None:
    """A group administrator whose profile lies in the region is not disabled by the region's administrator."""
    with Session(engine_of(app)) as session:
        act(session, SYSTEM)
        chief = session.get_one(UserProfile, world.id("user_profile", "group_admin"))
        chief.node_id = session.get_one(UserProfile, world.id("user_profile", "regional_admin")).node_id
        session.commit()
    regional = Console(app, "regional_admin")
    for login, expected in (("request_clerk", 200), ("group_admin", 403)):
        url = f"/api/v1/user_profile/{world.id('user_profile', login)}"
        version = regional.get(url).get_json()["result"]["version"]
        answer = regional.call("PUT", url, json={"state": "disabled"}, headers={"If-Match": str(version)})
        assert answer.status_code == expected, login


def test_a_grant_is_taken_away_by_those_who_may_give_it(app: Flask, world: World) -> None:
    admin, regional = Console(app, "group_admin"), Console(app, "regional_admin")
    own, clerk = world.id("grant", "group_admin"), world.id("grant", "request_clerk")
    assert admin.call("DELETE", f"/api/v1/grant/{own}").status_code == 403
    assert admin.get("/grant/list/").status_code == 200
    assert regional.call("DELETE", f"/api/v1/grant/{world.id('grant', 'regional_admin')}").status_code == 403
    assert regional.call("DELETE", f"/api/v1/grant/{clerk}").status_code == 200


def test_whoever_is_deleted_signs_in_no_more(app: Flask, world: World) -> None:
    with Session(engine_of(app)) as session:
        act(session, SYSTEM)
        place = session.get_one(UserProfile, world.id("user_profile", "request_clerk")).node_id
        guest = UserProfile(node_id=place, login="guest", name="来宾")
        session.add(guest)
        session.flush()
        key, account = guest.id, guest.user_id
        session.commit()
    assert Console(app, "group_admin").call("DELETE", f"/api/v1/user_profile/{key}").status_code == 200
    with Session(engine_of(app)) as session:
        accounts = UserProfile.metadata.tables["ab_user"].c
        assert not session.execute(select(accounts.active).where(accounts.id == account)).scalar()
