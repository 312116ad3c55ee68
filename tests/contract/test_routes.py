"""Every address of the console is known here, and each is swept for everybody; a new one fails until it is covered."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import pytest

from models.kernel.registry import tables
from tests.contract.conftest import Desk
from tests.contract.console import Console, marked
from tests.contract.test_channels import NONE, people

TABLE = {
    "/<table>/list/": "test_channels",
    "/<table>/show/<pk>": "test_channels",
    "/<table>/add": "test_saving",
    "/<table>/edit/<pk>": "test_saving",
    "/<table>/delete": "test_channels",
    "/<table>/delete/<pk>": "test_saving",
    "/<table>/bin/": "views/test_bin",
    "/<table>/bin/restore": "views/test_bin",
    "/<table>/bin/purge": "views/test_bin",
    "/<table>/restore/<pk>": "views/test_bin",
    "/<table>/<pk>/move/<name>": "app/test_flow",
    "/<table>/view": "views/test_saved_views",
    "/<table>/layout": "views/test_saved_views",
    "/<table>/line/<pk>": "views/test_child_grids",
    "/<table>/draft": "views/test_drafts",
    "/<table>/draft/<token>/discard": "views/test_drafts",
    "/<table>/many": "views/test_many",
    "/<table>/many/<token>": "views/test_many",
    "/<table>/many/<token>/apply": "views/test_many",
    "/<table>/undo/<token>": "views/test_many",
    "/<table>/lookup": "test_channels",
    "/<table>/reveal/<pk>/<column>": "test_channels",
    "/<table>/export.csv": "here",
    "/<table>/export.xlsx": "here",
    "/<table>/export.jsonl": "here",
    "/<table>/export": "here",
    "/<table>/import": "here",
    "/<table>/import/template.xlsx": "here",
    "/<table>/import/<token>": "here",
    "/<table>/import/<token>/preview": "here",
    "/<table>/import/<token>/apply": "here",
    "/<table>/import/<token>/remarks.xlsx": "here",
    "/<table>/import/<token>/wrong.xlsx": "here",
    "/api/v1/<table>/": "test_channels",
    "/api/v1/<table>/<int:pk>": "test_channels",
    "/api/v1/<table>/<int:pk>/<transition>": "app/test_flow",
    "/api/v1/<table>/_info": "test_channels",
    "/api/v1/<table>/<int:pk>/comments": "views/test_row_resource, here",
    "/api/v1/<table>/<int:pk>/comments/<int:key>": "views/test_row_resource",
    "/api/v1/<table>/<int:pk>/history": "views/test_row_resource, here",
    "/api/v1/<table>/<int:pk>/versions/<int:line>": "views/test_row_resource",
    "/api/v1/<table>/<int:pk>/files": "views/test_row_resource, here",
    "/api/v1/<table>/<int:pk>/files/<int:key>": "views/test_row_resource",
    "/api/v1/<table>/bin/": "views/test_row_resource, here",
    "/api/v1/<table>/bin/<int:pk>": "views/test_row_resource",
    "/api/v1/<table>/bin/<int:pk>/restore": "views/test_row_resource",
}
"""The addresses every table has, and the file that tries each against the law."""

OPEN = {
    "/login/", "/login/code", "/logout/", "/language", "/healthz", "/readyz", "/favicon.ico", "/static/appbuilder/<path:filename>",
    "/static/doorbook/<fingerprint>/<name>", "/static/vendor/<name>", "/back", "/lang/<string:locale>",
    "/static/doorbook/<fingerprint>/<path:name>", "/static/vendor/<path:name>",
    "/api/v1/security/login", "/api/v1/security/refresh",
}  # fmt: skip
"""Addresses that show no row: whoever asks gets the same."""

OWN_PAGES = {
    "/", "/api/<version>/_openapi", "/api/v1/menu/", "/api/v1/search/", "/palette.json", "/place", "/tree/", "/me",
    "/password", "/audit_log/list/", "/audit_log/tables", "/audit_log/export.csv", "/audit_log/export.xlsx",
    "/tree/move/<kind>/<pk>", "/generate/", "/generate/<pk>", "/ledger/", "/ledger/<int:pk>", "/ledger/<int:pk>/<token>",
    "/ledger/<int:pk>/<token>/apply", "/ledger/<int:pk>/<token>/preview", "/ledger/<int:pk>/<token>/remarks.xlsx",
    "/ledger/<int:pk>/<token>/wrong.xlsx", "/ledger/<int:pk>/export.xlsx", "/<table>/<pk>/password",
    "/roomgrid/", "/roomgrid/<pk>", "/roomgrid/project/<pk>", "/roomgrid/card/<pk>", "/roomgrid/<pk>/labels",
    "/<table>/<pk>/book", "/<table>/<pk>/unlock", "/<table>/<pk>/sign-out",
    "/me/sessions/<int:key>/end", "/me/sessions/end", "/me/tokens", "/me/tokens/<int:key>/revoke",
    "/me/two-step", "/<table>/<pk>/two-step",
    "/inspection/grid/<int:pk>", "/inspection/choose", "/inspection/summary/<int:pk>", "/inspect/plan/<int:pk>",
    "/inspect/<int:pk>", "/inspect/<int:pk>/issue", "/inspect/<int:pk>/result", "/issue-lists/", "/issue-lists/<int:pk>",
    "/issue-lists/<int:pk>/dispatch", "/issue-lists/out/<int:pk>/<string:how>",
    "/keynodes/", "/keynodes/export.xlsx", "/keynodes/<int:pk>", "/keynodes/<int:pk>/<string:code>",
    "/parameters/", "/parameters/<string:name>/", "/parameters/<string:name>/<int:pk>", "/responsible/",
    "/responsible/<int:pk>", "/announcements/<int:pk>/read", "/report/", "/board/", "/report/<name>/", "/report/<name>/figures.json",
    "/report/<name>/export.<any(csv, xlsx, jsonl):kind>", "/report/<name>/save", "/monthly/",
    "/handover/board/", "/handover/board/<int:pk>", "/handover/board/<int:pk>/live", "/handover/plan/<int:pk>",
    "/handover/plan/<int:pk>/<string:doing>", "/handover/scope/<int:pk>", "/handover/scope/<int:pk>/count",
    "/handover/room/<int:pk>", "/handover/room/<int:pk>/<string:doing>", "/handover/print/room/<int:pk>/<string:form>",
    "/handover/print/batch/<int:pk>", "/handover/print/plan/<int:pk>/list", "/handover/invite/<int:pk>",
    "/options/", "/options/effective.json", "/options/switch", "/option/lookup/<name>", "/flows/", "/flows/effective.json",
    "/approval/list/", "/rest/", "/rest/<name>", "/keynodes/<int:pk>/print", "/readiness/", "/readiness/<int:pk>",
    "/workbench/", "/parameter_sheets/", "/parameter_sheets/<int:pk>", "/parameter_sheets/<int:pk>/print",
    "/parameter_sheets/<int:pk>/line", "/parameter_sheets/<int:pk>/line/<int:key>",
    "/parameter_sheets/apply/<string:name>",
    "/<table>/<pk>/360", "/exports/", "/exports/<int:pk>/run", "/exports/<int:pk>/change", "/exports/<int:pk>/delete",
    "/project_book/<int:pk>", "/project_book/<int:pk>/template.xlsx", "/project_book/<int:pk>/<token>",
    "/project_book/<int:pk>/<token>/preview", "/project_book/<int:pk>/<token>/apply",
    "/project_book/<int:pk>/<token>/remarks.xlsx",
    "/why/", "/<table>/<pk>/rights", "/members/<kind>/<pk>", "/roles/", "/roles/export.csv", "/<table>/<pk>/without",
    "/counts.json", "/me/notices", "/mailbox/", "/<table>/", "/<table>/read",
    "/<table>/<int:pk>/open", "/<table>/<int:pk>/remove", "/<table>/resend", "/<table>/<int:pk>/resend", "/<table>/preview",
}  # fmt: skip
"""Pages a declaration does not give. `test_own_pages...` below asks for each as everybody, and sweeps."""

FILES = {
    "/<string:table>/<int:pk>/files", "/file/<int:key>/delete", "/file/<int:key>/thumb", "/file/<int:key>/<string:name>",
    "/<string:table>/<int:pk>/timeline", "/<string:table>/<int:pk>/people", "/<string:table>/<int:pk>/comments",
    "/comment/<int:key>/change", "/comment/<int:key>/remove", "/<string:table>/<int:pk>/version/<int:line>",
}  # fmt: skip
"""Files, comments and history of records: views/test_attachments, test_timeline, test_versions, and against the law below."""


PAPERS = {"/issue-lists/print/<int:pk>", "/issue-lists/owner/<int:pk>"}
"""Papers: the words of the nearest template stand on them, whoever prints. models/test_issue_engine, browser/test_inspection_story."""


OWN_RESOURCES = {
    "/api/v1/saved_view/": "views/test_saved_views",
    "/api/v1/saved_view/<int:pk>": "views/test_saved_views",
}
"""REST of what is no declared table, and the file that tries each."""


JOBS = {
    "/job/list/", "/job/show/<int:key>", "/job/<int:key>/state.json", "/job/<int:key>/file", "/job/<int:key>/cancel",
    "/job/<int:key>/retry", "/job/running.json", "/api/v1/job/", "/api/v1/job/<int:key>", "/api/v1/job/<int:key>/file",
    "/api/v1/job/<int:key>/<string:name>", "/schedule/", "/schedule/<string:kind>/run", "/schedule/<string:kind>/switch",
}  # fmt: skip
"""Jobs and their schedule show no row of a table but what their owner made of it: views/test_jobs."""


def shaped(rule: str) -> str:
    """An address with the table's name taken out."""
    parts = rule.split("/")
    for place in (1, 3):
        if len(parts) > place and parts[place] in tables() and (place == 1 or parts[1] == "api"):
            parts[place] = "<table>"
    return "/".join(parts)


