"""A small world for tests: two regions, three companies, four projects, and somebody with each role.

                           group 星河
              east 华东                    south 华南
       hangzhou        nanjing              shenzhen
      lake   hill       river                 bay

Built once, the same every time: keys and numbers may be relied on within a run, names between runs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session
from werkzeug.security import generate_password_hash

from app.database import load_models
from models.customer.customer import CertificateKind, Customer, CustomerKind
from models.customer.customer_contact import CustomerContact
from models.customer.ownership import Ownership
from models.customer.visit_record import VisitRecord
from models.kernel.actor import SYSTEM, Actor
from models.kernel.clock import frozen
from models.kernel.grant import Grant, held_by
from models.kernel.node import node_of
from models.kernel.roles import ROLES
from models.kernel.session import act
from models.org.company import Company
from models.org.group import Group
from models.org.region import Region
from models.property.building import Building
from models.property.house_type import HouseType
from models.property.phase import Phase
from models.property.project import Project
from models.property.room import Room
from models.property.unit import Unit
from models.system.user_profile import UserProfile
from seeds.demo.people import citizen_id

NOW = datetime(2025, 6, 2, 1, 0, tzinfo=UTC)
"""When everything in the world was entered: a Monday, 9 o'clock in China."""

PASSWORD = "open-sesame-42"
"""Of every account."""

CHEAP = "pbkdf2:sha256:1"
"""How it is hashed in tests."""

PLACES = {
    "group_admin": "group",
    "regional_admin": "east",
    "project_clerk": "lake",
    "request_clerk": "hangzhou",
    "inspection_clerk": "lake",
    "title_clerk": "hangzhou",
    "compensation_clerk": "hangzhou",
    "group_leader": "group",
    "company_leader": "hangzhou",
    "project_leader": "lake",
    "contractor": "lake",
    "service_manager": "hangzhou",
    "finance": "hangzhou",
}
"""Where each role is held by the account of the same name."""

_TREE: dict[str, dict[str, dict[str, tuple[int, ...]]]] = {
    "east": {"hangzhou": {"lake": (4, 6), "hill": (5,)}, "nanjing": {"river": (4, 4)}},
    "south": {"shenzhen": {"bay": (6,)}},
}
"""Region -> company -> project -> rooms of each building."""

_NAMES = {
    "east": "华东区域",
    "south": "华南区域",
    "hangzhou": "杭州公司",
    "nanjing": "南京公司",
    "shenzhen": "深圳公司",
    "lake": "湖畔花园",
    "hill": "云栖山居",
    "river": "江岸府",
    "bay": "海湾城",
}


@dataclass
class World:
    """The keys of what there is, by short names, and the people as actors.

    Attributes:
        keys: table -> short name -> id: `keys["project"]["lake"]`, `keys["building"]["lake-1"]`,
            `keys["unit"]["lake-1-1"]`, `keys["room"]["lake-1-1-101"]`, `keys["customer"]["chen"]`,
            `keys["user_profile"]["finance"]`.
        nodes: short name -> (id, path) of a place in the tree.
        accounts: login -> id in ab_user. One account for each role, `bay_clerk` (a project clerk in bay alone) and
            `stranger`, who was granted nothing.
        actors: login -> the person as an actor, with the grants held at `NOW`.
    """

    keys: dict[str, dict[str, int]] = field(default_factory=dict)
    nodes: dict[str, tuple[int, str]] = field(default_factory=dict)
    accounts: dict[str, int] = field(default_factory=dict)
    actors: dict[str, Actor] = field(default_factory=dict)

    def id(self, table: str, name: str) -> int:
        """Returns the id of the row of `table` that is called `name` here."""
        return self.keys[table][name]

    def actor(self, login: str) -> Actor:
        """Returns a person as an actor of a page; a fresh one, so that nothing is remembered between tests."""
        known = self.actors[login]
        return Actor(known.user_id, known.name, known.grants)


def build(session: Session) -> World:
    """Builds the world in an empty database. Commits; `session` acts as the system from then on."""
    act(session, SYSTEM, frozen(NOW))
    world = World()
    _tree(session, world)
    _homes(session, world)
    _people(session, world)
    _customers(session, world)
    session.commit()
    for login, key in world.accounts.items():
        world.actors[login] = Actor(key, login, held_by(session, key, frozen(NOW)))
    session.rollback()
    return world


def _add(session: Session, world: World, name: str, row: Any) -> Any:
    session.add(row)
    session.flush()
    world.keys.setdefault(row.__tablename__, {})[name] = row.id
    if row.owned.kind == "tree":
        node = node_of(session, row.__tablename__, row.id)
        world.nodes[name] = (node.id, node.path)
    return row


