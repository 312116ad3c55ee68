"""Exports that are too large to wait for: worked in the background, fetched from the job, gone after a day."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from models.kernel.job import ask, work
from models.kernel.job_centre import fetch_by, result_file
from models.kernel.job_running import Run
from models.kernel.notice.event import Event
from models.kernel.notice.outbox import tell
from models.kernel.refusal import Denied
from models.kernel.registry import table
from models.kernel.roles import EXPORT, READ
from models.kernel.scope import granted_paths
from models.kernel.session import act, actor_of, clock_of, reading
from models.kernel.table import Table
from models.kernel.words import Words, _
from views.kernel.exchange.export import Export, csv_chunks, file_name, opened
from views.kernel.exchange.export_book import write_workbook
from views.kernel.exchange.json_lines import json_chunks
from views.kernel.listing import Asked, Filter, Listing

DIRECT = {"csv": 200_000, "xlsx": 50_000, "jsonl": 200_000}
"""Rows up to which an export is answered at once; some five seconds of either."""

READY = Event(
    "export.ready",
    _("An export is ready", "导出已完成"),
    _("Your export “{name}” is ready", "您的导出“{name}”已完成"),
    _("{rows} rows. It can be downloaded until {until}.", "共 {rows} 行，可在 {until} 前下载。"),
    fields={"name": _("What", "内容"), "rows": _("Rows", "行数"), "until": _("Until", "有效期至")},
    samples={"name": _("Rooms", "房间"), "rows": "60,000", "until": "2026-12-01 10:00"},
)

_TICK = 0.5  # seconds between two looks at whether to go on


def too_large(session: Session, cls: type[Table], asked: Asked, form: str) -> bool:
    """Returns whether an export has more rows than are answered at once. One statement, which counts no further.

    Raises:
        Refusal: a column or filter that there is not.
    """
    listing = Listing(session, cls, replace(asked, right=EXPORT))
    listing.check()
    return listing.count(DIRECT[form]) > DIRECT[form]


def ask_for_export(
    session: Session,
    cls: type[Table],
    asked: Asked,
    form: str,
    *,
    technical: bool,
    codes: bool = False,
    notes: tuple[Words, ...],
) -> int:
    """Asks for the export as a job, in a transaction of its own; the same one asked for twice is one job.

    Returns: the key of the job.
    """
    actor, clock = actor_of(session), clock_of(session)
    arguments = {
        "table": cls.__tablename__,
        "form": form,
        "technical": technical,
        "codes": codes,
        "notes": [[note.said("en"), note.said("zh")] for note in notes],
        **_written(asked),
    }
    said = json.dumps([arguments, actor.language, actor.within], sort_keys=True, ensure_ascii=False)
    once = f"{actor.user_id}:{hashlib.sha256(said.encode()).hexdigest()[:40]}"
    title = _("Export {name} as {form}", "导出{name}（{form}）").fill(name=cls.screen.name, form=form.upper())
    token = reading.set(False)  # the request that asks only reads
    try:
        with Session(session.get_bind()) as own:
            act(own, actor, clock)
            key = ask(own, actor, "export", arguments, title=title, once=once)
            own.commit()
            return key
    finally:
        reading.reset(token)


def _written(asked: Asked) -> dict[str, Any]:
    return {
        "columns": list(asked.columns),
        "filters": [[one.path, one.operator, one.raw] for one in asked.filters],
        "search": asked.search,
        "order": asked.order,
        "ids": None if asked.ids is None else list(asked.ids),
        "of": asked.of,
    }


def _read(arguments: dict[str, Any]) -> Asked:
    ids = arguments["ids"]
    return Asked(
        columns=tuple(arguments["columns"]),
        filters=tuple(Filter(*one) for one in arguments["filters"]),
        search=arguments["search"],
        order=arguments["order"],
        ids=None if ids is None else tuple(ids),
        of=arguments.get("of", ""),
    )


@work("export", _("Export", "导出"))
def export_list(run: Run) -> dict[str, Any]:
    """Writes the list into the job's folder, and tells whoever asked that it is there."""
    arguments = run.arguments
    notes = tuple(Words(en, zh) for en, zh in arguments["notes"])
    cls = table(arguments["table"])
    made = made_file(
        run,
        cls,
        _read(arguments),
        arguments["form"],
        technical=bool(arguments["technical"]),
        codes=bool(arguments.get("codes")),
        notes=notes,
    )
    values = {"name": cls.screen.name, "rows": f"{made['rows']:,}", "until": datetime.fromisoformat(made["until"])}
    tell(run.session, run.actor, READY, [run.actor.user_id], values=values, job=run.key)
    return made


