"""One test for each measured fault of the framework (5.3.0) that would reach our users; an upgrade that mends it is noticed."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy.orm import Mapped

from models.kernel import Screen, Table, _, by_project, section, text
from models.kernel.registry import tables
from models.kernel.table import Base
from tests.console import Console, bearer, engine_of, statements
from tests.world import World
from views.kernel.pages import TableView


def test_01_filters_belong_to_a_request_not_to_the_view(app: Flask, world: World) -> None:
    """Four threads, each with its own filter: every page shows its own rows."""
    people = [Console(app, "group_admin") for _place in range(4)]
    numbers = ["101", "102", "201", "202"]

    def ask(place: int) -> tuple[str, set[str]]:
        wanted = numbers[place % 4]
        page = people[place % 4].get(f"/room/list/?_flt_3_no={wanted}").get_data(as_text=True)
        shown = re.findall(r'data-label="Number">(?:<a[^>]*>)?([^<]+)', page)
        return wanted, set(shown)

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(ask, range(40)))
    assert all(shown <= {wanted} for wanted, shown in answers)
    assert any(shown for _wanted, shown in answers)


def test_02_no_action_reaches_a_row_past_the_scope(app: Flask, world: World) -> None:
    clerk, foreign = Console(app, "project_clerk"), world.id("building", "bay-1")
    assert clerk.send(f"/building/delete/{foreign}").status_code == 404
    for route in (f"/building/action/delete/{foreign}", "/building/action_post", "/building/download/secret.txt"):
        assert clerk.send(route).status_code in (404, 405)


def test_03_writing_into_a_foreign_owner_is_refused(app: Flask, world: World) -> None:
    clerk = Console(app, "project_clerk")
    foreign = world.id("project", "bay")
    answer = clerk.call("POST", "/api/v1/building/", json={"project_id": foreign, "name": "9"})
    assert answer.status_code == 403
    page = clerk.send("/building/add", project_id=str(foreign), name="9")
    assert page.status_code == 403
    assert "深圳" not in page.get_data(as_text=True)
    info = clerk.get("/api/v1/room/_info").get_json()
    assert "id" not in str(info["filters"].get("unit_id")).split()


def test_04_hidden_columns_are_neither_searched_nor_filtered(app: Flask, world: World) -> None:
    clerk = Console(app, "request_clerk")
    for column in ("mobile_blind", "cert_no_tail", "created_by_id", "deleted_at", "version"):
        answer = clerk.get(f"/api/v1/customer/?q=(filters:!((col:{column},opr:eq,value:x)))")
        assert answer.status_code == 400, column
        page = clerk.get(f"/customer/list/?_flt_0_{column}=x").get_data(as_text=True)
        assert "was left out" in page


def test_05_no_page_carries_a_select_of_many_rows(app: Flask, world: World) -> None:
    admin = Console(app, "group_admin")
    for url in ("/room/list/", "/room/add", "/ownership/add"):
        page = admin.get(url).get_data(as_text=True)
        for select in re.findall(r"<select.*?</select>", page, re.S):
            assert select.count("<option") <= 50


def test_06_lists_take_a_fixed_number_of_statements(app: Flask, world: World) -> None:
    admin = Console(app, "group_admin")
    counted = []
    for size in (2, 20):
        with statements(app) as ran:
            answer = admin.get(f"/api/v1/ownership/?q=(page_size:{size})")
        assert answer.status_code == 200
        counted.append(len(ran))
    assert counted[0] == counted[1] <= 6


def test_07_the_menu_costs_no_statement_of_its_own(app: Flask, world: World) -> None:
    admin = Console(app, "group_admin")
    with statements(app) as ran:
        assert admin.get("/room/list/").status_code == 200
    assert len(ran) <= 6, ran


def test_08_no_permission_is_written_at_start_up(app: Flask, world: World) -> None:
    assert app.config["FAB_UPDATE_PERMS"] is False
    with app.app_context(), engine_of(app).connect() as connection:
        before = connection.exec_driver_sql("SELECT count(*) FROM ab_permission_view").scalar()
    Console(app, "group_admin").get("/room/list/")
    with app.app_context(), engine_of(app).connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM ab_permission_view").scalar() == before


def test_09_nothing_is_changed_without_a_token_of_the_form(app: Flask, world: World) -> None:
    admin, room = Console(app, "group_admin"), world.id("building", "lake-1")
    assert admin.get(f"/building/delete/{room}").status_code == 405
    assert admin.client.post(f"/building/delete/{room}").status_code == 400
    assert admin.client.post("/api/v1/building/", json={"name": "x"}).status_code == 400
    assert admin.client.delete(f"/api/v1/building/{room}").status_code == 400
    assert admin.client.post("/logout/").status_code == 400
    headers = bearer(app, "group_admin")
    answer = app.test_client().post("/api/v1/building/", json={"name": "x"}, headers=headers)
    assert answer.status_code == 422  # the token suffices; the body does not


@pytest.mark.parametrize("column", ["created_at", "created_by_id", "changed_by_id", "version", "deleted_at", "id"])
def test_10_columns_of_the_kernel_are_not_written_by_clients(app: Flask, world: World, column: str) -> None:
    admin = Console(app, "group_admin")
    body = {"project_id": world.id("project", "lake"), "name": "9幢", column: 1}
    answer = admin.call("POST", "/api/v1/building/", json=body)
    assert answer.status_code == 422
    assert answer.get_json()["field"] == column


def test_11_a_duplicate_is_a_sentence_and_nothing_typed_is_lost(app: Flask, world: World) -> None:
    admin, project = Console(app, "group_admin"), world.id("project", "lake")
    name = (
        Console(app, "group_admin")
        .get(f"/api/v1/building/{world.id('building', 'lake-1')}")
        .get_json()["result"]["name"]
    )
    answer = admin.call("POST", "/api/v1/building/", json={"project_id": project, "name": name})
    assert answer.status_code == 409
    assert answer.get_json()["code"] == "duplicate"
    page = admin.send("/building/add", project_id=str(project), name=name, floors="not a number at all")
    assert page.status_code == 422
    assert "not a number at all" in page.get_data(as_text=True)
    page = admin.send("/building/add", project_id=str(project), name=name, floors="17")
    assert page.status_code == 409
    text = page.get_data(as_text=True)
    assert 'value="17"' in text and "exists already" in text and "UNIQUE" not in text


@pytest.mark.parametrize(
    "arguments",
    [
        "page_RoomView=abc",
        "_oc_RoomView=bogus&_od_RoomView=asc",
        "_oc_RoomView=unit.building.name&_od_RoomView=sideways",
        "psize_RoomView=100000",
        "psize_RoomView=-1",
        "_flt_99_no=1",
        "_flt_0_=1",
        "_flt_=1",
        "_flt_1_floor=%00",
        "_after=%FF%FE&_before=x",
        "_after=WzEsMl0",
        "_cols=password,no,created_by_id",
        "q=%25%25%5C",
        "page_RoomView=99999999999999999999",
    ],
)
def test_12_a_mangled_url_gives_a_usable_page(app: Flask, world: World, arguments: str) -> None:
    answer = Console(app, "group_admin").get(f"/room/list/?{arguments}")
    assert answer.status_code == 200
    assert len(answer.data) < 400_000


def test_13_answers_carry_their_headers(app: Flask, world: World) -> None:
    console = Console(app, None)
    answer = console.get("/login/")
    policy = answer.headers["Content-Security-Policy"]
    assert "'unsafe-inline'" not in policy and "'nonce-" in policy and "frame-ancestors 'none'" in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie


def test_14_dates_are_filtered_and_saved_as_they_are_shown(app: Flask, world: World) -> None:
    admin, project = Console(app, "group_admin"), world.id("project", "lake")
    page = admin.get("/project/list/?_flt_3_contract_handover_on=2020-01-01")
    assert page.status_code == 200 and "was left out" not in page.get_data(as_text=True)
    shown = admin.get(f"/api/v1/project/{project}").get_json()["result"]["contract_handover_on"] or "2026-12-31"
    version = re.search(r'name="_version" value="(\d+)"', admin.get(f"/project/edit/{project}").get_data(as_text=True))
    assert version
    answer = admin.send(f"/project/edit/{project}", _version=version.group(1), contract_handover_on=shown)
    assert answer.status_code == 302


def test_15_uniqueness_speaks_the_reader_s_language_and_of_their_rows_only(app: Flask, world: World) -> None:
    project = world.id("project", "lake")
    name = "同名楼"
    english, chinese = Console(app, "group_admin", "en"), Console(app, "group_admin", "zh")
    assert english.send("/building/add", project_id=str(project), name=name).status_code == 302
    for _round in range(2):
        said = english.send("/building/add", project_id=str(project), name=name).get_data(as_text=True)
        assert "exists already" in said and "已存在" not in said
        said = chinese.send("/building/add", project_id=str(project), name=name).get_data(as_text=True)
        assert "已存在" in said and "exists already" not in said


def test_18_rights_are_named_exactly(app: Flask, world: World) -> None:
    assert not app.config.get("FAB_ROLES")
    with app.test_request_context("/"):
        assert not app.appbuilder.sm.has_access("can_read", "roo")
        assert not app.appbuilder.sm.has_access("can_read", "room_")


def test_19_two_classes_of_one_table_are_an_error() -> None:
    assert all(not cls.__table__.dialect_options.get("extend_existing") for cls in tables().values())
    with pytest.raises(Exception, match="already defined"):
        type(
            "Building",
            (Table,),
            {
                "__module__": "models.property.again",
                "__annotations__": {"name": Mapped[str]},
                "owned": by_project(),
                "screen": Screen(_("B", "楼"), ("name",), ("name",), ("name",), (section(_("B", "楼"), "name"),)),
                "name": text(_("Name", "名称")),
            },
        )
    assert Base.metadata.naming_convention["pk"] == "pk_%(table_name)s"


def test_20_no_menu_of_the_framework_is_left_to_collide(app: Flask) -> None:
    assert app.appbuilder.menu.get_list() == []


def test_22_permissions_are_named_by_the_table(app: Flask) -> None:
    views = [view for view in app.appbuilder.baseviews if isinstance(view, TableView)]
    assert {view.class_permission_name for view in views} == set(tables())


def test_23_signing_in_tells_nothing_and_leads_nowhere_else(app: Flask, world: World) -> None:
    console = Console(app, None)
    wrong = console.send("/login/", username="group_admin", password="wrong-password")
    unknown = console.send("/login/", username="nobody-here", password="wrong-password")
    assert wrong.status_code == unknown.status_code == 401
    sentence = re.compile(r'role="alert".*?</div>', re.S)
    found = [sentence.search(answer.get_data(as_text=True)) for answer in (wrong, unknown)]
    assert found[0] and found[1] and found[0].group(0) == found[1].group(0)
    for target in ("//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"):
        answer = Console(app, None).client
        page = answer.get("/login/").get_data(as_text=True)
        token = re.search(r'name="csrf-token" content="([^"]+)"', page)
        assert token
        data = {"csrf_token": token.group(1), "username": "group_admin", "password": "open-sesame-42", "next": target}
        sent = answer.post(f"/login/?next={target}", data=data)
        assert sent.status_code == 302 and sent.headers["Location"] == "/"


@pytest.mark.parametrize("path", ["customer.name", "room", "room.unit.building.name", "-customer.name"])
def test_24_ordering_by_a_relation_doubles_no_row(app: Flask, world: World, path: str) -> None:
    admin = Console(app, "group_admin")
    direction = "desc" if path.startswith("-") else "asc"
    answer = admin.get(
        f"/api/v1/ownership/?q=(order_column:{path.lstrip('-')},order_direction:{direction},page_size:100)"
    )
    body = answer.get_json()
    assert answer.status_code == 200
    assert len(body["ids"]) == len(set(body["ids"])) == body["count"]
