"""PostgreSQL in a backup: COPY of every table out of one snapshot, and back in one transaction. No client program is needed."""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import psycopg
from alembic import command
from psycopg import sql
from sqlalchemy import Connection, Engine, text

from app import migration, permissions
from app.backup import lite
from app.backup.archive import Manifest, Part, damaged, member, pieces
from models.kernel.refusal import Refusal
from models.kernel.words import _

_STEADY = (
    "SET LOCAL DateStyle = 'ISO, YMD'",
    "SET LOCAL TimeZone = 'UTC'",
    "SET LOCAL IntervalStyle = 'iso_8601'",
    "SET LOCAL extra_float_digits = 3",
    "SET LOCAL bytea_output = 'hex'",
)
"""Settings under which equal rows are equal text, whatever server and role say otherwise."""
_TEXTUAL = ("character varying", "text", "character")


def tables(driver: psycopg.Connection[Any]) -> list[str]:
    """Returns the names of the tables that hold rows of ours; the revision is in the manifest."""
    found = driver.execute(
        "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND tablename <> 'alembic_version' ORDER BY 1"
    )
    return [row[0] for row in found.fetchall()]


def typed(driver: psycopg.Connection[Any], table: str) -> dict[str, str]:
    """Returns the columns of a table with their types."""
    found = driver.execute(
        "SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = current_schema()"
        " AND table_name = %s AND is_generated = 'NEVER' ORDER BY ordinal_position",
        (table,),
    )
    return dict(found.fetchall())


def _out(driver: psycopg.Connection[Any], table: str, names: list[str]) -> sql.Composed:
    """The COPY of a table in the order of its key, which does not depend on the server's collation."""
    key = driver.execute(
        "SELECT a.attname FROM pg_index i CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k(number, place)"
        " JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number"
        " WHERE i.indrelid = to_regclass(quote_ident(%s)) AND i.indisprimary ORDER BY k.place",
        (table,),
    ).fetchall()
    types = typed(driver, table)
    order = [
        sql.SQL('{} COLLATE "C"' if types[name] in _TEXTUAL else "{}").format(sql.Identifier(name))
        for name in [row[0] for row in key] or names
    ]
    return sql.SQL("COPY (SELECT {} FROM {} ORDER BY {}) TO STDOUT").format(
        sql.SQL(", ").join(map(sql.Identifier, names)), sql.Identifier(table), sql.SQL(", ").join(order)
    )


def copy_out(
    driver: psycopg.Connection[Any], table: str, write: Callable[[bytes], object], names: list[str] | None = None
) -> Part:
    """Writes the rows of a table as COPY gives them.

    Args:
        names: the columns; all of them when left out.

    Returns: what the manifest says of it.
    """
    names = names or list(typed(driver, table))
    digest = hashlib.sha256()
    with driver.cursor() as cursor:
        with cursor.copy(_out(driver, table, names)) as out:
            for piece in out:
                digest.update(piece)
                write(bytes(piece))
        return Part(cursor.rowcount, digest.hexdigest(), names)


def dump(engine: Engine, archive: zipfile.ZipFile, begun: Callable[[str], Manifest]) -> Manifest:
    """Writes all tables out of one REPEATABLE READ snapshot; writers go on meanwhile.

    Args:
        begun: makes the manifest, from the revision that the snapshot is at.
    """
    options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with engine.connect().execution_options(**options) as connection:
        driver: Any = connection.connection.dbapi_connection
        steady(driver)
        found = driver.execute("SELECT version_num FROM alembic_version").fetchone()
        manifest = begun(found[0] if found else "")
        for table in tables(driver):
            known = zipfile.ZipInfo(f"tables/{table}.copy", (1980, 1, 1, 0, 0, 0))
            known.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(known, "w", force_zip64=True) as out:
                manifest.tables[table] = copy_out(driver, table, out.write)
        manifest.sequences = sequences(driver)
        return manifest


def steady(driver: psycopg.Connection[Any]) -> None:
    """Sets what the text of values depends on, for this transaction."""
    for setting in _STEADY:
        driver.execute(setting)


def sequences(driver: psycopg.Connection[Any]) -> dict[str, int]:
    """Returns where the sequences stand; those never used are left out."""
    found = driver.execute(
        "SELECT sequencename, last_value FROM pg_sequences"
        " WHERE schemaname = current_schema() AND last_value IS NOT NULL"
    )
    return dict(found.fetchall())


