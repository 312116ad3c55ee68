"""Looks for mistakes: in the declarations, between history and models, and in the database where there is one."""

from __future__ import annotations

import argparse
import sys

from config import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """There are none."""


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Prints a line for each mistake on stderr; 1 where there is any."""
    found = declarations()
    found += history()
    found += database(settings)
    for line in found:
        print(line, file=sys.stderr)
    if found:
        print(f"run.py check: {len(found)} found.", file=sys.stderr)
    return 1 if found else 0


def declarations() -> list[str]:
    """Returns the mistakes in the declarations of tables."""
    from app.database import load_models
    from models.kernel.checks import problems

    load_models()
    return [str(problem) for problem in problems()]


def history() -> list[str]:
    """Returns what the models have and the history lacks, or the other way round, on a scratch database."""
    from app import migration

    with migration.scratch() as engine:
        migration.upgrade(engine)
        found = migration.drift(engine)
    return [f"history: {line}; “run.py migrate --new MESSAGE” writes the step." for line in found]


def database(settings: Settings) -> list[str]:
    """Returns what is wrong in the database. None, an empty or an older one is no mistake."""
    from pathlib import Path

    from sqlalchemy.orm import Session

    from app import migration
    from app.database import open_engine
    from models.kernel import search
    from models.kernel.actor import SYSTEM
    from models.kernel.node import differences
    from models.kernel.registry import tables
    from models.kernel.session import act, reading

    scheme, _, path = settings.database_url.partition("///")
    if scheme == "sqlite:" and not Path(path).exists():
        return []
    engine = open_engine(settings)
    token = reading.set(True)
    try:
        here = migration.current(engine)
        if here != migration.head():
            if here:
                print(f"The database is at revision {here} and was not looked at: “run.py migrate” first.")
            return []
        found = [f"database: {line}." for line in migration.drift(engine)]
        with Session(engine) as session:
            act(session, SYSTEM)
            trees = [cls for cls in tables().values() if cls.owned.kind == "tree"]
            if not found:
                found += [f"tree: {line}" for line in differences(session, trees)]
                lines = search.differences(session.connection())
                found += [f"search: {line} “run.py reindex” makes them anew." for line in lines]
        return found
    finally:
        reading.reset(token)
        engine.dispose()
