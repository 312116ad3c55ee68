"""From grants to rows: the reach of an actor for a right on a table, and the SQL criterion that follows (design 4)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, select, true
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import UnaryExpression
from sqlalchemy.sql.operators import custom_op

from models.kernel.actor import Actor
from models.kernel.clock import today
from models.kernel.node import Node
from models.kernel.owned import INHERITED, Party
from models.kernel.registry import infos, rights_of, table
from models.kernel.roles import READ, ROLES, WRITE
from models.kernel.session import actor_of, clock_of
from models.kernel.table import Table


@dataclass(frozen=True, slots=True)
class Reach:
    """The part of the tree a right holds in.

    Attributes:
        everything: the whole tree.
        nodes: ids of the nodes in it.
        tree: kind -> keys of the groups, regions, companies, departments, projects in it.
        above: ids of the nodes on the way up, which inherited tables are also read from.
        above_tree: the same by kind.
        person: the account whose own rows are in it, for a table that is owned by persons.
        written: for a table whose rows are posted, where the actor may write: there those that are not are in it, too.
        on: the day by which they are posted.
        theirs: for a table whose rows concern a party outside the house: where the actor reaches that party's own only.
        party: of such a reach, whose they are.
    """

    everything: bool = False
    nodes: frozenset[int] = frozenset()
    tree: dict[str, frozenset[int]] = field(default_factory=dict)
    above: frozenset[int] = frozenset()
    above_tree: dict[str, frozenset[int]] = field(default_factory=dict)
    person: int | None = None
    written: Reach | None = None
    on: date = date.min
    theirs: Reach | None = None
    party: int | None = None

    @property
    def empty(self) -> bool:
        """True where the right holds nowhere."""
        return not self.everything and not self.nodes and self.person is None and self.theirs is None

    def holds(self, kind: str, key: int | None) -> bool:
        """Returns whether the row `key` of the tree table `kind` lies in the reach."""
        return self.everything or key in self.tree.get(kind, frozenset())


NOWHERE = Reach()
EVERYWHERE = Reach(everything=True)


def granted_paths(actor: Actor, cls: type[Table], right: str) -> frozenset[str]:
    """Returns the paths of the actor's grants whose role has `right` on `cls`, where a token leaves it."""
    if actor.cut is not None and not actor.cut.leaves(cls.__tablename__, right):
        return frozenset()
    roles = rights_of(cls).roles(right)
    return frozenset(held.path for held in actor.grants if held.role in roles)


def party_of(cls: type[Table]) -> Party | None:
    """Returns whom the rows of a table concern outside the house: its own, or that of the row each is seen through."""
    owned = cls.owned
    if owned.party is None and owned.kind == "link":
        return party_of(table(infos(cls)[owned.through or ""].target or ""))
    return owned.party


def may(actor: Actor, cls: type[Table], right: str) -> bool:
    """Returns whether the actor has `right` on `cls` anywhere at all (menus, buttons)."""
    return actor.system or bool(granted_paths(actor, cls, right))


def may_enter(actor: Actor, cls: type[Table]) -> bool:
    """Returns whether the actor may enter rows of `cls` anywhere: to write what concerns a party outside is not enough."""
    roles, cut = rights_of(cls).roles(WRITE), party_of(cls) is not None
    return actor.system or any(each.role in roles and not (cut and ROLES[each.role].party) for each in actor.grants)


def _tops(paths: frozenset[str]) -> list[str]:
    """Drops the paths that lie below another."""
    return [path for path in sorted(paths) if not any(other != path and path.startswith(other) for other in paths)]


def _narrow(paths: frozenset[str], within: tuple[str, ...]) -> frozenset[str]:
    """Cuts granted paths down to what the tree switcher shows. It only ever takes away."""
    if not within:
        return paths
    cut = {chosen for chosen in within for path in paths if chosen.startswith(path)}
    cut |= {path for path in paths for chosen in within if path.startswith(chosen)}
    return frozenset(cut)


def known_nodes(session: Session) -> list[Any]:
    """Returns all living nodes (id, kind, ref_id, path, name), read once a session: there are thousands, not millions."""
    known: Any = session.info.get("nodes")
    if known is None:
        nodes = Node.__table__
        known = session.execute(
            select(nodes.c.id, nodes.c.kind, nodes.c.ref_id, nodes.c.path, nodes.c.name).where(
                nodes.c.deleted_at.is_(None)
            )
        ).all()
        session.info["nodes"] = known
    return list(known)


def forget(session: Session) -> None:
    """Drops what the session remembers of tree and reach. Called after every change of a node or a grant."""
    session.info.pop("nodes", None)
    session.info.pop("reaches", None)
    session.info.pop("criteria", None)
    session.info.pop("option_items", None)
    session.info.pop("flow_settings", None)
    session.info.pop("worked", None)


def _reach(session: Session, paths: frozenset[str]) -> Reach:
    tops = _tops(paths)
    if not tops:
        return NOWHERE
    nodes = known_nodes(session)
    inside: dict[str, set[int]] = {}
    above: dict[str, set[int]] = {}
    ids, above_ids = set(), set()
    for node_id, kind, key, path, _name in nodes:
        if any(path.startswith(top) for top in tops):
            ids.add(node_id)
            inside.setdefault(kind, set()).add(key)
        elif any(top.startswith(path) for top in tops):
            above_ids.add(node_id)
            above.setdefault(kind, set()).add(key)
    return Reach(
        everything=len(ids) == len(nodes),
        nodes=frozenset(ids),
        tree={kind: frozenset(keys) for kind, keys in inside.items()},
        above=frozenset(above_ids),
        above_tree={kind: frozenset(keys) for kind, keys in above.items()},
    )


