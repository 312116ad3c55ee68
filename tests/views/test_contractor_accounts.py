"""A contractor's account: what was sent to that contractor is there in every channel, nothing else is in any."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.inspection.dispatching import Wanted, dispatch
from models.inspection.issue import Issue
from models.inspection.issue_fix import IssueFix
from models.kernel.actor import SYSTEM
from models.kernel.clock import utc_now
from models.kernel.moving import move
from models.kernel.readers import readers
from models.kernel.session import act
from models.parameter.contractor import Contractor
from models.parameter.contractor_scope import ContractorScope
from models.parameter.issue_category import IssueCategory
from models.system.user_profile import UserProfile
from seeds.demo.people import credit_code
from seeds.reference import numbers, options, parameters
from tests.console import Console, bearer, engine_of
from tests.databases import BOTH
from tests.world import World

WORDS = {"mine": "窗框渗水一号", "unsent": "窗框渗水二号", "other": "窗框渗水三号", "back": "窗框渗水四号"}


@pytest.fixture
def keys(app: Flask, world: World) -> dict[str, int]:
    """Issues by the lake: one sent to the contractor of the account, one not yet, one sent to another, one taken back.

    Returns: word -> key of the issue; `fix` and `list` of the one that is theirs, `other_fix` and `other_list`.
    """
    with Session(engine_of(app)) as own:
        act(own, SYSTEM, utc_now)
        options.seed(own)
        parameters.seed(own)
        numbers.seed(own)
        lake, node = world.id("project", "lake"), world.nodes["hangzhou"][0]
        firms = [Contractor(node_id=node, name=name, usci=credit_code(8_000_000 + n)) for n, name in enumerate("甲乙")]
        own.add_all(firms)
        own.flush()
        own.add_all(ContractorScope(project_id=lake, contractor_id=firm.id) for firm in firms)
        own.flush()
        for login in ("contractor", "bay_clerk"):
            person = own.scalars(select(UserProfile).where(UserProfile.login == login)).one()
            person.contractor_id = firms[0].id
        category = own.scalars(select(IssueCategory.id).where(IssueCategory.code == "D03")).one()
        room = world.id("room", "lake-1-1-101")

        def issue(word: str, firm: Contractor) -> Issue:
            made = Issue(
                project_id=lake, room_id=room, category_id=category, description=WORDS[word], contractor_id=firm.id
            )
            own.add(made)
            own.flush()
            return made

        rows = {"mine": issue("mine", firms[0]), "other": issue("other", firms[1])}
        lists = [dispatch(own, Wanted(lake), firm.id) for firm in firms]
        rows["back"] = issue("back", firms[0])
        move(own, rows["back"], "dispatch")
        move(own, rows["back"], "reassign", {"reject_reason": "派错单位"})
        rows["unsent"] = issue("unsent", firms[0])
        fixes = {key: fix for key, fix in own.execute(select(IssueFix.issue_id, IssueFix.id))}
        found = {word: row.id for word, row in rows.items()}
        found |= {"fix": fixes[rows["mine"].id], "other_fix": fixes[rows["other"].id]}
        found |= {"list": lists[0].id, "other_list": lists[1].id, "firm": firms[0].id, "other_firm": firms[1].id}
        own.commit()
        return found


def said(answer: Any) -> set[str]:
    text = answer.get_data(as_text=True)
    if answer.headers.get("Content-Type", "").startswith("application/json"):
        text = json.dumps(json.loads(text), ensure_ascii=False)
    return {word for word, words in WORDS.items() if words in text}


@pytest.mark.parametrize("backend", BOTH)
def test_every_channel_tells_a_contractor_of_its_own_issues_alone(
    app: Flask, world: World, keys: dict[str, int]
) -> None:
    one, token = Console(app, "contractor", "zh"), bearer(app, "contractor")
    for url in ("/issue/list/", "/issue/list/?q=窗框渗水", "/issue/export.csv", f"/issue_dispatch/show/{keys['list']}",
                f"/issue-lists/print/{keys['list']}"):  # fmt: skip
        answer = one.get(url)
        assert (answer.status_code, said(answer)) == (200, {"mine"}), url
    api = app.test_client().get("/api/v1/issue/", headers=token)
    assert said(api) == {"mine"} and api.get_json()["count"] == 1
    assert said(app.test_client().get("/api/v1/search/?q=窗框渗水", headers=token)) <= {"mine"}
    assert said(one.get("/api/v1/search/?q=窗框渗水")) == {"mine"}
    for word in ("other", "unsent", "back"):
        for url in (f"/issue/show/{keys[word]}", f"/issue/{keys[word]}/timeline", f"/api/v1/issue/{keys[word]}",
                    f"/api/v1/issue/{keys[word]}/files"):  # fmt: skip
            assert one.get(url).status_code == 404, (word, url)
        assert one.send(f"/issue/{keys[word]}/move/sign", _version="1").status_code == 404, word
    for url in (f"/issue_fix/show/{keys['other_fix']}", f"/issue_dispatch/show/{keys['other_list']}",
                f"/issue-lists/print/{keys['other_list']}", f"/contractor/show/{keys['other_firm']}"):  # fmt: skip
        assert one.get(url).status_code == 404, url
    assert one.get(f"/contractor/show/{keys['firm']}").status_code == 200
    for url in ("/report/contractors/", "/report/defect_structure/", "/inspection_plan/list/", "/customer/list/"):
        assert one.get(url).status_code == 403, url


def test_repairs_are_begun_and_done_with_photos_and_nothing_else_is_pressed(
    app: Flask, world: World, keys: dict[str, int]
) -> None:
    one = Console(app, "contractor", "zh")
    page = one.get(f"/issue/show/{keys['mine']}").get_data(as_text=True)
    assert (
        "签收" in page and "退回改派" not in page and "作废" not in page and f"/issue/edit/{keys['mine']}" not in page
    )
    assert one.send(f"/issue/{keys['mine']}/move/reassign", _version="2", reject_reason="不修").status_code == 403
    assert one.send(f"/issue/edit/{keys['mine']}", _version="2", description="改写").status_code == 403
    assert one.get("/issue/add").status_code == 403
    assert one.call("POST", f"/api/v1/issue/{keys['mine']}/sign", headers={"If-Match": '"2"'}).status_code == 200

    photo = io.BytesIO()
    Image.new("RGB", (60, 40), "white").save(photo, "PNG")
    files = f"/issue_fix/{keys['fix']}/files"
    assert one.send(files, file=(io.BytesIO(photo.getvalue()), "整改后.png")).status_code == 303
    assert one.send(f"/issue/{keys['mine']}/files", file=(io.BytesIO(photo.getvalue()), "x.png")).status_code == 403
    assert (
        one.send(f"/issue_fix/{keys['other_fix']}/files", file=(io.BytesIO(photo.getvalue()), "x.png")).status_code
        == 404
    )
    assert "新增" not in one.get("/issue_fix/list/").get_data(as_text=True).partition("<main")[2][:3000]
    fresh = one.call("POST", "/api/v1/issue_fix/", json={"issue_id": keys["mine"], "note": "自行新增"})
    assert fresh.status_code == 403, fresh.get_data(as_text=True)

    done = one.call(
        "POST", f"/api/v1/issue/{keys['mine']}/finish", json={"solution": "重新打胶"}, headers={"If-Match": '"3"'}
    )
    assert done.status_code == 200, done.get_data(as_text=True)
    after = one.call("PUT", f"/api/v1/issue_fix/{keys['fix']}", json={"note": "改"}, headers={"If-Match": '"9"'})
    assert after.status_code in (403, 404), "what was handed in stays as it is"
    assert one.send(f"/issue/{keys['mine']}/move/close", _version="4").status_code == 403
    with Session(engine_of(app)) as own:
        act(own, SYSTEM, utc_now)
        fix = own.get_one(IssueFix, keys["fix"])
        assert (fix.result, fix.solution, fix.signed_at is not None) == ("done", "重新打胶", True)


def test_a_list_is_signed_for_by_its_contractor(app: Flask, world: World, keys: dict[str, int]) -> None:
    one = Console(app, "contractor", "zh")
    menu = one.get("/issue-lists/")
    assert (menu.status_code, menu.location) == (302, "/issue/list/"), "the menu leads a contractor to its own issues"
    given = {"signed_by": "王工", "signed_on": "2025-06-02"}
    assert one.send(f"/issue_dispatch/{keys['other_list']}/move/sign", _version="1", **given).status_code == 404
    assert one.send(f"/issue_dispatch/{keys['list']}/move/call_back", _version="1", remark="x").status_code == 403
    assert one.send(f"/issue_dispatch/{keys['list']}/move/sign", _version="1", **given).status_code == 302
    with Session(engine_of(app)) as own:
        act(own, SYSTEM, utc_now)
        assert own.get_one(Issue, keys["mine"]).status == "repairing"


def test_who_acts_for_nobody_sees_nothing_and_nobody_is_named_who_cannot_read_it(
    app: Flask, world: World, keys: dict[str, int]
) -> None:
    with Session(engine_of(app)) as own:
        act(own, SYSTEM, utc_now)
        logins = {word: {each.login for each in readers(own, own.get_one(Issue, keys[word]))} for word in WORDS}
        assert {word for word, found in logins.items() if "contractor" in found} == {"mine"}
        person = own.scalars(select(UserProfile).where(UserProfile.login == "contractor")).one()
        person.contractor_id = None
        own.commit()
    one = Console(app, "contractor", "zh")
    assert said(one.get("/issue/list/")) == set() and one.get(f"/issue/show/{keys['mine']}").status_code == 404
    assert said(Console(app, "bay_clerk", "zh").get("/issue/list/")) == set(), "acting for a contractor is no role"
