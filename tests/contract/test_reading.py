"""Whatever way a session reads a table, it gives exactly the rows the law gives: no row more, no row fewer."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import and_, exists, func, insert, literal, select, union, union_all
from sqlalchemy.orm import Session, aliased, joinedload, selectinload, subqueryload

from models.kernel.actor import NOBODY
from models.kernel.registry import infos, pointing_at, tables
from models.kernel.roles import DELETE, RIGHTS, WRITE
from models.kernel.session import act
from models.kernel.table import Table
from tests.contract.conftest import Filled
from tests.contract.oracle import Oracle
from tests.contract.population import actor, few

Reads = Callable[[Session, type[Table]], set[int]]


def _alias(session: Session, cls: type[Table]) -> set[int]:
    other = aliased(cls)
    return set(session.scalars(select(other.id)))


def _self_join(session: Session, cls: type[Table]) -> set[int]:
    other = aliased(cls)
    return {key for _one, key in session.execute(select(cls.id, other.id).join(other, other.id == cls.id))}


def _outer_join(session: Session, cls: type[Table]) -> set[int]:
    """Joined to the one table everybody reads something of; rows out of scope must come as NULL."""
    other = aliased(cls)
    node = tables()["node"]
    rows = session.execute(select(node.id, other.id).outerjoin(other, literal(1) == 1))
    return {key for _one, key in rows if key is not None}


def _cross_join(session: Session, cls: type[Table]) -> set[int]:
    """Both sides of a join that names its own condition; SQLAlchemy would put both criteria on the first."""
    other = aliased(cls)
    return {key for _one, key in session.execute(select(cls.id, other.id).join(other, literal(1) == 1))}


def _joinedload(session: Session, cls: type[Table]) -> set[int]:
    """Eagerly loaded through whatever points here; and the rows nothing points to, so that all are asked for."""
    found = set(session.scalars(select(cls.id)))
    for child, column in pointing_at(cls.__tablename__):
        relation = column.removesuffix("_id")
        for row in session.scalars(select(child).options(joinedload(getattr(child, relation)))):
            parent = getattr(row, relation)
            if parent is not None:
                found.add(parent.id)
    return found


def _exists(session: Session, cls: type[Table]) -> set[int]:
    inner = aliased(cls)
    return set(session.scalars(select(cls.id).where(exists(select(inner.id).where(inner.id == cls.id)))))


def _exists_around_raw(session: Session, cls: type[Table]) -> set[int]:
    """The outer statement is over the bare table; only the EXISTS is of the mapped class."""
    bare, inner = cls.__table__, aliased(cls)
    return set(session.scalars(select(bare.c.id).where(select(inner.id).where(inner.id == bare.c.id).exists())))


def _in_subquery(session: Session, cls: type[Table]) -> set[int]:
    other = aliased(cls)
    return set(session.scalars(select(cls.id).where(cls.id.in_(select(other.id)))))


def _cte(session: Session, cls: type[Table]) -> set[int]:
    inner = select(cls.id).cte("inner_rows")
    return set(session.scalars(select(inner.c.id)))


def _subquery(session: Session, cls: type[Table]) -> set[int]:
    inner = select(cls.id.label("key")).subquery()
    return set(session.scalars(select(inner.c.key)))


def _scalar_subquery(session: Session, cls: type[Table]) -> set[int]:
    other = aliased(cls)
    inner = select(other.id).where(other.id == cls.__table__.c.id).scalar_subquery()
    return {key for key in session.scalars(select(inner).select_from(cls.__table__)) if key is not None}


def _grouped(session: Session, cls: type[Table]) -> set[int]:
    rows = session.execute(select(func.max(cls.id)).group_by(cls.id))
    return set(rows.scalars())


pytestmark = pytest.mark.usefixtures("only_reading")

READS: dict[str, Reads] = {
    "entities": lambda session, cls: {row.id for row in session.scalars(select(cls))},
    "column": lambda session, cls: set(session.scalars(select(cls.id))),
    "query": lambda session, cls: {row.id for row in session.query(cls).all()},
    "query of a column": lambda session, cls: {key for (key,) in session.query(cls.id)},
    "alias": _alias,
    "self join": _self_join,
    "outer join": _outer_join,
    "cross join": _cross_join,
    "joined load": _joinedload,
    "exists": _exists,
    "exists around a bare table": _exists_around_raw,
    "in subquery": _in_subquery,
    "cte": _cte,
    "subquery": _subquery,
    "scalar subquery": _scalar_subquery,
    "union of entities": lambda session, cls: {
        row.id for row in session.scalars(select(cls).from_statement(union(select(cls), select(cls))))
    },
    "union": lambda session, cls: set(session.scalars(union_all(select(cls.id), select(cls.id)))),
    "union in a subquery": lambda session, cls: set(
        session.scalars(select(union(select(cls.id), select(cls.id)).subquery().c.id))
    ),
    "grouped": _grouped,
    "ordered and cut": lambda session, cls: set(session.scalars(select(cls.id).order_by(cls.id.desc()).limit(5000))),
    "streamed": lambda session, cls: set(session.scalars(select(cls.id).execution_options(yield_per=7))),
}
"""Every way of reading a table through a session. A new way in the code is a new line here."""

COUNTS: dict[str, Callable[[Session, type[Table]], int]] = {
    "count": lambda session, cls: session.scalar(select(func.count()).select_from(cls)) or 0,
    "count of a column": lambda session, cls: session.scalar(select(func.count(cls.id))) or 0,
    "count of a subquery": lambda session, cls: (
        session.scalar(select(func.count()).select_from(select(cls.id).subquery())) or 0
    ),
    "query.count": lambda session, cls: session.query(cls).count(),
    "window": lambda session, cls: max(
        (count for _key, count in session.execute(select(cls.id, func.count(cls.id).over()))), default=0
    ),
}


def _differences(filled: Filled, law: Oracle, name: str, logins: tuple[str, ...], thorough: bool) -> list[str]:
    cls, found = tables()[name], []
    for login in logins:
        expected = law.keys(filled.full.users[login], name)
        with filled.acting(login) as session:
            for way in few(list(READS), 12, thorough, name + login):
                got = READS[way](session, cls)
                if got != expected:
                    found.append(f"{login}, {way}: {len(got - expected)} too many, {len(expected - got)} missing")
            for way, count in COUNTS.items():
                if count(session, cls) != len(expected):
                    found.append(f"{login}, {way}: not {len(expected)}")
            session.rollback()
    return found


def test_a_statement_whose_table_the_gate_cannot_see_is_refused(name: str, shared: Filled) -> None:
    """SQLAlchemy calls these statements of no mapped class, so no criterion would be added: they must not run at all."""
    cls = tables()[name]
    with shared.acting("group_admin") as session:
        for statement in (
            select(exists().where(cls.id == 1)),
            select(func.count(cls.id).over()),
            select(~exists().where(aliased(cls).id == 1)),
        ):
            with pytest.raises(RuntimeError, match="cannot see"):
                session.execute(statement)
        session.rollback()


def some(filled: Filled, name: str, count: int) -> tuple[str, ...]:
    """Some of the core cast, others for each table, so that an ordinary run meets everybody; `deep` takes them all."""
    core = filled.full.core
    start = list(tables()).index(name) * count
    return tuple(core[(start + i) % len(core)] for i in range(count))


def test_every_way_of_reading_gives_what_the_law_gives(name: str, shared: Filled, law: Oracle) -> None:
    assert not _differences(shared, law, name, some(shared, name, 2), False)


@pytest.mark.deep
def test_every_way_of_reading_for_the_whole_cast(name: str, shared: Filled, law: Oracle) -> None:
    assert not _differences(shared, law, name, tuple(shared.full.users), True)


def _every_right(filled: Filled, law: Oracle, rights: tuple[str, ...], login: str) -> None:
    with filled.acting(login) as session:
        for name in tables():
            for right in rights:
                got = set(session.scalars(select(tables()[name].id).execution_options(right=right)))
                assert got == law.keys(filled.full.users[login], name, right), (login, name, right)
        session.rollback()


def test_every_right_of_the_core_cast(shared: Filled, law: Oracle) -> None:
    """The rows a right is asked for are those of the law: each table, each role and each special person."""
    for login in shared.full.core:
        _every_right(shared, law, (WRITE, DELETE), login)


@pytest.mark.deep
def test_every_right_of_the_whole_cast(shared: Filled, law: Oracle) -> None:
    for login in shared.full.users:
        _every_right(shared, law, RIGHTS, login)


def test_get_of_every_key(name: str, shared: Filled, law: Oracle) -> None:
    cls = tables()[name]
    for login in some(shared, name, 2):
        expected = law.keys(shared.full.users[login], name)
        with shared.acting(login) as session:
            got = {key for key in law.rows[name] if session.get(cls, key) is not None}
            session.rollback()
        assert got == expected, login


def test_lazy_and_eager_loads_stop_at_the_scope(name: str, shared: Filled, law: Oracle, thorough: bool) -> None:
    """A ref to a row out of scope gives None, by every loading strategy. Deleted parents keep their names."""
    cls = tables()[name]
    for login in few(("split_hats", "two_hats", *some(shared, name, 2)), 1, thorough, name):
        user = shared.full.users[login]
        for column, known in infos(cls).items():
            if known.kind != "ref":
                continue
            relation, target = column.removesuffix("_id"), known.target or ""
            attribute = getattr(cls, relation)
            readable = law.keys(user, target) | _deleted_but_seen(law, user, target)
            ways = (None, joinedload(attribute), selectinload(attribute), subqueryload(attribute))
            for how in few(ways, 2, thorough, column):
                with shared.acting(login) as session:
                    statement = select(cls) if how is None else select(cls).options(how)
                    for row in session.scalars(statement):
                        parent = getattr(row, relation)
                        assert parent is None or parent.id in readable, (login, column, str(how))
                        if getattr(row, column) in law.keys(user, target):
                            assert parent is not None, (login, column, str(how))
                    session.rollback()


def _deleted_but_seen(law: Oracle, user: int, name: str) -> frozenset[int]:
    """Deleted rows of a table that the user would see if they lived: their names may still be told."""
    return frozenset(
        key for key, row in law.rows[name].items() if row["deleted_at"] is not None and law.would_see(user, name, row)
    )


def test_nobody_sees_nothing(name: str, shared: Filled, thorough: bool) -> None:
    cls = tables()[name]
    with Session(shared.engine) as session:
        assert not {way for way in few(list(READS), 5, thorough, name) if READS[way](session, cls)}
        session.rollback()
    with Session(shared.engine) as session:
        act(session, NOBODY)
        assert not {way for way in few(list(COUNTS), 2, thorough, name) if COUNTS[way](session, cls)}
        session.rollback()


def test_nobody_sees_nothing_even_after_others_acted(shared: Filled, law: Oracle) -> None:
    """A session that changes hands forgets whose rows it knew how to find."""
    room = tables()["room"]
    with shared.acting("group_admin") as session:
        assert session.scalars(select(room.id)).all()
        for login in ("stranger", "project_clerk", "stranger", "group_admin", "stranger"):
            user = shared.full.users[login]
            act(session, actor(session, user, login))  # nobody keeps the actor before: its id may come again
            assert set(session.scalars(select(room.id))) == law.keys(user, "room"), login
        session.rollback()


def test_statements_never_insert_or_delete(name: str, shared: Filled) -> None:
    cls = tables()[name]
    with shared.acting("group_admin") as session:
        with pytest.raises(RuntimeError):
            session.execute(insert(cls).values(id=99_999))
        with pytest.raises(RuntimeError):
            session.execute(insert(cls).from_select(["id"], select(cls.id)))
        with pytest.raises(RuntimeError):
            session.query(cls).delete()
        session.rollback()


def test_conditions_over_a_joined_table_do_not_probe_it(shared: Filled, law: Oracle) -> None:
    """`outerjoin` to rows out of scope answers as if they were not there, whatever is asked of them."""
    ownership, customer = tables()["ownership"], tables()["customer"]
    for login in ("contractor", "river_builder", "desk_clerk"):
        readable = law.keys(shared.full.users[login], "customer")
        with shared.acting(login) as session:
            other = aliased(customer)
            statement = (
                select(other.id)
                .select_from(ownership)
                .outerjoin(other, and_(other.id == ownership.customer_id, other.name != ""))
            )
            assert {key for key in session.scalars(statement) if key is not None} <= readable
            session.rollback()
