"""The handover on paper: notices one by one or by the batch, the list of homes, repair slip, the owner's issue list."""

from __future__ import annotations

from typing import Any

from flask import render_template
from flask_appbuilder import BaseView, expose
from sqlalchemy import select

from models.handover.handover_notice import HandoverBatch, HandoverNotice
from models.handover.handover_room import HandoverRoom
from models.handover.issues import invited
from models.handover.printed import (
    NOTICE,
    OWNER_LIST,
    REPAIR_SLIP,
    ROSTER,
    notice_sheet,
    owner_list_sheet,
    repair_slip_sheet,
    roster_sheet,
)
from models.handover.room_states import RoomState
from models.kernel.attachment import files_of
from models.kernel.guard import name_of
from models.kernel.printing.form import Picture
from models.kernel.refusal import Missing, Refusal
from models.kernel.registry import table
from models.kernel.roles import READ
from models.kernel.scope import may
from models.kernel.words import _
from views.kernel.access import needs
from views.kernel.files.pages import described
from views.kernel.printing import paper_language, printed
from views.kernel.request import actor
from views.kernel.request import session as database
from views.kernel.shell import crumbs, shell
from views.pages.handover.board import plan_of

MOST_SHEETS = 500
"""Notices of one page; of a larger batch, the list's selection prints the rest."""
INVITE = _("Repaired: invite the owner", "整改完成待邀约")


class PaperView(BaseView):  # type: ignore[misc]
    """What is printed, and the list of owners to be invited."""

    route_base = "/handover"
    default_view = "invite"
    table = HandoverRoom

    @expose("/print/room/<int:pk>/<string:form>", methods=["GET"])
    @needs(READ)
    def room(self, pk: int, form: str) -> Any:
        """One form of one home: notice, repair slip, or the owner's issue list."""
        own = database()
        row = own.execute(select(HandoverRoom).where(HandoverRoom.id == pk)).scalar_one_or_none()
        if row is None or pk >= 2**63:
            raise Missing()
        language = paper_language()
        trail = [*crumbs("project", row.project_id), {"label": name_of(row), "url": f"/handover/room/{pk}"}]
        if form == "notice":
            return printed(NOTICE.label, [notice_sheet(own, row, language)], trail)
        if not may(actor(), table("issue"), READ):
            raise Missing()
        if form == "repair":
            return printed(REPAIR_SLIP.label, [repair_slip_sheet(own, row, language)], trail)
        if form == "issues":
            pictures = [
                Picture(described(each)["url"], _("Signature", "业主签名"))
                for each in files_of(own, row)
                if each.kind == "image" and row.signed_at is not None
            ][-1:]
            return printed(OWNER_LIST.label, [owner_list_sheet(own, row, language, pictures)], trail)
        raise Missing()

    @expose("/print/batch/<int:pk>", methods=["GET"])
    @needs(READ)
    def batch(self, pk: int) -> Any:
        """The notices of a batch, a sheet for each home."""
        own = database()
        batch = own.execute(select(HandoverBatch).where(HandoverBatch.id == pk)).scalar_one_or_none()
        if batch is None or pk >= 2**63:
            raise Missing()
        if batch.homes > MOST_SHEETS:
            raise Refusal(
                _(
                    "This batch has {n} sheets; print it home by home, or send it in parts of {most}.",
                    "该批次共 {n} 份，超过一次打印上限 {most} 份，请分批发送后打印。",
                ).fill(n=batch.homes, most=MOST_SHEETS),
                code="too_many",
            )
        rows = own.scalars(
            select(HandoverRoom)
            .join(HandoverNotice, HandoverNotice.handover_room_id == HandoverRoom.id)
            .where(HandoverNotice.batch_id == pk)
            .order_by(HandoverRoom.id)
        ).all()
        trail = [*crumbs("project", batch.project_id), {"label": batch.name, "url": f"/handover_batch/show/{pk}"}]
        return printed(NOTICE.label, [notice_sheet(own, row, paper_language()) for row in rows], trail)

    @expose("/print/plan/<int:pk>/list", methods=["GET"])
    @needs(READ)
    def roster(self, pk: int) -> Any:
        """The list of a plan's homes."""
        plan = plan_of(pk)
        trail = [*crumbs("project", plan.project_id), {"label": plan.title, "url": f"/handover/plan/{pk}"}]
        return printed(ROSTER.label, [roster_sheet(database(), plan, paper_language())], trail)

    @expose("/invite/<int:pk>", methods=["GET"])
    @needs(READ)
    def invite(self, pk: int) -> Any:
        """The homes whose repairs are done: their owners are told and asked to come (S02 step 9)."""
        plan = plan_of(pk)
        if not may(actor(), table("issue"), READ):
            raise Missing()
        rows = []
        for one in invited(database(), plan.id):
            state = RoomState.member(one.state)
            rows.append(
                {"one": one, "words": state.words if state else one.state, "tone": state.tone if state else "grey"}
            )
        page = {
            "title": INVITE,
            "crumbs": [*crumbs("project", plan.project_id), {"label": plan.title, "url": f"/handover/plan/{pk}"}],
            "rows": rows,
            "count_text": _("{n} homes", "{n} 户").fill(n=len(rows)),
        }
        return render_template("doorbook/handover_invite.html", shell=shell(INVITE), page=page)
