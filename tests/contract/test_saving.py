"""What is sent to be saved: only where the law allows it, only what a client may write, never over another's change."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import text as sql

from models.kernel import entry
from models.kernel.registry import infos, tables
from tests.contract.conftest import Desk
from tests.contract.console import Console
from tests.contract.oracle import Oracle, Row, target_of
from tests.contract.test_channels import NONE
from tests.contract.test_writing import one_of_each_owner, owner_column, plain_column

SYSTEM = ("id", "version", "created_at", "created_by_id", "changed_at", "changed_by_id", "deleted_at", "deleted_by_id")


def kept(law: Oracle, name: str) -> dict[int, Row]:
    """The rows of a table as they stand, to be compared."""
    return dict(law.rows[name])


def body_like(name: str, row: Row) -> dict[str, Any]:
    """A REST body that adds a row like `row` beside it."""
    cls, found = tables()[name], {}
    for column in entry.fields(cls):
        known, value = infos(cls)[column], row[column]
        if known.kind == "masked":
            continue
        if column in cls.screen.key and known.kind == "text":
            value = f"y{row['id']}"
        if value is not None:
            found[column] = (
                bool(value) if known.kind == "flag" else str(value) if known.kind not in ("ref", "integer") else value
            )
    return found


def fails(one: Console, name: str, body: dict[str, Any]) -> tuple[int, str]:
    answer = one.api("POST", f"/api/v1/{name}/", body)
    return answer.status_code, str((answer.get_json() or {}).get("code"))


def test_nothing_is_added_at_a_foreign_owner(name: str, desk: Desk) -> None:
    """By REST and by form, and the answer is the one an owner that does not exist gets."""
    cls, law = tables()[name], desk.law
    column = owner_column(cls)
    if column is None or cls.owned.kind == "index" or column not in entry.fields(cls):
        return
    before = set(law.rows[name])
    for login in ("two_hats", "regional_admin"):
        one = desk.at(login)
        if not law.may(one.user, name, "write"):
            continue
        target = target_of(name, column)
        foreign = [row for row in one_of_each_owner(law, name) if not law.may_own(one.user, name, row)]
        for row in foreign[:2]:
            body = body_like(name, row)
            status, code = fails(one, name, body)
            assert status in (403, 422), (login, row["id"], status)
            page = one.post(f"/{name}/add", {k: str(v) for k, v in body.items()}, swept=False)
            assert page.status_code in (403, 422), (login, row["id"])
            if row[column] not in law.keys(one.user, target):
                absent = fails(one, name, {**body, column: NONE})
                refs = [c for c, known in infos(cls).items() if known.kind == "ref" and c != column]
                assert absent == (status, code) or refs, (login, row["id"], absent)
    assert set(desk.filled.oracle().rows[name]) == before


def test_what_cannot_be_written_or_deleted_stays(name: str, desk: Desk) -> None:
    """A row that can be seen but not written answers 403, one that cannot be seen 404; neither changes."""
    cls, law, plain = tables()[name], desk.law, plain_column(tables()[name])
    for login in ("two_hats", "project_leader"):
        one = desk.at(login)
        seen, written = law.keys(one.user, name), law.keys(one.user, name, "write")
        removable = law.keys(one.user, name, "delete")
        rows = one_of_each_owner(law, name)
        for row in [r for r in rows if r["id"] not in written][:2]:
            key, status = row["id"], 404 if row["id"] not in seen else 403
            status = status if law.may(one.user, name, "write") else 403
            form = {"_version": str(row["version"]), **({plain: "x"} if plain else {})}
            assert one.post(f"/{name}/edit/{key}", form).status_code == status
            for token in (False, True):
                answer = one.api(
                    "PUT", f"/api/v1/{name}/{key}", {plain or "id": "x"}, token=token, If_Match=str(row["version"])
                )
                assert answer.status_code == status, (login, key)
        for row in [r for r in rows if r["id"] not in removable][:2]:
            key, status = row["id"], 404 if row["id"] not in seen else 403
            status = status if law.may(one.user, name, "delete") else 403
            assert one.post(f"/{name}/delete/{key}").status_code == status
            assert one.api("DELETE", f"/api/v1/{name}/{key}").status_code == status
            one.post(f"/{name}/delete", {"pk": str(key)})
    now = desk.filled.oracle().rows[name]
    assert {k: (r["version"], r["deleted_at"]) for k, r in now.items()} == {
        k: (r["version"], r["deleted_at"]) for k, r in law.rows[name].items()
    }
    assert cls.__tablename__ == name


def editable(desk: Desk, name: str) -> tuple[Console, Row] | None:
    """The group's administrator and a row they may write."""
    one = desk.at("group_admin")
    keys = sorted(desk.law.keys(one.user, name, "write"))
    return (one, desk.law.rows[name][keys[0]]) if keys and entry.fields(tables()[name]) else None


