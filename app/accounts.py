"""Accounts of people who sign in: passwords, and the demo accounts."""

from __future__ import annotations

import secrets
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.database import load_models
from config import Settings, kept_secret
from models.kernel.roles import ROLES
from models.system.rules import set_password

ADMINISTRATOR = "admin"
"""Who administers a new console; the account comes with the reference data."""

DEMO = (*ROLES, "request_clerk2")
"""Who signs in to the demo company: one for each role, and a clerk of another company who sees that one only."""

_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that are read for another; people type these from a screen


def demo_password(settings: Settings) -> str:
    """Returns the password of the demo accounts of this installation, made at the first call."""
    return kept_secret(settings.secrets / "demo_password", _fresh)


def first_password_file(settings: Settings) -> Path:
    """Returns where the first password of the first administrator is kept, for who installs the console."""
    return settings.secrets / "admin_password"


def open_first_administrator(session: Session, settings: Settings) -> None:
    """Gives the administrator of a new console a password, where none was ever set."""
    accounts = load_models().tables["ab_user"]
    without = select(accounts.c.id).where(accounts.c.username == ADMINISTRATOR, accounts.c.password.is_(None))
    if session.execute(without).first() is not None:
        password = kept_secret(first_password_file(settings), _fresh)
        set_password(session, ADMINISTRATOR, password, first=True)


def open_demo_accounts(session: Session, password: str) -> None:
    """Gives the demo accounts that have no password yet the one of this installation."""
    accounts = load_models().tables["ab_user"]
    without = session.execute(
        select(accounts.c.username).where(accounts.c.username.in_(DEMO), accounts.c.password.is_(None))
    ).scalars()
    for login in sorted(without):
        set_password(session, login, password)


def enabled_demo_accounts(session: Session) -> list[str]:
    """Returns the sign-in names of demo accounts that can sign in, in the order of `DEMO`."""
    accounts = load_models().tables["ab_user"]
    found = set(
        session.execute(
            select(accounts.c.username).where(
                accounts.c.username.in_(DEMO), accounts.c.active.is_(True), accounts.c.password.is_not(None)
            )
        ).scalars()
    )
    return [name for name in DEMO if name in found]


def _fresh() -> str:
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))
