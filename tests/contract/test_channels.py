"""Every channel a person reads through gives what the law gives, and no answer carries what they must not see.

Each answer of `Console` is swept: texts of rows out of scope, personal data in full, shadows, ciphertext, password hashes.
"""

from __future__ import annotations

import re
from itertools import chain
from urllib.parse import quote

import prison
import pytest

from models.kernel.registry import infos, tables, titles
from models.kernel.roles import RIGHTS
from tests.contract.conftest import Desk
from tests.contract.console import Console, marked, same
from tests.contract.population import few
from tests.contract.test_reading import some

NONE = 876_543
"""A key no row has."""

HIDDEN = ("created_by_id", "changed_by_id", "deleted_by_id", "deleted_at", "version", "metadata", "screen", "__class__")
"""Columns and attributes no client knows."""


def people(desk: Desk, name: str, count: int = 2) -> list[Console]:
    """Some of the cast; all roles and special people are met over the tables."""
    chosen = [login for login in some(desk.filled, name, count) if login != "disabled"]
    return [desk.at(login) for login in chosen or ("two_hats",)]


def readers(desk: Desk, name: str, count: int = 1) -> list[Console]:
    """Some of the cast who see a part of a table, others for each; all of it, where nobody sees but a part."""
    core = [login for login in some(desk.filled, name, len(desk.filled.full.core)) if login != "disabled"]
    rows = {key for key, row in desk.law.rows[name].items() if row["deleted_at"] is None}
    seen = {login: desk.law.keys(desk.filled.full.users[login], name) for login in core}
    partly = [login for login in core if seen[login] and seen[login] != rows]
    return [desk.at(login) for login in (partly or [login for login in core if seen[login]])[:count]]


def shadows(name: str) -> list[str]:
    masked = [column for column, known in infos(tables()[name]).items() if known.kind == "masked"]
    return [f"{column}_{shadow}" for column in masked for shadow in ("blind", "tail")]


def paths(name: str) -> list[str]:
    """Every column a client may name, and those one ref further."""
    cls, found = tables()[name], []
    for column, known in infos(cls).items():
        found.append(column)
        if known.target:
            relation = column.removesuffix("_id")
            found.extend(f"{relation}.{inner}" for inner in infos(tables()[known.target]))
    return found


def test_lists_and_rest_lists_give_the_rows_of_the_law(name: str, desk: Desk) -> None:
    for one in [*people(desk, name, 1), *readers(desk, name)]:
        expected = desk.law.keys(one.user, name) if desk.law.may(one.user, name, "read") else None
        assert one.listed(name) == expected
        for token in (False, True):
            served = one.served(name, token=token)
            assert served == (None if expected is None else (set(expected), len(expected)))


def test_an_invisible_row_and_no_row_answer_alike(name: str, desk: Desk) -> None:
    """404 with the same words, whichever way it is asked for, and whatever is sent."""
    for one in readers(desk, name):
        if not desk.law.may(one.user, name, "read"):
            continue
        hidden = sorted(set(desk.law.rows[name]) - desk.law.keys(one.user, name))
        if not hidden:
            continue
        key = hidden[0]
        asked = [
            ("GET", "/{t}/show/{k}", None),
            ("GET", "/api/v1/{t}/{k}", None),
        ]
        if desk.law.may(one.user, name, "write"):
            asked += [("GET", "/{t}/edit/{k}", None), ("POST", "/{t}/edit/{k}", {"_version": "1"})]
            asked += [("PUT", "/api/v1/{t}/{k}", {}), ("PUT", "/api/v1/{t}/{k}", None)]
        if desk.law.may(one.user, name, "delete"):
            asked += [
                ("POST", "/{t}/delete/{k}", {}),
                ("DELETE", "/api/v1/{t}/{k}", None),
                ("POST", "/{t}/delete", {"pk": 0}),
            ]
        for column in [c for c, known in infos(tables()[name]).items() if known.kind == "masked"]:
            if desk.law.may(one.user, name, "reveal"):
                asked.append(("POST", f"/{{t}}/reveal/{{k}}/{column}", {}))
        one.get("/")  # takes the notes of earlier pages away
        for method, path, data in asked:
            answers = []
            for k in (key, NONE):
                where = path.format(t=name, k=k)
                if path.startswith("/api"):
                    answers.append(one.api(method, where, data))
                else:
                    sent = {"pk": str(k)} if data and "pk" in data else data
                    answers.append(one.ask(method, where, data=sent))
            assert same(*answers, key, NONE), (method, path)
            assert answers[0].status_code == (302 if path.endswith("/delete") else 404), (method, path)


