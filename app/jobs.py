"""What the console works in the background: the modules whose import registers kinds of job, and the schedule."""

from __future__ import annotations

import importlib

KINDS = ("app.upkeep", "models.kernel.bulk_job")
"""Modules that call `models.kernel.job.work`, and perhaps `models.kernel.job_schedule.every`. A new one is named here."""


def load() -> None:
    """Registers all kinds of job."""
    for module in KINDS:
        importlib.import_module(module)
