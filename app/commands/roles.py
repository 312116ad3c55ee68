"""Prints which role has which right on which table."""

from __future__ import annotations

import argparse

from config import Settings

LETTERS = {
    "read": "r",
    "write": "w",
    "delete": "d",
    "export": "e",
    "import": "i",
    "reveal": "v",
    "match": "m",
    "purge": "p",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The form."""
    parser.add_argument("--markdown", action="store_true", help="as a Markdown table, for the docs")


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Prints the matrix and what its letters mean."""
    rows = matrix()
    print(markdown(rows) if arguments.markdown else plain(rows))
    print(f"\n{legend()}")
    return 0


def matrix() -> list[list[str]]:
    """Returns a row of headings (table, then roles), and a row per table with the letters of its rights."""
    from models.kernel.registry import rights_of, tables
    from models.kernel.roles import ROLES

    rows = [["table", *ROLES]]
    for name, cls in tables().items():
        rights = rights_of(cls)
        rows.append([name, *("".join(letter(r) for r in rights if role in rights.roles(r)) or "-" for role in ROLES)])
    return rows


def letter(right: str) -> str:
    """Returns the letter of a right; a transition, which has none, is named in brackets."""
    return LETTERS.get(right, f"[{right}]")


def legend() -> str:
    """Returns what the letters mean, in one line."""
    from models.kernel.roles import RIGHT_WORDS

    return ", ".join(f"{LETTERS[right]} {str(words).lower()}" for right, words in RIGHT_WORDS.items()) + ", - nothing"


def plain(rows: list[list[str]]) -> str:
    """Returns the matrix in columns; the long names of roles stand in a list above it, by number."""
    roles = rows[0][1:]
    numbered = [["table", *(str(place) for place in range(1, len(roles) + 1))], *rows[1:]]
    widths = [max(len(row[place]) for row in numbered) for place in range(len(numbered[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in numbered]
    names = [f"{place:>2} {role}" for place, role in enumerate(roles, 1)]
    return "\n".join([*names, "", *lines])


def markdown(rows: list[list[str]]) -> str:
    """Returns the matrix as a Markdown table."""
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]])
