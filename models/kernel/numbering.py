"""Giving numbers: from a counter row in the transaction that enters the row, so that none is lost or given twice.

A counter counts for a series (a pattern with the codes of places filled in) and a cycle, not for a rule: a rule that
is moved, or deleted and made again, counts on (decision 0012).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

from sqlalchemy import BigInteger, String, UniqueConstraint, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.kernel.clock import today
from models.kernel.columns import BigId
from models.kernel.nearest import nearest
from models.kernel.node import Node, steps
from models.kernel.number_rule import NumberRule
from models.kernel.pattern import Pattern, read_pattern
from models.kernel.refusal import Refusal
from models.kernel.registry import infos, numbers_of, table
from models.kernel.session import clock_of
from models.kernel.table import Base, Table
from models.kernel.words import _

_CHUNK = 500


class NumberCounter(Base):
    """The last number of a series in a cycle. Its row lock is what lets one writer at a time number."""

    __tablename__ = "number_counter"
    __table_args__ = (UniqueConstraint("object", "series", "cycle"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    object: Mapped[str] = mapped_column(String(64))
    series: Mapped[str] = mapped_column(String(120))
    cycle: Mapped[str] = mapped_column(String(10))
    last: Mapped[int] = mapped_column(BigInteger)


def number(session: Session, rows: Sequence[Table]) -> None:
    """Numbers rows that are about to be entered; those with a number keep it.

    Args:
        session: in its flush, after every check: a refused row never comes here.
        rows: new rows of any tables, in the order they were added.

    Raises:
        Refusal: there is no rule for one of them, or its pattern shows the code of a place the row does not belong to.
    """
    for cls in sorted({type(row) for row in rows}, key=lambda cls: cls.__tablename__):
        for column in numbers_of(cls):
            wanted = [row for row in rows if type(row) is cls and getattr(row, column) is None]
            owners = [_owner_node(session, cls, partial(getattr, row)) for row in wanted]
            for row, given in zip(wanted, _give(session, cls, column, owners), strict=True):
                setattr(row, column, given)


def number_values(session: Session, cls: type[Table], rows: Sequence[dict[str, Any]]) -> None:
    """Numbers rows that are about to be inserted in bulk, in place; raises as `number` does."""
    for column in numbers_of(cls):
        wanted = [row for row in rows if row.get(column) is None]
        known: dict[Any, tuple[int, str]] = {}
        owners = []
        for row in wanted:
            key = row.get(cls.owned.column or cls.owned.through or "")
            if key not in known:
                known[key] = _owner_node(session, cls, row.get)
            owners.append(known[key])
        for row, given in zip(wanted, _give(session, cls, column, owners), strict=True):
            row[column] = given


def hold(cls: type[Table], changed: Iterable[str]) -> None:
    """Lets nobody change a number that was given, whichever way they write.

    Raises:
        RuntimeError: one of the changed columns is numbered.
    """
    for column in numbers_of(cls).keys() & set(changed):
        raise RuntimeError(f"{cls.__tablename__}.{column} is a number: it is given once and never changed.")


def _owner_node(session: Session, cls: type[Table], value: Callable[[str], Any]) -> tuple[int, str]:
    """Returns (id, path) of the node that owns a row, which may hang on another row."""
    nodes, owned = Node.__table__.c, cls.owned
    if owned.kind == "node":
        match = nodes.id == value("node_id")
    elif owned.kind == "project":
        match = (nodes.kind == "project") & (nodes.ref_id == value("project_id"))
    elif owned.kind == "link":
        column = owned.through or ""
        parent = table(infos(cls)[column].target or "")
        above = session.execute(select(parent.__table__).where(parent.__table__.c.id == value(column))).mappings().one()
        return _owner_node(session, parent, above.get)
    else:
        raise RuntimeError(f"{cls.__tablename__} cannot be numbered: it is owned by {owned.kind}.")
    found = session.execute(select(nodes.id, nodes.path).where(match)).one()
    return found.id, found.path


def _give(session: Session, cls: type[Table], column: str, owners: Sequence[tuple[int, str]]) -> list[str]:
    """Returns a number for each owner node, in order."""
    object_, day = numbers_of(cls)[column], today(clock_of(session))
    found: dict[str, tuple[Pattern, dict[str, str]]] = {}
    series = []
    for path in (path for _id, path in owners):
        if path not in found:
            pattern = _rule(session, cls, object_, path)
            found[path] = (pattern, _codes(session, pattern, path))
        pattern, codes = found[path]
        series.append(pattern.series(codes))
    taken: dict[str, list[str]] = {}
    paths = dict(zip((path for _id, path in owners), series, strict=True))
    for path, name in sorted(paths.items(), key=lambda pair: pair[1]):
        if name not in taken:  # always in one order: writers that lock each other's counters crosswise wait for ever
            pattern, codes = found[path]

            def said(place: int, pattern: Pattern = pattern, codes: dict[str, str] = codes) -> str:
                return pattern.said(day, place, codes)

            key = (object_, name, pattern.cycle_of(day))
            taken[name] = list(reversed(_take(session, cls, column, key, series.count(name), said)))
    return [taken[name].pop() for name in series]


def _rule(session: Session, cls: type[Table], object_: str, path: str) -> Pattern:
    """Returns the pattern of the nearest rule above a path, whoever may read it."""
    rule = nearest(session, NumberRule, path, "pattern", "cycle", object=object_)
    if rule is None:
        raise Refusal(
            _(
                "There is no number rule for {label} here. Ask an administrator to set one.",
                "此处尚未设置{label}的编码规则，请联系管理员设置。",
            ).fill(label=cls.screen.label),
            code="no_number_rule",
        )
    return read_pattern(rule.pattern, rule.cycle)


def _codes(session: Session, pattern: Pattern, path: str) -> dict[str, str]:
    nodes = Node.__table__.c
    codes = {}
    for kind in pattern.places():
        place: Any = table(kind).__table__.c
        statement = select(place.code).join(Node.__table__, (nodes.kind == kind) & (nodes.ref_id == place.id))
        code = session.execute(statement.where(nodes.id.in_(steps(path)))).scalar()
        if code is None:
            raise Refusal(
                _(
                    "The number rule shows the code of a {kind}, but this record belongs to none. Choose another place.",
                    "编码规则包含{kind}编码，但该记录不属于任何{kind}，请选择其他单位。",
                ).fill(kind=_(kind, table(kind).screen.label.zh)),
                code="no_code",
            )
        codes[kind] = code
    return codes


def _take(
    session: Session, cls: type[Table], column: str, key: tuple[str, str, str], count: int, said: Callable[[int], str]
) -> list[str]:
    """Takes `count` numbers from a counter; its row stays locked until the transaction ends.

    Numbers that are on a row already (entered before the rule, or under one that is gone) are passed over.
    """
    numbers = cls.__table__.c[column]
    found: list[str] = []
    while len(found) < count:
        wanted = count - len(found)
        last = _advance(session, key, wanted)
        fresh = [said(place) for place in range(last - wanted + 1, last + 1)]
        used: set[str] = set()
        for start in range(0, wanted, _CHUNK):
            used.update(session.execute(select(numbers).where(numbers.in_(fresh[start : start + _CHUNK]))).scalars())
        found.extend(each for each in fresh if each not in used)
    return found


def _advance(session: Session, key: tuple[str, str, str], by: int) -> int:
    """Moves a counter on and returns where it stands; makes it where there is none. One statement on either database."""
    connection = session.connection()
    insert: Any = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    counters: Any = NumberCounter.__table__
    statement = insert(counters).values(object=key[0], series=key[1], cycle=key[2], last=by)
    statement = statement.on_conflict_do_update(
        index_elements=["object", "series", "cycle"], set_={"last": counters.c.last + by}
    ).returning(counters.c.last)
    return int(connection.execute(statement).scalar_one())
