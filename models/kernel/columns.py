"""The columns a table is declared in. Each is a SQLAlchemy column that also carries its label and kind.

Whether a column is required follows from its annotation: `Mapped[str]` is, `Mapped[str | None]` is not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, Date, DateTime, ForeignKey, Integer, Numeric, String, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import MappedColumn, mapped_column
from sqlalchemy.types import TypeDecorator

from models.kernel.options import Options
from models.kernel.secret import Masked
from models.kernel.words import Words

BigId = BigInteger().with_variant(Integer, "sqlite")
"""Keys: 64 bits, and on SQLite the INTEGER that aliases the row id."""

INFO = "doorbook"


class Moment(TypeDecorator[datetime]):
    """A moment in time: aware in Python, UTC in the database."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        return dialect.type_descriptor(DateTime(timezone=dialect.name != "sqlite"))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        aware = (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC)
        return aware.replace(tzinfo=None) if dialect.name == "sqlite" else aware

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)

    def result_processor(self, dialect: Dialect, coltype: Any) -> Any:
        """One call a value in the place of three: an export reads a hundred thousand of them."""
        inner = self.impl_instance.result_processor(dialect, coltype)
        if inner is None:
            return lambda value: None if value is None else self.process_result_value(value, dialect)
        parse = datetime.fromisoformat

        def read(value: Any) -> datetime | None:
            try:
                return None if value is None else parse(f"{value}+00:00")  # SQLite has a text without a zone
            except ValueError:
                return self.process_result_value(inner(value), dialect)

        return read


@dataclass(frozen=True, slots=True)
class ColumnInfo:
    """What the console knows of a column beyond its SQL type.

    Attributes:
        label: its name on screen.
        kind: text, prose, integer, decimal, money, date, moment, flag, choice, option, ref or masked; picks widget, filter and format.
        hint: a sentence under the field.
        unit: the unit behind a number.
        options: the closed list of a choice.
        target: the table a ref points to.
        system: kept by the kernel; no client ever writes it.
        numbers: the object whose number rule fills it, for a column the kernel numbers.
        pattern: the pattern and the cycle its reference rule begins with.
        list: the option list that administrators keep, which an option is chosen from.
        warns: a flag that is a warning where it is set.
        told: how pages say what is stored, where that is short for more.
    """

    label: Words
    kind: str
    hint: Words | None = None
    unit: Words | None = None
    options: type[Options] | None = None
    target: str | None = None
    system: bool = False
    length: int | None = None
    places: int = 0
    numbers: str | None = None
    pattern: tuple[str, str] = ("", "")
    list: str | None = None
    warns: bool = False
    told: Callable[[str], Words] | None = None


def _column(type_: Any, info: ColumnInfo, *args: Any, **kwargs: Any) -> MappedColumn[Any]:
    return mapped_column(type_, *args, info={INFO: info}, **kwargs)


def text(
    label: Words,
    length: int = 100,
    *,
    hint: Words | None = None,
    default: str | None = None,
    told: Callable[[str], Words] | None = None,
) -> MappedColumn[Any]:
    """One line of text of at most `length` characters; `told` says it on pages, forms and files have what is stored."""
    return _column(String(length), ColumnInfo(label, "text", hint, length=length, told=told), default=default)


def prose(label: Words, *, hint: Words | None = None) -> MappedColumn[Any]:
    """Text of several lines, at most 10,000 characters."""
    return _column(Text(), ColumnInfo(label, "prose", hint, length=10_000))


def integer(
    label: Words, *, unit: Words | None = None, hint: Words | None = None, default: int | None = None
) -> MappedColumn[Any]:
    """A whole number."""
    return _column(Integer(), ColumnInfo(label, "integer", hint, unit), default=default)


def decimal(
    label: Words, digits: int = 12, places: int = 2, *, unit: Words | None = None, hint: Words | None = None
) -> MappedColumn[Any]:
    """An exact number of `digits` digits, `places` of them after the point."""
    return _column(Numeric(digits, places), ColumnInfo(label, "decimal", hint, unit, length=digits, places=places))


def money(label: Words, *, unit: Words | None = None, hint: Words | None = None) -> MappedColumn[Any]:
    """An exact amount in yuan, to the fen."""
    return _column(Numeric(16, 2), ColumnInfo(label, "money", hint, unit, length=16, places=2))


def day(label: Words, *, hint: Words | None = None, default: date | None = None) -> MappedColumn[Any]:
    """A date."""
    return _column(Date(), ColumnInfo(label, "date", hint), default=default)


def moment(label: Words, *, hint: Words | None = None) -> MappedColumn[Any]:
    """A date and time, kept in UTC, shown in the company's zone."""
    return _column(Moment(), ColumnInfo(label, "moment", hint))


def flag(label: Words, *, default: bool = False, hint: Words | None = None, warns: bool = False) -> MappedColumn[Any]:
    """Yes or no. One that `warns` is said in a red word where it is so, and not at all where it is not."""
    return _column(Boolean(), ColumnInfo(label, "flag", hint, warns=warns), default=default)


def choice(
    label: Words,
    options: type[Options],
    *,
    default: Options | None = None,
    hint: Words | None = None,
    system: bool = False,
) -> MappedColumn[Any]:
    """One of a closed list."""
    info = ColumnInfo(label, "choice", hint, options=options, length=40, system=system)
    return _column(String(40), info, default=default.value if default else None)


def option(label: Words, list_: str, *, default: str | None = None, hint: Words | None = None) -> MappedColumn[Any]:
    """One value of an option list that administrators keep; the row keeps its code (see docs/options.md).

    Args:
        list_: the name of a list declared with `option_list`.
        default: the code a new row begins with.
    """
    info = ColumnInfo(label, "option", hint, length=40, list=list_)
    return _column(String(40), info, default=default, active_history=True)


def ref(target: str, label: Words, *, hint: Words | None = None, system: bool = False) -> MappedColumn[Any]:
    """A row of the table `target`. The column is named `<something>_id`; `<something>` is then the row itself."""
    info = ColumnInfo(label, "ref", hint, target=target, system=system)
    return _column(BigId, info, ForeignKey(f"{target}.id"), index=True, active_history=True)


def masked(label: Words, kind: str, *, hint: Words | None = None) -> MappedColumn[Any]:
    """Personal data (`kind` 'certificate' or 'mobile') or a 'secret': encrypted, shown masked, matched through a blind index."""
    return _column(Masked(kind), ColumnInfo(label, "masked", hint, length=40))


def kept(label: Words, type_: Any, kind: str, **kwargs: Any) -> MappedColumn[Any]:
    """A column that the kernel or the area's rules keep; no client writes it."""
    return _column(type_, ColumnInfo(label, kind, system=True), **kwargs)


def numbered(
    label: Words, object_: str, pattern: str = "{yyyy}{mm}{dd}-{seq:04d}", *, cycle: str = "day"
) -> MappedColumn[Any]:
    """A number that the kernel gives when the row is entered, by the nearest number rule; never changed, never given again.

    Args:
        label: its name on screen.
        object_: what number rules call the rows, usually the table's name.
        pattern: what the reference rule of a new console says; administrators change it there.
        cycle: `none`, `year`, `month` or `day`: when its sequence begins at 1 again.
    """
    info = ColumnInfo(label, "text", length=40, system=True, numbers=object_, pattern=(pattern, cycle))
    return _column(String(40), info, unique=True, index=True)
