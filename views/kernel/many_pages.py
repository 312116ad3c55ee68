"""Many rows at once: chosen on the list, tried, changed or moved or deleted, taken back.

/<table>/many            the rows that were ticked, or everything filtered; leads to the page of what to change
/<table>/many/<token>    what they are to become; sent, it says what would happen, row by row refused or not
/<table>/many/<token>/apply   does it
/<table>/undo/<token>    takes it back
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from flask import flash, jsonify, redirect, render_template, request
from flask_appbuilder import expose
from sqlalchemy import select

from models.kernel import bulk_change, bulk_job, entry, taking_back
from models.kernel.bulk_change import CHANGE, MOVE, REMOVE, WHOLE, Asked, Outcome
from models.kernel.moving import transition_of
from models.kernel.refusal import Refusal
from models.kernel.registry import infos
from models.kernel.roles import DELETE, EXPORT, READ, WRITE
from models.kernel.scope import may
from models.kernel.table import Table
from models.kernel.words import _
from views.kernel import forms, move_pages
from views.kernel.access import needs
from views.kernel.bin_pages import keep_undo
from views.kernel.cells import plain_text
from views.kernel.listing import COUNT_CAP, Listing
from views.kernel.parameters import view_query, wanted
from views.kernel.problems import problem_of
from views.kernel.request import actor, say
from views.kernel.request import session as database
from views.kernel.security import inside
from views.kernel.shell import shell

Dicts = list[dict[str, Any]]

AT_ONCE = 500
"""Rows changed while the person waits; more are a job."""

MOST = 100_000
"""Rows of one change."""

TICKED = 500
"""Rows that can be ticked on pages of a list."""


class ManyRoutes:
    """The routes of what is done to many rows, of a table's view."""

    table: type[Table]
    list_name: Any  # of the view: the framework's name of the list

    # -- choosing -----------------------------------------------------------------------------------------------------

    def _meant(self, query: str, keys: list[int] | None) -> list[tuple[int, int]]:
        """Key and version of the ticked rows, or of everything filtered by `query`, as far as the actor sees them."""
        own, cls = database(), self.table
        statement = select(cls.id, cls.version)
        if keys is not None:
            statement = statement.where(cls.id.in_(keys))
        else:
            inner = Listing(own, cls, self._asked(query)).keys().order_by(None).subquery()
            statement = statement.join(inner, inner.c.id == cls.id)
        found = own.execute(statement.order_by(cls.id).limit(MOST + 1)).all()
        if len(found) > MOST:
            raise Refusal(
                _(
                    "More than {n} rows cannot be changed at once. Filter further.",
                    "一次最多处理 {n} 条，请进一步筛选。",
                ).fill(n=f"{MOST:,}")
            )
        return [(row.id, row.version) for row in found]

    def _asked(self, query: str) -> Any:
        """What a list's address asks for. A filter that cannot be read stops everything: without it more rows were meant."""
        read = wanted(
            database(), self.table, self.list_name, given=parse_qsl(query, keep_blank_values=True, max_num_fields=200)
        )
        left_out = [note for note in read.notes if note.en.startswith("One filter")]
        if left_out:
            raise Refusal(left_out[0])
        return read.asked

    def _chosen(self) -> tuple[list[tuple[int, int]], str, bool]:
        """Returns the rows that were meant, the list's address, and whether everything filtered was."""
        sent = request.form
        query, left_out = view_query(self.table, self.list_name, sent.get("query", "")[:12_000])
        everything = sent.get("everything") == "1"
        if everything and left_out:  # it is not kept, and without it more rows would be meant
            raise Refusal(
                _(
                    "Rows found by a full number are ticked one by one, not all at once.",
                    "按完整号码筛选时请逐条勾选记录，不能全选筛选结果。",
                )
            )
        given = [pk for pk in sent.getlist("pk")[:TICKED] if pk.isascii() and pk.isdecimal() and len(pk) < 19]
        rows = self._meant(query, None if everything else list(dict.fromkeys(int(pk) for pk in given)))
        if not rows:
            raise Refusal(_("Choose at least one row.", "请至少选择一条记录。"))
        return rows, query, everything

    def _back_to(self, query: str) -> str:
        return f"/{self.table.__tablename__}/list/" + (f"?{query}" if query else "")

    @expose("/many", methods=["POST"])
    @needs(READ)
    def many(self) -> Any:
        """Takes the chosen rows and leads to what to change; for a move that asks for nothing straight to its trial."""
        own, cls, name = database(), self.table, request.form.get("move") or request.args.get("move") or ""
        try:
            if name:
                transition_of(cls, name)
            elif not may(actor(), cls, WRITE) or not bulk_change.changeable(cls):
                raise Refusal(_("Nothing of these rows can be changed here.", "这些记录没有可批量修改的字段。"))
            rows, query, everything = self._chosen()
            asked = bulk_change.prepare(
                own, cls, rows, MOVE if name else CHANGE, move=name, query=query, everything=everything
            )
        except Refusal as refusal:
            own.rollback()
            if refusal.status in (403, 404):
                raise
            flash(say(refusal.sentence), "error")
            return redirect(inside(request.form.get("next")) if request.form.get("next") else self._back_to(""))
        if asked.kind == MOVE and not transition_of(cls, name).required:
            return self._trial(asked)
        return redirect(f"/{cls.__tablename__}/many/{asked.token}")

    @expose("/many/<token>", methods=["GET", "POST"])
    @needs(READ)
    def many_change(self, token: str) -> Any:
        """What the rows are to become; sent, what would happen."""
        own, cls = database(), self.table
        asked = bulk_change.asked_for(own, cls, token[:60])
        form = self._form_of(asked)
        if request.method == "GET":
            return self._fields(asked, form, [])
        filled, sent = form(), request.form
        names = set(sent.getlist("_set")) if asked.kind == CHANGE else set(transition_of(cls, asked.move).required)
        values = {name: sent.get(name, "")[:20_000] for name in names}
        try:
            asked = bulk_change.say_what(own, cls, token[:60], values)
        except Refusal as refusal:
            own.rollback()
            if refusal.status in (403, 404):
                raise
            return self._fields(asked, filled, forms.put_errors(filled, refusal), names), refusal.status
        return self._trial(asked)

    def _form_of(self, asked: Asked) -> Any:
        if asked.kind == CHANGE:
            return forms.form_class(self.table)
        known = infos(self.table)
        return move_pages.form_class({c: (known[c], True) for c in transition_of(self.table, asked.move).required})

    def _fields(self, asked: Asked, form: Any, errors: Dicts, ticked: set[str] | None = None) -> str:
        own, cls = database(), self.table
        shown = form if not isinstance(form, type) else form(formdata=None)
        forms.show_chosen(own, shown, cls)
        title = self._title(asked)
        names = bulk_change.changeable(cls) if asked.kind == CHANGE else list(transition_of(cls, asked.move).required)
        count = len(bulk_change.rows_of(own, asked))
        page = {
            "title": title,
            "crumbs": [{"label": cls.screen.name, "url": self._back_to(asked.query)}],
            "sections": [{"title": None, "fields": [shown[name] for name in names]}],
            "errors": errors,
            "count_text": self._count_text(asked, count),
            "pick": asked.kind == CHANGE,
            "ticked": ticked if ticked is not None else set(asked.values),
            "submit_url": f"/{cls.__tablename__}/many/{asked.token}",
            "cancel_url": self._back_to(asked.query),
        }
        return render_template("doorbook/many_fields.html", shell=shell(title), page=page)

    def _count_text(self, asked: Asked, count: int) -> Any:
        if asked.everything:
            return _("All {n} filtered rows", "筛选出的全部 {n} 条").fill(n=f"{count:,}")
        return _("{n} selected rows", "所选 {n} 条").fill(n=f"{count:,}")

    def _title(self, asked: Asked) -> Any:
        name = self.table.screen.name
        if asked.kind == MOVE:
            label = transition_of(self.table, asked.move).label
            return _("{label}: {name}", "批量{label}：{name}").fill(label=label, name=name)
        return _("Change many: {name}", "批量修改：{name}").fill(name=name)

    # -- trying and doing ---------------------------------------------------------------------------------------------

    def _trial(self, asked: Asked, notice: Any = None) -> str:
        own, cls = database(), self.table
        count = len(bulk_change.rows_of(own, asked))
        outcome = bulk_change.attempt(own, cls, asked, AT_ONCE)
        title = self._title(asked)
        url = f"/{cls.__tablename__}/many/{asked.token}"
        more = outcome.refused - len(outcome.reasons)
        page = {
            "title": title,
            "crumbs": [{"label": cls.screen.name, "url": self._back_to(asked.query)}],
            "count_text": self._count_text(asked, count),
            "notice": notice,
            "becomes": self._becomes(asked),
            "done": outcome.done,
            "same": outcome.same,
            "refused": outcome.refused,
            "why": [{"sentence": sentence, "n": n} for sentence, n in outcome.why.values()],
            "rows": [
                {"url": f"/{cls.__tablename__}/show/{key}", "name": name, "sentence": sentence}
                for key, name, sentence in outcome.reasons
            ],
            "more": _("and {n} more", "另有 {n} 条").fill(n=more) if more > 0 else None,
            "tried": AT_ONCE if count > AT_ONCE else None,
            "whole": count <= WHOLE,
            "undo": taking_back.can_undo(asked),
            "query": asked.query,
            "apply_url": f"{url}/apply",
            "change_url": url if asked.kind == CHANGE or transition_of(cls, asked.move).required else None,
            "cancel_url": self._back_to(asked.query),
        }
        return render_template("doorbook/many_trial.html", shell=shell(title), page=page)

    def _becomes(self, asked: Asked) -> Dicts:
        """The new values as people read them."""
        if asked.kind == MOVE:
            flow: Any = self.table.flow
            move = transition_of(self.table, asked.move)
            first: Dicts = [{"label": infos(self.table)[flow.column].label, "text": flow.words(move.to)}]
        else:
            first = []
        known = infos(self.table)
        return first + [
            {"label": known[name].label, "text": self._read_out(known[name], raw)} for name, raw in asked.values.items()
        ]

    def _read_out(self, known: Any, raw: str) -> str:
        value = entry.read(known, raw)
        if known.kind == "ref" and value:
            return self._told(known, value)  # type: ignore[attr-defined,no-any-return]  # of the view
        return plain_text(known, value)

    @expose("/many/<token>/apply", methods=["POST"])
    @needs(READ)
    def many_apply(self, token: str) -> Any:
        """Makes the change, where the rows are still those that were tried; else tries anew and says so."""
        own, cls, sent = database(), self.table, request.form
        asked = bulk_change.asked_for(own, cls, token[:60])
        if asked.state == "asked":
            notice = self._moved_on(asked, sent.get("query", "")[:12_000])
            if notice is not None:
                rows = self._meant(asked.query, None)
                again = bulk_change.prepare(
                    own, cls, rows, asked.kind, values=asked.values, move=asked.move, query=asked.query, everything=True
                )
                return self._trial(again, notice), 409
        try:
            if len(bulk_change.rows_of(own, asked)) > AT_ONCE:
                bulk_job.begin(own, cls, asked)
                self._tell_job()
                return redirect(self._back_to(asked.query))
            outcome = bulk_change.apply(own, cls, asked, whole=sent.get("how") == "whole")
        except Refusal as refusal:
            own.rollback()
            if refusal.code == "not_all":
                return self._trial(bulk_change.asked_for(own, cls, token[:60]), refusal.sentence), 409
            flash(say(refusal.sentence), "error")
            return redirect(self._back_to(asked.query))
        self._tell(asked, outcome)
        return redirect(self._back_to(asked.query))

    def _moved_on(self, asked: Asked, query: str) -> Any:
        """A sentence where what is filtered is not any more what was tried."""
        if not asked.everything:
            return None
        before = {key for key, _version in bulk_change.rows_of(database(), asked)}
        now = {key for key, _version in self._meant(asked.query, None)}
        if query == asked.query and before == now:
            return None
        return _(
            "The filtered rows are not those that were tried any more: {before} then, {now} now. This is the new trial.",
            "筛选出的记录已与试算时不同：当时 {before} 条，现在 {now} 条。以下为重新试算的结果。",
        ).fill(before=len(before), now=len(now))

    def _tell_job(self) -> None:
        sentence = _(
            "The change runs in the background; you may go on. “My jobs” shows how far it is.",
            "已转入后台处理，您可继续其他工作，进度见“我的任务”。",
        )
        flash(say(sentence), "ok")

    def _tell(self, asked: Asked, outcome: Outcome) -> None:
        """Says what came of it, with the way back where there is one; refused rows are named."""
        if asked.kind == REMOVE:
            done = _("{n} rows are in the recycle bin.", "已将 {n} 条记录移入回收站。").fill(n=outcome.done)
        else:
            done = _("{n} rows were changed.", "已修改 {n} 条记录。").fill(n=outcome.done)
        if outcome.done:
            undo = f"/{self.table.__tablename__}/undo/{asked.token}" if taking_back.can_undo(asked) else None
            keep_undo(done, undo)
        elif outcome.same:
            flash(say(_("Nothing was to change.", "没有需要修改的记录。")), "ok")
        for _key, name, sentence in outcome.reasons[:5]:
            flash(f"{name}：{say(sentence)}" if name and name not in say(sentence) else say(sentence), "error")
        if outcome.refused > 5:
            flash(say(_("{n} rows stay as they are.", "共有 {n} 条未处理。").fill(n=outcome.refused)), "error")

    # -- deleting and taking back -------------------------------------------------------------------------------------

    @expose("/delete", methods=["POST"])
    @needs(DELETE)
    def delete_many(self) -> Any:
        """Puts the chosen rows in the recycle bin; those that cannot go are named and kept."""
        own, cls = database(), self.table
        back = inside(request.form.get("next"))
        back = back if back != "/" else f"/{cls.__tablename__}/list/"
        try:
            rows, query, everything = self._chosen()
            asked = bulk_change.prepare(own, cls, rows, REMOVE, query=query, everything=everything)
            if len(rows) > AT_ONCE:
                bulk_job.begin(own, cls, asked)
                self._tell_job()
                return redirect(back)
            outcome = bulk_change.apply(own, cls, asked, whole=False)
        except Refusal as refusal:
            own.rollback()
            flash(say(refusal.sentence), "error")
            return redirect(back)
        self._tell(asked, outcome)
        return redirect(back)

    @expose("/undo/<token>", methods=["POST"])
    @needs(READ)
    def undo(self, token: str) -> Any:
        """Takes back what the actor did. A script that asks for JSON gets the address to go to as `url`, or a problem."""
        own, cls = database(), self.table
        scripted = request.accept_mimetypes.best == "application/json"
        try:
            asked = bulk_change.asked_for(own, cls, token[:60])
            outcome = taking_back.undo(own, cls, token[:60])
        except Refusal as refusal:
            own.rollback()
            if scripted:
                return problem_of(refusal)
            flash(say(refusal.sentence), "error")
            return redirect(f"/{cls.__tablename__}/list/")
        if outcome.done:
            flash(say(_("Taken back: {n} rows.", "已撤销，恢复 {n} 条记录。").fill(n=outcome.done)), "ok")
        for _key, name, sentence in outcome.reasons[:5]:
            flash(f"{name}：{say(sentence)}" if name else say(sentence), "warn")
        rows = bulk_change.rows_of(own, asked)
        one = asked.kind == bulk_change.SAVE and len(rows) == 1
        url = f"/{cls.__tablename__}/show/{rows[0][0]}" if one else self._back_to(asked.query)
        return jsonify({"url": url}) if scripted else redirect(url)


def offered(cls: type[Table], count: int, shown: int) -> dict[str, Any]:
    """Returns what the bar above a list offers for the selection, or for all `count` filtered rows of which `shown` stand here."""
    who, name = actor(), cls.__tablename__
    moves = cls.flow.transitions if cls.flow is not None else ()
    may_write, may_delete = may(who, cls, WRITE), may(who, cls, DELETE)
    return {
        "count_text": f"{COUNT_CAP:,}+" if count > COUNT_CAP else f"{count:,}",
        "everything": count > shown,
        "export_url": f"/{name}/export" if may(actor(), cls, EXPORT) else None,
        "edit_url": f"/{name}/many" if may_write and bulk_change.changeable(cls) else None,
        "moves": [{"label": m.label, "url": f"/{name}/many?move={m.name}"} for m in moves if may(who, cls, m.name)],
        "delete": may_delete,
        "delete_url": f"/{name}/delete",
    }
