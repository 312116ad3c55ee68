"""What a list's URL asks for. Every argument may be mangled; what cannot be read is left out and said (fault 12).

The framework's names are kept: `_flt_<place>_<column>`, `_oc_<View>`, `_od_<View>`, `page_<View>`, `psize_<View>`. Ours are
`q` (quick search), `_cols` (chosen columns), `_after` and `_before` (cursors).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from flask import request
from sqlalchemy.orm import Session

from models.kernel.entry import is_required
from models.kernel.refusal import Refusal
from models.kernel.registry import infos
from models.kernel.roles import WRITE
from models.kernel.scope import reach
from models.kernel.session import actor_of
from models.kernel.table import Table
from models.kernel.words import Words, _
from views.kernel.listing import Asked, Filter, Listing, chosen, known_column

SIZES = (25, 50, 100, 200)


@dataclass(slots=True)
class Wanted:
    """A list's URL, read: what is asked, and the sentences about what was left out."""

    asked: Asked
    view: str
    arguments: list[tuple[str, str]]
    notes: list[Words] = field(default_factory=list)

    def url(self, path: str, values: dict[str, Any] | None = None, *, drop: tuple[str, ...] = ()) -> str:
        """Returns `path` with this list's arguments, some of them dropped or replaced (None drops)."""
        values = values or {}
        cursors = ("_after", "_before", f"page_{self.view}")
        moved = any(name not in cursors for name in (*drop, *values))
        gone = {*drop, *values, *(cursors if moved or any(c in values for c in cursors) else ())}
        kept = [(name, value) for name, value in self.arguments if name not in gone]
        kept += [(name, str(value)) for name, value in values.items() if value is not None]
        return f"{path}?{urlencode(kept)}" if kept else path


def read_filter(name: str) -> tuple[str, str] | None:
    """Returns (operator, column) of a filter argument's name: '_flt_0_name' -> ('0', 'name')."""
    if not name.startswith("_flt_"):
        return None
    operator, _sep, path = name[5:].partition("_")
    return (operator, path) if path else None


def wanted(session: Session, cls: type[Table], view: str) -> Wanted:
    """Reads the URL of a list of `cls`; `view` is the framework's name of the list."""
    arguments = [(name, value[:500]) for name, value in request.args.items(multi=True)]
    found = Wanted(Asked(), view, arguments)
    filters = _filters(session, cls, found)
    direction = "-" if request.args.get(f"_od_{view}") == "desc" else ""
    order = request.args.get(f"_oc_{view}")
    if order is not None:
        try:
            order = direction + order
            Listing(session, cls, Asked(order=order))
        except Refusal as refusal:
            found.notes.append(refusal.sentence)
            order = None
    columns = chosen(request.args.get("_cols", "").split(","), cls)
    found.asked = Asked(
        columns=columns,
        filters=tuple(filters),
        search=request.args.get("q", "").strip()[:100],
        order=order,
        page=_number(request.args.get(f"page_{view}"), 0, 1_000_000, 0),
        size=_number(request.args.get(f"psize_{view}"), 1, SIZES[-1], SIZES[1]),
        after=request.args.get("_after"),
        before=request.args.get("_before"),
    )
    return found


def _filters(session: Session, cls: type[Table], found: Wanted) -> list[Filter]:
    grouped: dict[tuple[str, str], list[str]] = {}
    for name, value in found.arguments:
        parts = read_filter(name)
        if parts is not None and value != "":
            grouped.setdefault(parts, []).append(value)
    filters = []
    for (operator, path), values in grouped.items():
        one = Filter(path, operator, values[-1])
        try:
            joined = ",".join(values)
            if "," in joined and known_column(cls, path).kind in ("choice", "ref"):
                one = Filter(path, "in", joined)  # several boxes ticked
            Listing(session, cls, Asked(filters=(one,))).check()
        except Refusal as refusal:
            found.notes.append(
                _("One filter was left out: {why}", "有一个筛选条件未生效：{why}").fill(why=refusal.sentence)
            )
            continue
        filters.append(one)
    return filters


def _number(raw: str | None, least: int, most: int, default: int) -> int:
    """Returns a whole number of the URL, cut to what is allowed; the default where it is none."""
    if raw is None or not re.fullmatch(r"-?\d{1,12}", raw):
        return default
    return min(max(int(raw), least), most)


def prefill(session: Session, cls: type[Table]) -> dict[str, str]:
    """Returns the values an add form begins with: what its URL carries, and places of which there is only one to choose."""
    found = {}
    places = reach(session, actor_of(session), cls, WRITE).tree
    for name, known in infos(cls).items():
        only = places.get(known.target or "", frozenset())
        if name in request.args:
            found[name] = request.args[name][:200]
        elif len(only) == 1 and is_required(cls, name) and not known.system:
            found[name] = str(next(iter(only)))
    return found
