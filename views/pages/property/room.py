"""What a home says first: who owns it now, and the way to the other homes of its building."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from models.kernel.registry import table
from models.kernel.roles import READ
from models.kernel.scope import may
from models.kernel.table import Table
from models.kernel.words import _
from views.kernel.cells import Cell, cell
from views.kernel.listing import Asked, Filter, Listing
from views.kernel.pages import LEADS, RECORD_ACTIONS
from views.kernel.request import actor

OWNERS = 8
"""More owners of one home than this are read in the grid below."""


def leads(session: Session, room: Table) -> list[dict[str, Any]]:
    """Returns the owners of today with their shares, the main one first, each a link to the customer; one statement."""
    found: list[dict[str, Any]] = []
    ownership = table("ownership")
    if may(actor(), ownership, READ) and may(actor(), table("customer"), READ):
        asked = Asked(
            columns=("customer", "share", "is_main"),
            filters=(Filter("room_id", "rel_o_m", str(room.id)), Filter("until_day", "empty", "")),
            order="-is_main",
            size=OWNERS,
        )
        cells = []
        for line in Listing(session, ownership, asked).page().lines:
            owner = cell(ownership, "customer", line.values["customer"])
            share = cell(ownership, "share", line.values["share"])
            owner.sub = f"{share.text} %" if share.text else None
            cells.append(owner)
        found.append({"label": _("Owners", "业主"), "cells": cells, "none": _("None yet", "暂无")})
    building = room.unit.building  # type: ignore[attr-defined]
    if building is not None:
        homes = Cell("ref", building.name, url=f"/room/list/?_flt_0_unit.building_id={building.id}")
        found.append({"label": _("All homes of", "同楼栋房间"), "cells": [homes]})
    return found


LEADS["room"] = leads
for name, path in (("project", "project_id"), ("building", "unit.building_id")):
    RECORD_ACTIONS.setdefault(name, []).append(
        {
            "label": table("room").screen.name,
            "url": f"/room/list/?_flt_0_{path}={{pk}}",
            "icon": "door",
            "of": "room",
            "right": READ,
        }
    )
