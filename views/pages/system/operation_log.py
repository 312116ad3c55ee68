"""The operation log (操作日志): what everybody did, as far as its reader may know; searched, paged, exported, drilled from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from flask import Response, current_app, jsonify, render_template, request, stream_with_context
from flask_appbuilder import BaseView, expose
from sqlalchemy.orm import Session

from models.kernel import operation_log as log
from models.kernel.actor import Actor
from models.kernel.audit import entry, write_lines
from models.kernel.clock import Clock, today
from models.kernel.operation_log import Wanted
from models.kernel.reading_dates import read_date
from models.kernel.refusal import Refusal
from models.kernel.registry import tables
from models.kernel.roles import READ
from models.kernel.scope import may
from models.kernel.session import act, actor_of, clock_of, reading
from models.kernel.words import Words, _
from views.kernel.access import signed_in
from views.kernel.exchange.export import BATCH, Export, Values, csv_chunks, plain_column
from views.kernel.exchange.export_book import chunks, size_of, workbook_file
from views.kernel.exchange.export_pages import TYPES
from views.kernel.formats import moment
from views.kernel.lookup import text_of
from views.kernel.request import actor, language, say
from views.kernel.request import session as database
from views.kernel.shell import Extra, menu_page, shell
from views.kernel.timeline import ACTIONS, Names, action_words, fields_of, notes, people, want_refs
from views.pages.fields import PlainField

SIZE = 50
LABEL = _("Operation log", "操作日志")
CHANNELS: dict[str, Words] = {
    "page": _("Page", "页面"),
    "api": _("REST", "接口"),
    "import": _("Import", "导入"),
    "command": _("Command", "命令行"),
    "job": _("Job", "后台任务"),
}
FIELDS: dict[str, Words] = {
    "who": _("Who", "操作人"),
    "table": _("Table", "数据表"),
    "row_id": _("Record key", "记录主键"),
    "action": _("What", "操作"),
    "channel": _("Channel", "渠道"),
    "since": _("From", "开始日期"),
    "until": _("Until", "结束日期"),
    "address": _("Address", "IP 地址"),
    "request_id": _("Request", "请求编号"),
}

OTHERS: dict[str, Words] = {"ab_user": _("Account", "账号"), "audit_log": LABEL}
"""What lines may be about beside the rows of declared tables."""

menu_page(
    Extra("system", LABEL, icon="list-search", url="/audit_log/list/", table="user_profile", right=READ, place=90)
)


def asked() -> tuple[Wanted, list[Words]]:
    """Reads the address of the log; what cannot be read is left out, with a sentence that says so."""
    given = {name: request.args.get(name, "").strip()[:100] for name in FIELDS}
    left: list[Words] = []
    values: dict[str, Any] = {name: given[name] for name in ("who", "action", "channel", "address", "request_id")}
    if given["table"]:
        named = [
            n
            for n, cls in tables().items()
            if given["table"] in (n, *(getattr(cls.screen.label, x) for x in ("en", "zh")))
        ]
        values["table"] = named[0] if named else given["table"]
    if given["row_id"]:
        if given["row_id"].isascii() and given["row_id"].isdigit() and len(given["row_id"]) < 19:
            values["row_id"] = int(given["row_id"])
        else:
            left.append(_("The record key is a whole number; it was left out.", "记录主键应为整数，该条件未生效。"))
    for name in ("since", "until"):
        try:
            values[name] = read_date(given[name]) if given[name] else None
        except Refusal as refusal:
            left.append(
                _("{label} was left out: {why}", "{label}未生效：{why}").fill(label=FIELDS[name], why=refusal.sentence)
            )
    for name in ("before", "after"):
        raw = request.args.get(name, "")
        values[name] = int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 19 else None
    return Wanted(**values), left


def _told(wanted: Wanted) -> list[tuple[Words, str]]:
    """What was asked for, in words."""
    found = []
    for name, label in FIELDS.items():
        value = getattr(wanted, name)
        if value is not None and value != "":
            cls = tables().get(str(value)) if name == "table" else None
            text = (
                say(cls.screen.label)
                if cls is not None
                else value.isoformat()
                if isinstance(value, date)
                else str(value)
            )
            found.append((label, text))
    return found


def _words(row: Any) -> Any:
    return say(action_words(tables().get(row.table_name), row.action))


class Lines:
    """Lines of the log as people read them, a page or a batch at a time."""

    def __init__(self, session: Session, rows: list[Any]) -> None:
        self.rows = [(log.told(row), row) for row in rows]
        self.seen = log.readable(session, rows)
        self.names = Names(session)
        for told, _row in self.rows:
            self.names.want(told.table, told.row_id) if told.table in tables() else None
            if self._open(told) and told.action != "add":
                want_refs(self.names, tables()[told.table], told.changes)

    def _open(self, told: Any) -> bool:
        """Whether its values may be told: the reader can read the row it is about."""
        return told.row_id in self.seen.get(told.table, ())

    def record(self, told: Any) -> tuple[str, str | None]:
        """Returns what the record is called, and where it is."""
        cls = tables().get(told.table)
        label = str(say(cls.screen.label if cls is not None else OTHERS.get(told.table, told.table)))
        if cls is None or not told.row_id:
            return label, None
        name = self.names.of(told.table, told.row_id)
        if name is None:
            return f"{label} #{told.row_id}", None
        return f"{label} {name}", f"/{told.table}/show/{told.row_id}"

    def changes(self, told: Any) -> str:
        """Returns what changed, from what to what; nothing of a record the reader cannot read."""
        if "comment" in told.changes and self._open(told):
            return str(told.changes["comment"][1] or told.changes["comment"][0] or "")
        if "file" in told.changes and self._open(told):
            return str(told.changes["file"][1] or told.changes["file"][0] or "")
        if not self._open(told):
            return ""
        cls = tables()[told.table]
        if told.action == "add":
            return fields_of(cls, told.changes)
        comma = str(say(_("; ", "；")))
        return comma.join(
            f"{say(one['label'])}: {one['before'] or '—'} → {one['after'] or '—'}"
            for one in notes(self.names, cls, told.changes)
        ) or fields_of(cls, told.changes)


class LogExport(Export):
    """The export of the log: batches are read as rows and told in words."""

    def transposed(self) -> Iterator[list[Values]]:
        """Yields batches as columns."""
        last, _at = log.sealed(self.session)
        for rows in self.result.partitions():
            self.count += len(rows)
            lines = Lines(self.session, list(rows))
            yield list(zip(*[_cells(lines, told, row, last) for told, row in lines.rows], strict=True))


def _cells(lines: Lines, told: Any, row: Any, last: int) -> tuple[Any, ...]:
    who = told.who or say(_("System", "系统"))
    seal = say(_("Sealed", "已封存") if told.id <= last else _("Waiting", "待封存"))
    channel = say(CHANNELS.get(row.channel, row.channel))
    what = (_words(row).replace("{fields}", ""), lines.record(told)[0], lines.changes(told))
    return told.id, told.at, who, *what, channel, row.address, row.request_id, seal


HEADINGS: list[tuple[str, Words, str]] = [
    ("id", _("Line", "序号"), "number"),
    ("at", _("Time", "时间"), "moment"),
    ("who", FIELDS["who"], "text"),
    ("action", FIELDS["action"], "text"),
    ("record", _("Record", "记录"), "text"),
    ("changes", _("Changes", "变更内容"), "text"),
    ("channel", FIELDS["channel"], "text"),
    ("address", FIELDS["address"], "text"),
    ("request_id", FIELDS["request_id"], "text"),
    ("seal", _("Seal", "封存"), "text"),
]


class OperationLogView(BaseView):  # type: ignore[misc]
    """`/audit_log/list/` and its exports. There is no address that writes."""

    route_base = "/audit_log"
    default_view = "listed"

    @expose("/list/", methods=["GET"])
    @signed_in
    def listed(self) -> Any:
        """The lines the actor may know of, newest first."""
        own = database()
        wanted, left = asked()
        rows, newer, older = log.page(own, wanted, SIZE)
        lines = Lines(own, rows)
        where = people(own, [row.user_id for row in rows])
        last, when = log.sealed(own)
        kept = {name: request.args[name] for name in FIELDS if request.args.get(name)}
        shown = []
        for told, row in lines.rows:
            record, url = lines.record(told)
            shown.append(
                {
                    "id": told.id,
                    "when": moment(told.at, exact=True),
                    "who": told.who or say(_("System", "系统")),
                    "who_url": where.get(told.user_id or 0),
                    "text": _words(row).replace("{fields}", ""),
                    "record": record,
                    "url": url and url + "#timeline",
                    "only_url": self._url({**kept, "table": told.table, "row_id": str(told.row_id)}) if url else None,
                    "changes": lines.changes(told),
                    "channel": CHANNELS.get(row.channel, row.channel),
                    "address": row.address,
                    "request_id": row.request_id,
                    "same_url": self._url({"request_id": row.request_id}) if row.request_id else None,
                    "sealed": told.id <= last,
                }
            )
        flows = log.actions([n for n in tables() if not wanted.table or n == wanted.table])
        page = {
            "title": LABEL,
            "others": log.reads_others(actor()),
            "rows": shown,
            "fields": {name: request.args.get(name, "") for name in FIELDS},
            "labels": FIELDS,
            "choices": self._choices(wanted),
            "actions": [
                *({"value": name, "label": str(say(words)).replace("{fields}", "")} for name, words in ACTIONS.items()),
                *({"value": name, "label": say(action_words(tables()[cls], name))} for name, cls in list_of(flows)),
            ][:50],
            "channels": [{"value": name, "label": words} for name, words in CHANNELS.items()],
            "left": left,
            "filtered": bool(kept),
            "newer_url": self._url({**kept, "after": str(rows[0].id)}) if rows and newer else None,
            "older_url": self._url({**kept, "before": str(rows[-1].id)}) if rows and older else None,
            "first_url": self._url(kept) if wanted.before or wanted.after else None,
            "export": [
                {"label": "XLSX", "url": "/audit_log/export.xlsx?" + urlencode(kept)},
                {"label": "CSV", "url": "/audit_log/export.csv?" + urlencode(kept)},
            ],
            "sealed_until": moment(when) or None,
        }
        return render_template("doorbook/operation_log.html", shell=shell(LABEL), page=page)

    def _choices(self, wanted: Wanted) -> dict[str, PlainField]:
        """The table and the record of the search, each chosen from a look-up; a record once its table is chosen."""
        cls = tables().get(wanted.table)
        if cls is not None and not may(actor(), cls, READ):
            cls = None
        other = OTHERS.get(wanted.table)
        called = cls.screen.label if cls is not None else other or wanted.table
        found = {
            "table": PlainField(
                "table", FIELDS["table"], wanted.table, "ref", lookup_url="/audit_log/tables", chosen_text=say(called)
            )
        }
        if cls is not None:
            key = wanted.row_id
            name = text_of(database(), cls, key) if key is not None else None
            found["row_id"] = PlainField(
                "row_id",
                _("Record", "记录"),
                "" if key is None else str(key),
                "ref",
                lookup_url=f"/{wanted.table}/lookup",
                chosen_text=name or f"#{key}",
            )
        return found

    @expose("/tables", methods=["GET"])
    @signed_in
    def tables_by_name(self) -> Any:
        """Tables the actor may read, by what was typed: JSON of `items` and `more`, as look-ups answer."""
        typed = request.args.get("q", "").strip().casefold()[:60]
        named = {name: cls.screen.label for name, cls in tables().items() if may(actor(), cls, READ)}
        hits = [
            {"id": name, "text": say(words), "detail": name}
            for name, words in {**named, **OTHERS}.items()
            if typed in f"{name} {words.en} {words.zh}".casefold()
        ]
        return jsonify({"items": hits[:20], "more": len(hits) > 20})

    @staticmethod
    def _url(fields: dict[str, str]) -> str:
        return "/audit_log/list/?" + urlencode(fields)

    @expose("/export.csv", methods=["GET"])
    @signed_in
    def export_csv(self) -> Response:
        """The lines as CSV, as filtered."""
        export = self._export("csv")
        body = stream_with_context(csv_chunks(export))  # names and words are said in the language of the request
        response = Response(body, content_type=TYPES["csv"])
        response.call_on_close(export.close)
        return self._named(response, "csv")

    @expose("/export.xlsx", methods=["GET"])
    @signed_in
    def export_xlsx(self) -> Response:
        """The lines as a workbook, as filtered."""
        file = workbook_file(self._export("xlsx"), Path(current_app.config["DOORBOOK_HOME"]))
        response = Response(chunks(file), content_type=TYPES["xlsx"])
        response.call_on_close(file.close)
        response.content_length = size_of(file)
        return self._named(response, "xlsx")

    def _named(self, response: Response, form: str) -> Response:
        day = today(clock_of(database())).isoformat()
        full = quote(f"{LABEL.said(language())}_{day}.{form}", safe="")
        response.headers["Content-Disposition"] = (
            f"attachment; filename=\"operation_log_{day}.{form}\"; filename*=UTF-8''{full}"
        )
        response.headers["Cache-Control"] = "no-store"
        return response

    def _export(self, form: str) -> LogExport:
        own = database()
        wanted, left = asked()
        bind, who, clock = own.get_bind(), actor_of(own), clock_of(own)
        own.rollback()  # this request's connection is free while the rows are read
        return opened(bind, who, clock, replace(wanted, before=None, after=None), form, left)


def opened(bind: Any, who: Actor, clock: Clock, wanted: Wanted, form: str, left: list[Words]) -> LogExport:
    """Opens an export of the log, with its own line in the log first. Whoever takes it closes it."""
    told = _told(wanted)
    changes: dict[str, tuple[Any, Any]] = {"format": (None, form)}
    changes |= {name: (None, str(getattr(wanted, name))) for name in FIELDS if getattr(wanted, name) not in (None, "")}
    token = reading.set(False)
    try:
        with Session(bind) as session:
            write_lines(session, [entry(who, clock(), "audit_log", 0, "export", changes)])
            session.commit()
    finally:
        reading.reset(token)
    session = act(Session(bind), who, clock)
    token = reading.set(True)
    try:
        result = session.execute(log.found(session, wanted), execution_options={"yield_per": BATCH})
    except BaseException:
        session.close()
        raise
    finally:
        reading.reset(token)
    spoken = language()
    columns = tuple(plain_column(n, words.said(spoken), kind, at) for at, (n, words, kind) in enumerate(HEADINGS))
    nothing: Any = None
    return LogExport(session, nothing, columns, spoken, result, tuple(left), label=LABEL, asked=told)


def list_of(flows: Any) -> list[tuple[str, str]]:
    """Returns transitions and their tables, without those that are called like something else."""
    return [(name, cls) for name, cls in flows.items() if name not in ACTIONS]
