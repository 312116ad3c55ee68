"""What a person must do before anything else: change a password that somebody else set, set up a second step their role asks for."""

from __future__ import annotations

from typing import Any

from flask import Flask, flash, g, redirect, request

from models.kernel.words import _
from views.kernel.problems import problem
from views.kernel.request import actor, is_api, say

ANYWAY = (
    "AccountView.own_password",
    "TwoStepView.two_step",
    "AuthView.logout",
    "AuthView.choose_language",
    "SecurityApi.login",
    "SecurityApi.refresh",
)
"""What is open to them all the same."""

_SECOND = _(
    "Your role must sign in by two steps. Set up the second one first.", "您的角色必须使用两步验证，请先完成设置。"
)
_CHANGE = _(
    "Your password was set by somebody else. Choose one of your own first.",
    "您的密码由他人设置，请先修改为自己的密码。",
)


def install(app: Flask) -> None:
    """Sends whoever has such a duty there, whatever address they asked for; a machine is told (403)."""

    @app.before_request
    def _first() -> Any:
        row = g.get("signed")
        if row is None or actor().user_id is None or request.endpoint in ANYWAY:
            return None
        if row.must_change:
            words, code, url = _CHANGE, "password_change", "/password"
        elif row.confirmed_at is None and actor().roles() & app.config["TWO_STEP_ROLES"]:
            words, code, url = _SECOND, "two_step", "/me/two-step"
        else:
            return None
        if is_api() or request.path.endswith(".json"):
            return problem(403, say(words), code=code)
        flash(say(words), "warn")
        return redirect(url)
