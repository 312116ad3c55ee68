"""Names in the order in which people look for them: by pinyin, and numbers by their size (1幢, 2幢, 10幢).

PostgreSQL has ICU's collation for it; SQLite asks `pinyin_key` once for each row. Both take a character by itself: 重庆 stands
with 重 (zhòng), as in CLDR. Used where somebody sorts a list by a text column, not for the declared orders, which are indexed.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from sqlalchemy import DDL, String, event
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from models.kernel.table import Base
from models.kernel.tokens import toned

COLLATION = "by_pinyin"
_DIGITS = re.compile(r"[0-9]+")
_HAN = ":"  # behind the numbers, before the Latin letters, where CLDR has Chinese
_LONGEST = 18


class ByPinyin(FunctionElement[str]):
    """A text column as it is sorted by people: `ByPinyin(column)`."""

    type = String()
    inherit_cache = True
    name = "by_pinyin"


@compiles(ByPinyin)
def _as_it_is(element: Any, compiler: Any, **kwargs: Any) -> str:
    return str(compiler.process(element.clauses, **kwargs))


@compiles(ByPinyin, "sqlite")
def _on_sqlite(element: Any, compiler: Any, **kwargs: Any) -> str:
    return f"pinyin_key({compiler.process(element.clauses, **kwargs)})"


@compiles(ByPinyin, "postgresql")
def _on_postgresql(element: Any, compiler: Any, **kwargs: Any) -> str:
    return f'(({compiler.process(element.clauses, **kwargs)}) COLLATE "{COLLATION}")'


def pinyin_key(text: str | None) -> str | None:
    """Returns a text whose order by code points is the order of names: signs, numbers, pinyin, then Latin letters."""
    if text is None:
        return None
    plain = unicodedata.normalize("NFKC", text).casefold()
    sized = _DIGITS.sub(lambda found: found[0].lstrip("0").zfill(_LONGEST), plain)
    return "".join(f"{_HAN}{toned(c)}{c}" if toned(c) else c for c in sized)


def speak(connection: Any) -> None:
    """Gives a SQLite connection the function; called for each when it is opened."""
    connection.create_function("pinyin_key", 1, pinyin_key, deterministic=True)


_MADE: Any = DDL(  # type: ignore[no-untyped-call]
    f"CREATE COLLATION IF NOT EXISTS {COLLATION} (provider = icu, locale = 'zh-u-kn-true')"  # numbers by size
)
event.listen(Base.metadata, "before_create", _MADE.execute_if(dialect="postgresql"))
