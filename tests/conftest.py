"""What every test may ask for: settings, a database of its own, a session in it, the small world.

A test that names `world` gets a database with the world in it, any other an empty one. `backend` is SQLite, PostgreSQL
for a test marked `postgres`, and everywhere where TEST_BACKEND=postgres says so.
"""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, make_url
from sqlalchemy.orm import Session

from app.database import open_engine
from app.factory import create_app
from config import Settings
from models.kernel.actor import SYSTEM
from models.kernel.clock import frozen
from models.kernel.session import act
from models.system import passwords
from tests import machine
from tests.databases import DATA_KEY, SECRET_KEY, Databases, drop_postgres
from tests.world import CHEAP, NOW, World

_PARTS = {"postgres": machine.postgres_url, "redis": machine.redis_url, "browser": machine.chromium_path}
_OF_A_DATABASE = {"engine", "session", "world"}
_SLOW = (
    "app/test_backup.py",
    "app/test_commands.py",
    "app/test_flow.py",
    "app/test_import_command.py",
    "app/test_new_table.py",
    "app/test_numbers.py",
    "contract/test_bin.py",
    "contract/test_channels.py",
    "contract/test_routes.py",
    "contract/test_saving.py",
    "contract/test_writing.py",
    "seeds/",
    "views/test_ledger.py",
    "views/test_workbook.py",
)
"""Whole processes and whole matrices: left out of `make test-fast`, by file, so that a new test need not think of it."""
_HERE = ("localhost", "::1", "0.0.0.0", "::", "", None)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out what needs a part this machine has not; the summary names the part."""
    tests = Path(__file__).parent
    for item in items:
        if str(item.path.relative_to(tests)).startswith(_SLOW):
            item.add_marker("slow")
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.flaky(reruns=1))  # docs/development.md says why
    if os.environ.get("TEST_BACKEND") == "postgres":
        for item in items:
            if "settings" in getattr(item, "fixturenames", ()) and _OF_A_DATABASE & set(item.fixturenames):
                item.add_marker("postgres")
    wanted = {name for name in _PARTS if any(item.get_closest_marker(name) for item in items)}
    lacking = {name for name in wanted if _PARTS[name]() is None}
    left_out = [item for item in items if any(item.get_closest_marker(name) for name in lacking)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in set(left_out)]


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Names what this machine lacks."""
    for sentence in machine.missing():
        terminalreporter.write_line(f"Not on this machine: {sentence}")


@pytest.fixture(scope="session", autouse=True)
def _no_foreign_hosts() -> Iterator[None]:
    """A test that reaches for another machine fails, with the name of that machine."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex"):
            patch.setattr(socket.socket, name, _local_only(getattr(socket.socket, name)))
        resolve = socket.getaddrinfo

        def resolve_local(host: Any, *args: Any, **kwargs: Any) -> Any:
            _refuse_foreign(host)
            return resolve(host, *args, **kwargs)

        patch.setattr(socket, "getaddrinfo", resolve_local)
        yield


def _local_only(connect: Any) -> Any:
    def connect_local(self: socket.socket, address: Any) -> Any:
        if self.family != socket.AF_UNIX:
            _refuse_foreign(address[0])
        return connect(self, address)

    return connect_local


def _refuse_foreign(host: Any) -> None:
    host = host.decode() if isinstance(host, bytes) else host
    if host not in _HERE and not host.startswith("127."):
        raise RuntimeError(f"A test wants to reach {host}; tests stay on this machine.")


@pytest.fixture(scope="session", autouse=True)
def _cheap_hashes() -> Iterator[None]:
    """Hundreds of tests sign in and set passwords, and few are about hashing: those put the real method back."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "METHOD", CHEAP)
        yield


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """The templates of this test process."""
    made = Databases(tmp_path_factory.mktemp("databases"))
    yield made
    made.close()


@pytest.fixture
def backend(request: pytest.FixtureRequest) -> str:
    """`sqlite` or `postgres`; see `tests.databases.BOTH` for a test on both."""
    return "postgres" if request.node.get_closest_marker("postgres") else "sqlite"


def _variables(home: Path) -> dict[str, str]:
    return {
        "DOORBOOK_HOME": str(home),
        "DATA_KEY": DATA_KEY,
        "SECRET_KEY": SECRET_KEY,
        "DOORBOOK_DEMO": "0",
        "WORKERS": "1",
        "RATE_LIMITS": "0",
        "PORT": "0",
    }


class OneApp:
    """The application of a test process: made once, its database laid anew for each test that asks for it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.settings = Settings.read({**_variables(home), "DATABASE_URL": f"sqlite:///{home / 'doorbook.db'}"})
        self._app: Flask | None = None

    def lay(self, databases: Databases) -> Settings:
        """Puts the world back as it was, and away with the files of the last test."""
        self.rest()
        for left in self.home.iterdir():
            if left.name in ("secrets", "logs"):
                continue
            shutil.rmtree(left) if left.is_dir() else left.unlink()
        databases.copy("sqlite", True, self.home / "doorbook.db")
        return self.settings

    def rest(self) -> None:
        """Closes the application's connections."""
        if self._app is not None:
            with self._app.app_context():
                self._app.extensions["sqlalchemy"].engine.dispose()

    def app(self) -> Flask:
        """Returns the application."""
        if self._app is None:
            self._app = create_app(self.settings)
        return self._app


@pytest.fixture(scope="session")
def one_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OneApp]:
    """The application that tests of this process share."""
    made = OneApp(tmp_path_factory.mktemp("app"))
    yield made
    made.rest()


@pytest.fixture
def settings(request: pytest.FixtureRequest, tmp_path: Path, backend: str, databases: Databases) -> Iterator[Settings]:
    """Settings with a home of its own, and with the test's database where it asks for one; else there is none yet."""
    if "app" in request.fixturenames and backend == "sqlite":
        yield request.getfixturevalue("one_app").lay(databases)
        return
    home = tmp_path / "home"
    variables = _variables(home)
    file = home / "doorbook.db"
    if _OF_A_DATABASE & set(request.fixturenames):
        home.mkdir(mode=0o700)
        variables["DATABASE_URL"] = databases.copy(backend, "world" in request.fixturenames, file)
    yield Settings.read(variables)
    if "DATABASE_URL" in variables and backend == "postgres":
        drop_postgres(make_url(variables["DATABASE_URL"]).database or "")
    for left in home.glob("doorbook.db*"):
        left.unlink()  # pytest keeps the folders of three runs; the databases would add up


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    """The engine of the test's own database, as commands open it."""
    made = open_engine(settings)
    yield made
    made.dispose()


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """A session in it, acting as the system at the moment the world was made. No other test sees what it commits."""
    with Session(engine) as made:
        act(made, SYSTEM, frozen(NOW))
        yield made
        made.rollback()


@pytest.fixture
def world(settings: Settings, databases: Databases, backend: str) -> World:
    """The keys and people of the world, which is in the test's database."""
    return databases.world(backend)


@pytest.fixture
def app(request: pytest.FixtureRequest, settings: Settings, world: World, backend: str) -> Iterator[Flask]:
    """The console over the test's database, with the world in it."""
    if backend == "sqlite":
        yield request.getfixturevalue("one_app").app()
        return
    made = create_app(settings)
    yield made
    with made.app_context():
        made.extensions["sqlalchemy"].engine.dispose()
