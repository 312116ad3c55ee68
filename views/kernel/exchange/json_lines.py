"""An export as JSON lines: one object a row, for programs. Nothing is neutralised, since no spreadsheet opens it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from views.kernel.exchange.export import Export


def json_chunks(export: Export) -> Iterator[bytes]:
    """Yields the export as JSON lines (UTF-8), a batch at a time. Closes it at the end, and when it is left.

    Numbers keep all their digits, days and moments are ISO 8601, flags are true or false, personal data stays masked.
    Two columns of one heading are told apart by their place in the schema.
    """
    try:
        said = [column.heading for column in export.columns]
        keys = [column.path if said.count(column.heading) > 1 else column.heading for column in export.columns]
        names = [json.dumps(key, ensure_ascii=False) for key in keys]
        plan = [(column.plain or column.text, column.where) for column in export.columns]
        for values in export.transposed():
            columns = [plain([values[i] for i in where]) for plain, where in plan]
            yield "".join(_line(names, row) for row in zip(*columns, strict=True)).encode()
    finally:
        export.close()


def _line(names: Sequence[str], row: Sequence[Any]) -> str:
    return "{" + ", ".join(f"{name}: {_value(value)}" for name, value in zip(names, row, strict=True)) + "}\n"


def _value(value: Any) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}"
    return json.dumps(value if isinstance(value, str | int | float | bool | None) else str(value), ensure_ascii=False)
