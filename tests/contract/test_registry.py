"""Every declared table is whole: words, pages, menu, REST, OpenAPI, and a number of statements that does not grow."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from sqlalchemy import event

from models.kernel import entry
from models.kernel.checks import problems
from models.kernel.registry import area_of, areas, infos, rights_of, tables, titles
from models.kernel.roles import ROLES
from models.kernel.words import Words
from tests.contract.conftest import Desk
from tests.contract.console import Console

CODE = re.compile(r"^[A-Za-z0-9%/.+\-—²³ ]{1,12}$")
"""What is written alike in both languages: '%', 'VIP', 'm²', '—'."""
CHINESE = re.compile(r"[一-鿿㎡]")

BUDGET = {
    "list": 6,
    "add": 6,
    "lookup": 6,
    "rest list": 6,
    "rest row": 5,
    "info": 4,
    "edit": 8,
    "show": 17,
}
"""The most SQL statements a request may take, sign-in and grants (three) included, whatever the number of rows.

`edit` and `show` take more for the refs of form and title, `show` four for each grid of children
(rows, count, and keys and names in the history), and a look-up two for each
column that it finds rows by (one way at a time, so that each is a range of an index).
"""


def words_of(name: str) -> Iterator[tuple[str, Words]]:
    """Every text in a declaration, with where it stands."""
    cls = tables()[name]
    screen = cls.screen
    yield "label", screen.label
    yield "plural", screen.name
    if screen.noted:
        yield "noted", screen.noted
    for block in screen.sections:
        yield "section", block.title
    for column, known in infos(cls).items():
        yield column, known.label
        for extra in (known.hint, known.unit):
            if extra is not None:
                yield f"{column} hint or unit", extra
        for option in known.options.options() if known.options else ():
            yield f"{column} = {option.value}", option.words


def test_declarations_have_no_mistakes() -> None:
    assert not [str(problem) for problem in problems()]


def test_every_word_is_said_in_both_languages(name: str) -> None:
    for where, words in words_of(name):
        assert words.en.strip() and words.zh.strip(), where
        assert CHINESE.search(words.zh) or CODE.match(words.zh), (where, words.zh)
        assert not CHINESE.search(words.en) or words.en == words.zh, (where, words.en)


def test_areas_and_roles_are_said_in_both_languages() -> None:
    for words in (*(area.label for area in areas().values()), *(role.words for role in ROLES.values())):
        assert CHINESE.search(words.zh) and not CHINESE.search(words.en), words


def reader(desk: Desk, name: str, right: str, *, language: str = "en") -> Console | None:
    """Somebody who holds a right on a table, on as many rows as anybody."""
    roles = rights_of(tables()[name]).roles(right)
    return desk.at(f"{roles[0]}.group", language=language) if roles else None


@pytest.mark.parametrize("language", ["en", "zh"])
def test_pages_open_for_who_may_and_say_their_labels(name: str, language: str, desk: Desk) -> None:
    cls = tables()[name]
    one = reader(desk, name, "read", language=language)
    assert one is not None
    page = one.get(f"/{name}/list/").get_data(as_text=True)
    assert cls.screen.name.said(language) in page
    assert f'<html lang="{language}' in page
    if not desk.law.rows[name]:
        return
    key = min(desk.law.keys(one.user, name))
    shown = one.get(f"/{name}/show/{key}")
    assert shown.status_code == 200
    text = shown.get_data(as_text=True).replace("&#39;", "'").replace("&amp;", "&")
    for block in cls.screen.sections:
        assert all(infos(cls)[column].label.said(language) in text for column in block.fields)
    writer = reader(desk, name, "write", language=language)
    if writer is None or not entry.fields(cls):
        return
    form = writer.get(f"/{name}/add")
    assert form.status_code == 200
    text = form.get_data(as_text=True).replace("&#39;", "'").replace("&amp;", "&")
    assert all(infos(cls)[column].label.said(language) in text for column in entry.fields(cls))
    written = sorted(desk.law.keys(writer.user, name, "write"))
    assert writer.get(f"/{name}/edit/{written[0]}").status_code == 200


def test_the_menu_holds_what_may_be_read_and_nothing_else(desk: Desk) -> None:
    for login in desk.filled.full.core:
        if login == "disabled":
            continue
        one = desk.at(login)
        page = one.get("/").get_data(as_text=True)
        navigation = page.split("<nav", 1)[1].split("</nav>", 1)[0]
        there = set(re.findall(r'href="/(\w+)/list/"', navigation))
        expected = {n for n, c in tables().items() if c.screen.menu and desk.law.may(one.user, n, "read")}
        assert there & tables().keys() == expected, login
        for name in there - tables().keys():  # lists of what is no declared table: offered to those they open for
            assert one.get(f"/{name}/list/", swept=False).status_code == 200, (login, name)


def test_openapi_describes_every_table_without_what_clients_never_write(name: str, desk: Desk) -> None:
    one = desk.at("request_clerk")
    document = _document(one)
    cls = tables()[name]
    paths = {path for path in document["paths"] if f"/{name}/" in f"{path}/"}
    assert {p.rsplit(name, 1)[1] for p in paths} >= {"/", "/{pk}", "/_info"}
    for shape in ("Add", "Change"):
        properties = set(document["components"]["schemas"].get(f"{cls.__name__}{shape}", {}).get("properties", {}))
        assert properties == set(entry.fields(cls))
    assert not [
        p for p in document["components"]["schemas"][cls.__name__]["properties"] if p.endswith(("_blind", "_tail"))
    ]


_documents: dict[int, dict] = {}


def _document(one: Console) -> dict:
    if one.user not in _documents:
        _documents[one.user] = one.api("GET", "/api/v1/_openapi").get_json()
    return _documents[one.user]


@contextmanager
def statements(app: Flask) -> Iterator[list[str]]:
    """Collects the SQL statements of what runs within."""
    with app.app_context():
        engine = app.extensions["sqlalchemy"].engine
    found: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.startswith(("BEGIN", "SAVEPOINT", "RELEASE", "PRAGMA")):
            found.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", note)


def test_requests_take_few_statements_whatever_they_show(name: str, desk: Desk) -> None:
    cls = tables()[name]
    one = reader(desk, name, "read")
    writer = reader(desk, name, "write")
    assert one is not None
    if not desk.law.rows[name]:
        return
    key = min(desk.law.keys(one.user, name))
    refs = sum(known.kind == "ref" for known in infos(cls).values())
    named = sum(path.count(".") + path.endswith("_id") * 4 for path in cls.screen.title)
    asked = {
        "list": f"/{name}/list/?psize_{cls.__name__}View=200&_cols={','.join([*cls.screen.listed, *infos(cls)])}",
        "lookup": f"/{name}/lookup?q=1",
        "rest list": f"/api/v1/{name}/?q=(page_size:100)",
        "rest row": f"/api/v1/{name}/{key}",
        "info": f"/api/v1/{name}/_info",
        "show": f"/{name}/show/{key}",
    }
    ways = len({*cls.screen.searched, *(path.partition(".")[0] for path in titles(cls))})
    allowance = {"lookup": 2 * ways, "show": 4 * len(cls.screen.children) + refs + named, "edit": refs * 3 + named}
    lists = len(
        {known.list for known in infos(cls).values() if known.list}
    )  # each option list is read once: decision 0020
    allowance = {what: allowance.get(what, 0) + lists for what in (*allowance, *BUDGET)}
    if writer is not None and entry.fields(cls):
        asked |= {"add": f"/{name}/add", "edit": f"/{name}/edit/{min(desk.law.keys(writer.user, name, 'write'))}"}
    over = {}
    for what, path in asked.items():
        who = writer if what in ("add", "edit") and writer is not None else one
        who.get(path)
        with statements(desk.app) as run:
            who.get(path)
        if len(run) > BUDGET[what] + allowance.get(what, 0):
            over[what] = (len(run), BUDGET[what] + allowance.get(what, 0))
    assert not over


def test_every_area_is_in_the_architecture_and_every_table_in_an_area(name: str) -> None:
    assert area_of(tables()[name]).name in areas()
