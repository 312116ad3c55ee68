"""Takes accounts the right to sign in, such as the demo accounts before production."""

from __future__ import annotations

import argparse

from config import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The sign-in names."""
    parser.add_argument("logins", metavar="LOGIN", nargs="+", help="a sign-in name")


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Disables all of them or none."""
    from sqlalchemy import func, select

    from app.database import system_session
    from models.kernel.refusal import Missing
    from models.kernel.words import _
    from models.system.user_profile import AccountState, UserProfile

    with system_session(settings) as session:
        for login in arguments.logins:
            found = session.scalars(select(UserProfile).where(func.lower(UserProfile.login) == login.lower())).first()
            if found is None:
                raise Missing(_("There is no account “{login}”.", "没有账号“{login}”。").fill(login=login))
            found.state = AccountState.DISABLED
    return 0
