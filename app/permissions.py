"""The rows in which Flask-AppBuilder keeps rights and roles, written from the declarations by `migrate` alone.

A view menu is named like its table, a permission `can_<right>`. What a person may do is answered from grants and the
declarations; these rows show the same to whatever of the framework reads them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Table, delete, insert, select

from app.database import load_models
from models.kernel.registry import rights_of, tables
from models.kernel.roles import ROLES

_CHUNK = 500  # ids in one statement; SQLite takes a limited number of values


def wanted() -> dict[tuple[str, str], tuple[str, ...]]:
    """Returns (permission, view menu) -> names of the roles that hold it, over all tables and rights."""
    return {
        (f"can_{right}", name): roles
        for name, cls in tables().items()
        for right, roles in rights_of(cls).items()
        if roles
    }


def write(connection: Connection) -> None:
    """Makes the rows say what the declarations say; a second call writes nothing.

    All permissions, view menus and their pairs are ours, and those no longer declared go. Roles other than the declared
    ones stay, without permissions: a person may still be entered under them.
    """
    known = load_models().tables
    permission, menu, role = known["ab_permission"], known["ab_view_menu"], known["ab_role"]
    pair, held = known["ab_permission_view"], known["ab_permission_view_role"]
    rights = wanted()

    _add(connection, permission, ("name",), {(name,) for name, _menu in rights})
    _add(connection, menu, ("name",), {(name,) for _permission, name in rights})
    _add(connection, role, ("name",), {(name,) for name in ROLES})
    permissions, menus, roles = _ids(connection, permission), _ids(connection, menu), _ids(connection, role)

    pairs = {(permissions[right], menus[name]): holders for (right, name), holders in rights.items()}
    _add(connection, pair, ("permission_id", "view_menu_id"), set(pairs))
    keys = {
        (row.permission_id, row.view_menu_id): row.id
        for row in connection.execute(select(pair.c.id, pair.c.permission_id, pair.c.view_menu_id))
    }
    holding = {(keys[each], roles[name]) for each, holders in pairs.items() for name in holders}
    _add(connection, held, ("permission_view_id", "role_id"), holding)

    _remove(connection, held, ("permission_view_id", "role_id"), holding)
    _remove(connection, pair, ("permission_id", "view_menu_id"), set(pairs))
    _remove(connection, permission, ("name",), {(name,) for name, _menu in rights})
    _remove(connection, menu, ("name",), {(name,) for _permission, name in rights})


def _rows(connection: Connection, table: Table, columns: Sequence[str]) -> dict[tuple[Any, ...], int]:
    found = connection.execute(select(*(table.c[column] for column in columns), table.c.id))
    return {tuple(values): key for *values, key in found}


def _ids(connection: Connection, table: Table) -> dict[str, int]:
    return {name: key for (name,), key in _rows(connection, table, ("name",)).items()}


def _add(connection: Connection, table: Table, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
    missing = sorted(set(rows) - set(_rows(connection, table, columns)))
    if missing:
        connection.execute(insert(table), [dict(zip(columns, row, strict=True)) for row in missing])


def _remove(connection: Connection, table: Table, columns: Sequence[str], rows: set[tuple[Any, ...]]) -> None:
    stale = sorted(key for row, key in _rows(connection, table, columns).items() if row not in rows)
    for start in range(0, len(stale), _CHUNK):
        connection.execute(delete(table).where(table.c.id.in_(stale[start : start + _CHUNK])))
