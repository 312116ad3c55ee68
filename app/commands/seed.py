"""Fills the database: `seed reference` with what every console needs, `seed demo` with a generated company."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from config import BadSetting, Settings

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

FEWEST = 100


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to fill it with."""
    parser.add_argument("what", choices=("reference", "demo"))
    parser.add_argument("--rooms", type=int, metavar="N", help=f"rooms of the demo company, at least {FEWEST}")
    parser.add_argument("--seed", type=int, metavar="S", help="random seed of the demo company")


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Seeds; `reference` may be repeated, `demo` wants an empty database."""
    if arguments.what == "reference":
        if arguments.rooms is not None or arguments.seed is not None:
            raise BadSetting("--rooms and --seed are for “seed demo”.")
        reference(settings)
    else:
        demo(settings, arguments.rooms, arguments.seed)
    return 0


def reference(settings: Settings) -> None:
    """Writes what is missing of what every console needs, and gives the first administrator a password."""
    from app.accounts import open_first_administrator
    from app.database import system_session
    from seeds.reference import seed

    with system_session(settings) as session:
        seed(session)
        open_first_administrator(session, settings)


def demo(settings: Settings, rooms: int | None = None, seed: int | None = None) -> None:
    """Makes the demo company and opens its accounts.

    Args:
        rooms, seed: its size and its random seed; those of the generator when left out.

    Raises:
        BadSetting: in production, or for too few rooms.
        Refusal: the database has a company already, or half of one.
    """
    from app.accounts import demo_password, open_demo_accounts
    from app.database import system_session
    from seeds.demo import company

    if settings.production:
        raise BadSetting("Production has no demo company.")
    rooms = company.DEFAULT_ROOMS if rooms is None else rooms
    if rooms < FEWEST:
        raise BadSetting(f"--rooms is a whole number from {FEWEST}.")
    with system_session(settings) as session:
        company.seed(session, rooms=rooms, seed=company.SEED if seed is None else seed, progress=_say)
        open_demo_accounts(session, demo_password(settings))


def demo_state(session: Session) -> str:
    """Returns whether the demo company may be made here: `empty`, `unfinished` (it was interrupted) or `filled`."""
    from seeds.demo.company import state

    return str(state(session))


def _say(project: str, written: int, total: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{written:,} of {total:,} rooms ", end="\n" if written >= total else "", file=sys.stderr, flush=True)
