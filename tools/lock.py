"""Makes the locks anew: exact versions with hashes, and no word about where they came from.

`make lock` runs it in `.venv`, which has uv. An installer asks whatever registry its machine is set up for.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from tools.install import ROOT, SetupError, find_npm

LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-node.lock", "package-lock.json")
_COMPILE = [
    "uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--generate-hashes",
    "--no-emit-index-url", "--no-emit-find-links", "--no-annotate", "--custom-compile-command", "make lock",
]  # fmt: skip
_ADDRESS = re.compile(r"[a-z+]+://\S+|(?:--(?:extra-)?index-url|--find-links|--trusted-host)\b.*|\"resolved\".*")


def main() -> int:
    """Writes all four locks, upgrading to the newest versions that `pyproject.toml` and `package.json` allow.

    Returns: the exit code, 0 or 1. A lock that names an address is a refusal, one sentence on stderr.
    """
    python = ROOT / ".venv" / "bin" / "python"
    compile_ = [str(python), "-m", *_COMPILE, "--upgrade"]
    npm = find_npm(ROOT, python)
    for words in (
        [*compile_, "pyproject.toml", "-o", "requirements.lock"],
        [*compile_, "pyproject.toml", "--group", "dev", "-c", "requirements.lock", "-o", "requirements-dev.lock"],
        [*compile_, "--group", "node", "-o", "requirements-node.lock"],
        [*npm, "install", "--package-lock-only", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
    ):
        if subprocess.run(words, cwd=ROOT, check=False).returncode:
            return 1
    drop_funding(ROOT / "package-lock.json")
    for name in LOCKS:
        if found := addresses((ROOT / name).read_text(encoding="utf-8")):
            print(f"lock: {name} names an address, which no lock may: {found[0]}", file=sys.stderr)
            return 1
    return 0


def drop_funding(lock: Path) -> None:
    """Takes the packages' funding links out of a package-lock; npm does not read them when it installs.

    Arguments: `lock`, the file, rewritten in place.
    """
    content = json.loads(lock.read_text(encoding="utf-8"))
    for package in content["packages"].values():
        package.pop("funding", None)
    lock.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def addresses(text: str) -> list[str]:
    """Finds what a lock must not say: URLs, registries, resolved locations.

    Arguments: `text` of a lock.
    Returns: the findings, none for a good lock.
    """
    return [match.group() for match in _ADDRESS.finditer(text)]


if __name__ == "__main__":
    try:
        sys.exit(main())
    except SetupError as refusal:
        sys.exit(f"lock: {refusal}")
