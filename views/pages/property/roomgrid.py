"""The room grid (房态图): a building as floors x units x homes, coloured by what one asks about; each door opens its book."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request
from flask import session as cookie
from flask_appbuilder import BaseView, expose
from sqlalchemy import Select, func, select

from models.customer.room_owners import Owner, owners
from models.kernel.refusal import Missing
from models.kernel.registry import table
from models.kernel.roles import EXPORT, READ, WRITE
from models.kernel.scope import may, reach
from models.kernel.words import _
from models.property.building import Building
from models.property.colouring import Colouring, Shade, colourings
from models.property.project import Project
from models.property.room import Room
from models.property.unit import Unit
from views.kernel.access import needs
from views.kernel.pages import RECORD_ACTIONS
from views.kernel.request import actor, say
from views.kernel.request import session as database
from views.kernel.shell import Extra, crumbs, menu_page, shell
from views.pages.org.projects import choose_project
from views.pages.property import book
from views.pages.property.floors import Door, as_table, doors, laid_out, units_of

TITLE = _("Room grid", "房态图")
ICON = "layout-grid"
GRID_ACTIONS: list[dict[str, Any]] = []
"""What areas offer for chosen homes: label, icon, url up to the ids, and the right `right` on the table `of`."""
MOST_AT_ONCE = 4_000
"""Homes of a project drawn on one page; of a larger one, building by building."""

menu_page(Extra("property", TITLE, ICON, "/roomgrid/", "room", place=-1))
for _name, _url in (("project", "/roomgrid/project/{pk}"), ("building", "/roomgrid/{pk}")):
    RECORD_ACTIONS.setdefault(_name, []).insert(
        0, {"label": TITLE, "url": _url, "icon": ICON, "of": "room", "right": READ}
    )


class RoomGridView(BaseView):  # type: ignore[misc]
    """The pages of the room grid."""

    route_base = "/roomgrid"
    default_view = "choose"
    table = table("room")

    @expose("/", methods=["GET"])
    @needs(READ)
    def choose(self) -> Any:
        """Leads to the building one looked at last, to the only project, or asks for the project."""
        own = database()
        if "choose" not in request.args:
            last = cookie.get("building")
            if isinstance(last, int) and own.scalar(select(Building.id).where(Building.id == last)) is not None:
                return redirect(f"/roomgrid/{last}")
        question = _("The homes of which project?", "请选择要查看的项目")
        rooms = [{"label": self.table.screen.name, "url": "/room/list/"}]
        return choose_project(TITLE, question, "/roomgrid/project/", READ, rooms)

    @expose("/project/<pk>", methods=["GET"])
    @needs(READ)
    def project(self, pk: str) -> Any:
        """All buildings of a project one below the other; of a very large one, its first building."""
        project = _found(Project, pk)
        counts = self._buildings(project.id)
        if not counts:
            return self._page(project, [], counts, None)
        if sum(n for _id, _name, n in counts) > MOST_AT_ONCE:
            return redirect(f"/roomgrid/{counts[0][0]}")
        return self._page(project, [key for key, _name, _n in counts], counts, None)

    @expose("/<pk>", methods=["GET"])
    @needs(READ)
    def show(self, pk: str) -> Any:
        """One building."""
        building = _found(Building, pk)
        project = _found(Project, str(building.project_id))
        cookie["building"] = building.id
        return self._page(project, [building.id], self._buildings(project.id), building)

    @expose("/card/<pk>", methods=["GET"])
    @needs(READ)
    def card(self, pk: str) -> Any:
        """What the grid tells about one home beside it: a fragment of its book."""
        room = _found(Room, pk)
        return render_template("doorbook/fragment_door.html", page=book.in_short(database(), room))

    @expose("/<pk>/labels", methods=["GET"])
    @needs(READ)
    def labels(self, pk: str) -> Any:
        """The doors of a building as QR labels, 24 on a sheet of A4; only those chosen by `ids`, where there are any."""
        building = _found(Building, pk)
        return book.label_sheet(database(), building)

    def _buildings(self, project_id: int) -> list[tuple[int, str, int]]:
        """Returns id, name and number of homes of the buildings of a project."""
        homes = (
            select(Unit.building_id, func.count(Room.id).label("n"))
            .join(Room, Room.unit_id == Unit.id)
            .where(Room.project_id == project_id, Room.deleted_at.is_(None))
            .group_by(Unit.building_id)
        )
        own = database()
        counts = {key: n for key, n in own.execute(homes)}
        found = own.execute(select(Building.id, Building.name).where(Building.project_id == project_id))
        named = [(key, name, counts.get(key, 0)) for key, name in found]
        return sorted(named, key=lambda one: (natural(one[1]), one[0]))

    def _page(
        self, project: Project, keys: list[int], counts: list[tuple[int, str, int]], building: Building | None
    ) -> str:
        own = database()
        rooms = _homes(project.id, None if building is None else building.id)
        offered = self._offered(project.id)
        chosen = offered.get(request.args.get("by", ""), next(iter(offered.values())))
        homes = doors(own, rooms, [name for name in offered if _is_column(name)])
        values = {name: _values(one, homes, rooms) for name, one in offered.items()}
        shades = {name: list(one.shades(own, rooms)) for name, one in offered.items()}
        told = self._owners(project.id, rooms)
        places = {home.id: n for n, home in enumerate(homes)}
        by_value = {shade.value: shade for shade in shades[chosen.name]}
        unknown = Shade("", _("None given", "未填写"), "grey")
        tones = {}
        for home in homes:
            shade = by_value.get(values[chosen.name][home.id], unknown)
            tones[home.id] = (shade.tone, say(shade.words))
        names = {key: name for key, name, _n in counts}
        blocks, caption_of = self._blocks(keys, names, homes, places, tones)
        legend = _legend(shades[chosen.name], values[chosen.name], chosen)
        base = f"/roomgrid/{building.id}" if building is not None else f"/roomgrid/project/{project.id}"
        where = _("{buildings} buildings · {n} homes", "{buildings} 栋 · {n} 户").fill(
            buildings=len(keys), n=f"{len(homes):,}"
        )
        if building is not None:
            floors = len({home.floor for home in homes})
            where = _("{units} units · {floors} floors · {n} homes", "{units} 单元 · {floors} 层 · {n} 户").fill(
                units=len(blocks[0]["units"]) if blocks else 0, floors=floors, n=f"{len(homes):,}"
            )
        title: Any = TITLE
        if building is not None:
            title = _("{grid} · {name}", "{grid} · {name}").fill(grid=TITLE, name=building.name)
        who = actor()
        page = {
            "title": title,
            "count_text": where,
            "crumbs": [
                *crumbs("project", project.id),
                *([] if building is None else [{"label": building.name, "url": f"/building/show/{building.id}"}]),
                {"label": TITLE, "url": None},
            ],
            "switch": [
                {"name": one.name, "label": one.label, "url": f"{base}?by={one.name}", "active": one is chosen}
                for one in offered.values()
            ],
            "buildings": [
                {
                    "label": name,
                    "count": f"{n:,}",
                    "url": f"/roomgrid/{key}?by={chosen.name}",
                    "active": building is not None and key == building.id,
                }
                for key, name, n in counts
            ],
            "all_url": None
            if sum(n for _k, _n, n in counts) > MOST_AT_ONCE
            else f"/roomgrid/project/{project.id}?by={chosen.name}",
            "all_active": building is None,
            "choose_url": "/roomgrid/?choose=1",
            "labels_url": f"/roomgrid/{building.id}/labels" if building is not None and homes else None,
            "legend": legend,
            "by": chosen.label,
            "blocks": blocks,
            "data": self._data(homes, offered, shades, values, told, caption_of),
            "lists": self._lists(who),
            "actions": [each for each in GRID_ACTIONS if may(who, table(each["of"]), each["right"])],
            "add_url": f"/generate/{project.id}"
            if reach(own, who, self.table, WRITE).holds("project", project.id)
            else None,
        }
        return render_template("doorbook/roomgrid.html", shell=shell(title), page=page)

    def _lists(self, who: Any) -> dict[str, str]:
        """What may be done with chosen homes: address up to the ids."""
        found = {"list": "/room/list/?ids="}
        if may(who, self.table, EXPORT):
            found["export"] = "/room/export.xlsx?ids="
        if may(who, self.table, WRITE):
            found["edit"] = "/room/many"
        return found

    def _offered(self, project_id: int) -> dict[str, Colouring]:
        """The colourings whose table may be read in the whole project: elsewhere a home would seem to lack what is hidden."""
        own, who = database(), actor()
        return {
            name: one
            for name, one in colourings().items()
            if reach(own, who, table(one.reads), READ).holds("project", project_id)
        }

    def _owners(self, project_id: int, rooms: Select[Any]) -> dict[int, Owner]:
        own, who = database(), actor()
        for name in ("ownership", "customer"):
            if not reach(own, who, table(name), READ).holds("project", project_id):
                return {}
        return owners(own, rooms)

    def _blocks(
        self,
        keys: list[int],
        names: dict[int, str],
        homes: list[Door],
        places: dict[int, int],
        tones: dict[int, tuple[str, str]],
    ) -> tuple[list[dict[str, Any]], dict[int, str]]:
        """Returns the buildings with the tables of their units, and per unit what its homes are called before their number."""
        by_unit: dict[int, list[Door]] = {}
        for home in homes:
            by_unit.setdefault(home.unit_id, []).append(home)
        blocks: dict[int, dict[str, Any]] = {key: {"name": names[key], "units": []} for key in keys}
        called: dict[int, str] = {}
        for unit in units_of(database(), keys):
            inside = by_unit.get(unit.id, [])
            called[unit.id] = f"{names[unit.building_id]} {unit.name}"
            notes = []
            if unit.lifts:
                notes.append(say(_("{n} lifts", "电梯 {n}").fill(n=unit.lifts)))
            if unit.homes_per_floor:
                notes.append(say(_("{n} homes a floor", "每层 {n} 户").fill(n=unit.homes_per_floor)))
            caption = " · ".join([unit.name, *notes])
            blocks[unit.building_id]["units"].append(
                {"name": unit.name, "count": len(inside), "html": as_table(laid_out(inside), caption, places, tones)}
            )
        return [block for block in blocks.values() if block["units"]], called

    def _data(
        self,
        homes: list[Door],
        offered: dict[str, Colouring],
        shades: dict[str, list[Shade]],
        values: dict[str, dict[int, str]],
        told: dict[int, Owner],
        called: dict[int, str],
    ) -> dict[str, Any]:
        """What the script needs to colour anew and to tell about a door, as short as it can be: values by their place."""
        at = {name: {shade.value: n for n, shade in enumerate(shades[name])} for name in offered}
        units = list(called)
        rooms = [
            [
                home.id,
                units.index(home.unit_id) if home.unit_id in called else -1,
                home.area,
                home.layout,
                _owner_text(told.get(home.id)),
                *(at[name].get(values[name][home.id], -1) for name in offered),
            ]
            for home in homes
        ]
        return {
            "colourings": [
                {
                    "name": name,
                    "label": say(one.label),
                    "shades": [[s.value, say(s.words), s.tone] for s in shades[name]],
                }
                for name, one in offered.items()
            ],
            "units": [called[key] for key in units],
            "rooms": rooms,
            "none": say(_("None given", "未填写")),
        }


def _owner_text(owner: Owner | None) -> str:
    if owner is None:
        return ""
    return owner.name if owner.count == 1 else f"{owner.name} +{owner.count - 1}"


def _is_column(name: str) -> bool:
    return name in Room.__mapper__.columns


def _values(one: Colouring, homes: list[Door], rooms: Select[Any]) -> dict[int, str]:
    """Returns the value of each home; those of the room's own columns were read with the homes."""
    if homes and one.name in homes[0].columns:
        return {home.id: home.columns[one.name] for home in homes}
    found = one.values(database(), rooms) if homes else {}
    return {home.id: found.get(home.id, one.otherwise) for home in homes}


