"""Delegated administration: who gives what to whom and where, through page, REST, many at once and the bin (design 4)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.kernel import bulk_change
from models.kernel.actor import SYSTEM
from models.kernel.grant import Grant
from models.kernel.guard import remove
from models.kernel.refusal import Refusal
from models.kernel.session import act
from models.system.user_profile import AccountState, UserProfile
from tests.console import Console, engine_of
from tests.world import World

OWN = "不能修改自己的授权"
NOT_YOURS = "您无权在此授予"
LAST = "最后一位集团管理员"


def system(app: Flask) -> Session:
    return act(Session(engine_of(app)), SYSTEM)


def give(app: Flask, world: World, login: str, role: str, place: str, **more: Any) -> int:
    with system(app) as own:
        row = Grant(profile_id=world.id("user_profile", login), role=role, node_id=world.nodes[place][0], **more)
        own.add(row)
        own.commit()
        return row.id


def stored(app: Flask, key: int) -> dict[str, Any]:
    with system(app) as own:
        row = own.execute(select(Grant.__table__).where(Grant.__table__.c.id == key)).mappings().one()
        return dict(row)


def fields(world: World, login: str, role: str, place: str) -> dict[str, str]:
    return {
        "profile_id": str(world.id("user_profile", login)),
        "role": role,
        "node_id": str(world.nodes[place][0]),
    }


def by_page(one: Console, given: dict[str, str], key: int | None = None) -> tuple[int, str]:
    if key is None:
        answer = one.send("/grant/add", **given)
    else:
        version = one.get(f"/api/v1/grant/{key}").get_json()["result"]["version"]
        answer = one.send(f"/grant/edit/{key}", _version=str(version), **given)
    return answer.status_code, answer.get_data(as_text=True)


def by_rest(one: Console, given: dict[str, Any], key: int | None = None) -> tuple[int, str]:
    if key is None:
        answer = one.call("POST", "/api/v1/grant/", json=given)
    else:
        version = one.get(f"/api/v1/grant/{key}").get_json()["result"]["version"]
        answer = one.call("PUT", f"/api/v1/grant/{key}", json=given, headers={"If-Match": str(version)})
    return answer.status_code, answer.get_data(as_text=True)


def test_a_regional_administrator_makes_a_user_and_gives_what_their_role_names(app: Flask, world: World) -> None:
    east = Console(app, "regional_admin", "zh")
    made = east.send("/user_profile/add", node_id=str(world.nodes["lake"][0]), login="newcomer", name="新同事")
    assert made.status_code == 302
    key = made.headers["Location"].rsplit("/", 1)[1]
    assert east.send("/grant/add", **fields(world, "stranger", "project_clerk", "lake")).status_code != 302  # unseen
    given = {"profile_id": key, "role": "project_clerk", "node_id": str(world.nodes["lake"][0])}
    assert east.send("/grant/add", **given).status_code == 302
    answer = east.call("POST", "/api/v1/grant/", json={**given, "role": "finance"})
    assert answer.status_code == 201
    for place in ("bay", "south", "group"):
        there = str(world.nodes[place][0])
        assert east.send("/user_profile/add", node_id=there, login=f"x{place}", name="外人").status_code == 403
        sent = {"node_id": there, "login": f"y{place}", "name": "外人"}
        assert east.call("POST", "/api/v1/user_profile/", json=sent).status_code in (403, 422)


@pytest.mark.parametrize("way", [by_page, by_rest])
def test_nobody_gives_more_than_their_role_names_nor_elsewhere(app: Flask, world: World, way: Any) -> None:
    east = Console(app, "regional_admin", "zh")
    for role, place in (("group_admin", "lake"), ("regional_admin", "east"), ("group_leader", "hangzhou")):
        status, said = way(east, fields(world, "project_clerk", role, place))
        assert status == 403 and NOT_YOURS in said, (role, place)
    for place in ("bay", "south", "group"):
        assert way(east, fields(world, "project_clerk", "project_clerk", place))[0] in (403, 422), place
    assert way(Console(app, "request_clerk"), fields(world, "project_clerk", "finance", "lake"))[0] == 403


@pytest.mark.parametrize("way", [by_page, by_rest])
def test_a_higher_grant_is_not_turned_into_a_lower_one(app: Flask, world: World, way: Any) -> None:
    """Changing a grant is taking it away and giving another: both must be one's own to give."""
    higher = give(app, world, "company_leader", "group_admin", "east")
    east = Console(app, "regional_admin", "zh")
    status, said = way(east, fields(world, "company_leader", "project_clerk", "lake"), higher)
    assert status == 403 and NOT_YOURS in said
    assert stored(app, higher)["role"] == "group_admin"


