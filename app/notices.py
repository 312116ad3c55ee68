"""Notices on their way: mailboxes are filled by each server process at once, mail and webhooks go out by a job."""

from __future__ import annotations

import logging
import threading
from datetime import timedelta
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from config import Settings
from models.kernel.actor import SYSTEM
from models.kernel.job import ask, work
from models.kernel.job_running import Run
from models.kernel.job_schedule import every
from models.kernel.notice.deliver import deliver_due
from models.kernel.notice.fan_out import fan_out, waiting
from models.kernel.notice.outbox import on_told
from models.kernel.notice.ways import NOWHERE, MailServer, Ways
from models.kernel.words import _

log = logging.getLogger(__name__)

POLL = 2.0
"""Seconds after which a server process looks unasked: another process, or a command, may have told something."""

_ways = [NOWHERE]


def use(settings: Settings) -> None:
    """Takes from the settings how notices leave this installation. Called by the factory."""
    given = settings.mail
    server = None
    if given is not None:
        server = MailServer(given.host, given.port, given.tls, given.user, given.password, given.sender)
    _ways[:] = [Ways(server, settings.webhook_networks, settings.public_url or settings.url)]


@work("notices", _("Send notices", "发送消息"), quiet=True)
def send(run: Run) -> dict[str, Any]:
    """Makes deliveries of what waits in the outbox and sends what is due. Every delivery is a transaction of its own."""
    run.session.rollback()  # the deliveries are written by sessions of their own
    made = fan_out(run.engine, run.clock, _ways[0])
    return {"told": made, "tried": deliver_due(run.engine, run.clock, _ways[0], stopping=run.stopping)}


every("notices", timedelta(minutes=1))


def wake(session: Session) -> None:
    """Asks for the job now, in the transaction that made a delivery for it; one that is asked for already is enough."""
    ask(session, SYSTEM, "notices", once="now")


def start(engine: Engine, poll: float = POLL) -> threading.Event:
    """Starts the thread that makes deliveries of the outbox as soon as something was told.

    Returns: what stops it when it is set.
    """
    stop, told = threading.Event(), threading.Event()
    on_told(told.set)

    def run() -> None:
        while not stop.is_set():
            told.wait(poll)
            told.clear()
            try:
                if waiting(engine):
                    fan_out(engine, ways=_ways[0], slow=wake)
            except DBAPIError as failure:
                log.warning("Notices wait: the database does not answer (%s). Tried again.", failure.orig)
            except Exception:
                log.exception("Notices could not be delivered; tried again.")

    threading.Thread(target=run, name="notices", daemon=True).start()
    return stop
