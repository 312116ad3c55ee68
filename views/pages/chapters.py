"""Chapters of a page about one row: what points at it, as grids, derived from the registry."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from models.kernel.table import Table
from views.kernel import record
from views.kernel.listing import Asked, Filter, Listing

ROWS = 12
"""Rows of a chapter; its list has the others."""


def grid_of(own: Session, row: Table, cls: type[Table], column: str, back: str) -> dict[str, Any]:
    """Returns the rows of a table that point to `row`, as its list shows them. One statement, two where there are many.

    Args:
        column: the ref of `cls` that points to the row.
        back: the page that a row added from here returns to.
    """
    relation = column.removesuffix("_id")
    paths = tuple(
        path
        for path in cls.screen.listed
        if path not in (relation, column, "project") and not path.startswith(f"{relation}.")
    )
    listing = Listing(own, cls, Asked(columns=paths, filters=(Filter(column, "rel_o_m", str(row.id)),), size=ROWS))
    page = listing.page()
    count = len(page.lines) if page.next is None else listing.count()
    return {
        "title": cls.screen.name,
        "count": count,
        "columns": record.columns(cls, paths),
        "rows": record.rows(cls, paths, page.lines),
        "add_url": add_url(own, row, cls, column, back),
        "all_url": f"/{cls.__tablename__}/list/?_flt_0_{column}={row.id}" if count > len(page.lines) else None,
    }


def add_url(own: Session, row: Table, cls: type[Table], column: str, back: str) -> str | None:
    """Returns the address of the form that adds a row of `cls` to this one; None for who may not."""
    if not cls.screen.sections or not record.may_add(own, cls, column, row):
        return None
    project = getattr(row, "project_id", None)
    more = f"&project_id={project}" if project and cls.owned.kind == "project" and cls.owned.through is None else ""
    return f"/{cls.__tablename__}/add?{column}={row.id}{more}&_back={back}"