def test_visible_rows_open(name: str, desk: Desk) -> None:
    for one in readers(desk, name):
        keys = sorted(desk.law.keys(one.user, name))
        for key in keys[:2] + keys[-1:]:
            assert one.get(f"/{name}/show/{key}").status_code == 200
            body = one.api("GET", f"/api/v1/{name}/{key}").get_json()
            assert body["id"] == key
            writes = key in desk.law.keys(one.user, name, "write")
            assert one.get(f"/{name}/edit/{key}").status_code == (200 if writes else 403)


def test_what_no_right_is_held_on_is_refused_by_every_door(name: str, desk: Desk, thorough: bool) -> None:
    asked = {
        "read": (("GET", f"/{name}/list/"), ("GET", f"/{name}/show/1"), ("GET", f"/{name}/lookup"), ("GET", f"/api/v1/{name}/"),
                 ("GET", f"/api/v1/{name}/1"), ("GET", f"/api/v1/{name}/_info")),
        "write": (("GET", f"/{name}/add"), ("POST", f"/{name}/add"), ("GET", f"/{name}/edit/1"), ("POST", f"/{name}/edit/1"),
                  ("POST", f"/api/v1/{name}/"), ("PUT", f"/api/v1/{name}/1")),
        "delete": (("POST", f"/{name}/delete/1"), ("POST", f"/{name}/delete"), ("DELETE", f"/api/v1/{name}/1")),
        "export": (("GET", f"/{name}/export.csv"), ("GET", f"/{name}/export.xlsx")),
        "import": (("GET", f"/{name}/import"), ("POST", f"/{name}/import")),
        "reveal": tuple(("POST", f"/{name}/reveal/1/{c}") for c, k in infos(tables()[name]).items() if k.kind == "masked"),
    }  # fmt: skip
    routes = {rule.rule for rule in desk.app.url_map.iter_rules()}
    for one in [*few([desk.at("stranger")], 1, thorough), *people(desk, name, 3 if thorough else 1)]:
        for right, doors in asked.items():
            if desk.law.may(one.user, name, right):
                continue
            for method, path in doors:
                known = path in routes or ("/export" not in path and "/import" not in path)
                assert one.ask(method, path).status_code == (403 if known else 404), (right, method, path)


def test_nobody_is_sent_to_sign_in(name: str, desk: Desk) -> None:
    client = desk.app.test_client()
    for path in (f"/{name}/list/", f"/{name}/show/1", f"/{name}/add", f"/{name}/edit/1", f"/{name}/lookup"):
        answer = client.get(path)
        assert answer.status_code == 302 and "/login/" in answer.location, path
    for path in (f"/api/v1/{name}/", f"/api/v1/{name}/1", f"/api/v1/{name}/_info"):
        assert client.get(path).status_code == 401, path
    bad = {"Authorization": "Bearer not.a.token"}
    assert desk.app.test_client().get(f"/api/v1/{name}/", headers=bad).status_code == 401


