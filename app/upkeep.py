"""The house's own upkeep, by the clock: sealing the audit."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from models.kernel.job import work
from models.kernel.job_running import Run
from models.kernel.job_schedule import every
from models.kernel.seal import seal
from models.kernel.words import _


@work("seal", _("Seal the audit", "审计日志封存"), quiet=True)
def seal_audit(run: Run) -> dict[str, Any]:
    """Chains audit rows that are ripe. Sealing commits by itself, batch by batch, and seals nothing twice."""
    return {"rows": seal(run.session)}


every("seal", timedelta(minutes=1))
