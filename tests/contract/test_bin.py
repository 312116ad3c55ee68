"""The recycle bin lifts the criterion of life only, never the scope."""

from __future__ import annotations

import re

from models.kernel.registry import tables
from tests.contract.conftest import Desk
from tests.contract.console import same
from tests.contract.test_channels import NONE, people


def test_the_bin_shows_the_deleted_rows_of_the_law(name: str, desk: Desk) -> None:
    for one in [desk.at("two_hats"), *people(desk, name, 2)]:
        answer = one.get(f"/{name}/bin/?psize_{tables()[name].__name__}View=200")
        if not desk.law.may(one.user, name, "delete"):
            assert answer.status_code == 403
            continue
        page = answer.get_data(as_text=True)
        chosen = re.findall(r"<input[^>]*name=\"pk\"[^>]*>", page)
        shown = {int(m.group(1)) for box in chosen if (m := re.search(r'value="(\d+)"', box))}
        assert shown == desk.law.deleted(one.user, name), one.user


def test_what_lies_in_a_foreign_bin_is_not_there(name: str, desk: Desk) -> None:
    """Restoring or purging a row out of scope, a living one, or none at all answers alike and changes nothing."""
    for one in [desk.at("two_hats"), *people(desk, name, 1)]:
        if not desk.law.may(one.user, name, "delete"):
            assert one.post(f"/{name}/restore/1").status_code == 403
            assert one.post(f"/{name}/bin/purge", {"pk": "1"}).status_code == 403
            continue
        one.get("/")
        gone = {key for key, row in desk.law.rows[name].items() if row["deleted_at"] is not None}
        hidden = sorted(gone - desk.law.deleted(one.user, name, "read"))[:1]
        living = sorted(desk.law.rows[name].keys() - gone)[:1]
        absent = one.post(f"/{name}/restore/{NONE}")
        assert absent.status_code == 404
        for key in (*hidden, *living):
            assert same(one.post(f"/{name}/restore/{key}"), absent, key, NONE)
            one.post(f"/{name}/bin/restore", {"pk": str(key)})
            one.post(f"/{name}/bin/purge", {"pk": str(key)})
            one.get("/")
    now = desk.filled.oracle().rows[name]
    assert {k: r["deleted_at"] for k, r in now.items()} == {k: r["deleted_at"] for k, r in desk.law.rows[name].items()}
