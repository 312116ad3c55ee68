"""Search over everything: records of all readable tables, numbers of persons by right, pages, actions, and what was seen last.

Which tables hold the words is asked in one statement; only those are then read, each through the same list or look-up as
anywhere else. Nothing is counted, so that a search says nothing of what it does not show.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from flask import session as cookie
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from models.kernel import entry
from models.kernel.node import paths_along
from models.kernel.registry import infos, tables
from models.kernel.roles import IMPORT, MATCH, READ, WRITE
from models.kernel.scope import criterion, known_nodes, may, may_enter, reach
from models.kernel.search import sources, stands_in
from models.kernel.secret import cipher
from models.kernel.session import actor_of
from models.kernel.table import Table
from models.kernel.tokens import START, folded, tokens, words_of
from models.kernel.words import Words, _, amid
from views.kernel.listing import Asked, Listing
from views.kernel.lookup import levels, look_up, shown
from views.kernel.request import say
from views.kernel.shell import menu, menu_items

FIRST = ("room", "customer", "project", "building")
"""Whose records come first; the others follow in the order of the menu."""

EACH, TABLES, ALL = 5, 6, 24
"""Hits of one table, tables, and hits in all."""

RECENT = 8
_TAIL = re.compile(r"[0-9]{3}[0-9Xx]")


def search_everything(session: Session, typed: str) -> list[dict[str, Any]]:
    """Returns what was found: group, label, detail (where it is), url, icon, and for records table and id.

    Args:
        typed: what was typed: words, a path ('3-1-1201'), initials, a whole number or its last four digits.
    """
    words = words_of(typed)
    if not words:
        return []
    found = [*_by_number(session, typed)]
    known = {hit["url"] for hit in found}
    for cls in _holding(session, words):
        found += [hit for hit in _records(session, cls, typed) if hit["url"] not in known]
    return [*found[:ALL], *places(words)]


def _readable(session: Session) -> list[type[Table]]:
    actor = actor_of(session)
    every = tables()
    first = [every[name] for name in FIRST if name in every]
    rest = [cls for cls in every.values() if cls not in first and cls.owned.kind != "index"]
    return [cls for cls in (*first, *rest) if sources(cls) and may(actor, cls, READ)]


def _holding(session: Session, words: list[str]) -> list[type[Table]]:
    """Returns the tables in which every word stands, or may lead to rows below what it names. One statement."""
    readable, longest = _readable(session), max(words, key=len)
    # '湖畔 3 1201': only the last word is the room's own
    found = stands_in(session, [(cls, words[-1] if levels(cls) else longest) for cls in readable])
    chosen = [cls for cls in readable if cls in found]
    path = len(words) == 1 and re.search(r"[-/·]", words[0])
    if path:
        chosen += [cls for cls in readable[: len(FIRST)] if levels(cls) and cls not in chosen]
    return chosen[:TABLES]


def _records(session: Session, cls: type[Table], typed: str) -> list[dict[str, Any]]:
    if levels(cls) and cls.__tablename__ in FIRST:  # by its path: project, building, unit
        items = look_up(session, cls, typed, [], EACH)["items"]
        return hits(session, cls, [item["id"] for item in items])
    return hits(session, cls, _keys(session, cls, typed))


def _keys(session: Session, cls: type[Table], typed: str) -> list[int]:
    """The newest rows that hold the words, as the list of the table has them."""
    listing = Listing(session, cls, Asked(search=typed, size=EACH))
    return [row.id for row in session.execute(listing.keys().limit(EACH).execution_options(**listing.keyed()))]


def hits(session: Session, cls: type[Table], keys: list[int], detail: str = "") -> list[dict[str, Any]]:
    """Returns what a page shows of these rows: what each is called, and where it is in the tree."""
    ways = {node.path: node.name for node in known_nodes(session) if _readable_place(session, node)}
    by_key = {(node.kind, node.ref_id): node.path for node in known_nodes(session)}
    owner = {"project": "project_id", "node": "node_id"}.get(cls.owned.kind)
    owned: dict[int, Any] = {}
    if owner and keys:
        statement = select(cls.id, getattr(cls, owner)).where(cls.id.in_(keys))
        owned = {key: at for key, at in session.execute(statement.execution_options(keyed=cls.__tablename__))}
    by_id = {node.id: node.path for node in known_nodes(session)}
    found = []
    for item in shown(session, cls, keys):
        at = owned.get(item["id"])
        path = by_key.get(("project", at)) if owner == "project_id" else by_id.get(at or 0)
        if cls.owned.kind == "tree":
            path = by_key.get((cls.__tablename__, item["id"]))
            path = path and path.rstrip("/").rpartition("/")[0] + "/"
        where = [ways[p] for p in paths_along(path or "") if p in ways][-2:]
        found.append(
            {
                "group": say(cls.screen.label),
                "label": item["text"] or f"{say(cls.screen.label)} {item['id']}",
                "detail": " · ".join(filter(None, (" › ".join(where), detail or _apart(item["detail"], where)))),
                "url": f"/{cls.__tablename__}/show/{item['id']}",
                "icon": cls.screen.icon,
                "table": cls.__tablename__,
                "id": item["id"],
            }
        )
    return found


def _readable_place(session: Session, node: Any) -> bool:
    """Whether the actor may read the company, project ... that a place of the tree stands for; else it is not named."""
    where = reach(session, actor_of(session), tables()[node.kind], READ)
    return where.holds(node.kind, node.ref_id) or node.ref_id in where.above_tree.get(node.kind, ())


def _apart(detail: str, where: list[str]) -> str:
    """Returns the parts of a look-up's second line that the way in the tree does not say already."""
    return " · ".join(part for part in detail.split(" · ") if part not in where)


