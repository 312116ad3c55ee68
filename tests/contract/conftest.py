"""A filled world for every test of this folder: made once, copied where a test writes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session

from app.factory import create_app
from config import Settings
from models.kernel.clock import frozen, utc_now
from models.kernel.clock import today as china_today
from models.kernel.masking import Cipher
from models.kernel.secret import use_cipher
from models.kernel.session import act, prepare_engine, reading
from models.system import signing_in
from tests.contract.oracle import Oracle
from tests.contract.population import Full, actor, fill
from tests.databases import DATA_KEY, SECRET_KEY, make_schema
from tests.world import NOW


class Filled:
    """The filled world in a database of its own: what tests of rights ask for.

    Attributes:
        engine, full: the database and the keys in it.
    """

    def __init__(self, file: Path, full: Full) -> None:
        self.file = file
        self.full = full
        self.engine: Engine = prepare_engine(create_engine(f"sqlite:///{file}"))

    def oracle(self, today: date | None = None) -> Oracle:
        """Reads the law from the rows as they are now."""
        return Oracle(self.engine, today or NOW.date())

    def acting(self, login: str) -> Session:
        """Opens a session that acts as somebody of the cast at the moment the world was made."""
        session = Session(self.engine)
        user = self.full.users[login]
        who = actor(session, user, login)
        session.rollback()
        return act(session, who, frozen(NOW))


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Full]:
    """The filled world as a file; copied, never written."""
    file = tmp_path_factory.mktemp("contract") / "filled.db"
    use_cipher(Cipher(DATA_KEY))
    engine = prepare_engine(create_engine(f"sqlite:///{file}"))
    make_schema(engine)
    with Session(engine) as session:
        full = fill(session)
    with engine.connect() as connection:
        connection.exec_driver_sql("ROLLBACK")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")
    engine.dispose()
    return file, full


def _copy(template: tuple[Path, Full], folder: Path) -> Iterator[Filled]:
    use_cipher(Cipher(DATA_KEY))
    file = folder / "filled.db"
    shutil.copyfile(template[0], file)
    made = Filled(file, template[1])
    yield made
    made.engine.dispose()
    for left in folder.glob("filled.db*"):
        left.unlink()


@pytest.fixture(scope="session")
def shared(template: tuple[Path, Full], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    """The filled world for tests that only read, or that roll back."""
    yield from _copy(template, tmp_path_factory.mktemp("shared"))


@pytest.fixture(scope="session")
def law(shared: Filled) -> Oracle:
    """The oracle over the shared world."""
    return shared.oracle()


@pytest.fixture
def own(template: tuple[Path, Full], tmp_path: Path) -> Iterator[Filled]:
    """The filled world for one test alone, which may write."""
    yield from _copy(template, tmp_path)


def _app(filled: Filled, home: Path) -> Flask:
    variables = {
        "DOORBOOK_HOME": str(home),
        "DATA_KEY": DATA_KEY,
        "SECRET_KEY": SECRET_KEY,
        "DOORBOOK_DEMO": "0",
        "WORKERS": "1",
        "RATE_LIMITS": "0",
        "PORT": "0",
        "DATABASE_URL": f"sqlite:///{filled.file}",
    }
    return create_app(Settings.read(variables))


def _closed(app: Flask) -> None:
    with app.app_context():
        app.appbuilder.session.remove()  # type: ignore[attr-defined]
        app.extensions["sqlalchemy"].engine.dispose()


@pytest.fixture(params=[False, pytest.param(True, marks=pytest.mark.deep)], ids=["some", "all"])
def thorough(request: pytest.FixtureRequest) -> bool:
    """Whether a test goes through all there is; an ordinary run goes through some, others for each table."""
    return bool(request.param)


@pytest.fixture
def only_reading() -> Iterator[None]:
    """SQLite takes no write lock in this test, so that sessions may stand side by side."""
    token = reading.set(True)
    yield
    reading.reset(token)


def pytest_generate_tests(metafunc: Any) -> None:
    """Parametrises `name` over all tables, and `login` over the ordinary cast."""
    from app.database import load_models
    from models.kernel.registry import tables

    load_models()
    if "name" in metafunc.fixturenames:
        metafunc.parametrize("name", list(tables()))


class Desk:
    """The console over a world whose rows are marked, and everybody at it."""

    def __init__(self, app: Flask, filled: Filled) -> None:
        from tests.contract.console import Secrets

        self.app, self.filled = app, filled
        self.law = filled.oracle(china_today(utc_now))
        self.secrets = Secrets.of(self.law)
        self._known: dict[tuple[str, str], Any] = {}

    def at(self, login: str, *, language: str = "en", anew: bool = False) -> Any:
        """Returns somebody at the console, signed in; the same browser as before, or a new one."""
        from tests.contract.console import Console

        key = (login, language)
        if anew or key not in self._known:
            user = self.filled.full.users[login]
            self._known[key] = Console(self.app, self.law, self.secrets, user, language=language)
        return self._known[key]


@pytest.fixture(scope="session")
def marked_template(template: tuple[Path, Full], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Full]:
    """The filled world with the mark of each row in its texts."""
    from tests.contract.console import mark

    use_cipher(Cipher(DATA_KEY))
    file = tmp_path_factory.mktemp("marked") / "marked.db"
    shutil.copyfile(template[0], file)
    filled = Filled(file, template[1])
    mark(filled)
    filled.engine.dispose()
    return file, template[1]


@pytest.fixture(autouse=True)
def _tries_unlogged(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cast signs in without a line in the sign-in log: the law is read once, over the rows that were there.

    Put back after each test: others of the same process count the lines.
    """
    monkeypatch.setattr(signing_in, "log", lambda *_arguments: None)


@pytest.fixture(scope="session")
def desk(marked_template: tuple[Path, Full], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A console that is only read from, or asked for what it refuses."""
    for filled in _copy(marked_template, tmp_path_factory.mktemp("desk")):
        app = _app(filled, tmp_path_factory.mktemp("home"))
        yield Desk(app, filled)
        _closed(app)


@pytest.fixture
def own_desk(marked_template: tuple[Path, Full], tmp_path: Path) -> Iterator[Desk]:
    """A console of the test's own, which may write."""
    for filled in _copy(marked_template, tmp_path):
        app = _app(filled, tmp_path / "home")
        yield Desk(app, filled)
        _closed(app)
