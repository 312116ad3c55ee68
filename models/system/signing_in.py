"""Tries to sign in: counted before the password is looked at, locked out for longer each time, and logged (S19).

Three counters: the name that was typed, whether or not it exists; the account behind it, which may be known by two names;
and the address, which many people of an office share and which is therefore given more tries. What a try is answered
depends on the first and the last alone, so that it never tells whether an account exists.
"""

from __future__ import annotations

import ipaddress
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Integer, String, UniqueConstraint, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.kernel.columns import BigId, Moment
from models.kernel.node import Node, steps
from models.kernel.search import keep_keys
from models.kernel.session import clock_of
from models.kernel.table import Base
from models.kernel.words import Words, _
from models.system.login_log import LoginLog
from models.system.user_profile import UserProfile

TRIES = {"name": 5, "account": 5, "address": 20}
"""Failures in a row that lock out."""

SHORTEST, LONGEST = timedelta(minutes=1), timedelta(minutes=30)
"""The first lock-out, doubled by each further failure up to the last."""

FORGOTTEN = timedelta(hours=12)
"""A counter that nobody touched for so long begins anew."""

MAX_LOGIN = 64


class LoginLock(Base):
    """A counter of failed tries. Not a declared table: it holds no business, and goes with the next success."""

    __tablename__ = "login_lock"
    __table_args__ = (UniqueConstraint("kind", "who"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    who: Mapped[str] = mapped_column(String(64))
    failures: Mapped[int] = mapped_column(Integer)
    until: Mapped[datetime | None] = mapped_column(Moment)
    tried_at: Mapped[datetime] = mapped_column(Moment, index=True)


def tried(name: str) -> str:
    """Returns a typed name as it is counted and logged: trimmed, at most 64 characters, without NUL."""
    return name.replace("\0", "").strip()[:MAX_LOGIN]


def counted_address(address: str) -> str:
    """Returns an address as it is counted: of IPv6 the network of 64 bits, out of which one customer chooses freely."""
    try:
        known = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    mapped = getattr(known, "ipv4_mapped", None)
    if known.version == 4 or mapped:
        return str(mapped or known)
    return str(ipaddress.ip_network((known, 64), strict=False))


def reserve(session: Session, name: str, account: int | None, address: str) -> tuple[datetime | None, bool]:
    """Counts a try as failed before the password is looked at, so that many at once cannot try more than one by one.

    Args:
        session: commits are the caller's, before the password is looked at.
        name: as it was typed.
        account: the key of the account behind it, where there is one.
        address: where the try comes from.

    Returns: until when the name or the address is locked out (None where they are not), and whether the try may go on.
        A try that may not go on is not counted.
    """
    locks: Any = LoginLock.__table__
    now = clock_of(session)()
    session.execute(delete(locks).where(locks.c.tried_at < now - FORGOTTEN))
    found = {kind: _take(session, kind, who, now) for kind, who in _counters(name, account, address)}
    held = [lock.until for kind, lock in found.items() if kind != "account" and lock.until and lock.until > now]
    if any(lock.until is not None and lock.until > now for lock in found.values()):
        return max(held, default=None), False
    for kind, lock in found.items():
        failures = lock.failures + 1
        values = {"failures": failures, "tried_at": now, "until": _until(kind, failures, now)}
        session.execute(update(locks).where(locks.c.id == lock.id).values(**values))
    return None, True


def locked_words(until: datetime, now: datetime) -> Words:
    """Says for how many minutes a name or an address is locked out, existing or not."""
    minutes = max(1, -(-int((until - now).total_seconds()) // 60))
    sentence = _("Too many failed tries. Try again in {n} minutes.", "失败次数过多，请在 {n} 分钟后重试。")
    return sentence.fill(n=minutes)


def settle(session: Session, name: str, account: int, address: str, tries: int = 1) -> None:
    """Takes back what `reserve` counted, when somebody is in: name and account begin anew, the address loses those tries."""
    locks: Any = LoginLock.__table__
    lift(session, name, account)
    mine = (locks.c.kind == "address") & (locks.c.who == counted_address(address))
    session.execute(update(locks).where(mine).values(failures=locks.c.failures - tries))
    session.execute(update(locks).where(mine, locks.c.failures < TRIES["address"]).values(until=None))
    session.execute(delete(locks).where(mine, locks.c.failures <= 0))


def lift(session: Session, name: str, account: int | None) -> None:
    """Lifts the lock-out of a name and the account behind it."""
    locks: Any = LoginLock.__table__
    for kind, who in _counters(name, account, ""):
        if who:
            session.execute(delete(locks).where(locks.c.kind == kind, locks.c.who == who))


def log(session: Session, name: str, account: int | None, address: str, channel: str, result: str) -> None:
    """Writes a row of the sign-in log. It belongs to the region of who signs in; an unknown name's to the top."""
    people, nodes = UserProfile.__table__.c, Node.__table__.c
    found: Any = None
    if account is not None:
        statement = select(people.name, nodes.path).join(Node.__table__, nodes.id == people.node_id)
        found = session.execute(statement.where(people.user_id == account)).first()
    path = found.path if found else "/"
    above = steps(path)
    statement_ = select(nodes.id).where(nodes.kind.in_(("group", "region")), nodes.deleted_at.is_(None))
    statement_ = statement_.where(nodes.id.in_(above) if above else nodes.parent_id.is_(None))
    top = session.scalars(statement_.order_by(nodes.path.desc()).limit(1)).first()
    if top is None:
        return  # there is no organisation yet to log it for
    now = clock_of(session)()
    values = {
        "node_id": top,
        "login": tried(name),
        "person": found.name if found else None,
        "user_id": account,
        "result": result,
        "address": address[:64],
        "channel": channel[:20],
        "created_at": now,
        "changed_at": now,
        "version": 1,
    }
    written: Any = session.execute(insert(LoginLog.__table__), values)  # type: ignore[arg-type]
    keep_keys(session.connection(), LoginLog, [int(written.inserted_primary_key[0])], new=True)


def _counters(name: str, account: int | None, address: str) -> list[tuple[str, str]]:
    """The counters of a try, in one order for everybody, so that two tries never wait for each other in a circle."""
    accounts = [] if account is None else [("account", str(account))]
    return [*accounts, ("address", counted_address(address)), ("name", tried(name).lower()[:64])]


def _take(session: Session, kind: str, who: str, now: datetime) -> Any:
    """Returns a counter, made where there is none, held until the transaction ends."""
    locks: Any = LoginLock.__table__
    dialect: Any = {"sqlite": sqlite, "postgresql": postgresql}[session.get_bind().dialect.name]
    values = {"kind": kind, "who": who, "failures": 0, "tried_at": now}
    session.execute(dialect.insert(locks).values(**values).on_conflict_do_nothing(index_elements=["kind", "who"]))
    return session.execute(select(locks).where(locks.c.kind == kind, locks.c.who == who).with_for_update()).one()


def _until(kind: str, failures: int, now: datetime) -> datetime | None:
    over = failures - TRIES[kind]
    if over < 0:
        return None
    doubled: timedelta = SHORTEST * int(2 ** min(over, 10))
    return now + min(doubled, LONGEST)
