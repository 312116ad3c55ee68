"""Two-step sign-in (两步验证) as a person sets it up, and as an administrator resets it for who lost their telephone."""

from __future__ import annotations

from typing import Any

import segno
from flask import current_app, flash, redirect, render_template, request
from flask_appbuilder import BaseView, expose
from markupsafe import Markup

from models.kernel.grant import require_command_over
from models.kernel.refusal import Refusal
from models.kernel.registry import table
from models.kernel.roles import WRITE
from models.kernel.words import Words, _
from models.system.credential import credential_of
from models.system.rules import confirm_password
from models.system.two_step import (
    address_of,
    begin_two_step,
    codes_left,
    confirm_two_step,
    end_two_step,
    is_on,
    login_of,
    new_recovery_codes,
    reset_two_step,
)
from views.kernel.access import needs, signed_in
from views.kernel.formats import moment
from views.kernel.pages import RECORD_ACTIONS
from views.kernel.request import actor, say
from views.kernel.request import session as database
from views.kernel.shell import shell
from views.pages.fields import PlainField, put_errors
from views.pages.system.account import held_profile, may_set

TITLE = _("Two-step sign-in", "两步验证")


def _may_reset(profile: Any) -> bool:
    return may_set(profile) and is_on(credential_of(database(), profile.user_id or 0))


RECORD_ACTIONS["user_profile"].append(
    {
        "label": _("Reset two-step sign-in", "重置两步验证"),
        "url": "/user_profile/{pk}/two-step",
        "icon": "refresh",
        "right": WRITE,
        "method": "post",
        "when": _may_reset,
    }
)


class TwoStepView(BaseView):  # type: ignore[misc]
    """`/me/two-step`: off, being set up, or on."""

    route_base = ""
    default_view = "two_step"
    table = table("user_profile")

    @expose("/me/two-step", methods=["GET", "POST"])
    @signed_in
    def two_step(self) -> Any:
        """Sets it up (`begin`, `confirm`), makes new recovery codes (`codes`), switches it off (`off`)."""
        if request.method == "GET":
            return _page()
        own, user, sent = database(), actor().user_id or 0, request.form
        doing = sent.get("do", "")
        try:
            if doing == "confirm":
                codes = confirm_two_step(own, user, sent.get("code", "")[:40])
                own.commit()
                return _page(codes=codes)
            confirm_password(own, user, sent.get("present", "")[:500], request.remote_addr or "")
            if doing == "begin":
                begin_two_step(own, user)
            elif doing == "codes" and is_on(credential_of(own, user)):
                codes = new_recovery_codes(own, user)
                own.commit()
                return _page(codes=codes)
            elif doing == "off" and is_on(credential_of(own, user)):
                if must_have():
                    raise Refusal(
                        _("Your role must sign in by two steps.", "您的角色必须使用两步验证，不能关闭。"), status=409
                    )
                end_two_step(own, user)
                flash(say(_("Two-step sign-in is off.", "两步验证已关闭。")), "ok")
            own.commit()
        except Refusal as refusal:
            own.rollback()
            return _page(refusal=refusal), refusal.status
        return redirect("/me/two-step")

    @expose("/user_profile/<pk>/two-step", methods=["POST"])
    @needs(WRITE)
    def reset(self, pk: str) -> Any:
        """Switches it off for somebody whose password one may set; they are told, and it is recorded."""
        own = database()
        profile = held_profile(pk)
        require_command_over(own, actor(), profile)
        reset_two_step(own, profile)
        own.commit()
        sentence = _("“{name}” signs in with the password alone now.", "已重置“{name}”的两步验证，现可仅用密码登录。")
        flash(say(sentence.fill(name=profile.name)), "ok")
        return redirect(f"/user_profile/show/{profile.id}")


def must_have() -> bool:
    """Returns whether a role the actor holds must sign in by two steps (TWO_STEP_ROLES)."""
    return bool(actor().roles() & current_app.config["TWO_STEP_ROLES"])


def _page(*, codes: list[str] | None = None, refusal: Refusal | None = None) -> str:
    own, user = database(), actor().user_id or 0
    row = credential_of(own, user)
    on = is_on(row)
    present = PlainField("present", _("Present password", "当前密码"), render_kind="password", required_mark=True)
    hint: Words = _("The six digits that the authenticator shows.", "验证器应用显示的 6 位数字。")
    code = PlainField("code", _("Code", "验证码"), hint=hint, required_mark=True, max_length=10)
    secret = str(row.secret.plain()) if row is not None and row.secret is not None and not on else ""
    picture = segno.make(address_of(secret, login_of(own, user)), error="m", micro=False) if secret else None
    page = {
        "on": on,
        "since": moment(row.confirmed_at) if on else "",
        "left": codes_left(row) if on else 0,
        "codes": codes,
        "secret": " ".join(secret[n : n + 4] for n in range(0, len(secret), 4)),
        "qr": Markup(
            picture.svg_inline(omitsize=True, svgclass="qr", lineclass=None, border=3, dark="#000", light="#fff")
        )
        if picture
        else None,
        "present": present,
        "code": code,
        "errors": put_errors([present, code], refusal) if refusal is not None else [],
        "must": must_have(),
    }
    crumbs = [{"label": _("My account", "我的账户"), "url": "/me"}]
    return render_template("doorbook/two_step.html", shell=shell(TITLE, crumbs), page=page)
