"""Saved exports by the clock: whoever receives one has a file of their own, in their own part of the tree, and a notice."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from sqlalchemy import select

from models.kernel import saved_export
from models.kernel.job import work
from models.kernel.job_running import Run
from models.kernel.job_schedule import every
from models.kernel.notice.event import Event
from models.kernel.notice.outbox import tell
from models.kernel.refusal import Refusal
from models.kernel.registry import table
from models.kernel.roles import EXPORT
from models.kernel.scope import may
from models.kernel.words import _
from views.kernel.exchange.export_job import made_file
from views.kernel.parameters import wanted
from views.kernel.report_files import saved_report

DELIVERED = Event(
    "export.delivered",
    _("A saved export was sent to you", "常用导出已送达"),
    _("“{name}” is here", "“{name}”已送达"),
    _(
        "{rows} rows, in your own part of the tree. It can be downloaded until {until}.",
        "按您的权限范围共 {rows} 行，可在 {until} 前下载。",
    ),
    fields={"name": _("What", "内容"), "rows": _("Rows", "行数"), "until": _("Until", "有效期至")},
    samples={"name": _("Homes for sale", "在售房源"), "rows": "1,200", "until": "2026-12-01 07:00"},
)


@work("saved_exports", _("Send saved exports", "发送常用导出"), quiet=True)
def send_due(run: Run) -> dict[str, Any]:
    """Asks for each saved export that is due, once a recipient."""
    count = saved_export.fire(run.session)
    run.session.commit()
    return {"jobs": count}


every("saved_exports", timedelta(minutes=1))


@work("saved_export", _("Saved export", "常用导出"))
def send_one(run: Run) -> dict[str, Any]:
    """Makes the file of a saved export for one recipient, with the rights they hold now, and tells them."""
    entries = saved_export.ENTRIES
    row = run.session.execute(select(entries).where(entries.c.id == run.arguments["entry"])).one_or_none()
    run.session.rollback()
    if row is None:
        raise Refusal(_("This saved export was deleted meanwhile.", "该常用导出已被删除。"))
    if row.report:
        return _told(run, row, saved_report(run, row))
    cls = table(row.table_name)
    if not may(run.actor, cls, EXPORT):
        raise Refusal(_("You have no right to export this list any more.", "您已没有导出该列表的权限。"), code="denied")
    given = parse_qsl(row.query, keep_blank_values=True, max_num_fields=200)
    read = wanted(run.session, cls, f"{cls.__name__}View", given=given)
    left_out = [note for note in read.notes if note.en.startswith("One filter")]
    if left_out:  # without it more rows would be sent than were meant
        raise Refusal(left_out[0])
    run.session.rollback()
    made = made_file(run, cls, read.asked, row.form, technical=row.technical, codes=row.codes, notes=tuple(read.notes))
    return _told(run, row, made)


def _told(run: Run, row: Any, made: dict[str, Any]) -> dict[str, Any]:
    """The result of the job, its file called by the entry's name; its owner is told."""
    made["file"] = f"{row.name.translate(_UNFIT)}_{made['file']}"
    values = {"name": row.name, "rows": f"{made['rows']:,}", "until": datetime.fromisoformat(made["until"])}
    tell(run.session, run.actor, DELIVERED, [run.actor.user_id], values=values, job=run.key)
    return made


_UNFIT = str.maketrans(dict.fromkeys('\\/:*?"<>|', "_"))
