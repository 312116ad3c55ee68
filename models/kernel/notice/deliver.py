"""Sending what leaves the console: claimed, sent outside of any transaction, written down; tried again, and given up.

A delivery is `sending` before and `sent` after. One whose worker was killed in between stays `sending` until its lease
ends; then it is sent again under the same token (Message-ID, Idempotency-Key), since lost is worse than twice: see
docs/decisions/0022.
"""

from __future__ import annotations

import logging
import smtplib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import urllib3
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from models.kernel.actor import SYSTEM
from models.kernel.audit import entry, write_lines
from models.kernel.clock import Clock, utc_now
from models.kernel.notice import hook, mail
from models.kernel.notice.event import EVENTS, Channel
from models.kernel.notice.fan_out import OUTBOX, Recipient, recipients
from models.kernel.notice.log import DeliveryState, NotifyLog, Reason
from models.kernel.notice.preference import quiet_until
from models.kernel.notice.scope import path_of, sees
from models.kernel.notice.ways import NOWHERE, Ways
from models.kernel.notice.webhook import Webhook
from models.kernel.notice.wordings import about_of, notice
from models.kernel.refusal import Denied, Refusal
from models.kernel.roles import WRITE
from models.kernel.scope import reach
from models.kernel.session import act, actor_of, clock_of
from models.kernel.words import _

log = logging.getLogger(__name__)

LINES: Any = NotifyLog.__table__
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=30), timedelta(hours=1)
TRIES = 12
"""Tries until a delivery is given up: some five hours."""

LEASE = timedelta(minutes=5)
"""How long a worker may be at one delivery, longer than all limits of time together."""


class Withheld(Exception):
    """It is not sent, and that is no failure."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


Outcome = tuple[DeliveryState, Reason | None, str]
"""What became of a try, why, and what the other side said."""


def wait_after(tries: int) -> timedelta:
    """Returns how long to wait after so many tries: 30 s, doubled each time, at most an hour."""
    return min(FIRST_WAIT * int(2 ** min(tries - 1, 12)), LONGEST_WAIT)


def deliver_due(
    engine: Engine,
    clock: Clock = utc_now,
    ways: Ways = NOWHERE,
    *,
    most: int = 200,
    lease: timedelta = LEASE,
    stopping: Callable[[], bool] = lambda: False,
) -> int:
    """Sends the deliveries that are due, oldest first, until there are none; several workers may do so at once.

    Args:
        lease: how long a delivery is this worker's own; then another takes it over.
        stopping: asked before each delivery.

    Returns: how many were tried.
    """
    done = 0
    while done < most and not stopping():
        line = claim(engine, clock, ways, lease)
        if line is None:
            break
        done += 1
        _settle(engine, line, _tried(engine, line, clock, ways), clock())
    return done


def claim(engine: Engine, clock: Clock, ways: Ways, lease: timedelta) -> Any:
    """Takes the next delivery that is due: written down as being sent, committed, before anything is sent.

    Mail that meets its reader's quiet hours is put off to their end and passed over. Returns None where nothing is due.
    """
    open_ = (DeliveryState.WAITING.value, DeliveryState.SENDING.value)
    with Session(engine) as session:
        while True:
            act(session, SYSTEM, clock)
            now = clock()
            line = session.execute(
                select(LINES)
                .where(LINES.c.state.in_(open_), LINES.c.next_at <= now)
                .order_by(LINES.c.next_at, LINES.c.id)
                .limit(1)
                .with_for_update(skip_locked=True)
            ).first()
            if line is None:
                session.rollback()
                return None
            held = _held_until(session, line, now)
            values: dict[str, Any] = {
                "state": DeliveryState.SENDING.value,
                "tries": line.tries + 1,
                "next_at": now + lease,
            }
            if held is not None:
                values = {"state": DeliveryState.WAITING.value, "next_at": held, "reason": Reason.QUIET.value}
            session.execute(update(LINES).where(LINES.c.id == line.id).values(**values))
            session.commit()
            if held is None:
                return session.execute(select(LINES).where(LINES.c.id == line.id)).one()


def _held_until(session: Session, line: Any, now: datetime) -> datetime | None:
    if line.channel != Channel.MAIL:
        return None
    reader = next(iter(recipients(session, [line.user_id])), None)
    return None if reader is None else quiet_until(now, reader.quiet_from, reader.quiet_until)


def _tried(engine: Engine, line: Any, clock: Clock, ways: Ways) -> Outcome:
    """Sends one delivery."""
    try:
        send = _mail if line.channel == Channel.MAIL else _hook
        return DeliveryState.SENT, None, send(engine, line, clock, ways)
    except Withheld as withheld:
        return DeliveryState.WITHHELD, withheld.reason, ""
    except mail.Bounced as bounced:
        return DeliveryState.DEAD, Reason.BOUNCED, str(bounced)
    except hook.Gone as gone:
        return DeliveryState.DEAD, Reason.GONE, str(gone)
    except Refusal as refusal:
        reason = Reason.member(refusal.code) or Reason.ADDRESS
        return DeliveryState.DEAD, reason, " ".join(str(value) for value in refusal.sentence.values.values())
    except (OSError, smtplib.SMTPException, urllib3.exceptions.HTTPError) as failure:
        text = str(failure) or type(failure).__name__
    except Exception as failure:
        log.exception("Delivery %s failed in a way nobody foresaw.", line.id)
        text = f"{type(failure).__name__}: {failure}"
    return (DeliveryState.DEAD if line.tries >= TRIES else DeliveryState.WAITING), Reason.FAILED, text


def _settle(engine: Engine, line: Any, outcome: Outcome, now: datetime) -> None:
    """Writes down what became of a try, where the delivery is still this worker's."""
    state, reason, answer = outcome
    values: dict[str, Any] = {"state": state.value, "reason": reason.value if reason else None, "changed_at": now}
    values["answer"] = " ".join(answer.split())[:300] or None
    values["next_at"] = now + wait_after(line.tries) if state is DeliveryState.WAITING else None
    if state is DeliveryState.SENT:
        values["sent_at"] = now
    mine = (LINES.c.id == line.id) & (LINES.c.state == DeliveryState.SENDING.value) & (LINES.c.tries == line.tries)
    with Session(engine) as session:
        act(session, SYSTEM)
        session.execute(update(LINES).where(mine).values(**values))
        session.commit()


