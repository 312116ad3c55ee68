"""Restoring: everything is looked at before anything is changed, and the old state stands until the new one is whole."""

from __future__ import annotations

import os
import secrets
import sqlite3
import time
import zipfile
import zlib
from contextlib import closing, suppress
from pathlib import Path

from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, text

from app import migration
from app.backup import lite, postgres
from app.backup.archive import Attached, Manifest, copied, damaged, member, no_backup, opened
from app.backup.making import DAY, PROBE, extracted, lite_path, scratch_folder
from app.database import load_models, open_engine
from config import Settings
from models.kernel.masking import Cipher, Undecipherable
from models.kernel.refusal import Refusal
from models.kernel.secret import use_cipher
from models.kernel.session import prepare_engine
from models.kernel.words import _

_RIGHTS = {
    "alembic_version",
    "ab_permission",
    "ab_view_menu",
    "ab_permission_view",
    "ab_role",
    "ab_permission_view_role",
}
"""What `migrate` writes by itself: a database with nothing but these is empty."""


def restore(
    settings: Settings, source: Path, *, replace: bool = False, with_secrets: bool = False, unreadable: bool = False
) -> Manifest:
    """Puts a backup in place of the database, and its files beside those there are.

    Files go first: they are named by what is in them or replaced whole, and do no harm where the database does not
    follow. The database then changes in one step, the keys right after it.

    Args:
        replace: also where there is something already; it is gone afterwards.
        with_secrets: takes the two keys out of the backup as well.
        unreadable: also where the present data key cannot read the masked values in it.

    Returns: what was restored.
    Raises:
        Refusal: said before anything was changed, in words.
    """
    load_models()
    with closing(opened(source)) as archive:
        manifest = Manifest.loaded(archive)
        try:
            _require_known(manifest)
            path = lite_path(settings)
            if path is not None and manifest.engine != "sqlite":
                raise Refusal(
                    _(
                        "A backup of PostgreSQL can only be restored to PostgreSQL: set DATABASE_URL.",
                        "PostgreSQL 备份只能恢复到 PostgreSQL，请设置 DATABASE_URL。",
                    )
                )
            keys = _keys(settings, archive, manifest) if with_secrets else {}
            _require_readable(keys.get("data_key", settings.data_key), manifest, unreadable)
            use_cipher(Cipher(keys.get("data_key", settings.data_key)))
            if not replace:
                _require_empty(settings, path)
            with scratch_folder(settings.home) as scratch:
                _restore(settings, archive, manifest, path, scratch, keys)
        except (zipfile.BadZipFile, EOFError, zlib.error, sqlite3.DatabaseError):
            raise no_backup(str(source)) from None
    return manifest


def _restore(
    settings: Settings,
    archive: zipfile.ZipFile,
    manifest: Manifest,
    path: Path | None,
    scratch: Path,
    keys: dict[str, str],
) -> None:
    """All of the database is read and compared before the first file is put anywhere."""
    lite_file = None
    if manifest.engine == "sqlite":
        folder = scratch if path is None else path.parent  # on the same disk, so that it can be renamed into place
        for left in folder.glob(".restore.*"):  # of one that was killed
            with suppress(OSError):
                if left.stat().st_mtime < time.time() - DAY:
                    left.unlink()
        lite_file = folder / f".restore.{os.getpid()}.{secrets.token_hex(4)}.db"
    try:
        if lite_file is not None:
            extracted(archive, manifest, lite_file)
        if path is not None and lite_file is not None:
            _upgrade(lite_file)
        _files(settings.files, archive, manifest)
        renames = _keys_beside(settings, keys)
        if path is not None and lite_file is not None:
            lite.replace(lite_file, path)
        else:
            engine = open_engine(settings)
            use_cipher(Cipher(keys.get("data_key", settings.data_key)))
            try:
                postgres.restore(engine, archive, manifest, lite_file)
            finally:
                engine.dispose()
        for fresh, name in renames:
            os.replace(fresh, name)
    finally:
        if lite_file is not None:
            for left in lite_file.parent.glob(f"{lite_file.name}*"):
                left.unlink()


def _require_known(manifest: Manifest) -> None:
    known = {step.revision for step in ScriptDirectory.from_config(migration.config()).walk_revisions()}
    if manifest.revision not in known:
        raise Refusal(
            _(
                "The backup is at revision {there}, which this code does not know ({here} is its newest): use the version"
                " that made it, or a newer one.",
                "备份的版本为 {there}，当前程序（最新 {here}）无法识别，请使用生成该备份的版本或更新的版本。",
            ).fill(there=manifest.revision, here=migration.head()),
            code="newer",
        )


