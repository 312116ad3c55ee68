"""A person's own page and passwords: one's own with the present one, others' by their administrators (S04, S19)."""

from __future__ import annotations

from typing import Any

from flask import flash, g, redirect, render_template, request
from flask_appbuilder import BaseView, expose
from sqlalchemy import select

from models.kernel.clock import today
from models.kernel.grant import Grant, require_command_over
from models.kernel.node import Node
from models.kernel.refusal import Denied, Missing, Refusal
from models.kernel.registry import table
from models.kernel.roles import ROLES, WRITE
from models.kernel.scope import reach
from models.kernel.session import clock_of
from models.kernel.words import _
from models.system.passwords import SHORTEST
from models.system.rules import change_own_password, lift_lock, set_password
from models.system.user_profile import UserProfile
from views.kernel.access import needs, signed_in
from views.kernel.cells import Cell
from views.kernel.formats import day
from views.kernel.pages import RECORD_ACTIONS
from views.kernel.request import actor, language, say
from views.kernel.request import session as database
from views.kernel.shell import ancestors, shell, tree_nodes
from views.pages.fields import PlainField, put_errors


def may_set(profile: UserProfile) -> bool:
    """Returns whether the actor may set the password of this person."""
    where = reach(database(), actor(), UserProfile, WRITE)
    if not where.everything and profile.node_id not in where.nodes:
        return False
    try:
        require_command_over(database(), actor(), profile)
    except Denied:
        return False
    return True


def held_profile(pk: str) -> UserProfile:
    """Returns the profile where the actor may write it.

    Raises:
        Missing: there is none the actor sees.
        Denied: it is seen, but not theirs to write.
    """
    if not pk.isdecimal() or len(pk) > 18:
        raise Missing()
    statement = select(UserProfile).where(UserProfile.id == int(pk))
    found = database().execute(statement).scalar_one_or_none()
    if found is None:
        raise Missing()
    held = database().execute(statement.execution_options(right=WRITE)).scalar_one_or_none()
    if held is None:
        raise Denied()
    return found


def own_profile() -> Any:
    """Returns the actor's own profile, which may well lie above what they see; None for an account without one."""
    people = UserProfile.__table__
    statement = select(people).where(people.c.user_id == actor().user_id, people.c.deleted_at.is_(None))
    return database().execute(statement).first()


RECORD_ACTIONS.setdefault("user_profile", []).append(
    {
        "label": _("Set password", "设置密码"),
        "url": "/user_profile/{pk}/password",
        "icon": "key",
        "right": WRITE,
        "when": may_set,
    }
)
RECORD_ACTIONS["user_profile"].append(
    {
        "label": _("Lift lock-out", "解除锁定"),
        "url": "/user_profile/{pk}/unlock",
        "icon": "lock-open",
        "right": WRITE,
        "method": "post",
        "when": may_set,
    }
)


