"""All declared areas and tables. Areas are packages below `models`; whatever file lies in one is a table of it."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from functools import cache
from typing import Any

from sqlalchemy.orm import RelationshipProperty, configure_mappers

import models
from models.kernel.columns import INFO, ColumnInfo
from models.kernel.flow import flow_rights
from models.kernel.refusal import Missing
from models.kernel.roles import Rights
from models.kernel.screen import Area
from models.kernel.table import Table
from models.kernel.words import _


@cache
def load() -> None:
    """Imports every area and every table in it, and configures the mappers."""
    importlib.import_module("models.kernel.node")
    importlib.import_module("models.kernel.grant")
    importlib.import_module("models.kernel.number_rule")
    importlib.import_module("models.kernel.parameter_control")
    importlib.import_module("models.kernel.dict_item")
    importlib.import_module("models.kernel.flow_setting")
    importlib.import_module("models.kernel.audit")
    importlib.import_module("models.kernel.seal")
    importlib.import_module("models.kernel.comment")
    importlib.import_module("models.kernel.job_schedule")
    for name in ("outbox", "mailbox", "preference", "template", "webhook", "log"):
        importlib.import_module(f"models.kernel.notice.{name}")
    for package in sorted(m.name for m in pkgutil.iter_modules(models.__path__) if m.ispkg and m.name != "kernel"):
        area = importlib.import_module(f"models.{package}")
        for module in pkgutil.iter_modules(area.__path__):
            importlib.import_module(f"models.{package}.{module.name}")
    importlib.import_module("models.kernel.approving")
    configure_mappers()


def area_of(cls: type[Table]) -> Area:
    """Returns the area a table belongs to: the package it lies in, or the one a kernel table names."""
    name = cls.__dict__.get("area_name") or cls.__module__.split(".")[1]
    return areas()[name]


@cache
def areas() -> dict[str, Area]:
    """Returns all areas by name, in their order."""
    load()
    found = []
    for module in pkgutil.iter_modules(models.__path__):
        area = getattr(sys.modules.get(f"models.{module.name}"), "area", None)
        if isinstance(area, Area):
            found.append(area)
    return {area.name: area for area in sorted(found, key=lambda area: area.order)}


def _subclasses(cls: type[Table]) -> list[type[Table]]:
    return [sub for direct in cls.__subclasses__() for sub in (direct, *_subclasses(direct))]


@cache
def tables() -> dict[str, type[Table]]:
    """Returns all declared tables by table name: by area, and within one what others point to before what points to it."""
    load()
    found = {cls.__tablename__: cls for cls in _subclasses(Table) if not cls.__dict__.get("__abstract__")}
    order = {name: place for place, name in enumerate(areas())}

    def depth(cls: type[Table], above: tuple[str, ...] = ()) -> int:
        refs = {known.target for known in infos(cls).values() if known.target in found} - {*above, cls.__tablename__}
        own = [found[t] for t in refs if t and area_of(found[t]) is area_of(cls)]
        return max((1 + depth(parent, (*above, cls.__tablename__)) for parent in own), default=0)

    ordered = sorted(found.values(), key=lambda cls: (order[area_of(cls).name], depth(cls), cls.__tablename__))
    return {cls.__tablename__: cls for cls in ordered}


def table(name: str) -> type[Table]:
    """Returns the table declared as `name`.

    Raises:
        Missing: there is none.
    """
    try:
        return tables()[name]
    except KeyError:
        raise Missing(_("There is no table “{name}”.", "没有名为“{name}”的表。").fill(name=name)) from None


@cache
def rights_of(cls: type[Table]) -> Rights:
    """Returns the rights of a table: its area's, overridden where its screen differs, and one per transition of its flow."""
    return area_of(cls).rights | cls.screen.rights | flow_rights(cls.flow)


@cache
def infos(cls: type[Table]) -> dict[str, ColumnInfo]:
    """Returns what the console knows of each declared column of a table, in column order."""
    return {name: c.info[INFO] for name, c in cls.__mapper__.columns.items() if INFO in c.info}


@cache
def numbers_of(cls: type[Table]) -> dict[str, str]:
    """Returns the columns of a table that the kernel numbers, with the object whose rules they follow."""
    return {name: known.numbers for name, known in infos(cls).items() if known.numbers}


@cache
def defaults(cls: type[Table]) -> dict[str, Any]:
    """Returns the declared default values of a table's columns, by column."""
    found: dict[str, Any] = {}
    for name in infos(cls):
        default: Any = cls.__mapper__.columns[name].default
        if default is not None and default.is_scalar:
            found[name] = default.arg
    return found


def info(cls: type[Table], path: str) -> ColumnInfo:
    """Returns the info of a dotted column: 'unit.building.name' follows the refs.

    Raises:
        KeyError: the path names no column.
    """
    owner, column = resolve(cls, path)
    return infos(owner)[column]


@cache
def resolve(cls: type[Table], path: str) -> tuple[type[Table], str]:
    """Returns the table and the column a dotted path ends at. A path that ends at a ref's relation gives its `_id` column.

    Raises:
        KeyError: the path names no column.
    """
    *steps, last = path.split(".")
    for step in steps:
        cls = related(cls, step)
    if last in infos(cls):
        return cls, last
    if f"{last}_id" in infos(cls):
        return cls, f"{last}_id"
    raise KeyError(f"{cls.__tablename__} has no column {last!r} (there are {', '.join(infos(cls))})")


@cache
def related(cls: type[Table], relation: str) -> type[Table]:
    """Returns the table that the relation `relation` of `cls` leads to.

    Raises:
        KeyError: there is no such relation.
    """
    prop = cls.__mapper__.relationships.get(relation)
    if not isinstance(prop, RelationshipProperty):
        raise KeyError(f"{cls.__tablename__} has no relation {relation!r}")
    found: type[Table] = prop.mapper.class_
    return found


@cache
def pointing_at(name: str) -> tuple[tuple[type[Table], str], ...]:
    """Returns the (table, ref column) pairs that point at the table `name`: its children, derived, not declared."""
    return tuple(
        (cls, column) for cls in tables().values() for column, known in infos(cls).items() if known.target == name
    )


@cache
def titles(cls: type[Table]) -> tuple[str, ...]:
    """Returns the dotted columns that name a row of `cls`, with refs in its title replaced by their own titles."""
    flat: list[str] = []
    for path in cls.screen.title:
        owner, column = resolve(cls, path)
        known = infos(owner)[column]
        if known.kind == "ref":
            prefix = path.removesuffix("_id")
            flat.extend(f"{prefix}.{inner}" for inner in titles(table(known.target or "")))
        else:
            flat.append(path)
    return tuple(flat)
