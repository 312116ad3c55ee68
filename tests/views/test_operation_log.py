"""The operation log: who sees which lines, how they are found, exported and drilled from; and that nothing writes there."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from typing import Any

import openpyxl
import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from models.kernel import operation_log as log
from models.kernel.actor import SYSTEM
from models.kernel.audit import AuditLog
from models.kernel.clock import frozen
from models.kernel.operation_log import Wanted
from models.kernel.seal import seal
from models.kernel.session import act
from tests.console import Console, engine_of, statements
from tests.databases import BOTH
from tests.world import NOW, World

URL = "/audit_log/list/"


def put(console: Console, name: str, key: int, **fields: Any) -> None:
    version = console.get(f"/api/v1/{name}/{key}").headers["ETag"]
    answer = console.call("PUT", f"/api/v1/{name}/{key}", json=fields, headers={"If-Match": version})
    assert answer.status_code == 200, answer.get_data(as_text=True)


def shown(console: Console, query: str = "") -> str:
    answer = console.get(URL + query)
    assert answer.status_code == 200
    page: str = answer.get_data(as_text=True)
    return page.partition('<section class="list-card"')[2]


def lines(session: Session, world: World, login: str, **asked: Any) -> list[Any]:
    act(session, world.actor(login), frozen(NOW))
    return list(session.execute(log.found(session, Wanted(**asked))))


@pytest.mark.parametrize("backend", BOTH)
def test_administrators_see_their_part_and_others_what_they_did(app: Flask, world: World) -> None:
    clerk, bay = Console(app, "project_clerk"), Console(app, "bay_clerk")
    put(clerk, "room", world.id("room", "lake-1-1-101"), facing="南面lake")
    put(bay, "room", world.id("room", "bay-1-1-101"), facing="南面bay")
    for login, lake, there in (
        ("group_admin", True, True),
        ("regional_admin", True, False),
        ("project_clerk", True, False),
        ("bay_clerk", False, True),
        ("project_leader", False, False),
        ("stranger", False, False),
    ):
        page = shown(Console(app, login))
        assert ("南面lake" in page, "南面bay" in page) == (lake, there), login
        assert f"table=room&amp;row_id={world.id('room', 'bay-1-1-101')}" in page or not there
    assert Console(app, None).get(URL).status_code == 302


@pytest.mark.parametrize("backend", BOTH)
def test_the_log_holds_the_scope_line_by_line(session: Session, world: World) -> None:
    """Each line a regional administrator sees is about a row they read, or their own; and none of those is missing."""
    from sqlalchemy import select

    from models.kernel.registry import tables

    act(session, world.actor("regional_admin"), frozen(NOW))
    expected = set()
    for name, cls in tables().items():
        keys = set(session.scalars(select(cls.id).execution_options(deleted="with")))
        audit = AuditLog.__table__.c
        expected |= {
            row.id
            for row in session.execute(select(audit.id, audit.row_id).where(audit.table_name == name))
            if row.row_id in keys
        }
    session.rollback()
    found = {row.id for row in lines(session, world, "regional_admin")}
    assert found == expected and len(found) > 50
    assert not lines(session, world, "finance")
    session.rollback()
    act(session, SYSTEM, frozen(NOW))
    assert len(list(session.execute(log.found(session, Wanted())))) > len(found)


def test_each_way_to_search(app: Flask, world: World) -> None:
    clerk, admin = Console(app, "project_clerk", "zh"), Console(app, "group_admin", "zh")
    room = world.id("room", "lake-1-1-101")
    put(clerk, "room", room, facing="找到我")
    with engine_of(app).connect() as connection:
        line = connection.execute(text("SELECT * FROM audit_log ORDER BY id DESC LIMIT 1")).one()
    today = line.at if isinstance(line.at, str) else line.at.isoformat()
    for query, there in (
        ("?who=项目CRM", True),
        ("?who=PROJECT_c", True),
        ("?who=finance", False),
        ("?table=room", True),
        ("?table=房间", True),
        ("?table=building", False),
        (f"?table=room&row_id={room}", True),
        ("?row_id=99999999", False),
        ("?action=change", True),
        ("?action=delete", False),
        ("?channel=api", True),
        ("?channel=job", False),
        (f"?address={line.address}", True),
        ("?address=10.9.9.9", False),
        (f"?request_id={line.request_id}", True),
        ("?request_id=0", False),
        (f"?since={today[:10]}", True),
        ("?until=2025-06-02", False),
        ("?since=2199-01-01", False),
    ):
        assert ("找到我" in shown(admin, query)) is there, query
    page = admin.get(URL + "?since=nonsense&row_id=x").get_data(as_text=True)
    assert "找到我" in page and page.count('class="log-left"') == 2
    assert f'href="/room/show/{room}#timeline"' in page


def test_pages_by_keyset_hold_each_line_once_and_lead_back(app: Flask, world: World) -> None:
    admin = Console(app, "group_admin")
    with engine_of(app).connect() as connection:
        total = connection.execute(text("SELECT count(*) FROM audit_log")).scalar_one()
    seen: list[str] = []
    url, urls = URL, []
    while url:
        urls.append(url)
        page = admin.get(url).get_data(as_text=True)
        seen += re.findall(r'<td class="lead kind-moment">', page)
        found = re.search(r'rel="next" href="([^"]+)"', page)
        url = found[1].replace("&amp;", "&") if found else ""
    assert len(seen) == total and len(urls) > 1
    last = admin.get(urls[-1]).get_data(as_text=True)
    back = re.search(r'rel="prev" href="([^"]+)"', last)
    assert back is not None
    assert admin.get(back[1].replace("&amp;", "&")).get_data(as_text=True).count("lead kind-moment") == 50
    assert admin.get(URL + "?before=x&after=99999999999999999999999").status_code == 200


@pytest.mark.parametrize("backend", BOTH)
def test_exports_are_the_list(app: Flask, world: World) -> None:
    admin, clerk = Console(app, "regional_admin", "zh"), Console(app, "project_clerk", "zh")
    put(clerk, "customer", world.id("customer", "chen"), mobile="13900001111")
    put(clerk, "room", world.id("room", "lake-1-1-101"), facing="=1+1")
    rows = list(csv.reader(io.StringIO(admin.get("/audit_log/export.csv?channel=api").get_data().decode("utf-8-sig"))))
    assert [row[2] for row in rows] == ["操作人", "项目CRM专员", "项目CRM专员"] and rows[0][5] == "变更内容"
    body = str(rows)
    assert "139****1111" in body and "13900001111" not in body and "14200000000" not in body
    assert not any(cell.startswith(("=", "+")) for row in rows for cell in row)
    book = openpyxl.load_workbook(io.BytesIO(admin.get("/audit_log/export.xlsx?channel=api").get_data()))
    sheet = book.worksheets[0]
    assert sheet.max_row == 3 and [cell.value for cell in sheet[2]][3:5] == ["修改了", rows[1][4]]
    assert "渠道" in str([cell.value for cell in book.worksheets[1]["A"]])
    leaf = list(
        csv.reader(io.StringIO(Console(app, "finance").get("/audit_log/export.csv").get_data().decode("utf-8-sig")))
    )
    assert len(leaf) == 2 and leaf[1][4] == "Operation log", "only the line of this export"
    with engine_of(app).connect() as connection:
        told = connection.execute(
            text("SELECT count(*) FROM audit_log WHERE table_name = 'audit_log' AND action = 'export'")
        )
        assert told.scalar_one() == 3


def test_values_of_a_row_one_reads_no_more_are_not_told(app: Flask, world: World) -> None:
    clerk = Console(app, "project_clerk")
    put(clerk, "room", world.id("room", "lake-1-1-101"), facing="geheim")
    assert "geheim" in shown(clerk)
    with engine_of(app).begin() as connection:
        key = world.id("grant", "project_clerk")
        connection.execute(text(f'UPDATE "grant" SET node_id = {world.nodes["bay"][0]} WHERE id = {key}'))
    page = shown(clerk)
    assert "geheim" not in page and f"#{world.id('room', 'lake-1-1-101')}" in page and "/room/show/" not in page


def test_the_seal_is_shown(app: Flask, session: Session, world: World) -> None:
    admin = Console(app, "group_admin")
    assert "Sealed</span>" not in shown(admin)
    with Session(engine_of(app)) as own:
        act(own, SYSTEM, frozen(NOW + timedelta(days=1)))
        assert seal(own) > 0
    put(admin, "room", world.id("room", "lake-1-1-101"), facing="x")
    page = shown(admin)
    assert "Sealed</span>" in page and page.count("Waiting</span>") == 1


def test_nothing_writes_to_the_log(app: Flask, world: World) -> None:
    admin = Console(app, "group_admin")
    rules = [rule for rule in app.url_map.iter_rules() if "audit_log" in rule.rule]
    assert {rule.rule for rule in rules} == {
        URL,
        "/audit_log/tables",
        "/audit_log/export.csv",
        "/audit_log/export.xlsx",
    }
    assert all(rule.methods == {"GET", "HEAD", "OPTIONS"} for rule in rules if rule.methods)
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        for url in (URL, "/audit_log/1", "/audit_log/delete/1", "/api/v1/audit_log/", "/api/v1/audit_log/1"):
            assert admin.call(method, url, json={}).status_code in (404, 405), (method, url)
    for url in ("/audit_log/1/files", "/audit_log/1/timeline", "/audit_log/edit/1", "/audit_log/import"):
        assert admin.get(url).status_code == 404, url


def test_a_page_takes_few_statements_and_the_filters_their_indexes(app: Flask, world: World) -> None:
    admin = Console(app, "regional_admin")
    admin.get(URL)
    for query in ("?table=room", "?table=customer&who=x", "?request_id=1"):
        with statements(app) as ran:
            assert admin.get(URL + query).status_code == 200
        assert len(ran) <= 14, ran
        assert not any("count(" in one.lower() and "audit_log" in one for one in ran)
    with Session(engine_of(app)) as own:
        act(own, world.actor("regional_admin"), frozen(NOW))
        for asked, index in (
            (Wanted(table="room"), "ix_audit_log_table_name_id"),
            (Wanted(table="room", row_id=3), "ix_audit_log_row"),
            (Wanted(action="change"), "ix_audit_log_action_id"),
            (Wanted(address="10.0.0.1"), "ix_audit_log_address_id"),
            (Wanted(request_id="x"), "ix_audit_log_request_id"),
            (Wanted(who="finance"), "ix_audit_log_user_id_id"),
        ):
            statement = log.found(own, asked).limit(51)
            raw = str(statement.compile(own.get_bind(), compile_kwargs={"literal_binds": True}))
            plan = str(own.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {raw}").all())
            assert index in plan, (asked, plan)
        raw = str(
            log.found(own, Wanted(before=1000))
            .limit(51)
            .compile(own.get_bind(), compile_kwargs={"literal_binds": True})
        )
        plan = str(own.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {raw}").all())
        assert "TEMP B-TREE" not in plan, plan


def test_table_and_record_of_the_search_are_chosen_by_name(app: Flask, world: World) -> None:
    """The table comes from a look-up of those one may read; the record from that table's own, once it is chosen."""
    admin, key = Console(app, "regional_admin", "zh"), world.id("room", "lake-1-1-101")
    found = admin.get("/audit_log/tables?q=房间").get_json()["items"]
    assert {"id": "room", "text": "房间", "detail": "room"} in found
    assert not [one for one in Console(app, "contractor").get("/audit_log/tables?q=grant").get_json()["items"]]
    bare, chosen = (admin.get(f"{URL}{q}").get_data(as_text=True) for q in ("", f"?table=room&row_id={key}"))
    assert 'data-lookup-url="/audit_log/tables"' in bare and "/room/lookup" not in bare
    assert 'data-lookup-url="/room/lookup"' in chosen and f'<option value="{key}" selected>' in chosen
    assert "bay" not in admin.get(f"{URL}?table=room&row_id={world.id('room', 'bay-1-1-101')}").get_data(as_text=True)
