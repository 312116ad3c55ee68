"""Refusals on their way out: problem+json (RFC 9457) for machines, a sentence on a page for people."""

from __future__ import annotations

import errno
import logging
from typing import Any

from flask import Flask, Response, g, json, make_response, redirect, render_template, request, url_for
from flask_jwt_extended.exceptions import JWTExtendedException
from flask_login import AnonymousUserMixin
from flask_wtf.csrf import CSRFError
from jwt.exceptions import PyJWTError
from sqlalchemy.exc import IntegrityError, OperationalError, SQLAlchemyError
from werkzeug.exceptions import HTTPException

from models.kernel.refusal import Refusal, Stale
from models.kernel.session import reading
from models.kernel.words import Words, _
from views.kernel.request import actor, begin, is_api, say
from views.kernel.request import session as database
from views.kernel.resume import again, pack, typed

log = logging.getLogger(__name__)
_PG_DISK_FULL = "53100"

SENTENCES: dict[int, Words] = {
    400: _("This request cannot be read. Go back and try again.", "无法识别该请求，请返回重试。"),
    401: _("Sign in first.", "请先登录。"),
    403: _("You have no right to do this.", "您没有该操作的权限。"),
    404: _(
        "This page does not exist, or the record is not in your part of the tree.",
        "页面不存在，或记录不在您的权限范围内。",
    ),
    405: _("This address does not take this kind of request.", "该地址不支持此类请求。"),
    409: _("This cannot be done as the record stands now.", "记录当前状态下无法执行该操作。"),
    413: _("This file is too large.", "文件过大。"),
    422: _("Something that was entered cannot be accepted.", "填写的内容有误，请检查。"),
    428: _("Say which version you are changing (If-Match).", "请在 If-Match 中注明所修改的版本。"),
    429: _("Too many requests. Wait a moment.", "请求过于频繁，请稍后再试。"),
    500: _(
        "Something went wrong on our side; nothing was saved. Tell an administrator the number below.",
        "系统出现异常，本次操作未保存。请将下方编号告知管理员。",
    ),
    503: _("Not saved: the database is busy. Try again in a moment.", "尚未保存：数据库繁忙，请稍后重试。"),
    507: _(
        "Not saved: the disk of the server is full. Tell an administrator, then try again.",
        "尚未保存：服务器磁盘空间不足，请联系管理员处理后重试。",
    ),
}


def problem(
    status: int, sentence: str, *, code: str = "", errors: list[dict[str, Any]] | None = None, **more: Any
) -> Response:
    """Returns an error as problem+json.

    Args:
        status: the HTTP status.
        sentence: what happened and what to do, in the language of the request.
        code: a stable id of the kind of error.
        errors: one entry per field: `field`, `code`, `sentence`.
        more: further members, such as `current` of a version conflict.
    """
    body = {
        "type": f"/docs/problems#{code or status}",
        "title": sentence,
        "status": status,
        "detail": sentence,
        "message": sentence,
        "code": code or str(status),
        "request_id": g.get("request_id", ""),
        **more,
    }
    if errors:
        body["errors"] = errors
    response = make_response(json.dumps(body, ensure_ascii=False), status)
    response.headers["Content-Type"] = "application/problem+json"
    return response


def problem_of(refusal: Refusal) -> Response:
    """Returns a refusal as problem+json, with each field it names."""
    errors = [{"field": r.field, "code": r.code, "sentence": say(r.sentence)} for r in refusal.all() if r.field]
    more: dict[str, Any] = {"field": refusal.field} if refusal.field else {}
    if refusal.url is not None:
        more["url"] = refusal.url
    if isinstance(refusal, Stale):
        more["current_version"] = refusal.current
        more["theirs"] = refusal.theirs
    return problem(refusal.status, say(refusal.sentence), code=refusal.code, errors=errors, **more)


def page(status: int, sentence: str) -> tuple[str, int]:
    """Returns an error as a page of ours."""
    from views.kernel.shell import shell

    return (
        render_template(
            "doorbook/error.html",
            shell=shell(str(status)),
            page={"status": status, "sentence": sentence, "request_id": g.get("request_id", ""), "home_url": "/"},
        ),
        status,
    )


def _refused(refusal: Refusal) -> Any:
    database().rollback()
    return problem_of(refusal) if is_api() else page(refusal.status, say(refusal.sentence))


