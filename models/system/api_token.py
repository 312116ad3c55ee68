"""Tokens of the interface that a person makes for a program (接口令牌): what it may do, until when, when it was last used.

Shown once, kept as a hash. A token never gives more than its person holds: its scope is cut with their rights at each request.
Not a declared table: a token belongs to its person alone.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ForeignKey, String, Text, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.kernel.actor import Cut
from models.kernel.audit import entry, write_lines
from models.kernel.columns import BigId, Moment
from models.kernel.refusal import Missing, Refusal
from models.kernel.registry import tables
from models.kernel.roles import DELETE, EXPORT, READ, REVEAL, RIGHT_WORDS, WRITE
from models.kernel.scope import may
from models.kernel.session import actor_of, clock_of
from models.kernel.table import Base
from models.kernel.words import Words, _
from models.system.login_session import secret_hash

PREFIX = "dbk_"
"""How each begins, so that a program that looks for lost secrets knows one."""

MOST = 20
"""Tokens one person may have at a time."""

NAME_LENGTH = 60
DAYS = (7, 30, 90, 365)

MOVE = "move"
SCOPES: dict[str, Words] = {
    READ: RIGHT_WORDS[READ],
    WRITE: RIGHT_WORDS[WRITE],
    DELETE: RIGHT_WORDS[DELETE],
    MOVE: _("Move along flows", "流程流转"),
    EXPORT: RIGHT_WORDS[EXPORT],
    REVEAL: RIGHT_WORDS[REVEAL],
}
"""What a token may be allowed. Reading is always among it."""


class ApiToken(Base):
    """A token. `rights` and `tables` are its scope, joined by commas; no tables means all that the person reaches."""

    __tablename__ = "api_token"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id"), index=True)
    name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    start: Mapped[str] = mapped_column(String(12))
    secret: Mapped[str] = mapped_column(String(64), unique=True)
    rights: Mapped[str] = mapped_column(String(100))
    tables: Mapped[str] = mapped_column(Text)
    until: Mapped[datetime] = mapped_column(Moment)
    created_at: Mapped[datetime] = mapped_column(Moment)
    used_at: Mapped[datetime | None] = mapped_column(Moment)
    used_from: Mapped[str] = mapped_column(String(64), default="")
    revoked_at: Mapped[datetime | None] = mapped_column(Moment)


def make_token(session: Session, name: str, rights: Collection[str], names: Collection[str], days: int) -> str:
    """Makes a token for the actor, and records it. Does not commit.

    Args:
        name: what it is for; told apart from one's other tokens that are in force.
        rights: names of `SCOPES`; reading is added.
        names: tables it is cut down to; none for all.
        days: one of `DAYS`.

    Returns: the token, which is nowhere kept.
    Raises:
        Refusal: a name missing, too long or taken; an unknown right, table or time; too many tokens.
    """
    own: Any = ApiToken.__table__
    actor, now = actor_of(session), clock_of(session)()
    name = name.strip()
    if not name or len(name) > NAME_LENGTH:
        sentence = _("Say what it is for, in up to {n} characters.", "请填写令牌用途，最多 {n} 个字符。")
        raise Refusal(sentence.fill(n=NAME_LENGTH), "name", code="required" if not name else "too_long")
    mine = (own.c.user_id == actor.user_id) & own.c.revoked_at.is_(None) & (own.c.until >= now)
    if session.execute(select(func.count()).where(mine)).scalar_one() >= MOST:
        sentence = _("You have {n} tokens already. Revoke one first.", "您已有 {n} 个令牌，请先撤销不用的令牌。")
        raise Refusal(sentence.fill(n=MOST), "name", code="most")
    if session.execute(select(own.c.id).where(mine, own.c.name == name)).first():
        sentence = _("A token in force has this name already.", "已有同名的有效令牌，请换一个名称。")
        raise Refusal(sentence, "name", code="duplicate")
    if not set(rights) <= SCOPES.keys():
        raise Refusal(_("There is no such right.", "没有这种权限。"), "rights", code="unknown")
    if any(each not in tables() or not may(actor, tables()[each], READ) for each in names):
        raise Refusal(_("There is no such table.", "没有这种数据表。"), "tables", code="unknown")
    if days not in DAYS:
        raise Refusal(_("Choose how long it holds.", "请选择有效期。"), "days", code="unknown")
    secret = PREFIX + secrets.token_urlsafe(32)
    held = [right for right in SCOPES if right == READ or right in rights]
    values = {
        "user_id": actor.user_id,
        "name": name,
        "start": secret[:8],
        "secret": secret_hash(secret),
        "rights": ",".join(held),
        "tables": ",".join(sorted(set(names))),
        "until": now + timedelta(days=days),
        "created_at": now,
        "used_from": "",
    }
    made: Any = session.execute(own.insert().values(**values))
    told = {"name": (None, name), "rights": (None, values["rights"]), "tables": (None, values["tables"])}
    _record(session, int(made.inserted_primary_key[0]), "add", told)
    return secret


def tokens_of(session: Session, user_id: int) -> list[Any]:
    """Returns the tokens of an account that are not revoked, newest first; those that are over among them."""
    own: Any = ApiToken.__table__
    statement = select(own).where(own.c.user_id == user_id, own.c.revoked_at.is_(None)).order_by(own.c.id.desc())
    return list(session.execute(statement))


def revoke_token(session: Session, key: int) -> None:
    """Revokes one of the actor's tokens, and records it. Does not commit.

    Raises:
        Missing: the actor has none of this key that is not revoked already.
    """
    own: Any = ApiToken.__table__
    now = clock_of(session)()
    mine = (own.c.id == key) & (own.c.user_id == actor_of(session).user_id) & own.c.revoked_at.is_(None)
    gone: Any = session.execute(update(own).where(mine).values(revoked_at=now))
    if not gone.rowcount:
        raise Missing(_("There is no such token, or it was revoked already.", "没有该令牌，或已被撤销。"))
    _record(session, key, "revoke", {"revoked_at": (None, now)})


def revoke_tokens(session: Session, user_id: int) -> int:
    """Revokes all tokens of an account. Returns how many were in force. Does not commit."""
    own: Any = ApiToken.__table__
    now = clock_of(session)()
    mine = (own.c.user_id == user_id) & own.c.revoked_at.is_(None) & (own.c.until >= now)
    gone: Any = session.connection().execute(update(own).where(mine).values(revoked_at=now))
    return int(gone.rowcount)


def cut_of(row: Any) -> Cut:
    """Returns what a token leaves of its person's rights. `reveal` finds by exact number, too."""
    rights = frozenset(row.rights.split(","))
    names = frozenset(filter(None, row.tables.split(",")))
    return Cut(rights | {"match"} if REVEAL in rights else rights, names or None)


def token_used(session: Session, key: int, address: str) -> None:
    """Notes that a token was used, and from where. The caller commits."""
    own: Any = ApiToken.__table__
    values = {"used_at": clock_of(session)(), "used_from": address[:64]}
    session.execute(update(own).where(own.c.id == key).values(**values))


def _record(session: Session, key: int, action: str, changes: dict[str, tuple[Any, Any]]) -> None:
    line: Any = entry(actor_of(session), clock_of(session)(), "api_token", key, action, changes)
    write_lines(session, [line])