def _outbox(session: Session, line: Any) -> Any:
    row = session.execute(select(OUTBOX).where(OUTBOX.c.id == line.outbox_id)).one_or_none()
    if row is None or row.event not in EVENTS:
        raise Withheld(Reason.UNKNOWN_EVENT)
    return row


def _mail(engine: Engine, line: Any, clock: Clock, ways: Ways) -> str:
    """Asks once more who the reader is and what they may see now, then hands the mail over."""
    if ways.mail is None:
        raise Withheld(Reason.NO_SERVER)
    with Session(engine) as session:
        act(session, SYSTEM, clock)
        row, reader = _outbox(session, line), next(iter(recipients(session, [line.user_id])), None)
        if reader is None or not reader.active:
            raise Withheld(Reason.DISABLED)
        if not sees(session, clock, reader.user_id, about_of(row), row.at):
            raise Withheld(Reason.OUT_OF_SCOPE)
        words = _words(session, row, reader)
        session.rollback()
    link = f"{ways.url}{row.table_name}/show/{row.row_id}" if row.table_name else f"{ways.url}mailbox/"
    made = mail.message(ways.mail, line.address, reader.name, words, link, line.token, line.created_at)
    return mail.send(ways.mail, made)


def _words(session: Session, row: Any, reader: Recipient) -> Any:
    words = notice(session, row, Channel.MAIL, reader.language, path_of(session, about_of(row)) or reader.path)
    if words is None:
        raise Withheld(Reason.SWITCHED_OFF)
    return words


def _hook(engine: Engine, line: Any, clock: Clock, ways: Ways) -> str:
    with Session(engine) as session:
        act(session, SYSTEM, clock)
        row = _outbox(session, line)
        target = session.execute(select(Webhook).where(Webhook.id == line.webhook_id)).scalar_one_or_none()
        if target is None or not target.active:
            raise Withheld(Reason.SWITCHED_OFF)
        address, secret = target.address, target.secret.plain() if target.secret else ""
        session.rollback()
    body = hook.body_of(row, line.token)
    return hook.send(address, secret, line.event, line.token, body, clock(), ways.networks)


def may_resend(session: Session, line: NotifyLog) -> bool:
    """Returns whether the actor keeps the ways out of the house at the place a delivery belongs to."""
    where = reach(session, actor_of(session), Webhook, WRITE)
    return where.everything or line.node_id in where.nodes


def resend(session: Session, line: NotifyLog) -> None:
    """Lets a delivery that was given up or withheld be tried anew, and records who asked. Does not commit.

    Args:
        line: read through the gate by whoever asks.

    Raises:
        Denied: to look into the log is not to send: that is for who keeps the webhooks of the place it belongs to.
        Refusal: it was sent, or waits already, or was never to leave the console.
    """
    if not may_resend(session, line):
        raise Denied(
            _(
                "Sending again is for those who keep the webhooks and templates of this place.",
                "仅该单位的消息维护人员（可维护 Webhook 与消息模板）可以重新发送。",
            )
        )
    if line.state not in (DeliveryState.DEAD, DeliveryState.WITHHELD) or line.channel == Channel.MAILBOX:
        raise Refusal(
            _(
                "Only what was given up or withheld, by mail or webhook, can be sent again.",
                "只有发送失败或未发送的邮件、推送可以重新发送。",
            ),
            code="not_dead",
            status=409,
        )
    now = clock_of(session)()
    values = {"state": DeliveryState.WAITING.value, "tries": 0, "next_at": now, "version": LINES.c.version + 1}
    session.connection().execute(update(LINES).where(LINES.c.id == line.id).values(**values))
    change = {"state": (line.state, DeliveryState.WAITING.value)}
    write_lines(session, [entry(actor_of(session), now, "notify_log", line.id, "resend", change)])
    session.expire(line)
