"""Children of a record as grids on its page: they page, sort, and take new rows and changes line by line, in place."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import jsonify, render_template, request
from flask_appbuilder import expose
from sqlalchemy.orm import Session

from models.kernel import entry
from models.kernel.refusal import Denied, Missing, Refusal, Stale
from models.kernel.registry import infos, table
from models.kernel.roles import EXPORT, READ, WRITE
from models.kernel.scope import may
from models.kernel.session import actor_of
from models.kernel.table import Table
from models.kernel.words import _
from views.kernel import forms, record
from views.kernel.access import needs
from views.kernel.cells import called, cell
from views.kernel.listing import Asked, Filter, Listing, chosen
from views.kernel.problems import problem_of
from views.kernel.request import say
from views.kernel.request import session as database

CHILD_ROWS = 10
LAST_PAGE = 10_000

DRAWN = ("text", "prose", "integer", "decimal", "money", "date", "moment", "flag", "choice", "ref", "masked")
"""Kinds of columns that are entered in a line of a grid."""


def children(session: Session, cls: type[Table], pk: int) -> list[dict[str, Any]]:
    """Returns the children of a record as grids: a page of rows, sorted as asked, and where to add, change and see all.

    `_cp_<table>` of the address is the page of a grid, `_co_<table>` its order; what cannot be read is as if it were not said.
    """
    actor = actor_of(session)
    found = []
    row = session.get(cls, pk)  # which the page has read already
    same = (
        ("project",) if cls.owned.kind == "project" or cls.__tablename__ == "project" else ()
    )  # told by the record itself
    for name, column in cls.screen.children:
        child = table(name)
        if not may(actor, child, READ):
            continue
        relation = column.removesuffix("_id")
        paths = tuple(
            path
            for path in child.screen.listed
            if path not in (relation, column, *same) and not path.startswith(f"{relation}.")
        )
        order, page_no = _order(session, child, f"_co_{name}"), _page(f"_cp_{name}")
        filters = (Filter(column, "rel_o_m", str(pk)),)
        listing = Listing(
            session, child, Asked(columns=paths, filters=filters, order=order, page=page_no, size=CHILD_ROWS)
        )
        page = listing.page()
        count = len(page.lines) if page.next is None and not page_no else listing.count()
        addable = (
            bool(child.screen.sections)
            and record.may_add(session, child, column, row)
            and child(**{column: pk}).closed(session, actor) is None
        )
        inline = bool(_inline(child, paths)) and addable
        found.append(
            {
                "name": name,
                "title": child.screen.name,
                "count_text": str(count) if count else "",
                "columns": _head(child, paths, order),
                "rows": record.rows(child, paths, page.lines),
                "line_url": f"/{name}/line" if inline else None,
                "line_query": urlencode({"_cols": ",".join(paths), "_parent": column, column: pk}),
                "inline_add": inline and not _needed(child, paths, column),
                "add_url": f"/{name}/add?{column}={pk}&_back=/{cls.__tablename__}/show/{pk}" if addable else None,
                "all_url": f"/{name}/list/?_flt_0_{column}={pk}" if count > CHILD_ROWS else None,
                "export_url": f"/{name}/export.xlsx?"
                + urlencode({f"_flt_0_{column}": pk, "_cols": ",".join(paths), **_ordered(child, order)})
                if count and may(actor, child, EXPORT)
                else None,
                "prev_url": _here(name, {f"_cp_{name}": page_no - 1 or None}) if page_no else None,
                "next_url": _here(name, {f"_cp_{name}": page_no + 1}) if page.next else None,
                "range": f"{page_no * CHILD_ROWS + 1}–{page_no * CHILD_ROWS + len(page.lines)} / {count}",
                "empty": None,
            }
        )
    return found


def _ordered(child: type[Table], order: str | None) -> dict[str, str]:
    """The order of a grid as the address of the child's own list says it."""
    if order is None:
        return {}
    view = f"{child.__name__}View"
    return {f"_oc_{view}": order.lstrip("-"), f"_od_{view}": "desc" if order.startswith("-") else "asc"}


def _page(name: str) -> int:
    raw = request.args.get(name, "")
    return min(int(raw), LAST_PAGE) if raw.isascii() and raw.isdecimal() and len(raw) < 6 else 0


def _order(session: Session, child: type[Table], name: str) -> str | None:
    order = request.args.get(name, "")[:100] or None
    try:
        Listing(session, child, Asked(order=order))
    except Refusal:
        return None
    return order


def _here(name: str, values: dict[str, Any]) -> str:
    """Returns this page's address with some arguments changed, at the grid `name`."""
    kept = [(n, v) for n, v in request.args.items(multi=True) if n not in values and not n.startswith("_back")]
    kept += [(n, str(v)) for n, v in values.items() if v is not None]
    return f"{request.path}?{urlencode(kept)}#children-{name}" if kept else f"{request.path}#children-{name}"


