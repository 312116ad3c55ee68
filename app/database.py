"""The database as commands open it: engine and sessions made from the settings, gate and guard in force."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, MetaData, create_engine
from sqlalchemy.orm import Session

from config import Settings
from models.kernel.actor import SYSTEM
from models.kernel.masking import Cipher
from models.kernel.registry import load
from models.kernel.secret import use_cipher
from models.kernel.session import act, prepare_engine, reading
from models.kernel.table import Base


def load_models() -> MetaData:
    """Imports every table, gate and guard, and the accounts and roles of the framework. Cheap after the first call.

    Returns: the metadata of all of them. The naming convention is set before `ab_*` is declared, so that those have
    names in a migration too; hence the imports by name, in this order.
    """
    load()
    for module in (
        "models.kernel.gate",
        "models.kernel.guard",
        "models.kernel.attachment",
        "models.kernel.bulk_change",
        "models.kernel.draft",
        "models.kernel.saved_export",
        "models.kernel.saved_view",
        "models.kernel.search",
        "models.kernel.workbench",
        "flask_appbuilder.security.sqla.models",
    ):
        importlib.import_module(module)
    return Base.metadata


def open_engine(settings: Settings) -> Engine:
    """Opens the database of `settings` and sets the cipher of this process.

    Returns: an engine; nothing is connected yet. The caller disposes of it.
    """
    load_models()
    use_cipher(Cipher(settings.data_key))
    postgres = settings.database_url.startswith("postgresql")
    return prepare_engine(create_engine(settings.database_url, pool_pre_ping=postgres))


@contextmanager
def system_session(settings: Settings, *, writes: bool = True) -> Iterator[Session]:
    """Opens a session that acts as the system, for commands of the operator. Commits when it is left without an error.

    Args:
        writes: False for a command that only reads; it then takes no write lock on SQLite.

    Raises:
        Refusal: the schema is older or newer than this code.
    """
    from app.migration import require_head

    token = reading.set(not writes)
    engine = open_engine(settings)
    try:
        require_head(engine)
        with Session(engine) as session:
            act(session, SYSTEM)
            yield session
            session.commit()
    finally:
        engine.dispose()
        reading.reset(token)
