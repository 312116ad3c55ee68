"""A person who signs in (用户): the console's side of an `ab_user` account (S19 用户管理)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Mapped, Session

from models.customer.identity import check_mobile
from models.kernel import (
    ADMINS,
    ALL,
    MaskedValue,
    Options,
    Refusal,
    Rights,
    Screen,
    Table,
    _,
    by_node,
    choice,
    kept,
    masked,
    ref,
    section,
    text,
)
from models.kernel.actor import Actor
from models.kernel.columns import BigId
from models.kernel.grant import require_command_over
from models.kernel.keeper import keeps_a_group_admin
from models.system.login_session import end_sessions


class AccountState(Options):
    """Whether the person may sign in."""

    ACTIVE = "active", _("Active", "启用"), "green"
    DISABLED = "disabled", _("Disabled", "停用"), "red"


class UserProfile(Table):
    """A person of the department. Their account is made with the profile and never shared."""

    owned = by_node()
    screen = Screen(
        label=_("User", "用户"),
        plural=_("Users", "用户管理"),
        icon="user-cog",
        key=("login",),
        title=("name",),
        listed=("login", "name", "node", "mobile", "state"),
        searched=("login", "name"),
        sections=(section(_("User", "用户"), "node_id", "login", "name", "mobile", "email", "state", "contractor_id"),),
        children=(("grant", "profile_id"),),
        rights=Rights(import_=(), read=ALL, export=ADMINS),
    )

    login: Mapped[str] = text(_("Sign-in name", "登录名"), 64)
    name: Mapped[str] = text(_("Name", "姓名"), 64)
    mobile: Mapped[MaskedValue | None] = masked(_("Mobile", "手机"), "mobile")
    email: Mapped[str | None] = text(_("E-mail", "邮箱"), 120)
    state: Mapped[str] = choice(_("State", "状态"), AccountState, default=AccountState.ACTIVE)
    contractor_id: Mapped[int | None] = ref(
        "contractor",
        _("Acts for the contractor", "所属承建商"),
        hint=_(
            "For the role Contractor: it shows what was sent to this contractor, and nothing without one.",
            "“承建商”角色须填写：该账号只能看到派给此承建商的问题，不填则看不到任何问题。",
        ),
    )
    user_id: Mapped[int | None] = kept(_("Account", "账号"), BigId, "integer", unique=True)

    def derive(self, session: Session, actor: Actor) -> None:
        """Makes the account of a new person, without a password until an administrator sets one; keeps it in step."""
        if not self.login or not self.name:
            return
        accounts: Any = UserProfile.metadata.tables["ab_user"]
        connection = session.connection()
        values = {
            "first_name": self.name,
            "last_name": "",
            "username": self.login,
            "email": self.email or f"{self.login}@localhost",
            "active": self.state == AccountState.ACTIVE and self.deleted_at is None,
        }
        if self.user_id is None:
            known = connection.execute(
                select(accounts.c.id).where(func.lower(accounts.c.username) == self.login.lower())
            ).scalar()
            if known is not None:
                return  # `faults` refuses: an account is never taken over by a new profile
            (self.user_id,) = connection.execute(accounts.insert().values(values)).inserted_primary_key or (None,)
        else:
            connection.execute(accounts.update().where(accounts.c.id == self.user_id).values(values))
            if not values["active"]:
                end_sessions(session, self.user_id)  # not only until the person is let in again

    def leaving(self, session: Session, actor: Actor) -> Iterable[Refusal]:
        """Whoever leaves signs in no more, and is sent away only by those who command all they hold."""
        require_command_over(session, actor, self)
        last = keeps_a_group_admin(session, self)
        if last is not None:
            return (last,)
        accounts: Any = UserProfile.metadata.tables["ab_user"]
        session.connection().execute(accounts.update().where(accounts.c.id == self.user_id).values(active=False))
        if self.user_id is not None:
            end_sessions(session, self.user_id)
        return ()

    def faults(self, session: Session, actor: Actor) -> Iterable[Refusal]:
        """A sign-in name is of letters, digits, dot, dash and underscore, and nobody else's."""
        if self.id is not None and self.user_id != actor.user_id:
            require_command_over(session, actor, self)
        last = keeps_a_group_admin(session, self)
        if last is not None:
            yield last
        if not all(c.isascii() and (c.isalnum() or c in "._-") for c in self.login):
            yield Refusal(
                _("A sign-in name has letters, digits, . _ and - only.", "登录名只能包含字母、数字及 . _ -。"), "login"
            )
        if self.user_id is None:
            yield Refusal(_("This sign-in name is taken.", "该登录名已被占用，请更换。"), "login", code="duplicate")
        if self.mobile:
            try:
                check_mobile(self.mobile.plain() if isinstance(self.mobile, MaskedValue) else self.mobile)
            except Refusal as refusal:
                yield Refusal(refusal.sentence, "mobile", code=refusal.code)
