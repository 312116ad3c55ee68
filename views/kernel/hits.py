"""The rows that hold the words of a search: few are read by their keys, many are met on the way down the list.

One statement per list finds out which it is. Neither way says anything of rows out of scope: both are conditions on the
statement of the list, which the gate cuts.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, literal, not_, or_, select
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import UnaryExpression
from sqlalchemy.sql.operators import custom_op

from models.kernel.search import candidates, owner_column, owners_in_reach, probe, sources
from models.kernel.table import Table
from models.kernel.tokens import LENGTH, words_of
from views.kernel.operators import like_escaped

FEW = 10_000
"""So many rows of a word are read by their keys and sorted; a word of more is met soon enough on the way down the list."""

OF_ONE = 2_000
"""The same for a single owner, where the lists of several are merged."""


class Hits:
    """The rows of `cls` in which every word of `typed` stands, for one session."""

    def __init__(self, session: Session, cls: type[Table], typed: str, *, deleted: bool = False) -> None:
        self.session, self.cls = session, cls
        self.words = sorted(words_of(typed), key=len, reverse=True)  # the longest is likely the rarest
        self.deleted = deleted
        self._owners: list[int] | None = None
        self._rare: bool | None = None

    @property
    def by_tokens(self) -> bool:
        """Whether tokens answer. The recycle bin is small, and its owners may be gone: there the columns are read."""
        return bool(self.words) and bool(sources(self.cls)) and not self.deleted

    @property
    def owners(self) -> list[int]:
        """The owners in whose rows is searched."""
        if self._owners is None:
            self._owners = owners_in_reach(self.session, self.cls)
        return self._owners

    @property
    def rare(self) -> bool:
        """Whether one of the words stands in few rows; that one is then the first. One statement, once."""
        if self._rare is None:
            counts = []
            for word in self.words:
                some = candidates(self.cls, word, self.owners).limit(FEW + 1).subquery()
                counts.append(select(func.count()).select_from(some).scalar_subquery())
            found = self.session.execute(select(*counts)).one() if self.owners else (0,)
            best = min(range(len(found)), key=lambda place: found[place])
            self.words.insert(0, self.words.pop(best))
            self._rare = found[best] <= FEW
        return self._rare

    def conditions(self, root: Any) -> list[ColumnElement[bool]]:
        """Returns the conditions on `root` under which a row holds every word."""
        if not self.by_tokens:
            return [self._written(root, word) for word in self.words] if self.cls.screen.searched else []
        if not self.owners:
            return [literal(1) == 0]
        found = [self._among(root, self.words[0])] if self.rare else []
        found += [probe(self.cls, word, root.id) for word in self.words[len(found) :]]
        return [*found, *(self._written(root, word) for word in self.words if len(word) > LENGTH)]

    def _among(self, root: Any, word: str, limit: int | None = None) -> ColumnElement[bool]:
        keys = candidates(self.cls, word, self.owners)
        one = (keys.limit(limit) if limit else keys).subquery()
        return root.id.in_(select(one.c.row_id))  # type: ignore[no-any-return]

    def _written(self, root: Any, word: str) -> ColumnElement[bool]:
        """Compares with the columns themselves: what is longer than a token, and what has none."""
        way = f"%{like_escaped(word)}%"
        names = sources(self.cls) or self.cls.screen.searched
        return or_(*(getattr(root, name).ilike(way, escape="\\") for name in names))

    def counting(self, most: int) -> tuple[list[ColumnElement[bool]], bool] | None:
        """Returns the conditions for counting rows of common words without walking the list, and whether they hold exactly.

        Of one word the first `most` rows will do to count up to a cap; of several the sets are laid over one another. None
        where neither does: no common word, or rows that are seen in other ways than through their owner.
        """
        if not self.by_tokens or not self.owners or self.rare or owner_column(self.cls) is None:
            return None
        if len(self.words) == 1:
            return [self._among(self.cls, self.words[0], most)], False
        return [self._among(self.cls, word) for word in self.words], True

    def branches(self, statement: Select[Any], owner: int, enough: int) -> list[Select[Any]]:
        """Returns the first rows of one owner in two ways, of which the database runs the one that suits the owner.

        Where the owner has many rows of the word the list is walked, else the few are read by their keys.
        """
        mine = statement.where(getattr(self.cls, owner_column(self.cls) or "") == owner)
        keys = candidates(self.cls, self.words[0], [owner]).subquery()
        many = exists(select(keys.c.row_id).offset(OF_ONE).limit(1))
        few = and_(not_(many), self.cls.id.in_(select(keys.c.row_id)))
        return [mine.where(many).limit(enough), mine.where(few).limit(enough)]


def unindexed(session: Session, value: Any) -> Any:
    """Returns a sort value that no index of SQLite answers, so that a few rows are read and sorted, not a million walked.

    PostgreSQL knows by itself how few they are.
    """
    if session.get_bind().dialect.name != "sqlite":
        return value
    return UnaryExpression(value, operator=custom_op("+"), type_=value.type)
