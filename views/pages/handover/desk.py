"""What the counter's page shows of a home: owner, moves, ticks, money, keys, issues; each read in the reader's scope."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from models.customer.completeness import completeness
from models.customer.customer import Customer
from models.customer.ownership import Ownership
from models.handover.handover_fee import HandoverFee
from models.handover.handover_room import HandoverRoom
from models.handover.handover_slot import HandoverSlot
from models.handover.handover_tick import HandoverDoc, HandoverStep
from models.handover.issues import issues_of
from models.handover.key_record import KEYS, KeyRecord
from models.handover.plan_lists import HandoverPlanDoc, HandoverPlanStep
from models.handover.room_moves import main_owner
from models.handover.room_states import RoomState
from models.inspection.issue import Issue
from models.inspection.issue_states import IssueState
from models.kernel.clock import local, today
from models.kernel.moving import asks, possible
from models.kernel.option_values import choices, words_of
from models.kernel.owning import owner_path
from models.kernel.registry import infos
from models.kernel.roles import READ, REVEAL, WRITE
from models.kernel.scope import may
from models.kernel.session import clock_of
from models.kernel.words import Words, _
from models.parameter.step_defs import DocumentDirection
from views.kernel.cells import cell
from views.kernel.request import actor
from views.kernel.request import session as database
from views.pages.fields import PlainField

_KINDS = {"text": "text", "prose": "area", "date": "date", "ref": "ref", "flag": "flag", "money": "money"}


def when(moment: Any) -> str:
    """Returns a moment as the page writes it, in the company's zone; empty where there is none."""
    return local(moment).strftime("%m-%d %H:%M") if moment is not None else ""


def facts(row: HandoverRoom) -> list[tuple[Words, Any]]:
    """What happened so far."""
    found = [
        (_("Arrived", "到场"), when(row.arrived_at)),
        (_("Escort", "陪验人"), row.escort.name if row.escort is not None else ""),
        (_("Inspection", "陪验"), when(row.inspected_at)),
        (_("Outcome", "收楼结果"), when(row.outcome_at)),
        (_("Reason", "原因"), row.outcome_reason or ""),
        (_("Repairs due", "整改期限"), row.repair_due_on or ""),
        (_("Second visit", "复验日期"), row.second_visit_on or ""),
        (_("Visits", "到场次数"), row.visits if row.visits > 1 else ""),
        (_("Complete", "手续完成"), when(row.completed_at)),
    ]
    return [(label, value) for label, value in found if value != ""]


def owner(row: HandoverRoom) -> dict[str, Any] | None:
    """The owner as the counter sees them, and what of their data is missing or to be corrected."""
    own = database()
    owner: Customer | None = row.customer or main_owner(own, row.room_id)
    if owner is None:
        return None
    others = own.scalars(
        select(Customer.name)
        .join(Ownership, Ownership.customer_id == Customer.id)
        .where(Ownership.room_id == row.room_id, Ownership.until_day.is_(None), Customer.id != owner.id)
    ).all()
    contracts = own.scalars(
        select(Ownership.contract_no).where(Ownership.customer_id == owner.id, Ownership.until_day.is_(None))
    ).all()
    held = select(Customer.id).where(Customer.id == owner.id).execution_options(right=WRITE)
    writes = may(actor(), Customer, WRITE) and own.execute(held).first() is not None
    state = completeness(owner, None, contracts)
    shown = {name: cell(Customer, name, (getattr(owner, name),)) for name in ("mobile", "cert_no")}
    if may(actor(), Customer, REVEAL):
        for name, one in shown.items():
            one.reveal_url = f"/customer/reveal/{owner.id}/{name}" if one.text else None
    return {
        "name": owner.name,
        "others": others,
        "mobile": shown["mobile"],
        "cert": shown["cert_no"],
        "gaps": [gap.words for gap in state.gaps],
        "percent": state.percent,
        "edit_url": f"/customer/edit/{owner.id}?_back=/handover/room/{row.id}" if writes else None,
        "url": f"/customer/{owner.id}/360",
    }


def moves(row: HandoverRoom, typed: Any) -> list[dict[str, Any]]:
    """The moves this person may make now, each with the fields it asks for."""
    own, found = database(), []
    chosen = typed.get("move", "") if typed is not None else ""
    for each in possible(own, row):
        fields = []
        for column, (known, must) in asks(own, row, each).items():
            value = typed.get(column, "") if each.name == chosen else getattr(row, column)
            kind = _KINDS.get(known.kind, "text")
            text = None
            if kind == "ref" and value:
                text = row.escort.name if column == "escort_id" and row.escort is not None else str(value)
            fields.append(
                _Field(
                    column, known.label, "" if value is None else str(value), kind, required_mark=must,
                    lookup_url=f"/{known.target}/lookup" if kind == "ref" else None, chosen_text=text,
                    max_length=known.length or 200, of=each.name,
                )
            )  # fmt: skip
        found.append(
            {
                "name": each.name, "label": each.label, "danger": each.danger, "fields": fields,
                "open": each.name == chosen, "refuse": each.name == "refuse",
            }
        )  # fmt: skip
    return found


@dataclass
class _Field(PlainField):
    """A field of one of several forms on the page; its id says which."""

    of: str = ""

    @property
    def id(self) -> str:
        """The id of the input."""
        return f"f-{self.of}-{self.name}"


def place(row: HandoverRoom) -> dict[str, Any]:
    """Where the home is dealt with, and at which version."""
    return {"station": row.station or "", "note": row.note or "", "version": row.version}


