"""Rows of a table as a list: filtered, searched, sorted, paged, in scope, in a fixed number of statements.

One statement finds the ids of the page and joins the shown columns to them, another counts up to a cap. Exports, look-ups
and REST lists are made from the same statement, so none of them can show what the list would not.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, null, or_, select, union_all
from sqlalchemy.orm import Session, aliased

from models.kernel.clock import today
from models.kernel.columns import ColumnInfo
from models.kernel.owned import INHERITED
from models.kernel.owning import owner_column
from models.kernel.refusal import Denied, Refusal
from models.kernel.registry import infos, related, resolve, table, titles
from models.kernel.roles import READ
from models.kernel.scope import criterion, may, reach
from models.kernel.session import actor_of, clock_of
from models.kernel.sorting import ByPinyin
from models.kernel.table import Table
from models.kernel.words import _
from views.kernel.hits import Hits, unindexed
from views.kernel.operators import operator
from views.kernel.selection import selection

FAN_WIDTH, FAN_DEPTH = 60, 2_000
"""A list over this many owners, and down to this depth, is merged from a short list of each."""

COUNT_CAP = 10_000
"""A list page counts no further; REST gives the exact count."""


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter: a dotted column, an operator (place or name) and what the person wrote; `name` is its argument's."""

    path: str
    operator: str
    raw: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a list.

    Attributes:
        columns: dotted columns to show; the declared ones where empty.
        order: dotted column, '-' before it for descending; the declared order where None.
        page: 0-based page, used where there is no cursor.
        after, before: cursors of neighbouring pages (keyset).
        ids: only these rows.
        deleted: 'hide', or 'only' for the recycle bin.
        right: the right the rows are wanted for beside reading them; what they point to is shown as it is read.
        of: a selection made elsewhere, as `views.kernel.selection` reads it.
    """

    columns: tuple[str, ...] = ()
    filters: tuple[Filter, ...] = ()
    search: str = ""
    order: str | None = None
    page: int = 0
    size: int = 50
    after: str | None = None
    before: str | None = None
    ids: tuple[int, ...] | None = None
    deleted: str = "hide"
    right: str = "read"
    of: str = ""


@dataclass(slots=True)
class Line:
    """One row of a list: its key and, per shown column, the values of the columns it is made of."""

    pk: int
    version: int
    values: dict[str, tuple[Any, ...]]


@dataclass(slots=True)
class Page:
    """One page of a list."""

    lines: list[Line]
    next: str | None = None
    previous: str | None = None


@dataclass(slots=True)
class _Joins:
    """Aliases of the tables reached by refs, joined once each, from the relation itself (faults 6 and 24)."""

    cls: type[Table]
    root: Any
    steps: dict[str, Any] = field(default_factory=dict)

    def entity(self, prefix: str) -> Any:
        if not prefix:
            return self.root
        if prefix not in self.steps:
            above, _dot, step = prefix.rpartition(".")
            parent = self.entity(above)
            owner = self.cls
            for name in prefix.split("."):
                owner = related(owner, name)
            alias = aliased(owner)
            self.steps[prefix] = (getattr(parent, step), alias)
        return self.steps[prefix][1]

    def column(self, path: str) -> Any:
        """Returns the attribute a dotted path ends at."""
        prefix, _dot, _last = path.rpartition(".")
        return getattr(self.entity(prefix), resolve(self.cls, path)[1])

    def apply(self, statement: Select[Any]) -> Select[Any]:
        for relation, alias in self.steps.values():
            statement = statement.outerjoin(relation.of_type(alias))
        return statement


def parts(cls: type[Table], path: str) -> tuple[str, ...]:
    """Returns the dotted columns a shown column is made of: a ref is shown by its table's title, and keeps its key.

    An option takes the owner and the entry of its row along.
    """
    owner, column = resolve(cls, path)
    known = infos(owner)[column]
    if owner.flow is not None and column == owner.flow.column:
        head = path.rpartition(".")[0]
        return (path, f"{head}.state_due_at" if head else "state_due_at")
    if known.kind == "option":
        placed = owner_column(owner)
        head = path.rpartition(".")[0]
        where = (placed[0], "created_at") if placed else ()  # its words are those of the row's place and day
        return (path, *(f"{head}.{each}" if head else each for each in where))
    if known.kind != "ref":
        return (path,)
    prefix = path.removesuffix("_id")
    head = prefix.rpartition(".")[0]
    key = f"{head}.{column}" if head else column
    return (*(f"{prefix}.{inner}" for inner in titles(table(known.target or ""))), key)


def known_column(cls: type[Table], path: str) -> ColumnInfo:
    """Returns the info of a dotted column a client named.

    Raises:
        Refusal: there is no such column; a client never reaches columns that are not declared (faults 4, 12).
    """
    try:
        owner, column = resolve(cls, path)
    except KeyError:
        raise Refusal(
            _("“{table}” has no column “{path}”.", "“{table}”没有“{path}”这一列。").fill(
                table=cls.screen.label, path=path[:60]
            ),
            code="unknown_column",
            status=400,
        ) from None
    return infos(owner)[column]


class Listing:
    """The list of one table for one session. Builds statements; runs them where asked to."""

    def __init__(self, session: Session, cls: type[Table], asked: Asked) -> None:
        self.session = session
        self.cls = cls
        self.asked = asked
        self.columns = asked.columns or cls.screen.listed
        for path in self.columns:
            known_column(cls, path)
        self.order = self._order()
        self.named = bool(asked.order) and self._is_text(self.order[0])
        self.hits = Hits(session, cls, asked.search, deleted=asked.deleted != "hide")

    def _order(self) -> tuple[str, bool]:
        path = self.asked.order or self.cls.screen.order[0]
        descending = path.startswith("-")
        path = path.lstrip("-")
        if path != "id" and (self.asked.order or path not in self.cls.__mapper__.columns):
            # asked for by a client: a blind index or a stamp would tell by its order, and by the cursor it goes into
            known = known_column(self.cls, path)
            if known.kind == "masked":
                raise _unsortable(known)
            if known.kind == "ref":
                path = parts(self.cls, path)[0]
        return path, descending

    def _is_text(self, path: str) -> bool:
        """Whether somebody who sorts by this column looks for names; a code that a choice is kept by is none."""
        try:
            owner, column = resolve(self.cls, path)
        except KeyError:
            return False  # a column of every table, such as `id`
        return infos(owner)[column].kind == "text"

    def _conditions(self, joins: _Joins) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = []
        for wanted in self.asked.filters:
            known = known_column(self.cls, wanted.path)
            how = operator(known.kind, wanted.operator)
            if how.right:
                found.append(self._extra_right(how.right, wanted.path))
            path = wanted.path
            if known.kind == "masked":
                prefix, _dot, last = path.rpartition(".")
                column = getattr(joins.entity(prefix), f"{last}_blind")
            elif known.kind == "ref":
                prefix = path.rpartition(".")[0]
                column = getattr(joins.entity(prefix), resolve(self.cls, path)[1])
            else:
                column = joins.column(path)
            raw = wanted.raw
            if how.period is not None:
                raw = ",".join(day.isoformat() for day in how.period(today(clock_of(self.session))))
            found.append(how.condition(column, known, raw))
        found.extend(self.hits.conditions(joins.root))
        if self.asked.ids is not None:
            found.append(joins.root.id.in_(self.asked.ids))
        if self.asked.right != READ:
            found.append(self._extra_right(self.asked.right, ""))
        if self.asked.of:
            found.append(selection(self.session, self.cls, self.asked.of).condition)
        return found

    def check(self) -> None:
        """Builds the conditions without running them.

        Raises:
            Refusal: a filter names no column or operator, or its value cannot be read.
        """
        self._conditions(_Joins(self.cls, self.cls))

    def _extra_right(self, right: str, path: str) -> ColumnElement[bool]:
        """Rows that may be spoken of at all: those where the actor also holds `right` (never a mix of grants)."""
        if "." in path:
            raise Denied()
        actor = actor_of(self.session)
        if not may(actor, self.cls, right):
            raise Denied()
        return criterion(self.cls, reach(self.session, actor, self.cls, right), right)

    def _living(self, root: Any) -> list[ColumnElement[bool]]:
        return [root.deleted_at.is_(None) if self.asked.deleted == "hide" else root.deleted_at.is_not(None)]

    def keys(self, *, backwards: bool = False) -> Select[Any]:
        """Returns the statement of ids, sorted, with filters; without paging. Columns: id, sort value."""
        joins = _Joins(self.cls, self.cls)
        path, descending = self.order
        value = joins.column(path) if path not in self.cls.__mapper__.columns else getattr(self.cls, path)
        if self.named:
            value = ByPinyin(value)
        conditions = [*self._living(self.cls), *self._conditions(joins)]
        statement = joins.apply(select(self.cls.id, value.label("sort_value"))).where(*conditions)
        down = descending != backwards
        if self.asked.ids is not None or (self.hits.by_tokens and self.hits.rare):
            value = unindexed(self.session, value)
        first = value.desc() if down else value.asc()
        if _nullable(self.cls, path):  # empty values come last, so first where the list is read backwards
            first = first.nulls_first() if backwards else first.nulls_last()
        return statement.order_by(first, self.cls.id.desc() if down else self.cls.id.asc())

    def _beyond(self, statement: Select[Any], cursor: tuple[Any, int], *, backwards: bool) -> Select[Any]:
        """Cuts a sorted statement to what comes after `cursor` (before it, backwards). Empty values sort last."""
        path, descending = self.order
        value: Any = statement.selected_columns["sort_value"].element
        at, key = cursor
        down = descending != backwards
        further_id = self.cls.id < key if down else self.cls.id > key
        if at is None:
            same = and_(value.is_(None), further_id)
            return statement.where(or_(value.is_not(None), same) if backwards else same)
        further = value < at if down else value > at
        edge = value <= at if down else value >= at  # alone, so that an index finds the place
        beyond = and_(edge, or_(further, further_id))
        if not backwards and _nullable(self.cls, path):
            beyond = or_(beyond, value.is_(None))
        return statement.where(beyond)

    def _fits(self, value: Any) -> bool:
        """Whether a cursor's value is of the type this list is sorted by; a cursor of another order is none."""
        path, _descending = self.order
        owner, column = (self.cls, path) if path in self.cls.__mapper__.columns else resolve(self.cls, path)
        return value is None or type(value) is owner.__mapper__.columns[column].type.python_type

    def _window(self) -> tuple[Select[Any], bool, bool]:
        """The page's ids: the statement, whether it runs backwards, whether a cursor was used."""
        asked = self.asked
        cursor = decode(asked.before or asked.after or "")
        if cursor is not None and self._fits(cursor[0]):
            backwards = bool(asked.before)
            statement = self._beyond(self.keys(backwards=backwards), cursor, backwards=backwards)
            return self._fanned(statement, asked.size + 1, backwards=backwards).limit(asked.size + 1), backwards, True
        start = asked.page * asked.size
        return self._fanned(self.keys(), start + asked.size + 1).offset(start).limit(asked.size + 1), False, False

    def _fanned(self, statement: Select[Any], enough: int, *, backwards: bool = False) -> Select[Any]:
        """Asks each owner for its own first `enough` rows and merges them, where the order is that of the owner index.

        One statement over several owners would read all their rows and sort them: neither database merges the ranges
        of an index for an IN list.
        """
        column = self.cls.owned.column
        path, descending = self.order
        if column is None or path != "created_at" or self.asked.ids is not None or enough > FAN_DEPTH:
            return statement
        if self.hits.by_tokens and self.hits.rare:
            return statement
        owners = self._owners(column)
        if owners is None or not 2 <= len(owners) <= FAN_WIDTH:
            return statement
        one = getattr(self.cls, column)
        if self.hits.by_tokens:
            ways = [way for owner in owners for way in self.hits.branches(statement, owner, enough)]
        else:
            ways = [statement.where(one == owner).limit(enough) for owner in owners]
        branches = [way.subquery() for way in ways]
        merged = union_all(*(select(branch.c.id, branch.c.sort_value) for branch in branches)).subquery("merged")
        down = descending != backwards
        order = (merged.c.sort_value.desc(), merged.c.id.desc()) if down else (merged.c.sort_value, merged.c.id)
        return select(merged.c.id, merged.c.sort_value).order_by(*order)

    def _owners(self, column: str) -> list[int] | None:
        """The owners in reach; None where that is everything, or rows are seen in other ways than through their owner."""
        if self.cls.owned.seen_from:
            return None
        where = reach(self.session, actor_of(self.session), self.cls, READ)
        if where.everything or where.person is not None or where.theirs is not None:
            return None
        if column == "project_id":
            return sorted(where.tree.get("project", frozenset()))
        upward = self.cls.owned.visibility == INHERITED
        return sorted(where.nodes | where.above if upward else where.nodes)

    def shown(self, keys: Select[Any] | None = None) -> tuple[Select[Any], dict[str, tuple[int, ...]]]:
        """Returns the statement of the shown values over `keys` (a statement of ids), and where each column's parts stand.

        Without `keys` it is the whole list, filtered and sorted (for exports).
        """
        places: dict[str, tuple[int, ...]] = {}
        selected: list[Any] = []
        inner = (keys if keys is not None else self.keys().order_by(None)).subquery("page")  # sorted once, below
        joins = _Joins(self.cls, self.cls)
        for path in self.columns:
            start = len(selected) + 3
            columns = [joins.column(part) for part in parts(self.cls, path)]
            selected.extend(columns)
            places[path] = tuple(range(start, start + len(columns)))
        cursor = inner.c.sort_value if keys is not None else null()  # a whole list has no pages
        statement = select(self.cls.id, self.cls.version, cursor, *selected).select_from(inner)
        statement = joins.apply(statement.join(self.cls, self.cls.id == inner.c.id))
        path, descending = self.order
        value = inner.c.sort_value
        if not _nullable(self.cls, path):
            ordered = value.desc() if descending else value.asc()
        else:
            ordered = value.desc().nulls_last() if descending else value.asc().nulls_last()
        statement = statement.order_by(ordered, inner.c.id.desc() if descending else inner.c.id.asc())
        return statement.execution_options(deleted="with", **self.keyed()), places

    def keyed(self) -> dict[str, str]:
        """Returns the execution option that tells the gate that the rows are named by their keys."""
        named = self.asked.ids is not None or (self.hits.by_tokens and self.hits.rare)
        return {"keyed": self.cls.__tablename__} if named else {}

    def page(self) -> Page:
        """Runs the statement of one page. One statement."""
        window, backwards, used = self._window()
        statement, places = self.shown(window)
        rows = self.session.execute(statement).all()
        more = len(rows) > self.asked.size
        if more:
            rows = rows[1:] if backwards else rows[: self.asked.size]
        lines = [Line(r[0], r[1], {path: tuple(r[i] for i in where) for path, where in places.items()}) for r in rows]
        if not rows:
            return Page(lines)
        first, last = encode(rows[0][2], rows[0][0]), encode(rows[-1][2], rows[-1][0])
        has_next = more or backwards
        has_previous = (used and not backwards) or (backwards and more) or (not used and self.asked.page > 0)
        return Page(lines, last if has_next else None, first if has_previous else None)

    def count(self, cap: int | None = COUNT_CAP) -> int:
        """Counts the rows, up to one more than `cap`; exactly where `cap` is None. One statement."""
        joins = _Joins(self.cls, self.cls)
        conditions = [*self._living(self.cls), *self._conditions(joins)]
        statement = joins.apply(select(self.cls.id)).where(*conditions)
        inner = (statement.limit(cap + 1) if cap is not None else statement).subquery()
        plain = cap is not None and not self.asked.filters and self.asked.ids is None and self.asked.right == READ
        counting = self.hits.counting(COUNT_CAP + COUNT_CAP // 4) if plain else None
        if counting is not None:
            some = select(self.cls.id).where(*self._living(self.cls), *counting[0]).limit((cap or 0) + 1).subquery()
            named = select(func.count()).select_from(some)
            found = self.session.execute(named.execution_options(deleted="with", keyed=self.cls.__tablename__))
            if (count := int(found.scalar_one())) > (cap or 0) or counting[1]:
                return count
        counted = select(func.count()).select_from(inner).execution_options(deleted="with", **self.keyed())
        return int(self.session.execute(counted).scalar_one())


def _unsortable(known: ColumnInfo) -> Refusal:
    return Refusal(
        _("{label} is masked and cannot be sorted by.", "{label}为加密字段，不能排序。").fill(label=known.label),
        code="unsortable",
        status=400,
    )


def _nullable(cls: type[Table], path: str) -> bool:
    if path in cls.__mapper__.columns:
        return bool(cls.__mapper__.columns[path].nullable)
    return True


def encode(value: Any, key: int) -> str:
    """Returns the cursor of a row: its sort value and key, as URL-safe text."""
    kind = "s"
    if isinstance(value, datetime):
        kind, value = "t", value.isoformat()
    elif isinstance(value, date):
        kind, value = "d", value.isoformat()
    elif isinstance(value, Decimal):
        kind, value = "n", str(value)
    text = json.dumps([kind, value, key], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode(cursor: str) -> tuple[Any, int] | None:
    """Returns sort value and key of a cursor; None for one that was mangled, which then means the first page."""
    try:
        kind, value, key = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if kind == "t":
            value = datetime.fromisoformat(value)
        elif kind == "d":
            value = date.fromisoformat(value)
        elif kind == "n":
            value = Decimal(value)
        whole = [key] if not isinstance(value, int) else [key, value]
        if isinstance(value, list | dict) or not all(isinstance(n, int) and abs(n) < 2**63 for n in whole):
            return None
        str(value).encode()  # half a character pair is no text
        return value, key
    except (binascii.Error, ValueError, TypeError, ArithmeticError, UnicodeDecodeError):
        return None


def chosen(paths: Sequence[str], cls: type[Table]) -> tuple[str, ...]:
    """Returns those of `paths` that are columns of `cls` a list may show, in their order; unknown ones are left out."""
    found = []
    for path in paths:
        try:
            resolve(cls, path)
        except KeyError:
            continue
        found.append(path)
    return tuple(dict.fromkeys(found))
