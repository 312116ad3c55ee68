"""What pages about rights are made of: a lead, facts, a form that asks, and grids of plain cells."""

from __future__ import annotations

from typing import Any

from flask import render_template

from models.kernel.refusal import Missing
from models.kernel.words import Words
from views.kernel.shell import ancestors, shell, tree_nodes

Grid = dict[str, Any]


def cell(text: Any, *, url: str | None = None, tone: str | None = None, small: Any = None) -> dict[str, Any]:
    """Returns a cell: words or text, an address, a tone where it is a state, and a quiet line below."""
    return {"text": text, "url": url, "tone": tone, "small": small}


def grid(title: Words, heads: list[Words], rows: list[list[dict[str, Any]]], empty: Words, note: Any = None) -> Grid:
    """Returns a grid for `page_of`; `empty` is said where it has no row."""
    return {"title": title, "heads": heads, "rows": rows, "empty": empty, "note": note}


def page_of(title: Any, **page: Any) -> str:
    """Returns a page: `crumbs`, `actions`, `lead`, `facts`, `ask` (fields of a form that only asks), `grids`, `wide`."""
    return render_template("doorbook/rights.html", shell=shell(title), page={"title": title, **page})


def whole(pk: str) -> int:
    """Returns a key out of an address.

    Raises:
        Missing: it is none.
    """
    if not pk.isascii() or not pk.isdecimal() or len(pk) > 18:
        raise Missing()
    return int(pk)


def place_name(path: str) -> str:
    """Returns a place by the names on the way to it."""
    names = {node.path: node.name for node in tree_nodes()}
    return " › ".join(names[one] for one in [*ancestors(path), path] if one in names)