def test_no_order_filter_search_or_choice_of_columns_shows_more(name: str, desk: Desk, thorough: bool) -> None:
    """Every column that can be named, those that cannot, and two refs deep; the rows stay those of the law."""
    view = f"{tables()[name].__name__}View"
    masked = {path for path in paths(name) if path.rpartition(".")[2] in MASKED}
    for one in readers(desk, name):
        if not desk.law.may(one.user, name, "read"):
            continue
        expected = set(desk.law.keys(one.user, name))
        wanted = [*paths(name), *HIDDEN, *shadows(name), *(f"{p}_blind" for p in masked), "nosuch.column", "'; --"]
        asked = [
            *few(paths(name), 4, thorough, name),
            *few(HIDDEN, 2, thorough, name),
            *shadows(name),
            "nosuch.column",
            "'; --",
        ]
        for path in asked:
            if path in HIDDEN or path in shadows(name):  # the pages hand on a cursor, which tells the value sorted by
                got = one.get(f"/{name}/list/?psize_{view}=1&_oc_{view}={quote(path)}&_od_{view}=desc")
                assert got.status_code == 200, path
            q = prison.dumps({"order_column": path, "order_direction": "desc", "page_size": 5})
            answer = one.api("GET", f"/api/v1/{name}/?q={quote(q)}")
            unknown = path not in paths(name)
            assert answer.status_code == (400 if unknown or path in masked else 200), path
        every = ",".join(wanted)
        page = one.get(f"/{name}/list/?psize_{view}=200&_cols={quote(every)}").get_data(as_text=True)
        assert {int(key) for key in re.findall(rf'data-url="/{name}/show/(\d+)"', page)} == expected
        known = paths(name)[:55]
        served = one.served(name, columns=known)
        assert served == (expected, len(expected))
        for path in (*few(HIDDEN, 2, thorough, name), *shadows(name)):
            q = prison.dumps({"columns": [path]})
            assert one.api("GET", f"/api/v1/{name}/?q={quote(q)}").status_code == 400, path


MASKED = {column for cls in tables().values() for column, known in infos(cls).items() if known.kind == "masked"}


def test_filters_find_only_what_may_be_read(name: str, desk: Desk, thorough: bool) -> None:
    """A filter on a column of a row out of scope meets nothing; on a masked one only by right; on a hidden one never."""
    cls = tables()[name]
    for one in readers(desk, name):
        if not desk.law.may(one.user, name, "read"):
            continue
        expected = desk.law.keys(one.user, name)
        hidden = sorted(set(desk.law.rows[name]) - expected)[:2]
        texts = [c for c, known in infos(cls).items() if known.kind in ("text", "prose") and (known.length or 99) > 8]
        for column, key in [(c, k) for c in few(texts, 2, thorough, name) for k in hidden[:1]]:
            for operator in few(("ct", "eq", "sw"), 1, thorough, column):
                value = marked(name, key)
                assert one.served(name, filters=[{"col": column, "opr": operator, "value": value}]) == (set(), 0)
        for column, known in infos(cls).items():
            if known.kind != "ref":
                continue
            target = known.target or ""
            relation = column.removesuffix("_id")
            for key in sorted(set(desk.law.rows[target]) - desk.law.keys(one.user, target))[:2]:
                if one.readable(target, key):
                    continue
                for inner in titles(tables()[target])[:2]:
                    if "." in inner or infos(tables()[target])[inner].kind not in ("text", "prose"):
                        continue
                    filters = [{"col": f"{relation}.{inner}", "opr": "ct", "value": marked(target, key)}]
                    assert one.served(name, filters=filters) == (set(), 0), (column, key)
        for path in (*few(HIDDEN, 2, thorough, name), *shadows(name)):
            q = prison.dumps({"filters": [{"col": path, "opr": "eq", "value": "1"}]})
            assert one.api("GET", f"/api/v1/{name}/?q={quote(q)}").status_code == 400, path
            assert one.get(f"/{name}/list/?_flt_0_{path}=1").status_code == 200


