"""Scratch databases for tests: made once, empty or with the world, and copied for every test that wants one."""

from __future__ import annotations

import shutil
import uuid
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.orm import Session

from app import migration, permissions
from app.database import load_models
from models.kernel import search
from models.kernel.masking import Cipher
from models.kernel.secret import use_cipher
from models.kernel.session import prepare_engine
from tests import machine
from tests.world import World, build

DATA_KEY = "the-data-key-of-tests-is-no-secret-0123456789"
SECRET_KEY = "the-secret-key-of-tests-is-no-secret-0123456789"

BOTH = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
"""For a test that runs on both: `@pytest.mark.parametrize("backend", BOTH)`."""


class Databases:
    """The templates of one test process, each made when it is first wanted."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: dict[tuple[str, bool], str] = {}
        self._world: World | None = None

    def copy(self, backend: str, filled: bool, file: Path) -> str:
        """Copies a template.

        Args:
            backend: `sqlite` or `postgres`.
            filled: with the world, instead of only the schema.
            file: where the SQLite file goes.

        Returns: the URL of the copy.
        """
        template = self._template(backend, filled)
        if backend == "sqlite":
            shutil.copyfile(template, file)
            return f"sqlite:///{file}"
        return create_postgres(template)

    def world(self, backend: str) -> World:
        """Returns the keys of the world; the same in every copy."""
        self._template(backend, True)
        assert self._world is not None
        return self._world

    def close(self) -> None:
        """Drops the templates that lie on a server."""
        for (backend, _filled), template in self._made.items():
            if backend == "postgres":
                drop_postgres(template)

    def _template(self, backend: str, filled: bool) -> str:
        if (backend, filled) not in self._made:
            if backend == "sqlite":
                template = str(self._folder / f"{'world' if filled else 'empty'}.db")
                url = f"sqlite:///{template}"
            else:
                url = create_postgres()
                template = make_url(url).database or ""
            use_cipher(Cipher(DATA_KEY))
            engine = prepare_engine(create_engine(url))
            try:
                make_schema(engine)
                if filled:
                    with Session(engine) as session:
                        self._world = build(session)
            except BaseException:
                engine.dispose()
                if backend == "postgres":
                    drop_postgres(template)
                raise
            engine.dispose()
            self._made[backend, filled] = template
        return self._made[backend, filled]


def make_schema(engine: Engine) -> None:
    """Makes the schema of the models, at the newest revision, with the rows of rights and roles."""
    with engine.begin() as connection:
        load_models().create_all(connection)
        command.stamp(migration.config(connection), "head")
        permissions.write(connection)
        search.bring_up(connection)


def create_postgres(template: str = "template0") -> str:
    """Creates a scratch database on the PostgreSQL of this machine.

    Args:
        template: the database it is a copy of; the one of PostgreSQL itself is empty.

    Returns: its URL.
    """
    name = f"doorbook_test_{uuid.uuid4().hex[:16]}"
    _administrate(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    url = make_url(machine.postgres_url() or "").set(database=name)
    return url.render_as_string(hide_password=False)


def drop_postgres(name: str) -> None:
    """Drops a scratch database, whoever is still connected to it."""
    _administrate(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _administrate(statement: str) -> None:
    engine = create_engine(machine.postgres_url() or "", isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.execute(text(statement))
    finally:
        engine.dispose()
