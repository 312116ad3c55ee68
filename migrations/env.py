"""Run by Alembic for each command. `app.migration` hands in the connection and owns the transaction."""

from __future__ import annotations

from typing import Any

from alembic import context
from alembic.autogenerate.api import AutogenContext

from app.database import load_models
from app.migration import include
from models.kernel.columns import Moment
from models.kernel.secret import Masked


def render_item(kind: str, item: Any, _context: AutogenContext) -> str | bool:
    """Writes our own column types as plain ones: a migration outlives the models and imports nothing of them.

    Returns: the type's text; False leaves it to Alembic.
    """
    if kind == "type" and isinstance(item, Moment):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, Masked):
        return f"sa.String(length={item.impl_instance.length})"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=load_models(),
    render_as_batch=True,  # SQLite changes a table by copying it
    compare_type=True,
    transactional_ddl=True,  # SQLite too: `models.kernel.session` begins its transactions itself
    include_object=context.config.attributes.get("include", include),
    render_item=render_item,
)
context.run_migrations()
