"""Verifies the audit: names the first broken link of its chain, the head and what is not sealed yet."""

from __future__ import annotations

import argparse
import sys

from config import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """A head that was kept elsewhere."""
    parser.add_argument("--head", metavar="HASH", help="a head printed earlier; refuses a chain that does not hold it")


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Prints what holds; 1 and one sentence on stderr where a link is broken or the head is not in the chain."""
    from app.database import system_session
    from models.kernel.seal import verify

    with system_session(settings, writes=False) as session:
        found = verify(session)
    print(f"{found.sealed} rows under {found.batches} seals hold. Head: {found.head}")
    waits = f", the oldest from {found.since:%Y-%m-%d %H:%M} UTC" if found.since else ""
    print(f"{found.tail} rows are not sealed yet{waits}.")
    if found.broken:
        print(f"run.py verify-audit: {found.broken}", file=sys.stderr)
        return 1
    if arguments.head and arguments.head not in found.heads:
        print(
            "run.py verify-audit: the chain does not hold this head: rows and seals were taken off its end, or it was"
            " sealed anew.",
            file=sys.stderr,
        )
        return 1
    return 0
