"""The recycle bin of a table: what was deleted in the actor's scope, back again or gone for good."""

from __future__ import annotations

from typing import Any

from flask import flash, jsonify, redirect, render_template, request
from flask_appbuilder import expose
from sqlalchemy import select

from models.kernel.bin import KEPT_DAYS, in_bin, purge, restore
from models.kernel.guard import name_of
from models.kernel.refusal import Refusal
from models.kernel.roles import DELETE, PURGE
from models.kernel.scope import may
from models.kernel.table import Table
from models.kernel.words import _
from views.kernel import record
from views.kernel.access import needs
from views.kernel.cells import Cell
from views.kernel.formats import moment
from views.kernel.list_parts import ListParts
from views.kernel.listing import Asked, Line, Listing
from views.kernel.markup import list_rows
from views.kernel.parameters import wanted
from views.kernel.problems import problem_of
from views.kernel.request import actor, say
from views.kernel.request import session as database
from views.kernel.shell import shell

MOST = 500
"""Rows that are restored or purged at once."""


class Deleted(Listing):
    """The deleted rows of a table, the last ones first."""

    def _order(self) -> tuple[str, bool]:
        return "deleted_at", True


def keep_undo(sentence: Any, url: str | None) -> None:
    """Puts a sentence in the next page's toast, with a button that posts to `url` and so takes back what was done."""
    flash({"text": say(sentence), "undo_url": url} if url else say(sentence), "ok")  # type: ignore[arg-type]


def undo_url(cls: type[Table], key: int) -> str | None:
    """Returns where the deletion of a row is taken back; None where this actor could not find it in the bin again."""
    statement = select(cls.id).where(cls.id == key).execution_options(deleted="only", right=DELETE)
    found = database().execute(statement).first()
    return f"/{cls.__tablename__}/restore/{key}" if found else None


