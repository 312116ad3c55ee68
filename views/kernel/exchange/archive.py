"""What is looked at in an XLSX before a parser may open it.

The parser lays every sheet out as one rectangle in memory and gives None for formulas without a result and for error
cells. So its packed parts are first streamed through here: true sizes, the rectangle, and those cells by address.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from io import BytesIO
from operator import itemgetter
from pathlib import Path
from posixpath import normpath

from models.kernel.refusal import Refusal
from models.kernel.words import Words, _
from views.kernel.exchange.sheet import MEGABYTE, UNCALCULATED, Limits, damaged, too_large, too_many_columns

_CHUNK = MEGABYTE
_LONGEST_ROW = 64 * MEGABYTE
_MOST_FAULTS = 50_000
_SMALL = 10 * MEGABYTE

_SHEET = re.compile(r"<(?:\w+:)?sheet\s([^>]*)>")
_RELATION = re.compile(r"<(?:\w+:)?Relationship\s([^>]*)>")
_ATTRIBUTE = re.compile(r"""([\w:]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_ANY_CELL = re.compile(rb"<(?:\w+:)?c[\s>/]")
_REFERENCE = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]{1,7})([0-9]{1,9})["']""")
_FILLED = re.compile(rb"""<(?:\w+:)?c\s[^>]*?\br\s*=\s*["']([A-Za-z]{1,7})([0-9]{1,9})["'](?:[^>]*[^>/])?>""")
_SHARED = re.compile(rb"""\st\s*=\s*["']s["'][^>]*>\s*<(?:\w+:)?v>\s*([0-9]{1,9})""")
_FIRST, _SECOND = itemgetter(0), itemgetter(1)
_STRING_END = re.compile(rb"</(?:\w+:)?si>|<(?:\w+:)?si\s*/>")
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s/>]")
_ERROR = re.compile(rb"""\st\s*=\s*["']e["']""")
_CELL_END = re.compile(rb"</(?:\w+:)?c>")
_VALUE = re.compile(rb"<(?:\w+:)?v(?:\s[^>]*)?(/?)>([^<]*)")
_TEXT_RESULT = re.compile(rb"""\st\s*=\s*["']str["']""")

_OTHER_KINDS: tuple[tuple[str, Words], ...] = (
    ("word/", _("This is a Word document.", "这是 Word 文档。")),
    ("ppt/", _("This is a PowerPoint presentation.", "这是 PowerPoint 演示文稿。")),
    ("xl/workbook.bin", _("This is a binary workbook (.xlsb).", "这是二进制工作簿（.xlsb）。")),
    ("content.xml", _("This is an OpenDocument file.", "这是 OpenDocument 文件。")),
    ("", _("This is a ZIP archive, not a workbook.", "这是 ZIP 压缩包，不是工作簿。")),
)


@dataclass
class Inspection:
    """What was found in one sheet: faults as in `Sheet.faults`, and whether it holds any cell."""

    faults: dict[tuple[int, int], str] = field(default_factory=dict)
    rows: int = 0
    columns: int = 0
    cells: int = 0
    unplaced_rows: int = 0
    shared: Counter[bytes] = field(default_factory=Counter)


def inspected(source: Path | BytesIO, limits: Limits) -> dict[str, Inspection]:
    """Looks through an XLSX without loading it.

    Args:
        source: the file.
        limits: what is opened at most.

    Returns:
        Sheet name -> what was found in it.

    Raises:
        Refusal: not an XLSX, damaged, or beyond a limit (a zip bomb is).
    """
    try:
        with zipfile.ZipFile(source) as archive:
            _check_directory(archive, limits)
            parts = _sheet_parts(archive)
            _check_contents(archive, set(parts.values()))
            lengths = _shared_lengths(archive)
            found = {name: _inspect_sheet(archive, part, limits) for name, part in parts.items()}
            for each in found.values():
                _check_text(each, lengths, limits)
            return found
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, NotImplementedError, RuntimeError, OSError, ValueError):
        raise damaged() from None


