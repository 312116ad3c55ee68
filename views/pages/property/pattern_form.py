"""The form of a pattern: its fields and rows, and the drawing of what it would make, as `generate.html` takes them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from models.kernel.words import Words, _
from models.property.generation import NUMBERINGS, GridBuilding, GridRoom, Pattern
from models.property.pattern import CUSTOM
from views.kernel.request import say
from views.pages.fields import PlainField

Fields = dict[str, PlainField]

_NAMED = {
    "plain": _("101, 1201", "101、1201"),
    "padded": _("0101, 1201", "0101、1201"),
    "unit": _("10101 (unit, floor, line)", "10101（单元+楼层+户线）"),
    "letter": _("1A, 12B", "1A、12B"),
}
CHOICES = (
    *((name, _NAMED.get(name, label)) for name, (_text, label) in NUMBERINGS.items()),
    (CUSTOM, _("Own numbering", "自定义")),
)

_LINES, _LAYOUT, _AREA = _("Lines", "户线"), _("House type", "户型"), _("Area, m²", "面积㎡")
_FLOORS, _BUILDINGS = _("Floors", "楼层"), _("Buildings", "楼栋")
TABLES: dict[str, tuple[tuple[str, Words, str], ...]] = {
    "rules": (
        ("lines", _LINES, "1-2"),
        ("layout", _LAYOUT, ""),
        ("area", _AREA, "89.37"),
        ("floors", _FLOORS, "3~18"),
        ("buildings", _BUILDINGS, "1-3"),
    ),
    "areas": (("layout", _LAYOUT, ""), ("area", _AREA, "89.37"), ("floors", _FLOORS, "1")),
    "overrides": (
        ("buildings", _BUILDINGS, "5"),
        ("units", _("Units", "单元"), "1"),
        ("first", _("From", "起"), "1"),
        ("last", _("To", "止"), "11"),
        ("skipped", _("Skip", "跳过"), "4"),
        ("lines", _("Homes", "户数"), "2"),
        ("duplex_lines", _("Duplex", "跃层"), "1"),
    ),
}
"""Rows of a pattern: (column, head, what a blank one shows)."""


def typed_of(pattern: Pattern) -> dict[str, str]:
    """Returns what a person would have typed for a pattern: `1-3,5` and `{n}幢` instead of each building by name."""
    plain = pattern.to_form()
    parts = [re.fullmatch(r"(\D*)([1-9]\d{0,3})(\D*)", name) for name in pattern.buildings]
    if not all(parts) or len({(part[1], part[3]) for part in parts if part}) != 1:
        return plain
    spans: list[list[int]] = []
    for number in [int(part[2]) for part in parts if part]:
        if spans and spans[-1][1] + 1 == number:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    first = parts[0]
    short = {
        "buildings": ",".join(str(a) if a == b else f"{a}-{b}" for a, b in spans),
        "building_name": f"{first[1]}{{n}}{first[3]}" if first else "{n}",
    }
    return plain | short if Pattern.from_form(plain | short) == pattern else plain


def fields_of(typed: Mapping[str, str]) -> list[dict[str, Any]]:
    """Returns the sections of the form, holding what was typed."""

    def field(name: str, words: Words, **more: Any) -> PlainField:
        return PlainField(name, words, typed.get(name, ""), **more)

    numbering = typed.get("numbering") or "plain"
    return [
        {
            "title": _("Buildings", "楼栋"),
            "fields": [
                field("buildings", _("Buildings", "楼栋"), required_mark=True, placeholder="1-8", max_length=2000),
                field(
                    "building_name",
                    _("Name of a building", "楼栋名称"),
                    placeholder="{n}幢",
                    hint=_("{n} is the number.", "{n} 为编号"),
                ),
                field("units", _("Units in each", "每栋单元数"), render_kind="number"),
                field("unit_name", _("Name of a unit", "单元名称"), placeholder="{n}单元"),
            ],
        },
        {
            "title": _("Floors and lines", "楼层与户线"),
            "fields": [
                field("first", _("First floor", "起始楼层"), hint=_("-1 or B1 below ground.", "地下室填 -1 或 B1")),
                field("last", _("Last floor", "终止楼层")),
                field("skipped", _("Numbers skipped", "跳过的楼层"), placeholder="4,13,14"),
                field("lines", _("Homes on a floor", "每层户数"), render_kind="number"),
                field("duplex", _("Duplexes on top", "顶部两层为跃层"), render_kind="flag"),
                field("duplex_lines", _("Duplex lines", "跃层户线"), placeholder="1,4"),
            ],
        },
        {
            "title": _("Numbers on the doors", "房号"),
            "fields": [
                PlainField("numbering", _("Numbering", "编号方式"), numbering, "choice", choices=CHOICES),
                field("numbering_custom", _("Own numbering", "自定义规则"), placeholder="{unit}-{floor}{line:02d}"),
                field("basement", _("Below ground", "地下房号"), placeholder="B{depth}-{line:02d}"),
            ],
        },
    ]


def tables_of(typed: Mapping[str, str], blank: int = 1) -> list[dict[str, Any]]:
    """Returns the tables of rows, with `blank` rows to fill in at the end of each."""
    titles = {
        "rules": (
            _("House types and areas", "户型与面积"),
            _(
                "What stands on which line. Blank means all; the more special row wins.",
                "留空表示全部；条件更具体的一行优先。",
            ),
        ),
        "areas": (_("Areas by house type", "按户型的面积"), _("Where a row above says none.", "上表未填面积时适用。")),
        "overrides": (_("Buildings that differ", "与众不同的楼栋"), _("Blank is as above.", "留空表示与上面相同。")),
    }
    found = []
    for name, columns in TABLES.items():
        places = sorted({int(part) for key, value in typed.items() if value and (part := _place(name, key))})
        places += range(places[-1] + 1 if places else 0, (places[-1] + 1 if places else 0) + blank)
        rows = [
            [
                PlainField(
                    f"{name}-{place}-{column}", head, typed.get(f"{name}-{place}-{column}", ""), placeholder=shown
                )
                for column, head, shown in columns
            ]
            for place in places
        ]
        title, note = titles[name]
        filled = len(rows) > blank
        found.append(
            {
                "name": name,
                "title": title,
                "note": note,
                "columns": [{"name": column, "label": head} for column, head, _shown in columns],
                "rows": rows,
                "open": filled or name == "rules",
                "next": places[-1] + 1,
            }
        )
    return found


def _place(table: str, key: str) -> str | None:
    head, _dash, rest = key.partition("-")
    place = rest.partition("-")[0]
    return place if head == table and place.isdecimal() and len(place) < 5 else None


def drawn(grid: list[GridBuilding]) -> list[dict[str, Any]]:
    """Returns the preview as table rows: a cell for each line of each floor, duplexes over two rows, strangers behind."""
    return [
        {
            "building": building["building"],
            "units": [{"name": unit["name"], "floors": _rows(unit["floors"])} for unit in building["units"]],
        }
        for building in grid
    ]


def _rows(floors: Any) -> list[dict[str, Any]]:
    width = max((room["line"] or 0 for floor in floors for room in floor["rooms"]), default=0)
    rows: list[dict[str, Any]] = []
    lines: list[list[Any]] = []
    for height, floor in enumerate(floors):
        cells: list[Any] = [None] * width
        others = []
        for room in floor["rooms"]:
            if room["line"] is None:
                others.append(_cell(room))
                continue
            upper = _upper(floors, height) if room["span"] > 1 else height
            cell = {**_cell(room), "rows": height - upper + 1}
            place = room["line"] - 1
            if upper < height:
                lines[upper][place] = cell
                for between in range(upper + 1, height):
                    lines[between][place] = "taken"
                cells[place] = "taken"
            else:
                cells[place] = cell
        lines.append(cells)
        rows.append({"label": floor["label"], "others": others})
    for row, cells in zip(rows, lines, strict=True):
        others = row.pop("others")
        row["rooms"] = [cell for cell in [*cells, *others] if cell != "taken"]
    return rows


def _upper(floors: Any, height: int) -> int:
    """Returns the row a duplex reaches up into: the next above that the pattern knows."""
    for above in range(height - 1, -1, -1):
        rooms = floors[above]["rooms"]
        if not rooms or any(room["line"] is not None for room in rooms):
            return above
    return height


def _cell(room: GridRoom) -> dict[str, Any]:
    state = {"same": "exists"}.get(room["state"], room["state"])
    was = room["was"]
    below = room["layout"] or ""
    if "layout" in was:
        below = f"{was['layout'] or '—'} → {room['layout']}"
    elif "area" in was:
        below = f"{_area(was['area'])} → {_area(room['area'])}"
    elif "span" in was:
        below = say(_("{was} → {now} floors", "{was} → {now} 层").fill(was=was["span"], now=room["span"]))
    elif room["area"] is not None:
        below = f"{below} {_area(room['area'])}".strip()
    return {"no": room["no"], "below": below, "state": state, "rows": 1}


def _area(value: Decimal | None) -> str:
    return "—" if value is None else f"{value.normalize():f}"
