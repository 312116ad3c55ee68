"""SQLite in a backup: one snapshot while others write, the hash of its rows, and a new file in the old one's place."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from app.backup.archive import Part
from models.kernel.refusal import Refusal
from models.kernel.words import _


def snapshot(database: Path, copy: Path) -> None:
    """Copies a database that others may be writing to, as it is at one moment, into one file without a journal.

    The pages go in one step: SQLite holds its read lock over all of them, and in WAL mode writers go on meanwhile.
    """
    source = sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True, timeout=30)
    with closing(source), closing(sqlite3.connect(copy)) as out:
        source.backup(out, pages=-1)
        out.execute("PRAGMA journal_mode=DELETE")


def tables(connection: sqlite3.Connection) -> list[str]:
    """Returns the names of the tables, those SQLite keeps for itself left out."""
    found = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'"
        " AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name"
    )
    return [name for (name,) in found]


def columns(connection: sqlite3.Connection, table: str) -> tuple[list[str], list[str]]:
    """Returns the columns of a table, and those of its key in their order."""
    said = connection.execute(f"PRAGMA table_info({quoted(table)})").fetchall()
    return [row[1] for row in said], [row[1] for row in sorted(said, key=lambda row: row[5]) if row[5]]


def rows(connection: sqlite3.Connection, table: str) -> Iterator[tuple[object, ...]]:
    """Yields the rows of a table in the order of its key."""
    all_columns, key = columns(connection, table)
    names = ", ".join(map(quoted, all_columns))
    yield from connection.execute(
        f"SELECT {names} FROM {quoted(table)} ORDER BY {', '.join(map(quoted, key)) or 'rowid'}"
    )


def part(connection: sqlite3.Connection, table: str) -> Part:
    """Returns what the manifest says of a table."""
    digest, count = hashlib.sha256(), 0
    for row in rows(connection, table):
        count += 1
        digest.update(repr(row).encode())
    return Part(count, digest.hexdigest(), columns(connection, table)[0])


def parts(file: Path) -> dict[str, Part]:
    """Returns what the manifest says of the tables of a database.

    Raises:
        Refusal: SQLite finds the file damaged, or a row points to nothing.
    """
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as connection:
        sound = connection.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok"
        if not sound or connection.execute("PRAGMA foreign_key_check").fetchone():
            raise Refusal(
                _(
                    "The database is damaged: SQLite's own check fails. Restore the last good backup.",
                    "数据库已损坏：未通过 SQLite 自检，请恢复最近一次完好的备份。",
                )
            )
        return {name: part(connection, name) for name in tables(connection)}


def revision(file: Path) -> str | None:
    """Returns the schema's revision of a database file, None where there is none."""
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as connection:
        if "alembic_version" not in tables(connection):
            return None
        found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        return found[0] if found else None


def replace(fresh: Path, database: Path) -> None:
    """Puts a finished file in a database's place, whole or not at all.

    The old one first gives up its write-ahead log, which must never be replayed into the new one; SQLite lets it do so
    only where nobody else has it open.

    Raises:
        Refusal: a server still has the old one open.
    """
    with fresh.open("rb") as written:
        os.fsync(written.fileno())
    if database.exists():
        try:
            with closing(sqlite3.connect(database, timeout=3)) as old:
                old.execute("PRAGMA journal_mode=DELETE")
                old.execute("BEGIN EXCLUSIVE")
                os.replace(fresh, database)
        except sqlite3.DatabaseError as failure:
            if "locked" in str(failure) or "busy" in str(failure):
                raise Refusal(
                    _(
                        "The database is in use: stop the server first. Nothing was changed.",
                        "数据库正在使用中，请先停止服务。未作任何更改。",
                    )
                ) from None
            for suffix in ("-wal", "-shm"):  # a file that is no database any more; its log is of no use either
                database.with_name(database.name + suffix).unlink(missing_ok=True)
            os.replace(fresh, database)
    else:
        for suffix in ("-wal", "-shm"):
            database.with_name(database.name + suffix).unlink(missing_ok=True)
        os.replace(fresh, database)
    folder = os.open(database.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def quoted(name: str) -> str:
    """Returns a name as SQL takes it."""
    return '"' + name.replace('"', '""') + '"'
