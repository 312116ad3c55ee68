"""A table added by `run.py new-table`: one file and one generated migration, and everything else follows."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from config import ROOT

FOLDERS = ("app", "migrations", "models", "reports", "seeds", "views", "tests")

STORY = """
import io, json, re
from config import Settings
from app.database import system_session
from app.factory import create_app
from models.kernel.session import act
from tests.console import Console, bearer, statements
from tests.world import build

settings = Settings.read()
with system_session(settings) as session:
    world = build(session)
    session.commit()
app = create_app(settings)
found = {}
clerk, stranger, leader = (Console(app, who) for who in ("project_clerk", "bay_clerk", "project_leader"))
project, foreign = world.id("project", "lake"), world.id("project", "bay")
form = clerk.get("/parking_space/add").get_data(as_text=True)
found["form"] = "Parking space" in form and 'name="remark"' in form
saved = clerk.send("/parking_space/add", project_id=str(project), name="B1-017", remark="=1+1")
found["saved"] = saved.status_code == 302
with statements(app) as ran:
    page = clerk.get("/parking_space/list/").get_data(as_text=True)
found["list"] = "B1-017" in page and len(ran) <= 6
found["chinese"] = "车位" in Console(app, "project_clerk", "zh").get("/parking_space/list/").get_data(as_text=True)
found["menu"] = "/parking_space/list/" in clerk.get("/").get_data(as_text=True)
found["scope"] = "B1-017" not in stranger.get("/parking_space/list/").get_data(as_text=True)
found["rights"] = leader.get("/parking_space/add").status_code == 403
found["foreign"] = clerk.send("/parking_space/add", project_id=str(foreign), name="X").status_code == 403
rest = app.test_client().get("/api/v1/parking_space/", headers=bearer(app, "project_clerk")).get_json()
found["rest"] = rest["count"] == 1 and rest["result"][0]["name"] == "B1-017"
described = clerk.get("/api/v1/_openapi").get_json()["paths"]
found["openapi"] = "/api/v1/parking_space/" in described
exported = clerk.get("/parking_space/export.csv")
found["export"] = exported.status_code == 200 and "B1-017" in exported.get_data(as_text=True)
found["neutral"] = "'=1+1" in exported.get_data(as_text=True)
workbook = clerk.get("/parking_space/export.xlsx")
found["xlsx"] = workbook.status_code == 200 and workbook.data[:2] == b"PK"
found["import"] = clerk.get("/parking_space/import").status_code == 200
found["template"] = clerk.get("/parking_space/import/template.xlsx").status_code == 200
found["lookup"] = clerk.get("/parking_space/lookup?q=B1").get_json()["items"][0]["text"] == "B1-017"
key = rest["ids"][0]
found["record"] = "B1-017" in clerk.get(f"/parking_space/show/{key}").get_data(as_text=True)
found["history"] = "entered this record" in clerk.get(f"/parking_space/show/{key}").get_data(as_text=True)
found["deleted"] = clerk.send(f"/parking_space/delete/{key}").status_code == 302
found["gone"] = clerk.get("/api/v1/parking_space/").get_json()["count"] == 0
print("FOUND" + json.dumps(found))
"""


def test_a_new_table_is_one_file_and_a_migration(tmp_path: Path) -> None:
    """In a copy of the tree: the command, the migration, then a person's day with the new table."""
    tree = tmp_path / "doorbook"
    tree.mkdir()
    for folder in FOLDERS:
        shutil.copytree(ROOT / folder, tree / folder, ignore=shutil.ignore_patterns("__pycache__", "data"))
    for file in ("run.py", "config.py", "pyproject.toml"):
        shutil.copy(ROOT / file, tree / file)
    before = {path: path.read_bytes() for path in tree.rglob("*") if path.is_file()}
    environment = {**os.environ, "DOORBOOK_HOME": str(tmp_path / "home"), "DOORBOOK_DEMO": "0", "PYTHONPATH": str(tree)}
    environment.pop("DATABASE_URL", None)

    def run(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, *words],
            cwd=tree,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    run("run.py", "new-table", "parking_space", "--area", "property", "--label", "Parking space", "--zh", "车位")
    after = {path.relative_to(tree) for path in tree.rglob("*") if path.is_file()}
    fresh = after - {path.relative_to(tree) for path in before}
    made = sorted(str(path) for path in fresh if not any(part[0] in "._" for part in path.parts[:-1]))
    assert (
        len(made) == 2 and made[0].startswith("migrations/versions/") and made[1] == "models/property/parking_space.py"
    )
    assert len((tree / made[1]).read_text().splitlines()) < 40
    assert all(path.read_bytes() == was for path, was in before.items() if path.exists())
    run("run.py", "migrate")
    said = run("-c", STORY)
    found = json.loads(said.split("FOUND", 1)[1])
    assert [name for name, right in found.items() if not right] == []
