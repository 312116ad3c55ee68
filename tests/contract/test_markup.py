"""Markup in any field of any table stays text on every page; any argument of any page mangled gives a usable page.

Made from the registry, the address map and the arguments that the pages' own code asks for, so that what is new is in it.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import text as sql

from config import ROOT
from models.kernel.masking import Cipher
from models.kernel.registry import infos, tables
from models.kernel.secret import use_cipher
from tests.contract.conftest import Desk, Filled, _app, _closed
from tests.contract.console import _KEPT, PLAIN_KINDS
from tests.contract.population import Full, few
from tests.databases import DATA_KEY

EVIL = """'"></script></title></textarea></template><xss onx=1>{{7*7}}"""
LIVE = re.compile(r"<xss|</script></title>")
LOGIN = "group_admin.group"


@pytest.fixture(scope="module")
def spoiled(template: tuple[Path, Full], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A console over the filled world with markup in every free text, past every rule, as an old import might leave it."""
    use_cipher(Cipher(DATA_KEY))
    file = tmp_path_factory.mktemp("spoiled") / "spoiled.db"
    shutil.copyfile(template[0], file)
    filled = Filled(file, template[1])
    with filled.engine.begin() as connection:
        for name, cls in tables().items():
            columns = [c for c, known in infos(cls).items() if known.kind in PLAIN_KINDS and (name, c) not in _KEPT]
            if columns and name != "node":
                values = ", ".join(f'"{c}" = :evil || id' for c in columns)
                connection.execute(sql(f'UPDATE "{name}" SET {values}'), {"evil": EVIL})
        connection.execute(sql("UPDATE node SET name = :evil"), {"evil": EVIL})
    app = _app(filled, tmp_path_factory.mktemp("spoiled-home"))
    yield Desk(app, filled)
    _closed(app)


def page(desk: Desk, path: str) -> str | None:
    """The text of a page; None for an address that leads elsewhere or says no."""
    answer = desk.at(LOGIN, language="zh").get(path)
    assert answer.status_code < 500, path
    text: str = answer.get_data().decode("utf-8", "replace")
    if answer.mimetype != "text/html":
        assert answer.headers.get("X-Content-Type-Options") == "nosniff" or 300 <= answer.status_code < 400, path
        return None
    assert not LIVE.search(text), (path, text[max(0, LIVE.search(text).start() - 200) :][:400])  # type: ignore[union-attr]
    return text if answer.status_code == 200 else None


def test_markup_of_every_table_stays_text(name: str, spoiled: Desk, thorough: bool) -> None:
    every = ",".join(infos(tables()[name]))
    key = next(iter(spoiled.law.rows[name]), 0)
    asked = (
        f"/{name}/list/?_cols={every}",
        f"/{name}/show/{key}",
        f"/{name}/edit/{key}",
        f"/{name}/{key}/timeline",
        f"/{name}/bin/",
        f"/{name}/add?_typed={quote(EVIL)}",
        f"/{name}/list/?q={quote(EVIL)}",
        f"/{name}/export.csv",
        f"/{name}/lookup?q=",
    )
    shown = [page(spoiled, path) for path in (asked[:2] if not thorough else asked)]
    kinds = {known.kind for known in infos(tables()[name]).values()}
    if kinds & set(PLAIN_KINDS) and shown[0] is not None and spoiled.law.rows[name] and name not in ("login_log",):
        assert any(text and "onx" in text for text in shown) or all((name, c) in _KEPT for c in infos(tables()[name]))


def own_pages(desk: Desk) -> list[str]:
    """Every page that no declaration gives, with keys of what there is."""
    keys = {name: min(rows, default=0) for name, rows in desk.law.rows.items()}
    fill = {"table": "room", "kind": "project", "name": "room", "line": "1", "token": "none", "code": "x"}
    found = set()
    for rule in desk.app.url_map.iter_rules():
        head = rule.rule.split("/")[1]
        if "GET" not in (rule.methods or ()) or rule.rule.startswith(("/api/", "/static/", "/lang/", "/logout")):
            continue
        if head in tables() and rule.rule.split("/")[2:3] in (
            [part] for part in ("list", "show", "add", "edit", "bin", "lookup", "import", "layout", "reveal", "many")
        ):
            continue  # every table has these; they are tried above
        of = {"generate": "project", "keynodes": "project", "ledger": "project", "roomgrid": "building"}.get(head, head)
        of = "project" if "/project/" in rule.rule else "room" if "/card/" in rule.rule else of
        key = str(keys.get(of) or keys["room"])
        found.add(re.sub(r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>", lambda part, key=key: fill.get(part[1], key), rule.rule))  # type: ignore[misc]
    return sorted(found)


def test_markup_stays_text_on_pages_of_their_own(spoiled: Desk) -> None:
    shown = [path for path in own_pages(spoiled) if "onx" in (page(spoiled, path) or "")]
    assert len(shown) > 10, shown


ASKED = re.compile(r"""request\.(?:args|values)(?:\.get(?:list)?\(|\[)\s*["']([\w]+)["']""")
MANGLED = (
    "",
    "'\"><xss onx=1>",
    "%00",
    "-1",
    "9" * 40,
    "²",
    "a,b,,",
    "../../etc",
    "{{7*7}}",
    "1;DROP TABLE room",
    "\u202e",
    "[]",
)


def arguments() -> list[str]:
    """The arguments that any page's code asks an address for."""
    code = (file.read_text(encoding="utf-8") for file in (ROOT / "views").rglob("*.py"))
    return sorted(
        {name for text in code for name in ASKED.findall(text)} | {"at", "from", "to", "by", "period", "node"}
    )


def test_every_argument_mangled_gives_a_usable_page(spoiled: Desk, thorough: bool) -> None:
    names, pages = arguments(), own_pages(spoiled)
    assert len(names) > 25 and len(pages) > 25
    one: Any = spoiled.at(LOGIN, language="zh")
    for place, path in enumerate(pages):
        if path.endswith(("/open", "/logout/")) or page(spoiled, path) is None:
            continue
        tried = [(names, value) for value in few(MANGLED, 1, thorough, f"{place}")]
        if thorough:  # and each argument alone, since one may hide another
            tried += [([name], MANGLED[(place + turn) % len(MANGLED)]) for turn, name in enumerate(names)]
        for chosen, value in tried:
            raw = value if value == "%00" else quote(value)
            asked = f"{path}?" + "&".join(f"{name}={raw}" for name in chosen)
            answer = one.get(asked)
            text = answer.get_data().decode("utf-8", "replace")
            assert answer.status_code in (200, 302, 303, 400, 404), (asked, answer.status_code)
            assert not LIVE.search(text) and "Traceback" not in text, asked
            assert answer.status_code != 200 or "<html" not in text or "<main" in text, asked
