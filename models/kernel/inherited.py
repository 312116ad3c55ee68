"""What rows have in common that a place owns and that hold below it: values of option lists and parameters alike."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import inspect
from sqlalchemy.orm import Session

from models.kernel.parameter_control import sheet_alone
from models.kernel.refusal import Refusal

if TYPE_CHECKING:
    from models.kernel.actor import Actor


class Inherited:
    """A row of a code, in force from a day on at a place and below it; where sheets alone change such rows, it is closed."""

    if TYPE_CHECKING:
        node_id: Any
        code: Any
        from_day: Any
        until_day: Any
        _sa_instance_state: Any

    @property
    def variant(self) -> str:
        """What tells rows of one code apart that hold beside each other, such as a province; '' where nothing does."""
        return ""

    def holds(self, on: date) -> bool:
        """Returns whether the row is in force on a day."""
        return bool(self.from_day <= on and (self.until_day is None or on <= self.until_day))

    def closed(self, session: Session, actor: Actor) -> Refusal | None:
        """Returns that sheets alone change it, where they do (S02 ch. 5). The system writes what it is told to."""
        if actor.system:
            return None
        history = inspect(self).attrs["node_id"].history
        places = [self.node_id, *(history.deleted or ())]  # nor does a row leave such a place for another
        return next((found for node in places if (found := sheet_alone(session, node)) is not None), None)

    def leaving(self, session: Session, actor: Actor) -> Iterable[Refusal]:
        """Where sheets alone change it, it is not deleted either: a sheet switches it off."""
        stands = self.closed(session, actor)
        if stands is not None:
            yield stands