def _by_number(session: Session, typed: str) -> list[dict[str, Any]]:
    """Rows by an exact mobile or certificate number, or its last four characters: a right of its own, in its own reach."""
    text = "".join(folded(typed).split())
    last = _TAIL.fullmatch(text) is not None
    if not last and (len(text) < 6 or not any(c.isdigit() for c in text) or not text.isascii()):
        return []
    actor, found = actor_of(session), []
    for cls in _readable(session):
        masked = [name for name, known in infos(cls).items() if known.kind == "masked"]
        if not masked or not may(actor, cls, MATCH):
            continue
        prints = cipher().tails(text) if last else cipher().blinds(text)
        shadow = "tail" if last else "blind"
        matched = or_(*(getattr(cls, f"{name}_{shadow}").in_(prints) for name in masked))
        held = criterion(cls, reach(session, actor, cls, MATCH), MATCH)
        keys = list(session.scalars(select(cls.id).where(matched, held).order_by(cls.id).limit(EACH)))
        said = _("ends in {tail}", "尾号 {tail}").fill(tail=text.upper()) if last else ""
        found += hits(session, cls, keys, str(say(said)) if said else typed.strip())
    return found


def places(words: list[str]) -> list[dict[str, Any]]:
    """Returns the actions and pages of this actor whose names hold every word, by pinyin initials too."""
    found = [hit for hit in (*actions(), *pages()) if all(_said(hit["names"], word) for word in words)]
    return [{k: v for k, v in hit.items() if k != "names"} for hit in found[:8]]


def pages() -> Iterator[dict[str, Any]]:
    """Yields the pages of the menu."""
    for group in menu():
        for item in menu_items(group):
            names: Words = item["label"]
            yield {
                "group": say(_("Pages", "页面")),
                "label": say(names),
                "detail": say(group["label"]) if group["label"] else "",
                "url": item["url"],
                "icon": item["icon"],
                "names": (names.zh, names.en),
            }


def actions() -> Iterator[dict[str, Any]]:
    """Yields what this actor may begin: a new row or an import, of every table of the menu."""
    from views.kernel.request import actor

    for name, cls in tables().items():
        if not cls.screen.menu or not entry.fields(cls):
            continue
        label = cls.screen.label
        doing = (
            (WRITE, _("New {name}", "新增{name}"), f"/{name}/add", "plus"),
            (IMPORT, _("Import {name}", "导入{name}"), f"/{name}/import", "upload"),
        )
        for right, words, url, symbol in doing:
            if may_enter(actor(), cls) if right == WRITE else may(actor(), cls, right):
                said = words.fill(name=amid(label))
                names = (words.zh.format(name=label.zh), words.en.format(name=label.en))
                group = say(_("Actions", "操作"))
                yield {"group": group, "label": say(said), "detail": "", "url": url, "icon": symbol, "names": names}


@lru_cache(maxsize=2_000)
def _words_in(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(token.removeprefix(START) for token in tokens(names))


def _said(names: tuple[str, ...], word: str) -> bool:
    return any(token.startswith(word) for token in _words_in(names))


# -- what was seen last -------------------------------------------------------------------------------------------------


def remember(table_name: str, key: int) -> None:
    """Notes, in the session cookie, that a record was opened. Only its key; what it is called is read again by right."""
    seen = [one for one in cookie.get("seen", []) if one != [table_name, key]]
    cookie["seen"] = [[table_name, key], *seen][:RECENT]


def recent(session: Session) -> list[dict[str, Any]]:
    """Returns the records opened last in this browser session, the newest first, as far as they can still be seen."""
    seen = [(name, key) for name, key in cookie.get("seen", []) if name in tables()]
    found: dict[tuple[str, int], dict[str, Any]] = {}
    for name in dict.fromkeys(name for name, _key in seen):
        cls = tables()[name]
        if may(actor_of(session), cls, READ):
            for hit in hits(session, cls, [key for other, key in seen if other == name]):
                found[name, hit["id"]] = {**hit, "group": say(_("Opened last", "最近打开"))}
    return [found[one] for one in seen if one in found]
