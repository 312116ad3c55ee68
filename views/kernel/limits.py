"""How often one may ask: signing in by address, the interface, exports and searches by token or person (429, Retry-After).

Counted by the `limits` package in the memory of each server process, or in Redis where there is one, for all of them together. These
keep a runaway program from taking the console away from people; guessing passwords is stopped by the lock-out in the database.
"""

from __future__ import annotations

import logging
import re
import time
from typing import Any

from flask import Flask, g, request
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage, Storage, storage_from_string
from limits.strategies import FixedWindowRateLimiter

from models.kernel.words import _
from models.system.signing_in import counted_address
from views.kernel.problems import page, problem
from views.kernel.request import actor, is_api, say

log = logging.getLogger(__name__)

MOST = {"sign_in": 30, "rest": 600, "export": 30, "search": 240}
"""So many a minute."""

_SIGN_IN = ("AuthView.login", "AuthView.second_step", "SecurityApi.login", "SecurityApi.refresh")
_EXPORT = re.compile(r"/export(\.\w+)?$")
_SEARCH = re.compile(r"^/palette\.json$|/lookup(/\w+)?$|^/api/v1/search/")


def storage_of(redis_url: str | None) -> Storage:
    """Returns where is counted: Redis, shared by all processes and machines, or the memory of this one."""
    if redis_url is None:
        return MemoryStorage()
    found = storage_from_string(re.sub(r"^unix://", "redis+unix://", redis_url))
    assert isinstance(found, Storage)  # the other kind is for asyncio and has another scheme
    return found


def counted() -> tuple[str, str] | None:
    """Returns what this request counts as, and for whom; None where it is not counted."""
    who = f"user {actor().user_id}" if actor().user_id is not None else counted_address(request.remote_addr or "")
    if request.endpoint in _SIGN_IN:
        return ("sign_in", counted_address(request.remote_addr or "")) if request.method == "POST" else None
    if _EXPORT.search(request.path):
        return "export", who
    if _SEARCH.search(request.path):
        return "search", who
    if is_api():
        return "rest", f"token {g.token.token_id}" if "token" in g else who
    return None


def install(app: Flask, redis_url: str | None) -> None:
    """Counts before each request, once it is known who asks."""
    storage = storage_of(redis_url)
    limiter = FixedWindowRateLimiter(storage)

    @app.before_request
    def _limit() -> Any:
        found = counted() if app.config["RATE_LIMITS"] else None
        if found is None:
            return None
        kind, who = found
        item = RateLimitItemPerMinute(MOST[kind])
        try:
            if limiter.hit(item, "doorbook", kind, who):
                return None
            again = limiter.get_window_stats(item, "doorbook", kind, who).reset_time
        except storage.base_exceptions as error:  # Redis is away: people go on working
            log.warning("requests are not counted: %s", error)
            return None
        return too_many(max(1, int(again - time.time()) + 1))


def too_many(seconds: int) -> Any:
    """Returns the refusal of one request too many, with the time after which to ask again."""
    words = _("Too many requests. Try again in {n} seconds.", "请求过于频繁，请在 {n} 秒后重试。").fill(n=seconds)
    if is_api() or request.path.endswith(".json"):
        answer = problem(429, say(words), code="rate")
        answer.headers["Retry-After"] = str(seconds)
        return answer
    text, status = page(429, say(words))
    return text, status, {"Retry-After": str(seconds)}
