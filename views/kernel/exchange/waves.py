"""Rows of one file that refer to other rows of it: those that are referred to go first (a category, then those below it)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from models.kernel import entry
from models.kernel.reading import read_code
from models.kernel.refusal import Refusal
from models.kernel.registry import infos
from models.kernel.table import Table
from views.kernel.exchange.cells import restored
from views.kernel.exchange.headings import DataRow
from views.kernel.exchange.matching import endings
from views.kernel.exchange.names import folded, name_columns


def inward(cls: type[Table]) -> list[str]:
    """Returns the relations of a table that lead to rows of the same table, or to the place such a row is in the tree."""
    known = infos(cls)
    own = {cls.__tablename__, "node"} if cls.owned.kind == "tree" else {cls.__tablename__}
    return [
        name.removesuffix("_id")
        for name in entry.fields(cls)
        if known[name].kind == "ref" and known[name].target in own and name not in (cls.owned.column, cls.owned.through)
    ]


def in_waves(cls: type[Table], rows: Iterable[DataRow], mapped: Sequence[str]) -> Iterator[list[DataRow]]:
    """Yields the rows so that each comes after those of the file that it may refer to.

    Rows that refer to each other in a circle come last, together: none of them finds what it refers to.

    Args:
        cls: the table.
        rows: all of them.
        mapped: the columns the file gives.
    """
    waiting = list(rows)
    relations = [relation for relation in inward(cls) if relation in mapped]
    called: dict[str, set[int]] = {}
    for place, row in enumerate(waiting):
        for name in name_columns(cls):
            text = _text(row, name)
            if text:
                called.setdefault(folded(text), set()).add(place)
    needs: list[set[int]] = []
    for place, row in enumerate(waiting):
        written = [text for relation in relations if (text := _text(row, relation))]
        meant = {other for text in written for piece in endings(text) for other in called.get(folded(piece), ())}
        needs.append(meant - {place})
    left, done = set(range(len(waiting))), set[int]()
    while left:
        ready = sorted(place for place in left if needs[place] <= done) or sorted(left)
        yield [waiting[place] for place in ready]
        left.difference_update(ready)
        done.update(ready)


def _text(row: DataRow, key: str) -> str:
    value = row.values.get(key)
    try:
        return read_code(restored(value) if isinstance(value, str) else value) or ""
    except Refusal:
        return ""
