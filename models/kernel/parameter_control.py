"""How parameters change in a part of the tree: by whoever may write them, or by an approved sheet only (S02 ch. 5).

The group decides it, place by place; the setting of the nearest place above holds. Where sheets alone change parameters,
nothing else does: not a form, an import, a change of many rows, nor REST.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Mapped, Session

from models.kernel.actor import Actor
from models.kernel.clock import today
from models.kernel.columns import day, flag, prose
from models.kernel.node import Node, steps
from models.kernel.owned import by_node
from models.kernel.owning import path_of
from models.kernel.refusal import Refusal
from models.kernel.roles import ALL, Rights
from models.kernel.scope import known_nodes
from models.kernel.screen import Screen, section
from models.kernel.session import clock_of
from models.kernel.table import Table
from models.kernel.words import _

GROUP = ("group_admin",)


class ParameterControl(Table):
    """Whether parameters of a place and below it change by sheet only; the setting of the nearest place holds."""

    area_name = "system"
    owned = by_node(inherited=True)
    screen = Screen(
        label=_("Way of changing parameters", "参数变更方式"),
        plural=_("Ways of changing parameters", "参数变更方式"),
        icon="lock",
        key=("node_id", "from_day"),
        title=("node.name", "from_day"),
        listed=("node", "by_sheet", "from_day", "remark", "changed_at"),
        searched=("remark",),
        sections=(section(_("How parameters change", "参数变更方式"), "node_id", "by_sheet", "from_day", "remark"),),
        rights=Rights(read=ALL, write=GROUP, delete=GROUP, import_=GROUP),
        noted=_(
            "Where parameters change by approved sheets only. The setting of the nearest place above holds.",
            "设定哪些单位的参数只能凭审批通过的申请单调整，以最近的上级单位的设定为准。",
        ),
    )

    by_sheet: Mapped[bool] = flag(
        _("By approved sheet only", "仅凭申请单变更"),
        default=True,
        hint=_(
            "Nobody adds, changes, deletes or imports parameters directly, here and below.",
            "本单位及下级不能直接新增、修改、删除或导入参数。",
        ),
    )
    from_day: Mapped[date] = day(
        _("From", "生效日期"), hint=_("The latest that has begun holds.", "以已生效的最近一条为准。")
    )
    remark: Mapped[str | None] = prose(_("Remarks", "备注"))

    def derive(self, session: Session, actor: Actor) -> None:
        """What is remembered of the settings in this session is read again."""
        session.info.pop("parameter_control", None)


@contextmanager
def by_sheet(session: Session) -> Iterator[None]:
    """Says that what is written (and flushed) meanwhile is what an approved sheet says, or is a trial of a sheet's line."""
    before = session.info.get("by_sheet", False)
    session.info["by_sheet"] = True
    try:
        yield
    finally:
        session.info["by_sheet"] = before


def control_at(session: Session, node_id: int) -> Any:
    """Returns the setting that holds at a place today (by_sheet, node_id), whoever may read it; None where none does."""
    known: dict[int, Any] = session.info.setdefault("parameter_control", {})
    if node_id not in known:
        settings, nodes = ParameterControl.__table__.c, Node.__table__.c
        path = path_of(session, "node", node_id) or "/"
        query = (
            select(settings.by_sheet, settings.node_id)
            .join(Node.__table__, nodes.id == settings.node_id)
            .where(
                settings.deleted_at.is_(None),
                nodes.id.in_(steps(path)),
                settings.from_day <= today(clock_of(session)),
            )
        )
        known[node_id] = session.execute(
            query.order_by(nodes.path.desc(), settings.from_day.desc(), settings.id.desc()).limit(1)
        ).first()
    return known[node_id]


def sheet_alone(session: Session, node_id: int | None) -> Refusal | None:
    """Returns why a parameter of a place is not changed directly there, with the way to the sheet; None where it may be."""
    if node_id is None or session.info.get("by_sheet"):
        return None
    found = control_at(session, node_id)
    if found is None or not found.by_sheet:
        return None
    place = next((node.name for node in known_nodes(session) if node.id == found.node_id), "…")
    return Refusal(
        _(
            "Parameters of {place} change by an approved parameter sheet only. Apply for the change on a sheet.",
            "{place}的参数只能凭审批通过的参数申请单调整，请填写参数申请单。",
        ).fill(place=place),
        code="by_sheet",
        status=409,
        url="/parameter_sheet/add",
    )
