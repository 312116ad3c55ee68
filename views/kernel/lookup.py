"""Look-ups: a few rows by what people type, for fields that point to another table. Never a select of a thousand options."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Select, false, or_, select
from sqlalchemy.orm import Session

from models.kernel.registry import info, infos, related, titles
from models.kernel.table import Table
from views.kernel.cells import cell
from views.kernel.listing import Asked, Listing, starts_with
from views.kernel.operators import like_escaped

LIMIT, FEW = 20, 3
PARENTS = 500
"""A word that names more rows above than this is not used to find what hangs on them."""


def look_up(session: Session, cls: type[Table], typed: str, within: dict[str, int]) -> dict[str, Any]:
    """Finds rows by what was typed, within what was chosen above.

    Args:
        typed: words; each must begin, or be found in, one of the columns that name a row, or name a row above it.
        within: ref column -> key, such as the project chosen on the same form.

    Returns:
        `items` of id, text and detail (at most 20), and `more` where there are further hits.
    """
    words = typed.split()[:5]
    keys = _find(session, cls, words, within, prefix=True, limit=LIMIT + 1)
    if words and len(keys) < FEW:  # somebody who typed a beginning is not made to wait for a search inside of words
        further = _find(session, cls, words, within, prefix=False, limit=LIMIT + 1)
        keys = list(dict.fromkeys([*keys, *further]))
    more = len(keys) > LIMIT
    return {"items": _shown(session, cls, keys[:LIMIT]), "more": more}


def _find(
    session: Session, cls: type[Table], words: list[str], within: dict[str, int], *, prefix: bool, limit: int
) -> list[int]:
    """Finds keys. With one word each way to match is a statement of its own, so that each can use its index."""
    base: Select[Any] = select(cls.id)
    for column, key in within.items():
        base = base.where(getattr(cls, column) == key)
    dialect = session.get_bind().dialect.name
    ways = [_ways(session, cls, word, dialect, prefix=prefix) for word in words]
    if len(ways) != 1:
        statement = base.where(*(or_(*one) for one in ways)).order_by(cls.id).limit(limit)
        return list(session.scalars(statement))
    found: list[int] = []
    for way in ways[0]:
        if len(found) < limit:
            found.extend(session.scalars(base.where(way).limit(limit)))
    return sorted(dict.fromkeys(found))[:limit]


def _ways(session: Session, cls: type[Table], word: str, dialect: str, *, prefix: bool) -> list[ColumnElement[bool]]:
    """A word matches a row's own names, or those of the rows above that its title tells (building, unit)."""
    own: set[str] = set(cls.screen.searched)
    above: set[str] = set()
    for path in titles(cls):
        head, _dot, rest = path.partition(".")
        if rest:
            above.add(head)
        elif infos(cls)[head].kind == "text":
            own.add(head)
    escaped = like_escaped(word)
    ways: list[ColumnElement[bool]] = []
    for name in sorted(own):
        column = getattr(cls, name)
        ways.append(starts_with(column, word, dialect) if prefix else column.ilike(f"%{escaped}%", escape="\\"))
    for head in sorted(above):
        parent = related(cls, head)
        named = session.scalars(select(parent.id).where(_named(parent, word, dialect)).limit(PARENTS + 1)).all()
        if 0 < len(named) <= PARENTS:
            ways.append(getattr(cls, f"{head}_id").in_(named))
    return ways or [false()]


def _named(cls: type[Table], word: str, dialect: str) -> ColumnElement[bool]:
    """The rows above that a word names: units called so, and units of buildings and projects called so. One statement."""
    ways: list[ColumnElement[bool]] = []
    for path in dict.fromkeys((*cls.screen.searched, *titles(cls))):
        head, _dot, rest = path.partition(".")
        if rest:
            parent = related(cls, head)
            ways.append(getattr(cls, f"{head}_id").in_(select(parent.id).where(_named(parent, word, dialect))))
        elif infos(cls)[head].kind == "text":
            ways.append(starts_with(getattr(cls, head), word, dialect))
    return or_(*ways) if ways else false()


def _shown(session: Session, cls: type[Table], keys: list[int]) -> list[dict[str, Any]]:
    if not keys:
        return []
    names = titles(cls)
    spare = [path for path in cls.screen.listed if path not in names and path.removesuffix("_id") not in names]
    spare = sorted(spare, key=lambda path: info(cls, path).kind in ("choice", "flag"))[:2]  # what tells namesakes apart
    listing = Listing(session, cls, Asked(columns=(*names, *spare), ids=tuple(keys), size=len(keys)))
    lines = {line.pk: line for line in listing.page().lines}
    found = []
    for key in keys:
        line = lines.get(key)
        if line is None:
            continue
        text = " ".join(cell(cls, path, line.values[path]).text for path in names if line.values[path][0] is not None)
        detail = " · ".join(filter(None, (cell(cls, path, line.values[path]).text for path in spare)))
        found.append({"id": key, "text": text, "detail": detail})
    return found


def texts_of(session: Session, cls: type[Table], keys: Iterable[int]) -> dict[int, str]:
    """Returns what rows are called, in the actor's scope, by key; those that cannot be seen are left out."""
    names, wanted = titles(cls), tuple(sorted(set(keys)))
    if not wanted:
        return {}
    lines = Listing(session, cls, Asked(columns=names, ids=wanted, size=len(wanted))).page().lines
    return {
        line.pk: " ".join(cell(cls, path, line.values[path]).text for path in names if line.values[path][0] is not None)
        for line in lines
    }


def text_of(session: Session, cls: type[Table], key: int) -> str | None:
    """Returns what a row is called, in the actor's scope; None where it cannot be seen."""
    shown = _shown(session, cls, [key])
    return str(shown[0]["text"]) if shown else None
