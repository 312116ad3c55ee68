"""A form filled in: headings, paragraphs, tables, pictures, signatures; plain text, escaped by whoever draws it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from models.kernel.clock import local, today
from models.kernel.gaps import GAP, filled
from models.kernel.node import node_of
from models.kernel.options import Options
from models.kernel.printing.form import Picture, PrintForm, PrintTable
from models.kernel.printing.template import PrintWords, print_words
from models.kernel.session import actor_of, clock_of
from models.kernel.words import Words, _, said

BLANK = "＿＿＿＿＿＿"
"""Stands where a value is missing: a line to write on."""


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a sheet: `kind` is `heading`, `text`, `table` or `pictures`."""

    kind: str
    text: str = ""
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    pictures: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """A form as it is printed once; each sheet begins on a new page."""

    title: str
    blocks: list[Block] = field(default_factory=list)
    signatures: list[str] = field(default_factory=list)
    foot: str = ""
    language: str = "zh"


def sheet(
    session: Session,
    form: PrintForm,
    values: Mapping[str, Any],
    *,
    project_id: int | None = None,
    path: str | None = None,
    language: str = "zh",
) -> Sheet:
    """Returns a form filled in, with the words that hold at a project (or at any path of the tree).

    Args:
        session: acting as whoever prints. The values are the caller's to read, so they are in scope already.
        values: by field and part: `Words`, text, numbers, dates, options; `PrintTable`, `Picture` or a list of pictures for a
            part. Personal data comes masked unless it was revealed.
        project_id: the project whose template holds.
        path: the path of a place, where there is no project.
        language: the language of the paper.

    Raises:
        ValueError: a value the form has no field for.
    """
    if strange := form.strange(values):
        raise ValueError(f"Printed form {form.name!r}: no field {strange}; there are {sorted(form.known())}.")
    if project_id is not None:
        path = node_of(session, "project", project_id).path
    common = {"printed_on": today(clock_of(session)), "printed_by": actor_of(session).name}
    return drawn(form, print_words(session, form, language, path or ""), {**common, **values}, language)


def drawn(form: PrintForm, words: PrintWords, values: Mapping[str, Any], language: str) -> Sheet:
    """Returns words with their gaps filled, block by block."""
    texts = {name: plain(values.get(name), language) or BLANK for name in form.plain()}
    made = Sheet(
        " ".join(filled(words.title, texts).split()),
        signatures=[one.strip() for one in words.signatures.split("|") if one.strip()],
        foot=filled(words.foot, texts).strip(),
        language=language,
    )
    open_lines: list[str] = []

    def close() -> None:
        if open_lines:
            made.blocks.append(Block("text", "\n".join(open_lines)))
            open_lines.clear()

    for line in words.body.splitlines():
        only = GAP.fullmatch(line.strip())
        if only and only[1] in form.parts:
            close()
            made.blocks.extend(_part(values.get(only[1]), language))
        elif line.startswith("# "):
            close()
            made.blocks.append(Block("heading", filled(line[2:], texts).strip()))
        elif line.strip():
            open_lines.append(filled(line, texts).rstrip())
        else:
            close()
    close()
    return made


def plain(value: Any, language: str) -> str:
    """Returns a value as it stands on paper; nothing for None."""
    if value is None:
        return ""
    if isinstance(value, Options):
        return value.words.said(language)
    if isinstance(value, bool):
        return _("Yes", "是").said(language) if value else _("No", "否").said(language)
    if isinstance(value, datetime):
        return local(value).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, date):
        return f"{value.year}年{value.month}月{value.day}日" if language == "zh" else value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:,f}"
    return str(said(value, language))


def samples(form: PrintForm, language: str) -> dict[str, Any]:
    """Returns values for a preview: those the form declares, else the field's label in brackets, a small table for a part."""
    shown: dict[str, Any] = {name: f"〔{label.said(language)}〕" for name, label in form.plain().items()}
    for name, label in form.parts.items():
        shown[name] = PrintTable([Words("No.", "序号"), label], [["1", "…"], ["2", "…"]])
    return {**shown, **form.samples}


def _part(value: Any, language: str) -> list[Block]:
    if isinstance(value, PrintTable):
        if not value.rows:
            return [Block("text", value.empty.said(language))]
        columns = [str(said(one, language)) for one in value.columns]
        return [Block("table", columns=columns, rows=[[plain(one, language) for one in row] for row in value.rows])]
    pictures = [value] if isinstance(value, Picture) else list(value or ())
    found = [(one.url, str(said(one.alt, language))) for one in pictures]
    return [Block("pictures", pictures=found)] if found else []
