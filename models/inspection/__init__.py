"""Inspection (验房): plans, rooms, and the issues of homes. One issue engine serves inspection, handover and daily requests (Part C 21)."""

from models.kernel.roles import ADMINS, INSIDE, Rights
from models.kernel.screen import Area
from models.kernel.words import _

area = Area(
    "inspection",
    _("Inspection", "内部验房"),
    order=60,
    rights=Rights(
        read=INSIDE,
        write=(*ADMINS, "project_clerk", "inspection_clerk"),
        delete=(*ADMINS, "project_clerk", "inspection_clerk"),
        export=INSIDE,
        import_=(*ADMINS, "project_clerk", "inspection_clerk"),
        purge=("group_admin",),
    ),
)
