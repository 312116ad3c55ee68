"""Handovers, their risks and key nodes, counted by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from tests.reports.said import Row, Rows, Said, local, months, own, plain_day, when
from tests.world import NOW

TODAY = (NOW + timedelta(hours=8)).date()
TAKEN = ("accepted", "accepted_with_defects")


def _plan(rows: Rows, row: Row) -> Row:
    return rows["handover_plan"][row["plan_id"]]


def _planned(rows: Rows, row: Row) -> bool:
    return row["state"] != "dropped" and _plan(rows, row)["state"] in ("released", "closed")


def _is(column: str, *values: str) -> Callable[[Rows, Row], Any]:
    return when(lambda rows, row: row[column] in values)


def _told(row: Row) -> bool:
    return row["notice_state"] in ("notified", "delivered")


def _begins(rows: Rows, row: Row) -> str | None:
    found = plain_day(_plan(rows, row)["planned_from"])
    return found.isoformat() if found else None


def _late(day: Any, today: Any) -> bool:
    found = plain_day(day)
    return found is not None and found < today


def _node_late(row: Row) -> bool:
    done, planned = plain_day(row["done_on"]), plain_day(row["planned_on"])
    return done is not None and planned is not None and done > planned


def _due(row: Row) -> bool:
    planned = plain_day(row["planned_on"])
    return planned is not None and planned <= TODAY


OUTCOMES = {
    "accepted": _is("outcome", "accepted"),
    "with_defects": _is("outcome", "accepted_with_defects"),
    "refused": _is("outcome", "refused"),
    "pending": _is("outcome", "pending"),
    "taken": _is("outcome", *TAKEN),
    "decided": when(lambda rows, row: row["outcome"] is not None),
}

HANDOVERS: dict[str, Said] = {
    "handover_overview": Said(
        "handover_room",
        {
            **OUTCOMES,
            "planned": when(lambda rows, row: True),
            "told": when(lambda rows, row: _told(row)),
            "arrived": when(lambda rows, row: row["arrived_at"] is not None),
            "told_arrived": when(lambda rows, row: _told(row) and row["arrived_at"] is not None),
            "first": when(lambda rows, row: row["arrived_at"] is not None and row["first_outcome"] in TAKEN),
            "completed": _is("state", "completed"),
        },
        base=_planned,
        axes={**own("state", notice="notice_state", plan="plan_id"), **months(_begins)},
    ),
    "handover_progress": Said(
        "handover_room",
        {**OUTCOMES, "planned": when(lambda rows, row: True)},
        base=_planned,
        axes={**own("outcome", plan="plan_id"), **months(lambda rows, row: local(row["outcome_at"]))},
        always=("planned",),
        running={"so_far": "taken"},
    ),
    "handover_risks": Said(
        "handover_risk",
        {
            "risks": when(lambda rows, row: True),
            **{name: _is("state", name) for name in ("survey", "planning", "acting", "closed")},
            "open": when(lambda rows, row: row["state"] != "closed"),
            "overdue": when(lambda rows, row: row["state"] != "closed" and _late(row["due_on"], TODAY)),
        },
        axes=own("kind", "phase", "state", plan="plan_id", responsible="responsible_id"),
    ),
    "key_nodes": Said(
        "project_key_node",
        {
            "nodes": when(lambda rows, row: True),
            "done": _is("state", "done"),
            "due": when(lambda rows, row: _due(row)),
            "in_time": when(lambda rows, row: row["state"] == "done" and _due(row) and not _node_late(row)),
            "done_late": when(lambda rows, row: row["state"] == "done" and _due(row) and _node_late(row)),
            "overdue": when(lambda rows, row: row["state"] == "open" and _late(row["planned_on"], TODAY)),
        },
        axes={
            **own("state", node="definition_id", responsible="responsible_id"),
            **months(lambda rows, row: str(row["planned_on"]) if row["planned_on"] else None),
        },
    ),
}
