"""The counter (入伙办理): one home from arrival to the keys, on one page, for a person with the owner before them."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from flask import flash, redirect, render_template, request
from flask_appbuilder import BaseView, expose
from sqlalchemy import select

from models.handover.handover_fee import HandoverFee
from models.handover.handover_room import HandoverRoom
from models.handover.issues import enter_issue
from models.handover.key_record import KeyRecord
from models.handover.room_moves import another_owner, lacking
from models.handover.room_states import NoticeState, Outcome, RoomState
from models.handover.rules import sign, take_over, tick_doc, tick_step
from models.inspection.issue import Issue
from models.kernel.attachment import attach, files_of
from models.kernel.clock import today
from models.kernel.guard import expect_version, name_of
from models.kernel.moving import asks, move, possible
from models.kernel.reading_dates import read_date
from models.kernel.refusal import Missing, Refusal
from models.kernel.roles import READ, WRITE
from models.kernel.scope import reach
from models.kernel.session import actor_of, clock_of
from models.kernel.words import Words, _
from models.property.room import SaleState
from views.kernel.access import needs
from views.kernel.files.content import taken
from views.kernel.files.pages import described, store
from views.kernel.pages import RECORD_ACTIONS
from views.kernel.request import actor, say
from views.kernel.request import session as database
from views.kernel.shell import crumbs, shell
from views.pages.handover import desk

TITLE = _("At the counter", "入伙办理")

RECORD_ACTIONS.setdefault("handover_room", []).insert(
    0, {"label": TITLE, "url": "/handover/room/{pk}", "icon": "checklist", "of": "handover_room", "right": READ}
)


class CounterView(BaseView):  # type: ignore[misc]
    """The page of one home."""

    route_base = "/handover/room"
    default_view = "show"
    table = HandoverRoom

    @expose("/<int:pk>", methods=["GET"])
    @needs(READ)
    def show(self, pk: int) -> Any:
        """Everything about the handover of a home."""
        return self._page(_home(pk))

    @expose("/<int:pk>/<string:doing>", methods=["POST"])
    @needs(READ)
    def do(self, pk: int, doing: str) -> Any:
        """One thing done for a home; a refusal comes back as a sentence at the place it was done."""
        own, row = database(), _home(pk)
        part = {
            "move": "moves",
            "step": "steps",
            "doc": "docs",
            "place": "moves",
            "owner": "moves",
            "issue": "issues",
        }.get(doing, doing)
        content = None
        try:
            if doing == "sign":
                content = self._signature(pk)  # looked at while no lock is held
                row = _home(pk)
            said = _DO[doing](row, content) if doing in _DO else _unknown()
            own.commit()
        except Refusal as refusal:
            own.rollback()
            if refusal.status in (403, 404):
                raise
            return self._page(_home(pk), part, refusal), refusal.status
        flash(say(said), "ok")
        return redirect(f"/handover/room/{pk}#{part}", 303)

    def _signature(self, pk: int) -> Any:
        """The picture that was drawn, kept in the store as any file is."""
        sent = request.form.get("picture", "")
        head, comma, body = sent.partition(",")
        if not comma or head != "data:image/png;base64" or len(body) > 2_000_000:
            raise Refusal(_("Let the owner sign in the field first.", "请业主先在签名框内签字。"), "picture")
        try:
            picture = base64.b64decode(body, validate=True)
        except (binascii.Error, ValueError):
            raise Refusal(
                _("The signature could not be read. Sign again.", "签名无法识别，请重新签字。"), "picture"
            ) from None
        database().rollback()
        name = f"{say(_('signature', '业主签名'))}-{today(clock_of(database())).isoformat()}.png"
        return taken(store(), name, picture)

    def _page(self, row: HandoverRoom, wrong: str = "", refusal: Refusal | None = None) -> str:
        own, room = database(), row.room
        state, notice = RoomState.member(row.state), NoticeState.member(row.notice_state)
        outcome = Outcome.member(row.outcome or "")
        writes = reach(own, actor(), HandoverRoom, WRITE).holds("project", row.project_id)
        name = name_of(row)
        sold = room is not None and room.sale_state == SaleState.SIGNED
        other = another_owner(own, row)
        page = {
            "title": name,
            "crumbs": [
                *crumbs("project", row.project_id),
                {"label": row.plan.title if row.plan else "—", "url": f"/handover/board/{row.plan_id}"},
                {"label": TITLE, "url": None},
            ],
            "row": row,
            "room": room,
            "state": state,
            "notice": notice,
            "outcome": outcome,
            "facts": desk.facts(row),
            "owner": desk.owner(row),
            "other": other,
            "sold": sold,
            "writes": writes,
            "moves": desk.moves(row, request.form if wrong == "moves" and refusal is not None else None),
            "place": desk.place(row),
            "slots": desk.slots(row),
            "steps": desk.steps(row),
            "docs": desk.docs(row),
            "fees": desk.fees(row),
            "key_rows": desk.keys(row),
            "key_fields": desk.key_fields(row),
            "signature": [described(each) for each in files_of(own, row) if each.kind == "image"][-1:],
            "signer": row.signer or (row.customer.name if row.customer is not None else ""),
            "signed_at": desk.when(row.signed_at),
            "lacking": lacking(own, row) if row.state in ("accepted", "accepted_with_defects") else [],
            "issues": desk.issues(row),
            "issue_fields": desk.issue_fields(request.form if wrong == "issues" else None),
            "enters": row.arrived_at is not None and reach(own, actor(), Issue, WRITE).holds("project", row.project_id),
            "today": today(clock_of(own)).isoformat(),
            "wrong": wrong,
            "errors": [one.sentence for one in refusal.all()] if refusal is not None else [],
        }
        return render_template("doorbook/handover_room.html", shell=shell(name), page=page)


def _home(pk: int) -> HandoverRoom:
    found = database().execute(select(HandoverRoom).where(HandoverRoom.id == pk)).scalar_one_or_none()
    if found is None or pk >= 2**63:
        raise Missing()
    return found


def _unknown() -> Words:
    raise Missing()


def _version(row: HandoverRoom) -> int | None:
    sent = request.form.get("_version", "")
    return int(sent) if sent.isdecimal() and len(sent) < 10 else None


def _moved(row: HandoverRoom, _content: Any) -> Words:
    name = request.form.get("move", "")
    transition = next((each for each in possible(database(), row) if each.name == name), None)
    wanted = asks(database(), row, transition) if transition is not None else {}
    values = {column: request.form[column] for column in wanted if request.form.get(column)}
    move(database(), row, name, values, None)
    if name == "refuse" and request.form.get("groundless"):
        row.groundless = True
        database().flush()
    label = transition.label if transition is not None else name
    return _("{label}: {home}.", "{home}：{label}。").fill(label=label, home=name_of(row))


def _stepped(row: HandoverRoom, _content: Any) -> Words:
    key, done = _tick()
    tick_step(database(), row, key, done)
    return _ticked(done)


def _papered(row: HandoverRoom, _content: Any) -> Words:
    key, done = _tick()
    tick_doc(database(), row, key, done)
    return _ticked(done)


def _tick() -> tuple[int, bool]:
    key, _colon, done = request.form.get("item", "").partition(":")
    if not key.isdecimal() or len(key) > 18:
        raise Missing()
    return int(key), done != "0"


def _ticked(done: bool) -> Words:
    return _("Ticked off.", "已登记。") if done else _("The tick is taken back.", "已取消登记。")


def _placed(row: HandoverRoom, _content: Any) -> Words:
    own, form = database(), request.form
    version = _version(row)
    if version is not None:
        expect_version(row, version)
    row.station = form.get("station", "").strip()[:20] or None
    slot = form.get("slot_id", "")
    row.slot_id = int(slot) if slot.isdecimal() and len(slot) < 19 else None
    row.note = form.get("note", "").strip()[:200] or None
    own.flush()
    return _("Kept.", "已保存。")


def _new_owner(row: HandoverRoom, _content: Any) -> Words:
    owner = take_over(database(), row, _version(row))
    return _("The handover goes on with {name}. Send a new notice.", "已变更为新业主{name}，请重新通知。").fill(
        name=owner.name
    )


def _paid(row: HandoverRoom, _content: Any) -> Words:
    own, form = database(), request.form
    sent = form.get("fee", "")
    fee = own.scalar(
        select(HandoverFee).where(
            HandoverFee.id == (int(sent) if sent.isdecimal() and len(sent) < 19 else 0),
            HandoverFee.handover_room_id == row.id,
        )
    )
    if fee is None:
        raise Missing()
    move(own, fee, "pay", {"paid_on": form.get("paid_on", ""), "receipt_no": form.get("receipt_no", "")})
    return _("The payment is noted.", "已登记缴费。")


def _handed(row: HandoverRoom, _content: Any) -> Words:
    own, form = database(), request.form
    pieces = form.get("pieces", "1")
    own.add(
        KeyRecord(
            room_id=row.room_id,
            kind=form.get("kind", "door"),
            pieces=int(pieces) if pieces.isdecimal() and len(pieces) < 5 else 0,
            holder=form.get("holder", "").strip()[:60] or (row.customer.name if row.customer is not None else None),
            handed_on=read_date(form.get("handed_on")) or today(clock_of(own)),
            operator=actor_of(own).name[:64],
        )
    )
    own.flush()
    return _("The keys are noted.", "已登记钥匙。")


def _signed(row: HandoverRoom, content: Any) -> Words:
    own = database()
    sign(own, row, request.form.get("signer", ""))
    attach(own, row, content)
    return _("Signed.", "已签字。")


def _entered(row: HandoverRoom, _content: Any) -> Words:
    form = request.form
    values: dict[str, Any] = {}
    for column in ("standard_id", "category_id", "part_id"):
        sent = form.get(column, "")
        values[column] = int(sent) if sent.isdecimal() and len(sent) < 19 else None
    values["description"] = form.get("description", "").strip()[:200] or None
    values["note"] = form.get("note", "").strip()[:1_000] or None
    made = enter_issue(database(), row, values)
    return _("Entered as {number}.", "已登记问题 {number}。").fill(number=made.number)


_DO = {
    "issue": _entered,
    "move": _moved,
    "step": _stepped,
    "doc": _papered,
    "place": _placed,
    "owner": _new_owner,
    "fees": _paid,
    "keys": _handed,
    "sign": _signed,
}
