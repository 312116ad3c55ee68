"""Keys of a home (钥匙): which, how many, handed to whom, and returned (S20 钥匙发放)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sqlalchemy.orm import Mapped, Session

from models.handover import COUNTER, PLANNERS
from models.kernel import (
    Refusal,
    Rights,
    Screen,
    Table,
    _,
    day,
    first,
    integer,
    option,
    option_list,
    ref,
    section,
    text,
    through,
)
from models.kernel.actor import Actor

KEYS = option_list(
    "key_kind",
    _("Kinds of key", "钥匙类型"),
    first("door", _("Front door", "入户门钥匙")),
    first("letterbox", _("Letter box", "信箱钥匙")),
    first("meter", _("Meter cupboard", "水电表箱钥匙")),
    first("entrance_card", _("Entrance card", "门禁卡")),
    first("utility_card", _("Water, power, gas card", "水电气卡")),
    first("other", _("Other", "其他")),
)


class KeyRecord(Table):
    """Keys of one kind: handed out, or kept for repairs until they come back."""

    owned = through("room_id")
    screen = Screen(
        label=_("Keys", "钥匙"),
        plural=_("Keys", "钥匙登记"),
        icon="key",
        key=(),
        title=("kind", "holder"),
        listed=("project", "room", "kind", "pieces", "holder", "handed_on", "returned_on", "operator"),
        searched=("holder",),
        sections=(
            section(
                _("Keys", "钥匙"), "room_id", "kind", "pieces", "holder", "handed_on", "returned_on", "operator", "note"
            ),
        ),
        rights=Rights(write=tuple(dict.fromkeys((*PLANNERS, *COUNTER)))),
    )

    room_id: Mapped[int] = ref("room", _("Room", "房间"))
    kind: Mapped[str] = option(_("Kind", "类型"), KEYS, default="door")
    pieces: Mapped[int] = integer(_("Pieces", "数量"), default=1)
    holder: Mapped[str | None] = text(_("Held by", "领用人"), 60)
    handed_on: Mapped[date | None] = day(_("Handed out on", "领用日期"))
    returned_on: Mapped[date | None] = day(_("Came back on", "归还日期"))
    operator: Mapped[str | None] = text(_("By", "经办人"), 64)
    note: Mapped[str | None] = text(_("Remarks", "备注"), 200)

    def faults(self, session: Session, actor: Actor) -> Iterable[Refusal]:
        """At least one; what came back went out before."""
        if self.pieces < 1:
            yield Refusal(_("At least one.", "数量至少为 1。"), "pieces")
        if self.returned_on and (self.handed_on is None or self.returned_on < self.handed_on):
            yield Refusal(_("It came back before it went out.", "归还日期早于领用日期。"), "returned_on")
