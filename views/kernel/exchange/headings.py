"""Finds the table in a sheet that was made for people: its headings, its rows, and what only looks like rows."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import Any

from models.kernel.refusal import Refusal
from models.kernel.words import _
from views.kernel.exchange.cells import restored
from views.kernel.exchange.sheet import Cell, Merge, Sheet, address, is_blank, no_rows

_SEARCHED = 50
_BRACKETED = re.compile(r"[(\[{【〔「<][^)\]}】〕」>]*[)\]}】〕」>]")
_TOTAL = re.compile(
    r"(?:.{0,20}?(?:小\s*计|合\s*计|总\s*计|累\s*计|共\s*计)|(?:.{0,20}\b)?(?:sub-?\s?total|total|sum)\b)\s*(?:[:(\d].*)?",
    re.IGNORECASE,
)
_NOTE = re.compile(r"(?:备注|说明|注|制表|填表|审核|复核|编制|批准|日期|note|prepared|checked|approved)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Heading:
    """A column of the sheet.

    Args:
        column: from 0.
        text: as written, with the heading merged above it where that tells two apart.
        key: of the target column it stands for, None where it is not known.
        exact: False where the key is a guess, because the text only contains one of its names.
    """

    column: int
    text: str
    key: str | None
    exact: bool = True

    @property
    def letter(self) -> str:
        """The column as a spreadsheet names it, such as 'O'."""
        return address(0, self.column)[:-1]


@dataclass(frozen=True)
class Layout:
    """Where the table of a sheet stands.

    Args:
        row: the row of the headings as the file numbers it, from 1.
        headings: all columns that have one, known or not.
        missing: required keys that no heading stands for.
        duplicates: key -> columns (from 0) that stand for it, where more than one does; the first is used.
    """

    row: int
    headings: tuple[Heading, ...]
    missing: tuple[str, ...]
    duplicates: dict[str, tuple[int, ...]]
    columns: dict[str, int] = field(default_factory=dict)

    @property
    def unknown(self) -> tuple[Heading, ...]:
        """Headings that stand for no target column: what an import says it leaves out."""
        return tuple(heading for heading in self.headings if heading.key is None)


@dataclass(frozen=True, slots=True)
class DataRow:
    """One row of the table: `number` as in the file, from 1; `values` by key, every known column present.

    A row that was made of another (an owner out of the row of a home) has only the values that say something, and a
    `token` by which later rows find the record it became.
    """

    number: int
    values: dict[str, Cell]
    token: Any = None


def find_headings(sheet: Sheet, known: Mapping[str, Sequence[str]], required: Sequence[str] = ()) -> Layout:
    """Finds the row of headings, below titles, blank rows and headings that span several columns.

    Blanks, case, width, punctuation and brackets with units do not count: '建筑面积 (㎡)' is '建筑面积'. A heading that
    only contains a name ('业主证件号码' and '证件号码') is a guess, given where no other column fits exactly.

    Args:
        sheet: where to look, in its first 50 rows.
        known: key of the target column -> its names in either language.
        required: keys without which a row cannot be read; those not found are in `Layout.missing`.

    Returns:
        The row in which most columns are known, the upper one of equals.

    Raises:
        Refusal: no row with at least two known headings (one, if only one is known); says which are expected.
    """
    rows = list(islice(sheet.rows(), _SEARCHED))
    names = {_bare(name): key for key, each in known.items() for name in (*each, key)}
    near = [merge for merge in sheet.merged if merge.top < _SEARCHED]
    best: tuple[int, int, list[tuple[int, str, str]]] = (0, 0, [])
    for index in range(len(rows)):
        texts = _texts(rows, index, near)
        found = {names[_bare(own)] for _column, own, _group in texts if _bare(own) in names}
        found |= {names[_bare(group + own)] for _column, own, group in texts if _bare(group + own) in names}
        if len(found) > best[0]:
            best = len(found), index, texts
    count, index, texts = best
    if count < min(2, len(known)):
        expected = [each[0] if each else key for key, each in known.items() if not required or key in required]
        if all(all(map(is_blank, row)) for row in rows):
            raise no_rows()
        raise Refusal(
            _(
                "No row of headings was found in the first {rows} rows. Expected are: {expected}.",
                "前 {rows} 行内未找到表头，应包含以下列：{expected}。",
            ).fill(rows=_SEARCHED, expected="、".join(expected[:20])),
            code="no_headings",
        )
    headings = _headings(texts, names)
    places: dict[str, list[int]] = {}
    for heading in headings:
        if heading.key is not None:
            places.setdefault(heading.key, []).append(heading.column)
    return Layout(
        row=index + 1,
        headings=tuple(headings),
        missing=tuple(key for key in required if key not in places),
        duplicates={key: tuple(columns) for key, columns in places.items() if len(columns) > 1},
        columns={key: columns[0] for key, columns in places.items()},
    )


def data_rows(sheet: Sheet, layout: Layout, skipped: list[tuple[int, str]] | None = None) -> Iterator[DataRow]:
    """Yields the rows of the table; values merged over several rows stand in each of them.

    Left out are blank rows, subtotals, headings repeated on every page, and a note or signature of one cell.

    Args:
        sheet: the sheet.
        layout: what `find_headings` found in it.
        skipped: takes (row number, 'subtotal' | 'heading' | 'note') for each row left out that is not blank.

    Raises:
        Refusal: there is no row at all below the headings.
    """
    headings = {heading.column: _bare(heading.text) for heading in layout.headings}
    merges = _Merges(sheet.merged, layout.row)
    places = list(layout.columns.items())
    any_row = False
    for index, cells in enumerate(islice(sheet.rows(), layout.row, None), layout.row):
        row = merges.filled(index, cells)
        if all(map(is_blank, cells)):
            continue
        kind = _kind(row, cells, headings)
        if kind:
            if skipped is not None:
                skipped.append((index + 1, kind))
            continue
        any_row = True
        width = len(row)
        yield DataRow(index + 1, {key: row[column] if column < width else None for key, column in places})
    if not any_row:
        raise no_rows()


def whole_rows(sheet: Sheet, layout: Layout) -> Iterator[tuple[int, list[Cell]]]:
    """Yields (number, cells) from the row of headings on, each row for itself: a heading of two rows and a value merged
    over several stand in every row they count for, so that a row can be taken out of its sheet."""
    merges = _Merges(sheet.merged, layout.row)
    texts = {heading.column: heading.text for heading in layout.headings}
    for number, cells in enumerate(islice(sheet.rows(), layout.row - 1, None), layout.row):
        if number == layout.row:
            width = max(len(cells), *(column + 1 for column in texts)) if texts else len(cells)
            yield number, [texts.get(column, cells[column] if column < len(cells) else None) for column in range(width)]
        else:
            yield number, merges.filled(number - 1, cells)


def is_subtotal(row: Sequence[Cell]) -> bool:
    """Returns whether a row adds others up: 1幢小计：128 套, 合 计, Total.

    One of its first three cells says so and stands alone: what else is written are numbers, or text to its left.
    """
    filled = 0
    for place, cell in enumerate(row):
        if is_blank(cell):
            continue
        if isinstance(cell, str) and _says_total(cell):
            return all(is_blank(other) or not isinstance(other, str) or _numeric(other) for other in row[place + 1 :])
        filled += 1
        if filled == 3:
            break
    return False


def _says_total(text: str) -> bool:
    if restored(text) != text:
        return False  # an export wrote it: '@SUM(A1) is what somebody entered, and adds nothing up
    if text.isascii() and not any(word in text.lower() for word in ("total", "sum")):
        return False  # as nearly all cells are; the pattern would look for both words at every place
    return _matches_total(text)


@lru_cache(maxsize=5_000)
def _matches_total(text: str) -> bool:
    return _TOTAL.fullmatch(unicodedata.normalize("NFKC", text).strip()) is not None


def _headings(texts: list[tuple[int, str, str]], names: Mapping[str, str]) -> list[Heading]:
    owns = [_bare(own) for _column, own, _group in texts]
    headings = []
    for column, own, group in texts:
        if not own:
            continue
        repeated = owns.count(_bare(own)) > 1
        text = f"{group}{own}" if group and repeated else own
        key = names.get(_bare(group + own)) or names.get(_bare(own))
        headings.append(Heading(column, text, key))
    taken = {heading.key for heading in headings}
    for place, heading in enumerate(headings):
        guess = None if heading.key else _guessed(_bare(heading.text), names)
        if guess and guess not in taken:
            taken.add(guess)
            headings[place] = Heading(heading.column, heading.text, guess, exact=False)
    return headings


def _guessed(bare: str, names: Mapping[str, str]) -> str | None:
    """Returns the key whose longest name is part of a heading, where only one key has one so long."""
    contained = [name for name in names if len(name) >= 2 and name in bare]
    longest = max(map(len, contained), default=0)
    keys = {names[name] for name in contained if len(name) == longest}
    return keys.pop() if len(keys) == 1 else None


def _texts(rows: list[list[Cell]], index: int, merged: Sequence[Merge]) -> list[tuple[int, str, str]]:
    """Returns (column, its own heading, the heading merged above it) for every column of a row of headings."""
    row = rows[index]
    above = rows[index - 1] if index else []
    width = max(len(row), len(above))
    texts = []
    for column in range(width):
        own = _text(row, column)
        group = ""
        for merge in merged:
            if merge.left <= column <= merge.right and merge.top < index:
                if merge.top <= index <= merge.bottom and not own:  # one heading, two rows high
                    own = _text(rows[merge.top], merge.left)
                elif merge.bottom == index - 1 and merge.right - merge.left < width - 1:
                    group = _text(rows[merge.top], merge.left)
        if not own and not group and any(_text(row, other) for other in range(width)):
            own = _text(above, column)  # CSV knows no merged cells
        texts.append((column, own, group))
    return texts


def _text(row: Sequence[Cell], column: int) -> str:
    cell = row[column] if column < len(row) else None
    return " ".join(cell.split()) if isinstance(cell, str) else ""


@lru_cache(maxsize=5_000)
def _bare(text: str) -> str:
    """Returns a heading without what does not count: brackets, blanks, punctuation, case, width."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    inside = _BRACKETED.sub("", plain)
    return "".join(sign for sign in inside or plain if sign.isalnum())


