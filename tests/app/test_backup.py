"""Backup and restore: the whole state at one moment, checked both ways, and never half of it."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, MetaData, create_engine, func, make_url, select, text
from sqlalchemy.orm import Session

from app import migration
from app.backup import lite
from app.backup.making import make, verify
from app.backup.restoring import restore
from app.database import open_engine
from config import ROOT, Settings
from models.kernel.refusal import Refusal
from models.kernel.session import prepare_engine
from tests.databases import BOTH, create_postgres, drop_postgres, make_schema
from tests.world import World, build

HELD = b"a plan of the third floor"
PLACE = "ab/cd/abcd0123"


def state(engine: Engine) -> dict[str, list[Any]]:
    """Returns every row of every table."""
    known = MetaData()
    known.reflect(engine)
    with engine.connect() as connection:
        return {
            # by name: a column that a migration added stands last in one database, in its place in another
            table.name: sorted(
                map(repr, connection.execute(select(*sorted(table.c, key=lambda column: column.name))).all())
            )
            for table in known.tables.values()
        }


def attach(settings: Settings) -> Path:
    """Puts a file into the store."""
    file = settings.files / PLACE
    file.parent.mkdir(parents=True)
    file.write_bytes(HELD)
    return file


@pytest.fixture
def elsewhere(backend: str, settings: Settings, tmp_path: Path) -> Iterator[Settings]:
    """Settings of another, empty installation with the same keys."""
    yield from _elsewhere(settings, backend, tmp_path / "elsewhere")


def _elsewhere(settings: Settings, backend: str, home: Path) -> Iterator[Settings]:
    for name in ("files", "secrets", "logs"):
        (home / name).mkdir(parents=True)
    url = f"sqlite:///{home / 'doorbook.db'}" if backend == "sqlite" else create_postgres()
    yield replace(settings, home=home, database_url=url)
    if backend == "postgres":
        drop_postgres(make_url(url).database or "")


@pytest.mark.parametrize("backend", BOTH)
def test_everything_comes_back(
    settings: Settings, engine: Engine, world: World, elsewhere: Settings, tmp_path: Path
) -> None:
    attach(settings)
    made = make(settings, tmp_path / "b.zip")
    assert (tmp_path / "b.zip").stat().st_mode & 0o777 == 0o600
    assert made.tables["room"].rows == len(world.keys["room"])
    assert made.files[PLACE].size == len(HELD)
    assert restore(elsewhere, tmp_path / "b.zip").revision == migration.head()
    there = open_engine(elsewhere)
    try:
        assert state(there) == state(engine)
        assert migration.drift(there) == []
        with there.begin() as connection:  # keys go on where they were
            connection.execute(text("INSERT INTO ab_group (id, name) VALUES (99, 'x')"))
            if engine.dialect.name == "postgresql":
                top = connection.execute(text("SELECT max(id) FROM room")).scalar_one()
                assert connection.execute(text("SELECT nextval('room_id_seq')")).scalar_one() == top + 1
    finally:
        there.dispose()
    assert (elsewhere.files / PLACE).read_bytes() == HELD
    assert not [left for left in tmp_path.rglob("*") if ".part" in left.name or ".restore" in left.name]
    assert not any((settings.home / "tmp").iterdir())


@pytest.mark.postgres
def test_rows_of_sqlite_move_to_postgres(settings: Settings, world: World, tmp_path: Path) -> None:
    """The settings are PostgreSQL's; a SQLite home is made from its rows and comes back into another PostgreSQL."""
    sqlite = replace(settings, home=tmp_path / "lite", database_url=f"sqlite:///{tmp_path / 'lite.db'}")
    for folder in (sqlite.files, sqlite.secrets, sqlite.logs):
        folder.mkdir(parents=True)
    source = prepare_engine(create_engine(sqlite.database_url))
    make_schema(source)
    with Session(source) as session:
        build(session)
    make(sqlite, tmp_path / "b.zip")
    for there in _elsewhere(settings, "postgres", tmp_path / "pg"):
        restore(there, tmp_path / "b.zip")
        target = open_engine(there)
        known = MetaData()
        known.reflect(target)
        with source.connect() as one, target.connect() as other:
            for table in known.tables.values():
                count = select(func.count()).select_from(table)
                assert one.execute(count).scalar_one() == other.execute(count).scalar_one(), table.name
            numbers = text("SELECT no, version, unit_id FROM room ORDER BY id")
            assert list(map(tuple, one.execute(numbers))) == list(map(tuple, other.execute(numbers)))
            areas = select(known.tables["room"].c.presale_area).distinct()
            assert str(other.execute(areas).scalar_one()) == "98.50"
            created = select(known.tables["room"].c.created_at).limit(1)
            assert other.execute(created).scalar_one().isoformat().startswith("2025-06-02T01:00:00+00:00")
        assert migration.drift(target) == []
        target.dispose()
        with pytest.raises(Refusal, match="PostgreSQL"):
            make(there, tmp_path / "pg.zip")
            restore(replace(sqlite, database_url=f"sqlite:///{tmp_path / 'no.db'}"), tmp_path / "pg.zip")
    source.dispose()


