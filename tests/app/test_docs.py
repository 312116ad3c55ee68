"""The documents: the reference is as declared, what is shown is what is written, no link leads nowhere."""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from app.commands import docs, new_table
from config import ROOT, Settings
from models.kernel.registry import infos, tables
from models.kernel.roles import ROLES


def test_the_committed_pages_say_what_is_declared(tmp_path: Path) -> None:
    """Asked of a process of its own: here other tests may have declared something for themselves."""
    variables = {"PATH": os.environ["PATH"], "DOORBOOK_HOME": str(tmp_path / "home")}
    command = [sys.executable, str(ROOT / "run.py"), "docs", "--out", str(tmp_path / "reference")]
    subprocess.run(command, cwd=ROOT, env=variables, check=True, capture_output=True, timeout=120)
    for name in ("tables.md", "rights.md"):
        committed, made = ((folder / name).read_text("utf-8") for folder in (docs.FOLDER, tmp_path / "reference"))
        assert committed == made, f"docs/reference/{name} is stale: “run.py docs” writes it anew."


def test_every_table_column_and_role_is_there() -> None:
    page, rights = docs.pages()["tables.md"], docs.pages()["rights.md"]
    for table, cls in tables().items():
        part = page.partition(f"### `{table}` ")[2].partition("\n### ")[0]
        missing = [c for c in infos(cls) if c not in docs._COMMON and f"| `{c}` |" not in part]
        assert not missing, (table, missing)
        assert cls.screen.label.zh in part and f"\n| {table} |" in rights
    assert all(f"\n| {role} |" in rights for role in ROLES)


def test_only_what_changed_is_written(settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = argparse.Namespace(out=tmp_path / "reference")
    for expected in (2, 0):
        assert docs.run(settings, arguments) == 0
        assert len(capsys.readouterr().out.splitlines()) == expected


def test_the_first_screen_shows_the_whole_file_of_a_table() -> None:
    file = new_table.written("parking_space", "Parking space", "车位")
    assert f"```python\n{file}```\n" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))], ids=lambda p: p.name
)
def test_no_link_leads_nowhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8"))
    inside = [link.partition("#")[0] for link in links if not re.match(r"https?:|#", link)]
    assert not [link for link in inside if not (page.parent / link).exists()]


def test_pictures_are_small() -> None:
    large = [file.name for file in (ROOT / "docs" / "pictures").iterdir() if file.stat().st_size > 150_000]
    assert not large
