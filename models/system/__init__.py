"""System: people who sign in and what they were granted."""

from models.kernel.roles import ADMINS, Rights
from models.kernel.screen import Area
from models.kernel.words import _

area = Area(
    "system",
    _("System", "系统设置"),
    order=90,
    rights=Rights(
        read=ADMINS,
        write=ADMINS,
        delete=ADMINS,
        export=ADMINS,
        import_=ADMINS,
        reveal=ADMINS,
        match=ADMINS,
        purge=("group_admin",),
    ),
)
