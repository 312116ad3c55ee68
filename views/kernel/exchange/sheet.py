"""A sheet of whatever was handed over, and the limits within which it is opened."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from models.kernel.refusal import Refusal
from models.kernel.words import _
from models.kernel.written import excel_error

Cell = str | int | float | bool | date | datetime | time | timedelta | None

MEGABYTE = 1 << 20
UNCALCULATED = ""
"""Marks, in `Sheet.faults`, a formula whose result was never calculated."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What is opened at most. A workbook of 100,000 rows with 20 columns has some 10 MB, 100 MB unpacked.

    Args:
        size: bytes of the file itself.
        unpacked: bytes of everything in it.
        ratio: how many times a file of more than 10 MB unpacked may be larger than packed.
        columns: columns of a sheet that hold anything.
        cells: cells of the rectangle around everything in a sheet; each costs 32 bytes.
        text: bytes of text in the cells of a sheet, repeated ones counted every time.
    """

    size: int = 50 * MEGABYTE
    unpacked: int = 700 * MEGABYTE
    ratio: int = 200
    columns: int = 256
    cells: int = 6_000_000
    text: int = 256 * MEGABYTE


@dataclass(frozen=True, slots=True)
class Merge:
    """A merged range; rows and columns count from 0, both ends inside."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass(frozen=True)
class Sheet:
    """One sheet. Its rows are read anew at every call of `rows`, from row 1 and column A of the file on.

    Args:
        name: as on its tab; for CSV the name of the file.
        read: gives the rows.
        merged: merged ranges in the order of the file.
        faults: (row, column) from 0 -> the Excel error there, or `UNCALCULATED`. Such cells read as None.
        hidden: whether Excel hides it.
    """

    name: str
    read: Callable[[], Iterator[list[Cell]]]
    merged: tuple[Merge, ...] = ()
    faults: Mapping[tuple[int, int], str] = field(default_factory=dict)
    hidden: bool = False

    def rows(self) -> Iterator[list[Cell]]:
        """Yields every row, blank ones too, as a list of values; None is an empty cell. Rows may differ in length."""
        return self.read()

    def holds_anything(self) -> bool:
        """Returns whether any cell is filled, be it with a formula that has no result."""
        return bool(self.faults) or any(not all(map(is_blank, row)) for row in self.rows())

    def fault(self, row: int, column: int) -> Refusal | None:
        """Returns why the cell at `row` and `column` (from 0) has no value to read, or None where it is sound."""
        found = self.faults.get((row, column))
        if found is None:
            return None
        if found != UNCALCULATED:
            return excel_error(found)
        return Refusal(
            _(
                "This formula has no result yet. Open the file in Excel, save it again, or write the value.",
                "该公式尚未计算出结果，请用 Excel 打开并重新保存，或直接填写数值。",
            ),
            code="uncalculated",
        )


@dataclass(frozen=True)
class Book:
    """An opened file.

    Args:
        kind: 'xlsx', 'xls' or 'csv'.
        sheets: in the order of the tabs, those without cells too.
        encoding: of a CSV file, empty otherwise.
        delimiter: of a CSV file, empty otherwise.
    """

    kind: str
    sheets: tuple[Sheet, ...]
    encoding: str = ""
    delimiter: str = ""

    def first(self) -> Sheet:
        """Returns the first visible sheet that holds anything."""
        for hidden in (False, True):
            for sheet in self.sheets:
                if sheet.hidden == hidden and sheet.holds_anything():
                    return sheet
        raise no_rows()


def is_blank(cell: Cell) -> bool:
    """Returns whether nothing but blanks stands in a cell."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


def address(row: int, column: int) -> str:
    """Returns the address of a cell as a spreadsheet shows it: (397, 14) is 'O398'."""
    letters = ""
    rest = column + 1
    while rest:
        rest, place = divmod(rest - 1, 26)
        letters = chr(65 + place) + letters
    return f"{letters}{row + 1}"


def no_rows() -> Refusal:
    """Returns the refusal of a file in which nothing is written."""
    return Refusal(
        _(
            "The file has no rows. Fill in the template and hand it over again.",
            "文件中没有数据，请填写模板后重新上传。",
        ),
        code="no_rows",
    )


def too_many_columns(count: int, limit: int) -> Refusal:
    """Returns the refusal of a sheet with `count` columns where `limit` are read."""
    return Refusal(
        _(
            "The sheet has {count} columns, at most {limit} are read. Delete the columns to the right of the table.",
            "工作表有 {count} 列，最多支持 {limit} 列，请删除表格右侧多余的列。",
        ).fill(count=count, limit=limit),
        code="too_many_columns",
    )


def too_large(limit: int) -> Refusal:
    """Returns the refusal of a file past `limit` bytes, packed or unpacked."""
    return Refusal(
        _(
            "The file is larger than {limit} MB. Split it, or delete pictures and blank rows from it.",
            "文件超过 {limit} MB，请拆分文件，或删除其中的图片和空行。",
        ).fill(limit=limit // MEGABYTE),
        code="too_large",
        status=413,
    )


def damaged() -> Refusal:
    """Returns the refusal of a workbook that cannot be read to its end."""
    return Refusal(
        _(
            "The workbook is damaged or was not transferred completely. Open it in Excel, save it again as .xlsx.",
            "工作簿已损坏或上传不完整，请用 Excel 打开后另存为 .xlsx 再上传。",
        ),
        code="damaged",
    )
