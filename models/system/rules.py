"""What the area does: passwords, and who may set whose (S04, S19)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session
from werkzeug.security import check_password_hash, generate_password_hash

from models.kernel.audit import entry, write_lines
from models.kernel.notice import Event, tell
from models.kernel.refusal import Missing, Refusal
from models.kernel.session import actor_of, clock_of
from models.kernel.table import Base
from models.kernel.words import _
from models.system.signing_in import lift

SHORTEST, LONGEST = 10, 200

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


def set_password(session: Session, login: str, password: str) -> None:
    """Sets the password of an account, lifts its lock-out, and records that it was set (never which).

    Args:
        session: acting as whoever sets it; the caller asked for the right to, and commits.
        login: the sign-in name, in any case.
        password: at least 10 characters.

    Raises:
        Missing: there is no such account.
        Refusal: the password is too short, too long, or the sign-in name itself.
    """
    if not SHORTEST <= len(password) <= LONGEST or password.strip().lower() == login.lower():
        raise Refusal(
            _(
                "A password has {shortest} to {longest} characters and is not the sign-in name.",
                "密码长度为 {shortest} 至 {longest} 个字符，且不能与登录名相同。",
            ).fill(shortest=SHORTEST, longest=LONGEST),
            "password",
        )
    accounts = Base.metadata.tables["ab_user"]
    key = session.execute(select(accounts.c.id).where(func.lower(accounts.c.username) == login.lower())).scalar()
    if key is None:
        raise Missing(_("There is no account “{login}”.", "没有账号“{login}”。").fill(login=login))
    hashed = generate_password_hash(password, method="scrypt")
    session.execute(update(accounts).where(accounts.c.id == key).values(password=hashed, fail_login_count=0))
    lift(session, login, key)
    actor = actor_of(session)
    record: Any = entry(actor, clock_of(session)(), "ab_user", key, "password", {})
    write_lines(session, [record])
    if actor.user_id not in (None, key):
        tell(session, actor, PASSWORD_SET, [key])


def change_own_password(session: Session, user_id: int, present: str, password: str) -> None:
    """Changes one's own password; whoever does not know the present one does not (S04).

    Raises:
        Refusal: at `present` or `password`.
    """
    accounts = Base.metadata.tables["ab_user"]
    login, hashed = session.execute(
        select(accounts.c.username, accounts.c.password).where(accounts.c.id == user_id)
    ).one()
    if not hashed or not check_password_hash(hashed, present):
        raise Refusal(_("This is not your present password.", "当前密码不正确。"), "present", code="wrong_password")
    if password == present:
        sentence = _("The new password is the present one. Choose another.", "新密码与当前密码相同，请另设一个。")
        raise Refusal(sentence, "password", code="unchanged")
    set_password(session, login, password)
