"""What a machine lacks is said in sentences, and CI does not accept it."""

from collections.abc import Iterator

import pytest

from tests import machine


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    """What these tests pretend must not be what later tests of the process are told."""
    _forget()
    yield
    _forget()


def _forget() -> None:
    machine.postgres_url.cache_clear()
    machine.redis_url.cache_clear()


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with none of the parts: the named servers do not answer, and no browser is found."""
    monkeypatch.setenv("TEST_POSTGRES_URL", "postgresql://nobody@127.0.0.1:1/none")
    monkeypatch.setenv("TEST_REDIS_URL", "redis://127.0.0.1:1/0")
    monkeypatch.setattr(machine.shutil, "which", lambda name: None)


@pytest.mark.usefixtures("bare")
def test_each_missing_part_is_one_sentence() -> None:
    assert [sentence.split(" (")[0] for sentence in machine.missing()] == [
        "no PostgreSQL role that may create databases",
        "no Redis",
        "no Chromium",
    ]


@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize(("ci", "code"), [("true", 1), ("", 0)])
def test_only_ci_insists(
    ci: str, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CI", ci)
    assert machine.main() == code
    assert capsys.readouterr().out.count("\n") == 1
