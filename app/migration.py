"""The schema's history: up, down, a new step, and whether database and models agree."""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.operations.ops import DropTableOp, ModifyTableOps
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, Index, Table, create_engine, inspect, text

from app import permissions
from app.database import load_models
from config import ROOT
from models.kernel import search
from models.kernel.refusal import Refusal
from models.kernel.session import prepare_engine
from models.kernel.words import _

FOLDER = ROOT / "migrations"
_LOCK = 731_204_118  # any number, the same in every version: two migrations at once wait for each other on PostgreSQL


def config(connection: Connection | None = None) -> Config:
    """Returns Alembic's configuration; there is no alembic.ini.

    Args:
        connection: what `migrations/env.py` works on, in the caller's transaction.
    """
    made = Config(cmd_opts=argparse.Namespace(quiet=True))  # what there is to say is said by the command
    made.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    made.set_main_option("path_separator", "os")
    made.attributes["connection"] = connection
    return made


def head() -> str | None:
    """Returns the newest revision of the history.

    Raises:
        Refusal: there are two, made side by side.
    """
    scripts = ScriptDirectory.from_config(config())
    heads = scripts.get_heads()
    if len(heads) > 1:
        raise Refusal(
            _(
                "The history of migrations has {count} ends ({heads}): let down_revision of the later name the other.",
                "迁移历史存在 {count} 个末端（{heads}），请将较晚一个的 down_revision 指向另一个。",
            ).fill(count=len(heads), heads=", ".join(heads))
        )
    return heads[0] if heads else None


def current(engine: Engine) -> str | None:
    """Returns the revision the database is at, None for an empty one."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def head_matches(engine: Engine) -> bool:
    """Returns whether the database is at the newest revision (asked by /readyz)."""
    return current(engine) == head()


def require_head(engine: Engine) -> None:
    """Refuses a database whose schema is not that of this code.

    Raises:
        Refusal: says to run migrate.
    """
    here, newest = current(engine), head()
    if here != newest:
        raise Refusal(
            _(
                "The database is at revision {here}, this code needs {newest}: run “run.py migrate” first.",
                "数据库版本为 {here}，当前程序需要 {newest}，请先执行 run.py migrate。",
            ).fill(here=here or "0 (empty)", newest=newest),
            code="old_schema",
            status=503,
        )


@contextmanager
def exclusive(engine: Engine) -> Iterator[Connection]:
    """One transaction for all steps: a migration that fails leaves the database as it was, on SQLite as well.

    SQLite changes a table by copying it; dropping the old one must not act on the rows that point to it. Foreign keys
    are therefore off meanwhile, and checked before the commit.
    """
    lite = engine.dialect.name == "sqlite"
    with engine.connect() as connection:
        driver: Any = connection.connection.dbapi_connection
        if lite:
            driver.execute("PRAGMA foreign_keys=OFF")  # has no effect inside a transaction
        try:
            with connection.begin():
                if not lite:
                    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
                yield connection
                broken = lite and connection.exec_driver_sql("PRAGMA foreign_key_check").first()
                if broken:
                    raise Refusal(
                        _(
                            "After this migration a row of “{table}” would point to nothing; nothing was changed.",
                            "迁移后表“{table}”存在失效引用，未作任何更改。",
                        ).fill(table=broken[0])
                    )
        finally:
            if lite:
                driver.execute("PRAGMA foreign_keys=ON")


def upgrade(engine: Engine) -> None:
    """Brings the schema to the newest revision, and rights, roles and search tokens to what is declared; one transaction.

    Raises:
        Refusal: the database is at a revision this code does not know, or rows would point to nothing.
    """
    head()
    with exclusive(engine) as connection, _named_revisions():
        command.upgrade(config(connection), "head")
        permissions.write(connection)
        search.bring_up(connection)


def downgrade(engine: Engine, revision: str) -> None:
    """Takes the schema back to `revision` (`base` for an empty database, `-1` for one step), in one transaction.

    Raises:
        Refusal: there is no such revision below this one.
    """
    with exclusive(engine) as connection, _named_revisions():
        command.downgrade(config(connection), revision)


@contextmanager
def _named_revisions() -> Iterator[None]:
    try:
        yield
    except CommandError as failure:
        raise Refusal(
            _("The history of migrations says: {reason}.", "迁移历史报告：{reason}。").fill(
                reason=str(failure).rstrip(".")
            )
        ) from failure


def revise(message: str, tables: Collection[str] | None = None) -> Path | None:
    """Writes a new step of the history: what the models have and the history does not.

    The history is run on a scratch database, so the state of any real one does not matter.

    Args:
        message: what the step does; part of the file's name.
        tables: names of the tables to look at; all of them when left out.

    Returns: the new file, None where there was nothing to write.
    """
    load_models()
    head()
    with scratch() as engine:
        with exclusive(engine) as connection:
            command.upgrade(config(connection), "head")
        if not drift(engine):
            return None

        def included(thing: Any, name: str | None, kind: str, reflected: bool, compared: Any) -> bool:
            owner = thing.name if kind == "table" else thing.table.name
            return (tables is None or owner in tables) and include(thing, name, kind, reflected, compared)

        number = 1 + max((int(file.name[:4]) for file in (FOLDER / "versions").glob("[0-9]" * 4 + "_*.py")), default=0)
        with engine.connect() as connection:
            made = config(connection)
            made.attributes["include"] = included
            script: Any = command.revision(
                made, message, autogenerate=True, rev_id=f"{number:04d}", process_revision_directives=_without_noise
            )
    file = Path(script.path)
    _tidy(file)
    return file


def _without_noise(_context: Any, _revision: Any, scripts: list[Any]) -> None:
    """A table that is dropped takes its indexes along."""
    for script in scripts:
        steps = script.downgrade_ops.ops
        gone = {step.table_name for step in steps if isinstance(step, DropTableOp)}
        steps[:] = [step for step in steps if not (isinstance(step, ModifyTableOps) and step.table_name in gone)]


def _tidy(file: Path) -> None:
    """Lays the generated file out as the checks want it, where ruff is at hand (it is not on a production machine)."""
    file.write_text(re.sub(r"^ *# ### .*\n", "", file.read_text(), flags=re.MULTILINE))
    for words in (["format"], ["check", "--fix"]):
        subprocess.run(
            [sys.executable, "-m", "ruff", *words, "--quiet", str(file)], cwd=ROOT, capture_output=True, check=False
        )


@contextmanager
def scratch() -> Iterator[Engine]:
    """Makes an empty SQLite database that is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        engine = prepare_engine(create_engine(f"sqlite:///{folder}/scratch.db"))
        try:
            yield engine
        finally:
            engine.dispose()