@pytest.mark.parametrize("way", [by_page, by_rest])
def test_nobody_changes_their_own_grants(app: Flask, world: World, way: Any) -> None:
    mine = give(app, world, "regional_admin", "project_clerk", "lake")
    east = Console(app, "regional_admin", "zh")
    for given in (
        fields(world, "regional_admin", "finance", "lake"),  # another role
        {**fields(world, "regional_admin", "project_clerk", "lake"), "until_day": "2099-01-01"},
        fields(world, "project_leader", "project_clerk", "lake"),  # given away to somebody else
    ):
        status, said = way(east, given, mine)
        assert status == 403 and OWN in said, given
    status, said = way(east, fields(world, "regional_admin", "finance", "lake"))
    assert status == 403 and OWN in said
    assert east.call("DELETE", f"/api/v1/grant/{mine}").status_code == 403
    with system(app) as own:
        remove(own, own.get_one(Grant, mine))
        own.commit()
    assert east.send(f"/grant/restore/{mine}").status_code in (302, 403)
    assert stored(app, mine)["deleted_at"] is not None


def test_many_at_once_and_taking_back_keep_to_the_same_rules(app: Flask, world: World) -> None:
    """`/grant/many` tries each row as its form would; the bin gives a grant back only to those who could give it."""
    higher = give(app, world, "company_leader", "group_admin", "east")
    mine = give(app, world, "regional_admin", "project_clerk", "lake")
    other = give(app, world, "project_leader", "project_clerk", "lake")
    east = Console(app, "regional_admin")
    with Session(engine_of(app)) as own:
        act(own, world.actor("regional_admin"))
        meant = [(key, version) for key, version in own.execute(select(Grant.id, Grant.version))]
        assert {higher, mine, other} <= {key for key, _version in meant}
        made = bulk_change.prepare(own, Grant, meant, bulk_change.CHANGE)
        asked = bulk_change.say_what(own, Grant, made.token, {"until_day": "2099-01-01"})
        outcome = bulk_change.apply(own, Grant, asked, whole=False)
        said = {key: str(sentence) for key, _name, sentence in outcome.reasons}
    assert "may not grant" in said[higher] and "their own grants" in said[mine] and other not in said
    assert outcome.done and stored(app, other)["until_day"] is not None
    with system(app) as own:
        for key in (higher, other):
            remove(own, own.get_one(Grant, key))
        own.commit()
    east.send(f"/grant/restore/{higher}")
    east.send(f"/grant/restore/{other}")
    assert stored(app, higher)["deleted_at"] is not None
    assert stored(app, other)["deleted_at"] is None


def second(app: Flask, world: World, **more: Any) -> Console:
    """Another group administrator, who acts on the first; with an end, so that they are not the one that must stay."""
    give(app, world, "group_leader", "group_admin", "group", **more)
    return Console(app, "group_leader", "zh")


def ways_to_lose(world: World) -> list[dict[str, str]]:
    here = fields(world, "group_admin", "group_admin", "group")
    return [
        {**here, "until_day": "2099-12-31"},
        {**here, "from_day": "2098-01-01"},
        {**here, "role": "group_leader"},
        {**here, "node_id": str(world.nodes["east"][0])},
    ]


@pytest.mark.parametrize("way", [by_page, by_rest])
def test_the_last_group_administrator_stays(app: Flask, world: World, way: Any) -> None:
    last, profile = world.id("grant", "group_admin"), world.id("user_profile", "group_admin")
    deputy = second(app, world, until_day=date(2099, 1, 1))
    for given in ways_to_lose(world):
        status, said = way(deputy, given, last)
        assert status in (409, 422) and LAST in said, given
    assert deputy.call("DELETE", f"/api/v1/grant/{last}").status_code == 409
    deputy.send(f"/grant/delete/{last}")
    for who in (deputy, Console(app, "group_admin", "zh")):  # not by others, not by themselves
        url = f"/api/v1/user_profile/{profile}"
        version = who.get(url).get_json()["result"]["version"]
        answer = who.call("PUT", url, json={"state": "disabled"}, headers={"If-Match": str(version)})
        assert answer.status_code == 409 and LAST in answer.get_data(as_text=True)
    with system(app) as own:
        row, person = own.get_one(Grant, last), own.get_one(UserProfile, profile)
        assert (row.deleted_at, row.until_day, row.role) == (None, None, "group_admin")
        assert person.state == AccountState.ACTIVE


def test_with_another_one_a_group_administrator_may_go(app: Flask, world: World) -> None:
    last = world.id("grant", "group_admin")
    deputy = second(app, world)
    assert deputy.call("DELETE", f"/api/v1/grant/{last}").status_code == 200


def test_two_who_go_in_one_flush_are_one_too_many(app: Flask, world: World) -> None:
    give(app, world, "group_leader", "group_admin", "group")
    with system(app) as own:
        for login in ("group_admin", "group_leader"):
            own.get_one(UserProfile, world.id("user_profile", login)).state = AccountState.DISABLED
        with pytest.raises(Refusal, match="last group administrator"):
            own.flush()
        own.rollback()
        own.get_one(UserProfile, world.id("user_profile", "group_admin")).state = AccountState.DISABLED
        own.flush()
        own.rollback()
