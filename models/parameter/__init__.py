"""Parameters: what administrators set up for a part of the tree, and what lower levels inherit, change or switch off."""

from models.kernel.roles import ADMINS, ALL, CLERKS, INSIDE, Rights
from models.kernel.screen import Area
from models.kernel.words import _

area = Area(
    "parameter",
    _("Parameters", "业务参数"),
    order=40,
    rights=Rights(
        read=ALL,
        write=ADMINS,
        delete=ADMINS,
        export=INSIDE,
        import_=ADMINS,
        reveal=(*ADMINS, *CLERKS),
        match=(*ADMINS, *CLERKS),
        purge=("group_admin",),
    ),
)
