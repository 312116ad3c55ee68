"""Entering values: what a form, a REST body or a sheet says becomes typed values of a row. One way for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from sqlalchemy.orm import Session

from models.kernel.clock import CHINA
from models.kernel.columns import ColumnInfo
from models.kernel.guard import expect_version
from models.kernel.masking import is_masked
from models.kernel.option_values import code_of
from models.kernel.options import Options
from models.kernel.reading import read_choice, read_code, read_decimal, read_flag, read_integer, read_text
from models.kernel.reading_dates import read_date, read_moment
from models.kernel.refusal import Refusal
from models.kernel.registry import defaults, infos
from models.kernel.screen import Section
from models.kernel.secret import MaskedValue
from models.kernel.table import Table
from models.kernel.words import _

UNCHANGED = object()
"""What a masked value that was shown and sent back means: leave what is there."""


def sections(cls: type[Table]) -> list[Section]:
    """Returns the form of a table: its sections, with required columns nobody named appended to the first, never lost."""
    declared = list(cls.screen.sections)
    named = {field for block in declared for field in block.fields}
    forgotten = [
        name
        for name, known in infos(cls).items()
        if name not in named
        and not known.system
        and not cls.__mapper__.columns[name].nullable
        and name not in defaults(cls)
    ]
    if forgotten and declared:
        declared[0] = Section(declared[0].title, (*declared[0].fields, *forgotten))
    return declared


def fields(cls: type[Table]) -> list[str]:
    """Returns the columns a client may write, in the order of the form."""
    known = infos(cls)
    return [name for block in sections(cls) for name in block.fields if not known[name].system]


def is_required(cls: type[Table], name: str) -> bool:
    """Returns whether a column must be filled by whoever enters the row."""
    return not cls.__mapper__.columns[name].nullable and name not in defaults(cls) and infos(cls)[name].kind != "flag"


def option_names(options: type[Options]) -> dict[str, list[str]]:
    """Returns value -> what people may write for it: the value and its words in both languages."""
    return {option.value: [option.words.zh, option.words.en, option.value] for option in options.options()}


def read(known: ColumnInfo, raw: object) -> Any:
    """Returns `raw`, as people write it, as the typed value of a column (None for empty).

    Raises:
        Refusal: it cannot be read; the sentence says what is expected.
    """
    kind = known.kind
    if kind in ("text", "prose"):
        return read_text(raw, known.length)
    if kind == "integer":
        return read_integer(raw, -(2**31), 2**31 - 1)
    if kind in ("decimal", "money"):
        return read_decimal(raw, known.length or 16, known.places)
    if kind == "date":
        return read_date(raw)
    if kind == "moment":
        return read_moment(raw, CHINA)
    if kind == "flag":
        return bool(read_flag(raw))
    if kind == "choice" and known.options is not None:
        return read_choice(raw, option_names(known.options))
    if kind == "option":
        return read_code(raw, 60)  # code or words; `option_values.settle` knows the row's place and tells which
    if kind == "ref":
        return read_integer(raw, 1, 2**63 - 1)
    if kind == "masked":
        if isinstance(raw, MaskedValue):
            return raw
        text = read_code(raw, known.length)
        return UNCHANGED if text is not None and is_masked(text) else text
    raise RuntimeError(f"There is no way to read a column of kind {kind!r}.")


def read_all(cls: type[Table], values: Mapping[str, object]) -> dict[str, Any]:
    """Reads the values of several columns at once.

    Raises:
        Refusal: carries one refusal for each column that cannot be read, is unknown, or is not for clients to write.
    """
    allowed, known = set(fields(cls)), infos(cls)
    wrong: list[Refusal] = []
    found: dict[str, Any] = {}
    for name, raw in values.items():
        if name not in allowed:
            wrong.append(
                Refusal(
                    _("“{name}” is not a field that can be written here.", "“{name}”不是可填写的字段。").fill(
                        name=name
                    ),
                    name,
                    code="unknown_field",
                )
            )
            continue
        try:
            value = read(known[name], raw)
        except Refusal as refusal:
            wrong.append(Refusal(refusal.sentence, name, code=refusal.code))
            continue
        if value is not UNCHANGED:
            found[name] = value
    if wrong:
        raise Refusal.of(wrong)
    return found


def assign(row: Table, values: Mapping[str, Any]) -> None:
    """Sets typed values on a row where they differ, so that an unchanged form writes nothing."""
    for name, value in values.items():
        column = type(row).__mapper__.columns[name]
        if value is None and not column.nullable:
            value = defaults(type(row)).get(name)
        if not column.type.compare_values(getattr(row, name), value):
            setattr(row, name, value)


def add(session: Session, cls: type[Table], values: Mapping[str, object]) -> Table:
    """Adds a row from what a client said. Flushes.

    Raises:
        Refusal: carries all that is wrong with it.
    """
    row = cls()
    assign(row, read_all(cls, values))
    session.add(row)
    session.flush()
    if cls.flow is not None:
        from models.kernel.moving import arrived  # which itself reads values as this module does

        arrived(session, row)
    return row


def change(session: Session, row: Table, values: Mapping[str, object], version: int | None) -> Table:
    """Changes a row to what a client said. Flushes.

    Args:
        version: the version the client had in front of it; None only for callers that locked the row themselves.

    Raises:
        Stale: somebody else saved it meanwhile; carries both values where they differ.
        Refusal: carries all that is wrong with it.
    """
    typed = read_all(type(row), values)
    if version is not None:
        expect_version(row, version)
    assign(row, _coded(session, row, typed))
    session.flush()
    return row


def _coded(session: Session, row: Table, typed: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the values with the words of an option the row has already as its code, so that nothing seems changed."""
    found = dict(typed)
    for name, known in infos(type(row)).items():
        if known.list and isinstance(found.get(name), str) and getattr(row, name):
            with suppress(Refusal):  # the guard says it, with all else that is wrong
                found[name] = code_of(session, row, known, found[name], kept=getattr(row, name))
    return found