def made_file(
    run: Run,
    cls: type[Table],
    asked: Asked,
    form: str,
    *,
    technical: bool = False,
    codes: bool = False,
    notes: tuple[Words, ...] = (),
) -> dict[str, Any]:
    """Writes a list into the folder of a job, as its owner may have it. A file is whole or not there.

    An attempt that died begins anew; what it left is cleared away first.

    Returns: the result of the job (see `result_file`).
    """
    for left in run.folder.iterdir():  # of an attempt that died
        shutil.rmtree(left) if left.is_dir() else left.unlink()
    paths = {right: sorted(granted_paths(run.actor, cls, right)) for right in (READ, EXPORT)}
    token = reading.set(True)
    try:
        total = Listing(run.session, cls, replace(asked, right=EXPORT)).count(None)
        run.session.rollback()
    finally:
        reading.reset(token)
    run.advance(0, total)
    export = opened(
        run.engine,
        run.actor,
        run.clock,
        cls,
        asked,
        form,
        run.language,
        technical=technical,
        codes=codes,
        notes=notes,
    )
    export.watch = _watch(run, total)
    name = file_name(run.session, cls, form, run.language)
    run.session.rollback()
    file, part = run.folder / f"file.{form}", run.folder / "part"
    _write(export, form, part, run.folder / "scratch")
    part.replace(file)
    count = export.count
    words = _("{n} rows.", "共 {n} 行。").fill(n=f"{count:,}")
    run.log(words)
    run.advance(count, count)
    told = {"en": words.said("en"), "zh": words.said("zh")}
    return result_file(run.session, name, file, table=cls.__tablename__, paths=paths, rows=count, words=told)


def _watch(run: Run, total: int) -> Any:
    """Returns what is called after each batch of rows: tells how far it is now and then, and whether to go on."""
    told = time.monotonic()

    def watch(count: int) -> None:
        nonlocal told
        if time.monotonic() - told >= _TICK:
            run.advance(count, max(total, count))
            told = time.monotonic()

    return watch


def _write(export: Export, form: str, part: Path, scratch: Path) -> None:
    scratch.mkdir(mode=0o700)
    try:
        if form == "xlsx":
            write_workbook(export, str(part), scratch)
        else:
            with part.open("wb") as out:
                for piece in csv_chunks(export) if form == "csv" else json_chunks(export):
                    out.write(piece)
    finally:
        export.close()
        shutil.rmtree(scratch, ignore_errors=True)
    part.chmod(0o600)


@fetch_by("export")
@fetch_by("saved_export")
def _still_theirs(session: Session, result: dict[str, Any]) -> None:
    """The file was made with certain grants: each place it was made for must still be granted, to read and to export.

    Raises:
        Denied: one is not.
    """
    actor, cls = actor_of(session), table(result["table"])
    for right, paths in result["paths"].items():
        held = granted_paths(actor, cls, right)
        if not all(any(path.startswith(each) for each in held) for path in paths):
            raise Denied(
                _(
                    "Your rights have become smaller since this file was made, so it is not handed out. Export again.",
                    "导出之后您的权限范围已缩小，该文件不再提供下载，请重新导出。",
                )
            )