def drift(engine: Engine) -> list[str]:
    """Compares the database with the models: tables, columns, types, nullability, keys, indexes and their conditions.

    Returns: a sentence per difference; empty when they agree.
    """
    metadata = load_models()
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_object": include})
        found = [_said(each) for each in _flat(compare_metadata(context, metadata))]
        return found + _conditions(connection, metadata.tables.values())


def include(thing: Any, name: str | None, kind: str, reflected: bool, compared: Any) -> bool:
    """Tells Alembic what to compare: everything. Here is the one place for an exception, with its reason."""
    return True


def _flat(differences: Any) -> Iterator[tuple[Any, ...]]:
    for each in differences:
        if isinstance(each, list):
            yield from _flat(each)
        else:
            yield each


def _said(difference: tuple[Any, ...]) -> str:
    kind, *parts = difference
    names = []
    for part in parts:
        if isinstance(part, Table) or hasattr(part, "table"):
            owner = getattr(part, "table", None)
            names.append(f"{owner.name}.{part.name}" if owner is not None else part.name)
        elif part is not None and not isinstance(part, dict):
            names.append(str(part))
    action, _underscore, what = kind.partition("_")
    verb = {"add": "the database lacks", "remove": "the models lack"}.get(action, "they differ in")
    return f"{verb} {what} {' '.join(names)}"


def _conditions(connection: Connection, tables: Any) -> list[str]:
    """Compares the conditions of partial indexes, which Alembic does not."""
    dialect = connection.dialect.name
    inspector = inspect(connection)
    existing = set(inspector.get_table_names())
    found = []
    for table in tables:
        if table.name not in existing:
            continue
        there = {index["name"]: index for index in inspector.get_indexes(table.name)}
        for index in table.indexes:
            if index.name not in there:
                continue
            wanted = _condition(index, dialect)
            real = there[index.name].get("dialect_options", {}).get(f"{dialect}_where")
            real = "" if real is None else str(real)
            if _bare(wanted) != _bare(real):
                found.append(f"index {index.name} is for {real or 'all rows'}, the models say {wanted or 'all rows'}")
    return found


def _condition(index: Index, dialect: str) -> str:
    where = index.dialect_options[dialect]["where"]
    return "" if where is None else str(where)


def _bare(condition: str) -> str:
    """PostgreSQL gives a condition back in brackets of its own and quotes as it likes."""
    return re.sub(r"[\s()\"]", "", condition).lower()
