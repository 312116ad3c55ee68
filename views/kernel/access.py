"""Rights at the door of a page or resource. What lies behind is guarded again, row by row, by the gate."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from models.kernel.refusal import Denied
from models.kernel.scope import may
from views.kernel.problems import sign_in
from views.kernel.request import actor


def needs(right: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Lets a method of a table's view be called by those who hold `right` on the table somewhere.

    Whoever is not signed in is sent to the sign-in page; whoever lacks the right gets a sentence (403).
    """

    def wrap(method: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(method)
        def guarded(self: Any, *args: Any, **kwargs: Any) -> Any:
            if actor().user_id is None:
                return sign_in()
            if not may(actor(), self.table, right):
                raise Denied()
            return method(self, *args, **kwargs)

        guarded._permission_name = right  # type: ignore[attr-defined]  # the framework collects permissions by it
        return guarded

    return wrap


def signed_in(method: Callable[..., Any]) -> Callable[..., Any]:
    """Lets a page be called by anyone who is signed in."""

    @wraps(method)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        return sign_in() if actor().user_id is None else method(*args, **kwargs)

    return guarded
