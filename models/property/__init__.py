"""Projects and homes: project, phase, building, unit, house type, room, and the papers of a project (S11)."""

from models.kernel.roles import ADMINS, INSIDE, Rights
from models.kernel.screen import Area
from models.kernel.words import _

area = Area(
    "property",
    _("Projects and homes", "项目与房源"),
    order=20,
    rights=Rights(
        read=(*INSIDE, "contractor"),
        write=(*ADMINS, "project_clerk"),
        delete=(*ADMINS, "project_clerk"),
        export=INSIDE,
        import_=(*ADMINS, "project_clerk"),
        purge=("group_admin",),
    ),
)
