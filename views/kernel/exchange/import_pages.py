"""The pages of an import: hand a file over, say which column is which, look at what would happen, do it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

from flask import current_app, flash, redirect, render_template, request, send_file
from flask_appbuilder import expose
from sqlalchemy.orm import Session

from models.kernel.option_values import anywhere
from models.kernel.refusal import Refusal
from models.kernel.roles import IMPORT
from models.kernel.scope import granted_paths
from models.kernel.session import actor_of
from models.kernel.table import Table
from models.kernel.words import Words, _, amid
from views.kernel.access import needs
from views.kernel.cells import Cell
from views.kernel.exchange.annotated import write_remarks, write_template
from views.kernel.exchange.headings import Layout
from views.kernel.exchange.import_job import AT_ONCE, ask_for_import
from views.kernel.exchange.into_table import TableTarget
from views.kernel.exchange.matching import KEY, Column
from views.kernel.exchange.plan import SHOWN, Findings, Target, layout_of, run, sheet_of
from views.kernel.exchange.sheet import Book, Sheet, is_blank
from views.kernel.exchange.staging import Staged, Staging
from views.kernel.exchange.workbook import open_workbook
from views.kernel.request import actor, language, say
from views.kernel.request import session as database
from views.kernel.shell import shell

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ENCODINGS: list[dict[str, Any]] = [
    {"value": "auto", "label": _("Find out", "自动识别")},
    {"value": "utf-8-sig", "label": "UTF-8"},
    {"value": "gb18030", "label": "GB18030 / GBK"},
    {"value": "utf-16", "label": "UTF-16"},
    {"value": "big5hkscs", "label": "Big5"},
]


DELIMITED = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}


def reopened(staged: Staged) -> Book:
    """Opens a file that was handed over, as it was chosen to be read."""
    return open_workbook(staged.file, staged.filename, encoding=staged.encoding, delimiter=staged.delimiter)


def encodings(book: Book) -> list[dict[str, Any]]:
    """Returns the encodings a CSV file may be read in, the one it is read in chosen; nothing for a workbook."""
    if book.kind != "csv":
        return []
    known = [each for each in ENCODINGS if each["value"] != "auto"]
    if book.encoding not in [each["value"] for each in known]:
        known.append({"value": book.encoding, "label": book.encoding.upper()})
    return [{**each, "on": each["value"] == book.encoding} for each in known]


def delimiters(book: Book) -> list[dict[str, Any]]:
    """Returns what may stand between the cells of a CSV file, likewise."""
    if book.kind != "csv":
        return []
    labels = {
        "comma": _("comma ,", "逗号 ,"),
        "semicolon": _("semicolon ;", "分号 ;"),
        "tab": _("tab", "制表符"),
        "bar": _("bar |", "竖线 |"),
    }
    return [{"value": n, "label": labels[n], "on": sign == book.delimiter} for n, sign in DELIMITED.items()]


class Flow:
    """The pages of one import, whatever it fills.

    Args:
        target: what is filled.
        base: the address of the first page; the others lie below it.
        back: where one goes when it is done.
        template: the address of a template or of an export to start from.
        crumbs: the trail above the pages.
    """

    def __init__(
        self,
        target: Target,
        base: str,
        back: str,
        template: str | None = None,
        crumbs: list[dict[str, Any]] | None = None,
    ) -> None:
        self.target, self.base, self.back, self.template = target, base, back, template
        self.crumbs = crumbs or [{"label": target.title, "url": back}]
        self.title = _("Import {name}", "导入{name}").fill(name=amid(target.title))
        self._staging = Staging(Path(current_app.config["DOORBOOK_HOME"]))

    def upload(self) -> Any:
        """The first page; a file that cannot be read comes back with the sentence why."""
        errors: list[dict[str, Any]] = []
        encoding = request.form.get("encoding", "auto")
        if request.method == "POST":
            try:
                return redirect(f"{self.base}/{self._take(encoding).token}")
            except Refusal as refusal:
                errors = [{"text": each.sentence} for each in refusal.all()]
        page = {
            "title": self.title,
            "crumbs": self.crumbs,
            "submit_url": self.base,
            "cancel_url": self.back,
            "template_url": self.template,
            "encodings": ENCODINGS,
            "encoding": encoding,
            "errors": errors,
            "limit_text": _(
                "XLSX, XLS or CSV, at most 50 MB. Nothing is written before you have seen the preview.",
                "支持 XLSX、XLS、CSV，最大 50 MB。预览确认之前不会写入任何数据。",
            ),
        }
        return render_template(
            "doorbook/import_upload.html", shell=shell(self.title), page=page
        ), 422 if errors else 200

    def _take(self, encoding: str) -> Staged:
        """Reads what was handed over far enough to know that it can be read."""
        file = request.files.get("file")
        if file is None or not file.filename:
            raise Refusal(_("Choose a file first.", "请先选择文件。"), code="no_file")
        chosen = None if encoding in ("", "auto") else encoding
        data = file.read()
        book = open_workbook(data, file.filename, encoding=chosen)
        book.first()
        return self._staging.begin(data, actor().user_id, self.target.name, file.filename, chosen)

    def mapping(self, token: str) -> Any:
        """Which column is which: guessed, remembered, corrected."""
        staged = self._find(token)
        book = reopened(staged)
        errors: list[dict[str, Any]] = []
        if request.method == "POST":
            try:
                if self._read_anew(staged, book):
                    return redirect(f"{self.base}/{token}")
                done = self._choose(staged, book)
            except Refusal as refusal:
                done, errors = None, [{"text": each.sentence} for each in refusal.all()]
            if done is not None:
                return redirect(done)
        sheet = sheet_of(book, staged.sheet)
        try:
            layout = layout_of(sheet, self.target.columns(), staged.header_row, staged.mapping)
            if staged.mapping is None:
                known = self._staging.remembered(staged, [h.text for h in layout.headings])
                layout = layout_of(sheet, self.target.columns(), staged.header_row, known) if known else layout
        except Refusal as refusal:
            errors.append({"text": refusal.sentence})
            layout = Layout(staged.header_row or 1, (), (), {})
        return self._mapping_page(staged, book, sheet, layout, errors)

    def _read_anew(self, staged: Staged, book: Book) -> bool:
        """Takes another encoding or delimiter of a CSV file, where one was chosen; returns whether it was."""
        encoding = request.form.get("encoding", book.encoding)
        delimiter = DELIMITED.get(request.form.get("delimiter", ""), book.delimiter)
        if book.kind != "csv" or (encoding, delimiter) == (book.encoding, book.delimiter):
            return False
        open_workbook(staged.file, staged.filename, encoding=encoding, delimiter=delimiter).first()
        staged.encoding, staged.delimiter = encoding, delimiter
        staged.header_row, staged.mapping = 0, None
        staged.save()
        return True

    def _choose(self, staged: Staged, book: Book) -> str | None:
        """Takes what was chosen on the mapping page; returns where one goes on, None to look at the page again."""
        row = request.form.get("header_row", "")
        header_row = int(row) if row.isdigit() and 0 < int(row[:7]) < 1_000_000 else 0
        sheet_name = request.form.get("sheet", staged.sheet)
        again = "_again" in request.form or header_row != (staged.header_row or header_row)
        again = again or sheet_name not in ("", staged.sheet or sheet_of(book, "").name)
        if again:
            if sheet_name != (staged.sheet or sheet_of(book, "").name) and header_row == staged.header_row:
                header_row = 0
            staged.sheet, staged.header_row, staged.mapping = sheet_name, header_row, None
            staged.save()
            return None
        sheet = sheet_of(book, staged.sheet)
        layout = layout_of(sheet, self.target.columns(), header_row)
        chosen: dict[int, str] = {}
        for place, heading in enumerate(layout.headings):
            key = request.form.get(f"column_{place}", "")
            if key in self.target.columns() and key not in chosen.values():
                chosen[heading.column] = key
        staged.header_row, staged.mapping = layout.row, chosen
        staged.options = [name for name in self.target.options() if request.form.get(name)]
        staged.save()
        lacking = self.target.lacking(list(chosen.values()))
        if lacking:
            raise Refusal.of([Refusal(sentence) for sentence in lacking])
        self._staging.remember(staged, [h.text for h in layout.headings], chosen)
        return f"{self.base}/{staged.token}/preview"

    def _mapping_page(
        self, staged: Staged, book: Book, sheet: Sheet, layout: Layout, errors: list[dict[str, Any]]
    ) -> Any:
        columns = self.target.columns()
        choices = [
            {"value": c.key, "label": _("{label} *", "{label} *").fill(label=c.label) if c.required else c.label}
            for c in sorted(columns.values(), key=lambda c: c.role == KEY)
        ]
        taken: dict[str, int] = {}
        for heading in layout.headings:
            if heading.key:
                taken.setdefault(heading.key, heading.column)
        samples = samples_of(sheet, layout)
        page = {
            "title": self.title,
            "crumbs": self.crumbs,
            "file_text": staged.filename,
            "errors": errors,
            "submit_url": f"{self.base}/{staged.token}",
            "encodings": encodings(book),
            "delimiters": delimiters(book),
            "header_row": layout.row,
            "sheets": [each.name for each in book.sheets] if len(book.sheets) > 1 else [],
            "sheet": sheet.name,
            "columns": [
                {
                    "heading": f"{heading.letter} · {heading.text}",
                    "samples": samples.get(heading.column, []),
                    "guess": heading.key if heading.key and taken.get(heading.key) == heading.column else "",
                    "choices": choices,
                }
                for heading in layout.headings
            ],
            "choices": choices,
            "options": [
                {"name": name, "label": words, "checked": name in staged.options}
                for name, words in self.target.options().items()
            ],
            "back_url": self.base,
        }
        status = 422 if errors else 200
        return render_template("doorbook/import_mapping.html", shell=shell(self.title), page=page), status

    def preview(self, token: str) -> Any:
        """The dry run: what would be added, changed, left and refused."""
        staged = self._find(token)
        if staged.mapping is None:
            return redirect(f"{self.base}/{token}")
        sheet, layout = self._sheet(staged)
        try:
            findings = run(database(), self.target, sheet, layout, staged.options)
        except Refusal as refusal:
            if refusal.status == 403:
                raise
            for each in refusal.all():
                flash(say(each.sentence), "error")
            return redirect(f"{self.base}/{token}")
        self._keep(staged, findings)
        return self._preview_page(staged, layout, findings)

    def _keep(self, staged: Staged, findings: Findings) -> None:
        staged.rows = findings.added + findings.changed + findings.left + findings.refused
        staged.save()
        staged.keep_remarks([(f.row, f.column, f.sentence.said("en"), f.sentence.said("zh")) for f in findings.faults])

    def _preview_page(self, staged: Staged, layout: Layout, found: Findings) -> Any:
        base = f"{self.base}/{staged.token}"
        columns = self.target.columns()
        more = len(found.faults) - SHOWN
        right = found.added + found.changed
        wrong_url = f"{base}/wrong.xlsx" if found.refused else None
        page = {
            "title": self.title,
            "crumbs": self.crumbs,
            "file_text": _file_text(staged, found),
            "submit_url": f"{base}/apply",
            "hidden": [("leave_out", str(found.refused))],
            "counts": {"added": found.added, "changed": found.changed, "left": found.left, "refused": found.refused},
            "refused": [
                {"cell": f.cell, "column": f.label, "value": f.value, "sentence": f.sentence}
                for f in found.faults[:SHOWN]
            ],
            "refused_more": more_words(more),
            "changed": [{"label": c.record, "field": c.field, "old": c.old, "new": c.new} for c in found.changes],
            "changed_more": more_words(found.changes_more),
            "added": {
                "columns": [{"label": columns[k].label, "kind": "text"} for k in layout.columns if k in columns],
                "rows": [{"cells": [Cell("text", text) for text in row]} for row in found.samples],
            },
            "added_more": more_words(found.added - len(found.samples)),
            "workbook_url": f"{base}/remarks.xlsx" if found.refused else None,
            "wrong_url": wrong_url,
            "apply_text": _("Import {n} rows, leave out {m} wrong ones", "导入 {n} 行，跳过 {m} 行有误数据").fill(
                n=right, m=found.refused
            )
            if found.refused
            else _("Import {n} rows", "确认导入 {n} 行").fill(n=right),
            "apply_note": _(
                "The wrong rows are not lost: download them, correct them, and import them alone.",
                "有误的行可单独下载，更正后再次导入即可。",
            ),
            "back_url": base,
            "done_url": self.back,
        }
        return render_template("doorbook/import_preview.html", shell=shell(self.title), page=page)

    def apply(self, token: str) -> Any:
        """Writes what the preview showed, all of it or nothing; a large file becomes a job, which writes it in batches.

        More wrong rows than the person saw stop it.
        """
        staged = self._find(token)
        if staged.mapping is None:
            return redirect(f"{self.base}/{token}")
        seen = request.form.get("leave_out", "0")
        own = database()
        if staged.rows > AT_ONCE and self.target.in_batches:
            key = ask_for_import(own, staged, self.target, int(seen) if seen.isdigit() and len(seen) < 9 else 0)
            own.commit()
            return redirect(f"/job/show/{key}")
        sheet, layout = self._sheet(staged)
        try:
            found = run(own, self.target, sheet, layout, staged.options, write=True)
            if found.refused > (int(seen) if seen.isdigit() and len(seen) < 9 else 0):
                raise Refusal(
                    _(
                        "Something changed since the preview: {n} rows are wrong now. Nothing was written; look again.",
                        "预览之后数据有变化：现有 {n} 行有误。尚未写入任何数据，请重新核对。",
                    ).fill(n=found.refused),
                    code="changed_since",
                    status=409,
                )
            own.commit()
        except Refusal as refusal:
            return not_applied(own, refusal, f"{self.base}/{token}/preview")
        except BaseException:
            own.rollback()
            raise
        flash(say(done_words(found)), "ok")
        return redirect(f"{self.base}/{token}/preview" if found.refused else self.back)

    def workbook(self, token: str, *, only_wrong: bool) -> Any:
        """The file as it was handed over, with remarks at the wrong cells."""
        staged = self._find(token)
        sheet, layout = self._sheet(staged)
        suffix = say(_("to correct", "待更正") if only_wrong else _("remarks", "标注"))
        return sent(
            lambda file: write_remarks(file, sheet, layout, staged.remarks(), language(), only_wrong=only_wrong),
            f"{Path(staged.filename).stem}-{suffix}.xlsx",
        )

    def _find(self, token: str) -> Staged:
        return self._staging.find(token, actor().user_id, self.target.name)

    def _sheet(self, staged: Staged) -> tuple[Sheet, Layout]:
        sheet = sheet_of(reopened(staged), staged.sheet)
        return sheet, layout_of(sheet, self.target.columns(), staged.header_row, staged.mapping or {})


def not_applied(session: Session, refusal: Refusal, back: str) -> Any:
    """Takes back what was written before a refusal, says why, and leads to `back`.

    Raises:
        Refusal: the same, where it is a right that lacks.
    """
    session.rollback()
    if refusal.status == 403:
        raise refusal
    for each in refusal.all()[:5]:
        flash(say(each.sentence), "error")
    return redirect(back)


def done_words(found: Findings) -> Words:
    """Returns what an import has done, in a sentence."""
    also: Words | str = ""
    if found.also:
        parts_en = ", ".join(f"{words.en}: {count}" for words, count in found.also.values())
        parts_zh = "、".join(f"{words.zh} {count}" for words, count in found.also.values())
        also = Words(f" Also added: {parts_en}.", f"同时新增：{parts_zh}。")
    return _(
        "Imported: {added} added, {changed} changed, {left} as they were, {refused} left out.{also}",
        "导入完成：新增 {added} 行，变更 {changed} 行，无变化 {left} 行，跳过 {refused} 行。{also}",
    ).fill(added=found.added, changed=found.changed, left=found.left, refused=found.refused, also=also)


def _file_text(staged: Staged, found: Findings) -> Words:
    parts: list[tuple[Words, int]] = [*found.also.values()]
    if found.skipped:
        parts.append((_("subtotals and notes skipped", "已略过小计与说明行"), len(found.skipped)))
    english = "".join(f" · {words.en}: {count}" for words, count in parts)
    chinese = "".join(f" · {words.zh} {count}" for words, count in parts)
    return _("{file}{english}", "{file}{chinese}").fill(file=staged.filename, english=english, chinese=chinese)


def more_words(count: int) -> Words | None:
    """Returns how many more there are than are shown."""
    return _("and {n} more", "另有 {n} 条").fill(n=f"{count:,}") if count > 0 else None


def samples_of(sheet: Sheet, layout: Layout) -> dict[int, list[str]]:
    """Returns the first values under each heading."""
    found: dict[int, list[str]] = {}
    for number, row in enumerate(sheet.rows(), 1):
        if number <= layout.row:
            continue
        if number > layout.row + 40:
            break
        for column, value in enumerate(row):
            texts = found.setdefault(column, [])
            if not is_blank(value) and len(texts) < 3:
                shown = int(value) if isinstance(value, float) and value == int(value) else value
                texts.append(" ".join(str(shown).split())[:30])
    return found


class ImportRoutes:
    """The import pages of a table; a table's view class inherits them."""

    table: type[Table]

    def _import(self) -> Flow:
        name = self.table.__tablename__
        base = f"/{name}/import"
        return Flow(TableTarget(self.table), base, f"/{name}/list/", f"{base}/template.xlsx")

    @expose("/import", methods=["GET", "POST"])
    @needs(IMPORT)
    def import_upload(self) -> Any:
        """Handing a file over."""
        return self._import().upload()

    @expose("/import/template.xlsx", methods=["GET"])
    @needs(IMPORT)
    def import_template(self) -> Any:
        """An empty workbook with headings, drop-downs and explanations."""
        return template(self.table)

    @expose("/import/<token>", methods=["GET", "POST"])
    @needs(IMPORT)
    def import_mapping(self, token: str) -> Any:
        """Which column is which."""
        return self._import().mapping(token)

    @expose("/import/<token>/preview", methods=["GET"])
    @needs(IMPORT)
    def import_preview(self, token: str) -> Any:
        """What would happen."""
        return self._import().preview(token)

    @expose("/import/<token>/apply", methods=["POST"])
    @needs(IMPORT)
    def import_apply(self, token: str) -> Any:
        """Doing it."""
        return self._import().apply(token)

    @expose("/import/<token>/remarks.xlsx", methods=["GET"])
    @needs(IMPORT)
    def import_remarks(self, token: str) -> Any:
        """The file with remarks at the wrong cells."""
        return self._import().workbook(token, only_wrong=False)

    @expose("/import/<token>/wrong.xlsx", methods=["GET"])
    @needs(IMPORT)
    def import_wrong(self, token: str) -> Any:
        """Only the wrong rows, with remarks, to correct and hand over again."""
        return self._import().workbook(token, only_wrong=True)


def sent(write: Callable[[Path], None], name: str) -> Any:
    """Sends a workbook that `write` puts into a file of its own, which is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "book.xlsx"
        write(file)
        data = BytesIO(file.read_bytes())
    return send_file(data, mimetype=XLSX, as_attachment=True, download_name=name)


def template(cls: type[Table]) -> Any:
    """Sends the template of a table."""
    name = f"{say(cls.screen.label)}-{say(_('template', '导入模板'))}.xlsx"
    return sent(lambda file: write_template(file, cls, language(), offered(cls)), name)


def offered(cls: type[Table]) -> Callable[[Column], list[str]]:
    """Returns what gives the words an administrator keeps for a column, as they hold where the actor may import."""
    own = database()
    paths = [*granted_paths(actor_of(own), cls, IMPORT), *(["/"] if actor_of(own).system else [])]

    def words(column: Column) -> list[str]:
        name = column.known.list if column.known is not None else None
        return [item.words.said(language()) for item in anywhere(own, name, paths)] if name else []

    return words
