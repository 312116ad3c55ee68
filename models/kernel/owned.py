"""Who owns a row, and so who sees it (design 4).

Every business row is owned by a project or by any node of the tree; a row without a life of its own is seen through the
row it hangs on; a person's own rows (messages, preferences) are theirs alone. Nothing above the owner is stored on the row.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_

from models.kernel.roles import WRITE
from models.kernel.words import Words

SUBTREE = "subtree"
"""Seen where its owner lies in the granted subtree."""
INHERITED = "inherited"
"""Also read from below its owner: parameters, and the nodes on the way up. Written only in the subtree."""

Posted = Callable[[Any, date], ColumnElement[bool]]
"""Given the columns of a table and the day: the condition under which its rows are there for all who read it."""


Lying = Callable[[Any, int], ColumnElement[bool]]
"""Given the columns of a table and the key of a party: the condition under which its rows lie with that party."""


@dataclass(frozen=True, slots=True)
class Party:
    """Rows that concern somebody outside the house, and are shown to that one alone of all outside (`Role.party`).

    Attributes:
        column: names whom a row concerns: the column that `Role.party` names on a person points to the same table.
        sent: which of them that one sees: what is still being prepared in the house is not theirs yet. None for all.
        open: which of those they may also write, where their role writes. None for all. They add none.
    """

    column: str
    sent: Lying | None = None
    open: Lying | None = None

    def holds(self, columns: Any, key: int, right: str) -> ColumnElement[bool]:
        """Returns the condition under which a right on a row is the party's own."""
        asked = (self.sent, self.open if right == WRITE else None)
        return and_(getattr(columns, self.column) == key, *(lies(columns, key) for lies in asked if lies is not None))


@dataclass(frozen=True, slots=True)
class Owned:
    """The ownership of a table.

    Attributes:
        kind: `project` (project_id), `node` (node_id), `tree` (the row is a node itself), `index` (the node table),
            `link` (seen through the row its `through` column points to), `person` (user_id: one person's own, and nobody
            else's, administrators included).
        through: the ref column the owner is taken from; for `project` the kernel then copies that row's project.
        above: for `tree`, the ref column of the level above (None for the top).
        visibility: `subtree` or `inherited`.
        seen_from: further ways to a row: pairs of (table, its ref column to this table); whoever sees such a row sees this one.
        posted: for rows that are prepared before they are shown: those that do not meet it yet, or no longer, are there
            for whoever may write them and for nobody else, whatever the way they are looked for.
        party: for rows of which somebody outside the house sees their own: who that is, and which of them.
        label: what the owner is called on the forms of a table owned by a node, where it is not what the row belongs to.
    """

    kind: str
    through: str | None = None
    above: str | None = None
    visibility: str = SUBTREE
    seen_from: tuple[tuple[str, str], ...] = ()
    label: Words | None = None
    posted: Posted | None = None
    party: Party | None = None

    @property
    def column(self) -> str | None:
        """The owner column the kernel reads for scope, where the row has one."""
        return {"project": "project_id", "node": "node_id", "person": "user_id"}.get(self.kind)


def by_project(*, party: Party | None = None) -> Owned:
    """Owned by the project that is chosen when the row is entered."""
    return Owned("project", party=party)


def through(column: str, *, party: Party | None = None) -> Owned:
    """Owned by the project of the row that `column` (such as 'unit_id') points to; kept by the kernel."""
    return Owned("project", through=column, party=party)


def by_node(
    *,
    inherited: bool = False,
    seen_from: tuple[tuple[str, str], ...] = (),
    label: Words | None = None,
    posted: Posted | None = None,
    party: Party | None = None,
) -> Owned:
    """Owned by any node of the tree, chosen when the row is entered."""
    return Owned(
        "node",
        visibility=INHERITED if inherited else SUBTREE,
        seen_from=seen_from,
        label=label,
        posted=posted,
        party=party,
    )


def tree(above: str | None) -> Owned:
    """The row is itself a node; `above` is its ref column to the level above, None at the top."""
    return Owned("tree", above=above, visibility=INHERITED)


def by_person() -> Owned:
    """Owned by the account that enters it, or that the kernel enters it for: seen and changed by that person alone.

    A role must still hold the right; where it was granted does not matter, nor what the tree switcher shows.
    """
    return Owned("person")


def link(column: str) -> Owned:
    """Seen and changed through the row that `column` points to, such as a contact through its customer."""
    return Owned("link", through=column)
