"""How consoles of this kind leaked, class by class: each has a test with its name here, or is named with the test that has it.

The matrix of all tables, roles and channels stands in the other files of this folder; here is one plain example of each class.
"""

from __future__ import annotations

import re
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import prison
import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.customer.customer import Customer
from models.kernel.actor import SYSTEM
from models.kernel.grant import Grant
from models.kernel.guard import remove
from models.kernel.registry import rights_of
from models.kernel.session import act
from models.property.room import Room
from models.system.user_profile import UserProfile
from tests.console import Console, bearer, engine_of
from tests.world import PLACES, World

TESTS = Path(__file__).parents[1]

ELSEWHERE = {
    "relation filter ignoring child scope": "contract/test_channels.py::test_filters_find_only_what_may_be_read",
    "look-up popup": "contract/test_channels.py::test_search_and_look_up_stop_at_the_scope",
    "global search": "contract/test_channels.py::test_the_palette_finds_what_may_be_read",
    "second code path around the rule": "contract/test_routes.py::test_every_address_is_known_to_the_contract",
    "child tables through the API": "contract/test_channels.py::test_lists_and_rest_lists_give_the_rows_of_the_law",
    "print or PDF skipping field rights": "contract/test_routes.py::test_own_pages_show_nobody_what_they_may_not_see",
    "history and revisions": "contract/test_routes.py::test_timelines_are_shown_to_those_who_see_the_record",
    "attachments read or overwritten": "views/test_attachments.py::test_nobody_else_learns_of_it",
    "scheduled mail in the wrong scope": "views/test_saved_exports.py::test_each_recipient_gets_their_own_part_by_the_clock",
    "import look-up running as super user": "views/test_import.py::test_a_hidden_row_is_met_without_being_told",
    "inline edit and save-as-new": "views/test_child_grids.py::test_a_line_writes_only_what_it_shows_and_only_where_one_may",
    "overlapping policies unioned": "contract/test_reading.py::test_every_right_of_the_core_cast",
    "delegated admin widening scope": "views/test_delegation.py::test_nobody_gives_more_than_their_role_names_nor_elsewhere",
    "share links": "views/test_saved_views.py::test_a_shared_view_opens_in_the_reader_s_scope_and_says_what_they_cannot_see",
    "session surviving disable or reset": "views/test_accounts.py::test_disabling_acts_at_the_next_request",
    "error text revealing data or existence": "contract/test_channels.py::test_an_invisible_row_and_no_row_answer_alike",
    "login enumeration": "views/test_signin.py::test_five_failures_lock_out_whoever_it_is",
    "CSV formula with leading whitespace": "views/test_export.py::test_formulas_are_neutralised_and_come_back",
    "null identity treated as admin": "contract/test_reading.py::test_nobody_sees_nothing",
}
"""Leak class -> the test of the matrix that meets it on every table, or the one that is about it alone."""

PEOPLE = (
    "project_clerk",
    "request_clerk",
    "company_leader",
    "bay_clerk",
    "finance",
    "regional_admin",
    "group_leader",
    "stranger",
)


@pytest.mark.parametrize("leak", ELSEWHERE)
def test_the_named_test_is_there(leak: str) -> None:
    file, name = ELSEWHERE[leak].split("::")
    assert re.search(rf"^def {name}\(", (TESTS / file).read_text(encoding="utf-8"), re.MULTILINE), leak


def served(one: Console, table: str, **arguments: Any) -> Any:
    return one.get(f"/api/v1/{table}/?q={quote(prison.dumps({'page_size': 100, **arguments}))}")


def unmatched() -> str:
    """Somebody who reads customers and may not find them by their numbers."""
    rights = rights_of(Customer)
    return next(role for role in PLACES if role in rights.roles("read") and role not in rights.roles("match"))


def test_leak_filter_or_sort_on_an_unreadable_column(app: Flask, world: World) -> None:
    one = Console(app, unmatched())
    for column in ("mobile", "cert_no"):
        for operator in ("eq", "sw", "ct"):
            asked = served(one, "customer", filters=[{"col": column, "opr": operator, "value": "14200000000"}])
            assert asked.status_code in (400, 403, 422), (column, operator)
        assert served(one, "customer", order_column=column, order_direction="asc").status_code == 400
        assert served(one, "customer", order_column=f"{column}_blind", order_direction="asc").status_code == 400


