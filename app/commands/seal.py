"""Seals the audit: chains the rows that are older than a minute, so that a change of the past is found."""

from __future__ import annotations

import argparse

from config import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """There are none."""


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Seals and says how many rows. The server does the same every minute; this is for a schedule of one's own."""
    from app.database import system_session
    from models.kernel.seal import seal

    with system_session(settings) as session:
        count = seal(session)
    print(f"{count} audit rows were sealed.")
    return 0