def _tree(session: Session, world: World) -> None:
    group = _add(session, world, "group", Group(code="G", name="星河集团"))
    for region, companies in _TREE.items():
        upper = _add(session, world, region, Region(group_id=group.id, code=region, name=_NAMES[region]))
        for company, projects in companies.items():
            middle = _add(session, world, company, Company(region_id=upper.id, code=company, name=_NAMES[company]))
            for project in projects:
                lower = Project(company_id=middle.id, code=project, name=_NAMES[project], city=_NAMES[company][:2])
                _add(session, world, project, lower)


def _homes(session: Session, world: World) -> None:
    """Two homes a floor; the second building of a project has two units, one of them with the last two floors."""
    for projects in (projects for companies in _TREE.values() for projects in companies.values()):
        for project, buildings in projects.items():
            key = world.id("project", project)
            phase = _add(session, world, project, Phase(project_id=key, name="一期", place=1))
            layout = HouseType(project_id=key, name="A户型", rooms="三室两厅两卫", presale_area=Decimal("98.50"))
            layout = _add(session, world, project, layout)
            for number, rooms in enumerate(buildings, 1):
                name = f"{project}-{number}"
                row = Building(project_id=key, phase_id=phase.id, name=f"{number}号楼", floors=3)
                building = _add(session, world, name, row)
                units = [rooms] if number == 1 else [rooms - 2, 2]
                for place, count in enumerate(units, 1):
                    unit = Unit(building_id=building.id, name=f"{place}单元", homes_per_floor=2)
                    unit = _add(session, world, f"{name}-{place}", unit)
                    for home in range(count):
                        floor, line = home // 2 + 1, home % 2 + 1
                        room = Room(
                            unit_id=unit.id,
                            no=f"{floor}0{line}",
                            floor=floor,
                            storey=floor,
                            line=line,
                            house_type_id=layout.id,
                            presale_area=Decimal("98.50"),
                        )
                        _add(session, world, f"{name}-{place}-{room.no}", room)


def _people(session: Session, world: World) -> None:
    people = {**{role: (role, place) for role, place in PLACES.items()}, "bay_clerk": ("project_clerk", "bay")}
    for login, (role, place) in people.items():
        name = ROLES[role].words.zh
        row = UserProfile(node_id=world.nodes[place][0], login=login, name=name)
        profile = _add(session, world, login, row)
        grant = Grant(profile_id=profile.id, role=role, node_id=world.nodes[place][0], from_day=date(2025, 1, 1))
        _add(session, world, login, grant)
    row = UserProfile(node_id=world.nodes["group"][0], login="stranger", name="无授权人员")
    _add(session, world, "stranger", row)
    for login, key in world.keys["user_profile"].items():
        world.accounts[login] = session.get_one(UserProfile, key).user_id
    # One hash, and a cheap one: hundreds of tests sign in, and none of them is about hashing.
    hashed = generate_password_hash(PASSWORD, method=CHEAP)
    session.execute(update(load_models().tables["ab_user"]).values(password=hashed))


def _customers(session: Session, world: World) -> None:
    """Each project has two owned homes. Chen, entered in Hangzhou, also owns in Nanjing; Zhou shares with Wu."""
    people = {
        "chen": ("hangzhou", "陈一鸣", ("lake-1-1-101", "river-1-1-101"), 100),
        "lin": ("hangzhou", "林晓雨", ("hill-1-1-101",), 100),
        "zhou": ("hangzhou", "周子墨", ("lake-2-1-101",), 60),
        "wu": ("hangzhou", "吴思远", ("lake-2-1-101",), 40),
        "he": ("hangzhou", "何静怡", ("hill-1-1-102",), 100),
        "xu": ("nanjing", "徐文博", ("river-2-1-101",), 100),
        "ma": ("shenzhen", "马嘉怡", ("bay-1-1-101",), 100),
        "guo": ("shenzhen", "郭子轩", ("bay-1-1-102",), 100),
    }
    for place, (name, (company, full, rooms, share)) in enumerate(people.items()):
        customer = Customer(
            node_id=world.nodes[company][0],
            kind=CustomerKind.PERSON,
            name=full,
            cert_kind=CertificateKind.CITIZEN,
            cert_no=citizen_id(date(1980 + place, 3, 1 + place), 11 + place),
            mobile=f"1420000{place:04d}",
        )
        customer = _add(session, world, name, customer)
        for room in rooms:
            ownership = Ownership(
                room_id=world.id("room", room),
                customer_id=customer.id,
                share=Decimal(share),
                is_main=name != "wu",
                from_day=date(2024, 5, 1),
            )
            _add(session, world, f"{name}-{room}", ownership)
    chen = world.id("customer", "chen")
    contact = CustomerContact(customer_id=chen, name="陈美玲", relation="spouse", mobile="14200001000")
    _add(session, world, "chen", contact)
    visit = VisitRecord(project_id=world.id("project", "lake"), customer_id=chen, visited_at=NOW, result="一切正常。")
    _add(session, world, "chen", visit)
