"""What a list's URL asks for. Every argument may be mangled; what cannot be read is left out and said (fault 12).

The framework's names are kept: `_flt_<place>_<column>`, `_oc_<View>`, `_od_<View>`, `page_<View>`, `psize_<View>`. Ours are
`q` (quick search), `_cols` (chosen columns), `_w` (their widths), `_density`, `_view` (the saved view one came by), `_after` and
`_before` (cursors).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask import request
from sqlalchemy.orm import Session

from models.kernel.entry import fields, is_required
from models.kernel.refusal import Refusal
from models.kernel.registry import infos
from models.kernel.roles import WRITE
from models.kernel.saved_view import DENSITIES, Layout
from models.kernel.scope import reach
from models.kernel.search import sources
from models.kernel.session import actor_of
from models.kernel.table import Table
from models.kernel.words import Words, _
from views.kernel.chosen import read_ids
from views.kernel.listing import Asked, Filter, Listing, chosen, known_column
from views.kernel.selection import selection

SIZES = (25, 50, 100, 200)


@dataclass(slots=True)
class Wanted:
    """A list's URL, read: what is asked, and the sentences about what was left out."""

    asked: Asked
    view: str
    arguments: list[tuple[str, str]]
    notes: list[Words] = field(default_factory=list)
    widths: dict[str, int] = field(default_factory=dict)
    density: str = ""
    own: bool = False
    """Columns, widths or density come from how the person has the list, not from the address."""

    @property
    def open_view(self) -> int | None:
        """The key of the saved view one came by; 0 says 'all rows', None that nothing was said."""
        raw = dict(self.arguments).get("_view", "")
        return int(raw) if raw.isascii() and raw.isdecimal() and len(raw) < 16 else None

    def query(self, listing: Listing) -> str:
        """Returns what a saved view or a link to this list says: all that was asked for, columns always, no page of it."""
        kept = _kept(self.arguments, self.view)
        kept = [(name, value) for name, value in kept if name not in ("_cols", "_w", "_density")]
        kept.append(("_cols", ",".join(listing.columns)))
        if self.widths:
            kept.append(("_w", ",".join(f"{path}:{width}" for path, width in self.widths.items())))
        if self.density:
            kept.append(("_density", self.density))
        return urlencode(kept)

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


LISTED = ("q", "ids", "_of", "_cols", "_w", "_density")


def _cut(name: str, value: str) -> str:
    """Nothing of an address is longer than this; chosen keys are many, and a part of them would be other rows."""
    return value[: 8_000 if name == "ids" else 500]


def _kept(arguments: list[tuple[str, str]], view: str) -> list[tuple[str, str]]:
    """Returns those arguments that say what a list shows, without where one stands in it."""
    own = {*LISTED, f"_oc_{view}", f"_od_{view}", f"psize_{view}"}
    return [
        (name, value) for name, value in arguments if (value or name == "ids") and (name in own or read_filter(name))
    ]


def view_query(cls: type[Table], view: str, raw: str) -> tuple[str, bool]:
    """Returns what a saved view keeps of a list's address, and whether a filter by a full number was left out.

    Such a number is personal data: a view would show it to others, and keep it in the clear.
    """
    kept, left_out = [], False
    for name, value in _kept(parse_qsl(raw, keep_blank_values=True, max_num_fields=200), view):
        parts = read_filter(name)
        if parts is not None:
            try:
                if known_column(cls, parts[1]).kind == "masked":
                    left_out = True
                    continue
            except Refusal:
                pass  # kept, and said where the list is opened: without it other rows would be meant
        kept.append((name, _cut(name, value)))
    return urlencode(kept), left_out


def same_list(one: str, other: str) -> bool:
    """Returns whether two addresses show the same list, whatever the order of their arguments."""
    return sorted(parse_qsl(one)) == sorted(parse_qsl(other))


def read_widths(raw: str, cls: type[Table]) -> dict[str, int]:
    """Returns column -> width in pixels of 'no:120,floor:60'; what cannot be read is left out."""
    found = {}
    for part in raw.split(",")[:60]:
        path, _colon, width = part.rpartition(":")
        if width.isascii() and width.isdecimal() and len(width) < 5 and chosen([path], cls):
            found[path] = min(max(int(width), 48), 640)
    return found


