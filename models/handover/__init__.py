"""Handover (入伙/交付): from the plan and its risks to the keys in the owner's hand and the summary (S02 ch. 5, S19)."""

from models.kernel.roles import ADMINS, INSIDE, Rights
from models.kernel.screen import Area, MenuPart
from models.kernel.words import _

PLANNERS = (*ADMINS, "project_clerk")
"""Who plans, assesses risks, sends notices and writes the summary (S02: 项目CRM专员)."""
COUNTER = (*ADMINS, "request_clerk", "service_manager")
"""Who records the day itself: arrival, steps, papers, outcome (S02: 诉求CRM专员; Part C 8)."""

area = Area(
    "handover",
    _("Handover", "入伙管理"),
    order=70,
    rights=Rights(
        read=INSIDE,
        write=(*PLANNERS, "request_clerk", "service_manager"),
        delete=PLANNERS,
        export=INSIDE,
        import_=PLANNERS,
        purge=("group_admin",),
    ),
    parts=(
        MenuPart(
            "handover_papers",
            _("Notices, fees, keys", "通知、费用与钥匙"),
            "mail",
            ("handover_batch", "handover_notice", "handover_slot", "handover_fee", "key_record"),
        ),
    ),
)