def reach(session: Session, actor: Actor, cls: type[Table], right: str) -> Reach:
    """Returns where `actor` has `right` on `cls`. Resolved once a session for each set of granted paths."""
    if actor.system:
        return EVERYWHERE
    if cls.owned.kind == "person":
        return Reach(person=actor.user_id) if granted_paths(actor, cls, right) else NOWHERE
    roles = rights_of(cls).roles(right)
    held = [each for each in actor.grants if each.role in roles]
    outside = [each for each in held if ROLES[each.role].party] if party_of(cls) is not None else []
    where = _known(session, actor, frozenset(each.path for each in held if each not in outside))
    party = next((each.party for each in outside if each.party is not None), None)  # a person acts for one
    if party is not None:
        theirs = _known(session, actor, frozenset(each.path for each in outside))
        where = replace(where, theirs=None if theirs.empty else replace(theirs, party=party))
    if cls.owned.posted is None or right == WRITE:
        return where
    return replace(where, written=reach(session, actor, cls, WRITE), on=today(clock_of(session)))


def _known(session: Session, actor: Actor, paths: frozenset[str]) -> Reach:
    paths = _narrow(paths, actor.within)
    known: dict[frozenset[str], Reach] = session.info.setdefault("reaches", {})
    if paths not in known:
        known[paths] = _reach(session, paths)
    return known[paths]


def reach_of(session: Session, paths: frozenset[str]) -> Reach:
    """Returns the part of the tree at and below `paths`, for what is no right on rows (sharing a view)."""
    return EVERYWHERE if actor_of(session).system else _reach(session, paths)


def subtree(session: Session, path: str) -> Reach:
    """Returns the part of the tree below a path, whoever holds what there: what a webhook of that place hears of."""
    return _reach(session, frozenset({path}))


def criterion(
    cls: type[Table], where: Reach, right: str, *, bare: bool = False, keyed: bool = False
) -> ColumnElement[bool]:
    """Returns the condition on `cls` under which a row lies in the reach `where`.

    Args:
        bare: write it over the bare table instead of the mapped class, for a subquery that the gate does not see again.
        keyed: the statement names its rows by their keys; the owner is compared so that no index is used for it, which
            SQLite would take for the better way.

    Raises:
        RuntimeError: a table with an unknown kind of ownership; an unknown kind must never mean 'all rows'.
    """
    owned = cls.owned
    columns: Any = cls.__table__.c if bare else cls
    if owned.posted is not None and where.written is not None:
        everyone, mine = replace(where, written=None), criterion(cls, where.written, WRITE, bare=bare, keyed=keyed)
        return and_(criterion(cls, everyone, right, bare=bare, keyed=keyed), or_(owned.posted(columns, where.on), mine))
    if where.theirs is not None:
        house = replace(where, theirs=None)
        both = [criterion(cls, each, right, bare=bare, keyed=keyed) for each in (house, where.theirs)]
        return or_(*both)
    if where.party is not None and owned.kind != "link":
        place = criterion(cls, replace(where, party=None), right, bare=bare, keyed=keyed)
        return and_(place, owned.party.holds(columns, where.party, right)) if owned.party is not None else false()
    if where.everything and where.party is None:
        return true()
    if where.empty:
        return false()
    upward = right == READ and owned.visibility == INHERITED
    nodes = where.nodes | where.above if upward else where.nodes
    if owned.kind == "index":
        return _among(columns.id, nodes)
    if owned.kind == "tree":
        keys = where.tree.get(cls.__tablename__, frozenset())
        return _among(columns.id, keys | where.above_tree.get(cls.__tablename__, frozenset()) if upward else keys)
    if owned.kind == "project":
        return _among(
            _unindexed(columns.project_id) if keyed else columns.project_id, where.tree.get("project", frozenset())
        )
    if owned.kind == "node":
        ways = [_among(_unindexed(columns.node_id) if keyed else columns.node_id, nodes)]
        for name, column in owned.seen_from:
            seen = table(name)
            ways.append(columns.id.in_(_keys(seen, column, where, right)))
        return or_(*ways)
    if owned.kind == "person":
        own: ColumnElement[bool] = false() if where.person is None else columns.user_id == where.person
        return own
    if owned.kind == "link":
        column = owned.through or ""
        parent = table(infos(cls)[column].target or "")
        return getattr(columns, column).in_(_keys(parent, "id", where, right))  # type: ignore[no-any-return]
    raise RuntimeError(f"{cls.__tablename__} is owned in an unknown way: {owned.kind}")


def _unindexed(column: Any) -> Any:
    return UnaryExpression(column, operator=custom_op("+"), type_=column.type)


def _among(column: Any, keys: frozenset[int]) -> ColumnElement[bool]:
    """The ids are bound as literals, sorted so that equal scopes make equal statements."""
    found: ColumnElement[bool] = column.in_(sorted(keys)) if keys else false()
    return found


def _keys(cls: type[Table], column: str, where: Reach, right: str) -> Any:
    """The values of `column` over the living rows of `cls` in the reach."""
    c = cls.__table__.c
    return select(c[column]).where(criterion(cls, where, right, bare=True), c.deleted_at.is_(None))
