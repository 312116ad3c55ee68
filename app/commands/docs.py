"""Writes the reference pages of tables and rights from the declarations."""

from __future__ import annotations

import argparse
import inspect
from pathlib import Path
from typing import TYPE_CHECKING

from app.commands.roles import legend, markdown, matrix
from config import ROOT, Settings

if TYPE_CHECKING:
    from models.kernel.columns import ColumnInfo
    from models.kernel.owned import Owned
    from models.kernel.table import Table

FOLDER = ROOT / "docs" / "reference"

_HEAD = "<!-- Written by `run.py docs` from the declarations; edit those. -->"
_COMMON = ("created_at", "changed_at")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where to."""
    parser.add_argument("--out", type=Path, default=FOLDER, help="the folder; docs/reference when left out")


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Writes the pages that changed, and names them."""
    arguments.out.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        file = arguments.out / name
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8")
            print(file)
    return 0


def pages() -> dict[str, str]:
    """Returns the text of each reference page by the name of its file."""
    from app.database import load_models

    load_models()
    return {"tables.md": tables_page(), "rights.md": rights_page()}


def tables_page() -> str:
    """Returns what each table is for, its columns, key, owner and visibility; by area."""
    from models.kernel.registry import area_of, areas, tables

    parts = [
        _HEAD,
        "# Tables",
        "What is declared, by area. Besides the columns below, each table has `id`, `created_at`, `created_by_id`,"
        " `changed_at`, `changed_by_id`, `version`, and `deleted_at` and `deleted_by_id` for the recycle bin; the kernel"
        " keeps them. Values of a choice stand as they are stored, with both words. Who may do what with a table is in"
        " [rights.md](rights.md).",
    ]
    for area in areas().values():
        parts.append(f"## {area.label.en} · {area.label.zh}")
        parts.extend(part for cls in tables().values() if area_of(cls) is area for part in table_part(cls))
    return "\n\n".join(parts) + "\n"


def table_part(cls: type[Table]) -> list[str]:
    """Returns the paragraphs of one table."""
    from models.kernel.flow import flow_diagram
    from models.kernel.registry import infos

    screen, name = cls.screen, cls.__tablename__
    purpose = " ".join((inspect.getdoc(cls) or "").split())
    if screen.noted:
        purpose += f" {screen.noted.en} {screen.noted.zh}"
    facts = [
        f"- Key: {', '.join(f'`{column}`' for column in screen.key) or 'none'}",
        f"- Belongs to: {owner_words(cls.owned)}",
        f"- Seen: {visibility_words(cls.owned)}",
    ]
    rows = [column_row(cls, column, known) for column, known in infos(cls).items() if column not in _COMMON]
    head = "| column | English | 中文 | kind | required | more |\n|---|---|---|---|---|---|"
    return [
        f"### `{name}` · {screen.label.en} · {screen.label.zh}",
        purpose,
        "\n".join(facts),
        "\n".join([head, *rows]),
        *([f"```mermaid\n{flow_diagram(cls)}\n```"] if cls.flow else []),
    ]


def column_row(cls: type[Table], column: str, known: ColumnInfo) -> str:
    """Returns the line of one column."""
    from models.kernel.registry import defaults

    more = []
    if known.system:
        required = "kept by the console"
    elif column in defaults(cls):
        default = defaults(cls)[column]
        required = f"default `{'yes' if default is True else 'no' if default is False else default}`"
    else:
        required = "no" if cls.__mapper__.columns[column].nullable else "yes"
    if known.target:
        more.append(f"a row of `{known.target}`")
    if known.unit:
        more.append(f"{known.unit.en} {known.unit.zh}" if known.unit.en != known.unit.zh else known.unit.en)
    if known.kind in ("decimal", "money"):
        more.append(f"{known.places} decimals")
    elif known.kind == "text" and known.length:
        more.append(f"at most {known.length} characters")
    if known.options:
        more.append("; ".join(f"`{o.value}` {o.words.en} {o.words.zh}" for o in known.options.options()))
    if known.hint:
        more.append(f"{known.hint.en} {known.hint.zh}")
    cells = (f"`{column}`", known.label.en, known.label.zh, known.kind, required, " · ".join(more))
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def owner_words(owned: Owned) -> str:
    """Returns whose the rows of a table are."""
    if owned.kind == "tree":
        return f"the tree, as a place below `{owned.above}`" if owned.above else "the tree, as its top"
    if owned.kind == "link":
        return f"the row of its `{owned.through}`"
    if owned.kind == "project":
        return f"the project of its `{owned.through}`" if owned.through else "the project chosen when it is entered"
    if owned.kind == "person":
        return "the person who entered it, or it was entered for"
    return "a place of the tree, chosen when it is entered" if owned.kind == "node" else "the tree, as its index"


def visibility_words(owned: Owned) -> str:
    """Returns from where the rows of a table are seen."""
    if owned.kind == "link":
        said = "by whoever sees that row"
    elif owned.kind == "person":
        said = "by that person alone"
    elif owned.visibility == "inherited":
        said = "in the subtree of a grant, and read from everywhere below its place"
    else:
        said = "in the subtree of a grant"
    further = [f"`{table}` (`{column}`)" for table, column in owned.seen_from]
    return said + (f"; also by whoever sees one of its {' or '.join(further)}" if further else "")


def rights_page() -> str:
    """Returns the roles, and which of them has which right on which table."""
    from models.kernel.roles import ROLES

    roles = ["| role | English | 中文 | granted at | may grant |", "|---|---|---|---|---|"]
    for role in ROLES.values():
        grants = ", ".join(role.may_grant) or "-"
        roles.append(f"| {role.name} | {role.words.en} | {role.words.zh} | {role.level} | {grants} |")
    parts = [
        _HEAD,
        "# Rights",
        "A right comes from a grant: a person has a role at a place of the tree, from one day until another, and the"
        " role's rights hold for the rows in that subtree. What is not written here is refused."
        " `run.py why USER TABLE ID` says which grant opens one row to one person, or what is missing.",
        "## Roles",
        "\n".join(roles),
        "## Tables",
        f"{legend()}.",
        markdown(matrix()),
    ]
    return "\n\n".join(parts) + "\n"