def _require_readable(key: str, manifest: Manifest, unreadable: bool) -> None:
    """The key itself is not in the backup unless it was asked for; without it personal data is noise."""
    if unreadable:
        return
    cipher = Cipher(key)
    try:
        same = cipher.decrypt(manifest.probe) == PROBE
    except Undecipherable:
        same = False
    if not same or any(not cipher.is_current(f"1.{name}.") for name in manifest.keys):
        raise Refusal(
            _(
                "The present DATA_KEY cannot read the masked values of this backup: set the one it was made with"
                " (--with-secrets takes it out of a backup that has it; --unreadable restores all the same).",
                "当前 DATA_KEY 无法读取该备份中的加密数据：请设置备份时所用的密钥"
                "（备份内含密钥时可用 --with-secrets；--unreadable 则强制恢复）。",
            ),
            code="key",
        )


def _keys(settings: Settings, archive: zipfile.ZipFile, manifest: Manifest) -> dict[str, str]:
    """Takes the keys out of a backup that has them.

    Raises:
        Refusal: it has none, or the environment sets others, which no file can change.
    """
    if not manifest.secrets:
        raise Refusal(
            _(
                "This backup was made without --with-secrets: there are no keys in it.",
                "该备份生成时未使用 --with-secrets，其中不含密钥。",
            )
        )
    found = {}
    for name, present in (("data_key", settings.data_key), ("secret_key", settings.secret_key)):
        with member(archive, f"secrets/{name}") as source:
            found[name] = source.read().decode()
        kept = settings.secrets / name
        if found[name] != present and (not kept.exists() or kept.read_text().strip() != present):
            raise Refusal(
                _(
                    "{name} is set by the environment, and the backup has another: unset the variable first.",
                    "环境变量 {name} 与备份中的不同，请先取消该变量。",
                ).fill(name=name.upper())
            )
    return found


def _keys_beside(settings: Settings, keys: dict[str, str]) -> list[tuple[Path, Path]]:
    """Writes the keys beside the present ones. Returns: the renames that put them there."""
    renames = []
    for name, value in keys.items():
        fresh = settings.secrets / f".{name}.restored"
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write(value + "\n")
            out.flush()
            os.fsync(out.fileno())
        renames.append((fresh, settings.secrets / name))
    return renames


def _require_empty(settings: Settings, path: Path | None) -> None:
    """Refuses a target that has anything in it but what `migrate` writes by itself."""
    filled = any(file.is_file() for file in settings.files.rglob("*"))
    if path is None or path.exists():
        engine = open_engine(settings)
        try:
            with engine.connect() as connection:
                quote = engine.dialect.identifier_preparer.quote
                filled = filled or any(
                    connection.execute(text(f"SELECT 1 FROM {quote(name)} LIMIT 1")).first()
                    for name in inspect(connection).get_table_names()
                    if name not in _RIGHTS
                )
        finally:
            engine.dispose()
    if filled:
        raise Refusal(
            _(
                "There is data here already: --replace restores over it, and what is there now is gone.",
                "当前已有数据：如需覆盖请使用 --replace，现有数据将被清除。",
            ),
            code="not_empty",
        )


def _upgrade(file: Path) -> None:
    """Brings a SQLite file up to this code, and back into one file without a journal."""
    engine = prepare_engine(create_engine(f"sqlite:///{file}"))
    try:
        migration.upgrade(engine)
    finally:
        engine.dispose()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")


def _files(folder: Path, archive: zipfile.ZipFile, manifest: Manifest) -> None:
    """Puts the files of a backup into the home; one that is there with the same content is left alone.

    Raises:
        Refusal: one of them is not what the manifest says.
    """
    for name, known in manifest.files.items():
        file = folder / name
        if file.is_file() and _of(file) == known:
            continue
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside = file.with_name(f".{file.name[:80]}.{os.getpid()}.part")
        try:
            out = os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
            with out, member(archive, f"files/{name}") as source:
                found = copied(source, out)
                out.flush()
                os.fsync(out.fileno())
            if found != known:
                raise damaged(name)
            os.replace(beside, file)
        finally:
            beside.unlink(missing_ok=True)


def _of(file: Path) -> Attached:
    with file.open("rb") as source, open(os.devnull, "wb") as nowhere:
        return copied(source, nowhere)
