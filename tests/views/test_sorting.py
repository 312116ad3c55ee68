"""A list that is sorted by a name has people's order: by pinyin, numbers by their size; the same page by page."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.orm import Session

from models.kernel.actor import SYSTEM
from models.kernel.session import act
from models.kernel.sorting import pinyin_key
from models.property.phase import Phase
from tests.databases import BOTH
from tests.world import World
from views.kernel.listing import Asked, Listing

NAMES = ["1期", "2期", "10期", "安园", "陈园", "程园", "东区", "西区", "张园", "中区", "A区", "b区"]


@pytest.mark.parametrize("backend", BOTH)
def test_names_go_by_pinyin_and_numbers_by_size(session: Session, world: World) -> None:
    act(session, SYSTEM)
    for place, name in enumerate(reversed(NAMES)):
        session.add(Phase(project_id=world.id("project", "lake"), name=name, place=place + 5))
    session.flush()

    def pages(order: str, size: int) -> list[str]:
        found: list[str] = []
        after: Any = None
        while True:
            page = Listing(session, Phase, Asked(columns=("name",), order=order, size=size, after=after)).page()
            found += [str(line.values["name"][0]) for line in page.lines]
            if page.next is None:
                return found
            after = page.next

    for size in (3, 50):
        up = [name for name in pages("name", size) if name in NAMES]
        assert up == NAMES
        assert [name for name in pages("-name", size) if name in NAMES] == NAMES[::-1]
    everything = pages("name", 50)
    assert sorted(everything) == sorted(pages("name", 4)), "no row is lost or doubled between pages"


def test_keys_take_any_text() -> None:
    assert pinyin_key(None) is None and pinyin_key("") == ""
    for odd in ("\x00", "\ud800", "９期", "ﬀ", "日本語かな", "𠀀", "007", "0" * 40):
        assert isinstance(pinyin_key(odd), str)
    assert pinyin_key("重庆") == pinyin_key("重庆") and pinyin_key("９期") == pinyin_key("9期")
