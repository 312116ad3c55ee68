"""Trades (施工专业): the kinds of contractors there are."""

from __future__ import annotations

from sqlalchemy.orm import Mapped

from models.kernel import Screen, _, section, text
from models.kernel.parameter import IN_FORCE, Parameter


class Trade(Parameter):
    """A kind of contractor, such as waterproofing."""

    screen = Screen(
        label=_("Trade", "施工专业"),
        plural=_("Trades", "施工专业"),
        icon="hammer",
        key=("from_day", "node_id", "code"),
        title=("name",),
        listed=("sort", "code", "name", "node", "enabled", "overridable"),
        searched=("name", "code"),
        order=("sort", "code", "id"),
        sections=(section(_("Trade", "施工专业"), "code", "name", "sort"), IN_FORCE),
    )

    name: Mapped[str] = text(_("Name", "名称"), 60)
