"""Who is signed in, where: one row a sign-in, by page or for a token of the interface; without its row neither is worth anything.

Not a declared table: a row belongs to the person who signed in. They see and end their own, and administrators those of people
whose password they may set. What it was is in the sign-in log; a row goes when its session ends.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ForeignKey, String, and_, delete, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.kernel.audit import entry, write_lines
from models.kernel.columns import BigId, Moment
from models.kernel.session import actor_of, clock_of
from models.kernel.table import Base

PAGE, TOKEN = "page", "token"

LIFETIME = {PAGE: timedelta(hours=12), TOKEN: timedelta(days=30)}
"""After that one signs in anew, whatever one did meanwhile: a working day, and a month for who refreshes tokens."""

IDLE = timedelta(hours=4)
"""A session of pages that nobody used for so long has ended."""

NOTED_EACH = timedelta(minutes=5)
"""'Last seen' is written no more often than this."""


class LoginSession(Base):
    """One sign-in. `secret` is the hash of what the browser's cookie holds, or of what stands in the token."""

    __tablename__ = "login_session"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    secret: Mapped[str] = mapped_column(String(64), unique=True)
    device: Mapped[str] = mapped_column(String(300))
    address: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(Moment)
    seen_at: Mapped[datetime] = mapped_column(Moment)
    until: Mapped[datetime] = mapped_column(Moment, index=True)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session as its owner meets it.

    Attributes:
        here: it is the one that asks.
    """

    id: int
    kind: str
    device: str
    address: str
    created_at: datetime
    seen_at: datetime
    here: bool


def secret_hash(secret: str | None) -> str:
    """Returns a secret as it is kept: it is long and random, so that a plain hash tells nothing of it."""
    return hashlib.sha256((secret or "").encode()).hexdigest()


def open_session(session: Session, user_id: int, kind: str, address: str, device: str) -> str:
    """Writes a sign-in, and puts away those of everybody that have ended. The caller commits.

    Returns: the secret that the cookie or token carries; only its hash is kept.
    """
    rows: Any = LoginSession.__table__
    now = clock_of(session)()
    ended = or_(rows.c.until < now, and_(rows.c.kind == PAGE, rows.c.seen_at < now - IDLE))
    session.execute(delete(rows).where(ended))
    secret = secrets.token_urlsafe(32)
    values = {
        "user_id": user_id,
        "kind": kind,
        "secret": secret_hash(secret),
        "device": device[:300],
        "address": address[:64],
        "created_at": now,
        "seen_at": now,
        "until": now + LIFETIME[kind],
    }
    session.execute(rows.insert().values(**values))
    return secret


def is_over(row: Any, now: datetime) -> bool:
    """Returns whether a session has ended by itself: after its time, or since nobody used it."""
    return bool(row.until < now or (row.kind == PAGE and row.seen_at < now - IDLE))


def seen(session: Session, key: int, address: str) -> None:
    """Notes that a session was used, and from where. The caller commits."""
    rows: Any = LoginSession.__table__
    values = {"seen_at": clock_of(session)(), "address": address[:64]}
    session.execute(update(rows).where(rows.c.id == key).values(**values))


def sessions_of(session: Session, user_id: int, here: int | None = None) -> list[SignedIn]:
    """Returns the sessions of an account that have not ended, the one that asks first, then the last used."""
    rows: Any = LoginSession.__table__
    now = clock_of(session)()
    found = [row for row in session.execute(select(rows).where(rows.c.user_id == user_id)) if not is_over(row, now)]
    found.sort(key=lambda row: (row.id != here, -row.seen_at.timestamp()))
    return [
        SignedIn(row.id, row.kind, row.device, row.address, row.created_at, row.seen_at, row.id == here)
        for row in found
    ]


def end_session(session: Session, user_id: int, key: int) -> bool:
    """Ends one session of an account; False where it has none of this key. The caller commits."""
    rows: Any = LoginSession.__table__
    gone: Any = session.execute(delete(rows).where(rows.c.id == key, rows.c.user_id == user_id))
    return bool(gone.rowcount)


def end_sessions(session: Session, user_id: int, but: int | None = None) -> int:
    """Ends all sessions of an account, but for the one that asks. Returns how many. The caller commits."""
    rows: Any = LoginSession.__table__
    gone: Any = session.connection().execute(delete(rows).where(rows.c.user_id == user_id, rows.c.id != (but or 0)))
    return int(gone.rowcount)


def note_signed_out(session: Session, profile_id: int, count: int) -> None:
    """Records that sessions of a person were ended by hand: how many, and by whom."""
    actor = actor_of(session)
    record: Any = entry(actor, clock_of(session)(), "user_profile", profile_id, "sign_out", {"sessions": (count, 0)})
    write_lines(session, [record])


_BROWSERS = (
    ("MicroMessenger", "WeChat"), ("DingTalk", "DingTalk"), ("Edg", "Edge"), ("Firefox", "Firefox"),
    ("HeadlessChrome", "Chrome"), ("Chrome", "Chrome"), ("Safari", "Safari"), ("curl", "curl"),
    ("python", "Python"), ("Postman", "Postman"),
)  # fmt: skip
_SYSTEMS = (
    ("HarmonyOS", "HarmonyOS"), ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"),
    ("Mac OS", "macOS"), ("Linux", "Linux"),
)  # fmt: skip


def device_words(agent: str) -> str:
    """Returns what a browser says of itself as people say it: 'Chrome 140 · Windows'; the beginning of it, if unknown."""
    browser = next(((sign, name) for sign, name in _BROWSERS if sign.lower() in agent.lower()), None)
    system = next((name for sign, name in _SYSTEMS if sign in agent), None)
    if browser is None:
        return system or agent[:60]
    version = re.search(rf"{browser[0]}\w*/(\d+)", agent, re.IGNORECASE)
    said = f"{browser[1]} {version[1]}" if version else browser[1]
    return f"{said} · {system}" if system else said
