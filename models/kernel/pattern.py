"""Patterns of numbers: 'JD{yyyy}{mm}{dd}-{seq:04d}' read, checked, filled in, and compared with each other."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from models.kernel.options import Options
from models.kernel.refusal import Refusal
from models.kernel.words import _

LONGEST = 40
"""Characters of a number column."""
DATES = ("yyyy", "yy", "mm", "dd")
PLACES = ("company", "project")
"""Placeholders for the code of the company or project the row belongs to; each code then counts for itself."""
_ROOM_FOR_CODE = 20
_TOKEN = re.compile(r"\{([^{}]*)\}|([^{}]+)|([{}])")
_SEQUENCE = re.compile(r"seq:0([1-9])d")
_LITERAL = re.compile(r"[^\W_]|[-./]")


class Cycle(Options):
    """When the sequence begins at 1 again."""

    NONE = "none", _("Never", "不重置")
    YEAR = "year", _("Each year", "每年")
    MONTH = "month", _("Each month", "每月")
    DAY = "day", _("Each day", "每日")


_NEEDED: dict[str, tuple[tuple[str, ...], ...]] = {
    "none": (),
    "year": (("yyyy", "yy"),),
    "month": (("yyyy", "yy"), ("mm",)),
    "day": (("yyyy", "yy"), ("mm",), ("dd",)),
}
"""Cycle -> placeholders of which one each must be there: else the new cycle would give the numbers of the old again."""


_SAID = {option.value: option.words.zh for option in Cycle.options()}


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a pattern: fixed text (`name` is empty), or a placeholder; `width` is the least of a sequence."""

    name: str
    text: str = ""
    width: int = 0


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern that was read and found right."""

    parts: tuple[Part, ...]
    cycle: str

    def places(self) -> tuple[str, ...]:
        """Returns the kinds of place whose code the pattern shows."""
        return tuple(part.name for part in self.parts if part.name in PLACES)

    def series(self, codes: dict[str, str]) -> str:
        """Returns the pattern with the codes of places filled in: what one counter counts for."""
        return "".join(
            codes[part.name]
            if part.name in PLACES
            else part.text or f"{{{part.name}{f':0{part.width}d' if part.width else ''}}}"
            for part in self.parts
        )

    def cycle_of(self, day: date) -> str:
        """Returns the name of the cycle `day` lies in: '', '2025', '2025-06' or '2025-06-02'."""
        return day.isoformat()[: {"none": 0, "year": 4, "month": 7, "day": 10}[self.cycle]]

    def said(self, day: date, sequence: int, codes: dict[str, str]) -> str:
        """Returns the number with this place in the sequence; a sequence wider than planned is shown whole."""
        filled = {"yyyy": f"{day:%Y}", "yy": f"{day:%y}", "mm": f"{day:%m}", "dd": f"{day:%d}", **codes}
        return "".join(
            part.text or (f"{sequence:0{part.width}d}" if part.width else filled[part.name]) for part in self.parts
        )


@lru_cache(maxsize=256)
def read_pattern(text: str, cycle: str) -> Pattern:
    """Reads a pattern.

    Args:
        text: as the rule has it, such as 'JD{yyyy}{mm}{dd}-{seq:04d}'.
        cycle: a value of `Cycle`.

    Raises:
        Refusal: names the placeholder that does not exist or is missing, at the field `pattern`.
    """
    parts: list[Part] = []
    for inner, literal, brace in _TOKEN.findall(text):
        sequence = _SEQUENCE.fullmatch(inner)
        if literal and all(_LITERAL.fullmatch(letter) for letter in literal):
            parts.append(Part("", literal))
        elif sequence:
            parts.append(Part("seq", width=int(sequence[1])))
        elif inner in (*DATES, *PLACES):
            parts.append(Part(inner))
        else:
            raise _unknown(literal or brace or f"{{{inner}}}")
    names = [part.name for part in parts if part.name]
    if names.count("seq") != 1:
        raise Refusal(
            _(
                "A pattern has exactly one sequence, such as {example}.",
                "编码规则应包含且仅包含一个流水号，例如 {example}。",
            ).fill(example="{seq:04d}"),
            "pattern",
            code="no_sequence",
        )
    for one_of in _NEEDED[cycle]:
        if not set(one_of) & set(names):
            raise Refusal(
                _(
                    "A sequence that begins anew each {cycle} needs {missing} in its pattern, "
                    "or numbers would come twice.",
                    "流水号{cycle}重置时，编码规则中应包含 {missing}，否则编号会重复。",
                ).fill(cycle=_(cycle, _SAID[cycle]), missing=f"{{{one_of[0]}}}"),
                "pattern",
                code="cycle_not_shown",
            )
    widths = {"yyyy": 4, "yy": 2, "mm": 2, "dd": 2, **dict.fromkeys(PLACES, _ROOM_FOR_CODE), "": 0}
    if sum(len(part.text) + (max(part.width, 6) if part.width else widths[part.name]) for part in parts) > LONGEST:
        sentence = _("The numbers would be longer than {n} characters.", "编号长度将超过 {n} 个字符。").fill(n=LONGEST)
        raise Refusal(sentence, "pattern", code="too_long")
    return Pattern(tuple(parts), cycle)


def _unknown(what: str) -> Refusal:
    return Refusal(
        _(
            "“{what}” means nothing in a pattern. There are {known}; beside them letters, digits, - . and /.",
            "编码规则不支持“{what}”。可用占位符：{known}，此外可使用文字、数字以及 - . /。",
        ).fill(what=what, known=", ".join(f"{{{name}}}" for name in (*DATES, *PLACES, "seq:04d"))),
        "pattern",
        code="unknown_placeholder",
    )


def overlap(one: Pattern, other: Pattern) -> bool:
    """Returns whether two patterns can give the same number; what cannot be excluded counts as can."""
    left, right = _letters(one), _letters(other)
    seen: set[tuple[int, int]] = set()
    open_: list[tuple[int, int]] = [(0, 0)]
    while open_:
        here = open_.pop()
        if here in seen:
            continue
        seen.add(here)
        i, j = here
        if i == len(left) and j == len(right):
            return True
        loop_left, loop_right = i < len(left) and left[i][1], j < len(right) and right[j][1]
        if loop_left:
            open_.append((i + 1, j))
        if loop_right:
            open_.append((i, j + 1))
        if i < len(left) and j < len(right) and _meet(left[i][0], right[j][0]):
            open_.append((i if loop_left else i + 1, j if loop_right else j + 1))
    return False


def _letters(pattern: Pattern) -> list[tuple[str, bool]]:
    """The pattern letter by letter: (letter, 'digit' or 'any'; whether it may come any number of times, none included)."""
    found: list[tuple[str, bool]] = []
    for part in pattern.parts:
        if part.name in PLACES:
            found += [("any", False), ("any", True)]
        elif part.name == "seq":
            found += [("digit", False)] * part.width + [("digit", True)]
        elif part.name:
            found += [("digit", False)] * (4 if part.name == "yyyy" else 2)
        else:
            found += [(letter, False) for letter in part.text]
    return found


def _meet(one: str, other: str) -> bool:
    if "any" in (one, other) or one == other:
        return True
    return ("digit" in (one, other)) and (one if other == "digit" else other).isdecimal()