def test_masked_columns_are_found_by_their_number_only_by_right(desk: Desk) -> None:
    """Exact match is a right of its own, in its own reach; a masked column of another table is never filtered by."""
    for name, cls in tables().items():
        for column in [c for c, known in infos(cls).items() if known.kind == "masked"]:
            for login in (
                "group_admin",
                "request_clerk",
                "company_leader",
                "project_clerk",
                "group_leader",
                "two_hats",
            ):
                one = desk.at(login)
                matched = desk.law.keys(one.user, name, "match") & desk.law.keys(one.user, name)
                for plain, (owner, key) in sorted(desk.secrets.plain.items())[:40:4]:
                    if owner != name:
                        continue
                    q = prison.dumps({"filters": [{"col": column, "opr": "eq", "value": plain}]})
                    answer = one.client.get(f"/api/v1/{name}/?q={quote(q)}")
                    if not desk.law.may(one.user, name, "match"):
                        assert answer.status_code == 403
                    else:
                        assert set(answer.get_json()["ids"]) <= {key} & matched


def test_search_and_look_up_stop_at_the_scope(name: str, desk: Desk, thorough: bool) -> None:
    """Typing the very text of a row out of scope finds nothing; narrowing by any ref never widens."""
    cls = tables()[name]
    refs = {c: known.target or "" for c, known in infos(cls).items() if known.kind == "ref"}
    for one in readers(desk, name):
        if not desk.law.may(one.user, name, "read"):
            continue
        expected = desk.law.keys(one.user, name)
        hidden = sorted(set(desk.law.rows[name]) - expected)[:2]
        for key in hidden:
            typed = quote(marked(name, key))
            page = one.get(f"/{name}/list/?q={typed}", swept=False).get_data(as_text=True)  # it repeats what was typed
            if cls.screen.searched:
                assert f'data-url="/{name}/show/' not in page
            assert one.get(f"/{name}/lookup?q={typed}").get_json() == {"items": [], "more": False}
        found = one.get(f"/{name}/lookup").get_json()
        assert {item["id"] for item in found["items"]} <= expected
        assert found["more"] == (len(expected) > 20)
        for column, target in few(list(refs.items()), 2, thorough, name):
            keys = sorted(desk.law.rows[target])
            for key in (*keys[:1], *keys[-1:], NONE):
                got = {i["id"] for i in one.get(f"/{name}/lookup?{column}={key}").get_json()["items"]}
                assert got <= {k for k in expected if desk.law.rows[name][k][column] == key}, (column, key)


def test_filters_offered_are_those_that_work(name: str, desk: Desk) -> None:
    """`_info` offers a masked column only to those who may match by it, and tells each their own rights."""
    for one in people(desk, name, 2):
        answer = one.api("GET", f"/api/v1/{name}/_info")
        if not desk.law.may(one.user, name, "read"):
            assert answer.status_code == 403
            continue
        body = answer.get_json()
        flow = tables()[name].flow
        moves = [each.name for each in flow.transitions] if flow is not None else []
        assert set(body["permissions"]) == {r for r in (*RIGHTS, *moves) if desk.law.may(one.user, name, r)}
        masked = {c for c, known in infos(tables()[name]).items() if known.kind == "masked"}
        assert masked & set(body["filters"]) == (masked if desk.law.may(one.user, name, "match") else set())


def test_reveal_shows_one_value_by_right_and_is_recorded(own_desk: Desk) -> None:
    desk = own_desk
    for name, cls in tables().items():
        masked = [c for c, known in infos(cls).items() if known.kind == "masked"]
        for login in (
            "request_clerk",
            "two_hats",
            "group_leader",
            "company_leader",
            "contractor",
            "stranger",
            "split_hats",
        ):
            one = desk.at(login)
            for column, key in [(c, k) for c in masked for k in sorted(desk.law.rows[name])[:20:4]]:
                answer = one.post(f"/{name}/reveal/{key}/{column}", swept=False)
                if key in desk.law.keys(one.user, name, "reveal"):
                    assert answer.status_code == 200
                    assert not one.leaks(answer, revealed=[answer.get_json()["value"]])
                else:
                    assert answer.status_code in (403, 404)
                    assert not one.leaks(answer)
            others = [c for c in infos(cls) if c not in masked][:2] + shadows(name)[:1]
            seen = sorted(desk.law.keys(one.user, name, "reveal"))[:1]
            for column, key in [(c, k) for c in others for k in seen]:
                assert one.post(f"/{name}/reveal/{key}/{column}").status_code == 404


