"""CSV as people hand it over: its encoding and delimiter found out, its rows read one by one."""

from __future__ import annotations

import codecs
import csv
import io
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from models.kernel.refusal import Refusal
from models.kernel.words import _
from views.kernel.exchange.sheet import Cell, Limits, damaged, too_many_columns

ENCODINGS = ("utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be", "big5hkscs")
"""What a person may choose where the guess was wrong; the first three are told apart without asking."""
DELIMITERS = (",", ";", "\t", "|")
_CHUNK = 1 << 20
_SAMPLE = 50
_LONGEST_FIELD = 1 << 20

Source = Path | io.BytesIO


def found_encoding(source: Source) -> str:
    """Tells UTF-8 (with or without a mark), UTF-16 and GB18030 apart by decoding the whole file.

    Args:
        source: the file.

    Returns:
        One of `ENCODINGS`.

    Raises:
        Refusal: no text in any of them.
    """
    with _opened(source) as stream:
        start = stream.read(4096)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        guesses: tuple[str, ...] = ("utf-16",)
    elif b"\0" in start:
        guesses = ("utf-16-le",) if start[1::2].count(0) >= start[::2].count(0) else ("utf-16-be",)
    else:
        guesses = ("utf-8-sig", "gb18030")
    for encoding in guesses:
        if _decodes(source, encoding):
            return encoding
    raise _not_text()


def found_delimiter(source: Source, encoding: str) -> str:
    """Returns the delimiter that cuts the first rows into the same number of cells; a comma where none does.

    An Excel line `sep=;` at the top decides at once.
    """
    with _text(source, encoding) as stream:
        sample = list(islice(_whole_lines(stream), _SAMPLE))
    if sample and sample[0].lower().startswith("sep=") and len(sample[0].strip()) == 5:
        return sample[0][4]

    def fit(delimiter: str) -> tuple[int, int]:
        try:
            widths = Counter(len(row) for row in csv.reader(sample, delimiter=delimiter) if len(row) > 1)
        except csv.Error:
            return 0, 0
        return max(((times, width) for width, times in widths.items()), default=(0, 0))

    return max(DELIMITERS, key=fit)


def csv_rows(source: Source, encoding: str, delimiter: str, limits: Limits) -> Iterator[list[Cell]]:
    """Yields the rows of a CSV file; an empty cell is None, all others are text.

    A line break inside quotes is part of its cell, so the n-th row is row n in Excel and not line n of the file.

    Args:
        source: the file.
        encoding: one of `ENCODINGS`.
        delimiter: one of `DELIMITERS`.
        limits: how many columns and cells are read.

    Raises:
        Refusal: not text in that encoding, too many columns or cells, or a quote that is never closed.
    """
    csv.field_size_limit(_LONGEST_FIELD)
    cells = 0
    with _text(source, encoding) as stream:
        try:
            for number, row in enumerate(csv.reader(stream, delimiter=delimiter)):
                if number == 0 and len(row) <= 2 and row and row[0].lower().startswith("sep="):
                    yield []
                    continue
                while row and not row[-1]:
                    row.pop()
                cells += len(row)
                if len(row) > limits.columns:
                    raise too_many_columns(len(row), limits.columns)
                if cells > limits.cells:
                    raise Refusal(
                        _(
                            "The file has more than {cells} cells. Split it.",
                            "文件超过 {cells} 个单元格，请拆分后再上传。",
                        ).fill(cells=limits.cells),
                        code="too_many_rows",
                    )
                yield [cell or None for cell in row]
        except UnicodeError:
            raise _not_text() from None
        except csv.Error:
            raise Refusal(
                _(
                    'A quotation mark (") in the file is never closed, or a cell is longer than 1 MB.',
                    '文件中存在未闭合的引号（"），或某个单元格超过 1 MB。',
                ),
                code="damaged",
            ) from None


def check_choice(encoding: str | None, delimiter: str | None) -> None:
    """Refuses an encoding or a delimiter that nobody offered."""
    if (encoding and encoding not in ENCODINGS) or (delimiter and delimiter not in DELIMITERS):
        raise Refusal(
            _(
                "Choose an encoding among {encodings}, and a comma, semicolon, tab or bar as delimiter.",
                "请在 {encodings} 中选择编码，分隔符可选逗号、分号、制表符或竖线。",
            ).fill(encodings=", ".join(ENCODINGS)),
            code="unknown_encoding",
        )


def _not_text() -> Refusal:
    return Refusal(
        _(
            "The encoding of this text file is not known. Save it as CSV UTF-8, or choose its encoding.",
            "无法识别该文本文件的编码，请另存为“CSV UTF-8”格式，或手动选择编码。",
        ),
        code="unknown_encoding",
    )


def _opened(source: Source) -> io.BufferedReader | io.BytesIO:
    if isinstance(source, Path):
        return source.open("rb")
    return io.BytesIO(source.getbuffer())


def _text(source: Source, encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(_opened(source), encoding, newline="")


def _whole_lines(stream: io.TextIOWrapper) -> Iterator[str]:
    """Yields lines for the sample, cut where a file without line breaks would fill the memory."""
    try:
        while line := stream.readline(_CHUNK):
            yield line
    except UnicodeError:
        raise _not_text() from None


def _decodes(source: Source, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    with _opened(source) as stream:
        try:
            while chunk := stream.read(_CHUNK):
                if "\0" in decoder.decode(chunk):
                    raise damaged()
            decoder.decode(b"", True)
        except UnicodeError:
            return False
    return True
