"""What REST gives of one row beside its fields: comments, files, history and earlier versions; and a table's recycle bin.

Mixed into the resource of every table; each address asks for the row again, as the pages do.
"""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, make_response, request
from flask_appbuilder.api import expose

from models.kernel import attachment, history
from models.kernel.attachment import holder
from models.kernel.bin import in_bin, purge, restore
from models.kernel.comment import (
    change_comment,
    comment,
    comments_of,
    may_change,
    mentions_of,
    one_comment,
    remove_comment,
)
from models.kernel.guard import name_of
from models.kernel.refusal import Missing, Refusal, Stale
from models.kernel.registry import table as table_of
from models.kernel.roles import DELETE, PURGE, READ, WRITE
from models.kernel.table import Table
from models.kernel.words import _
from views.kernel.access import needs
from views.kernel.bin_pages import Deleted
from views.kernel.files import pages as files
from views.kernel.files.content import taken
from views.kernel.listing import Asked
from views.kernel.problems import problem_of
from views.kernel.request import say
from views.kernel.request import session as database
from views.kernel.timeline import Names, fields_of, notes, want_refs
from views.kernel.versions import as_answer

_KEY = 10**18
MOST = 100


def _page(name: str, default: int, most: int) -> int:
    raw = request.args.get(name, "")
    return min(int(raw), most) if raw.isascii() and raw.isdigit() and len(raw) < 19 else default


