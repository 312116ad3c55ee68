"""Who signs in and how: the framework's security manager, with rights answered from grants and pages of our own."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import current_app, flash, g, redirect, render_template, request, session, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.api import SecurityApi as TokenApi
from flask_appbuilder.security.sqla.manager import SecurityManager
from flask_appbuilder.security.views import AuthDBView
from flask_jwt_extended import create_access_token, create_refresh_token, get_jwt, jwt_required
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
from models.system import passwords, signing_in
from models.system.credential import Credential, credential_of
from models.system.login_log import LoginResult
from models.system.login_session import PAGE, TOKEN, LoginSession, end_session, is_over, open_session, secret_hash
from models.system.two_step import is_on, passes
from views.kernel import resume
from views.kernel.assets import YEAR
from views.kernel.problems import problem
from views.kernel.request import actor, is_api, language, say
from views.kernel.request import session as database


def inside(url: str | None) -> str:
    """Returns `url` where it is a path of this console, and the home page otherwise: no open redirect."""
    if not url:
        return "/"
    parts = urlsplit(url)
    if parts.scheme or parts.netloc or not url.startswith("/") or url.startswith(("//", "/\\")) or "\\" in url:
        return "/"
    return url


def sign_in_page(target: str, *, error: str | None = None, kept: str = "", asks_code: bool = False) -> str:
    """Returns the sign-in page that leads to `target`, carrying what was typed into a form there.

    Args:
        asks_code: the password was right; this is about the second step.
    """
    from views.kernel.shell import shell

    there: dict[str, Any] = {"next": target} if target != "/" else {}
    page = {
        "error": error,
        "kept": kept,
        "username": request.form.get("username", "") if error else "",
        "next": target,
        "asks_code": asks_code,
        "demo": [] if asks_code else current_app.config.get("DEMO_ACCOUNTS", []),
        "demo_password": current_app.config.get("DEMO_PASSWORD", ""),
        "submit_url": url_for("AuthView.second_step" if asks_code else "AuthView.login", **there),
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


def enter(user: Any) -> None:
    """Signs a person in at this browser. What was open there before is not carried on."""
    own = database()
    chosen = language_of(own, user.id) or session.get("language")
    session.clear()
    if chosen in LANGUAGES:
        session["language"] = chosen
    session["sid"] = _opened(user.id, PAGE)
    login_user(user, remember=False)


def _in(user: Any, target: str) -> Any:
    """Signs in, and answers with the page that was wanted, or with the form that was being filled in."""
    enter(user)
    fields = resume.unpack(request.form.get(resume.KEPT), user.id)
    if fields is not None and resume.can_resume(target):
        return _form_comes_back(target, fields)
    return redirect(target)


def _opened(user_id: int, kind: str) -> str:
    own = database()
    secret = open_session(own, user_id, kind, request.remote_addr or "", request.headers.get("User-Agent", ""))
    own.commit()
    return secret


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
            if user is not None and g.two_steps:
                session.clear()
                session["pending"] = [user.id, int(utc_now().timestamp()), request.form.get("username", "").strip()]
                return sign_in_page(target, kept=request.form.get(resume.KEPT, ""), asks_code=True)
            if user is not None:
                return _in(user, target)
            locked = g.get("locked_until")
            error = say(signing_in.locked_words(locked, utc_now()) if locked else _WRONG)
        kept = request.form.get(resume.KEPT, "")
        status = 200 if not error else 429 if g.get("locked_until") else 401
        return sign_in_page(target, error=error, kept=kept), status

    @expose("/login/code", methods=["POST"])
    def second_step(self) -> Any:
        """The second step: a code of the authenticator or a recovery code, within five minutes of the password."""
        target, kept = inside(request.args.get("next")), request.form.get(resume.KEPT, "")
        user_id, since, name = session.get("pending") or (0, 0, "")
        user = self.appbuilder.sm.get_user_by_id(user_id) if utc_now().timestamp() - since < PENDING else None
        if user is None:
            session.pop("pending", None)
            error = _("That took too long. Sign in once more.", "验证超时，请重新登录。")
            return sign_in_page(target, error=say(error), kept=kept), 401
        if self.appbuilder.sm.passes_second_step(user, name, request.form.get("code", "")[:40]):
            return _in(user, target)
        locked = g.get("locked_until")
        error = signing_in.locked_words(locked, utc_now()) if locked else _WRONG_CODE
        return sign_in_page(target, error=say(error), kept=kept, asks_code=True), 429 if locked else 401

    @expose("/logout/", methods=["POST"])
    def logout(self) -> Any:
        """Signs out, here alone; POST only, so that no foreign page can do it."""
        if "signed" in g:
            end_session(database(), g.signed.user_id, g.signed.session_id)
            database().commit()
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


_WRONG = _("The name or the password is wrong.", "用户名或密码错误。")
_WRONG_CODE = _("This code does not fit, or was used already.", "验证码不正确或已使用过。")
_CODE_TOO = _(
    "This account signs in by two steps: send code as well.", "该账号已开启两步验证，请同时提交 code（验证码）。"
)
PENDING = 300
"""So many seconds lie between the password and the code at most."""
_ASKED = _(
    "Send JSON with username and password; provider, where it is named, is db.",
    "请以 JSON 提交 username 与 password；如填写 provider，只能为 db。",
)


class SecurityApi(TokenApi):
    """The token resource of the framework, whose endpoint keeps its name; a lock-out is said as a problem (429)."""

    @expose("/login", methods=["POST"])
    def login(self) -> Any:
        """A token for a name and a password.
        ---
        post:
          description: A token for a name and a password. It ends with its session, and when the password changes.
          requestBody:
            required: true
            content:
              application/json:
                schema:
                  type: object
                  required: [username, password]
                  properties:
                    username: {type: string}
                    password: {type: string}
                    provider: {type: string, enum: [db]}
                    code: {type: string, description: The second step, of accounts that sign in by two}
                    refresh: {type: boolean, description: Whether a token for new tokens is wanted as well}
          responses:
            200:
              description: Signed in
              content:
                application/json:
                  schema:
                    type: object
                    properties:
                      access_token: {type: string}
                      refresh_token: {type: string}
            400: {description: The body cannot be read}
            401: {description: The name or the password is wrong}
            429: {description: Too many failed tries}
        """
        sent = request.get_json(silent=True)
        if not isinstance(sent, dict) or not all(isinstance(sent.get(name), str) for name in ("username", "password")):
            return problem(400, say(_ASKED), code="body")
        if sent.get("provider", "db") != "db":
            return problem(400, say(_ASKED), code="provider")
        user = self.appbuilder.sm.auth_user_db(sent["username"].strip(), sent["password"])
        until = g.get("locked_until")
        if until is not None:
            return problem(429, say(signing_in.locked_words(until, utc_now())), code="locked")
        if user is None:
            return problem(401, say(_WRONG), code="unauthorised")
        if g.two_steps:
            code = sent.get("code")
            if not isinstance(code, str):
                return problem(401, say(_CODE_TOO), code="second_step")
            if not self.appbuilder.sm.passes_second_step(user, sent["username"].strip(), code[:40]):
                until = g.get("locked_until")
                words = signing_in.locked_words(until, utc_now()) if until else _WRONG_CODE
                return problem(429 if until else 401, say(words), code="locked" if until else "second_step")
        claims = {"sid": _opened(user.id, TOKEN)}
        given = {"access_token": create_access_token(str(user.id), fresh=True, additional_claims=claims)}
        if sent.get("refresh"):
            given["refresh_token"] = create_refresh_token(str(user.id), additional_claims=claims)
        return self.response(200, **given)

    @expose("/refresh", methods=["POST"])
    @jwt_required(refresh=True)
    def refresh(self) -> Any:
        """A new token for a refresh token.
        ---
        post:
          description: A new token for a refresh token, while its session lasts
          responses:
            200:
              description: A new token
              content:
                application/json:
                  schema:
                    type: object
                    properties:
                      access_token: {type: string}
            401: {description: The token is wrong or its session has ended}
          security:
            - jwt_refresh: []
        """
        known = get_jwt()
        token = create_access_token(known["sub"], fresh=False, additional_claims={"sid": known.get("sid", "")})
        return self.response(200, access_token=token)


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
        g.two_steps = False
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
            g.two_steps = is_on(credential_of(own, found.id))
            result = LoginResult.CODE if g.two_steps else LoginResult.SIGNED_IN
            if passwords.is_old(found.password):
                found.password = passwords.hashed(password)
            if not g.two_steps:  # else a right password would give as many tries at the code as one likes
                signing_in.settle(own, username, found.id, address)
        signing_in.log(own, username or "", key, address, channel, result.value)
        own.commit()
        return found

    def passes_second_step(self, user: Any, name: str, code: str) -> bool:
        """Takes a code. Tries are counted with those of the password, before the code is looked at, and logged."""
        own, address = database(), request.remote_addr or ""
        g.locked_until, may_try = signing_in.reserve(own, name, user.id, address)
        own.commit()
        good = may_try and user.is_active and passes(own, user.id, code)
        if good:
            signing_in.settle(own, name, user.id, address, 2)
        result = LoginResult.SIGNED_IN if good else LoginResult.WRONG_CODE if may_try else LoginResult.LOCKED
        signing_in.log(own, name, user.id, address, "api" if is_api() else "page", result.value)
        own.commit()
        return bool(good)

    def load_user(self, pk: int) -> Any:
        """Returns whose session this browser's cookie belongs to; nobody's, once it has ended."""
        return self._signed_in(int(pk), session.get("sid"), PAGE)

    def load_user_jwt(self, _header: Any, data: Any) -> Any:
        """Returns whose session a token belongs to; nobody's, once it has ended."""
        found = self._signed_in(int(data["sub"]), data.get("sid"), TOKEN)
        if found is not None:
            g.user = found
        return found

    def _signed_in(self, user_id: int, secret: str | None, kind: str) -> Any:
        """The account, its session and what it must do first, in one statement; `g.signed` is the rest of that row."""
        who, rows, kept = self.user_model, LoginSession.__table__.c, Credential.__table__.c
        statement = (
            select(
                who,
                rows.id.label("session_id"),
                rows.user_id,
                rows.kind,
                rows.seen_at,
                rows.until,
                kept.must_change,
                kept.confirmed_at,
            )
            .join(LoginSession.__table__, rows.user_id == who.id)
            .outerjoin(Credential.__table__, kept.user_id == who.id)
            .where(who.id == user_id, rows.secret == secret_hash(secret), rows.kind == kind)
        )
        found = database().execute(statement).first()
        if found is None or not found[0].is_active or is_over(found, utc_now()):
            return None
        g.signed = found
        return found[0]

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
