"""How a table is shown: everything its pages, REST resource, look-ups, import and export need to know."""

from __future__ import annotations

from dataclasses import dataclass, field

from models.kernel.roles import Rights
from models.kernel.words import Words


@dataclass(frozen=True, slots=True)
class Section:
    """A block of fields that show, add and edit share."""

    title: Words
    fields: tuple[str, ...]


def section(title: Words, *fields: str) -> Section:
    """Returns a section of `fields` (column names)."""
    return Section(title, fields)


@dataclass(frozen=True, slots=True)
class MenuPart:
    """Entries of a long area that fold away together in the menu.

    Attributes:
        name: what a person's cookie remembers it by: letters, digits and underscores, once in the console.
        tables: tables of the area, in the order of the menu.
    """

    name: str
    label: Words
    icon: str
    tables: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Area:
    """A part of the business: a menu group, a package of tables, and the rights its tables start from.

    Attributes:
        name: the package below `models`.
        order: place in the menu; an area imports only areas of lower order.
        parts: what folds together in the menu; a table that no part names stands in the area itself, never lost.
    """

    name: str
    label: Words
    order: int
    rights: Rights
    parts: tuple[MenuPart, ...] = ()


@dataclass(frozen=True, slots=True)
class Screen:
    """How one table is shown.

    Attributes:
        label: what one row is called ('Building').
        plural: what the list is called; the label where they do not differ.
        icon: outline icon of the menu entry.
        key: the columns by which people know a row; unique among living rows, and what an import matches by.
        title: dotted columns whose values, joined, name a row to others.
        listed: columns of the list; dotted paths follow refs.
        searched: text columns of the quick search.
        sections: the form; a required column that no section names is added to the first, never lost.
        order: default order, '-' for descending.
        rights: what differs from the area's rights.
        menu: False keeps it out of the menu (a child that is reached from its parent).
        children: tables shown as grids on the record page: (table, its ref column).
        noted: a sentence for whom the table is, shown on the empty list and in the docs.
    """

    label: Words
    key: tuple[str, ...]
    title: tuple[str, ...]
    listed: tuple[str, ...]
    sections: tuple[Section, ...]
    plural: Words | None = None
    icon: str = "table"
    searched: tuple[str, ...] = ()
    order: tuple[str, ...] = ("-created_at", "-id")
    rights: Rights = field(default_factory=Rights)
    menu: bool = True
    children: tuple[tuple[str, str], ...] = ()
    noted: Words | None = None

    @property
    def name(self) -> Words:
        """The words of the list and the menu."""
        return self.plural or self.label
