"""From an outbox row to its deliveries: to each recipient and channel once, in one transaction, whatever is killed when.

The mailbox is part of the same database, so its message is written in that transaction and needs no further try.
"""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from models.kernel.actor import SYSTEM
from models.kernel.clock import Clock, utc_now
from models.kernel.node import Node
from models.kernel.notice.event import EVENTS, Channel, Event
from models.kernel.notice.log import DeliveryState, NotifyLog, Reason
from models.kernel.notice.mailbox import Mailbox
from models.kernel.notice.outbox import NoticeOutbox
from models.kernel.notice.preference import NotifyPreference, NotifySetting
from models.kernel.notice.scope import hears, path_of, sees
from models.kernel.notice.ways import NOWHERE, Ways
from models.kernel.notice.webhook import wants
from models.kernel.notice.wordings import about_of, notice
from models.kernel.search import keep_keys
from models.kernel.session import act, reading
from models.kernel.table import Base
from models.kernel.words import LANGUAGES

log = logging.getLogger(__name__)

LONGEST_WAIT = timedelta(hours=1)
OUTBOX: Any = NoticeOutbox.__table__


@dataclass(frozen=True, slots=True)
class Recipient:
    """A person who is to be told: where they belong, how they are reached, in which language."""

    user_id: int
    name: str
    email: str
    active: bool
    node_id: int
    path: str
    language: str
    quiet_from: str | None
    quiet_until: str | None


def recipients(session: Session, keys: list[int]) -> list[Recipient]:
    """Returns the persons behind accounts. An account without a living profile is nobody."""
    people, nodes, accounts = (Base.metadata.tables[name].c for name in ("user_profile", "node", "ab_user"))
    own = NotifySetting.__table__
    rows = session.execute(
        select(
            people.user_id,
            people.name,
            people.email,
            accounts.active,
            people.node_id,
            nodes.path,
            own.c.language,
            own.c.quiet_from,
            own.c.quiet_until,
        )
        .select_from(Base.metadata.tables["user_profile"])
        .join(Node.__table__, nodes.id == people.node_id)
        .join(Base.metadata.tables["ab_user"], accounts.id == people.user_id)
        .outerjoin(own, (own.c.user_id == people.user_id) & own.c.deleted_at.is_(None))
        .where(people.user_id.in_(keys), people.deleted_at.is_(None))
        .order_by(people.user_id)
    )
    return [
        Recipient(
            row.user_id,
            row.name,
            row.email or "",
            bool(row.active),
            row.node_id,
            row.path,
            row.language if row.language in LANGUAGES else LANGUAGES[0],
            row.quiet_from,
            row.quiet_until,
        )
        for row in rows
    ]


def waiting(engine: Engine, clock: Clock = utc_now) -> bool:
    """Returns whether an outbox row is to be fanned out. Takes no lock, so that it may be asked every second."""
    token = reading.set(True)
    try:
        with Session(engine) as session:
            due = select(OUTBOX.c.id).where(OUTBOX.c.told_at.is_(None), OUTBOX.c.next_at <= clock())
            return session.execute(due.limit(1)).first() is not None
    finally:
        reading.reset(token)


def fan_out(
    engine: Engine,
    clock: Clock = utc_now,
    ways: Ways = NOWHERE,
    *,
    most: int = 500,
    slow: Callable[[Session], None] | None = None,
) -> int:
    """Makes the deliveries of what waits in the outbox, oldest first, a transaction each; several may do so at once.

    Args:
        ways: mail deliveries are made only where there is a mail server.
        slow: called in the transaction where a delivery was made that goes out of the house, to wake who sends it.

    Returns: how many outbox rows were looked at.
    """
    done = 0
    with Session(engine) as session:
        while done < most:
            act(session, SYSTEM, clock)
            now = clock()
            row = session.execute(
                select(OUTBOX)
                .where(OUTBOX.c.told_at.is_(None), OUTBOX.c.next_at <= now)
                .order_by(OUTBOX.c.id)
                .limit(1)
                .with_for_update(skip_locked=True)
            ).first()
            if row is None:
                session.rollback()
                return done
            done += 1
            values: dict[str, Any] = {"told_at": now}
            try:
                made = deliveries(session, row, clock, ways)
                if made and slow is not None:
                    slow(session)
            except Exception:
                session.rollback()
                log.exception("Notice %s (%s) could not be made into deliveries; it is tried again.", row.id, row.event)
                wait = min(timedelta(seconds=30) * 2 ** min(row.tries, 10), LONGEST_WAIT)
                values = {"tries": row.tries + 1, "next_at": now + wait}
            session.execute(update(OUTBOX).where(OUTBOX.c.id == row.id).values(**values))
            session.commit()
    return done


