"""The one interface class between the framework and our tables.

The framework asks it for columns and keys; everything that reads or writes rows goes through `listing` and `entry`, so that
the framework's own queries (faults 1-6, 11, 24) are never run.
"""

from __future__ import annotations

from typing import Any

from flask_appbuilder.models.sqla.interface import SQLAInterface

from models.kernel.registry import infos
from models.kernel.table import Table


class TableInterface(SQLAInterface):
    """A table as the framework sees it: declared columns only, no query of its own."""

    def __init__(self, table: type[Table]) -> None:
        self.table = table
        super().__init__(table)

    def get_columns_list(self) -> list[str]:
        """Returns the declared columns; hidden ones (versions, blind indexes) do not exist for the framework."""
        return ["id", *infos(self.table)]

    def get_search_columns_list(self) -> list[str]:
        """Returns the columns the declaration says may be searched (fault 4)."""
        return list(self.table.screen.searched)

    def query(self, *args: Any, **kwargs: Any) -> Any:
        """Refused: rows are read through `views.kernel.listing` only."""
        raise RuntimeError("Rows are read through views.kernel.listing, never through the framework's own query.")

    get = add = edit = delete = query
