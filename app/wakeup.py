"""Huey wakes the workers: on SQLite in DOORBOOK_HOME, on Redis where REDIS_URL names one. It knows of no job.

A message says that there is something to look at; what there is stands in the table `job`. One that is lost, or a Redis
that is gone, costs seconds: workers look by themselves every `POLL`.
"""

from __future__ import annotations

import hashlib
import logging
import sqlite3
import time
from typing import Any

from huey import RedisHuey, SqliteHuey
from huey.api import Huey
from redis import ConnectionPool
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from config import Settings

POLL = 3.0
"""Seconds after which a worker looks for jobs unasked."""

_PATIENCE = 1.0  # seconds for a queue that does not answer; whoever asks for a job waits meanwhile
_PAUSE = 10.0  # seconds in which a queue that failed is not tried again
_TICK = 0.2  # seconds between two looks into a queue that cannot block
_MOST = 1000  # messages that nobody took; more would say nothing new

log = logging.getLogger(__name__)


class Bell:
    """The queue, as those who ring it and those who wait for it see it. Never raises.

    Args:
        settings: say where it is.
        name: of the queue; that of the database where left out, so that consoles may share a Redis.
    """

    def __init__(self, settings: Settings, name: str | None = None) -> None:
        self._redis = settings.redis_url
        self._file = settings.home / "queue.db"
        self._name = name or f"doorbook-{hashlib.sha256(settings.database_url.encode()).hexdigest()[:8]}"
        self._huey: Huey | None = None
        self._wake: Any = None
        self._away_until = 0.0
        self._said = False

    @property
    def place(self) -> str:
        """What kind of queue it is, for people."""
        return "Redis" if self._redis else "SQLite"

    def _opened(self) -> Huey:
        if self._huey is None:
            options: dict[str, Any] = {"results": False, "utc": True}
            if self._redis:
                pool = ConnectionPool.from_url(
                    self._redis,
                    socket_connect_timeout=_PATIENCE,
                    socket_timeout=_PATIENCE + 1,
                    retry=Retry(NoBackoff(), 0),
                )
                self._huey = RedisHuey(self._name, connection_pool=pool, blocking=True, read_timeout=1, **options)
            else:
                self._huey = SqliteHuey(self._name, filename=str(self._file), timeout=_PATIENCE, **options)
            self._wake = self._huey.task(name="wake")(lambda: None)
        return self._huey

    def _failed(self, failure: Exception) -> None:
        self._away_until = time.monotonic() + _PAUSE
        self._huey = None
        if not self._said:
            self._said = True
            log.warning(
                "The queue on %s does not answer (%s); jobs are found by looking, within %.0f seconds.",
                self.place,
                failure,
                POLL,
            )

    def _answered(self) -> None:
        if self._said:
            self._said = False
            log.warning("The queue on %s answers again.", self.place)

    @property
    def away(self) -> bool:
        """Whether it failed a moment ago and is left alone for now."""
        return time.monotonic() < self._away_until

    def ring(self) -> None:
        """Tells workers that there is something to look at."""
        if self.away:
            return
        try:
            huey = self._opened()
            if huey.pending_count() < _MOST:
                self._wake()
            self._answered()
        except (RedisError, sqlite3.Error, OSError) as failure:
            self._failed(failure)

    def wait(self, seconds: float = POLL) -> bool:
        """Waits for a ring, at most so long.

        Returns: whether there was one.
        """
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if self.away:
                time.sleep(min(left, _TICK))
                continue
            try:
                huey = self._opened()
                message = huey.dequeue()
                self._answered()
            except (RedisError, sqlite3.Error, OSError) as failure:
                self._failed(failure)
                continue
            if message is not None:
                huey.execute(message)
                return True
            if not self._redis:
                time.sleep(min(left, _TICK))
        return False

    def answers(self) -> bool:
        """Returns whether the queue can be had now (for /readyz)."""
        if self.away:
            return False
        try:
            self._opened().pending_count()
            self._answered()
            return True
        except (RedisError, sqlite3.Error, OSError) as failure:
            self._failed(failure)
            return False

    def clear(self) -> None:
        """Drops messages of the past; whoever calls it looks at the table next."""
        try:
            self._opened().flush()
        except (RedisError, sqlite3.Error, OSError) as failure:
            self._failed(failure)