def test_every_address_is_known_to_the_contract(desk: Desk) -> None:
    there = {shaped(rule.rule) for rule in desk.app.url_map.iter_rules()}
    known = {*TABLE, *OPEN, *OWN_PAGES, *FILES, *PAPERS, *OWN_RESOURCES, *JOBS}
    assert not there - known, f"Cover with a test of rights and name in test_routes.py: {sorted(there - known)}"
    for table in tables():
        mine = {shaped(rule.rule) for rule in desk.app.url_map.iter_rules() if f"/{table}/" in f"{rule.rule}/"}
        assert mine >= {a for a in TABLE if a in there}, table


CROWD = (
    "request_clerk",
    "two_hats",
    "project_leader",
    "contractor",
    "stranger",
    "split_hats",
    "regional_admin",
    "finance",
)


def filled(rule: str, law: Any) -> list[str]:
    """An address with keys of every kind in the places of its arguments."""
    if "<kind>" in rule:
        return [
            rule.replace("<kind>", kind).replace("<pk>", str(key))
            for kind in ("region", "company", "department", "project", "room", "nosuch")
            for key in (1, 2, 3, NONE)
        ]
    if rule.startswith("/report/<name>"):
        rule = rule.replace("<any(csv, xlsx, jsonl):kind>", "csv")
        names = ("room_inventory", "customer_structure", "visits", "nosuch")
        return [rule.replace("<name>", f"{name}") + "?by=project" for name in names]
    rule = rule.replace("<string:form>", "repair").replace("<string:name>", "bank").replace("<string:code>", "N01")
    rule = re.sub(r"<token>", "nosuchtoken0000", rule).replace("<version>", "v1")
    if rule.startswith("/parameter_sheets/"):
        rule = rule.replace("<int:key>", str(min(law.rows["parameter_sheet_line"])))
        return [rule.replace("<int:pk>", str(key)) for key in (*sorted(law.rows["parameter_sheet"]), NONE)]
    if "pk>" in rule:
        keys = [*sorted(law.rows["project"]), NONE]
        return [re.sub(r"<(int:)?pk>", str(key), rule) for key in keys]
    return [rule]


