"""The number rules a new console begins with: each numbered object's declared pattern, for the whole group."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.kernel.node import node_of
from models.kernel.number_rule import NumberRule
from models.kernel.registry import infos, tables
from models.org.group import Group


def seed(session: Session) -> int:
    """Adds a rule at the oldest group for every numbered object that has none anywhere, deleted ones included.

    Returns:
        How many rules were written.
    """
    there = set(session.scalars(select(NumberRule.object).execution_options(deleted="with")))
    group = session.scalars(select(Group).order_by(Group.id).limit(1)).one()
    here = node_of(session, "group", group.id).id
    written = 0
    for cls in tables().values():
        for known in infos(cls).values():
            if known.numbers and known.numbers not in there:
                there.add(known.numbers)
                pattern, cycle = known.pattern
                session.add(NumberRule(object=known.numbers, pattern=pattern, cycle=cycle, node_id=here))
                written += 1
    session.flush()
    return written
