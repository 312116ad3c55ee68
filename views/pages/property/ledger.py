"""The ledger of a project (房源业主台账): one sheet of homes and owners in, and the same sheet out."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect
from flask_appbuilder import BaseView, expose
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.customer.customer import Customer
from models.customer.ledger import WRITTEN
from models.customer.ledger_people import customers_node
from models.customer.ownership import Ownership
from models.kernel.audit import AuditLog, entry
from models.kernel.refusal import Denied, Missing
from models.kernel.registry import table
from models.kernel.roles import EXPORT, IMPORT
from models.kernel.scope import may, reach
from models.kernel.session import actor_of, clock_of, reading
from models.kernel.words import _
from models.property.project import Project
from models.property.room import Room
from views.kernel.access import needs
from views.kernel.exchange.import_pages import Flow, sent
from views.kernel.pages import LIST_ACTIONS, RECORD_ACTIONS
from views.kernel.request import actor, language, say
from views.kernel.request import session as database
from views.kernel.shell import crumbs
from views.pages.property.ledger_sheet import LedgerTarget, titled, write_ledger

_IN = {"label": _("Import ledger", "导入台账"), "icon": "file-upload", "right": IMPORT, "of": "room"}
_OUT = {"label": _("Export ledger", "导出台账"), "icon": "file-spreadsheet", "right": EXPORT, "of": "room"}
LIST_ACTIONS.setdefault("room", []).append({**_IN, "url": "/ledger/"})
RECORD_ACTIONS.setdefault("project", []).extend(
    [{**_IN, "url": "/ledger/{pk}"}, {**_OUT, "url": "/ledger/{pk}/export.xlsx"}]
)


class LedgerView(BaseView):  # type: ignore[misc]
    """The pages of the ledger; each lies below its project."""

    route_base = "/ledger"
    default_view = "choose"
    class_permission_name = "room"
    table = table("room")

    def _project(self, pk: int) -> Project:
        found = database().execute(select(Project).where(Project.id == pk)).scalar_one_or_none()
        if found is None:
            raise Missing()
        return found

    def _flow(self, pk: int) -> Flow:
        """Returns the pages for one project; refuses whoever may not hand a ledger over there."""
        own = database()
        project = self._project(pk)
        customers_node(own, project, WRITTEN)
        base = f"/ledger/{pk}"
        trail = [*crumbs("project", pk), {"label": _("Ledger", "台账"), "url": base}]
        target = LedgerTarget(pk, titled(project))
        return Flow(target, base, target.link, f"{base}/export.xlsx", trail)

    @expose("/", methods=["GET"])
    @needs(IMPORT)
    def choose(self) -> Any:
        """Goes to the only project of whoever has one; the others choose theirs in the list."""
        where = reach(database(), actor(), Room, IMPORT).tree.get("project", frozenset())
        if len(where) == 1:
            return redirect(f"/ledger/{next(iter(where))}")
        flash(say(_("Open the project the ledger is for.", "请先打开台账所属的项目，再点击“导入台账”。")), "info")
        return redirect("/project/list/")

    @expose("/<int:pk>", methods=["GET", "POST"])
    @needs(IMPORT)
    def upload(self, pk: int) -> Any:
        """Handing the ledger over."""
        return self._flow(pk).upload()

    @expose("/<int:pk>/export.xlsx", methods=["GET"])
    @needs(EXPORT)
    def export(self, pk: int) -> Any:
        """The ledger as the database has it; it can be handed over again and then changes nothing."""
        own, project = database(), self._project(pk)
        for cls in (Room, Ownership):
            if not reach(own, actor(), cls, EXPORT).holds("project", pk):
                raise Denied()
        if not may(actor(), Customer, EXPORT):
            raise Denied()
        name = f"{project.name}-{say(_('ledger', '房源业主台账'))}.xlsx"
        self._log(pk)
        return sent(lambda file: write_ledger(own, pk, file, language()), name)

    def _log(self, pk: int) -> None:
        """Writes the audit line before the first row leaves; in a session of its own, since this request only reads."""
        own = database()
        line = entry(actor_of(own), clock_of(own)(), "project", pk, "export", {"format": (None, "ledger")})
        token = reading.set(False)
        try:
            with Session(own.get_bind()) as session:
                session.connection().execute(AuditLog.metadata.tables["audit_log"].insert(), [line])
                session.commit()
        finally:
            reading.reset(token)

    @expose("/<int:pk>/<token>", methods=["GET", "POST"])
    @needs(IMPORT)
    def mapping(self, pk: int, token: str) -> Any:
        """Which column is which."""
        return self._flow(pk).mapping(token)

    @expose("/<int:pk>/<token>/preview", methods=["GET"])
    @needs(IMPORT)
    def preview(self, pk: int, token: str) -> Any:
        """What would happen."""
        return self._flow(pk).preview(token)

    @expose("/<int:pk>/<token>/apply", methods=["POST"])
    @needs(IMPORT)
    def apply(self, pk: int, token: str) -> Any:
        """Doing it."""
        return self._flow(pk).apply(token)

    @expose("/<int:pk>/<token>/remarks.xlsx", methods=["GET"])
    @needs(IMPORT)
    def remarks(self, pk: int, token: str) -> Any:
        """The ledger with remarks at the wrong cells."""
        return self._flow(pk).workbook(token, only_wrong=False)

    @expose("/<int:pk>/<token>/wrong.xlsx", methods=["GET"])
    @needs(IMPORT)
    def wrong(self, pk: int, token: str) -> Any:
        """Only the wrong rows, to correct and hand over again."""
        return self._flow(pk).workbook(token, only_wrong=True)
