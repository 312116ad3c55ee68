"""Puts a backup in place of the database, whole or not at all; older ones are migrated up."""

from __future__ import annotations

import argparse
from pathlib import Path

from config import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """From where, and what may be given up for it."""
    parser.add_argument("file", type=Path, metavar="FILE", help="an archive of “backup”")
    parser.add_argument("--replace", action="store_true", help="also where there is data; it is gone afterwards")
    parser.add_argument("--with-secrets", action="store_true", help="take the keys out of the backup as well")
    parser.add_argument(
        "--unreadable", action="store_true", help="also where the present DATA_KEY cannot read its masked values"
    )


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Restores, and says what there is now."""
    from app import migration
    from app.backup.restoring import restore

    manifest = restore(
        settings,
        arguments.file,
        replace=arguments.replace,
        with_secrets=arguments.with_secrets,
        unreadable=arguments.unreadable,
    )
    count = sum(part.rows for part in manifest.tables.values())
    print(
        f"Restored the state of {manifest.made_at}: {count:,} rows and {len(manifest.files):,} files;"
        f" the database is at revision {migration.head()}."
    )
    return 0
