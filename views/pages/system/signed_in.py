"""Where a person is signed in, and signing out from afar: one's own sessions one by one or all, others' by their administrators."""

from __future__ import annotations

from typing import Any

from flask import flash, g, redirect
from flask_appbuilder import BaseView, expose

from models.kernel.clock import utc_now
from models.kernel.grant import require_command_over
from models.kernel.refusal import Missing
from models.kernel.registry import table
from models.kernel.roles import WRITE
from models.kernel.words import _
from models.system.api_token import revoke_tokens
from models.system.login_session import (
    PAGE,
    device_words,
    end_session,
    end_sessions,
    note_signed_out,
    sessions_of,
)
from views.kernel.access import needs, signed_in
from views.kernel.formats import moment
from views.kernel.pages import RECORD_ACTIONS
from views.kernel.request import actor, say
from views.kernel.request import session as database
from views.pages.system.account import held_profile, may_set, own_profile

RECORD_ACTIONS["user_profile"].append(
    {
        "label": _("Sign out everywhere", "退出全部登录"),
        "url": "/user_profile/{pk}/sign-out",
        "icon": "logout",
        "right": WRITE,
        "method": "post",
        "when": may_set,
    }
)


def shown_sessions() -> list[dict[str, Any]]:
    """Returns the actor's sessions as their own page shows them."""
    here = g.signed.session_id if "signed" in g else None
    found = []
    for one in sessions_of(database(), actor().user_id or 0, here):
        kind = _("Pages", "网页") if one.kind == PAGE else _("Interface", "接口")
        used = one.seen_at if not one.here else utc_now()
        found.append(
            {
                "id": one.id,
                "device": device_words(one.device) or "—",
                "kind": kind,
                "address": one.address or "—",
                "since": moment(one.created_at),
                "seen": moment(used),
                "here": one.here,
            }
        )
    return found


class SessionsView(BaseView):  # type: ignore[misc]
    """Ends sessions. Which there are stands on `/me`."""

    route_base = ""
    default_view = "end_all"
    table = table("user_profile")

    @expose("/me/sessions/<int:key>/end", methods=["POST"])
    @signed_in
    def end_one(self, key: int) -> Any:
        """Ends one of one's own sessions."""
        own = database()
        if not end_session(own, actor().user_id or 0, key):
            raise Missing(_("This session has ended already.", "该登录已退出。"))
        own.commit()
        flash(say(_("Signed out there.", "已退出该处登录。")), "ok")
        return redirect("/me")

    @expose("/me/sessions/end", methods=["POST"])
    @signed_in
    def end_all(self) -> Any:
        """Ends all of one's own sessions but this one, tokens that were had for a password among them."""
        own, who = database(), actor()
        count = end_sessions(own, who.user_id or 0, g.signed.session_id if "signed" in g else None)
        profile = own_profile()
        if count and profile is not None:
            note_signed_out(own, profile.id, count)
        own.commit()
        flash(say(_("Signed out in {n} other places.", "已退出其他 {n} 处登录。").fill(n=count)), "ok")
        return redirect("/me")

    @expose("/user_profile/<pk>/sign-out", methods=["POST"])
    @needs(WRITE)
    def end_of(self, pk: str) -> Any:
        """Ends all sessions of somebody whose password one may set, and revokes the tokens they made."""
        own = database()
        profile = held_profile(pk)
        require_command_over(own, actor(), profile)
        count = end_sessions(own, profile.user_id or 0) + revoke_tokens(own, profile.user_id or 0)
        note_signed_out(own, profile.id, count)
        own.commit()
        sentence = _("“{name}” was signed out in {n} places.", "已退出“{name}”的 {n} 处登录。")
        flash(say(sentence.fill(name=profile.name, n=count)), "ok")
        return redirect(f"/user_profile/show/{profile.id}")