@pytest.mark.parametrize("backend", BOTH)
def test_one_moment_while_others_write(settings: Settings, world: World, elsewhere: Settings, tmp_path: Path) -> None:
    stop, written = threading.Event(), []

    def write() -> None:
        engine = open_engine(settings)
        for number in range(100_000):
            if stop.is_set():
                break
            with engine.begin() as connection:
                connection.execute(text("UPDATE company SET name = :n"), {"n": str(number)})
                connection.execute(text("UPDATE project SET city = :n"), {"n": str(number)})
                connection.execute(
                    text("INSERT INTO ab_group (id, name) VALUES (:i, :n)"), {"i": number, "n": str(number)}
                )
            written.append(number)
        engine.dispose()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        while len(written) < 5:
            time.sleep(0.01)
        before = len(written)
        make(settings, tmp_path / "b.zip")
        assert len(written) > before  # it did not wait for us
    finally:
        stop.set()
        writer.join()
    restore(elsewhere, tmp_path / "b.zip")
    there = open_engine(elsewhere)
    with there.connect() as connection:
        company = connection.scalars(text("SELECT DISTINCT name FROM company")).one()
        project = connection.scalars(text("SELECT DISTINCT city FROM project")).one()
        groups = connection.scalars(text("SELECT max(id) FROM ab_group")).one()
    there.dispose()
    assert company == project == str(groups)


