"""The natural key of a row as the database has it, where a file says it in other words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from typing import Any

from sqlalchemy.orm import Session

from models.kernel.option_values import items
from models.kernel.refusal import Refusal
from models.kernel.registry import infos
from models.kernel.session import actor_of
from models.kernel.table import Table


def told_key(session: Session, cls: type[Table], key: Sequence[str], values: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the parts of a key that a file says otherwise (an option by its label), or that the table derives by itself.

    Args:
        cls: the table.
        key: the columns of its natural key.
        values: typed values of the row as far as the file gives them.
    """
    known, found = infos(cls), dict[str, Any]()
    if not _is_told(cls, tuple(key)):
        return found
    for name in key:
        value, option_list = values.get(name), known[name].list
        if option_list and isinstance(value, str):
            meant = {i.code for i in items(session, option_list) if value in (i.code, i.words.zh, i.words.en)}
            found[name] = meant.pop() if len(meant) == 1 else value
    derived = [name for name in key if known[name].system and name != "project_id" and name not in values]
    if derived:
        row = cls(**{name: value for name, value in values.items() if value is not None})
        with suppress(Refusal):
            row.derive(session, actor_of(session))
        found.update({name: value for name in derived if (value := getattr(row, name)) is not None})
    return found


@cache
def _is_told(cls: type[Table], key: tuple[str, ...]) -> bool:
    """Returns whether any part of a key may be said otherwise, or derived."""
    known = infos(cls)
    return any(known[name].list or (known[name].system and name != "project_id") for name in key)
