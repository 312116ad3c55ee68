"""Look-ups: a few rows by what people type, for fields that point to another table. Never a select of a thousand options.

A word finds a row by its own texts, or by those of what it hangs on: '湖畔 3 1201' is a room 1201 of a building 3 of a project
湖畔花园, and so is '3-1-1201'. Names are found by pinyin initials too.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal, or_, select, union_all
from sqlalchemy.orm import Session

from models.kernel.node import KINDS, Node
from models.kernel.registry import info, related, table, titles
from models.kernel.scope import known_nodes
from models.kernel.search import candidates, owner_column, owners_in_reach, probe, sources, starting
from models.kernel.table import Table
from models.kernel.tokens import folded, words_of
from views.kernel.cells import cell
from views.kernel.listing import Asked, Listing
from views.kernel.request import say

LIMIT = 20
ABOVE = 500
"""A word that names more rows above than this is asked of each row instead."""

SEVERAL = 8
"""So many tokens of one row may begin alike: 12幢 is found as 12z, 12c and in full."""

OWN = 10_000
"""The same for a word that stands in the rows themselves."""

POOL = 60
"""So many hits are read to show the nearest of them first."""

_DIGIT = re.compile(r"[0-9]")


def look_up(
    session: Session, cls: type[Table], typed: str, within: list[ColumnElement[bool]], limit: int = LIMIT
) -> dict[str, Any]:
    """Finds rows by what was typed, within what was chosen above.

    Args:
        typed: words, each found in the texts of a row or of what it hangs on; or a path such as '3-1-1201'.
        within: conditions on `cls`, such as the project chosen on the same form.

    Returns:
        `items` of id, text and detail (at most `limit`), the nearest first, and `more` where there are further hits.
    """
    words = words_of(typed)
    if typed.strip() and not words:
        return {"items": [], "more": False}
    keys = find(session, cls, words, within, POOL if words else limit + 1)
    path = words_of(re.sub(r"[-/·]+", " ", folded(typed)))
    if not keys and path != words:
        words = path
        keys = find(session, cls, words, within, POOL)
    items = shown(session, cls, keys if words else keys[:limit])
    if words:
        items.sort(key=lambda item: _distance(item.pop("named"), words))
    for item in items:
        item.pop("named", None)
    return {"items": items[:limit], "more": len(keys) > limit}


@dataclass(slots=True)
class _Word:
    """The rows that one word names: how many of the table itself and, by the way that leads there, which of those above.

    None stands for more than are worth naming.
    """

    text: str
    own: int | None = 0
    above: dict[str, list[int] | None] = field(default_factory=dict)

    @property
    def narrow(self) -> bool:
        return self.own is not None and None not in self.above.values()

    @property
    def width(self) -> int:
        """About how many rows it leads to."""
        return (self.own or 0) + 100 * sum(len(keys or ()) for keys in self.above.values())


def levels(cls: type[Table]) -> dict[str, type[Table]]:
    """Returns what a row hangs on and may be found by: dotted way -> table. Those in its title, and its project."""
    found: dict[str, type[Table]] = {}
    for path in titles(cls):
        steps = path.split(".")[:-1]
        here = cls
        for place, step in enumerate(steps):
            here = related(here, step)
            found[".".join(steps[: place + 1])] = here
    if cls.owned.kind == "project":
        found.setdefault("project", table("project"))
    return {way: here for way, here in found.items() if sources(here)}


def find(
    session: Session, cls: type[Table], words: list[str], within: list[ColumnElement[bool]], most: int
) -> list[int]:
    """Returns keys of rows that every word names, at most `most`, in scope."""
    base: Select[Any] = select(cls.id).where(*within)
    if not words:
        return list(session.scalars(base.order_by(cls.id).limit(most)))
    search = _Search(session, cls, words, bool(within))
    keys: list[int] = []
    if len(words) > 1 and search.levels:  # 湖畔 3 1201: the last word is the row's own, the others are above it
        keys = search.run(base, [*search.known[:-1]], search.known[-1], most)
    return keys or search.run(base, search.known, None, most)


class _Search:
    """The words of one look-up, and what they name in the tree above the table."""

    def __init__(self, session: Session, cls: type[Table], words: list[str], narrowed: bool) -> None:
        self.session, self.cls, self.narrowed = session, cls, narrowed
        self.levels = levels(cls)
        self.owners = owners_in_reach(session, cls)
        self.known = [_Word(word) for word in words]
        if self.owners and sources(cls):
            counts = []
            for word in words:
                some = candidates(cls, word, self.owners).limit(OWN + 1).subquery()
                counts.append(select(func.count()).select_from(some).scalar_subquery())
            for each, count in zip(self.known, session.execute(select(*counts)).one(), strict=True):
                each.own = count if count <= OWN else None
        for way, here in self.levels.items():
            self._name(way, here)

    def _name(self, way: str, here: type[Table]) -> None:
        """Asks, in one statement, which rows above each word names."""
        owners = owners_in_reach(self.session, here)
        branches = []
        for place, word in enumerate(self.known):
            keys = starting(here, word.text, owners).limit(SEVERAL * ABOVE).subquery()
            branches.append(select(literal(place).label("place"), keys.c.row_id))
            word.above[way] = []
        if not owners:
            return
        found: dict[int, set[int]] = {}
        raw: Counter[int] = Counter()
        for place, key in self.session.execute(union_all(*branches) if len(branches) > 1 else branches[0]):
            found.setdefault(place, set()).add(key)
            raw[place] += 1
        for place, keys_of in found.items():
            named = len(keys_of) <= ABOVE and raw[place] < SEVERAL * ABOVE
            self.known[place].above[way] = sorted(keys_of) if named else None

    def run(self, base: Select[Any], words: list[_Word], last: _Word | None, most: int) -> list[int]:
        """Finds rows that hang on what `words` name, and have `last` in their own texts; without it words do either."""
        groups = [self._ways(word, own=last is None) for word in words]
        narrow = [(word.width, place) for place, word in enumerate(words) if word.narrow]
        if last is not None:
            groups.append([self._own(last)])
            narrow = [(last.own, len(words))] if last.own is not None else narrow
        if not all(groups):
            return []
        if narrow or self.narrowed:
            driver = min(narrow)[1] if narrow else 0
        else:
            word = max(last.text if last is not None else "", *(each.text for each in words), key=len)
            if self.owners and owner_column(self.cls):  # very many: those that begin with it
                first = starting(self.cls, word, self.owners).limit(40 * most)
                base = base.where(self.cls.id.in_(first))
            driver = 0
        others = [or_(*group) for place, group in enumerate(groups) if place != driver]
        found: dict[int, None] = {}
        for way in groups[driver]:  # each in a statement of its own, so that each has its index
            if len(found) < most:
                statement = base.where(way, *others).limit(most)
                if not self.narrowed and way is groups[driver][0] and (last is None or driver == len(words)):
                    statement = statement.execution_options(keyed=self.cls.__tablename__)
                found.update(dict.fromkeys(sorted(self.session.scalars(statement))))
        return list(found)[:most]

    def _own(self, word: _Word) -> ColumnElement[bool]:
        if word.own is None or self.narrowed:
            return probe(self.cls, word.text, self.cls.id)
        keys = candidates(self.cls, word.text, self.owners).subquery()
        return self.cls.id.in_(select(keys.c.row_id))

    def _ways(self, word: _Word, *, own: bool) -> list[ColumnElement[bool]]:
        """The ways to the rows of a word, the nearest first."""
        found = [self._own(word)] if own and word.own != 0 else []
        for way, keys in word.above.items():
            if keys is None or keys:
                found.append(_hanging(self.cls, way.split("."), word.text, keys))
        return found


def _hanging(cls: type[Table], steps: list[str], word: str, keys: list[int] | None) -> ColumnElement[bool]:
    """Rows that hang, by these refs, on one of `keys`; on any that the word names, where `keys` is None."""
    column, parent = getattr(cls, f"{steps[0]}_id"), related(cls, steps[0])
    if len(steps) > 1:
        return column.in_(select(parent.id).where(_hanging(parent, steps[1:], word, keys)))  # type: ignore[no-any-return]
    return column.in_(keys) if keys is not None else probe(parent, word, column)


def _distance(named: list[str], words: list[str]) -> tuple[int, int, str]:
    """Says how far a hit is from what was typed: words in the order of its levels first, whole names before beginnings."""
    place, apart = 0, 0
    for word in words:
        at = next((i for i in range(place, len(named)) if word in named[i]), None)
        if at is None:
            apart += 10
            at = next((i for i, name in enumerate(named) if word in name), None)
        else:
            place = at + 1
        name = named[at] if at is not None else ""
        if name == word:
            continue
        whole = name.startswith(word) and not (
            _DIGIT.match(word[-1:]) and _DIGIT.match(name[len(word) : len(word) + 1])
        )
        apart += 1 if whole else 2 if name.startswith(word) else 4
    last = named[-1] if named else ""
    return apart, len(last), last


def shown(session: Session, cls: type[Table], keys: list[int]) -> list[dict[str, Any]]:
    """Returns what each of these rows is called, what tells it from its namesakes, and its names by level."""
    if not keys:
        return []
    names = titles(cls)
    spare = [path for path in cls.screen.listed if path not in names and path.removesuffix("_id") not in names]
    spare = sorted(spare, key=lambda path: info(cls, path).kind in ("choice", "flag"))[:2]  # what tells namesakes apart
    listing = Listing(session, cls, Asked(columns=(*names, *spare), ids=tuple(keys), size=len(keys)))
    lines = {line.pk: line for line in listing.page().lines}
    places = _where(session, keys) if cls is Node else {}
    found = []
    for key in keys:
        line = lines.get(key)
        if line is None:
            continue
        parts = [cell(cls, path, line.values[path]).text for path in names if line.values[path][0] is not None]
        above = [cell(cls, path, line.values[path]).text for path in spare if info(cls, path).kind == "ref"]
        detail = places.get(key) or " · ".join(
            filter(None, (cell(cls, path, line.values[path]).text for path in spare))
        )
        named = [folded(part) for part in (*above, *parts)]
        found.append({"id": key, "text": " ".join(parts), "detail": detail, "named": named})
    return found


def _where(session: Session, keys: list[int]) -> dict[int, str]:
    """Says of places in the tree what they are and what they lie in: many departments bear one name."""
    known = {node.path: node for node in known_nodes(session)}
    found = {}
    for node in known.values():
        if node.id in keys:
            above = known.get(node.path.rstrip("/").rpartition("/")[0] + "/")
            found[node.id] = " · ".join(filter(None, (say(KINDS[node.kind]), above.name if above else None)))
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
    found = shown(session, cls, [key])
    return str(found[0]["text"]) if found else None