@pytest.mark.parametrize("backend", BOTH)
def test_a_target_with_data_is_kept_unless_it_is_said(
    settings: Settings, engine: Engine, world: World, tmp_path: Path
) -> None:
    make(settings, tmp_path / "b.zip", verified=False)
    before = state(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE company SET name = 'later'"))
    with pytest.raises(Refusal, match="--replace"):
        restore(settings, tmp_path / "b.zip")
    assert state(engine) != before
    engine.dispose()  # as a server that was stopped
    restore(settings, tmp_path / "b.zip", replace=True)
    assert state(engine) == before


def test_a_server_that_runs_is_not_robbed_of_its_database(
    settings: Settings, engine: Engine, world: World, tmp_path: Path
) -> None:
    make(settings, tmp_path / "b.zip", verified=False)
    with engine.connect() as connection:
        connection.execute(text("SELECT count(*) FROM room"))
        connection.rollback()
        with pytest.raises(Refusal, match="stop the server"):
            restore(settings, tmp_path / "b.zip", replace=True)
        assert connection.execute(text("SELECT count(*) FROM room")).scalar_one() == len(world.keys["room"])
    assert not list(settings.home.glob(".restore*"))


@pytest.mark.parametrize("backend", BOTH)
def test_an_older_backup_is_migrated_and_a_newer_one_refused(
    settings: Settings, engine: Engine, elsewhere: Settings, tmp_path: Path
) -> None:
    migration.downgrade(engine, "-1")
    older = migration.current(engine)
    engine.dispose()
    make(settings, tmp_path / "b.zip")
    restore(elsewhere, tmp_path / "b.zip")
    there = open_engine(elsewhere)
    assert older != migration.head() == migration.current(there)
    assert migration.drift(there) == []
    there.dispose()
    rewrite(tmp_path / "b.zip", lambda said: {**said, "revision": "9999"})
    with pytest.raises(Refusal, match="9999"):
        restore(elsewhere, tmp_path / "b.zip", replace=True)


def rewrite(file: Path, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Writes an archive again with another manifest."""
    with zipfile.ZipFile(file) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    held["manifest.json"] = json.dumps(change(json.loads(held["manifest.json"]))).encode()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in held.items():
            archive.writestr(name, content)


def spoiled(said: dict[str, Any]) -> dict[str, Any]:
    said["tables"]["room"]["sha256"] = "0" * 64
    return said


def outside(said: dict[str, Any]) -> dict[str, Any]:
    said["files"]["../../evil"] = {"size": 1, "sha256": "0"}
    return said


@pytest.mark.parametrize("backend", BOTH)
def test_damage_is_found_before_anything_changes(
    settings: Settings, engine: Engine, world: World, elsewhere: Settings, tmp_path: Path
) -> None:
    attach(settings)
    make(settings, tmp_path / "good.zip", verified=False)
    before = state(engine)
    engine.dispose()
    for change, said in ((spoiled, "room"), (outside, "no backup"), (lambda _said: {"format": 1}, "no backup")):
        shutil.copy(tmp_path / "good.zip", tmp_path / "bad.zip")
        rewrite(tmp_path / "bad.zip", change)
        for attempt in (
            lambda: restore(settings, tmp_path / "bad.zip", replace=True),
            lambda: verify(settings, tmp_path / "bad.zip", tmp_path),
        ):
            with pytest.raises(Refusal, match=said):
                attempt()
    whole = (tmp_path / "good.zip").read_bytes()
    for cut in (0, 10, len(whole) // 2, len(whole) - 5):
        (tmp_path / "bad.zip").write_bytes(whole[:cut])
        with pytest.raises(Refusal, match="no backup"):
            restore(settings, tmp_path / "bad.zip", replace=True)
    middle = len(whole) // 3
    (tmp_path / "bad.zip").write_bytes(whole[:middle] + bytes(64) + whole[middle + 64 :])
    with pytest.raises(Refusal):
        restore(settings, tmp_path / "bad.zip", replace=True)
    assert state(engine) == before


def test_the_key_is_looked_at(settings: Settings, world: World, elsewhere: Settings, tmp_path: Path) -> None:
    made = make(settings, tmp_path / "b.zip")
    assert len(made.keys) == 1  # the world has a certificate number
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        held = b"".join(archive.read(name) for name in archive.namelist())
    assert settings.data_key.encode() not in held
    other = replace(elsewhere, data_key="another-data-key-that-cannot-read-any-of-it")
    with pytest.raises(Refusal, match="DATA_KEY"):
        restore(other, tmp_path / "b.zip")
    with pytest.raises(Refusal, match="no keys"):
        restore(other, tmp_path / "b.zip", with_secrets=True)
    make(settings, tmp_path / "keys.zip", with_secrets=True)
    with pytest.raises(Refusal, match="environment"):
        restore(other, tmp_path / "keys.zip", with_secrets=True)
    for name, value in (("data_key", other.data_key), ("secret_key", other.secret_key)):
        (other.secrets / name).write_text(value)
    restore(other, tmp_path / "keys.zip", with_secrets=True)
    assert (other.secrets / "data_key").read_text().strip() == settings.data_key
    assert (other.secrets / "data_key").stat().st_mode & 0o777 == 0o600
    restore(other, tmp_path / "b.zip", replace=True, unreadable=True)


def command(settings: Settings, *words: str) -> subprocess.Popen[bytes]:
    """Starts the command line on an installation."""
    return subprocess.Popen(
        [sys.executable, str(ROOT / "run.py"), *words],
        env={
            **{name: os.environ[name] for name in ("PATH", "LANG", "HOME") if name in os.environ},
            "DOORBOOK_HOME": str(settings.home),
            "DATABASE_URL": settings.database_url,
            "DATA_KEY": settings.data_key,
            "SECRET_KEY": settings.secret_key,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@pytest.mark.parametrize(
    ("backend", "rounds"),
    [
        ("sqlite", 3),
        pytest.param("postgres", 2, marks=pytest.mark.postgres),
        pytest.param("sqlite", 50, marks=pytest.mark.deep),
        pytest.param("postgres", 50, marks=[pytest.mark.postgres, pytest.mark.deep]),
    ],
)
def test_whoever_is_killed_leaves_the_old_state_or_the_new(
    settings: Settings, engine: Engine, world: World, tmp_path: Path, backend: str, rounds: int
) -> None:
    """Ten kills in CI; two hundred in the deep run, a hundred on each database."""
    file = tmp_path / "b.zip"
    first = command(settings, "backup", str(file))
    out, err = first.communicate(timeout=120)
    assert first.returncode == 0, err
    assert b"verified" in out and b"DATA_KEY IS NOT IN IT" in err
    backed = state(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE company SET name = 'later'"))
    later, whole = state(engine), file.read_bytes()
    engine.dispose()
    begun = time.monotonic()
    timed = command(settings, "restore", str(file), "--replace")
    _said, err = timed.communicate(timeout=120)
    assert timed.returncode == 0, err
    took = time.monotonic() - begun
    assert state(engine) == backed
    dice = random.Random(20250602)
    for words in (("restore", str(file), "--replace"), ("backup", str(file))) * rounds:
        with engine.begin() as connection:
            connection.execute(text("UPDATE company SET name = 'later'"))
        engine.dispose()
        killed = command(settings, *words)
        time.sleep(took * dice.uniform(0.4, 1.0))
        killed.send_signal(signal.SIGKILL)
        killed.communicate(timeout=60)
        assert state(engine) in (later, backed)
        if words[0] == "restore":
            assert file.read_bytes() == whole
        else:
            verify(settings, file, tmp_path)
            file.write_bytes(whole)
        engine.dispose()
    if engine.dialect.name == "sqlite":
        assert lite.parts(settings.home / "doorbook.db")