def test_own_pages_show_nobody_what_they_may_not_see(desk: Desk) -> None:
    rules = [r for r in desk.app.url_map.iter_rules() if r.rule in OWN_PAGES]
    for login in CROWD:
        one = desk.at(login)
        for rule in rules:
            for path in filled(rule.rule, desk.law):
                if "GET" in (rule.methods or ()):
                    answer = one.get(path, swept=False)
                    assert answer.status_code in (200, 302, 400, 403, 404, 409), path
                    assert not set(one.leaks(answer)) - _told(desk, one.user, path), path
    for rule in rules:
        if "GET" in (rule.methods or ()):
            assert desk.app.test_client().get(filled(rule.rule, desk.law)[0]).status_code in (302, 401, 404), rule


def _told(desk: Desk, user: int, path: str) -> set[str]:
    """What a page tells beyond what its reader may read: oneself, and on paper the words an administrator wrote for it."""
    if "/print/" in path or path.endswith("/print"):
        return {f"text of print_template {key}" for key in desk.law.rows["print_template"]}
    return _about(desk, user) if path == "/me" else set()


def _about(desk: Desk, user: int) -> set[str]:
    """What the page about oneself may tell whatever one's rights: own profile, own grants, and where they hold."""
    rows = desk.law.rows
    (profile,) = [key for key, row in rows["user_profile"].items() if row["user_id"] == user]
    grants = [row for row in rows["grant"].values() if row["profile_id"] == profile]
    nodes = {row["node_id"] for row in (*grants, rows["user_profile"][profile])}
    places = {desk.law.place_of_node[key] for key in nodes}
    return {f"text of {n} {k}" for n, k in (*places, ("user_profile", profile), *(("grant", g["id"]) for g in grants))}


