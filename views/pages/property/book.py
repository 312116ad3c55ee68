"""The door's book (一户一档): everything about one home on one page, with a QR code that leads here.

Every table with a ref to the room has a chapter by itself, so that an area declared later is in the book at once. An area
that wants more than a grid declares a chapter of its own with `chapter`, which then stands in the place of the grid.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import segno
from flask import render_template, request
from flask_appbuilder import BaseView, expose
from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.kernel.refusal import Missing
from models.kernel.registry import areas, infos, pointing_at, table
from models.kernel.roles import READ, REVEAL, WRITE
from models.kernel.scope import may, reach
from models.kernel.words import _
from models.property.building import Building
from models.property.room import Room
from models.property.unit import Unit
from views.kernel import record, timeline
from views.kernel.access import needs
from views.kernel.cells import called, cell
from views.kernel.chosen import read_ids
from views.kernel.files import pages as files
from views.kernel.listing import Asked, Filter, Line, Listing
from views.kernel.pages import RECORD_ACTIONS
from views.kernel.request import actor
from views.kernel.request import session as database
from views.kernel.shell import crumbs, shell
from views.pages.chapters import add_url, grid_of

TITLE = _("Door's book", "一户一档")
OWNERS = 30
LABELS = 480
"""QR labels on one page: twenty sheets."""

Dicts = list[dict[str, Any]]

RECORD_ACTIONS.setdefault("room", []).insert(
    0, {"label": TITLE, "url": "/room/{pk}/book", "icon": "book-2", "right": READ}
)


@dataclass(frozen=True, slots=True)
class Chapter:
    """A part of the book that an area declares.

    Attributes:
        name: the table whose own grid it replaces, or a name of its own.
        reads: the table that must be readable for it to be shown.
        build: (session, room) -> `title` and either `facts` (label and cell of each) or `columns` and `rows`; None for
            nothing to show.
    """

    name: str
    reads: str
    build: Callable[[Session, Room], dict[str, Any] | None]


_chapters: dict[str, Chapter] = {}


def chapter(one: Chapter) -> None:
    """Declares a chapter. Called by a page module of an area when it is imported."""
    _chapters[one.name] = one


class BookView(BaseView):  # type: ignore[misc]
    """The page of the book."""

    route_base = "/room"
    default_view = "show"
    table = table("room")

    @expose("/<pk>/book", methods=["GET"])
    @needs(READ)
    def show(self, pk: str) -> Any:
        """Everything about one home that the reader may see."""
        own = database()
        if not pk.isascii() or not pk.isdecimal() or len(pk) > 18:
            raise Missing()
        room = own.execute(select(Room).where(Room.id == int(pk))).scalar_one_or_none()
        line = record.one_line(own, Room, int(pk)) if room is not None else None
        if room is None or line is None:
            raise Missing()
        name = called(room)
        title = _("{name} · {book}", "{name} · {book}").fill(name=name, book=TITLE)
        now, before = ownerships(own, room)
        page = {
            "title": name,
            "crumbs": [*crumbs("project", room.project_id), *record.above(room), {"label": TITLE, "url": None}],
            "states": _states(line),
            "sections": record.record_sections(own, Room, line)[:2],
            "owners": now,
            "former": before,
            "may_own": may(actor(), table("ownership"), READ),
            "add_owner_url": add_url(own, room, table("ownership"), "room_id", f"/room/{room.id}/book"),
            "chapters": chapters(own, room),
            "files": files.block(own, room),
            "timeline": timeline.block(own, room),
            "qr": qr(address(room.id)),
            "address": address(room.id),
            "actions": self._actions(own, room),
        }
        return render_template("doorbook/book.html", shell=shell(title), page=page)

    def _actions(self, own: Session, room: Room) -> Dicts:
        building = room.unit.building_id if room.unit is not None else None
        found: Dicts = []
        if building is not None:
            found.append({"label": _("Room grid", "房态图"), "url": f"/roomgrid/{building}", "icon": "layout-grid"})
            label_url = f"/roomgrid/{building}/labels?ids={room.id}"
            found.append({"label": _("Label", "打印标签"), "url": label_url, "icon": "qrcode"})
        if reach(own, actor(), Room, WRITE).holds("project", room.project_id):
            found.append({"label": _("Edit", "编辑"), "url": f"/room/edit/{room.id}", "icon": "pencil"})
        return found


def address(pk: int) -> str:
    """Returns the address a QR code leads to: of this console, as its reader reached it."""
    return f"{request.host_url}room/{pk}/book"


def qr(text: str) -> Markup:
    """Returns a QR code as SVG, black on white in every theme: a dark one is not read by every telephone."""
    code = segno.make(text, error="m", micro=False)
    return Markup(code.svg_inline(omitsize=True, svgclass="qr", lineclass=None, border=3, dark="#000", light="#fff"))


def _states(line: Line) -> Dicts:
    found = []
    for name in ("sale_state", "handover_state", "title_state"):
        found.append({"label": infos(Room)[name].label, "cell": cell(Room, name, line.values[name])})
    return found


_OWNED = (
    "customer", "customer.kind", "customer.mobile", "customer.phone", "customer.level", "share", "is_main", "use",
    "from_day", "until_day", "ended_by", "contract_no", "signed_on", "delivery_due_on",
)  # fmt: skip


def ownerships(own: Session, room: Room) -> tuple[Dicts, Dicts]:
    """Returns who owns the home today, with how to reach them, and who did before; two statements, in scope."""
    cls = table("ownership")
    if not (may(actor(), cls, READ) and may(actor(), table("customer"), READ)):
        return [], []
    asked = Asked(columns=_OWNED, filters=(Filter("room_id", "rel_o_m", str(room.id)),), order="-is_main", size=OWNERS)
    lines = Listing(own, cls, asked).page().lines
    reveal = may(actor(), table("customer"), REVEAL)
    now, before = [], []
    for line in lines:
        key = line.values["customer"][-1]
        cells = {name: cell(cls, name, line.values[name]) for name in _OWNED}
        if reveal and cells["customer.mobile"].text and cells["customer"].text:
            cells["customer.mobile"].reveal_url = f"/customer/reveal/{key}/mobile"
        cells["customer"].url = f"/customer/{key}/360" if cells["customer"].url else None
        told = {"key": key, "cells": cells, "url": f"/ownership/show/{line.pk}", "contacts": []}
        (now if not cells["until_day"].text else before).append(told)
    _contacts(own, [one for one in now if one["key"]])
    return now, before


def _contacts(own: Session, people: Dicts) -> None:
    cls = table("customer_contact")
    if not people or not may(actor(), cls, READ):
        return
    keys = ",".join(str(one["key"]) for one in people)
    paths = ("name", "relation", "mobile", "decides", "customer_id")
    how = "in" if len(people) > 1 else "rel_o_m"
    asked = Asked(columns=paths, filters=(Filter("customer_id", how, keys),), size=60)
    reveal = may(actor(), cls, REVEAL)
    for line in Listing(own, cls, asked).page().lines:
        cells = {name: cell(cls, name, line.values[name]) for name in paths}
        if reveal and cells["mobile"].text:
            cells["mobile"].reveal_url = f"/customer_contact/reveal/{line.pk}/mobile"
        for one in people:
            if one["key"] == line.values["customer_id"][-1]:
                one["contacts"].append(cells)


def chapters(own: Session, room: Room) -> Dicts:
    """Returns the chapters after the owners, in the order of the areas; those without a row come last, in one line."""
    found = []
    tables = [(cls, column) for cls, column in pointing_at("room") if cls.__tablename__ != "ownership"]
    order = {name: place for place, name in enumerate(areas())}
    tables.sort(key=lambda one: order.get(one[0].__module__.split(".")[1], 99))
    done = set()
    for cls, column in tables:
        name = cls.__tablename__
        if name in done or not may(actor(), cls, READ):
            continue
        done.add(name)
        shown = (
            _chapters[name].build(own, room)
            if name in _chapters
            else grid_of(own, room, cls, column, f"/room/{room.id}/book")
        )
        if shown is not None:
            found.append({"name": name, "icon": cls.screen.icon, **shown})
    for name, one in _chapters.items():
        if name not in done and may(actor(), table(one.reads), READ):
            shown = one.build(own, room)
            if shown is not None:
                found.append({"name": name, "icon": table(one.reads).screen.icon, **shown})
    return found


def in_short(own: Session, room: Room) -> dict[str, Any]:
    """Returns what the room grid tells about a home beside it."""
    line = record.one_line(own, Room, room.id)
    if line is None:
        raise Missing()
    now, before = ownerships(own, room)
    area = cell(Room, "actual_area", line.values["actual_area"])
    area = area if area.text else cell(Room, "presale_area", line.values["presale_area"])
    facts = [f"{area.text} {area.sub or ''}".strip() if area.text else ""]
    facts += [cell(Room, name, line.values[name]).text for name in ("house_type_id", "facing")]
    return {
        "title": called(room),
        "facts": " · ".join(fact for fact in facts if fact),
        "states": _states(line),
        "owners": now,
        "former": len(before),
        "may_own": may(actor(), table("ownership"), READ),
        "timeline": timeline.block(own, room)["items"][:3],
        "url": f"/room/{room.id}/book",
        "edit_url": f"/room/edit/{room.id}"
        if reach(own, actor(), Room, WRITE).holds("project", room.project_id)
        else None,
    }


def label_sheet(own: Session, building: Building) -> str:
    """Returns the page of QR labels of a building's doors, 24 on a sheet of A4."""
    chosen = read_ids(request.args.get("ids"))
    statement = (
        select(Room.id, Room.no, Unit.name)
        .join(Unit, Unit.id == Room.unit_id)
        .where(Unit.building_id == building.id)
        .order_by(Unit.id, Room.floor, Room.line, Room.no, Room.id)
    )
    if chosen is not None:
        statement = statement.where(Room.id.in_(chosen))
    doors = own.execute(statement.limit(LABELS + 1)).all()
    project = building.project.name if building.project is not None else ""
    labels = [
        {"qr": qr(address(key)), "project": project, "place": f"{building.name} {unit}", "no": no}
        for key, no, unit in doors[:LABELS]
    ]
    title = _("Labels · {name}", "房号标签 · {name}").fill(name=building.name)
    page = {
        "title": title,
        "crumbs": [
            *crumbs("project", building.project_id),
            {"label": building.name, "url": f"/building/show/{building.id}"},
            {"label": _("Room grid", "房态图"), "url": f"/roomgrid/{building.id}"},
        ],
        "count_text": _("{n} labels, {sheets} sheets", "{n} 张标签，{sheets} 页").fill(
            n=len(labels), sheets=-(-len(labels) // 24)
        ),
        "sheets": [labels[at : at + 24] for at in range(0, len(labels), 24)],
        "more": len(doors) > LABELS,
    }
    return render_template("doorbook/labels.html", shell=shell(title), page=page)