def _legend(shades: list[Shade], values: dict[int, str], chosen: Colouring) -> list[dict[str, Any]]:
    counts: dict[str, int] = {}
    known = {shade.value for shade in shades}
    for value in values.values():
        counts[value if value in known else ""] = counts.get(value if value in known else "", 0) + 1
    found = [{"value": s.value, "label": s.words, "tone": s.tone, "count": counts.get(s.value, 0)} for s in shades]
    if "" not in known and counts.get(""):
        found.append({"value": "", "label": _("None given", "未填写"), "tone": "grey", "count": counts[""]})
    return found


def _homes(project_id: int, building_id: int | None) -> Select[Any]:
    """The ids of the living homes of a project, or of one building of it."""
    statement = select(Room.id).where(Room.project_id == project_id, Room.deleted_at.is_(None))
    if building_id is None:
        return statement
    return statement.join(Unit, Unit.id == Room.unit_id).where(Unit.building_id == building_id)


def natural(name: str) -> list[tuple[int, Any]]:
    """Sorts 10幢 behind 2幢."""
    parts: list[tuple[int, Any]] = []
    digits = ""
    for letter in f"{name} ":
        if letter.isascii() and letter.isdigit():
            digits += letter
            continue
        if digits:
            parts.append((0, int(digits)))
            digits = ""
        parts.append((1, letter))
    return parts


def _found(cls: Any, pk: str) -> Any:
    """Returns the row in scope; 404 for what cannot be seen as for what is not there."""
    if not pk.isascii() or not pk.isdecimal() or len(pk) > 18:
        raise Missing()
    row = database().execute(select(cls).where(cls.id == int(pk))).scalar_one_or_none()
    if row is None:
        raise Missing()
    return row
