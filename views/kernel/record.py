"""One row on one page: its sections; heads and rows of grids."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.kernel.registry import infos, titles
from models.kernel.roles import REVEAL, WRITE
from models.kernel.scope import criterion, may, may_enter, reach
from models.kernel.session import actor_of
from models.kernel.table import Table
from models.kernel.words import Words
from views.kernel.cells import cell
from views.kernel.listing import Asked, Line, Listing


def one_line(session: Session, cls: type[Table], pk: int) -> Line | None:
    """Reads one row as the record page shows it, in one statement; None where it is not in scope."""
    names = tuple(dict.fromkeys(name for block in cls.screen.sections for name in block.fields))
    lines = Listing(session, cls, Asked(columns=(*names, "created_at", "changed_at"), ids=(pk,), size=1)).page().lines
    return lines[0] if lines else None


def record_sections(session: Session, cls: type[Table], line: Line) -> list[dict[str, Any]]:
    """Returns the sections of a record as the page shows them; masked values may be revealed by who may."""
    reveal = may(actor_of(session), cls, REVEAL)
    found = []
    for block in cls.screen.sections:
        rows = []
        for name in block.fields:
            known = infos(cls)[name]
            shown = cell(cls, name, line.values[name])
            if known.kind == "masked" and reveal and shown.text:
                shown.reveal_url = f"/{cls.__tablename__}/reveal/{line.pk}/{name}"
            rows.append({"label": known.label, "cell": shown, "wide": known.kind == "prose"})
        found.append({"title": block.title, "rows": rows})
    return found


def may_add(session: Session, child: type[Table], column: str, row: Table | None) -> bool:
    """Returns whether the actor may add a child here: where its place follows from its parent's, at that place."""
    where = reach(session, actor_of(session), child, WRITE)
    if row is None or column not in (child.owned.through, child.owned.column):
        return may_enter(actor_of(session), child) and not where.empty  # its place is chosen on the form
    while row.owned.kind == "link":
        row = getattr(row, (row.owned.through or "").removesuffix("_id"))
        if row is None:
            return False
    if row.owned.kind == "tree":
        return where.holds(row.__tablename__, row.id)
    if row.owned.kind == "node":
        if where.everything or row.node_id in where.nodes or not row.owned.seen_from:
            return where.everything or row.node_id in where.nodes
        held = select(type(row).id).where(type(row).id == row.id, criterion(type(row), where, WRITE))
        return session.execute(held).first() is not None
    return where.holds("project", row.project_id)


def above(row: Table) -> list[dict[str, Any]]:
    """Returns the rows this one hangs on, from below the project downwards: building, unit, room; each by its own name."""
    found: list[dict[str, Any]] = []
    while row.owned.through and row.owned.kind in ("project", "link"):
        row = getattr(row, row.owned.through.removesuffix("_id"))
        if row is None or row.__tablename__ == "project":
            break
        name: Any = row
        for step in titles(type(row))[-1].split("."):
            name = getattr(name, step, None)
        found.insert(0, {"label": str(name or "?"), "url": f"/{row.__tablename__}/show/{row.id}"})
    return found


def columns(cls: type[Table], paths: tuple[str, ...]) -> list[dict[str, Any]]:
    """Returns the head of a grid: key, label and kind of each column."""
    from views.kernel.cells import KINDS
    from views.kernel.listing import known_column

    found = []
    for path in paths:
        known = known_column(cls, path)
        found.append({"key": path, "label": column_label(cls, path), "kind": KINDS.get(known.kind, "text")})
    return found


def column_label(cls: type[Table], path: str) -> Words:
    """Returns the label of a shown column: a column of another table that is only its name is called by the ref's label."""
    from views.kernel.listing import known_column

    head, dot, last = path.rpartition(".")
    if dot and last in ("name", "no"):
        return known_column(cls, head).label
    return known_column(cls, path).label


def rows(cls: type[Table], paths: tuple[str, ...], lines: list[Line]) -> list[dict[str, Any]]:
    """Returns the rows of a grid.

    Where the first column does not name a row (its project), `label` does, of the shown columns that name it.
    """
    naming = [place for place, path in enumerate(paths) if path in titles(cls)]
    found = []
    for line in lines:
        cells = [cell(cls, path, line.values[path]) for path in paths]
        label = " ".join(cells[place].text for place in naming) if naming and naming[0] > 0 else None
        found.append(
            {
                "pk": line.pk,
                "url": f"/{cls.__tablename__}/show/{line.pk}",
                "cells": cells,
                "label": label,
                "naming": naming,
            }
        )
    return found
