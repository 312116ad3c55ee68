"""Brings the database to this code's schema and writes the rows of rights; --down goes back, --new writes a step."""

from __future__ import annotations

import argparse

from config import ROOT, BadSetting, Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One of two other directions."""
    other = parser.add_mutually_exclusive_group()
    other.add_argument("--down", metavar="REV", help="go back to a revision; “base” is empty, “-1” one step")
    other.add_argument("--new", metavar="MESSAGE", help="write what the history lacks as a new step")


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Does it in one transaction, and says where the database is now."""
    from app import migration
    from app.database import open_engine

    if arguments.new is not None:
        if not arguments.new.strip():
            raise BadSetting("A step needs a message: --new “Add parking spaces”.")
        file = migration.revise(arguments.new.strip())
        print(file.relative_to(ROOT) if file else "The models have nothing that the history lacks.")
        return 0
    engine = open_engine(settings)
    try:
        if arguments.down:
            migration.downgrade(engine, arguments.down)
        else:
            migration.upgrade(engine)
        print(f"The database is at revision {migration.current(engine) or 'base (empty)'}.")
    finally:
        engine.dispose()
    return 0
