"""A customer all round (客户360, S20): homes, people to call, visits, tags, files, history, and what is not known yet."""

from __future__ import annotations

from typing import Any

from flask import render_template
from flask_appbuilder import BaseView, expose
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.customer.completeness import Completeness, completeness
from models.customer.customer import Customer
from models.kernel.node import Node
from models.kernel.refusal import Missing
from models.kernel.registry import areas, pointing_at, table
from models.kernel.roles import READ, REVEAL, WRITE
from models.kernel.scope import may
from models.kernel.words import _
from views.kernel import record, timeline
from views.kernel.access import needs
from views.kernel.cells import called, cell
from views.kernel.files import pages as files
from views.kernel.listing import Asked, Filter, Listing
from views.kernel.pages import RECORD_ACTIONS
from views.kernel.request import actor
from views.kernel.request import session as database
from views.kernel.shell import crumbs_of_node, shell
from views.pages.chapters import add_url, grid_of

TITLE = _("Customer all round", "客户360")
MOST = 60
Dicts = list[dict[str, Any]]

RECORD_ACTIONS.setdefault("customer", []).insert(
    0, {"label": TITLE, "url": "/customer/{pk}/360", "icon": "user-circle", "right": READ}
)
_HOMES = (
    "room", "room.house_type.name", "room.presale_area", "room.handover_state", "project", "share", "is_main", "use",
    "from_day", "until_day", "ended_by", "contract_no", "signed_on",
)  # fmt: skip
_PEOPLE = ("name", "relation", "mobile", "preferred_channel", "decides", "remark")


class PersonView(BaseView):  # type: ignore[misc]
    """The page of one customer."""

    route_base = "/customer"
    default_view = "show"
    table = table("customer")

    @expose("/<pk>/360", methods=["GET"])
    @needs(READ)
    def show(self, pk: str) -> Any:
        """Everything about one customer that the reader may see."""
        own = database()
        if not pk.isascii() or not pk.isdecimal() or len(pk) > 18:
            raise Missing()
        customer = own.execute(select(Customer).where(Customer.id == int(pk))).scalar_one_or_none()
        line = record.one_line(own, Customer, int(pk)) if customer is not None else None
        if customer is None or line is None:
            raise Missing()
        held = select(Customer.id).where(Customer.id == customer.id).execution_options(right=WRITE)
        writes = may(actor(), Customer, WRITE) and own.execute(held).first() is not None
        homes, former = _homes(own, customer)
        people, tags = _people(own, customer), _tags(own, customer)
        contracts = None if homes is None else [home["cells"]["contract_no"].text or None for home in homes]
        state = completeness(customer, None if people is None else len(people), contracts)
        back = f"/customer/{customer.id}/360"
        name = called(customer)
        page = {
            "title": name,
            "crumbs": [
                *_way(own, customer),
                {"label": Customer.screen.name, "url": "/customer/list/"},
                {"label": TITLE, "url": None},
            ],
            "level": cell(Customer, "level", line.values["level"]),
            "kind": cell(Customer, "kind", line.values["kind"]),
            "tags": tags,
            "tag_url": add_url(own, customer, table("customer_tag"), "customer_id", back),
            "sections": record.record_sections(own, Customer, line),
            "homes": homes,
            "former": former,
            "people": people,
            "people_url": add_url(own, customer, table("customer_contact"), "customer_id", back),
            "home_url": add_url(own, customer, table("ownership"), "customer_id", back),
            "chapters": _chapters(own, customer, back),
            "complete": state,
            "gaps": _gaps(own, customer, state, homes or [], back) if writes else [],
            "files": files.block(own, customer),
            "timeline": timeline.block(own, customer),
            "primary": {"label": _("Edit", "编辑"), "url": f"/customer/edit/{customer.id}", "icon": "pencil"}
            if writes
            else None,
        }
        return render_template("doorbook/person.html", shell=shell(name), page=page)


def _way(own: Session, customer: Customer) -> Dicts:
    """The way down to where the customer was entered, for those who see that place: others see the customer by a home."""
    seen = own.scalar(select(Node.id).where(Node.id == customer.node_id))
    return [] if seen is None else crumbs_of_node(customer.node_id)


def _homes(own: Session, customer: Customer) -> tuple[Dicts | None, Dicts]:
    """Returns the homes of today and those of before; None where the reader may not know of any."""
    cls = table("ownership")
    if not may(actor(), cls, READ):
        return None, []
    asked = Asked(
        columns=_HOMES, filters=(Filter("customer_id", "rel_o_m", str(customer.id)),), order="-from_day", size=MOST
    )
    now, before = [], []
    for line in Listing(own, cls, asked).page().lines:
        cells = {name: cell(cls, name, line.values[name]) for name in _HOMES}
        room = line.values["room"][-1]
        cells["room"].url = f"/room/{room}/book" if cells["room"].url else None
        told = {"cells": cells, "url": f"/ownership/show/{line.pk}", "edit_url": f"/ownership/edit/{line.pk}"}
        (before if cells["until_day"].text else now).append(told)
    return now, before


def _people(own: Session, customer: Customer) -> Dicts | None:
    cls = table("customer_contact")
    if not may(actor(), cls, READ):
        return None
    asked = Asked(columns=_PEOPLE, filters=(Filter("customer_id", "rel_o_m", str(customer.id)),), size=MOST)
    reveal, found = may(actor(), cls, REVEAL), []
    for line in Listing(own, cls, asked).page().lines:
        cells = {name: cell(cls, name, line.values[name]) for name in _PEOPLE}
        if reveal and cells["mobile"].text:
            cells["mobile"].reveal_url = f"/customer_contact/reveal/{line.pk}/mobile"
        found.append({"cells": cells, "url": f"/customer_contact/show/{line.pk}"})
    return found


def _tags(own: Session, customer: Customer) -> Dicts:
    cls = table("customer_tag")
    if not may(actor(), cls, READ):
        return []
    asked = Asked(columns=("tag",), filters=(Filter("customer_id", "rel_o_m", str(customer.id)),), size=MOST)
    return [
        {"text": cell(cls, "tag", line.values["tag"]).text, "url": f"/customer_tag/show/{line.pk}"}
        for line in Listing(own, cls, asked).page().lines
    ]


def _chapters(own: Session, customer: Customer, back: str) -> Dicts:
    """Whatever else points at a customer, in the order of the areas; a table declared later is here by itself."""
    order = {name: place for place, name in enumerate(areas())}
    told = ("ownership", "customer_contact", "customer_tag")
    tables = [(cls, column) for cls, column in pointing_at("customer") if cls.__tablename__ not in told]
    tables.sort(key=lambda one: order.get(one[0].__module__.split(".")[1], 99))
    return [
        {"name": cls.__tablename__, **grid_of(own, customer, cls, column, back)}
        for cls, column in tables
        if may(actor(), cls, READ)
    ]


def _gaps(own: Session, customer: Customer, state: Completeness, homes: Dicts, back: str) -> Dicts:
    """What is missing, each with the address where it is mended."""
    found = []
    for gap in state.gaps:
        if gap.column is not None:
            url: str | None = f"/customer/edit/{customer.id}#f-{gap.column}"
        elif gap.table == "ownership":
            bare = next((home for home in homes if not home["cells"]["contract_no"].text), None)
            url = bare["edit_url"] if bare is not None else None
        else:
            url = add_url(own, customer, table(gap.table or ""), "customer_id", back)
        found.append({"label": gap.words, "url": url})
    return found
