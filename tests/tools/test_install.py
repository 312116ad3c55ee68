"""Set-up skips what its locks say is done, and says in a sentence what a machine lacks."""

import json
import sys
from pathlib import Path

import pytest

from tools import install


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A tree with locks and an empty .venv."""
    for name in ("requirements.lock", "requirements-dev.lock", "requirements-node.lock", "package-lock.json"):
        (tmp_path / name).write_text(name)
    (tmp_path / ".venv").mkdir()
    return tmp_path


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands that set-up would have run, instead of running them."""
    run: list[list[str]] = []

    def record(root: Path, words: list[str], failure: str) -> None:
        run.append([str(word) for word in words])
        if "ci" in words:
            (root / "node_modules").mkdir(exist_ok=True)

    monkeypatch.setattr(install, "_run", record)
    return run


def test_packages_are_installed_once_a_lock(checkout: Path, commands: list[list[str]]) -> None:
    python = Path(sys.executable)
    install.install_python_packages(checkout, python, dev=True)
    install.install_python_packages(checkout, python, dev=True)
    install.install_python_packages(checkout, python, dev=False)
    assert [words[-1] for words in commands] == ["requirements-dev.lock"]
    assert "--require-hashes" in commands[0]


def test_a_changed_lock_is_installed_again(checkout: Path, commands: list[list[str]]) -> None:
    python = Path(sys.executable)
    install.install_python_packages(checkout, python, dev=True)
    (checkout / "requirements.lock").write_text("newer")
    install.install_python_packages(checkout, python, dev=False)
    install.install_python_packages(checkout, python, dev=True)
    assert [words[-1] for words in commands] == ["requirements-dev.lock", "requirements.lock", "requirements-dev.lock"]


def test_a_failed_installation_is_not_taken_for_done(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stamp = checkout / ".venv" / "installed.json"
    stamp.write_text(json.dumps({"requirements.lock": "older"}))
    with pytest.raises(install.SetupError, match=r"pip could not install requirements\.lock"):
        install.install_python_packages(checkout, Path("/bin/false"), dev=False)
    assert not stamp.exists()


def test_front_end_packages_are_installed_once_a_lock(
    checkout: Path, commands: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(install, "find_npm", lambda root, python: ["npm"])
    install.install_node_packages(checkout, Path(sys.executable))
    install.install_node_packages(checkout, Path(sys.executable))
    assert [words[:3] for words in commands] == [["npm", "ci", "--ignore-scripts"]]


def test_without_npm_it_comes_from_a_wheel(
    checkout: Path, commands: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(install.shutil, "which", lambda name: None)
    npm = install.find_npm(checkout, Path("python"))
    assert commands[0][-1] == "requirements-node.lock"
    assert npm == ["python", "-c", install.NPM_FROM_WHEEL]


def test_a_python_without_venv_gets_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install.sys, "executable", "/bin/false")
    with pytest.raises(install.SetupError, match="no venv module"):
        install.make_venv(tmp_path)
    assert not (tmp_path / ".venv").exists()
