"""Rows on trial: a table's own rules run over rows that are in no session yet, as imports and generators have them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import inspect
from sqlalchemy.orm import LoaderCallableStatus, Session, make_transient_to_detached
from sqlalchemy.orm.attributes import set_committed_value

from models.kernel.guard import required
from models.kernel.option_values import settle
from models.kernel.refusal import Refusal
from models.kernel.registry import defaults, infos
from models.kernel.secret import MaskedValue, shadows
from models.kernel.session import actor_of
from models.kernel.table import Table

Changes = dict[str, tuple[Any, Any]]


@contextmanager
def settled(session: Session, *rules: str) -> Iterator[None]:
    """Says that the caller has looked at these rules for all its rows at once: a row need not ask the database again."""
    before = session.info.get("settled", frozenset())
    session.info["settled"] = before | set(rules)
    try:
        yield
    finally:
        session.info["settled"] = before


def is_settled(session: Session, rule: str) -> bool:
    """Returns whether the rows on trial have been looked at for `rule` already."""
    return rule in session.info.get("settled", ())


def default_of(cls: type[Table], name: str) -> Any:
    """Returns the declared default of a column, or None."""
    return defaults(cls).get(name)


def new_row(session: Session, cls: type[Table], values: Mapping[str, Any]) -> dict[str, Any]:
    """Runs the rules of a table over a row that would be added.

    Args:
        session: acting as whoever adds it; what the rules keep beside it is added to it.
        cls: the table.
        values: typed values by column, the project of the row too where it has one.

    Returns:
        The values as they are stored, those that follow from others included.

    Raises:
        Refusal: carries all that is wrong with it.
    """
    row, known = cls(), infos(cls)
    given = defaults(cls) | {name: value for name, value in values.items() if value is not None and name in known}
    held = vars(row)
    # Set all at once, and what nobody gave is nothing: attribute by attribute this took a third of an import.
    held.update(_nothing(cls))
    held.update(given)
    inspect(row).committed_state.update(dict.fromkeys(given, LoaderCallableStatus.NO_VALUE))
    _judge(session, row)
    return {name: value for name in known if (value := held[name]) is not None}


def changed_row(
    session: Session, cls: type[Table], key: int, before: Mapping[str, Any], changes: Mapping[str, Any]
) -> Changes:
    """Runs the rules of a table over a row that would be changed.

    Args:
        session: as for `new_row`.
        cls: the table.
        key: of the row.
        before: its values as they are stored.
        changes: column -> new typed value.

    Returns:
        Column -> value before and after, with what follows from the changes.

    Raises:
        Refusal: carries all that is wrong with the changed row.
    """
    row = cls()
    set_committed_value(row, "id", key)
    make_transient_to_detached(row)  # one that is stored, so that rules tell it from a new one
    for attribute in cls.__mapper__.attrs:
        set_committed_value(row, attribute.key, before.get(attribute.key))
    set_committed_value(row, "id", key)
    for name, value in changes.items():
        setattr(row, name, value)
    _judge(session, row)
    return {
        name: (before.get(name), now) for name in infos(cls) if not same(before.get(name), now := getattr(row, name))
    }


def same(one: Any, other: Any) -> bool:
    """Returns whether two typed values say the same: '' is nothing, a moment counts to the minute, as files have it."""
    if one in (None, "") or other in (None, ""):
        return one in (None, "") and other in (None, "")
    if isinstance(one, datetime) and isinstance(other, datetime):
        return one.replace(second=0, microsecond=0) == other.replace(second=0, microsecond=0)
    if isinstance(one, MaskedValue) or isinstance(other, MaskedValue):
        return _plain(one) == _plain(other)
    return bool(one == other)


def _plain(value: Any) -> str:
    return value.plain() if isinstance(value, MaskedValue) else str(value)


@cache
def _nothing(cls: type[Table]) -> dict[str, Any]:
    return dict.fromkeys(infos(cls))


@cache
def _masked(cls: type[Table]) -> tuple[str, ...]:
    return tuple(name for name, known in infos(cls).items() if known.kind == "masked")


@cache
def _needed(cls: type[Table]) -> tuple[str, ...]:
    """Returns the columns that must be filled, by whoever enters a row or by its rules."""
    columns = cls.__mapper__.columns
    return tuple(name for name, known in infos(cls).items() if not known.system and not columns[name].nullable)


def _judge(session: Session, row: Table) -> None:
    """Derives, stamps the shadows of masked columns, and asks for faults. What a refused row had kept is dropped."""
    cls, held = type(row), vars(row)
    before = session.new
    with session.no_autoflush:
        unknown = settle(session, row)
        row.derive(session, actor_of(session))
        for name in _masked(cls):
            blind, tail = shadows(held.get(name))
            setattr(row, f"{name}_blind", blind)
            setattr(row, f"{name}_tail", tail)
        wrong = [required(name, infos(cls)[name].label) for name in _needed(cls) if held.get(name) in (None, "")]
        wrong = [*unknown, *wrong] or list(row.faults(session, actor_of(session)))
    if wrong:
        drop_kept(session, session.new - before)
        raise Refusal.of(wrong)


def drop_kept(session: Session, rows: Iterable[Any]) -> None:
    """Takes rows that a table's rules kept back out of the session: nothing of them is written."""
    kept = session.info.get("kept", set())
    for row in list(rows):
        kept.discard(id(row))
        session.expunge(row)
