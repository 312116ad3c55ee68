"""What was handed over for an import, kept from one page of it to the next: the file, its mapping, its remarks.

Each import has a folder of its own under DOORBOOK_HOME, named by a token nobody guesses and opened only for the person
who made it. After a day it is gone. How a person mapped a file's headings is remembered for the next file like it.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from models.kernel.refusal import Missing
from models.kernel.words import _

LIFETIME = 24 * 60 * 60
_TOKEN = re.compile(r"[A-Za-z0-9_-]{20,64}")


@dataclass
class Staged:
    """An import that was begun.

    Attributes:
        token: its name in addresses.
        folder: where it is kept.
        user_id: who may go on with it.
        target: what it fills, such as 'room' or 'ledger/12'.
        filename: as the person's machine called it.
        encoding, delimiter: of a CSV file, where one was chosen.
        sheet: the sheet that is read; the first with anything in it where empty.
        header_row: the row of the headings, from 1; found out where 0.
        mapping: column of the sheet (from 0) -> key of the target's column; None while nobody mapped it.
        options: what was chosen beyond that, such as 'owner_changed'.
        rows: how many a dry run found.
        sheets: of a workbook of several tables: sheet -> what was said of it (`table`, `header_row`, `mapping`).
    """

    token: str
    folder: Path
    user_id: int | None
    target: str
    filename: str
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str = ""
    header_row: int = 0
    mapping: dict[int, str] | None = None
    options: list[str] = field(default_factory=list)
    created: float = 0.0
    rows: int = 0
    sheets: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def file(self) -> Path:
        """The file as it was handed over."""
        return self.folder / "file"

    def save(self) -> None:
        """Keeps what was chosen."""
        values = {name: value for name, value in asdict(self).items() if name not in ("folder", "token")}
        _write(self.folder / "import.json", values)

    def keep_alive(self) -> None:
        """Begins its day anew: a job works on it."""
        self.created = time.time()
        self.save()

    def keep_remarks(self, remarks: Sequence[tuple[int, int | None, str, str]], sheet: int = 0) -> None:
        """Keeps the remarks of a dry run: row (from 1), column (from 0), sentence in English and in Chinese.

        Args:
            sheet: which sheet of a workbook of several tables they are about.
        """
        _write(self.folder / f"remarks-{sheet}.json", list(remarks))

    def remarks(self, sheet: int = 0) -> list[tuple[int, int | None, str, str]]:
        """Returns what `keep_remarks` was given; nothing before a dry run."""
        file = self.folder / f"remarks-{sheet}.json"
        return [tuple(each) for each in json.loads(file.read_text("utf-8"))] if file.exists() else []


class Staging:
    """The imports of one installation.

    Args:
        home: DOORBOOK_HOME.
    """

    def __init__(self, home: Path) -> None:
        self._folder = home / "imports"

    def begin(
        self, data: bytes, user_id: int | None, target: str, filename: str, encoding: str | None = None
    ) -> Staged:
        """Keeps a file that was handed over, and drops what is older than a day."""
        self.sweep()
        token = secrets.token_urlsafe(24)
        folder = self._folder / token
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700)
        staged = Staged(token, folder, user_id, target, filename[:200], encoding, created=time.time())
        staged.file.write_bytes(data)
        staged.file.chmod(0o600)
        staged.save()
        return staged

    def find(self, token: str, user_id: int | None, target: str) -> Staged:
        """Returns an import that was begun.

        Raises:
            Missing: there is none, it is another person's or of another table, or it is older than a day.
        """
        folder = self._folder / token
        try:
            values = json.loads((folder / "import.json").read_text("utf-8")) if _TOKEN.fullmatch(token) else None
        except (OSError, ValueError):
            values = None
        if (
            values is None
            or values["user_id"] != user_id
            or values["target"] != target
            or time.time() - values["created"] > LIFETIME
        ):
            raise Missing(
                _(
                    "This import does not exist or has expired. Hand the file over again.",
                    "该导入不存在或已过期，请重新上传文件。",
                )
            )
        if values["mapping"] is not None:
            values["mapping"] = _numbered(values["mapping"])
        for said in values.get("sheets", {}).values():
            if said.get("mapping") is not None:
                said["mapping"] = _numbered(said["mapping"])
        return Staged(token=token, folder=folder, **values)

    def remember(
        self, staged: Staged, headings: Sequence[str], mapping: Mapping[int, str], table: str | None = None
    ) -> None:
        """Remembers how a person mapped these headings of this table; `table` names it where the target is several."""
        file = self._remembered(staged, headings, table)
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(file, {str(column): key for column, key in mapping.items()})

    def remembered(self, staged: Staged, headings: Sequence[str], table: str | None = None) -> dict[int, str] | None:
        """Returns how the same person mapped the same headings before, or None."""
        file = self._remembered(staged, headings, table)
        try:
            return {int(column): str(key) for column, key in json.loads(file.read_text("utf-8")).items()}
        except (OSError, ValueError):
            return None

    def _remembered(self, staged: Staged, headings: Sequence[str], table: str | None) -> Path:
        kind = table or staged.target.partition("/")[0]
        said = json.dumps([kind, *headings], ensure_ascii=False).encode()
        return self._folder / "mappings" / str(staged.user_id or 0) / f"{hashlib.sha256(said).hexdigest()[:32]}.json"

    def sweep(self) -> int:
        """Drops what is older than a day. Returns: how many."""
        gone = 0
        if not self._folder.exists():
            return gone
        for folder in self._folder.iterdir():
            try:
                old = folder.name != "mappings" and time.time() - folder.stat().st_mtime > LIFETIME
            except FileNotFoundError:  # another process sweeps as well
                continue
            if old:
                shutil.rmtree(folder, ignore_errors=True)
                gone += 1
        return gone


def _numbered(mapping: Mapping[str, str]) -> dict[int, str]:
    """JSON has no numbers as keys."""
    return {int(column): key for column, key in mapping.items()}


def _write(file: Path, values: object) -> None:
    """Writes as a whole or not at all, readable by this installation only."""
    fresh = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    fresh.write_text(json.dumps(values, ensure_ascii=False), "utf-8")
    fresh.chmod(0o600)
    fresh.replace(file)
