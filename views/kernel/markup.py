"""Cells and rows as HTML. Written in Python because a list has hundreds of them: a template took ten times as long."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup, escape

from models.kernel.words import Words, _
from views.kernel.assets import sprite
from views.kernel.cells import Cell
from views.kernel.request import language

_SELECT = _("Select", "选择")
_YES, _NO, _EMPTY = _("Yes", "是"), _("No", "否"), _("empty", "空")
_OVERDUE = _("Overdue", "已超期")
_REVEAL = _("Show in full; this is recorded", "查看完整内容，将留下记录")


def _said(value: Any, spoken: str) -> str:
    return str(escape(value.said(spoken) if isinstance(value, Words) else value))


def _icon(name: str) -> str:
    return f'<svg class="icon" aria-hidden="true"><use href="{sprite()}#i-{name}"/></svg>'


def _cell(c: Cell, spoken: str, *, bare: bool) -> str:
    text = _said(c.text, spoken) if c.text is not None else ""
    if c.kind == "flag" and c.on is not None:
        if c.on:
            tick = _icon("check")
            shown = f'<span class="flag-on">{tick}<span class="unseen">{text or _said(_YES, spoken)}</span></span>'
        else:
            shown = f'<span class="quiet">{text or _said(_NO, spoken)}</span>'
    elif not text:
        shown = f'<span class="none" aria-label="{_said(_EMPTY, spoken)}">—</span>'
    elif c.kind == "badge":
        shown = f'<span class="state tone-{escape(c.tone or "grey")}">{text}</span>'
        if c.late:
            shown += f' <span class="state tone-red">{_said(_OVERDUE, spoken)}</span>'
    elif c.kind == "masked":
        shown = f'<span class="masked"><span data-masked>{text}</span>'
        if c.reveal_url:
            label = _said(_REVEAL, spoken)
            shown += (
                f'<button type="button" class="peek" data-reveal="{escape(c.reveal_url)}" aria-label="{label}"'
                f' title="{label}">{_icon("eye")}</button>'
            )
        shown += "</span>"
    elif c.url and not bare:
        late = ' class="late"' if c.late else ""
        shown = f'<a{late} href="{escape(c.url)}">{text}</a>'
    elif c.late:
        shown = f'<span class="late">{text}</span>'
    else:
        shown = text
    if c.sub:
        shown += f' <span class="sub">{_said(c.sub, spoken)}</span>'
    return shown


def cell_html(c: Any, bare: bool = False) -> Markup:
    """Returns a cell as lists, records and grids show it. `bare` leaves out the link where the row itself is one."""
    cell = c if isinstance(c, Cell) else Cell(**{"kind": "text", "text": "", **c})
    return Markup(_cell(cell, language(), bare=bare))


def list_rows(columns: list[dict[str, Any]], rows: list[dict[str, Any]], *, select: bool) -> Markup:
    """Returns the body of a list: one table row per row, its first cell the link to the record."""
    spoken, out = language(), []
    heads = [(_said(c["label"], spoken), c["kind"], c.get("width_class") or "") for c in columns]
    pick = _said(_SELECT, spoken)
    for row in rows:
        url = str(escape(row["url"])) if row.get("url") else ""
        named = f' <span class="only-narrow">{_said(row["label"], spoken)}</span>' if row.get("label") else ""
        out.append(f'<tr data-url="{url}">' if url else "<tr>")
        if select:
            first = row["cells"][0].text if row["cells"] else ""
            called = _said(row.get("label") or first or row["pk"], spoken)
            out.append(
                f'<td class="pick"><input type="checkbox" name="pk" value="{row["pk"]}" aria-label="{pick} {called}"></td>'
            )
        for place, (c, (label, kind, width)) in enumerate(zip(row["cells"], heads, strict=True)):
            empty = " is-empty" if not c.text and c.on is None else ""
            lead = " lead" if place == 0 else " told" if row.get("label") and place in row.get("naming", ()) else ""
            out.append(f'<td class="kind-{c.kind or kind} {width}{empty}{lead}" data-label="{label}">')
            if place == 0 and url:
                out.append(f'<a class="row-link" href="{url}">{_cell(c, spoken, bare=True)}{named}</a></td>')
            else:
                out.append(f"{_cell(c, spoken, bare=False)}</td>")
        out.append("</tr>")
    return Markup("".join(out))
