"""Who acts: the person behind a request, a job or a command, with the grants that person holds now."""

from __future__ import annotations

from dataclasses import dataclass, field

from models.kernel.roles import RIGHTS
from models.kernel.words import LANGUAGES


@dataclass(frozen=True, slots=True)
class Held:
    """A grant as it is held now: a role at a node, with the node's path; of a role of outside, whom its holder acts for."""

    grant_id: int
    role: str
    node_id: int
    path: str
    party: int | None = None


@dataclass(frozen=True, slots=True)
class Cut:
    """What a token of the interface leaves of its person's rights. It only ever takes away.

    Attributes:
        rights: the rights that are left; `move` stands for those of all transitions.
        tables: the tables they hold for; None for all.
    """

    rights: frozenset[str]
    tables: frozenset[str] | None = None

    def leaves(self, table: str, right: str) -> bool:
        """Returns whether a right on a table is left."""
        known = right if right in RIGHTS else "move"
        return known in self.rights and (self.tables is None or table in self.tables)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, through which channel, with which grants.

    Attributes:
        user_id: the account; None for the system itself.
        grants: what is held now; the rights of different grants are never mixed.
        system: migrations, seeds and commands of the operator: every right everywhere, and named so in the audit.
        within: paths the person narrowed the console to with the tree switcher; empty means all that the grants give.
        channel: page, api, import, command or job.
        cut: what the token that is used leaves of the rights; None for a person, who has them all.
    """

    user_id: int | None
    name: str
    grants: tuple[Held, ...] = ()
    system: bool = False
    within: tuple[str, ...] = ()
    language: str = LANGUAGES[0]
    channel: str = "page"
    address: str = ""
    request_id: str = ""
    cut: Cut | None = None
    _reaches: dict[tuple[str, str], object] = field(default_factory=dict, compare=False, hash=False, repr=False)

    def roles(self) -> frozenset[str]:
        """Returns the names of the roles held anywhere."""
        return frozenset(held.role for held in self.grants)


SYSTEM = Actor(None, "system", system=True, channel="command")
"""The operator's own actor for migrations, seeds and commands."""

NOBODY = Actor(None, "nobody")
"""No actor: sees no row, writes no row."""
