"""The pages of a declared table: list, record, add, edit, delete, look-up, reveal. One view class for all tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

from flask import flash, jsonify, redirect, render_template, request
from flask_appbuilder import ModelView, expose
from sqlalchemy import select

from models.kernel import entry
from models.kernel.audit import entry as audit_entry
from models.kernel.audit import write_lines
from models.kernel.bulk_change import note_save, snapshot
from models.kernel.guard import remove
from models.kernel.refusal import Denied, Missing, Refusal, Stale
from models.kernel.registry import infos, table
from models.kernel.roles import DELETE, READ, REVEAL, WRITE
from models.kernel.scope import may
from models.kernel.session import actor_of, clock_of
from models.kernel.table import Table
from models.kernel.words import Words, _, amid
from views.kernel import forms, record, timeline
from views.kernel.access import needs
from views.kernel.bin_pages import BinRoutes, keep_undo, undo_url
from views.kernel.cells import called
from views.kernel.child_grids import LineRoutes, children
from views.kernel.draft_pages import DraftRoutes, continued, draft_block, saved
from views.kernel.exchange.choice_pages import ExportChoiceRoutes
from views.kernel.exchange.export_pages import ExportRoutes
from views.kernel.exchange.import_pages import ImportRoutes
from views.kernel.files import pages as files
from views.kernel.interface import TableInterface
from views.kernel.list_page import LIST_ACTIONS, ListRoutes
from views.kernel.lookup import look_up
from views.kernel.move_pages import SIDES, MoveRoutes, buttons, head
from views.kernel.narrowing import narrowed
from views.kernel.palette import remember
from views.kernel.parameters import prefill
from views.kernel.problems import problem_of
from views.kernel.request import actor, say
from views.kernel.request import session as database
from views.kernel.resume import resumes, resuming
from views.kernel.security import inside
from views.kernel.shell import crumbs, shell

Dicts = list[dict[str, Any]]  # inside the class `list` is the list page
Anys = list[Any]


class TableView(
    ListRoutes,
    DraftRoutes,
    LineRoutes,
    ImportRoutes,
    ExportRoutes,
    ExportChoiceRoutes,
    BinRoutes,
    MoveRoutes,
    ModelView,
):
    """The pages of one table; subclasses are made by `view_of` and carry nothing but the table."""

    table: type[Table]
    exclude_route_methods = {"download", "action", "action_post"}

    # what the framework would prepare at start-up (forms with every option, search forms, titles) is made on demand

    def _init_properties(self) -> None:
        self.label_columns: dict[str, Any] = {}
        self.list_columns = list(self.table.screen.listed)

    def _init_forms(self) -> None:
        self.search_form = self.add_form = self.edit_form = None

    def _init_titles(self) -> None:
        self.list_title = self.show_title = self.add_title = self.edit_title = ""

    def get_uninit_inner_views(self) -> Anys:
        """Children are grids of the record page, not views inside views."""
        return []

    get_init_inner_views = get_uninit_inner_views

    @property
    def name(self) -> str:
        """The stable name of the table, which is also its path."""
        return str(self.table.__tablename__)

    @property
    def list_name(self) -> str:
        """The framework's name of the list, as its URL arguments carry it."""
        return type(self).__name__

    # -- record -------------------------------------------------------------------------------------------------------

    def _row(self, pk: str, right: str = READ) -> Table:
        """Returns the row `pk` where the actor has `right` on it.

        Raises:
            Missing: it cannot be seen; Denied: it can be seen, but not this.
        """
        if not pk.isdecimal() or len(pk) > 18:
            raise Missing()
        own = database()
        statement = select(self.table).where(self.table.id == int(pk))
        row = own.execute(statement).scalar_one_or_none()
        if row is None:
            raise Missing()
        if right != READ:
            held = own.execute(
                select(self.table.id).where(self.table.id == int(pk)).execution_options(right=right)
            ).scalar_one_or_none()
            if held is None:
                raise Denied()
        return row

    @expose("/show/<pk>", methods=["GET"])
    @needs(READ)
    def show(self, pk: str) -> Any:
        """The record page."""
        own = database()
        row = self._row(pk)
        line = record.one_line(own, self.table, row.id)
        if line is None:
            raise Missing()
        title = called(row) or f"{say(self.table.screen.label)} {row.id}"
        remember(self.name, row.id)
        open_ = row.closed(own, actor()) is None
        may_write = (
            open_ and may(actor(), self.table, WRITE) and bool(entry.fields(self.table)) and self._held(row, WRITE)
        )
        actions = [
            a
            for a in [*RECORD_ACTIONS.get(self.name, []), *RECORD_ACTIONS.get(EVERY_TABLE, [])]
            if may(actor(), table(a.get("of", self.name)), a["right"]) and ("when" not in a or a["when"](row))
        ]
        actions = [{**a, "url": a["url"].format(pk=row.id, table=self.name)} for a in actions]
        if open_ and may(actor(), self.table, DELETE) and self._held(row, DELETE):
            actions.append(
                {
                    "label": _("Delete", "删除"),
                    "url": f"/{self.name}/delete/{row.id}",
                    "icon": "trash",
                    "method": "post",
                    "danger": True,
                    "version": row.version,
                    "confirm": _("Delete “{name}”?", "确定删除“{name}”？").fill(name=title),
                }
            )
        edit = {"label": _("Edit", "编辑"), "url": f"/{self.name}/edit/{row.id}", "icon": "pencil"}
        doing = [*buttons(row), *([edit] if may_write else [])]
        context = {
            "title": title,
            "number": None,
            **head(row),
            "crumbs": self._trail(row),
            "position": None,
            "primary": doing[0] if doing else None,
            "actions": [*doing[1:], *actions],
            "leads": LEADS[self.name](own, row) if self.name in LEADS else [],
            "sections": record.record_sections(own, self.table, line),
            "children": children(own, self.table, row.id),
            "files": files.block(own, row),
            "timeline": timeline.block(own, row),
            "side": [*filter(None, (side(own, row) for side in SIDES))],
        }
        return render_template("doorbook/record.html", shell=shell(title), page=context)

    def _held(self, row: Table, right: str) -> bool:
        own = database()
        statement = select(self.table.id).where(self.table.id == row.id).execution_options(right=right)
        return own.execute(statement).first() is not None

    def _trail(self, row: Table) -> Dicts:
        trail: Dicts = []
        if self.table.owned.kind == "project":
            trail = [*crumbs("project", row.project_id), *record.above(row)]
        elif self.table.owned.kind == "link":
            trail = record.above(row)
        elif self.table.owned.kind == "tree":
            trail = crumbs(self.name, row.id)[:-1]
        return [*trail, {"label": self.table.screen.name, "url": f"/{self.name}/list/"}]

    # -- add and edit -------------------------------------------------------------------------------------------------

    @expose("/add", methods=["GET", "POST"])
    @resumes
    @needs(WRITE)
    def add(self) -> Any:
        """The form of a new row."""
        if not entry.fields(self.table):
            raise Denied()
        own, form_class = database(), forms.form_class(self.table)
        if request.method == "GET":
            kept = continued(self.table, 0)
            if kept is not None:
                return self._form(form_class(formdata=kept), None, [], resumed=True)
            form = form_class(formdata=None, data=prefill(own, self.table))
            return self._form(form, None, [])
        form = form_class()
        if resuming():
            return self._form(form, None, [], resumed=True)
        try:
            row = entry.add(own, self.table, forms.typed(form, self.table))
            title, cautions = called(row), list(row.cautions(own, actor()))
            if not _small():
                saved(own)  # the draft of the form behind a dialog stays
            own.commit()
            if _small():
                return jsonify({"id": row.id, "text": title}), 201
        except Refusal as refusal:
            own.rollback()
            if refusal.status == 403 and not refusal.field:
                raise
            return self._form(form, None, self._errors(form, refusal)), _shown_status(refusal)
        flash(say(_("“{name}” was added.", "已新增“{name}”。").fill(name=title)), "ok")
        _caution(cautions)
        back = self._back()
        if "_save_more" in request.form:
            query = urlencode([*forms.repeated(form, self.table), ("_more", "1")])
            return redirect(f"/{self.name}/add?{query}" + (f"&_back={quote(back)}" if back else ""))
        return redirect(back or f"/{self.name}/show/{row.id}")

    @expose("/edit/<pk>", methods=["GET", "POST"])
    @resumes
    @needs(WRITE)
    def edit(self, pk: str) -> Any:
        """The form of a row that exists. It carries the version it was opened with (design 5)."""
        own, form_class = database(), forms.form_class(self.table)
        row = self._row(pk, WRITE)
        if request.method == "GET":
            kept = continued(self.table, row.id)
            if kept is not None:  # with the version it was begun from: what others saved meanwhile is noticed on saving
                began = kept.get("_version", "")
                return self._form(form_class(formdata=kept), row, [], version=began or None, resumed=True)
            return self._form(form_class(formdata=None, obj=row), row, [])
        form = form_class()
        version = request.form.get("_version", "")
        if resuming():
            return self._form(form, row, [], version=version if version.isdecimal() else None, resumed=True)
        typed = forms.typed(form, self.table)
        if self.table.owned.above:
            typed.pop(self.table.owned.above, None)  # a part of the tree moves on a page that shows what comes along
        for name in list(typed):
            if request.form.get(f"_take_{name}") == "theirs":
                typed[name] = getattr(row, name)
        try:
            if not version.isdecimal() or len(version) > 9:
                raise Refusal(
                    _(
                        "This form does not say which version it changes. Reload it.",
                        "表单缺少版本信息，请刷新后重试。",
                    ),
                    code="no_version",
                    status=428,
                )
            before = snapshot(row, entry.fields(self.table))
            entry.change(own, row, typed, int(version))
            title, cautions = called(row), list(row.cautions(own, actor()))
            saved(own)
            undo = note_save(own, row, before)
            own.commit()
        except Stale:
            own.rollback()
            return self._form(form, self._row(pk, WRITE), [], typed), 409
        except Refusal as refusal:
            own.rollback()
            if refusal.status == 403 and not refusal.field:
                raise
            return self._form(form, self._row(pk, WRITE), self._errors(form, refusal), version=version), _shown_status(
                refusal
            )
        done = _("“{name}” was saved.", "已保存“{name}”。").fill(name=title)
        keep_undo(done, f"/{self.name}/undo/{undo}" if undo else None)
        _caution(cautions)
        return redirect(f"/{self.name}/show/{row.id}")

    def _back(self) -> str | None:
        """Returns the page a new row was added from (its parent), where the form is to return to."""
        found = inside(request.values.get("_back", "")[:500])
        return found if found != "/" else None

    def _errors(self, form: Any, refusal: Refusal) -> Dicts:
        errors = forms.put_errors(form, refusal)
        for one in refusal.all():
            if one.existing is not None:  # the row that is there already, seen by this actor: offered instead (S04)
                label = say(_("Open the existing record", "打开已有记录"))
                errors.append({"text": label, "field_id": None, "url": f"/{self.name}/show/{one.existing}"})
            elif one.url is not None:
                errors.append({"text": say(_("Do it there", "前往办理")), "field_id": None, "url": one.url})
        return errors

    def _form(
        self,
        form: Any,
        row: Table | None,
        errors: Dicts,
        conflicting: dict[str, object] | None = None,
        version: str | None = None,
        resumed: bool = False,
    ) -> str:
        forms.show_chosen(database(), form, self.table, row)
        label = self.table.screen.label
        title = (
            _("Add {name}", "新增{name}").fill(name=amid(label))
            if row is None
            else _("Edit {name}", "编辑{name}").fill(name=called(row) or amid(label))
        )
        parent = self._back() if row is None else None
        back = parent or (f"/{self.name}/list/" if row is None else f"/{self.name}/show/{row.id}")
        context = {
            "title": title,
            "crumbs": self._trail(row)
            if row is not None
            else [{"label": self.table.screen.name, "url": f"/{self.name}/list/"}],
            "sections": forms.form_sections(self.table, form, placed=row is not None),
            "form": form,
            "cancel_url": back,
            "submit_url": request.path,
            "version": None if row is None else (version or row.version),
            "errors": errors,
            "conflict": self._conflict(row, conflicting) if row is not None and conflicting is not None else None,
            "hidden": [("_back", parent)] if parent else [],
            "resumed": resumed,
            "save_more": row is None,
            "more": row is None and "_more" in request.args,
            "is_new": row is None,
            "draft": draft_block(
                self.table, row.id if row is not None else 0, fresh=request.method == "GET" and not resumed
            ),
            "scripts": FORM_SCRIPTS.get(self.name, []),
        }
        if row is None and _small():
            forms.apart(form)
            return render_template("doorbook/form_small.html", page=context)
        return render_template("doorbook/form.html", shell=shell(title), page=context)

    def _conflict(self, row: Table, typed: dict[str, object]) -> Dicts:
        """Returns the fields whose typed and saved values differ, both as people read them."""
        found = []
        for name, raw in typed.items():
            known = infos(self.table)[name]
            try:
                yours = entry.read(known, raw)
            except Refusal:
                yours = raw
            theirs = getattr(row, name)
            if yours is entry.UNCHANGED or self.table.__mapper__.columns[name].type.compare_values(theirs, yours):
                continue
            found.append(
                {
                    "field": name,
                    "label": known.label,
                    "yours": self._told(known, yours),
                    "theirs": self._told(known, theirs),
                }
            )
        return found

    def _told(self, known: Any, value: Any) -> str:
        from views.kernel.cells import plain_text
        from views.kernel.lookup import text_of

        if known.kind == "ref" and value:
            return text_of(database(), table(known.target), int(value)) or "?"
        if known.kind == "masked" and isinstance(value, str):
            return value
        return plain_text(known, value)

    # -- delete -------------------------------------------------------------------------------------------------------

    @expose("/delete/<pk>", methods=["POST"])
    @needs(DELETE)
    def delete(self, pk: str) -> Any:
        """Puts one row in the recycle bin."""
        own = database()
        row = self._row(pk, DELETE)
        title = called(row)
        try:
            remove(own, row)
            own.commit()
        except Refusal as refusal:
            own.rollback()
            if refusal.status == 403:
                raise
            flash(say(refusal.sentence), "error")
            return redirect(f"/{self.name}/show/{int(pk)}")
        done = _("“{name}” is in the recycle bin.", "“{name}”已移入回收站。").fill(name=title)
        keep_undo(done, undo_url(self.table, int(pk)))
        return redirect(f"/{self.name}/list/")

    # -- small answers ------------------------------------------------------------------------------------------------

    @expose("/lookup", methods=["GET"])
    @needs(READ)
    def lookup(self) -> Any:
        """Rows for a field that points here, by what was typed: JSON of `items` and `more`."""
        within = narrowed(self.table, request.args)
        return jsonify(look_up(database(), self.table, request.args.get("q", "")[:100], within))

    @expose("/reveal/<pk>/<column>", methods=["POST"])
    @needs(REVEAL)
    def reveal(self, pk: str, column: str) -> Any:
        """One masked value in full, by the right to see it, and a line in the audit that says so."""
        own = database()
        try:
            row = self._row(pk, REVEAL)
            known = infos(self.table).get(column)
            if known is None or known.kind != "masked":
                raise Missing()
        except Refusal as refusal:
            return problem_of(refusal)
        value = getattr(row, column)
        line = audit_entry(actor_of(own), clock_of(own)(), self.name, row.id, "reveal", {column: (None, None)})
        write_lines(own, [line])
        own.commit()
        return jsonify({"value": value.plain() if value is not None else ""})