def test_versions_are_compared_and_system_columns_never_written(name: str, desk: Desk) -> None:
    """No version is 428, an old one 409 with both values, a system column an unknown field; nothing is saved by any."""
    found = editable(desk, name)
    if found is None:
        return
    one, row = found
    cls, key = tables()[name], row["id"]
    fields = entry.fields(cls)
    plain = plain_column(cls) if plain_column(cls) in fields else None
    address = f"/api/v1/{name}/{key}"
    assert one.api("PUT", address, {}).status_code == 428
    assert one.post(f"/{name}/edit/{key}", {}).status_code == 428
    assert one.api("PUT", address, {}, If_Match="x").status_code == 400
    if plain is not None:
        stale = one.api("PUT", address, {plain: "mine"}, If_Match=f'"{row["version"] + 5}"')
        assert stale.status_code == 409
        assert stale.get_json()["theirs"] == {plain: row[plain]}
        form = one.post(f"/{name}/edit/{key}", {plain: "mine", "_version": str(row["version"] + 5)})
        assert form.status_code == 409
        text = form.get_data(as_text=True)
        assert "mine" in text
        assert (row[plain] or "") in text
    masked = [c for c, known in infos(cls).items() if known.kind == "masked"]
    forbidden = {
        *SYSTEM,
        *(c for c, known in infos(cls).items() if known.system),
        *(f"{c}_blind" for c in masked),
    } - set(fields)
    if cls.owned.kind == "project" and cls.owned.through:
        assert "project_id" in forbidden
    for column in sorted(forbidden):
        answer = one.api("PUT", address, {column: 3}, If_Match=str(row["version"]))
        assert answer.status_code == 422, column
        assert answer.get_json()["code"] == "unknown_field", column
        added = one.api("POST", f"/api/v1/{name}/", {**body_like(name, row), column: 3})
        assert added.status_code == 422 and added.get_json()["code"] == "unknown_field", column
    one.post(f"/{name}/edit/{key}", {"_version": str(row["version"] + 5), **dict.fromkeys(forbidden, "3")})
    now = desk.filled.oracle().rows[name]
    assert now.keys() == desk.law.rows[name].keys()
    assert now[key] == row


def test_one_saves_once_and_the_form_keeps_the_version(own_desk: Desk) -> None:
    """A save moves the version on; the same form sent again is stale; unchanged values write nothing."""
    tried = 0
    for name, cls in tables().items():
        found = editable(own_desk, name)
        plain = plain_column(cls)
        if found is None or plain not in entry.fields(cls):
            continue
        one, row = found
        key, address = row["id"], f"/api/v1/{name}/{row['id']}"
        page = one.get(f"/{name}/edit/{key}").get_data(as_text=True)
        (version,) = set(re.findall(r'name="_version"[^>]*value="(\d+)"', page))
        assert int(version) == row["version"], name
        assert one.api("PUT", address, {}, If_Match=version).headers["ETag"] == f'"{version}"'
        saved = one.api("PUT", address, {plain: "first"}, If_Match=version)
        if saved.status_code in (403, 422):
            continue  # a rule of the table's own refuses the mark, which stands in every text
        tried += 1
        assert saved.status_code == 200, (name, saved.get_data(as_text=True))
        assert one.api("PUT", address, {plain: "second"}, If_Match=version).status_code == 409
        assert one.post(f"/{name}/edit/{key}", {plain: "third", "_version": version}).status_code == 409
        assert own_desk.filled.oracle().rows[name][key][plain] == "first"
    assert tried > 15


