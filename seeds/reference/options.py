"""The values that option lists begin with in a new console, for the whole group."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.kernel.dict_item import DictItem
from models.kernel.node import node_of
from models.kernel.option_list import LISTS
from models.org.group import Group

ALWAYS = date(2000, 1, 1)
"""From when the first values hold: before any row."""


def seed(session: Session) -> int:
    """Adds to the oldest group those first values whose code is nowhere in their list, deleted ones included.

    What administrators renamed, switched off or deleted stays as they left it.

    Returns:
        How many values were written.
    """
    known = select(DictItem.dict_code, DictItem.code).execution_options(deleted="with")
    there = {(name, code) for name, code in session.execute(known)}
    group = session.scalars(select(Group).order_by(Group.id).limit(1)).one()
    here = node_of(session, "group", group.id).id
    written = 0
    for name, declared in LISTS.items():
        for place, item in enumerate(declared.first, 1):
            if (name, item.code) in there:
                continue
            session.add(
                DictItem(
                    dict_code=name,
                    code=item.code,
                    label_zh=item.words.zh,
                    label_en=item.words.en,
                    tone=item.tone or None,
                    overridable=item.overridable,
                    sort=place * 10,
                    from_day=ALWAYS,
                    node_id=here,
                )
            )
            written += 1
    session.flush()
    return written
