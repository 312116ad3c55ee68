"""Cascades: which look-up of a form is narrowed by what was chosen in another. Derived from the refs, for every table alike.

A room is looked for in the chosen unit, building or project because its refs lead there; a house type in the project of the
chosen unit because both belong to one. A look-up is told by the name of its own ref column (`building_id=3`) or, where
the way is longer, by the table that was chosen (`_of_building=3`).
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import ColumnElement, false, select

from models.kernel.registry import infos, table, tables
from models.kernel.table import Table


def way_up(cls: type[Table], target: str) -> tuple[str, ...] | None:
    """Returns the ref columns that lead from `cls` up to the table `target`: a ref of its own, or of what it hangs on."""
    way: tuple[str, ...] = ()
    here = cls
    while True:
        for column, known in infos(here).items():
            if known.kind == "ref" and known.target == target:
                return (*way, column)
        step = here.owned.through
        if step is None or len(way) > 5:
            return None
        way, here = (*way, step), table(infos(here)[step].target or "")


def hangs_on(cls: type[Table], names: list[str], name: str) -> list[str]:
    """Returns the fields of a form of `cls` that narrow the look-up `name`, as its `data-depends` names them.

    Args:
        names: the form's fields in their order.
    """
    known = infos(cls)
    target = known[name].target
    if target not in tables():
        return []
    looked, found = table(target or ""), []
    for place, other in enumerate(names):
        above = known[other].target
        if other == name or known[other].kind != "ref" or above not in tables() or above == target:
            continue
        if table(above or "").owned.kind == "index":
            continue  # where a row belongs says nothing of whom it concerns: an adviser may sit in another department
        if infos(looked).get(other) is not None and infos(looked)[other].target == above:
            found.append(other)
        elif way_up(looked, above or "") is not None or (
            place < names.index(name)
            and looked.owned.kind == table(above or "").owned.kind == "project"
            and way_up(table(above or ""), target or "") is None
        ):
            found.append(f"{other}:{above}")
    return found


def narrowed(cls: type[Table], arguments: Mapping[str, str]) -> list[ColumnElement[bool]]:
    """Returns the conditions on `cls` that the arguments of a look-up ask for; what names nothing known asks for nothing."""
    found: list[ColumnElement[bool]] = []
    for name, value in arguments.items():
        if not value.isdecimal() or len(value) > 18:
            continue
        if name in infos(cls) and infos(cls)[name].kind == "ref":
            found.append(getattr(cls, name) == int(value))
        elif name.startswith("_of_") and name[4:] in tables():
            found.append(_of(cls, table(name[4:]), int(value)))
    return found


def _of(cls: type[Table], above: type[Table], key: int) -> ColumnElement[bool]:
    way = way_up(cls, above.__tablename__)
    if way is not None:
        return _along(cls, way, key)
    if cls.owned.kind == above.owned.kind == "project":
        mine, theirs = (getattr(one, "project_id") for one in (cls, above))  # noqa: B009  # only these tables have it
        return mine == select(theirs).where(above.id == key).scalar_subquery()  # type: ignore[no-any-return]
    return false()


def _along(cls: type[Table], way: tuple[str, ...], key: int) -> ColumnElement[bool]:
    """Follows refs down again: rooms of those units of those buildings."""
    column, *rest = way
    if not rest:
        return getattr(cls, column) == key  # type: ignore[no-any-return]
    parent = table(infos(cls)[column].target or "")
    return getattr(cls, column).in_(select(parent.id).where(_along(parent, tuple(rest), key)))  # type: ignore[no-any-return]
