"""Makes the words anew by which rows are found, of all tables or of those named; `run.py check` says where they are wrong."""

from __future__ import annotations

import argparse
import time

from config import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Names of tables."""
    parser.add_argument("tables", nargs="*", metavar="TABLE", help="only these tables")


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Rebuilds each table in a transaction of its own, so that writers wait for one table only; prints a line for each."""
    from app.database import load_models, system_session
    from models.kernel import search
    from models.kernel.registry import table

    load_models()
    chosen = [table(name) for name in arguments.tables] or search.searched_tables()
    for cls in chosen:
        start = time.perf_counter()
        with system_session(settings) as session:
            count = search.rebuild(session.connection(), cls)
        if count:
            print(f"{cls.__tablename__}: {count:,} rows in {time.perf_counter() - start:.1f} s")
    return 0
