"""Who acts: the person behind a request, a job or a command, with the grants that person holds now."""

from __future__ import annotations

from dataclasses import dataclass, field

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
class Actor:
    """Who acts, through which channel, with which grants.

    Attributes:
        user_id: the account; None for the system itself.
        grants: what is held now; the rights of different grants are never mixed.
        system: migrations, seeds and commands of the operator: every right everywhere, and named so in the audit.
        within: paths the person narrowed the console to with the tree switcher; empty means all that the grants give.
        channel: page, api, import, command or job.
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
    _reaches: dict[tuple[str, str], object] = field(default_factory=dict, compare=False, hash=False, repr=False)

    def roles(self) -> frozenset[str]:
        """Returns the names of the roles held anywhere."""
        return frozenset(held.role for held in self.grants)


SYSTEM = Actor(None, "system", system=True, channel="command")
"""The operator's own actor for migrations, seeds and commands."""

NOBODY = Actor(None, "nobody")
"""No actor: sees no row, writes no row."""
