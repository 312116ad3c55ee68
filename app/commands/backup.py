"""Writes database and files to one archive while the server runs, and tries it out before it counts."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from config import BadSetting, Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where to, and what with."""
    parser.add_argument("file", type=Path, metavar="FILE", help="the archive; is replaced when the new one is whole")
    parser.add_argument(
        "--with-secrets",
        action="store_true",
        help="put DATA_KEY and SECRET_KEY in as well: whoever has the file then reads all personal data",
    )
    parser.add_argument(
        "--verify",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="restore it into a scratch place and compare counts and hashes first (default)",
    )


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Makes it, and says on stderr what is not in it."""
    from app.backup.making import make

    target: Path = arguments.file
    if target.is_dir():
        raise BadSetting(f"{target} is a folder; FILE names the archive.")
    if not target.absolute().parent.is_dir():
        raise BadSetting(f"{target} cannot be written: there is no folder {target.absolute().parent}.")
    manifest = make(settings, target, with_secrets=arguments.with_secrets, verified=arguments.verify)
    count = sum(part.rows for part in manifest.tables.values())
    print(
        f"{target}: {count:,} rows of {len(manifest.tables)} tables and {len(manifest.files):,} files"
        f" at revision {manifest.revision}{', verified' if arguments.verify else ', NOT verified'}."
    )
    if arguments.with_secrets:
        print("THE KEYS ARE IN IT: whoever has this file reads all personal data.", file=sys.stderr)
    else:
        print(
            "DATA_KEY IS NOT IN IT: without that key its certificate and mobile numbers are lost. Keep a copy of the key"
            " apart from the backup.",
            file=sys.stderr,
        )
    return 0
