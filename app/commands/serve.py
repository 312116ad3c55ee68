"""Starts the server. Refuses a port in use, an old schema, and in production any demo account that can sign in."""

from __future__ import annotations

import argparse
import errno
import socket

from config import BadSetting, Settings

THREADS = 4  # a request waits for the database most of its time; more than this only queue for the interpreter


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """There are none: the settings say all."""


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Serves until it is told to stop."""
    require_port(settings)
    require_database(settings)
    serve(settings)
    return 0


def require_port(settings: Settings) -> None:
    """Refuses a port that cannot be had, before anything slow is done.

    Raises:
        BadSetting: it is in use, or not ours to use.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections of a former server may linger
        try:
            probe.bind((settings.host, settings.port))
            probe.listen(1)  # two that are bound and do not listen would not yet meet
        except OSError as failure:
            if failure.errno == errno.EADDRINUSE:
                sentence = f"Port {settings.port} is in use: stop what uses it, or choose another with PORT."
            else:
                sentence = f"Cannot listen at {settings.host} port {settings.port}: {failure.strerror}."
            raise BadSetting(sentence) from None


def require_database(settings: Settings) -> None:
    """Refuses an old schema, and in production demo accounts that can sign in.

    Raises:
        Refusal: the schema is not that of this code.
        BadSetting: there are such accounts.
    """
    from app.accounts import enabled_demo_accounts
    from app.database import system_session

    with system_session(settings, writes=False) as session:
        open_to_all = enabled_demo_accounts(session) if settings.production else []
    if open_to_all:
        raise BadSetting(
            f"Production does not start while demo accounts can sign in ({', '.join(open_to_all)}):"
            f" disable them with “run.py disable {' '.join(open_to_all)}”."
        )


def serve(settings: Settings) -> None:
    """Runs the server's processes; returns when they were told to stop."""
    from granian.constants import Interfaces
    from granian.log import LogLevels
    from granian.server import Server

    Server(
        "app.wsgi:application",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=settings.workers,
        blocking_threads=THREADS,
        backpressure=64,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
    ).serve()
