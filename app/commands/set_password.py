"""Sets the password of an account; it is typed in, or read from stdin when that is not a terminal."""

from __future__ import annotations

import argparse
import getpass
import sys

from config import BadSetting, Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The account."""
    parser.add_argument("login", metavar="LOGIN", help="the sign-in name")


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Sets it. Never takes a password as an argument, where other people of the machine would see it."""
    from app.accounts import set_password
    from app.database import system_session

    password = typed() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
    with system_session(settings) as session:
        set_password(session, arguments.login, password)
    return 0


def typed() -> str:
    """Asks twice on the terminal.

    Returns: the password.
    Raises: BadSetting when the two differ.
    """
    first = getpass.getpass("New password: ")
    if getpass.getpass("Once more: ") != first:
        raise BadSetting("The two passwords differ; nothing was changed.")
    return first
