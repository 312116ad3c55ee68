"""Expert advisers (顾问, S07 rule 5): one of each kind at head office and at each company, whom a hard case may ask."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Mapped, Session

from models.kernel import Options, Screen, Table, _, by_node, choice, ref, section, text
from models.kernel.parameter import above_of


class AdviserKind(Options):
    """The five kinds, each with the department it comes from (S07)."""

    LEGAL = "legal", _("Legal matters", "法律事务（法务部）")
    ENGINEERING = "engineering", _("Construction quality", "工程质量（工程部）")
    DESIGN = "design", _("Planning and design", "规划设计（设计部）")
    MARKETING = "marketing", _("Sales and marketing", "营销推广（营销部）")
    MEDIA = "media", _("Media relations", "媒体关系（行政部）")


class Adviser(Table):
    """The adviser of a kind at a place; at each place there is one of each kind (R22)."""

    owned = by_node(inherited=True)
    screen = Screen(
        label=_("Adviser", "专业顾问"),
        plural=_("Advisers", "专业顾问"),
        icon="user-star",
        key=("node_id", "kind"),
        title=("kind", "name"),
        listed=("kind", "name", "profile", "node", "note"),
        searched=("name",),
        sections=(section(_("Adviser", "专业顾问"), "node_id", "kind", "name", "profile_id", "note"),),
    )

    kind: Mapped[str] = choice(_("Kind", "顾问类别"), AdviserKind)
    name: Mapped[str] = text(_("Name", "姓名"), 40)
    profile_id: Mapped[int | None] = ref("user_profile", _("Account", "系统用户"))
    note: Mapped[str | None] = text(_("Remarks", "备注"), 200)


def advisers_of(session: Session, node_id: int) -> dict[str, Adviser]:
    """Returns kind -> the adviser for a place: its own, else that of the nearest place above."""
    depth = {node.id: place for place, node in enumerate(above_of(session, node_id, itself=True))}
    rows = session.scalars(select(Adviser).where(Adviser.node_id.in_(sorted(depth)))).all()
    return {row.kind: row for row in sorted(rows, key=lambda row: depth[row.node_id])}
