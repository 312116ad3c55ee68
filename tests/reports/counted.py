"""Every report said a second time: what each figure counts, as plain functions over plain rows. No SQL, no gate."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from tests.reports.counted_handovers import HANDOVERS
from tests.reports.counted_issues import ISSUES
from tests.reports.said import Row, Rows, Said, local


def _state(column: str, *values: str) -> Callable[[Rows, Row], Any]:
    return lambda rows, row: True if row[column] in values else None


def _owned(rows: Rows, room: Row) -> bool:
    return any(
        one["room_id"] == room["id"] and one["until_day"] is None and one["deleted_at"] is None
        for one in rows["ownership"].values()
    )


def _faults(rows: Rows, room: Row) -> dict[str, bool]:
    owned = _owned(rows, room)
    return {
        "no_area": not room["presale_area"] or Decimal(str(room["presale_area"])) <= 0,
        "no_type": room["house_type_id"] is None,
        "no_owner": room["sale_state"] == "signed" and not owned,
        "strange_owner": room["sale_state"] in ("for_sale", "held") and owned,
    }


def _fault(name: str) -> Callable[[Rows, Row], Any]:
    return lambda rows, row: True if _faults(rows, row)[name] else None


def _customer(test: Callable[[Row], bool] = lambda customer: True) -> Callable[[Rows, Row], Any]:
    def measure(rows: Rows, row: Row) -> Any:
        return ("key", row["customer_id"]) if test(rows["customer"][row["customer_id"]]) else None

    return measure


def _of_customer(column: str) -> Callable[[Rows, Row], Any]:
    return lambda rows, row: rows["customer"][row["customer_id"]][column]


def _today(rows: Rows, row: Row) -> bool:
    return row["until_day"] is None


def _any() -> Callable[[Rows, Row], Any]:
    return lambda rows, row: True


SAID: dict[str, Said] = {
    "room_inventory": Said(
        "room",
        {
            "homes": _any(),
            **{name: _state("sale_state", name) for name in ("for_sale", "held", "subscribed", "signed", "returned")},
            "taken": lambda rows, row: (
                True
                if row["sale_state"] == "signed" and row["handover_state"] in ("accepted", "accepted_with_defects")
                else None
            ),
            "refused": _state("handover_state", "refused"),
            "area": lambda rows, row: Decimal(str(row["presale_area"])) if row["presale_area"] is not None else None,
        },
        axes={
            name: (lambda rows, row, column=column: row[column])
            for name, column in (
                ("sale_state", "sale_state"),
                ("handover_state", "handover_state"),
                ("title_state", "title_state"),
                ("house_type", "house_type_id"),
                ("floor", "floor"),
            )
        },
    ),
    "data_quality": Said(
        "room",
        {
            "homes": _any(),
            **{name: _fault(name) for name in ("no_area", "no_type", "no_owner", "strange_owner")},
            "to_mend": lambda rows, row: True if any(_faults(rows, row).values()) else None,
        },
    ),
    "customer_structure": Said(
        "ownership",
        {
            "customers": _customer(),
            "homes": lambda rows, row: ("key", row["room_id"]),
            "companies": _customer(lambda c: c["kind"] == "company"),
            "vip": _customer(lambda c: c["level"] == "vip"),
            "sensitive": _customer(lambda c: c["level"] == "sensitive"),
        },
        base=_today,
        axes={
            "use": lambda rows, row: row["use"],
            **{name: _of_customer(name) for name in ("kind", "level", "gender", "source", "cert_kind")},
        },
    ),
    "owner_data": Said(
        "ownership",
        {
            "owners": _customer(),
            "no_mobile": _customer(lambda c: c["mobile"] is None),
            "no_certificate": _customer(lambda c: c["cert_no"] is None),
            "to_mend": _customer(lambda c: c["mobile"] is None or c["cert_no"] is None),
            "complete": _customer(lambda c: c["mobile"] is not None and c["cert_no"] is not None),
        },
        base=_today,
        axes={"level": _of_customer("level")},
    ),
    "visits": Said(
        "visit_record",
        {"visits": _any(), "customers": _customer()},
        axes={
            "month": lambda rows, row: local(row["visited_at"])[:7],
            "day": lambda rows, row: local(row["visited_at"])[:10],
        },
    ),
}


SAID.update(HANDOVERS)
SAID.update(ISSUES)


def figures(said: Said, rows: Rows, seen: list[Row], by: str) -> tuple[dict[Any, dict[str, Any]], dict[str, Any]]:
    """Counts by hand.

    Args:
        seen: the rows the reader may see.
        by: a level of the tree or one of the report's axes.

    Returns:
        Figures by line, and of all rows.
    """
    lines: dict[Any, list[Row]] = {}
    for row in seen:
        lines.setdefault(_axis(said, rows, row, by), []).append(row)
    timed = by in ("month", "day")
    if timed and said.always:
        lines.pop(None, None)
    found = {key: _add_up(said, rows, some) for key, some in lines.items()}
    total = _add_up(said, rows, seen)
    for name, of in said.running.items():
        so_far = 0
        for key in sorted(found, key=str):
            so_far = so_far + found[key][of] if timed else found[key][of]
            found[key][name] = so_far
        total[name] = total[of]
    if timed:
        for line in found.values():
            line.update({name: total[name] for name in said.always})
    return found, total


def _axis(said: Said, rows: Rows, row: Row, by: str) -> Any:
    if by in said.axes:
        return said.axes[by](rows, row)
    if by == "building" and said.building is not None:
        return said.building(rows, row)
    if by == "building":
        room = row if said.table == "room" else rows["room"][row["room_id"]]
        return rows["unit"][room["unit_id"]]["building_id"]
    project = rows["project"][row["project_id"]]
    if by == "project":
        return project["id"]
    return project["company_id"] if by == "company" else rows["company"][project["company_id"]]["region_id"]


def _add_up(said: Said, rows: Rows, some: list[Row]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, measure in said.measures.items():
        values: list[Any] = []
        for row in some:
            value = measure(rows, row)
            values += value if isinstance(value, list) else [] if value is None else [value]
        if any(isinstance(value, tuple) for value in values):
            found[name] = len(set(values))
        else:
            found[name] = sum(1 if value is True else value for value in values)
    return found
