"""Rows are added, changed, moved and deleted exactly where the law allows it, by whatever way a session writes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy import text as sql
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models.kernel.bulk import insert_rows, update_rows
from models.kernel.guard import remove
from models.kernel.refusal import Denied, Refusal
from models.kernel.registry import infos, pointing_at, tables
from models.kernel.secret import MaskedValue
from models.kernel.table import Table
from tests.contract.conftest import Filled
from tests.contract.oracle import Oracle, Row, target_of
from tests.contract.test_reading import some

TIGHTER = ("grant", "user_profile")
"""Tables whose own rules deny more than rights do (one's own grants, people who hold more): what is done must be lawful."""

WRITERS = ("two_hats", "split_hats", "regional_admin")


RULED = {("project", "area_code"), ("user_profile", "email")}
"""Texts with rules of their own."""


def plain_column(cls: type[Table]) -> str | None:
    """A column without meaning for rights, keys or names: text that may be anything."""
    for name, known in infos(cls).items():
        free = name not in cls.screen.key and name not in cls.screen.title and not known.system
        if (
            free
            and (cls.__tablename__, name) not in RULED
            and name not in cls.screen.searched  # what rows are found by is not changed by a statement
            and known.kind in ("text", "prose")
            and (known.length or 0) >= 40
        ):
            return name
    return None


def owner_column(cls: type[Table]) -> str | None:
    """The column by which a client says where a row belongs."""
    owned = cls.owned
    return owned.through or owned.column or owned.above


def one_of_each_owner(law: Oracle, name: str) -> list[Row]:
    """A living row of each owner there is."""
    column = owner_column(tables()[name]) or "id"
    found = {row[column]: row for row in law.rows[name].values() if row["deleted_at"] is None}
    return list(found.values())[:8]


def fresh(cls: type[Table], row: Row, **other: Any) -> dict[str, Any]:
    """The values of a new row like `row`, with other names; typed as the session wants them."""
    found = {}
    for column, known in infos(cls).items():
        value = row[column]
        if (
            known.system
            and (cls.owned.through or known.kind == "ref" or known.kind == "text")
            and column == "project_id"
        ):
            continue
        kind = cls.__mapper__.columns[column].type
        if column in cls.screen.key and known.kind == "text":
            value = f"x{row['id']}"
        elif known.kind == "masked" and value is not None:
            value = MaskedValue(kind.kind, value)
        elif value is not None and known.kind in ("date", "moment", "money", "decimal"):
            value = kind.dialect_impl(_dialect()).result_processor(_dialect(), None)
            value = value(row[column]) if value else row[column]
        found[column] = value
    return {**found, **other}


def _dialect() -> Any:
    from sqlalchemy.dialects.sqlite import dialect

    return dialect()


def outcome(session: Session, work: Any) -> str:
    """Does `work` and takes it back: 'done', 'denied', or the code of the refusal."""
    nested = session.begin_nested()
    try:
        work()
        session.flush()
        return "done"
    except Denied:
        return "denied"
    except Refusal as refusal:
        return refusal.code
    except IntegrityError:
        return "integrity"
    finally:
        nested.rollback()
        session.expunge_all()


@pytest.fixture
def writing(shared: Filled) -> Iterator[Filled]:
    """The shared world; everything done in it is taken back."""
    yield shared


def _add(session: Session, cls: type[Table], values: dict[str, Any]) -> None:
    session.add(cls(**values))
    session.flush()


def _writes(filled: Filled, law: Oracle, name: str, login: str) -> list[str]:
    cls, user, found = tables()[name], filled.full.users[login], []
    written, removable = law.keys(user, name, "write"), law.keys(user, name, "delete")
    readable, plain = law.keys(user, name), plain_column(cls)
    with filled.acting(login) as session:
        for row in one_of_each_owner(law, name):
            values = fresh(cls, row)
            may_add = law.may_own(user, name, row) and refs_readable(law, user, cls, values)
            for way, work in (
                ("add", lambda values=values: _add(session, cls, values)),
                ("insert_rows", lambda values=values: insert_rows(session, cls, [values])),
            ):
                if cls.owned.kind == "tree" and way == "insert_rows":
                    continue  # rows of the tree are entered one by one
                how = outcome(session, work)
                refused = how in ("denied", "unknown_ref")
                if refused and name in TIGHTER:
                    continue
                if refused == may_add or (how == "done" and not may_add):
                    found.append(f"{login}: {way} beside {row['id']} was {how}; the law says {may_add}")
            here = session.get(cls, row["id"])
            if (here is not None) != (row["id"] in readable):
                found.append(f"{login}: get of {row['id']}")
            if here is None:
                continue
            if plain is not None:
                how = outcome(session, lambda here=here: _change(session, here, plain))
                if (how == "denied") == (row["id"] in written) and not (how == "denied" and name in TIGHTER):
                    found.append(f"{login}: change of {row['id']} was {how}; the law says {row['id'] in written}")
            here = session.get(cls, row["id"])
            how = outcome(session, lambda here=here: remove(session, here))
            tighter = how == "denied" and name in TIGHTER
            if how != "in_use" and not tighter and (how == "done") != (row["id"] in removable):
                found.append(f"{login}: delete of {row['id']} was {how}; the law says {row['id'] in removable}")
        session.rollback()
    return found


def _change(session: Session, row: Any, column: str) -> None:
    setattr(row, column, f"{getattr(row, column) or ''}改"[-40:])
    session.flush()


def refs_readable(law: Oracle, user: int, cls: type[Table], values: dict[str, Any]) -> bool:
    return all(
        values[column] is None or values[column] in law.keys(user, known.target or "")
        for column, known in infos(cls).items()
        if known.kind == "ref" and not known.system and column in values
    )


def test_rows_are_written_exactly_where_the_law_allows(name: str, writing: Filled, law: Oracle) -> None:
    found = []
    for login in dict.fromkeys(("two_hats", *some(writing, name, 1))):
        found.extend(_writes(writing, law, name, login))
    assert not found


@pytest.mark.deep
def test_rows_are_written_by_the_whole_cast_where_the_law_allows(name: str, writing: Filled, law: Oracle) -> None:
    assert not [line for login in writing.full.users for line in _writes(writing, law, name, login)]


def test_update_statements_reach_the_rows_of_the_law(name: str, writing: Filled, law: Oracle) -> None:
    cls = tables()[name]
    column = plain_column(cls)
    if column is None:
        return
    for login in some(writing, name, 2):
        with writing.acting(login) as session:
            session.execute(update(cls).values({column: "改"}))
            changed = session.connection().execute(sql(f"SELECT id FROM \"{name}\" WHERE {column} = '改'")).scalars()
            assert set(changed) == law.keys(writing.full.users[login], name, "write"), login
            session.rollback()


def test_update_statements_never_touch_what_the_guard_keeps(name: str, writing: Filled) -> None:
    """Owners, refs, personal data, life and stamps change row by row, where the guard sees them."""
    cls = tables()[name]
    kept = {column for column, known in infos(cls).items() if known.kind in ("ref", "masked") or known.system}
    kept |= {"deleted_at", "version", "created_by_id", "id"}
    with writing.acting("group_admin") as session:
        for column in sorted(kept):
            with pytest.raises(RuntimeError, match=column):
                session.execute(update(cls).values({column: None}))
        with pytest.raises(RuntimeError):
            session.execute(update(cls), [{"id": 1, (plain_column(cls) or "deleted_at"): None}])
        session.rollback()


def test_a_row_moves_only_where_both_owners_are_held(name: str, writing: Filled, law: Oracle) -> None:
    cls = tables()[name]
    column = owner_column(cls)
    if column is None or not law.rows[name] or cls.owned.kind == "index":
        return
    rows = one_of_each_owner(law, name)
    for login in ("two_hats", "regional_admin"):
        user = writing.full.users[login]
        with writing.acting(login) as session:
            for row in rows[:6]:
                for other in rows[:6]:
                    here = session.get(cls, row["id"])
                    if here is None or row[column] == other[column] or name in TIGHTER:
                        continue
                    moved = {**row, column: other[column]}
                    right = (
                        row["id"] in law.keys(user, name, "write")
                        and law.may_own(user, name, moved)
                        and other[column] in law.keys(user, target_of(name, column))
                    )
                    how = outcome(session, lambda here=here, other=other: _move(session, here, column, other[column]))
                    assert (how not in ("denied", "unknown_ref")) == right, (login, row["id"], other[column], how)
            session.rollback()


def _move(session: Session, row: Any, column: str, value: int) -> None:
    setattr(row, column, value)
    session.flush()


def test_refs_to_unreadable_rows_are_refused(name: str, writing: Filled, law: Oracle) -> None:
    """Neither the session nor a bulk insert nor a bulk change makes a row point to what its writer cannot see."""
    cls = tables()[name]
    owner = owner_column(cls)
    for login in ("two_hats", "regional_admin"):
        user = writing.full.users[login]
        mine = [row for row in one_of_each_owner(law, name) if row["id"] in law.keys(user, name, "write")][:1]
        for row in mine:
            for column, known in infos(cls).items():
                if known.kind != "ref" or known.system or column == owner:
                    continue
                target = known.target or ""
                hidden = sorted(set(law.rows[target]) - law.keys(user, target) - {row[column]})
                for key in (*hidden[:2], 987_654):
                    with writing.acting(login) as session:
                        values = fresh(cls, row, **{column: key})
                        assert outcome(session, lambda v=values: _add(session, cls, v)) in ("unknown_ref", "denied")
                        assert outcome(session, lambda v=values: insert_rows(session, cls, [v])) in (
                            "unknown_ref",
                            "denied",
                        )
                        here = session.get(cls, row["id"])
                        assert (
                            outcome(session, lambda h=here, c=column, k=key: _move(session, h, c, k)) == "unknown_ref"
                        )
                        change = [(row["id"], {column: (row[column], key)})]
                        assert outcome(session, lambda c=change: update_rows(session, cls, c)) in (
                            "unknown_ref",
                            "denied",
                        )
                        session.rollback()


def test_bulk_changes_never_move_a_row(name: str, writing: Filled, law: Oracle) -> None:
    cls = tables()[name]
    column = owner_column(cls)
    rows = one_of_each_owner(law, name)
    if column is None or cls.owned.kind == "index" or len(rows) < 2:
        return
    with writing.acting("group_admin") as session:
        with pytest.raises(RuntimeError, match=column):
            update_rows(session, cls, [(rows[0]["id"], {column: (rows[0][column], rows[1][column])})])
        session.rollback()


def test_rights_taken_for_a_refused_row_do_not_outlive_it(writing: Filled, law: Oracle) -> None:
    """What a session noted for a flush that failed (kept rows, audit lines, a moved tree) is gone after the rollback."""
    room, company = tables()["room"], tables()["company"]
    with writing.acting("regional_admin") as session:
        before = set(session.scalars(select(room.id)))
        nested = session.begin_nested()
        row = session.scalars(select(company)).first()
        row.phone = "1"
        session.flush()
        session.info.setdefault("kept", set()).add(1)
        session.info.setdefault("records", []).append(1)
        session.info["nodes"] = []
        nested.rollback()
        assert not session.info.get("kept")
        assert not session.info.get("records")
        assert set(session.scalars(select(room.id))) == before
        session.rollback()


def test_a_moved_subtree_is_seen_from_its_new_place_at_once(own: Filled) -> None:
    """A company changes its region: every table, every user, compared with the law before, within and after."""
    company, region = tables()["company"], tables()["region"]
    before = own.oracle()
    with own.acting("group_admin") as session:
        row = session.scalars(select(company).where(company.code == "nanjing")).one()
        row.region_id = session.scalars(select(region.id).where(region.code == "south")).one()
        session.commit()
    after = own.oracle()
    changed = 0
    for login in ("regional_admin", "nanjing_clerk", "split_hats", "river_builder", "group_admin"):
        user = own.full.users[login]
        with own.acting(login) as session:
            for name, cls in tables().items():
                assert set(session.scalars(select(cls.id))) == after.keys(user, name), (login, name)
                changed += after.keys(user, name) != before.keys(user, name)
            session.rollback()
    assert changed > 20
    with Session(own.engine) as session:
        from models.kernel.actor import SYSTEM
        from models.kernel.node import differences
        from models.kernel.session import act

        act(session, SYSTEM)
        assert not differences(session, [cls for cls in tables().values() if cls.owned.kind == "tree"])


def test_a_moved_building_takes_everything_below_along(own: Filled) -> None:
    building = tables()["building"]
    with own.acting("group_admin") as session:
        row = session.scalars(select(building).where(building.project_id == own.full.projects["lake"])).first()
        for room in session.scalars(
            select(tables()["room"]).join(tables()["unit"]).where(tables()["unit"].building_id == row.id)
        ):
            room.house_type_id = None  # of the project it leaves
        session.flush()
        row.phase_id = None
        row.name = "搬迁楼"
        row.project_id = own.full.projects["bay"]
        session.commit()
    after = own.oracle()  # its projects are found by walking upwards, never from the copied column
    for login in ("project_clerk", "bay_clerk", "two_hats", "south_leader"):
        with own.acting(login) as session:
            for name, cls in tables().items():
                assert set(session.scalars(select(cls.id))) == after.keys(own.full.users[login], name), (login, name)
            session.rollback()


def test_what_stands_in_the_way_of_a_deletion_is_told_only_where_it_is_seen(shared: Filled, law: Oracle) -> None:
    """A customer's homes in another company stop the deletion; their number and kind are not told."""
    customer = tables()["customer"]
    for login in ("service_manager", "nanjing_clerk", "regional_admin.hangzhou", "split_hats"):
        user = shared.full.users[login]
        seen = {cls.__tablename__: law.keys(user, cls.__tablename__) for cls, _column in pointing_at("customer")}
        for key in sorted(law.keys(user, "customer", "delete"))[:10]:
            with shared.acting(login) as session:
                try:
                    remove(session, session.get_one(customer, key))
                except Refusal as refusal:
                    told = str(refusal)
                    counts = {
                        cls.screen.name.en: len(
                            [k for k in seen[cls.__tablename__] if law.rows[cls.__tablename__][k][column] == key]
                        )
                        for cls, column in pointing_at("customer")
                    }
                    lawful = {f"{n} {table}" for table, n in counts.items() if n}
                    assert "outside of your part" in told or any(one in told for one in lawful), (login, key, told)
                session.rollback()
