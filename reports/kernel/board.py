"""Boards: what somebody of a role sees first, a few figures and one chart of each report that matters to them (S05, S12, S20)."""

from __future__ import annotations

from dataclasses import dataclass, field

from models.kernel.words import Words
from reports.kernel.report import REPORTS


@dataclass(frozen=True, slots=True)
class Tile:
    """One report on a board.

    Attributes:
        report: its name.
        figures: those that are shown; the chart is the report's own.
        asked: what is asked, as an address carries it; what the report begins with where left out.
    """

    report: str
    figures: tuple[str, ...]
    asked: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Board:
    """Tiles for the holders of some roles. Who holds roles of several boards begins with the first and may change."""

    name: str
    title: Words
    roles: tuple[str, ...]
    tiles: tuple[Tile, ...]


BOARDS: dict[str, Board] = {}
"""Every board by its name, the widest view first."""


def board(made: Board) -> Board:
    """Puts a board among those there are.

    Raises:
        RuntimeError: the name is taken, or a tile names a report or a figure that there is not.
    """
    if BOARDS.get(made.name, made) is not made:
        raise RuntimeError(f"There are two boards {made.name}.")
    for tile in made.tiles:
        report = REPORTS.get(tile.report)
        unknown = tile.figures if report is None else [name for name in tile.figures if report.figure(name) is None]
        if unknown:
            raise RuntimeError(f"{made.name}: {tile.report} has no {', '.join(unknown)}.")
    BOARDS[made.name] = made
    return made