class BinRoutes:
    """The recycle bin's routes of a table's view. Whoever may delete a row may bring it back."""

    table: type[Table]
    list_name: Any  # of the view: the framework's name of the list

    @expose("/bin/", methods=["GET"])
    @needs(DELETE)
    def bin(self) -> Any:
        """The deleted rows where the actor has `delete`, searched by `q`."""
        own, name = database(), self.table.__tablename__
        parts = ListParts(self.table, self.list_name, f"/{name}/bin/")
        asked = wanted(own, self.table, self.list_name)
        here = asked.asked
        listing = Deleted(
            own,
            self.table,
            Asked(
                search=here.search,
                page=here.page,
                size=here.size,
                after=here.after,
                before=here.before,
                deleted="only",
                right=DELETE,
            ),
        )
        page, count = listing.page(), listing.count()
        head = [{**column, "sort_url": None} for column in record.columns(self.table, listing.columns)]
        head += [
            {"key": "deleted_at", "label": _("Deleted", "删除时间"), "kind": "moment"},
            {"key": "deleted_by", "label": _("Deleted by", "删除人"), "kind": "text"},
        ]
        rows = record.rows(self.table, listing.columns, page.lines)
        when = self._when(page.lines)
        for row in rows:
            at, by = when[row["pk"]]
            row["url"] = None
            row["cells"] = [*row["cells"], Cell("moment", moment(at)), Cell("text", by)]
        title = _("Recycle bin: {name}", "回收站：{name}").fill(name=self.table.screen.name)
        context = {
            "title": title,
            "count_text": parts.count_words(count),
            "crumbs": [{"label": self.table.screen.name, "url": f"/{name}/list/"}],
            "quick": parts.quick(asked),
            "columns": head,
            "rows": rows,
            "body": list_rows(head, rows, select=True),
            "select": True,
            "bulk": self._bulk(),
            "pager": parts.pager(asked, page.previous, page.next, len(page.lines), count),
            "empty": {
                "sentence": _("No deleted row fits.", "没有符合条件的已删除记录。")
                if here.search
                else _("The recycle bin is empty.", "回收站为空。"),
                "action": None,
            },
            "density": request.cookies.get("density", "normal"),
        }
        return render_template("doorbook/list.html", shell=shell(title), page=context)

    def _when(self, lines: list[Line]) -> dict[int, tuple[Any, str]]:
        """Returns when and by whom the rows of this page were deleted."""
        bare, accounts = self.table.__table__, self.table.metadata.tables["ab_user"]
        found = database().execute(
            select(bare.c.id, bare.c.deleted_at, accounts.c.first_name)
            .outerjoin(accounts, accounts.c.id == bare.c.deleted_by_id)
            .where(bare.c.id.in_([line.pk for line in lines]))
        )
        return {key: (at, by or say(_("System", "系统"))) for key, at, by in found}

    def _bulk(self) -> list[dict[str, Any]]:
        """What may be done to chosen rows."""
        name = self.table.__tablename__
        found: list[dict[str, Any]] = [
            {"label": _("Restore", "恢复"), "url": f"/{name}/bin/restore", "icon": "arrow-back-up"},
            {
                "label": _("Restore with what belonged to them", "连同下级一并恢复"),
                "url": f"/{name}/bin/restore?below=1",
                "icon": "arrow-back-up-double",
            },
        ]
        if may(actor(), self.table, PURGE):
            sentence = _(
                "Delete the {n} selected rows for good? Nobody can bring them back. Rows deleted less than {days} days"
                " ago, and rows that others point to, are kept and named.",
                "彻底删除所选 {n} 条？删除后无法恢复。删除未满 {days} 天或仍被引用的记录会保留并列出。",
            )
            found.append(
                {
                    "label": _("Delete for good", "彻底删除"),
                    "url": f"/{name}/bin/purge",
                    "icon": "trash-x",
                    "danger": True,
                    "confirm": sentence.fill(n="{n}", days=KEPT_DAYS),
                }
            )
        return found

    @expose("/restore/<pk>", methods=["POST"])
    @needs(DELETE)
    def restore_one(self, pk: str) -> Any:
        """Brings one row back and leads to it. A script that asks for JSON gets the address as `url`, or a problem."""
        own = database()
        scripted = request.accept_mimetypes.best == "application/json"
        try:
            row = in_bin(own, self.table, int(pk) if pk.isdecimal() and len(pk) < 19 else 0)
            title, key = name_of(row), row.id
            restore(own, row)
            own.commit()
        except Refusal as refusal:
            own.rollback()
            if scripted:
                return problem_of(refusal)
            if refusal.status in (403, 404):
                raise
            flash(say(refusal.sentence), "error")
            return redirect(f"/{self.table.__tablename__}/bin/")
        flash(say(_("“{name}” was restored.", "已恢复“{name}”。").fill(name=title)), "ok")
        url = f"/{self.table.__tablename__}/show/{key}"
        return jsonify({"url": url}) if scripted else redirect(url)

    @expose("/bin/restore", methods=["POST"])
    @needs(DELETE)
    def restore_many(self) -> Any:
        """Brings the chosen rows back, with `below=1` also what was cleared away for them; those that stay are named."""
        own, back = database(), 0
        for key in _chosen():
            try:
                with own.begin_nested():
                    done = restore(own, in_bin(own, self.table, key), below=request.args.get("below") == "1")
                back += len(done.rows)
                for refusal in done.left:
                    flash(say(refusal.sentence), "warn")
            except Refusal as refusal:
                flash(say(refusal.sentence), "error")
        own.commit()
        if back:
            flash(say(_("{n} rows were restored.", "已恢复 {n} 条记录。").fill(n=back)), "ok")
        return redirect(f"/{self.table.__tablename__}/bin/")

    @expose("/bin/purge", methods=["POST"])
    @needs(PURGE)
    def purge_many(self) -> Any:
        """Takes the chosen rows out of the database; those that cannot go are named and kept."""
        own, gone = database(), 0
        for key in _chosen():
            try:
                with own.begin_nested():
                    purge(own, in_bin(own, self.table, key, PURGE))
                gone += 1
            except Refusal as refusal:
                flash(say(refusal.sentence), "error")
        own.commit()
        if gone:
            flash(say(_("{n} rows were deleted for good.", "已彻底删除 {n} 条记录。").fill(n=gone)), "ok")
        return redirect(f"/{self.table.__tablename__}/bin/")


def _chosen() -> list[int]:
    """Returns the keys of the chosen rows; what is no key chooses nothing."""
    given = request.form.getlist("pk")[:MOST]
    return list(dict.fromkeys(int(pk) for pk in given if pk.isascii() and pk.isdecimal() and len(pk) < 19))
