"""Key nodes (关键节点): the reviews a project passes on its way to handover, and how far each project is."""

from models.kernel.roles import ADMINS, INSIDE, Rights
from models.kernel.screen import Area
from models.kernel.words import _

area = Area(
    "keynode",
    _("Key nodes", "关键节点"),
    order=50,
    rights=Rights(
        read=INSIDE,
        write=(*ADMINS, "project_clerk"),
        delete=ADMINS,
        export=INSIDE,
        import_=(*ADMINS, "project_clerk"),
        purge=("group_admin",),
    ),
)
