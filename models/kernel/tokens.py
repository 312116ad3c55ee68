"""What a text is found by: every beginning of every place in it, and its pinyin.

A text is folded (width, case) and cut at blanks. Of each run every ending is kept ('1201', '201', '01', '1'): whatever
stands somewhere in the run is then the beginning of one of them, so that a range of an ordinary index finds it, names of
two characters as well as parts of a number. A run with Chinese characters is kept by its pinyin too, in initials and in full
('zsf', 'zhangsanfeng', 'sanfeng'), characters that are read in several ways by each of them (曾: c and z).
"""

from __future__ import annotations

import itertools
import os
import unicodedata
from collections.abc import Iterable
from functools import cache, lru_cache

LENGTH = 24
"""A token is cut to so many characters. Longer words are compared with the columns themselves as well."""

REACH = 400
"""So many characters of a text can be found."""

START = "\x01"
"""Stands before a token that begins a run: rows that begin so are shown first. No folded text contains it."""

LAST = "\U0010ffff"
_READINGS, _WAYS = 4, 6
_TONES = ("\u0304", "\u0301", "\u030c", "\u0300")


def folded(text: str) -> str:
    """Returns a text as it is compared: ordinary width, lower case, without control characters and half pairs."""
    if text.isascii() and text.isprintable():
        return text.lower()  # as most numbers and codes are: nothing in it can change but its case
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    if plain.isprintable():
        return plain  # its blanks are ordinary ones, and nothing in it is a control character or half a pair
    return "".join(
        " " if c.isspace() else c for c in plain if c.isspace() or unicodedata.category(c) not in ("Cc", "Cs")
    )


def words_of(typed: str, most: int = 5) -> list[str]:
    """Returns the words of what was typed, folded, each once; never more than `most`."""
    return list(dict.fromkeys(folded(typed).split()))[:most]


def tokens(texts: Iterable[str | None]) -> set[str]:
    """Returns the tokens of a row from the texts it is found by."""
    found: set[str] = set()
    for text in texts:
        if text:
            for run in folded(text[:REACH]).split():
                found |= _of_run(run)
    return found


@lru_cache(maxsize=20_000)  # names of units, floors and room numbers repeat without end
def _of_run(run: str) -> frozenset[str]:
    found = {START + run[:LENGTH]}
    found.update(run[at : at + LENGTH] for at in range(1, len(run)))
    if not run.isascii():
        for way in spoken(run):
            found.add(START + way[:LENGTH])
        for at in range(1, len(run)):
            if readings(run[at]):
                found.update(way[:LENGTH] for way in spoken(run[at:]) if len(way) > 1)
    return frozenset(found)


def spoken(run: str) -> frozenset[str]:
    """Returns the ways a run may be typed in letters: initials and whole syllables; other characters stay as they are.

    A run without a Chinese character has none. Of characters read in many ways only so many combinations are kept.
    """
    said = [readings(c) for c in run[:LENGTH]]
    if not any(said):
        return frozenset()
    whole = [each or (c,) for c, each in zip(run, said, strict=False)]
    first = [tuple(dict.fromkeys(one[0] for one in each)) for each in whole]
    return frozenset(
        "".join(way) for kind in (first, whole) for way in itertools.islice(itertools.product(*kind), _WAYS)
    )


def initials(text: str) -> str:
    """Returns every way the first letters of a text may be typed, blanks between: 重庆 -> 'cq zq'; '' without Chinese."""
    ways: dict[str, None] = {}
    for run in folded(text).split():
        said = [readings(c) or (c,) for c in run[:LENGTH]]
        if any(readings(c) for c in run):
            first = (dict.fromkeys(one[0] for one in each) for each in said)
            ways |= dict.fromkeys("".join(way) for way in itertools.islice(itertools.product(*first), _WAYS))
    return " ".join(sorted(ways))


def romanised(text: str) -> str:
    """Returns a text in Latin letters, each Chinese character by its usual reading: 王伟 -> 'wangwei'."""
    return "".join((readings(c) or (c,))[0] for c in folded(text))


@cache
def _readings() -> dict[int, str]:
    """The readings of every character; loaded when the first Chinese text is written."""
    os.environ.setdefault("PYPINYIN_NO_PHRASES", "1")  # single characters only: phrases cost memory and start-up
    from pypinyin.constants import PINYIN_DICT

    return dict(PINYIN_DICT)


@lru_cache(maxsize=8_000)
def toned(character: str) -> str:
    """Returns the usual reading of a Chinese character with its tone behind it ('zhong4'); '' of any other."""
    first = _readings().get(ord(character), "").split(",")[0]
    spelt = unicodedata.normalize("NFD", first)
    tone = next((str(place) for place, mark in enumerate(_TONES, 1) if mark in spelt), "5")
    plain = "".join(c for c in spelt.replace("u\u0308", "v") if c.isascii() and c.isalpha())
    return f"{plain}{tone}" if plain else ""


@lru_cache(maxsize=8_000)
def readings(character: str) -> tuple[str, ...]:
    """Returns the syllables a Chinese character is read by, without tones, the usual one first; none of any other."""
    if character < "\u3400":
        return ()
    found: list[str] = []
    for one in _readings().get(ord(character), "").split(","):
        spelt = unicodedata.normalize("NFD", one)
        ways = ("v", "u") if "u\u0308" in spelt else ("u",)  # 吕 is typed lv by most and lu by some
        found += ["".join(c for c in spelt.replace("u\u0308", way) if c.isascii() and c.isalpha()) for way in ways]
    return tuple(dict.fromkeys(one for one in found if one))[:_READINGS]
