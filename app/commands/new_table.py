"""Writes the file of a new table, complete in fewer than 40 lines, and the migration that makes it."""

from __future__ import annotations

import argparse
import keyword
import re
import subprocess
import sys
from pathlib import Path

from app.commands.check import history
from config import ROOT, BadSetting, Settings

_LONGEST = 35  # the names of its indexes begin with it, and PostgreSQL cuts names at 63

SKELETON = '''"""{english} ({chinese})."""

from __future__ import annotations

from sqlalchemy.orm import Mapped

from models.kernel import Screen, Table, _, by_project, prose, section, text


class {cls}(Table):
    """{english} of a project."""

    owned = by_project()
    screen = Screen(
        label=_({english!r}, {chinese!r}),
        icon="table",
        key=("project_id", "name"),
        title=("name",),
        listed=("project", "name", "remark", "created_at"),
        searched=("name",),
        sections=(section(_({english!r}, {chinese!r}), "project_id", "name", "remark"),),
    )

    name: Mapped[str] = text(_("Name", "名称"), 100)
    remark: Mapped[str | None] = prose(_("Remarks", "备注"))
'''


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What it is called, and where it belongs."""
    parser.add_argument("name", metavar="NAME", help="such as parking_space")
    parser.add_argument("--area", required=True, help="the package of models it goes to")
    parser.add_argument("--label", metavar="ENGLISH", help="what one row is called; made from NAME when left out")
    parser.add_argument("--zh", metavar="CHINESE", help="the same in Chinese; to be written later when left out")


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Writes both files, and takes them away again when what they say does not pass the checks."""
    english = arguments.label or arguments.name.replace("_", " ").capitalize()
    chinese = arguments.zh or "（待译）"
    file = place(arguments.name, arguments.area)
    for text in (english, chinese):
        if not text.strip() or re.search(r"[\"'\\{}\n]", text):
            raise BadSetting(f"“{text}” is no label: it has no quotes, braces, backslashes or line breaks.")
    if history():
        raise BadSetting("The models have what the history lacks already: “run.py migrate --new MESSAGE” first.")
    versions = ROOT / "migrations" / "versions"
    before = set(versions.glob("*.py"))
    file.write_text(written(arguments.name, english, chinese), encoding="utf-8")
    try:
        run_py("migrate", "--new", f"Add {arguments.name}")
        run_py("check")
    except BaseException:
        for made in (file, *(set(versions.glob("*.py")) - before)):
            made.unlink(missing_ok=True)
        raise
    for made in (file, *sorted(set(versions.glob("*.py")) - before)):
        print(made.relative_to(ROOT))
    if not arguments.zh:
        print("Write its Chinese name in place of （待译）.")
    print("Look at both, then “run.py migrate”.")
    return 0


def written(name: str, english: str, chinese: str) -> str:
    """Returns the file of a table."""
    from models.kernel.table import class_name

    text = SKELETON.format(cls=class_name(name), english=english, chinese=chinese)
    return re.sub(r"'([^'\n]*)'", r'"\1"', text)  # the quotes this code base uses


def place(name: str, area: str) -> Path:
    """Returns where the file of a table goes.

    Raises:
        BadSetting: the name cannot be used or is taken, or there is no such area.
    """
    from app.database import load_models
    from models.kernel.registry import areas
    from models.kernel.table import class_name, table_name

    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z][a-z0-9]*)*", name) or len(name) > _LONGEST:
        raise BadSetting(
            f"“{name}” is no name of a table: small letters, digits and single underscores, at most {_LONGEST},"
            " such as parking_space."
        )
    taken = load_models()
    if area not in areas():
        raise BadSetting(f"There is no area “{area}”; there are {', '.join(areas())}.")
    file = ROOT / "models" / area / f"{name}.py"
    if name in taken.tables or keyword.iskeyword(name) or file.exists():
        raise BadSetting(f"The name “{name}” is taken; choose another.")
    if table_name(class_name(name)) != name:
        raise BadSetting(f"“{name}” is no name of a table: words have at least two letters, such as parking_space.")
    return file


def run_py(*words: str) -> None:
    """Runs another command in a process of its own, which sees the new file.

    Raises:
        BadSetting: it refused; carries its sentences.
    """
    done = subprocess.run(
        [sys.executable, ROOT / "run.py", *words], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = (done.stderr or done.stdout).strip() or f"run.py {words[0]} failed."
        raise BadSetting(f"Nothing was written. {said}")
