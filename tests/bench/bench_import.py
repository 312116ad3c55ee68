"""How fast imports are: `python -m tests.bench.bench_import [--rows 100000]`.

Prints, from one run on a database of its own (SQLite): the import of validated homes, their unit found by name, against
calamine reading the same file and one executemany writing the same rows. Both in seconds of this processor.
"""

from __future__ import annotations

import argparse
import gc
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import xlsxwriter
from python_calamine import CalamineWorkbook
from sqlalchemy.orm import Session

from models.kernel.clock import frozen
from models.kernel.session import act
from models.property.room import Room
from tests.bench.bench_export import engine_of
from tests.databases import make_schema
from tests.world import NOW, build
from views.kernel.exchange.into_table import TableTarget
from views.kernel.exchange.plan import layout_of, run, sheet_of
from views.kernel.exchange.workbook import open_workbook

AIM = 5.0
HEAD = ("项目", "楼栋", "单元", "房号", "楼层", "预售面积", "销售状态")


def write(file: Path, rows: int) -> None:
    """Makes the file: homes of one unit, every column right."""
    book = xlsxwriter.Workbook(str(file), {"constant_memory": True})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, HEAD)
    for n in range(rows):
        area = 80 + n % 60 + 0.5
        sheet.write_row(n + 1, 0, ("湖畔花园", "1号楼", "1单元", f"N{n:06d}", n % 60, area, ("待售", "签约")[n % 2]))
    book.close()


def seconds(work: Callable[[], Any]) -> float:
    """Returns the seconds of this processor."""
    start = time.process_time()
    work()
    return time.process_time() - start


def bare(file: Path, engine: Any, project: int, unit: int) -> None:
    """Reads the file and writes its rows, and nothing else."""
    rows = CalamineWorkbook.from_path(str(file)).get_sheet_by_index(0).to_python()[1:]
    values = [
        (project, unit, r[3], int(r[4]), r[5], "signed" if r[6] == "签约" else "for_sale", 1, str(NOW), str(NOW))
        for r in rows
    ]
    connection = engine.raw_connection()
    cursor = connection.cursor()
    cursor.execute("BEGIN IMMEDIATE")
    cursor.executemany(
        "INSERT INTO room (project_id, unit_id, no, floor, presale_area, sale_state, span, created_at, changed_at, version,"
        " handover_state, title_state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1, 'not_notified', 'not_started')",
        values,
    )
    cursor.execute("ROLLBACK")
    connection.close()


def taken_in(file: Path, engine: Any, world: Any, *, keep: bool) -> None:
    """Imports the file as any file is: dry run or written, in one transaction that is taken back."""
    with Session(engine) as session:
        act(session, world.actor("regional_admin"), frozen(NOW))
        target = TableTarget(Room)
        sheet = sheet_of(open_workbook(file, file.name), "")
        found = run(session, target, sheet, layout_of(sheet, target.columns()), write=keep)
        assert found.refused == 0 and found.added > 0, [str(fault.sentence) for fault in found.faults[:3]]
        session.rollback()


def main() -> int:
    """Runs the bench; 1 where the aim is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as folder:
        engine = engine_of(Path(folder) / "bench.db")
        make_schema(engine)
        with Session(engine) as session:
            world = build(session)
        file = Path(folder) / "rooms.xlsx"
        write(file, rows)
        project, unit = world.id("project", "lake"), world.id("unit", "lake-1-1")
        gc.collect()
        gc.freeze()  # as servers and workers do once they have started
        plain = seconds(lambda: bare(file, engine, project, unit))
        dry = seconds(lambda: taken_in(file, engine, world, keep=False))
        written = seconds(lambda: taken_in(file, engine, world, keep=True))
        engine.dispose()
    print(f"rows                     {rows:,}")
    print(f"calamine + executemany s {plain:.2f}")
    print(f"dry run s                {dry:.2f}  ratio {dry / plain:.2f}")
    print(f"import s                 {written:.2f}  ratio {written / plain:.2f}")
    if written / plain > AIM:
        print(f"missed: import ratio is {written / plain:.2f}, the aim {AIM}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
