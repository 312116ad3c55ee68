"""Saved views of a table's list, and how each person has that list: its columns, density, tabs, the view it opens with.

Neither is a declared table: a view belongs to one person or to everybody who works at a place and below it, which no owner
of rows says. Nothing reads them but the functions here. A view holds what a list's address says and no rows: whoever
opens it meets the gate as with any other address.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, and_, func, literal, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.kernel.audit import entry, write_lines
from models.kernel.columns import BigId, Moment
from models.kernel.node import steps
from models.kernel.refusal import Denied, Missing, Refusal
from models.kernel.registry import rights_of
from models.kernel.roles import READ, ROLES
from models.kernel.scope import Reach, reach_of
from models.kernel.session import actor_of, clock_of
from models.kernel.table import Base, Table
from models.kernel.words import _

MOST = 40
"""Views one person may keep of one table."""

NAME_LENGTH, QUERY_LENGTH = 40, 4_000

SHARING = tuple(name for name, role in ROLES.items() if role.kind in ("admin", "leader"))
"""Roles whose holders share views with others, in the part of the tree where they hold the role and it reads the table."""

DENSITIES = ("compact", "normal", "roomy")


class SavedView(Base):
    """A list as somebody wants to see it again: filters, search, order, columns, widths and density, as an address says them."""

    __tablename__ = "saved_view"
    __table_args__ = (
        Index("ix_saved_view_table_name_owner_id", "table_name", "owner_id"),
        Index("ix_saved_view_table_name_node_id", "table_name", "node_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    table_name: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    query: Mapped[str] = mapped_column(Text)
    owner_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id"), index=True)
    node_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("node.id"), index=True)
    roles: Mapped[str] = mapped_column(String(400), default="")
    created_at: Mapped[datetime] = mapped_column(Moment)
    changed_at: Mapped[datetime] = mapped_column(Moment)


class OwnList(Base):
    """How one person has the list of one table, on whatever machine."""

    __tablename__ = "own_list"
    __table_args__ = (UniqueConstraint("user_id", "table_name"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id"))
    table_name: Mapped[str] = mapped_column(String(64))
    columns: Mapped[str] = mapped_column(Text, default="")
    widths: Mapped[str] = mapped_column(Text, default="")
    density: Mapped[str] = mapped_column(String(10), default="")
    tabs: Mapped[str] = mapped_column(Text, default="[]")
    default_view_id: Mapped[int | None] = mapped_column(BigId)


@dataclass(frozen=True, slots=True)
class View:
    """A saved view as one person meets it.

    Attributes:
        node_id: where it is shared; None for a private one.
        roles: to whom there; everybody who reads the table, where empty.
        mine: the person saved it.
        held: the person may change and delete it.
    """

    id: int
    name: str
    query: str
    node_id: int | None
    roles: tuple[str, ...]
    mine: bool
    held: bool


@dataclass(frozen=True, slots=True)
class Layout:
    """How a person has a list: columns and widths as addresses say them, density, and the view it opens with."""

    columns: str = ""
    widths: str = ""
    density: str = ""
    default_view_id: int | None = None


def opened(session: Session, cls: type[Table]) -> tuple[Layout, list[View]]:
    """Returns how the actor has the list of `cls`, and the views offered there in the actor's own order. One statement."""
    own: Any = OwnList.__table__
    views: Any = SavedView.__table__
    actor = actor_of(session)
    one = select(literal(1).label("one")).subquery()
    mine = and_(own.c.user_id == actor.user_id, own.c.table_name == cls.__tablename__)
    there = or_(views.c.owner_id == actor.user_id, views.c.node_id.in_(sorted(_on_the_way(session, cls))))
    statement = (
        select(own.c.columns, own.c.widths, own.c.density, own.c.tabs, own.c.default_view_id, views)
        .select_from(one)
        .outerjoin(own, mine)
        .outerjoin(views, and_(views.c.table_name == cls.__tablename__, there))
        .order_by(views.c.id)
    )
    rows = session.execute(statement).all()
    found = [_view(session, cls, row) for row in rows if row.id is not None and _for(session, cls, row)]
    first = rows[0]
    layout = Layout(first.columns or "", first.widths or "", first.density or "", first.default_view_id)
    order = {key: place for place, key in enumerate(json.loads(first.tabs or "[]"))}
    return layout, sorted(found, key=lambda view: (order.get(view.id, len(order)), view.id))


def _on_the_way(session: Session, cls: type[Table]) -> set[int]:
    """The nodes at and above the places where the actor reads the table: what is shared there is for them."""
    readers = rights_of(cls).roles(READ)
    paths = [held.path for held in actor_of(session).grants if held.role in readers]
    return {key for path in paths for key in steps(path)}