def _arguments(layout: Layout | None) -> tuple[list[tuple[str, str]], bool]:
    """The address's arguments, completed by how the person has the list where it says nothing of that."""
    given = [(name, _cut(name, value)) for name, value in request.args.items(multi=True)]
    said = {name for name, _value in given}
    if layout is None or "_view" in said:
        return given, False
    own = {"_cols": layout.columns, "_w": layout.widths, "_density": layout.density}
    added = [(name, value) for name, value in own.items() if value and name not in said]
    return [*given, *added], bool(added)


def wanted(
    session: Session,
    cls: type[Table],
    view: str,
    layout: Layout | None = None,
    given: list[tuple[str, str]] | None = None,
) -> Wanted:
    """Reads the URL of a list of `cls`.

    Args:
        view: the framework's name of the list.
        layout: how the person has this list, where the address does not say so itself.
        given: the arguments of an address that is not this request's.
    """
    arguments, own = (
        _arguments(layout) if given is None else ([(name, _cut(name, value)) for name, value in given], False)
    )
    said = dict(arguments)
    density = said.get("_density", "")
    found = Wanted(
        Asked(),
        view,
        arguments,
        widths=read_widths(said.get("_w", ""), cls),
        density=density if density in DENSITIES else "",
        own=own,
    )
    filters = _filters(session, cls, found)
    direction = "-" if said.get(f"_od_{view}") == "desc" else ""
    order = said.get(f"_oc_{view}")
    if order is not None:
        try:
            order = direction + order
            Listing(session, cls, Asked(order=order))
        except Refusal as refusal:
            found.notes.append(refusal.sentence)
            order = None
    columns = _columns(cls, found, said.get("_cols", ""))
    found.asked = Asked(
        columns=columns,
        filters=tuple(filters),
        search=said.get("q", "").strip()[:100],
        order=order,
        page=_number(said.get(f"page_{view}"), 0, 1_000_000, 0),
        size=_number(said.get(f"psize_{view}"), 1, SIZES[-1], SIZES[1]),
        after=said.get("_after"),
        before=said.get("_before"),
        ids=read_ids(said.get("ids")),
        of=_selected(session, cls, found),
    )
    return found


def _selected(session: Session, cls: type[Table], found: Wanted) -> str:
    """The rows a figure of a report counts, where the address leads from one."""
    raw = dict(found.arguments).get("_of", "")[:500]
    try:
        return raw if raw and selection(session, cls, raw) else ""
    except Refusal as refusal:
        found.notes.append(
            _("One filter was left out: {why}", "有一个筛选条件未生效：{why}").fill(why=refusal.sentence)
        )
        return ""


def _columns(cls: type[Table], found: Wanted, raw: str) -> tuple[str, ...]:
    """The columns that are there; those that are not, any more, are named."""
    paths = [path for path in raw.split(",")[:60] if path]
    columns = chosen(paths, cls)
    gone = [path for path in dict.fromkeys(paths) if path not in columns]
    if gone:
        found.notes.append(
            _(
                "This list has no column “{names}” any more; it is left out.",
                "该列表已没有“{names}”列，已自动略去。",
            ).fill(names=", ".join(path[:40] for path in gone[:5]))
        )
    return columns


def _filters(session: Session, cls: type[Table], found: Wanted) -> list[Filter]:
    grouped: dict[tuple[str, str], list[str]] = {}
    for name, value in found.arguments:
        parts = read_filter(name)
        if parts is not None and value != "":
            grouped.setdefault(parts, []).append(value)
    filters = []
    for (operator, path), values in grouped.items():
        name = f"_flt_{operator}_{path}"
        one = Filter(path, operator, values[-1], name)
        try:
            joined = ",".join(values)
            if "," in joined and known_column(cls, path).kind in ("choice", "option", "ref"):
                one = Filter(path, "in", joined, name)  # several boxes ticked
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
    typed = request.args.get("_typed", "")[:100]  # what a look-up did not find: it becomes the name
    named = next((column for column in sources(cls) if column in fields(cls)), None)
    if typed and named is not None:
        found[named] = typed
    return found
