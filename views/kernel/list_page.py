"""The list of a table: its rows in scope, saved views above them, and what may be done to many of them."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request
from flask_appbuilder import expose

from models.kernel.registry import table as declared
from models.kernel.roles import DELETE, IMPORT, READ
from models.kernel.saved_view import opened
from models.kernel.scope import may
from models.kernel.table import Table
from models.kernel.words import _
from views.kernel import record
from views.kernel.access import needs
from views.kernel.list_parts import ListParts
from views.kernel.listing import Listing
from views.kernel.many_pages import ManyRoutes, offered
from views.kernel.markup import list_rows
from views.kernel.parameters import wanted
from views.kernel.request import actor, say
from views.kernel.request import session as database
from views.kernel.shell import place_trail, shell
from views.kernel.view_pages import ViewRoutes, everything_url, first_page, views_block

Dicts = list[dict[str, Any]]

LIST_ACTIONS: dict[str, Dicts] = {}
"""Buttons that pages of their own put above a table's list: label, url, icon, right; `of` names the table the right is on,
where it is another."""


class ListRoutes(ManyRoutes, ViewRoutes):
    """The list's route of a table's view."""

    table: type[Table]
    name: Any  # of the view: the table's name

    @expose("/list/")
    @needs(READ)
    def list(self) -> Any:
        """The list of the rows in the actor's scope."""
        own, parts = database(), ListParts(self.table, self.list_name)
        layout, views = opened(own, self.table)
        first = first_page(self.table, layout, views)
        if first is not None:
            return redirect(first)
        asked = wanted(own, self.table, self.list_name, layout)
        listing = Listing(own, self.table, asked.asked)
        page, count = listing.page(), listing.count()
        title = self.table.screen.name
        head, rows = parts.columns(asked, listing), record.rows(self.table, listing.columns, page.lines)
        many = offered(self.table, count, len(page.lines))
        choosing = bool(many["edit_url"] or many["moves"] or many["delete"] or many["export_url"])
        chips, clear_url = parts.chips(asked), everything_url(self.table, layout)
        for note in [*asked.notes, *parts.unseen]:
            flash(say(note), "warn")
        query = asked.query(listing)
        context = {
            "title": title,
            "count_text": parts.count_words(count),
            "crumbs": place_trail(),
            "primary": parts.add_action(),
            "export": parts.exports(asked),
            "import_url": f"/{self.name}/import" if may(actor(), self.table, IMPORT) else None,
            "actions": self.list_actions(),
            "views": views_block(self.table, asked, query, layout, views),
            "quick": parts.quick(asked),
            "keep": [
                (n, v) for n, v in asked.arguments if n not in ("q", "_after", "_before", f"page_{self.list_name}")
            ],
            "chips": chips,
            "clear_url": clear_url,
            "fields": parts.filter_fields(),
            "all_columns": parts.column_choice(listing.columns, asked.widths),
            "layout_url": f"/{self.name}/layout",
            "link": f"/{self.name}/list/?{query}",
            "here": asked.url(f"/{self.name}/list/") if asked.own else None,
            "columns": head,
            "rows": rows,
            "body": list_rows(head, rows, select=choosing),
            "select": choosing,
            "many": many,
            "query": query,
            "pager": parts.pager(asked, page.previous, page.next, len(page.lines), count),
            "empty": parts.empty(asked, clear_url),
            "density": asked.density or request.cookies.get("density", "normal"),
        }
        return render_template("doorbook/list.html", shell=shell(title), page=context)

    def list_actions(self) -> Dicts:
        """Returns further buttons above the list; pages of their own add theirs."""
        bin_ = {"label": _("Recycle bin", "回收站"), "url": f"/{self.name}/bin/", "icon": "trash", "right": DELETE}
        offered: Dicts = [*LIST_ACTIONS.get(self.name, []), bin_]
        return [a for a in offered if may(actor(), declared(a.get("of", self.name)), a["right"])]
