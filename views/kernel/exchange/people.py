"""Co-owners who share a cell: 张三、李四 with their certificates and phones, one list beside the other."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from models.kernel.reading import read_text
from models.kernel.refusal import Refusal
from models.kernel.words import Words, _
from views.kernel.exchange.sheet import Cell

_SEPARATORS = re.compile(r"[\n\r、,，;；/／|&＆+＋]+")
_AND = re.compile(r"\s*(?:和|与|及)\s*|\s+and\s+", re.IGNORECASE)
_COMPANY = re.compile(
    r"公司|企业|合伙|集团|中心|银行|学校|医院|\b(?:ltd|inc|llc|limited|company|corp)\b", re.IGNORECASE
)
_HAN = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff·]+")


@dataclass(frozen=True, slots=True)
class Person:
    """One owner as written; neither certificate nor phone is checked yet."""

    name: str
    certificate: str | None = None
    phone: str | None = None


def split_people(names: Cell, certificates: Cell = None, phones: Cell = None) -> list[Person]:
    """Splits the owners of a home who stand in one cell, with their certificates and phones in the same order.

    Separators may differ from cell to cell: line break, 、 , ; / & + in any width; 和 and blanks only where whole names
    or whole numbers stand on both sides. A company keeps the separators in its name while it has one certificate.

    One phone for several owners is the first one's, the others have none: it is the number that whoever wrote the
    ledger calls. Likewise no certificate at all is no disagreement.

    Args:
        names: one or more names.
        certificates: as many, or none.
        phones: as many, or one, or none.

    Returns:
        The owners in order; an empty list where all three cells are empty.

    Raises:
        Refusal: the numbers of names, certificates and phones disagree; gives all three. `field` is 'names',
            'certificates' or 'phones'.
    """
    numbers = _numbers(certificates, 8)
    calls = _numbers(phones, 7)
    people = _names(names, len(numbers))
    if not people:
        if numbers or calls:
            raise _disagree(_("There is no name", "没有姓名"), "names", people, numbers, calls)
        return []
    if numbers and len(numbers) != len(people):
        raise _disagree(
            _("Names and certificates disagree", "姓名与证件数量不一致"), "certificates", people, numbers, calls
        )
    if len(calls) not in (0, 1, len(people)):
        raise _disagree(_("Names and phones disagree", "姓名与电话数量不一致"), "phones", people, numbers, calls)
    return [
        Person(
            name,
            numbers[place] if numbers else None,
            calls[place] if place < len(calls) else None,
        )
        for place, name in enumerate(people)
    ]


def _disagree(what: Words, field: str, people: list[str], numbers: list[str], calls: list[str]) -> Refusal:
    return Refusal(
        _(
            "{what}: {people} names, {numbers} certificates, {calls} phones. Write one of each for every owner.",
            "{what}：姓名 {people} 个，证件 {numbers} 个，电话 {calls} 个。请逐一对应填写。",
        ).fill(what=what, people=len(people), numbers=len(numbers), calls=len(calls)),
        field=field,
        code="counts_disagree",
    )


def _parts(text: str) -> list[str]:
    return [part.strip() for part in _SEPARATORS.split(text) if part.strip()]


def _numbers(cell: Cell, shortest: int) -> list[str]:
    """Splits certificates or phones; at blanks too where every piece is long enough to be a whole number."""
    text = unicodedata.normalize("NFKC", read_text(cell) or "")
    numbers: list[str] = []
    for part in re.split(r"[\n、,;/|&]+|(?<=[0-9Xx])\s*(?:和|与|及)\s*(?=[0-9A-Za-z])", text):
        pieces = part.split()
        whole = all(sum(sign.isalnum() for sign in piece) >= shortest for piece in pieces)
        numbers += pieces if whole else [" ".join(pieces)]
    return [number for number in numbers if number]


def _names(cell: Cell, certificates: int) -> list[str]:
    text = read_text(cell) or ""
    parts = _parts(text)
    if certificates == 1 and len(parts) > 1 and _COMPANY.search(text):
        return [text]
    names = [name for part in parts for name in _blank_parts(part)]
    if len(names) < certificates or (not certificates and names):
        further = [name for part in names for name in _and_parts(part, certificates > 0)]
        if not certificates or len(further) == certificates:
            names = further
    return [_joined(name) for name in names]


def _blank_parts(part: str) -> list[str]:
    """Splits 张三 李四, and leaves 张 三 (two characters set wide apart) and John Smith."""
    pieces = part.split()
    return pieces if all(len(piece) >= 2 and _HAN.fullmatch(piece) for piece in pieces) else [part]


def _and_parts(name: str, counted: bool) -> list[str]:
    """Splits 张三和李四 into whole names; 李和平 is one, and so is anything of four characters nobody counted."""
    pieces = [piece for piece in _AND.split(name) if piece]
    if len(pieces) < 2 or _COMPANY.search(name):
        return [name]
    whole = all(len(piece) >= 2 for piece in pieces)
    return pieces if whole and (counted or len(name) >= 5) else [name]


def _joined(name: str) -> str:
    """Returns 张三 for 张 三; names in other scripts keep one blank between words."""
    pieces = name.split()
    return "".join(pieces) if all(_HAN.fullmatch(piece) for piece in pieces) else " ".join(pieces)