def _check_directory(archive: zipfile.ZipFile, limits: Limits) -> None:
    entries = archive.infolist()
    names = [entry.filename for entry in entries]
    if len(set(names)) != len(names) or len(names) > 10_000:
        raise damaged()
    unpacked = sum(entry.file_size for entry in entries)
    packed = max(1, sum(entry.compress_size for entry in entries))
    if unpacked > limits.unpacked or (unpacked > _SMALL and unpacked > packed * limits.ratio):
        raise Refusal(
            _(
                "Unpacked, the file would have {size} MB. That is no ordinary workbook, and it is not opened.",
                "该文件解压后达 {size} MB，不是正常的工作簿，已拒绝打开。",
            ).fill(size=unpacked // MEGABYTE),
            code="zip_bomb",
            status=413,
        )
    if any(entry.flag_bits & 1 for entry in entries):
        raise Refusal(
            _("The archive is encrypted. Remove its password.", "压缩包已加密，请取消密码后再上传。"), code="encrypted"
        )
    if "xl/workbook.xml" not in names:
        for start, kind in _OTHER_KINDS:
            if any(name.startswith(start) for name in names) or not start:
                raise Refusal(
                    _(
                        "{kind} Hand over a workbook, saved as .xlsx.", "{kind}请上传另存为 .xlsx 的 Excel 工作簿。"
                    ).fill(kind=kind),
                    code="not_a_workbook",
                )


def _check_contents(archive: zipfile.ZipFile, sheets: set[str]) -> None:
    """Unpacks every part but the sheets once: one that is larger than the directory says has a wrong checksum."""
    for name in archive.namelist():
        if name not in sheets:
            for _chunk in _chunks(archive, name):
                pass


def _chunks(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    with archive.open(name) as part:
        while chunk := part.read(_CHUNK):
            yield chunk


def _attributes(text: str) -> dict[str, str]:
    return {found[1]: unescape(found[2] or found[3] or "") for found in _ATTRIBUTE.finditer(text)}


def _sheet_parts(archive: zipfile.ZipFile) -> dict[str, str]:
    """Returns sheet name -> name of its part, as the workbook says (part names need not be numbered in order)."""
    targets = {}
    for relation in _RELATION.finditer(archive.read("xl/_rels/workbook.xml.rels").decode("utf-8-sig")):
        said = _attributes(relation[1])
        target = said.get("Target", "")
        targets[said.get("Id", "")] = normpath(target.lstrip("/") if target.startswith("/") else f"xl/{target}")
    parts: dict[str, str] = {}
    known = set(archive.namelist())
    for sheet in _SHEET.finditer(archive.read("xl/workbook.xml").decode("utf-8-sig")):
        said = _attributes(sheet[1])
        key = next((value for name, value in said.items() if name.split(":")[-1] == "id"), "")
        part = targets.get(key, "")
        if part in known and "name" in said:
            parts[said["name"]] = part
    return parts


def _shared_lengths(archive: zipfile.ZipFile) -> array[int]:
    """Returns the bytes that each shared string takes."""
    lengths: array[int] = array("Q")
    name = next((each for each in archive.namelist() if each.lower() == "xl/sharedstrings.xml"), None)
    if name is None:
        return lengths
    rest = b""
    for chunk in _chunks(archive, name):
        *ended, rest = _STRING_END.split(rest + chunk)
        lengths.extend(map(len, ended))
        if len(rest) > _LONGEST_ROW:
            raise damaged()
    return lengths


def _check_text(found: Inspection, lengths: array[int], limits: Limits) -> None:
    """Refuses a small file whose one long text stands in a million cells."""
    if max(lengths, default=0) * sum(found.shared.values()) <= limits.text:
        return
    total = sum(times * lengths[int(at)] for at, times in found.shared.items() if int(at) < len(lengths))
    if total > limits.text:
        raise too_large(limits.text)


class _BeyondLimits(Exception):
    """The rectangle around every cell, formatted blank ones too, is larger than what may be opened."""


def _inspect_sheet(archive: zipfile.ZipFile, part: str, limits: Limits) -> Inspection:
    try:
        return _streamed(archive, part, limits, only_filled=False)
    except _BeyondLimits:  # borders down to the last row are common and cost nothing: look again, closely
        return _streamed(archive, part, limits, only_filled=True)


def _streamed(archive: zipfile.ZipFile, part: str, limits: Limits, only_filled: bool) -> Inspection:
    found = Inspection()
    rest = b""
    for number, chunk in enumerate(_chunks(archive, part)):
        if number == 0 and (chunk[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in chunk[:8]):
            raise damaged()  # XML in UTF-16, which nobody writes
        rest += chunk
        cut = rest.rfind(b"row>") + 4
        if cut >= 4:
            _inspect_rows(rest[:cut], found, limits, only_filled)
            rest = rest[cut:]
        elif len(rest) > _LONGEST_ROW:
            raise damaged()
    _inspect_rows(rest, found, limits, only_filled)
    return found


def _inspect_rows(xml: bytes, found: Inspection, limits: Limits, only_filled: bool) -> None:
    placed = _REFERENCE.findall(xml)
    counted = _FILLED.findall(xml) if only_filled else placed
    if counted:
        found.columns = max(found.columns, *(_column(each) + 1 for each in set(map(_FIRST, counted))))
        found.rows = max(found.rows, *map(int, set(map(_SECOND, counted))))
    found.cells += len(counted)
    # Some may not say where they stand. Counting '<c' first is quick, and seldom more than all of them.
    if xml.count(b"<c") + xml.count(b":c") > len(placed) and len(_ANY_CELL.findall(xml)) > len(placed):
        for row in xml.split(b"row>"):
            found.unplaced_rows += 1
            width = len(_ANY_CELL.findall(row))
            found.columns, found.rows = max(found.columns, width), max(found.rows, found.unplaced_rows)
            found.cells += width
    if found.columns > limits.columns or max(found.cells, found.columns * found.rows) > limits.cells:
        if not only_filled:
            raise _BeyondLimits
        if found.columns > limits.columns:
            raise too_many_columns(found.columns, limits.columns)
        raise Refusal(
            _(
                "The sheet reaches to row {rows}, at most {cells} cells are read. Split it, or delete blank rows.",
                "工作表已延伸至第 {rows} 行，最多读取 {cells} 个单元格，请拆分或删除空行。",
            ).fill(rows=found.rows, cells=limits.cells),
            code="too_many_rows",
        )
    if b'"s"' in xml or b"'s'" in xml:
        found.shared.update(_SHARED.findall(xml))
    _find_faults(xml, found)


def _find_faults(xml: bytes, found: Inspection) -> None:
    for formula in _FORMULA.finditer(xml) if b"<f" in xml or b":f" in xml else ():
        tag = xml[xml.rfind(b"<", 0, formula.start()) : formula.start()]
        end = _CELL_END.search(xml, formula.end())
        value = _VALUE.search(xml, formula.end(), end.start() if end else len(xml))
        if value is None or (not value[2].strip() and not _TEXT_RESULT.search(tag)):
            _note(found, tag, UNCALCULATED)
    for error in _ERROR.finditer(xml) if b'"e"' in xml or b"'e'" in xml else ():
        start, close = xml.rfind(b"<", 0, error.start()), xml.find(b">", error.end())
        end = _CELL_END.search(xml, close)
        value = _VALUE.search(xml, close, end.start() if end else len(xml))
        if value and value[2]:
            _note(found, xml[start:close], value[2].decode("utf-8", "replace"))


def _note(found: Inspection, tag: bytes, fault: str) -> None:
    where = _REFERENCE.search(tag)
    if where:
        found.faults[int(where[2]) - 1, _column(where[1])] = fault
    if len(found.faults) > _MOST_FAULTS:
        raise Refusal(
            _(
                "More than {count} formulas have no result or an error. Open the file in Excel and save it again.",
                "超过 {count} 个公式没有结果或报错，请用 Excel 打开并重新保存后再上传。",
            ).fill(count=_MOST_FAULTS),
            code="uncalculated",
        )


def _column(letters: bytes) -> int:
    """Returns the column of 'A' or 'AB', from 0."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number - 1
