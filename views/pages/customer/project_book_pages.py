"""The pages of a project's workbook: one file fills buildings, units, homes, customers and ownerships."""

from __future__ import annotations

from typing import Any

from flask_appbuilder import BaseView, expose
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.kernel.refusal import Missing
from models.kernel.registry import table
from models.kernel.roles import IMPORT
from models.kernel.words import _
from models.property.project import Project
from views.kernel.access import needs
from views.kernel.exchange.bundle_pages import BundleFlow
from views.kernel.pages import RECORD_ACTIONS
from views.kernel.shell import crumbs
from views.pages.customer.project_book import ProjectBook, owner_columns

RECORD_ACTIONS.setdefault("project", []).append(
    {
        "label": _("Import workbook", "导入项目数据"),
        "icon": "file-upload",
        "right": IMPORT,
        "of": "room",
        "url": "/project_book/{pk}",
    }
)


class ProjectBookView(BaseView):  # type: ignore[misc]
    """The pages below `/project_book/<project>`."""

    route_base = "/project_book"
    default_view = "upload"
    class_permission_name = "room"
    table = table("room")

    def _flow(self, pk: int) -> BundleFlow:
        """Returns the pages for one project; refuses whoever may not fill its tables."""

        def make(session: Session) -> ProjectBook:
            project = session.execute(select(Project).where(Project.id == pk)).scalar_one_or_none()
            if project is None:
                raise Missing()
            return ProjectBook(session, project)

        base = f"/project_book/{pk}"
        trail = [*crumbs("project", pk), {"label": _("Workbook", "项目数据"), "url": base}]
        return BundleFlow(make, base, f"/project/show/{pk}", trail)

    @expose("/<int:pk>", methods=["GET", "POST"])
    @needs(IMPORT)
    def upload(self, pk: int) -> Any:
        """Handing the workbook over."""
        return self._flow(pk).upload()

    @expose("/<int:pk>/template.xlsx", methods=["GET"])
    @needs(IMPORT)
    def template(self, pk: int) -> Any:
        """An empty workbook with all sheets, drop-downs and explanations; owners may stand beside their home."""
        return self._flow(pk).template({"room": list(owner_columns().values())})

    @expose("/<int:pk>/<token>", methods=["GET", "POST"])
    @needs(IMPORT)
    def mapping(self, pk: int, token: str) -> Any:
        """Which sheet is what, and which column is which."""
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
        """The workbook with remarks at the wrong cells."""
        return self._flow(pk).remarks(token)
