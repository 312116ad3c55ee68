"""Opens what people hand over, XLSX, XLS or CSV, and refuses everything else in one sentence.

What a file is, its first bytes say; its name is only compared with them. Nothing is parsed before its guards have
passed (`archive`). 100,000 rows of 20 columns open in some three seconds, far below 500 MB.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path, PurePath

from python_calamine import CalamineSheet, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from models.kernel.refusal import Refusal
from models.kernel.words import Words, _
from views.kernel.exchange.archive import Inspection, inspected
from views.kernel.exchange.delimited import check_choice, csv_rows, found_delimiter, found_encoding
from views.kernel.exchange.sheet import (
    Book,
    Cell,
    Limits,
    Merge,
    Sheet,
    address,
    damaged,
    no_rows,
    too_large,
    too_many_columns,
)

__all__ = ["Book", "Cell", "Limits", "Merge", "Sheet", "address", "open_workbook"]

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HEAD = 4096
_TEXT_NAMES = frozenset((".csv", ".txt", ".tsv", ""))
_ORDINARY = Limits()


def open_workbook(
    source: bytes | Path,
    filename: str,
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    limits: Limits = _ORDINARY,
) -> Book:
    """Opens a file that somebody handed over.

    Args:
        source: its bytes, or where it lies.
        filename: as it was called by the person; tells a mistaken ending, and names the sheet of a CSV file.
        encoding: of a CSV file, one of `delimited.ENCODINGS`; found out when left out.
        delimiter: of a CSV file, one of `delimited.DELIMITERS`; found out when left out.
        limits: what is opened at most.

    Returns:
        The book, with at least one cell in it.

    Raises:
        Refusal: empty, too large, encrypted, damaged, no workbook, or nothing in it; says what to do.
    """
    check_choice(encoding, delimiter)
    size = source.stat().st_size if isinstance(source, Path) else len(source)
    if size == 0:
        raise Refusal(
            _("The file is empty (0 bytes). Hand it over again.", "文件为空（0 字节），请重新上传。"), code="empty"
        )
    if size > limits.size:
        raise too_large(limits.size)
    if isinstance(source, bytes):
        start = source[:_HEAD]
    else:
        with source.open("rb") as stream:
            start = stream.read(_HEAD)
    if start.startswith(b"PK"):
        book = _excel("xlsx", source, inspected(_stream(source), limits), limits)
    elif start.startswith(_OLE):
        book = _excel("xls", _old_workbook(source), {}, limits)
    else:
        book = _csv(source, start, PurePath(filename), encoding, delimiter, limits)
    if not any(sheet.holds_anything() for sheet in book.sheets):
        raise no_rows()
    return book


def _stream(source: bytes | Path) -> Path | BytesIO:
    return source if isinstance(source, Path) else BytesIO(source)


def _excel(kind: str, source: bytes | Path, found: dict[str, Inspection], limits: Limits) -> Book:
    opened = _stream(source)
    try:
        workbook = CalamineWorkbook.from_object(opened)
        metadata = [each for each in workbook.sheets_metadata if each.typ == SheetTypeEnum.WorkSheet]
    except PasswordError:
        raise _encrypted() from None
    except BaseException as failure:  # the parser is written in Rust: what it did not expect is no Exception
        raise _parser_failed(failure) from None
    sheets = []
    for each in metadata:
        if kind == "xlsx" and each.name not in found:
            raise damaged()
        hidden = each.visible != SheetVisibleEnum.Visible
        sheets.append(_excel_sheet(workbook, each.name, hidden, found.get(each.name, Inspection()), limits))
    if not sheets:
        raise no_rows()
    return Book(kind, tuple(sheets))


def _excel_sheet(workbook: CalamineWorkbook, name: str, hidden: bool, found: Inspection, limits: Limits) -> Sheet:
    try:
        sheet = workbook.get_sheet_by_name(name)
        merged = tuple(Merge(*top_left, *bottom_right) for top_left, bottom_right in sheet.merged_cell_ranges or ())
    except BaseException as failure:
        raise _parser_failed(failure) from None
    if sheet.end and sheet.end[1] >= limits.columns:
        raise too_many_columns(sheet.end[1] + 1, limits.columns)
    return Sheet(name, lambda: _excel_rows(sheet), merged, found.faults, hidden)


def _excel_rows(sheet: CalamineSheet) -> Iterator[list[Cell]]:
    """Yields rows from A1 on: the parser leaves out blank columns on the left, and says '' for an empty cell."""
    if sheet.start is None:
        return
    margin: list[Cell] = [None] * sheet.start[1]
    for row in sheet.iter_rows():
        cells: list[Cell] = [None if cell == "" else cell for cell in row]
        yield margin + cells if margin else cells


def _parser_failed(failure: BaseException) -> BaseException:
    """Returns what to raise for a failure of the parser; a person's own interrupt and lack of memory stay."""
    ours = isinstance(failure, Refusal | KeyboardInterrupt | SystemExit | MemoryError | GeneratorExit)
    return failure if ours else damaged()


