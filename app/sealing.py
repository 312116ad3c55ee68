"""The sealer of a server process: seals the audit at its start and every minute from then on, in a thread of its own."""

from __future__ import annotations

import logging
import threading

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from models.kernel.actor import SYSTEM
from models.kernel.seal import seal
from models.kernel.session import act

EVERY = 60.0
log = logging.getLogger(__name__)


def seal_once(engine: Engine) -> int:
    """Seals what is ripe. Returns how many rows; 0 where it failed, which the log then says and the next run mends."""
    try:
        with Session(engine) as session:
            act(session, SYSTEM)
            return seal(session)
    except Exception:
        log.exception("The audit could not be sealed; the next run tries again.")
        return 0


def start(engine: Engine, every: float = EVERY) -> threading.Event:
    """Starts the thread. Several processes may each have one: they wait for each other.

    Returns: what stops it when it is set.
    """
    stop = threading.Event()

    def run() -> None:
        seal_once(engine)
        while not stop.wait(every):
            seal_once(engine)

    threading.Thread(target=run, name="sealer", daemon=True).start()
    return stop