class RowResource:
    """The addresses of a row's surroundings; `TableResource` brings the table and how it reads bodies and versions."""

    table: type[Table]
    route_base: Any
    read_body: Any
    read_version: Any
    whole: Any

    def _row(self, pk: int, right: str = READ) -> Table:
        if pk >= _KEY:
            raise Missing()
        return holder(database(), self.table.__tablename__, pk, right)

    # -- comments -----------------------------------------------------------------------------------------------------

    @expose("/<int:pk>/comments", methods=["GET"])
    @needs(READ)
    def comments(self, pk: int) -> Response:
        """The comments of a row, oldest first; those that were taken back are left out."""
        own = database()
        found = [one for one in comments_of(own, self._row(pk)) if one.deleted_at is None]
        return jsonify({"count": len(found), "result": [self._comment(one) for one in found]})

    def _comment(self, one: Any) -> dict[str, Any]:
        return {
            "id": one.id,
            "text": one.text,
            "by": one.author or say(_("System", "系统")),
            "by_id": one.created_by_id,
            "at": one.created_at.isoformat(),
            "changed_at": one.changed_at.isoformat() if one.changed_at is not None else None,
            "mentions": [{"name": name, "user_id": user} for name, user in mentions_of(one)],
            "may_change": may_change(database(), one),
        }

    @expose("/<int:pk>/comments", methods=["POST"])
    @needs(READ)
    def add_comment(self, pk: int) -> Response:
        """Adds a comment: a JSON object with `text`."""
        own, row = database(), self._row(pk)
        try:
            key = comment(own, row, self.read_body().get("text"))
            own.commit()
        except Refusal as refusal:
            own.rollback()
            return problem_of(refusal)
        (one,) = comments_of(own, row, [key])
        answer = make_response(jsonify({"id": key, "result": self._comment(one)}), 201)
        answer.headers["Location"] = f"{self.route_base}/{pk}/comments/{key}"
        return answer

    def _mine(self, pk: int, key: int) -> Table:
        """Returns the row a comment is about, where it is this one."""
        if max(pk, key) >= _KEY:
            raise Missing()
        _found, row = one_comment(database(), key)
        if row.__tablename__ != self.table.__tablename__ or row.id != pk:
            raise Missing()
        return row

    @expose("/<int:pk>/comments/<int:key>", methods=["PUT"])
    @needs(READ)
    def put_comment(self, pk: int, key: int) -> Response:
        """Changes one's own comment, for a quarter of an hour."""
        own, row = database(), self._mine(pk, key)
        try:
            change_comment(own, key, self.read_body().get("text"))
            own.commit()
        except Refusal as refusal:
            own.rollback()
            return problem_of(refusal)
        (one,) = comments_of(own, row, [key])
        return jsonify({"id": key, "result": self._comment(one)})

    @expose("/<int:pk>/comments/<int:key>", methods=["DELETE"])
    @needs(READ)
    def delete_comment(self, pk: int, key: int) -> Response:
        """Takes a comment back: one's own, or anybody's as an administrator."""
        own = database()
        self._mine(pk, key)
        try:
            remove_comment(own, key)
            own.commit()
        except Refusal as refusal:
            own.rollback()
            return problem_of(refusal)
        return jsonify({"message": say(_("The comment was removed.", "评论已删除。"))})

    # -- history ------------------------------------------------------------------------------------------------------

    @expose("/<int:pk>/history", methods=["GET"])
    @needs(READ)
    def history(self, pk: int) -> Response:
        """What happened to a row and its children, newest first: `kind`, `before` (a line) and `page_size` narrow it."""
        own, row = database(), self._row(pk)
        before = _page("before", 0, _KEY) or None
        lines, more = history.lines(own, row, request.args.get("kind", ""), before, _page("page_size", 20, MOST) or 1)
        names = Names(own)
        for line in lines:
            want_refs(names, table_of(line.table), line.changes)
        found = []
        for line in lines:
            cls = table_of(line.table)
            changes = [
                {"label": say(one["label"]), "before": one["before"], "after": one["after"]}
                for one in notes(names, cls, line.changes)
            ]
            found.append(
                {
                    "line": line.id,
                    "at": line.at.isoformat(),
                    "by": line.who,
                    "by_id": line.user_id,
                    "table": line.table,
                    "row_id": line.row_id,
                    "action": line.action,
                    "fields": fields_of(cls, line.changes),
                    "changes": [] if line.action in ("add", "reveal") else changes,
                    "comment_id": (line.changes.get("comment_id") or [None, None])[1],
                    "file": next((name for name in line.changes.get("file", ()) if name), None),
                }
            )
        return jsonify({"result": found, "before": lines[-1].id if lines and more else None})

    @expose("/<int:pk>/versions/<int:line>", methods=["GET"])
    @needs(WRITE)
    def earlier(self, pk: int, line: int) -> Response:
        """What of the row was different after a line of its history, in the fields the actor may write."""
        if line >= _KEY:
            raise Missing()
        own, row = database(), self._row(pk, WRITE)
        answer = jsonify(as_answer(own, row, history.version(own, row, line)))
        answer.headers["ETag"] = f'"{row.version}"'
        return answer

    @expose("/<int:pk>/versions/<int:line>", methods=["POST"])
    @needs(WRITE)
    def bring_back(self, pk: int, line: int) -> Response:
        """Brings fields of an earlier version back: `fields` names them, all that differ where it is left out. Needs `If-Match`."""
        if line >= _KEY:
            raise Missing()
        own, row = database(), self._row(pk, WRITE)
        expected = self.read_version()
        body = request.get_json(silent=True) if request.get_data() else {}
        chosen = body.get("fields") if isinstance(body, dict) else 0
        if chosen is not None and not (isinstance(chosen, list) and all(isinstance(one, str) for one in chosen)):
            sentence = _("“fields” must be a list of column names.", "“fields”应为列名数组。")
            raise Refusal(sentence, "fields", code="bad_request", status=400)
        try:
            back = history.bring_back(own, row, line, chosen, expected)
            own.commit()
        except Stale as stale:
            own.rollback()
            return problem_of(stale)
        except Refusal as refusal:
            own.rollback()
            return problem_of(refusal)
        answer = jsonify({"id": pk, "fields": back, "result": self.whole(pk)})
        answer.headers["ETag"] = f'"{row.version}"'
        return answer

    # -- files --------------------------------------------------------------------------------------------------------

    @expose("/<int:pk>/files", methods=["GET"])
    @needs(READ)
    def files(self, pk: int) -> Response:
        """The files of a row."""
        found = files.block(database(), self._row(pk))["items"]
        return jsonify({"count": len(found), "result": [self._file(pk, one) for one in found]})

    def _file(self, pk: int, one: dict[str, Any]) -> dict[str, Any]:
        kept = ("id", "kind", "name", "size", "mime", "width", "height", "sha256", "at", "by")
        content = f"{self.route_base}/{pk}/files/{one['id']}"
        return {**{name: one[name] for name in kept}, "content": content}

    @expose("/<int:pk>/files", methods=["POST"])
    @needs(WRITE)
    def add_files(self, pk: int) -> Response:
        """Adds files (multipart, fields `file`), all or none."""
        own = database()
        try:
            self._row(pk, WRITE)
            own.rollback()  # no lock is held while photos are drawn anew
            contents = [taken(files.store(), name, content) for name, content in files.sent()]
            row = self._row(pk, WRITE)
            keys = [attachment.attach(own, row, content) for content in contents]
            own.commit()
        except Refusal as refusal:
            own.rollback()
            return problem_of(refusal)
        found = [self._file(pk, one) for one in files.block(own, self._row(pk))["items"] if one["id"] in keys]
        return make_response(jsonify({"ids": keys, "result": found}), 201)

    def _held(self, pk: int, key: int) -> Any:
        """Returns a file of this row."""
        if max(pk, key) >= _KEY:
            raise Missing()
        found, row = attachment.one(database(), key)
        if row.__tablename__ != self.table.__tablename__ or row.id != pk:
            raise Missing()
        return found

    @expose("/<int:pk>/files/<int:key>", methods=["GET"])
    @needs(READ)
    def file(self, pk: int, key: int) -> Response:
        """The content of a file."""
        return files.content_of(self._held(pk, key), inline=False)

    @expose("/<int:pk>/files/<int:key>", methods=["DELETE"])
    @needs(WRITE)
    def delete_file(self, pk: int, key: int) -> Response:
        """Takes a file off the row."""
        own = database()
        found = self._held(pk, key)
        try:
            attachment.detach(own, key)
            own.commit()
        except Refusal as refusal:
            own.rollback()
            return problem_of(refusal)
        return jsonify({"message": say(_("“{name}” was removed.", "已删除“{name}”。").fill(name=found.name))})

    # -- recycle bin --------------------------------------------------------------------------------------------------

    @expose("/bin/", methods=["GET"])
    @needs(DELETE)
    def bin(self) -> Response:
        """The deleted rows the actor may bring back, the last ones first: `search`, `page`, `page_size`."""
        size = max(1, _page("page_size", 20, MOST))
        asked = Asked(
            search=request.args.get("search", "")[:100],
            page=_page("page", 0, 1_000_000),
            size=size,
            deleted="only",
            right=DELETE,
        )
        listing = Deleted(database(), self.table, asked)
        page, count = listing.page(), listing.count(cap=None)
        rows = [self.line_json(line, listing.columns) for line in page.lines]
        return jsonify({"count": count, "ids": [line.pk for line in page.lines], "result": rows})

    line_json: Any

    @expose("/bin/<int:pk>/restore", methods=["POST"])
    @needs(DELETE)
    def restore(self, pk: int) -> Response:
        """Brings a deleted row back; with `below=1` also what was cleared away for it."""
        own = database()
        try:
            row = in_bin(own, self.table, pk if pk < _KEY else 0)
            done = restore(own, row, below=request.args.get("below") == "1")
            own.commit()
        except Refusal as refusal:
            own.rollback()
            return problem_of(refusal)
        left = [say(refusal.sentence) for refusal in done.left]
        back = [{"table": one.__tablename__, "id": one.id} for one in done.rows]
        answer = jsonify({"id": pk, "restored": back, "left": left, "result": self.whole(pk)})
        answer.headers["ETag"] = f'"{row.version}"'
        return answer

    @expose("/bin/<int:pk>", methods=["DELETE"])
    @needs(PURGE)
    def purge(self, pk: int) -> Response:
        """Takes a deleted row out of the database for good."""
        own = database()
        try:
            row = in_bin(own, self.table, pk if pk < _KEY else 0, PURGE)
            name = name_of(row)
            purge(own, row)
            own.commit()
        except Refusal as refusal:
            own.rollback()
            return problem_of(refusal)
        return jsonify({"message": say(_("“{name}” was deleted for good.", "已彻底删除“{name}”。").fill(name=name))})
