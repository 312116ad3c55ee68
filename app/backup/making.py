"""Making a backup: a snapshot of the database, the files its rows name, a manifest; verified, then renamed into place."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, String, cast, create_engine, func, inspect, select

from app import migration
from app.backup import lite, postgres
from app.backup.archive import DATABASE, MANIFEST, Manifest, copied, damaged, member, no_backup, opened, put
from app.database import load_models, open_engine
from config import Settings
from models.kernel.masking import Cipher
from models.kernel.refusal import Refusal
from models.kernel.secret import Masked
from models.kernel.words import _

PROBE = "doorbook"
DAY = 86_400


@contextmanager
def scratch_folder(home: Path) -> Iterator[Path]:
    """Gives a folder below the home's `tmp` that is gone afterwards; what killed processes left a day ago goes as well."""
    root = home / "tmp"
    root.mkdir(mode=0o700, exist_ok=True)
    for left in root.glob("backup-*"):
        with suppress(OSError):
            if left.stat().st_mtime < time.time() - DAY:
                shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="backup-", dir=root) as folder:
        yield Path(folder)


def make(settings: Settings, target: Path, *, with_secrets: bool = False, verified: bool = True) -> Manifest:
    """Writes a backup beside `target` and renames it when it is whole, so that `target` is a good backup or as it was.

    Args:
        with_secrets: puts the two keys in as well; whoever has the file then reads all personal data.
        verified: restores it into a scratch place first, and compares.

    Returns: what is in it.
    Raises:
        Refusal: the database has no schema, or verifying found a difference; `target` is then as it was.
    """
    beside = target.with_name(f".{target.name}.{os.getpid()}.part")
    with scratch_folder(settings.home) as scratch:
        try:
            with os.fdopen(os.open(beside, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as file:
                with zipfile.ZipFile(file, "w", compresslevel=4) as archive:
                    manifest = _written(settings, archive, scratch, with_secrets)
                    archive.writestr(MANIFEST, manifest.dumped(), zipfile.ZIP_DEFLATED)
                file.flush()
                os.fsync(file.fileno())
            if verified:
                verify(settings, beside, scratch)
            os.replace(beside, target)
        finally:
            beside.unlink(missing_ok=True)
    return manifest


def _written(settings: Settings, archive: zipfile.ZipFile, scratch: Path, with_secrets: bool) -> Manifest:
    """The database first: whatever file a row of its snapshot names was there before the row, and is never changed."""
    cipher = Cipher(settings.data_key)

    def begun(revision: str | None) -> Manifest:
        if not revision:
            raise Refusal(_("There is no database to back up yet.", "尚无可备份的数据库。"))
        now = datetime.now(UTC).isoformat(timespec="seconds")
        engine = "sqlite" if path else "postgresql"
        return Manifest(engine, revision, now, cipher.encrypt(PROBE), secrets=with_secrets)

    path = lite_path(settings)
    if path is not None:
        if not path.exists():
            begun(None)
        copy = scratch / DATABASE
        lite.snapshot(path, copy)
        manifest = begun(lite.revision(copy))
        manifest.tables = lite.parts(copy)
        manifest.keys = lite_keys(copy)
        put(archive, DATABASE, copy, packed=True)
        copy.unlink()
    else:
        engine = open_engine(settings)
        try:
            if migration.current(engine) is None:
                begun(None)
            manifest = postgres.dump(engine, archive, begun)
            with engine.connect() as connection:
                manifest.keys = keys_in(connection)
        finally:
            engine.dispose()
    for file in sorted(settings.files.rglob("*")):
        name = file.relative_to(settings.files).as_posix()
        if file.is_file() and not any(step.startswith(".") for step in name.split("/")):
            manifest.files[name] = put(archive, f"files/{name}", file, packed=False)
    if with_secrets:
        for name, value in (("data_key", settings.data_key), ("secret_key", settings.secret_key)):
            archive.writestr(f"secrets/{name}", value)
    return manifest


def lite_path(settings: Settings) -> Path | None:
    """Returns the file of a SQLite database, None where the database is PostgreSQL."""
    scheme, _separator, path = settings.database_url.partition("///")
    return Path(path) if scheme == "sqlite:" else None


def keys_in(connection: Connection) -> list[str]:
    """Returns the public names of the data keys that masked values in a database are written with."""
    there = inspect(connection)
    known = set(there.get_table_names())
    found: set[str] = set()
    for table in load_models().tables.values():
        if table.name not in known:
            continue
        existing = {column["name"] for column in there.get_columns(table.name)}
        for column in table.columns:
            if isinstance(column.type, Masked) and column.name in existing:
                name = func.substr(cast(column, String), 3, 8)
                found.update(connection.scalars(select(name).where(column.is_not(None)).distinct()))
    return sorted(found)


def lite_keys(file: Path) -> list[str]:
    """Returns the same of a SQLite file."""
    engine = create_engine(f"sqlite:///{file}")
    try:
        with engine.connect() as connection:
            return keys_in(connection)
    finally:
        engine.dispose()


def extracted(archive: zipfile.ZipFile, manifest: Manifest, file: Path) -> None:
    """Takes the SQLite database out of an archive and compares every table with the manifest.

    Raises:
        Refusal: they differ.
    """
    with member(archive, DATABASE) as source, file.open("wb") as out:
        copied(source, out)
    found = lite.parts(file)
    for name in sorted({*found, *manifest.tables}):
        if found.get(name) != manifest.tables.get(name):
            raise damaged(name)


def verify(settings: Settings, file: Path, scratch: Path) -> None:
    """Restores a backup into a scratch place and compares counts and hashes of every table and file.

    Raises:
        Refusal: something differs; the backup is worth nothing.
    """
    with closing(opened(file)) as archive:
        manifest = Manifest.loaded(archive)
        try:
            if manifest.engine == "sqlite":
                extracted(archive, manifest, scratch / "verify.db")
            else:
                engine = open_engine(settings)
                try:
                    postgres.verify(engine, archive, manifest)
                finally:
                    engine.dispose()
            with open(os.devnull, "wb") as nowhere:
                for name, known in manifest.files.items():
                    with member(archive, f"files/{name}") as source:
                        if copied(source, nowhere) != known:
                            raise damaged(name)
        except (zipfile.BadZipFile, EOFError):
            raise no_backup(str(file)) from None