def test_deletion_hides_and_frees_the_key(own_desk: Desk) -> None:
    """A deleted row is gone from every channel, its name still told where it is pointed to, its key free again."""
    for name, cls in tables().items():
        law = own_desk.filled.oracle()
        one = own_desk.at("group_admin")
        rows = [law.rows[name][k] for k in sorted(law.keys(one.user, name, "delete"), reverse=True)]
        gone = None
        for row in rows[:12]:
            if one.api("DELETE", f"/api/v1/{name}/{row['id']}").status_code == 200:
                gone = row
                break
        if gone is None:
            continue
        key = gone["id"]
        edit = (
            [f"/{name}/edit/{key}"] if law.may(one.user, name, "write") else []
        )  # the door says no before any row does
        for path in (f"/{name}/show/{key}", *edit, f"/api/v1/{name}/{key}"):
            assert one.get(path).status_code == 404, path
        assert key not in (one.listed(name) or ())
        assert key not in {i["id"] for i in one.get(f"/{name}/lookup").get_json()["items"]}
        assert one.api("DELETE", f"/api/v1/{name}/{key}").status_code == 404
        masked_key = any(infos(cls)[c].kind == "masked" for c in cls.screen.key)
        if cls.owned.kind in ("project", "link") and entry.fields(cls) and cls.screen.key and not masked_key:
            values = body_like(name, gone)
            values.update({c: gone[c] for c in cls.screen.key if gone[c] is not None})
            added = one.api("POST", f"/api/v1/{name}/", values)
            again = one.api("POST", f"/api/v1/{name}/", values)
            assert added.status_code == 201, (name, added.get_data(as_text=True))
            assert again.status_code == 409, (name, again.get_data(as_text=True))


def test_a_deleted_parent_keeps_its_name(own_desk: Desk) -> None:
    """By raw SQL, since the guard refuses to orphan: a phase is deleted, its buildings still tell its name."""
    with own_desk.filled.engine.begin() as connection:
        connection.execute(sql("UPDATE phase SET deleted_at = created_at"))
    one = own_desk.at("group_admin")
    key, row = next((k, r) for k, r in own_desk.law.rows["building"].items() if r["phase_id"] and not r["deleted_at"])
    phase = own_desk.law.rows["phase"][row["phase_id"]]["name"]
    assert phase in one.get(f"/building/show/{key}").get_data(as_text=True)
    assert one.get("/phase/list/").get_data(as_text=True).count(f'href="/phase/show/{row["phase_id"]}"') == 0


def test_disabled_and_deleted_people_are_out_at_once(own_desk: Desk) -> None:
    """A session and a token that are open when an account is disabled, or its grants end, show nothing from then on."""
    one = own_desk.at("disabled", anew=True)
    assert not one.signed_in
    open_one = own_desk.at("project_clerk", anew=True)
    assert open_one.get("/room/list/").status_code == 200
    assert open_one.api("GET", "/api/v1/room/", token=True).status_code == 200
    with own_desk.filled.engine.begin() as connection:
        connection.execute(sql("UPDATE \"grant\" SET until_day = '2020-01-01' WHERE profile_id IN "
                               "(SELECT id FROM user_profile WHERE login = 'project_clerk')"))  # fmt: skip
    assert open_one.get("/room/list/").status_code == 403
    assert open_one.api("GET", "/api/v1/room/", token=True).status_code == 403
    with own_desk.filled.engine.begin() as connection:
        connection.execute(sql("UPDATE ab_user SET active = 0 WHERE username = 'project_clerk'"))
    assert open_one.get("/room/list/").status_code == 302
    assert open_one.api("GET", "/api/v1/room/", token=True).status_code == 401