LEADS: dict[str, Callable[[Any, Any], Dicts]] = {}
"""What stands first on a table's record, where people look for it: (session, row) -> label and cells of each."""

FORM_SCRIPTS: dict[str, list[str]] = {}
"""Table name -> scripts and styles of ours that its form loads besides the usual ones (a preview)."""

RECORD_ACTIONS: dict[str, Dicts] = {}
"""Buttons that pages of their own put on a table's record: as above, with `{pk}` in the url for its key, and `when`, where a
button is only for some records: what it says of the row decides."""

EVERY_TABLE = "*"
"""Among them: a button on the record of every table; `{table}` in its url stands for which."""


def _small() -> bool:
    """Whether a form is asked for in a dialog of another one: a fragment, and the new row as JSON."""
    return "_small" in request.values


def _caution(cautions: list[Words]) -> None:
    """Says on the next page what a row that was just saved gives to think of."""
    for one in cautions:
        flash(say(one), "warn")


def _shown_status(refusal: Refusal) -> int:
    return refusal.status if refusal.status in (403, 409, 428) else 422


def view_of(cls: type[Table]) -> type[TableView]:
    """Returns the view class of a table: `RoomView` at `/room`, with the table's name as its permission name (fault 22)."""
    name = f"{cls.__name__}View"
    return type(
        name,
        (TableView,),
        {
            "table": cls,
            "datamodel": TableInterface(cls),
            "route_base": f"/{cls.__tablename__}",
            "class_permission_name": cls.__tablename__,
            "__doc__": f"Pages of {cls.screen.label.en}.",
        },
    )


__all__ = ["EVERY_TABLE", "FORM_SCRIPTS", "LEADS", "LIST_ACTIONS", "RECORD_ACTIONS", "TableView", "view_of"]
