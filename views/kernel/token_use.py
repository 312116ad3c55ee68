"""A token of the interface at the door: whose it is, and that a call stays in its scope before any row is looked at."""

from __future__ import annotations

from typing import Any

from flask import g, request
from sqlalchemy import select
from werkzeug.routing import Rule

from models.kernel.actor import Cut
from models.kernel.clock import utc_now
from models.kernel.refusal import Refusal
from models.kernel.registry import tables
from models.kernel.roles import DELETE, EXPORT, READ, WRITE
from models.kernel.words import _
from models.system.api_token import MOVE, PREFIX, ApiToken
from models.system.login_session import secret_hash

SAFE = ("GET", "HEAD", "OPTIONS")
FOR_ALL = ("ConsoleOpenApi", "SearchResource", "MenuApi")
"""Resources that are no table and show what each table's own rights leave."""


def sent_token() -> str | None:
    """Returns the token of this request where it is one that a person made; None for all else."""
    kind, _gap, value = request.headers.get("Authorization", "").partition(" ")
    return value.strip() if kind.lower() == "bearer" and value.strip().startswith(PREFIX) else None


def token_row(session: Any, model: Any, secret: str) -> Any:
    """Returns (account, token) of a secret, in one statement; None where it is unknown, revoked, over, or its person disabled."""
    own = ApiToken.__table__.c
    statement = (
        select(model, own.id.label("token_id"), own.rights, own.tables, own.used_at, own.until)
        .join(ApiToken.__table__, own.user_id == model.id)
        .where(own.secret == secret_hash(secret), own.revoked_at.is_(None))
    )
    found = session.execute(statement).first()
    if found is None or found.until < utc_now() or not found[0].is_active:
        return None
    return found


def stay_in_scope(cut: Cut) -> None:
    """Refuses a call that the token's scope leaves nothing of; which rows it reaches is the gate's matter.

    Raises:
        Refusal: it writes and the token only reads; it asks what is no table while the token is cut down to some.
    """
    rule, given = request.url_rule, request.view_args or {}
    if not isinstance(rule, Rule):
        return
    name = rule.rule.split("/")[3] if rule.rule.count("/") > 3 else ""
    wanted = READ
    if request.method not in SAFE:
        wanted = (
            MOVE if "transition" in given else DELETE if request.method == "DELETE" and "key" not in given else WRITE
        )
    elif name == "job":
        wanted = EXPORT  # the files that exports made
    if wanted not in cut.rights:
        sentence = _("The scope of this token leaves that out.", "该令牌的授权范围不包含该操作。")
        raise Refusal(sentence, code="token_scope", status=403)
    other = name not in tables() and not rule.endpoint.startswith(FOR_ALL)
    if other and cut.tables is not None:
        sentence = _("This token holds for some tables alone.", "该令牌仅可访问指定的数据表。")
        raise Refusal(sentence, code="token_scope", status=403)


def remember(row: Any) -> None:
    """Keeps whose token this request carries."""
    g.token, g.user = row, row[0]
