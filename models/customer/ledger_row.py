"""A row of the ledger on its way: its values read, what is known of it, what becomes of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from models.customer.ledger_people import Owner
from models.kernel.refusal import Refusal
from models.kernel.table import Table
from models.kernel.trial import Changes
from models.kernel.words import Words


@dataclass(frozen=True)
class Home:
    """A row of the ledger, its values read. None is a blank: it changes nothing that is known.

    Attributes:
        row: where it stands, for the caller.
        room: floor, presale_area, unit_price, total_price, sale_state.
        contract: contract_no, signed_on, delivery_due_on.
    """

    row: int
    building: str
    unit: str
    no: str
    house_type: str | None = None
    room: dict[str, Any] = field(default_factory=dict)
    owners: tuple[Owner, ...] = ()
    contract: dict[str, Any] = field(default_factory=dict)


@dataclass
class Spot:
    """A row that is known, or will be entered when a sound row of the ledger needs it."""

    cls: type[Table]
    values: dict[str, Any]
    key: int | None = None
    above: Spot | None = None


@dataclass
class Verdict:
    """What becomes of a home.

    Attributes:
        refused: why it is not taken; `field` is a column of the ledger.
        new: whether the home is not known yet.
        told: what changes: its label, how its values are shown (None for plain text), before, after.
    """

    home: Home
    refused: list[Refusal] = field(default_factory=list)
    new: bool = False
    told: list[tuple[Words, Any, Any, Any]] = field(default_factory=list)
    unit: Spot | None = None
    house_type: Spot | None = None
    room: Spot | None = None
    changes: list[tuple[type[Table], int, Changes]] = field(default_factory=list)
    owned: list[tuple[Spot, dict[str, Any]]] = field(default_factory=list)
