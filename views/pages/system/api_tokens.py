"""One's own tokens of the interface (接口令牌): made with a scope and an end, shown once, revoked."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request
from flask_appbuilder import BaseView, expose

from models.kernel.clock import utc_now
from models.kernel.refusal import Refusal
from models.kernel.registry import areas, tables
from models.kernel.roles import READ
from models.kernel.scope import may
from models.kernel.words import _
from models.system.api_token import DAYS, NAME_LENGTH, SCOPES, make_token, revoke_token, tokens_of
from models.system.rules import confirm_password
from views.kernel.access import signed_in
from views.kernel.formats import moment
from views.kernel.request import actor, say
from views.kernel.request import session as database
from views.kernel.shell import OWN_PAGES, shell
from views.pages.fields import PlainField, put_errors

TITLE = _("Tokens of the interface", "接口令牌")
OWN_PAGES.append({"label": TITLE, "url": "/me/tokens", "icon": "key"})


class ApiTokensView(BaseView):  # type: ignore[misc]
    """`/me/tokens`: which there are, a form for another, and a button that revokes each."""

    route_base = ""
    default_view = "tokens"

    @expose("/me/tokens", methods=["GET", "POST"])
    @signed_in
    def tokens(self) -> Any:
        """Lists and makes them. A new one stands on the answer to its form and nowhere else."""
        own, sent = database(), request.form
        if request.method == "GET":
            return _page({"read"}, set(), _fields("", "90"))
        rights, names = set(sent.getlist("rights")), set(sent.getlist("tables"))
        fields = _fields(sent.get("name", "")[:200], sent.get("days", ""))
        try:
            if sent.get("which") == "some" and not names:
                raise Refusal(_("Choose at least one table.", "请至少选择一个数据表。"), "tables", code="required")
            chosen = names if sent.get("which") == "some" else set()
            confirm_password(own, actor().user_id or 0, sent.get("present", "")[:500], request.remote_addr or "")
            days = sent.get("days", "")
            number = int(days) if days.isascii() and days.isdecimal() and len(days) < 5 else 0
            secret = make_token(own, fields[0].data, rights, chosen, number)
            own.commit()
        except Refusal as refusal:
            own.rollback()
            return _page(rights, names, fields, refusal=refusal, some=sent.get("which") == "some"), refusal.status
        return _page({"read"}, set(), _fields("", "90"), secret=secret)

    @expose("/me/tokens/<int:key>/revoke", methods=["POST"])
    @signed_in
    def revoke(self, key: int) -> Any:
        """Revokes one; calls with it are refused from now on."""
        own = database()
        revoke_token(own, key)
        own.commit()
        flash(say(_("The token was revoked.", "令牌已撤销。")), "ok")
        return redirect("/me/tokens")


def _fields(name: str, days: str) -> list[PlainField]:
    spans = tuple((str(n), _("{n} days", "{n} 天").fill(n=n)) for n in DAYS)
    hint = _("Which program will use it.", "哪个程序将使用该令牌。")
    return [
        PlainField("name", _("What for", "用途"), name, hint=hint, required_mark=True, max_length=NAME_LENGTH),
        PlainField("days", _("Holds for", "有效期"), days, render_kind="choice", choices=spans, required_mark=True),
        PlainField("present", _("Present password", "当前密码"), render_kind="password", required_mark=True),
    ]


def _page(
    rights: set[str],
    names: set[str],
    fields: list[PlainField],
    *,
    refusal: Refusal | None = None,
    secret: str | None = None,
    some: bool = False,
) -> str:
    own, now = database(), utc_now()
    groups = []
    for area in areas().values():
        mine = [c for c in tables().values() if _area(c) == area.name and may(actor(), c, READ)]
        if mine:
            items = [{"name": c.__tablename__, "label": c.screen.name, "on": c.__tablename__ in names} for c in mine]
            groups.append({"label": area.label, "items": items})
    shown = [
        {
            "id": row.id,
            "name": row.name,
            "start": row.start,
            "rights": [SCOPES[right] for right in row.rights.split(",") if right in SCOPES],
            "tables": [tables()[name].screen.name for name in row.tables.split(",") if name in tables()],
            "until": moment(row.until),
            "over": row.until < now,
            "used": f"{moment(row.used_at)} · {row.used_from}" if row.used_at else "",
        }
        for row in tokens_of(own, actor().user_id or 0)
    ]
    page = {
        "title": TITLE,
        "errors": put_errors(fields, refusal) if refusal is not None else [],
        "tokens": shown,
        "secret": secret,
        "fields": fields,
        "rights": [{"name": name, "label": words, "on": name in rights} for name, words in SCOPES.items()],
        "groups": groups,
        "some": some,
    }
    crumbs = [{"label": _("My account", "我的账户"), "url": "/me"}]
    return render_template("doorbook/api_tokens.html", shell=shell(TITLE, crumbs), page=page)


def _area(cls: Any) -> str:
    return str(cls.__dict__.get("area_name", cls.__module__.split(".")[1]))