def test_leak_aggregates_revealing_a_concealed_field(app: Flask, world: World) -> None:
    """No report groups, filters or lists by a masked column, whatever its address says."""
    one = Console(app, "group_leader", "zh")
    for name in ("customer_structure", "room_inventory"):
        for tail in ("by=mobile", "by=customer.cert_no", "by=mobile_blind", "mobile=14200000000", "_cols=mobile"):
            for end in ("", "figures.json", "export.csv"):
                answer = one.get(f"/report/{name}/{end}?{tail}")
                assert answer.status_code in (200, 400, 403, 404) and "1420000" not in answer.get_data(as_text=True)


def test_leak_sort_order_oracle_and_order_by_injection(app: Flask, world: World) -> None:
    one = Console(app, "project_clerk")
    for column in (
        "no; DROP TABLE room",
        "(SELECT 1)",
        "no desc, (select password from ab_user)",
        "ab_user.password",
        "1",
    ):
        assert served(one, "room", order_column=column, order_direction="asc").status_code == 400, column
    assert served(one, "room", order_column="no", order_direction="asc; drop table room").status_code in (200, 400)
    assert served(one, "room").get_json()["count"] == 10


INJECTED = (
    "' OR '1'='1",
    "1 OR 1=1",
    "%' OR 1=1 --",
    "x'); DELETE FROM room; --",
    "\\' UNION SELECT password FROM ab_user --",
)


def test_leak_sql_injection_in_count_bulk_update_and_reports(app: Flask, world: World) -> None:
    one = Console(app, "project_clerk")
    for typed in INJECTED:
        for operator in ("eq", "ct", "sw"):
            found = served(one, "room", filters=[{"col": "no", "opr": operator, "value": typed}])
            assert found.status_code in (200, 400, 422) and not found.get_json().get("count"), (typed, operator)
        assert one.get(f"/room/lookup?q={quote(typed)}").get_json()["items"] == []
        assert one.get(f"/report/room_inventory/?by={quote(typed)}&project={quote(typed)}").status_code in (200, 400)
        assert one.send("/room/many", pk=typed, kind="change", facing=typed).status_code < 500
    assert served(one, "room").get_json()["count"] == 10


def test_leak_report_differs_from_list(app: Flask, world: World) -> None:
    """The rooms a report counts are those the list has, for everybody who may read both."""
    for login in ("project_leader", "company_leader", "group_leader"):
        one = Console(app, login)
        listed = served(one, "room").get_json()["count"]
        figures = one.get("/report/room_inventory/figures.json?by=project").get_data(as_text=True)
        assert re.search(rf"\b{listed}\b", figures), (login, listed)


def test_leak_caller_supplied_user_or_flag_trusted(app: Flask, world: World) -> None:
    """Who acts is who signed in: a body or a header that names somebody else is refused or without effect."""
    one, other = Console(app, "project_clerk"), world.accounts["group_admin"]
    room = world.id("room", "lake-1-1-101")
    version = one.get(f"/api/v1/room/{room}").get_json()["result"]["version"]
    for column, value in (
        ("created_by_id", other),
        ("changed_by_id", other),
        ("project_id", 4),
        ("version", 99),
        ("id", 1),
    ):
        answer = one.call("PUT", f"/api/v1/room/{room}", json={column: value}, headers={"If-Match": str(version)})
        assert answer.status_code in (400, 422), column
    for header in ("X-User", "X-Remote-User", "X-Forwarded-User", "REMOTE_USER", "Remote-User"):
        assert one.get("/grant/list/", headers={header: "group_admin"}).status_code == 403
        answer = app.test_client().get("/api/v1/room/", headers={header: "group_admin"})
        assert answer.status_code == 401
    for flag in ("system=1", "unscoped=1", "_all=1", "deleted=with", "right=read", "user_id=1", "actor=1"):
        assert one.get(f"/api/v1/room/?{flag}").get_json()["count"] == 10, flag


