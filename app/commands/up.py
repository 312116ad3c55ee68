"""Does all it takes: migrates, seeds, serves with a worker beside, and prints the address and the demo accounts."""

from __future__ import annotations

import argparse
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from app.commands import seed, serve
from config import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """There are none: the settings say all."""


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Gets ready, says where the console is, and serves until it is told to stop."""
    serve.require_port(settings)

    from app import accounts, migration
    from app.database import open_engine, system_session

    engine = open_engine(settings)
    try:
        migration.upgrade(engine)
    finally:
        engine.dispose()
    seed.reference(settings)
    if settings.demo:
        with system_session(settings, writes=False) as session:
            state = seed.demo_state(session)
        if state != "filled":  # half a company is refused, in a sentence, by the generator
            print("Making the demo company; this takes a moment ...", flush=True)
            seed.demo(settings)
    serve.require_database(settings)
    with system_session(settings, writes=False) as session:
        known = accounts.enabled_demo_accounts(session)
    print(f"\nDoorbook: {settings.url}", flush=True)
    if known:
        print(f"Demo accounts: {', '.join(known)}\nPassword: {accounts.demo_password(settings)}", flush=True)
    else:
        first = accounts.first_password_file(settings)
        print(f"Administrator: {accounts.ADMINISTRATOR}, the first password is in {first}", flush=True)
    with workers_beside():
        serve.serve(settings)
    return 0


@contextmanager
def workers_beside(count: int = 1) -> Iterator[None]:
    """Worker processes beside the server, kept going while it serves and stopped with it."""
    from app.working import Workers

    workers, done = Workers(count), threading.Event()

    def keep() -> None:
        while not done.wait(1.0):
            workers.keep()

    workers.start()
    keeper = threading.Thread(target=keep, name="keeper of workers", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        done.set()
        keeper.join()
        workers.stop()