def _for(session: Session, cls: type[Table], row: Any) -> bool:
    """Whether a view is for the actor: their own, or shared with a role they read the table by at or below its place."""
    actor = actor_of(session)
    if row.owner_id == actor.user_id:
        return True
    wanted = set(filter(None, row.roles.split(","))) or set(ROLES)
    readers = set(rights_of(cls).roles(READ)) & wanted
    return any(f"/{row.node_id}/" in held.path for held in actor.grants if held.role in readers)


def _view(session: Session, cls: type[Table], row: Any) -> View:
    mine = row.owner_id == actor_of(session).user_id
    roles = tuple(filter(None, row.roles.split(",")))
    return View(row.id, row.name, row.query, row.node_id, roles, mine, mine)


def sharing(session: Session, cls: type[Table]) -> Reach:
    """Returns the part of the tree where the actor may share views of `cls`: by one grant that shares and reads it."""
    readers = rights_of(cls).roles(READ)
    held = actor_of(session).grants
    return reach_of(session, frozenset(one.path for one in held if one.role in SHARING and one.role in readers))


def save(
    session: Session, cls: type[Table], name: str, query: str, *, node_id: int | None = None, roles: Sequence[str] = ()
) -> int:
    """Saves a view of a list. Does not commit.

    Args:
        name: what its tab says; unique among the actor's own views of this table.
        query: the list's address behind the question mark; the caller has left out what is no part of a view.
        node_id: shared with those who work at this place or below it; None keeps it private.
        roles: shared only with these roles there; with everybody where empty.

    Returns: its key.
    Raises:
        Refusal: no name, a name or an address too long, a name taken, too many views, an unknown role.
        Denied: the actor may not share there.
    """
    actor, now = actor_of(session), clock_of(session)()
    views: Any = SavedView.__table__
    name = _name(session, cls, name, None)
    mine = select(func.count()).where(views.c.owner_id == actor.user_id, views.c.table_name == cls.__tablename__)
    if (session.execute(mine).scalar_one()) >= MOST:
        raise Refusal(
            _(
                "You keep {n} views of this list already. Delete one first.",
                "该列表您已保存 {n} 个视图，请先删除不用的视图。",
            ).fill(n=MOST),
            "name",
        )
    values = {
        "table_name": cls.__tablename__,
        "name": name,
        "query": _query(query),
        "owner_id": actor.user_id,
        **_shared(session, cls, node_id, roles),
        "created_at": now,
        "changed_at": now,
    }
    made: Any = session.connection().execute(views.insert().values(**values)).inserted_primary_key
    key = int(made[0])
    if node_id is not None:
        _tell(session, key, "add", {"name": (None, name), "node_id": (None, node_id)})
    return key


def view_of(session: Session, cls: type[Table], key: int) -> View:
    """Returns one view of `cls` that is offered to the actor, or that the actor may manage where it is shared.

    Raises:
        Missing: there is none for this actor, whether or not it exists.
    """
    views: Any = SavedView.__table__
    row = session.execute(select(views).where(views.c.id == key, views.c.table_name == cls.__tablename__)).one_or_none()
    if row is None:
        raise _no_view()
    mine = row.owner_id == actor_of(session).user_id
    where = sharing(session, cls) if row.node_id is not None else Reach()
    held = mine or where.everything or row.node_id in where.nodes
    if not held and not _for(session, cls, row):
        raise _no_view()
    return View(row.id, row.name, row.query, row.node_id, tuple(filter(None, row.roles.split(","))), mine, held)


def _no_view() -> Missing:
    return Missing(
        _("This view does not exist, or was not shared with you.", "该视图不存在，或未共享给您。"),
    )


def alter(
    session: Session,
    cls: type[Table],
    key: int,
    *,
    name: str | None = None,
    query: str | None = None,
    share: tuple[int | None, Sequence[str]] | None = None,
) -> None:
    """Renames a view, gives it another address, or shares it otherwise. Does not commit.

    Args:
        share: place and roles, as `save` takes them; a place of None makes it private again.

    Raises:
        Missing: as `view_of`; Denied: it is somebody else's, outside of the part where the actor may share.
        Refusal: as `save`.
    """
    before = view_of(session, cls, key)
    if not before.held:
        raise Denied()
    values: dict[str, Any] = {"changed_at": clock_of(session)()}
    if name is not None:
        values["name"] = _name(session, cls, name, key)
    if query is not None:
        values["query"] = _query(query)
    if share is not None:
        if not before.mine and share[0] is None:
            raise Denied()  # it would vanish from everybody but somebody who did not ask for it
        values |= _shared(session, cls, *share)
    views: Any = SavedView.__table__
    session.connection().execute(views.update().where(views.c.id == key).values(**values))
    if before.node_id is not None or values.get("node_id") is not None:
        told: dict[str, tuple[Any, Any]] = {
            what: (getattr(before, what), values[what]) for what in ("name", "query", "node_id") if what in values
        }
        _tell(session, key, "change", told)


