"""Rows by their whole title, for tables whose title is more than their name and the names above it (a category: parent, name)."""

from __future__ import annotations

from functools import cache

from sqlalchemy.orm import Session

from models.kernel.registry import infos, related, resolve, titles
from models.kernel.table import Table
from models.kernel.words import LANGUAGES
from views.kernel.exchange.export import title_text
from views.kernel.exchange.names import chain, folded, name_columns
from views.kernel.listing import Asked, Listing

MOST = 50_000
"""Rows whose titles are read; a table of more is referred to by key or code."""


@cache
def is_spelled(cls: type[Table]) -> bool:
    """Returns whether the title of a table is made of its name and of names above it, which are looked up one by one."""
    here, places = cls, {("", name) for name in name_columns(cls)}
    prefix = ""
    for step in chain(cls):
        here, prefix = related(here, step), f"{prefix}.{step}".lstrip(".")
        places |= {(prefix, name) for name in name_columns(here)}
    return all((path.rpartition(".")[0], path.rpartition(".")[2]) in places for path in titles(cls))


def titles_of(session: Session, cls: type[Table]) -> dict[str, list[int]]:
    """Returns folded title -> keys of the rows in scope that are called so, in either language; nothing of a vast table."""
    paths = titles(cls)
    listing = Listing(session, cls, Asked(columns=paths))
    if not paths or listing.count(MOST) > MOST:
        return {}
    statement, places = listing.shown()
    kinds = {infos(owner)[column].kind for owner, column in (resolve(cls, path) for path in paths)}
    languages = LANGUAGES if kinds & {"choice", "flag"} else LANGUAGES[:1]
    rows = session.execute(statement).all()
    values = list(zip(*rows, strict=True))
    found: dict[str, list[int]] = {}
    for language in languages if rows else ():
        told = title_text(cls, language)([*[values[places[path][0]] for path in paths], values[0]])
        for key, text in zip(values[0], told, strict=True):
            keys = found.setdefault(folded(str(text or "")), [])
            if key not in keys:
                keys.append(key)
    return found
