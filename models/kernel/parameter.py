"""Parameters: rows that a place of the tree owns and that hold in its whole subtree, the nearest place winning (design 4).

What a project works with is the effective list: everything its own place and those above it say, from the top down. A
lower place may replace a row of the same code, or switch it off, where the place above leaves it overridable (Part C 6).
Of several rows of one code at one place the latest that has begun holds: a change from a day on is a second row.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Mapped, Session

from models.kernel.actor import Actor
from models.kernel.clock import today
from models.kernel.columns import day, flag, integer, text
from models.kernel.inherited import Inherited
from models.kernel.node import Node, steps
from models.kernel.owned import by_node
from models.kernel.refusal import Missing, Refusal
from models.kernel.registry import infos, tables
from models.kernel.scope import known_nodes
from models.kernel.screen import section
from models.kernel.session import clock_of
from models.kernel.table import Table
from models.kernel.words import _

ALWAYS = date(2000, 1, 1)
"""The day from which a parameter holds unless somebody says otherwise: before any record."""

IN_FORCE = section(_("In force", "生效与继承"), "node_id", "enabled", "overridable", "from_day", "until_day")
"""The section every form of a parameter ends with."""


class Parameter(Inherited, Table):
    """A row that holds in the subtree of the place that owns it. Subclasses add what it says, and a screen."""

    __abstract__ = True
    owned = by_node(inherited=True)

    code: Mapped[str] = text(
        _("Code", "编码"),
        40,
        hint=_(
            "Lower levels replace or switch off what has the same code.",
            "下级单位通过相同编码覆盖或停用上级的设置。",
        ),
    )
    sort: Mapped[int] = integer(_("Order", "排序"), default=0)
    enabled: Mapped[bool] = flag(_("In use", "启用"), default=True)
    overridable: Mapped[bool] = flag(_("Lower levels may change it", "下级可调整"), default=True)
    from_day: Mapped[date] = day(_("From", "生效日期"), default=ALWAYS)
    until_day: Mapped[date | None] = day(_("Until", "失效日期"), hint=_("The last day it holds.", "有效的最后一天。"))

    def faults(self, session: Session, actor: Actor) -> Iterable[Refusal]:
        """Dates have an order, what a place above keeps for itself is not changed below it, nor what sheets alone change."""
        stands = self.closed(session, actor)
        if stands is not None:
            yield stands
            return
        if self.until_day and self.until_day < self.from_day:
            yield Refusal(_("It ends before it begins.", "失效日期早于生效日期。"), "until_day")
        yield from self._held_above(session)

    def _held_above(self, session: Session) -> Iterable[Refusal]:
        cls, above = type(self), above_of(session, self.node_id)
        query = select(cls.node_id).where(
            cls.code == self.code,
            cls.node_id.in_([node.id for node in above]),
            cls.overridable.is_(False),
            cls.id != (self.id or 0),
        )
        holder = session.execute(query.limit(1)).scalar()
        if holder is not None:
            yield Refusal(
                _(
                    "“{code}” is kept by {place}, which leaves it to no lower level. Ask there.",
                    "“{code}”由{place}统一维护，不允许下级调整，请联系上级管理员。",
                ).fill(code=self.code, place=next(node.name for node in above if node.id == holder)),
                "code",
                code="not_overridable",
                status=409,
            )


P = TypeVar("P", bound=Parameter)


@dataclass(slots=True)
class Standing:
    """What holds of one code at a place, and why.

    Attributes:
        row: the row that holds, switched on or off.
        place, kind: the name and kind of the place that owns it.
        own: it is owned by the very place that was asked about.
        replaced: the rows further up that it took the place of, the highest first, each with the name of its place.
        kept: a row of the place itself that does not count, because the one above is not overridable.
        later: rows of the same code that begin on a later day.
    """

    row: Any
    place: str
    kind: str
    own: bool
    replaced: list[tuple[Any, str]] = field(default_factory=list)
    kept: list[tuple[Any, str]] = field(default_factory=list)
    later: list[tuple[Any, str]] = field(default_factory=list)


def above_of(session: Session, node_id: int | None, *, itself: bool = False) -> list[Any]:
    """Returns the nodes above a node, the highest first, from the index (id, kind, ref_id, path, name)."""
    by_id = {node.id: node for node in known_nodes(session)}
    here = by_id.get(node_id)
    if here is None:
        return []
    chain = [by_id[step] for step in steps(here.path) if step in by_id]
    return chain if itself else chain[:-1]


def node_at(session: Session, kind: str, key: int) -> Any:
    """Returns the node of a place of the tree.

    Raises:
        Missing: there is no such place.
    """
    found = next((node for node in known_nodes(session) if node.kind == kind and node.ref_id == key), None)
    if found is None:
        raise Missing()
    return found


def standing(session: Session, cls: type[P], node_id: int, on: date | None = None) -> list[Standing]:
    """Returns, code by code in the order of the list, what holds at a place; what is switched off there too.

    Read through the gate: whoever sees a place reads the inherited rows of those above it.

    Args:
        session: acting as whoever asks.
        cls: the parameter table.
        node_id: the place.
        on: the day; today where left out.
    """
    chain = above_of(session, node_id, itself=True)
    rows = session.scalars(select(cls).where(cls.node_id.in_([node.id for node in chain]))).all()
    return resolve(rows, chain, on or today(clock_of(session)))


def resolve(rows: Iterable[P], above: list[Any], now: date) -> list[Standing]:
    """Returns what holds of `rows` at the last place of a way down the tree (as `above_of` gives it), on a day."""
    chain = {node.id: (depth, node) for depth, node in enumerate(above)}
    here = above[-1].id if above else None
    found: dict[tuple[str, str], Standing] = {}
    later: dict[tuple[str, str], list[tuple[Any, str]]] = {}
    ours = [row for row in rows if row.node_id in chain]
    for row in sorted(ours, key=lambda row: (chain[row.node_id][0], row.from_day, row.id)):
        node = chain[row.node_id][1]
        key = (row.code, row.variant)
        above_it = found.get(key)
        if not row.holds(now):
            if row.from_day > now:
                later.setdefault(key, []).append((row, node.name))
            continue
        if above_it is None:
            found[key] = Standing(row, node.name, node.kind, row.node_id == here)
        elif above_it.row.node_id == row.node_id:
            found[key] = Standing(row, node.name, node.kind, above_it.own, above_it.replaced, above_it.kept)
        elif above_it.row.overridable:
            replaced = [*above_it.replaced, (above_it.row, above_it.place)]
            found[key] = Standing(row, node.name, node.kind, row.node_id == here, replaced)
        else:
            above_it.kept.append((row, node.name))
    for key, one in found.items():
        one.later = later.get(key, [])
    return sorted(found.values(), key=lambda one: (one.row.sort, one.row.code, one.row.variant))


def changed_below(session: Session, cls: Any, node_id: int, on: date | None = None) -> dict[tuple[str, str], list[Any]]:
    """Returns by code and variant what places below a place say otherwise, as far as the actor sees them: (row, place) each.

    Of each place the row that holds on the day (today where left out), the highest places first.

    Args:
        cls: a table of inherited rows.
    """
    now, nodes = on or today(clock_of(session)), known_nodes(session)
    here = next((node for node in nodes if node.id == node_id), None)
    if here is None:
        return {}
    names = {node.id: node.name for node in nodes if node.path.startswith(here.path) and node.id != node_id}
    depth = {node.id: node.path.count("/") for node in nodes}
    below = select(Node.id).where(Node.path.startswith(here.path, autoescape=True), Node.id != node_id)
    latest: dict[tuple[str, str, int], Any] = {}
    for row in session.scalars(select(cls).where(cls.node_id.in_(below)).order_by(cls.from_day, cls.id)):
        if row.holds(now) and row.node_id in names:
            latest[row.code, row.variant, row.node_id] = row
    found: dict[tuple[str, str], list[Any]] = {}
    for (code, variant, place), row in sorted(latest.items(), key=lambda one: (depth[one[0][2]], one[0][2])):
        found.setdefault((code, variant), []).append((row, names[place]))
    return found


def effective(session: Session, cls: type[P], node_id: int, on: date | None = None) -> list[P]:
    """Returns the rows that hold at a place and are switched on, in the order of the list. As `standing`."""
    return [one.row for one in standing(session, cls, node_id, on) if one.row.enabled]


def sheet_tables() -> dict[str, Any]:
    """Returns the tables whose rows a parameter sheet may write: inherited parameters and values of option lists, by name."""
    return {name: cls for name, cls in tables().items() if issubclass(cls, Inherited)}


def parameter_tables() -> dict[str, type[Parameter]]:
    """Returns all tables whose rows are inherited parameters, by name."""
    return {name: cls for name, cls in tables().items() if issubclass(cls, Parameter)}


def copied(row: Parameter) -> dict[str, Any]:
    """Returns what a row says, without whose it is: the values a lower place begins to change it from."""
    return {
        name: getattr(row, name) for name, known in infos(type(row)).items() if not known.system and name != "node_id"
    }


def switch(session: Session, row: Parameter, node_id: int, *, on: bool) -> Parameter:
    """Switches a parameter on or off at a place: its own row is changed, one from above is replaced there. Flushes.

    Raises:
        Denied: no `write` at the place.
        Refusal: the place above leaves it to no lower level.
    """
    if row.node_id != node_id:
        own = select(type(row)).where(type(row).code == row.code, type(row).node_id == node_id)
        same = [each for each in session.scalars(own) if each.variant == row.variant]
        if same:
            row = max(same, key=lambda each: each.from_day)
        else:
            made = type(row)(**{**copied(row), "node_id": node_id, "enabled": on})
            session.add(made)
            session.flush()
            return made
    row.enabled = on
    session.flush()
    return row


def check_tree(session: Session, row: Any, deepest: int) -> Iterable[Refusal]:
    """Refuses a parent that would make a cycle, or a branch deeper than `deepest` levels.

    Args:
        row: of a table whose `parent_id` points to its own rows.
        deepest: how many levels there may be, the top one included.
    """
    if row.parent_id is None:
        return
    cls = type(row)
    query = select(cls.id, cls.parent_id, cls.name)
    above: dict[int, tuple[int | None, str]] = {key: (parent, name) for key, parent, name in session.execute(query)}
    over, step = 1, row.parent_id
    while step is not None:
        if step == row.id:
            yield Refusal(
                _(
                    "“{name}” cannot hang below “{parent}”: that hangs below it already.",
                    "“{name}”不能归于“{parent}”之下：后者已在其下级，会形成循环。",
                ).fill(name=row.name, parent=above[row.parent_id][1]),
                "parent_id",
                code="cycle",
                status=409,
            )
            return
        over += 1
        step = above.get(step, (None, ""))[0]
    if over - 1 + _height(above, row.id) > deepest:
        yield Refusal(
            _("There are {n} levels at most. Choose a parent higher up.", "最多 {n} 级，请选择更高一级的上级。").fill(
                n=deepest
            ),
            "parent_id",
            code="too_deep",
            status=409,
        )


def _height(above: dict[int, tuple[int | None, str]], key: int | None) -> int:
    """Returns how many levels a row and what hangs below it take."""
    if key is None:
        return 1
    below = [child for child, (parent, _name) in above.items() if parent == key]
    return 1 + max((_height(above, child) for child in below), default=0)


def node_name(session: Session, node_id: int) -> str:
    """Returns what a place is called."""
    return session.scalar(select(Node.name).where(Node.id == node_id)) or ""
