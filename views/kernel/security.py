"""Who signs in and how: the framework's security manager, with rights answered from grants and pages of our own."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from flask import current_app, flash, g, redirect, render_template, request, session, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.api import SecurityApi as TokenApi
from flask_appbuilder.security.sqla.manager import SecurityManager
from flask_appbuilder.security.views import AuthDBView
from flask_login import login_user, logout_user
from flask_wtf.csrf import generate_csrf
from sqlalchemy import select
from werkzeug.security import check_password_hash

from models.kernel import entry
from models.kernel.clock import utc_now
from models.kernel.notice.preference import NotifySetting, language_of
from models.kernel.registry import tables
from models.kernel.roles import WRITE
from models.kernel.scope import may
from models.kernel.words import LANGUAGES, _
from models.system import signing_in
from models.system.login_log import LoginResult
from views.kernel import resume
from views.kernel.assets import YEAR
from views.kernel.problems import problem
from views.kernel.request import actor, is_api, language, say, session_key
from views.kernel.request import session as database


def inside(url: str | None) -> str:
    """Returns `url` where it is a path of this console, and the home page otherwise: no open redirect."""
    if not url:
        return "/"
    parts = urlsplit(url)
    if parts.scheme or parts.netloc or not url.startswith("/") or url.startswith(("//", "/\\")) or "\\" in url:
        return "/"
    return url


def sign_in_page(target: str, *, error: str | None = None, kept: str = "") -> str:
    """Returns the sign-in page that leads to `target`, carrying what was typed into a form there."""
    from views.kernel.shell import shell

    page = {
        "error": error,
        "kept": kept,
        "username": request.form.get("username", "") if error else "",
        "next": target,
        "demo": current_app.config.get("DEMO_ACCOUNTS", []),
        "demo_password": current_app.config.get("DEMO_PASSWORD", ""),
        "submit_url": url_for("AuthView.login", next=target) if target != "/" else url_for("AuthView.login"),
    }
    generate_csrf()
    return render_template("doorbook/login.html", shell=shell(say(_("Sign in", "登录"))), page=page)


def _form_comes_back(target: str, fields: resume.Pairs) -> str:
    """Returns the page that brings a form back to where it was sent, which a script does without waiting for a hand."""
    from views.kernel.shell import shell

    title = _("Back to your form", "返回表单")
    generate_csrf()
    page = {
        "title": title,
        "sentence": _("You are signed in again. What you typed was kept.", "您已重新登录，已填写的内容仍在。"),
        "hidden": [*fields, (resume.BACK, "1")],
        "submit_url": target,
        "cancel_url": "/",
        "at_once": True,
    }
    return render_template("doorbook/confirm.html", shell=shell(title), page=page)


class AuthView(AuthDBView):
    """Signing in and out, and choosing a language."""

    route_base = ""

    @expose("/login/", methods=["GET", "POST"])
    def login(self) -> Any:
        """The sign-in page. What was wrong is never said more exactly than 'name or password'."""
        target = inside(request.args.get("next"))
        if g.user is not None and g.user.is_authenticated:
            return redirect(target)
        error = None
        if request.method == "POST":
            manager = self.appbuilder.sm
            user = manager.auth_user_db(request.form.get("username", "").strip(), request.form.get("password", ""))
            if user is not None:
                chosen = language_of(database(), user.id) or session.get("language")
                session.clear()  # a session that was open before signing in is not carried on
                if chosen in LANGUAGES:
                    session["language"] = chosen
                login_user(user, remember=False)
                session["signed_in_at"] = int(time.time())
                session["key"] = session_key(user.password)
                fields = resume.unpack(request.form.get(resume.KEPT), user.id)
                if fields is not None and resume.can_resume(target):
                    return _form_comes_back(target, fields)
                return redirect(target)
            locked = g.get("locked_until")
            error = say(
                locked_words(locked) if locked else _("The name or the password is wrong.", "用户名或密码错误。")
            )
        kept = request.form.get(resume.KEPT, "")
        status = 200 if not error else 429 if g.get("locked_until") else 401
        return sign_in_page(target, error=error, kept=kept), status

    @expose("/logout/", methods=["POST"])
    def logout(self) -> Any:
        """Signs out; POST only, so that no foreign page can do it."""
        logout_user()
        chosen = session.get("language")
        session.clear()
        if chosen:
            session["language"] = chosen
        return redirect(url_for("AuthView.login"))

    @expose("/language", methods=["POST"])
    def choose_language(self) -> Any:
        """Remembers the language and returns to the page one came from: for the person, wherever they sign in, and for this browser."""
        chosen = request.form.get("language") or request.form.get("lang")
        answer = redirect(inside(request.form.get("next")))
        if chosen in LANGUAGES:
            session["language"] = chosen
            _keep_language(chosen)
            secure = bool(current_app.config["SESSION_COOKIE_SECURE"])
            answer.set_cookie("language", chosen, max_age=YEAR, secure=secure, httponly=True, samesite="Lax")
        else:
            flash(say(_("There is no such language here.", "不支持该语言。")), "warn")
        return answer


def _keep_language(chosen: str) -> None:
    """Keeps the language of whoever is signed in; who was granted nothing has it in the browser only."""
    own, who = database(), actor()
    if who.user_id is None or not may(who, NotifySetting, WRITE):
        return
    setting = own.scalars(select(NotifySetting)).first()
    if setting is None:
        entry.add(own, NotifySetting, {"language": chosen})
    elif setting.language != chosen:
        entry.change(own, setting, {"language": chosen}, None)
    own.commit()


def locked_words(until: datetime) -> Any:
    """Says for how many minutes a name or an address is locked out, existing or not."""
    minutes = max(1, -(-int((until - utc_now()).total_seconds()) // 60))
    sentence = _("Too many failed tries. Try again in {n} minutes.", "失败次数过多，请在 {n} 分钟后重试。")
    return sentence.fill(n=minutes)


class SecurityApi(TokenApi):
    """The token resource of the framework, whose endpoint keeps its name; a lock-out is said as a problem (429)."""

    @expose("/login", methods=["POST"])
    def login(self) -> Any:
        """A token for a name and a password."""
        answer = super().login()
        until = g.get("locked_until")
        return answer if until is None else problem(429, say(locked_words(until)), code="locked")


class ConsoleSecurity(SecurityManager):
    """Rights come from grants (design 4), never from `ab_user_role`; security screens are tables of ours."""

    authdbview = AuthView
    security_api = SecurityApi

    def auth_user_db(self, username: str, password: str) -> Any:
        """Signs in who gives the right password. Each try is counted first, and logged (models.system.signing_in).

        Signs nobody in to an account that has no password yet; the framework would break on it. Whoever is locked out
        is found in `g.locked_until`.
        """
        own, address = database(), request.remote_addr or ""
        known = self.find_user(username=username) or self.find_user(email=username) if username else None
        key, channel = None if known is None else known.id, "api" if is_api() else "page"
        g.locked_until, may_try = signing_in.reserve(own, username or "", key, address)
        own.commit()  # counted, whatever becomes of this try; and no other writer waits for the hash
        found = None
        if not may_try:
            result = LoginResult.LOCKED
        elif known is not None and not known.password:
            check_password_hash(current_app.config["AUTH_DB_FAKE_PASSWORD_HASH_CHECK"], "password")  # takes as long
            result = LoginResult.CLOSED
        else:
            found = super().auth_user_db(username, password)
            closed = known is not None and not known.is_active
            result = LoginResult.UNKNOWN if known is None else LoginResult.CLOSED if closed else LoginResult.WRONG
        if found is not None:
            result = LoginResult.SIGNED_IN
            signing_in.settle(own, username, found.id, address)
        signing_in.log(own, username or "", key, address, channel, result.value)
        own.commit()
        return found

    def has_access(self, permission_name: str, view_name: str) -> bool:
        """Answers the framework: `can_read` on a table's name. Anything it asks about beyond our tables is no."""
        cls = tables().get(view_name)
        return cls is not None and may(actor(), cls, permission_name.removeprefix("can_"))

    def is_item_public(self, permission_name: str, view_name: str) -> bool:
        """Nothing is public."""
        return False

    def get_user_menu_access(self, menu_names: list[str] | None = None) -> set[str]:
        """The framework's own menu is empty; ours is built from the registry."""
        return set()

    def register_views(self) -> None:
        """Registers signing in and the token resource only."""
        self.appbuilder.add_api(self.security_api)
        self.auth_view = self.authdbview()
        self.appbuilder.add_view_no_menu(self.auth_view)


def locale() -> str:
    """Returns the locale the framework formats by."""
    return "zh_Hans_CN" if language() == "zh" else "en"
