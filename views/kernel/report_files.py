"""A report as a file: taken at once from its page, or made by a job for whoever it is sent to, in their own scope."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

from sqlalchemy.orm import Session

from models.kernel.actor import Actor
from models.kernel.clock import local
from models.kernel.job_centre import result_file
from models.kernel.job_running import Run
from models.kernel.refusal import Refusal
from models.kernel.roles import EXPORT, READ
from models.kernel.scope import granted_paths, may
from models.kernel.session import clock_of, reading
from models.kernel.words import Words, _
from views.kernel.exchange.traced import note_export
from views.kernel.reporting import desk_of, open_to

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TYPES = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson; charset=utf-8", "xlsx": XLSX}
WITHIN_REACH = _("Everything within reach", "权限范围内全部")

Say = Callable[[Any], str]


def body_of(session: Session, report: Any, question: Any, kind: str, who: Actor, say: Say) -> tuple[bytes, int]:
    """Returns a report as a file of a kind, of the part of the tree in which `who` may export, and how many lines it has.

    Args:
        kind: xlsx, csv or jsonl.
        say: turns words into the reader's language.
    """
    desk: Any = desk_of()
    outcome = desk.count(session, report, question, right=EXPORT)
    if kind == "csv":
        return desk.as_csv(outcome, say), len(outcome.lines)
    if kind == "jsonl":
        return _as_lines(report, outcome, say), len(outcome.lines)
    scope = question.place.name if question.place else say(WITHIN_REACH)
    made = local(clock_of(session)())
    return desk.as_xlsx(outcome, say, reader=who.name, scope=scope, made=made), len(outcome.lines)


def _as_lines(report: Any, outcome: Any, say: Say) -> bytes:
    """The lines of a report as JSON lines, each figure by its name; numbers exact."""

    def number(value: Any) -> Any:
        return float(value) if isinstance(value, Decimal) and value != int(value) else value

    found = []
    for line in outcome.lines:
        figures = {figure.name: line.values.get(figure.name) for figure in report.figures}
        values = {n: int(v) if isinstance(v, Decimal) and v == int(v) else number(v) for n, v in figures.items()}
        found.append(json.dumps({"key": line.key, "label": say(line.label), **values}, ensure_ascii=False, default=str))
    return "".join(f"{line}\n" for line in found).encode()


def saved_report(run: Run, row: Any) -> dict[str, Any]:
    """Makes the file of a saved report for the owner of a job, with the rights they hold now (R25).

    The period is that of the day it is made. A place that is not theirs is left out: they get their own part, and the
    file says so.

    Args:
        row: the saved export; see `models.kernel.saved_export`.

    Returns: the result of the job (see `models.kernel.job_centre.result_file`).

    Raises:
        Refusal: there is no such report any more, or its owner may not take it away.
    """
    desk = desk_of()
    report = desk.reports.get(row.report) if desk is not None else None
    if desk is None or report is None:
        raise Refusal(_("This report is no longer kept.", "该报表已停用。"), code="unknown_report")
    if not open_to(report, run.actor) or not may(run.actor, report.entity, EXPORT):
        raise Refusal(
            _("You have no right to export this report any more.", "您已没有导出该报表的权限。"), code="denied"
        )

    def say(value: Any) -> str:
        return value.said(run.language) if isinstance(value, Words) else str(value)

    token = reading.set(True)
    try:
        question = desk.ask(run.session, report, dict(parse_qsl(row.query, keep_blank_values=True)))
        body, lines = body_of(run.session, report, question, row.form, run.actor, say)
        run.session.rollback()
    finally:
        reading.reset(token)
    for note in question.notes:
        run.log(note)
    file = run.folder / f"file.{row.form}"
    file.write_bytes(body)
    file.chmod(0o600)
    table = report.entity.__tablename__
    note_export(run.session, table, format=row.form, report=report.name, asked=question.address())
    words = _("{n} lines.", "共 {n} 行。").fill(n=f"{lines:,}")
    return result_file(
        run.session,
        f"{say(report.title)}_{local(run.clock()):%Y%m%d}.{row.form}",
        file,
        table=table,
        paths={right: sorted(granted_paths(run.actor, report.entity, right)) for right in (READ, EXPORT)},
        rows=lines,
        report=report.name,
        words={"en": words.said("en"), "zh": words.said("zh")},
    )
