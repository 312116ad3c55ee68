"""Where the contents of files are kept: by what is in them, so that equal files are kept once and none is ever changed."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Protocol

_DIGEST = re.compile(r"[0-9a-f]{64}\Z")


class Store(Protocol):
    """Keeps contents by their SHA-256. A folder today; a share or an S3 bucket behind the same two methods."""

    def put(self, content: bytes) -> str:
        """Keeps `content`; when it returns, the content outlasts a power cut. Returns: its SHA-256 in hex."""
        ...

    def get(self, digest: str) -> bytes:
        """Returns the content of that hash.

        Raises:
            FileNotFoundError: it is not here.
        """
        ...


class FolderStore:
    """A store in a folder: `ab/cd/abcd…`, written beside and renamed, so that a file is whole or not there.

    Args:
        root: the folder; it is made when the first file comes.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def path(self, digest: str) -> Path:
        """Returns where the content of that hash lies.

        Raises:
            FileNotFoundError: `digest` is no hash.
        """
        if not _DIGEST.match(digest):
            raise FileNotFoundError(digest)
        return self._root / digest[:2] / digest[2:4] / digest

    def put(self, content: bytes) -> str:
        """Keeps `content` (see `Store.put`)."""
        digest = hashlib.sha256(content).hexdigest()
        file = self.path(digest)
        if file.exists() and file.stat().st_size == len(content):
            with suppress(FileNotFoundError):  # young again, so that no sweep takes it before its row is there
                os.utime(file)
                return digest
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside = file.with_name(f".{digest[:16]}.{os.getpid()}.{secrets.token_hex(4)}")
        try:
            with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
                out.write(content)
                out.flush()
                os.fsync(out.fileno())
            os.replace(beside, file)
        finally:
            beside.unlink(missing_ok=True)
        folder = os.open(file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return digest

    def get(self, digest: str) -> bytes:
        """Returns a content (see `Store.get`)."""
        return self.path(digest).read_bytes()

    def older(self, before: float) -> Iterator[str]:
        """Yields the hashes of contents that were put here, or put again, before that time (seconds since 1970)."""
        for file in self._root.glob("??/??/*"):
            if _DIGEST.match(file.name) and self._put_at(file) < before:
                yield file.name

    def drop(self, digest: str, before: float) -> None:
        """Deletes a content that nothing names, unless it was put here again meanwhile."""
        file = self.path(digest)
        if self._put_at(file) < before:
            file.unlink(missing_ok=True)

    def _put_at(self, file: Path) -> float:
        try:
            return file.stat().st_mtime
        except FileNotFoundError:
            return float("inf")
