"""Workbenches (工作台配置, S19): which widgets a person has on the start page, in which order, and the public ones of a place.

Not declared tables: a layout is a person's own, or holds for everybody below a place. It names widgets and no rows: each
widget asks the gate as any page does.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.kernel.audit import entry, write_lines
from models.kernel.columns import BigId, Moment
from models.kernel.node import Node
from models.kernel.refusal import Denied
from models.kernel.roles import ADMINS
from models.kernel.scope import Reach, reach_of
from models.kernel.session import actor_of, clock_of
from models.kernel.table import Base
from models.kernel.words import _

MOST = 40
"""Widgets of one workbench."""


class Workbench(Base):
    """The widgets of one person, or of everybody (or of those in a role) at a place and below it, by name and in order."""

    __tablename__ = "workbench"
    __table_args__ = (UniqueConstraint("node_id", "role"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), unique=True)
    node_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("node.id"))
    role: Mapped[str] = mapped_column(String(40), default="", server_default="")
    widgets: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[datetime] = mapped_column(Moment)


W: Any = Workbench.__table__


def own_widgets(session: Session) -> list[str] | None:
    """Returns the actor's own widgets in order; None where they have arranged nothing and the public ones hold."""
    found = session.execute(select(W.c.widgets).where(W.c.user_id == actor_of(session).user_id)).scalar()
    return None if found is None else _read(found)


def public_widgets(session: Session, held: Sequence[Any]) -> list[str] | None:
    """Returns the public widgets for somebody who works somewhere; None where there are none for them.

    The nearest place above counts first; of one place those of the role before those of everybody.

    Args:
        held: what they hold (a path and a role each), the one that counts first in front.
    """
    nodes = Node.__table__.c
    found = session.execute(
        select(W.c.widgets, W.c.role, nodes.path)
        .join(Node.__table__, nodes.id == W.c.node_id)
        .where(nodes.deleted_at.is_(None))
    ).all()
    for one in held:
        above = [row for row in found if one.path.startswith(row.path) and row.role in ("", one.role)]
        if above:
            return _read(max(above, key=lambda row: (len(row.path), row.role != "")).widgets)
    return None


def at_place(session: Session, node_id: int, role: str = "") -> list[str] | None:
    """Returns the public widgets that a place itself has for a role ('' for everybody); None where it has none."""
    query = select(W.c.widgets).where(W.c.node_id == node_id, W.c.role == role)
    found = session.execute(query).scalar()
    return None if found is None else _read(found)


def publishing(session: Session) -> Reach:
    """Returns the part of the tree whose public workbenches the actor arranges: where they hold an administrator's role."""
    return reach_of(session, frozenset(one.path for one in actor_of(session).grants if one.role in ADMINS))


def arrange(session: Session, names: Sequence[str], node_id: int | None = None, role: str = "") -> None:
    """Keeps the actor's own widgets in this order, or the public ones of a place (and a role). Does not commit.

    Raises:
        Denied: the actor administers no such place.
    """
    _check(session, node_id)
    clear(session, node_id, role)
    kept = list(dict.fromkeys(names))[:MOST]
    owner: dict[str, Any] = (
        {"node_id": node_id, "role": role} if node_id is not None else {"user_id": actor_of(session).user_id}
    )
    values = {**owner, "widgets": json.dumps(kept), "changed_at": clock_of(session)()}
    session.connection().execute(W.insert().values(**values))
    if node_id is not None:
        _tell(session, node_id, kept, role)


def clear(session: Session, node_id: int | None = None, role: str = "") -> None:
    """Goes back to what holds above: a person to the public widgets, a place to those of the place above it.

    Raises:
        Denied: as `arrange`.
    """
    _check(session, node_id)
    if node_id is not None:
        session.connection().execute(W.delete().where(W.c.node_id == node_id, W.c.role == role))
    else:
        session.connection().execute(W.delete().where(W.c.user_id == actor_of(session).user_id))


def _check(session: Session, node_id: int | None) -> None:
    if node_id is None:
        if actor_of(session).user_id is None:
            raise Denied()
        return
    where = publishing(session)
    if not (where.everything or node_id in where.nodes):
        raise Denied(
            _(
                "The public workbench of this place is arranged by its administrators.",
                "该单位的公共工作台由其管理员设置。",
            ),
            "node",
        )


def _tell(session: Session, node_id: int, names: Sequence[str], role: str) -> None:
    """What is public changes what others see, so it is recorded; a person's own is nobody's business."""
    changes: dict[str, tuple[Any, Any]] = {"node_id": (None, node_id), "widgets": (None, ", ".join(names))}
    if role:
        changes["role"] = (None, role)
    write_lines(session, [entry(actor_of(session), clock_of(session)(), "workbench", node_id, "change", changes)])


def _read(said: str) -> list[str]:
    return [str(name) for name in json.loads(said)]
