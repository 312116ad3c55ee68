"""What a change of rights does, said in grids and sentences: on the form of a grant and on the page of a move."""

from __future__ import annotations

from typing import Any

from models.kernel.effects import CAPPED, Affected
from models.kernel.registry import table
from models.kernel.roles import READ, RIGHT_WORDS
from models.kernel.table import Table
from models.kernel.words import Words, _, joined
from views.pages.facts import cell, grid

HEADS = [
    _("Table", "业务对象"),
    _("Rows more", "新增可见"),
    _("Rows fewer", "不再可见"),
    _("Rights more", "新增权限"),
    _("Rights fewer", "失去权限"),
]

NAMED = 20
"""People whose gains and losses are said one by one."""


def grids(found: list[Affected]) -> list[dict[str, Any]]:
    """Returns a grid for each person, as pages about rights draw them."""
    nothing = _("Nothing changes.", "没有变化。")
    return [grid(Words(one.name, one.name), HEADS, lines(one), nothing) for one in found]


def lines(one: Affected) -> list[list[dict[str, Any]]]:
    """Returns what changes for a person: a line for each table that the reader may read."""
    rows = []
    for each in one.effects:
        cls = table(each.table)
        rows.append(
            [
                cell(cls.screen.label),
                cell(_number(each.gained.get(READ, 0), "+")),
                cell(_number(each.lost.get(READ, 0), "−")),
                cell(_rights(cls, each.gained)),
                cell(_rights(cls, each.lost)),
            ]
        )
    return rows


def brief(found: list[Affected], *, more: bool = False) -> list[Words]:
    """Returns a sentence for each of the first people a move touches: what they see more and less; `more` says that there are others."""
    said = []
    for one in found[:NAMED]:
        gains = joined(_told(each.table, each.gained[READ]) for each in one.effects if READ in each.gained)
        losses = joined(_told(each.table, each.lost[READ]) for each in one.effects if READ in each.lost)
        sentence = _("{name}: gains {more}; loses {less}.", "{name}：新增可见 {more}；不再可见 {less}。")
        none = _("nothing", "无")
        said.append(sentence.fill(name=one.name, more=gains or none, less=losses or none))
    if more or len(found) > NAMED:
        said.append(_("And others.", "其余人员从略。"))
    return said


def _told(name: str, count: int) -> Words:
    return _("{table} {n}", "{table} {n}").fill(table=table(name).screen.label, n=_number(count, ""))


def _number(count: int, sign: str) -> str:
    if not count:
        return "—"
    return f"{sign}{CAPPED:,}+" if count > CAPPED else f"{sign}{count:,}"


def _rights(cls: type[Table], found: dict[str, int]) -> Words | str:
    words = []
    for right in found:
        move = cls.flow.transition(right) if cls.flow is not None else None
        words.append(move.label if move is not None else RIGHT_WORDS[right])
    return joined(words) or "—"
