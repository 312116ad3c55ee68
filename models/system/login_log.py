"""The sign-in log (登录日志): one row a try, by page or token, whether it succeeded or not (S19)."""

from __future__ import annotations

from sqlalchemy import String
from sqlalchemy.orm import Mapped

from models.kernel import Options, Rights, Screen, Table, _, by_node, choice, kept, section
from models.kernel.columns import BigId


class LoginResult(Options):
    """How a try to sign in ended. Only administrators read it; whoever tries is told less."""

    SIGNED_IN = "signed_in", _("Signed in", "登录成功"), "green"
    WRONG = "wrong", _("Wrong password", "密码错误"), "amber"
    UNKNOWN = "unknown", _("Unknown name", "账号不存在"), "amber"
    CLOSED = "closed", _("Disabled or without password", "已停用或未设密码"), "grey"
    CODE = "code", _("Asked for the second step", "待两步验证"), "blue"
    WRONG_CODE = "wrong_code", _("Wrong code", "验证码错误"), "amber"
    LOCKED = "locked", _("Locked out", "已锁定"), "red"


class LoginLog(Table):
    """A try to sign in. Written by `models.system.signing_in`; nobody changes or deletes it. Never holds a password."""

    owned = by_node()
    screen = Screen(
        label=_("Sign-in", "登录记录"),
        plural=_("Sign-in log", "登录日志"),
        icon="login-2",
        key=(),
        title=("login", "result"),
        listed=("created_at", "login", "person", "result", "address", "channel", "node"),
        searched=("login", "person", "address"),
        sections=(section(_("Sign-in", "登录记录"), "login", "person", "result", "address", "channel", "node_id"),),
        rights=Rights(write=(), delete=(), import_=(), purge=()),
    )

    login: Mapped[str] = kept(_("Name tried", "登录名"), String(64), "text")
    person: Mapped[str | None] = kept(_("Person", "人员"), String(64), "text")
    user_id: Mapped[int | None] = kept(_("Account", "账号"), BigId, "integer", index=True)
    result: Mapped[str] = choice(_("Result", "结果"), LoginResult, system=True)
    address: Mapped[str | None] = kept(_("Address", "IP地址"), String(64), "text")
    channel: Mapped[str | None] = kept(_("Channel", "渠道"), String(20), "text")