class AccountView(BaseView):  # type: ignore[misc]
    """`/me`, `/password`, and setting the password of somebody else."""

    route_base = ""
    default_view = "me"
    table = table("user_profile")

    @expose("/me", methods=["GET"])
    @signed_in
    def me(self) -> Any:
        """Who one is here, and what one was granted where and until when."""
        own = database()
        profile, login = own_profile(), self._login()
        facts = [(_("Sign-in name", "登录名"), login), (_("Name", "姓名"), profile.name if profile else actor().name)]
        if profile is not None:
            facts += [
                (
                    _("Belongs to", "所属单位"),
                    own.scalar(select(Node.__table__.c.name).where(Node.__table__.c.id == profile.node_id)),
                ),
                (_("Mobile", "手机"), str(profile.mobile) if profile.mobile else ""),
                (_("E-mail", "邮箱"), profile.email or ""),
            ]
        from views.pages.system.signed_in import shown_sessions  # which takes its parts from here

        title = _("My account", "我的账户")
        page = {
            "title": title,
            "facts": [{"label": label, "cell": Cell("text", str(value or ""))} for label, value in facts],
            "grants": self._grants(profile),
            "language": language(),
            "sessions": shown_sessions(),
        }
        return render_template("doorbook/me.html", shell=shell(title), page=page)

    @expose("/password", methods=["GET", "POST"])
    @signed_in
    def own_password(self) -> Any:
        """Changes one's own password; the present one is asked for."""
        fields = [
            self._password("present", _("Present password", "当前密码")),
            self._password("password", _("New password", "新密码"), hint=True),
            self._password("again", _("New password once more", "再次输入新密码")),
        ]
        title = _("Change password", "修改密码")
        if request.method == "GET":
            return self._form(title, fields, "/me")
        own, sent = database(), request.form
        try:
            self._same(sent)
            change_own_password(
                own,
                actor().user_id or 0,
                sent.get("present", "")[:500],
                sent.get("password", ""),
                address=request.remote_addr or "",
                here=g.signed.session_id,
            )
            own.commit()
        except Refusal as refusal:
            own.rollback()
            return self._form(title, fields, "/me", refusal), refusal.status
        flash(
            say(_("Your password was changed. Other sessions were signed out.", "密码已修改，其他会话已退出登录。")),
            "ok",
        )
        return redirect("/me")

    @expose("/user_profile/<pk>/password", methods=["GET", "POST"])
    @needs(WRITE)
    def password_of(self, pk: str) -> Any:
        """Sets the password of somebody whose profile one may write, and who holds nothing one may not grant."""
        own = database()
        profile = held_profile(pk)
        if profile.user_id == actor().user_id:
            return redirect("/password")
        require_command_over(own, actor(), profile)
        fields = [
            self._password("password", _("New password", "新密码"), hint=True),
            self._password("again", _("New password once more", "再次输入新密码")),
        ]
        title = _("Set the password of {name}", "设置 {name} 的密码").fill(name=profile.name)
        back = f"/user_profile/show/{profile.id}"
        if request.method == "GET":
            return self._form(title, fields, back)
        try:
            self._same(request.form)
            set_password(own, profile.login, request.form.get("password", ""))
            own.commit()
        except Refusal as refusal:
            own.rollback()
            return self._form(title, fields, back, refusal), refusal.status
        sentence = _(
            "The password of “{name}” was set. Tell it to them in person.", "已设置“{name}”的密码，请当面告知本人。"
        )
        flash(say(sentence.fill(name=profile.name)), "ok")
        return redirect(back)

    @expose("/user_profile/<pk>/unlock", methods=["POST"])
    @needs(WRITE)
    def unlock(self, pk: str) -> Any:
        """Lifts the lock-out of somebody whose password one may set."""
        own = database()
        profile = held_profile(pk)
        require_command_over(own, actor(), profile)
        lift_lock(own, profile)
        own.commit()
        flash(say(_("“{name}” may try to sign in again.", "“{name}”可以重新登录。").fill(name=profile.name)), "ok")
        return redirect(f"/user_profile/show/{profile.id}")

    def _login(self) -> str:
        accounts = UserProfile.metadata.tables["ab_user"]
        statement = select(accounts.c.username).where(accounts.c.id == actor().user_id)
        return str(database().execute(statement).scalar_one())

    def _grants(self, profile: Any) -> list[dict[str, Any]]:
        if profile is None:
            return []
        own = database()
        grants = Grant.__table__.c
        rows = own.execute(
            select(grants.role, grants.node_id, grants.from_day, grants.until_day, grants.reason)
            .where(grants.profile_id == profile.id, grants.deleted_at.is_(None))
            .order_by(grants.from_day, grants.id)
        )
        by_path = {node.path: node for node in tree_nodes()}
        by_id = {node.id: node for node in by_path.values()}
        now = today(clock_of(own))
        found = []
        for role, node_id, first, last, reason in rows:
            node = by_id.get(node_id)
            names = [by_path[p].name for p in [*ancestors(node.path), node.path] if p in by_path] if node else []
            if last and last < now:
                state = (_("Ended", "已失效"), "grey")
            elif first and first > now:
                state = (_("Not yet", "未生效"), "amber")
            else:
                state = (_("In force", "生效中"), "green")
            found.append(
                {
                    "role": ROLES[role].words if role in ROLES else role,
                    "place": " › ".join(names) or "—",
                    "from": day(first) or "—",
                    "until": day(last) if last else _("open", "长期"),
                    "reason": reason or "",
                    "state": {"text": state[0], "tone": state[1]},
                }
            )
        return found

    def _password(self, name: str, words: Any, *, hint: bool = False) -> PlainField:
        said = _("At least {n} characters.", "至少 {n} 个字符。").fill(n=SHORTEST) if hint else None
        return PlainField(name, words, render_kind="password", hint=said, required_mark=True)

    def _same(self, sent: Any) -> None:
        if sent.get("password", "") != sent.get("again", ""):
            raise Refusal(_("The two differ. Type it again.", "两次输入不一致，请重新输入。"), "again", code="differs")

    def _form(self, title: Any, fields: list[PlainField], back: str, refusal: Refusal | None = None) -> str:
        page = {
            "title": title,
            "sections": [
                {"title": _("Present password", "当前密码"), "fields": [f for f in fields if f.name == "present"]},
                {"title": _("New password", "新密码"), "fields": [f for f in fields if f.name != "present"]},
            ][len(fields) == 2 :],
            "errors": put_errors(fields, refusal) if refusal is not None else [],
            "submit_url": request.path,
            "cancel_url": back,
        }
        return render_template("doorbook/form.html", shell=shell(title), page=page)