def test_passwords_are_set_only_for_people_below(own_desk: Desk) -> None:
    """An administrator sets passwords where they may write, and never of somebody who holds more than they do."""
    desk = own_desk
    if "/user_profile/<pk>/password" not in {rule.rule for rule in desk.app.url_map.iter_rules()}:
        return
    people, users = desk.law.rows["user_profile"], desk.filled.full.users
    for login in (
        "regional_admin",
        "regional_admin.hangzhou",
        "split_hats",
        "project_clerk",
        "finance.group",
        "group_leader",
    ):
        one = desk.at(login)
        for victim in (
            "group_admin",
            "group_admin.east",
            "project_clerk.lake",
            "south_leader",
            "bay_clerk",
            "regional_admin.east",
        ):
            (key,) = [k for k, row in people.items() if row["user_id"] == users[victim]]
            before = desk.filled.oracle().rows["ab_user"][users[victim]]["password"]
            data = {"password": "another-password-1", "password2": "another-password-1", "repeat": "another-password-1"}
            answer = one.post(f"/user_profile/{key}/password", {**data, "again": "another-password-1"})
            lawful = key in desk.law.keys(one.user, "user_profile", "write") and not victim.endswith(
                ("_admin", "admin.east")
            )
            now = desk.filled.oracle().rows["ab_user"][users[victim]]["password"]
            assert now == before or lawful, (login, victim)
            if key not in desk.law.keys(one.user, "user_profile"):
                assert answer.status_code in (403, 404), (login, victim)


def test_own_pages_on_a_project_keep_to_its_scope(desk: Desk) -> None:
    """A project out of scope answers a page of its own as one that does not exist."""
    rules = {r.rule for r in desk.app.url_map.iter_rules()}
    for rule in (
        "/keynodes/<int:pk>",
        "/responsible/<int:pk>",
        "/generate/<pk>",
        "/ledger/<int:pk>",
        "/ledger/<int:pk>/export.xlsx",
        "/project_book/<int:pk>",
        "/project_book/<int:pk>/template.xlsx",
    ):
        if rule not in rules:
            continue
        for login in ("project_clerk", "two_hats", "regional_admin", "request_clerk"):
            one = desk.at(login)
            absent = one.get(re.sub(r"<(int:)?pk>", str(NONE), rule)).status_code
            for key in set(desk.law.rows["project"]) - desk.law.keys(one.user, "project"):
                assert one.get(re.sub(r"<(int:)?pk>", str(key), rule)).status_code == absent, (login, rule, key)


def exported(one: Console, name: str, arguments: str = "") -> int | None:
    """The number of rows in a CSV export; None where it is refused. Swept, personal data by right."""
    answer = one.get(f"/{name}/export.csv?{arguments}", swept=False)
    if answer.status_code == 403:
        return None
    assert answer.status_code == 200
    revealed = [p for p, (n, k) in one.secrets.plain.items() if k in one.law.keys(one.user, n, "reveal")]
    assert not one.leaks(answer, revealed)
    return len(list(csv.reader(io.StringIO(answer.get_data().decode("utf-8-sig"))))) - 1