def deliveries(session: Session, row: Any, clock: Clock, ways: Ways) -> int:
    """Writes the deliveries of an outbox row. Does not commit.

    Returns: how many of them leave the console.
    Raises:
        LookupError: the event is declared no more (a newer version wrote it).
    """
    event = EVENTS[row.event]
    about, keys = about_of(row), _keys(row)
    made = 0
    if keys:
        place = path_of(session, about)
        chosen = _preferences(session, event, keys)
        for one in recipients(session, keys):
            made += _to_person(session, row, event, one, place or one.path, chosen, clock, ways)
    for hook in wants(session, event.name):
        if hears(session, hook.path, about, row.at):
            name = hook.address[:64]
            _write(session, row, Channel.WEBHOOK, clock(), hook.node_id, name, address=hook.address, webhook_id=hook.id)
            made += 1
    return made


def _keys(row: Any) -> list[int]:
    return [int(key) for key in json.loads(row.recipients)]


def _preferences(session: Session, event: Event, keys: list[int]) -> dict[tuple[int, str], bool]:
    own: Any = NotifyPreference.__table__.c
    rows = session.execute(
        select(own.user_id, own.channel, own.wanted).where(
            own.event == event.name, own.user_id.in_(keys), own.deleted_at.is_(None)
        )
    )
    return {(user, channel): wanted for user, channel, wanted in rows}


def _to_person(
    session: Session,
    row: Any,
    event: Event,
    one: Recipient,
    place: str,
    chosen: dict[tuple[int, str], bool],
    clock: Clock,
    ways: Ways,
) -> int:
    now = clock()
    why = None
    if not one.active:
        why = Reason.DISABLED
    elif not sees(session, clock, one.user_id, about_of(row), row.at):
        why = Reason.OUT_OF_SCOPE
    if why is not None:
        _write(session, row, Channel.MAILBOX, now, one.node_id, one.name, user_id=one.user_id, withheld=why)
        return 0
    if event.always or chosen.get((one.user_id, Channel.MAILBOX), True):
        words = notice(session, row, Channel.MAILBOX, one.language, place)
        if words is not None:
            _into_mailbox(session, row, one.user_id, words.subject, words.body, now)
            _write(session, row, Channel.MAILBOX, now, one.node_id, one.name, user_id=one.user_id, sent=True)
    if ways.mail is None or not one.email or not chosen.get((one.user_id, Channel.MAIL), True):
        return 0
    if notice(session, row, Channel.MAIL, one.language, place) is None:
        return 0
    _write(session, row, Channel.MAIL, now, one.node_id, one.name, user_id=one.user_id, address=one.email)
    return 1


def _into_mailbox(session: Session, row: Any, user_id: int, title: str, body: str, now: datetime) -> None:
    box: Any = Mailbox.__table__
    made: Any = session.connection().execute(
        box.insert().values(
            user_id=user_id,
            title=title,
            body=body,
            event=row.event,
            table_name=row.table_name,
            row_id=row.row_id,
            outbox_id=row.id,
            created_at=now,
            changed_at=now,
            version=1,
        )
    )
    keep_keys(session.connection(), Mailbox, [int(made.inserted_primary_key[0])], new=True)


def _write(
    session: Session,
    row: Any,
    channel: Channel,
    now: datetime,
    node_id: int,
    recipient: str,
    *,
    user_id: int | None = None,
    webhook_id: int | None = None,
    address: str | None = None,
    sent: bool = False,
    withheld: Reason | None = None,
) -> None:
    state = DeliveryState.WITHHELD if withheld else DeliveryState.SENT if sent else DeliveryState.WAITING
    lines: Any = NotifyLog.__table__
    made: Any = session.connection().execute(
        lines.insert().values(
            node_id=node_id,
            event=row.event,
            channel=channel.value,
            recipient=recipient[:64],
            address=address,
            state=state.value,
            tries=int(sent),
            reason=withheld.value if withheld else None,
            next_at=None if sent or withheld else now,
            sent_at=now if sent else None,
            token=uuid.uuid4().hex,
            slot=f"{row.id}:{channel.value}:{webhook_id or user_id}",
            outbox_id=row.id,
            user_id=user_id,
            webhook_id=webhook_id,
            created_at=now,
            changed_at=now,
            version=1,
        )
    )
    keep_keys(session.connection(), NotifyLog, [int(made.inserted_primary_key[0])], new=True)
