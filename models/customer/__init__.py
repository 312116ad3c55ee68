"""Customers: who they are, whom to call, what they own and owned, what is kept on them, and who visited them."""

from models.kernel.roles import ADMINS, CLERKS, INSIDE, Rights
from models.kernel.screen import Area
from models.kernel.words import _

area = Area(
    "customer",
    _("Customers", "客户"),
    order=30,
    rights=Rights(
        read=INSIDE,
        write=(*ADMINS, *CLERKS),
        delete=(*ADMINS, "project_clerk", "service_manager"),
        export=INSIDE,
        import_=(*ADMINS, "project_clerk", "service_manager"),
        reveal=(*ADMINS, *CLERKS),
        match=(*ADMINS, *CLERKS),
        purge=("group_admin",),
    ),
)
