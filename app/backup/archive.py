"""The archive: one zip with a manifest that says what is in it, how much of it, and what each part hashes to."""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO

from models.kernel.refusal import Refusal
from models.kernel.words import _

FORMAT = 1
MANIFEST = "manifest.json"
DATABASE = "database.db"
CHUNK = 1 << 20
_PLAIN = re.compile(r"[A-Za-z0-9_\-][A-Za-z0-9_.\-]*(/[A-Za-z0-9_\-][A-Za-z0-9_.\-]*)*\Z")


@dataclass
class Part:
    """One table: its columns, its rows and their hash in the order of the key."""

    rows: int
    sha256: str
    columns: list[str] = field(default_factory=list)


@dataclass
class Attached:
    """One file below `files/`."""

    size: int
    sha256: str


@dataclass
class Manifest:
    """What an archive holds.

    Attributes:
        engine: `sqlite` or `postgresql`, the database the rows come from.
        revision: the schema's revision they are at.
        made_at: when the snapshot was taken, UTC.
        probe: a word encrypted with the data key, by which a restore learns whether the present key is the same.
        keys: public names of the data keys that masked values in it are written with.
        sequences: on PostgreSQL, where each stood.
        secrets: whether the keys themselves are in it.
    """

    engine: str
    revision: str
    made_at: str
    probe: str
    keys: list[str] = field(default_factory=list)
    tables: dict[str, Part] = field(default_factory=dict)
    sequences: dict[str, int] = field(default_factory=dict)
    files: dict[str, Attached] = field(default_factory=dict)
    secrets: bool = False
    format: int = FORMAT

    def dumped(self) -> str:
        """Returns the text of `manifest.json`."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1)

    @classmethod
    def loaded(cls, archive: zipfile.ZipFile) -> Manifest:
        """Reads the manifest of an archive.

        Raises:
            Refusal: it has none, one of a newer format, or one that names files outside of the home.
        """
        try:
            said = json.loads(archive.read(MANIFEST))
            if said["format"] > FORMAT:
                raise Refusal(
                    _(
                        "This backup was made by a newer version of Doorbook: use that version.",
                        "该备份由更新版本的 Doorbook 生成，请使用相应版本恢复。",
                    )
                )
            said["tables"] = {name: Part(**one) for name, one in said["tables"].items()}
            said["files"] = {name: Attached(**one) for name, one in said["files"].items()}
            found = cls(**said)
        except (KeyError, TypeError, ValueError, AttributeError):
            raise no_backup(archive.filename or "") from None
        if not all(_PLAIN.match(name) for name in (*found.files, *found.tables)):
            raise no_backup(archive.filename or "")
        return found


def no_backup(name: str) -> Refusal:
    """Returns the refusal of a file that is no archive of ours."""
    return Refusal(
        _("{file} is no backup of Doorbook, or it is damaged.", "{file} 不是 Doorbook 的备份文件，或文件已损坏。").fill(
            file=name
        )
    )


def damaged(what: str) -> Refusal:
    """Returns the refusal of an archive whose part `what` is not what the manifest says."""
    return Refusal(
        _(
            "The backup is damaged: “{what}” is not what its manifest says. Use another backup.",
            "备份已损坏：“{what}”与清单不符，请使用其他备份。",
        ).fill(what=what)
    )


def opened(path: Path) -> zipfile.ZipFile:
    """Opens an archive for reading.

    Raises:
        Refusal: the file is no archive.
        OSError: it cannot be read.
    """
    try:
        return zipfile.ZipFile(path)
    except zipfile.BadZipFile:
        raise no_backup(str(path)) from None


def pieces(source: IO[bytes]) -> Iterator[bytes]:
    """Yields a stream piece by piece."""
    while piece := source.read(CHUNK):
        yield piece


def copied(source: IO[bytes], out: IO[bytes]) -> Attached:
    """Copies a stream.

    Returns: its size and hash.
    """
    digest, size = hashlib.sha256(), 0
    for piece in pieces(source):
        digest.update(piece)
        size += len(piece)
        out.write(piece)
    return Attached(size, digest.hexdigest())


def put(archive: zipfile.ZipFile, name: str, file: Path, *, packed: bool) -> Attached:
    """Puts a file into an archive.

    Args:
        packed: False for what is packed already, such as pictures.

    Returns: its size and hash.
    """
    known = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    known.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    known.external_attr = 0o600 << 16
    with file.open("rb") as source, archive.open(known, "w", force_zip64=True) as out:
        return copied(source, out)


def member(archive: zipfile.ZipFile, name: str) -> IO[bytes]:
    """Opens a part of an archive.

    Raises:
        Refusal: it is not there.
    """
    try:
        return archive.open(name)
    except KeyError:
        raise damaged(name) from None
