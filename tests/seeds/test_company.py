"""The demo company in a database: whole, believable, the same each time, and each company behind its own fence."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, func, select
from sqlalchemy.orm import Session

from app.database import load_models
from models.customer import identity
from models.customer.customer import Customer
from models.customer.ownership import Ownership
from models.kernel.actor import SYSTEM, Actor
from models.kernel.clock import frozen
from models.kernel.entry import is_required
from models.kernel.flow_setting import FlowName
from models.kernel.grant import Grant, held_by
from models.kernel.masking import Cipher
from models.kernel.node import Node, differences
from models.kernel.number_rule import Numbered
from models.kernel.refusal import Refusal
from models.kernel.registry import infos, tables
from models.kernel.roles import ROLES
from models.kernel.secret import MaskedValue, use_cipher
from models.kernel.session import act, prepare_engine
from models.kernel.table import key_columns
from models.org.company import Company
from models.org.group import Group
from models.property.building import Building
from models.property.phase import Phase
from models.property.project import Project
from models.property.room import Room, RoomChangeLog
from models.property.unit import Unit
from models.system.user_profile import UserProfile
from seeds import reference
from seeds.demo import company
from seeds.demo.staff import ACCOUNTS, STRANGER
from tests.databases import DATA_KEY

TODAY = date(2026, 11, 21)
ROOMS = 300


@pytest.fixture(scope="module", autouse=True)
def _secret() -> None:
    """Sets the cipher all tests share."""
    use_cipher(Cipher(DATA_KEY))


def opened(file: Path) -> Session:
    """Returns a session of the system over a new database."""
    engine = prepare_engine(create_engine(f"sqlite:///{file}"))
    load_models().create_all(engine)
    return act(Session(engine), SYSTEM)


def closed(session: Session) -> None:
    """Closes a session and its engine."""
    session.close()
    session.get_bind().engine.dispose()


@pytest.fixture(scope="module")
def told() -> list[tuple[str, int, int]]:
    return []


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, told: list[tuple[str, int, int]]) -> Iterator[Session]:
    session = opened(tmp_path_factory.mktemp("demo") / "demo.db")
    company.seed(session, rooms=ROOMS, today=TODAY, progress=lambda *step: told.append(step))
    yield session
    closed(session)


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Session]:
    session = opened(tmp_path / "empty.db")
    yield session
    closed(session)


def rows_of(session: Session, name: str) -> list[Any]:
    return list(session.execute(select(tables()[name].__table__).order_by("id")))


def counted(session: Session) -> dict[str, int]:
    count = select(func.count())
    return {name: session.execute(count.select_from(cls.__table__)).scalar_one() for name, cls in tables().items()}


def natural(session: Session) -> str:
    """Returns a digest of every row but for ids, ciphertexts (different each time) and the moment of the run."""
    digest = hashlib.sha256()
    for name in tables():
        for row in rows_of(session, name):
            known = infos(tables()[name])
            values = [
                value.plain() if isinstance(value, MaskedValue) else value
                for column, value in row._mapping.items()
                if column in known and column != "changed_at"
            ]
            digest.update(repr(values).encode())
    return digest.hexdigest()


def actor(session: Session, login: str) -> Actor:
    """Returns the person behind a demo account, with their grants."""
    profile = session.scalars(select(UserProfile).where(UserProfile.login == login)).one()
    assert profile.user_id is not None
    return Actor(profile.user_id, profile.name, held_by(session, profile.user_id))


def test_the_index_over_the_tree_agrees_with_the_tree(demo: Session) -> None:
    assert differences(demo, [cls for cls in tables().values() if cls.owned.kind == "tree"]) == []
    names = set(demo.scalars(select(Node.name)))
    assert {"澄江控股集团", "华东区域", "杭州公司", "湖墅观邸"} <= names
    assert not [at for at in demo.scalars(select(Group.address)) if at and at.endswith(company.UNFINISHED)]


def test_every_declared_table_has_rows_and_the_counts_are_right(
    demo: Session, told: list[tuple[str, int, int]], tmp_path: Path
) -> None:
    found = counted(demo)
    later = {"login_log"}  # its rows are people signing in
    if not Numbered.options():
        later.add("number_rule")  # rules of numbers are for numbered objects
    if not FlowName.options():
        later.add("flow_setting")  # settings are for tables with a flow
    assert [name for name, count in found.items() if not count and name not in later] == []
    assert found["room"] == ROOMS and found["project"] == 20 and found["company"] == 6
    assert [step[1:] for step in told][-1] == (ROOMS, ROOMS)
    assert len(told) == 20 and told == sorted(told, key=lambda step: step[1])
    again = opened(tmp_path / "again.db")
    try:
        assert dict(company.seed(again, rooms=ROOMS, today=TODAY)) == {
            name: count for name, count in found.items() if count
        }
        assert natural(again) == natural(demo)
    finally:
        closed(again)


def test_no_two_rows_share_a_natural_key(demo: Session) -> None:
    for name, cls in tables().items():
        if not cls.screen.key:
            continue
        keys = Counter(tuple(row._mapping[column] for column in key_columns(cls)) for row in rows_of(demo, name))
        assert not [key for key, count in keys.items() if count > 1], name
        assert not any(value is None for key in keys for value in key), name


def test_rows_keep_to_their_columns(demo: Session) -> None:
    """Bulk rows went past the guard: what it would have refused is looked for here."""
    for name, cls in tables().items():
        known = infos(cls)
        for row in rows_of(demo, name):
            for column, info in known.items():
                value = row._mapping[column]
                if info.options is not None and value is not None:
                    assert info.options.member(value) is not None, (name, column, value)
                if info.kind == "text" and value is not None and info.length:
                    assert len(value) <= info.length, (name, column, value)
                assert not (is_required(cls, column) and value in (None, "")), (name, column)


def test_rows_hold_their_own_rules(demo: Session) -> None:
    for cls in tables().values():
        for row in demo.scalars(select(cls)):
            if isinstance(row, Ownership) and row.until_day is None:
                continue  # its rule asks the database for each; the shares are added up below
            assert list(row.faults(demo, SYSTEM)) == [], row
    shares = demo.execute(
        select(func.sum(Ownership.share)).where(Ownership.until_day.is_(None)).group_by(Ownership.room_id)
    ).scalars()
    assert set(shares) == {100}


def test_certificates_and_mobiles_are_valid_and_nobody_elses(demo: Session) -> None:
    customers = demo.scalars(select(Customer)).all()
    for customer in customers:
        assert identity.check_certificate(customer.cert_kind, customer.cert_no.plain()) == customer.cert_no.plain()
        assert identity.check_mobile(customer.mobile.plain()) == customer.mobile.plain()
    mobiles = [each.mobile_blind for each in (*customers, *demo.scalars(select(UserProfile)))]
    assert len(set(mobiles)) == len(mobiles)
    person = next(customer for customer in customers if customer.cert_kind == identity.CITIZEN)
    assert identity.birthday_and_gender(person.cert_no.plain()) == (person.birthday, person.gender)


def test_states_are_shared_out_sensibly(demo: Session) -> None:
    states = Counter(demo.scalars(select(Room.sale_state)))
    assert 0.6 < states["signed"] / ROOMS < 0.97 and states["for_sale"]
    signed = set(demo.scalars(select(Room.id).where(Room.sale_state == "signed")))
    owned = set(demo.scalars(select(Ownership.room_id).where(Ownership.until_day.is_(None))))
    assert owned == signed
    handed = Counter(demo.scalars(select(Room.handover_state)))
    assert handed["accepted"] > 50 and handed["not_notified"] > 50
    assert demo.scalar(select(func.count()).select_from(Room).where(Room.title_state == "collected"))
    last: dict[int, str] = {}
    for change in demo.scalars(
        select(RoomChangeLog).where(RoomChangeLog.field == "sale_state").order_by(RoomChangeLog.created_at)
    ):
        assert change.before == last.get(change.room_id, "for_sale")
        last[change.room_id] = change.after
    now = {key: state for key, state in demo.execute(select(Room.id, Room.sale_state))}
    assert all(now[room] == after for room, after in last.items())
    assert all(state == "for_sale" for room, state in now.items() if room not in last)


def test_sorted_by_creation_homes_are_in_their_natural_order(demo: Session) -> None:
    columns = (Project.created_at, Phase.place, Building.id, Unit.id, Room.storey, Room.line)
    query = select(*columns, Room.created_at, Building.created_at).select_from(Room)
    query = query.join(Unit, Unit.id == Room.unit_id).join(Building, Building.id == Unit.building_id)
    query = query.join(Phase, Phase.id == Building.phase_id).join(Project, Project.id == Room.project_id)
    found = demo.execute(query.order_by(Room.created_at, Room.id)).all()
    assert len(found) == ROOMS
    order = [tuple(row)[:6] for row in found]
    assert order == sorted(order)
    assert len({row[6] for row in found}) == ROOMS
    assert all(row[0] < row[7] < row[6] for row in found)
    for name in tables():
        assert all(row.created_at.date() <= TODAY for row in rows_of(demo, name)), name


def test_every_account_has_a_grant_and_every_role_an_account(demo: Session) -> None:
    profiles = demo.scalars(select(UserProfile)).all()
    logins = {profile.login for profile in profiles}
    assert set(ROLES) | {STRANGER[0]} == set(ACCOUNTS) <= logins
    for profile in profiles:
        assert profile.user_id is not None
        held = held_by(demo, profile.user_id)
        assert held, profile.login
        if profile.login in ROLES:
            assert {grant.role for grant in held} == {profile.login}
    assert len(actor(demo, "project_clerk").grants) == 2
    accounts = load_models().tables["ab_user"]
    assert all(row.password is None and row.active for row in demo.execute(select(accounts)))


def seen_by(demo: Session, login: str) -> dict[str, set[int]]:
    """Returns the ids of the rows an account sees, by table."""
    who = actor(demo, login)
    demo.rollback()  # it begins as a writer does, and would keep the other session out
    with Session(demo.get_bind()) as session:
        act(session, who)
        return {name: set(session.scalars(select(cls.id))) for name, cls in tables().items()}


def test_the_clerk_of_hangzhou_sees_no_row_of_another_company(demo: Session) -> None:
    seen, stranger = seen_by(demo, "request_clerk"), seen_by(demo, STRANGER[0])
    here = demo.scalars(select(Company).where(Company.name == "杭州公司")).one()
    projects = set(demo.scalars(select(Project.id).where(Project.company_id == here.id)))
    assert seen["project"] == projects and len(projects) == 5
    path = demo.scalars(select(Node.path).where(Node.kind == "company", Node.ref_id == here.id)).one()
    below = set(demo.scalars(select(Node.id).where(Node.path.startswith(path))))
    for name, cls in tables().items():
        every = {row.id: row for row in rows_of(demo, name)}
        if cls.owned.kind == "project":
            assert seen[name] == {key for key, row in every.items() if row.project_id in projects}, name
            assert seen[name] and not seen[name] & stranger[name], name
        elif cls.owned.kind == "node" and seen[name]:
            inherited = cls.owned.visibility == "inherited"
            upward = {int(step) for step in path.strip("/").split("/")} if inherited else set()
            assert seen[name] == {key for key, row in every.items() if row.node_id in below | upward}, name
            assert not {key for key in seen[name] & stranger[name] if every[key].node_id in below}, name
    assert not seen["customer_contact"] & stranger["customer_contact"] and seen["customer_contact"]
    assert not seen["customer_tag"] & stranger["customer_tag"] and seen["customer_tag"]
    assert seen["grant"] == set()


def test_nothing_is_entered_later_than_now(empty: Session) -> None:
    """Three in the morning in China: what happens today has not waited for office hours."""
    now = datetime(2026, 11, 20, 19, 0, tzinfo=UTC)
    act(empty, SYSTEM, frozen(now))
    company.seed(empty, rooms=ROOMS)
    for name in tables():
        late = [row for row in rows_of(empty, name) if row.created_at > now]
        assert not late, (name, late[0])


def test_it_goes_into_an_empty_database_only(demo: Session) -> None:
    assert company.state(demo) == "filled"
    before = counted(demo)
    with pytest.raises(Refusal, match="holds a company already"):
        company.seed(demo, rooms=ROOMS, today=TODAY)
    assert counted(demo) == before


def test_too_few_rooms_are_refused_in_a_sentence(empty: Session) -> None:
    with pytest.raises(Refusal, match="at least 100 rooms, not 99"):
        company.seed(empty, rooms=99, today=TODAY)
    assert counted(empty)["group"] == 0


def test_an_interrupted_demo_says_so_at_the_next_start(empty: Session) -> None:
    def cut(name: str, done: int, total: int) -> None:
        if done > 50:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        company.seed(empty, rooms=ROOMS, today=TODAY, progress=cut)
    empty.rollback()
    assert company.state(empty) == "unfinished"
    with pytest.raises(Refusal, match=r"half written.*Delete this database") as caught:
        company.seed(empty, rooms=ROOMS, today=TODAY)
    assert "empty.db" in str(caught.value)


def test_reference_gives_an_empty_console_a_group_and_an_administrator_once(empty: Session) -> None:
    written = reference.seed(empty)
    found = counted(empty)
    assert (
        written == sum(found.values()) - found["node"] and found["issue_standard"] > 90 and found["key_node_def"] == 15
    )
    assert reference.seed(empty) == 0
    empty.commit()
    group = empty.scalars(select(Group)).one()
    assert (group.code, group.name) == ("G", "集团")
    (held,) = actor(empty, "admin").grants
    assert (held.role, held.path) == ("group_admin", "/1/")
    assert company.state(empty) == "empty"


def test_demo_and_reference_agree_in_either_order(empty: Session, demo: Session) -> None:
    assert reference.seed(demo) == 0
    reference.seed(empty)
    company.seed(empty, rooms=100, today=TODAY)
    assert reference.seed(empty) == 0
    (group,) = empty.scalars(select(Group)).all()
    assert group.name == "澄江控股集团"
    assert len(empty.scalars(select(Grant).where(Grant.role == "group_admin")).all()) == 2
    assert differences(empty, [cls for cls in tables().values() if cls.owned.kind == "tree"]) == []


@pytest.mark.postgres
def test_it_goes_into_postgresql_in_the_same_order(session: Session) -> None:
    session.commit()
    counts = company.seed(session, rooms=100, today=TODAY)
    assert counts["room"] == 100
    entered = list(session.scalars(select(Room.created_at).order_by(Room.id)))
    assert entered == sorted(entered)
    query = select(Customer.node_id, Room.project_id).select_from(Ownership)
    query = query.join(Customer, Customer.id == Ownership.customer_id).join(Room, Room.id == Ownership.room_id)
    owned = session.execute(query).all()
    companies = {row.id: row.company_id for row in session.scalars(select(Project))}
    places = {row.id: row.ref_id for row in session.scalars(select(Node).where(Node.kind == "company"))}
    assert owned and all(places[node] == companies[project] for node, project in owned)
