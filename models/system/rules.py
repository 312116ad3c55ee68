"""What the area does: passwords, who may set whose, and that a new one ends what was opened with the old (S04, S19)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from models.kernel.audit import entry, write_lines
from models.kernel.notice import Event, tell
from models.kernel.refusal import Missing, Refusal
from models.kernel.session import actor_of, clock_of
from models.kernel.table import Base
from models.kernel.words import _
from models.system import passwords
from models.system.api_token import revoke_tokens
from models.system.credential import keep
from models.system.login_session import end_sessions
from models.system.signing_in import lift, locked_words, reserve, settle

PASSWORD_SET = Event(
    "account.password_set",
    _("Your password was set by somebody else", "密码被重新设置"),
    _("{actor} set your password", "{actor}重新设置了您的密码"),
    _(
        "Your password was set by {actor} at {when}. If you did not ask for that, tell another administrator.",
        "您的密码已于 {when} 由{actor}重新设置。如非您本人申请，请联系其他管理员。",
    ),
    always=True,
)


def lift_lock(session: Session, profile: Any) -> None:
    """Lifts the lock-out of a person, and records it. The caller asked for the right to, and commits."""
    lift(session, profile.login, profile.user_id)
    record: Any = entry(actor_of(session), clock_of(session)(), "user_profile", profile.id, "unlock", {})
    write_lines(session, [record])


def set_password(
    session: Session, login: str, password: str, *, first: bool | None = None, but: int | None = None
) -> None:
    """Sets the password of an account, lifts its lock-out, ends its sessions, and records that it was set (never which).

    Args:
        session: acting as whoever sets it; the caller asked for the right to, and commits.
        login: the sign-in name, in any case.
        password: at least 10 characters.
        first: the person must change it before anything else; left out, where somebody else set it at the console.
        but: the session that goes on.

    Raises:
        Missing: there is no such account.
        Refusal: the password is too short, too long, the sign-in name itself, or a usual one.
    """
    passwords.check(password, login)
    accounts = Base.metadata.tables["ab_user"]
    key = session.execute(select(accounts.c.id).where(func.lower(accounts.c.username) == login.lower())).scalar()
    if key is None:
        raise Missing(_("There is no account “{login}”.", "没有账号“{login}”。").fill(login=login))
    actor, now = actor_of(session), clock_of(session)()
    foreign = actor.user_id not in (None, key)
    values = {"password": passwords.hashed(password), "fail_login_count": 0}
    session.execute(update(accounts).where(accounts.c.id == key).values(**values))
    keep(session, key, must_change=foreign if first is None else first, password_at=now)
    lift(session, login, key)
    end_sessions(session, key, but)
    if foreign:
        revoke_tokens(session, key)
    record: Any = entry(actor, now, "ab_user", key, "password", {})
    write_lines(session, [record])
    if foreign:
        tell(session, actor, PASSWORD_SET, [key])


def confirm_password(session: Session, user_id: int, present: str, address: str) -> None:
    """Asks again who sits there, before something weighty. Tries are counted with those of signing in, and commit.

    An account that never had a password, since another service signs it in, is asked for none.

    Raises:
        Refusal: at `present`: wrong, or locked out after too many.
    """
    accounts = Base.metadata.tables["ab_user"].c
    login, kept = session.execute(select(accounts.username, accounts.password).where(accounts.id == user_id)).one()
    if not kept:
        return
    until, may_try = reserve(session, login, user_id, address)
    session.commit()
    if not may_try:
        now = clock_of(session)()
        raise Refusal(locked_words(until or now, now), "present", code="locked", status=429)
    if not passwords.fits(kept, present):
        raise Refusal(_("This is not your present password.", "当前密码不正确。"), "present", code="wrong_password")
    settle(session, login, user_id, address)


def change_own_password(
    session: Session, user_id: int, present: str, password: str, *, address: str = "", here: int | None = None
) -> None:
    """Changes one's own password; whoever does not know the present one does not (S04).

    Args:
        address: where the person asks from, to count wrong tries.
        here: the session that asks. It goes on; all others end.

    Raises:
        Refusal: at `present` or `password`.
    """
    accounts = Base.metadata.tables["ab_user"].c
    login = session.execute(select(accounts.username).where(accounts.id == user_id)).scalar_one()
    confirm_password(session, user_id, present, address)
    if password == present:
        sentence = _("The new password is the present one. Choose another.", "新密码与当前密码相同，请另设一个。")
        raise Refusal(sentence, "password", code="unchanged")
    set_password(session, login, password, but=here)