def _numeric(text: str) -> bool:
    return bool(re.match(r"\s*[-+¥￥]?\s*[0-9.]", unicodedata.normalize("NFKC", text)))


def _kind(row: Sequence[Cell], cells: Sequence[Cell], headings: Mapping[int, str]) -> str:
    """Returns why a row is none of the table's: 'subtotal', 'heading', 'note'; or '' for a data row."""
    if is_subtotal(cells):
        return "subtotal"
    if _repeats(row, headings):
        return "heading"
    filled = list(islice((cell for cell in cells if not is_blank(cell)), 2))
    if len(headings) >= 4 and len(filled) == 1 and isinstance(filled[0], str) and _NOTE.match(filled[0].strip()):
        return "note"
    return ""


def _repeats(row: Sequence[Cell], headings: Mapping[int, str]) -> bool:
    """Returns whether more than half of the texts of a row, and at least two, are the headings of their columns."""
    written = [(column, cell) for column, cell in enumerate(row) if isinstance(cell, str) and not is_blank(cell)]
    other = 0
    for column, cell in written:
        if headings.get(column) != _bare(cell):
            other += 1
            if other * 2 >= len(written):
                return False
    return len(written) - other >= 2


class _Merges:
    """Hands the value of a cell merged over several rows down to each of them, while rows are read in order."""

    def __init__(self, merged: Sequence[Merge], first_row: int) -> None:
        tall = (merge for merge in merged if merge.bottom > merge.top and merge.bottom >= first_row)
        self._coming = sorted(tall, key=lambda merge: merge.top, reverse=True)
        self._open: list[tuple[Merge, Cell]] = []

    def filled(self, index: int, cells: list[Cell]) -> list[Cell]:
        if not (self._open or self._coming):
            return cells
        row = list(cells)
        self._open = [(merge, value) for merge, value in self._open if merge.bottom >= index]
        for merge, value in self._open:
            if merge.left >= len(row):
                row += [None] * (merge.left + 1 - len(row))
            if row[merge.left] is None:
                row[merge.left] = value
        while self._coming and self._coming[-1].top <= index:
            merge = self._coming.pop()
            self._open.append((merge, row[merge.left] if merge.left < len(row) else None))
        return row
