"""The routes of files: list and upload at a record, download and thumbnail by key. Each asks for the record again."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

from flask import Response, current_app, flash, jsonify, make_response, redirect, request
from flask_appbuilder import BaseView, expose
from sqlalchemy.orm import Session

from models.kernel import attachment
from models.kernel.refusal import Missing, Refusal
from models.kernel.roles import WRITE
from models.kernel.store import FolderStore, Store
from models.kernel.table import Table
from models.kernel.words import _
from views.kernel.access import signed_in
from views.kernel.files.content import ACCEPT, INLINE, LIMIT, MIMES, taken, too_large
from views.kernel.formats import moment
from views.kernel.problems import problem_of
from views.kernel.request import say
from views.kernel.request import session as database

_KEY = 10**18


def store() -> Store:
    """Returns the store of this installation."""
    return FolderStore(Path(current_app.config["DOORBOOK_HOME"]) / "files")


def block(own: Session, row: Table) -> dict[str, Any]:
    """Returns the files of a record as its page shows them: `items`, and where and what to upload, where one may."""
    return {
        "items": [described(each) for each in attachment.files_of(own, row)],
        "url": f"/{row.__tablename__}/{row.id}/files",
        "may": attachment.may_attach(own, row),
        "accept": ACCEPT,
        "limit": LIMIT,
    }


def described(found: Any) -> dict[str, Any]:
    """Returns one file as JSON and the page show it."""
    address = f"/file/{found.id}"
    return {
        "id": found.id,
        "kind": found.kind,
        "name": found.name,
        "size": found.size,
        "size_text": size_text(found.size),
        "mime": found.mime,
        "width": found.width,
        "height": found.height,
        "sha256": found.sha256,
        "at": found.created_at.isoformat(),
        "when": moment(found.created_at),
        "by": found.added_by or say(_("System", "系统")),
        "url": f"{address}/{quote(found.name)}",
        "thumb": f"{address}/thumb" if found.thumb_sha256 else None,
        "delete_url": f"{address}/delete",
    }


def size_text(size: int) -> str:
    """Returns a size as people read it: 812 kB, 3.4 MB."""
    return f"{size / 1024 / 1024:.1f} MB" if size >= 1024 * 1024 else f"{max(1, round(size / 1024))} kB"


class FilesView(BaseView):
    """Files of the records of every table."""

    route_base = ""
    default_view = "listed"

    @expose("/<string:table>/<int:pk>/files", methods=["GET"])
    @signed_in
    def listed(self, table: str, pk: int) -> Any:
        """The files of a record."""
        own = database()
        return jsonify(files=block(own, _holder(own, table, pk))["items"])

    @expose("/<string:table>/<int:pk>/files", methods=["POST"])
    @signed_in
    def upload(self, table: str, pk: int) -> Any:
        """Takes files, all or none. Looks at them while no lock is held: drawing a photo anew takes its time."""
        own = database()
        try:
            _holder(own, table, pk, WRITE)
            own.rollback()
            contents = [taken(store(), name, content) for name, content in sent()]
            row = _holder(own, table, pk, WRITE)
            keys = [attachment.attach(own, row, content) for content in contents]
            own.commit()
        except Refusal as refusal:
            own.rollback()
            if _machine() or refusal.status in (403, 404):
                return _answer(refusal)
            flash(say(refusal.sentence), "error")
            return redirect(f"/{table}/show/{pk}", 303)
        if not _machine():
            return redirect(f"/{table}/show/{pk}", 303)
        files = [each for each in block(own, _holder(own, table, pk))["items"] if each["id"] in keys]
        return jsonify(files=files), 201

    @expose("/file/<int:key>/delete", methods=["POST"])
    @signed_in
    def delete(self, key: int) -> Any:
        """Takes a file off its record."""
        own = database()
        try:
            found, _row = attachment.one(own, _sound(key))
            attachment.detach(own, key)
            own.commit()
        except Refusal as refusal:
            own.rollback()
            return _answer(refusal)
        if _machine():
            return jsonify(deleted=key)
        return redirect(f"/{found.table_name}/show/{found.row_id}", 303)

    @expose("/file/<int:key>/thumb", methods=["GET"])
    @signed_in
    def thumb(self, key: int) -> Any:
        """The small picture of a file."""
        found, _row = attachment.one(database(), _sound(key))
        if found.thumb_sha256 is None:
            raise Missing()
        return _sent_out(found.thumb_sha256, MIMES["webp"], "thumb.webp", inline=True)

    @expose("/file/<int:key>/<string:name>", methods=["GET"])
    @signed_in
    def download(self, key: int, name: str) -> Any:
        """A file. `name` is for the browser; the key says which."""
        found, _row = attachment.one(database(), _sound(key))
        return content_of(found, inline="save" not in request.args)


def _sound(key: int) -> int:
    """Refuses keys that no database takes. Raises: Missing."""
    if key >= _KEY:
        raise Missing()
    return key


def _holder(own: Session, table: str, pk: int, *right: str) -> Table:
    return attachment.holder(own, table, _sound(pk), *right)


def _machine() -> bool:
    return request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json"


def _answer(refusal: Refusal) -> Any:
    if _machine():
        return problem_of(refusal)
    raise refusal


def sent() -> list[tuple[str, bytes]]:
    """Reads the files of the request.

    Raises:
        Refusal: there is none, or one is too large.
    """
    found = []
    for each in request.files.getlist("file"):
        if not each.filename:
            continue
        content = each.stream.read(LIMIT + 1)
        if len(content) > LIMIT:
            raise too_large(each.filename)
        found.append((each.filename, content))
    if not found:
        raise Refusal(_("Choose a file first.", "请先选择文件。"), "file", code="required")
    return found


def content_of(found: Any, *, inline: bool) -> Response:
    """Returns the content of a file the actor may read; in place only where its kind is harmless there."""
    return _sent_out(found.sha256, found.mime, found.name, inline=inline and found.mime in INLINE)


def _sent_out(digest: str, mime: str, name: str, *, inline: bool) -> Response:
    """Sends a content that never changes; nobody but this browser keeps it, and it asks again each time."""
    if request.if_none_match.contains(digest):
        response = make_response("", 304)
    else:
        try:
            response = make_response(store().get(digest))
        except FileNotFoundError:
            raise Missing(
                _(
                    "The content of this file is not in the store: restore files/ from a backup.",
                    "附件内容缺失，请从备份恢复 files 目录。",
                )
            ) from None
        response.headers["Content-Type"] = mime if not mime.startswith("text/") else "text/plain; charset=utf-8"
        plain = name.encode("ascii", "replace").decode().replace("?", "_")
        way = "inline" if inline else "attachment"
        response.headers["Content-Disposition"] = (
            f"{way}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
        )
    response.set_etag(digest)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    if mime == MIMES["pdf"]:  # the browser's own viewer does not run in a sandbox
        response.headers["Content-Security-Policy"] = "default-src 'self'; object-src 'self'; script-src 'none'"
    return response
