"""Approval with more than one level, declared beside the flow: who is asked one after the other, and where it leads."""

from __future__ import annotations

from dataclasses import dataclass

from models.kernel.words import Words, _

APPROVE, REJECT, SEND_BACK, WITHDRAW = "approve", "reject", "send_back", "withdraw"
PARTS: dict[str, Words] = {
    APPROVE: _("Approve", "同意"),
    REJECT: _("Reject", "驳回"),
    SEND_BACK: _("Send back", "退回"),
    WITHDRAW: _("Withdraw", "撤回"),
}
"""The moves an approval adds to its flow; each is a right and an address like any other."""


@dataclass(frozen=True, slots=True)
class Level:
    """One level of an approval.

    Attributes:
        name: stable; settings of a place name it as `level:<name>`.
        label: what people call it.
        roles: who is asked; a place may narrow them down.
        at: the kind of place above the record that is asked: only who holds the role there or higher up decides. Where the
            record has no such place above it, the nearest higher one is asked.
    """

    name: str
    label: Words
    roles: tuple[str, ...]
    at: str = "project"


@dataclass(frozen=True, slots=True)
class Approval:
    """An approval: while a row is in `state`, the levels are asked one after the other.

    Attributes:
        state: the state in which it is decided; entering it begins a round.
        levels: who is asked, in order.
        approved, rejected, withdrawn: the states it leads to.
        applicants: roles that may withdraw what they applied for; those that may send it in where nothing is said.
        own: whether people may decide what they applied for themselves.
    """

    state: str
    levels: tuple[Level, ...]
    approved: str
    rejected: str
    withdrawn: str
    applicants: tuple[str, ...] = ()
    own: bool = False

    def level(self, name: str) -> Level | None:
        """Returns the level called `name`, or None."""
        return next((each for each in self.levels if each.name == name), None)
