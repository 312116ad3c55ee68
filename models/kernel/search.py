"""Where tokens are kept, and how rows are found by them: one table for all, written in the transaction of the row itself.

The key begins with table and owner, so that a search is a few ranges of one index whoever searches, and stops as soon as
enough was found; it is the same on SQLite and PostgreSQL (decision 0016). Tokens lead to candidates only: whatever is shown
comes out of a statement over the table itself, which the gate cuts. Masked columns have no tokens.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Index,
    Integer,
    Select,
    String,
    and_,
    bindparam,
    delete,
    exists,
    insert,
    literal,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.kernel.columns import BigId
from models.kernel.driver import put_rows
from models.kernel.owned import INHERITED
from models.kernel.registry import infos, tables, titles
from models.kernel.roles import READ
from models.kernel.scope import known_nodes, reach
from models.kernel.session import actor_of
from models.kernel.table import Base, Table
from models.kernel.tokens import LAST, LENGTH, START, tokens

CHUNK = 1_000
_MANY = 5_000
RULES = 2
"""Counts up when tokens are made otherwise; `migrate` then makes all of them again."""

_Bytewise = String(LENGTH + 1).with_variant(String(LENGTH + 1, collation="C"), "postgresql")


class SearchToken(Base):
    """One token of one row. `owner_id` is 0 where rows are seen in other ways than through their owner."""

    __tablename__ = "search_token"
    __table_args__ = (
        Index("ix_search_token_row", "of_table", "row_id", "token"),
        {"sqlite_with_rowid": False},
    )

    of_table: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    owner_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    token: Mapped[str] = mapped_column(_Bytewise, primary_key=True)
    row_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)


class SearchState(Base):
    """By which rules the tokens of a table were made, so that `migrate` sees which to make again."""

    __tablename__ = "search_state"

    table_name: Mapped[str] = mapped_column(String(64), primary_key=True)
    rules: Mapped[str] = mapped_column(String(255))


def _bare() -> Any:
    return SearchToken.__table__


@cache
def code_of(cls: type[Table]) -> int:
    """Returns the number a table has among the tokens; it follows from its name."""
    return zlib.crc32(cls.__tablename__.encode()) >> 1


@cache
def sources(cls: type[Table]) -> tuple[str, ...]:
    """Returns the text columns of its own by which a row is found: those searched, and those of its title."""
    return tuple(
        name
        for name in dict.fromkeys((*cls.screen.searched, *titles(cls)))
        if name in infos(cls) and infos(cls)[name].kind in ("text", "prose")
    )


@cache
def owner_column(cls: type[Table]) -> str | None:
    """Returns the column whose value stands before a row's tokens; None where rows are seen in several ways."""
    return None if cls.owned.seen_from else cls.owned.column


# -- keeping ------------------------------------------------------------------------------------------------------------


def keep(
    connection: Connection, cls: type[Table], rows: Iterable[tuple[int, int, Sequence[str | None]]], *, new: bool
) -> None:
    """Writes the tokens of rows.

    Args:
        rows: key, owner (any number where the table has no owner column), texts of `sources`.
        new: they have no tokens yet.
    """
    if not sources(cls):
        return
    code, owned, ready = code_of(cls), owner_column(cls) is not None, []
    rows = list(rows)
    if not new:
        drop(connection, cls, [key for key, _owner, _texts in rows])
    for key, owner, texts in rows:
        ready += [(code, owner if owned else 0, token, key) for token in tokens(texts)]
        if len(ready) >= _MANY:
            _write(connection, ready)
            ready = []
    _write(connection, ready)


def _write(connection: Connection, ready: list[tuple[int, int, str, int]]) -> None:
    if ready:
        ready.sort()  # in the order of the key
        put_rows(connection, _bare(), ("of_table", "owner_id", "token", "row_id"), ready)


def keep_rows(session: Session, cls: type[Table], rows: Sequence[Table], *, new: bool) -> None:
    """Writes the tokens of rows of one table that were flushed."""
    owner = owner_column(cls)
    found_by = (
        (row.id, getattr(row, owner) if owner else 0, [getattr(row, name) for name in sources(cls)]) for row in rows
    )
    keep(session.connection(), cls, found_by, new=new)


def keep_keys(connection: Connection, cls: type[Table], keys: Sequence[int], *, new: bool = False) -> None:
    """Writes the tokens of rows as they stand in the database."""
    bare = cls.__table__
    for start in range(0, len(keys), CHUNK):
        part = keys[start : start + CHUNK]
        keep(connection, cls, _read(connection, cls, bare.c.id.in_(part)), new=new)


