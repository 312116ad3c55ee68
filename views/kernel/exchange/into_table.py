"""A declared table as what a sheet is read into."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy.orm import Session

from models.kernel.refusal import Denied
from models.kernel.roles import IMPORT, WRITE
from models.kernel.scope import may
from models.kernel.session import actor_of
from models.kernel.table import Table
from models.kernel.words import Words
from views.kernel.exchange.headings import DataRow, Layout
from views.kernel.exchange.line import no_column
from views.kernel.exchange.matching import NAME, VALUE, Column, columns_of, natural_key
from views.kernel.exchange.plan import Findings, Pass, Target
from views.kernel.exchange.sheet import Sheet
from views.kernel.exchange.table_pass import TablePass
from views.kernel.exchange.waves import in_waves, inward


class TableTarget(Target):
    """A declared table as the target of an import."""

    def __init__(self, cls: type[Table]) -> None:
        self.cls = cls
        self.name = cls.__tablename__
        self.title = cls.screen.name
        self.link = f"/{cls.__tablename__}/list/"
        self.in_batches = True

    def columns(self) -> Mapping[str, Column]:
        """Returns the writable columns, references by name, the names above them, and their keys."""
        return columns_of(self.cls)

    def lacking(self, keys: Sequence[str]) -> list[Words]:
        """Returns a sentence for each part of the natural key that no column gives and that has no default."""
        columns, given = self.columns(), {self.columns()[key].field for key in keys if key in self.columns()}
        found = []
        for name in natural_key(self.cls):
            column = next((c for c in columns.values() if c.field == name and c.role in (VALUE, NAME)), None)
            if column is not None and column.required and name not in given:
                found.append(no_column(column.label))
        return found

    def chunks(self, rows: Iterator[DataRow], layout: Layout) -> Iterator[list[DataRow]]:
        """Yields the rows in portions; where they refer to each other, those that are referred to first."""
        if not self.tried_by_writing(layout):
            yield from super().chunks(rows, layout)
            return
        for wave in in_waves(self.cls, rows, list(layout.columns)):
            yield from super().chunks(iter(wave), layout)

    def tried_by_writing(self, layout: Layout) -> bool:
        """Returns whether the file says which row of this table another belongs under."""
        return any(relation in layout.columns for relation in inward(self.cls))

    def begin(
        self,
        session: Session,
        sheet: Sheet,
        layout: Layout,
        findings: Findings,
        options: Sequence[str],
        *,
        write: bool,
    ) -> Pass:
        """Begins a walk; whoever may not import into this table anywhere is refused."""
        require_import(session, self.cls)
        return TablePass(session, self.cls, sheet, layout, findings, writes=write)


def require_import(session: Session, cls: type[Table]) -> None:
    """Refuses whoever may not import into a table anywhere.

    Raises:
        Denied: so it is.
    """
    actor = actor_of(session)
    if not (may(actor, cls, IMPORT) and may(actor, cls, WRITE)):
        raise Denied()
