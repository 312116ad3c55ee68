"""`run.py import`: the same reading and refusing as the pages, counted and said on the command line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from config import ROOT, Settings
from tests.databases import DATA_KEY, SECRET_KEY
from tests.views.test_import import HEAD, HOME, book
from tests.world import World


def test_the_command(settings: Settings, world: World, tmp_path: Path) -> None:
    file = tmp_path / "rooms.xlsx"
    file.write_bytes(book(HEAD, HOME, (*HOME[:3], "902", 9, None, None, "已卖")))
    variables = {
        "DOORBOOK_HOME": str(settings.home),
        "DATABASE_URL": settings.database_url,
        "DATA_KEY": DATA_KEY,
        "SECRET_KEY": SECRET_KEY,
        "PATH": "/usr/bin:/bin",
    }

    def called(*words: str) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, str(ROOT / "run.py"), "import", *words]
        return subprocess.run(
            line, env=variables, capture_output=True, text=True, check=False, cwd=tmp_path, timeout=120
        )

    dry = called("room", str(file), "--dry-run", "--as", "project_clerk")
    assert (dry.returncode, dry.stderr) == (1, "")
    assert "1 added, 0 changed, 0 as they were, 1 refused" in dry.stdout and "\nH3: 销售状态 '已卖': " in dry.stdout
    nothing = called("room", str(file), "--all-or-nothing", "--as", "project_clerk")
    assert nothing.returncode == 1 and "Nothing was written" in nothing.stdout
    done = called("room", str(file), "--as", "project_clerk")
    assert done.returncode == 1 and "Imported: 1 added" in done.stdout
    foreign = called("room", str(file), "--as", "bay_clerk")
    assert foreign.returncode == 1 and "\nA2: " in foreign.stdout
    for words in (
        ("room", str(file), "--as", "request_clerk"),
        ("room", str(tmp_path / "none.xlsx")),
        ("nothing", str(file)),
        ("ledger", str(file)),
    ):
        refused = called(*words)
        assert refused.returncode == 1 and refused.stderr.count("\n") == 1, refused.stderr
