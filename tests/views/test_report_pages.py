"""Reports as pages: who may open them, where a figure leads, what is taken away, and what a mangled address gives."""

from __future__ import annotations

import csv
import html
import io
import re

import openpyxl
import pytest
from flask import Flask
from sqlalchemy.orm import Session

from models.kernel.actor import SYSTEM
from models.kernel.session import act
from models.property.room import Room
from reports.kernel.report import REPORTS
from tests.console import Console, engine_of
from tests.world import World

NAMES = ("room_inventory", "data_quality", "customer_structure", "owner_data", "visits")


def _sell(app: Flask, world: World, *names: str) -> None:
    with Session(engine_of(app)) as own:
        act(own, SYSTEM)
        for name in names:
            own.get_one(Room, world.id("room", name)).sale_state = "signed"
        own.commit()


def test_every_report_opens_for_those_it_is_for(app: Flask, world: World) -> None:
    assert set(NAMES) <= set(REPORTS)
    leader, contractor, stranger = (Console(app, login) for login in ("group_leader", "contractor", "stranger"))
    index = leader.get("/report/").get_data(as_text=True)
    for name in REPORTS:
        assert f"/report/{name}/" in index
        page = leader.get(f"/report/{name}/")
        assert page.status_code == 200 and REPORTS[name].definition.en[:40] in html.unescape(
            page.get_data(as_text=True)
        )
        assert contractor.get(f"/report/{name}/").status_code == 403
        assert stranger.get(f"/report/{name}/").status_code == 403
    assert leader.get("/report/nosuch/").status_code == 404
    assert app.test_client().get("/report/room_inventory/").status_code == 302


def test_a_figure_opens_the_list_of_exactly_its_rows(app: Flask, world: World) -> None:
    _sell(app, world, "lake-1-1-101", "hill-1-1-101", "bay-1-1-101")
    leader = Console(app, "company_leader")  # of Hangzhou: lake and hill
    page = leader.get("/report/room_inventory/?by=project").get_data(as_text=True)
    figure = re.search(r'<dt>Signed</dt>\s*<dd><a href="([^"]+)">2</a>', page)
    assert figure, "two homes are signed for in this company"
    listed = leader.get(html.unescape(figure[1])).get_data(as_text=True)
    assert "<small>2 rows</small>" in listed and "Homes by sale and handover" in listed
    lines = [html.unescape(url) for url in re.findall(r'<td class="number"><a href="([^"]+)">1</a>', page)]
    assert len(lines) == 2
    for url in lines:
        assert "<small>1 rows</small>" in leader.get(url).get_data(as_text=True)
    # the same address shows another reader their own part
    clerk = Console(app, "bay_clerk")
    assert "<small>1 rows</small>" not in clerk.get(lines[0]).get_data(as_text=True)


@pytest.mark.parametrize(
    "raw",
    ["x", "report:", "report:report=nosuch", "report:report=visits&figure=visits", "report:report=room_inventory"],
)
def test_a_mangled_selection_is_left_out_and_said(app: Flask, world: World, raw: str) -> None:
    page = Console(app, "group_leader").get("/room/list/", query_string={"_of": raw})
    assert page.status_code == 200 and "One filter was left out" in page.get_data(as_text=True)


@pytest.mark.parametrize(
    "query", ["node=1%27", "by=<script>", "from=0000", "from=9999-12-31&to=9999-12-31", "period=%00"]
)
def test_a_mangled_address_gives_a_sentence_and_a_usable_page(app: Flask, world: World, query: str) -> None:
    for name in NAMES:
        answer = Console(app, "group_leader").get(f"/report/{name}/?{query}")
        assert answer.status_code == 200 and b"<script>" not in answer.get_data().split(b"<main")[1].split(b"</main")[0]


def test_figures_are_taken_away_as_numbers_with_their_definition(app: Flask, world: World) -> None:
    _sell(app, world, "lake-1-1-101")
    admin = Console(app, "group_admin")
    answer = admin.get("/report/room_inventory/export.xlsx?by=project")
    book = openpyxl.load_workbook(io.BytesIO(answer.get_data()))
    figures, chart, definition = (book[name] for name in ("Figures", "Chart", "Definition"))
    assert len(chart._charts) == 1
    heads = [cell.value for cell in figures[1]]
    total = [cell.value for cell in figures[figures.max_row]]
    assert total[heads.index("Homes")] == 29 and total[heads.index("Signed")] == 1
    assert isinstance(total[heads.index("Presale area (m²)")], float)
    said = {row[0]: row[1] for row in definition.iter_rows(values_only=True)}
    assert said["What it counts"] == REPORTS["room_inventory"].definition.en
    assert said["Signed of all"] == "Signed ÷ Homes × 100"
    text = admin.get("/report/room_inventory/export.csv?by=project").get_data().decode("utf-8-sig")
    lines = list(csv.reader(io.StringIO(text)))
    assert lines[0][:2] == ["Project", "Homes"] and lines[-1][:2] == ["Total", "29"]


def test_only_those_who_may_export_take_figures_away(app: Flask, world: World) -> None:
    for login, expected in (("project_leader", 200), ("stranger", 403)):
        assert Console(app, login).get("/report/room_inventory/export.csv").status_code == expected


def test_machines_read_exact_figures(app: Flask, world: World) -> None:
    found = Console(app, "group_leader").get("/report/room_inventory/figures.json?by=project").get_json()
    assert found["totals"]["homes"] == 29 and found["totals"]["handed"] is None
    assert found["totals"]["area"] == "2856.50"
    assert sum(line["figures"]["homes"] for line in found["lines"]) == 29


def test_each_role_has_its_board_and_every_tile_opens_its_report(app: Flask, world: World) -> None:
    wanted = {
        "group_leader": "集团看板",
        "company_leader": "公司看板",
        "project_leader": "项目看板",
        "request_clerk": "业务看板",
    }
    for login, title in wanted.items():
        person = Console(app, login)
        person.send("/language", lang="zh", next="/")
        page = person.get("/board/").get_data(as_text=True)
        assert f"<h1>{title}" in page, login
        addresses = {html.unescape(url) for url in re.findall(r'<h2 [^>]*><a href="([^"]+)"', page)}
        assert len(addresses) >= 5
        for address in addresses:
            assert person.get(address).status_code == 200, address
    for login in ("contractor", "stranger"):
        assert Console(app, login).get("/board/").status_code == 403
    admin = Console(app, "group_admin").get("/board/?board=nosuch").get_data(as_text=True)
    assert admin.count("board-tile") == 6


def test_a_report_stands_on_a_workbench_and_opens(app: Flask, world: World) -> None:
    leader = Console(app, "company_leader", "zh")
    assert "report_room_inventory" not in leader.get("/").get_data(as_text=True)  # nobody has one who did not choose it
    assert leader.send("/workbench/", widgets="report_room_inventory", node="").status_code == 303
    page = leader.get("/").get_data(as_text=True)
    part = page[page.index('data-widget="report_room_inventory"') :]
    url = re.search(r'href="(/report/room_inventory/[^"]*)"', part)
    assert url and leader.get(html.unescape(url[1])).status_code == 200
    homes = leader.get("/report/room_inventory/figures.json").get_json()["totals"]["homes"]
    assert f'<span class="figure">{homes}</span>' in part
    contractor = Console(app, "contractor", "zh")
    assert "report_" not in contractor.get("/workbench/").get_data(as_text=True)
    contractor.send("/workbench/", widgets="report_room_inventory", node="")
    assert "report_room_inventory" not in contractor.get("/").get_data(as_text=True)
