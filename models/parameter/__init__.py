"""Parameters: what administrators set up for a part of the tree, and what lower levels inherit, change or switch off."""

from models.kernel.roles import ADMINS, ALL, CLERKS, INSIDE, Rights
from models.kernel.screen import Area, MenuPart
from models.kernel.words import _

area = Area(
    "parameter",
    _("Parameters", "参数设置"),
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
    parts=(
        MenuPart(
            "issue_rules",
            _("Issues and warranty", "问题与保修"),
            "category",
            ("issue_category", "issue_standard", "part", "trade", "warranty_item"),
        ),
        MenuPart(
            "builders",
            _("Contractors and advisers", "承建商与顾问"),
            "crane",
            ("contractor", "contractor_scope", "adviser"),
        ),
        MenuPart(
            "time_limits",
            _("Time limits and calendars", "时限与日历"),
            "clock-exclamation",
            ("sla_rule", "work_calendar"),
        ),
        MenuPart(
            "process_options",
            _("Handover, title, visits", "入伙、产权与回访"),
            "list-check",
            ("handover_step_def", "handover_doc_def", "title_step_def", "questionnaire"),
        ),
        MenuPart(
            "registers",
            _("Notices and registers", "公告与名录"),
            "file-certificate",
            ("announcement", "policy_document", "bank", "city"),
        ),
    ),
)
