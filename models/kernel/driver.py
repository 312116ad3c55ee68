"""Rows handed to the driver column by column: of many, naming each value for SQLAlchemy takes longer than writing them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Date, DateTime, Numeric, insert
from sqlalchemy.engine import Dialect

from models.kernel.columns import Moment

_REPEATED = (Moment, DateTime, Date, Numeric)
"""Types of which the same few values stand in most rows, and whose values are turned for the database at some cost."""


def put(connection: Connection, table: Any, rows: Sequence[Mapping[str, Any]]) -> None:
    """Inserts rows in one statement, as `insert(table)` would.

    Args:
        connection: in the transaction they belong to.
        table: the bare table.
        rows: column -> typed value; every row has the columns of the first.

    Raises:
        KeyError: a row lacks a column of the first, or has one that the table has not.
    """
    if not rows:
        return
    names = list(rows[0])
    if any(c.default is not None and c.name not in rows[0] for c in table.c):
        connection.execute(insert(table), list(rows))  # which knows what stands where nothing is said
        return
    put_rows(
        connection,
        table,
        names,
        list(zip(*(_bound(table.c[n].type, connection.dialect, [row[n] for row in rows]) for n in names), strict=True)),
    )


def put_rows(connection: Connection, table: Any, names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Inserts rows whose values are as the driver takes them, in the order of `names`."""
    preparer = connection.dialect.identifier_preparer
    mark = "?" if connection.dialect.paramstyle == "qmark" else "%s"
    columns, marks = ", ".join(map(preparer.quote, names)), ", ".join([mark] * len(names))
    connection.exec_driver_sql(f"INSERT INTO {preparer.format_table(table)} ({columns}) VALUES ({marks})", list(rows))


def _bound(kind: Any, dialect: Dialect, values: list[Any]) -> list[Any]:
    """Returns the values of a column as the driver takes them."""
    turn = kind.dialect_impl(dialect).bind_processor(dialect)
    if turn is None:
        return values
    if not isinstance(kind, _REPEATED):
        return [turn(value) for value in values]
    known = {value: turn(value) for value in set(values)}
    return [known[value] for value in values]