def test_exports_hold_the_rows_of_the_law(name: str, desk: Desk) -> None:
    """Rows that may be read and exported; in both forms, filtered, chosen by key and with other columns."""
    cls = tables()[name]
    for one in people(desk, name, 2):
        rows = desk.law.keys(one.user, name) & desk.law.keys(one.user, name, "export")
        if not desk.law.may(one.user, name, "export"):
            assert exported(one, name) is None
            for tail in (".xlsx", ".jsonl", ""):
                assert one.get(f"/{name}/export{tail}").status_code == 403, tail
            continue
        assert exported(one, name) == len(rows)
        chosen = sorted(desk.law.rows[name])
        assert exported(one, name, "&".join(f"pk={key}" for key in chosen)) == len(rows)
        hidden = sorted(set(chosen) - rows)[:1]
        for key in hidden:
            assert exported(one, name, f"pk={key}") == 0
            assert exported(one, name, f"q={marked(name, key)}") == 0 or not cls.screen.searched
        exported(one, name, "_cols=" + ",".join([*cls.__table__.columns.keys(), "id", "password"]))
        assert one.get(f"/{name}/export").status_code == 200
        revealed = [p for p, (n, k) in one.secrets.plain.items() if k in one.law.keys(one.user, n, "reveal")]
        for form in ("xlsx", "jsonl"):
            answer = one.get(f"/{name}/export.{form}", swept=False)
            assert answer.status_code == 200 and not one.leaks(answer, revealed)
        assert len(answer.get_data(as_text=True).splitlines()) == len(rows)


def test_files_are_listed_to_those_who_see_the_record(name: str, desk: Desk) -> None:
    """And a record out of sight answers as one that does not exist, to a list and to an upload."""
    for one in [desk.at("stranger"), *people(desk, name, 2)]:
        seen = desk.law.keys(one.user, name)
        for key in [*sorted(seen)[:1], *sorted(set(desk.law.rows[name]) - seen)[:2], NONE]:
            answer = one.get(f"/{name}/{key}/files", swept=False)
            assert answer.status_code == (200 if key in seen else 404), (name, key)
            if key not in seen:
                assert one.post(f"/{name}/{key}/files").status_code == 404, (name, key)


def test_timelines_are_shown_to_those_who_see_the_record(name: str, desk: Desk) -> None:
    """Nothing in them is of a row out of sight; a record out of sight answers as one that does not exist."""
    for one in [desk.at("stranger"), *people(desk, name, 2)]:
        seen = desk.law.keys(one.user, name)
        for key in [*sorted(seen)[:1], *sorted(set(desk.law.rows[name]) - seen)[:1], NONE]:
            expected = 200 if key in seen else 404
            assert one.get(f"/{name}/{key}/timeline").status_code == expected, (name, key)
            assert one.get(f"/{name}/{key}/people", swept=False).status_code == expected, (name, key)
            for part in ("comments", "history", "files"):
                answer = one.get(f"/api/v1/{name}/{key}/{part}")
                allowed = (expected,) if desk.law.may(one.user, name, "read") else (403,)
                assert answer.status_code in allowed, (name, key, part)
            if key not in seen:
                assert one.get(f"/{name}/{key}/version/1", swept=False).status_code == 404, (name, key)
                assert one.post(f"/{name}/{key}/comments", {"text": "x"}).status_code == 404, (name, key)


def test_import_pages_by_right_and_templates_without_foreign_rows(name: str, desk: Desk) -> None:
    """The template's drop-downs offer only what its owner can see; another's upload is not there."""
    for one in people(desk, name, 2):
        may = desk.law.may(one.user, name, "import")
        expected = (200,) if may else (403,)
        assert one.get(f"/{name}/import").status_code in expected
        assert one.get(f"/{name}/import/template.xlsx").status_code in expected
        for tail in ("", "/preview", "/remarks.xlsx", "/wrong.xlsx"):
            assert one.get(f"/{name}/import/nosuchtoken0000{tail}").status_code in ((404, 410, 302) if may else (403,))
        assert one.post(f"/{name}/import/nosuchtoken0000/apply").status_code in ((404, 410, 302) if may else (403,))


@pytest.mark.deep
def test_every_record_page_of_the_cast_is_clean(name: str, desk: Desk) -> None:
    """Children, timelines, crumbs and forms of every readable row."""
    for login in desk.filled.full.users:
        if login == "disabled":
            continue
        one = desk.at(login)
        for key in sorted(desk.law.keys(one.user, name)):
            assert one.get(f"/{name}/show/{key}").status_code == 200
            one.get(f"/{name}/edit/{key}")
