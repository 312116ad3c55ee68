"""What waits, as numbers in the frame: the bell and the counts beside the menu, in one request after the first paint.

Whoever has a count adds a `Counter`; all of them are parts of one statement, so that the request stays at four whatever
there is to count (who asks, their grants, the tree, the counts).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import jsonify
from flask_appbuilder import BaseView, expose
from sqlalchemy import CompoundSelect, Select, func, literal, select, union_all
from sqlalchemy.orm import Session

from models.kernel.actor import Actor
from models.kernel.notice.mailbox import Mailbox
from models.kernel.registry import table
from models.kernel.roles import READ
from models.kernel.scope import may
from views.kernel.access import signed_in
from views.kernel.request import actor
from views.kernel.request import session as database

MOST = 99
"""More than so many are shown as '99+' and not counted further."""


@dataclass(frozen=True, slots=True)
class Counter:
    """A number in the frame.

    Attributes:
        key: of the menu entry (its table's name) or of the bell.
        table: counted only for those who may read it; None for what is no table, which everybody has of their own.
        waiting: gives the statement of the keys that wait for this actor, of one column, which begins with `select(<a
            column of the table>)`; None where nothing ever can.
        late: whether such work is late: the number is red.
    """

    key: str
    table: str | None
    waiting: Callable[[Session, Actor], Select[Any] | CompoundSelect[Any] | None]
    late: bool = False


COUNTERS: list[Counter] = [
    Counter("mailbox", "mailbox", lambda _session, _actor: select(Mailbox.id).where(Mailbox.read_at.is_(None)))
]
"""All counters; pages and areas append theirs when they are imported."""


def counts(session: Session, who: Actor) -> dict[str, dict[str, Any]]:
    """Returns what waits for an actor, by key. One statement."""
    asked = [one for one in COUNTERS if one.table is None or may(who, table(one.table), READ)]
    parts = []
    for place, one in enumerate(asked):
        waiting = one.waiting(session, who)
        if waiting is None:
            continue
        keys = waiting.order_by(None).limit(MOST + 1).subquery()
        parts.append(select(literal(place).label("place"), func.count().label("n")).select_from(keys))
    if not parts:
        return {}
    found: dict[str, dict[str, Any]] = {}
    for place, n in session.execute(union_all(*parts)):
        said = f"{MOST}+" if n > MOST else str(n)
        found[asked[place].key] = {"n": n, "text": said if n else "", "late": asked[place].late and n > 0}
    return found


class CountsView(BaseView):
    """`/counts.json`."""

    route_base = ""
    default_view = "counts"

    @expose("/counts.json", methods=["GET"])
    @signed_in
    def counts(self) -> Any:
        """What waits for whoever asks."""
        return jsonify(counts(database(), actor()))