def test_the_palette_finds_what_may_be_read(desk: Desk, thorough: bool) -> None:
    shown = ("room", "customer", "project", "building", "user_profile", "company")
    for login in few(("request_clerk", "two_hats", "stranger", "split_hats", "river_builder"), 2, thorough):
        one = desk.at(login)
        typed = ["M~", "1", *(marked(n, k) for n in shown for k in (min(desk.law.rows[n]), max(desk.law.rows[n])))]
        for text in typed:
            for hit in one.get(f"/palette.json?q={quote(text)}").get_json():
                _empty, name, _show, key = hit["url"].split("/")
                assert int(key) in desk.law.keys(one.user, name), (login, text, hit)
        for plain, (name, key) in sorted(desk.secrets.plain.items())[::20]:
            hits = one.client.get(f"/palette.json?q={quote(plain)}").get_json()
            keys = {int(hit["url"].rsplit("/", 1)[1]) for hit in hits if hit["url"].startswith(f"/{name}/")}
            assert not keys or key in desk.law.keys(one.user, name, "match"), (login, name, key)


def test_narrowing_the_place_only_takes_away(desk: Desk, thorough: bool) -> None:
    nodes = desk.filled.full.nodes
    for login in ("request_clerk", "two_hats", "split_hats"):
        one = desk.at(login, anew=True)
        for node in few(list(nodes.values()), 5, thorough):
            one.post("/place", {"node": str(node)})
            for name in ("customer", "company", "user_profile"):
                served = one.served(name)
                assert served is None or served[0] <= desk.law.keys(one.user, name), (login, node, name)
        one.post("/place", {"all": "1"})
        assert one.listed("room") == (desk.law.keys(one.user, "room"))


def test_mangled_arguments_answer_and_show_nothing(name: str, desk: Desk, thorough: bool) -> None:
    one = desk.at("two_hats")
    view = f"{tables()[name].__name__}View"
    column = next(iter(infos(tables()[name])))
    ref = next((c for c, known in infos(tables()[name]).items() if known.kind == "ref"), column)
    asked = (
        f"/{name}/list/?page_{view}=abc&psize_{view}=1e9&_oc_{view}=&_od_{view}=sideways",
        f"/{name}/list/?_flt_99_{column}=1&_flt_{quote('²')}_{column}=1&_flt_x=1&_flt_0_=1",
        f"/{name}/list/?_after=%00&_before=AAAA",
        *(
            f"/{name}/list/?_after={cursor}"
            for cursor in ("WyJzIiwiYWJjIiwxXQ", "WyJ0IiwieCIsMV0", "WyJzIix7fSwxXQ", "W10")
        ),
        f"/{name}/show/{quote('²')}",
        f"/{name}/show/{'9' * 30}",
        f"/{name}/list/?_flt_0_{ref}={'9' * 40}&_flt_1_{ref}={quote('٣')}",
        f"/{name}/lookup?q=%25%25%25&{ref}={quote('²')}",
        f"/{name}/add?{ref}={'9' * 40}",
        f"/{name}/lookup?q={'a ' * 200}",
        f"/api/v1/{name}/?q=!!!",
        f"/api/v1/{name}/?q=(page:'a',page_size:-7,filters:!((col:id)))",
    )
    for path in few(asked, 5, thorough, name):
        assert one.get(path).status_code in (200, 400, 403, 404, 422), path


@pytest.mark.deep
def test_the_whole_cast_lists_what_the_law_gives(name: str, desk: Desk) -> None:
    for login in desk.filled.full.users:
        one = desk.at(login)
        if login in ("disabled",):
            continue
        expected = desk.law.keys(one.user, name) if desk.law.may(one.user, name, "read") else None
        assert one.listed(name) == expected, login
        assert one.served(name) == (None if expected is None else (set(expected), len(expected))), login
        for key in chain(sorted(expected or ())[:3]):
            one.get(f"/{name}/show/{key}")
