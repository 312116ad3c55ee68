"""What may be chosen where and when: the effective option list of a place, and the words of the codes that rows keep.

A row's list is judged by its owner and by the day it was entered. From the top down, the value of the nearest place wins;
what a place does not leave to lower ones is not changed by them; of several values of one code at one place the latest
that has begun holds (a rename from a day on).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from models.kernel.clock import local, today
from models.kernel.columns import ColumnInfo
from models.kernel.dict_item import DictItem
from models.kernel.node import Node
from models.kernel.option_list import LISTS
from models.kernel.owning import owner_path
from models.kernel.reading import read_choice
from models.kernel.refusal import Refusal
from models.kernel.registry import infos
from models.kernel.session import clock_of
from models.kernel.table import Table
from models.kernel.words import Words, _

MOST = 50
"""A form shows no more values than this in a list; above it is a look-up (design 8)."""


@dataclass(frozen=True, slots=True)
class Item:
    """One row of a list, with the place that owns it."""

    id: int
    code: str
    words: Words
    tone: str
    sort: int
    node_id: int
    path: str
    place: str
    enabled: bool
    overridable: bool
    from_day: date
    until_day: date | None
    parent_id: int | None
    version: int

    def holds(self, on: date) -> bool:
        """Returns whether it is in force on a day."""
        return self.from_day <= on and (self.until_day is None or on <= self.until_day)


def items(session: Session, name: str) -> list[Item]:
    """Returns every row of a list, the highest places first and by date, read once a session, whoever asks.

    Past the gate: a row in scope shows the words of its codes. Pages that show lists cut them down themselves.
    """
    known: dict[str, list[Item]] = session.info.setdefault("option_items", {})
    if name not in known:
        c, nodes = DictItem.__table__.c, Node.__table__.c
        rows = session.execute(
            select(DictItem.__table__, nodes.path, nodes.name)
            .join(Node.__table__, nodes.id == c.node_id)
            .where(c.dict_code == name, c.deleted_at.is_(None), nodes.deleted_at.is_(None))
        )
        found = [
            Item(
                row.id,
                row.code,
                Words(row.label_en, row.label_zh),
                row.tone or "",
                row.sort,
                row.node_id,
                row.path,
                row.name,
                row.enabled,
                row.overridable,
                row.from_day,
                row.until_day,
                row.parent_id,
                row.version,
            )
            for row in rows
        ]
        known[name] = sorted(found, key=lambda item: (item.path.count("/"), item.path, item.from_day, item.id))
    return known[name]


def standing(session: Session, name: str, path: str, on: date) -> dict[str, Item]:
    """Returns code -> the item in force at a place on a day, those that are switched off there too."""
    memo: dict[Any, dict[str, Item]] = session.info.setdefault("option_items", {}).setdefault("standing", {})
    key = (name, path, on)
    if key not in memo:
        found: dict[str, Item] = {}
        for item in items(session, name):
            if not path.startswith(item.path) or not item.holds(on):
                continue
            above = found.get(item.code)
            if above is None or above.node_id == item.node_id or above.overridable:
                found[item.code] = item
        memo[key] = found
    return memo[key]


def choices(session: Session, name: str, path: str, on: date) -> list[Item]:
    """Returns what may be chosen at a place on a day, in the list's order."""
    return in_order(item for item in standing(session, name, path, on).values() if item.enabled)


def in_order(found: Iterable[Item]) -> list[Item]:
    """Returns items in the order a list shows them."""
    return sorted(found, key=lambda item: (item.sort, item.words.zh, item.code))


def anywhere(session: Session, name: str, paths: Iterable[str]) -> list[Item]:
    """Returns each code once that is known at or above or below one of the places, for filters; old ones too."""
    tops = tuple(paths)
    found: dict[str, Item] = {}
    for item in items(session, name):
        if any(item.path.startswith(top) or top.startswith(item.path) for top in tops):
            found.setdefault(item.code, item)
    return in_order(found.values())


def item_of(session: Session, name: str, code: str, path: str | None, on: date | None) -> Item | None:
    """Returns the item that gives a kept code its words: the one in force for the row, else the nearest ever, else any."""
    if path is not None and on is not None:
        found = standing(session, name, path, on).get(code)
        if found is not None:
            return found
    same = [item for item in items(session, name) if item.code == code]
    near = [item for item in same if path is not None and path.startswith(item.path)]
    dated = [item for item in (near or same) if on is not None and item.from_day <= on]
    return (dated or near or same or [None])[-1]  # type: ignore[list-item]  # None stands for none


def words_of(session: Session, name: str, code: str, path: str | None = None, on: date | None = None) -> Words | str:
    """Returns the words of a kept code; the code itself where no list knows it any more."""
    found = item_of(session, name, code, path, on or today(clock_of(session)))
    return found.words if found is not None else code


def day_of(session: Session, row: Table) -> date:
    """Returns the day a row's lists are judged by: that of its entry, for a new one today."""
    entered: datetime | None = row.created_at
    return local(entered).date() if entered is not None else today(clock_of(session))


def list_columns(cls: type[Table]) -> dict[str, ColumnInfo]:
    """Returns the columns of a table that are chosen from an option list."""
    return {name: known for name, known in infos(cls).items() if known.list}


def settle(session: Session, row: Table, *, check: bool = True) -> list[Refusal]:
    """Turns what was written into option columns, a code or words in either language, into the code; names what is none.

    A value that the row has already stays, switched off or not.

    Args:
        check: False lets unknown codes stand (seeds, as the system).
    """
    wrong: list[Refusal] = []
    columns = list_columns(type(row))
    if not columns:
        return wrong
    state = inspect(row)
    for column, known in columns.items():
        written = getattr(row, column)
        history = state.attrs[column].history
        if written in (None, "") or not (history.has_changes() or state.key is None):
            continue
        before = history.deleted[0] if history.deleted else None
        try:
            code = code_of(session, row, known, written, kept=before if isinstance(before, str) else None)
        except Refusal as refusal:
            if check:
                wrong.append(Refusal(refusal.sentence, column, code=refusal.code))
            continue
        if code != written:
            setattr(row, column, code)
    return wrong


def code_of(session: Session, row: Table, known: ColumnInfo, written: object, kept: str | None = None) -> str | None:
    """Returns the code that was meant, as `read_choice` reads it.

    Raises:
        Refusal: it is in no list here; says what there is.
    """
    name, path, on = known.list or "", owner_path(session, row), day_of(session, row)
    if kept is not None:
        now = words_of(session, name, kept, path, on)
        names = [kept, *((now.zh, now.en) if isinstance(now, Words) else ())]
        if str(written) in names:
            return kept
    offered = choices(session, name, path, on) if path is not None else anywhere(session, name, ("/",))
    if not offered:
        raise Refusal(
            _(
                "There is nothing to choose in the list “{list}” here. Ask an administrator to fill it.",
                "此处的选项列表“{list}”没有可选内容，请联系管理员维护。",
            ).fill(list=LISTS[name].label),
            code="empty_list",
        )
    return read_choice(written, {item.code: [item.words.zh, item.words.en] for item in offered})
