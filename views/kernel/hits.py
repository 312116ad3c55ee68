"""The rows that hold the words of a search: few are named by their keys, many are asked one by one as the list is walked.

One statement per list finds out which it is. Neither way says anything of rows out of scope: both are conditions on the
statement of the list, which the gate cuts.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, literal, not_, or_, select, union_all
from sqlalchemy.orm import Session

from models.kernel.search import candidates, owner_column, owners_in_reach, probe, sources
from models.kernel.table import Table
from models.kernel.tokens import LENGTH, folded, words_of
from views.kernel.operators import like_escaped

FEW = 3_000
"""So many rows of a word are read by their keys; a word of more is met soon enough on the way down the list."""

OF_ONE = 200
"""The same for a single owner, where the lists of several are merged."""


class Hits:
    """The rows of `cls` in which every word of `typed` stands, for one session."""

    def __init__(self, session: Session, cls: type[Table], typed: str, *, deleted: bool = False) -> None:
        self.session, self.cls = session, cls
        self.words = words_of(typed)
        self.deleted = deleted
        self._owners: list[int] | None = None
        self._keys: frozenset[int] | None = None
        self._common: list[str] | None = None

    @property
    def by_tokens(self) -> bool:
        """Whether tokens answer. The recycle bin is small, and its owners may be gone: there the columns are read."""
        return bool(sources(self.cls)) and not self.deleted

    @property
    def owners(self) -> list[int]:
        """The owners in whose rows is searched."""
        if self._owners is None:
            self._owners = owners_in_reach(self.session, self.cls)
        return self._owners

    def find(self) -> None:
        """Reads, in one statement, the keys of each word's rows, up to `FEW`."""
        if self._common is not None:
            return
        self._common = []
        if not self.by_tokens or not self.words or not self.owners:
            return
        branches = []
        for place, word in enumerate(self.words):
            keys = candidates(self.cls, word, self.owners).limit(2 * FEW + 2).subquery()  # a key may stand there twice
            branches.append(select(literal(place).label("place"), keys.c.row_id))
        found: dict[int, set[int]] = {}
        for place, key in self.session.execute(union_all(*branches)):
            found.setdefault(place, set()).add(key)
        for place, word in enumerate(self.words):
            keys_of = found.get(place, set())
            if len(keys_of) > FEW:
                self._common.append(word)
            else:
                self._keys = frozenset(keys_of) if self._keys is None else self._keys & keys_of

    @property
    def rare(self) -> bool:
        """Whether the rows are named by their keys."""
        self.find()
        return self._keys is not None

    @property
    def common(self) -> list[str]:
        """The words that stand in very many rows."""
        self.find()
        return self._common or []

    def conditions(self, root: Any) -> list[ColumnElement[bool]]:
        """Returns the conditions on `root` under which a row holds every word."""
        if not self.words:
            return []
        if not self.by_tokens:
            return [self._written(root, word) for word in self.words] if self.cls.screen.searched else []
        found: list[ColumnElement[bool]] = []
        if not self.owners:
            return [literal(1) == 0]
        if self.rare:
            found.append(root.id.in_(sorted(self._keys or ())))
        found += [probe(self.cls, word, root.id) for word in self.common]
        return [*found, *(self._written(root, word) for word in self.words if len(word) > LENGTH)]

    def _written(self, root: Any, word: str) -> ColumnElement[bool]:
        """Compares with the columns themselves: what is longer than a token, and what has none."""
        way = f"%{like_escaped(word)}%"
        names = sources(self.cls) or self.cls.screen.searched
        return or_(*(getattr(root, name).ilike(way, escape="\\") for name in names))

    def counted(self, living: list[ColumnElement[bool]], cap: int) -> Select[Any] | None:
        """Returns the keys of rows that hold a common word, as the tokens give them: counted without walking the list."""
        if self.rare or len(self.common) != 1 or owner_column(self.cls) is None:
            return None
        keys = candidates(self.cls, self.common[0], self.owners).subquery("hit")
        return select(self.cls.id).join(keys, keys.c.row_id == self.cls.id).where(*living).distinct().limit(cap + 1)

    def branches(self, statement: Select[Any], owner: int, enough: int) -> list[Select[Any]]:
        """Returns the first rows of one owner in two ways, of which the database runs the one that suits the owner.

        Where the owner has many rows of the word the list is walked, else the few are read by their keys.
        """
        column = getattr(self.cls, owner_column(self.cls) or "")
        mine = statement.where(column == owner)
        keys = [candidates(self.cls, word, [owner]).subquery() for word in self.common]
        many = and_(*(exists(select(k.c.row_id).offset(OF_ONE).limit(1)) for k in keys))
        few = or_(*(not_(exists(select(k.c.row_id).offset(OF_ONE).limit(1))) for k in keys))
        ids = and_(*(self.cls.id.in_(select(k.c.row_id)) for k in keys))
        return [mine.where(many).limit(enough), mine.where(few, ids).limit(enough)]


def sorted_by_few(value: Any) -> Any:
    """Returns a sort value that no index answers, so that few rows are read and sorted, not a million walked."""
    return func.coalesce(value, None)


__all__ = ["FEW", "Hits", "folded", "sorted_by_few"]