def test_leak_cached_report_shared_between_users(app: Flask, world: World) -> None:
    """Each reader gets their own figures, in whatever order they ask; no answer may be kept by a proxy."""
    url, people = "/report/room_inventory/figures.json?by=project", ("group_leader", "project_leader", "company_leader")
    desks = {login: Console(app, login) for login in people}
    first = {login: desks[login].get(url) for login in people}
    again = {login: desks[login].get(url) for login in reversed(people)}
    for login in people:
        assert first[login].get_json() == again[login].get_json()
        assert "public" not in first[login].headers.get("Cache-Control", "")
    assert len({first[login].get_data() for login in people}) == len(people)


def test_leak_a_deleted_field_s_grant_reviving(app: Flask, world: World) -> None:
    """Somebody who was deleted and comes back holds nothing again: what they held was taken away before, row by row."""
    person = world.id("user_profile", "project_clerk")
    with act(Session(engine_of(app)), SYSTEM) as own:
        for grant in own.scalars(select(Grant).where(Grant.profile_id == person)).all():
            remove(own, grant)
        remove(own, own.get_one(UserProfile, person))
        own.commit()
    assert Console(app, "regional_admin").send(f"/user_profile/restore/{person}").status_code == 302
    with act(Session(engine_of(app)), SYSTEM) as own:
        assert own.get_one(UserProfile, person).deleted_at is None
    assert Console(app, "project_clerk").get("/api/v1/room/").status_code == 403


def test_leak_expired_token_giving_unfiltered_data(app: Flask, world: World) -> None:
    from flask_jwt_extended import create_access_token

    with app.app_context():
        identity = str(world.accounts["group_admin"])
        expired = create_access_token(identity=identity, fresh=True, expires_delta=timedelta(seconds=-10))
        nobody = create_access_token(identity="999999", fresh=True)
    for token in (expired, nobody, "x.y.z", "", "null", expired[:-4]):
        for path in ("/api/v1/room/", "/api/v1/grant/", "/api/v1/customer/1", "/api/v1/search/?q=a"):
            answer = app.test_client(use_cookies=False).get(path, headers={"Authorization": f"Bearer {token}"})
            assert answer.status_code in (401, 403, 422), (token[:12], path, answer.status_code)
            assert "result" not in (answer.get_json() or {})


def test_leak_stale_permissions_of_online_users(app: Flask, world: World) -> None:
    """A grant that ends, ends at the next request, for a session and a token that are open."""
    one, token = Console(app, "project_clerk"), bearer(app, "project_clerk")
    program = app.test_client(use_cookies=False)
    assert one.get("/api/v1/room/").get_json()["count"] == 10
    assert program.get("/api/v1/room/", headers=token).get_json()["count"] == 10
    answer = Console(app, "regional_admin").call("DELETE", f"/api/v1/grant/{world.id('grant', 'project_clerk')}")
    assert answer.status_code == 200
    assert one.get("/api/v1/room/").status_code == 403
    assert program.get("/api/v1/room/", headers=token).status_code == 403


def _asked_by_many(app: Flask, world: World, requests: int) -> None:
    """Sixteen threads ask in the names of different people; each row of an answer must be one that person sees."""
    seen: dict[str, dict[str, set[int]]] = {}
    for login in PEOPLE:
        with Session(engine_of(app)) as own:
            act(own, world.actor(login))
            seen[login] = {t: set(own.scalars(select(cls.id))) for t, cls in (("room", Room), ("customer", Customer))}
    headers = {login: bearer(app, login) for login in PEOPLE}
    wrong: list[str] = []
    each = -(-requests // 16)

    def ask(number: int) -> None:
        program = app.test_client(use_cookies=False)
        for turn in range(each):
            login = PEOPLE[(number + turn) % len(PEOPLE)]
            table = ("room", "customer")[(number + turn // 3) % 2]
            answer = program.get(f"/api/v1/{table}/?q=(page_size:100)", headers=headers[login])
            expected = seen[login][table]
            if answer.status_code == 403 and not expected:
                continue
            if answer.status_code != 200 or set(answer.get_json()["ids"]) != expected:
                wrong.append(f"{login} {table}: {answer.status_code}")

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong, wrong[:5]


def test_leak_thread_context_bleed_under_load(app: Flask, world: World) -> None:
    _asked_by_many(app, world, 1_000)


@pytest.mark.deep
def test_leak_thread_context_bleed_under_heavy_load(app: Flask, world: World) -> None:
    _asked_by_many(app, world, 10_000)
