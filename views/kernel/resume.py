"""A form that was sent after the session had ended comes back filled once its writer has signed in again.

What was typed travels with the sign-in page, in the browser of whoever typed it: nothing is stored on the server. Only pages
that say so with `resumes` take part (never one that asks for a password), only what this console's own pages sent is kept,
and only who opened the form gets it back. A form that comes back is shown, not saved.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import current_app, flash, g, request
from werkzeug.exceptions import HTTPException

from models.kernel.words import Words, _
from views.kernel.request import actor, say

KEPT = "_kept"
"""The field of the sign-in page that carries what was typed."""
BACK = "_resume"
"""Says that a form only comes back, and is not meant to be saved yet."""
BY = "_by"
"""Who opened a form: it comes back to nobody else."""
MOST_FIELDS = 2_000
DROPPED = ("csrf_token", BACK, "_save", "_save_more", "_apply")

_ENDED = _(
    "Not saved yet: your session had ended. Check the form and save it.",
    "登录曾失效，内容尚未保存，请核对后保存。",
)
Pairs = list[tuple[str, str]]


def resumes(method: Callable[..., Any]) -> Callable[..., Any]:
    """Marks a page whose form may come back; its method asks `resuming()` before it saves."""
    method._resumes = True  # type: ignore[attr-defined]
    return method


def can_resume(address: str) -> bool:
    """Returns whether the form of this address may come back."""
    try:
        endpoint, _values = current_app.url_map.bind("").match(urlsplit(address).path, method="POST")
    except HTTPException:
        return False
    return bool(getattr(current_app.view_functions.get(endpoint), "_resumes", False))


def sent_from_here() -> bool:
    """Returns whether a page of this console sent the form: every browser says so of a POST."""
    return urlsplit(request.headers.get("Origin", "")).netloc == request.host


def typed() -> Pairs | None:
    """Returns what this request would lose; None where that is nothing, or not ours to keep."""
    if request.method != "POST" or not can_resume(request.path) or not sent_from_here():
        return None
    return [(name, value) for name, value in request.form.items(multi=True) if name not in DROPPED]


def pack(fields: Pairs | None) -> str:
    """Returns fields as the sign-in page carries them."""
    return urlencode(fields) if fields else ""


def unpack(raw: str | None, user_id: int) -> Pairs | None:
    """Reads what the sign-in page carried; None where that is nothing, mangled, or somebody else's."""
    try:
        fields = parse_qsl(raw or "", keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        return None
    return fields if (BY, str(user_id)) in fields else None


def again(why: Words | None = None) -> Any | None:
    """Shows the form of this request once more, with what was typed; None where that cannot be.

    Args:
        why: what is said above it. Without it: the token was of another session, since somebody signed out and in again
            in another tab; the person is known, only the form is of before.
    """
    fields = typed()
    if fields is None or (BY, str(actor().user_id)) not in fields:
        return None
    g.resuming = why or _ENDED
    return current_app.view_functions[request.endpoint or ""](**(request.view_args or {}))


def resuming() -> bool:
    """Returns whether this request only brings a form back; says so on the page."""
    if not (g.get("resuming") or BACK in request.form):
        return False
    flash(say(g.get("resuming") or _ENDED), "warn")
    return True
