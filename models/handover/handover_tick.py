"""What is ticked off for a home (入伙明细): steps and documents, with person and time (S02 ch. 5 step 12)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Mapped, Session

from models.handover import COUNTER
from models.handover.handover_room import HandoverRoom
from models.kernel import Refusal, Rights, Screen, Table, _, integer, moment, ref, section, text, through
from models.kernel.actor import Actor
from models.kernel.registry import table


class HandoverStep(Table):
    """A step that was done for a home."""

    owned = through("handover_room_id")
    screen = Screen(
        label=_("Step done", "入伙进程"),
        plural=_("Steps done", "入伙进程"),
        icon="checks",
        key=("handover_room_id", "item_id"),
        title=("item.name",),
        listed=("handover_room.room", "item.name", "done_at", "operator"),
        order=("done_at", "id"),
        sections=(section(_("Step", "入伙进程"), "handover_room_id", "item_id", "done_at", "operator"),),
        rights=Rights(write=COUNTER, delete=COUNTER, import_=()),
        menu=False,
    )

    handover_room_id: Mapped[int] = ref("handover_room", _("Home", "入伙房间"))
    item_id: Mapped[int] = ref("handover_plan_step", _("Step", "进程"))
    done_at: Mapped[datetime | None] = moment(_("Done at", "完成时间"))
    operator: Mapped[str | None] = text(_("By", "经办人"), 64)

    def faults(self, session: Session, actor: Actor) -> Iterable[Refusal]:
        """The step is one of the home's plan."""
        yield from of_its_plan(session, self, "handover_plan_step")


class HandoverDoc(Table):
    """A document that was received or handed out."""

    owned = through("handover_room_id")
    screen = Screen(
        label=_("Document exchanged", "入伙资料"),
        plural=_("Documents exchanged", "入伙资料"),
        icon="file-check",
        key=("handover_room_id", "item_id"),
        title=("item.name",),
        listed=("handover_room.room", "item.name", "item.direction", "received_at", "copies", "operator"),
        order=("received_at", "id"),
        sections=(
            section(_("Document", "入伙资料"), "handover_room_id", "item_id", "received_at", "copies", "operator"),
        ),
        rights=Rights(write=COUNTER, delete=COUNTER, import_=()),
        menu=False,
    )

    handover_room_id: Mapped[int] = ref("handover_room", _("Home", "入伙房间"))
    item_id: Mapped[int] = ref("handover_plan_doc", _("Document", "资料"))
    received_at: Mapped[datetime | None] = moment(_("Received at", "接收时间"))
    copies: Mapped[int] = integer(_("Copies", "份数"), default=1)
    operator: Mapped[str | None] = text(_("By", "经办人"), 64)

    def faults(self, session: Session, actor: Actor) -> Iterable[Refusal]:
        """The document is one of the home's plan."""
        yield from of_its_plan(session, self, "handover_plan_doc")


def of_its_plan(session: Session, row: HandoverStep | HandoverDoc, list_: str) -> Iterable[Refusal]:
    """Refuses a tick of another plan's list."""
    home, item = session.get(HandoverRoom, row.handover_room_id), session.get(table(list_), row.item_id)
    if home is not None and item is not None and home.plan_id != item.plan_id:
        yield Refusal(_("This belongs to another plan.", "该项属于其他入伙计划。"), "item_id")