def delete(session: Session, cls: type[Table], key: int) -> View:
    """Deletes a view and returns what it was. Does not commit.

    Raises:
        Missing, Denied: as `alter`.
    """
    before = view_of(session, cls, key)
    if not before.held:
        raise Denied()
    views: Any = SavedView.__table__
    session.connection().execute(views.delete().where(views.c.id == key))
    if before.node_id is not None:
        _tell(session, key, "delete", {"name": (before.name, None), "query": (before.query, None)})
    return before


def arrange(session: Session, cls: type[Table], **values: Any) -> None:
    """Keeps how the actor has a list: `columns`, `widths`, `density`, `tabs` (keys in order), `default_view_id`.

    Does not commit.
    """
    own: Any = OwnList.__table__
    user = actor_of(session).user_id
    if "tabs" in values:
        values["tabs"] = json.dumps([int(key) for key in values["tabs"]][:200])
    where = and_(own.c.user_id == user, own.c.table_name == cls.__tablename__)
    connection = session.connection()
    if connection.execute(own.update().where(where).values(**values)).rowcount == 0:
        new = {"columns": "", "widths": "", "density": "", "tabs": "[]", "default_view_id": None, **values}
        connection.execute(own.insert().values(user_id=user, table_name=cls.__tablename__, **new))


def step(session: Session, cls: type[Table], key: int, by: int) -> None:
    """Moves a view's tab by `by` places among those the actor sees. Does not commit.

    Raises:
        Missing: it is not offered to the actor.
    """
    _layout, views = opened(session, cls)
    keys = [view.id for view in views]
    if key not in keys:
        raise _no_view()
    place = keys.index(key)
    keys.insert(max(0, min(len(keys) - 1, place + by)), keys.pop(place))
    arrange(session, cls, tabs=keys)


def _name(session: Session, cls: type[Table], name: str, key: int | None) -> str:
    name = " ".join(name.split())
    if not name or len(name) > NAME_LENGTH:
        raise Refusal(
            _("Give the view a name of at most {n} characters.", "请填写视图名称，不超过 {n} 个字。").fill(
                n=NAME_LENGTH
            ),
            "name",
        )
    views: Any = SavedView.__table__
    taken = select(views.c.id).where(
        views.c.owner_id == actor_of(session).user_id,
        views.c.table_name == cls.__tablename__,
        views.c.name == name,
        views.c.id != (key or 0),
    )
    if session.execute(taken).first() is not None:
        raise Refusal(
            _(
                "You have a view called “{name}” here already. Choose another name.",
                "您已有名为“{name}”的视图，请换一个名称。",
            ).fill(name=name),
            "name",
            code="duplicate",
            status=409,
        )
    return name


def _query(query: str) -> str:
    if len(query) > QUERY_LENGTH:
        raise Refusal(
            _("These filters are too long to be saved.", "筛选条件过长，无法保存。"),
            "query",
        )
    return query


def _shared(session: Session, cls: type[Table], node_id: int | None, roles: Sequence[str]) -> dict[str, Any]:
    if node_id is None:
        return {"node_id": None, "roles": ""}
    where = sharing(session, cls)
    if not (where.everything or node_id in where.nodes):
        raise Denied(
            _(
                "You may not share views at this place. Choose one in the part of the tree you are responsible for.",
                "您无权在该单位共享视图，请选择您负责范围内的单位。",
            ),
            "node_id",
        )
    unknown = [role for role in roles if role not in ROLES]
    if unknown:
        raise Refusal(_("There is no role “{role}”.", "没有角色“{role}”。").fill(role=str(unknown[0])[:40]), "roles")
    return {"node_id": node_id, "roles": ",".join(dict.fromkeys(roles))}


def _tell(session: Session, key: int, action: str, changes: dict[str, tuple[Any, Any]]) -> None:
    """What is shared changes what others see, so it is recorded; private views are nobody's business."""
    write_lines(session, [entry(actor_of(session), clock_of(session)(), "saved_view", key, action, changes)])
