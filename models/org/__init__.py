"""Organisation: the levels above a project. Group › region › company, and departments under any of them."""

from models.kernel.roles import ADMINS, ALL, INSIDE, Rights
from models.kernel.screen import Area
from models.kernel.words import _

area = Area(
    "org",
    _("Organisation", "组织架构"),
    order=10,
    rights=Rights(read=ALL, write=ADMINS, delete=ADMINS, export=INSIDE, import_=ADMINS, purge=("group_admin",)),
)