def _http(error: HTTPException) -> Any:
    status = error.code or 500
    if status < 400:
        return error
    sentence = say(SENTENCES.get(status, SENTENCES[500 if status >= 500 else 400]))
    return problem(status, sentence) if is_api() else page(status, sentence)


def _csrf(_error: CSRFError) -> Any:
    """A form of a session that has ended is kept over signing in; one of another session of the same person comes back."""
    if not is_api():
        if actor().user_id is None and typed() is not None:
            return sign_in()
        shown = again() if actor().user_id is not None else None
        if shown is not None:
            return shown
    sentence = say(
        _(
            "This page was open for too long. Go back, reload it and send it again; what you typed is still in the form.",
            "页面已过期。请返回并刷新后重新提交，已填写的内容仍在表单中。",
        )
    )
    return problem(400, sentence, code="csrf") if is_api() else page(400, sentence)


def _token(*_details: Any) -> Response:
    """Whatever is wrong with a token, the answer is the same: what exactly is nobody's business."""
    sentence = _("The token is missing, wrong or expired. Sign in again.", "令牌缺失、错误或已过期，请重新登录。")
    return problem(401, say(sentence), code="token")


def _integrity(error: IntegrityError) -> Any:
    """Two people at once: the database refused what the check before it still allowed."""
    database().rollback()
    log.info("integrity: %s", error.orig)
    sentence = say(
        _(
            "Somebody entered the same at the same moment, or a record this one needs was deleted. Check and save again.",
            "可能有人同时录入了相同内容，或所引用的记录已被删除，请核对后重新保存。",
        )
    )
    return problem(409, sentence, code="duplicate") if is_api() else page(409, sentence)


def _busy(error: OperationalError) -> Any:
    """The database is locked, away or out of room: nothing was saved, and a form stands there as it was typed."""
    database().rollback()
    log.warning("database: %s", error.orig)
    full = "full" in str(error.orig) or getattr(error.orig, "sqlstate", None) == _PG_DISK_FULL
    return _not_now(507 if full else 503)


def _no_room(error: OSError) -> Any:
    """A file could not be written, since the disk is full."""
    if error.errno not in (errno.ENOSPC, errno.EDQUOT):
        return _crash(error)
    database().rollback()
    log.error("disk: %s", error)
    return _not_now(507)


def _not_now(status: int) -> Any:
    if is_api():
        return problem(status, say(SENTENCES[status]), code="full" if status == 507 else "busy")
    before, shown = reading.get(), None
    try:
        begin(only_reads=True)  # perhaps nobody was known yet; and what is shown again needs no lock
        shown = again(SENTENCES[status]) if actor().user_id is not None else None
    except SQLAlchemyError:  # the database is away altogether
        database().rollback()
        g.pop("actor", None)
        g._login_user = AnonymousUserMixin()  # else the template asks the database who it is shown to
    try:
        return page(status, say(SENTENCES[status])) if shown is None else (shown, status)
    finally:
        database().rollback()
        reading.set(before)


def _crash(error: Exception) -> Any:
    log.exception("request %s failed", g.get("request_id", ""))
    database().rollback()
    sentence = say(SENTENCES[500])
    return problem(500, sentence, code="internal") if is_api() else page(500, sentence)


def sign_in() -> Any:
    """Sends whoever is not signed in to the sign-in page, and back here afterwards; a machine gets a 401.

    A form that was sent is carried along and comes back filled (`views.kernel.resume`).
    """
    if is_api():
        return problem(401, say(SENTENCES[401]), code="unauthorised")
    fields = typed()
    if fields is not None:
        from views.kernel.security import sign_in_page

        return sign_in_page(request.full_path.rstrip("?"), kept=pack(fields)), 401
    here = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("AuthView.login", next=here) if here and here != "/" else url_for("AuthView.login"))


def install(app: Flask) -> None:
    """Registers all of the above."""
    app.register_error_handler(Refusal, _refused)
    app.register_error_handler(CSRFError, _csrf)
    app.register_error_handler(JWTExtendedException, _token)
    app.register_error_handler(PyJWTError, _token)
    tokens = app.extensions["flask-jwt-extended"]
    for loader in ("invalid_token", "expired_token", "unauthorized", "revoked_token", "user_lookup_error"):
        getattr(tokens, f"{loader}_loader")(_token)
    app.register_error_handler(IntegrityError, _integrity)
    app.register_error_handler(OperationalError, _busy)
    app.register_error_handler(OSError, _no_room)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _crash)
