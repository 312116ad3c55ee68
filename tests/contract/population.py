"""The small world filled up: a row of every declared table in every project or place, and a large cast.

Generated from the registry, so that a new table is in every test of this folder without being named here. Where a
table's own rules refuse a value, the next one of its kind is tried; what no value satisfies is named in the error.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import text as sql
from sqlalchemy.orm import Session
from werkzeug.security import generate_password_hash

from models.kernel.actor import SYSTEM, Actor
from models.kernel.clock import Clock, frozen
from models.kernel.columns import ColumnInfo
from models.kernel.grant import Grant, held_by
from models.kernel.guard import remove
from models.kernel.node import node_of
from models.kernel.option_list import LISTS
from models.kernel.refusal import Refusal
from models.kernel.registry import infos, tables
from models.kernel.roles import ROLES
from models.kernel.session import act
from models.kernel.table import Table
from models.org.department import Department
from models.system.user_profile import UserProfile
from seeds.demo.people import credit_code
from seeds.reference import numbers, options
from tests.world import NOW, PASSWORD, World, build

FIXED: dict[tuple[str, str], Any] = {
    ("customer", "cert_kind"): "passport",
    ("number_rule", "pattern"): lambda n: f"P{n}-{{seq:04d}}",
    ("number_rule", "cycle"): "none",
    ("notify_setting", "quiet_from"): "22:00",
    ("notify_setting", "quiet_until"): "07:30",
    ("webhook", "address"): lambda n: f"https://hooks.example.com/{n}",
    ("webhook", "events"): None,
    ("contractor", "usci"): lambda n: credit_code(20_000_000 + n),
    ("contractor", "phone"): None,
    ("bank", "phone"): None,
    ("warranty_item", "area"): "00",
    ("sla_rule", "overridable"): True,
    ("parameter_control", "by_sheet"): False,
    ("work_calendar", "year"): (2024, 2025, 2026, 2027),
    ("work_calendar", "weekdays"): "12345",
    ("work_calendar", "opens"): "09:00",
    ("work_calendar", "lunch_from"): None,
    ("work_calendar", "lunch_until"): None,
    ("work_calendar", "closes"): "18:00",
    ("calendar_day", "first_day"): lambda n: date(2024, 1, 1) + timedelta(days=n % 360),
    ("calendar_day", "last_day"): None,
    ("calendar_day", "kind"): "holiday",
    ("project_key_node", "done_on"): None,
    ("issue", "x"): None,
    ("issue", "y"): None,
    ("flow_setting", "table_name"): "project_key_node",
    ("flow_setting", "subject"): "state:open",
    ("flow_setting", "from_day"): lambda n: date(2026, 1, 1) + timedelta(days=n),
    ("flow_setting", "roles"): None,
    ("flow_setting", "required_columns"): None,
    ("flow_setting", "automatic_below"): None,
    ("handover_batch", "sent_on"): date(2025, 5, 20),
    ("handover_notice", "sent_on"): date(2025, 5, 20),
    ("handover_slot", "starts"): lambda n: f"{n % 12 + 8:02d}:{n % 60:02d}",
    ("handover_slot", "ends"): "21:00",
    ("handover_plan", "planned_to"): None,
    ("handover_summary", "summary_on"): None,
    ("handover_risk", "survey_due"): date(2025, 6, 10),
    ("handover_risk", "plan_due"): date(2025, 6, 20),
    ("handover_risk", "action_due"): date(2025, 6, 30),
    ("key_record", "returned_on"): None,
    ("parameter_sheet_line", "table_name"): "bank",
    ("parameter_sheet_line", "content"): lambda n: f'{{"code": "B{n}", "name": "写于 {n}"}}',
    ("monthly_report", "month"): lambda n: f"{2000 + n // 12 % 99}-{n % 12 + 1:02d}",
    ("published_figure", "figures"): '{"homes": "3"}',
    ("announcement_read", "profile_id"): lambda n: n % 20 + 1,
}
"""Values that belong together and that trying one column after another would not find."""

TWO: tuple[str, ...] = ("handover_plan_step", "handover_plan_doc", "handover_batch")
"""Tables that get two rows in every place: others are keyed by them and one more ref, and are wanted twice."""

LEVELS = ("group", "east", "hangzhou", "lake")
"""A user of each role at each of these: `finance.east`."""

SPECIAL: dict[str, tuple[tuple[str, str, date | None, date | None], ...]] = {
    "two_hats": (("project_leader", "bay", None, None), ("project_clerk", "lake", None, None)),
    "nested_hats": (("company_leader", "hangzhou", None, None), ("project_clerk", "hill", None, None)),
    "split_hats": (("regional_admin", "south", None, None), ("finance", "lake", None, None)),
    "expired": (("regional_admin", "east", None, date(2025, 3, 1)),),
    "future": (("regional_admin", "east", date(2999, 1, 1), None),),
    "last_day": (("project_clerk", "lake", None, date(2025, 6, 2)),),
    "yesterday": (("project_clerk", "lake", None, date(2025, 6, 1)),),
    "disabled": (("group_admin", "group", None, None),),
    "gone": (("group_admin", "group", None, None),),
    "revoked": (("group_admin", "group", None, None),),
    "desk_clerk": (("service_manager", "desk", None, None),),
    "south_leader": (("company_leader", "shenzhen", None, None),),
    "nanjing_clerk": (("service_manager", "nanjing", None, None),),
    "river_builder": (("contractor", "river", None, None),),
    "clerk_builder": (("inspection_clerk", "bay", None, None), ("contractor", "lake", None, None)),
}
"""login -> grants (role, place, from, until) of people who are not simply one role at one place."""


@dataclass
class Full:
    """The filled world.

    Attributes:
        users: login -> id in ab_user, the whole cast.
        core: the logins an ordinary run goes through: each role once, and the special ones.
        nodes: short name -> id of a node.
        projects: short name -> id.
    """

    users: dict[str, int] = field(default_factory=dict)
    core: tuple[str, ...] = ()
    nodes: dict[str, int] = field(default_factory=dict)
    projects: dict[str, int] = field(default_factory=dict)


def few(found: Sequence[Any], count: int, thorough: bool, turn: str = "") -> list[Any]:
    """All of `found`, or some; others for each `turn` (a table's name)."""
    if thorough or len(found) <= count:
        return list(found)
    start = sum(turn.encode())
    return [found[(start + i * len(found) // count) % len(found)] for i in range(count)]


def actor(session: Session, user: int | None, login: str = "", clock: Clock | None = None) -> Actor:
    """Returns an account as an actor with what it holds when the world was made, or at another time."""
    return Actor(user, login, held_by(session, user, clock or frozen(NOW)) if user is not None else ())


def fill(session: Session) -> Full:
    """Builds the world in an empty database and fills it up. Commits."""
    world = build(session)
    act(session, SYSTEM, frozen(NOW))
    full = Full(nodes={name: node[0] for name, node in world.nodes.items()}, projects=world.keys["project"])
    options.seed(session)
    numbers.seed(session)
    _departments(session, full)
    _cast(session, world, full)
    Filler(session, full).run()
    session.commit()
    _contractors(session)
    session.execute(sql("UPDATE ab_user SET password = :hash"), {"hash": _cheap()})
    session.execute(sql("UPDATE user_profile SET deleted_at = created_at WHERE login = 'gone'"))
    session.commit()
    return full


def _cheap() -> str:
    return generate_password_hash(PASSWORD, method="pbkdf2:sha256:1")


def _departments(session: Session, full: Full) -> None:
    """A department at every level, and one below a department."""
    above = {
        "hq": "group",
        "east_office": "east",
        "desk": "hangzhou",
        "desk_night": "desk",
        "site": "lake",
        "port": "bay",
    }
    for name, place in above.items():
        row = Department(parent_node_id=full.nodes[place], name=f"{name} 部")
        session.add(row)
        session.flush()
        full.nodes[name] = node_of(session, "department", row.id).id


def _cast(session: Session, world: World, full: Full) -> None:
    people: dict[str, tuple[tuple[str, str, date | None, date | None], ...]] = {
        f"{role}.{place}": ((role, place, None, None),) for role in ROLES for place in LEVELS
    }
    for login, grants in {**people, **SPECIAL, "filler": ()}.items():
        place = grants[0][1] if grants else "group"
        profile = UserProfile(
            node_id=full.nodes[place],
            login=login,
            name=login,
            state="disabled" if login == "disabled" else "active",
            mobile=f"142{1000 + len(full.users):08d}",
        )
        session.add(profile)
        session.flush()
        full.users[login] = profile.user_id
        for role, where, first, last in grants:
            grant = Grant(profile_id=profile.id, role=role, node_id=full.nodes[where], from_day=first, until_day=last)
            session.add(grant)
            session.flush()
            if login == "revoked":
                remove(session, grant)
    full.users.update(world.accounts)
    full.core = (*world.accounts, *SPECIAL)


def _contractors(session: Session) -> None:
    """Work of two contractors everywhere, some of it taken back, some not sent yet; most people of outside act for one."""
    one, other = session.scalars(sql("SELECT id FROM contractor WHERE deleted_at IS NULL ORDER BY id LIMIT 2"))
    for name in ("issue", "issue_dispatch"):
        session.execute(
            sql(f"UPDATE {name} SET contractor_id = CASE WHEN id % 3 = 0 THEN :other ELSE :one END"),
            {"one": one, "other": other},
        )
    session.execute(
        sql(
            "UPDATE issue_fix SET contractor_id = (SELECT contractor_id FROM issue WHERE issue.id = issue_fix.issue_id)"
        )
    )
    session.execute(sql("UPDATE issue_fix SET result = 'returned' WHERE id % 5 = 0"))
    session.execute(
        sql(
            "UPDATE user_profile SET contractor_id = CASE WHEN id % 4 = 0 THEN :other ELSE :one END"
            " WHERE login LIKE 'contractor%' AND login <> 'contractor.south' OR login LIKE '%builder'"
        ),
        {"one": one, "other": other},
    )
    session.commit()


def impossible(cls: type[Table]) -> bool:
    """Whether no row can be made yet: a required choice that no declaration gives a value."""
    return any(
        known.options is not None and not known.options.options() and not cls.__mapper__.columns[name].nullable
        for name, known in infos(cls).items()
    )


class Filler:
    """Adds rows until every table has one in every place it can be owned by, and a deleted one."""

    def __init__(self, session: Session, full: Full) -> None:
        self.session = session
        self.full = full
        self.serial = 0

    def run(self) -> None:
        for cls in tables().values():
            if impossible(cls):
                continue
            if cls.__tablename__ == "number_rule":  # each object has one already where the reference put it
                for owner in list(self._owners(cls))[1:3]:
                    remove(self.session, self.add(cls, owner))
            for owner in self._owners(cls):
                while len(self._rows(cls, owner)) < (2 if cls.__tablename__ in TWO else 1):
                    self.add(cls, owner)
            for owner in list(self._owners(cls))[:2] if cls.__tablename__ != "number_rule" else ():
                kinds = ("project", "node", "link", *(() if cls.screen.key == ("user_id",) else ("person",)))
                if cls.owned.kind in kinds and cls.__tablename__ != "user_profile":
                    remove(self.session, self.add(cls, owner))

    def _owners(self, cls: type[Table]) -> Iterator[dict[str, int]]:
        """The owners a row is wanted at: column -> key."""
        if cls.owned.kind == "project":
            yield from ({"project_id": key} for key in self.full.projects.values())
        elif cls.owned.kind == "node":
            yield from ({"node_id": key} for key in self.full.nodes.values())
        elif cls.owned.kind == "person":
            names = dict.fromkeys((*self.full.core, *(login for login in self.full.users if login.endswith(".group"))))
            yield from ({"user_id": self.full.users[login]} for login in names)
        elif cls.owned.kind == "link":
            column = cls.owned.through or ""
            parent = tables()[infos(cls)[column].target or ""]
            yield from ({column: row.id} for row in self.session.query(parent).order_by(parent.id).limit(12))

    def _rows(self, cls: type[Table], where: dict[str, int]) -> list[Table]:
        query = self.session.query(cls)
        for column, key in where.items():
            query = query.filter(getattr(cls, column) == key)
        return query.order_by(cls.id).all()

    def add(self, cls: type[Table], owner: dict[str, int]) -> Table:
        """Adds one row; tries further values where the table's rules refuse one."""
        tried: dict[str, int] = {}
        seen: list[str] = []
        self.serial += 1
        for _attempt in range(60):
            row = cls(**self._values(cls, owner, tried))
            try:
                with self.session.begin_nested():
                    self.session.add(row)
                    self.session.flush()
                return row
            except Refusal as refusal:
                seen.append(f"{refusal.field}: {refusal}")
                for one in refusal.all():
                    tried[one.field or ""] = tried.get(one.field or "", 0) + 1
                self.session.expunge_all()
        raise AssertionError(
            f"No {cls.__tablename__} could be made at {owner}: {seen[-3:]}. See FIXED in population.py."
        )

    def _values(self, cls: type[Table], owner: dict[str, int], tried: dict[str, int]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, known in infos(cls).items():
            if name in owner and (not known.system or cls.owned.kind == "person"):
                found[name] = owner[name]
                continue
            column = cls.__mapper__.columns[name]
            nullable = column.nullable
            if known.system and (nullable or known.kind == "ref" or column.default is not None):
                continue  # kept by the kernel; what a table's own rules must fill is filled here
            ways = list(self._ways(cls, name, known, owner))
            if (cls.__tablename__, name) in FIXED:
                fixed = FIXED[cls.__tablename__, name]
                ways = list(fixed) if isinstance(fixed, tuple) else [fixed(self.serial) if callable(fixed) else fixed]
            place = tried.get(name, 0)
            if place < len(ways):
                found[name] = ways[place]
            elif not nullable and ways:
                found[name] = ways[place % len(ways)]
        return found

    def _ways(self, cls: type[Table], name: str, known: ColumnInfo, owner: dict[str, int]) -> Iterator[Any]:
        n = self.serial
        if known.kind == "ref":
            yield from self._targets(known.target or "", owner)
        elif known.kind == "masked":
            kind = cls.__mapper__.columns[name].type.kind
            yield f"142{n:08d}" if kind == "mobile" else f"E{20000000 + n}"
        elif known.list:
            yield from (item.code for item in LISTS[known.list].first)
        elif known.kind == "choice" and known.options is not None:
            yield from (option.value for option in known.options.options())
        else:
            yield from {
                "text": (f"t{n}"[: known.length], f"{n:06d}"[: known.length]),
                "prose": (f"写于 {n}",),
                "integer": (n % 40 + 1, 1, 0),
                "decimal": (Decimal("1.5"), Decimal("0.1")),
                "money": (Decimal("10.50"), Decimal("1")),
                "date": (date(2024, 1, 1) + timedelta(days=n),),
                "moment": (NOW + timedelta(minutes=n), datetime(2024, 1, 1, tzinfo=NOW.tzinfo)),
                "flag": (False, True),
            }[known.kind]

    def _targets(self, target: str, owner: dict[str, int]) -> list[int]:
        """Rows a ref may point to: of the same project where there are such, the newest ones first, in turn."""
        cls = tables()[target]
        where = {}
        if "project_id" in owner and cls.owned.kind == "project":
            where = {"project_id": owner["project_id"]}
        if target == "project" and "project_id" in owner:
            return [owner["project_id"]]
        if target == "user_profile":
            where = {"login": "filler"}
        keys = [row.id for row in self._rows(cls, where)][-8:]
        turn = self.serial % len(keys) if keys else 0
        return [*keys[turn:], *keys[:turn]]