def slots(row: HandoverRoom) -> list[dict[str, Any]]:
    """The slots of the plan with what is left of each; the home's own among them."""
    own = database()
    booked = dict(
        (key, n)
        for key, n in own.execute(
            select(HandoverRoom.slot_id, func.count(HandoverRoom.id))
            .where(HandoverRoom.plan_id == row.plan_id, HandoverRoom.state != RoomState.DROPPED)
            .group_by(HandoverRoom.slot_id)
        )
    )
    now = today(clock_of(own))
    return [
        {
            "id": slot.id,
            "words": f"{slot.day} {slot.starts}–{slot.ends}（{booked.get(slot.id, 0)}/{slot.capacity}）",
            "chosen": slot.id == row.slot_id,
            "full": booked.get(slot.id, 0) >= slot.capacity and slot.id != row.slot_id,
        }
        for slot in own.scalars(
            select(HandoverSlot)
            .where(HandoverSlot.plan_id == row.plan_id)
            .order_by(HandoverSlot.day, HandoverSlot.starts)
        )
        if slot.day >= now or slot.id == row.slot_id
    ]


def steps(row: HandoverRoom) -> list[dict[str, Any]]:
    """The steps of the plan, and those done."""
    own = database()
    ticks = {
        one.item_id: one for one in own.scalars(select(HandoverStep).where(HandoverStep.handover_room_id == row.id))
    }
    items = own.scalars(
        select(HandoverPlanStep)
        .where(HandoverPlanStep.plan_id == row.plan_id)
        .order_by(HandoverPlanStep.sort, HandoverPlanStep.id)
    )
    return [_line(item, ticks.get(item.id), "done_at") for item in items]


def docs(row: HandoverRoom) -> list[dict[str, Any]]:
    """The papers, those the customer brings and those they are given."""
    own = database()
    ticks = {one.item_id: one for one in own.scalars(select(HandoverDoc).where(HandoverDoc.handover_room_id == row.id))}
    items = own.scalars(
        select(HandoverPlanDoc)
        .where(HandoverPlanDoc.plan_id == row.plan_id)
        .order_by(HandoverPlanDoc.sort, HandoverPlanDoc.id)
    ).all()
    return [
        {
            "label": direction.words,
            "rows": [_line(one, ticks.get(one.id), "received_at") for one in items if one.direction == direction],
        }
        for direction in DocumentDirection
    ]


def _line(item: Any, tick: Any, column: str) -> dict[str, Any]:
    at = getattr(tick, column) if tick is not None else None
    return {
        "id": item.id,
        "name": item.name,
        "required": item.required,
        "copies": getattr(item, "copies", 1),
        "done": tick is not None,
        "told": f"{tick.operator or ''} {when(at)}".strip() if tick is not None else "",
    }


def fees(row: HandoverRoom) -> list[dict[str, Any]]:
    """What the home owes and paid."""
    own, path = database(), owner_path(database(), row)
    found = []
    for fee in own.scalars(select(HandoverFee).where(HandoverFee.handover_room_id == row.id).order_by(HandoverFee.id)):
        state: Any = type(fee).flow.states.member(fee.state) if type(fee).flow is not None else None
        found.append(
            {
                "id": fee.id, "item": words_of(own, "handover_fee_item", fee.item, path), "amount": f"{fee.amount:,.2f}",
                "state": state.words, "tone": state.tone, "due": fee.state == "due", "paid_on": fee.paid_on,
                "receipt_no": fee.receipt_no or "", "may": any(each.name == "pay" for each in possible(own, fee)),
            }
        )  # fmt: skip
    return found


def keys(row: HandoverRoom) -> list[dict[str, Any]]:
    """The keys that were handed out."""
    own, path = database(), owner_path(database(), row)
    return [
        {
            "kind": words_of(own, KEYS, one.kind, path), "pieces": one.pieces, "holder": one.holder or "",
            "on": one.handed_on or "", "back": one.returned_on or "", "url": f"/key_record/show/{one.id}",
        }
        for one in own.scalars(select(KeyRecord).where(KeyRecord.room_id == row.room_id).order_by(KeyRecord.id))
    ]  # fmt: skip


def issues(row: HandoverRoom) -> list[dict[str, Any]] | None:
    """The issues of the home found at the handover; None for who may not read issues."""
    if not may(actor(), Issue, READ):
        return None
    found = []
    for one in issues_of(database(), row.room_id):
        state = IssueState.member(one.status)
        found.append(
            {
                "url": f"/issue/show/{one.id}", "number": one.number, "what": one.description or "",
                "part": one.part.name if one.part is not None else "",
                "contractor": one.contractor.name if one.contractor is not None else "",
                "state": state.words if state else one.status, "tone": state.tone if state else "grey",
            }
        )  # fmt: skip
    return found


def issue_fields(typed: Any) -> list[PlainField]:
    """What is asked for when an issue is entered on the spot; a standard problem says the rest."""
    asked = (
        ("standard_id", "ref", "/issue_standard/lookup"),
        ("category_id", "ref", "/issue_category/lookup"),
        ("part_id", "ref", "/part/lookup"),
        ("description", "text", None),
        ("note", "text", None),
    )
    fields = []
    for name, kind, lookup in asked:
        value = typed.get(name, "") if typed is not None else ""
        fields.append(PlainField(name, infos(Issue)[name].label, value, kind, lookup_url=lookup))
    return fields


def key_fields(row: HandoverRoom) -> list[tuple[str, Words]]:
    """The kinds of key there are at the home's place."""
    path = owner_path(database(), row) or ""
    return [(one.code, one.words) for one in choices(database(), KEYS, path, today(clock_of(database())))]
