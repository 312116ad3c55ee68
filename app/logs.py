"""Logging to stderr and to a rotating file in the home, shared by all processes, without secrets."""

from __future__ import annotations

import fcntl
import logging
import os
import time
from logging.handlers import RotatingFileHandler
from urllib.parse import unquote, urlsplit

from config import Settings

_SIZE = 10 * 1024 * 1024
_KEPT = 5


class SharedFile(RotatingFileHandler):
    """A rotating file that several processes write: one of them rotates, the others follow to the new file."""

    def shouldRollover(self, record: logging.LogRecord) -> bool:
        self._follow()
        return bool(super().shouldRollover(record))

    def doRollover(self) -> None:
        with open(f"{self.baseFilename}.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._follow()  # another process may have rotated while this one waited
            if os.path.getsize(self.baseFilename) >= self.maxBytes // 2:
                super().doRollover()

    def _follow(self) -> None:
        if self.stream is None:
            return
        try:
            same = os.path.samestat(os.stat(self.baseFilename), os.fstat(self.stream.fileno()))
        except FileNotFoundError:
            same = False
        if not same:
            self.stream.close()
            self.stream = self._open()


class Discreet(logging.Formatter):
    """Writes a record, traceback included, with known secrets starred out, and in UTC."""

    converter = time.gmtime

    def __init__(self, pattern: str, secrets: list[str]) -> None:
        super().__init__(pattern, "%Y-%m-%dT%H:%M:%SZ")
        self._secrets = sorted((secret for secret in secrets if len(secret) >= 6), key=len, reverse=True)

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text


def set_up(settings: Settings) -> None:
    """Sends everything from INFO on to `logs/doorbook.log`, and from WARNING on to stderr. Replaces an earlier call.

    Args:
        settings: name the folder, and the secrets that are never written.
    """
    passwords = [urlsplit(url).password for url in (settings.database_url, settings.redis_url or "")]
    passwords.append(settings.mail.password if settings.mail else None)
    secrets = [settings.secret_key, settings.data_key]
    for password in filter(None, passwords):
        secrets += [password, unquote(password)]
    file = SharedFile(settings.logs / "doorbook.log", maxBytes=_SIZE, backupCount=_KEPT, encoding="utf-8")
    shown = logging.StreamHandler()
    shown.setLevel(logging.WARNING)
    for handler, pattern in (
        (file, "%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"),
        (shown, "%(levelname)s %(name)s: %(message)s"),
    ):
        handler.setFormatter(Discreet(pattern, secrets))
    root = logging.getLogger()
    for old in [each for each in root.handlers if getattr(each, "doorbook", False)]:
        root.removeHandler(old)
        old.close()
    for handler in (file, shown):
        handler.doorbook = True
        root.addHandler(handler)
    root.setLevel(logging.INFO)
    # Names every migration step and every file it looks at; what matters of it is said by `migrate` itself.
    logging.getLogger("alembic").setLevel(logging.WARNING)
    logging.getLogger("huey").setLevel(logging.WARNING)  # names every message; what they are about is in the job
