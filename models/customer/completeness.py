"""How complete a customer's record is, and what is missing (S20: one view of the customer that every department shares)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from models.customer.customer import Customer, CustomerKind
from models.kernel.registry import infos
from models.kernel.words import Words, _

WANTED = ("cert_no", "mobile", "address", "preferred_channel", "advisor_id", "source")
OF_A_PERSON = ("birthday", "gender")


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that is missing: its words, and where it is mended: a column of the customer, or a table to add a row to."""

    words: Words
    column: str | None = None
    table: str | None = None


@dataclass(frozen=True, slots=True)
class Completeness:
    """How much of what is wanted is there."""

    there: int
    wanted: int
    gaps: tuple[Gap, ...]

    @property
    def percent(self) -> int:
        """The share that is there, in whole per cent, rounded down: 100 means that nothing is missing."""
        return self.there * 100 // self.wanted


def completeness(customer: Customer, contacts: int | None, contracts: Sequence[str | None] | None) -> Completeness:
    """Returns how complete a customer is.

    Args:
        contacts: people to call about the customer; None where the reader may not know, and it is not asked for.
        contracts: contract number per home owned today; None likewise.
    """
    columns = WANTED if customer.kind == CustomerKind.COMPANY else (*WANTED, *OF_A_PERSON)
    gaps = [Gap(infos(Customer)[name].label, column=name) for name in columns if not getattr(customer, name)]
    wanted = len(columns)
    if contacts is not None:
        wanted += 1
        if not contacts:
            gaps.append(Gap(_("Somebody to call", "联系人"), table="customer_contact"))
    if contracts:
        wanted += 1
        bare = sum(1 for number in contracts if not number)
        if bare:
            sentence = _("Contract number of {n} homes", "{n} 套房产的合同编号")
            gaps.append(Gap(sentence.fill(n=bare), table="ownership"))
    return Completeness(wanted - len(gaps), wanted, tuple(gaps))
