"""A handover plan at work (入伙计划): how it stands, what comes next, notices, slots, fees, and who is to be invited."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from flask import flash, redirect, render_template, request
from flask_appbuilder import BaseView, expose
from sqlalchemy import func, select

from models.handover.handover_fee import FEES, HandoverFee
from models.handover.handover_notice import HandoverBatch, NoticeChannel
from models.handover.handover_plan import HandoverPlan
from models.handover.handover_room import HandoverRoom
from models.handover.handover_slot import HandoverSlot
from models.handover.handover_summary import HandoverSummary
from models.handover.release import count, count_words
from models.handover.room_states import NoticeState, PlanState, RoomState
from models.handover.rules import make_slots, raise_fees, send_notices
from models.handover.summing_up import begin_summary, percent
from models.kernel.clock import today
from models.kernel.option_values import choices, words_of
from models.kernel.owning import owner_path
from models.kernel.reading_dates import read_date
from models.kernel.refusal import Refusal
from models.kernel.roles import READ, WRITE
from models.kernel.scope import reach
from models.kernel.session import clock_of
from models.kernel.words import Words, _
from views.kernel.access import needs
from views.kernel.move_pages import buttons
from views.kernel.pages import RECORD_ACTIONS
from views.kernel.request import actor, say
from views.kernel.request import session as database
from views.kernel.shell import crumbs, shell
from views.pages.fields import PlainField
from views.pages.handover.board import plan_of, seen

RECORD_ACTIONS.setdefault("handover_plan", []).insert(
    0,
    {
        "label": _("Work on it", "入伙工作台"),
        "url": "/handover/plan/{pk}",
        "icon": "layout-dashboard",
        "of": "handover_plan",
        "right": READ,
    },
)


class PlanView(BaseView):  # type: ignore[misc]
    """The page of a plan."""

    route_base = "/handover/plan"
    default_view = "show"
    table = HandoverPlan

    @expose("/<int:pk>", methods=["GET"])
    @needs(READ)
    def show(self, pk: int) -> Any:
        """How a plan stands, and what may be done about it."""
        return self._page(plan_of(pk))

    @expose("/<int:pk>/<string:doing>", methods=["POST"])
    @needs(READ)
    def do(self, pk: int, doing: str) -> Any:
        """Sends notices, makes slots, raises fees or begins the summary; each asks for its own right."""
        own, plan = database(), plan_of(pk)
        form = request.form
        try:
            if doing == "notices":
                sent_on = read_date(form.get("sent_on")) or today(clock_of(own))
                batch = send_notices(own, plan, form.get("channel", ""), sent_on)
                said, to = _("Sent to {n} homes.", "已生成 {n} 份通知。").fill(n=batch.homes), ""
                to = f"/handover_batch/show/{batch.id}"
            elif doing == "slots":
                number = make_slots(
                    own, plan, _day(form.get("first"), "first"), _day(form.get("last"), "last"),
                    form.get("starts", ""), form.get("ends", ""),
                    _number(form.get("minutes"), "minutes"), _number(form.get("capacity"), "capacity"),
                )  # fmt: skip
                said, to = _("{n} slots made.", "已生成 {n} 个时段。").fill(n=number), f"/handover/plan/{pk}#slots"
            elif doing == "fees":
                number = raise_fees(
                    own, plan, form.get("item", ""), _amount(form.get("amount")),
                    by_area=form.get("by") == "area", months=_number(form.get("months") or "1", "months"),
                )  # fmt: skip
                said, to = (
                    _("Raised for {n} homes.", "已为 {n} 户生成费用。").fill(n=number),
                    f"/handover/plan/{pk}#fees",
                )
            else:
                summary = begin_summary(own, plan)
                said, to = _("The figures are filled in.", "已填入统计数据。"), f"/handover_summary/edit/{summary.id}"
            own.commit()
        except Refusal as refusal:
            own.rollback()
            if refusal.status in (403, 404):
                raise
            return self._page(plan_of(pk), doing, refusal), refusal.status
        flash(say(said), "ok")
        return redirect(to, 303)

    def _page(self, plan: HandoverPlan, wrong: str = "", refusal: Refusal | None = None) -> str:
        own = database()
        now, state = today(clock_of(own)), PlanState.member(plan.state)
        live = count(own, plan)
        figures = seen(plan.id)[1].total
        writes = reach(own, actor(), HandoverPlan, WRITE).holds("project", plan.project_id)
        untold = own.scalar(
            select(func.count(HandoverRoom.id)).where(
                HandoverRoom.plan_id == plan.id, HandoverRoom.state == RoomState.EXPECTED,
                HandoverRoom.notice_state.in_((NoticeState.NOT_NOTIFIED.value, NoticeState.RETURNED.value)),
            )
        )  # fmt: skip
        summary = own.scalars(select(HandoverSummary).where(HandoverSummary.plan_id == plan.id)).first()
        page = {
            "title": plan.title,
            "crumbs": [*crumbs("project", plan.project_id), {"label": HandoverPlan.screen.name, "url": "/handover_plan/list/"}],
            "plan": plan,
            "state": {"text": state.words if state else plan.state, "tone": state.tone if state else "grey"},
            "moves": buttons(plan),
            "live": live,
            "live_text": count_words(live),
            "drifted": plan.counted_rooms is not None and plan.counted_rooms != live.signed,
            "figures": figures,
            "rate": percent(figures.taken_rate),
            "untold": untold or 0,
            "writes": writes,
            "is_draft": plan.state == PlanState.DRAFT,
            "is_open": plan.state == PlanState.RELEASED,
            "batches": own.scalars(
                select(HandoverBatch).where(HandoverBatch.plan_id == plan.id).order_by(HandoverBatch.id.desc()).limit(8)
            ).all(),
            "days": _slot_days(plan),
            "fees": _fee_lines(plan),
            "summary": summary,
            "forms": _forms(plan, now, wrong),
            "wrong": wrong,
            "errors": [one.sentence for one in refusal.all()] if refusal is not None else [],
        }  # fmt: skip
        return render_template("doorbook/handover_plan.html", shell=shell(plan.title), page=page)


def _forms(plan: HandoverPlan, now: date, wrong: str) -> dict[str, list[PlainField]]:
    """The small forms of the page, with what was typed where one was refused."""
    typed = request.form if wrong else {}
    first = plan.planned_from.isoformat() if plan.planned_from else now.isoformat()
    last = plan.planned_to.isoformat() if plan.planned_to else first
    path = owner_path(database(), plan) or ""
    items = tuple((one.code, one.words) for one in choices(database(), FEES, path, now))

    def put(name: str, words: Words, usual: str, kind: str = "text", **more: Any) -> PlainField:
        return PlainField(name, words, str(typed.get(name, usual)), kind, **more)

    return {
        "notices": [
            put("channel", _("Channel", "通知方式"), "post", "choice", choices=tuple((m.value, m.words) for m in NoticeChannel)),
            put("sent_on", _("Sent on", "发出日期"), now.isoformat(), "date"),
        ],
        "slots": [
            put("first", _("From", "开始日期"), first, "date"),
            put("last", _("Until", "结束日期"), last, "date"),
            put("starts", _("Day begins", "每日开始"), "09:00"),
            put("ends", _("Day ends", "每日结束"), "17:00"),
            put("minutes", _("Minutes a slot", "每时段分钟"), "60", "number"),
            put("capacity", _("Homes a slot", "每时段户数"), str((plan.counters or 5) * 2), "number"),
        ],
        "fees": [
            put("item", _("Item", "费用项目"), "property_fee", "choice", choices=items),
            put("by", _("Counted", "计算方式"), "area", "choice",
                choices=(("area", _("yuan/m²", "元/㎡")), ("fixed", _("a fixed sum", "固定金额")))),
            put("amount", _("Amount", "单价/金额"), "", "money"),
            put("months", _("Months", "月数"), "1", "number"),
        ],
    }  # fmt: skip


def _slot_days(plan: HandoverPlan) -> list[dict[str, Any]]:
    """Per day of the plan: slots, places, and how many are taken."""
    own = database()
    booked = (
        select(HandoverRoom.slot_id, func.count(HandoverRoom.id).label("n"))
        .where(HandoverRoom.plan_id == plan.id, HandoverRoom.state != RoomState.DROPPED)
        .group_by(HandoverRoom.slot_id)
    )
    taken: dict[int | None, int] = {key: n for key, n in own.execute(booked)}
    days: dict[date, dict[str, Any]] = {}
    for slot in own.scalars(
        select(HandoverSlot).where(HandoverSlot.plan_id == plan.id).order_by(HandoverSlot.day, HandoverSlot.starts)
    ):
        day = days.setdefault(slot.day, {"day": slot.day, "slots": 0, "places": 0, "taken": 0, "full": 0})
        day["slots"] += 1
        day["places"] += slot.capacity
        day["taken"] += taken.get(slot.id, 0)
        day["full"] += taken.get(slot.id, 0) >= slot.capacity
    return list(days.values())


def _fee_lines(plan: HandoverPlan) -> list[dict[str, Any]]:
    """Per item: homes, money asked for, and money paid."""
    own = database()
    rows = own.execute(
        select(HandoverFee.item, HandoverFee.state, func.count(HandoverFee.id), func.sum(HandoverFee.amount))
        .join(HandoverRoom, HandoverRoom.id == HandoverFee.handover_room_id)
        .where(HandoverRoom.plan_id == plan.id)
        .group_by(HandoverFee.item, HandoverFee.state)
        .order_by(HandoverFee.item)
    )
    path = owner_path(own, plan)
    found: dict[str, dict[str, Any]] = {}
    for item, state, number, amount in rows:
        line = found.setdefault(
            item, {"item": words_of(own, FEES, item, path), "homes": 0, "asked": Decimal(0), "paid": Decimal(0)}
        )
        line["homes"] += number
        if state != "waived":
            line["asked"] += amount or 0
        if state == "paid":
            line["paid"] += amount or 0
    return list(found.values())


def _day(text: str | None, field: str) -> date:
    found = read_date(text)
    if found is None:
        raise Refusal(_("Say which day.", "请填写日期。"), field, code="required")
    return found


def _number(text: str | None, field: str) -> int:
    if not (text or "").isdecimal() or len(text or "") > 6:
        raise Refusal(_("A whole number is wanted here.", "请填写整数。"), field)
    return int(text or "0")


def _amount(text: str | None) -> Decimal:
    try:
        found = Decimal((text or "").replace(",", "").strip())
    except InvalidOperation:
        raise Refusal(_("An amount is wanted here.", "请填写金额。"), "amount") from None
    if not found.is_finite() or abs(found) >= Decimal("1e9"):
        raise Refusal(_("This amount is too large.", "金额过大，请核对。"), "amount")
    return found
