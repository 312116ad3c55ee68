"""Inspections, issues and their repair, counted by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from tests.reports.said import Row, Rows, Said, local, moment, months, own, plain_day, when
from tests.world import NOW

ISSUE_AXES = own("source", "level", category="category_id", part="part_id", contractor="contractor_id")


def _is(column: str, *values: str) -> Callable[[Rows, Row], Any]:
    return when(lambda rows, row: row[column] in values)


def _all(rows: Rows, row: Row) -> Any:
    return True


def _past(value: Any) -> bool:
    found = moment(value)
    return found is not None and found < NOW


def _not_after(one: Any, other: Any) -> bool:
    first, second = moment(one), moment(other)
    return first is not None and second is not None and first <= second


def _after(one: Any, other: Any) -> bool:
    first, second = moment(one), moment(other)
    return first is not None and second is not None and first > second


def _building(rows: Rows, row: Row) -> Any:
    return row["building_id"]


def _aged(least: int, most: int) -> Callable[[Rows, Row], Any]:
    def measure(rows: Rows, row: Row) -> Any:
        created = moment(row["created_at"])
        assert created is not None
        return True if timedelta(days=least) <= NOW - created < timedelta(days=most) else None

    return measure


# -- rounds of repair ------------------------------------------------------------------------------------------------


def _issue(rows: Rows, row: Row) -> Row:
    return rows["issue"][row["issue_id"]]


def _of_issue(column: str) -> Callable[[Rows, Row], Any]:
    return lambda rows, row: _issue(rows, row)[column]


def _at_work(rows: Rows, row: Row) -> bool:
    acting = _issue(rows, row)["status"] in ("dispatched", "repairing", "reworking")
    return acting and row["done_at"] is None and row["result"] == "open"


def _round_overdue(rows: Rows, row: Row) -> bool:
    return _at_work(rows, row) and _past(row["due_at"])


# -- inspected homes -------------------------------------------------------------------------------------------------


def _room_of(*results: str) -> Callable[[Rows, Row], Any]:
    return lambda rows, row: ("room", row["id"]) if not results or row["result"] in results else None


def _begins(rows: Rows, row: Row) -> str | None:
    found = plain_day(rows["inspection_plan"][row["plan_id"]]["from_on"])
    return found.isoformat() if found else None


# A home of an inspection stands for several issues: the measure yields them all, and each counts once.
def _issues_found(rows: Rows, row: Row) -> Any:
    if row["result"] not in ("issues", "clean"):
        return None
    return [
        ("issue", one["id"])
        for one in rows["issue"].values()
        if one["inspection_room_id"] == row["id"] and one["status"] != "void" and one["deleted_at"] is None
    ]


# -- issues ----------------------------------------------------------------------------------------------------------


def _valid(rows: Rows, row: Row) -> bool:
    return bool(row["status"] != "void")


def _closed(row: Row) -> bool:
    return bool(row["status"] == "closed")


def _closed_late(row: Row) -> bool:
    return _closed(row) and _after(row["closed_at"], row["due_at"])


def _still_open(row: Row) -> bool:
    return not _closed(row) and _past(row["due_at"])


ISSUES: dict[str, Said] = {
    "defect_structure": Said(
        "issue",
        {
            "issues": _all,
            "homes": lambda rows, row: ("room", row["room_id"]) if row["room_id"] is not None else None,
            "grave": _is("level", "serious", "urgent"),
            "closed": _is("status", "closed"),
        },
        base=_valid,
        axes={
            **ISSUE_AXES,
            "category_part": lambda rows, row: f"{row['category_id']}-{row['part_id'] or ''}",
            **months(lambda rows, row: local(row["created_at"])),
        },
        building=_building,
    ),
    "defects_per_home": Said(
        "inspection_room",
        {
            "planned": _room_of(),
            "inspected": _room_of("issues", "clean"),
            "waiting": _room_of("pending"),
            "no_entry": _room_of("no_entry"),
            "issues": _issues_found,
            "clean": _room_of("clean"),
        },
        base=lambda rows, row: rows["inspection_plan"][row["plan_id"]]["state"] in ("running", "done"),
        axes={
            "kind": lambda rows, row: rows["inspection_plan"][row["plan_id"]]["kind"],
            **own(plan="plan_id", inspector="inspector_id"),
            **months(_begins),
        },
    ),
    "contractors": Said(
        "issue_fix",
        {
            "issues": lambda rows, row: ("issue", row["issue_id"]),
            "rounds": _all,
            "done": when(lambda rows, row: row["done_at"] is not None),
            "in_time": when(lambda rows, row: _not_after(row["done_at"], row["due_at"])),
            "at_work": when(_at_work),
            "overdue": when(_round_overdue),
            "due": when(
                lambda rows, row: (
                    _round_overdue(rows, row) or (row["done_at"] is not None and row["due_at"] is not None)
                )
            ),
            "checked": _is("result", "passed", "failed"),
            "failed": _is("result", "failed"),
        },
        base=lambda rows, row: _issue(rows, row)["status"] != "void" and row["result"] != "returned",
        axes={
            **own(contractor="contractor_id"),
            **{
                axis: _of_issue(column)
                for axis, column in (("category", "category_id"), ("source", "source"), ("level", "level"))
            },
            **months(lambda rows, row: local(row["sent_at"])),
        },
        building=_of_issue("building_id"),
    ),
    "entry_work": Said(
        "issue",
        {
            "entered": _all,
            "homes": lambda rows, row: ("room", row["room_id"]) if row["room_id"] is not None else None,
            "corrected": when(lambda rows, row: row["corrected_at"] is not None),
            "void": _is("status", "void"),
            "wrong": when(lambda rows, row: row["corrected_at"] is not None or row["status"] == "void"),
        },
        axes={
            **own("source", person="created_by_id", category="category_id"),
            **months(lambda rows, row: local(row["created_at"])),
        },
        building=_building,
    ),
    "repair_backlog": Said(
        "issue",
        {
            "open": _all,
            "week": _aged(0, 7),
            "month": _aged(7, 30),
            "quarter": _aged(30, 90),
            "older": _aged(90, 99_999),
            "overdue": when(
                lambda rows, row: (
                    row["status"] in ("registered", "dispatched", "repairing", "reworking") and _past(row["due_at"])
                )
            ),
            "to_send": _is("status", "registered"),
            "to_check": _is("status", "repaired"),
        },
        base=lambda rows, row: row["status"] not in ("closed", "void"),
        axes={**ISSUE_AXES, **own("status")},
        building=_building,
    ),
    "repair_time": Said(
        "issue",
        {
            "issues": _all,
            "closed": _is("status", "closed"),
            "in_time": when(lambda rows, row: _closed(row) and _not_after(row["closed_at"], row["due_at"])),
            "closed_late": when(lambda rows, row: _closed_late(row)),
            "overdue": when(lambda rows, row: _still_open(row)),
            "due": when(lambda rows, row: _closed(row) or _still_open(row)),
            "late": when(lambda rows, row: _closed_late(row) or _still_open(row)),
            "again": when(lambda rows, row: _closed(row) and row["rework_count"] > 0),
            "at_once": when(lambda rows, row: _closed(row) and row["rework_count"] == 0),
        },
        base=_valid,
        axes={**ISSUE_AXES, **own("close_type"), **months(lambda rows, row: local(row["due_at"]))},
        building=_building,
    ),
}