def _head(child: type[Table], paths: tuple[str, ...], order: str | None) -> list[dict[str, Any]]:
    """The head of a grid, each column with the way to sort by it."""
    name, head = child.__tablename__, record.columns(child, paths)
    for column in head:
        path = column["key"]
        now = None if order is None or order.lstrip("-") != path else ("desc" if order.startswith("-") else "asc")
        column["sort"] = now
        if column["kind"] != "masked":
            values = {f"_co_{name}": f"-{path}" if now == "asc" else path, f"_cp_{name}": None}
            column["sort_url"] = _here(name, values)
    return head


def _column(child: type[Table], path: str) -> str:
    """The own column a shown one is: a ref is shown by its relation and written by its key."""
    return path if path in infos(child) else f"{path}_id"


def _inline(child: type[Table], paths: tuple[str, ...]) -> list[str]:
    """The shown columns that are entered in a line: own ones that a form writes too."""
    written = set(entry.fields(child)) - {child.owned.above}
    return [path for path in paths if "." not in path and _column(child, path) in written]


def _needed(child: type[Table], paths: tuple[str, ...], parent: str) -> list[str]:
    """The required columns that a line does not show: a row of such a table is added on its form."""
    shown = {_column(child, path) for path in _inline(child, paths)} | {parent}
    return [name for name in entry.fields(child) if name not in shown and entry.is_required(child, name)]


class LineRoutes:
    """The routes of lines of grids, of the child's own view: drawn as fields, and saved."""

    table: type[Table]
    _row: Any  # of the view: reads a row in scope

    @expose("/line/<pk>", methods=["GET", "POST"])
    @needs(WRITE)
    def line(self, pk: str) -> Any:
        """One row of a grid as fields (`new` for one that is added); saved, it answers JSON; refused, the fields again."""
        own, cls = database(), self.table
        paths = chosen(request.args.get("_cols", "")[:1000].split(","), cls)
        parent = request.args.get("_parent", "")[:60]
        known = infos(cls)
        try:
            if parent not in known or known[parent].kind != "ref" or not _inline(cls, paths):
                raise Missing()
            row = None if pk == "new" else self._row(pk, WRITE)
            if row is None and not entry.fields(cls):
                raise Denied()
        except Refusal as refusal:
            return problem_of(refusal)
        form_class = forms.form_class(cls)
        if request.method == "GET":
            form = form_class(formdata=None, obj=row) if row is not None else form_class(formdata=None)
            return self._line(row, paths, form, None)
        form = form_class()
        names = [_column(cls, path) for path in _inline(cls, paths)]
        # what a line did not show it does not write; an unticked flag it did show is a no
        values = {n: v for n, v in forms.typed(form, cls).items() if n in names}
        try:
            if row is None:
                values[parent] = request.args.get(parent, "")[:30]
                saved = entry.add(own, cls, values)
            else:
                version = request.form.get("_version", "")
                if not version.isdecimal() or len(version) > 9:
                    raise Refusal(
                        _(
                            "This line does not say which version it changes. Reload the page.",
                            "缺少版本信息，请刷新页面。",
                        ),
                        code="no_version",
                        status=428,
                    )
                saved = entry.change(own, row, values, int(version))
            answer = {
                "pk": saved.id,
                "text": say(_("“{name}” was saved.", "已保存“{name}”。").fill(name=called(saved))),
            }
            own.commit()
        except Stale:
            own.rollback()
            stale = Refusal(
                _(
                    "Somebody saved this row meanwhile. Open it to compare both values, or take the line up again.",
                    "他人已保存过该记录，请打开记录对照，或取消后重新编辑。",
                ),
                code="stale",
                status=409,
            )
            return self._line(self._row(pk, WRITE), paths, form, stale), 409
        except Refusal as refusal:
            own.rollback()
            if refusal.status == 403 and not refusal.field:
                return problem_of(refusal)
            again = self._row(pk, WRITE) if row is not None else None
            return self._line(again, paths, form, refusal), 409 if refusal.status == 409 else 422
        return jsonify(answer)

    def _line(self, row: Table | None, paths: tuple[str, ...], form: Any, refusal: Refusal | None) -> str:
        own, cls = database(), self.table
        forms.show_chosen(own, form, cls, row)
        errors = forms.put_errors(form, refusal) if refusal is not None else []
        inline = set(_inline(cls, paths))
        shown: dict[str, Any] = {}
        if row is not None:
            lines = Listing(own, cls, Asked(columns=paths, ids=(row.id,), size=1)).page().lines
            shown = {path: cell(cls, path, lines[0].values[path]) for path in paths} if lines else {}
        key = row.id if row is not None else "new"
        cells = []
        for path in paths:
            field = form[_column(cls, path)] if path in inline else None
            if field is not None:
                field.id = f"line-{cls.__tablename__}-{key}-{field.name}"
            cells.append({"field": field, "cell": shown.get(path)})
        names = {_column(cls, path) for path in inline}
        elsewhere = [one for one in (refusal.all() if refusal is not None else []) if one.field not in names]
        return render_template(
            "doorbook/child_line.html",
            line={
                "cells": cells,
                "version": request.form.get("_version") or (row.version if row is not None else ""),
                "url": f"{request.path}?{request.query_string.decode()}",
                "errors": [one.sentence for one in elsewhere],
                "refused": bool(errors),
                "form_url": f"/{cls.__tablename__}/edit/{row.id}" if row is not None else None,
            },
        )
