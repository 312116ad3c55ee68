"""What rows are called, and what does not count when names are compared."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from models.kernel.registry import infos, related
from models.kernel.table import Table

GAPS = re.compile(r"\s*[/›>→]\s*|\s+")


def folded(text: str) -> str:
    """Returns a name without what does not count: width, case, blanks and the separators of a path."""
    return GAPS.sub("", unicodedata.normalize("NFKC", text).casefold().strip())


def bare(text: str) -> str:
    """Returns a heading without what does not count, as `headings.find_headings` compares them."""
    return "".join(sign for sign in unicodedata.normalize("NFKC", text).casefold() if sign.isalnum())


@cache
def name_columns(cls: type[Table]) -> tuple[str, ...]:
    """Returns the text columns by which people call a row of `cls` among its neighbours: a room's number, a code."""
    paths = cls.screen.title if cls.owned.kind == "index" else (*cls.screen.key, *cls.screen.title)
    return tuple(dict.fromkeys(p for p in paths if "." not in p and p in infos(cls) and infos(cls)[p].kind == "text"))


@cache
def chain(cls: type[Table]) -> tuple[str, ...]:
    """Returns the relations from a row to those whose names stand before it in a path: room -> unit, building, project."""
    found: list[str] = []
    here, trees = cls, 0
    while here.owned.kind != "index" and len(found) < 6:
        trees += here.owned.kind == "tree"
        if trees > 1:
            break
        ref = next(
            (c for c in here.screen.key if infos(here)[c].kind == "ref" and infos(here)[c].target != "node"), None
        )
        if ref is None:
            break
        found.append(ref.removesuffix("_id"))
        here = related(here, found[-1])
    return tuple(found)
