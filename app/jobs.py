"""What the console works in the background: the modules whose import registers kinds of job, and the schedule."""

from __future__ import annotations

import importlib

from config import Settings
from models.kernel.job_schedule import RULES, daily, every

KINDS = (
    "app.upkeep",
    "app.notices",
    "models.kernel.bulk_job",
    "reports.overview.monthly",
    "views.kernel.exchange.export_job",
    "views.kernel.exchange.import_job",
    "views.kernel.exchange.saved_job",
    "views.pages.property.ledger_sheet",
    "models.inspection.reminders",
    "models.keynode.reminders",
    "models.handover.reminders",
)
"""Modules that call `models.kernel.job.work`, and perhaps `models.kernel.job_schedule.every`, or say what an import fills.

A new one is named here.
"""


def load(settings: Settings) -> None:
    """Registers all kinds of job, and when what the settings name is due."""
    for module in KINDS:
        importlib.import_module(module)
    if settings.backup_at:
        every("backup", daily(settings.backup_at))
    else:
        RULES.pop("backup", None)
