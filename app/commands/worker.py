"""Works the jobs that wait: exports, imports, mail, backups, upkeep. Stops at SIGTERM after the step it is at."""

from __future__ import annotations

import argparse
import signal
import threading

from config import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How many processes."""
    parser.add_argument("--workers", type=_count, default=1, metavar="N", help="worker processes (1 to 64; default 1)")
    parser.add_argument("--beside", type=int, metavar="PID", help=argparse.SUPPRESS)  # the process to end with


def _count(word: str) -> int:
    if not (word.isascii() and word.isdigit() and 1 <= int(word) <= 64):
        raise argparse.ArgumentTypeError("a whole number from 1 to 64")
    return int(word)


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Works until it is told to stop."""
    from app.commands.serve import require_database
    from app.working import Workers, run_here

    require_database(settings)
    if arguments.workers == 1:
        run_here(settings, arguments.beside)
        return 0
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: told.set())
    workers = Workers(arguments.workers)
    workers.start()
    try:
        while not told.wait(1.0):
            workers.keep()
    finally:
        workers.stop()
    return 0
