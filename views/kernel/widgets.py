"""Widgets of the start page (桌面部件): declared where their area is, drawn for whoever has them on their workbench."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from models.kernel.registry import table
from models.kernel.roles import READ
from models.kernel.scope import may
from models.kernel.words import Words
from views.kernel.request import actor

Drawn = dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Widget:
    """Something that stands on a workbench.

    Attributes:
        name: stable; workbenches keep it.
        label: its heading, and what it is called where people choose.
        about: a sentence: what it counts or shows, so that nobody has to guess.
        icon: beside its heading.
        draw: gives what it shows now, within what the actor may read: a dictionary with `kind`; None where there is nothing to
            say. Kinds: `figures` (`cards`: label, count, url, icon, late), `lines` (`rows`: label, url, icon, detail, when,
            late; `empty`: a sentence; `more`: an address), `grid` (`columns`, `rows`), `news` (`items`).
        table: offered only to those who may read it; to everybody where left out.
        allowed: what else decides whether it is offered.
        wide: takes the whole width.
        usual: stands on a workbench that nobody arranged.
        place: there it stands in the order of these numbers: what waits below 40, what is told below 60, what there is after it.
    """

    name: str
    label: Words
    about: Words
    icon: str
    draw: Callable[[Session], Drawn]
    table: str | None = None
    wide: bool = False
    usual: bool = True
    place: int = 100
    allowed: Callable[[], bool] | None = None


WIDGETS: dict[str, Widget] = {}
"""All declared widgets by name, in the order of a workbench that nobody arranged."""


def widget(made: Widget) -> None:
    """Declares a widget.

    Raises:
        ValueError: another one has the name.
    """
    if made.name in WIDGETS:
        raise ValueError(f"Widget {made.name!r} is declared twice.")
    WIDGETS[made.name] = made
    ordered = sorted(WIDGETS.items(), key=lambda pair: pair[1].place)
    WIDGETS.clear()
    WIDGETS.update(ordered)


def offered() -> list[Widget]:
    """Returns the widgets the actor may have: those of tables they read somewhere."""
    return [
        one
        for one in WIDGETS.values()
        if (one.table is None or may(actor(), table(one.table), READ)) and (one.allowed is None or one.allowed())
    ]


def usual() -> list[str]:
    """Returns the names of a workbench that nobody arranged."""
    return [one.name for one in WIDGETS.values() if one.usual]


def drawn(session: Session, names: Sequence[str]) -> list[dict[str, Any]]:
    """Returns the widgets of these names that the actor may have and that have something to show, in order."""
    there = {one.name: one for one in offered()}
    found = []
    for name in names:
        one = there.get(name)
        shown = one.draw(session) if one is not None else None
        if one is not None and shown is not None:
            found.append({**shown, "name": name, "label": one.label, "icon": one.icon, "wide": one.wide})
    return found
