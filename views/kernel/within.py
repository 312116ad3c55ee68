"""The part of the tree a page shows: kept in the session and said by the page's address (`at=12.15`), so that a link shows
a colleague the same place. It only ever takes away from what the grants give, whoever made the link.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from flask import flash, g, request
from flask import session as cookie
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.datastructures import ImmutableMultiDict

from models.kernel.actor import Held
from models.kernel.node import Node
from models.kernel.words import _

AT = "at"
"""The argument of an address that names places by their keys in the tree."""

EVERYTHING = "all"
"""What it says for all that a person may see."""

MOST = 50
"""So many places may be chosen at once."""

UNKNOWN = _(
    "The link leads to a place that is not in your part of the tree. This is what you may see.",
    "链接指向的节点不在您的权限范围内，当前显示您可查看的内容。",
)


def keys_in(values: Iterable[str]) -> list[int]:
    """Returns the keys among texts of an address or a form; what is none is left out."""
    found = dict.fromkeys(int(one) for one in values if one.isascii() and one.isdecimal() and len(one) < 19)
    return list(found)[:MOST]


def allowed(own: Session, held: Iterable[Held], keys: Sequence[int]) -> list[str]:
    """Returns the present paths of those places that lie above, at or below a place of these grants. One statement.

    Of others it is not told whether they exist.
    """
    if not keys:
        return []
    nodes = Node.__table__.c
    found = own.execute(select(nodes.path).where(nodes.id.in_(keys), nodes.deleted_at.is_(None)).order_by(nodes.path))
    paths = [each.path for each in held]
    return [row.path for row in found if any(row.path.startswith(p) or p.startswith(row.path) for p in paths)]


def key_of(path: str) -> int:
    """Returns the key of the node a path ends at: '/1/2/5/' -> 5."""
    return int(path.strip("/").rpartition("/")[2])


def within(own: Session, held: Sequence[Held]) -> tuple[str, ...]:
    """Returns the paths this request is narrowed to: those its address names, else those of the session.

    Parts of the tree move while people are signed in, so paths are always looked up by their last key. The place of an
    address stays in the session; forms are sent with the place of their page, so that one that was open while another tab
    went elsewhere is still saved where it belongs.
    """
    asked = _asked()
    if asked == EVERYTHING:
        cookie.pop("within", None)
        return ()
    if asked is not None:
        paths = allowed(own, held, keys_in(asked.split(".")))
        if paths:
            cookie["within"] = paths
            return tuple(paths)
        flash(UNKNOWN.said(g.language), "warn")
    return tuple(allowed(own, held, [key_of(path) for path in cookie.get("within") or ()]))


def _asked() -> str | None:
    """Takes the place out of the request's arguments, so that no page takes it for one of its own."""
    if AT not in request.args:
        return None
    asked = request.args[AT]
    request.args = ImmutableMultiDict([pair for pair in request.args.items(multi=True) if pair[0] != AT])
    return asked[:1000]


def said(paths: Sequence[str]) -> str:
    """Returns what an address says for these paths: `12.15`; empty for everything."""
    return ".".join(str(key_of(path)) for path in paths)


def without_place(url: str) -> str:
    """Returns an address of this console without the place it names."""
    head, mark, query = url.partition("?")
    kept: Any = [part for part in query.split("&") if part and not part.startswith(f"{AT}=")]
    return f"{head}?{'&'.join(kept)}" if mark and kept else head
