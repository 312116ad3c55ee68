"""What an installation is told from outside: defaults, refusals, secrets."""

from __future__ import annotations

import logging
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.logs import set_up
from config import BadSetting, Settings, kept_secret

STRONG = "Zk3-vT9_qLm2xRw8pYc5nBd7sHf4gJt6"


def read(home: Path, **variables: str) -> Settings:
    return Settings.read({"DOORBOOK_HOME": str(home), **variables})


def test_defaults(tmp_path: Path) -> None:
    made = read(tmp_path / "home", PORT=" ")
    assert (made.port, made.workers, made.demo, made.environment, made.redis_url) == (
        8000,
        2,
        True,
        "development",
        None,
    )
    assert made.database_url == f"sqlite:///{tmp_path}/home/doorbook.db"
    assert made.url == "http://127.0.0.1:8000/"


def test_the_home_is_for_its_owner_and_keeps_its_secrets(tmp_path: Path) -> None:
    first, second = read(tmp_path / "home"), read(tmp_path / "home")
    assert first == second
    assert len({first.secret_key, first.data_key}) == 2
    assert stat.S_IMODE(first.home.stat().st_mode) == 0o700
    for file in first.secrets.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert {file.name for file in first.secrets.iterdir()} == {"secret_key", "data_key"}
    assert first.secret_key not in repr(first)
    assert first.data_key not in repr(first)


def test_two_first_starts_at_once_make_one_secret(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(lambda _: kept_secret(tmp_path / "secret"), range(32)))
    assert len(made) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["secret"]


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("postgres://u:p@h/d", "postgresql+psycopg://u:p@h/d"),
        ("postgresql://h/d?sslmode=require", "postgresql+psycopg://h/d?sslmode=require"),
        ("postgresql+psycopg://h/d", "postgresql+psycopg://h/d"),
        ("sqlite:////var/lib/d.db", "sqlite:////var/lib/d.db"),
        ("sqlite:///d.db", f"sqlite:///{Path.cwd()}/d.db"),
    ],
)
def test_database_urls(tmp_path: Path, given: str, taken: str) -> None:
    assert read(tmp_path, DATABASE_URL=given).database_url == taken


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"PORT": "http"}, "PORT"),
        ({"PORT": "65536"}, "PORT"),
        ({"PORT": "-1"}, "PORT"),
        ({"WORKERS": "0"}, "WORKERS"),
        ({"DOORBOOK_DEMO": "maybe"}, "DOORBOOK_DEMO"),
        ({"DOORBOOK_ENV": "staging"}, "development or production"),
        ({"DATABASE_URL": "mysql://root:hush@h/d"}, "postgresql://"),
        ({"DATABASE_URL": "nonsense-hush"}, "postgresql://"),
        ({"DATABASE_URL": "sqlite://"}, "sqlite:////"),
        ({"DATABASE_URL": "sqlite:///:memory:"}, "memory"),
        ({"REDIS_URL": "http://h:hush@h"}, "REDIS_URL"),
        ({"SECRET_KEY": STRONG, "DATA_KEY": STRONG}, "the same"),
        ({"DOORBOOK_ENV": "production", "SECRET_KEY": "change-me"}, "too weak"),
        ({"DOORBOOK_ENV": "production", "SECRET_KEY": "a" * 64}, "too weak"),
        ({"DOORBOOK_ENV": "production", "DATA_KEY": "secret"}, "too weak"),
        ({"DOORBOOK_ENV": "production", "DOORBOOK_DEMO": "1"}, "DOORBOOK_DEMO"),
    ],
)
def test_what_cannot_be_worked_with_is_one_sentence(tmp_path: Path, variables: dict[str, str], said: str) -> None:
    with pytest.raises(BadSetting) as refused:
        read(tmp_path / "home", **variables)
    sentence = str(refused.value)
    assert said in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert "hush" not in sentence


def test_production_has_no_demo_and_takes_strong_secrets(tmp_path: Path) -> None:
    made = read(tmp_path, DOORBOOK_ENV="production", SECRET_KEY=STRONG)
    assert made.production
    assert not made.demo
    assert made.secret_key == STRONG


@pytest.mark.parametrize("below", ["file", "file/deeper", "/proc/doorbook"])
def test_a_home_that_cannot_be_is_one_sentence(tmp_path: Path, below: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BadSetting, match=r"DOORBOOK_HOME .* cannot be used"):
        read(tmp_path / below)


def test_an_empty_secret_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").touch()
    with pytest.raises(BadSetting, match="is empty"):
        kept_secret(tmp_path / "secret")


def test_the_log_names_no_secret(tmp_path: Path) -> None:
    made = read(tmp_path, DATABASE_URL="postgresql://u:p%40ssw0rd@h/d")
    set_up(made)
    try:
        try:
            raise ValueError(f"p@ssw0rd and {made.data_key}")
        except ValueError:
            logging.getLogger("test").exception("with %s at %s", made.secret_key, made.database_url)
    finally:
        for handler in [each for each in logging.getLogger().handlers if getattr(each, "doorbook", False)]:
            logging.getLogger().removeHandler(handler)
            handler.close()
    text = (made.logs / "doorbook.log").read_text()
    assert "ERROR test: with *** at " in text
    assert "ValueError" in text
    for secret in ("p@ssw0rd", "p%40ssw0rd", made.secret_key, made.data_key):
        assert secret not in text