def drop(connection: Connection, cls: type[Table], keys: Sequence[int]) -> None:
    """Takes away the tokens of rows."""
    bare = _bare()
    for start in range(0, len(keys), CHUNK):
        connection.execute(
            delete(bare).where(bare.c.of_table == code_of(cls), bare.c.row_id.in_(keys[start : start + CHUNK]))
        )


def own_again(connection: Connection, cls: type[Table], keys: Sequence[int], owner: int) -> None:
    """Moves the tokens of rows to another owner."""
    if not sources(cls) or owner_column(cls) is None:
        return
    bare = _bare()
    for start in range(0, len(keys), CHUNK):
        part = keys[start : start + CHUNK]
        connection.execute(
            update(bare).where(bare.c.of_table == code_of(cls), bare.c.row_id.in_(part)).values(owner_id=owner)
        )


def _read(connection: Connection, cls: type[Table], where: ColumnElement[bool]) -> Iterator[Any]:
    bare: Any = cls.__table__
    owner = owner_column(cls)
    columns = [bare.c.id, bare.c[owner] if owner else literal(0), *(bare.c[name] for name in sources(cls))]
    for key, owned, *texts in connection.execute(select(*columns).where(where).order_by(bare.c.id)):
        yield key, owned, texts


def searched_tables() -> list[type[Table]]:
    """Returns the tables whose rows are found by tokens."""
    return [cls for cls in tables().values() if sources(cls)]


def rules_of(cls: type[Table]) -> str:
    """Returns what the tokens of a table are made by: our rules, its owner column and its columns."""
    return f"{RULES}:{owner_column(cls) or ''}:{','.join(sources(cls))}"[:255]


def rebuild(connection: Connection, cls: type[Table]) -> int:
    """Makes the tokens of a table anew, deleted rows included. Returns how many rows it has."""
    bare: Any = cls.__table__
    connection.execute(delete(_bare()).where(_bare().c.of_table == code_of(cls)))
    last, count = 0, 0
    while sources(cls):
        part = connection.execute(select(bare.c.id).where(bare.c.id > last).order_by(bare.c.id).limit(CHUNK)).scalars()
        keys = list(part)
        if not keys:
            break
        keep(connection, cls, _read(connection, cls, bare.c.id.between(keys[0], keys[-1])), new=True)
        last, count = keys[-1], count + len(keys)
    state: Any = SearchState.__table__
    connection.execute(delete(state).where(state.c.table_name == cls.__tablename__))
    if sources(cls):
        connection.execute(insert(state).values(table_name=cls.__tablename__, rules=rules_of(cls)))
    return count


def bring_up(connection: Connection) -> list[str]:
    """Makes the tokens of those tables whose rules have changed; called by `migrate`. Returns their names."""
    state: Any = SearchState.__table__
    known = {name: rules for name, rules in connection.execute(select(state.c.table_name, state.c.rules))}
    wanted = {cls.__tablename__: cls for cls in tables().values() if sources(cls)}
    stale = [cls for name, cls in wanted.items() if known.get(name) != rules_of(cls)]
    stale += [cls for name, cls in tables().items() if name in known and name not in wanted]
    for cls in stale:
        rebuild(connection, cls)
    return [cls.__tablename__ for cls in stale]


def differences(connection: Connection) -> list[str]:
    """Compares the tokens with the rows and returns a sentence per table that differs."""
    bare, found = _bare(), []
    for cls in searched_tables():
        last, wrong = 0, []
        own: Any = cls.__table__
        while True:
            ids = select(own.c.id).where(own.c.id > last).order_by(own.c.id).limit(CHUNK)
            keys = list(connection.execute(ids).scalars())
            upper = keys[-1] if keys else 2**62
            there: dict[int, set[tuple[int, str]]] = {}
            for row in connection.execute(
                select(bare.c.row_id, bare.c.owner_id, bare.c.token).where(
                    bare.c.of_table == code_of(cls), bare.c.row_id > last, bare.c.row_id <= upper
                )
            ):
                there.setdefault(row.row_id, set()).add((row.owner_id, row.token))
            for key, owner, texts in _read(connection, cls, own.c.id.in_(keys)) if keys else ():
                owned = owner if owner_column(cls) else 0
                if there.pop(key, set()) != {(owned, token) for token in tokens(texts)}:
                    wrong.append(key)
            wrong.extend(there)
            if not keys:
                break
            last = upper
        if wrong:
            few = ", ".join(map(str, wrong[:5]))
            found.append(f"{cls.__tablename__}: {len(wrong)} rows are found by other words than they have ({few} ...).")
    return found