def load(connection: Connection, archive: zipfile.ZipFile, manifest: Manifest, lite_file: Path | None) -> None:
    """Makes the schema at the backup's revision in an empty schema and fills it, in the transaction of `connection`.

    Args:
        lite_file: the SQLite database that the rows come from; None where they are a PostgreSQL's.

    Raises:
        Refusal: what came in is not what the manifest says.
    """
    driver: Any = connection.connection.dbapi_connection
    steady(driver)
    command.upgrade(migration.config(connection), manifest.revision)
    pointing = driver.execute(
        "SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE contype = 'f' AND connamespace = current_schema()::regnamespace"
    ).fetchall()
    for table, name, _definition in pointing:  # rows point in circles; checked again when all are there
        driver.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    there = tables(driver)
    driver.execute(sql.SQL("TRUNCATE {}").format(sql.SQL(", ").join(map(sql.Identifier, there))))
    for table, part in manifest.tables.items():
        if lite_file is not None and table == "alembic_version":
            continue
        if table not in there:
            raise damaged(table)
        if lite_file is not None:
            _from_lite(driver, lite_file, table, part)
        else:
            with member(archive, f"tables/{table}.copy") as source:
                _copy_in(driver, table, part, source)
    for table, name, definition in pointing:
        driver.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
    _set_sequences(driver, manifest)


def _into(table: str, names: list[str]) -> sql.Composed:
    return sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, names))
    )


def _copy_in(driver: psycopg.Connection[Any], table: str, part: Part, source: IO[bytes]) -> None:
    with driver.cursor() as cursor, cursor.copy(_into(table, part.columns)) as into:
        for piece in pieces(source):
            into.write(piece)
    if copy_out(driver, table, lambda _piece: None, part.columns) != part:
        raise damaged(table)


def _from_lite(driver: psycopg.Connection[Any], file: Path, table: str, part: Part) -> None:
    """SQLite keeps yes and no as numbers and moments as text in UTC; PostgreSQL is told so by the types it has."""
    types = typed(driver, table)
    kinds = [types[name] for name in part.columns]
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as lite_rows, driver.cursor() as cursor:
        with cursor.copy(_into(table, part.columns)) as into:
            for row in lite.rows(lite_rows, table):
                into.write_row([_value(kind, value) for kind, value in zip(kinds, row, strict=True)])
        count = cursor.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()
    if count != (part.rows,):
        raise damaged(table)


def _value(kind: str, value: Any) -> Any:
    if value is None:
        return None
    if kind == "boolean":
        return bool(value)
    if kind == "timestamp with time zone":
        return datetime.fromisoformat(value).replace(tzinfo=UTC)
    return value if isinstance(value, bytes) else str(value)


def _set_sequences(driver: psycopg.Connection[Any], manifest: Manifest) -> None:
    """Each stands where it stood, and never below the highest key (SQLite has none to say)."""
    known = [
        row[0] for row in driver.execute("SELECT sequencename FROM pg_sequences WHERE schemaname = current_schema()")
    ]
    for name in known:
        table = name.removesuffix("_id_seq")
        top = 0
        if table in manifest.tables and "id" in manifest.tables[table].columns:
            top = driver.execute(
                sql.SQL("SELECT coalesce(max(id), 0) FROM {}").format(sql.Identifier(table))
            ).fetchone()[0]
        top = max(top, manifest.sequences.get(name, 0))
        if top:
            driver.execute("SELECT setval(quote_ident(%s)::regclass, %s)", (name, top))


def verify(engine: Engine, archive: zipfile.ZipFile, manifest: Manifest) -> None:
    """Restores into a schema of its own and compares; the transaction is rolled back, so nothing of it ever stands.

    Raises:
        Refusal: the archive does not give back what was backed up.
    """
    with engine.connect() as connection, connection.begin() as transaction:
        name = f"doorbook_verify_{secrets.token_hex(4)}"
        connection.execute(text(f"CREATE SCHEMA {name}"))
        connection.execute(text(f"SET LOCAL search_path TO {name}"))
        load(connection, archive, manifest, None)
        transaction.rollback()


def restore(engine: Engine, archive: zipfile.ZipFile, manifest: Manifest, lite_file: Path | None) -> None:
    """Replaces everything in the database by what the archive holds, brought up to this code, in one transaction.

    Raises:
        Refusal: somebody works with the tables; or the archive is damaged. The database is then as it was.
    """
    try:
        with migration.exclusive(engine) as connection:
            driver: Any = connection.connection.dbapi_connection
            driver.execute("SET LOCAL lock_timeout = '10s'")
            for table in (*tables(driver), "alembic_version"):
                driver.execute(sql.SQL("DROP TABLE IF EXISTS {} CASCADE").format(sql.Identifier(table)))
            left = "SELECT sequencename FROM pg_sequences WHERE schemaname = current_schema()"
            for (name,) in driver.execute(left).fetchall():
                driver.execute(sql.SQL("DROP SEQUENCE IF EXISTS {} CASCADE").format(sql.Identifier(name)))
            load(connection, archive, manifest, lite_file)
            command.upgrade(migration.config(connection), "head")
            permissions.write(connection)
    except psycopg.errors.LockNotAvailable:
        raise Refusal(
            _(
                "The database is in use: stop the server first. Nothing was changed.",
                "数据库正在使用中，请先停止服务。未作任何更改。",
            )
        ) from None
