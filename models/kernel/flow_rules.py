"""What a flow asks for at a place: its declaration, narrowed down by the settings of the places above, nearest first.

A record is judged by the versions that held when it was entered: settings published later are for later records.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.kernel.actor import Actor
from models.kernel.clock import CHINA
from models.kernel.flow import Transition
from models.kernel.flow_setting import (
    HOURS,
    LEVEL,
    NONE,
    STATE,
    WORKING_DAYS,
    WORKING_HOURS,
    FlowSetting,
    split,
    subjects,
)
from models.kernel.node import Node
from models.kernel.owning import owner_path
from models.kernel.session import clock_of
from models.kernel.table import Table
from models.kernel.worked import after_working_days, weekday, worked_at

FIELDS = ("roles", "required", "limit", "below")


@dataclass(frozen=True, slots=True)
class Version:
    """One published version of the settings of one step at a place."""

    id: int
    table: str
    subject: str
    node_id: int
    path: str
    place: str
    begins: datetime
    roles: tuple[str, ...]
    required: tuple[str, ...] | None
    limit: tuple[int, str] | None
    below: Decimal | None


@dataclass(slots=True)
class Effective:
    """What holds for a step at a place, and which version each field comes from (none: the declaration).

    Attributes:
        roles: who may press it, of those the flow allows.
        required: columns asked for beyond those of the declaration.
        limit: (number, unit) a state may last; None where it may last for ever.
        below: the amount below which nobody is asked.
        source: field -> the version it comes from.
    """

    roles: tuple[str, ...]
    required: tuple[str, ...] = ()
    limit: tuple[int, str] | None = None
    below: Decimal | None = None
    source: dict[str, Version] = field(default_factory=dict)


def versions(session: Session, table: str) -> list[Version]:
    """Returns all versions of the settings of a flow, the highest places first, then by when they began. Past the gate."""
    known: dict[str, list[Version]] = session.info.setdefault("flow_settings", {})
    if table not in known:
        c, nodes = FlowSetting.__table__.c, Node.__table__.c
        rows = session.execute(
            select(FlowSetting.__table__, nodes.path, nodes.name)
            .join(Node.__table__, nodes.id == c.node_id)
            .where(c.table_name == table, c.deleted_at.is_(None), nodes.deleted_at.is_(None))
        )
        known[table] = sorted((_version(row) for row in rows), key=lambda v: (v.path.count("/"), v.begins, v.id))
    return known[table]


def _version(row: Any) -> Version:
    start = datetime(row.from_day.year, row.from_day.month, row.from_day.day, tzinfo=CHINA)
    required = split(row.required_columns)
    return Version(
        row.id,
        row.table_name,
        row.subject,
        row.node_id,
        row.path,
        row.name,
        max(start, row.created_at),
        tuple(split(row.roles)),
        None if not required else tuple(each for each in required if each != NONE),
        None if row.limit_amount is None else (row.limit_amount, row.limit_unit or WORKING_DAYS),
        row.automatic_below,
    )


def effective(session: Session, cls: type[Table], subject: str, path: str | None, entered: datetime) -> Effective:
    """Returns what holds for a step at a place, for a record entered at that moment."""
    allowed = subjects(cls).get(subject, ())
    found = Effective(allowed)
    nearest: dict[str, Version] = {}
    for version in versions(session, cls.__tablename__):
        if version.subject == subject and (path or "/").startswith(version.path) and version.begins <= entered:
            nearest[version.path] = version  # of one place the latest, which replaces the one before as a whole
    for version in nearest.values():
        _overlay(found, version, allowed)
    return found


def _overlay(found: Effective, version: Version, allowed: tuple[str, ...]) -> None:
    narrowed = tuple(role for role in version.roles if role in allowed)  # never more than the flow allows
    if narrowed:
        found.roles, found.source["roles"] = narrowed, version
    if version.required is not None:
        found.required, found.source["required"] = version.required, version
    if version.limit is not None:
        found.limit, found.source["limit"] = version.limit if version.limit[0] else None, version
    if version.below is not None:
        found.below, found.source["below"] = version.below or None, version


def rule(session: Session, row: Table, subject: str) -> Effective:
    """Returns what holds for a step of a record: at its owner, by the versions that held when it was entered."""
    entered = row.created_at or clock_of(session)()
    return effective(session, type(row), subject, owner_path(session, row), entered)


def may_press(session: Session, actor: Actor, row: Table, transition: Transition) -> bool:
    """Returns whether the settings leave a move to one of the roles the actor holds above the record."""
    if actor.system or transition.part:
        return True  # who decides an approval is said by its levels
    held = rule(session, row, transition.name)
    if "roles" not in held.source:
        return True
    path = owner_path(session, row)
    return any(each.role in held.roles and (path or each.path).startswith(each.path) for each in actor.grants)


def required_columns(session: Session, row: Table, transition: Transition) -> tuple[str, ...]:
    """Returns the columns a move asks for: its own, and what the place asks for further."""
    if transition.part:
        return ()
    return tuple(dict.fromkeys((*transition.required, *rule(session, row, transition.name).required)))


def below(session: Session, row: Table, subject: str) -> Decimal | None:
    """Returns the amount under which the record needs nobody for this step; None where it needs somebody."""
    flow: Any = type(row).flow
    if flow.amount is None:
        return None
    limit, amount = rule(session, row, subject).below, getattr(row, flow.amount)
    return limit if limit is not None and amount is not None and amount < limit else None


def due(session: Session, row: Table, state: str, now: datetime) -> datetime | None:
    """Returns until when a record may stay in a state it enters now; None where it may stay."""
    limit = rule(session, row, f"{STATE}{state}").limit
    return _ends(session, limit, owner_path(session, row) if limit else None, now)


def due_at(session: Session, cls: type[Table], state: str, path: str | None, entered: datetime) -> datetime | None:
    """Returns the same for a row that is entered by a statement at a place."""
    return _ends(session, effective(session, cls, f"{STATE}{state}", path, entered).limit, path, entered)


def _ends(session: Session, limit: tuple[int, str] | None, path: str | None, now: datetime) -> datetime | None:
    """Returns when a limit is over: in working time as the work calendars above the place say, in hours by the clock."""
    if limit is None:
        return None
    count, unit = limit
    if unit == HOURS:
        return now + timedelta(hours=count)
    worked = worked_at(session, path)
    if unit == WORKING_HOURS and worked is not None:
        return worked.after(now, count * 60)
    return after_working_days(now, count, worked.works if worked is not None else weekday)


def level_subject(name: str) -> str:
    """Returns what settings call a level of an approval."""
    return f"{LEVEL}{name}"
