"""Imports that are too large for one transaction: in batches, each with its place in the file, to be resumed anywhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from models.kernel.job import ask, work
from models.kernel.job_running import Run
from models.kernel.notice.event import Event
from models.kernel.notice.outbox import tell
from models.kernel.refusal import Refusal
from models.kernel.registry import table
from models.kernel.session import actor_of, reading
from models.kernel.words import Words, _
from views.kernel.exchange.headings import Layout
from views.kernel.exchange.into_table import TableTarget
from views.kernel.exchange.plan import Findings, Target, layout_of, run_in_batches, sheet_of
from views.kernel.exchange.plan import run as dry_run
from views.kernel.exchange.sheet import Sheet
from views.kernel.exchange.staging import Staged, Staging
from views.kernel.exchange.workbook import open_workbook

AT_ONCE = 5_000
"""Rows up to which an import is all or nothing, while the person waits. Above, it is a job, in batches."""


DONE = Event(
    "import.done",
    _("An import is done", "导入已完成"),
    _("Your import into “{name}” is done", "您的导入“{name}”已完成"),
    _("{what}", "{what}"),
    fields={"name": _("Where", "数据表"), "what": _("What was done", "结果")},
    samples={"name": _("Rooms", "房间"), "what": _("Imported: 6,000 added.", "导入完成：新增 6,000 行。")},
)


TARGETS: dict[str, Callable[[Session, str], Target]] = {}
"""What is no table: first part of its name -> given the rest of it, the target. Pages of their own put theirs here."""


def target_of(session: Session, name: str) -> Target:
    """Returns the target of a job by its name, such as `room` or `ledger/5`.

    Raises:
        Missing: there is none, or it is not in the actor's scope.
    """
    kind, _slash, rest = name.partition("/")
    return TARGETS[kind](session, rest) if kind in TARGETS else TableTarget(table(name))


def ask_for_import(session: Session, staged: Staged, target: Target, leave_out: int) -> int:
    """Asks for the staged import as a job; asked for twice it is one job. Does not commit.

    Args:
        leave_out: wrong rows that the person saw; more than that stop it before anything is written.

    Returns: the key of the job.
    """
    arguments = {"table": target.name, "token": staged.token, "leave_out": leave_out, "file": staged.filename}
    title = _("Import {name} from {file}", "导入{name}：{file}").fill(name=target.title, file=staged.filename)
    return ask(session, actor_of(session), "import", arguments, title=title, once=staged.token)


@work("import", _("Import", "导入"), attempts=5)
def import_file(run: Run) -> dict[str, Any]:
    """Looks through the file first; then writes it, each batch in one transaction with its place in the file."""
    target = target_of(run.session, run.arguments["table"])
    staging = Staging(run.home)
    staged = staging.find(run.arguments["token"], run.actor.user_id, target.name)
    staged.keep_alive()
    sheet, layout = _sheet(staged, target)
    cursor: dict[str, Any] = run.cursor or {}
    if not cursor:
        found = _looked_through(run, target, sheet, layout, staged)
        total = found.added + found.changed + found.left + found.refused
        cursor = {"done": 0, "total": total, "found": {}}
        run.log(_("Looked through: {n} rows.", "预检完成：共 {n} 行。").fill(n=f"{total:,}"))
        run.advance(0, total, cursor)
    findings = _findings(cursor["found"])
    total = int(cursor["total"])

    def keep(done: int) -> None:
        run.advance(done, max(total, done), {"done": done, "total": total, "found": _counts(findings)})

    run_in_batches(run.session, target, sheet, layout, staged.options, findings, done=int(cursor["done"]), keep=keep)
    words = _words(findings)
    run.log(words, "green")
    told = {"name": target.title, "what": words}
    tell(run.session, run.actor, DONE, [run.actor.user_id], values=told, job=run.key)
    return {
        "words": {"en": words.said("en"), "zh": words.said("zh")},
        "link": target.link,
        **_counts(findings),
    }


def _looked_through(run: Run, target: Target, sheet: Sheet, layout: Layout, staged: Staged) -> Findings:
    """The dry run, once more: whoever asked may have waited, and nothing is written when more is wrong than they saw.

    Raises:
        Refusal: so it is.
    """
    token = reading.set(True)
    try:
        found = dry_run(run.session, target, sheet, layout, staged.options)
        run.session.rollback()
    finally:
        reading.reset(token)
    if found.refused > int(run.arguments["leave_out"]):
        raise Refusal(
            _(
                "Something changed since the preview: {n} rows are wrong now. Nothing was written; look again.",
                "预览之后数据有变化：现有 {n} 行有误。尚未写入任何数据，请重新核对。",
            ).fill(n=found.refused),
            code="changed_since",
            status=409,
        )
    return found


def _sheet(staged: Staged, target: Target) -> tuple[Sheet, Layout]:
    book = open_workbook(Path(staged.file), staged.filename, encoding=staged.encoding, delimiter=staged.delimiter)
    sheet = sheet_of(book, staged.sheet)
    return sheet, layout_of(sheet, target.columns(), staged.header_row, staged.mapping or {})


def _counts(found: Findings) -> dict[str, int]:
    return {"added": found.added, "changed": found.changed, "left": found.left, "refused": found.refused}


def _findings(counts: dict[str, int]) -> Findings:
    found = Findings()
    for name, count in counts.items():
        setattr(found, name, count)
    return found


def _words(found: Findings) -> Words:
    return _(
        "Imported: {added} added, {changed} changed, {left} as they were, {refused} left out.",
        "导入完成：新增 {added} 行，变更 {changed} 行，无变化 {left} 行，跳过 {refused} 行。",
    ).fill(**_counts(found))
