"""A change of very many rows as a job: batch by batch, each its own transaction; killed anywhere, it goes on where it was."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from models.kernel.bulk_change import Asked, Outcome, asked_for, claim, go_on
from models.kernel.job import ask, work
from models.kernel.job_running import Run
from models.kernel.refusal import Refusal
from models.kernel.registry import table
from models.kernel.session import actor_of
from models.kernel.table import Table
from models.kernel.words import _


@work("bulk_change", _("Change of many rows", "批量操作"))
def change_many(run: Run) -> dict[str, Any]:
    """Makes a change that was asked for, with the rights its owner holds now. Returns how many rows changed and did not."""
    cls = table(run.arguments["table"])
    asked = asked_for(run.session, cls, run.arguments["token"])
    outcome = Outcome()
    before = run.cursor or {"done": 0, "same": 0, "refused": 0}

    def sums() -> dict[str, int]:
        return {name: before[name] + getattr(outcome, name) for name in ("done", "same", "refused")}

    go_on(run.session, cls, asked, outcome, lambda done, total: run.advance(done, total, sums()))
    for _key, name, sentence in outcome.reasons:
        run.log(_("{name}: {why}", "{name}：{why}").fill(name=name, why=sentence), "amber")
    return sums()


def begin(session: Session, cls: type[Table], asked: Asked) -> int:
    """Asks for the job of a change. Commits. Returns the job's key.

    Raises:
        Refusal: it was done already.
    """
    if not claim(session, asked):
        raise Refusal(_("This was done already.", "该批量操作已执行。"), code="done", status=409)
    title = _("Change of many rows: {table}", "批量操作：{table}").fill(table=cls.screen.name)
    key = ask(
        session, actor_of(session), "bulk_change", {"table": cls.__tablename__, "token": asked.token}, title=title
    )
    session.commit()
    return key
