"""The second step of signing in (两步验证): codes of an authenticator (RFC 6238), and recovery codes that work once each.

The secret is kept encrypted like personal data, recovery codes by their blind index. A code is taken once: what was seen over a
shoulder or on the way does not sign in a second time.
"""

from __future__ import annotations

import base64
import hmac
import json
import secrets
from typing import Any
from urllib.parse import quote

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from models.kernel.audit import entry, write_lines
from models.kernel.notice import Event, tell
from models.kernel.refusal import Refusal
from models.kernel.secret import cipher
from models.kernel.session import actor_of, clock_of
from models.kernel.table import Base
from models.kernel.words import _
from models.system.credential import Credential, credential_of, keep
from models.system.login_session import end_sessions

SPAN, DIGITS = 30, 6
AROUND = 1
"""Codes of so many spans before and after are taken, since telephones' clocks are off by seconds."""

RECOVERY_CODES = 10
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"

RESET = Event(
    "account.two_step_reset",
    _("Your two-step sign-in was reset", "两步验证被重置"),
    _("{actor} reset your two-step sign-in", "{actor}重置了您的两步验证"),
    _(
        "Your two-step sign-in was switched off by {actor} at {when}. If you did not ask for that, tell another"
        " administrator; else set it up anew.",
        "您的两步验证已于 {when} 由{actor}重置。如非您本人申请，请联系其他管理员；否则请重新设置。",
    ),
    always=True,
)


def is_on(row: Any) -> bool:
    """Returns whether the account of a `Credential` row signs in by two steps."""
    return row is not None and row.confirmed_at is not None


def begin_two_step(session: Session, user_id: int) -> str:
    """Gives an account a secret that is not in force until it is confirmed. Does not commit.

    Returns: the secret, as an authenticator takes it; the same as long as it is not confirmed.
    Raises:
        Refusal: it is on already (409).
    """
    row = credential_of(session, user_id)
    if is_on(row):
        raise Refusal(_("Two-step sign-in is on already.", "两步验证已开启。"), code="on", status=409)
    if row is not None and row.secret is not None:
        return str(row.secret.plain())
    secret = base64.b32encode(secrets.token_bytes(20)).decode()
    keep(session, user_id, secret=secret, last_step=None)
    return secret


def address_of(secret: str, login: str) -> str:
    """Returns what the QR code of a secret says to an authenticator."""
    issuer = quote("Doorbook 一户一档")
    return f"otpauth://totp/{issuer}:{quote(login)}?secret={secret}&issuer={issuer}&digits={DIGITS}&period={SPAN}"


def confirm_two_step(session: Session, user_id: int, code: str) -> list[str]:
    """Puts the secret in force for who shows a code of it, and records that. Does not commit.

    Returns: the recovery codes, which are kept as blind indexes only.
    Raises:
        Refusal: at `code`: none was begun, or the code does not fit.
    """
    row = credential_of(session, user_id)
    step = None if row is None or is_on(row) else _step_of(session, row, code)
    if step is None:
        sentence = _(
            "This code does not fit. Check the clock of the telephone.", "验证码不正确，请核对手机时间后重试。"
        )
        raise Refusal(sentence, "code", code="wrong_code")
    keep(session, user_id, confirmed_at=clock_of(session)(), last_step=step)
    _record(session, user_id, "two_step_on")
    return new_recovery_codes(session, user_id)


def new_recovery_codes(session: Session, user_id: int) -> list[str]:
    """Makes recovery codes; those of before are worth nothing. Does not commit."""
    codes = ["-".join("".join(secrets.choice(_LETTERS) for _n in range(5)) for _part in range(2)) for _c in range(10)]
    keep(session, user_id, recovery=json.dumps([cipher().blind(code) for code in codes]))
    return codes


def codes_left(row: Any) -> int:
    """Returns how many recovery codes of a `Credential` row were not used yet."""
    return len(json.loads(row.recovery))


def passes(session: Session, user_id: int, code: str) -> bool:
    """Returns whether a code is right, and takes it: neither an authenticator's code nor a recovery code works twice.

    Two at once with the same code: one passes. Does not commit.
    """
    kept: Any = Credential.__table__
    row = credential_of(session, user_id)
    if not is_on(row):
        return False
    step = _step_of(session, row, code)
    if step is not None:
        unused = or_(kept.c.last_step.is_(None), kept.c.last_step < step)
        taken: Any = session.execute(update(kept).where(kept.c.user_id == user_id, unused).values(last_step=step))
        return bool(taken.rowcount)
    index, left = cipher().blind(code.strip().lower()), json.loads(row.recovery)
    if index not in left:
        return False
    mine = (kept.c.user_id == user_id) & (kept.c.recovery == row.recovery)
    less = json.dumps([one for one in left if one != index])
    taken = session.execute(update(kept).where(mine).values(recovery=less))
    if taken.rowcount:
        _record(session, user_id, "recovery_code")
    return bool(taken.rowcount)


def end_two_step(session: Session, user_id: int) -> None:
    """Switches it off for who asked for that, and records it. Does not commit."""
    keep(session, user_id, secret=None, confirmed_at=None, last_step=None, recovery="[]")
    _record(session, user_id, "two_step_off")


def reset_two_step(session: Session, profile: Any) -> None:
    """Switches it off for somebody who lost their telephone, ends their sessions, records it and tells them.

    The caller asked for the right to, and commits.

    Raises:
        Refusal: it is not on (409).
    """
    if not is_on(credential_of(session, profile.user_id)):
        raise Refusal(_("Two-step sign-in is not on.", "该用户未开启两步验证。"), code="off", status=409)
    keep(session, profile.user_id, secret=None, confirmed_at=None, last_step=None, recovery="[]")
    end_sessions(session, profile.user_id)
    actor = actor_of(session)
    line: Any = entry(actor, clock_of(session)(), "user_profile", profile.id, "two_step_reset", {})
    write_lines(session, [line])
    tell(session, actor, RESET, [profile.user_id])


def login_of(session: Session, user_id: int) -> str:
    """Returns the sign-in name of an account."""
    accounts = Base.metadata.tables["ab_user"].c
    return str(session.execute(select(accounts.username).where(accounts.id == user_id)).scalar_one())


def _step_of(session: Session, row: Any, code: str) -> int | None:
    """The span of time an authenticator's code belongs to; None where it fits none about now."""
    digits = code.replace(" ", "")
    if row.secret is None or len(digits) != DIGITS or not (digits.isascii() and digits.isdecimal()):
        return None
    made = TOTP(base64.b32decode(row.secret.plain()), DIGITS, SHA1(), SPAN)  # SHA-1 is what authenticators know
    now = int(clock_of(session)().timestamp()) // SPAN
    fitting = [
        n
        for n in range(now - AROUND, now + AROUND + 1)
        if hmac.compare_digest(made.generate(n * SPAN), digits.encode())
    ]
    return fitting[-1] if fitting else None


def _record(session: Session, user_id: int, action: str) -> None:
    line: Any = entry(actor_of(session), clock_of(session)(), "ab_user", user_id, action, {})
    write_lines(session, [line])
