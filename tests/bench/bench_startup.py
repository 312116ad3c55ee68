"""Start-up of the console with sixty further tables, in processes of their own, warm.

    python -m tests.bench.bench_startup

Prints the median seconds from a started interpreter to a ready application, bare imports of the framework beside it.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time

BARE = "import flask_appbuilder, flask_sqlalchemy, flask_wtf, sqlalchemy, flask_compress, cryptography"
STORY = """
import sys
from sqlalchemy.orm import Mapped
from config import Settings
from models.kernel import Screen, Table, _, by_project, choice, day, decimal, prose, ref, section, text, Options

class Colour(Options):
    RED = "red", _("Red", "红"), "red"
    BLUE = "blue", _("Blue", "蓝"), "blue"

def declare(number):
    label = _(f"Synthetic {number}", f"合成{number}")
    names = ("project_id", "name", "building_id", "colour", "happened_on", "amount", "note")
    return type(f"Synthetic{number}", (Table,), {
        "__module__": "models.property.synthetic", "__doc__": "x",
        "__annotations__": {"name": Mapped[str], "building_id": Mapped[int | None], "colour": Mapped[str | None],
                            "happened_on": Mapped[str | None], "amount": Mapped[str | None], "note": Mapped[str | None]},
        "owned": by_project(),
        "screen": Screen(label, ("project_id", "name"), ("name",), ("project", "name", "building", "colour"),
                         (section(label, *names),), searched=("name",)),
        "name": text(_("Name", "名称")), "building_id": ref("building", _("Building", "楼栋")),
        "colour": choice(_("Colour", "颜色"), Colour), "happened_on": day(_("Day", "日期")),
        "amount": decimal(_("Amount", "数量")), "note": prose(_("Note", "备注")),
    })

kept = [declare(number) for number in range(int(sys.argv[1]))]  # classes nobody holds are collected
from app.factory import create_app
app = create_app(Settings.read())
print(len(app.url_map._rules))
"""


def run(code: str, *words: str, times: int = 7) -> float:
    """Returns the median seconds of a whole process, after one that is not counted."""
    taken = []
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "DOORBOOK_HOME": home, "DOORBOOK_DEMO": "0"}
        for turn in range(times + 1):
            start = time.perf_counter()
            subprocess.run([sys.executable, "-c", code, *words], check=True, env=environment, stdout=subprocess.DEVNULL)
            if turn:
                taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def main() -> int:
    """Measures and prints."""
    bare = run(BARE)
    for extra in (0, 60):
        taken = run(STORY, str(extra))
        print(f"{extra:3} further tables: {taken:.2f} s, bare imports {bare:.2f} s, ratio {taken / bare:.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