def _old_workbook(source: bytes | Path) -> bytes:
    """Returns an OLE file that holds a workbook of Excel 97-2003, and refuses the other things OLE files are."""
    data = source if isinstance(source, bytes) else source.read_bytes()

    def has(entry: str) -> bool:
        return entry.encode("utf-16-le") in data

    if has("EncryptedPackage"):
        raise _encrypted()
    if not has("Workbook") and not has("Book"):
        kind = _("This is a Word document.", "这是 Word 文档。") if has("WordDocument") else None
        raise _no_workbook(kind or _("This is not a workbook.", "这不是工作簿。"))
    return data


def _csv(
    source: bytes | Path,
    start: bytes,
    name: PurePath,
    encoding: str | None,
    delimiter: str | None,
    limits: Limits,
) -> Book:
    _check_text(start, name)
    stream = _stream(source)
    chosen = encoding or found_encoding(stream)
    cut = delimiter or found_delimiter(stream, chosen)
    return Book("csv", (Sheet(name.stem, lambda: csv_rows(stream, chosen, cut, limits)),), chosen, cut)


def _check_text(start: bytes, name: PurePath) -> None:
    """Refuses what begins like something else than lines of text, or calls itself a workbook."""
    bare = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        bare = start.decode("utf-16", "ignore").strip().lower().encode()
    if bare.startswith((b"<html", b"<!doctype", b"<table", b"<head", b"<?xml", b"<meta", b"<style", b"mime-version:")):
        raise _no_workbook(
            _("This is a web page that was saved under a workbook's name.", "这是以工作簿名称保存的网页文件。")
        )
    if bare.startswith((b"%pdf", b"\x89png", b"\xff\xd8\xff", b"gif8", b"rar!", b"7z\xbc\xaf", b"\x1f\x8b", b"{\\rtf")):
        raise _no_workbook(_("This is not a workbook.", "这不是工作簿。"))
    if name.suffix.lower() not in _TEXT_NAMES:
        raise Refusal(
            _(
                "The file is called {ending} and is text inside. Rename it to .csv, or save it as .xlsx in Excel.",
                "文件扩展名为 {ending}，但实际是文本文件。请改名为 .csv，或用 Excel 另存为 .xlsx。",
            ).fill(ending=name.suffix[:10]),
            code="not_a_workbook",
        )


def _no_workbook(kind: Words) -> Refusal:
    return Refusal(
        _("{kind} Open it in Excel, save it as .xlsx.", "{kind}请用 Excel 打开后另存为 .xlsx 再上传。").fill(kind=kind),
        code="not_a_workbook",
    )


def _encrypted() -> Refusal:
    return Refusal(
        _(
            "The workbook is encrypted. Remove its password in Excel (File, Info, Protect Workbook), save it again.",
            "工作簿已加密，请在 Excel 中取消密码（文件—信息—保护工作簿）并保存后再上传。",
        ),
        code="encrypted",
    )
