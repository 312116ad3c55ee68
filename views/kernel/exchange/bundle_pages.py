"""The pages of a workbook of several tables: hand it over, say which sheet is what, look at what would happen, do it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from flask import current_app, flash, redirect, render_template, request
from sqlalchemy.orm import Session

from models.kernel.refusal import Refusal
from models.kernel.words import Words, _
from views.kernel.cells import Cell
from views.kernel.exchange import bundle as bundles
from views.kernel.exchange.annotated import template_columns, write_remarked_book, write_templates
from views.kernel.exchange.bundle import Bundle, Leaf, leaves_of
from views.kernel.exchange.import_pages import ENCODINGS, more_words, not_applied, offered, reopened, samples_of, sent
from views.kernel.exchange.matching import KEY, Column
from views.kernel.exchange.plan import SHOWN, layout_of, trial
from views.kernel.exchange.staging import Staged, Staging
from views.kernel.exchange.workbook import open_workbook
from views.kernel.request import actor, language, say
from views.kernel.request import session as database
from views.kernel.shell import shell


class BundleFlow:
    """The pages of one workbook.

    Args:
        make: session -> the bundle; made anew for each walk, since it keeps what it meets.
        base: the address of the first page; the others lie below it.
        back: where one goes when it is done.
        crumbs: the trail above the pages.
    """

    def __init__(self, make: Callable[[Session], Bundle], base: str, back: str, crumbs: list[dict[str, Any]]) -> None:
        self._make = make
        self.bundle = make(database())
        self.base, self.back, self.crumbs = base, back, crumbs
        self.title = _("Import {name}", "导入{name}").fill(name=self.bundle.title)
        self._staging = Staging(Path(current_app.config["DOORBOOK_HOME"]))

    def template(self, extra: dict[str, Sequence[Column]]) -> Any:
        """Sends the template: a sheet a table, in the order they depend on each other.

        Args:
            extra: table -> columns beyond those of its own template.
        """
        tables = [(cls, [*self._offered(name), *extra.get(name, ())]) for name, cls in self.bundle.tables.items()]
        name = f"{say(self.bundle.title)}-{say(_('template', '导入模板'))}.xlsx"
        options = offered(tables[0][0])  # whoever imports one of the tables of a project imports them all
        return sent(lambda file: write_templates(file, tables, language(), options), name)

    def _offered(self, name: str) -> list[Column]:
        """The columns of the template of one table, without those that the workbook says for all of its rows."""
        cls = self.bundle.tables[name]
        known = self.bundle.given(name, [])
        columns = self.bundle.columns(name)
        fields = {columns[key].field for key in known}
        place = ("project", "company", "region", "group")
        return [
            c
            for c in template_columns(cls)
            if c.field not in fields and not (self.bundle.project and c.key.rpartition(".")[2] in place)
        ]

    def upload(self) -> Any:
        """The first page; a file that cannot be read comes back with the sentence why."""
        errors: list[dict[str, Any]] = []
        if request.method == "POST":
            try:
                return redirect(f"{self.base}/{self._take().token}")
            except Refusal as refusal:
                errors = [{"text": each.sentence} for each in refusal.all()]
        names = " · ".join(say(cls.screen.label) for cls in self.bundle.tables.values())
        page = {
            "title": self.title,
            "crumbs": self.crumbs,
            "submit_url": self.base,
            "cancel_url": self.back,
            "template_url": f"{self.base}/template.xlsx",
            "encodings": ENCODINGS[:1],
            "encoding": "auto",
            "errors": errors,
            "limit_text": _(
                "A workbook with a sheet for each: {names}. In any order; written are all of them or none.",
                "一个工作簿，每类数据一个工作表：{names}。工作表顺序不限，全部通过后一次性写入。",
            ).fill(names=names),
        }
        return render_template(
            "doorbook/import_upload.html", shell=shell(self.title), page=page
        ), 422 if errors else 200

    def _take(self) -> Staged:
        file = request.files.get("file")
        if file is None or not file.filename:
            raise Refusal(_("Choose a file first.", "请先选择文件。"), code="no_file")
        data = file.read()
        open_workbook(data, file.filename).first()
        return self._staging.begin(data, actor().user_id, self.bundle.name, file.filename)

    def mapping(self, token: str) -> Any:
        """Which sheet is what, and which column is which."""
        staged = self._find(token)
        errors: list[dict[str, Any]] = []
        leaves = self._leaves(staged)
        if request.method == "POST":
            again = self._choose(staged, leaves)
            leaves = self._leaves(staged)
            wrong = [(leaf, words) for leaf in leaves if leaf.table for words in leaf.wrong]
            errors = [
                {"text": _("{sheet}: {why}", "{sheet}：{why}").fill(sheet=leaf.sheet.name, why=words)}
                for leaf, words in wrong
            ]
            if not any(leaf.table for leaf in leaves):
                errors.append({"text": _("Choose what at least one sheet holds.", "请至少选择一个工作表对应的数据。")})
            if not errors and not again:
                for leaf in leaves:
                    if leaf.layout is not None and leaf.table:
                        headings = [heading.text for heading in leaf.layout.headings]
                        mapping = {h.column: h.key or "" for h in leaf.layout.headings}
                        self._staging.remember(staged, headings, mapping, f"sheet/{leaf.table}")
                return redirect(f"{self.base}/{token}/preview")
        page = {
            "title": self.title,
            "crumbs": self.crumbs,
            "file_text": staged.filename,
            "errors": errors,
            "submit_url": f"{self.base}/{token}",
            "tables": [{"value": name, "label": cls.screen.label} for name, cls in self.bundle.tables.items()],
            "sheets": [self._sheet_part(place, leaf) for place, leaf in enumerate(leaves)],
            "back_url": self.base,
        }
        status = 422 if errors else 200
        return render_template("doorbook/import_sheets.html", shell=shell(self.title), page=page), status

    def _choose(self, staged: Staged, leaves: list[Leaf]) -> bool:
        """Takes what was chosen of each sheet; returns whether to look at the page again before going on."""
        again = "_again" in request.form
        for place, leaf in enumerate(leaves):
            table = request.form.get(f"table_{place}", leaf.table)
            table = table if table in self.bundle.tables else ""
            raw = request.form.get(f"row_{place}", "")
            row = int(raw) if raw.isdecimal() and 0 < int(raw[:7]) < 1_000_000 else 0
            said: dict[str, Any] = {"table": table, "header_row": row, "mapping": None}
            if table and table == leaf.table and leaf.layout is not None and row in (0, leaf.layout.row):
                said["header_row"], said["mapping"] = leaf.layout.row, self._columns_of(place, leaf)
            else:
                said["header_row"] = 0 if table != leaf.table else row
                again = again or bool(table)
            staged.sheets[leaf.sheet.name] = said
        staged.save()
        return again

    def _columns_of(self, place: int, leaf: Leaf) -> dict[int, str]:
        columns, chosen = self.bundle.columns(leaf.table), dict[int, str]()
        assert leaf.layout is not None
        for at, heading in enumerate(leaf.layout.headings):
            key = request.form.get(f"column_{place}_{at}", heading.key or "")
            if key in columns and key not in chosen.values():
                chosen[heading.column] = key
        return chosen

    def _sheet_part(self, place: int, leaf: Leaf) -> dict[str, Any]:
        part: dict[str, Any] = {
            "place": place,
            "name": leaf.sheet.name,
            "table": leaf.table,
            "wrong": leaf.wrong,
            "header_row": leaf.layout.row if leaf.layout else leaf.header_row or 1,
            "columns": [],
            "taken": 0,
        }
        if leaf.layout is None or not leaf.table:
            return part
        columns = self.bundle.columns(leaf.table)
        part["choices"] = [
            {"value": c.key, "label": _("{label} *", "{label} *").fill(label=c.label) if c.required else c.label}
            for c in sorted(columns.values(), key=lambda c: c.role == KEY)
        ]
        samples = samples_of(leaf.sheet, leaf.layout)
        for heading in leaf.layout.headings:
            key = heading.key if heading.key and leaf.layout.columns.get(heading.key) == heading.column else ""
            part["columns"].append(
                {
                    "heading": f"{heading.letter} · {heading.text}",
                    "samples": samples.get(heading.column, []),
                    "guess": key,
                }
            )
            part["taken"] += bool(key)
        return part

    def preview(self, token: str) -> Any:
        """The dry run over all sheets: written in a transaction of its own, and taken back."""
        staged = self._find(token)
        try:
            with trial(database()) as own:
                bundle = self._make(own)
                leaves = leaves_of(reopened(staged), bundle, staged.sheets)
                bundles.run(own, bundle, leaves)
        except Refusal as refusal:
            if refusal.status == 403:
                raise
            for each in refusal.all()[:5]:
                flash(say(each.sentence), "error")
            return redirect(f"{self.base}/{token}")
        for place, leaf in enumerate(leaves):
            staged.keep_remarks(
                [(f.row, f.column, f.sentence.said("en"), f.sentence.said("zh")) for f in leaf.found.faults], place
            )
        return self._preview_page(staged, [leaf for leaf in leaves if leaf.table])

    def _preview_page(self, staged: Staged, leaves: list[Leaf]) -> Any:
        base = f"{self.base}/{staged.token}"
        found = [leaf.found for leaf in leaves]
        refused = sum(each.refused for each in found)
        faults = [(leaf, fault) for leaf in leaves for fault in leaf.found.faults]
        changes = [change for each in found for change in each.changes]
        samples = [
            (leaf.sheet.name, " · ".join(filter(None, row))) for leaf in leaves for row in leaf.found.samples[:10]
        ]
        also = {label.en: (label, 0) for each in found for label, _n in each.also.values()}
        for each in found:
            for label, count in each.also.values():
                also[label.en] = (label, also[label.en][1] + count)
        added = sum(each.added for each in found) + sum(count for _label, count in also.values())
        changed = sum(each.changed for each in found)
        page = {
            "title": self.title,
            "crumbs": self.crumbs,
            "file_text": staged.filename,
            "submit_url": f"{base}/apply",
            "sheets": [
                {
                    "name": leaf.sheet.name,
                    "table": self.bundle.tables[leaf.table].screen.label,
                    "counts": (leaf.found.added, leaf.found.changed, leaf.found.left, leaf.found.refused),
                    "also": _also(leaf.found.also),
                }
                for leaf in leaves
            ],
            "counts": {"added": added, "changed": changed, "left": sum(f.left for f in found), "refused": refused},
            "refused": [
                {"cell": f"{leaf.sheet.name}!{f.cell}", "column": f.label, "value": f.value, "sentence": f.sentence}
                for leaf, f in faults[:SHOWN]
            ],
            "refused_more": more_words(len(faults) - SHOWN),
            "changed": [{"label": c.record, "field": c.field, "old": c.old, "new": c.new} for c in changes[:SHOWN]],
            "changed_more": more_words(len(changes) - SHOWN + sum(each.changes_more for each in found)),
            "added": {
                "columns": [
                    {"label": _("Sheet", "工作表"), "kind": "text"},
                    {"label": _("Row", "内容"), "kind": "text"},
                ],
                "rows": [{"cells": [Cell("text", name), Cell("text", text)]} for name, text in samples],
            },
            "added_more": more_words(sum(each.added for each in found) - len(samples)),
            "workbook_url": f"{base}/remarks.xlsx" if refused else None,
            "blocked": _(
                "Nothing is written while a row is refused: download the remarks, correct them, hand the workbook over again.",
                "存在未通过的行，暂不写入。请下载标注后的文件，更正后重新上传。",
            )
            if refused
            else None,
            "apply_text": _("Import {n} records", "确认导入 {n} 条").fill(n=added + changed),
            "back_url": base,
            "done_url": self.back,
        }
        return render_template("doorbook/import_preview.html", shell=shell(self.title), page=page)

    def apply(self, token: str) -> Any:
        """Writes all sheets in one transaction, or nothing where a row of any of them is refused."""
        staged = self._find(token)
        own = database()
        try:
            bundle = self._make(own)
            leaves = leaves_of(reopened(staged), bundle, staged.sheets)
            bundles.run(own, bundle, leaves)
            if any(leaf.found.refused for leaf in leaves):
                raise Refusal(
                    _(
                        "Some rows are refused, so nothing was written. Look at the preview.",
                        "存在未通过的行，未写入任何数据，请查看预览。",
                    ),
                    code="refused_rows",
                    status=409,
                )
            own.commit()
        except Refusal as refusal:
            return not_applied(own, refusal, f"{self.base}/{token}/preview")
        except BaseException:
            own.rollback()
            raise
        flash(say(_done(leaves)), "ok")
        return redirect(self.back)

    def remarks(self, token: str) -> Any:
        """The workbook as it was handed over, with remarks at the wrong cells of all sheets."""
        staged = self._find(token)
        leaves = self._leaves(staged)
        parts = [
            (leaf.sheet, leaf.layout, staged.remarks(place))
            for place, leaf in enumerate(leaves)
            if leaf.layout is not None and leaf.table
        ]
        name = f"{Path(staged.filename).stem}-{say(_('remarks', '标注'))}.xlsx"
        return sent(lambda file: write_remarked_book(file, parts, language()), name)

    def _find(self, token: str) -> Staged:
        return self._staging.find(token, actor().user_id, self.bundle.name)

    def _leaves(self, staged: Staged) -> list[Leaf]:
        leaves = leaves_of(reopened(staged), self.bundle, staged.sheets)
        for leaf in leaves:
            if leaf.layout is None or leaf.mapping is not None or not leaf.table:
                continue
            headings = [heading.text for heading in leaf.layout.headings]
            known = self._staging.remembered(staged, headings, f"sheet/{leaf.table}")
            if known:
                known = {column: key for column, key in known.items() if key}
                leaf.layout = layout_of(leaf.sheet, self.bundle.columns(leaf.table), leaf.layout.row, known)
                leaf.wrong = self.bundle.lacking(leaf.table, list(leaf.layout.columns))
        return leaves


def _also(found: dict[str, tuple[Words, int]]) -> Words:
    english = ", ".join(f"{words.en} {count}" for words, count in found.values())
    chinese = "、".join(f"{words.zh} {count}" for words, count in found.values())
    return Words(english, chinese)


def _done(leaves: list[Leaf]) -> Words:
    added = sum(leaf.found.added + sum(n for _words, n in leaf.found.also.values()) for leaf in leaves)
    return _(
        "Imported: {added} added, {changed} changed, {left} as they were.",
        "导入完成：新增 {added} 条，变更 {changed} 条，无变化 {left} 条。",
    ).fill(
        added=added,
        changed=sum(leaf.found.changed for leaf in leaves),
        left=sum(leaf.found.left for leaf in leaves),
    )