# -- finding ------------------------------------------------------------------------------------------------------------


def owners_in_reach(session: Session, cls: type[Table], right: str = READ) -> list[int]:
    """Returns the owners whose tokens may be looked at: those in reach, all where that is everything."""
    column = owner_column(cls)
    if column is None:
        return [0]
    where = reach(session, actor_of(session), cls, right)
    found: set[int] = set()
    for part in (where, where.theirs) if where.theirs is not None else (where,):
        if column == "project_id":
            every = (node.ref_id for node in known_nodes(session) if node.kind == "project")
            found.update(every if part.everything else part.tree.get("project", frozenset()))
        elif part.everything:
            found.update(node.id for node in known_nodes(session))
        else:
            found.update(part.nodes | part.above if cls.owned.visibility == INHERITED else part.nodes)
    return sorted(found)


def _begins(column: Any, word: str) -> ColumnElement[bool]:
    return and_(column >= word, column < word + LAST)


def starting(cls: type[Table], word: str, owners: Sequence[int]) -> Select[Any]:
    """Returns the keys of rows in which something begins with a folded word; a key may come more than once."""
    bare = _bare()
    return select(bare.c.row_id).where(
        bare.c.of_table == code_of(cls), bare.c.owner_id.in_(owners), _begins(bare.c.token, START + word[:LENGTH])
    )


def holding(cls: type[Table], word: str, owners: Sequence[int]) -> Select[Any]:
    """Returns the keys of rows in which a folded word stands behind the beginning."""
    bare = _bare()
    return select(bare.c.row_id).where(
        bare.c.of_table == code_of(cls), bare.c.owner_id.in_(owners), _begins(bare.c.token, word[:LENGTH])
    )


def candidates(cls: type[Table], word: str, owners: Sequence[int]) -> Any:
    """Returns the keys of rows in which a folded word stands, those that begin with it first."""
    return union_all(starting(cls, word, owners), holding(cls, word, owners))


def probe(cls: type[Table], word: str, key: Any) -> ColumnElement[bool]:
    """Returns whether a folded word stands in the row whose key is the column `key`; for words found in very many rows."""
    bare = _bare()
    mine = select(literal(1)).where(bare.c.of_table == code_of(cls), bare.c.row_id == key)
    ways = (_begins(bare.c.token, START + word[:LENGTH]), _begins(bare.c.token, word[:LENGTH]))
    return or_(*(exists(mine.where(way)) for way in ways))


@cache
def _anywhere(shape: tuple[tuple[int, int, int], ...]) -> Any:
    """Returns the statement of `stands_in`, built once for each set of tables: building it takes longer than running it."""
    token, branches = _bare().c, []
    for code, owners, slot in shape:
        mine = select(literal(1)).where(
            token.of_table == code, token.owner_id.in_(bindparam(f"owners_{owners}", expanding=True))
        )
        ways = (
            mine.where(token.token >= bindparam(f"{way}_{slot}"), token.token < bindparam(f"{way}_{slot}_end"))
            for way in ("first", "inner")
        )
        branches.append(select(literal(code)).where(or_(*(exists(way) for way in ways))))
    return union_all(*branches)


def stands_in(session: Session, asked: Sequence[tuple[type[Table], str]]) -> set[type[Table]]:
    """Returns the tables in whose rows in reach a folded word stands, each asked for one word. One statement.

    It says that there is something, deleted rows included; what is shown is read through the gate afterwards.
    """
    reaches: dict[tuple[int, ...], int] = {}
    slots: dict[str, int] = {}
    shape: list[tuple[int, int, int]] = []
    values: dict[str, Any] = {}
    for cls, word in asked:
        owners = tuple(owners_in_reach(session, cls))
        if owners and sources(cls):
            place, slot = reaches.setdefault(owners, len(reaches)), slots.setdefault(word[:LENGTH], len(slots))
            shape.append((code_of(cls), place, slot))
    for owners, place in reaches.items():
        values[f"owners_{place}"] = list(owners)
    for word, slot in slots.items():
        values |= {f"inner_{slot}": word, f"inner_{slot}_end": word + LAST}
        values |= {f"first_{slot}": START + word, f"first_{slot}_end": START + word + LAST}
    if not shape:
        return set()
    found = set(session.connection().execute(_anywhere(tuple(shape)), values).scalars())
    return {cls for cls, _word in asked if code_of(cls) in found}
