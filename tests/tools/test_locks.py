"""The locks name versions and hashes, and no place that packages come from."""

import pytest

from tools.install import ROOT
from tools.lock import LOCKS, addresses


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_address(name: str) -> None:
    assert addresses((ROOT / name).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "line",
    [
        "--index-url https://packages.example/simple",
        "--find-links /somewhere",
        "thing @ file:///somewhere/thing.whl",
        '"resolved": "https://packages.example/thing.tgz"',
    ],
)
def test_an_address_is_found(line: str) -> None:
    assert addresses(line)


@pytest.mark.parametrize("name", [name for name in LOCKS if name.startswith("requirements")])
def test_every_python_package_is_exact_and_hashed(name: str) -> None:
    entries = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    packages = [entry for entry in entries if not entry.lstrip().startswith("#")]
    assert packages
    assert [entry for entry in packages if "==" not in entry or "--hash=sha256:" not in entry] == []


def test_the_development_lock_contains_the_other() -> None:
    def pins(name: str) -> set[str]:
        lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
        return {line.split()[0] for line in lines if "==" in line and not line.startswith("#")}

    assert pins("requirements.lock") <= pins("requirements-dev.lock")
